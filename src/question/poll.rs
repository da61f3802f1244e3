//! One question put to everybody.
//!
//! Says of each user what [`answer`](super::answer) says, by sets of targets instead of a decision for each target; a law
//! holds the two equal.

use crate::model::{Id, Meant, RightId, Scope, Single, Target, UserId};
use crate::resolve::{Population, Request, Space, Spread};

use super::standing_for;

/// Rights over some targets, ready to be asked of anybody.
pub struct Poll<'p> {
    population: &'p Population<'p>,
    rights: Vec<OneRight<'p>>,
}

/// One of the rights.
struct OneRight<'p> {
    right: RightId,
    /// The targets in order of names; `None` for a plain right.
    singles: Vec<Option<Single>>,
    spread: Spread<'p>,
    own: Own,
    /// Where the data of each user stand among the targets; nothing for what is not over people.
    positions: Vec<usize>,
}

/// What is asked about the own data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    /// The same as about those of others.
    Asked,
    /// Nothing, for they need no right.
    Free,
    /// Nothing, for a group as a target means its other members.
    LeftOut,
}

impl<'p> Poll<'p> {
    /// Works out what is asked.
    pub fn new(population: &'p Population<'p>, meant: &Meant) -> Self {
        let rights = meant.rights.iter().map(|right| OneRight::new(population, *right, meant.target));
        Self { population, rights: rights.collect() }
    }

    /// Whether a user can do all of it. With nobody to ask about the answer is no.
    pub fn can(&mut self, user: UserId) -> bool {
        let active = self.population.in_force().policy.users.get(user).active;
        active && self.rights.iter().any(|one| one.asks(user)) && self.rights.iter_mut().all(|one| one.can(user))
    }

    /// The request whose step the answer shows: the first refused one in order of rights and names, else the first.
    pub fn shown(&mut self, user: UserId) -> Option<Request> {
        let active = self.population.in_force().policy.users.get(user).active;
        let refused = if active { self.rights.iter_mut().find_map(|one| one.refused(user)) } else { None };
        refused.or_else(|| self.rights.iter().find_map(|one| one.first(user)))
    }
}

impl<'p> OneRight<'p> {
    fn new(population: &'p Population<'p>, right: RightId, target: Option<Target>) -> Self {
        let in_force = population.in_force();
        let policy = in_force.policy;
        let declared = policy.rights.get(right);
        let singles: Vec<Option<Single>> = match target {
            None => vec![None],
            Some(target) => {
                let mut singles = standing_for(in_force, declared, target);
                singles.dedup();
                singles.into_iter().map(Some).collect()
            }
        };
        let mut positions = vec![Space::OUTSIDE; declared.scope.map_or(1, |scope| policy.single_targets(scope).len())];
        for (position, single) in singles.iter().enumerate() {
            positions[single.map_or(0, index)] = position;
        }
        let own = match target {
            Some(Target::Group(_)) => Own::LeftOut,
            _ if declared.own_data_allowed => Own::Free,
            _ => Own::Asked,
        };
        let space = Space::some(singles.len(), positions.clone());
        let positions = if declared.scope == Some(Scope::People) { positions } else { Vec::new() };
        Self { right, singles, spread: Spread::new(population, right, space), own, positions }
    }

    /// Where the own data of a user stand, if rules do not decide about them here.
    fn apart(&self, user: UserId) -> usize {
        let own = self.positions.get(user.index()).copied().filter(|_| self.own != Own::Asked);
        own.unwrap_or(Space::OUTSIDE)
    }

    /// How many targets a user is asked about that rules decide.
    fn open(&self, user: UserId) -> usize {
        self.singles.len() - usize::from(self.apart(user) != Space::OUTSIDE)
    }

    /// Whether a user is asked about anything.
    fn asks(&self, user: UserId) -> bool {
        self.open(user) > 0 || self.own == Own::Free && self.apart(user) != Space::OUTSIDE
    }

    /// Whether an active user is refused nothing.
    fn can(&mut self, user: UserId) -> bool {
        let apart = self.apart(user);
        let (count, has_own) = self.spread.count(user, apart);
        count - usize::from(has_own) == self.open(user)
    }

    /// The first request that an active user is refused.
    fn refused(&mut self, user: UserId) -> Option<Request> {
        let (apart, bits) = (self.apart(user), self.spread.bits(user));
        let position = (0..self.singles.len()).find(|position| *position != apart && !bits.contains(*position))?;
        Some(Request::by(user, self.right, self.singles[position]))
    }

    /// The first request that is made at all.
    fn first(&self, user: UserId) -> Option<Request> {
        let left_out = if self.own == Own::LeftOut { self.apart(user) } else { Space::OUTSIDE };
        let position = (0..self.singles.len()).find(|position| *position != left_out)?;
        Some(Request::by(user, self.right, self.singles[position]))
    }
}

fn index(single: Single) -> usize {
    match single {
        Single::User(id) => id.index(),
        Single::Module(id) => id.index(),
        Single::Attachment(id) => id.index(),
    }
}
