//! Nearest misses: which groups would give what is refused, and what gave it or will give it on another day.

use crate::model::{Effect, GroupId, Member, MembershipId, RuleId, Subject};
use crate::resolve::{InForce, Request, prove};

/// What is missing for a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Near {
    /// A group gives it that the person is not in.
    Group {
        /// Which.
        group: GroupId,
        /// The first of its rules that give it.
        rule: RuleId,
        /// A membership of the person in it, or in a group inside it, that is not in force on the day.
        dated: Option<MembershipId>,
    },
    /// A rule of the person, or of one of the groups, would give it, but is not in force on the day.
    Rule(RuleId),
}

/// What is missing for a refused request of a user: what other dates would bring first, then groups by name.
pub fn near(in_force: &InForce<'_>, request: Request) -> Vec<Near> {
    let policy = in_force.policy;
    let Subject::User(user) = request.subject else { return Vec::new() };
    let own = in_force.groups_of(user);
    let subjects = std::iter::once(request.subject).chain(own.iter().map(|group| Subject::Group(*group)));
    let lapsed = subjects.flat_map(|subject| policy.rules_on(subject, request.right));
    let lapsed = lapsed.filter(|(_, rule)| rule.effect == Effect::Allow && !rule.validity.holds(in_force.on));
    let gave = |id: &RuleId| {
        let validity = policy.rule(*id).validity;
        let then = if validity.until < in_force.on { validity.until } else { validity.from };
        prove(&InForce::new(policy, then), request).rules.iter().any(|proven| proven.rule == *id)
    };
    let mut found: Vec<Near> = lapsed.map(|(id, _)| id).filter(gave).map(Near::Rule).collect();
    let mut members = vec![Member::User(user), Member::Everyone];
    members.extend(own.iter().map(|group| Member::Group(*group)));
    let dated: Vec<(MembershipId, GroupId)> = members
        .into_iter()
        .flat_map(|member| policy.memberships_of(member))
        .filter(|(_, membership)| !membership.validity.holds(in_force.on))
        .map(|(id, membership)| (id, membership.group))
        .collect();
    let speaks = |group: &GroupId| policy.rules_on(Subject::Group(*group), request.right).next().is_some();
    let others = policy.groups.ids().filter(|group| own.binary_search(group).is_err());
    let mut groups = Vec::new();
    for group in others.filter(speaks) {
        let proof = prove(in_force, Request { subject: Subject::Group(group), ..request });
        let itself = proof.rules.iter().find(|proven| proven.path.is_empty());
        let Some(giving) = itself.filter(|_| proof.decision.allowed) else { continue };
        let by_date = dated.iter().find(|(_, into)| in_force.outer_groups(*into).binary_search(&group).is_ok());
        groups.push(Near::Group { group, rule: giving.rule, dated: by_date.map(|(id, _)| *id) });
    }
    groups.sort_by_key(|near| !matches!(near, Near::Group { dated: Some(_), .. }));
    found.extend(groups);
    found
}
