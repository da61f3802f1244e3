//! `duplicate-member`: the same member of the same group written twice, with periods that overlap.

use crate::diag::{Code, Diagnostic};
use crate::model::{Member, Membership};
use crate::say;

use super::Subject;

/// Compares each membership with the one before it of the same member and group that lasts longest.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let about = |membership: &Membership| (membership.member, membership.group);
    let mut longest: Option<&Membership> = None;
    let mut findings = Vec::new();
    // A policy keeps memberships of the same member in the same group together, sorted by their first days.
    for membership in &policy.memberships {
        let earlier = longest.filter(|earlier| about(earlier) == about(membership));
        if earlier.is_none_or(|earlier| earlier.validity.until < membership.validity.until) {
            longest = Some(membership);
        }
        let Some(earlier) = earlier.filter(|earlier| earlier.validity.overlaps(membership.validity)) else { continue };
        let (Some(first), Some(second)) = (earlier.place, membership.place) else { continue };
        let group = &policy.groups.key(membership.group).name;
        let message = match membership.member {
            Member::Everyone => say!("`everyone` is a member of `{group}` twice", group),
            Member::User(user) => say!("`{name}` is a member of `{group}` twice", name = policy.users.key(user), group),
            Member::Group(inner) => {
                say!("`{name}` is a member of `{group}` twice", name = policy.groups.key(inner), group)
            }
        };
        let finding = Diagnostic::new(Code::DuplicateMember, first.max(second), message).label(say!("again"));
        let finding = finding.also(first.min(second), say!("first"));
        findings.push(finding.help(say!("remove one of the two, or join their periods")));
    }
    findings
}
