//! The proof of a decision: the rules that decided, the ways to them, and what was overruled.

use std::collections::BTreeMap;

use crate::model::{Effect, GroupId, RuleId, Subject};

use super::{Aim, Decision, InForce, Path, Request, Step, decide, stance};

/// A rule that speaks about a request, and how the user comes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Which rule.
    pub rule: RuleId,
    /// The memberships from the user, or the group that is asked about, to the group that has the rule; empty for the
    /// subject's own.
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
    let aim = request.target.map(|target| Aim::new(in_force, target));
    let decision = decide(in_force, request);
    let effect = if decision.allowed { Effect::Allow } else { Effect::Deny };
    let paths = in_force.paths_of(request.subject);
    let deciding = |subject: &Subject| match decision.step {
        Step::User => matches!(subject, Subject::User(_)),
        Step::GroupAllow | Step::GroupDeny => matches!(subject, Subject::Group(_)),
        Step::Inactive | Step::OwnData | Step::Default => false,
    };
    let mut rules = Vec::new();
    for subject in subjects(request.subject, &paths).filter(deciding) {
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
    for subject in subjects(request.subject, &paths) {
        let all = speaking(in_force, subject, request, aim.as_ref());
        let opposite = all.into_iter().filter(|rule| in_force.policy.rule(*rule).effect != effect);
        overruled.extend(opposite.map(|rule| proven(&paths, subject, rule)));
    }
    let order = |proven: &Proven| {
        let subjects = in_force.subjects_along(request.subject, &proven.path);
        (subjects.len(), subjects, in_force.policy.rule(proven.rule).place, proven.rule)
    };
    rules.sort_by_cached_key(order);
    overruled.sort_by_cached_key(order);
    Proof { decision, rules, overruled }
}

/// All rules in force that speak about a request, in whatever tier: the user's own first, then by the length of the way.
pub fn spoken(in_force: &InForce<'_>, request: Request) -> Vec<Proven> {
    let aim = request.target.map(|target| Aim::new(in_force, target));
    let paths = in_force.paths_of(request.subject);
    let of_subject = |subject: Subject| {
        let all = speaking(in_force, subject, request, aim.as_ref());
        all.into_iter().map(|rule| proven(&paths, subject, rule)).collect::<Vec<_>>()
    };
    let mut all: Vec<Proven> = subjects(request.subject, &paths).flat_map(of_subject).collect();
    all.sort_by_key(|proven| proven.path.len());
    all
}

/// The subject that is asked about, and all groups around it.
fn subjects(asked: Subject, paths: &BTreeMap<GroupId, Path>) -> impl Iterator<Item = Subject> {
    let around = paths.keys().copied().map(Subject::Group).filter(move |group| *group != asked);
    std::iter::once(asked).chain(around)
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

#[cfg(test)]
mod tests {
    use crate::model::Subject;
    use crate::question::{answer, understand};
    use crate::resolve::InForce;
    use crate::testing::{compiled, day};

    /// The step, the deciding rules with their paths, and what was overruled.
    fn proof(fixture: &str, question: &str) -> String {
        let compiled = compiled(fixture);
        let policy = &compiled.policy;
        let question = understand(question, policy, crate::language::Language::English).expect("a question");
        let in_force = InForce::new(policy, question.on.unwrap_or(day("2026-11-22")));
        let answer = answer(&in_force, &question);
        let proof = answer.proof(&in_force).expect("a proof");
        let show = |proven: &crate::resolve::Proven| {
            let rule = policy.rule(proven.rule);
            let along = in_force.subjects_along(question.subject, &proven.path);
            let along: Vec<_> =
                along.into_iter().map(|subject: Subject| policy.subject_key(subject).name().to_string()).collect();
            let target = rule.target.map(|target| format!(" of {}", policy.target_key(target))).unwrap_or_default();
            format!("{}{target} {}", rule.effect.as_str(), along.join(" > "))
        };
        let list = |all: &[crate::resolve::Proven]| all.iter().map(show).collect::<Vec<_>>().join("; ");
        let verdict = if answer.allowed { "yes" } else { "no" };
        format!("{verdict} {}: {} | {}", answer.step.as_str(), list(&proof.rules), list(&proof.overruled))
    }

    const FIRM: &str = r#"
users: { lars: { deny: [sms.send] }, anna: { active: false }, karin: }
groups:
  all: { members: [everyone], allow: [calendar.see of everyone], deny: [calendar.see of group:heads, data.export] }
  inner: { members: [lars] }
  outer: { members: [inner], allow: [sms.send, data.export] }
  other: { members: [group:inner, lars until 2026-12-31], allow: [data.export] }
  heads: { members: [karin] }
"#;

    #[test]
    fn own_deny_beats_group_allow() {
        assert_eq!(proof(FIRM, "lars sms.send"), "no user: deny lars | allow lars > inner > outer");
    }

    #[test]
    fn group_allow_beats_group_deny_and_all_allows_are_named_by_the_shortest_path() {
        let expected = "yes group-allow: allow lars > other; allow lars > inner > outer | deny lars > all";
        assert_eq!(proof(FIRM, "lars data.export"), expected);
        let later = "yes group-allow: allow lars > inner > other; allow lars > inner > outer | deny lars > all";
        assert_eq!(proof(FIRM, "lars data.export on 2027-01-01"), later);
    }

    #[test]
    fn an_exception_of_one_group_overrules_its_own_everyone() {
        let expected = "no group-deny: deny of group:heads lars > all | allow of everyone lars > all";
        assert_eq!(proof(FIRM, "lars calendar.see of karin"), expected);
        assert_eq!(proof(FIRM, "lars calendar.see of anna"), "yes group-allow: allow of everyone lars > all | ");
    }

    #[test]
    fn inactive_users_and_own_data_need_no_rule() {
        assert_eq!(proof(FIRM, "anna calendar.see of anna"), "no inactive:  | allow of everyone anna > all");
        assert_eq!(proof(FIRM, "karin calendar.see of karin"), "yes own-data:  | deny of group:heads karin > all");
        assert_eq!(proof(FIRM, "karin lists.print"), "no default:  | ");
    }
}
