//! Accounts that somebody gave another name in the database, so that what only the policy knows of them goes along.
//!
//! A database does not tell a rename from a deletion beside a creation. Two accounts count as one where it is the same
//! person: an invitation that goes to the wrong one would be worse than one that is lost.

use std::collections::BTreeMap;

use crate::model::key::TargetKey;
use crate::name::Name;
use crate::state::{Fact, Key, MemberKey, State, UserFact};

use super::sayable::references;

/// The names that accounts have now, by those of before.
pub type Renamed = BTreeMap<Name, Name>;

/// The accounts of a state that another one has under another name.
pub fn renamed(before: &State, after: &State) -> Renamed {
    let (gone, new) = (missing(before, after), missing(after, before));
    let is_same = |(old, was): &(&Name, &UserFact), (name, is): &(&Name, &UserFact)| match (&was.employee, &is.employee)
    {
        // An employee has one account.
        (Some(was), Some(is)) => was == is,
        (None, None) => was.name.is_some() && was == is && about(before, old, name) == about(after, name, name),
        _ => false,
    };
    let only = |mut found: Vec<Name>| if found.len() == 1 { found.pop() } else { None };
    let named = |(name, _): &(&Name, &UserFact)| (*name).clone();
    let pair = |old: &(&Name, &UserFact)| {
        let now = only(new.iter().filter(|new| is_same(old, new)).map(named).collect())?;
        let new = new.iter().find(|(name, _)| **name == now)?;
        let then = only(gone.iter().filter(|gone| is_same(gone, new)).map(named).collect())?;
        Some((then, now))
    };
    gone.iter().filter_map(pair).collect()
}

/// The accounts that one state has and another has not.
fn missing<'s>(one: &'s State, other: &State) -> Vec<(&'s Name, &'s UserFact)> {
    let missing = one.facts.iter().filter(|(key, _)| !other.facts.contains_key(*key));
    missing
        .filter_map(|(key, fact)| match (key, fact) {
            (Key::User(name), Fact::User(user)) => Some((name, user)),
            _ => None,
        })
        .collect()
}

/// All that a state says of an account, as if it had another name.
fn about<'s>(state: &'s State, name: &Name, new: &Name) -> BTreeMap<Key, &'s Fact> {
    let (user, names) = (Key::User(name.clone()), Renamed::from([(name.clone(), new.clone())]));
    let named = state.facts.iter().filter(|(key, fact)| **key == user || references(key, fact).contains(&user));
    named.map(|(key, fact)| (key.with_users_renamed(&names), fact)).collect()
}

/// A rule or membership with the names of now, and whether its words say another one: that of whom it is written on
/// stands above it.
pub fn moved(key: &Key, renamed: &Renamed) -> (Key, bool) {
    let is_named = match key {
        Key::Member { member: MemberKey::User(name), .. } => renamed.contains_key(name),
        Key::Rule { target: Some(TargetKey::User(name)), .. } => renamed.contains_key(name),
        _ => false,
    };
    (key.with_users_renamed(renamed), is_named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::compiled;

    fn pairs(before: &str, after: &str) -> String {
        let state = |policy: &str| State::of(&compiled(policy).policy);
        let pairs = renamed(&state(before), &state(after));
        pairs.iter().map(|(old, new)| format!("{old} {new}\n")).collect()
    }

    #[test]
    fn who_has_the_same_employee_is_the_same() {
        let before = "employees: { a: , b: }\nusers: { lars: { employee: a, name: L }, anna: { employee: b } }\n";
        let after = "employees: { a: , b: }\nusers: { lara: { employee: a }, kim: { employee: b } }\n";
        assert_eq!(pairs(before, after), "anna kim\nlars lara\n");
        let another = "employees: { a: , b: , c: }\nusers: { lara: { employee: c, name: L }, anna: { employee: a } }\n";
        assert_eq!(pairs(before, another), "");
    }

    #[test]
    fn without_an_employee_everything_has_to_be_the_same_and_tell_a_person() {
        let before = "users: { lars: { name: Lars }, anna: , x: { name: X }, y: { name: X } }\ngroups: { g: { members: [lars, anna] } }\n";
        let same =
            "users: { lara: { name: Lars }, anne: , z: { name: X } }\ngroups: { g: { members: [lara, anne] } }\n";
        assert_eq!(pairs(before, same), "lars lara\n");
        let other = "users: { lara: { name: Lars }, anna: , x: { name: X }, y: { name: X } }\ngroups: { g: { members: [anna] } }\n";
        assert_eq!(pairs(before, other), "");
    }
}
