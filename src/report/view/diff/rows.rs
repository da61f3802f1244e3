//! Answers that changed, as rows: folded by the people and targets who changed alike, or one by one.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Change, Decided, Keys, Line as Written};
use crate::language::Text;
use crate::model::key::TargetKey;
use crate::name::{Name, RightName};
use crate::report::block::{Line, Tone};
use crate::report::view::people::{of_whom, who};
use crate::report::view::place;
use crate::resolve::Step;
use crate::review::Everybody;
use crate::say;
use crate::state::Key;

use super::cause::Explained;
use super::joined::{self, Row};
use super::{Shown, is_gain};

/// What a row says besides the people.
type Told<'d> = (bool, bool, &'d RightName, String, String);

/// One row for each right and the targets over which it changed alike: the sign, the right, and who with the reason.
pub(super) fn answers(cause: &Explained<'_>, people: &Everybody<'_>, shown: Shown<'_>) -> Vec<Vec<Line>> {
    let mut found: BTreeMap<Told<'_>, Row<'_>> = BTreeMap::new();
    for (change, users) in &cause.changes {
        let (gained, right) = (is_gain(change), &change.right);
        let (of, why) = (whom(change, users, people), why(cause, change, shown));
        // What decided before may differ from one to the other where the page does not say it.
        let is_plain = !shown.sensitive.contains(right);
        let key = (!gained, is_plain, right, of.as_ref().map(Text::english).unwrap_or_default(), why.english());
        let row = || Row { gained, right, of, users: BTreeSet::new(), why };
        found.entry(key).or_insert_with(row).users.extend(users);
    }
    let row = |Row { gained, right, of, users, why }: Row<'_>| {
        let what = Line::new().then(Tone::Strong, right.to_string());
        let is_sensitive = shown.sensitive.contains(right);
        let what = if is_sensitive { what.then(Tone::Warning, say!(" (sensitive)")) } else { what };
        let text = of.map_or_else(Line::new, |whom| Line::new().then(Tone::Plain, say!("of {whom}: ", whom)));
        vec![sign(gained), what, text.then(Tone::Plain, names(&users, people)).then(Tone::Quiet, why)]
    };
    joined::rows(found.into_values().collect(), shown.unfold).into_iter().map(row).collect()
}

/// One row for each answer, with what decided before and what decides after.
pub(super) fn singles(cause: &Explained<'_>, shown: Shown<'_>) -> Vec<Vec<Line>> {
    let mut rows = Vec::new();
    for (change, users) in &cause.changes {
        let spelled = Change { users: users.iter().map(|user| (*user).clone()).collect(), ..(*change).clone() };
        for (user, target) in spelled.singles() {
            let target = target.map(|target| format!(" of {target}")).unwrap_or_default();
            let decided = say!(
                "before: {before}; after: {after}",
                before = decided(change.before.as_ref(), 0, shown),
                after = decided(change.after.as_ref(), 1, shown)
            );
            rows.push(vec![
                sign(is_gain(change)),
                Line::new().then(Tone::Strong, user.to_string()),
                Line::from(format!("{}{target}", change.right)).then(Tone::Quiet, "  ").then(Tone::Quiet, decided),
            ]);
        }
    }
    rows
}

/// One row for answers that stayed and have another reason.
pub(super) fn reasons(changes: &[&Change], people: &Everybody<'_>, shown: Shown<'_>) -> Vec<Vec<Line>> {
    let row = |change: &&Change| {
        let users: BTreeSet<&Name> = change.users.iter().collect();
        let mut text = Line::new();
        if let Some(whom) = whom(change, &users, people) {
            text = text.then(Tone::Plain, say!("of {whom}: ", whom));
        }
        let decided = say!(
            ", before: {before}; after: {after}",
            before = decided(change.before.as_ref(), 0, shown),
            after = decided(change.after.as_ref(), 1, shown)
        );
        let text = text.then(Tone::Plain, names(&users, people)).then(Tone::Quiet, decided);
        vec![Line::new().then(Tone::Strong, change.right.to_string()), text]
    };
    changes.iter().map(row).collect()
}

fn sign(gained: bool) -> Line {
    if gained { Line::new().then(Tone::Yes, "+") } else { Line::new().then(Tone::No, "-") }
}

/// One by the name, several with their number.
pub(super) fn names(users: &BTreeSet<&Name>, people: &Everybody<'_>) -> Text {
    match users.iter().next() {
        Some(only) if users.len() == 1 => say!("{user}", user = only),
        _ => who(users, people),
    }
}

/// Over whom or what it changed; `None` for plain rights.
pub(super) fn whom(change: &Change, users: &BTreeSet<&Name>, people: &Everybody<'_>) -> Option<Text> {
    change.targets.as_ref().map(|targets| of_whom(&others(targets, change, users), people))
}

/// Over whom or what an answer changed.
pub(super) fn others(targets: &Keys<TargetKey>, change: &Change, users: &BTreeSet<&Name>) -> Keys<TargetKey> {
    // What somebody does with the own data did not change.
    match users.first().filter(|_| change.without_own && users.len() == 1) {
        Some(own) => targets.without(&TargetKey::User((*own).clone())),
        None => targets.clone(),
    }
}

/// What the title of the cause does not say already: the rule that gives it, or gave it, and what refuses it now.
pub(super) fn why(cause: &Explained<'_>, change: &Change, shown: Shown<'_>) -> Text {
    let gained = is_gain(change);
    let rule = change.rule().filter(|rule| !cause.is_edit(rule));
    let by = rule.map(|rule| line(rule, usize::from(gained), shown));
    if gained {
        return by.map_or_else(Text::default, |rule| say!(", by {rule}", rule));
    }
    let was = by.map_or_else(Text::default, |rule| say!(", was by {rule}", rule));
    let now = match &change.after {
        Some(Decided { rule: Some(rule), .. }) if !cause.is_edit(rule) => {
            say!(", now refused by {rule}", rule = line(rule, 1, shown))
        }
        _ => Text::default(),
    };
    say!("{was}{now}", was, now)
}

/// `group:sales, policies/groups/sales.yaml:7`.
fn line(rule: &Written, side: usize, shown: Shown<'_>) -> Text {
    let subject = match &rule.key {
        Key::Rule { subject, validity, .. } => format!("{subject}{validity}"),
        key => key.to_string(),
    };
    let at = place(shown.sources[side], rule.place);
    if at.is_empty() { say!("{subject}", subject) } else { say!("{subject}, {at}", subject, at) }
}

/// The answer of a side and what decided it.
pub(super) fn decided(decided: Option<&Decided>, side: usize, shown: Shown<'_>) -> Text {
    let Some(decided) = decided else { return say!("not there") };
    let answer = if decided.allowed { say!("yes") } else { say!("no") };
    match (&decided.rule, decided.step) {
        (Some(rule), _) => say!("{answer} by {rule}", answer, rule = line(rule, side, shown)),
        (None, Step::OwnData) => say!("{answer}, it is their own data", answer),
        (None, Step::Inactive) => say!("{answer}, the account is not in use", answer),
        (None, _) => say!("{answer}, nothing gives it", answer),
    }
}
