//! What the calendar will change: the days on which rules and memberships begin or end, and what that does to people.

use crate::date::{Date, Validity};
use crate::model::{Id, MembershipId, Policy, RuleId};
use crate::resolve::InForce;

use super::{Effective, effective};

/// Something that begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turning {
    /// A membership.
    Member(MembershipId),
    /// A rule.
    Rule(RuleId),
}

impl Turning {
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
    pub causes: Vec<Turning>,
}

/// Every day of a period on which something begins or has just ended, both ends of the period included.
pub fn upcoming(policy: &Policy, from: Date, until: Date) -> Vec<Turn> {
    let days = policy.turning_days().into_iter().filter(|day| (from..=until).contains(day));
    let turn = |day: Date| {
        let (before, causes) = (InForce::new(policy, day.yesterday().ok()?), causes(policy, day));
        let effective = effective(&before, &InForce::new(policy, day));
        Some(Turn { day, effective, causes })
    };
    days.filter_map(turn).collect()
}

fn causes(policy: &Policy, day: Date) -> Vec<Turning> {
    let turns = |validity: Validity| validity.turns().any(|turn| turn == day);
    let members = policy.memberships.iter().enumerate().filter(|(_, membership)| turns(membership.validity));
    let members =
        members.map(|(index, membership)| (membership.place, Turning::Member(MembershipId::from_index(index))));
    let rules = policy.rules.iter().enumerate().filter(|(_, rule)| turns(rule.validity));
    let rules = rules.map(|(index, rule)| (rule.place, Turning::Rule(RuleId::from_index(index))));
    let mut all: Vec<_> = members.chain(rules).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, cause)| cause).collect()
}
