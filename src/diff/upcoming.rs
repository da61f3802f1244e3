//! What the calendar will change: the days on which rules and memberships begin or end, and what that does to people.

use std::collections::BTreeSet;

use crate::date::{Date, Validity};
use crate::model::{Id, Member, MembershipId, Policy, RightId, Rule, RuleId, Subject, Target};
use crate::name::RightName;
use crate::resolve::InForce;

use super::{Effective, effective_about};

/// Something that begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A membership.
    Member(MembershipId),
    /// A rule.
    Rule(RuleId),
}

impl Cause {
    /// The period of it.
    pub fn validity(self, policy: &Policy) -> Validity {
        match self {
            Self::Member(id) => policy.membership(id).validity,
            Self::Rule(id) => policy.rule(id).validity,
        }
    }

    /// Whether it is in force from a day on; else the day before was its last.
    pub fn begins_on(self, policy: &Policy, day: Date) -> bool {
        self.validity(policy).begins() == Some(day)
    }
}

/// A day on which something begins, or before which something ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The day.
    pub day: Date,
    /// What people gain and lose, compared to the day before.
    pub effective: Effective,
    /// Everything that begins that day or ended the day before, in the order of the places.
    pub causes: Vec<Cause>,
}

/// Every day of a period on which something begins or has just ended, both ends of the period included.
pub fn upcoming(policy: &Policy, from: Date, until: Date) -> Vec<Turn> {
    let days = policy.turning_days().into_iter().filter(|day| (from..=until).contains(day));
    let turn = |day: Date| {
        let (before, causes) = (InForce::new(policy, day.yesterday().ok()?), causes(policy, day));
        let touched = touched(policy, &causes);
        let wanted = |right: &RightName| policy.rights.find(right).is_some_and(|right| touched.contains(&right));
        let effective = effective_about(&before, &InForce::new(policy, day), wanted);
        Some(Turn { day, effective, causes })
    };
    days.filter_map(turn).collect()
}

/// The rights about which some answer can change because of these: those of the rules that turn, and those of every rule
/// on or over a group that somebody enters or leaves, or on or over one around it.
fn touched(policy: &Policy, causes: &[Cause]) -> BTreeSet<RightId> {
    let (mut rights, mut groups, mut open) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for cause in causes {
        match cause {
            Cause::Member(id) => open.push(policy.membership(*id).group),
            Cause::Rule(id) => drop(rights.insert(policy.rule(*id).right)),
        }
    }
    while let Some(group) = open.pop() {
        if groups.insert(group) {
            open.extend(policy.memberships_of(Member::Group(group)).map(|(_, membership)| membership.group));
        }
    }
    let is_touched = |rule: &&Rule| {
        let on = matches!(rule.subject, Subject::Group(group) if groups.contains(&group));
        on || matches!(rule.target, Some(Target::Group(group)) if groups.contains(&group))
    };
    rights.extend(policy.rules.iter().filter(is_touched).map(|rule| rule.right));
    rights
}

fn causes(policy: &Policy, day: Date) -> Vec<Cause> {
    let turns = |validity: Validity| validity.turns().any(|turn| turn == day);
    let members = policy.memberships.iter().enumerate().filter(|(_, membership)| turns(membership.validity));
    let members = members.map(|(index, membership)| (membership.place, Cause::Member(MembershipId::from_index(index))));
    let rules = policy.rules.iter().enumerate().filter(|(_, rule)| turns(rule.validity));
    let rules = rules.map(|(index, rule)| (rule.place, Cause::Rule(RuleId::from_index(index))));
    let mut all: Vec<_> = members.chain(rules).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, cause)| cause).collect()
}
