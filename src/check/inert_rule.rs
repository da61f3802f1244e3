//! `inert-rule`: a rule that can decide for nobody, whatever the other rules are.
//!
//! For a plain right that is every deny of a group: without it the answer would be no all the same.

use crate::diag::{Code, Diagnostic};
use crate::model::{Effect, Subject};
use crate::resolve::InForce;

/// Reports every one.
pub fn run(in_force: &InForce<'_>) -> Vec<Diagnostic> {
    let policy = in_force.policy;
    let plain_group_denies = policy.rules.iter().filter(|rule| {
        matches!(rule.subject, Subject::Group(_)) && rule.effect == Effect::Deny && rule.target.is_none()
    });
    plain_group_denies
        .filter_map(|rule| {
            let right = policy.rights.key(rule.right);
            let subject = policy.subject_key(rule.subject);
            let message = format!("denying `{right}` to `{subject}` takes it from nobody");
            Some(Diagnostic::new(Code::InertRule, rule.place?, message).help(
                "another group's allow wins, and without one the answer is no anyway; to take it from a person, deny it on the user",
            ))
        })
        .collect()
}
