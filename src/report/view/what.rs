//! Everything that a user or group can do.

use std::collections::BTreeMap;

use crate::language::{IntoWord, Text, Word};
use crate::model::{Policy, RightId, Scope, Single, Subject};
use crate::question::Held;
use crate::report::block::{Line, Page, Tone};
use crate::resolve::{InForce, Step};
use crate::say;

use super::count;

/// The rights that are held with their steps, then the rest. `when` names the day if it is worth naming.
pub fn what(in_force: &InForce<'_>, subject: Subject, held: &[Held], when: &Text) -> Page {
    let policy = in_force.policy;
    let mut page = Page::default();
    let title = super::subject(policy, subject);
    let own = match subject {
        Subject::User(user) => Some(Single::User(user)),
        Subject::Group(_) => None,
    };
    let mut yes = Vec::new();
    let mut no = Vec::new();
    for (right, cells) in by_right(held) {
        let name = policy.rights.key(right).to_string();
        let Some(scope) = policy.rights.get(right).scope else {
            for cell in cells {
                let row = |mark| vec![mark, Line::from(super::right(policy, right)), step(cell.decision.step)];
                if cell.decision.allowed {
                    yes.push(row(Line::new().then(Tone::Yes, say!("yes"))));
                } else {
                    no.push((super::right(policy, right), cell.decision.step));
                }
            }
            continue;
        };
        let others: Vec<&Held> =
            cells.into_iter().filter(|cell| cell.target != own || cell.decision.step != Step::OwnData).collect();
        let allowed: Vec<&Held> = others.iter().copied().filter(|cell| cell.decision.allowed).collect();
        if allowed.is_empty() {
            let step = others.iter().map(|cell| cell.decision.step).min().unwrap_or(Step::Default);
            no.push((nobody(&name, scope), step));
            continue;
        }
        let whom = of_whom(policy, scope, &others, &allowed);
        let name = super::right(policy, right);
        yes.push(vec![Line::new().then(Tone::Yes, say!("yes")), Line::from(name), Line::from(whom)]);
    }
    let start = held.iter().find(|cell| policy.rights.key(cell.right).as_str() == "program.start");
    page.text(Line::new().then(Tone::Strong, title).then(Tone::Plain, when));
    page.blank();
    let counts = (yes.len(), no.len());
    page.table(2, yes);
    if !no.is_empty() {
        page.blank();
        let rows = no
            .into_iter()
            .map(|(name, decided)| vec![Line::new().then(Tone::No, say!("no")), Line::from(name), step(decided)]);
        page.table(2, rows.collect());
    }
    page.blank();
    page.text(say!("{rights} held, {missing} not", rights = count::rights(counts.0), missing = counts.1));
    if start.is_some_and(|cell| !cell.decision.allowed) {
        page.text(
            Line::new()
                .then(Tone::Warning, say!("note"))
                .then(Tone::Plain, "  ")
                .then(Tone::Plain, say!("without program.start nothing else can be used")),
        );
    }
    page
}

fn by_right(held: &[Held]) -> BTreeMap<RightId, Vec<&Held>> {
    let mut rights: BTreeMap<RightId, Vec<&Held>> = BTreeMap::new();
    for cell in held {
        rights.entry(cell.right).or_default().push(cell);
    }
    rights
}

fn step(step: Step) -> Line {
    Line::new().then(Tone::Quiet, step.as_str())
}

fn nobody(right: &str, scope: Scope) -> Word {
    match scope {
        Scope::People => say!("{right} of anybody", right).into_word(),
        Scope::Modules | Scope::Attachments => say!("{right} of anything", right).into_word(),
    }
}

/// `of everyone`, `of everyone except a, b`, or `of a, b, c (3 of 40)`.
fn of_whom(policy: &Policy, scope: Scope, asked: &[&Held], allowed: &[&Held]) -> Text {
    let all = match scope {
        Scope::People => say!("everyone"),
        Scope::Modules | Scope::Attachments => say!("everything"),
    };
    let name = |cell: &&Held| {
        let key = cell.target.map(|target| policy.target_key(target.into()));
        key.and_then(|key| key.name().map(ToString::to_string)).unwrap_or_default()
    };
    let refused: Vec<String> = asked.iter().filter(|cell| !cell.decision.allowed).map(name).collect();
    if refused.is_empty() {
        return say!("of {all}", all);
    }
    if refused.len() * 2 < allowed.len() {
        return say!("of {all} except {names}", all, names = refused.join(", "));
    }
    let names: Vec<String> = allowed.iter().map(name).collect();
    say!("of {names} ({some} of {all})", names = names.join(", "), some = names.len(), all = asked.len())
}
