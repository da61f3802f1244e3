//! What gates a change passes, who must approve it, and because of whom.

use std::collections::BTreeSet;

use crate::language::{Joint, Word, list, names};
use crate::name::Name;
use crate::report::block::{Line, Page, Tone};
use crate::review::{Everybody, Hit, Hitting, Judged, Required, Weakening};
use crate::say;
use crate::text::Sources;

use super::people::{of_whom, who};
use super::{count, place};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    /// Everything.
    Whole,
    /// Nobody by name, and only the first rows of a kind.
    Short,
    /// Only how many there are, and the gates that failed: nobody shall have to guess why a change is refused.
    Counts,
}

impl Length {
    /// From the longest to the shortest.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Short, Self::Counts];
}

/// The most rows of a kind in a short text.
const MOST: usize = 20;

/// Every gate with its verdict; of those that failed also who is in the way. `rules` are the files in which they stand.
pub fn gates(judged: &[Judged<'_>], rules: &Sources, length: Length) -> Page {
    let mut page = Page::default();
    if judged.is_empty() {
        return page;
    }
    let failed = judged.iter().filter(|gate| !gate.passed).count();
    if failed == 0 {
        page.heading(say!("gates"));
    } else {
        let (failed, all) = (Word::Number(failed), Word::Number(judged.len()));
        page.text(Line::new().then(Tone::No, say!("forbidden: {failed} of {all} gates fail", failed, all)));
    }
    let mut rows = Vec::new();
    for gate in judged.iter().filter(|gate| length != Length::Counts || !gate.passed) {
        let verdict = if gate.passed {
            Line::new().then(Tone::Yes, say!("passed"))
        } else {
            Line::new().then(Tone::No, say!("failed"))
        };
        let at = place(rules, gate.place);
        let mut what = Line::new().then(Tone::Strong, gate.kind.to_string());
        if !at.is_empty() {
            what = what.then(Tone::Quiet, format!("  {at}"));
        }
        if gate.passed || length == Length::Whole {
            rows.push(vec![verdict, what]);
        } else {
            rows.push(vec![verdict, what.then(Tone::Plain, say!(": {people}", people = count::users(gate.people())))]);
        }
        if !gate.passed && length == Length::Whole {
            rows.extend(gate.hits.iter().map(|hit| vec![Line::new(), told(hit)]));
        }
    }
    page.table(2, shortened(rows, length));
    page
}

/// Rows, of many only the first.
fn shortened(mut rows: Vec<Vec<Line>>, length: Length) -> Vec<Vec<Line>> {
    if length != Length::Whole && rows.len() > MOST {
        let more = Word::Number(rows.len() - MOST);
        rows.truncate(MOST);
        rows.push(vec![Line::new(), Line::from(say!("and {more} more", more))]);
    }
    rows
}

/// By what a change weakens its own review, and what the base expects and the head breaks. The sources are those of the
/// base and of the head.
pub fn weakened(found: &[Weakening], [base, head]: [&Sources; 2], length: Length) -> Page {
    let mut page = Page::default();
    let (broken, weaker): (Vec<&Weakening>, Vec<&Weakening>) =
        found.iter().partition(|weakening| weakening.breaks_expectation());
    let titles =
        [say!("this change weakens its own review"), say!("this change leaves expectations of the base broken")];
    for (title, some) in titles.into_iter().zip([weaker, broken]) {
        if some.is_empty() {
            continue;
        }
        if !page.0.is_empty() {
            page.blank();
        }
        let count = Word::Number(some.len());
        page.text(Line::new().then(Tone::No, title).then(Tone::Plain, say!(" ({count})", count)));
        if length != Length::Counts {
            page.table(2, shortened(super::weakenings(some.into_iter(), base, head), length));
        }
    }
    page
}

/// Who must approve, and why.
pub fn reviewers(required: &[Required<'_>], approved: &BTreeSet<String>, rules: &Sources, length: Length) -> Page {
    let mut page = Page::default();
    if required.is_empty() {
        page.text(Line::new().then(Tone::Yes, say!("nobody in particular has to approve this change")));
        return page;
    }
    for (index, needed) in required.iter().enumerate() {
        if length != Length::Whole && index == MOST {
            page.text(say!("and {more} more", more = Word::Number(required.len() - MOST)));
            break;
        }
        let by = needed.approvers.iter().find(|approver| approved.contains(&approver.to_string()));
        let (tone, text) = match by {
            Some(by) => (Tone::Yes, say!("approved by {by}", by)),
            None => (Tone::Warning, say!("{who} must approve", who = list(&needed.approvers, Joint::Or))),
        };
        let people = count::users(people(&needed.hits));
        let because = say!(": {object} is gained by {people}", object = names([needed.object], Joint::And), people);
        let at = format!("  {}", place(rules, Some(needed.place)));
        page.text(Line::new().then(tone, text).then(Tone::Plain, because).then(Tone::Quiet, at));
        if length == Length::Whole {
            needed.hits.iter().for_each(|hit| page.item(2, told(hit)));
        }
    }
    page
}

fn people(hits: &[Hit<'_>]) -> usize {
    let all: BTreeSet<_> = hits.iter().flat_map(|hit| hit.users.iter().map(move |user| (hit.company, user))).collect();
    all.len()
}

/// `data.export: 3 users (anna, ben, tom), from 2027-01-01 on`.
fn told(hit: &Hit<'_>) -> Line {
    let users: BTreeSet<&Name> = hit.users.iter().collect();
    // Everybody is not known here, so everybody is named.
    let nobody = Everybody::Of(&[]);
    let whose = match users.iter().next() {
        Some(only) if users.len() == 1 => say!("{user}", user = only),
        _ => who(&users, &nobody),
    };
    let mut line = Line::new();
    if let Some(company) = hit.company {
        line = line.then(Tone::Quiet, format!("{company}  "));
    }
    let what = match &hit.what {
        Hitting::Group(group) => say!("{group}", group),
        Hitting::Sum(sum) => say!("{right}", right = sum.right),
        Hitting::Change(change) => match &change.targets {
            None => say!("{right}", right = change.right),
            Some(targets) => say!("{right} of {whom}", right = change.right, whom = of_whom(targets, &nobody)),
        },
    };
    let line = line.then(Tone::Plain, say!("{what}: {whose}", what, whose));
    match hit.from {
        Some(day) => line.then(Tone::Plain, say!(", from {day} on", day)),
        None => line,
    }
}
