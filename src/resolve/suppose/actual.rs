//! A policy on a day as it is: what everybody holds, and what every subject says, each worked out once.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::model::{GroupId, Id, RightId, Rule, RuleId, Scope, Subject, Target, UserId};
use crate::resolve::spread::{MOST_KEPT, Stated};
use crate::resolve::{Population, Set, Space};

use super::{Supposed, Supposition};

/// What subjects say about rights; `None` if nothing.
pub(super) type StatedBy = HashMap<(RightId, Subject), Option<Rc<Stated>>>;

/// What groups give together.
#[derive(Default)]
pub(super) struct GivenTo {
    sets: HashMap<(RightId, Vec<GroupId>), Rc<Set>>,
    /// About how much memory was spent on it.
    bytes: usize,
}

/// A policy on a day as it is, ready for many suppositions.
pub struct Actual<'p> {
    pub(super) population: &'p Population<'p>,
    stated: RefCell<StatedBy>,
    given: RefCell<GivenTo>,
    /// The rules in force whose target is a group.
    over_groups: OnceCell<HashMap<GroupId, Vec<RuleId>>>,
}

impl<'p> Actual<'p> {
    /// Takes the people of a policy on a day.
    pub fn new(population: &'p Population<'p>) -> Self {
        Self { population, stated: RefCell::default(), given: RefCell::default(), over_groups: OnceCell::new() }
    }

    /// The people.
    pub fn population(&self) -> &'p Population<'p> {
        self.population
    }

    /// Supposes something.
    pub fn suppose<'a>(&'a self, supposition: &'a Supposition) -> Supposed<'a, 'p> {
        Supposed {
            actual: self,
            supposition,
            moved: OnceCell::new(),
            touched: OnceCell::new(),
            stated: RefCell::default(),
            given: RefCell::default(),
            filled_otherwise: OnceCell::new(),
            outer: RefCell::default(),
        }
    }

    /// Over what an active user holds a right; the own data count only if a rule gives them.
    pub fn held(&self, user: UserId, right: RightId) -> Rc<Set> {
        let policy = self.population.in_force().policy;
        if !policy.users.get(user).active {
            return self.none(right);
        }
        let groups = &self.population.person(user).groups;
        let speaking: Vec<GroupId> =
            groups.iter().copied().filter(|group| self.stated(right, Subject::Group(*group)).is_some()).collect();
        let given = remembered(&self.given, right, speaking, |speaking| {
            joined(self.nothing(right), speaking.iter().filter_map(|group| self.stated(right, Subject::Group(*group))))
        });
        with_own(given, self.stated(right, Subject::User(user)).as_deref())
    }

    /// What nobody holds, the same set for all.
    pub(super) fn none(&self, right: RightId) -> Rc<Set> {
        remembered(&self.given, right, Vec::new(), |_| self.nothing(right))
    }

    pub(super) fn nothing(&self, right: RightId) -> Set {
        Set::none(self.size(right))
    }

    /// Over how many targets a right can be.
    pub(super) fn size(&self, right: RightId) -> usize {
        let policy = self.population.in_force().policy;
        match policy.rights.get(right).scope {
            None => 1,
            Some(Scope::People) => policy.users.len(),
            Some(Scope::Modules) => policy.modules.len(),
            Some(Scope::Attachments) => policy.attachments.len(),
        }
    }

    /// What a subject says about a right; `None` if it says nothing.
    pub(super) fn stated(&self, right: RightId, subject: Subject) -> Option<Rc<Stated>> {
        if let Some(known) = self.stated.borrow().get(&(right, subject)) {
            return known.clone();
        }
        let in_force = self.population.in_force();
        let rules = in_force.policy.rules_on(subject, right).filter(|(_, rule)| rule.validity.holds(in_force.on));
        let rules: Vec<(&Rule, Set)> =
            rules.map(|(_, rule)| (rule, self.reached(right, rule.target, |_, _| {}))).collect();
        let stated = (!rules.is_empty()).then(|| Rc::new(Stated::new(&rules, self.size(right)).0));
        self.stated.borrow_mut().insert((right, subject), stated.clone());
        stated
    }

    /// The positions that a target stands for; those of a group are handed on, to be set right.
    pub(super) fn reached(&self, right: RightId, target: Option<Target>, moved: impl Fn(GroupId, &mut Set)) -> Set {
        let mut set = self.population.reached(target, &Space::whole(self.size(right)));
        if let Some(Target::Group(group)) = target {
            moved(group, &mut set);
        }
        set
    }

    pub(super) fn over_groups(&self) -> &HashMap<GroupId, Vec<RuleId>> {
        self.over_groups.get_or_init(|| {
            let in_force = self.population.in_force();
            let mut over: HashMap<GroupId, Vec<RuleId>> = HashMap::new();
            for (index, rule) in in_force.policy.rules.iter().enumerate() {
                if let Some(Target::Group(group)) = rule.target.filter(|_| rule.validity.holds(in_force.on)) {
                    over.entry(group).or_default().push(RuleId::from_index(index));
                }
            }
            over
        })
    }
}

/// What several subjects give together.
pub(super) fn joined(mut set: Set, stated: impl Iterator<Item = Rc<Stated>>) -> Set {
    stated.for_each(|stated| set.union_with(&stated.allow));
    set
}

/// What groups give, with the own rules of a person over it.
pub(super) fn with_own(mut given: Rc<Set>, own: Option<&Stated>) -> Rc<Set> {
    if let Some(own) = own {
        let set = Rc::make_mut(&mut given);
        set.difference_with(&own.deny);
        set.union_with(&own.allow);
    }
    given
}

/// What some groups give together, worked out once, as long as that does not take too much memory.
pub(super) fn remembered(
    known: &RefCell<GivenTo>,
    right: RightId,
    groups: Vec<GroupId>,
    work_out: impl Fn(&[GroupId]) -> Set,
) -> Rc<Set> {
    let key = (right, groups);
    if let Some(set) = known.borrow().sets.get(&key) {
        return Rc::clone(set);
    }
    let set = Rc::new(work_out(&key.1));
    let mut known = known.borrow_mut();
    known.bytes += set.bytes() + size_of_val(key.1.as_slice());
    if known.bytes < MOST_KEPT {
        known.sets.insert(key, Rc::clone(&set));
    }
    set
}
