//! The lines of the log: in English, as everything that is recorded.

use crate::cli::session::Failure;
use crate::language::{IntoWord, Language, Word};
use crate::online::{Logged, Moment, Outcome, Register, Waiting};
use crate::report::{discreet, harmless};

use super::cycle::Done;

/// A line that says how it ended.
pub fn of(machine: &str, now: Moment, outcome: Outcome, revision: Option<String>) -> Logged {
    Logged { at: now, machine: machine.to_owned(), outcome, changes: 0, conflicts: 0, revision, waits: None }
}

/// A line of what went well.
pub fn of_done(machine: &str, now: Moment, done: &Done) -> Logged {
    let conflicts = u32::try_from(done.conflicts).unwrap_or(u32::MAX);
    Logged { conflicts, ..of(machine, now, Outcome::Ok, Some(done.revision.clone())) }
}

/// Writes the line of what went well, unless it is there already, with what waits for review.
pub fn written(register: &Register, line: Logged, done: &Done) -> Register {
    let mut after = if done.is_logged { register.clone() } else { line.written(register) };
    let changes = u32::try_from(done.waits.changes).unwrap_or(u32::MAX);
    let alarms: Vec<String> = done.waits.alarms.iter().map(|alarm| one_line(&alarm.into_word())).collect();
    let waits = (changes > 0).then(|| Waiting {
        changes,
        branch: done.waits.branch.as_ref().map(|branch| branch.name.clone()),
        alarm: (!alarms.is_empty()).then(|| alarms.join("; ")),
    });
    if waits.is_none() {
        // What comes again is recorded again.
        after.service.kept = None;
    }
    if let Some(mut newest) = after.log.last_entry() {
        newest.get_mut().waits = waits;
    }
    after
}

/// How a failure ends: why, and what to do.
pub fn told(failure: &Failure) -> Outcome {
    let help = one_line(&failure.help);
    Outcome::Error(one_line(&failure.message), (!help.is_empty()).then_some(help))
}

fn one_line(word: &Word) -> String {
    let text = discreet(word, Language::English).to(Language::English);
    harmless(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}
