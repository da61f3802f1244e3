//! What runs did, in words, and whether the record of them is what was written.

use serde_json::Value;

use crate::audit::{Broken, Ended, Fault, Kept, Part, Recorded, Told, Verified};
use crate::language::{IntoWord, Joint, Text, Word, list};
use crate::name::Name;
use crate::report::block::{Line, Page, Tone};
use crate::say;

use super::count;
use super::said::recorded;

/// Runs with the entries that were asked for. Of the users in an entry only `user` is named, if one was asked for.
pub fn audit(runs: &[Recorded], user: Option<&Name>, database: &str) -> Page {
    let mut page = Page::default();
    if runs.is_empty() {
        page.text(say!("nothing of this is recorded in {database}", database));
    }
    for (index, run) in runs.iter().enumerate() {
        if index > 0 {
            page.blank();
        }
        header(run, &mut page);
        let told = |parts: &[Part]| -> Vec<Vec<Line>> {
            let wanted = |told: &&Told| Part::of_word(&told.part).is_some_and(|part| parts.contains(&part));
            run.entries.iter().filter(wanted).map(|told| row(told, user)).collect()
        };
        let sections = [
            (say!("guards that were put aside"), told(&[Part::Override])),
            (say!("for people"), told(&[Part::Gain, Part::Loss])),
            (say!("in the database"), told(&[Part::Change])),
            (say!("conflicts: the policy and the database had both changed these"), told(&[Part::Conflict])),
            (say!("left as somebody had changed it"), told(&[Part::Kept])),
        ];
        for (title, rows) in sections.into_iter().filter(|(_, rows)| !rows.is_empty()) {
            page.item(2, Line::new().then(Tone::Strong, title));
            page.table(4, rows);
        }
        let strange: Vec<Vec<Line>> =
            run.entries.iter().filter(|told| Part::of_word(&told.part).is_none()).map(|told| row(told, user)).collect();
        page.table(4, strange);
    }
    page
}

fn header(recorded: &Recorded, page: &mut Page) {
    let run = &recorded.run;
    let number = Line::new().then(Tone::Strong, say!("run {number}", number = recorded.number));
    page.text(number.then(Tone::Plain, format!("  {}  ", when(&run.applied_at))).and(outcome(recorded)));
    let user = run.os_user.as_deref().unwrap_or("-");
    let mut who = Line::new().then(Tone::Plain, say!("by {user}", user));
    if let Some(machine) = &run.machine {
        who = who.then(Tone::Plain, say!(" on {machine}", machine));
    }
    if let Some(name) = &run.acting_as {
        who = who.then(Tone::Plain, say!(", acting as {name} (a claim)", name));
    }
    page.item(2, who);
    if let Some(mut line) = revisions(recorded) {
        if let Some(author) = &run.author {
            line = line.then(Tone::Plain, say!(", written by {author} (a claim)", author));
        }
        page.item(2, line);
    }
    page.item(2, facts(recorded));
    if let Ended::Applied { gains, losses, .. } = recorded.ended {
        page.item(2, effects(gains, losses));
        if let Some(on) = run.on {
            page.item(2, say!("gains and losses were worked out for {on}", on));
        }
    }
}

/// `2026-11-22 08:00:00`.
pub(super) fn when(moment: &str) -> String {
    moment.trim_end_matches('Z').replacen('T', " ", 1)
}

/// `OK`, `error` or `unknown`.
pub(super) fn outcome(recorded: &Recorded) -> Line {
    match recorded.ended {
        Ended::Applied { .. } => Line::new().then(Tone::Yes, say!("OK")),
        Ended::Refused(_) => Line::new().then(Tone::No, say!("error")),
        Ended::Unknown => Line::new().then(Tone::No, say!("unknown")),
    }
}

/// What it wrote, or why it did not.
pub(super) fn facts(recorded: &Recorded) -> Line {
    match &recorded.ended {
        Ended::Applied { changes, conflicts: 0, .. } => Line::from(count::changes(*changes)),
        Ended::Applied { changes, conflicts, .. } => Line::from(count::changes(*changes))
            .then(Tone::Plain, ", ")
            .then(Tone::Warning, count::conflicts(*conflicts)),
        Ended::Refused(error) => Line::from(error),
        Ended::Unknown => Line::from(say!("its entry does not say how it ended")),
    }
}

/// What people gained and lost by it.
fn effects(gains: u64, losses: u64) -> Text {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let (gains, losses) = (count::rights(number(gains)), Word::Number(number(losses)));
    say!("{rights} gained, {losses} lost", rights = gains, losses)
}

/// The revision that was applied, and the one before; `None` if neither is known.
pub(super) fn revisions(recorded: &Recorded) -> Option<Line> {
    let revision = recorded.run.revision.as_deref().map(abbreviated);
    Some(Line::from(match (revision, recorded.before.as_deref().map(abbreviated)) {
        (None, None) => return None,
        (Some(revision), None) => say!("revision {revision}", revision),
        (None, Some(before)) => say!("no revision, after {before}", before),
        (Some(revision), Some(before)) => say!("revision {revision}, after {before}", revision, before),
    }))
}

/// The beginning of a commit's id, as git shows it.
fn abbreviated(revision: &str) -> &str {
    revision.get(..7).unwrap_or(revision)
}

/// A name that a table has room for.
pub(super) fn short(name: &str) -> String {
    const MOST: usize = 16;
    match name.char_indices().nth(MOST) {
        Some(_) => name.chars().take(MOST - 1).chain(['…']).collect(),
        None => name.to_owned(),
    }
}

/// Sign, kind or right, and what of it.
fn row(told: &Told, user: Option<&Name>) -> Vec<Line> {
    let cells = |tone, sign: &str, what: &str, text: Word| {
        vec![Line::new().then(tone, sign), Line::new().then(Tone::Strong, what), Line::from(text)]
    };
    let text = |key| told.text(key).unwrap_or_default();
    match Part::of_word(&told.part) {
        Some(Part::Gain) => cells(Tone::Yes, "+", &right(told), people(told, user).into_word()),
        Some(Part::Loss) => cells(Tone::No, "-", &right(told), people(told, user).into_word()),
        Some(Part::Change) => {
            let (tone, sign) = match text("action") {
                "create" => (Tone::Yes, "+"),
                "delete" => (Tone::No, "-"),
                _ => (Tone::Warning, "~"),
            };
            cells(tone, sign, text("kind"), changed(told, &origin(text("origin"))).into_word())
        }
        Some(Part::Kept) if told.body["adopted"] == Value::Bool(true) => {
            cells(Tone::Warning, "=", text("kind"), adopted(told).into_word())
        }
        Some(Part::Kept) => cells(Tone::Warning, "=", text("kind"), kept(told).into_word()),
        Some(Part::Conflict) => cells(Tone::Warning, "!", text("kind"), conflict(told).into_word()),
        Some(Part::Override) => cells(Tone::Warning, "!", text("guard"), text("detail").into_word()),
        Some(Part::Run) | None => cells(Tone::No, "?", &told.part, told.body.to_string().into_word()),
    }
}

fn right(told: &Told) -> String {
    let of = if told.body["targets"].is_array() { " of" } else { "" };
    format!("{}{of}", told.text("right").unwrap_or_default())
}

/// Who gained or lost it, over whom. What somebody does with the own data did not change.
fn people(told: &Told, user: Option<&Name>) -> Text {
    let users = told.texts("users");
    let others = users.len().saturating_sub(1);
    let who = match user {
        Some(user) if others > 0 && users.contains(&user.as_str()) => {
            say!("{user} and {number} more", user, number = Word::Number(others))
        }
        _ => say!("{users} ({names})", users = count::users(users.len()), names = list(&users, Joint::Names)),
    };
    let without_own = told.body["without_own"] == Value::Bool(true);
    let is_own = |target: &&str| without_own && target.strip_prefix("user:").is_some_and(|name| users.contains(&name));
    let is_told = |target: &&str| users.len() > 1 || !is_own(target);
    if let Some(answers) = told.body["answers"].as_u64() {
        let count = Word::Number(usize::try_from(answers).unwrap_or(usize::MAX));
        return say!("{who}, {count} answers in sum", who, count);
    }
    let targets: Vec<&str> = told.texts("targets").into_iter().filter(is_told).collect();
    let whom = match told.texts("except").as_slice() {
        [] => say!("{names}", names = list(&targets, Joint::Names)),
        left_out => {
            say!("{whom} except {names}", whom = list(&targets, Joint::Names), names = list(left_out, Joint::Names))
        }
    };
    match (targets.is_empty(), targets.iter().any(is_own)) {
        (true, _) => who,
        (false, false) => say!("{whom}: {who}", whom, who),
        (false, true) => say!("{whom}: {who}, each but themselves", whom, who),
    }
}

fn changed(told: &Told, origin: &Text) -> Text {
    let key = told.text("key").unwrap_or_default();
    match told.text("field") {
        None => say!("{key}{origin}", key, origin = *origin),
        Some(field) => {
            let (before, after) = (recorded(&told.body["before"]), recorded(&told.body["after"]));
            say!("{key}: {field} {before} -> {after}{origin}", key, field, before, after, origin = *origin)
        }
    }
}

fn origin(origin: &str) -> Text {
    match origin {
        "drift" => say!("  [drift: was changed in the database, and taken back]"),
        "conflict" => say!("  [conflict: the policy won]"),
        _ => Text::default(),
    }
}

/// What stayed as somebody had made it, against the policy.
fn kept(told: &Told) -> Text {
    let key = told.text("key").unwrap_or_default();
    let field = told.text("field").map(|field| format!(" {field}")).unwrap_or_default();
    let (stays, policy) = (recorded(&told.body["before"]), recorded(&told.body["after"]));
    say!("{key}{field}: {stays} stayed, policy {policy}", key, field, stays, policy)
}

/// What somebody had done, and the policy says too since.
fn adopted(told: &Told) -> Text {
    let key = told.text("key").unwrap_or_default();
    match told.text("action") {
        Some("create") => say!("{key}: somebody had added it, and the policy has it now", key),
        Some("delete") => say!("{key}: somebody had deleted it, and the policy has it no more", key),
        _ => say!("{key}: somebody had changed it, and the policy says the same now", key),
    }
}

fn conflict(told: &Told) -> Text {
    let key = told.text("key").unwrap_or_default();
    let field = told.text("field").map(|field| format!(" {field}")).unwrap_or_default();
    let [base, theirs, ours] = ["base", "database", "policy"].map(|side| recorded(&told.body[side]));
    say!(
        "{key}{field}: before {base}, database {theirs}, policy {ours}; the policy won",
        key,
        field,
        base,
        theirs,
        ours
    )
}

/// Whether a record is what was written. `asked` is the head of `--head`.
pub fn verified(
    found: &Result<Verified, Broken>,
    kept: &[Kept],
    of_others: usize,
    asked: Option<&str>,
    database: &str,
) -> Page {
    let mut page = Page::default();
    let whole = match found {
        Ok(whole) => whole,
        Err(broken) => {
            let fault = fault(broken.fault);
            let text = say!(": entry {seq} of run {run}: {fault}", seq = broken.seq, run = broken.run, fault);
            page.text(Line::new().then(Tone::No, say!("damaged")).then(Tone::Plain, text));
            page.item(2, say!("what stands before it in {database} is proved, nothing from there on", database));
            return page;
        }
    };
    let proved = say!(": {entries} in {database}", entries = count::entries(whole.entries), database);
    let (tone, word) =
        if whole.unmet.is_empty() { (Tone::Yes, say!("whole")) } else { (Tone::No, say!("not what was kept")) };
    page.text(Line::new().then(tone, word).then(Tone::Plain, proved));
    if whole.is_forged {
        page.item(2, Line::new().then(Tone::No, super::plan::forged()));
    }
    if whole.unproven > 0 {
        let old = count::entries(whole.unproven);
        page.item(2, say!("before them, from before there was a chain and so not proved: {old}", old));
    }
    if whole.is_replaced {
        let text = say!(
            "heads that were kept under this name are of a database with another id: it was replaced, its id was altered, or another checkout has one of this name"
        );
        page.item(2, Line::new().then(Tone::No, text));
    }
    if let Some(head) = &whole.head.hash {
        page.item(2, Line::new().then(Tone::Quiet, say!("audit head {head}", head)));
    }
    let is_unmet = |hash: &str| whole.unmet.iter().any(|unmet| unmet == hash);
    if let Some(hash) = asked {
        let text = if is_unmet(hash) {
            say!("the head of --head is not in it: the record was written anew, or is older, as from a backup")
        } else {
            say!("the head of --head is in it")
        };
        page.item(2, text);
    }
    let missing: Vec<&Kept> = kept.iter().filter(|kept| is_unmet(&kept.hash)).collect();
    for kept in &missing {
        let (run, day) = (kept.run, when(&kept.applied_at));
        let text = say!("the head that run {run} left on {day} is not in it: {hash}", run, day, hash = kept.hash);
        page.item(2, Line::new().then(Tone::No, text));
    }
    if !missing.is_empty() {
        page.item(2, say!("the record was written anew, or is older, as from a backup"));
    } else if kept.is_empty() && whole.entries > 0 {
        page.item(2, say!("no head was kept outside, so a record that was written anew as a whole would not show"));
    } else if !kept.is_empty() {
        page.item(2, say!("every head that was kept outside is in it: {count}", count = Word::Number(kept.len())));
        let newest = kept.iter().max_by_key(|kept| kept.run);
        if let Some(newest) = newest.filter(|newest| whole.head.hash.as_ref() != Some(&newest.hash)) {
            let text = say!(
                "of what stands after run {run} no head was kept, so it would not show if some of that were gone",
                run = newest.run
            );
            page.item(2, Line::new().then(Tone::Warning, text));
        }
    }
    if of_others > 0 {
        let count = Word::Number(of_others);
        page.item(2, say!("heads that were kept of other databases, and are not looked for: {count}", count));
    }
    page
}

fn fault(fault: Fault) -> Text {
    match fault {
        Fault::Altered => say!("it was altered, or does not belong there"),
        Fault::Missing => say!("it is missing"),
        Fault::OutOfOrder => say!("it stands in the wrong place"),
        Fault::Unhashed => say!("it has no hash, although one before it has"),
    }
}
