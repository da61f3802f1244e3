//! What two subjects can do that the other one cannot: `what --versus`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Subject;
use crate::question::{Reason, Versus};
use crate::resolve::InForce;
use crate::text::Sources;

use super::reason::reason;
use super::{VERSION, single};

/// The answer of one of the two.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SideOut {
    /// Whether this one can.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
    /// The file that has the deciding rule; `null` where no rule decided.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Something that only one of the two can do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DifferenceOut {
    /// The right.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The answer of the first one.
    pub subject: SideOut,
    /// The answer of the second one.
    pub versus: SideOut,
}

/// `rightful what SUBJECT --versus SUBJECT --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersusOut {
    /// The version of this format.
    pub version: u32,
    /// The first one: `user:NAME`, `group:NAME` or `role:NAME`.
    pub subject: String,
    /// The second one.
    pub versus: String,
    /// Everything that only one of them can do, by right and target, without their own data.
    pub differences: Vec<DifferenceOut>,
    /// About how many rights and single targets they have the same answer.
    pub same: usize,
}

/// How two subjects differ.
pub fn versus(in_force: &InForce<'_>, sources: &Sources, subjects: [Subject; 2], found: &Versus) -> VersusOut {
    let policy = in_force.policy;
    let side = |subject: Subject, of: &Reason| {
        let reason = reason(in_force, sources, subject, of);
        SideOut { allowed: of.allowed, step: reason.step, file: reason.file, line: reason.line }
    };
    let mut all = Vec::new();
    for difference in &found.differences {
        let sides = [side(subjects[0], &difference.subject), side(subjects[1], &difference.versus)];
        all.extend(difference.targets.iter().map(|target| (difference.right, *target, sides.clone())));
    }
    all.sort_by_key(|(right, target, _)| (*right, *target));
    let differences = all.into_iter().map(|(right, target, [subject, versus])| DifferenceOut {
        right: policy.rights.key(right).to_string(),
        target: single(policy, target),
        subject,
        versus,
    });
    let [subject, versus] = subjects.map(|subject| policy.subject_key(subject).to_string());
    VersusOut { version: VERSION, subject, versus, differences: differences.collect(), same: found.same }
}
