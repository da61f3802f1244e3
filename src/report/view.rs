//! Values as pages: one file per question that people ask.

mod added;
mod audit;
mod check;
mod count;
mod diff;
mod explain;
mod gates;
mod guards;
mod history;
mod limits;
mod log;
mod matrix;
mod members;
mod merge_check;
mod online;
mod people;
mod plan;
mod pull;
mod reason;
mod repair;
mod rights;
mod said;
mod service;
mod upcoming;
mod versus;
mod weakening;
mod what;
mod who;
mod why;

pub use added::{Kept, added};
pub use audit::{audit, verified};
pub use check::{expectations, summary};
pub use count::{changes, files};
pub use diff::{
    Alert, Alerted, Comment, Degree, Shown, Unfold, alerts, comment, company as diff_of_company, compared_sides,
    declared, totals_first,
};
pub use explain::{codes, explained};
pub use gates::{Length, gates, reviewers, weakened};
pub use guards::{guards, overridden};
pub use history::history;
pub use limits::{limits, refused_by_limits};
pub use log::log;
pub use matrix::matrix;
pub use members::members;
pub use merge_check::{conflicts, merge_check};
pub use online::{
    connected, disconnected, handed_over, invitations, kept_back, online, revoked, sentence, settled, settling,
};
pub use plan::{applied, head, plan, plan_in_short, settled_plan};
pub use pull::{Pulled, pull, pull_done, pulled_whole};
pub use repair::{near, repairs, written};
pub use rights::rights;
pub use service::{doctor, status};
pub use upcoming::upcoming;
pub use versus::versus;
pub use weakening::weakenings;
pub use what::what;
pub use who::who;
pub use why::{can, why};

use crate::language::{IntoWord, Language, Text, Word};
use crate::model::key::SubjectKey;
use crate::model::{Meant, Policy, RightId, Subject, UserId};
use crate::report::block::{Line, Page, Tone};
use crate::say;
use crate::text::{Place, Sources};
use crate::tree::commit::Commit;

/// `policies/sales.yaml:12`; empty for what was read from a database.
pub fn place(sources: &Sources, place: Option<Place>) -> String {
    let Some(place) = place else { return String::new() };
    let file = sources.file(place.file);
    format!("{}:{}", file.path(), file.position(place.span.start).line)
}

/// Since when something stands in a file, who wrote it, and why, on one line.
pub(super) fn since(commit: Option<&Commit>) -> Line {
    let Some(commit) = commit else { return Line::new().then(Tone::Warning, say!("not committed yet")) };
    Line::new()
        .then(Tone::Quiet, say!("since {day}", day = commit.day()))
        .then(Tone::Quiet, format!("  {}  {}", commit.author, commit.short_id()))
        .then(Tone::Quiet, format!("  \"{}\"", commit.summary))
}

/// A right by its name, with its label where the reader's language is not English.
pub(super) fn right(policy: &Policy, id: RightId) -> Word {
    let right = policy.rights.get(id);
    let labels = Language::ALL.into_iter().filter_map(|language| {
        let label = right.labels.get(language.code())?;
        Some((language, label.to_string()))
    });
    Word::Labelled(policy.rights.key(id).to_string(), labels.collect())
}

/// A right as somebody asked for it, with its target: `data.import`, `calendar.see of group:sales`.
pub(super) fn demand(policy: &Policy, asked: &str, meant: &Meant) -> Text {
    let target = meant.target.map(|target| format!(" of {}", policy.target_key(target))).unwrap_or_default();
    let right = match meant.rights.as_slice() {
        [one] => right(policy, *one),
        _ => asked.into_word(),
    };
    say!("{right}{target}", right, target)
}

/// `lars (Lars Kaufmann)`, or `whoever is in group:sales`.
pub(super) fn subject(policy: &Policy, subject: Subject) -> Word {
    match subject {
        Subject::User(user) => person(policy, user).into_word(),
        Subject::Group(group) => say!("whoever is in {group}", group = policy.group_subject(group)).into_word(),
    }
}

/// The name of a subject, with its prefix if it is a role, which may be called as a group is.
pub(super) fn bare(subject: &SubjectKey) -> String {
    match subject {
        SubjectKey::Role(_) => subject.to_string(),
        SubjectKey::User(name) | SubjectKey::Group(name) => name.to_string(),
    }
}

/// `lars (Lars Kaufmann)`.
pub(super) fn person(policy: &Policy, user: UserId) -> String {
    let (key, shown) = (policy.users.key(user).as_str(), policy.display_name(user));
    if key == shown { key.to_owned() } else { format!("{key} ({shown})") }
}

/// A page without what nobody reads to its end, unless all is wanted by `--unfold`.
pub fn folded(mut page: Page, unfold: bool) -> Page {
    if !unfold && page.fold() {
        page.blank();
        page.text(Line::new().then(Tone::Quiet, say!("--unfold lists everybody and everything by name")));
    }
    page
}
