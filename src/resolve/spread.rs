//! Decisions for a whole population: one right over all targets at once, as sets of positions.
//!
//! Gives the same answers as [`decide`](super::decide); tests hold the two equal. Where that asks once for each person and
//! target, this joins the sets that a few rules reach.

use std::collections::BTreeMap;
use std::rc::Rc;

use fixedbitset::FixedBitSet;

use crate::model::{Effect, GroupId, Id, RightId, Rule, RuleId, Subject, Target, UserId};

use super::{InForce, Person, Step, Tier};

/// Positions of targets.
pub type Bits = FixedBitSet;

/// Where the targets of a right stand in sets; a plain right has one position.
#[derive(Debug, Clone)]
pub struct Space {
    /// How many positions there are.
    pub size: usize,
    /// The position of each single target, by the index of its id.
    pub positions: Vec<usize>,
}

/// The people of a policy on a day, with their groups and with the sets of those who are in a group.
pub struct Population<'p> {
    in_force: &'p InForce<'p>,
    people: Vec<Person>,
}

/// What one subject says about a right.
#[derive(Debug)]
struct Said {
    allow: Bits,
    deny: Bits,
    /// The rules that give, each with what it decides.
    giving: Vec<(RuleId, Bits)>,
}

/// One right of a population.
pub struct Spread<'p> {
    population: &'p Population<'p>,
    said: BTreeMap<Subject, Said>,
    size: usize,
    /// What groups say together, by those that say anything.
    together: BTreeMap<Vec<GroupId>, Rc<(Bits, Bits)>>,
}

/// How far one person reaches: where which step decides. A position that stands in no set is refused by default.
#[derive(Debug, Default)]
pub struct Reach {
    /// Where the person may, and the step and rule that say so.
    pub allowed: Vec<(Step, RuleId, Bits)>,
    /// All of these together.
    pub all: Bits,
    /// Where the person may not, other than by default.
    pub refused: Vec<(Step, Bits)>,
}

impl<'p> Population<'p> {
    /// Looks the groups of everybody up.
    pub fn new(in_force: &'p InForce<'p>) -> Self {
        let people = in_force.policy.users.ids().map(|user| Person::new(in_force, user)).collect();
        Self { in_force, people }
    }

    /// A person with the groups.
    pub fn person(&self, user: UserId) -> &Person {
        &self.people[user.index()]
    }

    /// The positions that a target stands for.
    fn reached(&self, target: Option<Target>, space: &Space) -> Bits {
        let mut bits = Bits::with_capacity(space.size);
        let mut put = |index: usize| bits.insert(space.positions[index]);
        match target {
            None => put(0),
            Some(Target::User(id)) => put(id.index()),
            Some(Target::Module(id)) => put(id.index()),
            Some(Target::Attachment(id)) => put(id.index()),
            Some(Target::Group(group)) => {
                let inside = self.people.iter().filter(|person| person.groups.binary_search(&group).is_ok());
                inside.for_each(|person| put(person.user.index()));
            }
            Some(Target::ModuleSet(set)) => {
                self.in_force.policy.module_sets.get(set).modules.iter().for_each(|module| put(module.index()));
            }
            Some(Target::Everyone | Target::Everything) => (0..space.positions.len()).for_each(put),
        }
        bits
    }
}

fn tier(rule: &Rule) -> Tier {
    match rule.target {
        None | Some(Target::User(_) | Target::Module(_) | Target::Attachment(_)) => Tier::Itself,
        Some(Target::Group(_) | Target::ModuleSet(_)) => Tier::Containing,
        Some(Target::Everyone | Target::Everything) => Tier::All,
    }
}

impl<'p> Spread<'p> {
    /// Works out what every subject says about a right.
    pub fn new(population: &'p Population<'p>, right: RightId, space: &Space) -> Self {
        let policy = population.in_force.policy;
        let users = policy.users.ids().map(Subject::User);
        let groups = policy.groups.ids().map(Subject::Group);
        let mut targets: BTreeMap<Option<Target>, Bits> = BTreeMap::new();
        let mut said = BTreeMap::new();
        for subject in users.chain(groups) {
            let rules = policy.rules_on(subject, right).filter(|(_, rule)| rule.validity.holds(population.in_force.on));
            let rules: Vec<(RuleId, &Rule)> = rules.collect();
            if rules.is_empty() {
                continue;
            }
            for (_, rule) in &rules {
                targets.entry(rule.target).or_insert_with(|| population.reached(rule.target, space));
            }
            said.insert(subject, Said::new(&rules, &targets, space.size));
        }
        Self { population, said, size: space.size, together: BTreeMap::new() }
    }

    /// How far a person reaches.
    pub fn of(&mut self, user: UserId) -> Reach {
        let mut everything = Bits::with_capacity(self.size);
        everything.insert_range(..);
        if !self.population.in_force.policy.users.get(user).active {
            return Reach {
                all: Bits::with_capacity(self.size),
                refused: vec![(Step::Inactive, everything)],
                ..Reach::default()
            };
        }
        let person = self.population.person(user);
        let speaking: Vec<GroupId> =
            person.groups.iter().copied().filter(|group| self.said.contains_key(&Subject::Group(*group))).collect();
        let groups = self.join(&speaking);
        let mut reach = Reach { all: Bits::with_capacity(self.size), ..Reach::default() };
        let mut open = everything;
        if let Some(own) = self.said.get(&Subject::User(user)) {
            for (rule, bits) in &own.giving {
                reach.allow(Step::User, *rule, bits, &mut open);
            }
            reach.refuse(Step::User, &own.deny, &mut open);
        }
        if !groups.0.is_disjoint(&open) {
            for group in &speaking {
                for (rule, bits) in self.said.get(&Subject::Group(*group)).iter().flat_map(|said| &said.giving) {
                    reach.allow(Step::GroupAllow, *rule, bits, &mut open);
                }
            }
        }
        reach.refuse(Step::GroupDeny, &groups.1, &mut open);
        reach
    }

    /// What groups give and take together.
    fn join(&mut self, groups: &[GroupId]) -> Rc<(Bits, Bits)> {
        if let Some(known) = self.together.get(groups) {
            return Rc::clone(known);
        }
        let mut sets = (Bits::with_capacity(self.size), Bits::with_capacity(self.size));
        for said in groups.iter().filter_map(|group| self.said.get(&Subject::Group(*group))) {
            sets.0.union_with(&said.allow);
            sets.1.union_with(&said.deny);
        }
        let sets = Rc::new(sets);
        self.together.insert(groups.to_vec(), Rc::clone(&sets));
        sets
    }
}

impl Reach {
    fn allow(&mut self, step: Step, rule: RuleId, bits: &Bits, open: &mut Bits) {
        let mut part = bits.clone();
        part.intersect_with(open);
        if !part.is_clear() {
            open.difference_with(&part);
            self.all.union_with(&part);
            self.allowed.push((step, rule, part));
        }
    }

    fn refuse(&mut self, step: Step, bits: &Bits, open: &mut Bits) {
        let mut part = bits.clone();
        part.intersect_with(open);
        if !part.is_clear() {
            open.difference_with(&part);
            self.refused.push((step, part));
        }
    }
}

impl Said {
    /// The closest tier that speaks decides; in the tier of groups and sets giving wins, in the others taking.
    fn new(rules: &[(RuleId, &Rule)], targets: &BTreeMap<Option<Target>, Bits>, size: usize) -> Self {
        let mut open = Bits::with_capacity(size);
        open.insert_range(..);
        let empty = || Bits::with_capacity(size);
        let (mut allow, mut deny, mut giving) = (empty(), empty(), Vec::new());
        for at in [Tier::Itself, Tier::Containing, Tier::All] {
            let of = |effect: Effect| rules.iter().filter(move |(_, rule)| tier(rule) == at && rule.effect == effect);
            let joined = |effect: Effect| {
                let mut bits = empty();
                of(effect).for_each(|(_, rule)| bits.union_with(&targets[&rule.target]));
                bits.intersect_with(&open);
                bits
            };
            let (mut given, mut taken) = (joined(Effect::Allow), joined(Effect::Deny));
            if at == Tier::Containing {
                taken.difference_with(&given)
            } else {
                given.difference_with(&taken)
            }
            for (id, rule) in of(Effect::Allow) {
                let mut bits = targets[&rule.target].clone();
                bits.intersect_with(&given);
                giving.push((*id, bits));
            }
            open.difference_with(&given);
            open.difference_with(&taken);
            allow.union_with(&given);
            deny.union_with(&taken);
        }
        Self { allow, deny, giving }
    }
}
