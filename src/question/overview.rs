//! Everything that a user, or whoever is in a group, can do, and what it comes from.
//!
//! For each right the targets are divided by the rule that decides, so that a large organisation is answered by sets.

use crate::model::{AttachmentId, Id, ModuleId, Policy, RightId, Scope, Single, Subject, UserId};
use crate::resolve::{Origin, Origins, Population, Space};

/// What a subject can do with one right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The right.
    pub right: RightId,
    /// Every target, by what decides about it.
    pub origins: Vec<Origin>,
}

/// What a position in the sets of a right stands for; `None` for plain rights.
pub fn at_position(policy: &Policy, right: RightId, position: usize) -> Option<Single> {
    Some(match policy.rights.get(right).scope? {
        Scope::People => Single::User(UserId::from_index(position)),
        Scope::Modules => Single::Module(ModuleId::from_index(position)),
        Scope::Attachments => Single::Attachment(AttachmentId::from_index(position)),
    })
}

impl Holding {
    /// Every single target with what decides about it, in order.
    pub fn singles<'a>(&'a self, policy: &'a Policy) -> impl Iterator<Item = (Option<Single>, &'a Origin)> {
        let mut all: Vec<(usize, &Origin)> =
            self.origins.iter().flat_map(|origin| origin.targets.iter().map(move |at| (at, origin))).collect();
        all.sort_unstable_by_key(|(at, _)| *at);
        all.into_iter().map(|(at, origin)| (at_position(policy, self.right, at), origin))
    }
}

/// Divides the targets of every right by what decides about them for a subject.
pub fn overview(population: &Population<'_>, subject: Subject) -> Vec<Holding> {
    let policy = population.in_force().policy;
    let origins = Origins::new(population, subject);
    let holding = |right: RightId| Holding { right, origins: origins.of(right, &space(policy, right)) };
    policy.rights.ids().map(holding).collect()
}

/// Every single target of a right, at the index of its id.
fn space(policy: &Policy, right: RightId) -> Space {
    let Some(scope) = policy.rights.get(right).scope else { return Space::plain() };
    Space::whole(policy.single_targets(scope).len())
}
