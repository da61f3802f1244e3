//! `ambiguous-module-set`: somebody who may not arrange modules, and whose groups prescribe different module sets.

use crate::diag::{Code, Diagnostic};
use crate::language::{Joint, names};
use crate::model::UserId;
use crate::resolve::Prescribed;
use crate::say;

use super::Subject;

/// Reports every such user, with the groups.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let of_user = |(user, prescribed): &(UserId, Prescribed)| {
        let Prescribed::Several(groups) = prescribed else { return None };
        let name = policy.users.key(*user);
        let mut sets: Vec<_> = groups.iter().filter_map(|group| policy.groups.get(*group).modules).collect();
        sets.sort_unstable();
        sets.dedup();
        let sets = names(sets.iter().map(|set| policy.module_sets.key(*set)), Joint::And);
        let message = say!("the groups of `{name}` prescribe different module sets: {sets}", name, sets);
        let mut finding = Diagnostic::new(Code::AmbiguousModuleSet, policy.users.get(*user).place?, message);
        for group in groups {
            if let Some(place) = policy.groups.get(*group).place {
                finding = finding.also(place, say!("`{name}` is in this group", name));
            }
        }
        Some(finding.help(say!("say which one counts: `modules:` of the user decides before any group")))
    };
    subject.prescribed().iter().filter_map(of_user).collect()
}
