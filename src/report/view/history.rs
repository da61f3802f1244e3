//! The runs of apply, as a synchronisation log has them.

use crate::audit::Recorded;
use crate::report::block::{Line, Page, Tone};
use crate::say;

use super::audit::{facts, outcome, revisions, short, when};
use super::count;

/// Runs of a database, the newest first, of so many.
pub fn history(runs: &[Recorded], count: usize, database: &str) -> Page {
    let mut page = Page::default();
    if runs.is_empty() {
        page.text(say!("no run is recorded in {database}", database));
        return page;
    }
    let title = |text| Line::new().then(Tone::Quiet, text);
    let head = [say!("run"), say!("time (UTC)"), say!("machine"), say!("by"), say!("outcome")].map(title);
    page.columns(head.into(), runs.iter().flat_map(rows).collect());
    if runs.len() < count {
        page.blank();
        let rest = count::runs(count - runs.len());
        page.text(Line::new().then(Tone::Quiet, say!("and {runs} before", runs = rest)));
    }
    page
}

/// The run and how it ended; below that what it did or why it failed, and the revisions.
fn rows(recorded: &Recorded) -> Vec<Vec<Line>> {
    let text = |text: &Option<String>| short(text.as_deref().unwrap_or("-"));
    let below = |line: Line| vec![Line::new(), Line::new(), Line::new(), Line::new(), line];
    let first = vec![
        Line::from(&recorded.number),
        Line::from(when(&recorded.run.applied_at)),
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
