//! The proof of a decision: the rules that decided, the ways to them, and what was overruled.

use std::collections::BTreeMap;

use crate::model::{Effect, GroupId, RuleId, Subject};

use super::{Aim, Decision, InForce, Path, Person, Request, Step, decide_for, stance};

/// A rule that speaks about a request, and how the user comes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Which rule.
    pub rule: RuleId,
    /// The memberships from the user to the group that has the rule; empty for the user's own.
    pub path: Path,
}

/// Why a decision is as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What was decided.
    pub decision: Decision,
    /// All rules of the deciding step with the deciding effect.
    pub rules: Vec<Proven>,
    /// All other rules in force that speak about the request with the opposite effect.
    pub overruled: Vec<Proven>,
}

/// Decides a request and says why. Rules stand in the order of their paths, shorter ones first.
pub fn prove(in_force: &InForce<'_>, request: Request) -> Proof {
    let person = Person::new(in_force, request.user);
    let aim = request.target.map(|target| Aim::new(in_force, target));
    let decision = decide_for(in_force, &person, request.right, aim.as_ref());
    let effect = if decision.allowed { Effect::Allow } else { Effect::Deny };
    let own = Subject::User(person.user);
    let subjects = || std::iter::once(own).chain(person.groups.iter().copied().map(Subject::Group));
    let deciding = |subject: &Subject| match decision.step {
        Step::User => *subject == own,
        Step::GroupAllow | Step::GroupDeny => *subject != own,
        Step::Inactive | Step::OwnData | Step::Default => false,
    };
    let paths = in_force.paths_of(person.user);
    let mut rules = Vec::new();
    for subject in subjects().filter(deciding) {
        let stance = stance::of(in_force, subject, request.right, aim.as_ref());
        let Some(stance) = stance.filter(|stance| stance.effect == effect) else { continue };
        let of_stance = |rule: RuleId| {
            let rule = in_force.policy.rule(rule);
            rule.effect == effect && stance::tier(rule, aim.as_ref()) == Some(stance.tier)
        };
        let all = speaking(in_force, subject, request, aim.as_ref());
        rules.extend(all.into_iter().filter(|rule| of_stance(*rule)).map(|rule| proven(&paths, subject, rule)));
    }
    let mut overruled = Vec::new();
    for subject in subjects() {
        let all = speaking(in_force, subject, request, aim.as_ref());
        let opposite = all.into_iter().filter(|rule| in_force.policy.rule(*rule).effect != effect);
        overruled.extend(opposite.map(|rule| proven(&paths, subject, rule)));
    }
    let order = |proven: &Proven| {
        let subjects = in_force.subjects_along(person.user, &proven.path);
        (subjects.len(), subjects, in_force.policy.rule(proven.rule).place, proven.rule)
    };
    rules.sort_by_cached_key(order);
    overruled.sort_by_cached_key(order);
    Proof { decision, rules, overruled }
}

/// The rules in force on a subject that speak about a request, in whatever tier.
fn speaking(in_force: &InForce<'_>, subject: Subject, request: Request, aim: Option<&Aim<'_>>) -> Vec<RuleId> {
    let all = in_force.policy.rules_on(subject, request.right);
    let speaks = all.filter(|(_, rule)| rule.validity.holds(in_force.on) && stance::tier(rule, aim).is_some());
    speaks.map(|(id, _)| id).collect()
}

fn proven(paths: &BTreeMap<GroupId, Path>, subject: Subject, rule: RuleId) -> Proven {
    let path = match subject {
        Subject::User(_) => Path::new(),
        Subject::Group(group) => paths.get(&group).cloned().unwrap_or_default(),
    };
    Proven { rule, path }
}
