//! What is behind a change, as a comment says it: in one line, and with every edit where readers open it.

use std::collections::BTreeSet;

use crate::diff::{Cause, Keys};
use crate::language::{Joint, Text, Word, list};
use crate::name::Name;
use crate::report::block::{Line, Page, Tone};
use crate::say;
use crate::state::Key;

use super::super::Shown;
use super::super::cause::{Explained, action, place_of, words};
use super::super::folded::{Folding, some_people};
use super::effect::Effect;
use super::{Degree, plain};

/// `anna and lars gain data.export (sensitive) – added: group:sales allows data.export`.
pub(super) fn summary(cause: &Explained<'_>, shown: Shown<'_>) -> Line {
    let effect = Effect::of(cause.changes.iter().map(|(change, users)| (*change, users.iter().copied())));
    let line = Line::new().then(Tone::Strong, effect.said());
    let line = if cause.rank(shown.sensitive) == 0 { line.then(Tone::Warning, say!(" (sensitive)")) } else { line };
    line.then(Tone::Plain, say!(" – {cause}", cause = in_short(cause, shown)))
}

/// What is behind it, in a few words.
pub(in super::super) fn in_short(cause: &Explained<'_>, shown: Shown<'_>) -> Text {
    let users: BTreeSet<&Name> = cause.changes.iter().flat_map(|(_, users)| users.iter().copied()).collect();
    let edits = || Word::Number(cause.edits().count());
    match cause.causes[0] {
        Cause::People => cause.come_or_go(Word::Said(some_people(&users))),
        Cause::Targets => {
            let targets = cause.over();
            match targets.as_ref().map_or(0, Keys::len) {
                1..=3 => cause.come_or_go(list(targets.iter().flatten(), Joint::And)),
                many => cause.come_or_go(Word::Number(many)),
            }
        }
        Cause::Right => say!("the right is over something else than before"),
        Cause::Each(edits) if edits.len() == 1 && cause.causes.len() == 1 => {
            words(&cause.diff.edits[edits[0]], shown.days)
        }
        Cause::Each(edits) if edits.len() == 1 => joined(cause, shown).unwrap_or_else(|| several(cause.causes.len())),
        Cause::Each(_) if cause.causes.len() > 1 => say!("any of several of {count} edits alone", count = edits()),
        Cause::Together(_) if cause.causes.len() > 1 => say!("several of {count} edits together", count = edits()),
        Cause::Each(edits) => say!("each of {count} edits alone", count = Word::Number(edits.len())),
        Cause::Together(edits) => several(edits.len()),
    }
}

fn several(edits: usize) -> Text {
    say!("{count} edits together", count = Word::Number(edits))
}

/// `added: 12 people in group:sales`.
fn joined(cause: &Explained<'_>, shown: Shown<'_>) -> Option<Text> {
    let first = cause.edits().next()?;
    let Key::Member { group, .. } = &first.added.first().or(first.removed.first())?.key else { return None };
    let users: BTreeSet<&Name> = cause.changes.iter().flat_map(|(_, users)| users.iter().copied()).collect();
    let what = say!("{member} in {group}", member = some_people(&users), group);
    Some(action(what, !first.added.is_empty(), shown.days))
}

/// Where the first edit stands, for one line.
pub(super) fn at(cause: &Explained<'_>, shown: Shown<'_>) -> Line {
    let places = cause.edits().map(|edit| place_of(edit, shown)).filter(|place| !place.is_empty());
    let mut places: Vec<String> = places.collect();
    places.dedup();
    match places.as_slice() {
        [] => Line::new(),
        [place] => Line::new().then(Tone::Quiet, say!(", {place}", place)),
        [place, _] => Line::new().then(Tone::Quiet, say!(", {place} and 1 more place", place)),
        [place, rest @ ..] => {
            let more = Word::Number(rest.len());
            Line::new().then(Tone::Quiet, say!(", {place} and {more} more places", place, more))
        }
    }
}

/// The most edits that are listed where lists are folded.
const EDITS: usize = 10;

/// Where the edits stand, and what they are if there are several.
pub(super) fn origin(page: &mut Page, cause: &Explained<'_>, shown: Shown<'_>, folding: &mut Folding) {
    let edits: Vec<_> = cause.edits().collect();
    match edits.as_slice() {
        // The people themselves, each with a place.
        [] if folding.degree == Degree::Whole => cause.title(shown).into_iter().for_each(|line| page.text(plain(line))),
        [] => {}
        [edit] => page.text(Line::new().then(Tone::Quiet, place_of(edit, shown))),
        edits => {
            let most = if folding.degree == Degree::Whole { edits.len() } else { EDITS };
            for edit in edits.iter().take(most) {
                let place = Line::new().then(Tone::Quiet, place_of(edit, shown));
                page.item(2, place.then(Tone::Plain, say!(" {edit}", edit = words(edit, shown.days))));
            }
            if edits.len() > most {
                folding.names += edits.len() - most;
                page.item(2, say!("and {count} more edits", count = Word::Number(edits.len() - most)));
            }
        }
    }
}
