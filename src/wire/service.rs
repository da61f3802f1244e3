//! The service that synchronises: `status`, `doctor` and the log in `history`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::language::Language;
use crate::online::{Examined, Logged, Moment, Outcome, Overview, Stand, Stood, Verdict, stuck};

use super::VERSION;
use super::online::{PlacesOut, places};

/// A line of the log of the service.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SyncRunOut {
    /// When; UTC, by the database's clock.
    at: String,
    /// Which machine.
    machine: String,
    /// `ok` or `error`.
    outcome: &'static str,
    /// Why it failed or was refused.
    error: Option<String>,
    /// How many changes were written.
    changes: u32,
    /// How many conflicts were settled.
    conflicts: u32,
    /// The commit that it was about, if it came so far.
    revision: Option<String>,
    /// What to do about an error, if that was said.
    help: Option<String>,
    /// How many changes that somebody made in the database were left as they are until they are reviewed.
    waiting: u32,
    /// The branch on which these are proposed.
    branch: Option<String>,
    /// What of it must not wait.
    alarm: Option<String>,
}

/// A line of the log.
pub fn sync_run(line: &Logged) -> SyncRunOut {
    let (outcome, error, help) = match &line.outcome {
        Outcome::Ok => ("ok", None, None),
        Outcome::Error(error, help) => ("error", Some(error.clone()), help.clone()),
    };
    let waits = line.waits.as_ref();
    SyncRunOut {
        at: line.at.to_string(),
        machine: line.machine.clone(),
        outcome,
        error,
        changes: line.changes,
        conflicts: line.conflicts,
        revision: line.revision.clone(),
        help,
        waiting: waits.map_or(0, |waits| waits.changes),
        branch: waits.and_then(|waits| waits.branch.clone()),
        alarm: waits.and_then(|waits| waits.alarm.clone()),
    }
}

/// `rightful status --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusOut {
    /// The version of this format.
    version: u32,
    /// The companies, in order of names.
    companies: Vec<CompanyStatusOut>,
}

/// How one company stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CompanyStatusOut {
    /// Its name; null if there is but one, without a name.
    company: Option<String>,
    /// Why nothing can be seen of it; everything below is null then.
    error: Option<String>,
    /// `never`, `connected` or `disconnected`.
    state: Option<&'static str>,
    /// Who answers for synchronisation.
    responsible: Option<String>,
    /// Since when it is so; UTC.
    since: Option<String>,
    /// `runs`, `silent` or `stopped`.
    service: Option<&'static str>,
    /// The machine that has the lease.
    machine: Option<String>,
    /// The newest line of the log.
    last_run: Option<SyncRunOut>,
    /// When it synchronises next; UTC.
    next_run: Option<String>,
    /// How many changes somebody made in the database that no policy says; null if nothing was ever applied.
    drift: Option<usize>,
    /// Letters that did not go; null if there are none.
    letters: Option<StuckOut>,
    /// The places of the licence.
    places: Option<PlacesOut>,
}

/// Letters that did not go.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StuckOut {
    /// How many.
    waiting: usize,
    /// Why, of the one that is tried next.
    error: String,
    /// Not before when it is tried; UTC.
    next_at: Option<String>,
}

/// How every company stands.
pub fn status(stands: &[Stand]) -> StatusOut {
    let text = |moment: Option<Moment>| moment.map(|moment| moment.to_string());
    let one = |(company, stand): &Stand| {
        let company = company.as_ref().map(ToString::to_string);
        let none = CompanyStatusOut {
            company,
            error: None,
            state: None,
            responsible: None,
            since: None,
            service: None,
            machine: None,
            last_run: None,
            next_run: None,
            drift: None,
            letters: None,
            places: None,
        };
        let Overview { register, now, drift, places: taken, .. } = match stand {
            Ok(overview) => overview,
            Err(refused) => return CompanyStatusOut { error: Some(refused.message.to(Language::English)), ..none },
        };
        let (connection, service) = (&register.connection, &register.service);
        CompanyStatusOut {
            state: Some(connection.state.as_str()),
            responsible: connection.responsible.as_ref().map(ToString::to_string),
            since: text(connection.since),
            service: Some(match service.stands(*now) {
                Stood::Runs => "runs",
                Stood::Silent => "silent",
                Stood::Stopped => "stopped",
            }),
            machine: service.machine.clone(),
            last_run: register.log.values().next_back().map(sync_run),
            next_run: text(service.next_at),
            drift: *drift,
            letters: stuck(register, *now).map(|stuck| StuckOut {
                waiting: stuck.letters,
                error: stuck.error,
                next_at: text(stuck.next_at),
            }),
            places: taken.map(places),
            ..none
        }
    };
    StatusOut { version: VERSION, companies: stands.iter().map(one).collect() }
}

/// `rightful doctor --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoctorOut {
    /// The version of this format.
    version: u32,
    /// Whether nothing is wrong.
    healthy: bool,
    /// The companies, in order of names.
    companies: Vec<ExaminedOut>,
}

/// What was found for one company.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExaminedOut {
    /// Its name; null if there is but one, without a name.
    company: Option<String>,
    /// What was looked at, in order.
    checks: Vec<CheckedOut>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckedOut {
    /// `machine`, `connection`, `service`, `lease`, `log`, `credentials` or `letters`.
    check: &'static str,
    /// `ok`, `wrong`, or `unknown` if it cannot be seen.
    verdict: &'static str,
    /// What was found.
    message: String,
    /// What to do, if something is wrong.
    help: Option<String>,
}

/// What was found, in a language.
pub fn doctor(found: &[Examined], language: Language) -> DoctorOut {
    let mut healthy = true;
    let mut companies = Vec::new();
    for (company, checks) in found {
        let mut shown = Vec::new();
        for (check, verdict) in checks {
            let (word, message, help) = match verdict {
                Verdict::Fine(text) => ("ok", text, None),
                Verdict::Wrong(refused) => ("wrong", &refused.message, Some(refused.help.to(language))),
                Verdict::Unknown(text) => ("unknown", text, None),
            };
            healthy &= word != "wrong";
            shown.push(CheckedOut { check: check.as_str(), verdict: word, message: message.to(language), help });
        }
        companies.push(ExaminedOut { company: company.as_ref().map(ToString::to_string), checks: shown });
    }
    DoctorOut { version: VERSION, healthy, companies }
}
