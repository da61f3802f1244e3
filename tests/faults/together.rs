//! Two who apply at once, one who died with the lease, clocks that go back, and transactions that meet.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rightful::target::postgres::Postgres;
use rightful::target::sqlite::Sqlite;
use rightful::target::{Target, TargetError};

use super::firm::{File, Home, LAPSE, NEW, OLD, Pendulum, Remote, apply, planned, record, run};
use super::proxy::{Act, Proxy};
use super::repository::Repository;
use super::server::Server;

/// A gate in a test's way: whoever comes waits until it opens.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<(bool, bool)>, Condvar)>);

impl Gate {
    fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut guard = state.lock().unwrap();
        guard.0 = true;
        changed.notify_all();
        let waited = changed.wait_timeout_while(guard, Duration::from_secs(20), |state| !state.1).unwrap();
        assert!(!waited.1.timed_out(), "nobody opened the gate");
    }

    /// Returns when somebody stands before it.
    fn await_somebody(&self) {
        let (state, changed) = &*self.0;
        let guard = state.lock().unwrap();
        let waited = changed.wait_timeout_while(guard, Duration::from_secs(20), |state| !state.0).unwrap();
        assert!(!waited.1.timed_out(), "nobody came to the gate");
    }

    fn open(&self) {
        self.0.0.lock().unwrap().1 = true;
        self.0.1.notify_all();
    }
}

/// A way to the server that stops before the n-th request with these words.
fn stopping(remote: &Remote<'_>, words: &'static str, number: usize, gate: &Gate) -> Proxy {
    let (gate, count) = (gate.clone(), AtomicUsize::new(0));
    Proxy::to(remote.server.address(), move |message| {
        if message.says(words) && count.fetch_add(1, Ordering::SeqCst) + 1 == number {
            gate.pass();
        }
        Act::Forward
    })
}

/// The beginning of a transaction that writes: the first one takes the lease, the second does the work.
const BEGIN: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

#[test]
fn who_comes_while_another_writes_is_told_who_and_since_when() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    let gate = Gate::default();
    // Everything is written but not yet lasting.
    let proxy = stopping(&remote, "COMMIT", 2, &gate);
    thread::scope(|scope| {
        let first = scope.spawn(|| apply(&mut Postgres::at(&proxy.url(remote.database.url())).unwrap(), NEW));
        gate.await_somebody();
        let mut second = Postgres::at(remote.database.url()).unwrap().waiting(Duration::from_millis(100));
        let refused = apply(&mut second, NEW).unwrap_err();
        let TargetError::Locked { holder: Some(holder) } = &refused else { panic!("{refused}") };
        assert!(holder.name.contains("tester on bench") && holder.since.ends_with('Z'), "{holder:?}");
        assert!(refused.is_refusal());
        // Whoever only reads does not wait, and sees the old.
        assert!(!planned(&mut second, NEW).is_empty());
        gate.open();
        assert!(first.join().unwrap().unwrap().end.is_some());
        assert!(planned(&mut second, NEW).is_empty());
    });
}

#[test]
fn whoever_keeps_the_row_is_named_after_the_lease_has_ended_too() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    leave_a_lease(&remote, "2000-01-01T00:00:00.000Z", "2000-01-01T00:00:30.000Z");
    let mut slow = remote.client();
    slow.batch_execute("BEGIN; SELECT * FROM lock FOR UPDATE").unwrap();
    let mut second = Postgres::at(remote.database.url()).unwrap().waiting(Duration::from_millis(100));
    let refused = apply(&mut second, NEW).unwrap_err();
    let TargetError::Locked { holder: Some(holder) } = &refused else { panic!("{refused}") };
    assert_eq!((&*holder.name, &*holder.since), ("ghost", "2000-01-01T00:00:00.000Z"));
}

#[test]
fn a_holder_that_falls_silent_keeps_nobody_out_for_long() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    let (gate, begun) = (Gate::default(), Instant::now());
    let reached = gate.clone();
    let proxy = Proxy::to(remote.server.address(), move |message| {
        if !message.says("UPDATE employees") {
            return Act::Forward;
        }
        reached.open();
        Act::Silence
    });
    let url = proxy.url(remote.database.url());
    thread::scope(|scope| {
        let silent = scope.spawn(|| {
            let target = Postgres::at(&url).unwrap();
            apply(&mut target.silent_for(Duration::from_millis(500)), NEW)
        });
        gate.pass();
        // Waits for the row as long as it takes, and then for nothing more.
        remote.by_hand(LAPSE);
        assert!(apply(&mut *remote.target(), NEW).unwrap().end.is_some());
        assert!(begun.elapsed() < Duration::from_secs(20));
        drop(proxy);
        let error = silent.join().unwrap().unwrap_err();
        assert!(matches!(error, TargetError::Lost(_)), "{error}");
    });
}

#[test]
fn a_second_program_ends_with_three_and_says_who_is_writing() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    let repository = Repository::of(NEW);
    let gate = Gate::default();
    let proxy = stopping(&remote, BEGIN, 2, &gate);
    let program = |url: &str| {
        let mut command = repository.command("apply --yes --database env:CRM_DATABASE_URL");
        command.env("CRM_DATABASE_URL", url).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let first = program(&proxy.url(remote.database.url())).spawn().unwrap();
    gate.await_somebody();
    let second = program(remote.database.url()).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(second.status.code(), Some(3), "{said}");
    let holder = format!("process {} since 20", first.id());
    assert!(said.contains("locked by ") && said.contains(&holder), "{said}");
    gate.open();
    let first = first.wait_with_output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
}

#[test]
fn whoever_was_believed_dead_writes_nothing() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    let gate = Gate::default();
    let proxy = stopping(&remote, BEGIN, 2, &gate);
    thread::scope(|scope| {
        let slow = scope.spawn(|| apply(&mut Postgres::at(&proxy.url(remote.database.url())).unwrap(), NEW));
        gate.await_somebody();
        remote.by_hand(LAPSE);
        let changed = NEW.replace("campaigns.create", "lists.print");
        apply(&mut *remote.target(), &changed).unwrap();
        let before = record(&mut *remote.target());
        gate.open();
        let refused = slow.join().unwrap().unwrap_err();
        assert!(matches!(refused, TargetError::Overtaken) && refused.is_refusal(), "{refused}");
        assert_eq!(record(&mut *remote.target()), before);
        assert!(planned(&mut *remote.target(), &changed).is_empty());
    });
}

/// Everybody applies at once, on processes of their own: the work is done once, and nobody fails.
fn everybody_at_once(repository: &Repository, home: &dyn Home, database: &str, url: &str) {
    let programs: Vec<_> = (0..4)
        .map(|_| {
            let mut command = repository.command("apply --yes --format json --database");
            command.arg(database).env("CRM_DATABASE_URL", url).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut codes = Vec::new();
    for program in programs {
        let ran = program.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        let code = ran.status.code().unwrap();
        assert!([0, 3].contains(&code), "{said}");
        assert!(code == 0 || said.contains("the plan is stale") || said.contains("the database is locked"), "{said}");
        codes.push(code);
    }
    assert!(codes.contains(&0));
    let record = record(&mut *home.target());
    let ok = |entry: &&rightful::audit::Entry| entry.part == "run" && entry.body.contains(r#""outcome":"ok""#);
    assert_eq!(record.iter().filter(ok).count(), 1, "{codes:?}");
}

#[test]
fn everybody_who_applies_the_first_time_at_once_does_it_once() {
    let repository = Repository::sample();
    let remote = Remote::new(Server::shared());
    everybody_at_once(&repository, &remote, "env:CRM_DATABASE_URL", remote.database.url());
    let file = File::new();
    let database = format!("sqlite:{}", file.path().display());
    everybody_at_once(&repository, &file, &database, "");
    assert!(repository.run(&format!("plan --exit-code --database {database}")).starts_with("exit 0\n"));
}

/// Somebody took the lease at a time by the database's clock, such as `+1 day`, and did not give it back.
fn leave_a_lease(home: &dyn Home, since: &str, until: &str) {
    home.by_hand(&format!("UPDATE lock SET fence = fence + 1, holder = 'ghost', since = '{since}', until = '{until}'"));
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out() {
    let (remote, file) = (Remote::new(Server::shared()), File::new());
    for home in [&remote as &dyn Home, &file] {
        apply(&mut *home.target(), OLD).unwrap();
        leave_a_lease(home, "2999-01-01T00:00:00.000Z", "2999-01-01T00:00:30.000Z");
        assert!(apply(&mut *home.target(), NEW).unwrap().end.is_some());
        // A run in the past behind one in the future is still a chain.
        record(&mut *home.target());
    }
}

#[test]
fn the_lease_of_a_dead_holder_is_respected_until_it_ends_by_itself() {
    let (remote, file) = (Remote::new(Server::shared()), File::new());
    let homes = [&remote as &dyn Home, &file];
    let now = |later: &str| {
        format!(
            "to_char((clock_timestamp() + interval '{later}') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        )
    };
    let mut client = remote.client();
    let row = client.query_one(&format!("SELECT {}, {}", now("0 s"), now("4 s")), &[]).unwrap();
    let (since, until): (String, String) = (row.get(0), row.get(1));
    let taken = Instant::now();
    for home in homes {
        apply(&mut *home.target(), OLD).unwrap();
        leave_a_lease(home, &since, &until);
    }
    for home in homes {
        let refused = apply(&mut *home.target(), NEW).unwrap_err();
        assert!(taken.elapsed() < Duration::from_secs(4), "this machine is too slow for a lease of four seconds");
        let TargetError::Locked { holder: Some(holder) } = refused else { panic!("{refused}") };
        assert_eq!((holder.name.as_str(), &holder.since), ("ghost", &since));
    }
    thread::sleep(Duration::from_secs(4));
    for home in homes {
        assert!(apply(&mut *home.target(), NEW).unwrap().end.is_some());
    }
}

/// A way to the server on which somebody else writes the lock row whenever one is about to ask for it, so that the
/// transaction, which sees the moment at which it began, cannot have it.
fn colliding(remote: &Remote<'_>, times: usize) -> (Proxy, Arc<AtomicUsize>) {
    let (asked, url) = (Arc::new(AtomicUsize::new(0)), remote.database.url().to_owned());
    let count = asked.clone();
    let proxy = Proxy::to(remote.server.address(), move |message| {
        if message.says("FOR UPDATE") && count.fetch_add(1, Ordering::SeqCst) < times {
            let mut other = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
            other.batch_execute("UPDATE lock SET fence = fence").unwrap();
        }
        Act::Forward
    });
    (proxy, asked)
}

#[test]
fn a_collision_of_transactions_is_tried_again_and_said_clearly_if_it_does_not_end() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    let plan = planned(&mut *remote.target(), NEW);
    let (proxy, asked) = colliding(&remote, usize::MAX);
    let error = Postgres::at(&proxy.url(remote.database.url())).unwrap().apply(&plan, &run()).unwrap_err();
    assert!(matches!(error, TargetError::Raced), "{error}");
    assert!(asked.load(Ordering::SeqCst) > 2);
    let before = record(&mut *remote.target()).len();
    let (proxy, asked) = colliding(&remote, 2);
    let receipt = Postgres::at(&proxy.url(remote.database.url())).unwrap().apply(&plan, &run()).unwrap();
    assert!(receipt.end.is_some() && asked.load(Ordering::SeqCst) > 2);
    let record = record(&mut *remote.target());
    assert_eq!(record[before..].iter().filter(|entry| entry.part == "run").count(), 1, "recorded once");
}

#[test]
fn what_somebody_changes_after_the_plan_makes_it_stale_even_in_the_last_moment() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    // Before the transaction that writes, and in the middle of it, on a row that it writes too.
    for (words, number) in [(BEGIN, 2), ("UPDATE employees", 1)] {
        let plan = planned(&mut *remote.target(), NEW);
        let (count, url) = (AtomicUsize::new(0), remote.database.url().to_owned());
        let proxy = Proxy::to(remote.server.address(), move |message| {
            if message.says(words) && count.fetch_add(1, Ordering::SeqCst) + 1 == number {
                let mut other = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
                other.batch_execute("UPDATE employees SET name = name || '!' WHERE id = 'lk'").unwrap();
            }
            Act::Forward
        });
        let before = record(&mut *remote.target());
        let error = Postgres::at(&proxy.url(remote.database.url())).unwrap().apply(&plan, &run()).unwrap_err();
        assert!(matches!(error, TargetError::Stale), "{words}: {error}");
        assert_eq!(record(&mut *remote.target()), before);
    }
}

#[test]
fn the_embedded_database_waits_for_another_program_and_then_says_that_it_is_busy() {
    let file = File::new();
    let _ = Pendulum::new(&file);
    let other = rusqlite::Connection::open(file.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = Sqlite::at(&file.path()).waiting(Duration::from_millis(100));
    let refused = apply(&mut waiting, NEW).unwrap_err();
    assert!(matches!(refused, TargetError::Locked { .. }), "{refused}");
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(300));
            other.execute_batch("ROLLBACK").unwrap();
        });
        let mut patient = Sqlite::at(&file.path());
        assert!(apply(&mut patient, NEW).unwrap().end.is_some());
    });
}
