//! Which rule decides about a plain right first, asked of very many people: each group knows the nearest rule around it.
//!
//! Gives the rule that stands first in [`prove`](super::prove()), without the ways to the others. Of two groups that
//! somebody is in directly, the one with the shorter way to a rule is named first, of equally short ones the first by name:
//! two ways that begin in different groups part at once. So a person costs a look at each direct group.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::model::{Effect, GroupId, Id, Member, RightId, Rule, RuleId, Subject, UserId};

use super::{Population, Step};

/// The nearest rules about one plain right.
pub struct Nearest<'p> {
    population: &'p Population<'p>,
    right: RightId,
    /// The groups that everyone is in directly.
    of_everyone: Vec<GroupId>,
    /// For each group, once somebody asks.
    groups: Vec<OnceLock<Around>>,
}

/// The nearest rule that gives, and the nearest that takes, of a group and those around it.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    giving: Option<Near>,
    taking: Option<Near>,
}

/// A rule, and how many groups further it stands.
#[derive(Debug, Clone, Copy)]
struct Near {
    steps: u32,
    rule: RuleId,
}

/// The answer, the step that decided, and the first rule that did.
pub type Verdict = (bool, Step, Option<RuleId>);

impl<'p> Nearest<'p> {
    /// Begins with nothing looked up.
    pub fn new(population: &'p Population<'p>, right: RightId) -> Self {
        let policy = population.in_force().policy;
        let mut of_everyone: Vec<GroupId> = population.in_force().direct_groups(Member::Everyone).collect();
        of_everyone.dedup();
        let groups = std::iter::repeat_with(OnceLock::new).take(policy.groups.len()).collect();
        Self { population, right, of_everyone, groups }
    }

    /// Decides for a user.
    pub fn decide(&self, user: UserId) -> Verdict {
        if !self.population.in_force().policy.users.get(user).active {
            return (false, Step::Inactive, None);
        }
        if let Some((effect, rule)) = self.said(Subject::User(user)) {
            return (effect == Effect::Allow, Step::User, Some(rule));
        }
        let groups =
            || self.of_everyone.iter().copied().chain(self.population.in_force().direct_groups(Member::User(user)));
        let first = |near: fn(&Around) -> Option<Near>| {
            let of = |group: GroupId| near(self.around(group)).map(|near| (near.steps, group, near.rule));
            groups().filter_map(of).min().map(|(_, _, rule)| rule)
        };
        if let Some(rule) = first(|around| around.giving) {
            return (true, Step::GroupAllow, Some(rule));
        }
        match first(|around| around.taking) {
            Some(rule) => (false, Step::GroupDeny, Some(rule)),
            None => (false, Step::Default, None),
        }
    }

    /// What a subject says itself: where it says both, which only a foreign database can, taking wins.
    fn said(&self, subject: Subject) -> Option<(Effect, RuleId)> {
        let in_force = self.population.in_force();
        let all = in_force.policy.rules_on(subject, self.right);
        let speaks = |(_, rule): &(RuleId, &Rule)| rule.target.is_none() && rule.validity.holds(in_force.on);
        all.filter(speaks)
            .map(|(id, rule)| (rule.effect, id))
            .min_by_key(|(effect, id)| (*effect == Effect::Allow, *id))
    }

    fn around(&self, group: GroupId) -> &Around {
        self.groups[group.index()].get_or_init(|| self.look_around(group))
    }

    /// Walks outwards, nearer groups first, and of equally near ones those whose way is first by the names along it.
    fn look_around(&self, group: GroupId) -> Around {
        let mut found = Around::default();
        let (mut seen, mut ring, mut steps) = (HashSet::from([group]), vec![group], 0);
        while !ring.is_empty() {
            for group in ring.iter().copied().filter(|group| self.population.speaks(*group, self.right)) {
                let Some((effect, rule)) = self.said(Subject::Group(group)) else { continue };
                let nearest = match effect {
                    Effect::Allow => &mut found.giving,
                    Effect::Deny => &mut found.taking,
                };
                nearest.get_or_insert(Near { steps, rule });
            }
            if found.giving.is_some() && found.taking.is_some() {
                break;
            }
            let next = ring.iter().flat_map(|group| self.population.in_force().direct_groups(Member::Group(*group)));
            ring = next.filter(|group| seen.insert(*group)).collect();
            steps += 1;
        }
        found
    }
}
