//! Takes the contradictions out of a drawn organisation: a rule that contradicts an earlier one of its subject is
//! moved to the days on which that one is not in force, else turned round, else left out.

use super::super::catalogue;
use super::{Effect, Organisation, Rule, Validity};

/// The same organisation without contradictions; rules of subjects that have none are left as they were.
pub(super) fn without_contradictions(mut org: Organisation) -> Organisation {
    let users: Vec<_> = org.users.iter().map(|user| agreeing(&org, &user.rules)).collect();
    let groups: Vec<_> = org.groups.iter().map(|group| agreeing(&org, &group.rules)).collect();
    let roles: Vec<_> = org.roles.iter().map(|role| agreeing(&org, &role.rules)).collect();
    org.users.iter_mut().zip(users).for_each(|(user, rules)| user.rules = rules);
    org.groups.iter_mut().zip(groups).for_each(|(group, rules)| group.rules = rules);
    org.roles.iter_mut().zip(roles).for_each(|(role, rules)| role.rules = rules);
    org
}

fn agreeing(org: &Organisation, rules: &[Rule]) -> Vec<Rule> {
    let mut kept: Vec<Rule> = Vec::new();
    for rule in rules {
        let opponent = |rule: &Rule| kept.iter().find(|other| contradict(org, other, rule));
        let mended = match opponent(rule) {
            None => Some(rule.clone()),
            Some(other) => [moved_away(rule, other), Some(turned(rule))]
                .into_iter()
                .flatten()
                .find(|candidate| opponent(candidate).is_none()),
        };
        kept.extend(mended);
    }
    kept
}

fn contradict(org: &Organisation, one: &Rule, other: &Rule) -> bool {
    one.effect != other.effect
        && one.target == other.target
        && one.right.area == other.right.area
        && one.validity.overlaps(other.validity)
        && catalogue::rights_of(org, one).iter().any(|right| catalogue::is_about(org, other, right))
}

/// The rule from the day after the other one ends, or else until the day before it begins.
fn moved_away(rule: &Rule, other: &Rule) -> Option<Rule> {
    let Validity { from, until } = rule.validity;
    let after = other.validity.until.and_then(|day| day.tomorrow().ok());
    let before = other.validity.from.and_then(|day| day.yesterday().ok());
    let later = after.map(|day| Validity { from: Some(day), until });
    let earlier = before.map(|day| Validity { from, until: Some(day) });
    let possible = |period: &Validity| match (period.from, period.until) {
        (Some(from), Some(until)) => from <= until,
        _ => true,
    };
    [later, earlier].into_iter().flatten().find(possible).map(|period| rule.clone().during(period))
}

fn turned(rule: &Rule) -> Rule {
    let effect = match rule.effect {
        Effect::Allow => Effect::Deny,
        Effect::Deny => Effect::Allow,
    };
    Rule { effect, ..rule.clone() }
}
