//! Accounts that get another name: which renames can be done, which cannot and why, and the names that accounts had.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;
use crate::state::{Fact, Key, Kind, State, UserFact, Value};

use super::{Base, Desired};

/// The field under which the last apply remembers the names that an account had; no field of the account.
pub(super) const FORMER: &str = "renamed_from";

/// The field under which it remembers that an account is one that the policy gave up.
pub(super) const RETIRED: &str = "retired";

/// What is remembered of accounts beside what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Former {
    /// The names that accounts had, by the name of today, the latest first.
    pub names: BTreeMap<Name, Vec<Name>>,
    /// Accounts that the policy gave up, which are out of use.
    pub retired: BTreeSet<Name>,
}

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

    /// A state with accounts under their new names, and without some rows.
    pub fn done(&self, actual: &State, without: &BTreeMap<Key, Fact>) -> State {
        if self.new.is_empty() && without.is_empty() {
            return actual.clone();
        }
        let facts = actual.facts.iter().filter(|(key, _)| !without.contains_key(key));
        State { facts: facts.map(|(key, fact)| (key.with_users_renamed(&self.new), fact.clone())).collect() }
    }

    fn push(&mut self, from: &Name, to: &Name) {
        self.in_order.push((from.clone(), to.clone()));
        self.new.insert(from.clone(), to.clone());
        self.old.insert(to.clone(), from.clone());
    }
}

/// What is known of accounts when renames are looked for.
pub(super) struct Accounts<'a> {
    /// What the database says.
    pub actual: &'a State,
    /// What the policy wants.
    pub desired: &'a Desired,
    /// What the last apply wrote.
    pub base: Option<&'a Base>,
    /// The names that accounts had.
    pub former: &'a Former,
}

impl Accounts<'_> {
    fn is_declared(&self, name: &Name) -> bool {
        self.desired.state.facts.contains_key(&Key::User(name.clone()))
    }

    fn exists(&self, name: &Name) -> bool {
        self.actual.facts.contains_key(&Key::User(name.clone()))
    }

    /// Whether the policy had an account when the last apply was done.
    fn was_declared(&self, name: &Name) -> bool {
        let is_known = self.base.is_some_and(|base| base.find(Kind::User, name.as_str()).is_some());
        is_known && !self.former.retired.contains(name)
    }

    /// Whether the account of one name and the user whom the policy declares under another are one person, as far as both
    /// are linked to an employee.
    fn same_person(&self, account: &Name, declared: &Name) -> Option<bool> {
        let Some(Value::Text(had)) = self.base?.find(Kind::User, account.as_str())?.get("employee") else {
            return None;
        };
        match self.desired.state.facts.get(&Key::User(declared.clone())) {
            Some(Fact::User(UserFact { employee: Some(has), .. })) => Some(has.as_str() == had),
            _ => None,
        }
    }

    /// Renames that were done already, with accounts that have another name since that the policy does not know: whoever
    /// has the old name by now is somebody else.
    fn spent(&self) -> BTreeSet<(&Name, &Name)> {
        let moved_on = self.former.names.iter().filter(|(now, _)| self.exists(now) && !self.is_declared(now));
        moved_on.flat_map(|(_, names)| names.windows(2).map(|pair| (&pair[1], &pair[0]))).collect()
    }

    /// The renames that can be done: the old account is there, and the new name is free. An old name that the policy
    /// gives to somebody else is free once its account has moved on. Those that cannot be done are told as long as the old
    /// account is in use.
    pub fn renames(&self) -> (Renames, Vec<Unrenamed>) {
        let accounts = self.actual.facts.keys().filter_map(|key| match key {
            Key::User(name) => Some(name),
            _ => None,
        });
        let mut accounts: BTreeSet<&Name> = accounts.collect();
        let spent = self.spent();
        let policy = self.desired.renames.iter().filter(|(from, to)| !spent.contains(&(from, to)));
        let policy: Vec<&(Name, Name)> = policy.collect();
        let (back, mut unrenamed) = self.back(&policy);
        let asked: Vec<(&Name, &Name)> = policy.iter().copied().chain(&back).map(|(from, to)| (from, to)).collect();
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
                    && (!self.is_declared(from) || moves_on);
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
        let undone = policy.iter().copied().enumerate().filter(|(index, _)| open.contains(index));
        unrenamed.extend(undone.filter_map(|(_, (from, to))| {
            // Once an account has the new name, the old one can be somebody else's.
            let obstacle = match (accounts.contains(to), self.is_declared(from)) {
                (true, true) => return None,
                (true, false) => Obstacle::Taken,
                (false, _) => Obstacle::Declared,
            };
            let is_active =
                matches!(self.actual.facts.get(&Key::User(from.clone())), Some(Fact::User(user)) if user.active);
            // Somebody else has the old name by now.
            let is_meant = self.same_person(from, to) != Some(false);
            (is_active && is_meant).then(|| Unrenamed { from: from.clone(), to: to.clone(), obstacle })
        }));
        (renames, unrenamed)
    }

    /// Accounts that the policy has no more under the name that they got, and has again under one that they had: from,
    /// to. So does an account that is in their way and had another name itself.
    fn back(&self, policy: &[&(Name, Name)]) -> (Vec<(Name, Name)>, Vec<Unrenamed>) {
        let mut found = Back::default();
        for (from, to) in policy.iter().filter(|(from, _)| self.exists(from)) {
            found.taken.extend([from.clone(), to.clone()]);
        }
        for now in self.former.names.keys().filter(|now| self.exists(now) && !self.is_declared(now)) {
            if !found.taken.contains(now) && !self.goes_back(now, &mut found) {
                let in_the_way = self.former.names[now].iter().find(|name| {
                    let same = self.same_person(now, name);
                    let was_theirs = same == Some(true) || same.is_none() && !self.was_declared(name);
                    self.is_declared(name) && self.exists(name) && self.was_declared(now) && was_theirs
                });
                found.stuck.extend(in_the_way.map(|name| Unrenamed {
                    from: now.clone(),
                    to: name.clone(),
                    obstacle: Obstacle::Taken,
                }));
            }
        }
        (found.moves, found.stuck)
    }

    /// Finds the name that an account goes back to, and where an account goes that has it now.
    fn goes_back(&self, now: &Name, found: &mut Back) -> bool {
        let candidates = self.former.names.get(now).into_iter().flatten();
        let candidates = candidates.filter(|name| {
            self.is_declared(name)
                && !found.taken.contains(*name)
                // Whoever was given up before may have nothing to do with a new user of that name.
                && self.same_person(now, name).unwrap_or_else(|| self.was_declared(now))
        });
        for name in candidates.cloned().collect::<Vec<Name>>() {
            let before = found.clone();
            found.taken.extend([now.clone(), name.clone()]);
            if !self.exists(&name) || self.goes_back(&name, found) {
                found.moves.push((now.clone(), name));
                return true;
            }
            *found = before;
        }
        false
    }
}

/// Accounts on their way back.
#[derive(Debug, Clone, Default)]
struct Back {
    moves: Vec<(Name, Name)>,
    stuck: Vec<Unrenamed>,
    /// Names that somebody moves away from, or into.
    taken: BTreeSet<Name>,
}

/// What to remember beside `declared`. Names for good: those that were known, under the names of today, and those of which
/// the policy says so.
pub(super) fn remembered(desired: &Desired, declared: &State, renames: &Renames, former: &Former) -> Former {
    let given_up = declared.facts.keys().filter_map(|key| match key {
        Key::User(name) if !desired.state.facts.contains_key(key) => Some(name.clone()),
        _ => None,
    });
    let retired = given_up.collect();
    let former = &former.names;
    let mut all: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
    for (now, names) in former.iter().filter(|(now, _)| renames.new_name(now).is_none()) {
        all.insert(now.clone(), names.clone());
    }
    for (from, to) in &renames.in_order {
        let older = former.get(from).into_iter().flatten().filter(|name| *name != from && *name != to);
        all.insert(to.clone(), std::iter::once(from).chain(older).cloned().collect());
    }
    for (from, to) in &desired.renames {
        let names = all.entry(to.clone()).or_default();
        if !names.contains(from) {
            names.insert(0, from.clone());
        }
    }
    Former { names: all, retired }
}
