//! How synchronisation stands, and what an administrator goes through when it stopped.

use crate::language::Text;
use crate::online::{
    Check, Examined, Logged, Moment, Outcome, Overview, Places, Register, Stand, Stood, Stuck, Verdict, Waiting, stuck,
};
use crate::report::block::{Line, Page, Tone};
use crate::say;

use super::count;
use super::online::{connection, moment};

/// How every company stands.
pub fn status(stands: &[Stand]) -> Page {
    let mut page = Page::default();
    for (index, (company, stand)) in stands.iter().enumerate() {
        if index > 0 {
            page.blank();
        }
        let name = company.as_ref().map(ToString::to_string);
        match stand {
            Ok(overview) => {
                let name = name.unwrap_or_else(|| overview.database.clone());
                page.text(Line::new().then(Tone::Strong, name));
                page.table(2, rows(overview));
            }
            Err(refused) => {
                page.text(Line::new().then(Tone::Strong, name.unwrap_or_default()));
                let mut rows = vec![vec![label(say!("error")), Line::new().then(Tone::No, &refused.message)]];
                if !refused.help.is_empty() {
                    rows.push(vec![Line::new(), Line::new().then(Tone::Quiet, &refused.help)]);
                }
                page.table(2, rows);
            }
        }
    }
    page
}

fn label(text: Text) -> Line {
    Line::new().then(Tone::Quiet, text)
}

fn rows(overview: &Overview) -> Vec<Vec<Line>> {
    let Overview { register, now, .. } = overview;
    let service = &register.service;
    let last = register.log.values().next_back();
    let next = match (service.next_at, service.stands(*now)) {
        (Some(at), Stood::Runs) => Line::from(moment(at)),
        _ => Line::new().then(Tone::Warning, say!("none: nobody synchronises")),
    };
    let mut rows = vec![
        vec![label(say!("connection")), connected(register, *now)],
        vec![label(say!("machine")), machine(register, *now)],
        vec![label(say!("last run")), last.map_or_else(|| Line::from(say!("none yet")), ended)],
    ];
    rows.extend(last.into_iter().flat_map(beside).map(|line| vec![Line::new(), line]));
    rows.push(vec![label(say!("next run")), next]);
    rows.push(vec![label(say!("drift waiting")), drift(overview.drift)]);
    if let Some(stuck) = stuck(register, *now) {
        let Stuck { letters, error, next_at } = stuck;
        let at = next_at.map(moment).unwrap_or_default();
        let text = say!("waiting: {letters}; {error}; the next attempt is at {at}", letters, error, at);
        rows.push(vec![label(say!("letters")), Line::new().then(Tone::No, text)]);
    }
    rows.push(vec![
        label(say!("licence")),
        overview.places.map_or_else(|| Line::from("-"), |it| Line::from(places(it))),
    ]);
    rows
}

/// How the connection stands, a first synchronisation that goes on included.
fn connected(register: &Register, now: Moment) -> Line {
    match register.connection.exclusive_until.filter(|until| *until > now) {
        Some(until) => {
            let until = moment(until);
            Line::new().then(
                Tone::Warning,
                say!("a first synchronisation is going on; if it died, its place is free at {until}", until),
            )
        }
        None => connection(register),
    }
}

fn machine(register: &Register, now: Moment) -> Line {
    let service = &register.service;
    let name = service.machine.as_deref().unwrap_or("-");
    let since = service.since.map(moment).unwrap_or_default();
    match service.stands(now) {
        Stood::Runs => Line::new().then(Tone::Yes, name).then(Tone::Plain, say!(" since {since}", since)),
        Stood::Silent => {
            let until = service.until.map(moment).unwrap_or_default();
            Line::new().then(Tone::No, say!("{machine} is silent since {until}", machine = name, until))
        }
        Stood::Stopped => Line::new().then(Tone::Warning, say!("none")),
    }
}

fn drift(count: Option<usize>) -> Line {
    match count {
        None => Line::from("-"),
        Some(0) => Line::from(say!("none")),
        Some(count) => Line::new().then(Tone::Warning, count::changes(count)),
    }
}

fn places(places: Places) -> Text {
    match (places.of, places.left()) {
        (Some(of), Some(left)) => {
            say!("{used} of {of} places taken, {left} left", used = places.used, of, left)
        }
        _ => say!("{used} places taken, no limit", used = places.used),
    }
}

/// When, where and how a run of the service ended.
fn ended(line: &Logged) -> Line {
    let at = say!("{at} on {machine}: ", at = moment(line.at), machine = line.machine);
    Line::new().then(Tone::Plain, at).and(outcome(line))
}

/// How a run of the service ended.
pub(super) fn outcome(line: &Logged) -> Line {
    let mut shown = match &line.outcome {
        Outcome::Error(error, _) => {
            return Line::new().then(Tone::No, say!("error")).then(Tone::Plain, format!(" {error}"));
        }
        Outcome::Ok => {
            let changes = count::changes(line.changes as usize);
            Line::new().then(Tone::Yes, say!("OK")).then(Tone::Plain, " ").then(Tone::Plain, changes)
        }
    };
    if line.conflicts > 0 {
        shown = shown.then(Tone::Plain, ", ").then(Tone::Warning, count::conflicts(line.conflicts as usize));
    }
    match &line.waits {
        Some(Waiting { changes, branch: Some(branch), .. }) => {
            let changes = count::changes(*changes as usize);
            shown.then(Tone::Warning, say!(", waiting for review on `{branch}`: {changes}", branch, changes))
        }
        Some(Waiting { changes, .. }) => {
            shown.then(Tone::Warning, say!(", left as it is: {changes}", changes = count::changes(*changes as usize)))
        }
        None => shown,
    }
}

/// What to do about how it ended, and what must not wait.
pub(super) fn beside(line: &Logged) -> Vec<Line> {
    let help = match &line.outcome {
        Outcome::Error(_, Some(help)) => Some(Line::new().then(Tone::Quiet, help)),
        _ => None,
    };
    let alarm = line.waits.as_ref().and_then(|waits| waits.alarm.as_ref());
    let alarm = alarm.map(|alarm| Line::new().then(Tone::No, say!("warning: {text}", text = alarm)));
    help.into_iter().chain(alarm).collect()
}

fn title(check: Check) -> Text {
    match check {
        Check::Machine => say!("machine"),
        Check::Connection => say!("connection"),
        Check::Service => say!("service"),
        Check::Lease => say!("lease"),
        Check::Log => say!("newest line of the log"),
        Check::Credentials => say!("credentials"),
        Check::Letters => say!("letters"),
    }
}

/// What was found, company by company.
pub fn doctor(found: &[Examined]) -> Page {
    let mut page = Page::default();
    for (index, (company, checks)) in found.iter().enumerate() {
        if index > 0 {
            page.blank();
        }
        if let Some(name) = company {
            page.text(Line::new().then(Tone::Strong, name));
        }
        let mut rows = Vec::new();
        for (check, verdict) in checks {
            let (tone, word, text) = match verdict {
                Verdict::Fine(text) => (Tone::Yes, say!("OK"), text),
                Verdict::Wrong(refused) => (Tone::No, say!("wrong"), &refused.message),
                Verdict::Unknown(text) => (Tone::Warning, say!("unknown"), text),
            };
            rows.push(vec![Line::from(title(*check)), Line::new().then(tone, word), Line::from(text)]);
            if let Verdict::Wrong(refused) = verdict
                && !refused.help.is_empty()
            {
                rows.push(vec![Line::new(), Line::new(), Line::new().then(Tone::Quiet, &refused.help)]);
            }
        }
        page.table(2, rows);
    }
    page
}
