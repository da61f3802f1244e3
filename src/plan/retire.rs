//! Accounts that the policy no longer has: they stay, out of use.
//!
//! They are never deleted, since the data that they leave behind stays a target of other people's rights.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;
use crate::state::{Fact, Key, Kind, State, UserFact, Value};

use super::changes::Remembered;
use super::{Base, Desired};

/// Whether accounts that neither the policy nor the last apply knows are taken out of use too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// They are.
    Retired,
    /// They are left as they are.
    Left,
}

/// What a policy declares, and the accounts that it no longer has, out of use. What is said of such an account is what
/// the last apply wrote, so that a change that somebody made to it is seen; of an unknown one it is what stands there.
pub(super) fn with_retired(known: &Remembered<'_>, desired: &Desired, actual: &State, unknown: Unknown) -> State {
    let mut after = desired.state.clone();
    let mut linked: BTreeSet<Name> = desired.state.facts.values().filter_map(link).cloned().collect();
    let applied = applied(known, desired, actual);
    let mut accounts: Vec<(Name, UserFact)> = Vec::new();
    let mut foreign: Vec<(Name, UserFact)> = Vec::new();
    for (key, fact) in &actual.facts {
        if let (Key::User(name), Fact::User(user)) = (key, fact)
            && !desired.state.facts.contains_key(key)
            && !applied.contains_key(name)
        {
            foreign.push((name.clone(), user.clone()));
        }
    }
    accounts.extend(applied);
    // An unknown account gets no employee that one of the known ones is linked to.
    if known.base.is_none() || unknown == Unknown::Retired {
        accounts.extend(foreign);
    }
    for (name, user) in accounts {
        let key = Key::User(name);
        // Of an account in use that both the policy and the database have given up, nothing is left to keep.
        let is_given_up = user.active && !actual.facts.contains_key(&key);
        if after.facts.contains_key(&key) || is_given_up {
            continue;
        }
        // The link stays as long as the register has the employee and nobody else is linked to it.
        let stays = |employee: &Name| {
            desired.state.facts.contains_key(&Key::Employee(employee.clone())) && !linked.contains(employee)
        };
        let shown = user.employee.as_ref().and_then(|employee| shown(known, actual, employee));
        let employee = user.employee.filter(stays);
        let name = if employee.is_some() { user.name } else { user.name.or(shown) };
        linked.extend(employee.clone());
        let retired = UserFact { employee, name, superuser: false, active: false, modules: None };
        after.facts.insert(key, Fact::User(retired));
    }
    after
}

fn link(fact: &Fact) -> Option<&Name> {
    match fact {
        Fact::User(user) => user.employee.as_ref(),
        _ => None,
    }
}

/// The accounts that the policy does not have, as the last apply left them, under the names that they have today.
fn applied(known: &Remembered<'_>, desired: &Desired, actual: &State) -> BTreeMap<Name, UserFact> {
    let claimed: BTreeSet<&Name> = desired.renames.iter().map(|(from, _)| from).collect();
    let rows = known.base.map(Base::rows).unwrap_or_default();
    let mut found = BTreeMap::new();
    for written in rows.iter().filter(|written| written.kind == Kind::User) {
        let old = Name::foreign(&written.key);
        let name = match known.renames.new_name(&old) {
            Some(name) => name.clone(),
            // Somebody deleted the account that was to get another name: the new one takes its place.
            None if claimed.contains(&old) && !actual.facts.contains_key(&Key::User(old.clone())) => continue,
            None => old,
        };
        if desired.state.facts.contains_key(&Key::User(name.clone())) {
            continue;
        }
        let text = |field: &str| match written.get(field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let user = UserFact {
            employee: text("employee").map(|employee| Name::foreign(&employee)),
            name: text("name").map(Into::into),
            active: written.is("active", true),
            ..UserFact::default()
        };
        found.insert(name, user);
    }
    found
}

/// The name of an employee, as the last apply wrote it, else as the register has it.
fn shown(known: &Remembered<'_>, actual: &State, employee: &Name) -> Option<Box<str>> {
    let key = Key::Employee(employee.clone());
    if let Some(row) = known.row(&key) {
        return match row.get("name") {
            Some(Value::Text(name)) => Some(name.into()),
            _ => None,
        };
    }
    match actual.facts.get(&key) {
        Some(Fact::Employee(found)) => found.name.clone(),
        _ => None,
    }
}
