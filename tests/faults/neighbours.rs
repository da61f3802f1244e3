//! Others in the same database: tables that are somebody else's, and companies in schemas of their own.

use rightful::plan::Reading;
use rightful::target::TargetError;
use rightful::target::postgres::Postgres;

use super::firm::{Home, NEW, OLD, Remote, apply, planned, run};
use super::server::Server;

#[test]
fn tables_of_any_of_our_names_are_somebody_elses() {
    for theirs in [
        "CREATE TABLE groups (id text)",
        "CREATE TABLE audit (id text)",
        "CREATE VIEW today AS SELECT 1 AS day",
        "CREATE TABLE schema_version (version text); INSERT INTO schema_version VALUES ('1.4.2')",
        "CREATE TABLE schema_version (version integer); CREATE TABLE rules (id text)",
    ] {
        let remote = Remote::new(Server::shared());
        let plan = planned(&mut *remote.target(), OLD);
        remote.by_hand(theirs);
        for error in [remote.target().read().unwrap_err(), remote.target().apply(&plan, &run()).unwrap_err()] {
            assert!(matches!(error, TargetError::Foreign(_)), "{theirs}: {error}");
        }
    }
}

#[test]
fn a_company_behind_on_the_search_path_is_another_one() {
    let remote = Remote::new(Server::shared());
    apply(&mut *remote.target(), OLD).unwrap();
    let before = remote.target().read().unwrap();
    remote.by_hand("CREATE SCHEMA nordwind");
    let url = format!("{}?options=-csearch_path%3Dnordwind,public", remote.database.url());
    let mut nordwind = Postgres::at(&url).unwrap();
    assert_eq!(rightful::target::Target::read(&mut nordwind).unwrap(), Reading::default());
    assert!(apply(&mut nordwind, NEW).unwrap().end.is_some());
    assert_eq!(remote.target().read().unwrap(), before);
    // A table that is gone is not looked for there either.
    remote.by_hand("DROP TABLE nordwind.members CASCADE");
    let error = rightful::target::Target::read(&mut nordwind).unwrap_err();
    assert!(matches!(error, TargetError::Altered { .. }), "{error}");
}

#[test]
fn a_schema_may_get_another_name() {
    let remote = Remote::new(Server::shared());
    apply(&mut *remote.target(), OLD).unwrap();
    let before = remote.target().read().unwrap();
    remote.by_hand("ALTER SCHEMA public RENAME TO suedwind");
    let url = format!("{}?options=-csearch_path%3Dsuedwind", remote.database.url());
    let mut renamed = Postgres::at(&url).unwrap();
    assert_eq!(rightful::target::Target::read(&mut renamed).unwrap(), before);
    assert!(apply(&mut renamed, NEW).unwrap().end.is_some());
}

#[test]
fn a_rule_of_somebody_else_on_our_rows_is_no_collision() {
    let remote = Remote::new(Server::shared());
    apply(&mut *remote.target(), OLD).unwrap();
    remote.by_hand(
        "CREATE UNIQUE INDEX one_phone ON employees (coalesce(phone, ''), language NULLS FIRST) WHERE id <> 'lk'",
    );
    let same =
        OLD.replace("ap: { name: Anna Peters }", "ap: { name: Anna Peters, language: de }, zz: { language: de }");
    let error = apply(&mut *remote.target(), &same).unwrap_err();
    assert!(matches!(&error, TargetError::Unable { what, .. } if what.contains("one_phone")), "{error}");
}
