//! A PostgreSQL server for the tests: started on a port of its own in a temporary directory, and gone with its test,
//! also if that panics or is killed.
//!
//! A shell stands between: it starts the server, stops it when its own input ends, as it does with whoever holds the
//! other end, and removes the directory. The data directory is copied from one that is made once, below `target/tmp`.
//! `RIGHTFUL_TEST_POSTGRES` names a server that is there already, for `Server::shared` only.

mod certificates;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// The superuser of each server.
pub const USER: &str = "rightful";

/// The superuser's password: nothing that a program says may hold it.
pub const PASSWORD: &str = "nobody-may-ever-read-this";

/// The longest that a server may take to start or to stop, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Counts the ways in which data directories were made, so that an old one is not taken for a new one.
const TEMPLATE: u32 = 1;

/// Starts, signals and waits for one program, as told line by line, and ends it with its own input. `$1` is the
/// directory to remove then, `$2` the most blocks of a file, the rest the program.
///
/// Whoever listens may be gone before it is answered, which is no reason to leave. A server that is only just starting
/// does not yet hear that it shall stop, and is killed then.
const KEEPER: &str = r#"
trap '' PIPE
directory=$1 blocks=$2 pid=
shift 2
while read -r word; do
  case $word in
    start) (trap - PIPE; ulimit -f "$blocks"; exec "$@") >> "$directory/log" 2>&1 & pid=$!; echo "$pid" ;;
    *) kill -s "$word" "$pid"; wait "$pid"; pid=; echo stopped ;;
  esac
done
if [ -n "$pid" ]; then
  kill -s QUIT "$pid"
  (sleep 3; kill -s KILL "$pid") & late=$!
  wait "$pid"
  kill "$late"
fi
rm -rf "$directory"
"#;

/// How a server differs from others.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Settings of `postgresql.conf`.
    pub settings: Vec<(&'static str, String)>,
    /// Connections over the network are encrypted, or refused.
    pub tls: bool,
    /// No file may grow beyond so many blocks of 512 bytes, as on a disk that is full.
    pub most_blocks: Option<u32>,
}

/// A running server.
pub struct Server {
    place: Place,
    /// A certificate authority, of the server's own certificate.
    authority: Option<PathBuf>,
}

/// Where a server runs, and who looks after it.
enum Place {
    Own { directory: PathBuf, port: u16, keeper: Mutex<Keeper> },
    Named(String),
}

/// A database that is dropped when nobody needs it any more.
pub struct Database {
    url: String,
    name: String,
    /// Only a server that outlives the tests has to be tidied.
    server: Option<String>,
}

impl Server {
    /// A server of its own.
    pub fn start() -> Self {
        Self::with(&Setup::default())
    }

    /// A server whose connections over the network are encrypted, with a certificate that `authority` signed.
    pub fn with_tls() -> Self {
        Self::with(&Setup { tls: true, ..Setup::default() })
    }

    /// A server of its own that is set up in some way.
    pub fn with(setup: &Setup) -> Self {
        let owner = owner();
        let directory = temporary(owner);
        let data = directory.join("data");
        copy(&template(owner), &data);
        let authority = setup.tls.then(|| encrypt(&directory, owner));
        let mut settings = vec![
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("unix_socket_directories", directory.display().to_string()),
            ("max_connections", "40".to_owned()),
            ("shared_buffers", "32MB".to_owned()),
            // What is written need not outlive the machine.
            ("fsync", "off".to_owned()),
            ("dynamic_shared_memory_type", "mmap".to_owned()),
            ("log_min_messages", "warning".to_owned()),
        ];
        settings.extend(setup.settings.iter().cloned());
        let started = Instant::now();
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = as_owner(owner, &program("postgres"));
            command.arg("-D").arg(&data).arg("-p").arg(port.to_string());
            for (name, value) in &settings {
                command.arg("-c").arg(format!("{name}={value}"));
            }
            let mut keeper = Keeper::new(&directory, setup.most_blocks, &command);
            if keeper.start(&data) {
                return Self { place: Place::Own { directory, port, keeper: Mutex::new(keeper) }, authority };
            }
            // Somebody else took the port in between.
            let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
            assert!(log.contains("could not bind") && started.elapsed() < PATIENCE, "PostgreSQL does not start: {log}");
            keeper.forget();
        }
    }

    /// The server of this process, or the one that `RIGHTFUL_TEST_POSTGRES` names.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("RIGHTFUL_TEST_POSTGRES") {
            Ok(url) if !url.is_empty() => Self { place: Place::Named(url), authority: None },
            _ => Self::start(),
        })
    }

    /// The address of a database, with the superuser and the password.
    pub fn url(&self, database: &str) -> String {
        self.url_as(USER, PASSWORD, database)
    }

    /// The address of a database for somebody else.
    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        match &self.place {
            Place::Own { port, .. } => format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}"),
            Place::Named(url) => {
                let (rest, parameters) = url.split_once('?').map_or((url.as_str(), None), |(a, b)| (a, Some(b)));
                let authority = rest.split_once("://").unwrap().1;
                let host = authority.split('/').next().unwrap().rsplit('@').next().unwrap();
                let own = &authority[..authority.rfind('@').unwrap()];
                let who = if user == USER { own.to_owned() } else { format!("{user}:{password}") };
                let parameters = parameters.map(|text| format!("?{text}")).unwrap_or_default();
                format!("postgres://{who}@{host}/{database}{parameters}")
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.own().1))
    }

    /// The certificate of the authority that signed the server's.
    pub fn authority(&self) -> &Path {
        self.authority.as_deref().expect("a server with TLS")
    }

    /// The certificate of another authority, which has nothing to do with this server.
    pub fn strange_authority(&self) -> PathBuf {
        certificates::authority(self.own().0, "stranger")
    }

    /// Makes an empty database.
    pub fn create_database(&self, name: &str) {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\""));
    }

    /// Makes an empty database of a name that no other test has.
    pub fn fresh_database(&self) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.create_database(&name);
        let server = matches!(self.place, Place::Named(_)).then(|| self.url("postgres"));
        Database { url: self.url(&name), name, server }
    }

    /// Runs SQL as the superuser, without TLS; fails if that does. Columns of rows are divided by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        match &self.place {
            Place::Own { directory, port, .. } => {
                psql(&format!("host={} port={port} user={USER} dbname={database}", directory.display()), sql)
            }
            Place::Named(_) => psql(&self.url(database), sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// What the server wrote into its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.own().0.join("log")).unwrap()
    }

    /// Stops it in an orderly way, and cuts all connections.
    pub fn stop(&self) {
        self.own().2.lock().unwrap().end("INT");
    }

    /// Kills it at once, as a loss of power does.
    pub fn kill(&self) {
        self.own().2.lock().unwrap().end("KILL");
    }

    /// Starts it again, under the same address.
    pub fn start_again(&self) {
        let (directory, _, keeper) = self.own();
        let mut keeper = keeper.lock().unwrap();
        let started = Instant::now();
        // The connections of a killed server take a moment to notice.
        while !keeper.start(&directory.join("data")) {
            assert!(started.elapsed() < PATIENCE, "PostgreSQL does not start again");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it and starts it again.
    pub fn restart(&self) {
        self.stop();
        self.start_again();
    }

    fn own(&self) -> (&Path, u16, &Mutex<Keeper>) {
        match &self.place {
            Place::Own { directory, port, keeper } => (directory, *port, keeper),
            Place::Named(_) => panic!("only for a server of the tests' own"),
        }
    }
}

impl Database {
    /// Its address, with the superuser and the password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            let dropped = psql(server, &format!("DROP DATABASE IF EXISTS \"{}\"", self.name));
            if let Err(error) = dropped {
                eprintln!("{} is left behind: {error}", self.name);
            }
        }
    }
}

// Each binary of tests uses a part of this file only; here it is said that all of it is meant.
const _: () = {
    let _ = (Server::with_tls, Server::shared, Server::url_as, Server::address, Server::authority);
    let _ = (Server::strange_authority, Server::fresh_database, Server::log, Server::kill, Server::restart);
    let _ = (Database::url, Database::name);
};

/// The shell that looks after a server.
struct Keeper {
    shell: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Keeper {
    fn new(directory: &Path, most_blocks: Option<u32>, program: &Command) -> Self {
        let blocks = most_blocks.map_or_else(|| "unlimited".to_owned(), |blocks| blocks.to_string());
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(directory)
            .arg(blocks)
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir("/")
            .env("LC_ALL", "C")
            // Whoever stops the tests does not stop the one who tidies up after them.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (shell.stdin.take(), BufReader::new(shell.stdout.take().unwrap()));
        Self { shell, input, output }
    }

    /// Whether the server came up.
    fn start(&mut self, data: &Path) -> bool {
        let pid = self.tell("start");
        let started = Instant::now();
        // The server writes down who it is and, in line 8, how far it got.
        let is_ready = || {
            let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            lines.first() == Some(&pid.as_str()) && matches!(lines.get(7), Some(&"ready" | &"standby"))
        };
        let is_there = || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        while !is_ready() {
            assert!(started.elapsed() < PATIENCE, "PostgreSQL takes too long to start");
            if !is_there() {
                self.tell("0");
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    fn end(&mut self, signal: &str) {
        self.tell(signal);
    }

    fn tell(&mut self, word: &str) -> String {
        writeln!(self.input.as_ref().unwrap(), "{word}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        answer.trim().to_owned()
    }

    /// Lets the shell go without its tidying up.
    fn forget(mut self) {
        let _ = self.shell.kill();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}

/// Whom the server shall run as: it refuses to be root. `None` if we are somebody else already.
fn owner() -> Option<(u32, u32)> {
    let own = tempfile::tempdir().unwrap();
    if fs::metadata(own.path()).unwrap().uid() != 0 {
        return None;
    }
    let number = |option: &str, name: &str| -> Option<u32> {
        let ran = Command::new("id").args([option, name]).output().unwrap();
        String::from_utf8_lossy(&ran.stdout).trim().parse().ok()
    };
    let of = |name: &str| Some((number("-u", name)?, number("-g", name)?));
    Some(of("postgres").or_else(|| of("nobody")).expect("a user who is not root"))
}

fn as_owner(owner: Option<(u32, u32)>, program: &Path) -> Command {
    let Some((user, group)) = owner else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups"]).arg(program);
    command
}

fn give(path: &Path, owner: Option<(u32, u32)>) {
    if let Some((user, group)) = owner {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// A directory that the server may write to; short, for the name of a socket may not be long.
fn temporary(owner: Option<(u32, u32)>) -> PathBuf {
    let directory = tempfile::Builder::new().prefix("rightful-pg-").tempdir().unwrap().keep();
    give(&directory, owner);
    directory
}

/// A program of PostgreSQL: from the search path, or from where Debian puts it.
fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let is_whole = |folder: &PathBuf| ["postgres", "initdb", "psql"].iter().all(|name| folder.join(name).is_file());
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = versions
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort();
        let found = std::env::split_paths(&paths).chain(versions.into_iter().rev().map(|(_, folder)| folder));
        found.into_iter().find(is_whole).expect("the tests need PostgreSQL: `.ci/test` installs it")
    });
    folder.join(name)
}

/// A data directory as it is made by `initdb`, which takes a second: made once, and copied.
fn template(owner: Option<(u32, u32)>) -> PathBuf {
    // Whoever is no test of cargo's has no such folder.
    let folder = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let version = Command::new(program("postgres")).arg("--version").output().unwrap().stdout;
    let version: String =
        String::from_utf8(version).unwrap().chars().filter(|c| c.is_ascii_digit() || *c == '.').take(5).collect();
    let user = owner.map_or_else(|| "own".to_owned(), |(user, _)| user.to_string());
    let template = folder.join(format!("postgres-{version}-{TEMPLATE}-{user}"));
    let lock = File::create(template.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !template.exists() {
        let directory = temporary(owner);
        let password = directory.join("password");
        fs::write(&password, PASSWORD).unwrap();
        give(&password, owner);
        let ran = as_owner(owner, &program("initdb"))
            .arg("-D")
            .arg(directory.join("data"))
            .arg("--pwfile")
            .arg(&password)
            .args(["--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--wal-segsize=1"])
            // Sorts otherwise than bytes do, as the servers of most firms.
            .args(["--locale=C", "--locale-provider=icu", "--icu-locale=en"])
            .current_dir("/")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let unfinished = template.with_extension("new");
        let _ = fs::remove_dir_all(&unfinished);
        copy(&directory.join("data"), &unfinished);
        fs::rename(&unfinished, &template).unwrap();
        fs::remove_dir_all(&directory).unwrap();
    }
    template
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

/// Gives a server certificates, and takes connections from it that are not encrypted.
fn encrypt(directory: &Path, owner: Option<(u32, u32)>) -> PathBuf {
    let authority = certificates::authority(directory, "authority");
    let leaf = certificates::leaf(directory, &authority);
    let data = directory.join("data");
    for (from, to) in [(leaf.clone(), "server.crt"), (certificates::key(&leaf), "server.key")] {
        fs::copy(from, data.join(to)).unwrap();
        give(&data.join(to), owner);
    }
    let rules = "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
    fs::write(data.join("pg_hba.conf"), rules).unwrap();
    let mut settings = File::options().append(true).open(data.join("postgresql.conf")).unwrap();
    writeln!(settings, "ssl = on").unwrap();
    authority
}

fn psql(address: &str, sql: &str) -> Result<String, String> {
    let mut shell = Command::new(program("psql"))
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", address, "-f", "-"])
        .env("PGPASSWORD", PASSWORD)
        .env("PGCLIENTENCODING", "UTF8")
        .env("PGOPTIONS", "--client-min-messages=warning")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let ran = shell.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).trim_end().to_owned();
    if ran.status.success() { Ok(said) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}
