//! Everybody by every right, user by user: people times people are billions of answers in a large firm, so that no more
//! than those of one user ever stand in memory.

use crate::model::{Id, Policy, RightId, Scope, Single, UserId};
use crate::resolve::{Population, Space, Spread};

use super::Held;

/// Of which rights everything is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// Of the plain ones.
    Plain,
    /// Of all.
    Scoped,
}

/// What everybody may, user by user: every plain right, and with scoped ones every right over every single target. A
/// user's answers are worked out when they are asked for.
pub fn everything(population: &Population<'_>, cells: Cells) -> impl Iterator<Item = (UserId, Vec<Held>)> {
    let policy = population.in_force().policy;
    let asked = asked(policy, cells);
    policy.users.ids().map(move |user| {
        let cells = asked.iter().flat_map(|(right, targets)| targets.iter().map(|target| (*right, *target)));
        let held = |(right, target)| Held { right, target, decision: population.decide(user, right, target) };
        (user, cells.map(held).collect())
    })
}

/// How many answers [`everything`] lists.
pub fn count(policy: &Policy, cells: Cells) -> usize {
    let of_one: usize = asked(policy, cells).iter().map(|(_, targets)| targets.len()).sum();
    policy.users.len().saturating_mul(of_one)
}

/// Each right of which is asked, over what.
fn asked(policy: &Policy, cells: Cells) -> Vec<(RightId, Vec<Option<Single>>)> {
    let targets = |right: RightId| match (policy.rights.get(right).scope, cells) {
        (None, _) => vec![None],
        (Some(_), Cells::Plain) => Vec::new(),
        (Some(scope), Cells::Scoped) => policy.single_targets(scope).into_iter().map(Some).collect(),
    };
    policy.rights.ids().map(|right| (right, targets(right))).collect()
}

/// Over how many single targets everybody may do a scoped right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The right.
    pub right: RightId,
    /// How many targets there are.
    pub of: usize,
    /// Over how many of them each user may do it, by the index of the id, oneself included.
    pub users: Vec<usize>,
}

/// Counts what [`everything`] would list of each scoped right, and lists nothing.
pub fn reach(population: &Population<'_>) -> Vec<Reach> {
    let policy = population.in_force().policy;
    let of_right = |(right, scope): (RightId, Scope)| {
        let of = policy.single_targets(scope).len();
        let own = |user: UserId| if scope == Scope::People { user.index() } else { Space::OUTSIDE };
        let is_own_allowed = scope == Scope::People && policy.rights.get(right).own_data_allowed;
        let mut spread = Spread::new(population, right, Space::whole(of));
        let mut count = |user: UserId| {
            if !policy.users.get(user).active {
                return 0;
            }
            let (count, has_own) = spread.count(user, own(user));
            count + usize::from(is_own_allowed && !has_own)
        };
        Reach { right, of, users: policy.users.ids().map(&mut count).collect() }
    };
    let scoped = policy.rights.iter().filter_map(|(right, _, declared)| Some((right, declared.scope?)));
    scoped.map(of_right).collect()
}
