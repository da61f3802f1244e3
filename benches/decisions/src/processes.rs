//! What whole commands cost: from the start of the process to its end, files and all.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::firm::{Firm, Size};

/// How often each command runs; the fastest counts, since what else runs only makes it slower.
const TIMES: usize = 3;

/// How many lines the second revision has less.
const LINES: usize = 20;

/// The program that is measured: that of `RIGHTFUL`, else the release build of this checkout.
fn program() -> Result<PathBuf, Box<dyn Error>> {
    let named = std::env::var_os("RIGHTFUL").map(PathBuf::from);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/rightful");
    named.unwrap_or(built).canonicalize().map_err(|_| "build it first: cargo build --release".into())
}

/// Prints what each command takes, and by which power of the number of users it grows.
pub fn measure(sizes: &[Size]) -> Result<(), Box<dyn Error>> {
    let program = program()?;
    let mut grown: [Vec<(f64, f64)>; 2] = [Vec::new(), Vec::new()];
    for size in sizes {
        let folder = tempfile::tempdir()?;
        Firm::new(*size).write(folder.path())?;
        let check = fastest(|| run(&program, &["check"], folder.path()))?;
        two_revisions(folder.path())?;
        let diff = fastest(|| run(&program, &["diff", "HEAD~1", "HEAD"], folder.path()))?;
        println!("| {} | `check` as a whole process | rightful | {:.3} s | |", size.name, check.as_secs_f64());
        println!("| {} | `diff` of {LINES} lines | rightful | {:.3} s | |", size.name, diff.as_secs_f64());
        if let Some(count) = instructions(&program, folder.path()).filter(|_| size.users <= 10_000) {
            println!("| {} | `check`, instructions | rightful | {count} | |", size.name);
        }
        for (grown, took) in grown.iter_mut().zip([check, diff]) {
            grown.push(((size.users as f64).ln(), took.as_secs_f64().ln()));
        }
    }
    for (what, points) in ["check", "diff"].iter().zip(&grown).filter(|(_, points)| points.len() > 1) {
        println!("| all | growth of `{what}` | rightful | users to the power of {:.2} | |", slope(points));
    }
    Ok(())
}

fn fastest(mut work: impl FnMut() -> Result<Duration, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut best = work()?;
    for _ in 1..TIMES {
        best = best.min(work()?);
    }
    Ok(best)
}

fn run(program: &Path, arguments: &[&str], folder: &Path) -> Result<Duration, Box<dyn Error>> {
    let mut command = Command::new(program);
    command.args(arguments).arg("-C").arg(folder).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let done = command.output()?;
    let took = start.elapsed();
    if done.status.success() { Ok(took) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
}

/// How many instructions a check is, which another load on the machine does not change; `None` without valgrind.
fn instructions(program: &Path, folder: &Path) -> Option<String> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).arg("check").arg("-C").arg(folder);
    let said = String::from_utf8(command.stdout(Stdio::null()).output().ok()?.stderr).ok()?;
    let (_, count) = said.split_once("Collected : ")?;
    count.split_whitespace().next().map(str::to_owned)
}

/// Commits the organisation, and once more without a rule in each of some groups.
fn two_revisions(folder: &Path) -> Result<(), Box<dyn Error>> {
    let git = |arguments: &[&str]| -> Result<(), Box<dyn Error>> {
        let by = ["-c", "user.name=nobody", "-c", "user.email=nobody@firm.example", "-c", "gc.auto=0"];
        let done = Command::new("git").args(by).args(arguments).current_dir(folder).output()?;
        if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
    };
    git(&["init", "--quiet"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "one"])?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.join("policies/groups"))?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
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
    git(&["commit", "--quiet", "--all", "--message", "two"])
}

/// The slope of the straight line that is nearest to some points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    over / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
