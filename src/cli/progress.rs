//! What a run is at, for whoever waits on a terminal. Nothing is shown of what is done within a second, nor where
//! nobody looks.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::language::Text;
use crate::report::harmless;

use super::Context;

/// How long a stage may take before it is worth a line.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line moves.
const TICK: Duration = Duration::from_millis(120);

/// A stage of a run, which ends where this goes out of scope; its line goes with it.
#[must_use]
pub struct Working(Option<(Sender<()>, JoinHandle<()>)>);

impl Working {
    fn begin(text: String) -> Self {
        let (end, ended) = channel();
        let line = std::thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner().with_message(text).with_elapsed(PATIENCE);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            // Whatever comes, a word or the end of the channel, the stage is over.
            let _ = ended.recv();
            bar.finish_and_clear();
        });
        Self(Some((end, line)))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some((end, line)) = self.0.take() {
            drop(end);
            // What comes next is written where the line stood.
            let _ = line.join();
        }
    }
}

impl Context {
    /// Begins a stage that may take long.
    pub fn working(&self, on: &Text) -> Working {
        if !self.watched {
            return Working(None);
        }
        let language = self.language.get().unwrap_or_default();
        Working::begin(harmless(&on.to(language)).into_owned())
    }
}
