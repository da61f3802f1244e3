//! Runs scripts as a runner does: in an empty folder and an environment that holds only what is named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What the scripts need beside bash, and where a runner has it from.
const TOOLS: [&str; 4] = ["bash", "curl", "jq", "unzip"];

/// What a script did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    /// Both streams.
    pub said: String,
    /// What it left in the folder in which it ran.
    pub left: Vec<String>,
}

/// The root of this repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with a program in it that goes before the one of that name.
pub fn stand_in(name: &str, script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, format!("#!/usr/bin/env bash\n{script}")).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&path).status().unwrap().success());
    folder
}

/// Runs bash with these arguments; the programs of `before` go before others. No file may grow beyond two megabytes, so
/// that a script which unpacks without looking ends badly.
pub fn bash(arguments: &[&str], environment: &[(&str, &str)], before: Option<&Path>) -> Ran {
    let paths = std::env::var("PATH").unwrap();
    let is_there = |tool: &&str| std::env::split_paths(&paths).any(|folder| folder.join(tool).is_file());
    let missing: Vec<&str> = TOOLS.into_iter().filter(|tool| !is_there(tool)).collect();
    assert!(
        missing.is_empty(),
        "the scripts for forges need {0}: install it, for instance with `apt-get install {0}`",
        missing.join(" ")
    );
    let (folder, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = before.map_or_else(|| paths.clone(), |before| format!("{}:{paths}", before.display()));
    let ran = Command::new("bash")
        .args(["-c", "ulimit -f 2048; exec bash \"$@\"", "bash"])
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path)
        .env("TMPDIR", temporary.path())
        .env("RUNNER_TEMP", folder.path())
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(names(temporary.path()), [""; 0], "something was left behind");
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let mut left = names(folder.path());
    for name in &mut left {
        if let Ok(text) = fs::read_to_string(folder.path().join(&*name)) {
            *name = format!("{name}: {text}");
        }
    }
    Ran { code: ran.status.code().unwrap(), said, left }
}

/// All files below a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    names.sort();
    names
}
