//! On a server the same is read, written and answered as in memory and by the resolver.

use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;
use rightful::date::parse_date;
use rightful::plan::Reading;
use rightful::state;
use rightful::target::postgres::Postgres;
use rightful::target::{Memory, Target};

use super::database::{Answers, apply, around_today, from_resolver};
use super::organisation::Organisation;
use super::postgres::Server;
use super::subject::{compiled, runner, some_days};

const VIEWS: &str = "
    SELECT user_id, right_id, NULL, allowed, step, day FROM effective_right, today UNION ALL
    SELECT user_id, right_id, target_kind || ':' || target_id, allowed, step, day FROM effective_scoped_right, today";

#[test]
fn a_server_says_what_memory_and_the_resolver_say() {
    let law = |(first, second): (Organisation, Organisation)| -> Result<(), TestCaseError> {
        // What one record tells of the last apply cannot be forgotten, so each case has a database of its own.
        let database = Server::shared().fresh_database();
        let mut client = ::postgres::Client::connect(database.url(), ::postgres::NoTls).unwrap();
        // Else the server compiles what it answers in a moment.
        client.batch_execute("SET jit = off").unwrap();
        let on = some_days(&first)[0];
        let mut memory = Memory::default();
        let mut server = Postgres::at(database.url()).unwrap();
        let (first, second) = (compiled(&first).policy, compiled(&second).policy);
        for policy in [&first, &second, &first] {
            let (written, sent) = (apply(&mut memory, policy, on)?, apply(&mut server, policy, on)?);
            prop_assert_eq!(written, sent);
            // Only a database on a server has an identity.
            let read = Reading { id: None, ..server.read().unwrap() };
            prop_assert_eq!(&memory.read().unwrap(), &read);
            prop_assert_eq!(apply(&mut server, policy, on)?, 0);
            let rows = client.query(VIEWS, &[]).unwrap();
            let Some(today) = rows.first().map(|row| parse_date(row.get(5)).unwrap()) else { continue };
            let answers: Answers =
                rows.iter().map(|row| ((row.get(0), row.get(1), row.get(2)), (row.get(3), row.get(4)))).collect();
            let actual = state::compile(&server.read().unwrap().actual, |_| None);
            prop_assert_eq!(answers, from_resolver(&actual, today));
        }
        Ok(())
    };
    runner(40).run(&(around_today(), around_today()), law).unwrap();
}
