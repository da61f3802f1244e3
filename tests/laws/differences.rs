//! The effective difference equals the comparison of every single answer.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prop_assert, prop_assert_eq};
use rightful::date::Date;
use rightful::diff::{Change, count, effective};
use rightful::model::key::TargetKey;
use rightful::model::{Policy, Single, Subject};
use rightful::name::Name;
use rightful::question::what;
use rightful::resolve::{InForce, Request, Step, decide, prove};

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

type Key = (String, String, Option<String>);

/// Every answer that is not about own data, by names.
fn answers(policy: &Policy, on: Date) -> BTreeMap<Key, (bool, Step)> {
    let in_force = InForce::new(policy, on);
    let mut answers = BTreeMap::new();
    for user in policy.users.ids() {
        for held in what(&in_force, Subject::User(user)) {
            let target = held.target.map(|target| policy.target_key(target.into()).to_string());
            let own = target.as_deref() == Some(&format!("user:{}", policy.users.key(user)));
            if own && policy.rights.get(held.right).own_data_allowed {
                continue;
            }
            let key = (policy.users.key(user).to_string(), policy.rights.key(held.right).to_string(), target);
            answers.insert(key, (held.decision.allowed, held.decision.step));
        }
    }
    answers
}

fn keys(changes: &[Change]) -> BTreeSet<Key> {
    let singles = changes.iter().flat_map(|change| change.singles().map(move |single| (change, single)));
    let key = |(change, (user, target)): (&Change, (&Name, Option<&TargetKey>))| {
        (user.to_string(), change.right.to_string(), target.map(ToString::to_string))
    };
    singles.map(key).collect()
}

/// Own data of a right that one policy calls own and the other does not cannot be compared.
fn is_comparable(key: &Key, sides: [&Policy; 2]) -> bool {
    let own = key.2.as_deref() == Some(&format!("user:{}", key.0));
    let allowed = |policy: &Policy| {
        let name = rightful::name::RightName::new(&key.1).expect("a right");
        policy.rights.find(&name).is_some_and(|id| policy.rights.get(id).own_data_allowed)
    };
    !(own && sides.into_iter().any(allowed))
}

#[test]
fn the_difference_is_that_of_all_single_answers() {
    let law = |(base, head): (Organisation, Organisation)| {
        let on = some_days(&base)[0];
        let (base, head) = (compiled(&base).policy, compiled(&head).policy);
        let found = effective(&InForce::new(&base, on), &InForce::new(&head, on));
        let (before, after) = (answers(&base, on), answers(&head, on));
        let held = |all: &BTreeMap<Key, (bool, Step)>, key: &Key| all.get(key).is_some_and(|(allowed, _)| *allowed);
        let all: BTreeSet<&Key> = before.keys().chain(after.keys()).collect();
        let comparable = || all.iter().filter(|key| is_comparable(key, [&base, &head]));
        let gains =
            comparable().filter(|key| !held(&before, key) && held(&after, key)).map(|key| (*key).clone()).collect();
        let losses =
            comparable().filter(|key| held(&before, key) && !held(&after, key)).map(|key| (*key).clone()).collect();
        prop_assert_eq!(keys(&found.gains), gains);
        prop_assert_eq!(keys(&found.losses), losses);
        prop_assert_eq!(keys(&found.gains).len(), count(&found.gains), "each once");
        prop_assert_eq!(keys(&found.losses).len(), count(&found.losses), "each once");
        Ok(())
    };
    runner(500).run(&(organisation(), organisation()), law).unwrap();
}

#[test]
fn a_change_names_the_step_of_the_head_and_a_rule_that_decides() {
    let law = |(base, head): (Organisation, Organisation)| {
        let on = some_days(&base)[0];
        let (base, head) = (compiled(&base).policy, compiled(&head).policy);
        let (base, head) = (InForce::new(&base, on), InForce::new(&head, on));
        let found = effective(&base, &head);
        let request = |side: &InForce<'_>, user: &Name, change: &Change, target: Option<&TargetKey>| {
            let single = |key: &TargetKey| match key {
                TargetKey::User(name) => side.policy.users.find(name).map(Single::User),
                TargetKey::Module(name) => side.policy.modules.find(name).map(Single::Module),
                TargetKey::Attachment(name) => side.policy.attachments.find(name).map(Single::Attachment),
                _ => None,
            };
            let target = match target {
                Some(key) => Some(single(key)?),
                None => None,
            };
            let (user, right) = (side.policy.users.find(user)?, side.policy.rights.find(&change.right)?);
            let scoped = side.policy.rights.get(right).scope.is_some();
            (scoped == target.is_some()).then_some(Request::by(user, right, target))
        };
        let places = |side: &InForce<'_>, request| {
            prove(side, request).rules.iter().map(|proven| side.policy.rule(proven.rule).place).collect::<Vec<_>>()
        };
        for (changes, deciding) in [(&found.gains, &head), (&found.losses, &base)] {
            for change in changes {
                for (user, target) in change.singles() {
                    let after = request(&head, user, change, target).map(|request| decide(&head, request).step);
                    // Where the head has no such request, nothing decides it there.
                    prop_assert_eq!(change.step, after.unwrap_or(change.step));
                    let asked = request(deciding, user, change, target).expect("it was held");
                    prop_assert!(places(deciding, asked).contains(&change.rule));
                }
            }
        }
        Ok(())
    };
    runner(500).run(&(organisation(), organisation()), law).unwrap();
}

#[test]
fn nothing_differs_from_itself() {
    let law = |org: Organisation| {
        let policy = compiled(&org).policy;
        let in_force = InForce::new(&policy, some_days(&org)[0]);
        prop_assert_eq!(effective(&in_force, &in_force), rightful::diff::Effective::default());
        Ok(())
    };
    runner(300).run(&organisation(), law).unwrap();
}
