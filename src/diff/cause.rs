//! Which edit is behind a change: exactly, by supposing each edit alone.
//!
//! An edit explains a change alone if the base with nothing but this edit gives the head's answer. Where none does,
//! those explain it together without each of which the head would give the base's answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Id, Policy, RightId, UserId};
use crate::resolve::{Actual, Set, Step};

use super::compare::{Fold, Verdict};
use super::edits::{Deed, Edited};
use super::joint::Side;

/// What is behind a change. Edits are numbers in the list of the difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The people are new or gone.
    People,
    /// What it is over is new or gone.
    Targets,
    /// The right is over something else than before.
    Right,
    /// One edit alone; of several, each alone would do.
    Each(Vec<usize>),
    /// Several edits, none of which alone would do.
    Together(Vec<usize>),
}

impl Cause {
    /// The edits that are behind it.
    pub fn edits(&self) -> &[usize] {
        match self {
            Self::Each(edits) | Self::Together(edits) => edits,
            Self::People | Self::Targets | Self::Right => &[],
        }
    }
}

/// Which edits do what.
pub(super) struct Causes {
    /// The changes, divided by what is behind them.
    pub folds: Vec<(Fold, Cause)>,
    /// The edits without which the head would give every answer that it gives.
    pub inert: Vec<usize>,
}

/// Finds out what is behind each of some changes, and which edits do nothing.
pub(super) fn causes(sides: [&Side<'_>; 2], deeds: &[Deed], changes: Vec<Fold>) -> Causes {
    let mut folds = Vec::new();
    let mut open = Vec::new();
    for fold in changes {
        divide_by_presence(sides, fold, &mut folds, &mut open);
    }
    let actual = sides.map(|side| Actual::new(&side.population));
    let work = Work { policies: sides.map(|side| side.policy()), deeds, actual };
    let (explained, rest) = work.explain(open, 0);
    folds.extend(explained.into_iter().map(|(fold, edits)| (fold, Cause::Each(edits))));
    let (explained, rest) = work.explain(rest, 1);
    folds.extend(explained.into_iter().map(|(fold, edits)| (fold, Cause::Together(edits))));
    for fold in rest {
        let edits = work.concerning(&fold);
        folds.push((fold, Cause::Together(edits)));
    }
    folds.sort();
    let mut behind = vec![false; deeds.len()];
    folds.iter().flat_map(|(_, cause)| cause.edits()).for_each(|edit| behind[*edit] = true);
    let inert =
        (0..deeds.len()).filter(|edit| !behind[*edit] && !deeds[*edit].waiting && work.is_inert(*edit)).collect();
    Causes { folds, inert }
}

/// What changed because somebody or something is there on one side only needs no further search.
fn divide_by_presence(sides: [&Side<'_>; 2], fold: Fold, done: &mut Vec<(Fold, Cause)>, open: &mut Vec<Fold>) {
    let by_own_data = |verdict: &Option<Verdict>| verdict.is_some_and(|verdict| verdict.step == Step::OwnData);
    let Some(side) = [0, 1].into_iter().find(|side| fold.verdicts[*side].is_none()) else {
        // Own data count only where the right says another thing of them than before.
        if fold.verdicts.iter().any(by_own_data) {
            done.push((fold, Cause::Right))
        } else {
            open.push(fold)
        }
        return;
    };
    let Side { present, .. } = sides[side];
    let (there, absent): (Vec<UserId>, Vec<UserId>) =
        fold.users.iter().partition(|user| present.users.contains(user.index()));
    if !absent.is_empty() {
        done.push((Fold { users: absent, ..fold.clone() }, Cause::People));
    }
    if there.is_empty() {
        return;
    }
    let fold = Fold { users: there, ..fold };
    if !present.rights.contains(fold.right.index()) {
        open.push(fold);
    } else if sides[side].policy().rights.get(fold.right).scope == fold.scope {
        done.push((fold, Cause::Targets));
    } else {
        done.push((fold, Cause::Right));
    }
}

struct Work<'a> {
    policies: [&'a Policy; 2],
    deeds: &'a [Deed],
    actual: [Actual<'a>; 2],
}

impl Work<'_> {
    /// Divides changes by the edits each of which alone turns the answer of a side into that of the other; the rest are
    /// those that none does.
    fn explain(&self, open: Vec<Fold>, side: usize) -> (Vec<(Fold, Vec<usize>)>, Vec<Fold>) {
        let mut changes: Vec<Open> = open.into_iter().map(Open::new).collect();
        if changes.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let mut by_right: BTreeMap<RightId, Vec<usize>> = BTreeMap::new();
        for (number, change) in changes.iter().enumerate() {
            by_right.entry(change.fold.right).or_default().push(number);
        }
        for (number, deed) in self.deeds.iter().enumerate().filter(|(_, deed)| deed.can_explain()) {
            let supposition = deed.supposed_on(side, self.policies);
            let supposed = self.actual[side].suppose(&supposition);
            for (right, users) in supposed.concerned(None) {
                for change in by_right.get(&right).into_iter().flatten() {
                    let change = &mut changes[*change];
                    for index in 0..change.fold.users.len() {
                        let user = change.fold.users[index];
                        if users.contains(user.index()) {
                            let sides = [self.actual[side].held(user, right), supposed.held(user, right)];
                            change.turned(user, &sides[0], &sides[1], number);
                        }
                    }
                }
            }
        }
        let (mut explained, mut rest) = (Vec::new(), Vec::new());
        changes.into_iter().for_each(|change| change.close(&mut explained, &mut rest));
        (explained, rest)
    }

    /// Every edit that has anything to do with a change.
    fn concerning(&self, fold: &Fold) -> Vec<usize> {
        let concerns = |deed: &Deed, side: usize| {
            let supposition = deed.supposed_on(side, self.policies);
            let concerned = self.actual[side].suppose(&supposition).concerned(None);
            concerned.iter().any(|(right, users)| {
                *right == fold.right && fold.users.iter().any(|user| users.contains(user.index()))
            })
        };
        let deeds = self.deeds.iter().enumerate().filter(|(_, deed)| deed.can_explain());
        deeds.filter(|(_, deed)| concerns(deed, 0) || concerns(deed, 1)).map(|(number, _)| number).collect()
    }

    /// Whether the head gives every answer that it gives without an edit too.
    fn is_inert(&self, number: usize) -> bool {
        let deed = &self.deeds[number];
        if matches!(deed.edit.what, Edited::User(_)) || deed.is_redefined(self.policies) {
            return false;
        }
        let supposition = deed.supposed_on(1, self.policies);
        !self.actual[1].suppose(&supposition).changes_anything()
    }
}

/// Targets, and the edits that explain what changed about them.
type Explained = (Arc<Set>, Vec<usize>);

/// A change that is being explained.
struct Open {
    fold: Fold,
    /// The targets of those of whose answers something was explained, divided by what explains them.
    divided: HashMap<UserId, Vec<Explained>>,
}

impl Open {
    fn new(fold: Fold) -> Self {
        Self { fold, divided: HashMap::new() }
    }

    /// Notes where an edit turns the answers of somebody.
    fn turned(&mut self, user: UserId, before: &Set, after: &Set, edit: usize) {
        let mut turned = before.clone();
        turned.symmetric_difference_with(after);
        turned.intersect_with(&self.fold.targets);
        if turned.is_empty() {
            return;
        }
        let whole = || vec![(Arc::clone(&self.fold.targets), Vec::new())];
        let parts = self.divided.entry(user).or_insert_with(whole);
        let mut divided = Vec::with_capacity(parts.len() + 1);
        for (targets, edits) in parts.drain(..) {
            let mut inside = Set::clone(&targets);
            inside.intersect_with(&turned);
            if inside.len() == targets.len() {
                divided.push((targets, [edits.as_slice(), &[edit]].concat()));
                continue;
            }
            let mut outside = Set::clone(&targets);
            outside.difference_with(&turned);
            if !inside.is_empty() {
                divided.push((Arc::new(inside), [edits.as_slice(), &[edit]].concat()));
            }
            divided.push((Arc::new(outside), edits));
        }
        *parts = divided;
    }

    fn close(mut self, explained: &mut Vec<(Fold, Vec<usize>)>, rest: &mut Vec<Fold>) {
        let mut alike: HashMap<(Vec<usize>, Arc<Set>), Vec<UserId>> = HashMap::new();
        let mut untouched = Vec::new();
        for user in &self.fold.users {
            match self.divided.remove(user) {
                None => untouched.push(*user),
                Some(parts) => parts
                    .into_iter()
                    .for_each(|(targets, edits)| alike.entry((edits, targets)).or_default().push(*user)),
            }
        }
        if !untouched.is_empty() {
            let users = alike.entry((Vec::new(), Arc::clone(&self.fold.targets))).or_default();
            users.extend(untouched);
            users.sort_unstable();
        }
        for ((edits, targets), users) in alike {
            let fold = Fold { users, targets, ..self.fold.clone() };
            if edits.is_empty() { rest.push(fold) } else { explained.push((fold, edits)) }
        }
    }
}
