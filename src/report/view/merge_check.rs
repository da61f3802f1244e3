//! What two branches bring together that neither has alone: by company, right and rule; and files that cannot be merged.

use std::collections::BTreeMap;

use crate::diff::{self, Change, Decided};
use crate::language::{Text, Word};
use crate::merge::{Brought, OfCompany};
use crate::model::{Effect, Policy};
use crate::report::block::{Line, Page, Tone};
use crate::resolve::Step;
use crate::say;
use crate::state::Key;
use crate::text::Sources;

use super::count;
use super::people::folded;

/// What stands below the findings: the rights, and counts. `bases` is how many merge bases git found; `when` is empty or
/// the day.
pub fn merge_check(
    [ours, theirs]: [&Text; 2],
    bases: usize,
    sources: &Sources,
    brought: &Brought<'_>,
    when: &Text,
) -> Page {
    let mut page = Page::default();
    if brought.is_nothing() {
        let text = say!(
            ": {ours} and {theirs} bring nothing together that neither brings alone{when}",
            ours = *ours,
            theirs = *theirs,
            when = *when
        );
        page.text(Line::new().then(Tone::Yes, say!("ok")).then(Tone::Plain, text));
    } else {
        let text = say!(
            "{ours} and {theirs} together bring what neither brings alone{when}",
            ours = *ours,
            theirs = *theirs,
            when = *when
        );
        page.text(Line::new().then(Tone::Strong, text));
        brought.companies.iter().for_each(|company| of_company(&mut page, sources, company));
        page.blank();
        page.text(sums(brought));
    }
    if bases > 1 {
        let text = say!(
            "{ours} and {theirs} have {bases} merge bases; the first of them is taken",
            ours = *ours,
            theirs = *theirs,
            bases
        );
        page.text(Line::new().then(Tone::Warning, say!("note")).then(Tone::Plain, "  ").then(Tone::Plain, text));
    }
    page
}

/// That two branches cannot be merged, and because of which files.
pub fn conflicts([ours, theirs]: [&Text; 2], paths: &[String]) -> Page {
    let mut page = Page::default();
    let text = say!("{ours} and {theirs} conflict in policy files: merge them first", ours = *ours, theirs = *theirs);
    page.text(Line::new().then(Tone::No, text));
    page.blank();
    paths.iter().for_each(|path| page.item(2, path));
    page
}

fn of_company(page: &mut Page, sources: &Sources, company: &OfCompany<'_>) {
    let gained = (&company.gains, "+", Tone::Yes, say!("allowed only together"));
    let lost = (&company.losses, "-", Tone::No, say!("allowed by both, and refused together"));
    for (changes, sign, tone, heading) in [gained, lost] {
        if changes.is_empty() {
            continue;
        }
        page.blank();
        match company.name {
            Some(name) => page.heading(say!("{name}: {heading}", name, heading)),
            None => page.heading(heading),
        }
        page.table(2, rows(company.policy, sources, changes, sign, tone));
    }
}

/// Two rows for each right that a rule gives or takes: who and over whom, and the rule with its place.
fn rows(policy: &Policy, sources: &Sources, changes: &[Change], sign: &str, tone: Tone) -> Vec<Vec<Line>> {
    let mut by_rule: BTreeMap<Option<&Decided>, Vec<Change>> = BTreeMap::new();
    changes.iter().for_each(|change| by_rule.entry(change.after.as_ref()).or_default().push(change.clone()));
    let mut rows = Vec::new();
    for (decided, changes) in by_rule {
        for (_, title, who) in folded(&changes, policy) {
            rows.push(vec![Line::new().then(tone, sign), Line::new().then(Tone::Strong, title), Line::from(who)]);
            let below = |line: Line| vec![Line::from(""), Line::from(""), line];
            rows.push(below(Line::new().then(Tone::Quiet, reason(decided))));
            let place = decided.and_then(|decided| decided.rule.as_ref()).and_then(|rule| rule.place);
            if place.is_some() {
                rows.push(below(Line::new().then(Tone::Quiet, super::place(sources, place))));
            }
        }
    }
    rows
}

/// What decides after the merge.
fn reason(decided: Option<&Decided>) -> Text {
    let rule = decided.and_then(|decided| decided.rule.as_ref());
    if let Some(Key::Rule { subject, right, target, effect, .. }) = rule.map(|rule| &rule.key) {
        let target = target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
        let what = format!("{right}{target}");
        return match effect {
            Effect::Allow => say!("{subject} allows {what}", subject, what),
            Effect::Deny => say!("{subject} denies {what}", subject, what),
        };
    }
    match decided.map(|decided| decided.step) {
        Some(Step::Inactive) => say!("the user is not active"),
        _ => say!("no rule speaks about it, and what nobody gives is refused"),
    }
}

fn sums(brought: &Brought<'_>) -> Text {
    let sum = |of: fn(&OfCompany<'_>) -> usize| brought.companies.iter().map(of).sum::<usize>();
    let (gains, losses) = (sum(|company| diff::count(&company.gains)), sum(|company| diff::count(&company.losses)));
    if brought.broken > 0 {
        let errors = count::errors(brought.findings.len());
        return say!("{errors}; the merge does not compile, so its rights cannot be compared", errors);
    }
    let rights = say!(
        "gained: {gains}, lost: {losses}, each right over each person counted",
        gains = Word::Number(gains),
        losses = Word::Number(losses)
    );
    match brought.findings.len() {
        0 => rights,
        errors => say!("{errors}; {rights}", errors = count::errors(errors), rights),
    }
}
