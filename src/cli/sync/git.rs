//! The git that is installed: it fetches and pushes, with people's credentials, proxies and hosts as they are set up.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::session::Failure;
use crate::report::harmless;
use crate::say;
use crate::syntax::database::is_readable;
use crate::tree::branch::{Branch, DRIFT};

use super::{Shared, TICK};

/// For how long git may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The most that is told of what git said, in characters.
const MOST: usize = 300;

/// When the remote was fetched, and how that ended.
#[derive(Debug, Clone)]
pub struct Fetched {
    began: Instant,
    error: Option<String>,
}

/// Fetches the branch, and what drift was proposed on. One fetch does for all companies that wait for it. `pulse` is
/// called all the while.
pub fn fetch(shared: &Shared, root: &Path, remote: &str, branch: &str, pulse: &mut dyn FnMut()) -> Result<(), Failure> {
    let asked = Instant::now();
    let mut last = loop {
        match shared.fetched.try_lock() {
            Ok(last) => break last,
            Err(TryLockError::Poisoned(last)) => break last.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
        if shared.stops() {
            return Err(stopped());
        }
        pulse();
        thread::sleep(TICK);
    };
    fetch_alone(shared, root, (remote, branch), asked, &mut last, pulse)
}

fn fetch_alone(
    shared: &Shared,
    root: &Path,
    (remote, branch): (&str, &str),
    asked: Instant,
    last: &mut MutexGuard<'_, Option<Fetched>>,
    pulse: &mut dyn FnMut(),
) -> Result<(), Failure> {
    let told = |error: Option<String>| match error {
        None => Ok(()),
        Some(error) => {
            Err(Failure::world(say!("git could not fetch `{branch}` from `{remote}`: {error}", branch, remote, error)))
        }
    };
    if let Some(last) = last.as_ref().filter(|last| last.began >= asked) {
        return told(last.error.clone());
    }
    let began = Instant::now();
    let own = format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}");
    let drift = format!("+refs/heads/{DRIFT}*:refs/remotes/{remote}/{DRIFT}*");
    let arguments = [
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        remote,
        &own,
        &drift,
    ];
    let error = run(&shared.stop, root, &arguments, pulse)?;
    **last = Some(Fetched { began, error: error.clone() });
    told(error)
}

/// Asks the remote whether it has the branch.
pub fn ask(stop: &AtomicBool, root: &Path, remote: &str, branch: &str) -> Result<(), Failure> {
    let own = format!("refs/heads/{branch}");
    match run(stop, root, &["ls-remote", "--quiet", "--exit-code", remote, &own], &mut || {})? {
        None => Ok(()),
        Some(error) => {
            let message = say!("git does not find `{branch}` in `{remote}`: {error}", branch, remote, error);
            Err(Failure::world(message).help(say!("try `git ls-remote {remote}` as the user of the service", remote)))
        }
    }
}

/// Pushes a branch on which drift was proposed.
pub fn push(
    shared: &Shared,
    root: &Path,
    remote: &str,
    branch: &Branch,
    pulse: &mut dyn FnMut(),
) -> Result<(), Failure> {
    let name = &branch.name;
    let what = format!("refs/heads/{name}:refs/heads/{name}");
    match run(&shared.stop, root, &["push", "--quiet", remote, &what], pulse)? {
        None => Ok(()),
        Some(error) => Err(Failure::world(say!(
            "git could not push `{branch}` to `{remote}`: {error}",
            branch = name,
            remote,
            error
        ))),
    }
}

fn stopped() -> Failure {
    Failure::world(say!("it was told to stop"))
}

/// Runs git; what it said if it failed.
fn run(stop: &AtomicBool, root: &Path, arguments: &[&str], pulse: &mut dyn FnMut()) -> Result<Option<String>, Failure> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    // Git and what it calls have nothing to do with the databases.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_readable) {
            command.env_remove(name);
        }
    }
    // A signal from the keyboard is for this program, which then ends git itself.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .spawn()
        .map_err(|error| Failure::world(say!("cannot run git, which has to be installed: {error}", error)))?;
    let said = listen(&mut child);
    let began = Instant::now();
    loop {
        let state = child
            .try_wait()
            .map_err(|error| Failure::world(say!("cannot run git, which has to be installed: {error}", error)))?;
        if let Some(state) = state {
            // Whatever git left running may keep its output open.
            let said = said.recv_timeout(Duration::from_millis(500)).unwrap_or_default();
            return Ok((!state.success()).then(|| shortened(&said)));
        }
        let stops = stop.load(Ordering::SeqCst);
        if stops || began.elapsed() > LIMIT {
            // It may have ended by itself just now; what it started goes with it.
            #[cfg(unix)]
            let _ =
                Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
            let _ = child.kill();
            let _ = child.wait();
            if stops {
                return Err(stopped());
            }
            return Ok(Some(format!("it took longer than {} seconds", LIMIT.as_secs())));
        }
        pulse();
        thread::sleep(TICK);
    }
}

fn listen(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut output) = child.stderr.take() {
        thread::spawn(move || {
            let mut said = Vec::new();
            // What cannot be read is not told.
            let _ = output.by_ref().take(64 << 10).read_to_end(&mut said);
            let _ = std::io::copy(&mut output, &mut std::io::sink());
            let _ = sender.send(String::from_utf8_lossy(&said).into_owned());
        });
    }
    receiver
}

/// What git said on one line, without the passwords of addresses.
fn shortened(said: &str) -> String {
    let words = said.split_whitespace().map(without_password).collect::<Vec<_>>().join(" ");
    let text: String = harmless(&words).chars().take(MOST).collect();
    if text.is_empty() { "it did not say why".to_owned() } else { text }
}

fn without_password(word: &str) -> String {
    let hidden = || {
        let (scheme, rest) = word.split_once("://")?;
        let (who, host) = rest.split('/').next()?.rsplit_once('@')?;
        let path = &rest[who.len() + 1 + host.len()..];
        Some(format!("{scheme}://***@{host}{path}"))
    };
    hidden().unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_said_is_told_without_passwords() {
        let said =
            "fatal: unable to access 'https://bot:hunter2@git.example/x.git/':\n The requested URL returned 403\n";
        let told = shortened(said);
        assert_eq!(told, "fatal: unable to access 'https://***@git.example/x.git/': The requested URL returned 403");
        assert_eq!(shortened(""), "it did not say why");
        assert_eq!(shortened(&"x ".repeat(1_000)).chars().count(), MOST);
    }
}
