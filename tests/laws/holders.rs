//! What is found in bulk, everyone who can, everything that somebody can, and everything that a date changes, equals a
//! question for each.

use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use rightful::diff;
use rightful::language::Language;
use rightful::model::{Id, Single, Subject, UserId};
use rightful::question::{
    Cells, Reason, answer, everything, holders, members, overview, reach, understand, understand_who, versus, what,
};
use rightful::resolve::{InForce, Population, Request, Step};

use super::catalogue::{plain_rights, scoped_rights, single_targets, wide_targets};
use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

/// Some of everything that can be asked for: plain rights, scoped ones over single and wide targets, patterns, and
/// several at once.
fn demands(org: &Organisation) -> Vec<String> {
    let ruled =
        |right: &str| org.to_files().iter().any(|(_, text)| text.contains(right.split('.').next().unwrap_or(right)));
    let mut all: Vec<String> = plain_rights(org).into_iter().filter(|right| ruled(right)).collect();
    for (right, kind) in scoped_rights(org) {
        let singles = single_targets(org, kind).into_iter().take(3).map(|single| single.key(org));
        let targets: Vec<String> =
            singles.chain(wide_targets(org, kind).into_iter().map(|wide| wide.key(org))).collect();
        all.extend(targets.iter().map(|target| format!("{right} of {target}")));
        let area = right.split('.').next().unwrap_or_default();
        all.extend(targets.iter().map(|target| format!("{area}.* of {target}")));
    }
    let pairs: Vec<String> =
        all.iter().zip(all.iter().skip(3)).map(|(one, other)| format!("{one} and {other}")).collect();
    all.extend(["data.import+export".to_owned(), "campaigns.*".to_owned()]);
    all.extend(pairs);
    all
}

/// Who can, and why, by a question for each right and user.
fn one_by_one(in_force: &InForce<'_>, text: &str) -> Vec<(UserId, Vec<Option<Reason>>)> {
    let policy = in_force.policy;
    let questions = |user: UserId| {
        let ask =
            |what: &str| understand(&format!("user:{} {what}", policy.users.key(user)), policy, Language::English);
        text.split(" and ").map(|what| ask(what).expect(what)).collect::<Vec<_>>()
    };
    let can = |user: UserId| {
        let answers: Vec<_> = questions(user).iter().map(|question| answer(in_force, question)).collect();
        let all = answers.iter().all(|answer| answer.allowed);
        all.then(|| answers.iter().map(|answer| answer.shown().map(|shown| Reason::of(in_force, shown))).collect())
    };
    policy.users.ids().filter_map(|user| can(user).map(|reasons| (user, reasons))).collect()
}

fn everyone_is_found(org: &Organisation) -> Result<(), TestCaseError> {
    let compiled = compiled(org);
    let policy = &compiled.policy;
    for on in some_days(org) {
        let in_force = InForce::new(policy, on);
        let population = Population::new(&in_force);
        for text in demands(org) {
            let wanted = understand_who(&text, policy, Language::English).expect(&text);
            let found: Vec<(UserId, Vec<Option<Reason>>)> = holders(&population, &wanted.demands)
                .into_iter()
                .map(|holder| (holder.user, holder.reasons.into_iter().map(Some).collect()))
                .collect();
            prop_assert_eq!(found, one_by_one(&in_force, &text), "{} on {}\n{:#?}", text, on, org.to_files());
        }
    }
    Ok(())
}

#[test]
fn everyone_who_can_is_found_as_if_each_were_asked() {
    runner(150).run(&organisation(), |org| everyone_is_found(&org)).unwrap();
}

#[test]
fn what_is_decided_for_everybody_at_once_is_decided_as_if_each_were_asked() {
    let law = |org: Organisation| {
        let policy = compiled(&org).policy;
        for on in some_days(&org) {
            let in_force = InForce::new(&policy, on);
            let population = Population::new(&in_force);
            let mut plain = population.plain().decisions();
            let reach = reach(&population);
            for (user, cells) in everything(&population, Cells::Scoped) {
                let asked = what(&in_force, Subject::User(user));
                prop_assert_eq!(&cells, &asked, "{:?} on {}\n{:#?}", user, on, org.to_files());
                for held in asked.iter().filter(|held| policy.rights.get(held.right).scope.is_none()) {
                    prop_assert_eq!(plain.next(), Some((user, held.right, held.decision)));
                }
                for reach in &reach {
                    let cells: Vec<_> = asked.iter().filter(|held| held.right == reach.right).collect();
                    let allowed = cells.iter().filter(|held| held.decision.allowed).count();
                    prop_assert_eq!(
                        (reach.of, reach.users[user.index()]),
                        (cells.len(), allowed),
                        "{:?} on {}",
                        user,
                        on
                    );
                }
            }
            prop_assert!(plain.next().is_none());
        }
        Ok(())
    };
    runner(300).run(&organisation(), law).unwrap();
}

fn subjects(in_force: &InForce<'_>) -> Vec<Subject> {
    let policy = in_force.policy;
    policy.users.ids().map(Subject::User).chain(policy.groups.ids().map(Subject::Group)).collect()
}

#[test]
fn everything_that_somebody_can_comes_from_the_rule_that_a_proof_names_first() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let in_force = InForce::new(&compiled.policy, some_days(&org)[0]);
        let population = Population::new(&in_force);
        for subject in subjects(&in_force) {
            let found: Vec<_> = overview(&population, subject)
                .iter()
                .flat_map(|holding| {
                    let singles = holding.singles(&compiled.policy);
                    let reason = |origin: &rightful::resolve::Origin| Reason {
                        allowed: origin.allowed,
                        step: origin.step,
                        rule: origin.rule.clone(),
                    };
                    singles.map(|(target, origin)| (holding.right, target, reason(origin))).collect::<Vec<_>>()
                })
                .collect();
            let expected: Vec<_> = what(&in_force, subject)
                .into_iter()
                .map(|held| {
                    let request = Request { subject, right: held.right, target: held.target };
                    (held.right, held.target, Reason::of(&in_force, request))
                })
                .collect();
            prop_assert_eq!(found, expected, "{:?}\n{:#?}", subject, org.to_files());
        }
        Ok(())
    };
    runner(200).run(&organisation(), law).unwrap();
}

#[test]
fn two_differ_where_their_answers_do_and_nowhere_else() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let policy = &compiled.policy;
        let in_force = InForce::new(policy, some_days(&org)[0]);
        let population = Population::new(&in_force);
        let all = subjects(&in_force);
        for (one, two) in all.iter().zip(all.iter().skip(1).chain(&all[..1])) {
            let found = versus(&population, *one, *two);
            let is_own = |held: &rightful::question::Held| {
                let own = |subject: &Subject| match subject {
                    Subject::User(user) => held.target == Some(Single::User(*user)),
                    Subject::Group(_) => false,
                };
                policy.rights.get(held.right).own_data_allowed && (own(one) || own(two))
            };
            let (mut expected, mut same) = (Vec::new(), 0);
            for (here, there) in what(&in_force, *one).iter().zip(&what(&in_force, *two)) {
                if is_own(here) {
                    continue;
                }
                if here.decision.allowed == there.decision.allowed {
                    same += 1;
                } else {
                    expected.push((here.right, here.target, here.decision.step, there.decision.step));
                }
            }
            let mut shown: Vec<(_, _, Step, Step)> = found
                .differences
                .iter()
                .flat_map(|of| of.targets.iter().map(|target| (of.right, *target, of.subject.step, of.versus.step)))
                .collect();
            shown.sort();
            prop_assert_eq!((shown, found.same), (expected, same), "{:?} {:?}\n{:#?}", one, two, org.to_files());
        }
        Ok(())
    };
    runner(200).run(&organisation(), law).unwrap();
}

#[test]
fn the_members_who_differ_are_those_whose_own_answer_is_another() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let policy = &compiled.policy;
        let in_force = InForce::new(policy, some_days(&org)[1]);
        for group in policy.groups.ids() {
            let key = policy.group_subject(group);
            for demand in demands(&org).into_iter().filter(|demand| !demand.contains(" and ")).step_by(3) {
                let ask = |subject: &str| {
                    understand(&format!("{subject} {demand}"), policy, Language::English).expect(&demand)
                };
                let question = ask(&key.to_string());
                let answered = answer(&in_force, &question);
                let found = members(&in_force, &question, &answered).expect("a group");
                let all = in_force.members_of(group);
                prop_assert_eq!(found.count, all.len());
                let own = |user: &UserId| {
                    let question = ask(&format!("user:{}", policy.users.key(*user)));
                    let own = answer(&in_force, &question);
                    (own.allowed != answered.allowed).then_some((*user, own.allowed, own.step))
                };
                let expected: Vec<_> = all.iter().filter_map(own).collect();
                let shown: Vec<_> =
                    found.differing.iter().map(|(user, reason)| (*user, reason.allowed, reason.step)).collect();
                prop_assert_eq!(shown, expected, "{} {}\n{:#?}", key, demand, org.to_files());
            }
        }
        Ok(())
    };
    runner(100).run(&organisation(), law).unwrap();
}

#[test]
fn what_the_calendar_changes_is_the_difference_of_each_day_to_the_day_before() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let policy = &compiled.policy;
        let days = super::organisation::days();
        let turns = diff::upcoming(policy, days[0], days[days.len() - 1]);
        for day in days {
            let before = InForce::new(policy, day.yesterday().expect("a day before"));
            let expected = diff::effective(&before, &InForce::new(policy, day));
            let found = turns.iter().find(|turn| turn.day == day);
            let effective = found.map(|turn| turn.effective.clone()).unwrap_or_default();
            prop_assert_eq!(effective, expected, "{}\n{:#?}", day, org.to_files());
            prop_assert!(found.is_none_or(|turn| !turn.causes.is_empty()));
        }
        Ok(())
    };
    runner(100).run(&organisation(), law).unwrap();
}
