//! A plan for people: first what it means for them, then what would be written. Nothing is cut, only folded.

use std::collections::BTreeMap;

use crate::language::{IntoWord, Joint, Text, Word, list, names};
use crate::plan::{CRM, Change, Grant, Grants, Obstacle, Origin, Plan, Unrenamed};
use crate::report::block::{Line, Page, Tone};
use crate::review::Compared;
use crate::say;
use crate::state::{Action, Key, Kind};
use crate::target::{End, Receipt};

use super::diff::{later_totals, totals};
use super::said::{conflicts, said};
use super::{Shown, count, diff_of_company};

/// That somebody changed what the last apply wrote down.
pub fn forged() -> Text {
    say!(
        "what the last apply remembered was altered in the database: the audit says something else, and nobody can tell whose change a difference is"
    )
}

fn forged_memory(plan: &Plan, page: &mut Page) {
    if plan.is_forged {
        page.text(Line::new().then(Tone::No, forged()));
    }
}

/// A plan that finds no difference. `errors` is how many findings will keep it from being applied.
pub fn settled_plan(plan: &Plan, database: &Text, errors: usize) -> Page {
    let mut page = Page::default();
    page.text(
        Line::new()
            .then(Tone::Yes, say!("nothing to do"))
            .then(Tone::Plain, say!(": {database} says what the policy says", database = *database)),
    );
    forged_memory(plan, &mut page);
    unknown(&plan.grants, &mut page);
    unrenamed(plan, &mut page);
    standing(&plan.grants, &mut page);
    refused(errors, &mut page);
    page
}

/// What a plan that finds differences means and does, as the difference of what people may do before and after. `errors`
/// is how many findings will keep it from being applied.
pub fn plan(plan: &Plan, compared: &Compared<'_>, shown: Shown<'_>, database: &Text, errors: usize) -> Page {
    let mut page = Page::default();
    let total = count::changes(plan.changes.len());
    page.text(Line::new().then(Tone::Strong, total).then(Tone::Plain, say!(" to {database}", database = *database)));
    refused(errors, &mut page);
    forged_memory(plan, &mut page);
    unknown(&plan.grants, &mut page);
    if !plan.changes.is_empty() {
        page.blank();
        beside(plan, &mut page);
        page.0.extend(diff_of_company(compared, shown).0);
        page.blank();
        page.heading(say!("in the database"));
        let mut rows = Vec::new();
        for (action, sign, tone) in
            [(Action::Create, "+", Tone::Yes), (Action::Update, "~", Tone::Warning), (Action::Delete, "-", Tone::No)]
        {
            rows.extend(written(&plan.changes, action).into_iter().map(|(kind, text)| row(tone, sign, kind, text)));
        }
        page.table(2, rows);
    }
    conflicts(&plan.conflicts, &mut page);
    kept(plan, &mut page);
    unrenamed(plan, &mut page);
    standing(&plan.grants, &mut page);
    page.blank();
    page.text(Line::new().then(Tone::Quiet, say!("fingerprint {fingerprint}", fingerprint = plan.fingerprint)));
    page
}

/// What a plan does, once more, where its page is long: how much is written of what, how much people gain and lose, and
/// how many findings keep it from being applied.
pub fn plan_in_short(plan: &Plan, compared: &Compared<'_>, database: &Text, errors: usize) -> Page {
    let mut page = Page::default();
    page.heading(say!("in short"));
    let mut numbers: BTreeMap<(Action, Kind), usize> = BTreeMap::new();
    for change in &plan.changes {
        *numbers.entry((change.action, change.key.kind())).or_default() += 1;
    }
    let words = numbers.iter().map(|((action, kind), number)| {
        let sign = match action {
            Action::Create => '+',
            Action::Update => '~',
            Action::Delete => '-',
        };
        format!("{sign}{number} {kind}", kind = kind.as_str())
    });
    let (changes, database) = (count::changes(plan.changes.len()), database.clone());
    page.item(
        2,
        say!("{changes} to {database}: {list}", changes, database, list = words.collect::<Vec<_>>().join(", ")),
    );
    for text in [Some(totals(compared)), later_totals(compared)].into_iter().flatten() {
        page.item(2, text);
    }
    refused(errors, &mut page);
    page
}

/// That a CRM gives or keeps what no policy can say: it is no gain or loss that anybody could be asked about.
fn beside(plan: &Plan, page: &mut Page) {
    let keys: Vec<&Key> =
        plan.changes.iter().filter(|change| change.field == Some(CRM)).map(|change| &change.key).collect();
    let told: Vec<&&Key> = keys.iter().filter(|key| !matches!(key, Key::Company)).collect();
    if !told.is_empty() {
        let names = names(told, Joint::And);
        let text =
            say!("the CRM gives or keeps what no policy can say, and that ends; see `crm` below: {names}", names);
        page.text(Line::new().then(Tone::Warning, text));
        page.blank();
    }
}

/// That findings will keep a plan from being applied.
fn refused(errors: usize, page: &mut Page) {
    if errors > 0 {
        let errors = count::errors(errors);
        let text = say!("{errors}: apply will refuse this; `rightful check` says what is wrong", errors);
        page.text(Line::new().then(Tone::No, text));
    }
}

/// Access that nobody declared, row by row; and superusers whom somebody made in the database.
fn unknown(grants: &Grants, page: &mut Page) {
    let superusers = grants.drifted.iter().filter(|grant| matches!(grant.key, Key::User(_)));
    let rows: Vec<Vec<Line>> = superusers
        .chain(&grants.rogue)
        .map(|grant| {
            let sign = Line::new().then(Tone::No, "!");
            let kind = Line::new().then(Tone::No, grant.kind());
            vec![sign, kind, Line::from(grant.key.to_string())]
        })
        .collect();
    if !rows.is_empty() {
        page.blank();
        let title = say!("nobody declared this access, and no apply gave it:");
        page.text(Line::new().then(Tone::No, title));
        page.table(2, rows);
    }
}

/// How many rows of the database give access, by what stands behind them. What the policy gave up is among the changes
/// in any case.
fn standing(grants: &Grants, page: &mut Page) {
    if grants.is_expected() {
        return;
    }
    let of = |grants: &[Grant]| Word::Number(grants.len());
    page.blank();
    page.text(say!(
        "rows that give access: {declared} as declared, {drifted} drifted, {expired} expired, {rogue} rogue, {orphan} orphaned",
        declared = Word::Number(grants.declared),
        drifted = of(&grants.drifted),
        expired = of(&grants.expired),
        rogue = of(&grants.rogue),
        orphan = of(&grants.orphan)
    ));
}

/// What somebody changed in the database and stays so.
fn kept(plan: &Plan, page: &mut Page) {
    if plan.kept.is_empty() {
        return;
    }
    page.blank();
    page.heading(say!("changed in the database, and left so"));
    let rows = plan.kept.iter().map(|change| {
        let key = change.key.to_string();
        let text = match (change.action, change.field) {
            (Action::Create, _) => say!("{key}: missing in the database", key),
            (Action::Update, Some(field)) => {
                let (theirs, ours) = (said(change.before.as_ref()), said(change.after.as_ref()));
                let field = format!(" {field}");
                say!("{key}{field}: database {theirs}, policy {ours}", key, field, theirs, ours)
            }
            _ => say!("{key}: only in the database", key),
        };
        row(Tone::Warning, "!", change.key.kind().as_str().to_owned(), text)
    });
    page.table(2, rows.collect());
}

/// Accounts that shall get another name and cannot.
fn unrenamed(plan: &Plan, page: &mut Page) {
    if plan.unrenamed.is_empty() {
        return;
    }
    page.blank();
    for Unrenamed { from, to, obstacle } in &plan.unrenamed {
        let (from, to) = (from.as_str(), to.as_str());
        let text = match obstacle {
            Obstacle::Taken => {
                say!("`{from}` cannot be renamed to `{to}`: there is an account `{to}` already", from, to)
            }
            Obstacle::Declared => {
                say!("`{from}` cannot be renamed to `{to}`: the policy still has a user `{from}`", from, to)
            }
        };
        page.text(Line::new().then(Tone::Warning, say!("note")).then(Tone::Plain, "  ").then(Tone::Plain, text));
    }
}

fn row(tone: Tone, sign: &str, what: String, text: impl IntoWord) -> Vec<Line> {
    vec![Line::new().then(tone, sign), Line::new().then(Tone::Strong, what), Line::from(text)]
}

/// What became of an apply.
pub fn applied(receipt: &Receipt, database: &str) -> Page {
    let mut page = Page::default();
    match receipt.end.as_ref().map(|end| end.run) {
        // The rows said it already, but the next plan has to know that the policy says it too.
        Some(run) if receipt.applied == 0 => {
            page.text(say!("what the policy declares is remembered (run {run})", run));
        }
        Some(run) => page.text(Line::new().then(Tone::Yes, say!("applied")).then(
            Tone::Plain,
            say!(": {changes} to {database} (run {run})", changes = count::changes(receipt.applied), database, run),
        )),
        None => page.text(say!("nothing was written to {database}", database)),
    }
    page.0.extend(head(receipt.end.as_ref()).0);
    page
}

/// The end of the record, to be kept outside of the database.
pub fn head(end: Option<&End>) -> Page {
    let mut page = Page::default();
    if let Some(End { head, .. }) = end {
        page.text(Line::new().then(Tone::Quiet, say!("audit head {head}", head)));
    }
    page
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
        let text = say!("{subject}{list}{origin}", subject, list = list(texts, Joint::Names), origin = origin(made_by));
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
