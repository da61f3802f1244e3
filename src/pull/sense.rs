//! What a database can hold and a policy cannot mean: contradictions, circles of groups, rules over the wrong kind of
//! thing. Gives what of it is new and has to stay outside.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Validity;
use crate::model::Effect;
use crate::model::key::{GroupKey, is_over};
use crate::state::{Fact, Key, MemberKey, State};

use super::Why;

/// What is new and makes no sense beside the rest, with the field that does not.
pub fn senseless(declared: &State, wanted: &State) -> Vec<(Key, Option<&'static str>, Why)> {
    let mut found = contradictions(declared, wanted);
    found.extend(circles(declared, wanted));
    found.extend(scopes(declared, wanted));
    found
}

/// New rules beside others of the opposite effect at the same time.
fn contradictions(declared: &State, wanted: &State) -> Vec<(Key, Option<&'static str>, Why)> {
    let mut about: BTreeMap<(&_, &_, &_), Vec<(Effect, Validity, &Key)>> = BTreeMap::new();
    for key in wanted.facts.keys() {
        if let Key::Rule { subject, right, target, effect, validity } = key {
            about.entry((subject, right, target)).or_default().push((*effect, *validity, key));
        }
    }
    let mut found = Vec::new();
    for rules in about.values() {
        for (effect, validity, key) in rules.iter().filter(|(_, _, key)| !declared.facts.contains_key(*key)) {
            if rules.iter().any(|(other, period, _)| other != effect && period.overlaps(*validity)) {
                found.push(((*key).clone(), None, Why::Contradiction));
            }
        }
    }
    found
}

/// New memberships of groups in groups that close a circle, whatever their dates.
fn circles(declared: &State, wanted: &State) -> Vec<(Key, Option<&'static str>, Why)> {
    let nested = |key: &Key| match key {
        Key::Member { group, member: MemberKey::Group(inner), .. } => Some((inner.clone(), group.clone())),
        _ => None,
    };
    let mut outer: BTreeMap<GroupKey, BTreeSet<GroupKey>> = BTreeMap::new();
    let (old, new): (Vec<&Key>, Vec<&Key>) =
        wanted.facts.keys().filter(|key| nested(key).is_some()).partition(|key| declared.facts.contains_key(*key));
    for (inner, group) in old.into_iter().filter_map(nested) {
        outer.entry(inner).or_default().insert(group);
    }
    let mut found = Vec::new();
    for key in new {
        let Some((inner, group)) = nested(key) else { continue };
        if leads_to(&outer, &group, &inner) {
            found.push((key.clone(), None, Why::Circle));
        } else {
            outer.entry(inner).or_default().insert(group);
        }
    }
    found
}

/// Whether a group is another one, or lies in it.
fn leads_to(outer: &BTreeMap<GroupKey, BTreeSet<GroupKey>>, from: &GroupKey, to: &GroupKey) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(group) = open.pop() {
        if group == to {
            return true;
        }
        open.extend(outer.get(group).into_iter().flatten().filter(|next| seen.insert(next)));
    }
    false
}

/// Rights that are over something else than before though rules of the policy rely on it; and new rules that are over
/// something else than their right.
fn scopes(declared: &State, wanted: &State) -> Vec<(Key, Option<&'static str>, Why)> {
    let scope = |state: &State, right: &Key| match state.facts.get(right) {
        Some(Fact::Right(right)) => Some(right.scope),
        _ => None,
    };
    let mut found = BTreeSet::new();
    for key in wanted.facts.keys() {
        let Key::Rule { right, target, .. } = key else { continue };
        let right = Key::Right(right.clone());
        let now = scope(wanted, &right);
        if now.is_none_or(|scope| is_over(target.as_ref(), scope)) {
            continue;
        }
        let is_moved = scope(declared, &right).is_some_and(|before| Some(before) != now);
        if is_moved && declared.facts.contains_key(key) {
            found.insert((right.clone(), Some("own_data_allowed"), Why::Scope));
            found.insert((right, Some("of"), Why::Scope));
        } else if !declared.facts.contains_key(key) {
            found.insert((key.clone(), None, Why::Scope));
        }
    }
    found.into_iter().collect()
}
