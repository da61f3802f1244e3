//! What an expectation asks of each user: how many single answers there are, and how many of them are yes.

use crate::model::{Id, Meant, RightId, Scope, Single, Target, UserId};
use crate::resolve::{Population, Request, Space, Spread};

/// The answers to all that is asked of one user; what one does with one's own data is left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// How many single answers there are.
    pub asked: u32,
    /// How many of them are yes.
    pub allowed: u32,
}

/// What a day's expectations ask, each thing worked out once.
#[derive(Default)]
pub struct Sheet<'p>(Vec<(Meant, Asked<'p>)>);

impl<'p> Sheet<'p> {
    /// The number under which something is asked.
    pub fn number(&mut self, population: &'p Population<'p>, meant: &Meant) -> usize {
        if let Some(known) = self.0.iter().position(|(known, _)| known == meant) {
            return known;
        }
        self.0.push((meant.clone(), Asked::new(population, meant)));
        self.0.len() - 1
    }

    /// What is asked under a number.
    pub fn asked(&mut self, number: usize) -> &mut Asked<'p> {
        &mut self.0[number].1
    }
}

/// A right over some targets, ready to be asked of anybody.
pub struct Asked<'p> {
    population: &'p Population<'p>,
    /// The rights, if they are plain: nothing need be worked out for them.
    plain: Vec<RightId>,
    rights: Vec<OneRight<'p>>,
    /// The targets in order of names; `None` for plain rights.
    singles: Vec<Option<Single>>,
    /// Where the data of each user stand among them.
    own: Vec<usize>,
    /// What was counted for each user already.
    known: Vec<Option<Tally>>,
}

struct OneRight<'p> {
    right: RightId,
    spread: Spread<'p>,
    /// Whether nobody is asked about the own data.
    without_own: bool,
}

impl<'p> Asked<'p> {
    /// Works out what is asked.
    fn new(population: &'p Population<'p>, meant: &Meant) -> Self {
        let policy = population.in_force().policy;
        let scope = meant.rights.first().and_then(|right| policy.rights.get(*right).scope);
        let singles = singles(population, scope, meant.target);
        let mut positions = vec![Space::OUTSIDE; scope.map_or(1, |scope| policy.single_targets(scope).len())];
        for (position, single) in singles.iter().enumerate() {
            positions[single.map_or(0, index)] = position;
        }
        let own = if scope == Some(Scope::People) { positions.clone() } else { Vec::new() };
        let space = Space::some(singles.len(), positions);
        if scope.is_none() {
            let (plain, known) = (meant.rights.clone(), vec![None; policy.users.len()]);
            return Self { population, plain, rights: Vec::new(), singles, own: Vec::new(), known };
        }
        // A group as a target means its members other than the one who asks.
        let of_others = matches!(meant.target, Some(Target::Group(_)));
        let rights = meant.rights.iter().map(|right| OneRight {
            right: *right,
            spread: Spread::new(population, *right, space.clone()),
            without_own: of_others || policy.rights.get(*right).own_data_allowed,
        });
        Self {
            population,
            plain: Vec::new(),
            rights: rights.collect(),
            singles,
            own,
            known: vec![None; policy.users.len()],
        }
    }

    /// Counts the answers for an active user.
    pub fn tally(&mut self, user: UserId) -> Tally {
        if let Some(known) = self.known[user.index()] {
            return known;
        }
        let mut tally = Tally::default();
        for right in &self.plain {
            tally.asked += 1;
            tally.allowed += u32::from(self.population.decide(user, *right, None).allowed);
        }
        let own = self.own.get(user.index()).copied().unwrap_or(Space::OUTSIDE);
        for one in &mut self.rights {
            let own = if one.without_own { own } else { Space::OUTSIDE };
            let (count, has_own) = one.spread.count(user, own);
            tally.asked += narrow(self.singles.len() - usize::from(own != Space::OUTSIDE));
            tally.allowed += narrow(count - usize::from(has_own));
        }
        self.known[user.index()] = Some(tally);
        tally
    }

    /// The first request, in order of rights and names, that is allowed or refused.
    pub fn first(&mut self, user: UserId, allowed: bool) -> Option<Request> {
        let own = self.own.get(user.index()).copied().unwrap_or(Space::OUTSIDE);
        let singles = &self.singles;
        let population = self.population;
        let mut plain = self.plain.iter().map(|right| Request::by(user, *right, None));
        let of_plain = plain.find(|request| population.decide(user, request.right, None).allowed == allowed);
        of_plain.or_else(|| {
            self.rights.iter_mut().find_map(|one| {
                let own = if one.without_own { own } else { Space::OUTSIDE };
                let bits = one.spread.bits(user);
                let position =
                    (0..singles.len()).find(|position| *position != own && bits.contains(*position) == allowed)?;
                Some(Request::by(user, one.right, singles[position]))
            })
        })
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn index(single: Single) -> usize {
    match single {
        Single::User(id) => id.index(),
        Single::Module(id) => id.index(),
        Single::Attachment(id) => id.index(),
    }
}

/// The single targets that a target stands for, in order of names.
fn singles(population: &Population<'_>, scope: Option<Scope>, target: Option<Target>) -> Vec<Option<Single>> {
    let policy = population.in_force().policy;
    let (Some(scope), Some(target)) = (scope, target) else { return vec![None] };
    let singles = match target {
        Target::User(id) => vec![Single::User(id)],
        Target::Module(id) => vec![Single::Module(id)],
        Target::Attachment(id) => vec![Single::Attachment(id)],
        Target::Group(group) => population.members(group).iter().copied().map(Single::User).collect(),
        Target::ModuleSet(set) => {
            let mut modules = policy.module_sets.get(set).modules.clone();
            modules.sort_unstable();
            modules.dedup();
            modules.into_iter().map(Single::Module).collect()
        }
        Target::Everyone | Target::Everything => policy.single_targets(scope),
    };
    singles.into_iter().map(Some).collect()
}
