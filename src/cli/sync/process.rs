//! This process, so that another one of the same machine can tell whether it still lives. Where that is not sure it counts
//! as alive.

use std::fs;
use std::path::Path;

use crate::cli::registered::random;
use crate::cli::session::Failure;

/// What no other process is called, on this machine or another; and where it lives, if the system tells that.
pub fn own() -> Result<String, Failure> {
    let name = format!("{} {}", std::process::id(), &random()?[..16]);
    Ok(match Home::here().zip(Life::of(std::process::id())) {
        Some((home, life)) => format!("{name} {} {} {}", home.boot, home.namespace, life.text()),
        None => name,
    })
}

/// Whether a process that is called so is known not to live any more.
pub fn is_gone(name: &str) -> bool {
    let words: Vec<&str> = name.split(' ').collect();
    let [pid, _, boot, namespace, started, user] = words[..] else { return false };
    let (Ok(pid), Some(here), Some(own)) = (pid.parse::<u32>(), Home::here(), Life::of(std::process::id())) else {
        return false;
    };
    // A system may hide what other users run, but not from root.
    let is_seen = own.user == user || own.user == "0";
    if here.boot != boot || here.namespace != namespace || !is_seen {
        return false;
    }
    let is_there = Path::new(&format!("/proc/{pid}")).exists();
    !is_there || Life::of(pid).is_some_and(|life| life.has_ended || life.started != started)
}

/// The machine since it was turned on, and the part of it in which the numbers of processes count.
struct Home {
    boot: String,
    namespace: String,
}

impl Home {
    fn here() -> Option<Self> {
        // Somebody else's /proc tells of other numbers.
        let own = fs::read_link("/proc/self").ok()?;
        if own != Path::new(&std::process::id().to_string()) {
            return None;
        }
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
        // Where clocks or users are others, what is told of a process cannot be compared either.
        let of = |kind: &str| Some(fs::read_link(format!("/proc/self/ns/{kind}")).ok()?.to_str()?.to_owned());
        let namespace = [of("pid")?, of("user")?, of("time").unwrap_or_default()].concat();
        let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
        (is_word(&boot) && is_word(&namespace)).then_some(Self { boot, namespace })
    }
}

/// A process that is there.
struct Life {
    /// When it began, in ticks since the machine was turned on.
    started: String,
    /// Whose it is.
    user: String,
    /// Whether it has ended, and only nobody asked yet how.
    has_ended: bool,
}

impl Life {
    fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program stands in parentheses and may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let (state, threads, started) = (*fields.first()?, *fields.get(17)?, (*fields.get(19)?).to_owned());
        let has_ended = matches!(state, "Z" | "X") && matches!(threads, "0" | "1");
        Some(Self { started, user: user(pid)?, has_ended })
    }

    fn text(&self) -> String {
        format!("{} {}", self.started, self.user)
    }
}

#[cfg(unix)]
fn user(pid: u32) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    Some(fs::metadata(format!("/proc/{pid}")).ok()?.uid().to_string())
}

#[cfg(not(unix))]
fn user(_: u32) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn only_what_is_sure_to_be_gone_counts_as_gone() {
        let own = own().unwrap();
        assert!(!is_gone(&own), "{own}");
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let (home, life) = (Home::here().unwrap(), Life::of(child.id()).unwrap());
        let name =
            |pid: u32, started: &str| format!("{pid} abc {} {} {started} {}", home.boot, home.namespace, life.user);
        let lives = name(child.id(), &life.started);
        assert!(!is_gone(&lives));
        // Another process got the number.
        assert!(is_gone(&name(child.id(), "1")));
        // Another boot, another container, another user, or nothing of all that: nobody knows.
        assert!(!is_gone(&name(child.id(), "1").replace(&home.boot, "other")));
        assert!(!is_gone(&name(child.id(), "1").replace(&home.namespace, "pid:[1]")));
        assert!(!is_gone(&format!("{} abc", child.id())) && !is_gone(""));
        child.kill().unwrap();
        // Nobody has asked yet how it ended, which counts as gone too.
        while !is_gone(&lives) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(is_gone(&lives));
    }
}
