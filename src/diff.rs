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
mod keys;
mod later;
mod sum;
mod touched;
mod upcoming;

use std::collections::BTreeMap;

use crate::model::key::{GroupKey, TargetKey};
use crate::model::{GroupId, Id, Member, Policy, Scope, Single, UserId};
use crate::name::{Name, RightName};
use crate::resolve::{InForce, Set, Step};
use crate::state::Key;
use crate::syntax::gate;
use crate::text::Place;

use cause::{Causes, causes};
use compare::{Fold, Verdict, compare};
use edits::deeds;
use joint::Side;
use keys::{Keying, Shelf};
use touched::{Lines, touched};

pub use cause::Cause;
pub use declared::{Declared, Item, compare_items};
pub use edits::{Edit, Edited};
pub use keys::{Keys, MANY};
pub use later::{Later, later};
pub use sum::{SPELLED, Sum, count_in_sum};
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
    pub targets: Option<Keys<TargetKey>>,
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
        self.users.iter().flat_map(|user| self.singles_of(user).map(move |target| (user, target)))
    }

    /// Over whom or what the answers of one of the users are; of a plain right over nothing, once.
    pub fn singles_of(&self, user: &Name) -> impl Iterator<Item = Option<&TargetKey>> + use<'_> {
        let own = self.without_own.then(|| TargetKey::User(user.clone()));
        let targets = self.targets.iter().flatten().filter(move |target| Some(*target) != own.as_ref()).map(Some);
        targets.chain(self.targets.is_none().then_some(None))
    }

    /// How many single answers there are.
    pub fn count(&self) -> usize {
        let Some(targets) = &self.targets else { return self.users.len() };
        let all = self.users.len() * targets.len();
        if !self.without_own {
            return all;
        }
        let own: Vec<TargetKey> = self.users.iter().cloned().map(TargetKey::User).collect();
        all - targets.among(own.iter())
    }

    /// How many of them are of one of the users.
    pub fn count_of(&self, user: &Name) -> usize {
        let Some(targets) = &self.targets else { return 1 };
        targets.len() - usize::from(self.without_own && targets.contains(&TargetKey::User(user.clone())))
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

/// Everything that changed for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    /// What somebody may do in the head and might not in the base.
    pub gains: Vec<Change>,
    /// What somebody might do in the base and may not in the head.
    pub losses: Vec<Change>,
    /// Answers that stayed, and are now given by another step or rule.
    pub reasons: Vec<Change>,
    /// What people gain or lose who are new or gone, where that is too much to be among the others.
    pub sums: Vec<Sum>,
}

impl Effective {
    /// How many single answers turn one way.
    pub fn count(&self, turn: gate::Turn) -> usize {
        let changes = match turn {
            gate::Turn::Gain => &self.gains,
            gate::Turn::Loss => &self.losses,
        };
        count(changes) + count_in_sum(&self.sums, turn)
    }
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
    /// What people gain or lose who are new or gone, where that is too much to be among the others.
    pub sums: Vec<Sum>,
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
        self.gains.is_empty() && self.losses.is_empty() && self.sums.is_empty()
    }
}

/// How many single answers some changes are.
pub fn count(changes: &[Change]) -> usize {
    changes.iter().map(Change::count).sum()
}

/// The keys that differences between the same two policies share.
type Shelves = BTreeMap<Scope, Shelf<TargetKey>>;

/// Compares what two policies give to people. Whoever is missing in one of them holds nothing there.
pub fn effective(base: &InForce<'_>, head: &InForce<'_>) -> Effective {
    effective_within(base, head, SPELLED)
}

/// The same, with at most so many single answers of people who are new or gone; more are told in sum.
pub fn effective_within(base: &InForce<'_>, head: &InForce<'_>, most: usize) -> Effective {
    joint::with(base, head, |sides| changed(sides, &Lines::of(sides), &mut Shelves::new(), most))
}

/// The same, and who came into which group and who left which.
fn effective_and_moved(
    base: &InForce<'_>,
    head: &InForce<'_>,
    shelves: &mut Shelves,
    most: usize,
) -> (Effective, [Vec<Moved>; 2]) {
    joint::with(base, head, |sides| {
        let lines = Lines::of(sides);
        (changed(sides, &lines, shelves, most), moved(sides, &lines))
    })
}

/// Every answer that changed or has another reason; and what is told in sum instead.
fn compared(sides: [&Side<'_>; 2], lines: &Lines, most: usize) -> (Vec<Fold>, Vec<Sum>) {
    let aside = sides[0].present.absent(&sides[1].present);
    let Some(sums) = sum::sums(sides, &aside, most) else {
        return (compare(sides, &touched(sides, &aside, lines), &Set::none(aside.size())), Vec::new());
    };
    let nobody_else = aside.len() == aside.size();
    let folds = if nobody_else { Vec::new() } else { compare(sides, &touched(sides, &aside, lines), &aside) };
    (folds, sums)
}

fn changed(sides: [&Side<'_>; 2], lines: &Lines, shelves: &mut Shelves, most: usize) -> Effective {
    let (folds, sums) = compared(sides, lines, most);
    spelled(sides, &folds, sums, shelves)
}

/// What changed, spelled out by key.
fn spelled(sides: [&Side<'_>; 2], folds: &[Fold], sums: Vec<Sum>, shelves: &mut Shelves) -> Effective {
    let mut found = Effective { sums, ..Effective::default() };
    let mut spelling = Spelling::new(sides, folds, shelves);
    for fold in folds {
        let change = spelling.change(fold);
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
    diff_within(base, head, SPELLED)
}

/// The same, with at most so many single answers of people who are new or gone; more are told in sum.
pub fn diff_within(base: &InForce<'_>, head: &InForce<'_>, most: usize) -> Diff {
    joint::with(base, head, |sides| {
        let lines = Lines::of(sides);
        let declared = declared::declared([base.policy, head.policy], sides, &lines);
        Diff { declared, ..undeclared(sides, &lines, &mut Shelves::new(), most) }
    })
}

/// Both what changed and the whole difference, as [`effective`] and [`diff`] give them: what both go by is compared once.
pub fn effective_and_diff(base: &InForce<'_>, head: &InForce<'_>) -> (Effective, Diff) {
    joint::with(base, head, |sides| {
        let lines = Lines::of(sides);
        let mut shelves = Shelves::new();
        let (folds, sums) = compared(sides, &lines, SPELLED);
        let effective = spelled(sides, &folds, sums.clone(), &mut shelves);
        let declared = declared::declared([base.policy, head.policy], sides, &lines);
        (effective, Diff { declared, ..explained(sides, &lines, (folds, sums), &mut shelves) })
    })
}

/// The same without what is declared otherwise, which is so on every day.
fn diff_undeclared(base: &InForce<'_>, head: &InForce<'_>, shelves: &mut Shelves, most: usize) -> Diff {
    joint::with(base, head, |sides| undeclared(sides, &Lines::of(sides), shelves, most))
}

fn undeclared(sides: [&Side<'_>; 2], lines: &Lines, shelves: &mut Shelves, most: usize) -> Diff {
    explained(sides, lines, compared(sides, lines, most), shelves)
}

/// What changed, and what is behind it.
fn explained(
    sides: [&Side<'_>; 2],
    lines: &Lines,
    (folds, sums): (Vec<Fold>, Vec<Sum>),
    shelves: &mut Shelves,
) -> Diff {
    let mut spelling = Spelling::new(sides, &folds, shelves);
    let (changes, others): (Vec<Fold>, Vec<Fold>) =
        folds.into_iter().partition(|fold| fold.allowed(0) != fold.allowed(1));
    let deeds = deeds(sides, lines);
    let Causes { folds, inert } = causes(sides, &deeds, changes);
    let [joined, left] = moved(sides, lines);
    let waiting = deeds.iter().enumerate().filter(|(_, deed)| deed.waiting).map(|(edit, _)| edit).collect();
    let mut found = Diff { joined, left, inert, waiting, sums, ..Diff::default() };
    for (fold, cause) in folds {
        let caused = Caused { cause, change: spelling.change(&fold) };
        if fold.allowed(1) { &mut found.gains } else { &mut found.losses }.push(caused);
    }
    found.reasons = others.iter().map(|fold| spelling.change(fold)).collect();
    found.gains.sort();
    found.losses.sort();
    found.reasons.sort();
    found.edits = deeds.into_iter().map(|deed| deed.edit).collect();
    found
}

/// Who came into which group, and who left it.
fn moved(sides: [&Side<'_>; 2], lines: &Lines) -> [Vec<Moved>; 2] {
    let policy = sides[0].policy();
    let mut found = [BTreeMap::<GroupId, Vec<Name>>::new(), BTreeMap::new()];
    for user in movable(sides, lines) {
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

/// Everybody whose groups can be other ones, in order: who is new or gone, and whose memberships are, or of a group around.
fn movable(sides: [&Side<'_>; 2], lines: &Lines) -> Vec<UserId> {
    let mut users: Vec<UserId> = sides[0].present.absent(&sides[1].present).iter().map(UserId::from_index).collect();
    for stands in &lines.members {
        for (side, at) in sides.into_iter().zip(stands) {
            match at.map(|at| side.policy().memberships[at].member) {
                None => {}
                Some(Member::User(user)) => users.push(user),
                Some(Member::Everyone) => return side.policy().users.ids().collect(),
                Some(Member::Group(group)) => {
                    users.extend(sides.into_iter().flat_map(|side| side.population.members(group)));
                }
            }
        }
    }
    users.sort_unstable();
    users.dedup();
    users
}

/// Says folds by key. What is over the same people, modules or classes shares the keys.
struct Spelling<'a, 'p> {
    sides: [&'a Side<'p>; 2],
    keys: BTreeMap<Scope, Keying<TargetKey>>,
}

impl<'a, 'p> Spelling<'a, 'p> {
    /// Prepares for some folds, and for parts of them.
    fn new(sides: [&'a Side<'p>; 2], folds: &[Fold], shelves: &mut Shelves) -> Self {
        let policy = sides[0].policy();
        let mut sets: BTreeMap<Scope, Vec<&Set>> = BTreeMap::new();
        let scoped = folds.iter().filter_map(|fold| Some((fold.scope?, &*fold.targets)));
        scoped.for_each(|(scope, targets)| sets.entry(scope).or_default().push(targets));
        let keying = |(scope, sets): (Scope, Vec<&Set>)| {
            let key = |index| policy.target_key(single(scope, index).into());
            let shelf = shelves.entry(scope).or_default();
            (scope, Keying::new(compare::size(sides, Some(scope)), &sets, key, shelf))
        };
        Self { sides, keys: sets.into_iter().map(keying).collect() }
    }

    fn change(&mut self, fold: &Fold) -> Change {
        let policy = self.sides[0].policy();
        let decided = |side: usize| fold.verdicts[side].map(|verdict| decided(self.sides[side].policy(), verdict));
        // Own data are left out where they need no right on any side that has the right.
        let mut sides = self.sides.iter().filter(|side| compare::has(side, fold.right, fold.scope));
        let without_own = sides.all(|side| side.policy().rights.get(fold.right).own_data_allowed);
        Change {
            right: policy.rights.key(fold.right).clone(),
            users: fold.users.iter().map(|user| policy.users.key(*user).clone()).collect(),
            before: decided(0),
            after: decided(1),
            targets: fold.scope.and_then(|scope| Some(self.keys.get_mut(&scope)?.keys(&fold.targets))),
            without_own: fold.scope == Some(Scope::People) && without_own,
        }
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
