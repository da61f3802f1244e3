//! Everything that a user or group can do, by area, and what comes from where.

use std::collections::BTreeMap;

use crate::language::{IntoWord, Joint, Text, Word, list};
use crate::model::{Policy, Scope, Subject};
use crate::question::{Holding, Reason, at_position};
use crate::report::block::{Block, Line, Page, Tone};
use crate::resolve::{InForce, Origin, Step};
use crate::say;
use crate::text::Sources;

use super::{count, reason};

/// Every right with a yes or no, over whom, and the rules that decide; then counts. `when` names the day if it is worth
/// naming.
pub fn what(in_force: &InForce<'_>, sources: &Sources, subject: Subject, all: &[Holding], when: &Text) -> Page {
    let policy = in_force.policy;
    let mut page = Page::default();
    page.text(Line::new().then(Tone::Strong, super::subject(policy, subject)).then(Tone::Plain, when));
    page.blank();
    let mut area = "";
    let mut held = 0;
    let mut refused: BTreeMap<Step, usize> = BTreeMap::new();
    // Where there is nothing that a right is over, there is nothing to say about it.
    for holding in all.iter().filter(|holding| !holding.origins.is_empty()) {
        let right = policy.rights.key(holding.right);
        if right.area() != area {
            area = right.area();
            page.heading(area);
        }
        let others: Vec<&Origin> = holding.origins.iter().filter(|origin| origin.step != Step::OwnData).collect();
        let yes = others.iter().any(|origin| origin.allowed);
        let step = others.iter().map(|origin| origin.step).min().unwrap_or(Step::Default);
        held += usize::from(yes);
        if !yes {
            *refused.entry(step).or_default() += 1;
        }
        page.0.push(Block::Text { line: headline(policy, holding, &others, yes, step), indent: 2, hang: 7 });
        page.table(7, others.iter().filter_map(|origin| row(in_force, sources, subject, origin)).collect());
    }
    page.blank();
    let missing = refused.values().sum::<usize>();
    let steps: Vec<String> = refused.iter().map(|(step, number)| format!("{number} {}", step.as_str())).collect();
    let counts = say!("{rights} held, {missing} not", rights = count::rights(held), missing);
    page.text(match steps.as_slice() {
        [] => Line::from(counts),
        steps => Line::from(counts).then(Tone::Quiet, format!(" ({})", steps.join(", "))),
    });
    notes(policy, all, &mut page);
    page
}

/// `yes  calendar.see  of everyone except a, b`, or `no  data.export  group-deny`.
fn headline(policy: &Policy, holding: &Holding, others: &[&Origin], yes: bool, step: Step) -> Line {
    let (right, scope) = (super::right(policy, holding.right), policy.rights.get(holding.right).scope);
    if yes {
        let line = Line::new().then(Tone::Yes, say!("yes")).then(Tone::Plain, "  ").then(Tone::Plain, right);
        let Some(scope) = scope else { return line };
        return line.then(Tone::Plain, "  ").then(Tone::Plain, of_whom(policy, scope, holding, others));
    }
    let right = match scope {
        None => right,
        Some(Scope::People) => say!("{right} of anybody", right).into_word(),
        Some(Scope::Modules | Scope::Attachments) => say!("{right} of anything", right).into_word(),
    };
    let line = Line::new().then(Tone::No, say!("no")).then(Tone::Plain, "   ").then(Tone::Plain, right);
    line.then(Tone::Plain, "  ").then(Tone::Quiet, step.as_str())
}

/// `of everyone`, `of everyone except a, b`, or `of a, b, c (3 of 40)`.
fn of_whom(policy: &Policy, scope: Scope, holding: &Holding, others: &[&Origin]) -> Text {
    let all = match scope {
        Scope::People => say!("everyone"),
        Scope::Modules | Scope::Attachments => say!("everything"),
    };
    let names = |allowed: bool| {
        let mut positions: Vec<usize> =
            others.iter().filter(|origin| origin.allowed == allowed).flat_map(|origin| origin.targets.iter()).collect();
        positions.sort_unstable();
        let singles = positions.into_iter().filter_map(|position| at_position(policy, holding.right, position));
        let keys = singles.map(|single| policy.target_key(single.into()));
        keys.filter_map(|key| key.name().map(ToString::to_string)).collect::<Vec<_>>()
    };
    let (allowed, refused) = (names(true), names(false));
    let asked = allowed.len() + refused.len();
    if refused.is_empty() {
        return say!("of {all}", all);
    }
    if refused.len() * 2 < allowed.len() {
        return say!("of {all} except {names}", all, names = list(refused, Joint::Comma));
    }
    say!(
        "of {names} ({some} of {all})",
        some = Word::Number(allowed.len()),
        names = list(allowed, Joint::Comma),
        all = Word::Number(asked)
    )
}

/// A rule as far as it decides: its effect and target, over how many, the way to it, and its place.
fn row(in_force: &InForce<'_>, sources: &Sources, subject: Subject, origin: &Origin) -> Option<Vec<Line>> {
    let policy = in_force.policy;
    let rule = policy.rule(origin.rule.as_ref()?.rule);
    let target = rule.target.map(|target| {
        let shown = policy.target_key(target).to_string();
        format!(" of {shown} ({})", origin.targets.len())
    });
    let effect = format!("{}{}", rule.effect.as_str(), target.unwrap_or_default());
    let of = Reason { allowed: origin.allowed, step: origin.step, rule: origin.rule.clone() };
    let mut way = Line::from(reason::way(in_force, subject, &of)).then(Tone::Plain, "  ");
    way.0.extend(reason::place(in_force, sources, &of).0);
    Some(vec![Line::from(effect), way])
}

/// What is said once for all rights: the own data, and that the program cannot be started.
fn notes(policy: &Policy, all: &[Holding], page: &mut Page) {
    let own = all.iter().filter(|of| of.origins.iter().any(|origin| origin.step == Step::OwnData));
    let own: Vec<Word> = own.map(|of| super::right(policy, of.right)).collect();
    let mut rows = Vec::new();
    let note = || Line::new().then(Tone::Warning, say!("note"));
    if !own.is_empty() {
        let rights = list(own, Joint::And);
        rows.push(vec![Line::from(say!("own data")), say!("always allowed: {rights}", rights).into()]);
    }
    let start = all.iter().find(|of| policy.rights.key(of.right).as_str() == "program.start");
    if start.is_some_and(|of| !of.origins.iter().any(|origin| origin.allowed)) {
        rows.push(vec![note(), say!("without program.start nothing else can be used").into()]);
    }
    page.table(0, rows);
}
