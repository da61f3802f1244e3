//! Compares what is decided on two sides, wherever something can have changed, and keeps people together who changed
//! alike.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Id, RightId, RuleId, Scope, UserId};
use crate::resolve::{Bits, Part, Space, Spread, Step};

use super::joint::Side;
use super::touched::{Touched, rule_key};

/// What is decided on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Verdict {
    pub allowed: bool,
    pub step: Step,
    /// The rule that decided first.
    pub rule: Option<RuleId>,
}

/// Answers that changed alike: before, after, about which right, over what, and whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fold {
    pub right: RightId,
    pub scope: Option<Scope>,
    /// Whose, in order.
    pub users: Vec<UserId>,
    /// The indexes of the targets; the one position of a plain right.
    pub targets: Vec<usize>,
    /// What was decided in the base and in the head; `None` on a side that does not have the user, the target or the
    /// right.
    pub verdicts: [Option<Verdict>; 2],
}

impl Fold {
    /// Whether it is allowed on a side.
    pub fn allowed(&self, side: usize) -> bool {
        self.verdicts[side].is_some_and(|verdict| verdict.allowed)
    }
}

/// Verdicts of both sides, and the positions.
type Alike = ([Option<Verdict>; 2], Bits);

/// Every answer that changed, and every one that stayed and has another reason.
pub(super) fn compare(sides: [&Side<'_>; 2], touched: &[Touched]) -> Vec<Fold> {
    let mut orders = [0, 1].map(|side| Orders { side: sides[side], known: HashMap::new() });
    let mut folds = Vec::new();
    for (index, touched) in touched.iter().enumerate() {
        let right = RightId::from_index(index);
        let scopes = sides.map(|side| side.policy().rights.get(right).scope);
        let both = [scopes[0], scopes[1]];
        let both = if scopes[0] == scopes[1] { &both[..1] } else { &both[..] };
        let mut partly = touched.partly.clone();
        partly.difference_with(&touched.wholly);
        for scope in both {
            let size = scope.map_or(1, |scope| sides[0].present.singles(scope).len());
            let some: Vec<usize> = touched.targets.ones().filter(|target| *target < size).collect();
            for (users, targets) in [(&touched.wholly, (0..size).collect()), (&partly, some)] {
                if !users.is_clear() && !targets.is_empty() {
                    let one = One::new(sides, right, *scope, size, targets);
                    folds.extend(one.compare(users, &mut orders));
                }
            }
        }
    }
    folds.sort();
    folds
}

/// In which order the groups of people are named, found once for each.
struct Orders<'a, 'p> {
    side: &'a Side<'p>,
    known: HashMap<UserId, Vec<crate::model::GroupId>>,
}

impl Orders<'_, '_> {
    fn of(&mut self, user: UserId) -> &[crate::model::GroupId] {
        self.known.entry(user).or_insert_with(|| self.side.ways.order(user))
    }
}

/// One right over some targets.
struct One<'a, 'p> {
    sides: [&'a Side<'p>; 2],
    right: RightId,
    scope: Option<Scope>,
    /// Which targets stand at which position.
    targets: Vec<usize>,
    /// The positions of the targets that a side has.
    present: [Bits; 2],
    /// `None` on a side that does not have the right over this.
    spreads: [Option<Spread<'a>>; 2],
    /// Whether one's own data need no right, on each side that has the right.
    own: [Option<bool>; 2],
}

impl<'a, 'p> One<'a, 'p> {
    fn new(sides: [&'a Side<'p>; 2], right: RightId, scope: Option<Scope>, size: usize, targets: Vec<usize>) -> Self {
        let mut positions = vec![Space::OUTSIDE; size];
        targets.iter().enumerate().for_each(|(position, target)| positions[*target] = position);
        let space = Space { size: targets.len(), positions };
        let has = |side: &Side<'_>| {
            side.present.rights.contains(right.index()) && side.policy().rights.get(right).scope == scope
        };
        let present = sides.map(|side| {
            let there = |target: usize| scope.is_none_or(|scope| side.present.singles(scope).contains(target));
            let positions = targets.iter().enumerate().filter(|(_, target)| there(**target));
            let mut bits = Bits::with_capacity(targets.len());
            positions.for_each(|(position, _)| bits.insert(position));
            bits
        });
        let spreads = sides.map(|side| has(side).then(|| Spread::new(&side.population, right, space.clone())));
        let own = sides.map(|side| {
            let own = || scope == Some(Scope::People) && side.policy().rights.get(right).own_data_allowed;
            has(side).then(own)
        });
        Self { sides, right, scope, targets, present, spreads, own }
    }

    fn compare(&self, users: &Bits, orders: &mut [Orders<'_, '_>; 2]) -> Vec<Fold> {
        let mut alike: HashMap<Alike, Vec<UserId>> = HashMap::new();
        for user in users.ones().map(UserId::from_index) {
            let mut sides = orders.iter_mut();
            let parts = [0, 1].map(|side| {
                let order = sides.next().map(|orders| orders.of(user)).unwrap_or_default();
                self.parts(side, user, order)
            });
            for (verdicts, positions) in self.differing(&parts) {
                // What changed for nothing but the own data changed nothing.
                if !(self.without_own() && self.is_own(user, &positions)) {
                    alike.entry((verdicts, positions)).or_default().push(user);
                }
            }
        }
        let fold = |((verdicts, positions), users): (Alike, Vec<UserId>)| Fold {
            right: self.right,
            scope: self.scope,
            users,
            targets: positions.ones().map(|position| self.targets[position]).collect(),
            verdicts,
        };
        alike.into_iter().map(fold).collect()
    }

    /// Whether own data are left out: wherever the right stands, they need none.
    fn without_own(&self) -> bool {
        self.own.iter().flatten().all(|own| *own) && self.own.iter().any(Option::is_some)
    }

    fn is_own(&self, user: UserId, positions: &Bits) -> bool {
        let mut targets = positions.ones().map(|position| self.targets[position]);
        targets.next() == Some(user.index()) && targets.next().is_none()
    }

    /// What is decided for a person on a side, and where nothing is.
    fn parts(&self, side: usize, user: UserId, order: &[crate::model::GroupId]) -> Vec<(Option<Verdict>, Bits)> {
        let there = self.sides[side].present.users.contains(user.index());
        let spread = self.spreads[side].as_ref().filter(|_| there);
        let mut all = Bits::with_capacity(self.targets.len());
        all.insert_range(..);
        let Some(spread) = spread else { return vec![(None, all)] };
        let present = &self.present[side];
        let mut parts = Vec::new();
        let is_active = self.sides[side].policy().users.get(user).active;
        let own = self.targets.binary_search(&user.index()).ok();
        let own = own.filter(|_| is_active && self.own[side] == Some(true) && !self.without_own());
        if let Some(position) = own {
            let mut bits = Bits::with_capacity(self.targets.len());
            bits.insert(position);
            parts.push((Some(Verdict { allowed: true, step: Step::OwnData, rule: None }), bits));
        }
        for Part { allowed, step, rule, mut targets } in spread.divide(user, order) {
            targets.intersect_with(present);
            if let Some(position) = own {
                targets.set(position, false);
            }
            if !targets.is_clear() {
                parts.push((Some(Verdict { allowed, step, rule }), targets));
            }
        }
        all.difference_with(present);
        if !all.is_clear() {
            parts.push((None, all));
        }
        parts
    }

    /// Where what is decided differs.
    fn differing(&self, parts: &[Vec<(Option<Verdict>, Bits)>; 2]) -> Vec<Alike> {
        let mut found: BTreeMap<[Option<Verdict>; 2], Bits> = BTreeMap::new();
        for (base, before) in &parts[0] {
            for (head, after) in &parts[1] {
                if before.is_disjoint(after) || self.is_same(*base, *head) {
                    continue;
                }
                let mut positions = before.clone();
                positions.intersect_with(after);
                found.entry([*base, *head]).and_modify(|known| known.union_with(&positions)).or_insert(positions);
            }
        }
        found.into_iter().collect()
    }

    fn is_same(&self, base: Option<Verdict>, head: Option<Verdict>) -> bool {
        match (base, head) {
            (Some(base), Some(head)) => {
                let keys = [(0, base), (1, head)]
                    .map(|(side, verdict)| verdict.rule.map(|rule| rule_key(self.sides[side].policy().rule(rule))));
                base.allowed == head.allowed && base.step == head.step && keys[0] == keys[1]
            }
            // Nothing decided is no other answer than no.
            (only, None) | (None, only) => !only.is_some_and(|verdict| verdict.allowed),
        }
    }
}
