//! The days on which an expectation could come out differently than the day before.

use std::collections::BTreeSet;

use crate::date::{Date, Validity};
use crate::model::expectation::Expectation;
use crate::model::{GroupId, Id, Member, MembershipId, Policy, RightId, Subject, Target};

/// The memberships of a policy by group, and the rules by right, to find those that an expectation could notice.
pub struct Days<'p> {
    policy: &'p Policy,
    today: Date,
    memberships: Vec<Vec<MembershipId>>,
}

impl<'p> Days<'p> {
    /// Looks at a policy from a day on.
    pub fn new(policy: &'p Policy, today: Date) -> Self {
        let mut memberships = vec![Vec::new(); policy.groups.len()];
        for (index, membership) in policy.memberships.iter().enumerate() {
            memberships[membership.group.index()].push(MembershipId::from_index(index));
        }
        Self { policy, today, memberships }
    }

    /// Today, and every later day on which a rule about its rights, or a membership that leads to a group which
    /// matters to it, begins or has ended.
    pub fn of(&self, expectation: &Expectation) -> Vec<Date> {
        let mut days = BTreeSet::from([self.today]);
        let mut groups: Vec<GroupId> = Vec::new();
        let (crowd, whats) = expectation.expected.parts();
        for subject in crowd.into_iter().flat_map(|crowd| crowd.subjects.iter().chain(&crowd.except)) {
            groups.extend(group_of(*subject));
        }
        let rights: BTreeSet<RightId> = whats.iter().flat_map(|meant| meant.rights.iter().copied()).collect();
        groups.extend(whats.iter().filter_map(|meant| target_group(meant.target)));
        for rule in self.policy.rules.iter().filter(|rule| rights.contains(&rule.right)) {
            groups.extend(group_of(rule.subject));
            groups.extend(target_group(rule.target));
            self.add(&mut days, rule.validity);
        }
        let mut seen: BTreeSet<GroupId> = groups.iter().copied().collect();
        while let Some(group) = groups.pop() {
            for id in &self.memberships[group.index()] {
                let membership = self.policy.membership(*id);
                self.add(&mut days, membership.validity);
                if let Member::Group(inner) = membership.member
                    && seen.insert(inner)
                {
                    groups.push(inner);
                }
            }
        }
        days.into_iter().collect()
    }

    fn add(&self, days: &mut BTreeSet<Date>, validity: Validity) {
        days.extend(validity.turns().filter(|day| *day > self.today));
    }
}

fn group_of(subject: Subject) -> Option<GroupId> {
    match subject {
        Subject::Group(group) => Some(group),
        Subject::User(_) => None,
    }
}

fn target_group(target: Option<Target>) -> Option<GroupId> {
    match target {
        Some(Target::Group(group)) => Some(group),
        _ => None,
    }
}
