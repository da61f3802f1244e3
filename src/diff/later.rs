//! What a difference of two policies does on later days, when something begins or ends.
//!
//! A change may do nothing today and give everything tomorrow. So it is compared on every later day on which anything
//! turns on either side.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::date::Date;
use crate::model::key::{GroupKey, TargetKey};
use crate::model::{Policy, Scope};
use crate::name::{Name, RightName};
use crate::resolve::InForce;

use super::{
    Cause, Caused, Change, Diff, Effective, Keys, Moved, SPELLED, Shelves, diff_undeclared, effective,
    effective_and_moved,
};

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
///
/// What is told in sum on the first day stays so; of these people it is told later what another day brings them beyond
/// the day before.
pub fn later(base: &Policy, head: &Policy, first: (Date, &Diff)) -> Vec<Later> {
    let (on, first) = first;
    let most = if first.sums.is_empty() { SPELLED } else { 0 };
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
    let mut shelves = shelves_of(first);
    let mut known = [Known::default(), Known::default()];
    known[0].add(&first.gains);
    known[1].add(&first.losses);
    // What was told since people last changed groups.
    let mut told = known.clone();
    let mut known_moves = moves_of(&first.joined, &first.left);
    let mut found = Vec::new();
    let mut before = on;
    for day in days {
        let sides = [base, head].map(|policy| InForce::new(policy, day));
        let (quick, [joined, left]) = effective_and_moved(&sides[0], &sides[1], &mut shelves, most);
        let moves = moves_of(&joined, &left);
        let turned = match quick.sums.is_empty() {
            true => Default::default(),
            false => turned_in_sum([base, head], before, day),
        };
        before = day;
        // Most days bring nothing that is not known, and then nobody asks what is behind it.
        if regrouping.contains(&day) {
            told = Default::default();
        }
        let has_all = |[gains, losses]: &[Known; 2]| gains.has_all(&quick.gains) && losses.has_all(&quick.losses);
        let none_turned = turned.iter().all(Vec::is_empty);
        let nothing_new = has_all(&known);
        let all_told = has_all(&told) && none_turned && (quick.sums.is_empty() || !regrouping.contains(&day));
        if all_told && moves.is_subset(&known_moves) {
            continue;
        }
        let whole = match nothing_new {
            true => unexplained(quick, joined, left),
            false => diff_undeclared(&sides[0], &sides[1], &mut shelves, most),
        };
        let [new_gains, new_losses] = turned;
        let gains = [known[0].new_of(&whole.gains), known[0].new_of(&new_gains)].concat();
        let losses = [known[1].new_of(&whole.losses), known[1].new_of(&new_losses)].concat();
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

/// What a day brings beyond an earlier one to people who are new, and takes from those who are gone.
fn turned_in_sum([base, head]: [&Policy; 2], before: Date, day: Date) -> [Vec<Caused>; 2] {
    [[head, base], [base, head]].map(|[there, other]| {
        let sides = [before, day].map(|day| InForce::new(there, day));
        let begins = effective(&sides[0], &sides[1]).gains;
        let aside = |change: Change| {
            let users: Vec<Name> =
                change.users.iter().filter(|user| other.users.find(user).is_none()).cloned().collect();
            // The side that has nobody of them said nothing.
            let decided = if std::ptr::eq(there, head) { [None, change.after] } else { [change.after, None] };
            let [before, after] = decided;
            let change = Change { users, before, after, ..change };
            (!change.users.is_empty()).then_some(Caused { cause: Cause::People, change })
        };
        begins.into_iter().filter_map(aside).collect()
    })
}

/// A day whose answers are all known, and of which nobody asks what is behind it.
fn unexplained(Effective { gains, losses, reasons, sums }: Effective, joined: Vec<Moved>, left: Vec<Moved>) -> Diff {
    let caused = |changes: Vec<Change>| {
        changes.into_iter().map(|change| Caused { cause: Cause::Together(Vec::new()), change }).collect()
    };
    Diff { gains: caused(gains), losses: caused(losses), reasons, sums, joined, left, ..Diff::default() }
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

/// The keys that a difference has already.
fn shelves_of(diff: &Diff) -> Shelves {
    let mut shelves = Shelves::new();
    for targets in diff.gains.iter().chain(&diff.losses).filter_map(|caused| caused.change.targets.as_ref()) {
        let scope = match targets.first() {
            Some(TargetKey::User(_)) => Scope::People,
            Some(TargetKey::Module(_)) => Scope::Modules,
            _ => Scope::Attachments,
        };
        shelves.entry(scope).or_default().adopt(targets);
    }
    shelves
}

/// Answers that are known to change: over what each user's about a right do. A plain right is over nothing, and another
/// one than a right of the same name that is over something.
#[derive(Default, Clone)]
struct Known(BTreeMap<(RightName, Over), Reached>);

/// Over what the answers of each user are.
type Reached = BTreeMap<Name, Option<Keys<TargetKey>>>;

/// Whether a right is over anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Over {
    Nothing,
    Something,
}

fn about(change: &Change) -> (RightName, Over) {
    (change.right.clone(), if change.targets.is_some() { Over::Something } else { Over::Nothing })
}

/// What was found out for a set, to be taken again for people of the same one; the set is kept, so that no other one
/// comes to stand in its place.
type Same<T> = HashMap<Option<[usize; 2]>, (Option<Keys<TargetKey>>, T)>;

impl Known {
    fn has_all(&self, changes: &[Change]) -> bool {
        changes.iter().all(|change| self.news(change).is_empty())
    }

    fn add(&mut self, changes: &[Caused]) {
        for change in changes.iter().map(|caused| &caused.change) {
            let known = self.0.entry(about(change)).or_default();
            let mut same: Same<Option<Keys<TargetKey>>> = HashMap::new();
            for user in &change.users {
                let known = known.entry(user.clone()).or_default();
                let joined = || match (known.as_ref(), &change.targets) {
                    (Some(known), Some(targets)) => Some(known.union(targets)),
                    (_, targets) => targets.clone(),
                };
                let found = same.entry(known.as_ref().map(Keys::identity));
                *known = found.or_insert_with(|| (known.clone(), joined())).1.clone();
            }
        }
    }

    /// Over what a change is that is not known yet, and whose: the own data are among it, so that people who are alike
    /// stay alike, but never alone.
    fn news(&self, change: &Change) -> BTreeMap<Option<Keys<TargetKey>>, Vec<Name>> {
        let known = self.0.get(&about(change));
        let mut news: BTreeMap<Option<Keys<TargetKey>>, Vec<Name>> = BTreeMap::new();
        let mut same: Same<Keys<TargetKey>> = HashMap::new();
        for user in &change.users {
            let known = known.and_then(|known| known.get(user));
            let Some(targets) = &change.targets else {
                if known.is_none() {
                    news.entry(None).or_default().push(user.clone());
                }
                continue;
            };
            let known = known.and_then(Option::as_ref);
            let found = || known.map_or_else(|| targets.clone(), |known| targets.difference(known));
            let new = &same.entry(known.map(Keys::identity)).or_insert_with(|| (known.cloned(), found())).1;
            let is_own = |target: &TargetKey| matches!(target, TargetKey::User(name) if name == user);
            let only_own = change.without_own && new.len() == 1 && new.first().is_some_and(is_own);
            if !new.is_empty() && !only_own {
                news.entry(Some(new.clone())).or_default().push(user.clone());
            }
        }
        news
    }

    /// The parts of changes that are not known yet.
    fn new_of(&self, changes: &[Caused]) -> Vec<Caused> {
        let mut found = Vec::new();
        for Caused { cause, change } in changes {
            found.extend(self.news(change).into_iter().map(|(targets, users)| Caused {
                cause: cause.clone(),
                change: Change { users, targets, ..change.clone() },
            }));
        }
        found
    }
}
