//! A small firm with two policies, a database that goes to and fro between them, and what must be so after every fault.

use std::thread;
use std::time::{Duration, Instant};

use rightful::audit::{Entry, Verifier};
use rightful::date::parse_date;
use rightful::plan::{Desired, Drift, Plan, Reading, plan};
use rightful::repository::compile;
use rightful::state::State;
use rightful::target::postgres::Postgres;
use rightful::target::sqlite::Sqlite;
use rightful::target::{Receipt, Run, Target, TargetError};

use super::server::{Database, Server};

/// The one policy.
pub const OLD: &str = "
employees: { lk: { name: Lars Kaufmann }, ap: { name: Anna Peters } }
users:
  lars: { employee: lk, allow: [data.export] }
  anna: { employee: ap, modules: desk }
  karin: { modules: desk }
groups:
  sales: { members: [lars, anna until 2027-12-31], allow: [sms.send, calendar.see of karin, modules.use of desk] }
  heads: { members: [karin], deny: [calendar.see of lars] }
modules: { mail: , contacts: }
module_sets: { desk: [mail, contacts] }
";

/// The other one: rows come, change and go in it.
pub const NEW: &str = "
employees: { lk: { name: Lars J. Kaufmann }, ap: { name: Anna Peters }, pb: { name: Paul Bauer } }
users:
  lars: { employee: lk }
  anna: { employee: ap, modules: desk, allow: [templates.manage] }
  paul: { employee: pb, modules: desk }
groups:
  sales: { members: [lars, paul], allow: [sms.send, calendar.see of anna, modules.use of desk] }
  office: { members: [sales], allow: [campaigns.create] }
modules: { mail: , contacts: , calendar: }
module_sets: { desk: [mail, calendar] }
";

/// Gives a lease back that somebody died with, as half a minute would.
pub const LAPSE: &str = "UPDATE lock SET since = '2000-01-01T00:00:00.000Z', until = '2000-01-01T00:00:30.000Z' \
                         WHERE holder IS NOT NULL";

/// What a policy wants of a database.
pub fn desired(policy: &str) -> Desired {
    let mut repository = compile(&rightful::tree::memory::Memory::new([("policies/a.yaml", policy)])).unwrap();
    let compiled = repository.companies.remove(0);
    assert!(compiled.compiles(), "{:?}", compiled.diagnostics);
    Desired { state: State::of(&compiled.policy), ..Desired::default() }
}

/// The way from what a database says to a policy.
pub fn planned(target: &mut dyn Target, policy: &str) -> Plan {
    let on = parse_date("2026-11-22").unwrap();
    plan(&target.read().unwrap(), &desired(policy), on, Drift::Revert, |_| None)
}

/// Who applies.
pub fn run() -> Run {
    let applied_at = "2026-11-22T12:00:00Z".to_owned();
    Run { applied_at, os_user: Some("tester".to_owned()), machine: Some("bench".to_owned()), ..Run::default() }
}

/// Makes a database say what a policy says.
pub fn apply(target: &mut dyn Target, policy: &str) -> Result<Receipt, TargetError> {
    let plan = planned(target, policy);
    target.apply(&plan, &run())
}

/// All entries of the audit, whose chain must be whole.
pub fn record(target: &mut dyn Target) -> Vec<Entry> {
    let (mut entries, mut verifier) = (Vec::new(), Verifier::default());
    target
        .audit(&mut |entry| {
            verifier.feed(&entry);
            entries.push(entry);
        })
        .unwrap();
    let verified = verifier.finish();
    assert!(verified.is_ok(), "{verified:?}");
    entries
}

/// A place where a database is, to which one comes again and again.
pub trait Home {
    /// A new connection, by no detours.
    fn target(&self) -> Box<dyn Target>;
    /// Runs SQL by hand.
    fn by_hand(&self, sql: &str);
    /// Returns when nobody is in the middle of anything any more.
    fn settle(&self);
}

/// A file.
pub struct File {
    folder: tempfile::TempDir,
}

impl File {
    /// A file that is not there yet, in a folder of its own.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Where it is.
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("crm.db")
    }
}

impl Home for File {
    fn target(&self) -> Box<dyn Target> {
        Box::new(Sqlite::at(&self.path()))
    }

    fn by_hand(&self, sql: &str) {
        rusqlite::Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }

    fn settle(&self) {}
}

/// A database on a server.
pub struct Remote<'a> {
    /// The server.
    pub server: &'a Server,
    /// The database.
    pub database: Database,
}

impl<'a> Remote<'a> {
    /// An empty database.
    pub fn new(server: &'a Server) -> Self {
        Self { server, database: server.fresh_database() }
    }

    /// A connection of the driver.
    pub fn client(&self) -> ::postgres::Client {
        ::postgres::Client::connect(self.database.url(), ::postgres::NoTls).unwrap()
    }
}

impl Home for Remote<'_> {
    fn target(&self) -> Box<dyn Target> {
        Box::new(Postgres::at(self.database.url()).unwrap())
    }

    fn by_hand(&self, sql: &str) {
        self.client().batch_execute(sql).unwrap();
    }

    fn settle(&self) {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'";
        let (mut client, started) = (self.client(), Instant::now());
        while client.query_one(others, &[]).unwrap().get::<_, i64>(0) > 0 {
            assert!(started.elapsed() < Duration::from_secs(20), "a connection that is cut stays on the server");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A database that goes to and fro between the two policies, and what it then says.
pub struct Pendulum<'a> {
    home: &'a dyn Home,
    target: Box<dyn Target>,
    readings: [Reading; 2],
    is_new: bool,
}

impl<'a> Pendulum<'a> {
    /// A database that says what the old policy says.
    pub fn new(home: &'a dyn Home) -> Self {
        let mut target = home.target();
        // Accounts stay, so that only the second time is as all later ones.
        let all = [OLD, NEW, OLD, NEW, OLD].map(|policy| {
            apply(&mut *target, policy).unwrap();
            target.read().unwrap()
        });
        let [_, _, old, new, again] = all;
        assert!(old == again && old != new);
        Self { home, target, readings: [old, new], is_new: false }
    }

    /// The policy to which it shall go.
    pub fn next(&self) -> &'static str {
        if self.is_new { OLD } else { NEW }
    }

    /// Does something that may or may not bring the next policy about, and proves that it did one or the other: rows,
    /// what is remembered of the last apply, and the audit. Then brings the next policy about in any case. Whether the
    /// fault had let it through.
    pub fn swing(&mut self, fault: impl FnOnce(&str)) -> bool {
        let before = record(&mut *self.target);
        fault(self.next());
        self.home.settle();
        if self.target.read().is_err() {
            // The server was away meanwhile.
            self.target = self.home.target();
        }
        let [is, shall] = [self.is_new, !self.is_new].map(|side| &self.readings[usize::from(side)]);
        let (found, after) = (self.target.read().unwrap(), record(&mut *self.target));
        let went_through = found == *shall;
        assert!(went_through || found == *is, "neither the old nor the new");
        assert_eq!(after[..before.len()], before, "what was recorded was changed");
        let added = &after[before.len()..];
        if went_through {
            let runs: Vec<i64> = added.iter().map(|entry| entry.run).collect();
            assert!(!runs.is_empty() && runs.iter().all(|run| *run == runs[0]), "one apply, one run: {added:?}");
        } else {
            assert!(added.is_empty(), "a run is recorded that did not happen: {added:?}");
            self.finish();
        }
        self.is_new = !self.is_new;
        went_through
    }

    /// Goes on by hand. Whoever died may have left the lease, which is said, and ends.
    fn finish(&mut self) {
        let next = self.next();
        let done = match apply(&mut *self.target, next) {
            Err(TargetError::Locked { holder: Some(_) }) => {
                self.home.by_hand(LAPSE);
                apply(&mut *self.target, next)
            }
            done => done,
        };
        assert!(done.unwrap().end.is_some());
        assert_eq!(self.target.read().unwrap(), self.readings[usize::from(!self.is_new)]);
    }
}
