//! What would be if some lines of a policy were other than they are, and for whom that changes what.
//!
//! Nothing is compiled again: what nobody touches is taken from the population, and worked out once for all
//! suppositions. Gives the same answers as compiling the changed policy; a law holds the two equal.

mod actual;
mod anything;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::model::{
    GroupId, Id, Member, MembershipId, ModuleId, ModuleSetId, Policy, RightId, Rule, RuleId, Scope, Single, Subject,
    Target, UserId,
};

use super::spread::Stated;
use super::stance::{self, Stance};
use super::{Aim, Bits, Ground, Person, Request, Set, decide_by};

use actual::{GivenTo, StatedBy, joined, remembered, with_own};

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
    /// Which modules a set has. Sets of answers take note of it; [`Supposed::allows`] does not.
    pub modules: Option<(ModuleSetId, Vec<ModuleId>)>,
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
    /// Whether nobody is meant together with the own data, which needs no right.
    pub without_own: bool,
}

impl Shift {
    /// How many single answers these are.
    pub fn count(&self) -> usize {
        let own = |target: &&Single| match target {
            Single::User(user) => self.without_own && self.users.binary_search(user).is_ok(),
            Single::Module(_) | Single::Attachment(_) => false,
        };
        self.users.len() * self.targets.len().max(1) - self.targets.iter().filter(own).count()
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
    stated: RefCell<StatedBy>,
    given: RefCell<GivenTo>,
    filled_otherwise: OnceCell<BTreeSet<GroupId>>,
    outer: RefCell<HashMap<GroupId, Rc<[GroupId]>>>,
}

impl Supposed<'_, '_> {
    /// Over what a user would hold a right; the own data count only if a rule gives them.
    pub fn held(&self, user: UserId, right: RightId) -> Rc<Set> {
        if !self.is_active(user) {
            return self.actual.none(right);
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
        with_own(given, self.stated(right, Subject::User(user)).as_deref())
    }

    /// A user with the groups there would be.
    pub fn person(&self, user: UserId) -> Person {
        let groups = self.groups_if_moved(user);
        Person { user, groups: groups.unwrap_or_else(|| self.actual.population.person(user).groups.clone()) }
    }

    /// A target with what would contain it.
    pub fn aim(&self, target: Single) -> Aim<'_> {
        match target {
            Single::User(user) => Aim::Person(Cow::Owned(self.person(user))),
            Single::Module(_) | Single::Attachment(_) => Aim::new(self.actual.population.in_force(), target),
        }
    }

    /// Whether a person would be allowed something.
    pub fn allows(&self, person: &Person, right: RightId, aim: Option<&Aim<'_>>) -> bool {
        decide_by(self, person, right, aim).allowed
    }

    /// Whose answers would change in which way, other than about some requests; `None` if more than `most` single
    /// answers would. What one does with one's own data is left out where that needs no right.
    pub fn shifts(&self, except: &[Request], most: usize) -> Option<Vec<Shift>> {
        let policy = self.actual.population.in_force().policy;
        let mut folds: BTreeMap<(RightId, bool), HashMap<Rc<Set>, Vec<UserId>>> = BTreeMap::new();
        let mut count = 0;
        for (right, users) in self.concerned(except.first().map(|request| request.right)) {
            let declared = policy.rights.get(right);
            let without_own = declared.own_data_allowed && declared.scope == Some(Scope::People);
            // People who are alike share their sets. A set that is pointed at is kept until the right is done, so no
            // pointer means two things.
            let mut known: HashMap<[*const Set; 2], [Rc<Set>; 2]> = HashMap::new();
            let mut kept: Vec<[Rc<Set>; 2]> = Vec::new();
            for user in users.ones().map(UserId::from_index) {
                let sides = [self.actual.held(user, right), self.held(user, right)];
                let pointers = [Rc::as_ptr(&sides[0]), Rc::as_ptr(&sides[1])];
                let parts = known.entry(pointers).or_insert_with(|| {
                    let parts = [only_in(&sides[1], &sides[0]), only_in(&sides[0], &sides[1])].map(Rc::new);
                    kept.push(sides);
                    parts
                });
                let mut parts = parts.clone();
                for request in except.iter().filter(|r| r.subject == Subject::User(user) && r.right == right) {
                    parts.iter_mut().for_each(|part| Rc::make_mut(part).remove(position(request.target)));
                }
                for (part, gained) in parts.into_iter().zip([true, false]) {
                    let own = usize::from(without_own && part.contains(user.index()));
                    let answers = part.len() - own;
                    count += answers;
                    if answers > 0 {
                        folds.entry((right, gained)).or_default().entry(part).or_default().push(user);
                    }
                }
                if count > most {
                    return None;
                }
            }
        }
        let mut shifts = Vec::new();
        for ((right, gained), parts) in folds {
            let declared = policy.rights.get(right);
            for (part, users) in parts {
                let targets = part.iter().filter_map(|position| single(declared.scope, position)).collect();
                shifts.push(Shift { right, gained, targets, users, without_own: declared.own_data_allowed });
            }
        }
        shifts.sort();
        Some(shifts)
    }

    /// The rights about which anybody's answer can change, and whose; a certain one first.
    pub fn concerned(&self, first: Option<RightId>) -> Vec<(RightId, Bits)> {
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
                    if self.filled_otherwise().contains(group) {
                        let joined = self.moved().iter().filter(|(_, groups)| groups.binary_search(group).is_ok());
                        joined.for_each(|(user, _)| add(*right, *user));
                    }
                }
            }
        }
        let rights_of = |group: GroupId| {
            let rights = policy.rules_of(Subject::Group(group)).map(|(_, rule)| rule.right);
            rights.collect::<BTreeSet<RightId>>()
        };
        let rights: BTreeMap<GroupId, BTreeSet<RightId>> =
            self.filled_otherwise().iter().map(|group| (*group, rights_of(*group))).collect();
        for (user, groups) in self.moved() {
            for group in differing(&population.person(*user).groups, groups) {
                rights[&group].iter().for_each(|right| add(*right, *user));
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
        let mut groups: Vec<GroupId> = Vec::new();
        if members_out.is_empty() {
            groups.extend(actual);
        } else {
            for member in [Member::User(user), Member::Everyone] {
                let direct = in_force.policy.memberships_of(member);
                let direct = direct.filter(|(id, m)| m.validity.holds(in_force.on) && !members_out.contains(id));
                direct.for_each(|(_, membership)| groups.extend_from_slice(&self.outer(membership.group)));
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
                    groups.extend_from_slice(&self.outer(*group));
                }
            }
        }
        groups.sort_unstable();
        groups.dedup();
        (groups != *actual).then_some(groups)
    }

    /// A group and all groups around it, without the memberships that are not there.
    fn outer(&self, group: GroupId) -> Rc<[GroupId]> {
        if let Some(known) = self.outer.borrow().get(&group) {
            return Rc::clone(known);
        }
        let in_force = self.actual.population.in_force();
        let (mut outer, mut open) = (vec![group], vec![group]);
        while let Some(next) = open.pop() {
            for (id, membership) in in_force.policy.memberships_of(Member::Group(next)) {
                let holds = membership.validity.holds(in_force.on) && !self.supposition.members_out.contains(&id);
                if holds && !outer.contains(&membership.group) {
                    outer.push(membership.group);
                    open.push(membership.group);
                }
            }
        }
        let outer: Rc<[GroupId]> = outer.into();
        self.outer.borrow_mut().insert(group, Rc::clone(&outer));
        outer
    }

    fn touched(&self) -> &BTreeSet<(RightId, Subject)> {
        self.touched.get_or_init(|| {
            let population = self.actual.population;
            let policy = population.in_force().policy;
            let Supposition { rules_out, rules_in, .. } = self.supposition;
            let of_rule = |rule: &Rule| (rule.right, rule.subject);
            let mut touched: BTreeSet<_> = rules_out.iter().map(|id| of_rule(policy.rule(*id))).collect();
            touched.extend(rules_in.iter().map(of_rule));
            for group in self.filled_otherwise() {
                let over = self.actual.over_groups().get(group).into_iter().flatten();
                touched.extend(over.map(|id| of_rule(policy.rule(*id))));
            }
            if let Some((set, _)) = &self.supposition.modules {
                let on = population.in_force().on;
                let over = policy.rules.iter().filter(|rule| rule.target == Some(Target::ModuleSet(*set)));
                touched.extend(over.filter(|rule| rule.validity.holds(on)).map(of_rule));
            }
            touched
        })
    }

    /// The groups in which other people would be.
    fn filled_otherwise(&self) -> &BTreeSet<GroupId> {
        self.filled_otherwise.get_or_init(|| {
            let person = |user: &UserId| &self.actual.population.person(*user).groups;
            self.moved().iter().flat_map(|(user, groups)| differing(person(user), groups)).collect()
        })
    }

    /// The rules in force of a subject about a right.
    fn rules(&self, subject: Subject, right: RightId) -> impl Iterator<Item = &Rule> {
        let in_force = self.actual.population.in_force();
        let Supposition { rules_out, rules_in, .. } = self.supposition;
        let kept = in_force.policy.rules_on(subject, right).filter(|(id, _)| !rules_out.contains(id));
        let kept = kept.map(|(_, rule)| rule).filter(|rule| rule.validity.holds(in_force.on));
        kept.chain(rules_in.iter().filter(move |rule| rule.subject == subject && rule.right == right))
    }

    fn stated(&self, right: RightId, subject: Subject) -> Option<Rc<Stated>> {
        if self.is_untouched(right, subject) {
            return self.actual.stated(right, subject);
        }
        if let Some(known) = self.stated.borrow().get(&(right, subject)) {
            return known.clone();
        }
        let reached = |rule: &Rule| {
            if let (Some(Target::ModuleSet(set)), Some((other, modules))) = (rule.target, &self.supposition.modules)
                && set == *other
            {
                return Set::of(self.actual.size(right), modules.iter().map(|module| module.index()));
            }
            self.actual.reached(right, rule.target, |group, set| {
                if self.filled_otherwise().contains(&group) {
                    for (user, groups) in self.moved() {
                        match groups.binary_search(&group) {
                            Ok(_) => set.insert(user.index()),
                            Err(_) => set.remove(user.index()),
                        }
                    }
                }
            })
        };
        let rules: Vec<(&Rule, Set)> = self.rules(subject, right).map(|rule| (rule, reached(rule))).collect();
        let stated = (!rules.is_empty()).then(|| Rc::new(Stated::new(&rules, self.actual.size(right)).0));
        self.stated.borrow_mut().insert((right, subject), stated.clone());
        stated
    }

    fn is_untouched(&self, right: RightId, subject: Subject) -> bool {
        let Supposition { rules_out, rules_in, .. } = self.supposition;
        let policy = self.actual.population.in_force().policy;
        // Who is in which group matters to what is said about people only.
        let of_modules = self.supposition.modules.is_some();
        if of_modules || policy.rights.get(right).scope == Some(Scope::People) {
            return !self.touched().contains(&(right, subject));
        }
        let same = |rule: &Rule| rule.right == right && rule.subject == subject;
        !rules_in.iter().any(same) && !rules_out.iter().any(|id| same(policy.rule(*id)))
    }
}

impl Ground for Supposed<'_, '_> {
    fn policy(&self) -> &Policy {
        self.actual.population.in_force().policy
    }

    fn is_active(&self, user: UserId) -> bool {
        let supposed = self.supposition.active.filter(|(who, _)| *who == user);
        supposed.map_or_else(|| self.policy().users.get(user).active, |(_, active)| active)
    }

    fn stance(&self, subject: Subject, right: RightId, aim: Option<&Aim<'_>>) -> Option<Stance> {
        stance::of_rules(self.rules(subject, right), aim)
    }
}

/// What is in a set and not in another.
fn only_in(these: &Set, others: &Set) -> Set {
    let mut set = these.clone();
    set.difference_with(others);
    set
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
