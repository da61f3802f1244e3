//! `rightful sync` as a process, on a clone of a remote repository on the disk.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::repository::Repository;

/// A firm that synchronises every second, and whose machines take over after three. `@` is where a test puts more.
pub const FIRM: &str = r#"
company:
  name: Nordwind GmbH
  address: { street: Hafen 1, postal_code: "20457", city: Hamburg, country: Germany }
  phone: "+49 40 1"
  email: post@nordwind.example
  organisation_number: DE1
licence: { name: Nordwind GmbH, contact: Anna, phone: "+49 40 2", company_databases: 3, invitations: 3 }
employees:
  anna-a: { name: Anna Ahrens, email: anna@nordwind.example }
  lars-k: { name: Lars Kaufmann, email: lars@nordwind.example }
users:
  anna: { employee: anna-a, superuser: true, allow: [program.start] }
  lars: { employee: lars-k, allow: [program.start] }
groups:
  sales: { members: [lars], allow: [lists.print] }
online: { responsible: anna, machines: [a, b, c], interval: 1s, take_over_after: 3s }
"#;

/// The longest that anything may take, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(40);

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "in vain: {what}");
        sleep(Duration::from_millis(30));
    }
    started.elapsed()
}

/// A remote repository, and clones of it.
pub struct Remote {
    folder: tempfile::TempDir,
}

impl Remote {
    /// With one commit of these files on `main`, in the clone `a`.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let remote = Self { folder: tempfile::tempdir().unwrap() };
        remote.git(".", &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        remote.git(".", &["clone", "-q", "remote.git", "a"]);
        remote.git("a", &["checkout", "-q", "-B", "main"]);
        for (path, text) in [(".gitignore", "*.db*\noutbox\n")].iter().chain(files) {
            remote.write(path, text);
        }
        remote.commit("first");
        remote
    }

    /// The firm, in an SQLite database.
    pub fn firm() -> Self {
        Self::with(&[("policies/firm.yaml", FIRM), ("rightful.yaml", "sync: { remote: origin, branch: main }\n")])
    }

    /// A path below the folder of all clones.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs git in a folder; what it printed.
    pub fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let who = ["-c", "user.name=Anna", "-c", "user.email=anna@nordwind.example", "-c", "advice.detachedHead=false"];
        let ran = Command::new("git").current_dir(self.path(folder)).args(who).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Writes a file in the clone `a`.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path("a").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits everything in the clone `a` and pushes it; the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git("a", &["add", "-A"]);
        self.git("a", &["commit", "-q", "--allow-empty", "-m", message]);
        self.git("a", &["push", "-q", "-f", "origin", "main"]);
        self.git("a", &["rev-parse", "HEAD"])
    }

    /// Another clone.
    pub fn clone(&self, name: &str) {
        self.git(".", &["clone", "-q", "remote.git", name]);
    }

    /// The program, about to run in a clone.
    pub fn command(&self, folder: &str, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rightful"));
        command.current_dir(self.path(folder)).args(arguments.split_whitespace()).stdin(Stdio::null());
        command
            .env("RIGHTFUL_CACHE", "off")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("NO_COLOR")
            .env_remove("COLUMNS");
        command
    }

    /// Runs the program in the clone `a`; exit code and everything it printed, without the breaks of lines.
    pub fn run(&self, arguments: &str) -> String {
        self.run_with(arguments, &[])
    }

    /// The same with variables.
    pub fn run_with(&self, arguments: &str, variables: &[(&str, &str)]) -> String {
        let ran = self.command("a", arguments).envs(variables.iter().copied()).output().unwrap();
        let text = [ran.stdout, ran.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("panicked"), "{text}");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("exit {} {words}", ran.status.code().unwrap())
    }

    /// Starts the service in a clone.
    pub fn start(&self, folder: &str, arguments: &str, variables: &[(&str, &str)]) -> Service {
        let output = self.path(&format!("{folder}-{}.out", arguments.len() + variables.len()));
        let file = File::create(&output).unwrap();
        let mut command = self.command(folder, &format!("sync {arguments}"));
        command.envs(variables.iter().copied()).stdout(file.try_clone().unwrap()).stderr(file);
        Service { machine: folder.to_owned(), child: command.spawn().unwrap(), output }
    }
}

/// A service that runs.
pub struct Service {
    machine: String,
    child: Child,
    output: PathBuf,
}

impl Service {
    /// The clone in which it runs, which is what its machine is called.
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap()
    }

    /// Waits until it said something.
    pub fn says(&self, text: &str) {
        let started = Instant::now();
        while !self.said().contains(text) {
            assert!(started.elapsed() < PATIENCE, "it does not say `{text}` but:\n{}", self.said());
            sleep(Duration::from_millis(30));
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Tells it to stop; how long that took. It must end well.
    pub fn stop(mut self) -> Duration {
        let started = Instant::now();
        self.signal("TERM");
        let ended = self.child.wait().unwrap();
        assert_eq!(ended.code(), Some(0), "{}", self.said());
        started.elapsed()
    }

    /// Kills it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended, or be stopped in the middle.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a query on an SQLite database gives, row by row, columns divided by `|`.
pub fn query(path: &Path, sql: &str) -> Vec<String> {
    let Ok(database) = rusqlite::Connection::open(path) else { return Vec::new() };
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let text = |row: &rusqlite::Row<'_>| {
        let cell = |at| match row.get_ref(at).unwrap() {
            rusqlite::types::ValueRef::Null => String::new(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        Ok((0..columns).map(cell).collect::<Vec<_>>().join("|"))
    };
    statement.query_map([], text).unwrap().map(Result::unwrap).collect()
}

/// A shared object of a C file beside this one, for LD_PRELOAD.
pub fn preload(source: &str, folder: &Repository) -> PathBuf {
    let built = folder.path(&format!("{source}.so"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(source);
    let ran = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&built).arg(source).arg("-ldl").status();
    assert!(ran.unwrap().success());
    built
}
