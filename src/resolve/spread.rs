//! Decisions for a whole population: one right over all targets at once, as sets of positions.
//!
//! Gives the same answers as [`decide`](super::decide); tests hold the two equal. Where that asks once for each person and
//! target, this joins the sets that a few rules reach.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use fixedbitset::FixedBitSet;

use crate::model::{Effect, GroupId, Id, RightId, Rule, RuleId, Subject, Target, UserId};
use crate::workers;

use super::bulk::speaking;
use super::division::{Division, Part};
use super::people::{Members, People, TOGETHER};
use super::{InForce, Person, Plain, Set, Step, Tier};

/// One bit for each of some things, by the index of their ids.
pub type Bits = FixedBitSet;

/// Where the targets of a right stand in sets; a plain right has one position.
#[derive(Debug, Clone)]
pub struct Space {
    /// How many positions there are.
    pub size: usize,
    /// The position of each single target, by the index of its id; `None` if that is the index.
    positions: Option<Vec<usize>>,
}

impl Space {
    /// The position of a target that is not asked about.
    pub const OUTSIDE: usize = usize::MAX;

    /// The space of a plain right.
    pub fn plain() -> Self {
        Self::whole(1)
    }

    /// Every target, each at the index of its id.
    pub fn whole(size: usize) -> Self {
        Self { size, positions: None }
    }

    /// Some targets: the position of each, by the index of its id, is below the size, or [`Space::OUTSIDE`].
    pub fn some(size: usize, positions: Vec<usize>) -> Self {
        Self { size, positions: Some(positions) }
    }

    /// Where a target stands, by the index of its id.
    pub fn at(&self, index: usize) -> usize {
        self.positions.as_ref().map_or(index, |positions| positions[index])
    }
}

/// The people of a policy on a day, with their groups and with the sets of those who are in a group.
pub struct Population<'p> {
    in_force: &'p InForce<'p>,
    people: People,
    members: Members,
    /// The rules in force about each right.
    pub(super) rules: Vec<Vec<RuleId>>,
    /// For each group which rights its rules in force are about.
    pub(super) speaks: Bits,
    /// The plain rights, once they are asked for.
    pub(super) plain: OnceLock<Plain>,
}

/// What one subject says about a right.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) allow: Set,
    pub(super) deny: Set,
    /// The rules that give, each with what it decides.
    pub(super) giving: Vec<(RuleId, Set)>,
    /// The rules that take, each with what it decides.
    pub(super) taking: Vec<(RuleId, Set)>,
    /// The positions of `allow`, if they are few.
    pub(super) few: Option<Vec<usize>>,
}

/// One right of a population.
pub struct Spread<'p> {
    pub(super) population: &'p Population<'p>,
    pub(super) right: RightId,
    pub(super) space: Space,
    /// What each group says, by the index of its id, once somebody asks.
    groups: Vec<OnceLock<Option<Box<Said>>>>,
    /// What groups give together, by those that say anything; not more than [`MOST_KEPT`] bytes of it.
    alike: HashMap<Vec<GroupId>, Arc<Set>>,
    kept: usize,
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
        let parts: Vec<&[UserId]> = users.chunks(TOGETHER).collect();
        let look_up = |part: &&[UserId]| part.iter().map(|user| Person::new(in_force, *user)).collect();
        let people: Vec<Vec<Person>> = workers::each(&parts, look_up);
        let mut sizes = vec![0; policy.groups.len()];
        people.iter().flatten().flat_map(|person| &person.groups).for_each(|group| sizes[group.index()] += 1);
        let mut members: Vec<Vec<UserId>> = sizes.into_iter().map(Vec::with_capacity).collect();
        for person in people.iter().flatten() {
            person.groups.iter().for_each(|group| members[group.index()].push(person.user));
        }
        Self::with(in_force, People::of(people), Members::of(members))
    }

    /// Looks people and members up only when somebody asks for them.
    pub fn on_demand(in_force: &'p InForce<'p>) -> Self {
        let (users, groups) = (in_force.policy.users.len(), in_force.policy.groups.len());
        Self::with(in_force, People::nobody(users), Members::nobody(groups))
    }

    fn with(in_force: &'p InForce<'p>, people: People, members: Members) -> Self {
        let policy = in_force.policy;
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
        self.people.get(self.in_force, user)
    }

    /// The users in a group, in order, inactive ones too.
    pub fn members(&self, group: GroupId) -> &[UserId] {
        self.members.get(self.in_force, group)
    }

    /// The members of all groups, by the index of their ids.
    pub fn into_members(self) -> Vec<Vec<UserId>> {
        let Self { in_force, members, .. } = self;
        members.into_all(in_force)
    }

    /// The rules in force about a right.
    pub fn rules(&self, right: RightId) -> &[RuleId] {
        &self.rules[right.index()]
    }

    /// The position of a single target.
    pub(super) fn position(&self, target: Option<Target>, space: &Space) -> usize {
        match target {
            None => space.at(0),
            Some(Target::User(id)) => space.at(id.index()),
            Some(Target::Module(id)) => space.at(id.index()),
            Some(Target::Attachment(id)) => space.at(id.index()),
            Some(Target::Group(_) | Target::ModuleSet(_) | Target::Everyone | Target::Everything) => Space::OUTSIDE,
        }
    }

    /// The positions that a target stands for.
    pub fn reached(&self, target: Option<Target>, space: &Space) -> Set {
        let several = |indexes: &mut dyn Iterator<Item = usize>| {
            let positions = indexes.map(|index| space.at(index)).filter(|position| *position != Space::OUTSIDE);
            Set::of(space.size, positions)
        };
        match target {
            Some(Target::Group(group)) => several(&mut self.members(group).iter().map(|user| user.index())),
            Some(Target::ModuleSet(set)) => {
                several(&mut self.in_force.policy.module_sets.get(set).modules.iter().map(|module| module.index()))
            }
            Some(Target::Everyone | Target::Everything) => match &space.positions {
                None => Set::all(space.size),
                Some(positions) => several(&mut (0..positions.len())),
            },
            single => match self.position(single, space) {
                Space::OUTSIDE => Set::none(space.size),
                position => Set::one(space.size, position),
            },
        }
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
    /// Prepares what every group says about a right.
    pub fn new(population: &'p Population<'p>, right: RightId, space: Space) -> Self {
        let groups = population.in_force.policy.groups.len();
        let scratch = Bits::with_capacity(space.size);
        Self {
            population,
            right,
            space,
            groups: std::iter::repeat_with(OnceLock::new).take(groups).collect(),
            alike: HashMap::new(),
            kept: 0,
            speaking: Vec::new(),
            scratch,
            touched: Vec::new(),
        }
    }

    /// Divides some targets by what decides about a person, own data apart. The groups stand in the order in which their
    /// rules shall be named; the rules of one group in that of their ids.
    pub fn divide(&self, user: UserId, groups: &[GroupId], targets: Set) -> Vec<Part> {
        let division = Division::new(targets);
        if !self.population.in_force.policy.users.get(user).active {
            return division.rest(Step::Inactive);
        }
        let speaking: Vec<&Said> = groups.iter().filter_map(|group| self.said(*group)).collect();
        division.decide(self.own_said(user).as_ref(), &speaking)
    }

    /// What a person may. Asked of active people only.
    pub fn held(&mut self, user: UserId) -> Set {
        let mut given = self.given(user);
        if let Some(own) = self.own_said(user) {
            given.difference_with(&own.deny);
            given.union_with(&own.allow);
        }
        given
    }

    /// The same as one bit for each position.
    pub fn bits(&mut self, user: UserId) -> Bits {
        self.held(user).to_bits()
    }

    /// What the groups of a person give.
    pub(super) fn given(&mut self, user: UserId) -> Set {
        Set::clone(&self.together(user))
    }

    /// What a group says; `None` if it says nothing about the right.
    pub(super) fn said(&self, group: GroupId) -> Option<&Said> {
        // Most groups say nothing about a right, and one bit tells it.
        if !self.population.speaks(group, self.right) {
            return None;
        }
        let work_out = || self.said_by(Subject::Group(group)).map(Box::new);
        self.groups[group.index()].get_or_init(work_out).as_deref()
    }

    /// Whether a subject has rules in force about the right.
    pub fn has_rules(&self, subject: Subject) -> bool {
        match subject {
            Subject::Group(group) => self.population.speaks(group, self.right),
            Subject::User(_) => !self.rules_of(subject).is_empty(),
        }
    }

    /// Whether a group says anything about some targets.
    pub fn says_anything(&self, group: GroupId, targets: &Set) -> bool {
        let says = |said: &Said| !said.allow.is_disjoint(targets) || !said.deny.is_disjoint(targets);
        self.said(group).is_some_and(says)
    }

    /// What a person's own rules say.
    pub(super) fn own_said(&self, user: UserId) -> Option<Said> {
        self.said_by(Subject::User(user))
    }

    fn said_by(&self, subject: Subject) -> Option<Said> {
        let rules = self.rules_of(subject);
        (!rules.is_empty()).then(|| Said::new(self.population, &rules, &self.space))
    }

    /// The rules in force of a subject about the right.
    pub(super) fn rules_of(&self, subject: Subject) -> Vec<RuleId> {
        let in_force = self.population.in_force;
        let rules = in_force.policy.rules_on(subject, self.right);
        rules.filter(|(_, rule)| rule.validity.holds(in_force.on)).map(|(id, _)| id).collect()
    }

    /// What the groups of a person give together.
    fn together(&mut self, user: UserId) -> Arc<Set> {
        let mut speaking = std::mem::take(&mut self.speaking);
        speaking.clear();
        let groups = &self.population.person(user).groups;
        speaking.extend(groups.iter().copied().filter(|group| self.said(*group).is_some()));
        let given = match self.alike.get(speaking.as_slice()) {
            Some(known) => Arc::clone(known),
            None => {
                let mut given = Set::none(self.space.size);
                speaking.iter().filter_map(|group| self.said(*group)).for_each(|said| given.union_with(&said.allow));
                let given = Arc::new(given);
                self.kept += given.bytes() + size_of_val(speaking.as_slice());
                if self.kept <= MOST_KEPT {
                    self.alike.insert(speaking.clone(), Arc::clone(&given));
                }
                given
            }
        };
        self.speaking = speaking;
        given
    }
}

impl Said {
    /// The closest tier that speaks decides; in the tier of groups and sets giving wins, in the others taking.
    pub(super) fn new(population: &Population<'_>, rules: &[RuleId], space: &Space) -> Self {
        let policy = population.in_force.policy;
        let all: Vec<(&Rule, Set)> =
            rules.iter().map(|id| (policy.rule(*id), population.reached(policy.rule(*id).target, space))).collect();
        let (Stated { allow, deny }, decided) = Stated::new(&all, space.size);
        let (mut giving, mut taking) = (Vec::new(), Vec::new());
        for (id, (rule, mut reached)) in rules.iter().zip(all) {
            let (given, taken) = &decided[tier(rule) as usize];
            let (decided, parts) = match rule.effect {
                Effect::Allow => (given, &mut giving),
                Effect::Deny => (taken, &mut taking),
            };
            reached.intersect_with(decided);
            parts.push((*id, reached));
        }
        let few = (allow.len() <= space.size / 16 + FEW).then(|| allow.iter().collect());
        Self { allow, deny, giving, taking, few }
    }
}

/// The stance of one subject on one right, over all targets at once.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// What it gives.
    pub allow: Set,
    /// What it takes.
    pub deny: Set,
}

impl Stated {
    /// Sorts out what rules say, each with what it reaches: the closest tier that speaks decides; in the tier of
    /// groups and sets giving wins, in the others taking. Also what each tier gives and takes.
    pub fn new(rules: &[(&Rule, Set)], size: usize) -> (Self, [(Set, Set); 3]) {
        let empty = || Set::none(size);
        let mut open = Set::all(size);
        let (mut allow, mut deny) = (empty(), empty());
        let decided = [Tier::Itself, Tier::Containing, Tier::All].map(|at| {
            let joined = |effect: Effect| {
                let mut set = empty();
                let of = rules.iter().filter(|(rule, _)| tier(rule) == at && rule.effect == effect);
                of.for_each(|(_, reached)| set.union_with(reached));
                set.intersect_with(&open);
                set
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
