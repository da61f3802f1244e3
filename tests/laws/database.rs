//! What is applied is what the views answer; applying is idempotent; states survive the way into tables and back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::strategy::Strategy;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use rightful::date::{Date, parse_date};
use rightful::model::{Policy, Subject};
use rightful::plan::{Desired, Drift, Reading, plan};
use rightful::question::what;
use rightful::resolve::InForce;
use rightful::state::{self, State};
use rightful::target::sqlite::Sqlite;
use rightful::target::{Memory, Run, Target};
use rusqlite::Connection;

use super::organisation::{Organisation, organisation};
use super::subject::{compiled, runner};

pub type Answers = BTreeMap<(String, String, Option<String>), (bool, String)>;

fn in_memory() -> Sqlite {
    Sqlite::over(Connection::open_in_memory().expect("a database in memory"))
}

fn desired(policy: &Policy) -> Desired {
    Desired { company: None, state: State::of(policy), renames: Vec::new() }
}

pub fn apply(target: &mut dyn Target, policy: &Policy, on: Date) -> Result<usize, TestCaseError> {
    let reading = target.read().expect("a readable target");
    let plan = plan(&reading, &desired(policy), on, Drift::Revert, |_| None);
    let receipt = target.apply(&plan, &Run::default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    Ok(receipt.applied)
}

fn today(database: &Sqlite) -> Date {
    let text: String = database
        .connection()
        .expect("an open database")
        .query_row("SELECT date('now')", [], |row| row.get(0))
        .expect("a date");
    parse_date(&text).expect("a date")
}

fn from_views(database: &Sqlite) -> Answers {
    let connection = database.connection().expect("an open database");
    let sql = "SELECT user_id, right_id, NULL, allowed, step FROM effective_right UNION ALL
               SELECT user_id, right_id, target_kind || ':' || target_id, allowed, step FROM effective_scoped_right";
    let mut statement = connection.prepare(sql).expect("the views");
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), (row.get(3)?, row.get(4)?))));
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

pub fn from_resolver(policy: &Policy, on: Date) -> Answers {
    let in_force = InForce::new(policy, on);
    let mut answers = Answers::new();
    for user in policy.users.ids() {
        for held in what(&in_force, Subject::User(user)) {
            let target = held.target.map(|target| policy.target_key(target.into()).to_string());
            let key = (policy.users.key(user).to_string(), policy.rights.key(held.right).to_string(), target);
            answers.insert(key, (held.decision.allowed, held.decision.step.as_str().to_owned()));
        }
    }
    answers
}

/// Groups with their users, by the view that begins with the user, and by the one that begins with the group.
fn pairs_from_views(database: &Sqlite) -> [BTreeSet<(String, String)>; 2] {
    let connection = database.connection().expect("an open database");
    ["user_group", "group_user"].map(|view| {
        let mut statement = connection.prepare(&format!("SELECT group_id, user_id FROM {view}")).expect("the view");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.expect("rows").map(|row| row.expect("a row")).collect()
    })
}

fn pairs_from_resolver(policy: &Policy, on: Date) -> BTreeSet<(String, String)> {
    let in_force = InForce::new(policy, on);
    let name = |group| {
        let key = policy.groups.key(group).to_string();
        key.strip_prefix("group:").map_or(key.clone(), str::to_owned)
    };
    let users = |group| in_force.members_of(group).into_iter().map(|user| policy.users.key(user).to_string());
    policy.groups.ids().flat_map(|group| users(group).map(move |user| (name(group), user))).collect()
}

/// Moves the periods of an organisation so that the views, which ask the clock, meet beginnings and ends.
pub fn around_today() -> impl Strategy<Value = Organisation> {
    let days = organisation_days();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let middle = days[days.len() / 2];
    organisation().prop_map(move |mut org| {
        let shift = today.since(middle).expect("a span of days");
        let moved = |day: &mut Option<Date>| *day = day.map(|day| day.checked_add(shift).expect("a day"));
        for group in &mut org.groups {
            for membership in &mut group.members {
                moved(&mut membership.validity.from);
                moved(&mut membership.validity.until);
            }
        }
        let users = org.users.iter_mut().flat_map(|user| &mut user.rules);
        let groups = org.groups.iter_mut().flat_map(|group| &mut group.rules);
        let roles = org.roles.iter_mut().flat_map(|role| &mut role.rules);
        for rule in users.chain(groups).chain(roles) {
            moved(&mut rule.validity.from);
            moved(&mut rule.validity.until);
        }
        org
    })
}

fn organisation_days() -> Vec<Date> {
    super::organisation::days()
}

#[test]
fn the_views_equal_the_resolver_row_for_row() {
    let law = |org: Organisation| {
        let compiled = compiled(&org);
        let mut database = in_memory();
        apply(&mut database, &compiled.policy, super::subject::some_days(&org)[0])?;
        let (before, answers, pairs) = (today(&database), from_views(&database), pairs_from_views(&database));
        if before == today(&database) {
            prop_assert_eq!(answers, from_resolver(&compiled.policy, before), "{:#?}", org.to_files());
            let expected = pairs_from_resolver(&compiled.policy, before);
            prop_assert_eq!(&pairs, &[expected.clone(), expected], "{:#?}", org.to_files());
        }
        Ok(())
    };
    runner(1_000).run(&around_today(), law).unwrap();
}

#[test]
fn applying_from_one_organisation_to_another_leaves_nothing_to_do() {
    let law = |(first, second): (Organisation, Organisation)| {
        let (first_policy, second_policy) = (compiled(&first).policy, compiled(&second).policy);
        let on = super::subject::some_days(&first)[0];
        let (mut memory, mut database) = (Memory::default(), in_memory());
        for policy in [&first_policy, &second_policy, &first_policy] {
            apply(&mut memory, policy, on)?;
            apply(&mut database, policy, on)?;
            let said = Reading { id: None, ..database.read().expect("database") };
            prop_assert_eq!(&memory.read().expect("memory"), &said);
            let again = plan(&database.read().expect("database"), &desired(policy), on, Drift::Revert, |_| None);
            prop_assert!(again.is_empty() && again.changes.is_empty(), "{:#?}", again.changes);
            prop_assert!(again.effective == rightful::diff::Effective::default());
            prop_assert_eq!(apply(&mut database, policy, on)?, 0);
        }
        let (before, answers, after) = (today(&database), from_views(&database), today(&database));
        if before == after {
            let actual = state::compile(&database.read().expect("database").actual, |_| None);
            prop_assert_eq!(answers, from_resolver(&actual, before));
        }
        Ok(())
    };
    runner(200).run(&(around_today(), around_today()), law).unwrap();
}

#[test]
fn a_state_survives_the_way_through_a_policy() {
    let law = |org: Organisation| {
        let state = State::of(&compiled(&org).policy);
        prop_assert_eq!(State::of(&state::compile(&state, |_| None)), state);
        Ok(())
    };
    runner(300).run(&organisation(), law).unwrap();
}

#[test]
fn a_first_plan_grants_exactly_what_the_policy_gives() {
    let law = |org: Organisation| {
        let policy = compiled(&org).policy;
        let on = super::subject::some_days(&org)[0];
        let plan = plan(&Reading::default(), &desired(&policy), on, Drift::Revert, |_| None);
        let mut gains = BTreeSet::new();
        for gain in &plan.effective.gains {
            let key = |(user, target): (&rightful::name::Name, Option<&rightful::model::key::TargetKey>)| {
                (user.to_string(), gain.right.to_string(), target.map(ToString::to_string))
            };
            gains.extend(gain.singles().map(key));
        }
        let held = from_resolver(&policy, on).into_iter();
        let held = held.filter(|(_, (allowed, step))| *allowed && step != "own-data").map(|(key, _)| key).collect();
        prop_assert_eq!(gains, held);
        prop_assert!(plan.effective.losses.is_empty());
        Ok(())
    };
    runner(300).run(&organisation(), law).unwrap();
}
