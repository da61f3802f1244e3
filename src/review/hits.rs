//! Whose gains and losses an object of a gate or of reviewers is about, on every day that was compared.

use std::collections::BTreeSet;

use crate::date::Date;
use crate::diff::{Caused, Change, Diff, Sum};
use crate::model::key::{GroupKey, TargetKey};
use crate::name::Name;
use crate::resolve::InForce;
use crate::syntax::gate::{Object, Turn};

use super::object::{Binding, Bound};
use super::{Compared, Sensitive};

/// People who gain or lose something that an object is about.
#[derive(Debug, Clone)]
pub struct Hit<'c> {
    /// Of which company.
    pub company: Option<&'c Name>,
    /// From which later day on; `None` for the day that was asked about.
    pub from: Option<Date>,
    /// What.
    pub what: Hitting<'c>,
    /// Who, never nobody.
    pub users: BTreeSet<Name>,
}

/// What somebody gains or loses.
#[derive(Debug, Clone)]
pub enum Hitting<'c> {
    /// Answers about a right.
    Change(&'c Change),
    /// Answers about a right of people who are new or gone, told in sum.
    Sum(&'c Sum),
    /// Being in a group.
    Group(GroupKey),
}

/// For each of some objects everybody who gains or loses something that it is about. `sensitive` are the rights that the
/// base calls so.
pub fn hits<'c>(compared: &'c [Compared<'c>], asked: &[(&Object, Turn)], sensitive: &Sensitive) -> Vec<Vec<Hit<'c>>> {
    let mut found: Vec<Vec<Hit<'c>>> = asked.iter().map(|_| Vec::new()).collect();
    if asked.is_empty() {
        return found;
    }
    for company in compared {
        let mut known: Vec<BTreeSet<Name>> = asked.iter().map(|_| BTreeSet::new()).collect();
        let later = company.later.iter().map(|later| ([later.day; 2], Some(later.day), &later.whole));
        for (days, from, diff) in std::iter::once((company.days, None, &company.diff)).chain(later) {
            let [base, head] = [0, 1].map(|side| InForce::new(company.policies[side], days[side]));
            let binding = Binding::new(&base, &head, sensitive.clone());
            for (index, (object, turn)) in asked.iter().enumerate() {
                let known = &mut known[index];
                // Later days tell of people whom no earlier day tells of.
                let new = hits_on(diff, &binding, object, *turn).into_iter().filter_map(|(what, users)| {
                    let users: BTreeSet<Name> = users.difference(known).cloned().collect();
                    (!users.is_empty()).then_some(Hit { company: company.company, from, what, users })
                });
                let new: Vec<Hit<'c>> = new.collect();
                known.extend(new.iter().flat_map(|hit| hit.users.iter().cloned()));
                found[index].extend(new);
            }
        }
    }
    found
}

fn hits_on<'c>(
    diff: &'c Diff,
    binding: &Binding<'_>,
    object: &Object,
    turn: Turn,
) -> Vec<(Hitting<'c>, BTreeSet<Name>)> {
    let bound = binding.bind(object);
    if let Some(group) = bound.group() {
        let users = binding.turned(group, turn).into_iter().collect();
        return vec![(Hitting::Group(group.clone()), users)];
    }
    let changes = match turn {
        Turn::Gain => &diff.gains,
        Turn::Loss => &diff.losses,
    };
    let changes = changes.iter().map(|Caused { change, .. }| (Hitting::Change(change), covered(&bound, change)));
    let sums = diff.sums.iter().filter(|sum| sum.turn == turn);
    changes.chain(sums.map(|sum| (Hitting::Sum(sum), binding.covered(&bound, sum)))).collect()
}

/// Whose part of a change an object covers.
fn covered(bound: &Bound, change: &Change) -> BTreeSet<Name> {
    if !bound.concerns(&change.right) {
        return BTreeSet::new();
    }
    let Some(targets) = &change.targets else {
        let all = if bound.covers(&change.right, None) { change.users.as_slice() } else { &[] };
        return all.iter().cloned().collect();
    };
    // Of several one is not the own data, so there is no need to know more of them.
    let targets = bound.covered(targets, 2);
    let is_own = |user: &Name, target: &TargetKey| matches!(target, TargetKey::User(name) if name == user);
    let has_any = |user: &&Name| match targets.as_slice() {
        [] => false,
        [only] => !(change.without_own && is_own(user, only)),
        _ => true,
    };
    change.users.iter().filter(has_any).cloned().collect()
}

/// How many people some hits are about, each counted once in each company.
pub fn people(hits: &[Hit<'_>]) -> usize {
    let all: BTreeSet<_> = hits.iter().flat_map(|hit| hit.users.iter().map(move |user| (hit.company, user))).collect();
    all.len()
}
