//! Accounts that get another name: which renames can be done, which cannot and why, and the names that accounts had.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;
use crate::state::{Key, Kind, State, Value};

use super::{Base, Desired};

/// The field under which the last apply remembers the names that an account had; no field of the account.
const FORMER: &str = "renamed_from";

/// The names that accounts had, by the name of today, the latest first.
pub type Former = BTreeMap<Name, Vec<Name>>;

/// A rename that the policy asks for and that cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrenamed {
    /// The old name, under which the account is still in use.
    pub from: Name,
    /// The new name.
    pub to: Name,
    /// What is in the way.
    pub obstacle: Obstacle,
}

/// What is in the way of a rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// An account has the new name already.
    Taken,
    /// The policy still declares the old name.
    Declared,
}

impl Obstacle {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Declared => "declared",
        }
    }
}

/// Renames that are done together, each account once.
#[derive(Debug, Default)]
pub(super) struct Renames {
    /// From, to; in an order in which they can be done one after the other.
    pub in_order: Vec<(Name, Name)>,
    new: BTreeMap<Name, Name>,
    old: BTreeMap<Name, Name>,
}

impl Renames {
    /// The name that an account gets.
    pub fn new_name(&self, old: &Name) -> Option<&Name> {
        self.new.get(old)
    }

    /// A key under the names of the last apply.
    pub fn before(&self, key: &Key) -> Key {
        key.with_users_renamed(&self.old)
    }

    /// A state with accounts under their new names.
    pub fn done(&self, actual: &State) -> State {
        actual.with_users_renamed(&self.new)
    }

    fn push(&mut self, from: &Name, to: &Name) {
        self.in_order.push((from.clone(), to.clone()));
        self.new.insert(from.clone(), to.clone());
        self.old.insert(to.clone(), from.clone());
    }
}

/// The renames that can be done: the old account is there, and the new name is free. An old name that the policy gives
/// to somebody else is free once its account has moved on. Those that cannot be done are told as long as the old
/// account is in use.
pub(super) fn possible(actual: &State, desired: &Desired, former: &Former) -> (Renames, Vec<Unrenamed>) {
    let declared = |name: &Name| desired.state.facts.contains_key(&Key::User(name.clone()));
    let accounts = actual.facts.keys().filter_map(|key| match key {
        Key::User(name) => Some(name),
        _ => None,
    });
    let mut accounts: BTreeSet<&Name> = accounts.collect();
    let back = back(desired, former);
    let asked: Vec<(&Name, &Name)> =
        desired.renames.iter().map(|(from, to)| (from, to)).chain(back.iter().map(|(from, to)| (from, to))).collect();
    let mut open: BTreeSet<usize> = (0..asked.len()).collect();
    let mut into: BTreeMap<&Name, BTreeSet<usize>> = BTreeMap::new();
    for (index, (_, to)) in asked.iter().enumerate() {
        into.entry(to).or_default().insert(index);
    }
    let mut renames = Renames::default();
    for first in 0..asked.len() {
        // Whoever moves on makes room for the next one.
        let mut next = Some(first);
        while let Some(index) = next.take() {
            let (from, to) = asked[index];
            let moves_on = into.get(from).is_some_and(|waiting| !waiting.is_empty());
            let can = open.contains(&index)
                && accounts.contains(from)
                && !accounts.contains(to)
                && (!declared(from) || moves_on);
            if can {
                accounts.remove(from);
                accounts.insert(to);
                open.remove(&index);
                into.entry(to).or_default().remove(&index);
                renames.push(from, to);
                next = into.get(from).and_then(|waiting| waiting.first().copied());
            }
        }
    }
    let is_active = |name: &Name| matches!(actual.facts.get(&Key::User(name.clone())), Some(crate::state::Fact::User(user)) if user.active);
    let undone = desired.renames.iter().enumerate().filter(|(index, _)| open.contains(index));
    let unrenamed = undone.filter_map(|(_, (from, to))| {
        // Once an account has the new name, the old one can be somebody else's.
        let obstacle = match (accounts.contains(to), declared(from)) {
            (true, true) => return None,
            (true, false) => Obstacle::Taken,
            (false, _) => Obstacle::Declared,
        };
        is_active(from).then(|| Unrenamed { from: from.clone(), to: to.clone(), obstacle })
    });
    let unrenamed = unrenamed.collect();
    (renames, unrenamed)
}

/// Accounts that the policy has no more under the name that they got, and has again under one that they had.
fn back(desired: &Desired, former: &Former) -> Vec<(Name, Name)> {
    let declared = |name: &Name| desired.state.facts.contains_key(&Key::User(name.clone()));
    let claimed: BTreeSet<&Name> = desired.renames.iter().flat_map(|(from, to)| [from, to]).collect();
    let free = |name: &&Name| declared(name) && !claimed.contains(*name);
    let gone = former.iter().filter(|(now, _)| !declared(now) && !claimed.contains(*now));
    gone.filter_map(|(now, names)| Some((now.clone(), names.iter().find(free)?.clone()))).collect()
}

/// What the last apply wrote, and what it remembered of names beside.
pub(super) fn apart(base: &Base) -> (Cow<'_, Base>, Former) {
    let mut former = Former::new();
    for ((kind, key), row) in base {
        if let (Kind::User, Some(Value::List(names))) = (kind, row.get(FORMER)) {
            former.insert(Name::foreign(key), names.iter().map(|name| Name::foreign(name)).collect());
        }
    }
    if former.is_empty() {
        return (Cow::Borrowed(base), former);
    }
    let mut base = base.clone();
    for name in former.keys() {
        if let Some(row) = base.get_mut(&(Kind::User, name.to_string())) {
            row.remove(FORMER);
        }
    }
    (Cow::Owned(base), former)
}

/// The names to remember: those of which the policy says so, with what was known of each already.
pub(super) fn remembered(desired: &Desired, renames: &Renames, former: &Former) -> Former {
    let names = |(from, to): &(Name, Name)| {
        let known = former.get(to).filter(|names| names.first() == Some(from));
        let names = known.cloned().unwrap_or_else(|| {
            let done = renames.new_name(from) == Some(to);
            let older = former.get(from).filter(|_| done).into_iter().flatten();
            let older = older.filter(|name| *name != from && *name != to);
            std::iter::once(from).chain(older).cloned().collect()
        });
        (to.clone(), names)
    };
    desired.renames.iter().map(names).collect()
}

/// Puts the names that accounts had beside what is remembered of them.
pub(super) fn put(base: &mut Base, former: &Former) {
    for (name, names) in former {
        if let Some(row) = base.get_mut(&(Kind::User, name.to_string())) {
            row.insert(FORMER.to_owned(), Value::list(names));
        }
    }
}
