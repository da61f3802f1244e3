//! Plans against what somebody did in the database: all of it is seen; it is taken back, or it stays and nothing else
//! does; and there is a way back from every apply.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use rightful::date::{Date, Validity};
use rightful::diff::{Effective, diff};
use rightful::model::key::{GroupKey, SubjectKey, TargetKey};
use rightful::model::{Effect, Policy};
use rightful::name::Name;
use rightful::plan::{Desired, Drift, Origin, Plan, Step, Told, digest, plan, plan_told};
use rightful::resolve::InForce;
use rightful::state::{Fact, GroupFact, Key, MemberKey, State, UserFact};
use rightful::target::sqlite::Sqlite;
use rightful::target::{Memory, Run, Target};
use rusqlite::Connection;

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner, some_days};

pub fn desired(policy: &Policy) -> Desired {
    Desired { company: None, state: State::of(policy), renames: Vec::new() }
}

fn planned(target: &mut dyn Target, policy: &Policy, on: Date, drift: Drift) -> Plan {
    let (reading, desired) = (target.read().expect("a readable target"), desired(policy));
    let plan = plan(&reading, &desired, on, drift, |_| None);
    let (same, told) = plan_told(&reading, &desired, on, drift, |_| None);
    assert_eq!(plan, same);
    if let Some(Told { policies: [base, head], diff: told }) = told {
        assert_eq!(told, diff(&InForce::new(&base, plan.days[0]), &InForce::new(&head, plan.days[1])));
    }
    plan
}

fn apply(target: &mut dyn Target, policy: &Policy, on: Date, drift: Drift) -> Result<Plan, TestCaseError> {
    let plan = planned(target, policy, on, drift);
    target.apply(&plan, &Run::default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    Ok(plan)
}

/// What must be there for a row, and whether the row is nothing without it.
fn needs(key: &Key, fact: &Fact) -> Vec<(Key, bool)> {
    let mut needed = Vec::new();
    match key {
        Key::Member { group, member, .. } => {
            needed.push((Key::of_group(group), true));
            match member {
                MemberKey::Everyone => {}
                MemberKey::User(name) => needed.push((Key::User(name.clone()), true)),
                MemberKey::Group(inner) => needed.push((Key::of_group(inner), true)),
            }
        }
        Key::Access(user) => needed.push((Key::User(user.clone()), true)),
        Key::Rule { subject, right, target, .. } => {
            needed.push((Key::Right(right.clone()), true));
            needed.push((
                match subject {
                    SubjectKey::User(name) => Key::User(name.clone()),
                    SubjectKey::Group(name) => Key::Group(name.clone()),
                    SubjectKey::Role(name) => Key::Role(name.clone()),
                },
                true,
            ));
            needed.extend(match target {
                None | Some(TargetKey::Everyone | TargetKey::Everything) => None,
                Some(TargetKey::User(name)) => Some((Key::User(name.clone()), true)),
                Some(TargetKey::Group(name)) => Some((Key::Group(name.clone()), true)),
                Some(TargetKey::Role(name)) => Some((Key::Role(name.clone()), true)),
                Some(TargetKey::Module(name)) => Some((Key::Module(name.clone()), true)),
                Some(TargetKey::ModuleSet(name)) => Some((Key::ModuleSet(name.clone()), true)),
                Some(TargetKey::Attachment(name)) => Some((Key::Attachment(name.clone()), true)),
            });
        }
        _ => {}
    }
    match fact {
        Fact::Access(role) => needed.push((Key::of_group(role), true)),
        Fact::ModuleSet(modules) => needed.extend(modules.iter().map(|name| (Key::Module(name.clone()), false))),
        Fact::User(user) => {
            needed.extend(user.employee.clone().map(|name| (Key::Employee(name), false)));
            needed.extend(user.modules.clone().map(|name| (Key::ModuleSet(name), false)));
        }
        Fact::Group(group) => needed.extend(group.modules.clone().map(|name| (Key::ModuleSet(name), false))),
        _ => {}
    }
    needed
}

fn dangling(state: &State) -> Vec<String> {
    let rows = state.facts.iter();
    let missing = rows.flat_map(|(key, fact)| needs(key, fact).into_iter().map(move |(needed, _)| (key, needed)));
    let missing = missing.filter(|(_, needed)| !state.facts.contains_key(needed));
    missing.map(|(key, needed)| format!("{key} needs {needed}")).collect()
}

/// What a database with foreign keys makes of rows whose references are gone.
fn cascade(facts: &mut BTreeMap<Key, Fact>) {
    loop {
        let keys: BTreeSet<Key> = facts.keys().cloned().collect();
        let before = facts.len();
        facts.retain(|key, fact| needs(key, fact).iter().all(|(needed, hard)| !hard || keys.contains(needed)));
        if facts.len() == before {
            break;
        }
    }
    let keys: BTreeSet<Key> = facts.keys().cloned().collect();
    for fact in facts.values_mut() {
        let is_there = |key: Key| keys.contains(&key);
        match fact {
            Fact::User(user) => {
                user.employee = user.employee.take().filter(|name| is_there(Key::Employee(name.clone())));
                user.modules = user.modules.take().filter(|name| is_there(Key::ModuleSet(name.clone())));
            }
            Fact::Group(group) => {
                group.modules = group.modules.take().filter(|name| is_there(Key::ModuleSet(name.clone())));
            }
            Fact::ModuleSet(modules) => modules.retain(|name| is_there(Key::Module(name.clone()))),
            _ => {}
        }
    }
}

/// What somebody makes of a state, by numbers.
fn altered(state: &State, seeds: &[u32]) -> State {
    let mut facts = state.facts.clone();
    for seed in seeds {
        let pick = |count: usize| (*seed >> 4) as usize % count.max(1);
        let names = |facts: &BTreeMap<Key, Fact>, role: bool| -> Vec<GroupKey> {
            let group = |key: &Key| match key {
                Key::Group(name) if !role => Some(GroupKey::group(name.clone())),
                Key::Role(name) if role => Some(GroupKey::role(name.clone())),
                _ => None,
            };
            facts.keys().filter_map(group).collect()
        };
        let users: Vec<Name> = facts
            .keys()
            .filter_map(|key| match key {
                Key::User(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let new = Name::foreign(&format!("by-hand-{}", seed % 97));
        match seed % 8 {
            0 | 1 => {
                if let Some(key) = facts.keys().nth(pick(facts.len())).cloned() {
                    facts.remove(&key);
                }
                cascade(&mut facts);
            }
            2 | 3 => {
                let key = facts.keys().nth(pick(facts.len())).cloned();
                if let Some(Key::Access(user)) = &key {
                    let roles = names(&facts, true);
                    facts.insert(Key::Access(user.clone()), Fact::Access(roles[pick(roles.len())].clone()));
                } else if let Some(fact) = key.and_then(|key| facts.get_mut(&key)) {
                    touch(fact, *seed);
                }
            }
            4 => drop(facts.insert(Key::Group(new), Fact::Group(GroupFact::default()))),
            5 => {
                let user = UserFact { active: seed % 3 != 0, superuser: seed % 5 == 0, ..UserFact::default() };
                facts.entry(Key::User(new)).or_insert(Fact::User(user));
            }
            6 => {
                let (groups, roles) = (names(&facts, false), names(&facts, true));
                if let (Some(group), Some(user)) = (groups.get(pick(groups.len())), users.get(pick(users.len()))) {
                    let member = MemberKey::User(user.clone());
                    let key = Key::Member { group: group.clone(), member, validity: Validity::ALWAYS };
                    facts.entry(key).or_insert(Fact::Member(None));
                }
                if let (Some(role), Some(user)) = (roles.get(pick(roles.len())), users.get(pick(users.len()))) {
                    facts.insert(Key::Access(user.clone()), Fact::Access(role.clone()));
                }
            }
            _ => {
                let rights: Vec<_> = facts
                    .iter()
                    .filter_map(|(key, fact)| match (key, fact) {
                        (Key::Right(name), Fact::Right(right)) if right.scope.is_none() => Some(name.clone()),
                        _ => None,
                    })
                    .collect();
                if let (Some(right), Some(user)) = (rights.get(pick(rights.len())), users.get(pick(users.len()))) {
                    let key = Key::Rule {
                        subject: SubjectKey::User(user.clone()),
                        right: right.clone(),
                        target: None,
                        effect: if seed % 3 == 0 { Effect::Deny } else { Effect::Allow },
                        validity: Validity::ALWAYS,
                    };
                    facts.entry(key).or_insert(Fact::Rule(None));
                }
            }
        }
    }
    State { facts }
}

fn touch(fact: &mut Fact, seed: u32) {
    let word = || Some(Box::from(format!("by hand {seed}")));
    match fact {
        Fact::Right(right) => right.meaning = word(),
        Fact::Module(name) | Fact::Member(name) | Fact::Rule(name) => *name = word(),
        Fact::ModuleSet(modules) => drop(modules.pop()),
        Fact::Attachment(patterns) => patterns.push(format!("*.{seed}").into()),
        Fact::Employee(employee) => employee.email = word(),
        Fact::Group(group) => group.name = word(),
        Fact::User(user) => match seed % 3 {
            0 => user.superuser = !user.superuser,
            1 => user.active = !user.active,
            _ => user.name = word(),
        },
        Fact::Access(_) => {}
        Fact::Company(company) => company.phone = word(),
        Fact::Licence(licence) => licence.services.push(format!("service {seed}").into()),
    }
}

/// Makes a target say something, as somebody does who writes into it without telling anybody: what it remembers of the
/// last apply stays.
fn by_hand(target: &mut dyn Target, applied: &Plan, says: &State) {
    let reading = target.read().expect("a readable target");
    let before = &reading.actual;
    let gone = before.facts.keys().rev().filter(|key| !says.facts.contains_key(*key));
    let mut steps: Vec<Step> = gone.cloned().map(Step::Delete).collect();
    steps.extend(says.facts.iter().filter(|(key, fact)| before.facts.get(*key) != Some(*fact)).map(|(key, fact)| {
        let (key, fact) = (key.clone(), fact.clone());
        if before.facts.contains_key(&key) { Step::Update(key, fact) } else { Step::Insert(key, fact) }
    }));
    assert_eq!(reading.base, Some(applied.remembered()));
    let nothing = plan(&reading, &Desired::default(), rightful::date::FIRST_DAY, Drift::Keep, |_| None);
    let (after, declared, former) = (says.clone(), applied.declared.clone(), applied.former.clone());
    let edit = Plan { steps, after, declared, former, seen: digest(&reading), ..nothing };
    target.apply(&edit, &Run::default()).expect("what a database can hold");
}

pub type Difference = (Key, Option<&'static str>);

/// Rows and fields in which two states differ.
pub fn differences(a: &State, b: &State) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    for key in a.facts.keys().chain(b.facts.keys()) {
        match (a.facts.get(key), b.facts.get(key)) {
            (Some(a), Some(b)) => {
                let pairs = a.fields().into_iter().zip(b.fields());
                found.extend(pairs.filter(|(a, b)| a != b).map(|(a, _)| (key.clone(), Some(a.0))));
            }
            _ => drop(found.insert((key.clone(), None))),
        }
    }
    found
}

fn kept(plan: &Plan) -> BTreeSet<Difference> {
    plan.kept.iter().map(|change| (change.key.clone(), change.field)).collect()
}

fn targets() -> [Box<dyn Target>; 2] {
    let database = Sqlite::over(Connection::open_in_memory().expect("a database in memory"));
    [Box::new(Memory::default()), Box::new(database)]
}

#[test]
fn whatever_somebody_does_in_the_database_is_drift() {
    let law = |(former, org, seeds): (Organisation, Organisation, Vec<u32>)| {
        let on = some_days(&org)[0];
        let (former, policy) = (compiled(&former).policy, compiled(&org).policy);
        for mut target in targets() {
            apply(&mut *target, &former, on, Drift::Revert)?;
            let applied = apply(&mut *target, &policy, on, Drift::Revert)?;
            let says = altered(&applied.after, &seeds);
            by_hand(&mut *target, &applied, &says);
            let plan = planned(&mut *target, &policy, on, Drift::Revert);
            let changes = plan.changes.iter().chain(&plan.kept);
            prop_assert!(changes.clone().all(|change| change.origin == Origin::Drift), "{:#?}", plan.changes);
            let told: BTreeSet<Key> = changes.map(|change| change.key.clone()).collect();
            let done: BTreeSet<Key> = differences(&applied.after, &says).into_iter().map(|(key, _)| key).collect();
            prop_assert_eq!(told, done);
            prop_assert!(plan.conflicts.is_empty());
            let back = apply(&mut *target, &policy, on, Drift::Revert)?;
            prop_assert_eq!(&target.read().expect("readable").actual, &back.declared);
            prop_assert!(planned(&mut *target, &policy, on, Drift::Revert).finds_no_difference());
        }
        Ok(())
    };
    runner(200).run(&(organisation(), organisation(), vec(any::<u32>(), 0..6)), law).unwrap();
}

#[test]
fn kept_drift_stays_and_everything_else_follows_the_policy() {
    let law = |(before, after, seeds): (Organisation, Organisation, Vec<u32>)| {
        let on = some_days(&before)[0];
        let (before, after) = (compiled(&before).policy, compiled(&after).policy);
        for mut target in targets() {
            let applied = apply(&mut *target, &before, on, Drift::Revert)?;
            let says = altered(&applied.after, &seeds);
            by_hand(&mut *target, &applied, &says);
            let plan = apply(&mut *target, &after, on, Drift::Keep)?;
            let actual = target.read().expect("readable").actual;
            prop_assert_eq!(&actual, &plan.after);
            prop_assert_eq!(dangling(&actual), Vec::<String>::new());
            let left = differences(&plan.declared, &actual);
            prop_assert_eq!(&left, &kept(&plan), "what differs, and what the plan said would stay");
            for (key, field) in &left {
                let value = |state: &State| {
                    let fields = state.facts.get(key).map(Fact::fields);
                    fields
                        .map(|fields| fields.into_iter().filter(|(name, _)| Some(*name) == *field).collect::<Vec<_>>())
                };
                prop_assert_eq!(value(&actual), value(&says), "{} as somebody left it", key);
            }
            let again = planned(&mut *target, &after, on, Drift::Keep);
            prop_assert!(again.is_empty() && again.conflicts.is_empty(), "{:#?}", again.changes);
            prop_assert_eq!(kept(&again), left);
            let back = planned(&mut *target, &after, on, Drift::Revert);
            let told: BTreeSet<&Key> = back.changes.iter().chain(&back.kept).map(|change| &change.key).collect();
            prop_assert!(plan.kept.iter().all(|change| told.contains(&change.key)));
            prop_assert!(back.changes.iter().all(|change| change.origin == Origin::Drift), "{:#?}", back.changes);
        }
        Ok(())
    };
    runner(200).run(&(organisation(), organisation(), vec(any::<u32>(), 0..8)), law).unwrap();
}

/// Going back gives every row as it was. What is left over are the accounts that came in between: no account is ever
/// deleted, so they stay, out of use and without anything that hangs on them; linked to an employee only if nobody of the
/// policy is.
#[test]
fn every_apply_has_a_way_back() {
    let law = |(first, second, third): (Organisation, Organisation, Organisation)| {
        let on = some_days(&first)[0];
        let [first, second, third] = [first, second, third].map(|org| compiled(&org).policy);
        for mut target in targets() {
            apply(&mut *target, &first, on, Drift::Revert)?;
            let then = target.read().expect("readable").actual;
            apply(&mut *target, &second, on, Drift::Revert)?;
            apply(&mut *target, &third, on, Drift::Revert)?;
            apply(&mut *target, &first, on, Drift::Revert)?;
            let mut now = target.read().expect("readable").actual;
            now.facts.retain(|key, fact| {
                let is_retired =
                    matches!(fact, Fact::User(user) if !user.active && !user.superuser && user.modules.is_none());
                then.facts.contains_key(key) || !is_retired
            });
            prop_assert_eq!(&now, &then);
        }
        Ok(())
    };
    runner(100).run(&(organisation(), organisation(), organisation()), law).unwrap();
}

/// Going back over new names, at once or step by step, gives every account the one that it had, with everything that
/// hangs on it; no account is left over. It does so too after somebody took out of the policy what tells of the names.
#[test]
fn every_rename_has_a_way_back() {
    let law = |(org, seed, [twice, tidy, at_once]): (Organisation, u64, [bool; 3])| {
        let on = some_days(&org)[0];
        let first = desired(&compiled(&org).policy);
        let users = first.state.facts.keys().filter_map(|key| match key {
            Key::User(name) => Some(name.clone()),
            _ => None,
        });
        let users: Vec<Name> = users.collect();
        let chosen = |round: u32| {
            let is_chosen = move |index: &usize| seed.rotate_right(round * 17) >> (index % 17) & 1 == 1;
            (0..users.len()).filter(is_chosen)
        };
        let called = |round: &str, index: usize| Name::foreign(&format!("{round}-{index}"));
        let mut renames: BTreeMap<usize, (Name, Name)> = BTreeMap::new();
        let mut steps = vec![first.clone()];
        for (number, round) in ["second", "third"].into_iter().enumerate().take(1 + usize::from(twice)) {
            let mut names = BTreeMap::new();
            for index in chosen(u32::try_from(number).unwrap_or_default()) {
                let from = renames.get(&index).map_or_else(|| users[index].clone(), |(_, to)| to.clone());
                names.insert(from.clone(), called(round, index));
                renames.insert(index, (from, called(round, index)));
            }
            let state = steps[number].state.with_users_renamed(&names);
            steps.push(Desired { company: None, state, renames: renames.values().cloned().collect() });
        }
        for mut target in targets() {
            let mut says = Vec::new();
            let last = steps.last().expect("a first one");
            let tidied = tidy.then(|| Desired { renames: Vec::new(), ..last.clone() });
            let back = steps.iter().rev().skip(if at_once { steps.len() - 1 } else { 1 });
            for desired in steps.iter().chain(&tidied).chain(back) {
                let plan = plan(&target.read().expect("readable"), desired, on, Drift::Revert, |_| None);
                prop_assert!(says.is_empty() || plan.effective == Effective::default(), "{:#?}", plan.effective);
                target.apply(&plan, &Run::default()).expect("what a database can hold");
                let again =
                    rightful::plan::plan(&target.read().expect("readable"), desired, on, Drift::Revert, |_| None);
                prop_assert!(again.finds_no_difference(), "{:#?}", again.changes);
                says.push(target.read().expect("readable").actual);
            }
            prop_assert_eq!(says.last(), says.first());
        }
        Ok(())
    };
    runner(100).run(&(organisation(), any::<u64>(), any::<[bool; 3]>()), law).unwrap();
}
