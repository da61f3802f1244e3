//! `unused-module-set`: a module set that nobody is prescribed and no rule is over.

use crate::diag::{Code, Diagnostic};
use crate::model::expectation::Expectation;
use crate::model::{Id, ModuleSetId, Target};
use crate::resolve::Bits;
use crate::say;

use super::Subject;

/// Reports every one.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let mut used = Bits::with_capacity(policy.module_sets.len());
    let mut add = |set: Option<ModuleSetId>| set.into_iter().for_each(|set| used.insert(set.index()));
    policy.users.iter().for_each(|(_, _, user)| add(user.modules));
    policy.groups.iter().for_each(|(_, _, group)| add(group.modules));
    let of_target = |target: Option<Target>| match target {
        Some(Target::ModuleSet(set)) => Some(set),
        _ => None,
    };
    policy.rules.iter().for_each(|rule| add(of_target(rule.target)));
    let whats = |expectation: &Expectation| expectation.expected.parts().1.to_vec();
    policy.expectations.iter().flat_map(whats).for_each(|meant| add(of_target(meant.target)));
    let unused = policy.module_sets.iter().filter(|(id, ..)| !used.contains(id.index()));
    unused
        .filter_map(|(_, name, set)| {
            let message = say!("nobody gets the module set `{name}`", name);
            let finding = Diagnostic::new(Code::UnusedModuleSet, set.place?, message);
            Some(finding.help(say!("name it under `modules:` of a user or group, or remove it")))
        })
        .collect()
}
