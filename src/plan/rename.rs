//! Accounts that get another name: which renames can be done, and what a state says once they are.

use std::collections::BTreeSet;

use crate::name::Name;
use crate::state::{Key, State};

use super::Desired;

/// The renames that can be done, in an order in which they can: the old account is there, and the new name is free. An
/// old name that the policy gives to somebody else is free once its account has moved on.
pub(super) fn possible(actual: &State, desired: &Desired) -> Vec<(Name, Name)> {
    let declared = |name: &Name| desired.state.facts.contains_key(&Key::User(name.clone()));
    let accounts = actual.facts.keys().filter_map(|key| match key {
        Key::User(name) => Some(name),
        _ => None,
    });
    let mut accounts: BTreeSet<&Name> = accounts.collect();
    let mut open: Vec<&(Name, Name)> = desired.renames.iter().collect();
    let mut done: Vec<(Name, Name)> = Vec::new();
    loop {
        let possible = open.iter().position(|(from, to)| {
            let moves_on = open.iter().any(|(_, taken)| taken == from);
            accounts.contains(from) && !accounts.contains(to) && (!declared(from) || moves_on)
        });
        let Some(index) = possible else { return done };
        let (from, to) = open.remove(index);
        accounts.remove(from);
        accounts.insert(to);
        done.push((from.clone(), to.clone()));
    }
}

/// A state with accounts under their new names.
pub(super) fn renamed(actual: &State, renames: &[(Name, Name)]) -> State {
    let mut facts = actual.facts.clone();
    for (from, to) in renames {
        facts = facts.into_iter().map(|(key, fact)| (key.with_user_renamed(from, to), fact)).collect();
    }
    State { facts }
}
