//! `unused-group`: a group that nobody is in, or that gives and takes nothing.

use crate::diag::{Code, Diagnostic};
use crate::model::expectation::Crowd;
use crate::model::{GroupId, Id, Meant, Member, Policy, Subject as On, Target};
use crate::resolve::Bits;
use crate::say;

use super::Subject;

/// Reports every one; roles are not groups that people are put into, and so are left out.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let mut with_members = Bits::with_capacity(policy.groups.len());
    for membership in &policy.memberships {
        with_members.insert(membership.group.index());
    }
    let used = used(policy);
    let mut findings = Vec::new();
    for (id, key, group) in policy.groups.iter().filter(|(_, key, _)| !key.is_role()) {
        let name = &key.name;
        let (message, help) = if !with_members.contains(id.index()) {
            (say!("nobody is in the group `{name}`", name), say!("add members, or remove the group"))
        } else if !used.contains(id.index()) {
            (
                say!("the group `{name}` gives and takes nothing", name),
                say!("nothing names it: add rules or a module set, or remove the group"),
            )
        } else {
            continue;
        };
        findings.extend(group.place.map(|place| Diagnostic::new(Code::UnusedGroup, place, message).help(help)));
    }
    findings
}

/// The groups that have rules or a module set, or that a rule, a group or an expectation names.
fn used(policy: &Policy) -> Bits {
    let mut used = Bits::with_capacity(policy.groups.len());
    let mut add = |group: GroupId| used.insert(group.index());
    for rule in &policy.rules {
        if let On::Group(group) = rule.subject {
            add(group);
        }
        if let Some(Target::Group(group)) = rule.target {
            add(group);
        }
    }
    policy.groups.iter().filter(|(_, _, group)| group.modules.is_some()).for_each(|(id, ..)| add(id));
    for membership in &policy.memberships {
        if let Member::Group(inner) = membership.member {
            add(inner);
        }
    }
    for expectation in &policy.expectations {
        let (crowd, whats): (Option<&Crowd>, &[Meant]) = expectation.expected.parts();
        for subject in crowd.into_iter().flat_map(|crowd| crowd.subjects.iter().chain(&crowd.except)) {
            if let On::Group(group) = subject {
                add(*group);
            }
        }
        for meant in whats {
            if let Some(Target::Group(group)) = meant.target {
                add(group);
            }
        }
    }
    used
}
