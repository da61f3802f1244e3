//! `redundant-rule`: a rule without which every answer stays the same, of anybody and on every day. Off unless the
//! settings ask for it, since a second rule may be there on purpose.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Date;
use crate::diag::{Code, Diagnostic};
use crate::model::{Effect, Id, Policy, RuleId, Single, Subject as On};
use crate::resolve::{InForce, Population, Request, Space, Spread, matters, spoken};
use crate::say;

use super::Subject;

/// Reports every one, with what gives or refuses the same.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let idle = idle(policy);
    idle.into_iter().filter_map(|(rule, day)| describe(policy, rule, day)).collect()
}

/// The rules that matter on no day, each with a day on which it is in force.
fn idle(policy: &Policy) -> BTreeMap<RuleId, Date> {
    let turning = policy.turning_days();
    let mut open: BTreeMap<RuleId, Date> =
        (0..policy.rules.len()).map(RuleId::from_index).map(|id| (id, policy.rule(id).validity.from)).collect();
    let starts = policy.rules.iter().map(|rule| rule.validity.from);
    let days: BTreeSet<Date> = starts.chain(turning).collect();
    for day in days {
        let concerned = open.keys().copied().filter(|id| policy.rule(*id).validity.holds(day)).collect::<Vec<_>>();
        let mut by_right: BTreeMap<_, Vec<RuleId>> = BTreeMap::new();
        concerned.into_iter().for_each(|id| by_right.entry(policy.rule(id).right).or_default().push(id));
        if by_right.is_empty() {
            continue;
        }
        let in_force = InForce::new(policy, day);
        let population = Population::new(&in_force);
        for (right, rules) in by_right {
            let size = policy.rights.get(right).scope.map_or(1, |scope| policy.single_targets(scope).len());
            let space = Space::whole(size);
            let mut spread = Spread::new(&population, right, space);
            for rule in rules {
                if matters(&mut spread, rule) {
                    open.remove(&rule);
                }
            }
        }
    }
    open
}

fn describe(policy: &Policy, id: RuleId, day: Date) -> Option<Diagnostic> {
    let rule = policy.rule(id);
    let message = say!("without this rule every answer would be the same");
    let mut finding = Diagnostic::new(Code::RedundantRule, rule.place?, message);
    let in_force = InForce::new(policy, day);
    if let Some((user, other)) = repeated_by(&in_force, id) {
        let other = policy.rule(other);
        let (user, through) = (policy.users.key(user), policy.subject_key(other.subject));
        let text = match (rule.effect, other.subject) {
            (Effect::Allow, On::User(_)) => say!("{user} still has it by an own rule", user),
            (Effect::Deny, On::User(_)) => say!("{user} is still denied it by an own rule", user),
            (Effect::Allow, On::Group(_)) => say!("{user} still has it through {through}", user, through),
            (Effect::Deny, On::Group(_)) => say!("{user} is still denied it by {through}", user, through),
        };
        finding = finding.also(other.place?, text);
    }
    Some(finding.help(match rule.effect {
        Effect::Allow => say!("remove it, unless it shall stay when the other rule goes"),
        Effect::Deny => say!("remove it, unless it shall say why the answer is no"),
    }))
}

/// Somebody whom the rule speaks about, and another rule that says the same.
fn repeated_by(in_force: &InForce<'_>, id: RuleId) -> Option<(crate::model::UserId, RuleId)> {
    let policy = in_force.policy;
    let rule = policy.rule(id);
    let users = match rule.subject {
        On::User(user) => vec![user],
        On::Group(group) => in_force.members_of(group),
    };
    let scope = policy.rights.get(rule.right).scope;
    let singles: Vec<Option<Single>> = match scope {
        None => vec![None],
        Some(scope) => policy.single_targets(scope).into_iter().map(Some).collect(),
    };
    users.into_iter().filter(|user| policy.users.get(*user).active).find_map(|user| {
        singles.iter().filter(|single| **single != Some(Single::User(user))).find_map(|target| {
            let spoken = spoken(in_force, Request::by(user, rule.right, *target));
            if !spoken.iter().any(|proven| proven.rule == id) {
                return None;
            }
            let same = |other: &RuleId| *other != id && policy.rule(*other).effect == rule.effect;
            spoken.iter().map(|proven| proven.rule).find(same).map(|other| (user, other))
        })
    })
}
