//! What is said to be behind a change is: each edit is tried alone, on compiled policies.

use std::collections::BTreeSet;

use proptest::prelude::any;
use proptest::{prop_assert, prop_assert_eq};
use rightful::date::Date;
use rightful::diff::{Cause, Caused, Diff, Edit, Edited, diff, effective};
use rightful::model::Policy;
use rightful::model::key::{SubjectKey, TargetKey};
use rightful::name::Name;
use rightful::resolve::{InForce, Request, decide};
use rightful::state::{Key, State, compile};

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

/// One organisation, some facts of which are those of another: the numbers say which.
fn mixed(base: &State, other: &State, numbers: &[u16]) -> State {
    let mut head = base.clone();
    for number in numbers {
        let pick = |state: &State| {
            let keys: Vec<Key> = state.facts.keys().cloned().collect();
            keys[usize::from(number / 2) % keys.len()].clone()
        };
        if number % 2 == 0 {
            head.facts.remove(&pick(base));
        } else {
            let key = pick(other);
            head.facts.insert(key.clone(), other.facts[&key].clone());
        }
    }
    // What refers to something that is gone is left out.
    State::of(&compile(&head, |_| None))
}

/// A state with what the other says about one edit.
fn with_edit(from: &State, to: &State, edit: &Edit, onto: &State) -> State {
    let mut state = onto.clone();
    let concerns = |key: &Key| match &edit.what {
        Edited::Group(group) => {
            let of_rule = matches!(key, Key::Rule { subject, .. } if *subject == SubjectKey::from(group.clone()));
            let of_member = matches!(key, Key::Member { group: of, .. } if of == group);
            *key == Key::of_group(group) || of_rule || of_member
        }
        _ => edit.removed.iter().chain(&edit.added).any(|line| line.key == *key),
    };
    let keys: BTreeSet<&Key> = from.facts.keys().chain(to.facts.keys()).filter(|key| concerns(key)).collect();
    for key in keys {
        match to.facts.get(key) {
            Some(fact) => drop(state.facts.insert(key.clone(), fact.clone())),
            None => drop(state.facts.remove(key)),
        }
    }
    state
}

fn allows(policy: &Policy, on: Date, user: &Name, right: &str, target: Option<&TargetKey>) -> bool {
    let single = |key: &TargetKey| {
        let right = policy.rights.get(policy.right_called(right)?);
        policy.single_targets(right.scope?).into_iter().find(|single| policy.target_key((*single).into()) == *key)
    };
    let target = match target.map(single) {
        Some(None) => return false,
        Some(found) => found,
        None => None,
    };
    let (Some(user), Some(right)) = (policy.users.find(user), policy.right_called(right)) else { return false };
    decide(&InForce::new(policy, on), Request::by(user, right, target)).allowed
}

struct Tried {
    /// The base with an edit alone, and the head without it.
    alone: Policy,
    without: Policy,
}

fn check(
    found: &Diff,
    tried: &[Option<Tried>],
    sides: [&Policy; 2],
    on: Date,
) -> Result<(), proptest::test_runner::TestCaseError> {
    for (caused, gained) in
        found.gains.iter().map(|caused| (caused, true)).chain(found.losses.iter().map(|caused| (caused, false)))
    {
        let Caused { cause, change } = caused;
        let (Cause::Each(named) | Cause::Together(named)) = cause else { continue };
        // A right that one side does not have cannot be asked about there, whatever the lines say.
        if sides.iter().any(|policy| policy.right_called(change.right.as_str()).is_none()) {
            continue;
        }
        for (user, target) in change.singles().take(40) {
            let holds = |policy: &Policy| allows(policy, on, user, change.right.as_str(), target);
            let of = |turns: &dyn Fn(&Tried) -> bool| {
                let edits = tried.iter().enumerate();
                edits.filter(|(_, tried)| tried.as_ref().is_some_and(turns)).map(|(edit, _)| edit).collect::<Vec<_>>()
            };
            let sufficient = of(&|tried| holds(&tried.alone) == gained);
            let necessary = of(&|tried| holds(&tried.without) != gained);
            match cause {
                Cause::Each(_) => prop_assert_eq!(named, &sufficient, "{} {} {:?}", user, change.right, target),
                _ => {
                    prop_assert!(sufficient.is_empty(), "{} {} {:?}: {:?}", user, change.right, target, sufficient);
                    if !necessary.is_empty() {
                        prop_assert_eq!(named, &necessary, "{} {} {:?}", user, change.right, target);
                    }
                    prop_assert!(named.len() > 1 || necessary.len() == 1);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn an_edit_is_behind_a_change_if_it_alone_makes_it_or_the_change_needs_it() {
    let law = |(base, other, numbers): (Organisation, Organisation, Vec<u16>)| {
        let on = some_days(&base)[0];
        let base_state = State::of(&compiled(&base).policy);
        let head_state = mixed(&base_state, &State::of(&compiled(&other).policy), &numbers);
        let (base, head) = (compile(&base_state, |_| None), compile(&head_state, |_| None));
        let found = diff(&InForce::new(&base, on), &InForce::new(&head, on));
        let whole = effective(&InForce::new(&base, on), &InForce::new(&head, on));
        let singles = |all: &mut dyn Iterator<Item = &rightful::diff::Change>| {
            let of = |change: &rightful::diff::Change| {
                let key = |(user, target): (&Name, Option<&TargetKey>)| {
                    (user.to_string(), change.right.to_string(), target.map(ToString::to_string))
                };
                change.singles().map(key).collect::<Vec<_>>()
            };
            let all: Vec<_> = all.flat_map(of).collect();
            let set: BTreeSet<_> = all.iter().cloned().collect();
            (all.len(), set)
        };
        let caused = |all: &[Caused]| singles(&mut all.iter().map(|caused| &caused.change));
        prop_assert_eq!(caused(&found.gains), singles(&mut whole.gains.iter()));
        prop_assert_eq!(caused(&found.losses), singles(&mut whole.losses.iter()));
        let tried = |edit: &Edit| match edit.what {
            // Nothing that a person does who is new or gone is put down to a line.
            Edited::User(_) => None,
            _ => Some(Tried {
                alone: compile(&with_edit(&base_state, &head_state, edit, &base_state), |_| None),
                without: compile(&with_edit(&head_state, &base_state, edit, &head_state), |_| None),
            }),
        };
        let tried: Vec<Option<Tried>> = found.edits.iter().map(tried).collect();
        check(&found, &tried, [&base, &head], on)?;
        for edit in &found.inert {
            let Some(Tried { without, .. }) = &tried[*edit] else { continue };
            let shift = effective(&InForce::new(without, on), &InForce::new(&head, on));
            prop_assert!(shift.gains.is_empty() && shift.losses.is_empty(), "{:?}", found.edits[*edit]);
        }
        let named: BTreeSet<usize> =
            found.gains.iter().chain(&found.losses).flat_map(|caused| caused.cause.edits()).copied().collect();
        prop_assert!(found.inert.iter().all(|edit| !named.contains(edit)));
        Ok(())
    };
    let numbers = proptest::collection::vec(any::<u16>(), 1..8);
    runner(400).run(&(organisation(), organisation(), numbers), law).unwrap();
}

#[test]
fn who_came_into_a_group_is_who_is_in_it_and_was_not() {
    let law = |(base, head): (Organisation, Organisation)| {
        let on = some_days(&base)[0];
        let (base, head) = (compiled(&base).policy, compiled(&head).policy);
        let members = |policy: &Policy| {
            let in_force = InForce::new(policy, on);
            let of = |user| {
                let name = policy.users.key(user).to_string();
                let groups = in_force.groups_of(user).into_iter();
                groups.map(move |group| (policy.groups.key(group).to_string(), name.clone())).collect::<Vec<_>>()
            };
            policy.users.ids().flat_map(of).collect::<BTreeSet<_>>()
        };
        let found = diff(&InForce::new(&base, on), &InForce::new(&head, on));
        let (before, after) = (members(&base), members(&head));
        for (moved, expected) in [(&found.joined, &after - &before), (&found.left, &before - &after)] {
            let of = |moved: &rightful::diff::Moved| {
                let users = moved.users.iter().map(ToString::to_string);
                users.map(|user| (moved.group.to_string(), user)).collect::<Vec<_>>()
            };
            prop_assert_eq!(moved.iter().flat_map(of).collect::<BTreeSet<_>>(), expected);
        }
        Ok(())
    };
    runner(300).run(&(organisation(), organisation()), law).unwrap();
}
