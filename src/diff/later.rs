//! What a difference of two policies does on later days, when something begins or ends.
//!
//! A change may do nothing today and give everything tomorrow. So it is compared on every later day on which anything
//! turns on either side.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::date::Date;
use crate::model::Policy;
use crate::model::key::{GroupKey, TargetKey};
use crate::name::{Name, RightName};
use crate::resolve::InForce;

use super::{Cause, Caused, Change, Diff, Effective, Moved, diff_undeclared, effective_and_moved};

/// What is different from a later day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// The day.
    pub day: Date,
    /// The whole difference on that day; what is behind it only if it has something that no earlier day has.
    pub whole: Diff,
    /// Gains that no earlier day has.
    pub gains: Vec<Caused>,
    /// Losses that no earlier day has.
    pub losses: Vec<Caused>,
}

impl Later {
    /// Whether nobody gains or loses anything that day that no earlier day has.
    pub fn changes_nothing(&self) -> bool {
        self.gains.is_empty() && self.losses.is_empty()
    }
}

/// Compares two policies on every later day on which that could give another difference than the first day did. A day
/// that brings nothing new, in rights or groups, is left out. Whoever asks about access to a group means those who are in
/// it that day: so from the day on which a membership begins or ends, whatever differs is new once more.
pub fn later(base: &Policy, head: &Policy, first: (Date, &Diff)) -> Vec<Later> {
    let (on, first) = first;
    if first.edits.is_empty() && first.declared.is_empty() {
        // Both say the same, whatever the day.
        return Vec::new();
    }
    let turning = [base, head].into_iter().flat_map(Policy::turning_days);
    let days: BTreeSet<Date> = turning.filter(|day| *day > on).collect();
    if days.is_empty() {
        return Vec::new();
    }
    let memberships = [base, head].into_iter().flat_map(|policy| &policy.memberships);
    let regrouping: BTreeSet<Date> = memberships.flat_map(|membership| membership.validity.turns()).collect();
    let mut known = [Known::default(), Known::default()];
    known[0].add(&first.gains);
    known[1].add(&first.losses);
    // What was told since people last changed groups.
    let mut told = known.clone();
    let mut known_moves = moves_of(&first.joined, &first.left);
    let mut found = Vec::new();
    for day in days {
        let sides = [base, head].map(|policy| InForce::new(policy, day));
        let (quick, [joined, left]) = effective_and_moved(&sides[0], &sides[1]);
        let moves = moves_of(&joined, &left);
        // Most days bring nothing that is not known, and then nobody asks what is behind it.
        if regrouping.contains(&day) {
            told = Default::default();
        }
        let has_all = |[gains, losses]: &[Known; 2]| gains.has_all(&quick.gains) && losses.has_all(&quick.losses);
        let nothing_new = has_all(&known);
        let all_told = has_all(&told);
        if all_told && moves.is_subset(&known_moves) {
            continue;
        }
        let whole = if nothing_new { unexplained(quick, joined, left) } else { diff_undeclared(&sides[0], &sides[1]) };
        let (gains, losses) = (known[0].new_of(&whole.gains), known[1].new_of(&whole.losses));
        known[0].add(&gains);
        known[1].add(&losses);
        told[0].add(&whole.gains);
        told[1].add(&whole.losses);
        let moved = !moves.is_subset(&known_moves);
        known_moves.extend(moves);
        if moved || !all_told || !gains.is_empty() || !losses.is_empty() {
            found.push(Later { day, whole, gains, losses });
        }
    }
    found
}

/// A day whose answers are all known, and of which nobody asks what is behind it.
fn unexplained(Effective { gains, losses, reasons }: Effective, joined: Vec<Moved>, left: Vec<Moved>) -> Diff {
    let caused = |changes: Vec<Change>| {
        changes.into_iter().map(|change| Caused { cause: Cause::Together(Vec::new()), change }).collect()
    };
    Diff { gains: caused(gains), losses: caused(losses), reasons, joined, left, ..Diff::default() }
}

/// Who comes into which group, and who leaves it.
fn moves_of(joined: &[Moved], left: &[Moved]) -> Moves {
    let of = |joined: bool, moved: &[Moved]| {
        let pairs = |Moved { group, users }: &Moved| {
            users.iter().map(|user| (joined, group.clone(), user.clone())).collect::<Vec<_>>()
        };
        moved.iter().flat_map(pairs).collect::<Vec<_>>()
    };
    of(true, joined).into_iter().chain(of(false, left)).collect()
}

/// Whether somebody came, which group, and who.
type Moves = BTreeSet<(bool, GroupKey, Name)>;

/// Answers that are known to change.
#[derive(Default, Clone)]
struct Known {
    /// Whole changes, which come again on most days.
    alike: HashSet<(RightName, Vec<Name>, Option<Vec<TargetKey>>)>,
    /// Over what each user's answers about a right change; of a plain right over nothing.
    singles: BTreeMap<(RightName, Name), BTreeSet<Option<TargetKey>>>,
}

impl Known {
    fn has_all(&self, changes: &[Change]) -> bool {
        changes.iter().all(|change| self.has(change))
    }

    /// Whether every part of a change is known.
    fn has(&self, change: &Change) -> bool {
        let alike = (change.right.clone(), change.users.clone(), change.targets.clone());
        if self.alike.contains(&alike) {
            return true;
        }
        let is_known = |(user, target): (&Name, Option<&TargetKey>)| {
            let known = self.singles.get(&(change.right.clone(), user.clone()));
            known.is_some_and(|known| known.contains(&target.cloned()))
        };
        change.singles().all(is_known)
    }

    fn add(&mut self, changes: &[Caused]) {
        for change in changes.iter().map(|caused| &caused.change) {
            for user in &change.users {
                let known = self.singles.entry((change.right.clone(), user.clone())).or_default();
                known.extend(targets(change));
            }
            self.alike.insert((change.right.clone(), change.users.clone(), change.targets.clone()));
        }
    }

    /// The parts of changes that are not known yet.
    fn new_of(&self, changes: &[Caused]) -> Vec<Caused> {
        let mut found = Vec::new();
        for Caused { cause, change } in changes {
            let alike = (change.right.clone(), change.users.clone(), change.targets.clone());
            if self.alike.contains(&alike) {
                continue;
            }
            let mut rest: BTreeMap<BTreeSet<Option<TargetKey>>, Vec<Name>> = BTreeMap::new();
            for user in &change.users {
                let known = self.singles.get(&(change.right.clone(), user.clone()));
                let new = targets(change).filter(|target| known.is_none_or(|known| !known.contains(target)));
                let new: BTreeSet<Option<TargetKey>> = new.collect();
                let is_own = |target: &Option<TargetKey>| {
                    change.without_own && target.as_ref().is_some_and(|target| super::is_own(user, target))
                };
                if !new.iter().all(is_own) {
                    rest.entry(new).or_default().push(user.clone());
                }
            }
            found.extend(rest.into_iter().map(|(targets, users)| {
                let targets = change.targets.is_some().then(|| targets.into_iter().flatten().collect());
                Caused { cause: cause.clone(), change: Change { users, targets, ..change.clone() } }
            }));
        }
        found
    }
}

/// Over what a change is, the own data among it, so that people who are alike stay alike; of a plain right over nothing.
fn targets(change: &Change) -> impl Iterator<Item = Option<TargetKey>> + '_ {
    let plain = change.targets.is_none().then_some(None);
    change.targets.iter().flatten().cloned().map(Some).chain(plain)
}
