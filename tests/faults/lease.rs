//! Three machines, of which one synchronises: killed, stopped and woken up, with a clock that is wrong. At no time do two
//! write, and after every failure the work goes on in time.

use std::time::Duration;

use super::repository::Repository;
use super::server::{Server, Setup};
use super::service::{FIRM, Remote, Service, preload, until};

/// Until when somebody else must have written what was pushed: three seconds of silence, a second until that is seen,
/// one until the next turn, and the work itself on a machine with much else to do.
const IN_TIME: Duration = Duration::from_secs(15);

/// What may be written without the lease of the service: the lease itself, who is there, and the lock row. Everything
/// else is the policy, the record, or online access.
const FREE: [&str; 4] = ["service", "machines", "sync_runs", "lock"];

/// Reads the server's own log of everything that was written, in the order in which it came to last, and proves that
/// whoever wrote had the lease: each transaction that writes more than what is free holds the row of the service with the
/// newest number, and each number belongs to one process.
fn proved(changes: &str) -> usize {
    let (mut fence, mut owners) = (0, std::collections::BTreeMap::<i64, String>::new());
    let (mut tables, mut served) = (Vec::<&str>::new(), None);
    let mut written = 0;
    for line in changes.lines() {
        if line.starts_with("BEGIN") {
            (tables, served) = (Vec::new(), None);
        } else if line.starts_with("COMMIT") {
            if tables.iter().any(|table| !FREE.contains(table)) {
                assert_eq!(served, Some(fence), "whoever wrote {tables:?} had not the lease");
                written += 1;
            }
        } else if let Some((table, row)) = line.strip_prefix("table public.").and_then(|rest| rest.split_once(": ")) {
            tables.push(table);
            if table == "service" {
                // What stood there before is told too, if it is a part of the key; the new row stands at the end.
                let row = row.rsplit("new-tuple:").next().unwrap();
                let cell = |name: &str| row.split_once(&format!(" {name}")).unwrap().1.split_once("]:").unwrap().1;
                let number: i64 = cell("fence[").split(' ').next().unwrap().parse().unwrap();
                assert!(number >= fence, "the number went down: {line}");
                fence = number;
                served = Some(number);
                let process = cell("process[").trim_start_matches('\'').split('\'').next().unwrap().to_owned();
                if !process.starts_with("null") {
                    let owner = owners.entry(number).or_insert_with(|| process.clone());
                    assert_eq!(*owner, process, "two processes have the number {number}");
                }
            }
        }
    }
    written
}

struct Watched<'a> {
    server: &'a Server,
    name: String,
}

impl Watched<'_> {
    fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.name, sql)
    }

    fn fence(&self) -> i64 {
        self.sql("SELECT fence FROM service").parse().unwrap()
    }

    fn holder(&self) -> String {
        self.sql("SELECT coalesce(machine, '') FROM service")
    }

    fn is_applied(&self, right: &str) -> bool {
        self.sql(&format!("SELECT count(*) FROM rules WHERE right_id = '{right}'")) == "1"
    }
}

#[test]
fn three_machines_of_which_one_writes_whatever_happens_to_them() {
    let server = Server::with(&Setup { settings: vec![("wal_level", "logical".to_owned())], ..Setup::default() });
    let server = &server;
    let database = server.fresh_database();
    let watched = Watched { server, name: database.name().to_owned() };
    let settings = "companies: { nord: { policies: [policies], database: 'env:NORD_DATABASE_URL' } }\nsync: { remote: origin, branch: main }\n";
    let remote = Remote::with(&[("policies/firm.yaml", FIRM), ("rightful.yaml", settings)]);
    for clone in ["b", "c"] {
        remote.clone(clone);
    }
    let url = ("NORD_DATABASE_URL", database.url());
    let said = remote.run_with("connect --as anna --yes --company nord", &[url]);
    assert!(said.starts_with("exit 0"), "{said}");
    watched.sql("SELECT pg_create_logical_replication_slot('watch', 'test_decoding')");
    let folder = Repository::with(&[("x", "")]);
    let skew = preload("skew.c", &folder).display().to_string();
    let skew = skew.as_str();
    let start = |machine: &str| -> Service {
        // The clock of `b` is an hour and a half ahead.
        let wrong: &[(&str, &str)] = &[url, ("LD_PRELOAD", skew), ("SKEW", "5400")];
        let variables = if machine == "b" { wrong } else { &wrong[..1] };
        remote.start(machine, &format!("--machine {machine}"), variables)
    };
    // Every commit gives the group one right more, so that every take-over has something to write.
    let rights = [
        "sms.send",
        "data.import",
        "data.export",
        "templates.manage",
        "territories.manage",
        "serial_letters.create",
        "articles.create",
    ];
    let push = |count: usize| {
        let all = rights[..count].join(", ");
        remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", &format!("[lists.print, {all}]")));
        remote.commit(rights[count - 1]);
        rights[count - 1]
    };
    let mut a = start("a");
    until("a has the lease", || watched.holder() == "a");
    let (b, c) = (start("b"), start("c"));
    b.says("waits: a synchronises");
    c.says("waits: a synchronises");
    let right = push(1);
    until("the first push", || watched.is_applied(right));
    // Killed: the next one of the list takes over, and within the time set, with an interval for the work itself.
    let before = watched.fence();
    a.kill();
    let right = push(2);
    let took = until("b takes over", || watched.is_applied(right));
    assert!(took < IN_TIME, "{took:?}");
    assert!(watched.holder() != "a" && watched.fence() > before);
    // Put to sleep: another one takes over, and who wakes up writes nothing.
    a = start("a");
    a.says("waits: ");
    let before = watched.fence();
    let (sleeps, others) = if watched.holder() == "b" { (&b, ["a", "c"]) } else { (&c, ["a", "b"]) };
    sleeps.signal("STOP");
    let right = push(3);
    let took = until("a takes over", || watched.is_applied(right));
    assert!(took < IN_TIME, "{took:?}");
    assert!(others.contains(&watched.holder().as_str()) && watched.fence() > before);
    sleeps.signal("CONT");
    // Whoever wakes up sees that it is not its turn any more.
    let last = || sleeps.said().lines().last().unwrap_or_default().to_owned();
    until("it stands back", || ["waits: ", "another machine took over"].iter().any(|said| last().contains(said)));
    // Told to stop: the lease is free at once.
    let fence = watched.fence();
    let (left, first, second) = match watched.holder().as_str() {
        "a" => (a, b, c),
        "b" => (b, a, c),
        _ => (c, a, b),
    };
    assert!(left.stop() < Duration::from_secs(5));
    let right = push(4);
    let took = until("the next one goes on", || watched.is_applied(right));
    assert!(took < IN_TIME, "{took:?}");
    assert!(watched.fence() > fence);
    // Put to sleep in the middle of writing: the server ends what it had begun.
    let holder = watched.holder();
    let (holds, waits) = if holder == first.machine() { (first, second) } else { (second, first) };
    let mut keeper = ::postgres::Client::connect(database.url(), ::postgres::NoTls).unwrap();
    keeper.batch_execute("BEGIN; LOCK TABLE rules IN EXCLUSIVE MODE").unwrap();
    let right = push(5);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%rules%' \
                   AND pid <> pg_backend_pid()";
    until("it waits in the middle of writing", || watched.sql(waiting) != "0");
    holds.signal("STOP");
    keeper.batch_execute("ROLLBACK").unwrap();
    let took = until("the other one takes over", || watched.is_applied(right));
    assert!(took < IN_TIME + Duration::from_secs(3), "{took:?}");
    assert_eq!(watched.holder(), waits.machine());
    holds.signal("CONT");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(watched.holder(), waits.machine());
    holds.stop();
    waits.stop();
    let written = proved(&watched.sql("SELECT data FROM pg_logical_slot_get_changes('watch', NULL, NULL)"));
    watched.sql("SELECT pg_drop_replication_slot('watch')");
    assert!(written >= 5, "{written}");
    // Each commit was written once: nobody took back what another one had written, or wrote it again.
    assert_eq!(watched.sql("SELECT sum(changes) FROM sync_runs WHERE outcome = 'ok'"), "5");
}
