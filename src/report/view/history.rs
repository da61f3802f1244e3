//! The runs of apply and of the service, as a synchronisation log has them.

use crate::audit::Recorded;
use crate::online::Logged;
use crate::report::block::{Line, Page, Tone};
use crate::say;

use super::audit::{facts, outcome, revisions, short, when};
use super::{count, service};

/// One thing that stands in the history.
enum Event<'a> {
    /// A run of the record.
    Run(&'a Recorded),
    /// So many lines of the log that say the same, the newest and the oldest of them.
    Lines(usize, &'a Logged, &'a Logged),
}

/// Runs of a database and the log of the service, each the newest first; at most so many of both.
pub fn history(runs: &[Recorded], log: &[Logged], limit: Option<usize>, database: &str) -> Page {
    let mut page = Page::default();
    let events = merged(runs, log);
    if events.is_empty() {
        page.text(say!("no run is recorded in {database}", database));
        return page;
    }
    let shown = limit.unwrap_or(events.len()).min(events.len());
    let title = |text| Line::new().then(Tone::Quiet, text);
    let head = [say!("run"), say!("time (UTC)"), say!("machine"), say!("by"), say!("outcome")].map(title);
    page.columns(head.into(), events[..shown].iter().flat_map(rows).collect());
    if shown < events.len() {
        page.blank();
        let rest = count::runs(events.len() - shown);
        page.text(Line::new().then(Tone::Quiet, say!("and {runs} before", runs = rest)));
    }
    page
}

/// Both in one order of time, the newest first.
fn merged<'a>(runs: &'a [Recorded], log: &'a [Logged]) -> Vec<Event<'a>> {
    let second = |text: &str| text.get(..19).unwrap_or(text).to_owned();
    let mut log = log.iter().peekable();
    let mut events: Vec<Event<'a>> = Vec::new();
    for run in runs {
        let at = second(&run.run.applied_at);
        while let Some(line) = log.next_if(|line| second(&line.at.to_string()) >= at) {
            add(&mut events, line);
        }
        events.push(Event::Run(run));
    }
    log.for_each(|line| add(&mut events, line));
    events
}

/// Lines that say the same, one after the other, are told as one.
fn add<'a>(events: &mut Vec<Event<'a>>, line: &'a Logged) {
    match events.last_mut() {
        Some(Event::Lines(count, newest, oldest))
            if line.changes == 0 && newest.changes == 0 && says_the_same(newest, line) =>
        {
            (*count, *oldest) = (*count + 1, line);
        }
        _ => events.push(Event::Lines(1, line, line)),
    }
}

fn says_the_same(one: &Logged, other: &Logged) -> bool {
    let said = |line: &Logged| (line.machine.clone(), line.outcome.clone(), line.conflicts, line.waits.clone());
    said(one) == said(other)
}

fn rows(event: &Event<'_>) -> Vec<Vec<Line>> {
    match event {
        Event::Run(recorded) => of_run(recorded),
        Event::Lines(count, newest, oldest) => of_lines(*count, newest, oldest),
    }
}

/// A run of the service and how it ended; below that since when it is so.
fn of_lines(count: usize, newest: &Logged, oldest: &Logged) -> Vec<Vec<Line>> {
    let seconds = |line: &Logged| when(&line.at.to_string()).get(..19).unwrap_or_default().to_owned();
    let first = vec![
        Line::from(say!("sync")),
        Line::new().then(Tone::Address, seconds(newest)),
        Line::from(short(&newest.machine)),
        Line::from("-"),
        service::outcome(newest),
    ];
    let mut rows = vec![first];
    let below = |line: Line| vec![Line::new(), Line::new(), Line::new(), Line::new(), line];
    rows.extend(service::beside(newest).into_iter().map(below));
    if count > 1 {
        let since = say!("{count} times since {since}", count, since = seconds(oldest));
        rows.push(below(since.into()));
    }
    rows
}

/// The run and how it ended; below that what it did or why it failed, and the revisions.
fn of_run(recorded: &Recorded) -> Vec<Vec<Line>> {
    let text = |text: &Option<String>| short(text.as_deref().unwrap_or("-"));
    let below = |line: Line| vec![Line::new(), Line::new(), Line::new(), Line::new(), line];
    let first = vec![
        Line::from(&recorded.number),
        Line::new().then(Tone::Address, when(&recorded.run.applied_at)),
        Line::from(text(&recorded.run.machine)),
        Line::from(text(&recorded.run.os_user)),
        outcome(recorded).then(Tone::Plain, " ").and(facts(recorded)),
    ];
    let mut rows = vec![first];
    rows.extend(recorded.run.deed.as_ref().map(|deed| below(say!("deed: {deed}", deed).into())));
    // Whoever says to be somebody else does not take the place of the one whom the operating system names.
    rows.extend(recorded.run.acting_as.as_ref().map(|name| below(say!("acting as {name} (a claim)", name).into())));
    rows.extend(revisions(recorded).map(below));
    rows
}
