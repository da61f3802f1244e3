//! Sets of people and targets in words: everybody, everybody but a few, or their names. Nothing is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Change, Keys};
use crate::language::{Joint, Text, Word, list};
use crate::model::Policy;
use crate::model::key::TargetKey;
use crate::name::{Name, RightName};
use crate::review::Everybody;
use crate::say;

use super::count;

/// `all 40 users`, `all users except rolf`, or `2 users (anna, lars)`.
pub(super) fn who(users: &BTreeSet<&Name>, everybody: &Everybody<'_>) -> Text {
    users_without_list(users, everybody).unwrap_or_else(|| {
        say!("{users} ({names})", users = count::users(users.len()), names = join(users.iter().copied()))
    })
}

/// `all 40 users` or `all users except rolf`, if it is so.
pub(super) fn users_without_list(users: &BTreeSet<&Name>, everybody: &Everybody<'_>) -> Option<Text> {
    match missing(users, everybody)? {
        missing if missing.is_empty() && users.len() > 3 => {
            Some(say!("all {users}", users = count::users(users.len())))
        }
        missing if users.len() > 8 && missing.len() <= 4 => {
            Some(say!("all users except {names}", names = join(missing)))
        }
        _ => None,
    }
}

/// `everyone`, `everyone except anna`, or `anna, lars`.
pub(super) fn of_whom(targets: &Keys<TargetKey>, everybody: &Everybody<'_>) -> Text {
    targets_without_list(targets, everybody)
        .unwrap_or_else(|| say!("{names}", names = join(targets.iter().filter_map(|target| target.name()))))
}

/// `everyone` or `everyone except anna`, if it is so.
pub(super) fn targets_without_list(targets: &Keys<TargetKey>, everybody: &Everybody<'_>) -> Option<Text> {
    if !matches!(targets.first(), Some(TargetKey::User(_))) || !is_nearly(targets.len(), everybody) {
        return None;
    }
    let of_all = targets.of_all() == Some(everybody.len());
    let missing = match targets.left_out().filter(|_| of_all) {
        // Where all keys are those of everybody, whoever is left out is known.
        Some(left_out) => left_out.filter_map(TargetKey::name).collect(),
        None => missing(&targets.iter().filter_map(TargetKey::name).collect(), everybody)?,
    };
    match missing.len() {
        0 if targets.len() > 1 => Some(say!("everyone")),
        left_out if left_out < targets.len() / 2 => Some(say!("everyone except {names}", names = join(missing))),
        _ => None,
    }
}

/// The most who are named because they are left out.
const FEW: usize = 12;

/// Whether so many are all or all but a few.
fn is_nearly(some: usize, all: &Everybody<'_>) -> bool {
    all.len().checked_sub(some).is_some_and(|left| left <= FEW)
}

/// Who is left out of nearly all; `None` if it is more than a few, or if somebody is none of them.
fn missing<'p>(some: &BTreeSet<&Name>, all: &Everybody<'p>) -> Option<Vec<&'p Name>> {
    is_nearly(some.len(), all).then(|| all.missing(some)).flatten()
}

/// All of them; [`Page::fold`](crate::report::block::Page::fold) leaves names out where there are too many to read.
fn join<'a>(names: impl IntoIterator<Item = &'a Name>) -> Word {
    list(names, Joint::Names)
}

/// Changes of rights, folded by right, by the people who share targets and the targets that people share.
pub(super) fn folded<'c>(changes: &'c [Change], policy: &Policy) -> Vec<(&'c RightName, String, Text)> {
    let everybody = Everybody::Of(policy.users.keys());
    let mut over: BTreeMap<(&RightName, &[Name]), Vec<Keys<TargetKey>>> = BTreeMap::new();
    for change in changes {
        // What somebody does with the own data did not change.
        let alone = change.users.first().filter(|_| change.without_own && change.users.len() == 1);
        let others = change.targets.as_ref().map(|targets| match alone {
            Some(own) => targets.without(&TargetKey::User(own.clone())),
            None => targets.clone(),
        });
        over.entry((&change.right, &change.users)).or_default().extend(others);
    }
    let mut sets: BTreeMap<(&RightName, Option<Keys<TargetKey>>), BTreeSet<&Name>> = BTreeMap::new();
    for ((right, users), targets) in over {
        let targets = Keys::union_of(&targets).filter(|targets| !targets.is_empty());
        sets.entry((right, targets)).or_default().extend(users);
    }
    let row = |((right, targets), users): ((&'c RightName, Option<Keys<TargetKey>>), BTreeSet<&Name>)| {
        let who = who(&users, &everybody);
        let Some(targets) = targets else { return (right, right.to_string(), who) };
        let whom = of_whom(&targets, &everybody);
        (right, format!("{right} of"), say!("{whom}: {who}", whom, who))
    };
    sets.into_iter().map(row).collect()
}
