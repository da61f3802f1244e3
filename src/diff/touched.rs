//! What can have changed: for each right whose answers, and over which targets, before any answer is compared.
//!
//! Everything that is not named here is the same on both sides, because nothing that decides it is another. A law
//! compares every single answer.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::date::Validity;
use crate::model::{
    Effect, GroupId, Id, Member, Membership, Right, RightId, Rule, RuleId, Scope, Subject, Target, UserId,
};
use crate::resolve::{Bits, InForce, Space};

use super::joint::Side;

/// What can have changed about one right.
#[derive(Debug, Clone)]
pub(super) struct Touched {
    /// Users whose answers can differ over everything.
    pub wholly: Bits,
    /// Users whose answers can differ over some targets.
    pub partly: Bits,
    /// These targets, by the index of their ids; of a plain right the first position.
    pub targets: Bits,
}

/// What tells a rule from others, wherever it is written.
pub(super) type RuleKey = (Subject, RightId, Option<Target>, Effect, Validity);

/// What tells a membership from others.
pub(super) type MemberKey = (Member, GroupId, Validity);

pub(super) fn rule_key(rule: &Rule) -> RuleKey {
    (rule.subject, rule.right, rule.target, rule.effect, rule.validity)
}

pub(super) fn member_key(membership: &Membership) -> MemberKey {
    (membership.member, membership.group, membership.validity)
}

/// On which sides something stands, the base first: the index there.
pub(super) type Stands = [Option<usize>; 2];

/// Walks two lists in the order of their keys and names each key once, with where it stands first on each side.
pub(super) fn walk<T, K: Ord>(lists: [&[T]; 2], key: impl Fn(&T) -> K) -> Vec<Stands> {
    let (mut at, mut found) = ([0, 0], Vec::new());
    loop {
        let keys = [0, 1].map(|side: usize| lists[side].get(at[side]).map(&key));
        let takes = match &keys {
            [None, None] => return found,
            [Some(_), None] => [true, false],
            [None, Some(_)] => [false, true],
            [Some(base), Some(head)] => match base.cmp(head) {
                Ordering::Less => [true, false],
                Ordering::Greater => [false, true],
                Ordering::Equal => [true, true],
            },
        };
        found.push([0, 1].map(|side| takes[side].then_some(at[side])));
        for side in [0, 1].into_iter().filter(|side| takes[*side]) {
            while lists[side].get(at[side]).map(&key) == keys[side] {
                at[side] += 1;
            }
        }
    }
}

/// Whether what stands on some sides is in force on one of them only, and on which.
pub(super) fn only_in_force(stands: Stands, validity: Validity, sides: [&Side<'_>; 2]) -> Option<usize> {
    let in_force = [0, 1].map(|side| stands[side].is_some() && validity.holds(sides[side].in_force().on));
    match in_force {
        [true, false] => Some(0),
        [false, true] => Some(1),
        _ => None,
    }
}

/// What can have changed about each right, by the index of its id.
pub(super) fn touched(sides: [&Side<'_>; 2]) -> Vec<Touched> {
    let policy = sides[0].policy();
    let size = |right: &Right| match right.scope {
        None => 1,
        Some(scope) => sides[0].present.singles(scope).len(),
    };
    let users = || Bits::with_capacity(policy.users.len());
    // A right may have another scope in the head: then the longer of the two is long enough for both.
    let rights = policy.rights.ids().map(|id| {
        let longest = sides.map(|side| size(side.policy().rights.get(id))).into_iter().max().unwrap_or(1);
        Touched { wholly: users(), partly: users(), targets: Bits::with_capacity(longest) }
    });
    let mut work = Work { sides, touched: rights.collect(), filled: BTreeMap::new() };
    work.by_people();
    work.by_memberships();
    work.by_rules();
    work.by_containers();
    work.by_scopes();
    work.touched
}

struct Work<'a, 'p> {
    sides: [&'a Side<'p>; 2],
    touched: Vec<Touched>,
    /// The groups in which other people are, and who.
    filled: BTreeMap<GroupId, Bits>,
}

impl Work<'_, '_> {
    fn in_force(&self, side: usize) -> &InForce<'_> {
        self.sides[side].in_force()
    }

    /// Everybody who is new, gone, or in use on one side only.
    fn by_people(&mut self) {
        for user in self.sides[0].policy().users.ids() {
            let states = self
                .sides
                .map(|side| (side.present.users.contains(user.index()), side.policy().users.get(user).active));
            if states[0] == states[1] {
                continue;
            }
            self.touched.iter_mut().for_each(|touched| touched.wholly.insert(user.index()));
            if states[0].0 != states[1].0 {
                for side in self.sides {
                    side.population.person(user).groups.iter().for_each(|group| self.fill(*group, [user]));
                }
            }
        }
    }

    fn fill(&mut self, group: GroupId, users: impl IntoIterator<Item = UserId>) {
        let size = self.sides[0].policy().users.len();
        let filled = self.filled.entry(group).or_insert_with(|| Bits::with_capacity(size));
        users.into_iter().for_each(|user| filled.insert(user.index()));
    }

    /// Everybody who comes to a group by another way, or no longer, about the rights of the groups on that way.
    fn by_memberships(&mut self) {
        let lists = self.sides.map(|side| side.policy().memberships.as_slice());
        let size = self.sides[0].policy().users.len();
        let mut moved: BTreeMap<GroupId, Bits> = BTreeMap::new();
        for stands in walk(lists, member_key) {
            let Some(membership) = stands[0].map(|at| &lists[0][at]).or(stands[1].map(|at| &lists[1][at])) else {
                continue;
            };
            if only_in_force(stands, membership.validity, self.sides).is_none() {
                continue;
            }
            let users = moved.entry(membership.group).or_insert_with(|| Bits::with_capacity(size));
            match membership.member {
                Member::User(user) => users.insert(user.index()),
                Member::Everyone => users.insert_range(..),
                Member::Group(group) => {
                    let members = self.sides.into_iter().flat_map(|side| side.population.members(group));
                    members.for_each(|user| users.insert(user.index()));
                }
            }
        }
        for (group, users) in moved {
            let mut around: Vec<GroupId> =
                self.sides.into_iter().flat_map(|side| side.in_force().outer_groups(group)).copied().collect();
            around.sort_unstable();
            around.dedup();
            for outer in around {
                for side in self.sides {
                    for (_, rule) in side.policy().rules_of(Subject::Group(outer)) {
                        self.touched[rule.right.index()].wholly.union_with(&users);
                    }
                }
                let is_in = |side: usize, user: UserId| {
                    let Side { population, present, .. } = self.sides[side];
                    present.users.contains(user.index()) && population.person(user).groups.binary_search(&outer).is_ok()
                };
                let differing: Vec<UserId> =
                    users.ones().map(UserId::from_index).filter(|user| is_in(0, *user) != is_in(1, *user)).collect();
                self.fill(outer, differing);
            }
        }
    }

    /// Everybody on whom a rule is, or is no longer, over what it reaches.
    fn by_rules(&mut self) {
        let lists = self.sides.map(|side| side.policy().rules.as_slice());
        for stands in walk(lists, rule_key) {
            let Some(rule) = stands[0].map(|at| &lists[0][at]).or(stands[1].map(|at| &lists[1][at])) else { continue };
            let Some(side) = only_in_force(stands, rule.validity, self.sides) else { continue };
            let population = &self.sides[side].population;
            let size = self.touched[rule.right.index()].targets.len();
            let space = Space { size, positions: (0..size).collect() };
            let reached = population.reached(rule.target, &space);
            self.speaks(rule, &reached);
        }
    }

    /// Everybody who has a rule over a group in which other people are, over everybody where somebody is new or gone,
    /// or over a set of other modules.
    fn by_containers(&mut self) {
        let [everyone, modules, attachments] = [Scope::People, Scope::Modules, Scope::Attachments].map(|scope| {
            let mut bits = self.sides[0].present.singles(scope).clone();
            bits.symmetric_difference_with(self.sides[1].present.singles(scope));
            bits
        });
        let policy = self.sides[0].policy();
        let sets = policy.module_sets.ids().map(|id| {
            let mut bits = Bits::with_capacity(policy.modules.len());
            let modules = self.sides.map(|side| &side.policy().module_sets.get(id).modules);
            let only =
                |these: usize, others: usize| modules[these].iter().filter(move |m| !modules[others].contains(m));
            only(0, 1).chain(only(1, 0)).for_each(|module| bits.insert(module.index()));
            bits
        });
        let sets: Vec<Bits> = sets.collect();
        for side in [0, 1] {
            let in_force = self.in_force(side);
            let on = in_force.on;
            let rules: Vec<(RuleId, Bits)> = (in_force.policy.rules.iter().enumerate())
                .filter(|(_, rule)| rule.validity.holds(on))
                .filter_map(|(index, rule)| {
                    let scope = in_force.policy.rights.get(rule.right).scope;
                    let reached = match rule.target? {
                        Target::Group(group) => self.filled.get(&group)?,
                        Target::Everyone => &everyone,
                        Target::Everything if scope == Some(Scope::Modules) => &modules,
                        Target::Everything => &attachments,
                        Target::ModuleSet(set) => &sets[set.index()],
                        Target::User(_) | Target::Module(_) | Target::Attachment(_) => return None,
                    };
                    (!reached.is_clear()).then(|| (RuleId::from_index(index), reached.clone()))
                })
                .collect();
            for (rule, reached) in rules {
                let rule = self.sides[side].policy().rule(rule);
                self.speaks(rule, &reached);
            }
        }
    }

    /// Everybody, about a right that is over something else than before, or says another thing of own data.
    fn by_scopes(&mut self) {
        let [base, head] = self.sides.map(|side| &side.policy().rights);
        let said = |right: &Right| (right.scope, right.own_data_allowed);
        for id in base.ids().filter(|id| said(base.get(*id)) != said(head.get(*id))) {
            self.touched[id.index()].wholly.insert_range(..);
        }
    }

    fn speaks(&mut self, rule: &Rule, reached: &Bits) {
        let touched = &mut self.touched[rule.right.index()];
        touched.targets.union_with(reached);
        match rule.subject {
            Subject::User(user) => touched.partly.insert(user.index()),
            Subject::Group(group) => {
                let members = self.sides.into_iter().flat_map(|side| side.population.members(group));
                members.for_each(|user| touched.partly.insert(user.index()));
            }
        }
    }
}
