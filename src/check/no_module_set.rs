//! `no-module-set`: somebody who may not arrange modules, and is prescribed none.

use crate::diag::{Code, Diagnostic};
use crate::resolve::{Prescribed, prescriptions};
use crate::say;

use super::Subject;

/// Reports every such user, unless the policy knows no modules at all.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    if policy.modules.is_empty() && policy.module_sets.is_empty() {
        return Vec::new();
    }
    let without = prescriptions(subject.population).into_iter().filter(|(_, set)| *set == Prescribed::Nothing);
    without
        .filter_map(|(user, _)| {
            let name = policy.users.key(user);
            let message = say!("`{name}` may not arrange modules, and no module set is prescribed", name);
            let finding = Diagnostic::new(Code::NoModuleSet, policy.users.get(user).place?, message);
            Some(finding.help(say!("add `modules:` to the user or to a group, or allow `modules.arrange`")))
        })
        .collect()
}
