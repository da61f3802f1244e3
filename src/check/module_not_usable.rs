//! `module-not-usable`: a prescribed module that somebody may not use, so that the module bar leaves it out.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::language::{Joint, names};
use crate::model::{Id, ModuleId, ModuleSetId, Scope, UserId};
use crate::resolve::{Prescribed, Space, Spread};
use crate::say;

use super::Subject;

/// Reports every module of a set that somebody to whom the set is prescribed may not use, with all of them.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let Some(right) = policy.right_called("modules.use") else { return Vec::new() };
    let count = policy.single_targets(Scope::Modules).len();
    let mut spread = Spread::new(subject.population, right, Space::whole(count));
    let mut missing: BTreeMap<(ModuleSetId, ModuleId), Vec<UserId>> = BTreeMap::new();
    for (user, prescribed) in subject.prescribed() {
        let Prescribed::One(set) = prescribed else { continue };
        for module in &policy.module_sets.get(*set).modules {
            if !spread.may(*user, module.index()) {
                missing.entry((*set, *module)).or_default().push(*user);
            }
        }
    }
    let describe = |((set, module), users): ((ModuleSetId, ModuleId), Vec<UserId>)| {
        let (set_name, module) = (policy.module_sets.key(set), policy.modules.key(module));
        let users = names(users.iter().map(|user| policy.users.key(*user)), Joint::And);
        let message =
            say!("`{module}` of the module set `{set}` cannot be used by {users}", module, set = set_name, users);
        let finding = Diagnostic::new(Code::ModuleNotUsable, policy.module_sets.get(set).place?, message);
        Some(finding.help(say!("allow `modules.use of {module}`, or take the module out of the set", module)))
    };
    missing.into_iter().filter_map(describe).collect()
}
