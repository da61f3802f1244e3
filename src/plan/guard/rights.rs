//! The guards over what people can do: how many of those who hold a right lose it or gain it, and how much of their
//! rights the members of a group.
//!
//! Counts what the plan says of gains and losses, and asks the database's own policy only where so many people are
//! concerned that a guard can trip.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Change, Keys, Sum};
use crate::model::{GroupId, Id, Policy, RightId, Scope, UserId};
use crate::name::{Name, RightName};
use crate::resolve::{InForce, Population, Space, Spread};
use crate::state::{self, Fact, Key, State};
use crate::syntax::gate::Turn;
use crate::syntax::settings::Guard;

use super::{Case, Measure, Subject, Tripped};

/// How many single answers turned, by right and by whose they are. Own data that need no right are none.
type Turned<'a> = BTreeMap<&'a RightName, OfRight<'a>>;

/// How many single answers about a right turned.
#[derive(Debug, Default)]
struct OfRight<'a> {
    /// Of people who are there before and after.
    counted: BTreeMap<&'a Name, usize>,
    /// Of people who are new or gone and whose answers are told in sum: all that they have turned.
    in_sum: Option<&'a Keys<Name>>,
    /// How many these are.
    answers: usize,
}

impl<'a> OfRight<'a> {
    fn people(&self) -> impl Iterator<Item = &'a Name> {
        self.counted.keys().copied().chain(self.in_sum.into_iter().flatten())
    }

    fn number(&self) -> usize {
        self.counted.len() + self.in_sum.map_or(0, Keys::len)
    }

    fn answers(&self) -> usize {
        self.counted.values().sum::<usize>() + self.answers
    }

    /// Whether somebody's right counts as turned who held it over so many targets.
    fn is_most(&self, guard: Guard, name: &Name, held: usize) -> bool {
        let counted = self.counted.get(name).is_some_and(|count| is_most(guard, *count, held));
        counted || self.in_sum.is_some_and(|users| users.contains(name))
    }
}

/// Both guards.
pub(super) fn judge(case: &Case<'_>) -> Vec<Tripped> {
    let effective = &case.plan.effective;
    let sides = [(Guard::LoseRights, &effective.losses), (Guard::GainRights, &effective.gains)];
    let turned_by = |turn: Turn| effective.sums.iter().filter(move |sum| sum.turn == turn);
    let sides = sides.map(|(guard, changes)| {
        let turn = if guard == Guard::LoseRights { Turn::Loss } else { Turn::Gain };
        (Measure::of(guard, case.settings), turned(changes, turned_by(turn)))
    });
    let concerns = |(measure, turned): &(Measure, Turned<'_>)| measure.can_trip(people(turned).len());
    if !sides.iter().any(concerns) {
        return Vec::new();
    }
    let policy = state::compile(&case.plan.before, |_| None);
    let in_force = InForce::new(&policy, case.plan.days[0]);
    let before = Before { population: Population::new(&in_force), after: &case.plan.after };
    let judged = sides.iter().filter(|side| concerns(side));
    judged.flat_map(|(measure, turned)| before.judge(measure, turned)).collect()
}

fn turned<'a>(changes: &'a [Change], sums: impl Iterator<Item = &'a Sum>) -> Turned<'a> {
    let mut turned = Turned::new();
    for change in changes {
        let of_right = turned.entry(&change.right).or_default();
        for user in &change.users {
            *of_right.counted.entry(user).or_default() += change.count_of(user);
        }
        of_right.counted.retain(|_, count| *count > 0);
    }
    for sum in sums {
        let of_right = turned.entry(&sum.right).or_default();
        (of_right.in_sum, of_right.answers) = (Some(&sum.users), sum.answers);
    }
    turned
}

fn people<'a>(turned: &Turned<'a>) -> BTreeSet<&'a Name> {
    turned.values().flat_map(OfRight::people).collect()
}

/// What the database gives before the plan.
struct Before<'p> {
    population: Population<'p>,
    /// What it will say, for rights that are over something else then.
    after: &'p State,
}

/// What a member of a group holds, and how much of it turns.
#[derive(Debug, Clone, Copy, Default)]
struct Member {
    rights: usize,
    turned: usize,
}

impl<'p> Before<'p> {
    fn policy(&self) -> &'p Policy {
        self.population.in_force().policy
    }

    fn judge(&self, measure: &Measure, turned: &Turned<'_>) -> Vec<Tripped> {
        let policy = self.policy();
        let concerned: BTreeSet<UserId> =
            people(turned).into_iter().filter_map(|name| policy.users.find(name)).collect();
        let groups: Vec<(GroupId, Vec<UserId>)> = self.groups(measure, &concerned);
        let mut members: BTreeMap<UserId, Member> =
            groups.iter().flat_map(|(_, members)| members.iter().map(|user| (*user, Member::default()))).collect();
        let mut found = Vec::new();
        for (right, name, _) in policy.rights.iter() {
            let users = turned.get(name).filter(|users| measure.can_trip(users.number()));
            if users.is_none() && members.is_empty() {
                continue;
            }
            let mut reach = Reach::new(&self.population, right, self.is_without_own(right, name));
            for (user, member) in &mut members {
                let held = reach.of(*user);
                let of_right = turned.get(name);
                member.rights += usize::from(held > 0);
                let is_most = |of_right: &OfRight<'_>| of_right.is_most(measure.guard, policy.users.key(*user), held);
                member.turned += usize::from(of_right.is_some_and(is_most));
            }
            if let Some(users) = users {
                let held = policy.users.ids().map(|user| reach.of(user)).sum();
                found.extend(judged(measure, name, users, held));
            }
        }
        // What nobody can hold yet.
        for (name, users) in turned.iter().filter(|(name, _)| policy.rights.find(name).is_none()) {
            for member in users.people().filter_map(|name| policy.users.find(name)) {
                members.entry(member).and_modify(|member| member.turned += 1);
            }
            found.extend(judged(measure, name, users, 0));
        }
        found.sort_by(|a, b| a.subject.cmp(&b.subject));
        for (group, of_group) in groups {
            let all = of_group.iter().filter_map(|user| Some((user, members.get(user)?)));
            let (mut rights, mut count, mut users) = (0, 0, BTreeSet::new());
            for (user, member) in all {
                rights += member.rights;
                count += member.turned;
                if member.turned > 0 {
                    users.insert(policy.users.key(*user));
                }
            }
            found.extend(measure.judge(Subject::Group(policy.groups.key(group).clone()), count, rights, users));
        }
        found
    }

    /// The groups of which so many active members are concerned that the guard can trip, with all their active members.
    fn groups(&self, measure: &Measure, concerned: &BTreeSet<UserId>) -> Vec<(GroupId, Vec<UserId>)> {
        let policy = self.policy();
        let with_members = policy.groups.ids().filter_map(|group| {
            let active = |user: &UserId| policy.users.get(*user).active;
            let members: Vec<UserId> = self.population.members(group).iter().copied().filter(active).collect();
            let people = members.iter().filter(|user| concerned.contains(user)).count();
            (people > 0 && measure.can_trip(people)).then_some((group, members))
        });
        with_members.collect()
    }

    /// Whether own data need no right, wherever the right is over people. So the difference counts them.
    fn is_without_own(&self, right: RightId, name: &RightName) -> bool {
        let before = self.policy().rights.get(right);
        let after = match self.after.facts.get(&Key::Right(name.clone())) {
            Some(Fact::Right(after)) => Some(after),
            _ => None,
        };
        let mut sides = [Some(before), after].into_iter().flatten().filter(|right| right.scope == Some(Scope::People));
        sides.all(|right| right.own_data_allowed)
    }
}

fn judged(measure: &Measure, name: &RightName, users: &OfRight<'_>, of: usize) -> Option<Tripped> {
    measure.judge(Subject::Right(name.clone()), users.answers(), of, users.people().collect())
}

/// Whether a right counts as lost or gained by somebody: if it is lost over the greater part of what it was over, or
/// reaches more than twice as far. That a colleague comes or goes does not turn everybody's right over the others.
fn is_most(guard: Guard, turned: usize, held: usize) -> bool {
    match guard {
        Guard::LoseRights => turned * 2 > held,
        _ => turned > held,
    }
}

/// How far one right reaches.
struct Reach<'p> {
    spread: Spread<'p>,
    policy: &'p Policy,
    scope: Option<Scope>,
    without_own: bool,
    own_allowed: bool,
}

impl<'p> Reach<'p> {
    fn new(population: &'p Population<'p>, right: RightId, without_own: bool) -> Self {
        let policy = population.in_force().policy;
        let declared = policy.rights.get(right);
        let space = match declared.scope {
            None => Space::plain(),
            Some(scope) => Space::whole(policy.single_targets(scope).len()),
        };
        let own_allowed = declared.scope == Some(Scope::People) && declared.own_data_allowed;
        Self { spread: Spread::new(population, right, space), policy, scope: declared.scope, without_own, own_allowed }
    }

    /// Over how many targets somebody has it.
    fn of(&mut self, user: UserId) -> usize {
        if !self.policy.users.get(user).active {
            return 0;
        }
        let over_people = self.scope == Some(Scope::People);
        let (count, own) = self.spread.count(user, if over_people { user.index() } else { Space::OUTSIDE });
        match (over_people && own, self.without_own) {
            (true, true) => count - 1,
            (false, false) => count + usize::from(self.own_allowed),
            _ => count,
        }
    }
}
