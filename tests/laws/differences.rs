//! The effective difference equals the comparison of every single answer.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prop_assert_eq;
use rightful::date::Date;
use rightful::diff::{Change, count, effective};
use rightful::model::key::TargetKey;
use rightful::model::{Policy, Subject};
use rightful::name::Name;
use rightful::question::what;
use rightful::resolve::{InForce, Step};

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
fn nothing_differs_from_itself() {
    let law = |org: Organisation| {
        let policy = compiled(&org).policy;
        let in_force = InForce::new(&policy, some_days(&org)[0]);
        prop_assert_eq!(effective(&in_force, &in_force), rightful::diff::Effective::default());
        Ok(())
    };
    runner(300).run(&organisation(), law).unwrap();
}
