//! The effective difference of two policies: who gains and who loses what.
//!
//! Complete over plain and scoped rights, over every pair of people. Answers are compared as sets of targets, and
//! people whose sets changed alike are kept together, so that nothing is spelled out that nobody asks to see.

mod upcoming;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::key::TargetKey;
use crate::model::{Policy, Scope};
use crate::name::{Name, RightName};
use crate::resolve::{Bits, InForce, Population, Reach, Space, Spread, Step};
use crate::text::Place;

pub use upcoming::{Cause, Turn, upcoming};

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
    /// The step that decides in the head.
    pub step: Step,
    /// The rule that gives it: the head's for a gain, the base's for a loss.
    pub rule: Option<Place>,
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
}

/// How many single answers some changes are.
pub fn count(changes: &[Change]) -> usize {
    changes.iter().map(Change::count).sum()
}

/// Compares what two policies give to people. Whoever is missing in one of them holds nothing there.
pub fn effective(base: &InForce<'_>, head: &InForce<'_>) -> Effective {
    effective_about(base, head, |_| true)
}

/// The same for some rights only.
fn effective_about(base: &InForce<'_>, head: &InForce<'_>, wanted: impl Fn(&RightName) -> bool) -> Effective {
    let sides = [base, head];
    let populations = sides.map(Population::new);
    let people: BTreeSet<&Name> =
        sides.iter().flat_map(|side| side.policy.users.iter().map(|(_, name, _)| name)).collect();
    let rights: BTreeSet<&RightName> = sides
        .iter()
        .flat_map(|side| side.policy.rights.iter().map(|(_, name, _)| name))
        .filter(|name| wanted(name))
        .collect();
    let mut found = Effective::default();
    for scope in [None, Some(Scope::People), Some(Scope::Modules), Some(Scope::Attachments)] {
        let keys = targets(scope, sides);
        let spaces = sides.map(|side| space(scope, side.policy, &keys));
        for right in &rights {
            let ids = sides
                .map(|side| side.policy.rights.find(right).filter(|id| side.policy.rights.get(*id).scope == scope));
            if ids == [None, None] {
                continue;
            }
            let spreads =
                [0, 1].map(|side| ids[side].map(|id| Spread::new(&populations[side], id, spaces[side].clone())));
            let without_own = [0, 1]
                .into_iter()
                .any(|side| ids[side].is_some_and(|id| sides[side].policy.rights.get(id).own_data_allowed));
            let mut both = Both { sides, without_own, spreads, keys: &keys, gains: Folds::new(), losses: Folds::new() };
            people.iter().for_each(|name| both.compare(name));
            found.gains.extend(unfold(both.gains, right, &keys, scope, without_own));
            found.losses.extend(unfold(both.losses, right, &keys, scope, without_own));
        }
    }
    found.gains.sort();
    found.losses.sort();
    found
}

/// People by what they gain or lose: the step, the rule, and the positions.
type Folds = BTreeMap<(Step, Option<Place>, Vec<usize>), Vec<Name>>;

/// One right in both policies.
struct Both<'a, 'p> {
    sides: [&'p InForce<'p>; 2],
    without_own: bool,
    spreads: [Option<Spread<'a>>; 2],
    keys: &'a [TargetKey],
    gains: Folds,
    losses: Folds,
}

impl Both<'_, '_> {
    /// Compares the answers of one person about all targets.
    fn compare(&mut self, name: &Name) {
        let size = self.keys.len().max(1);
        let reaches = [0, 1].map(|side| {
            let user = self.sides[side].policy.users.find(name);
            let reach = user.zip(self.spreads[side].as_mut()).map(|(user, spread)| spread.of(user));
            reach.unwrap_or_else(|| Reach { all: Bits::with_capacity(size), ..Reach::default() })
        });
        let [base, head] = &reaches;
        if base.all == head.all {
            return;
        }
        let own = TargetKey::User(name.clone());
        let own = if self.without_own { self.keys.binary_search(&own).ok() } else { None };
        let add = |folds: &mut Folds, step: Step, rule: Option<Place>, bits: Bits| {
            let positions: Vec<usize> = bits.ones().collect();
            // What changed for nothing but the own data changed nothing.
            if !positions.is_empty() && (own.is_none() || positions != own.as_slice()) {
                folds.entry((step, rule, positions)).or_default().push(name.clone());
            }
        };
        let place = |side: usize, rule| self.sides[side].policy.rule(rule).place;
        let gained = without(&head.all, &base.all);
        for (step, rule, bits) in &head.allowed {
            add(&mut self.gains, *step, place(1, *rule), common(bits, &gained));
        }
        let lost = without(&base.all, &head.all);
        for (_, rule, bits) in &base.allowed {
            let mut rest = common(bits, &lost);
            for (step, refused) in &head.refused {
                let part = common(&rest, refused);
                rest.difference_with(&part);
                add(&mut self.losses, *step, place(0, *rule), part);
            }
            add(&mut self.losses, Step::Default, place(0, *rule), rest);
        }
    }
}

fn common(these: &Bits, others: &Bits) -> Bits {
    let mut bits = these.clone();
    bits.intersect_with(others);
    bits
}

fn without(these: &Bits, others: &Bits) -> Bits {
    let mut bits = these.clone();
    bits.difference_with(others);
    bits
}

/// The changes of a right, spelled out by key.
fn unfold<'a>(
    folds: Folds,
    right: &'a RightName,
    keys: &'a [TargetKey],
    scope: Option<Scope>,
    without_own: bool,
) -> impl Iterator<Item = Change> + 'a {
    folds.into_iter().map(move |((step, rule, positions), users)| Change {
        right: right.clone(),
        users,
        targets: scope.map(|_| positions.into_iter().map(|position| keys[position].clone()).collect()),
        without_own,
        step,
        rule,
    })
}

/// The single targets of a scope in either policy, in order.
fn targets(scope: Option<Scope>, sides: [&InForce<'_>; 2]) -> Vec<TargetKey> {
    let keys = sides.iter().flat_map(|side| {
        let singles = scope.map(|scope| side.policy.single_targets(scope)).unwrap_or_default();
        singles.into_iter().map(|single| side.policy.target_key(single.into()))
    });
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Where the targets of one policy stand among those of both.
fn space(scope: Option<Scope>, policy: &Policy, keys: &[TargetKey]) -> Space {
    let Some(over) = scope else { return Space::plain() };
    let position = |single| keys.binary_search(&policy.target_key(single)).unwrap_or_default();
    let singles = policy.single_targets(over).into_iter();
    Space { size: keys.len(), positions: singles.map(|single| position(single.into())).collect() }
}
