//! Where what one subject may or may not do comes from: for a right, which rule decides over which targets.
//!
//! Gives for every target the step, and the rule that [`prove`](super::prove()) names first, by sets of targets; a law
//! holds the two equal.

use crate::model::{Id, RightId, RuleId, Scope, Subject};

use super::spread::Said;
use super::{Bits, InForce, Path, Population, Proven, Space, Step};

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
    pub targets: Bits,
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
        let mut division = Division { open: all(space), found: Vec::new() };
        if let Subject::User(user) = self.subject {
            if !policy.users.get(user).active {
                division.take(Step::Inactive, false, None, &all(space));
                return division.found;
            }
            let declared = policy.rights.get(right);
            if declared.own_data_allowed && declared.scope == Some(Scope::People) {
                let mut own = Bits::with_capacity(space.size);
                own.insert(space.positions[user.index()]);
                division.take(Step::OwnData, true, None, &own);
            }
        }
        let said: Vec<(&Speaker, Said)> =
            self.speakers.iter().map(|speaker| (speaker, self.said(speaker.0, right, space))).collect();
        let is_user = |speaker: &Speaker| matches!(speaker.0, Subject::User(_));
        for (step, of_user) in [(Step::User, true), (Step::GroupAllow, false)] {
            for ((_, path), said) in said.iter().filter(|(speaker, _)| is_user(speaker) == of_user) {
                division.take_all(step, true, path, self.in_order(&said.giving));
                // A user's own deny decides before any group; a group's only where no group allows.
                if of_user {
                    division.take_all(step, false, path, self.in_order(&said.taking));
                }
            }
        }
        for ((_, path), said) in said.iter().filter(|(speaker, _)| !is_user(speaker)) {
            division.take_all(Step::GroupDeny, false, path, self.in_order(&said.taking));
        }
        division.take(Step::Default, false, None, &all(space));
        division.found
    }

    fn said(&self, speaker: Subject, right: RightId, space: &Space) -> Said {
        let in_force = self.population.in_force();
        let rules = in_force.policy.rules_on(speaker, right).filter(|(_, rule)| rule.validity.holds(in_force.on));
        Said::new(self.population, &rules.map(|(id, _)| id).collect::<Vec<_>>(), space)
    }

    /// The rules of one subject, in the order in which a proof names them.
    fn in_order<'r>(&self, rules: &'r [(RuleId, Bits)]) -> Vec<&'r (RuleId, Bits)> {
        let mut rules: Vec<&(RuleId, Bits)> = rules.iter().collect();
        rules.sort_by_key(|(rule, _)| (self.population.in_force().policy.rule(*rule).place, *rule));
        rules
    }
}

/// Targets that are being divided.
struct Division {
    /// What nobody decided about yet.
    open: Bits,
    found: Vec<Origin>,
}

impl Division {
    fn take_all(&mut self, step: Step, allowed: bool, path: &Path, rules: Vec<&(RuleId, Bits)>) {
        for (rule, reached) in rules {
            self.take(step, allowed, Some(Proven { rule: *rule, path: path.clone() }), reached);
        }
    }

    fn take(&mut self, step: Step, allowed: bool, rule: Option<Proven>, reached: &Bits) {
        let mut targets = reached.clone();
        targets.intersect_with(&self.open);
        if !targets.is_clear() {
            self.open.difference_with(&targets);
            self.found.push(Origin { allowed, step, rule, targets });
        }
    }
}

fn all(space: &Space) -> Bits {
    let mut all = Bits::with_capacity(space.size);
    all.insert_range(..);
    all
}
