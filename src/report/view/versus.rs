//! What two subjects can do that the other one cannot.

use crate::language::{IntoWord, Joint, Text, Word, list};
use crate::model::{Policy, Subject};
use crate::question::{Difference, Reason, Versus};
use crate::report::block::{Block, Line, Page, Tone};
use crate::resolve::InForce;
use crate::say;
use crate::text::Sources;

use super::reason;

/// What only the first one can, then what only the second one can, each with the reasons of both, then counts. `when`
/// names the day if it is worth naming.
pub fn versus(in_force: &InForce<'_>, sources: &Sources, subjects: [Subject; 2], found: &Versus, when: &Text) -> Page {
    let policy = in_force.policy;
    let mut page = Page::default();
    let [one, two] = subjects.map(|subject| super::subject(policy, subject));
    let title = say!("{one} and {two} compared", one, two);
    page.text(Line::new().then(Tone::Strong, title).then(Tone::Plain, when));
    let names = subjects.map(|subject| super::bare(&policy.subject_key(subject)));
    for (first, name) in [(true, &names[0]), (false, &names[1])] {
        let those: Vec<&Difference> = found.differences.iter().filter(|of| of.subject.allowed == first).collect();
        if those.is_empty() {
            continue;
        }
        page.blank();
        page.heading(say!("only {name}", name));
        for difference in those {
            let mut line = Line::from(super::right(policy, difference.right));
            if let Some(whom) = whom(policy, difference) {
                line = line.then(Tone::Plain, "  ").then(Tone::Plain, whom);
            }
            page.0.push(Block::Text { line, indent: 2, hang: 4 });
            let rows = [(&difference.subject, 0), (&difference.versus, 1)];
            let rows = rows.map(|(of, side)| row(in_force, sources, subjects[side], &names[side], of));
            page.table(4, rows.to_vec());
        }
    }
    page.blank();
    let [only_one, only_two] = found.counts().map(Word::Number);
    let [one, two] = names;
    page.text(say!(
        "only {one}: {only_one}, only {two}: {only_two}, the same: {same}; own data apart",
        one,
        only_one,
        two,
        only_two,
        same = Word::Number(found.same)
    ));
    page
}

fn whom(policy: &Policy, difference: &Difference) -> Option<Text> {
    let names: Vec<String> = difference
        .targets
        .iter()
        .flatten()
        .filter_map(|single| policy.target_key((*single).into()).name().map(ToString::to_string))
        .collect();
    (!names.is_empty()).then(|| say!("of {names}", names = list(names, Joint::Comma)))
}

fn row(in_force: &InForce<'_>, sources: &Sources, subject: Subject, name: &str, of: &Reason) -> Vec<Line> {
    let verdict = if of.allowed { (Tone::Yes, say!("yes")) } else { (Tone::No, say!("no")) };
    vec![
        Line::from(name.into_word()),
        Line::new().then(verdict.0, verdict.1),
        Line::from(reason::way(in_force, subject, of)),
        reason::place(in_force, sources, of),
    ]
}
