//! A plan for people: first what it means for them, then what would be written. Nothing is cut, only folded.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff;
use crate::language::{IntoWord, Joint, Text, Word, names};
use crate::model::Policy;
use crate::model::key::TargetKey;
use crate::name::{Name, RightName};
use crate::plan::{Change, Origin, Plan};
use crate::report::block::{Line, Page, Tone};
use crate::say;
use crate::state::{Action, Key, Kind, Said, Value};
use crate::target::Receipt;

use super::count;
use super::people::{of_whom, who};

/// What a plan means and does. `errors` is how many findings will keep it from being applied.
pub fn plan(plan: &Plan, policy: &Policy, sensitive: &BTreeSet<RightName>, database: &Text, errors: usize) -> Page {
    let mut page = Page::default();
    if plan.changes.is_empty() {
        page.text(
            Line::new()
                .then(Tone::Yes, say!("nothing to do"))
                .then(Tone::Plain, say!(": {database} says what the policy says", database = *database)),
        );
        return page;
    }
    let total = count::changes(plan.changes.len());
    page.text(Line::new().then(Tone::Strong, total).then(Tone::Plain, say!(" to {database}", database = *database)));
    page.blank();
    page.heading(say!("for people"));
    let effects = [(&plan.effective.gains, "+", Tone::Yes), (&plan.effective.losses, "-", Tone::No)];
    let mut rows = Vec::new();
    for (changes, sign, tone) in effects {
        let mut folds = folded(changes, policy);
        // What is sensitive comes first.
        folds.sort_by_key(|(right, ..)| !sensitive.contains(*right));
        rows.extend(folds.into_iter().map(|(right, title, text)| {
            let text = if sensitive.contains(right) { say!("{text} (sensitive)", text) } else { text };
            row(tone, sign, title, text)
        }));
    }
    page.table(2, rows);
    if plan.effective == diff::Effective::default() {
        page.item(2, say!("nobody gains or loses anything"));
    }
    page.blank();
    page.heading(say!("in the database"));
    let mut rows = Vec::new();
    for (action, sign, tone) in
        [(Action::Create, "+", Tone::Yes), (Action::Update, "~", Tone::Warning), (Action::Delete, "-", Tone::No)]
    {
        rows.extend(written(&plan.changes, action).into_iter().map(|(kind, text)| row(tone, sign, kind, text)));
    }
    page.table(2, rows);
    conflicts(plan, &mut page);
    page.blank();
    let (gains, losses) = (diff::count(&plan.effective.gains), diff::count(&plan.effective.losses));
    page.text(say!("{rights} gained, {losses} lost", rights = count::rights(gains), losses = Word::Number(losses)));
    page.text(Line::new().then(Tone::Quiet, say!("fingerprint {fingerprint}", fingerprint = plan.fingerprint)));
    let unwritten = [
        ("company", policy.company.is_some()),
        ("licence", policy.licence.is_some()),
        ("online", policy.online.is_some()),
    ];
    let unwritten: Vec<&str> =
        unwritten.into_iter().filter(|(_, stands)| *stands).map(|(section, _)| section).collect();
    if !unwritten.is_empty() {
        let sections = names(unwritten, Joint::And);
        page.text(say!("checked, but not written to the database, except for roles: {sections}", sections));
    }
    if errors > 0 {
        let text = say!(
            "{errors}: apply will refuse this; `rightful check` says what is wrong",
            errors = count::errors(errors)
        );
        page.text(Line::new().then(Tone::No, text));
    }
    page
}

fn row(tone: Tone, sign: &str, what: String, text: impl IntoWord) -> Vec<Line> {
    vec![Line::new().then(tone, sign), Line::new().then(Tone::Strong, what), Line::from(text)]
}

/// What became of an apply.
pub fn applied(receipt: &Receipt, database: &str) -> Page {
    let mut page = Page::default();
    match receipt.run {
        Some(run) => page.text(Line::new().then(Tone::Yes, say!("applied")).then(
            Tone::Plain,
            say!(": {changes} to {database} (run {run})", changes = count::changes(receipt.applied), database, run),
        )),
        None => page.text(say!("nothing was written to {database}", database)),
    }
    page
}

fn conflicts(plan: &Plan, page: &mut Page) {
    if plan.conflicts.is_empty() {
        return;
    }
    page.blank();
    page.heading(say!("conflicts: the policy and the database both changed these, and the policy wins"));
    let rows = plan.conflicts.iter().map(|conflict| {
        let field = conflict.field.map(|field| format!(" {field}")).unwrap_or_default();
        let (ours, theirs) = (said(conflict.policy.as_ref()), said(conflict.database.as_ref()));
        let text = say!("{key}{field}: database {theirs}, policy {ours}", key = conflict.key, field, theirs, ours);
        vec![
            Line::new().then(Tone::Warning, "!"),
            Line::new().then(Tone::Strong, conflict.key.kind().as_str()),
            Line::from(text),
        ]
    });
    page.table(2, rows.collect());
}

/// Changes of rights, folded by right, by the people who share targets and the targets that people share.
pub(super) fn folded<'c>(changes: &'c [diff::Change], policy: &Policy) -> Vec<(&'c RightName, String, Text)> {
    let everybody: BTreeSet<&Name> = policy.users.iter().map(|(_, name, _)| name).collect();
    let mut over: BTreeMap<(&RightName, &[Name]), BTreeSet<&TargetKey>> = BTreeMap::new();
    for change in changes {
        let alone = change.users.first().filter(|_| change.without_own && change.users.len() == 1);
        let targets = change.targets.iter().flatten();
        // What somebody does with the own data did not change.
        let others = targets.filter(|target| !matches!(target, TargetKey::User(name) if Some(name) == alone));
        over.entry((&change.right, &change.users)).or_default().extend(others);
    }
    let mut sets: BTreeMap<(&RightName, BTreeSet<&TargetKey>), BTreeSet<&Name>> = BTreeMap::new();
    for ((right, users), targets) in over {
        sets.entry((right, targets)).or_default().extend(users);
    }
    let row = |((right, targets), users): ((&'c RightName, BTreeSet<&TargetKey>), BTreeSet<&Name>)| {
        let who = who(&users, &everybody);
        if targets.is_empty() {
            return (right, right.to_string(), who);
        }
        let whom = of_whom(&targets, &everybody);
        (right, format!("{right} of"), say!("{whom}: {who}", whom, who))
    };
    sets.into_iter().map(row).collect()
}

/// Changes of one action by kind, those of rules and members by their subject.
fn written(changes: &[Change], action: Action) -> Vec<(String, Text)> {
    let mut rows: Vec<(String, Text)> = Vec::new();
    let mut folds: BTreeMap<(Kind, Option<String>, Origin), Vec<String>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.action == action) {
        if action == Action::Update {
            let (before, after) = (said(change.before.as_ref()), said(change.after.as_ref()));
            let field = change.field.unwrap_or_default();
            let text = say!(
                "{key}: {field} {before} -> {after}{origin}",
                key = change.key,
                field,
                before,
                after,
                origin = origin(change.origin)
            );
            rows.push((change.key.kind().as_str().to_owned(), text));
            continue;
        }
        let (subject, text) = match &change.key {
            Key::Rule { subject, right, target, effect, validity } => {
                let target = target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
                (Some(subject.to_string()), format!("{} {right}{target}{validity}", effect.as_str()))
            }
            Key::Member { group, member, validity } => (Some(group.to_string()), format!("{member}{validity}")),
            key => (None, key.to_string()),
        };
        folds.entry((change.key.kind(), subject, change.origin)).or_default().push(text);
    }
    for ((kind, subject, made_by), texts) in folds {
        let subject = subject.map(|subject| format!("{subject}: ")).unwrap_or_default();
        let number = if texts.len() > 1 { format!(" ({})", texts.len()) } else { String::new() };
        let text = say!("{subject}{list}{origin}", subject, list = texts.join(", "), origin = origin(made_by));
        rows.push((format!("{}{number}", kind.as_str()), text));
    }
    rows
}

/// Says so if somebody changed the database.
fn origin(origin: Origin) -> Text {
    match origin {
        Origin::Policy => Text::default(),
        Origin::Drift => say!("  [drift: changed in the database, will be taken back]"),
        Origin::Conflict => say!("  [conflict: the policy wins]"),
    }
}

fn said(said: Option<&Said>) -> Word {
    match said {
        None | Some(Said::Field(Value::Null)) => say!("nothing").into_word(),
        Some(Said::Field(Value::Flag(flag))) => flag.to_string().into_word(),
        Some(Said::Field(Value::Text(text))) => format!("\"{text}\"").into_word(),
        Some(Said::Field(Value::List(items))) => items.join(", ").into_word(),
        Some(Said::Row(_)) => say!("it").into_word(),
    }
}
