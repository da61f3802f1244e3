//! The record of all runs: `audit`, `audit verify` and `history`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::{Broken, Ended, Kept, Recorded, Run, Told, Verified};
use crate::online::Logged;

use super::VERSION;
use super::service::{SyncRunOut, sync_run};

/// What nobody proved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClaimsOut {
    /// Who was said to act, by `--as`.
    pub acting_as: Option<String>,
    /// Whom the commit names as its author.
    pub author: Option<String>,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunOut {
    /// Its number.
    pub run: i64,
    /// When it was, in RFC 3339, UTC.
    pub applied_at: String,
    /// `ok` or `error`; `unknown` if the record does not say it, because somebody rewrote it.
    pub outcome: &'static str,
    /// Why it was refused or failed.
    pub error: Option<String>,
    /// The name of the machine.
    pub machine: Option<String>,
    /// The operating system's user.
    pub os_user: Option<String>,
    /// What nobody proved.
    pub claims: ClaimsOut,
    /// The git revision that was applied; `null` if the files were not those of any.
    pub revision: Option<String>,
    /// The revision that was in force before.
    pub before: Option<String>,
    /// The day for which gains and losses were worked out, if one was named.
    pub on: Option<String>,
    /// What was done beside or instead of an apply: `connect`, `invite` and the like.
    pub deed: Option<String>,
    /// Identifies the plan.
    pub fingerprint: Option<String>,
    /// How many changes were written.
    pub changes: usize,
    /// How many conflicts were settled.
    pub conflicts: usize,
    /// How many rights people gained.
    pub gains: u64,
    /// How many rights people lost.
    pub losses: u64,
    /// The hash of its last entry.
    pub head: Option<String>,
    /// The entries that were asked for, in order; `audit` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<ToldOut>>,
}

/// One entry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ToldOut {
    /// Its place in the chain.
    pub seq: i64,
    /// `override`, `conflict`, `change`, `kept`, `gain` or `loss`.
    pub part: String,
    /// What it tells, as it was recorded.
    pub body: serde_json::Value,
}

/// `rightful audit --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditOut {
    /// The version of this format.
    pub version: u32,
    /// The runs, the oldest first.
    pub runs: Vec<RunOut>,
}

/// `rightful history --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryOut {
    /// The version of this format.
    pub version: u32,
    /// The runs, the newest first.
    pub runs: Vec<RunOut>,
    /// How many there are.
    pub count: usize,
    /// The lines of the log of `rightful sync`, the newest first.
    pub synchronisations: Vec<SyncRunOut>,
}

/// The first place where the chain is broken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BrokenOut {
    /// The place in the chain, from 1.
    pub seq: i64,
    /// The run that the entry says that it belongs to; for a missing one, that of the next.
    pub run: i64,
    /// `altered`, `missing`, `out-of-order` or `unhashed`.
    pub fault: &'static str,
}

/// A head that was kept outside of the database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeptOut {
    /// The run that ended with it.
    pub run: i64,
    /// The hash.
    pub head: String,
    /// When the run was.
    pub applied_at: String,
    /// Whether it is in the chain; `null` if that cannot be told, because the chain is broken.
    pub found: Option<bool>,
}

/// `rightful audit verify --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifyOut {
    /// The version of this format.
    pub version: u32,
    /// Whether the chain is whole and has every head in it that was kept or asked for.
    pub holds: bool,
    /// Whether the database remembers something else of the last apply than the record says; `null` if it is damaged.
    pub last_applied_altered: Option<bool>,
    /// Whether heads that were kept under its name are of a database with another id; `null` if it is damaged.
    pub replaced: Option<bool>,
    /// How many entries are proved.
    pub entries: usize,
    /// How many were recorded before there was a chain.
    pub unproven: usize,
    /// The last hash.
    pub head: Option<String>,
    /// Where the chain is broken.
    pub broken: Option<BrokenOut>,
    /// The heads that were kept outside.
    pub kept: Vec<KeptOut>,
    /// How many heads were kept of databases of other names, which are not looked for in this one.
    pub of_others: usize,
    /// Whether the head of `--head` is in the chain; `null` if none was named, or if the chain is broken.
    pub asked: Option<bool>,
}

fn run(recorded: &Recorded) -> RunOut {
    let Run { applied_at, machine, os_user, acting_as, revision, author, on, deed, overrides: _, fence: _ } =
        recorded.run.clone();
    let none = RunOut {
        run: recorded.number,
        applied_at,
        outcome: "unknown",
        error: None,
        machine,
        os_user,
        claims: ClaimsOut { acting_as, author },
        revision,
        before: recorded.before.clone(),
        deed,
        on: on.map(|on| on.to_string()),
        fingerprint: None,
        changes: 0,
        conflicts: 0,
        gains: 0,
        losses: 0,
        head: recorded.head.clone(),
        entries: None,
    };
    match recorded.ended.clone() {
        Ended::Applied { fingerprint, changes, conflicts, gains, losses } => {
            RunOut { outcome: "ok", fingerprint, changes, conflicts, gains, losses, ..none }
        }
        Ended::Refused(error) => RunOut { outcome: "error", error: Some(error), ..none },
        Ended::Unknown => none,
    }
}

/// Runs with their entries.
pub fn audit(runs: &[Recorded]) -> AuditOut {
    let told = |told: &Told| ToldOut { seq: told.seq, part: told.part.clone(), body: told.body.clone() };
    let with_entries = |one: &Recorded| RunOut { entries: Some(one.entries.iter().map(told).collect()), ..run(one) };
    AuditOut { version: VERSION, runs: runs.iter().map(with_entries).collect() }
}

/// Runs, of so many, and the log of the service.
pub fn history(runs: &[Recorded], count: usize, log: &[Logged]) -> HistoryOut {
    let synchronisations = log.iter().map(sync_run).collect();
    HistoryOut { version: VERSION, runs: runs.iter().map(run).collect(), count, synchronisations }
}

/// Whether a record is what was written. `asked` is the head of `--head`.
pub fn verified(found: &Result<Verified, Broken>, kept: &[Kept], of_others: usize, asked: Option<&str>) -> VerifyOut {
    let none = Verified::default();
    let (whole, broken) = match found {
        Ok(whole) => (whole, None),
        Err(broken) => (&none, Some(broken)),
    };
    let is_met = |hash: &str| broken.is_none().then(|| !whole.unmet.iter().any(|unmet| unmet == hash));
    VerifyOut {
        version: VERSION,
        holds: broken.is_none() && whole.unmet.is_empty() && !whole.is_forged && !whole.is_replaced,
        replaced: broken.is_none().then_some(whole.is_replaced),
        last_applied_altered: broken.is_none().then_some(whole.is_forged),
        entries: whole.entries,
        unproven: whole.unproven,
        head: whole.head.hash.clone(),
        broken: broken.map(|Broken { seq, run, fault }| BrokenOut { seq: *seq, run: *run, fault: fault.as_str() }),
        kept: kept
            .iter()
            .map(|kept| KeptOut {
                run: kept.run,
                head: kept.hash.clone(),
                applied_at: kept.applied_at.clone(),
                found: is_met(&kept.hash),
            })
            .collect(),
        of_others,
        asked: asked.and_then(is_met),
    }
}
