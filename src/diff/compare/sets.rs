//! Compares a right that is over something: the targets of each person as sets, and people once whose groups say the same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::model::{GroupId, Id, Member, RightId, Scope, Subject, UserId};
use crate::resolve::{Part, Set, Space, Spread, Step};
use crate::workers;

use super::super::joint::Side;
use super::{Fold, TOGETHER, Verdict, Verdicts, has, is_same};

/// What changed about a right over some targets for some people, who stand in order. Equal sets are shared.
pub(super) fn compare(
    sides: [&Side<'_>; 2],
    right: RightId,
    scope: Scope,
    targets: Set,
    users: &[UserId],
    same: &mut HashSet<Arc<Set>>,
) -> Vec<Fold> {
    One::new(sides, right, scope, targets).compare(users, same)
}

/// What decides about somebody on a side, whoever it is: nobody there, out of use, or these groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Standing {
    Absent,
    Inactive,
    In(Vec<GroupId>),
}

/// People for whom the same changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Class {
    /// The same decides about them on both sides.
    Standing([Standing; 2]),
    /// Something decides about this one only.
    Alone(UserId),
}

/// What changed for somebody: verdicts of both sides, and over what.
type Turned = BTreeMap<Verdicts, Set>;

/// What people have in common who changed alike: the verdicts, and the set, which is kept beside and so is told apart
/// by where it stands.
type Alike = (Verdicts, *const Set);

/// One right over some targets.
struct One<'a, 'p> {
    sides: [&'a Side<'p>; 2],
    right: RightId,
    scope: Scope,
    /// What is asked about.
    targets: Set,
    /// What of it a side has.
    present: [Set; 2],
    /// `None` on a side that does not have the right over this.
    spreads: [Option<Spread<'a>>; 2],
    /// Whether a group says anything about the targets, on each side, once somebody asks.
    says: [Vec<OnceLock<bool>>; 2],
    /// Which of a group and those around it do.
    around: [Vec<OnceLock<Box<[GroupId]>>>; 2],
    /// Whether one's own data need no right, on each side that has the right.
    own: [Option<bool>; 2],
}

impl<'a, 'p> One<'a, 'p> {
    fn new(sides: [&'a Side<'p>; 2], right: RightId, scope: Scope, targets: Set) -> Self {
        let space = Space::whole(targets.size());
        let present = sides.map(|side| {
            let mut present = targets.clone();
            present.intersect_with(side.present.singles(scope));
            present
        });
        let has = |side: &Side<'_>| has(side, right, Some(scope));
        let spreads = sides.map(|side| has(side).then(|| Spread::new(&side.population, right, space.clone())));
        let own = sides.map(|side| {
            let own = || scope == Scope::People && side.policy().rights.get(right).own_data_allowed;
            has(side).then(own)
        });
        let says = sides.map(|side| nothing_yet(side.policy().groups.len()));
        let around = sides.map(|side| nothing_yet(side.policy().groups.len()));
        Self { sides, right, scope, targets, present, spreads, says, around, own }
    }

    fn compare(&self, users: &[UserId], same: &mut HashSet<Arc<Set>>) -> Vec<Fold> {
        let mut classes: HashMap<Class, Vec<UserId>> = HashMap::new();
        let parts: Vec<&[UserId]> = users.chunks(TOGETHER).collect();
        for (class, users) in workers::each(&parts, |users| self.classes(users)).into_iter().flatten() {
            classes.entry(class).or_default().extend(users);
        }
        let classes: Vec<(Class, Vec<UserId>)> = classes.into_iter().collect();
        let mut alike: HashMap<Alike, (Arc<Set>, Vec<UserId>)> = HashMap::new();
        // Not all at once: until they are shared, sets take room for each.
        for classes in classes.chunks(TOGETHER) {
            let turned = workers::each(classes, |(class, users)| users.first().map(|user| self.turned(*user, class)));
            let turned = classes.iter().zip(turned).filter_map(|((_, users), turned)| Some((users, turned?)));
            for (users, (verdicts, targets)) in
                turned.flat_map(|(users, turned)| turned.into_iter().map(move |t| (users, t)))
            {
                let targets = shared(same, targets);
                // What changed for nothing but the own data changed nothing. One's own data is looked at here, as people
                // who are alike in all else have other ones.
                let only = (self.without_own() && targets.len() == 1).then(|| targets.first()).flatten();
                let found = || (Arc::clone(&targets), Vec::new());
                let (_, all) = alike.entry((verdicts, Arc::as_ptr(&targets))).or_insert_with(found);
                all.extend(users.iter().filter(|user| only != Some(user.index())));
            }
        }
        let fold = |((verdicts, _), (targets, mut users)): ((Verdicts, _), (Arc<Set>, Vec<UserId>))| {
            users.sort_unstable();
            (!users.is_empty()).then_some(Fold { right: self.right, scope: Some(self.scope), users, targets, verdicts })
        };
        alike.into_iter().filter_map(fold).collect()
    }

    /// Some people by what decides about them.
    fn classes(&self, users: &[UserId]) -> HashMap<Class, Vec<UserId>> {
        let mut classes: HashMap<Class, Vec<UserId>> = HashMap::new();
        for user in users.iter().copied() {
            let class = match [0, 1].map(|side| self.standing(side, user)) {
                [Some(base), Some(head)] => Class::Standing([base, head]),
                _ => Class::Alone(user),
            };
            classes.entry(class).or_default().push(user);
        }
        classes
    }

    /// What decides about a person on a side; `None` if it is something that decides about nobody else.
    fn standing(&self, side: usize, user: UserId) -> Option<Standing> {
        let Some(spread) = self.spread(side, user) else { return Some(Standing::Absent) };
        if !self.sides[side].policy().users.get(user).active {
            return Some(Standing::Inactive);
        }
        if self.own_decides(side) || spread.has_rules(Subject::User(user)) {
            return None;
        }
        Some(Standing::In(self.speaking(side, spread, user)))
    }

    /// The groups of a person that say anything about the targets, in the order in which they are named.
    fn speaking(&self, side: usize, spread: &Spread<'_>, user: UserId) -> Vec<GroupId> {
        let in_force = self.sides[side].in_force();
        let direct =
            [Member::Everyone, Member::User(user)].into_iter().flat_map(|member| in_force.direct_groups(member));
        let mut speaking: Vec<GroupId> = direct.flat_map(|group| self.around(side, spread, group)).copied().collect();
        speaking.sort_unstable();
        speaking.dedup();
        if speaking.len() < 2 {
            return speaking;
        }
        self.sides[side].ways.order(user, |group| speaking.binary_search(group).is_ok())
    }

    /// Which of a group and those around it say anything about the targets.
    fn around(&self, side: usize, spread: &Spread<'_>, group: GroupId) -> &[GroupId] {
        let says = |group: &GroupId| {
            *self.says[side][group.index()].get_or_init(|| spread.says_anything(*group, &self.present[side]))
        };
        self.around[side][group.index()]
            .get_or_init(|| self.sides[side].in_force().outer_groups(group).iter().copied().filter(says).collect())
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

    /// What changed for somebody of a class.
    fn turned(&self, user: UserId, class: &Class) -> Turned {
        let parts = [0, 1].map(|side| match class {
            Class::Standing(standing) => match &standing[side] {
                Standing::In(groups) => self.parts(side, user, groups),
                Standing::Absent | Standing::Inactive => self.parts(side, user, &[]),
            },
            Class::Alone(_) => {
                let speaking = self.spread(side, user).map(|spread| self.speaking(side, spread, user));
                self.parts(side, user, &speaking.unwrap_or_default())
            }
        });
        self.differing(&parts)
    }

    /// What is decided for a person on a side, and where nothing is.
    fn parts(&self, side: usize, user: UserId, speaking: &[GroupId]) -> Vec<(Option<Verdict>, Set)> {
        let Some(spread) = self.spread(side, user) else { return vec![(None, self.targets.clone())] };
        let mut open = self.present[side].clone();
        let mut parts = Vec::new();
        let is_active = self.sides[side].policy().users.get(user).active;
        if is_active && self.own_decides(side) && self.targets.contains(user.index()) {
            let own = Verdict { allowed: true, step: Step::OwnData, rule: None };
            parts.push((Some(own), Set::one(open.size(), user.index())));
            open.remove(user.index());
        }
        let divided = spread.divide(user, speaking, open).into_iter();
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
    fn differing(&self, parts: &[Vec<(Option<Verdict>, Set)>; 2]) -> Turned {
        let mut found = Turned::new();
        for (base, before) in &parts[0] {
            for (head, after) in &parts[1] {
                if is_same(self.sides, [*base, *head]) || before.is_disjoint(after) {
                    continue;
                }
                let mut both = before.clone();
                both.intersect_with(after);
                found.entry([*base, *head]).and_modify(|known| known.union_with(&both)).or_insert(both);
            }
        }
        found
    }
}

/// A place for each of some groups, of which nobody has asked yet.
fn nothing_yet<T>(groups: usize) -> Vec<OnceLock<T>> {
    std::iter::repeat_with(OnceLock::new).take(groups).collect()
}

/// The same set, shared with whoever has an equal one.
fn shared(same: &mut HashSet<Arc<Set>>, set: Set) -> Arc<Set> {
    if let Some(known) = same.get(&set) {
        return Arc::clone(known);
    }
    let set = Arc::new(set);
    same.insert(Arc::clone(&set));
    set
}
