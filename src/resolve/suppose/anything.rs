//! Whether a supposition changes any answer at all, which mostly one look at one of the people whom it concerns tells.

use crate::model::{Id, Member, RightId, Scope, Subject, UserId};
use crate::resolve::Set;

use super::{Supposed, Supposition};

/// So many answers are asked one by one before everybody is looked for whom a supposition concerns.
const MOST_ASKED: usize = 64;

/// So many members of a group are asked about a right.
const FEW: usize = 8;

impl Supposed<'_, '_> {
    /// Whether anybody's answer would change; what one does with one's own data is left out as in [`Self::shifts`]. Most
    /// suppositions change that of one of the first whom they concern, who are asked before everybody is looked for.
    pub fn changes_anything(&self) -> bool {
        self.first_concerned().take(MOST_ASKED).any(|(user, right)| self.changes(user, right))
            || self.shifts(&[], 0).is_none_or(|shifts| !shifts.is_empty())
    }

    /// Some whose answers about a right can change, easy ones to ask: what is said of a right over people may depend on who
    /// else is in which group.
    fn first_concerned(&self) -> impl Iterator<Item = (UserId, RightId)> {
        let population = self.actual.population;
        let policy = population.in_force().policy;
        let Supposition { rules_out, rules_in, members_out, members_in, .. } = self.supposition;
        let rules = rules_out.iter().map(|id| policy.rule(*id)).chain(rules_in);
        let by_rules = rules.map(|rule| (rule.subject, rule.right));
        let members = members_out.iter().map(|id| policy.membership(*id)).map(|m| (m.member, m.group));
        let by_members = members.chain(members_in.iter().copied()).filter_map(|(member, group)| match member {
            Member::User(user) => Some((Subject::User(user), group)),
            Member::Group(inner) => Some((Subject::Group(inner), group)),
            Member::Everyone => None,
        });
        let by_members = by_members.flat_map(|(subject, group)| {
            policy.rules_of(Subject::Group(group)).map(move |(_, rule)| (subject, rule.right))
        });
        let is_easy = |right: RightId| policy.rights.get(right).scope != Some(Scope::People);
        by_rules.chain(by_members).filter(move |(_, right)| is_easy(*right)).flat_map(|(subject, right)| {
            let (one, members) = match subject {
                Subject::User(user) => (Some(user), &[][..]),
                Subject::Group(group) => (None, population.members(group)),
            };
            one.into_iter().chain(members.iter().copied().take(FEW)).map(move |user| (user, right))
        })
    }

    /// Whether an answer of somebody about a right would change.
    fn changes(&self, user: UserId, right: RightId) -> bool {
        let declared = self.actual.population.in_force().policy.rights.get(right);
        let mut turned = Set::clone(&self.held(user, right));
        turned.symmetric_difference_with(&self.actual.held(user, right));
        if declared.own_data_allowed && declared.scope == Some(Scope::People) {
            turned.remove(user.index());
        }
        !turned.is_empty()
    }
}
