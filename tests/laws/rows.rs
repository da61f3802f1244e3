//! Somebody alters, adds and deletes rows by SQL, in every table that says something, on both engines: each is told by
//! the next plan, and none can be altered without being told.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::test_runner::TestCaseError;
use rightful::date::Date;
use rightful::model::Policy;
use rightful::plan::{Drift, Origin, Reading, digest, plan};
use rightful::state::Key;
use rightful::target::postgres::Postgres;
use rightful::target::sqlite::Sqlite;
use rightful::target::{Target, TargetError};
use rusqlite::Connection;

use super::asked::{Asked, OnServer, Rows};
use super::database::apply;
use super::organisation::{Organisation, organisation};
use super::plans::{desired, differences};
use super::postgres::Server;
use super::subject::{compiled, runner, some_days};

/// Every table that says what people may do, with its columns.
const TABLES: [(&str, &[&str]); 13] = [
    ("rights", &["id", "scope", "own_data_allowed", "builtin", "name_en", "name_de", "name_nb", "name_nl", "meaning"]),
    ("modules", &["id", "name"]),
    ("module_sets", &["id"]),
    ("module_set_modules", &["module_set_id", "position", "module_id"]),
    ("attachment_classes", &["id"]),
    ("attachment_patterns", &["attachment_class_id", "position", "pattern"]),
    ("employees", &["id", "name", "email", "phone", "department", "language"]),
    ("groups", &["id", "name", "module_set_id"]),
    ("users", &["id", "employee_id", "name", "superuser", "active", "module_set_id"]),
    ("members", &["group_id", "user_id", "member_group_id", "valid_from", "valid_until", "because"]),
    ("access", &["user_id", "group_id"]),
    (
        "rules",
        &[
            "user_id",
            "group_id",
            "right_id",
            "effect",
            "target_kind",
            "target_user_id",
            "target_group_id",
            "target_module_id",
            "target_module_set_id",
            "target_attachment_class_id",
            "valid_from",
            "valid_until",
            "because",
        ],
    ),
    ("last_applied", &["kind", "key", "fields"]),
];

/// Values that somebody might write anywhere; most engines refuse most of them in most places.
const VALUES: [&str; 9] = ["by-hand", "1", "0", "allow", "deny", "2026-06-01", "9999-12-31", "*.hand", "by.hand"];

fn literal(value: Option<&str>) -> String {
    value.map_or("NULL".to_owned(), |value| format!("'{}'", value.replace('\'', "''")))
}

/// What somebody writes, by a number; `None` if there is no row to begin with.
fn deed(database: &dyn Asked, seed: u64) -> Option<String> {
    let mut rest = seed;
    let mut pick = |count: usize| {
        let picked = usize::try_from(rest % count.max(1) as u64).unwrap_or_default();
        rest /= count.max(1) as u64;
        picked
    };
    let (table, columns) = TABLES[pick(TABLES.len() - 1)];
    let rows = database.ask(&format!("SELECT {} FROM {table} ORDER BY {}", columns.join(", "), columns.join(", ")));
    let rows = rows.expect("a table of the schema");
    let row = rows.get(pick(rows.len()))?;
    let column = pick(columns.len());
    let value = match pick(3) {
        0 => rows[pick(rows.len())][column].clone(),
        1 => None,
        _ => Some(VALUES[pick(VALUES.len())].to_owned()),
    };
    let is_this = columns.iter().zip(row).map(|(name, value)| {
        let value = literal(value.as_deref());
        format!("{name} IS NOT DISTINCT FROM {value}")
    });
    let is_this = is_this.collect::<Vec<_>>().join(" AND ");
    Some(match pick(4) {
        0 => format!("DELETE FROM {table} WHERE {is_this}"),
        1 | 2 => {
            format!("UPDATE {table} SET {} = {} WHERE {is_this}", columns[column], literal(value.as_deref()))
        }
        _ => {
            let mut values: Vec<String> = row.iter().map(|value| literal(value.as_deref())).collect();
            values[column] = literal(value.as_deref());
            format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
        }
    })
}

/// Everything that the tables say. Positions say the order of a list, and nothing else.
fn contents(database: &dyn Asked) -> Vec<Rows> {
    let table = |(table, columns): &(&str, &[&str])| {
        let said: Vec<&str> = columns.iter().copied().filter(|column| *column != "position").collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY {}", said.join(", "), columns.join(", "));
        database.ask(&sql).expect("a table of the schema")
    };
    TABLES.iter().map(table).collect()
}

/// Whether everything that somebody did by SQL is told as drift. `false` if nothing that was tried came to anything.
fn all_is_told(
    target: &mut dyn Target,
    database: &dyn Asked,
    policy: &Policy,
    on: Date,
    seeds: &[u64],
) -> Result<bool, TestCaseError> {
    let (before, rows) = (target.read().expect("readable"), contents(database));
    let tried = seeds.iter().filter_map(|seed| deed(database, *seed)).filter(|sql| database.run(sql).is_ok());
    let done: Vec<String> = tried.collect();
    let changed = contents(database) != rows;
    let after = match target.read() {
        Ok(after) => after,
        // A row that makes no sense is told by its own words, and nothing is planned over it.
        Err(TargetError::Senseless(_)) => return Ok(false),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let plan = plan(&after, &desired(policy), on, Drift::Revert, |_| None);
    let told: BTreeSet<Key> = plan.changes.iter().chain(&plan.kept).map(|change| change.key.clone()).collect();
    let differs = differences(&before.actual, &after.actual).into_iter().map(|(key, _)| key);
    let differs: BTreeSet<Key> = differs.chain(after.strays.keys().cloned()).collect();
    prop_assert!(told == differs, "{done:#?}\ntold {told:?}\ndiffers {differs:?}");
    prop_assert!(plan.changes.iter().all(|change| change.origin == Origin::Drift), "{:#?}", plan.changes);
    prop_assert!(changed != told.is_empty(), "{done:#?}: rows changed: {changed}; told: {told:?}");
    prop_assert!(changed == (digest(&before) != digest(&after)), "{:#?}", done);
    apply(target, policy, on)?;
    let back = target.read().expect("readable");
    prop_assert!(back.actual == plan.declared && back.strays.is_empty(), "{done:#?} is taken back");
    Ok(changed)
}

/// Holds an engine to it; `make` gives a database that says a policy, and a way to write into it without telling
/// anybody.
fn hold<T: Target, A: Asked>(cases: u32, make: impl Fn(&Policy, Date) -> (T, A)) {
    let came_to_something = Cell::new(0);
    let law = |(org, seeds): (Organisation, Vec<u64>)| {
        let (policy, on) = (compiled(&org).policy, some_days(&org)[0]);
        let (mut target, database) = make(&policy, on);
        if all_is_told(&mut target, &database, &policy, on, &seeds)? {
            came_to_something.set(came_to_something.get() + 1);
        }
        Ok(())
    };
    runner(cases).run(&(organisation(), vec(any::<u64>(), 1..8)), law).expect("every deed is told");
    assert!(came_to_something.get() > cases / 2, "only {} of {cases} cases did anything", came_to_something.get());
}

#[test]
fn no_row_of_a_file_is_touched_without_being_told() {
    hold_of_files("ON");
}

/// As the engine's own shell does it, unless it is told otherwise: rows may hang on nothing.
#[test]
fn nor_by_somebody_who_minds_no_references() {
    hold_of_files("OFF");
}

fn hold_of_files(foreign_keys: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("crm.db");
    hold(300, |policy, on| {
        drop(std::fs::remove_file(&path));
        let mut target = Sqlite::at(&path);
        apply(&mut target, policy, on).expect("a new database");
        let connection = Connection::open(&path).expect("a database");
        let settings = format!("PRAGMA foreign_keys = {foreign_keys}; PRAGMA synchronous = OFF");
        connection.execute_batch(&settings).expect("settings");
        (target, connection)
    });
}

#[test]
fn no_row_of_a_server_is_touched_without_being_told() {
    let database = Server::shared().fresh_database();
    hold(40, |policy, on| {
        let mut target = Postgres::at(database.url()).expect("an address");
        let connection = OnServer::at(database.url(), ());
        if target.read().expect("readable") != Reading::default() {
            let tables = TABLES.map(|(name, _)| name).join(", ");
            connection.run(&format!("TRUNCATE {tables}")).expect("tables to empty");
        }
        apply(&mut target, policy, on).expect("an empty database");
        (target, connection)
    });
}
