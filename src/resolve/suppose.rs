//! What would be if some lines of a policy were other than they are, and for whom that changes what.
//!
//! Nothing is compiled again: what nobody touches is taken from the population, and worked out once for all
//! suppositions. Gives the same answers as compiling the changed policy; a law holds the two equal.

mod actual;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::model::{GroupId, Id, Member, MembershipId, RightId, Rule, RuleId, Scope, Single, Subject, UserId};

use super::spread::Stated;
use super::{Bits, Request};

use actual::{joined, remembered, with_own};

pub use actual::Actual;

/// What is supposed to be otherwise, on the day of a population: rules and memberships that are not there, others that
/// are, and whether an account is in use.
#[derive(Debug, Clone, Default)]
pub struct Supposition {
    /// Rules that are not there.
    pub rules_out: Vec<RuleId>,
    /// Rules that are there.
    pub rules_in: Vec<Rule>,
    /// Memberships that are not there.
    pub members_out: Vec<MembershipId>,
    /// Memberships that are there.
    pub members_in: Vec<(Member, GroupId)>,
    /// Whether an account is in use.
    pub active: Option<(UserId, bool)>,
}

/// Answers that would change alike: these users would gain or lose a right over these targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    /// About which right.
    pub right: RightId,
    /// Whether it is gained, else lost.
    pub gained: bool,
    /// Over whom or what, in order; empty for plain rights.
    pub targets: Vec<Single>,
    /// By whom, in order.
    pub users: Vec<UserId>,
}

impl Shift {
    /// How many single answers these are.
    pub fn count(&self) -> usize {
        self.users.len() * self.targets.len().max(1)
    }
}

/// The policy with a supposition.
pub struct Supposed<'a, 'p> {
    actual: &'a Actual<'p>,
    supposition: &'a Supposition,
    /// The groups of everybody whose groups are other ones.
    moved: OnceCell<BTreeMap<UserId, Vec<GroupId>>>,
    /// The subjects that say something else about a right, by a rule or because a group has other members.
    touched: OnceCell<BTreeSet<(RightId, Subject)>>,
    stated: RefCell<HashMap<(RightId, Subject), Option<Rc<Stated>>>>,
    given: RefCell<HashMap<(RightId, Vec<GroupId>), Rc<Bits>>>,
}

impl Supposed<'_, '_> {
    /// Over what a user would hold a right; the own data count only if a rule gives them.
    pub fn held(&self, user: UserId, right: RightId) -> Bits {
        if !self.is_active(user) {
            return self.actual.nothing(right);
        }
        let groups = match self.moved.get() {
            Some(moved) => moved.get(&user).cloned(),
            None => self.groups_if_moved(user),
        };
        let groups = groups.as_ref().unwrap_or(&self.actual.population.person(user).groups);
        let speaking: Vec<GroupId> =
            groups.iter().copied().filter(|group| self.stated(right, Subject::Group(*group)).is_some()).collect();
        let given = remembered(&self.given, right, speaking, |speaking| {
            let stated = speaking.iter().filter_map(|group| self.stated(right, Subject::Group(*group)));
            joined(self.actual.nothing(right), stated)
        });
        with_own(&given, self.stated(right, Subject::User(user)).as_deref())
    }

    fn is_active(&self, user: UserId) -> bool {
        let supposed = self.supposition.active.filter(|(who, _)| *who == user);
        let actual = || self.actual.population.in_force().policy.users.get(user).active;
        supposed.map_or_else(actual, |(_, active)| active)
    }

    /// Whose answers would change in which way, other than about some requests; `None` if more than `most` single
    /// answers would. What one does with one's own data is left out where that needs no right.
    pub fn shifts(&self, except: &[Request], most: usize) -> Option<Vec<Shift>> {
        let policy = self.actual.population.in_force().policy;
        let mut folds: BTreeMap<(RightId, bool, Vec<usize>), Vec<UserId>> = BTreeMap::new();
        let mut count = 0;
        for (right, users) in self.concerned(except.first().map(|request| request.right)) {
            let declared = policy.rights.get(right);
            let without_own = declared.own_data_allowed && declared.scope == Some(Scope::People);
            for user in users.ones().map(UserId::from_index) {
                let (before, after) = (self.actual.held(user, right), self.held(user, right));
                if before == after {
                    continue;
                }
                let mut differing = before.clone();
                differing.symmetric_difference_with(&after);
                if without_own {
                    differing.set(user.index(), false);
                }
                for request in except.iter().filter(|r| r.subject == Subject::User(user) && r.right == right) {
                    differing.set(position(request.target), false);
                }
                for gained in [true, false] {
                    let mut part = differing.clone();
                    if gained {
                        part.intersect_with(&after)
                    } else {
                        part.difference_with(&after)
                    }
                    let positions: Vec<usize> = part.ones().collect();
                    count += positions.len();
                    if !positions.is_empty() {
                        folds.entry((right, gained, positions)).or_default().push(user);
                    }
                }
                if count > most {
                    return None;
                }
            }
        }
        let shift = |((right, gained, positions), users): ((RightId, bool, Vec<usize>), Vec<UserId>)| {
            let scope = policy.rights.get(right).scope;
            let targets = positions.into_iter().filter_map(|position| single(scope, position)).collect();
            Shift { right, gained, targets, users }
        };
        Some(folds.into_iter().map(shift).collect())
    }

    /// The rights about which anybody's answer can change, and whose; a certain one first.
    fn concerned(&self, first: Option<RightId>) -> Vec<(RightId, Bits)> {
        let population = self.actual.population;
        let policy = population.in_force().policy;
        let mut concerned: BTreeMap<RightId, Bits> = BTreeMap::new();
        let mut add = |right: RightId, user: UserId| {
            let users = concerned.entry(right).or_insert_with(|| Bits::with_capacity(policy.users.len()));
            users.insert(user.index());
        };
        for (right, subject) in self.touched() {
            match subject {
                Subject::User(user) => add(*right, *user),
                Subject::Group(group) => {
                    population.members(*group).iter().for_each(|user| add(*right, *user));
                    let joined = self.moved().iter().filter(|(_, groups)| groups.binary_search(group).is_ok());
                    joined.for_each(|(user, _)| add(*right, *user));
                }
            }
        }
        for (user, groups) in self.moved() {
            for group in differing(&population.person(*user).groups, groups) {
                let rights = policy.rules_of(Subject::Group(group)).map(|(_, rule)| rule.right);
                rights.for_each(|right| add(right, *user));
            }
        }
        if let Some((user, _)) = self.supposition.active {
            policy.rights.ids().for_each(|right| add(right, user));
        }
        let mut all: Vec<(RightId, Bits)> = concerned.into_iter().collect();
        all.sort_by_key(|(right, _)| Some(*right) != first);
        all
    }

    /// Everybody whose groups would be other ones, with those groups.
    fn moved(&self) -> &BTreeMap<UserId, Vec<GroupId>> {
        self.moved.get_or_init(|| {
            let population = self.actual.population;
            let policy = population.in_force().policy;
            let out = self.supposition.members_out.iter().map(|id| policy.membership(*id).member);
            let mut users = BTreeSet::new();
            for member in out.chain(self.supposition.members_in.iter().map(|(member, _)| *member)) {
                match member {
                    Member::User(user) => users.extend([user]),
                    Member::Group(group) => users.extend(population.members(group)),
                    Member::Everyone => users.extend(policy.users.ids()),
                }
            }
            users.into_iter().filter_map(|user| Some((user, self.groups_if_moved(user)?))).collect()
        })
    }

    /// The groups in which a user would be, if they are other ones.
    fn groups_if_moved(&self, user: UserId) -> Option<Vec<GroupId>> {
        let in_force = self.actual.population.in_force();
        let actual = &self.actual.population.person(user).groups;
        let Supposition { members_out, members_in, .. } = self.supposition;
        if members_out.is_empty() && members_in.is_empty() {
            return None;
        }
        let mut groups: BTreeSet<GroupId> = BTreeSet::new();
        if members_out.is_empty() {
            groups.extend(actual);
        } else {
            let mut open = vec![Member::User(user), Member::Everyone];
            while let Some(member) = open.pop() {
                for (id, membership) in in_force.policy.memberships_of(member) {
                    let holds = membership.validity.holds(in_force.on) && !members_out.contains(&id);
                    if holds && groups.insert(membership.group) {
                        open.push(Member::Group(membership.group));
                    }
                }
            }
        }
        // What is added may lead into what else is added, so everything is looked at as often as there is something.
        for _ in members_in {
            for (member, group) in members_in {
                let is_in = match member {
                    Member::Everyone => true,
                    Member::User(who) => *who == user,
                    Member::Group(inner) => groups.contains(inner),
                };
                if is_in {
                    self.climb(*group, &mut groups);
                }
            }
        }
        let differs = groups.len() != actual.len() || !groups.iter().eq(actual.iter());
        differs.then(|| groups.into_iter().collect())
    }

    /// Adds a group and all groups around it.
    fn climb(&self, group: GroupId, into: &mut BTreeSet<GroupId>) {
        let in_force = self.actual.population.in_force();
        if self.supposition.members_out.is_empty() {
            into.extend(in_force.outer_groups(group));
            return;
        }
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            if into.insert(group) {
                let around = in_force.policy.memberships_of(Member::Group(group));
                let holding = around.filter(|(_, membership)| membership.validity.holds(in_force.on));
                open.extend(holding.filter(|(id, _)| !self.supposition.members_out.contains(id)).map(|(_, m)| m.group));
            }
        }
    }

    fn touched(&self) -> &BTreeSet<(RightId, Subject)> {
        self.touched.get_or_init(|| {
            let population = self.actual.population;
            let policy = population.in_force().policy;
            let Supposition { rules_out, rules_in, .. } = self.supposition;
            let of_rule = |rule: &Rule| (rule.right, rule.subject);
            let mut touched: BTreeSet<_> = rules_out.iter().map(|id| of_rule(policy.rule(*id))).collect();
            touched.extend(rules_in.iter().map(of_rule));
            for group in self.groups_with_other_members() {
                let over = self.actual.over_groups().get(&group).into_iter().flatten();
                touched.extend(over.map(|id| of_rule(policy.rule(*id))));
            }
            touched
        })
    }

    fn groups_with_other_members(&self) -> BTreeSet<GroupId> {
        let person = |user: &UserId| &self.actual.population.person(*user).groups;
        self.moved().iter().flat_map(|(user, groups)| differing(person(user), groups)).collect()
    }

    fn stated(&self, right: RightId, subject: Subject) -> Option<Rc<Stated>> {
        if self.is_untouched(right, subject) {
            return self.actual.stated(right, subject);
        }
        if let Some(known) = self.stated.borrow().get(&(right, subject)) {
            return known.clone();
        }
        let in_force = self.actual.population.in_force();
        let Supposition { rules_out, rules_in, .. } = self.supposition;
        let kept = in_force.policy.rules_on(subject, right).filter(|(id, _)| !rules_out.contains(id));
        let kept = kept.map(|(_, rule)| rule).filter(|rule| rule.validity.holds(in_force.on));
        let added = rules_in.iter().filter(|rule| rule.subject == subject && rule.right == right);
        let reached = |rule: &Rule| {
            self.actual.reached(right, rule.target, |group, bits| {
                let moved = self.moved().iter();
                moved.for_each(|(user, groups)| bits.set(user.index(), groups.binary_search(&group).is_ok()));
            })
        };
        let rules: Vec<(&Rule, Bits)> = kept.chain(added).map(|rule| (rule, reached(rule))).collect();
        let stated = (!rules.is_empty()).then(|| Rc::new(Stated::new(&rules, self.actual.space(right).size)));
        self.stated.borrow_mut().insert((right, subject), stated.clone());
        stated
    }

    fn is_untouched(&self, right: RightId, subject: Subject) -> bool {
        let Supposition { rules_out, rules_in, .. } = self.supposition;
        let policy = self.actual.population.in_force().policy;
        // Who is in which group matters to what is said about people only.
        if policy.rights.get(right).scope == Some(Scope::People) {
            return !self.touched().contains(&(right, subject));
        }
        let same = |rule: &Rule| rule.right == right && rule.subject == subject;
        !rules_in.iter().any(same) && !rules_out.iter().any(|id| same(policy.rule(*id)))
    }
}

/// What is in one of two sorted lists only.
fn differing(these: &[GroupId], others: &[GroupId]) -> Vec<GroupId> {
    let only = |these: &[GroupId], others: &[GroupId]| {
        these.iter().copied().filter(|group| others.binary_search(group).is_err()).collect::<Vec<_>>()
    };
    [only(these, others), only(others, these)].concat()
}

/// Where a single target stands in the sets.
pub fn position(target: Option<Single>) -> usize {
    match target {
        None => 0,
        Some(Single::User(id)) => id.index(),
        Some(Single::Module(id)) => id.index(),
        Some(Single::Attachment(id)) => id.index(),
    }
}

fn single(scope: Option<Scope>, position: usize) -> Option<Single> {
    scope.map(|scope| match scope {
        Scope::People => Single::User(UserId::from_index(position)),
        Scope::Modules => Single::Module(Id::from_index(position)),
        Scope::Attachments => Single::Attachment(Id::from_index(position)),
    })
}
