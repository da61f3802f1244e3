//! `inactive-member`: a member of a group who is not active.

use crate::diag::{Code, Diagnostic};
use crate::model::Member;
use crate::say;

use super::Subject;

/// Reports every membership of an inactive user that has not ended.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let memberships = policy.memberships.iter().filter(|m| m.validity.until >= subject.in_force.on);
    memberships
        .filter_map(|membership| {
            let Member::User(user) = membership.member else { return None };
            if policy.users.get(user).active || policy.groups.key(membership.group).is_role() {
                return None;
            }
            let (name, group) = (policy.users.key(user), &policy.groups.key(membership.group).name);
            let message = say!("`{name}` is not active, but a member of `{group}`", name, group);
            Some(Diagnostic::new(Code::InactiveMember, membership.place?, message).help(say!(
                "take the member out, unless rules over the group shall still reach the data of `{name}`",
                name
            )))
        })
        .collect()
}
