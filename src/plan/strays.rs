//! Rows that hang on something that is not there, as a database without foreign keys can have them.
//!
//! They would be in the way of what an apply writes, and would speak again once somebody gets their name. They go first.

use std::collections::BTreeMap;

use crate::name::Name;
use crate::state::{Fact, Key};

use super::changes::undone;
use super::rename::Renames;
use super::{Change, Reading};

/// The items of lists that are not there, and what is said of a name that no account has and that one gets now.
pub(super) fn of(reading: &Reading, renames: &Renames) -> BTreeMap<Key, Fact> {
    let mut strays = reading.strays.clone();
    let facts = &reading.actual.facts;
    let given = renames.in_order.iter().map(|(_, to)| to);
    let nobody: BTreeMap<Name, Name> = given
        .filter(|to| !facts.contains_key(&Key::User((*to).clone())))
        .map(|to| (to.clone(), Name::foreign("")))
        .collect();
    if !nobody.is_empty() {
        let mentions = facts.iter().filter(|(key, _)| key.with_users_renamed(&nobody) != **key);
        strays.extend(mentions.map(|(key, fact)| (key.clone(), fact.clone())));
    }
    strays
}

/// The changes that take them away. Where the list itself comes back, that is told already.
pub(super) fn told(strays: &BTreeMap<Key, Fact>, changes: &[Change]) -> Vec<Change> {
    let is_told = |key: &Key| changes.iter().any(|change| change.key == *key);
    strays.iter().filter(|(key, _)| !is_told(key)).map(|(key, fact)| undone(key, fact)).collect()
}
