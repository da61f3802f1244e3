//! Users by rights.

use crate::language::Word;
use crate::model::{Id, Policy, RightId, UserId};
use crate::question::Reach;
use crate::report::block::{Block, Line, Page, Tone};
use crate::resolve::{Decision, Population, Step};
use crate::say;

use super::count;

/// How many rights stand beside each other, each under a letter.
const RIGHTS_A_TABLE: usize = 26;

/// Plain rights as a grid of marks; scoped rights, where they are given, as counts per user.
pub fn matrix(population: &Population<'_>, reach: &[Reach]) -> Page {
    let policy = population.in_force().policy;
    let mut page = Page::default();
    let rights: Vec<_> =
        policy.rights.iter().filter(|(_, _, right)| right.scope.is_none()).map(|(id, ..)| id).collect();
    for rights in rights.chunks(RIGHTS_A_TABLE) {
        let legend = ('a'..)
            .zip(rights)
            .map(|(letter, right)| vec![Line::from(letter.to_string()), Line::from(super::right(policy, *right))]);
        page.table(0, legend.collect());
        page.blank();
        let widest = policy.users.iter().map(|(_, user, _)| user.as_str().chars().count()).max().unwrap_or(0);
        let mut head = Line::new().then(Tone::Quiet, " ".repeat(widest));
        for (letter, _) in ('a'..).zip(rights) {
            head = head.then(Tone::Quiet, format!(" {letter}"));
        }
        let mut lines = vec![head];
        lines.extend(policy.users.iter().map(|(user, name, _)| {
            let gap = " ".repeat(widest.saturating_sub(name.as_str().chars().count()));
            marks(population, user, rights, format!("{name}{gap}"))
        }));
        page.0.push(Block::Verbatim(lines));
        page.blank();
    }
    page.table(
        0,
        [
            ("+", say!("allowed by a group")),
            ("U", say!("allowed by the own rule")),
            (".", say!("refused, no rule speaks")),
            ("d", say!("refused, a group denies it")),
            ("u", say!("denied by the own rule")),
            ("x", say!("not active")),
        ]
        .map(|(mark, meaning)| vec![Line::from(mark), Line::from(meaning)])
        .to_vec(),
    );
    page.blank();
    scoped(policy, reach, &mut page);
    page.text(count::users(policy.users.len()));
    page
}

/// A user with a mark for each right. Marks in one tone stand together, since a large firm has millions.
fn marks(population: &Population<'_>, user: UserId, rights: &[RightId], name: String) -> Line {
    let mut pieces = vec![(Tone::Plain, name)];
    for right in rights {
        let (tone, mark) = mark(population.decide(user, *right, None));
        match pieces.last_mut() {
            Some((last, marks)) if *last == tone => marks.extend([' ', mark]),
            _ => pieces.push((tone, format!(" {mark}"))),
        }
    }
    pieces.into_iter().fold(Line::new(), |line, (tone, marks)| line.then(tone, marks))
}

fn mark(decision: Decision) -> (Tone, char) {
    match (decision.step, decision.allowed) {
        (Step::User, true) => (Tone::Yes, 'U'),
        (Step::User, false) => (Tone::No, 'u'),
        (Step::GroupDeny, _) => (Tone::No, 'd'),
        (Step::Inactive, _) => (Tone::Quiet, 'x'),
        (_, true) => (Tone::Yes, '+'),
        (_, false) => (Tone::Quiet, '.'),
    }
}

/// With scoped rights asked for: how many targets each user may reach.
fn scoped(policy: &Policy, reach: &[Reach], page: &mut Page) {
    if reach.iter().all(|reach| reach.of == 0) {
        return;
    }
    page.blank();
    page.heading(say!("scoped rights: over how many, oneself included"));
    let legend = ('a'..).zip(reach).map(|(letter, Reach { right, of, .. })| {
        vec![
            Line::from(letter.to_string()),
            Line::from(say!("{right} (of {count})", right = policy.rights.key(*right), count = Word::Number(*of))),
        ]
    });
    page.table(0, legend.collect());
    page.blank();
    let letters = ('a'..).take(reach.len()).map(|letter| Line::from(letter.to_string()));
    let head = std::iter::once(Line::from("")).chain(letters).collect();
    let rows = policy.users.iter().map(|(user, name, _)| {
        let counts = reach.iter().map(|reach| Line::from(Word::Number(reach.users[user.index()])));
        std::iter::once(Line::from(name.to_string())).chain(counts).collect()
    });
    page.table(0, std::iter::once(head).chain(rows).collect());
    page.blank();
}
