//! Compares what is decided on two sides, wherever something can have changed, and keeps people together who changed
//! alike.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::model::{GroupId, Id, RightId, RuleId, Scope, Subject, UserId};
use crate::resolve::{Bits, Part, Set, Space, Spread, Step};

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

/// What was decided in the base and in the head; `None` on a side that does not have the user, the target or the right.
pub(super) type Verdicts = [Option<Verdict>; 2];

/// Answers that changed alike: before, after, about which right, over what, and whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fold {
    pub right: RightId,
    pub scope: Option<Scope>,
    /// Whose, in order.
    pub users: Vec<UserId>,
    /// The indexes of the targets; the one position of a plain right. Folds over the same share it.
    pub targets: Arc<Set>,
    pub verdicts: Verdicts,
}

impl Fold {
    /// Whether it is allowed on a side.
    pub fn allowed(&self, side: usize) -> bool {
        self.verdicts[side].is_some_and(|verdict| verdict.allowed)
    }
}

/// Every answer that changed, and every one that stayed and has another reason, of all but some people.
pub(super) fn compare(sides: [&Side<'_>; 2], touched: &[Touched], aside: &Set) -> Vec<Fold> {
    let mut orders = [0, 1].map(|side| Orders { side: sides[side], known: HashMap::new() });
    let mut same = HashSet::new();
    let mut folds = Vec::new();
    for (index, touched) in touched.iter().enumerate() {
        let right = RightId::from_index(index);
        let scopes = sides.map(|side| side.policy().rights.get(right).scope);
        let both = [scopes[0], scopes[1]];
        let both = if scopes[0] == scopes[1] { &both[..1] } else { &both[..] };
        let wholly: Vec<UserId> = users(&touched.wholly, |user| !aside.contains(user));
        let partly = users(&touched.partly, |user| !touched.wholly.contains(user) && !aside.contains(user));
        for scope in both {
            let all = Set::all(size(sides, *scope));
            let some = match touched.targets.size() == all.size() {
                true => touched.targets.clone(),
                false => Set::of(all.size(), touched.targets.iter().filter(|target| *target < all.size())),
            };
            for (users, targets) in [(&wholly, all), (&partly, some)] {
                if !users.is_empty() && !targets.is_empty() {
                    let one = One::new(sides, right, *scope, targets);
                    folds.extend(one.compare(users, &mut orders, &mut same));
                }
            }
        }
    }
    folds.sort();
    folds
}

fn users(bits: &Bits, wanted: impl Fn(usize) -> bool) -> Vec<UserId> {
    bits.ones().filter(|user| wanted(*user)).map(UserId::from_index).collect()
}

/// Over how many targets a right of a scope can be; the names are the same on both sides.
pub(super) fn size(sides: [&Side<'_>; 2], scope: Option<Scope>) -> usize {
    let policy = sides[0].policy();
    match scope {
        None => 1,
        Some(Scope::People) => policy.users.len(),
        Some(Scope::Modules) => policy.modules.len(),
        Some(Scope::Attachments) => policy.attachments.len(),
    }
}

/// In which order the groups of people are named, found once for each.
struct Orders<'a, 'p> {
    side: &'a Side<'p>,
    known: HashMap<UserId, Rc<[GroupId]>>,
}

impl Orders<'_, '_> {
    fn of(&mut self, user: UserId) -> Rc<[GroupId]> {
        Rc::clone(self.known.entry(user).or_insert_with(|| self.side.ways.order(user).into()))
    }
}

/// What decides about somebody on a side, whoever it is: nobody there, out of use, or these groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Standing {
    Absent,
    Inactive,
    In(Vec<GroupId>),
}

/// What changed for somebody: verdicts of both sides, and over what.
type Turned = Vec<(Verdicts, Arc<Set>)>;

/// What people have in common who changed alike: the verdicts, and the set, which is kept beside and so is told apart
/// by where it stands.
type Alike = (Verdicts, *const Set);

/// One right over some targets.
struct One<'a, 'p> {
    sides: [&'a Side<'p>; 2],
    right: RightId,
    scope: Option<Scope>,
    /// What is asked about.
    targets: Set,
    /// What of it a side has.
    present: [Set; 2],
    /// `None` on a side that does not have the right over this.
    spreads: [Option<Spread<'a>>; 2],
    /// Whether one's own data need no right, on each side that has the right.
    own: [Option<bool>; 2],
}

impl<'a, 'p> One<'a, 'p> {
    fn new(sides: [&'a Side<'p>; 2], right: RightId, scope: Option<Scope>, targets: Set) -> Self {
        let space = Space::whole(targets.size());
        let present = sides.map(|side| {
            let mut present = targets.clone();
            scope.into_iter().for_each(|scope| present.intersect_with(side.present.singles(scope)));
            present
        });
        let has = |side: &Side<'_>| has(side, right, scope);
        let spreads = sides.map(|side| has(side).then(|| Spread::new(&side.population, right, space.clone())));
        let own = sides.map(|side| {
            let own = || scope == Some(Scope::People) && side.policy().rights.get(right).own_data_allowed;
            has(side).then(own)
        });
        Self { sides, right, scope, targets, present, spreads, own }
    }

    fn compare(&self, users: &[UserId], orders: &mut [Orders<'_, '_>; 2], same: &mut HashSet<Arc<Set>>) -> Vec<Fold> {
        // People in the same groups, without rules of their own, changed alike. One's own data is looked at below.
        let mut known: HashMap<[Standing; 2], Rc<Turned>> = HashMap::new();
        let mut alike: HashMap<Alike, (Arc<Set>, Vec<UserId>)> = HashMap::new();
        for user in users.iter().copied() {
            let mut sides = orders.iter_mut();
            let orders = [0, 1].map(|_| sides.next().map(|orders| orders.of(user)).unwrap_or_default());
            let standing = [0, 1].map(|side| self.standing(side, user, &orders[side]));
            let turned = match standing {
                [Some(base), Some(head)] => {
                    let work = || Rc::new(self.turned(user, &orders, same));
                    Rc::clone(known.entry([base, head]).or_insert_with(work))
                }
                _ => Rc::new(self.turned(user, &orders, same)),
            };
            for (verdicts, targets) in turned.iter() {
                // What changed for nothing but the own data changed nothing.
                let is_own = || targets.len() == 1 && targets.contains(user.index());
                if !(self.without_own() && is_own()) {
                    let found = || (Arc::clone(targets), Vec::new());
                    alike.entry((*verdicts, Arc::as_ptr(targets))).or_insert_with(found).1.push(user);
                }
            }
        }
        let fold = |((verdicts, _), (targets, users)): ((Verdicts, _), _)| Fold {
            right: self.right,
            scope: self.scope,
            users,
            targets,
            verdicts,
        };
        alike.into_iter().map(fold).collect()
    }

    /// What decides about a person on a side; `None` if it is something that decides about nobody else.
    fn standing(&self, side: usize, user: UserId, order: &[GroupId]) -> Option<Standing> {
        let Some(spread) = self.spread(side, user) else { return Some(Standing::Absent) };
        if !self.sides[side].policy().users.get(user).active {
            return Some(Standing::Inactive);
        }
        if self.own_decides(side) || spread.has_rules(Subject::User(user)) {
            return None;
        }
        let speaking = order.iter().copied().filter(|group| spread.has_rules(Subject::Group(*group)));
        Some(Standing::In(speaking.collect()))
    }

    fn spread(&self, side: usize, user: UserId) -> Option<&Spread<'a>> {
        self.spreads[side].as_ref().filter(|_| self.sides[side].present.users.contains(user.index()))
    }

    /// Whether own data are left out: wherever the right stands, they need none.
    fn without_own(&self) -> bool {
        self.own.iter().flatten().all(|own| *own) && self.own.iter().any(Option::is_some)
    }

    /// Whether own data need no right on a side, and are not left out.
    fn own_decides(&self, side: usize) -> bool {
        self.own[side] == Some(true) && !self.without_own()
    }

    /// What changed for a person.
    fn turned(&self, user: UserId, orders: &[Rc<[GroupId]>; 2], same: &mut HashSet<Arc<Set>>) -> Turned {
        let parts = [0, 1].map(|side| self.parts(side, user, &orders[side]));
        let shared = |(verdicts, targets): (Verdicts, Set)| {
            let targets = match same.get(&targets) {
                Some(known) => Arc::clone(known),
                None => {
                    let targets = Arc::new(targets);
                    same.insert(Arc::clone(&targets));
                    targets
                }
            };
            (verdicts, targets)
        };
        self.differing(&parts).into_iter().map(shared).collect()
    }

    /// What is decided for a person on a side, and where nothing is.
    fn parts(&self, side: usize, user: UserId, order: &[GroupId]) -> Vec<(Option<Verdict>, Set)> {
        let Some(spread) = self.spread(side, user) else { return vec![(None, self.targets.clone())] };
        let mut open = self.present[side].clone();
        let mut parts = Vec::new();
        let is_active = self.sides[side].policy().users.get(user).active;
        if is_active && self.own_decides(side) && self.targets.contains(user.index()) {
            let own = Verdict { allowed: true, step: Step::OwnData, rule: None };
            parts.push((Some(own), Set::one(open.size(), user.index())));
            open.remove(user.index());
        }
        let divided = spread.divide(user, order, open).into_iter();
        parts.extend(
            divided.map(|Part { allowed, step, rule, targets }| (Some(Verdict { allowed, step, rule }), targets)),
        );
        let mut missing = self.targets.clone();
        missing.difference_with(&self.present[side]);
        if !missing.is_empty() {
            parts.push((None, missing));
        }
        parts
    }

    /// Where what is decided differs.
    fn differing(&self, parts: &[Vec<(Option<Verdict>, Set)>; 2]) -> BTreeMap<Verdicts, Set> {
        let mut found: BTreeMap<Verdicts, Set> = BTreeMap::new();
        for (base, before) in &parts[0] {
            for (head, after) in &parts[1] {
                if self.is_same(*base, *head) || before.is_disjoint(after) {
                    continue;
                }
                let mut both = before.clone();
                both.intersect_with(after);
                found.entry([*base, *head]).and_modify(|known| known.union_with(&both)).or_insert(both);
            }
        }
        found
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

/// Whether a side has a right over this.
pub(super) fn has(side: &Side<'_>, right: RightId, scope: Option<Scope>) -> bool {
    side.present.rights.contains(right.index()) && side.policy().rights.get(right).scope == scope
}
