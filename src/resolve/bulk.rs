//! Single decisions, very many of them: what the groups of everybody are is looked up once, with the population.
//!
//! The decision is the one of [`decide`](super::decide); only what it stands on is made ready before.

use std::borrow::Cow;

use crate::model::{GroupId, Id, Policy, RightId, Single, Subject, UserId};

use super::stance::Stance;
use super::{Aim, Bits, Decision, Ground, InForce, Plain, Population, decide_by};

impl Population<'_> {
    /// Decides whether a user may do a right, over a target if it has targets. As [`decide`](super::decide), many times as
    /// fast.
    pub fn decide(&self, user: UserId, right: RightId, target: Option<Single>) -> Decision {
        if target.is_none()
            && let Some(decision) = self.plain().decide(user, right)
        {
            return decision;
        }
        let aim = target.map(|target| self.aim(target));
        decide_by(self, self.person(user), right, aim.as_ref())
    }

    /// Whether a group has a rule in force about a right.
    pub(super) fn speaks(&self, group: GroupId, right: RightId) -> bool {
        self.speaks.contains(group.index() * self.rules.len() + right.index())
    }

    /// The plain rights of everybody.
    pub fn plain(&self) -> &Plain {
        self.plain.get_or_init(|| Plain::new(self.in_force()))
    }

    /// A target with what contains it.
    fn aim(&self, target: Single) -> Aim<'_> {
        match target {
            Single::User(user) => Aim::Person(Cow::Borrowed(self.person(user))),
            Single::Module(_) | Single::Attachment(_) => Aim::new(self.in_force(), target),
        }
    }
}

impl Ground for Population<'_> {
    fn policy(&self) -> &Policy {
        self.in_force().policy
    }

    fn is_active(&self, user: UserId) -> bool {
        self.in_force().is_active(user)
    }

    fn stance(&self, subject: Subject, right: RightId, aim: Option<&Aim<'_>>) -> Option<Stance> {
        // Most groups say nothing about a right, and one bit tells it.
        match subject {
            Subject::Group(group) if !self.speaks(group, right) => None,
            _ => InForce::stance(self.in_force(), subject, right, aim),
        }
    }
}

/// Which groups have a rule in force about which right.
pub(super) fn speaking(in_force: &InForce<'_>) -> Bits {
    let policy = in_force.policy;
    let mut speaks = Bits::with_capacity(policy.groups.len() * policy.rights.len());
    for rule in policy.rules.iter().filter(|rule| rule.validity.holds(in_force.on)) {
        if let Subject::Group(group) = rule.subject {
            speaks.insert(group.index() * policy.rights.len() + rule.right.index());
        }
    }
    speaks
}
