//! The difference of two policies for people: by the edit that is behind it, the sensitive first. Nothing is cut, only
//! folded.

mod accounts;
mod alerts;
mod cause;
mod comment;
mod entries;
mod folded;
mod joined;
mod rows;
mod sums;

use std::collections::BTreeSet;

use crate::date::Date;
use crate::diff::{Caused, Change, Declared, Keys, Sum, count_in_sum};
use crate::language::{Text, Word};
use crate::name::Name;
use crate::report::block::{Line, Page, Tone};
use crate::review::{Compared, Everybody, Sensitive};
use crate::say;
use crate::state::Action;
use crate::syntax::gate::Turn;
use crate::text::Sources;

use super::count;
use accounts::accounts;
pub use alerts::{Alert, Alerted, alerts};
use cause::{Explained, explained};
pub use comment::{Comment, Degree, comment};
use entries::{DeclaredRow, declared_rows, idle_rows};
use rows::{answers, reasons, singles};

/// What a page about a difference needs besides it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The files of the base and of the head.
    pub sources: [&'a Sources; 2],
    /// The rights that are pointed out.
    pub sensitive: &'a Sensitive,
    /// Whether every single answer is listed.
    pub unfold: Unfold,
    /// Whether one policy is compared on two days.
    pub days: bool,
}

/// Whether every single answer is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfold {
    /// Yes.
    Wanted,
    /// No, and the command has a flag for it.
    Offered,
    /// No, and there is no flag for it.
    Never,
}

/// What is compared: two sides, or one on two days.
pub fn compared_sides(names: [&str; 2], commits: [Option<&str>; 2], days: Option<[Date; 2]>) -> Page {
    let mut page = Page::default();
    page.text(Line::new().then(Tone::Strong, sides(names, commits, days)));
    page
}

/// The same in words.
fn sides(names: [&str; 2], commits: [Option<&str>; 2], days: Option<[Date; 2]>) -> Text {
    let side = |side: usize| match commits[side].map(|commit| commit.get(..7).unwrap_or(commit)) {
        Some(commit) if names[side] != commit => format!("{} ({commit})", names[side]),
        _ => names[side].to_owned(),
    };
    match days {
        None => say!("from {base} to {head}", base = side(0), head = side(1)),
        Some([since, on]) => say!("one policy on two days: {since} and {on}", since, on),
    }
}

/// What one company's people gain and lose, and what is behind it.
pub fn company(compared: &Compared<'_>, shown: Shown<'_>) -> Page {
    let mut page = Page::default();
    let diff = &compared.diff;
    let people = compared.people();
    if compared.changes_nothing() {
        let everybody = count::users(people.len());
        page.text(
            Line::new()
                .then(Tone::Yes, say!("no effective change"))
                .then(Tone::Plain, say!(": {everybody} compared, nobody gains or loses a right", everybody)),
        );
    }
    let beside = accounts(compared, shown);
    if !beside.0.is_empty() {
        if !page.0.is_empty() {
            page.blank();
        }
        page.0.extend(beside.0);
    }
    sums::sums(&mut page, diff, &people, shown);
    effects(&mut page, explained(diff, &diff.gains, &diff.losses), &people, shown);
    for later in compared.later.iter().filter(|later| !later.changes_nothing()) {
        if !page.0.is_empty() {
            page.blank();
        }
        page.heading(say!("and from {day} on", day = later.day));
        effects(&mut page, explained(&later.whole, &later.gains, &later.losses), &people, shown);
    }
    idle(&mut page, compared, shown);
    other_reasons(&mut page, compared, shown);
    if !compared.changes_nothing() {
        page.blank();
        page.text(totals(compared));
        if let Some(later) = later_totals(compared) {
            page.text(later);
        }
    }
    page
}

/// How many rows of answers that stayed are told without a request: nobody gains or loses anything by them.
const MOST_REASONS: usize = 50;

/// Answers that stayed. That a no stays a no is told on request only.
fn other_reasons(page: &mut Page, compared: &Compared<'_>, shown: Shown<'_>) {
    let is_told = |change: &&Change| shown.unfold == Unfold::Wanted || is_gain(change);
    let (told, folded): (Vec<&Change>, Vec<&Change>) = compared.diff.reasons.iter().partition(is_told);
    if told.len() > MOST_REASONS && shown.unfold != Unfold::Wanted {
        page.blank();
        let count = Word::Number(told.iter().map(|change| change.count()).sum());
        page.text(Line::new().then(
            Tone::Quiet,
            match shown.unfold {
                Unfold::Never => say!("{count} times a yes stays a yes for another reason", count),
                _ => say!("{count} times a yes stays a yes for another reason (--unfold shows them)", count),
            },
        ));
    } else if !told.is_empty() {
        page.blank();
        page.heading(say!("the same answer, for another reason"));
        page.table(2, reasons(&told, &compared.people(), shown));
    }
    let folded = folded.into_iter().map(Change::count).sum::<usize>();
    if folded > 0 {
        page.blank();
        let count = Word::Number(folded);
        page.text(Line::new().then(
            Tone::Quiet,
            match (folded, shown.unfold) {
                (1, Unfold::Never) => say!("1 no stays a no for another reason"),
                (1, _) => say!("1 no stays a no for another reason (--unfold shows it)"),
                (_, Unfold::Never) => say!("{count} times a no stays a no for another reason", count),
                (..) => say!("{count} times a no stays a no for another reason (--unfold shows them)", count),
            },
        ));
    }
}

/// How many people some changes are about, or what is told in sum.
fn people_of<'c>(changes: impl Iterator<Item = &'c Caused>, sums: &[&'c Sum]) -> Text {
    let users = changes.flat_map(|caused| &caused.change.users).collect::<BTreeSet<&Name>>();
    // Nobody is both: what is told in sum is all that these people gain or lose.
    let in_sum = Keys::union_of(sums.iter().map(|sum| &sum.users));
    count::users(users.len() + in_sum.as_ref().map_or(0, Keys::len))
}

fn answers_of<'c>(changes: impl Iterator<Item = &'c Caused>) -> Word {
    Word::Number(changes.map(|caused| caused.change.count()).sum())
}

/// How much is gained and lost.
pub(super) fn totals(compared: &Compared<'_>) -> Text {
    let diff = &compared.diff;
    let sums = |turn| diff.sums.iter().filter(|sum| sum.turn == turn).collect::<Vec<&Sum>>();
    let answers = |changes: &[Caused], turn| {
        let single = changes.iter().map(|caused| caused.change.count()).sum::<usize>();
        Word::Number(single + count_in_sum(&diff.sums, turn))
    };
    say!(
        "gained: {gains} by {gainers}; lost: {losses} by {losers}; each right over each person counts",
        gainers = people_of(diff.gains.iter(), &sums(Turn::Gain)),
        gains = answers(&diff.gains, Turn::Gain),
        losers = people_of(diff.losses.iter(), &sums(Turn::Loss)),
        losses = answers(&diff.losses, Turn::Loss)
    )
}

/// The same, and on later days, for who reads no further than the beginning; empty if nothing changes.
pub fn totals_first(company: Option<&Name>, compared: &Compared<'_>) -> Page {
    let mut page = Page::default();
    if !compared.changes_nothing() {
        for total in [Some(totals(compared)), later_totals(compared)].into_iter().flatten() {
            let line = company.map_or_else(Line::new, |company| Line::new().then(Tone::Plain, format!("{company}: ")));
            page.text(line.then(Tone::Plain, total));
        }
    }
    page
}

/// The same on later days, if something is.
pub(super) fn later_totals(compared: &Compared<'_>) -> Option<Text> {
    let gains = || compared.later.iter().flat_map(|later| &later.gains);
    let losses = || compared.later.iter().flat_map(|later| &later.losses);
    (gains().next().is_some() || losses().next().is_some()).then(|| {
        say!(
            "and on later days: gained {gains} by {gainers}; lost {losses} by {losers}",
            gainers = people_of(gains(), &[]),
            gains = answers_of(gains()),
            losers = people_of(losses(), &[]),
            losses = answers_of(losses())
        )
    })
}

/// What each cause does to people.
fn effects(page: &mut Page, causes: Vec<Explained<'_>>, people: &Everybody<'_>, shown: Shown<'_>) {
    let mut causes = if shown.unfold == Unfold::Wanted { causes } else { joined::causes(causes) };
    causes.sort_by_key(|cause| cause.rank(shown.sensitive));
    for cause in causes {
        if !page.0.is_empty() {
            page.blank();
        }
        for line in cause.title(shown) {
            page.text(line);
        }
        if shown.unfold == Unfold::Wanted {
            page.table(2, singles(&cause, shown));
        } else {
            page.table(2, answers(&cause, people, shown));
        }
    }
}

/// Edits that do nothing for anybody, and those whose time has not come or is over.
fn idle(page: &mut Page, compared: &Compared<'_>, shown: Shown<'_>) {
    let rows: Vec<Vec<Line>> =
        idle_rows(compared, shown).into_iter().map(|row| vec![row.place(), row.line()]).collect();
    if !rows.is_empty() {
        page.blank();
        page.heading(say!("with or without these edits every answer is the same"));
        page.table(2, rows);
    }
}

/// The edits that do something on a later day, and so are not idle.
fn busy(compared: &Compared<'_>) -> BTreeSet<usize> {
    let later = compared.later.iter().flat_map(|later| later.gains.iter().chain(&later.losses));
    later.flat_map(|caused| caused.cause.edits().iter().copied()).collect()
}

/// What is declared otherwise, entry by entry.
pub fn declared<'d>(title: Text, declared: impl Iterator<Item = &'d Declared>, sources: [&Sources; 2]) -> Page {
    let mut page = Page::default();
    let row = |row: DeclaredRow| {
        let (sign, tone) = match row.action {
            Action::Create => ("+", Tone::Yes),
            Action::Update => ("~", Tone::Warning),
            Action::Delete => ("-", Tone::No),
        };
        let text = Line::new().then(Tone::Plain, row.text);
        let text = if row.place.is_empty() { text } else { text.then(Tone::Quiet, format!("  {}", row.place)) };
        vec![Line::new().then(tone, sign), Line::new().then(Tone::Strong, row.kind), text]
    };
    let rows: Vec<Vec<Line>> = declared_rows(declared, sources).map(row).collect();
    if !rows.is_empty() {
        page.heading(title);
        page.table(2, rows);
    }
    page
}

/// Whether a change is a gain.
fn is_gain(change: &Change) -> bool {
    change.after.as_ref().is_some_and(|after| after.allowed)
}
