//! Where what one subject may or may not do comes from: for a right, which rule decides over which targets.
//!
//! Gives for every target the step, and the rule that [`prove`](super::prove()) names first, by sets of targets; a law
//! holds the two equal.

use std::collections::HashMap;

use crate::model::{Id, RightId, RuleId, Scope, Subject};

use super::division::{Division, Part};
use super::spread::Said;
use super::{InForce, Path, Population, Proven, Set, Space, Step};

/// A part of the targets of a right, over which the same rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whether it may be done over them.
    pub allowed: bool,
    /// The step that decided.
    pub step: Step,
    /// The rule that decided first, with the way to it; `None` where no rule did.
    pub rule: Option<Proven>,
    /// The positions of the targets; never empty.
    pub targets: Set,
}

/// Somebody whose rules count, and the way there.
type Speaker = (Subject, Path);

/// Everybody who speaks about a subject, in the order in which a proof names them.
pub struct Origins<'p> {
    population: &'p Population<'p>,
    subject: Subject,
    /// The subject itself, then the groups around it, shorter ways first.
    speakers: Vec<Speaker>,
}

impl<'p> Origins<'p> {
    /// Finds the groups around a subject and the ways to them.
    pub fn new(population: &'p Population<'p>, subject: Subject) -> Self {
        let in_force: &InForce<'_> = population.in_force();
        let ways = in_force.paths_of(subject).into_iter().map(|(group, path)| (Subject::Group(group), path));
        let mut speakers: Vec<Speaker> = ways.filter(|(speaker, _)| *speaker != subject).collect();
        speakers.push((subject, Path::new()));
        speakers.sort_by_cached_key(|(_, path)| (path.len(), in_force.subjects_along(subject, path)));
        Self { population, subject, speakers }
    }

    /// Divides the targets of a right by what decides about them, in the order of the steps.
    pub fn of(&self, right: RightId, space: &Space) -> Vec<Origin> {
        let policy = self.population.in_force().policy;
        let mut division = Division::new(Set::all(space.size));
        if let Subject::User(user) = self.subject {
            if !policy.users.get(user).active {
                return self.with_ways(division.rest(Step::Inactive));
            }
            let declared = policy.rights.get(right);
            if declared.own_data_allowed && declared.scope == Some(Scope::People) {
                division.take(Step::OwnData, true, &Set::one(space.size, space.at(user.index())));
            }
        }
        let said = |speaker: &Speaker| self.said(speaker.0, right, space);
        let is_user = |speaker: &&Speaker| matches!(speaker.0, Subject::User(_));
        let own = self.speakers.iter().find(is_user).map(said);
        let groups: Vec<Said> = self.speakers.iter().filter(|speaker| !is_user(speaker)).map(said).collect();
        self.with_ways(division.decide(own.as_ref(), &groups.iter().collect::<Vec<_>>()))
    }

    /// The rules in force of one subject, in the order in which a proof names them.
    fn said(&self, speaker: Subject, right: RightId, space: &Space) -> Said {
        let in_force = self.population.in_force();
        let rules = in_force.policy.rules_on(speaker, right).filter(|(_, rule)| rule.validity.holds(in_force.on));
        let mut rules: Vec<(RuleId, _)> = rules.map(|(id, rule)| (id, rule.place)).collect();
        rules.sort_by_key(|(id, place)| (*place, *id));
        Said::new(self.population, &rules.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), space)
    }

    fn with_ways(&self, parts: Vec<Part>) -> Vec<Origin> {
        let ways: HashMap<Subject, &Path> = self.speakers.iter().map(|(speaker, path)| (*speaker, path)).collect();
        let way = |rule: RuleId| {
            let subject = self.population.in_force().policy.rule(rule).subject;
            Proven { rule, path: ways.get(&subject).copied().cloned().unwrap_or_default() }
        };
        let origin =
            |Part { allowed, step, rule, targets }: Part| Origin { allowed, step, rule: rule.map(way), targets };
        parts.into_iter().map(origin).collect()
    }
}
