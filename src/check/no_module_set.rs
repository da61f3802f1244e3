//! `no-module-set`: somebody who may not arrange modules, and is prescribed none.

use crate::diag::{Code, Diagnostic};
use crate::model::Member;
use crate::resolve::Prescribed;
use crate::say;

use super::Subject;

/// Reports every such user, unless the policy knows no modules at all.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    if policy.modules.is_empty() && policy.module_sets.is_empty() {
        return Vec::new();
    }
    // Whoever joins a group with a module set later is not forgotten.
    let later = |user| {
        let mut memberships = policy.memberships_of(Member::User(user));
        memberships.any(|(_, m)| m.validity.from > subject.in_force.on && policy.groups.get(m.group).modules.is_some())
    };
    let without = subject.prescribed().iter();
    let without = without.filter(|(user, set)| *set == Prescribed::Nothing && !later(*user));
    without
        .filter_map(|(user, _)| {
            let name = policy.users.key(*user);
            let message = say!("`{name}` may not arrange modules, and no module set is prescribed", name);
            let finding = Diagnostic::new(Code::NoModuleSet, policy.users.get(*user).place?, message);
            Some(finding.help(say!("add `modules:` to the user or to a group, or allow `modules.arrange`")))
        })
        .collect()
}
