//! A first synchronisation is alone, whatever others were doing when it began.

use std::thread::{self, sleep};
use std::time::Duration;

use super::repository::Repository;
use super::server::Server;
use super::service::FIRM;

#[test]
fn a_session_that_is_registered_while_a_company_is_connected_is_seen() {
    let server = Server::shared();
    let database = server.fresh_database();
    let repository = Repository::of(FIRM);
    let run = |command: &str| {
        let mut command = repository.command(&format!("{command} --database env:RIGHTFUL_FIRM"));
        let done = command.env("RIGHTFUL_FIRM", database.url()).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).split_whitespace().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(run("apply --on 2026-11-22").0, Some(0));
    let name = database.name().to_owned();
    // Registered before anybody is kept out, and written down only after that was asked for.
    let session = thread::spawn(move || {
        Server::shared().sql(
            &name,
            "BEGIN;
             INSERT INTO sessions VALUES ('s', 'user', 'bob', '2026-11-22T08:00:00.000Z', '9999-01-01T00:00:00.000Z');
             SELECT pg_sleep(3);
             COMMIT",
        )
    });
    sleep(Duration::from_secs(1));
    let (code, said) = run("connect --as anna --on 2026-11-22");
    session.join().unwrap();
    assert!(code == Some(3) && said.contains("others are at work") && said.contains("bob"), "{code:?} {said}");
    // Nobody is kept out by what was refused.
    let state = "SELECT state || coalesce(exclusive_until, '') FROM connection";
    assert_eq!(server.sql(database.name(), state), "never");
    server.sql(database.name(), "DELETE FROM sessions");
    let (code, said) = run("connect --as anna --on 2026-11-22");
    assert!(code == Some(0), "{said}");
}
