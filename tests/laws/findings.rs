//! `inert-rule` and `redundant-rule` are exact: they are held to trying it out.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prop_assert_eq;
use rightful::check;
use rightful::date::Date;
use rightful::diag::{Code, Level};
use rightful::model::{Effect, Id, Policy, Rule, RuleId, Single, Subject, Target};
use rightful::resolve::{InForce, Request, decide};
use rightful::syntax::settings::Settings;
use rightful::text::{Place, Span, Spanned};

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

/// Where a check finds a code.
fn found(org: &Organisation, policy: &Policy, code: Code) -> BTreeSet<Place> {
    let settings = Settings {
        lints: BTreeMap::from([(code, Spanned::new(Level::Warning, Span::default()))]),
        ..Settings::default()
    };
    let report = check::policy(&InForce::new(policy, some_days(org)[0]), &settings);
    report.findings.iter().filter(|finding| finding.code == code).filter_map(|finding| finding.place()).collect()
}

/// A day of every stretch of time in which nothing changes.
fn all_days(policy: &Policy) -> Vec<Date> {
    std::iter::once(rightful::date::FIRST_DAY).chain(policy.turning_days()).collect()
}

fn targets(policy: &Policy, rule: &Rule) -> Vec<Option<Single>> {
    match policy.rights.get(rule.right).scope {
        None => vec![None],
        Some(scope) => policy.single_targets(scope).into_iter().map(Some).collect(),
    }
}

/// Every answer about the right of a rule, on every day.
fn answers(policy: &Policy, rule: &Rule, days: &[Date]) -> Vec<bool> {
    let mut answers = Vec::new();
    for day in days {
        let in_force = InForce::new(policy, *day);
        for user in policy.users.ids() {
            for target in targets(policy, rule) {
                answers.push(decide(&in_force, Request::by(user, rule.right, target)).allowed);
            }
        }
    }
    answers
}

#[test]
fn a_redundant_rule_is_one_without_which_no_answer_changes() {
    let law = |org: Organisation| {
        let policy = compiled(&org).policy;
        let days = all_days(&policy);
        let mut expected = BTreeSet::new();
        for index in 0..policy.rules.len() {
            let rule = policy.rule(RuleId::from_index(index)).clone();
            let mut parts = (*policy).clone();
            parts.rules.remove(index);
            let without = Policy::assemble(parts);
            if answers(&policy, &rule, &days) == answers(&without, &rule, &days) {
                expected.extend(rule.place);
            }
        }
        prop_assert_eq!(found(&org, &policy, Code::RedundantRule), expected);
        Ok(())
    };
    runner(600).run(&organisation(), law).unwrap();
}

/// Whether a deny over a group or set decides for some target on some day, if nothing spoke but the rules of its own
/// tier on its own subject.
fn could_decide(policy: &Policy, rule: &Rule, days: &[Date]) -> bool {
    let reaches = |rule: &Rule, target: Single, in_force: &InForce<'_>| match (rule.target, target) {
        (Some(Target::Group(group)), Single::User(user)) => in_force.is_member(user, group),
        (Some(Target::ModuleSet(set)), Single::Module(module)) => policy.module_sets.get(set).modules.contains(&module),
        _ => false,
    };
    days.iter().filter(|day| rule.validity.holds(**day)).any(|day| {
        let in_force = InForce::new(policy, *day);
        targets(policy, rule).into_iter().flatten().any(|target| {
            let rivals = policy.rules_on(rule.subject, rule.right).map(|(_, rival)| rival);
            let mut allows = rivals.filter(|rival| rival.effect == Effect::Allow && rival.validity.holds(*day));
            reaches(rule, target, &in_force) && !allows.any(|rival| reaches(rival, target, &in_force))
        })
    })
}

#[test]
fn an_inert_rule_is_one_that_could_decide_for_nobody() {
    let law = |org: Organisation| {
        let policy = compiled(&org).policy;
        let days = all_days(&policy);
        let inert = |rule: &&Rule| match (rule.subject, rule.target, rule.effect) {
            (Subject::Group(_), None, Effect::Deny) => true,
            (Subject::User(user), Some(Target::User(target)), _) => {
                user == target && policy.rights.get(rule.right).own_data_allowed
            }
            (_, Some(Target::Group(_) | Target::ModuleSet(_)), Effect::Deny) => {
                // A target that stands for nobody is another matter.
                let alone = |day: &Date| {
                    let in_force = InForce::new(&policy, *day);
                    rule.validity.holds(*day)
                        && match rule.target {
                            Some(Target::Group(group)) => !in_force.members_of(group).is_empty(),
                            Some(Target::ModuleSet(set)) => !policy.module_sets.get(set).modules.is_empty(),
                            _ => false,
                        }
                };
                days.iter().any(alone) && !could_decide(&policy, rule, &days)
            }
            _ => false,
        };
        let expected: BTreeSet<Place> = policy.rules.iter().filter(inert).filter_map(|rule| rule.place).collect();
        prop_assert_eq!(found(&org, &policy, Code::InertRule), expected);
        Ok(())
    };
    runner(2_000).run(&organisation(), law).unwrap();
}
