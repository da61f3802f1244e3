//! Everyone who can, found in bulk, equals a question for each user.

use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;
use rightful::language::Language;
use rightful::model::UserId;
use rightful::question::{Reason, answer, holders, understand, understand_who};
use rightful::resolve::{InForce, Population};

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
    runner(200).run(&organisation(), |org| everyone_is_found(&org)).unwrap();
}
