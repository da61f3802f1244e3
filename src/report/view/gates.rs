//! What gates a change passes, who must approve it, and because of whom.

use std::collections::BTreeSet;

use crate::language::{Joint, Text, list, names};
use crate::model::key::TargetKey;
use crate::name::Name;
use crate::report::block::{Line, Page, Tone};
use crate::review::{Hit, Hitting, Judged, Required};
use crate::say;
use crate::text::Sources;

use super::people::{of_whom, who};
use super::{count, place};

/// Every gate with its verdict; of those that failed also who is in the way. `base` are the files in which they stand.
pub fn gates(judged: &[Judged<'_>], base: &Sources) -> Page {
    let mut page = Page::default();
    if judged.is_empty() {
        return page;
    }
    page.heading(say!("gates"));
    let mut rows = Vec::new();
    for gate in judged {
        let verdict = if gate.passed {
            Line::new().then(Tone::Yes, say!("passed"))
        } else {
            Line::new().then(Tone::No, say!("failed"))
        };
        let at = place(base, gate.place);
        let at = if at.is_empty() { Text::default() } else { say!("  {at}", at) };
        let what = Line::new().then(Tone::Strong, gate.kind.to_string()).then(Tone::Quiet, at);
        rows.push(vec![verdict, what]);
        if !gate.passed {
            rows.extend(gate.hits.iter().map(|hit| vec![Line::new(), told(hit)]));
        }
    }
    page.table(2, rows);
    page
}

/// Who must approve, and why.
pub fn reviewers(required: &[Required<'_>], approved: &BTreeSet<String>, base: &Sources) -> Page {
    let mut page = Page::default();
    if required.is_empty() {
        page.text(Line::new().then(Tone::Yes, say!("nobody in particular has to approve this change")));
        return page;
    }
    for (index, needed) in required.iter().enumerate() {
        if index > 0 {
            page.blank();
        }
        let by = needed.approvers.iter().find(|approver| approved.contains(&approver.to_string()));
        let (tone, text) = match by {
            Some(by) => (Tone::Yes, say!("approved by {by}", by)),
            None => (Tone::Strong, say!("{who} must approve", who = list(&needed.approvers, Joint::Or))),
        };
        let because = say!(
            ": {people} gain {object}",
            people = count::users(people(&needed.hits)),
            object = names([needed.object], Joint::And)
        );
        let at = say!("  {at}", at = place(base, Some(needed.place)));
        page.text(Line::new().then(tone, text).then(Tone::Plain, because).then(Tone::Quiet, at));
        needed.hits.iter().for_each(|hit| page.item(2, told(hit)));
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
    let nobody = BTreeSet::new();
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
        Hitting::Change(change) => match &change.targets {
            None => say!("{right}", right = change.right),
            Some(targets) => {
                let targets: BTreeSet<&TargetKey> = targets.iter().collect();
                say!("{right} of {whom}", right = change.right, whom = of_whom(&targets, &nobody))
            }
        },
    };
    let line = line.then(Tone::Plain, say!("{what}: {whose}", what, whose));
    match hit.from {
        Some(day) => line.then(Tone::Plain, say!(", from {day} on", day)),
        None => line,
    }
}
