//! The audit: what a run did, entry by entry, each chained to the one before it.
//!
//! Takes a plan and who carries it out, gives the entries that a target keeps; takes the entries that a target kept,
//! and says whether they are the ones that were written. Never reads or writes a target itself.

mod body;
mod chain;
mod kept;
mod record;

use std::iter::once;

use crate::date::Date;
use crate::online;
use crate::plan::{Base, Plan, adopted};
use crate::syntax::gate::Turn;

pub use chain::{Broken, Fault, Head, Verified, Verifier};
pub use kept::{Kept, hash_of, is_id};
pub use record::{Ended, Filter, Known, Reader, Recorded, Told};

/// Who carries out what, for the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// The moment, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub applied_at: String,
    /// The name of the machine.
    pub machine: Option<String>,
    /// The operating system's user.
    pub os_user: Option<String>,
    /// Who is said to act. Nobody proved it.
    pub acting_as: Option<String>,
    /// The git revision that is applied, if it is one.
    pub revision: Option<String>,
    /// Whom the revision names as its author. Nobody proved it.
    pub author: Option<String>,
    /// The day for which gains and losses were worked out, if one was named.
    pub on: Option<Date>,
    /// Which guards were put aside.
    pub overrides: Vec<Override>,
    /// What was done beside or instead of an apply: `connect`, `invite`.
    pub deed: Option<String>,
    /// The fencing number of the service for which it is done: nothing is written once another machine took over.
    pub fence: Option<i64>,
}

/// A guard that was put aside for one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Override {
    /// Which one.
    pub guard: String,
    /// What it had said.
    pub detail: String,
}

/// What an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The run itself: when, who, of which revision, and how it ended. The first of its entries.
    Run,
    /// A guard that was put aside.
    Override,
    /// What the policy and the database both had changed, and how that was settled.
    Conflict,
    /// What was written.
    Change,
    /// What somebody had changed in the database and the run left as it is; because the policy says it too by now, if it
    /// is called adopted.
    Kept,
    /// What people gained.
    Gain,
    /// What people lost.
    Loss,
}

impl Part {
    /// Every part, in the order in which a run has them.
    pub const ALL: [Self; 7] =
        [Self::Run, Self::Override, Self::Conflict, Self::Change, Self::Kept, Self::Gain, Self::Loss];

    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Override => "override",
            Self::Conflict => "conflict",
            Self::Change => "change",
            Self::Kept => "kept",
            Self::Gain => "gain",
            Self::Loss => "loss",
        }
    }

    /// The part of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

/// One row of the record, as it stands in a target. The texts are whatever is there: who rewrote a row shall be found
/// out, and not keep the others from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain, from 1, without gaps.
    pub seq: i64,
    /// The number of the run that it belongs to.
    pub run: i64,
    /// The word of its [`Part`].
    pub part: String,
    /// What it tells, an object of JSON.
    pub body: String,
    /// The hash over the previous one and everything above, 64 hexadecimal digits; `None` for what was recorded before
    /// there was a chain.
    pub hash: Option<String>,
}

impl Entry {
    /// What it tells, if it is a word of ours.
    pub fn part(&self) -> Option<Part> {
        Part::of_word(&self.part)
    }

    /// The end of the chain after it.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash.clone() }
    }
}

/// What an apply finds remembered, and what it leaves to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct Remembered<'a> {
    /// By the last apply; `None` before the first.
    pub before: Option<&'a Base>,
    /// By this one.
    pub after: &'a Base,
}

/// What a run that carried out a plan leaves behind: `number` is that of the run, `head` the last entry so far. The
/// last entry given here is the new one.
pub fn entries<'a>(
    plan: &'a Plan,
    run: &'a Run,
    number: i64,
    head: &Head,
    remembered: Remembered<'a>,
) -> impl Iterator<Item = Entry> + use<'a> {
    let effective = &plan.effective;
    let adopted = adopted(plan, remembered.before, remembered.after);
    // Of a large firm's first apply nearly all are changes.
    let parts = once((Part::Run, body::applied(plan, run, remembered.after).to_string()))
        .chain(run.overrides.iter().map(|one| (Part::Override, body::put_aside(one).to_string())))
        .chain(plan.conflicts.iter().map(|conflict| (Part::Conflict, body::conflict(conflict).to_string())))
        .chain(plan.changes.iter().map(|change| (Part::Change, body::change(change))))
        .chain(plan.kept.iter().map(|change| (Part::Kept, body::change(change))))
        .chain(adopted.into_iter().map(|row| (Part::Kept, body::adopted(&row).to_string())))
        .chain(effective.gains.iter().map(|change| (Part::Gain, body::effect(change).to_string())))
        .chain(effective.losses.iter().map(|change| (Part::Loss, body::effect(change).to_string())))
        .chain(effective.sums.iter().map(|sum| match sum.turn {
            Turn::Gain => (Part::Gain, body::in_sum(sum).to_string()),
            Turn::Loss => (Part::Loss, body::in_sum(sum).to_string()),
        }));
    chained(parts, number, head)
}

/// What a run leaves behind that changed the register of online access. `remembered` is the digest of what the last apply
/// wrote down to be remembered.
pub fn deed(
    run: &Run,
    differences: &[online::Entry],
    remembered: Option<&str>,
    number: i64,
    head: &Head,
) -> Vec<Entry> {
    let parts = once((Part::Run, body::done(run, differences.len(), remembered).to_string()));
    let parts = parts.chain(differences.iter().map(|one| (Part::Change, body::online(one).to_string())));
    chained(parts, number, head).collect()
}

fn chained<I: Iterator<Item = (Part, String)>>(
    parts: I,
    number: i64,
    head: &Head,
) -> impl Iterator<Item = Entry> + use<I> {
    let head = head.clone();
    parts.scan(head, move |head, (part, body)| {
        let entry = chain::link(head, number, part, body);
        *head = entry.head();
        Some(entry)
    })
}

/// What a run that was carried out told of what it wrote down to be remembered: its digest, 64 hexadecimal digits. `None`
/// if it told nothing, as runs of older versions did.
pub fn remembered(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body["remembered"].as_str().map(str::to_owned)
}

/// What a run leaves behind that was refused or failed.
pub fn failure(run: &Run, error: &str, number: i64, head: &Head) -> Entry {
    chain::link(head, number, Part::Run, body::failed(run, error).to_string())
}
