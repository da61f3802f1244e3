//! What whole commands cost: from the start of the process to its end, files and all, and by which power of the number of
//! users that grows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Problem;
use crate::firm::{Firm, Size};
use crate::table::{OURS, Table};

/// How often each command runs; the fastest counts, since what else runs only makes it slower.
const TIMES: usize = 3;

/// How many lines the second revision has less.
const LINES: usize = 20;

/// Two revisions of an organisation, with a cache of its own.
pub struct Place {
    folder: TempDir,
    cache: TempDir,
}

/// What is measured: what it is called, what it may know from before, and the words.
const MEASURED: [(&str, Cache, &[&str]); 6] = [
    ("`check`, no cache", Cache::None, &["check"]),
    ("`check` again", Cache::Warm, &["check"]),
    ("`diff` of 20 lines, no cache", Cache::None, &["diff", "HEAD~1", "HEAD"]),
    ("`diff` of 20 lines again", Cache::Warm, &["diff", "HEAD~1", "HEAD"]),
    ("`apply`, everything, SQLite", Cache::Warm, APPLY),
    ("`plan`, nothing to do, SQLite", Cache::Warm, &["plan", "--database", "sqlite:crm.db"]),
];
const APPLY: &[&str] = &["apply", "--yes", "--database", "sqlite:crm.db"];

/// What a command may know from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Nothing.
    None,
    /// What the run before left.
    Warm,
}

/// Prints what each command takes, and how that grows.
pub fn measure(table: &mut Table, program: &Path, sizes: &[Size]) -> Result<(), Problem> {
    let mut grown: [Vec<(f64, f64)>; MEASURED.len()] = Default::default();
    for size in sizes {
        let place = Place::new(*size)?;
        for ((what, cache, words), grown) in MEASURED.into_iter().zip(&mut grown) {
            let took = place.fastest(program, words, cache)?;
            table.took(*size, what, OURS, took, "whole process");
            grown.push(((size.users as f64).ln(), took.as_secs_f64().ln()));
        }
    }
    for ((what, ..), points) in MEASURED.iter().zip(&grown).filter(|(_, points)| points.len() > 1) {
        let power = format!("users to the power of {:.2}", slope(points));
        table.row("all", what, OURS, &power, "");
    }
    Ok(())
}

impl Place {
    /// Writes and commits an organisation, and once more without a rule in each of some groups.
    pub fn new(size: Size) -> Result<Self, Problem> {
        let place = Self { folder: tempfile::tempdir()?, cache: tempfile::tempdir()? };
        Firm::new(size).write(place.folder.path())?;
        place.git(&["init", "--quiet"])?;
        place.git(&["add", "--all"])?;
        place.git(&["commit", "--quiet", "--message", "one"])?;
        place.take_lines_out()?;
        place.git(&["commit", "--quiet", "--all", "--message", "two"])?;
        Ok(place)
    }

    /// The command with its words, ready to run.
    pub fn command(&self, program: impl Into<PathBuf>, cache: Cache) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        match cache {
            Cache::None => command.env("RIGHTFUL_CACHE", "off"),
            Cache::Warm => command.env("RIGHTFUL_CACHE", self.cache.path()),
        };
        command
    }

    fn fastest(&self, program: &Path, words: &[&str], cache: Cache) -> Result<Duration, Problem> {
        let mut best = Duration::MAX;
        if cache == Cache::Warm && words != APPLY {
            self.run(program, words, cache)?;
        }
        for _ in 0..TIMES {
            if words == APPLY {
                let _ = fs::remove_file(self.folder.path().join("crm.db"));
            }
            best = best.min(self.run(program, words, cache)?);
        }
        Ok(best)
    }

    /// How long a command takes; it must end well.
    pub fn run(&self, program: &Path, words: &[&str], cache: Cache) -> Result<Duration, Problem> {
        let start = Instant::now();
        let done = self.command(program, cache).args(words).output()?;
        let took = start.elapsed();
        if done.status.success() { Ok(took) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
    }

    fn git(&self, words: &[&str]) -> Result<(), Problem> {
        let by = ["-c", "user.name=nobody", "-c", "user.email=nobody@firm.example", "-c", "gc.auto=0"];
        let done = Command::new("git").args(by).args(words).current_dir(self.folder.path()).output()?;
        if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
    }

    fn take_lines_out(&self) -> Result<(), Problem> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.path().join("policies/groups"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        let mut left = LINES;
        for file in files {
            let text = fs::read_to_string(&file)?;
            let mut kept = String::with_capacity(text.len());
            let mut allowing = false;
            for line in text.lines() {
                // A list of denies may have no other item, and an empty list is an error.
                allowing = line == "    allow:" || allowing && line.starts_with("      - ");
                if left > 0 && allowing && line == "      - lists.print" {
                    left -= 1;
                } else {
                    kept.push_str(line);
                    kept.push('\n');
                }
            }
            fs::write(&file, kept)?;
        }
        Ok(())
    }
}

/// The slope of the straight line that is nearest to some points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    over / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
