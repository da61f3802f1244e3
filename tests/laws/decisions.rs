//! The decision, its proof, and questions with several targets equal the naive reading.

use std::collections::BTreeSet;

use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use rightful::model::{Id, Subject};
use rightful::question::{answer, understand, what};
use rightful::resolve::{InForce, Nearest, Population, Request, decide, prove};

use super::catalogue::{plain_rights, scoped_rights, single_targets, wide_targets};
use super::naive;
use super::organisation::{Organisation, SingleTarget, organisation};
use super::subject::{compiled, key, right, runner, single, some_days, user};

/// Every request that an organisation allows: user, right, target.
fn requests(org: &Organisation) -> Vec<(usize, String, Option<SingleTarget>)> {
    let mut requests = Vec::new();
    for user in 0..org.users.len() {
        requests.extend(plain_rights(org).into_iter().map(|right| (user, right, None)));
        for (right, kind) in scoped_rights(org) {
            requests.extend(single_targets(org, kind).into_iter().map(|target| (user, right.clone(), Some(target))));
        }
    }
    requests
}

fn decide_as_the_naive_reading(org: &Organisation) -> Result<(), TestCaseError> {
    let compiled = compiled(org);
    let policy = &compiled.policy;
    for on in some_days(org) {
        let in_force = InForce::new(policy, on);
        for (who, name, target) in requests(org) {
            let target_id = target.map(|target| single(org, policy, target));
            let request = Request::by(user(org, policy, who), right(policy, &name), target_id);
            let decision = decide(&in_force, request);
            let verdict = naive::decide(org, who, &name, target.as_ref(), on);
            // Words are made for a failure only: rendering the organisation costs more than deciding.
            let (ours, theirs) = ((decision.allowed, decision.step.as_str()), (verdict.allowed, verdict.step));
            if ours != theirs {
                let asked = format!("{} {name} of {target:?} on {on}", org.users[who].name);
                prop_assert_eq!(ours, theirs, "{}\n{:#?}", asked, org.to_files());
            }
        }
    }
    Ok(())
}

// Ten thousand organisations in a run, in two halves so that two processors share them.

#[test]
fn decide_equals_the_naive_reading_in_five_thousand_organisations() {
    runner(5_000).run(&organisation(), |org| decide_as_the_naive_reading(&org)).unwrap();
}

#[test]
fn decide_equals_the_naive_reading_in_five_thousand_more() {
    runner(5_000).run(&organisation(), |org| decide_as_the_naive_reading(&org)).unwrap();
}

#[test]
fn the_nearest_rule_stands_first_in_the_proof() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let policy = &compiled.policy;
        for on in some_days(&org) {
            let in_force = InForce::new(policy, on);
            let population = Population::on_demand(&in_force);
            for name in plain_rights(&org) {
                let right = right(policy, &name);
                let nearest = Nearest::new(&population, right);
                for user in policy.users.ids() {
                    let proof = prove(&in_force, Request::by(user, right, None));
                    // Where it is written does not matter: the same may be said twice, for two periods.
                    let said = |rule| (policy.rule(rule).subject, policy.rule(rule).effect);
                    let first = proof.rules.first().map(|proven| said(proven.rule));
                    let (allowed, step, rule) = nearest.decide(user);
                    let expected = (proof.decision.allowed, proof.decision.step, first);
                    prop_assert_eq!((allowed, step, rule.map(said)), expected, "{} {} on {}", user.index(), name, on);
                }
            }
        }
        Ok(())
    };
    runner(400).run(&organisation(), law).unwrap();
}

#[test]
fn the_deciding_rules_are_those_of_the_naive_reading() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let policy = &compiled.policy;
        let on = some_days(&org)[0];
        let in_force = InForce::new(policy, on);
        for (who, name, target) in requests(&org) {
            let target_id = target.map(|target| single(&org, policy, target));
            let request = Request::by(user(&org, policy, who), right(policy, &name), target_id);
            let proof = prove(&in_force, request);
            let shown: BTreeSet<_> = proof
                .rules
                .iter()
                .map(|proven| {
                    let rule = policy.rule(proven.rule);
                    let target = rule.target.map(|target| policy.target_key(target).to_string());
                    let effect = rule.effect.as_str();
                    (
                        policy.subject_key(rule.subject).to_string(),
                        effect,
                        policy.rights.key(rule.right).to_string(),
                        target,
                    )
                })
                .collect();
            let expected: BTreeSet<_> = naive::deciding_rules(&org, who, &name, target.as_ref(), on)
                .into_iter()
                .map(|(subject, effect, right, target)| (subject, effect.key(), right, target))
                .collect();
            prop_assert_eq!(
                shown,
                expected,
                "{} {} {:?} {}\n{:#?}",
                org.users[who].name,
                name,
                target,
                on,
                org.to_files()
            );
            for proven in proof.rules.iter().chain(&proof.overruled) {
                let rule = policy.rule(proven.rule);
                let end = in_force.subjects_along(request.subject, &proven.path).pop();
                prop_assert_eq!(end, Some(rule.subject), "a path ends where its rule stands");
                prop_assert!(proven.path.iter().all(|id| policy.membership(*id).validity.holds(on)));
            }
        }
        Ok(())
    };
    runner(1_000).run(&organisation(), law).unwrap();
}

#[test]
fn a_question_about_several_is_the_conjunction_of_single_ones() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let policy = &compiled.policy;
        for on in some_days(&org) {
            let in_force = InForce::new(policy, on);
            for who in 0..org.users.len() {
                for (name, kind) in scoped_rights(&org) {
                    for target in wide_targets(&org, kind) {
                        let text = format!("user:{} can {name} of {} on {on}", org.users[who].name, target.key(&org));
                        let question = understand(&text, policy, rightful::language::Language::English).expect(&text);
                        prop_assert_eq!(question.on, Some(on));
                        let answer = answer(&in_force, &question);
                        let verdict = naive::decide_many(&org, who, &name, &target, on);
                        let refused: Vec<String> = answer
                            .refused()
                            .filter_map(|request| request.target)
                            .map(|target| key(policy, target).to_string())
                            .collect();
                        let expected: Vec<String> = verdict.refused.iter().map(|target| target.key(&org)).collect();
                        prop_assert_eq!(
                            (answer.allowed, answer.step.as_str(), refused),
                            (verdict.allowed, verdict.step, expected),
                            "{}\n{:#?}",
                            text,
                            org.to_files()
                        );
                    }
                }
            }
        }
        Ok(())
    };
    runner(500).run(&organisation(), law).unwrap();
}

#[test]
fn the_list_of_everything_equals_single_decisions() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let policy = &compiled.policy;
        let in_force = InForce::new(policy, some_days(&org)[0]);
        for id in policy.users.ids() {
            for held in what(&in_force, Subject::User(id)) {
                let request = Request::by(id, held.right, held.target);
                prop_assert_eq!(held.decision, decide(&in_force, request));
            }
        }
        Ok(())
    };
    runner(300).run(&organisation(), law).unwrap();
}
