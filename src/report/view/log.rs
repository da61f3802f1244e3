//! When an answer changed, which commit did it, and why.

use crate::history::{Event, Log, Rule};
use crate::language::Text;
use crate::model::{Effect, Policy};
use crate::question::Question;
use crate::report::block::{Line, Page, Tone};
use crate::say;

use super::count;

/// The newest answer, the commits in which it changed, and how many were looked at. `newest` is the newest policy with
/// the question, if it can be asked; `text` the question in words. `when` names the day if it is worth naming.
pub fn log(log: &Log, newest: Option<(&Policy, &Question)>, text: &str, when: &Text) -> Page {
    let mut page = Page::default();
    if let Some(event) = log.events.first() {
        page.text(headline(event, newest, text, when));
        page.blank();
    }
    let before = log.events.iter().skip(1).map(Some).chain([None]);
    page.table(2, log.events.iter().zip(before).flat_map(|(event, before)| rows(event, before)).collect());
    page.blank();
    // With the oldest commit the answer began; it did not change.
    let changes = count::changes(log.events.len().saturating_sub(1));
    page.text(say!("{changes} in {commits}", changes, commits = count::commits(log.commits)));
    if log.cut {
        let note = say!("older commits are not here: this is a shallow clone");
        page.text(Line::new().then(Tone::Warning, say!("note")).then(Tone::Plain, "  ").then(Tone::Plain, note));
    }
    page
}

fn headline(event: &Event, newest: Option<(&Policy, &Question)>, text: &str, when: &Text) -> Line {
    let day = event.commit.day();
    let asked = match (newest, event.found.allowed) {
        (Some((policy, question)), Some(allowed)) => super::why::asked(policy, question, allowed),
        _ => say!("`{text}`", text),
    };
    let since = say!(" since {day}", day);
    verdict(event.found.allowed)
        .then(Tone::Plain, "  ")
        .then(Tone::Strong, asked)
        .then(Tone::Plain, when)
        .then(Tone::Plain, since)
}

fn verdict(allowed: Option<bool>) -> Line {
    let tone = match allowed {
        Some(true) => Tone::Yes,
        Some(false) => Tone::No,
        None => Tone::Warning,
    };
    Line::new().then(tone, word(allowed))
}

fn word(allowed: Option<bool>) -> Text {
    match allowed {
        Some(true) => say!("yes"),
        Some(false) => say!("no"),
        None => say!("broken"),
    }
}

/// The day and the change beside the summary; below it who did it, the rule, and its place.
fn rows(event: &Event, before: Option<&Event>) -> Vec<Vec<Line>> {
    let Event { commit, found, .. } = event;
    let mut change = Line::new();
    if let Some(before) = before {
        change = change.then(Tone::Plain, word(before.found.allowed)).then(Tone::Plain, " -> ");
    }
    change.0.extend(verdict(found.allowed).0);
    let below = |line: Line| vec![Line::from(""), Line::from(""), line];
    let mut rows = vec![
        vec![commit.day().into(), change, Line::new().then(Tone::Strong, &commit.summary)],
        below(Line::new().then(Tone::Plain, format!("{}  {}", commit.author, commit.short_id()))),
    ];
    if let Some(rule) = &found.rule {
        rows.push(below(said(rule).into()));
        let place = rule.place.as_ref().map(|(file, line)| format!("{file}:{line}"));
        rows.push(below(Line::new().then(Tone::Quiet, place.unwrap_or_default())));
    } else if !found.message.is_empty() {
        rows.push(below((&found.message).into()));
    } else if let Some(step) = found.step {
        rows.push(below(Line::new().then(Tone::Quiet, step.as_str())));
    }
    rows
}

fn said(rule: &Rule) -> Text {
    let target = rule.target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
    let (subject, what) = (&rule.subject, format!("{}{target}", rule.right));
    match rule.effect {
        Effect::Allow => say!("{subject} allows {what}", subject, what),
        Effect::Deny => say!("{subject} denies {what}", subject, what),
    }
}
