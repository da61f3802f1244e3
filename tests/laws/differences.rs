//! The effective difference equals the comparison of every single answer.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prop_assert, prop_assert_eq};
use rightful::date::Date;
use rightful::diff::{Change, Decided, count, effective, effective_within};
use rightful::model::key::TargetKey;
use rightful::model::{Policy, Scope, Single, Subject};
use rightful::name::Name;
use rightful::question::what;
use rightful::resolve::{InForce, Request, Step, prove};
use rightful::state::Key as FactKey;
use rightful::syntax::gate::Turn;

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

pub type Key = (String, String, Option<String>);

/// Every answer, by names.
pub fn answers(policy: &Policy, on: Date) -> BTreeMap<Key, (bool, Step)> {
    let in_force = InForce::new(policy, on);
    let mut answers = BTreeMap::new();
    for user in policy.users.ids() {
        for held in what(&in_force, Subject::User(user)) {
            let target = held.target.map(|target| policy.target_key(target.into()).to_string());
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

/// Own data are left out where they need no right in any policy that has the right over people.
pub fn is_comparable(key: &Key, sides: [&Policy; 2]) -> bool {
    let own = key.2.as_deref() == Some(&format!("user:{}", key.0));
    let allowed = |policy: &&Policy| {
        let right = policy.rights.get(policy.right_called(&key.1)?);
        (right.scope == Some(Scope::People)).then_some(right.own_data_allowed)
    };
    !(own && sides.iter().filter_map(allowed).all(|allowed| allowed))
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
fn who_is_new_or_gone_is_told_in_sum_what_is_else_told_one_by_one() {
    let law = |(base, head): (Organisation, Organisation)| {
        let on = some_days(&base)[0];
        let (base, head) = (compiled(&base).policy, compiled(&head).policy);
        let (base_day, head_day) = (InForce::new(&base, on), InForce::new(&head, on));
        let spelled = effective(&base_day, &head_day);
        let found = effective_within(&base_day, &head_day, 0);
        let stays = |name: &str| [&base, &head].iter().all(|policy| policy.users.find_by(name).is_some());
        for (turn, all, rest) in
            [(Turn::Gain, &spelled.gains, &found.gains), (Turn::Loss, &spelled.losses, &found.losses)]
        {
            let (others, aside): (BTreeSet<Key>, BTreeSet<Key>) = keys(all).into_iter().partition(|key| stays(&key.0));
            prop_assert_eq!(keys(rest), others);
            let mut counted: BTreeMap<String, (BTreeSet<String>, usize)> = BTreeMap::new();
            for (user, right, _) in aside {
                let of_right = counted.entry(right).or_default();
                of_right.0.insert(user);
                of_right.1 += 1;
            }
            let sums = found.sums.iter().filter(|sum| sum.turn == turn);
            let told = sums
                .map(|sum| (sum.right.to_string(), (sum.users.iter().map(ToString::to_string).collect(), sum.answers)));
            prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), counted);
            prop_assert_eq!(found.count(turn), spelled.count(turn));
        }
        prop_assert_eq!(&found.reasons, &spelled.reasons);
        let enough = effective_within(&base_day, &head_day, usize::MAX);
        prop_assert!(enough.sums.is_empty() && enough == spelled);
        Ok(())
    };
    runner(500).run(&(organisation(), organisation()), law).unwrap();
}

/// What decides a request: the step, and of the rules of the first subject that a proof names the first by its words.
type Decider = (bool, Step, Option<FactKey>);

fn decider(side: &InForce<'_>, user: &str, right: &str, target: Option<&str>) -> Option<Decider> {
    let policy = side.policy;
    let target = match target {
        Some(key) => Some(all_singles(policy).find(|single| policy.target_key((*single).into()).to_string() == key)?),
        None => None,
    };
    let user = policy.users.find(&Name::new(user).expect("a name"))?;
    let right = policy.right_called(right)?;
    let scope = policy.rights.get(right).scope;
    let fits = scope
        .map_or(target.is_none(), |scope| target.is_some_and(|target| policy.single_targets(scope).contains(&target)));
    if !fits {
        return None;
    }
    let proof = prove(side, Request::by(user, right, target));
    let subject = proof.rules.first().map(|proven| policy.rule(proven.rule).subject);
    let rules = proof.rules.iter().map(|proven| proven.rule);
    let first = rules.filter(|rule| Some(policy.rule(*rule).subject) == subject).min();
    let key = first.map(|rule| FactKey::of_rule(policy, policy.rule(rule)));
    Some((proof.decision.allowed, proof.decision.step, key))
}

fn all_singles(policy: &Policy) -> impl Iterator<Item = Single> {
    [Scope::People, Scope::Modules, Scope::Attachments].into_iter().flat_map(|scope| policy.single_targets(scope))
}

#[test]
fn every_change_says_what_decided_on_each_side_and_no_other_reason_changed() {
    let law = |(base, head): (Organisation, Organisation)| {
        let on = some_days(&base)[0];
        let (base, head) = (compiled(&base).policy, compiled(&head).policy);
        let (before, after) = (answers(&base, on), answers(&head, on));
        let (base, head) = (InForce::new(&base, on), InForce::new(&head, on));
        let found = effective(&base, &head);
        let said = |decided: &Option<Decided>| {
            decided.as_ref().map(|decided| {
                let key = decided.rule.as_ref().map(|rule| rule.key.clone());
                (decided.allowed, decided.step, key)
            })
        };
        for change in found.gains.iter().chain(&found.losses).chain(&found.reasons) {
            for (user, target) in change.singles() {
                let target = target.map(ToString::to_string);
                for (side, decided) in [(&base, &change.before), (&head, &change.after)] {
                    let expected = decider(side, user.as_str(), change.right.as_str(), target.as_deref());
                    prop_assert_eq!(said(decided), expected, "{} {} {:?}", user, change.right, target);
                }
            }
        }
        let reasons = keys(&found.reasons);
        prop_assert_eq!(reasons.len(), count(&found.reasons), "each once");
        for key in before.keys().filter(|key| after.contains_key(*key)) {
            if !is_comparable(key, [base.policy, head.policy]) {
                continue;
            }
            let [was, is] = [&base, &head].map(|side| decider(side, &key.0, &key.1, key.2.as_deref()));
            let (Some(was), Some(is)) = (was, is) else { continue };
            prop_assert_eq!(reasons.contains(key), was.0 == is.0 && was != is, "{:?}: {:?} {:?}", key, was, is);
        }
        Ok(())
    };
    runner(400).run(&(organisation(), organisation()), law).unwrap();
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
