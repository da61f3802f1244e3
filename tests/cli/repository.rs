//! Throw-away repositories, and the program run in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A directory with files in it.
pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// A directory with these files; missing folders are made.
    pub fn with<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            repository.write(path, text);
        }
        repository
    }

    /// A directory with one policy file.
    pub fn of(policy: &str) -> Self {
        Self::with(&[("policies/a.yaml", policy)])
    }

    /// The sample organisation.
    pub fn sample() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &repository.path("policies"));
        repository
    }

    /// A path in it.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The program with arguments, about to be run here in a scrubbed environment.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rightful"));
        command.current_dir(self.folder.path()).args(arguments.split_whitespace()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM", "LANG"] {
            command.env_remove(name);
        }
        // What some run left must not decide what a test sees.
        command.env("RIGHTFUL_CACHE", "off");
        command
    }

    /// Runs the program and shows the exit code, what it printed, and what it complained.
    pub fn run(&self, arguments: &str) -> String {
        let ran = self.command(arguments).output().unwrap();
        let code = ran.status.code().map_or("killed".to_owned(), |code| code.to_string());
        let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
        assert!(!err.contains("panicked"), "{err}");
        let rest = if err.is_empty() { String::new() } else { format!("-- stderr\n{err}") };
        format!("exit {code}\n{out}{rest}").replace(&self.folder.path().display().to_string(), "REPOSITORY")
    }

    /// Runs the program and reads its JSON; the exit code comes first.
    pub fn json(&self, arguments: &str) -> (i32, serde_json::Value) {
        let ran = self.command(arguments).args(["--format", "json"]).output().unwrap();
        let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
        let value = serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
        (ran.status.code().unwrap(), value)
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").args([from, to]).status().unwrap();
    assert!(copied.success(), "{}", from.display());
}
