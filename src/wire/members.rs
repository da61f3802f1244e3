//! The members of a group whose own answer differs from that of the group.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Subject;
use crate::question::Members;
use crate::resolve::InForce;
use crate::text::Sources;

use super::ReasonOut;
use super::reason::reason;

/// A member whose own answer is another than that of the group.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberOut {
    /// The user.
    pub user: String,
    /// The member's own answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
    /// From the user to the subject of the deciding rule; without such a rule nobody else.
    pub path: Vec<String>,
    /// The file that has the deciding rule; `null` where no rule decided.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Everyone who differs, in order of names.
pub fn members(in_force: &InForce<'_>, sources: &Sources, members: &Members) -> Vec<MemberOut> {
    let member = |(user, of): &(crate::model::UserId, crate::question::Reason)| {
        let ReasonOut { step, path, file, line } = reason(in_force, sources, Subject::User(*user), of);
        let user = in_force.policy.users.key(*user).to_string();
        MemberOut { user, allowed: of.allowed, step, path, file, line }
    };
    members.differing.iter().map(member).collect()
}
