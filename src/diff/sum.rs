//! What people gain or lose because they are new or gone, told in sum where it is too much to be told one by one.
//!
//! Whoever is on one side only gains or loses all that this side gives. So the answers need but be counted, each right for
//! itself; nothing is spelled out.

use crate::model::{Id, RightId, Scope, UserId};
use crate::name::{Name, RightName};
use crate::resolve::{Population, Set, Space, Spread};
use crate::syntax::gate::Turn;
use crate::workers;

use super::compare::{has, size};
use super::joint::Side;
use super::keys::{Keying, Keys, Shelf};

/// The most single answers of people who are new or gone that are told one by one.
pub const SPELLED: usize = 1_000_000;

/// What all who are new gain of a right, or all who are gone lose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum {
    /// Whether it is gained, by people who are new, or lost, by people who are gone.
    pub turn: Turn,
    /// Which right.
    pub right: RightName,
    /// Over what it is.
    pub scope: Option<Scope>,
    /// Whose answers, nobody without one.
    pub users: Keys<Name>,
    /// How many single answers.
    pub answers: usize,
    /// Whether one's own data, which need no right, are left out.
    pub without_own: bool,
}

/// How many single answers turn in sum.
pub fn count_in_sum(sums: &[Sum], turn: Turn) -> usize {
    sums.iter().filter(|sum| sum.turn == turn).map(|sum| sum.answers).sum()
}

/// The sums, for some people who are each on one side only; `None` if they have no more than `most` single answers.
pub(super) fn sums(sides: [&Side<'_>; 2], aside: &Set, most: usize) -> Option<Vec<Sum>> {
    if aside.is_empty() {
        return None;
    }
    let policy = sides[0].policy();
    let mut counted: Vec<Counted> = Vec::new();
    for (side, turn) in [(1, Turn::Gain), (0, Turn::Loss)] {
        let is_there = |user: &UserId| sides[side].present.users.contains(user.index());
        let is_active = |user: &UserId| sides[side].policy().users.get(*user).active;
        let users = aside.iter().map(UserId::from_index).filter(is_there).filter(is_active);
        let users: Vec<UserId> = users.collect();
        if users.is_empty() {
            continue;
        }
        // Threads share the people of a side, and not the side.
        let cases: Vec<Case<'_>> = policy.rights.ids().filter_map(|right| Case::of(sides, side, turn, right)).collect();
        counted.extend(workers::each(&cases, |case| case.count(&users)));
    }
    counted.retain(|counted| counted.answers > 0);
    if counted.iter().map(|counted| counted.answers).sum::<usize>() <= most {
        return None;
    }
    let sets: Vec<Set> =
        counted.iter().map(|counted| Set::of(aside.size(), counted.users.iter().map(|user| user.index()))).collect();
    let key = |index| policy.users.key(UserId::from_index(index)).clone();
    let mut keying = Keying::new(aside.size(), &sets.iter().collect::<Vec<_>>(), key, &mut Shelf::default());
    let sum = |(counted, set): (Counted, Set)| Sum {
        turn: counted.turn,
        right: policy.rights.key(counted.right).clone(),
        scope: counted.scope,
        users: keying.keys(&set.into()),
        answers: counted.answers,
        without_own: counted.without_own,
    };
    let mut sums: Vec<Sum> = counted.into_iter().zip(sets).map(sum).collect();
    sums.sort();
    Some(sums)
}

/// One right on one side.
struct Case<'p> {
    population: &'p Population<'p>,
    turn: Turn,
    right: RightId,
    scope: Option<Scope>,
    /// The targets that this side has.
    present: Set,
    without_own: bool,
}

/// What was counted: whose answers, and how many.
struct Counted {
    turn: Turn,
    right: RightId,
    scope: Option<Scope>,
    without_own: bool,
    users: Vec<UserId>,
    answers: usize,
}

impl<'p> Case<'p> {
    fn of(sides: [&'p Side<'p>; 2], side: usize, turn: Turn, right: RightId) -> Option<Self> {
        let scope = sides[side].policy().rights.get(right).scope;
        let there = sides[side];
        let with_right: Vec<&Side<'_>> = sides.into_iter().filter(|side| has(side, right, scope)).collect();
        let allows_own = |side: &&Side<'_>| side.policy().rights.get(right).own_data_allowed;
        has(there, right, scope).then(|| Self {
            population: &there.population,
            turn,
            right,
            scope,
            present: scope.map_or_else(|| Set::all(size(sides, None)), |scope| there.present.singles(scope).clone()),
            without_own: scope == Some(Scope::People) && with_right.iter().all(allows_own),
        })
    }

    fn count(&self, users: &[UserId]) -> Counted {
        let policy = self.population.in_force().policy;
        let over_people = self.scope == Some(Scope::People);
        // Own data that need no right count as held, unless they are left out.
        let own_allowed = over_people && policy.rights.get(self.right).own_data_allowed;
        let space = if self.present.missing() == 0 { Space::whole(self.present.size()) } else { self.some() };
        let mut spread = Spread::new(self.population, self.right, space.clone());
        let (mut holders, mut answers) = (Vec::new(), 0);
        for user in users {
            if self.scope.is_none() {
                if self.population.decide(*user, self.right, None).allowed {
                    holders.push(*user);
                    answers += 1;
                }
                continue;
            }
            let own = if over_people { space.at(user.index()) } else { Space::OUTSIDE };
            let (count, has_own) = spread.count(*user, own);
            let count = match (over_people && has_own, self.without_own) {
                (true, true) => count - 1,
                (false, false) => count + usize::from(own_allowed),
                _ => count,
            };
            if count > 0 {
                holders.push(*user);
                answers += count;
            }
        }
        let Self { turn, right, scope, without_own, .. } = *self;
        Counted { turn, right, scope, without_own, users: holders, answers }
    }

    /// Only what is there has a position.
    fn some(&self) -> Space {
        let mut positions = vec![Space::OUTSIDE; self.present.size()];
        self.present.iter().enumerate().for_each(|(position, index)| positions[index] = position);
        Space::some(self.present.len(), positions)
    }
}
