//! Decisions for a whole population: one right over all targets at once, as sets of positions.
//!
//! Gives the same answers as [`decide`](super::decide); tests hold the two equal. Where that asks once for each person and
//! target, this joins the sets that a few rules reach.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::OnceLock;

use fixedbitset::FixedBitSet;

use crate::model::{Effect, GroupId, Id, RightId, Rule, RuleId, Subject, Target, UserId};
use crate::workers;

use super::bulk::speaking;
use super::division::{Division, Part};
use super::{InForce, Person, Plain, Step, Tier};

/// Positions of targets.
pub type Bits = FixedBitSet;

/// Where the targets of a right stand in sets; a plain right has one position.
#[derive(Debug, Clone)]
pub struct Space {
    /// How many positions there are.
    pub size: usize,
    /// The position of each single target, by the index of its id; [`Space::OUTSIDE`] for those that are not asked about.
    pub positions: Vec<usize>,
}

impl Space {
    /// The position of a target that is not asked about.
    pub const OUTSIDE: usize = usize::MAX;

    /// The space of a plain right.
    pub fn plain() -> Self {
        Self { size: 1, positions: vec![0] }
    }
}

/// The people of a policy on a day, with their groups and with the sets of those who are in a group.
pub struct Population<'p> {
    in_force: &'p InForce<'p>,
    people: Vec<Person>,
    /// The members of each group, in order.
    members: Vec<Vec<UserId>>,
    /// The rules in force about each right.
    pub(super) rules: Vec<Vec<RuleId>>,
    /// For each group which rights its rules in force are about.
    pub(super) speaks: Bits,
    /// The plain rights, once they are asked for.
    pub(super) plain: OnceLock<Plain>,
}

/// From how many users on their groups are looked up by several threads, so many at a time.
const WORTH_SHARING: usize = 2_000;

/// What one subject says about a right.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) allow: Bits,
    pub(super) deny: Bits,
    /// The rules that give, each with what it decides.
    pub(super) giving: Vec<(RuleId, Bits)>,
    /// The rules that take, each with what it decides.
    pub(super) taking: Vec<(RuleId, Bits)>,
    /// The positions of `allow`, if they are few.
    pub(super) few: Option<Vec<usize>>,
}

/// One right of a population.
pub struct Spread<'p> {
    pub(super) population: &'p Population<'p>,
    pub(super) right: RightId,
    pub(super) space: Space,
    /// What each group says, by the index of its id.
    pub(super) groups: Vec<Option<Said>>,
    pub(super) own: BTreeMap<UserId, Vec<RuleId>>,
    /// What groups give together, by those that say anything; not more than [`MOST_KEPT`] bytes of it.
    together: Vec<Rc<Bits>>,
    alike: HashMap<Vec<GroupId>, usize>,
    speaking: Vec<GroupId>,
    /// Empty between two counts.
    pub(super) scratch: Bits,
    /// What is set in it.
    pub(super) touched: Vec<usize>,
}

/// So many positions are few in any space: they are counted one by one sooner than sets are joined.
const FEW: usize = 16;

/// How many bytes of sets are kept for people who are alike. In a large firm in which everybody's groups differ, keeping
/// them all would take gigabytes and help nobody.
pub(super) const MOST_KEPT: usize = 64 << 20;

impl<'p> Population<'p> {
    /// Looks the groups of everybody up.
    pub fn new(in_force: &'p InForce<'p>) -> Self {
        let policy = in_force.policy;
        let users: Vec<UserId> = policy.users.ids().collect();
        let parts: Vec<&[UserId]> = users.chunks(WORTH_SHARING).collect();
        let look_up = |part: &&[UserId]| part.iter().map(|user| Person::new(in_force, *user)).collect();
        let people: Vec<Vec<Person>> = workers::each(&parts, look_up);
        let people: Vec<Person> = people.into_iter().flatten().collect();
        let mut sizes = vec![0; policy.groups.len()];
        people.iter().flat_map(|person| &person.groups).for_each(|group| sizes[group.index()] += 1);
        let mut members: Vec<Vec<UserId>> = sizes.into_iter().map(Vec::with_capacity).collect();
        for person in &people {
            person.groups.iter().for_each(|group| members[group.index()].push(person.user));
        }
        let mut rules = vec![Vec::new(); policy.rights.len()];
        for (index, rule) in policy.rules.iter().enumerate().filter(|(_, rule)| rule.validity.holds(in_force.on)) {
            rules[rule.right.index()].push(RuleId::from_index(index));
        }
        Self { in_force, people, members, rules, speaks: speaking(in_force), plain: OnceLock::new() }
    }

    /// The policy and the day.
    pub fn in_force(&self) -> &'p InForce<'p> {
        self.in_force
    }

    /// A person with the groups.
    pub fn person(&self, user: UserId) -> &Person {
        &self.people[user.index()]
    }

    /// The users in a group, in order, inactive ones too.
    pub fn members(&self, group: GroupId) -> &[UserId] {
        &self.members[group.index()]
    }

    /// The members of all groups, by the index of their ids.
    pub fn into_members(self) -> Vec<Vec<UserId>> {
        self.members
    }

    /// The rules in force about a right.
    pub fn rules(&self, right: RightId) -> &[RuleId] {
        &self.rules[right.index()]
    }

    /// The position of a single target.
    pub(super) fn position(&self, target: Option<Target>, space: &Space) -> usize {
        match target {
            None => space.positions[0],
            Some(Target::User(id)) => space.positions[id.index()],
            Some(Target::Module(id)) => space.positions[id.index()],
            Some(Target::Attachment(id)) => space.positions[id.index()],
            Some(Target::Group(_) | Target::ModuleSet(_) | Target::Everyone | Target::Everything) => Space::OUTSIDE,
        }
    }

    /// The positions that a target stands for.
    pub fn reached(&self, target: Option<Target>, space: &Space) -> Bits {
        let mut bits = Bits::with_capacity(space.size);
        let mut put = |index: usize| {
            let position = space.positions[index];
            if position != Space::OUTSIDE {
                bits.insert(position);
            }
        };
        match target {
            None => put(0),
            Some(Target::User(id)) => put(id.index()),
            Some(Target::Module(id)) => put(id.index()),
            Some(Target::Attachment(id)) => put(id.index()),
            Some(Target::Group(group)) => self.members(group).iter().for_each(|user| put(user.index())),
            Some(Target::ModuleSet(set)) => {
                self.in_force.policy.module_sets.get(set).modules.iter().for_each(|module| put(module.index()));
            }
            Some(Target::Everyone | Target::Everything) => (0..space.positions.len()).for_each(put),
        }
        bits
    }
}

pub(super) fn tier(rule: &Rule) -> Tier {
    match rule.target {
        None | Some(Target::User(_) | Target::Module(_) | Target::Attachment(_)) => Tier::Itself,
        Some(Target::Group(_) | Target::ModuleSet(_)) => Tier::Containing,
        Some(Target::Everyone | Target::Everything) => Tier::All,
    }
}

impl<'p> Spread<'p> {
    /// Works out what every group says about a right.
    pub fn new(population: &'p Population<'p>, right: RightId, space: Space) -> Self {
        let policy = population.in_force.policy;
        let mut by_group: BTreeMap<GroupId, Vec<RuleId>> = BTreeMap::new();
        let mut own: BTreeMap<UserId, Vec<RuleId>> = BTreeMap::new();
        for rule in population.rules(right) {
            match policy.rule(*rule).subject {
                Subject::User(user) => own.entry(user).or_default().push(*rule),
                Subject::Group(group) => by_group.entry(group).or_default().push(*rule),
            }
        }
        let mut groups: Vec<Option<Said>> = std::iter::repeat_with(|| None).take(policy.groups.len()).collect();
        for (group, rules) in by_group {
            groups[group.index()] = Some(Said::new(population, &rules, &space));
        }
        let scratch = Bits::with_capacity(space.size);
        Self {
            population,
            right,
            space,
            groups,
            own,
            together: Vec::new(),
            alike: HashMap::new(),
            speaking: Vec::new(),
            scratch,
            touched: Vec::new(),
        }
    }

    /// Divides the targets by what decides about a person, own data apart. The groups stand in the order in which their
    /// rules shall be named; the rules of one group in that of their ids.
    pub fn divide(&self, user: UserId, groups: &[GroupId]) -> Vec<Part> {
        let division = Division::new(self.space.size);
        if !self.population.in_force.policy.users.get(user).active {
            return division.rest(Step::Inactive);
        }
        let speaking: Vec<&Said> = groups.iter().filter_map(|group| self.groups[group.index()].as_ref()).collect();
        division.decide(self.own_said(user).as_ref(), &speaking)
    }

    /// What a person may. Asked of active people only.
    pub fn bits(&mut self, user: UserId) -> Bits {
        let given = self.given(user);
        self.with_own(user, given)
    }

    /// What the groups of a person give.
    pub(super) fn given(&mut self, user: UserId) -> Bits {
        Bits::clone(&self.together(user))
    }

    /// What groups give, with the own rules of a person over it.
    fn with_own(&self, user: UserId, mut given: Bits) -> Bits {
        if let Some(own) = self.own_said(user) {
            given.difference_with(&own.deny);
            given.union_with(&own.allow);
        }
        given
    }

    pub(super) fn own_said(&self, user: UserId) -> Option<Said> {
        let rules = self.own.get(&user)?;
        Some(Said::new(self.population, rules, &self.space))
    }

    /// What the groups of a person give together.
    fn together(&mut self, user: UserId) -> Rc<Bits> {
        self.speaking.clear();
        let groups = &self.population.person(user).groups;
        self.speaking.extend(groups.iter().copied().filter(|group| self.groups[group.index()].is_some()));
        if let Some(number) = self.alike.get(self.speaking.as_slice()) {
            return Rc::clone(&self.together[*number]);
        }
        let mut given = Bits::with_capacity(self.space.size);
        for said in self.speaking.iter().filter_map(|group| self.groups[group.index()].as_ref()) {
            given.union_with(&said.allow);
        }
        let given = Rc::new(given);
        if (self.together.len() + 1) * (self.space.size / 8 + 64) > MOST_KEPT {
            return given;
        }
        self.together.push(Rc::clone(&given));
        self.alike.insert(self.speaking.clone(), self.together.len() - 1);
        given
    }
}

impl Said {
    /// The closest tier that speaks decides; in the tier of groups and sets giving wins, in the others taking.
    pub(super) fn new(population: &Population<'_>, rules: &[RuleId], space: &Space) -> Self {
        let policy = population.in_force.policy;
        let all: Vec<(&Rule, Bits)> =
            rules.iter().map(|id| (policy.rule(*id), population.reached(policy.rule(*id).target, space))).collect();
        let (Stated { allow, deny }, decided) = Stated::new(&all, space.size);
        let (mut giving, mut taking) = (Vec::new(), Vec::new());
        for (id, (rule, mut bits)) in rules.iter().zip(all) {
            let (given, taken) = &decided[tier(rule) as usize];
            let (decided, parts) = match rule.effect {
                Effect::Allow => (given, &mut giving),
                Effect::Deny => (taken, &mut taking),
            };
            bits.intersect_with(decided);
            parts.push((*id, bits));
        }
        let few = (allow.count_ones(..) <= space.size / 64 + FEW).then(|| allow.ones().collect());
        Self { allow, deny, giving, taking, few }
    }
}

/// The stance of one subject on one right, over all targets at once.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// What it gives.
    pub allow: Bits,
    /// What it takes.
    pub deny: Bits,
}

impl Stated {
    /// Sorts out what rules say, each with what it reaches: the closest tier that speaks decides; in the tier of
    /// groups and sets giving wins, in the others taking. Also what each tier gives and takes.
    pub fn new(rules: &[(&Rule, Bits)], size: usize) -> (Self, [(Bits, Bits); 3]) {
        let empty = || Bits::with_capacity(size);
        let mut open = empty();
        open.insert_range(..);
        let (mut allow, mut deny) = (empty(), empty());
        let decided = [Tier::Itself, Tier::Containing, Tier::All].map(|at| {
            let joined = |effect: Effect| {
                let mut bits = empty();
                let of = rules.iter().filter(|(rule, _)| tier(rule) == at && rule.effect == effect);
                of.for_each(|(_, reached)| bits.union_with(reached));
                bits.intersect_with(&open);
                bits
            };
            let (mut given, mut taken) = (joined(Effect::Allow), joined(Effect::Deny));
            if at == Tier::Containing {
                taken.difference_with(&given)
            } else {
                given.difference_with(&taken)
            }
            open.difference_with(&given);
            open.difference_with(&taken);
            allow.union_with(&given);
            deny.union_with(&taken);
            (given, taken)
        });
        (Self { allow, deny }, decided)
    }
}
