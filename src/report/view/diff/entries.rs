//! Entries that are written otherwise, whether that decides anything or not; each page prints them in its own way.

use crate::diff::{Declared, Edit};
use crate::language::Text;
use crate::report::block::{Line, Tone};
use crate::report::view::place;
use crate::report::view::said::said;
use crate::review::Compared;
use crate::say;
use crate::state::Action;
use crate::text::Sources;

use super::{Shown, busy, cause};

/// Something that is declared otherwise.
pub(super) struct DeclaredRow {
    /// What became of it.
    pub action: Action,
    /// What kind of thing.
    pub kind: &'static str,
    /// Which one, and the values of a field.
    pub text: Text,
    /// Where it is written; may be empty.
    pub place: String,
}

/// What is declared otherwise, entry by entry.
pub(super) fn declared_rows<'d>(
    declared: impl Iterator<Item = &'d Declared>,
    sources: [&Sources; 2],
) -> impl Iterator<Item = DeclaredRow> {
    declared.map(move |item| {
        let text = match item.field {
            Some(field) => say!(
                "{key}: {field} {before} -> {after}",
                key = item.key,
                field,
                before = said(item.before.as_ref()),
                after = said(item.after.as_ref())
            ),
            None => say!("{key}", key = item.key),
        };
        let place = place(sources[usize::from(item.after.is_some())], item.place);
        DeclaredRow { action: item.action, kind: item.kind, text, place }
    })
}

/// An edit that does nothing for anybody.
pub(super) struct IdleRow {
    text: Text,
    /// Why, unless nothing turns on it at any time.
    why: Text,
    place: String,
}

impl IdleRow {
    /// Where it is written.
    pub fn place(&self) -> Line {
        Line::new().then(Tone::Quiet, &self.place)
    }

    /// What it is.
    pub fn line(self) -> Line {
        Line::new().then(Tone::Plain, self.text).then(Tone::Quiet, self.why)
    }
}

/// Edits that do nothing for anybody, and those whose time has not come or is over.
pub(super) fn idle_rows(compared: &Compared<'_>, shown: Shown<'_>) -> Vec<IdleRow> {
    let diff = &compared.diff;
    let busy = busy(compared);
    let row = |edit: &Edit, why: Text| IdleRow {
        text: cause::words(edit, shown.days),
        why,
        place: cause::place_of(edit, shown),
    };
    let is_idle = |edit: &&usize| !busy.contains(*edit);
    let inert = diff.inert.iter().filter(is_idle).map(|edit| row(&diff.edits[*edit], Text::default()));
    let waiting = diff.waiting.iter().filter(is_idle);
    let waiting = waiting.map(|edit| row(&diff.edits[*edit], say!(" (not in force on this day)")));
    inert.chain(waiting).collect()
}
