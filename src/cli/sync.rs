//! `rightful sync`

mod accept;
mod alarm;
mod cycle;
mod drift;
pub mod git;
mod line;
pub mod process;
mod telling;
pub mod variables;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::Args;

use crate::name::Name;
use crate::report::text::Look;
use crate::say;

use super::service::companies;
use super::session::{Failure, settings};
use super::{Context, Outcome};

use git::Fetched;
use worker::{Turned, Worker};

pub use cycle::Source;

/// For how long whoever shall stop may go on with what cannot be left in the middle.
const FAREWELL: Duration = Duration::from_secs(8);

/// How often somebody looks whether to stop.
const TICK: Duration = Duration::from_millis(50);

/// Keep databases in line with the policy, as a service
///
/// Every `online.interval` the policy is taken from git, planned, held to the
/// guards and applied, for every connected company. With `sync.remote` in the
/// settings the branch is fetched first, by the git that is installed; what is
/// not committed is never applied. Only commits that descend from the one that
/// was applied last are: a branch that was rewritten is refused. What somebody
/// changed in the database is taken back, or proposed as a commit on a branch
/// rightful/drift-DATE, as `sync.drift` says (rightful/drift-DATE-COMPANY, where
/// there are several); that branch says what is there now. Where the policy
/// changed the same, it wins.
///
/// Of several machines one does it. It holds a lease in the database; when it
/// falls silent for `online.take_over_after`, the next one of `online.machines`
/// takes over, and the one before writes nothing any more.
///
/// Runs until it is told to stop (SIGTERM). `rightful status` shows how it
/// goes, `rightful doctor` why it does not, `rightful history` every run.
///
/// Examples:
///   rightful sync
///   rightful sync --once --company nordwind
///   rightful sync --machine crm-server --env-file /etc/rightful/env
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Sync {
    /// Synchronise once, then end; exit 3 if another machine does it
    #[arg(long)]
    once: bool,
    /// What this machine is called in `online.machines` [default: its name]
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// A file with lines NAME=VALUE, read anew each time; it holds the URLs of
    /// databases and of the mail server, in variables that policies may name
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Apply this commit although the branch was rewritten; the full id. With
    /// --once, a process that synchronises already does it with its next turn
    #[arg(long, value_name = "COMMIT")]
    accept: Option<String>,
}

/// What the threads of all companies share.
pub struct Shared {
    /// Where it was started.
    directory: PathBuf,
    /// How it speaks.
    looks: [Look; 2],
    /// What this machine is called.
    machine: String,
    /// Tells this process from every other.
    process: String,
    /// The file of variables.
    env_file: Option<PathBuf>,
    /// A commit that is applied although the branch was rewritten.
    accept: Option<String>,
    /// Whether it ends after one turn.
    once: bool,
    /// Whether it shall stop.
    stop: Arc<AtomicBool>,
    /// When the remote was fetched last, and how that ended.
    fetched: Mutex<Option<Fetched>>,
    /// One at a time makes commits.
    proposing: Mutex<()>,
}

impl Shared {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Waits, unless it shall stop.
    fn wait(&self, time: Duration) {
        let started = Instant::now();
        while !self.stops() && started.elapsed() < time {
            thread::sleep(TICK.min(time.saturating_sub(started.elapsed())));
        }
    }
}

pub fn run(command: &Sync, context: &Context) -> Result<Outcome, Failure> {
    if context.on_was_said {
        return Err(Failure::world(say!("--on means nothing here: a synchronisation is about today")));
    }
    let (_, binding) = settings(context)?;
    let companies = companies(context, &binding.settings)?;
    let language = context.language.get().unwrap_or(binding.settings.language);
    let [out, err] = [context.out, context.err].map(|look| Look { language, ..look });
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, stop.clone())
            .map_err(|error| Failure::world(say!("cannot listen to signals: {error}", error)))?;
    }
    let shared = Arc::new(Shared {
        directory: context.directory.clone(),
        looks: [out, err],
        machine: command.machine.clone().or_else(super::running::machine).unwrap_or_else(|| "localhost".to_owned()),
        process: process::own()?,
        env_file: command.env_file.as_ref().map(|path| context.here.join(path)),
        accept: command.accept.clone(),
        once: command.once,
        stop,
        fetched: Mutex::default(),
        proposing: Mutex::default(),
    });
    let (once, many) = (command.once, companies.len() > 1);
    let serve = |company: Option<Name>| {
        let shared = shared.clone();
        thread::spawn(move || {
            let mut worker = Worker::new(&shared, company, many);
            let code = if once { code(&worker.turn()) } else { serve(&mut worker, &shared) };
            worker.leave();
            code
        })
    };
    let threads: Vec<JoinHandle<u8>> = companies.into_iter().map(serve).collect();
    Ok(Outcome::new(String::new(), joined(threads, &shared)))
}

/// Synchronises until it is told to stop.
fn serve(worker: &mut Worker<'_>, shared: &Shared) -> u8 {
    while !shared.stops() {
        worker.turn();
        shared.wait(worker.pause());
    }
    0
}

fn code(turned: &Turned) -> u8 {
    match turned {
        Turned::Done => 0,
        Turned::Elsewhere => 3,
        Turned::Failed(code) => *code,
    }
}

/// Waits for the companies; the worst that any of them ended with. Whoever does not end in time when all shall stop is
/// left: with the process its connection goes, and with that whatever it had begun.
fn joined(mut threads: Vec<JoinHandle<u8>>, shared: &Shared) -> u8 {
    let (mut worst, mut stopped) = (0, None);
    while !threads.is_empty() {
        let (done, going): (Vec<_>, Vec<_>) = threads.into_iter().partition(JoinHandle::is_finished);
        worst = done.into_iter().map(|thread| thread.join().unwrap_or(2)).fold(worst, u8::max);
        threads = going;
        if shared.stops() && stopped.get_or_insert_with(Instant::now).elapsed() > FAREWELL {
            return 0;
        }
        thread::sleep(TICK);
    }
    if shared.stops() { 0 } else { worst }
}
