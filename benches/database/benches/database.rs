//! What plan and apply cost as whole processes: beside `pgroles` on its own equivalent of the same firm, and beside the
//! least that an engine needs to take the same rows.
//!
//! `cargo build --release && cargo bench --manifest-path benches/database/Cargo.toml`. With the name of a part, `firm`,
//! `embedded` or `served`, only that one. `pgroles` is compared if it is on the path: `cargo install pgroles-cli`.

#[path = "../../../tests/server/postgres.rs"]
mod server;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;

use server::{Server, Setup};

/// How often each thing is done; the fastest counts, since what else runs only makes it slower.
const TIMES: usize = 3;

/// The tables, in an order in which they can be filled.
const TABLES: [&str; 14] = [
    "rights",
    "modules",
    "module_sets",
    "module_set_modules",
    "attachment_classes",
    "attachment_patterns",
    "employees",
    "groups",
    "users",
    "members",
    "access",
    "rules",
    "last_applied",
    "audit",
];

/// Users in groups, the same for everybody who is compared.
struct Firm {
    users: usize,
    groups: usize,
    memberships: usize,
}

/// As many as pgroles takes, which is 1,024 roles of users and groups together.
const FIRM: Firm = Firm { users: 950, groups: 64, memberships: 2_783 };
const LARGE: Firm = Firm { users: 100_000, groups: 2_000, memberships: 250_000 };

impl Firm {
    /// The users of each group.
    fn members(&self) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.groups];
        let each = self.memberships.div_ceil(self.users);
        let pairs = (0..each).flat_map(|round| (0..self.users).map(move |user| (user, round)));
        for (user, round) in pairs.take(self.memberships) {
            // Another group in each round, as long as there are more groups than rounds.
            groups[(user * 31 + round * (self.groups / each)) % self.groups].push(user);
        }
        groups
    }

    /// A policy repository with a right for each group.
    fn policy(&self, folder: &Path) {
        let mut text = String::from("users:\n");
        for user in 0..self.users {
            let _ = writeln!(text, "  u{user}: {{ name: User {user} }}");
        }
        text.push_str("groups:\n");
        for (group, members) in self.members().iter().enumerate() {
            let _ = writeln!(text, "  g{group}:\n    members:");
            for user in members {
                let _ = writeln!(text, "      - u{user}");
            }
            text.push_str("    allow: [program.start, data.export]\n");
        }
        fs::create_dir_all(folder.join("policies")).unwrap();
        fs::write(folder.join("policies/firm.yaml"), text).unwrap();
    }

    /// The same as roles of a server, which is what pgroles knows.
    fn roles(&self, file: &Path) {
        let mut text = String::from("roles:\n");
        for group in 0..self.groups {
            let _ = writeln!(text, "  - name: g{group}\n    login: false");
        }
        for user in 0..self.users {
            let _ = writeln!(text, "  - name: u{user}\n    login: true");
        }
        text.push_str("memberships:\n");
        for (group, members) in self.members().iter().enumerate().filter(|(_, members)| !members.is_empty()) {
            let _ = writeln!(text, "  - role: g{group}\n    members:");
            for user in members {
                let _ = writeln!(text, "      - name: u{user}");
            }
        }
        fs::write(file, text).unwrap();
    }
}

fn rightful() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/rightful");
    path.canonicalize().expect("build it first: cargo build --release")
}

/// How long a command takes; it must end well.
fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let done = command.env("RIGHTFUL_CACHE", "off").stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap();
    let time = start.elapsed();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    time
}

fn run(arguments: &[&str], folder: &Path, database: &str) -> Duration {
    timed(Command::new(rightful()).args(arguments).args(["-C"]).arg(folder).args(["--database", database]))
}

fn line(what: &str, time: Duration, beside: Option<(&str, Duration)>) {
    let ratio = beside.map(|(of, other)| format!("{:6.2} x {of}", time.as_secs_f64() / other.as_secs_f64()));
    println!("{what:<52} {:>8.3} s  {}", time.as_secs_f64(), ratio.unwrap_or_default());
}

fn fastest(mut work: impl FnMut() -> Duration) -> Duration {
    (0..TIMES).map(|_| work()).min().unwrap()
}

/// Plan and apply of a firm on a server, beside pgroles.
fn firm(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    FIRM.policy(folder.path());
    println!("\n{} users, {} memberships, PostgreSQL", FIRM.users, FIRM.memberships);
    let (mut plan, mut apply, mut again) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..TIMES {
        let database = server.fresh_database();
        plan = plan.min(run(&["plan"], folder.path(), database.url()));
        apply = apply.min(run(&["apply", "--yes"], folder.path(), database.url()));
        again = again.min(run(&["plan"], folder.path(), database.url()));
    }
    let theirs = pgroles(server);
    let beside = |time: fn(&[Duration; 3]) -> Duration| theirs.as_ref().map(|theirs| ("pgroles", time(theirs)));
    line("rightful plan, nothing there yet", plan, beside(|it| it[0]));
    line("rightful apply, everything", apply, beside(|it| it[1]));
    line("rightful plan, nothing to do", again, beside(|it| it[2]));
    for (what, time) in ["pgroles diff, nothing there yet", "pgroles apply, everything", "pgroles diff, nothing to do"]
        .iter()
        .zip(theirs.iter().flatten())
    {
        line(what, *time, None);
    }
}

fn pgroles(server: &Server) -> Option<[Duration; 3]> {
    Command::new("pgroles").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgroles.yaml");
    FIRM.roles(&file);
    let url = server.url("postgres");
    // The server's own roles are nobody's business.
    let common = ["--mode", "adopt", "--database-url", &url];
    let pgroles = |command: &str| {
        let arguments: &[&str] = if command == "diff" { &["diff", "--no-exit-code"] } else { &["apply"] };
        timed(Command::new("pgroles").args(arguments).arg("-f").arg(&file).args(common))
    };
    let mut best = [Duration::MAX; 3];
    for _ in 0..TIMES {
        for (best, command) in best.iter_mut().zip(["diff", "apply", "diff"]) {
            *best = (*best).min(pgroles(command));
        }
        let roles = (0..FIRM.groups).map(|group| format!("g{group}"));
        let roles: Vec<String> = roles.chain((0..FIRM.users).map(|user| format!("u{user}"))).collect();
        server.sql("postgres", &format!("DROP ROLE {}", roles.join(", ")));
    }
    Some(best)
}

/// Plan and apply of a large firm in a file, beside what the engine needs for the same rows.
fn embedded() {
    let folder = tempfile::tempdir().unwrap();
    LARGE.policy(folder.path());
    println!("\n{} users, {} memberships, SQLite", LARGE.users, LARGE.memberships);
    let check = fastest(|| timed(Command::new(rightful()).args(["check", "-C"]).arg(folder.path())));
    line("rightful check, which reads the same files", check, None);
    let path = folder.path().join("crm.db");
    let url = format!("sqlite:{}", path.display());
    let apply = fastest(|| {
        let _ = fs::remove_file(&path);
        run(&["apply", "--yes"], folder.path(), &url)
    });
    let again = fastest(|| run(&["plan"], folder.path(), &url));
    let floor = fastest(|| sqlite_floor(&path, folder.path()));
    line("one prepared transaction of the same rows", floor, None);
    line("rightful apply, everything", apply, Some(("that", floor)));
    line("rightful plan, nothing to do", again, None);
}

/// The same on a server.
fn served(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    LARGE.policy(folder.path());
    println!("\n{} users, {} memberships, PostgreSQL", LARGE.users, LARGE.memberships);
    let database = server.fresh_database();
    let mut best = run(&["apply", "--yes"], folder.path(), database.url());
    for _ in 1..TIMES {
        best = best.min(run(&["apply", "--yes"], folder.path(), server.fresh_database().url()));
    }
    let again = fastest(|| run(&["plan"], folder.path(), database.url()));
    let floor = fastest(|| postgres_floor(server, database.url()));
    line("COPY of the same rows", floor, None);
    line("rightful apply, everything", best, Some(("that", floor)));
    line("rightful plan, nothing to do", again, None);
}

/// All rows of a file, into an empty one with the same tables.
fn sqlite_floor(full: &Path, folder: &Path) -> Duration {
    let from = Connection::open(full).unwrap();
    let empty = folder.join("floor.db");
    let _ = fs::remove_file(&empty);
    let into = Connection::open(&empty).unwrap();
    into.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    let schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
                  ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, rowid";
    let mut statement = from.prepare(schema).unwrap();
    let texts: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    texts.iter().for_each(|text| into.execute_batch(text).unwrap());
    let read = |table: &str| -> (usize, Vec<Vec<Value>>) {
        let mut statement = from.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        (columns, rows.map(Result::unwrap).collect())
    };
    let rows: Vec<(&str, usize, Vec<Vec<Value>>)> = TABLES
        .iter()
        .map(|table| {
            let (columns, rows) = read(table);
            (*table, columns, rows)
        })
        .collect();
    let start = Instant::now();
    into.execute_batch("BEGIN").unwrap();
    for (table, columns, rows) in rows {
        let places = vec!["?"; columns].join(", ");
        let mut statement = into.prepare(&format!("INSERT INTO {table} VALUES ({places})")).unwrap();
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row)).unwrap();
        }
    }
    into.execute_batch("COMMIT").unwrap();
    start.elapsed()
}

/// All rows of a database, into an empty one with the same tables.
fn postgres_floor(server: &Server, full: &str) -> Duration {
    use std::io::{Read, Write};
    let mut from = postgres::Client::connect(full, postgres::NoTls).unwrap();
    let empty = server.fresh_database();
    let folder = tempfile::tempdir().unwrap();
    // Makes the tables: a policy with nobody in it but one.
    fs::create_dir_all(folder.path().join("policies")).unwrap();
    fs::write(folder.path().join("policies/a.yaml"), "users: { anna: }\n").unwrap();
    run(&["apply", "--yes"], folder.path(), empty.url());
    let mut into = postgres::Client::connect(empty.url(), postgres::NoTls).unwrap();
    let all = TABLES.iter().filter(|table| **table != "audit").copied().collect::<Vec<_>>().join(", ");
    into.batch_execute(&format!("TRUNCATE {all}")).unwrap();
    let mut last = 0i64;
    if let Some(row) = into.query_opt("SELECT max(seq) FROM audit", &[]).unwrap() {
        last = row.get::<_, Option<i64>>(0).unwrap_or(0);
    }
    let mut copied: Vec<(&str, Vec<u8>)> = Vec::new();
    for table in TABLES {
        let mut bytes = Vec::new();
        let columns = if table == "audit" {
            format!("(SELECT seq + {last}, run, part, body, hash FROM audit)")
        } else {
            table.to_owned()
        };
        from.copy_out(&format!("COPY {columns} TO STDOUT (FORMAT binary)")).unwrap().read_to_end(&mut bytes).unwrap();
        copied.push((table, bytes));
    }
    let start = Instant::now();
    let mut transaction = into.transaction().unwrap();
    for (table, bytes) in copied {
        let mut sink = transaction.copy_in(&format!("COPY {table} FROM STDIN (FORMAT binary)")).unwrap();
        sink.write_all(&bytes).unwrap();
        sink.finish().unwrap();
    }
    transaction.commit().unwrap();
    start.elapsed()
}

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|word| word == part);
    let server = Server::with(&Setup { settings: vec![("shared_buffers", "256MB".to_owned())], ..Setup::default() });
    println!("the fastest of {TIMES}; the server does not wait for the disk (fsync = off), for nobody");
    if wants("firm") {
        firm(&server);
    }
    if wants("embedded") {
        embedded();
    }
    if wants("served") {
        served(&server);
    }
}
