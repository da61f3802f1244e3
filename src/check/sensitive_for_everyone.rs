//! `sensitive-for-everyone`: a sensitive right given to a group that everyone is in.

use crate::diag::{Code, Diagnostic};
use crate::model::{Effect, Subject as On};
use crate::say;

use super::Subject;

/// Reports every such rule in force.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let in_force = subject.in_force;
    let policy = in_force.policy;
    let gives = policy.rules.iter().filter(|rule| {
        rule.effect == Effect::Allow && subject.sensitive.contains(&rule.right) && rule.validity.holds(in_force.on)
    });
    gives
        .filter_map(|rule| {
            let On::Group(group) = rule.subject else { return None };
            in_force.groups_of_everyone().binary_search(&group).ok()?;
            let (right, group) = (policy.rights.key(rule.right), policy.groups.key(group));
            let message = say!("everyone is in `{group}`, and gets the sensitive right `{right}`", group, right);
            Some(
                Diagnostic::new(Code::SensitiveForEveryone, rule.place?, message)
                    .help(say!("give it to a smaller group, or take it out of `sensitive` in rightful.yaml")),
            )
        })
        .collect()
}
