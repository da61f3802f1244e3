//! The effective difference of two policies: who gains and who loses what, and by which edit.
//!
//! Complete over plain and scoped rights, over every pair of people. What can have changed is found from what is declared
//! otherwise; there, answers are compared as sets of targets, and people whose sets changed alike are kept together, so
//! that nothing is spelled out that nobody asks to see.

mod cause;
mod compare;
mod declared;
mod edits;
mod joint;
mod later;
mod touched;
mod upcoming;

use std::collections::BTreeMap;

use crate::model::key::{GroupKey, TargetKey};
use crate::model::{GroupId, Id, Policy, Scope, Single};
use crate::name::{Name, RightName};
use crate::resolve::{InForce, Step};
use crate::state::Key;
use crate::text::Place;

use cause::{Causes, causes};
use compare::{Fold, Verdict, compare};
use edits::deeds;
use joint::Side;
use touched::touched;

pub use cause::Cause;
pub use declared::{Declared, Item, compare_items};
pub use edits::{Edit, Edited};
pub use later::{Later, later};
pub use upcoming::{Turn, Turning, upcoming};

/// What was decided, on one side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// The answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: Step,
    /// The rule that decided; `None` where none did.
    pub rule: Option<Line>,
}

/// Something that is written in a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Where, in the files of its side; `None` if it was read from a database.
    pub place: Option<Place>,
    /// What.
    pub key: Key,
}

/// Answers that changed alike: everyone of some users, over every one of some targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// About which right.
    pub right: RightName,
    /// Whose answers, in order.
    pub users: Vec<Name>,
    /// Over whom or what, in order; `None` for plain rights.
    pub targets: Option<Vec<TargetKey>>,
    /// Whether nobody is meant together with the own data, which needs no right.
    pub without_own: bool,
    /// What the base said; `None` if it does not have the user, the target or the right.
    pub before: Option<Decided>,
    /// What the head says.
    pub after: Option<Decided>,
}

impl Change {
    /// Every single answer: who, and over whom or what.
    pub fn singles(&self) -> impl Iterator<Item = (&Name, Option<&TargetKey>)> {
        let plain = self.targets.is_none();
        let targets = move || self.targets.iter().flatten().map(Some).chain(plain.then_some(None));
        let pairs = self.users.iter().flat_map(move |user| targets().map(move |target| (user, target)));
        pairs.filter(|(user, target)| !(self.without_own && target.is_some_and(|target| is_own(user, target))))
    }

    /// How many single answers there are.
    pub fn count(&self) -> usize {
        let targets = self.targets.as_deref().unwrap_or_default();
        let all = self.users.len() * self.targets.as_ref().map_or(1, Vec::len);
        let own =
            |target: &&TargetKey| matches!(target, TargetKey::User(name) if self.users.binary_search(name).is_ok());
        if self.without_own { all - targets.iter().filter(own).count() } else { all }
    }

    /// The step that decides in the head; nothing speaks where there is nothing to decide.
    pub fn step(&self) -> Step {
        self.after.as_ref().map_or(Step::Default, |after| after.step)
    }

    /// The rule that gives it: the head's if it is allowed there, else the base's.
    pub fn rule(&self) -> Option<&Line> {
        let giving = [&self.after, &self.before].into_iter().flatten().find(|decided| decided.allowed);
        giving.and_then(|decided| decided.rule.as_ref())
    }
}

fn is_own(user: &Name, target: &TargetKey) -> bool {
    matches!(target, TargetKey::User(name) if name == user)
}

/// Everything that changed for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    /// What somebody may do in the head and might not in the base.
    pub gains: Vec<Change>,
    /// What somebody might do in the base and may not in the head.
    pub losses: Vec<Change>,
    /// Answers that stayed, and are now given by another step or rule.
    pub reasons: Vec<Change>,
}

/// A change, and what is behind it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caused {
    /// What is behind it.
    pub cause: Cause,
    /// The change; all of it has the same cause.
    pub change: Change,
}

/// That somebody came into a group or left it, directly or through others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// Which group or role.
    pub group: GroupKey,
    /// Who, in order.
    pub users: Vec<Name>,
}

/// The whole difference of two policies, each on its day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// What somebody may do in the head and might not in the base.
    pub gains: Vec<Caused>,
    /// What somebody might do in the base and may not in the head.
    pub losses: Vec<Caused>,
    /// Answers that stayed, and are now given by another step or rule.
    pub reasons: Vec<Change>,
    /// Who is in a group in the head and was not in the base.
    pub joined: Vec<Moved>,
    /// Who was in a group in the base and is not in the head.
    pub left: Vec<Moved>,
    /// What was declared otherwise and can decide, in the order of the places.
    pub edits: Vec<Edit>,
    /// The numbers of the edits without which the head would give every answer that it gives.
    pub inert: Vec<usize>,
    /// The numbers of the edits of which nothing is in force on either day.
    pub waiting: Vec<usize>,
    /// Everything that is declared otherwise, whether it decides anything or not.
    pub declared: Vec<Declared>,
}

impl Diff {
    /// Whether nobody gains or loses anything.
    pub fn changes_nothing(&self) -> bool {
        self.gains.is_empty() && self.losses.is_empty()
    }
}

/// How many single answers some changes are.
pub fn count(changes: &[Change]) -> usize {
    changes.iter().map(Change::count).sum()
}

/// Compares what two policies give to people. Whoever is missing in one of them holds nothing there.
pub fn effective(base: &InForce<'_>, head: &InForce<'_>) -> Effective {
    joint::with(base, head, changed)
}

/// The same, and who came into which group and who left which.
fn effective_and_moved(base: &InForce<'_>, head: &InForce<'_>) -> (Effective, [Vec<Moved>; 2]) {
    joint::with(base, head, |sides| (changed(sides), moved(sides)))
}

fn changed(sides: [&Side<'_>; 2]) -> Effective {
    let mut found = Effective::default();
    for fold in compare(sides, &touched(sides)) {
        let change = change(sides, &fold);
        match [fold.allowed(0), fold.allowed(1)] {
            [false, true] => found.gains.push(change),
            [true, false] => found.losses.push(change),
            _ => found.reasons.push(change),
        }
    }
    for changes in [&mut found.gains, &mut found.losses, &mut found.reasons] {
        changes.sort();
    }
    found
}

/// Compares two policies, and finds out what is behind every change.
pub fn diff(base: &InForce<'_>, head: &InForce<'_>) -> Diff {
    joint::with(base, head, |sides| {
        let declared = declared::declared([base.policy, head.policy], sides);
        Diff { declared, ..undeclared(sides) }
    })
}

/// The same without what is declared otherwise, which is so on every day.
fn diff_undeclared(base: &InForce<'_>, head: &InForce<'_>) -> Diff {
    joint::with(base, head, undeclared)
}

fn undeclared(sides: [&Side<'_>; 2]) -> Diff {
    let (changes, others): (Vec<Fold>, Vec<Fold>) =
        compare(sides, &touched(sides)).into_iter().partition(|fold| fold.allowed(0) != fold.allowed(1));
    let deeds = deeds(sides);
    let Causes { folds, inert } = causes(sides, &deeds, changes);
    let [joined, left] = moved(sides);
    let waiting = deeds.iter().enumerate().filter(|(_, deed)| deed.waiting).map(|(edit, _)| edit).collect();
    let mut found = Diff { joined, left, inert, waiting, ..Diff::default() };
    for (fold, cause) in folds {
        let caused = Caused { cause, change: change(sides, &fold) };
        if fold.allowed(1) { &mut found.gains } else { &mut found.losses }.push(caused);
    }
    found.reasons = others.iter().map(|fold| change(sides, fold)).collect();
    found.gains.sort();
    found.losses.sort();
    found.reasons.sort();
    found.edits = deeds.into_iter().map(|deed| deed.edit).collect();
    found
}

/// Who came into which group, and who left it.
fn moved(sides: [&Side<'_>; 2]) -> [Vec<Moved>; 2] {
    let policy = sides[0].policy();
    let mut found = [BTreeMap::<GroupId, Vec<Name>>::new(), BTreeMap::new()];
    for user in policy.users.ids() {
        let groups = sides.map(|side| {
            let there = side.present.users.contains(user.index());
            if there { side.population.person(user).groups.as_slice() } else { &[] }
        });
        if groups[0] == groups[1] {
            continue;
        }
        for (moved, [these, others]) in found.iter_mut().zip([[1, 0], [0, 1]]) {
            for group in groups[these].iter().filter(|group| groups[others].binary_search(group).is_err()) {
                moved.entry(*group).or_default().push(policy.users.key(user).clone());
            }
        }
    }
    let named = |(group, users): (GroupId, Vec<Name>)| Moved { group: policy.groups.key(group).clone(), users };
    found.map(|moved| moved.into_iter().map(named).collect())
}

/// A change, spelled out by key.
fn change(sides: [&Side<'_>; 2], fold: &Fold) -> Change {
    let policy = sides[0].policy();
    let target = |scope: Scope, index: &usize| policy.target_key(single(scope, *index).into());
    let decided = |side: usize| fold.verdicts[side].map(|verdict| decided(sides[side].policy(), verdict));
    // Own data are left out where they need no right on any side that has the right.
    let has = |side: &&Side<'_>| {
        let right = side.policy().rights.get(fold.right);
        side.present.rights.contains(fold.right.index()) && right.scope == fold.scope
    };
    let without_own =
        sides.iter().filter(|side| has(side)).all(|side| side.policy().rights.get(fold.right).own_data_allowed);
    Change {
        right: policy.rights.key(fold.right).clone(),
        users: fold.users.iter().map(|user| policy.users.key(*user).clone()).collect(),
        targets: fold.scope.map(|scope| fold.targets.iter().map(|index| target(scope, index)).collect()),
        without_own: fold.scope == Some(Scope::People) && without_own,
        before: decided(0),
        after: decided(1),
    }
}

fn decided(policy: &Policy, verdict: Verdict) -> Decided {
    let line = |rule| {
        let rule = policy.rule(rule);
        Line { place: rule.place, key: Key::of_rule(policy, rule) }
    };
    Decided { allowed: verdict.allowed, step: verdict.step, rule: verdict.rule.map(line) }
}

fn single(scope: Scope, index: usize) -> Single {
    match scope {
        Scope::People => Single::User(Id::from_index(index)),
        Scope::Modules => Single::Module(Id::from_index(index)),
        Scope::Attachments => Single::Attachment(Id::from_index(index)),
    }
}
