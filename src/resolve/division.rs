//! Targets divided by what decides about them: over which of them which step, and which rule first.

use crate::model::RuleId;

use super::spread::Said;
use super::{Set, Step};

/// A part of the targets of a right, over which the same rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whether it may be done over them.
    pub allowed: bool,
    /// The step that decided.
    pub step: Step,
    /// The rule that decided first; `None` where no rule did.
    pub rule: Option<RuleId>,
    /// The positions of the targets; never empty.
    pub targets: Set,
}

/// Targets that are being divided.
pub(super) struct Division {
    /// What nobody decided about yet.
    open: Set,
    found: Vec<Part>,
}

impl Division {
    /// Begins with some targets, all open.
    pub(super) fn new(open: Set) -> Self {
        Self { open, found: Vec::new() }
    }

    /// Lets a step decide without a rule about what is open among some targets.
    pub(super) fn take(&mut self, step: Step, allowed: bool, reached: &Set) {
        self.take_by(step, allowed, None, reached);
    }

    /// Lets the own rules of a person decide, then the groups', in the order in which they are given.
    pub(super) fn decide(mut self, own: Option<&Said>, groups: &[&Said]) -> Vec<Part> {
        for (rule, reached) in own.iter().flat_map(|own| &own.giving) {
            self.take_by(Step::User, true, Some(*rule), reached);
        }
        // A user's own deny decides before any group; a group's only where no group allows.
        for (rule, reached) in own.iter().flat_map(|own| &own.taking) {
            self.take_by(Step::User, false, Some(*rule), reached);
        }
        for (rule, reached) in groups.iter().flat_map(|said| &said.giving) {
            self.take_by(Step::GroupAllow, true, Some(*rule), reached);
        }
        for (rule, reached) in groups.iter().flat_map(|said| &said.taking) {
            self.take_by(Step::GroupDeny, false, Some(*rule), reached);
        }
        self.rest(Step::Default)
    }

    /// Lets a step refuse whatever is still open.
    pub(super) fn rest(mut self, step: Step) -> Vec<Part> {
        if !self.open.is_empty() {
            self.found.push(Part { allowed: false, step, rule: None, targets: self.open });
        }
        self.found
    }

    fn take_by(&mut self, step: Step, allowed: bool, rule: Option<RuleId>, reached: &Set) {
        if self.open.is_disjoint(reached) {
            return;
        }
        let mut targets = reached.clone();
        targets.intersect_with(&self.open);
        self.open.difference_with(&targets);
        self.found.push(Part { allowed, step, rule, targets });
    }
}
