//! Users by rights.

use crate::language::Word;
use crate::model::{Policy, UserId};
use crate::question::Held;
use crate::report::block::{Block, Line, Page, Tone};
use crate::resolve::{Decision, Step};
use crate::say;

use super::count;

/// How many rights stand beside each other, each under a letter.
const RIGHTS_A_TABLE: usize = 26;

/// Plain rights as a grid of marks; scoped rights as counts per user.
pub fn matrix(policy: &Policy, rows: &[(UserId, Vec<Held>)]) -> Page {
    let mut page = Page::default();
    let rights: Vec<_> =
        policy.rights.iter().filter(|(_, _, right)| right.scope.is_none()).map(|(id, ..)| id).collect();
    let plain = |held: &[Held], right| {
        held.iter().find(|cell| cell.right == right && cell.target.is_none()).map(|cell| cell.decision)
    };
    for rights in rights.chunks(RIGHTS_A_TABLE) {
        let legend = ('a'..)
            .zip(rights)
            .map(|(letter, right)| vec![Line::from(letter.to_string()), Line::from(super::right(policy, *right))]);
        page.table(0, legend.collect());
        page.blank();
        let widest = rows.iter().map(|(user, _)| policy.users.key(*user).as_str().chars().count()).max().unwrap_or(0);
        let mut head = Line::new().then(Tone::Quiet, " ".repeat(widest));
        for (letter, _) in ('a'..).zip(rights) {
            head = head.then(Tone::Quiet, format!(" {letter}"));
        }
        let mut lines = vec![head];
        for (user, held) in rows {
            let name = policy.users.key(*user).as_str();
            let gap = " ".repeat(widest.saturating_sub(name.chars().count()));
            let mut line = Line::new().then(Tone::Plain, format!("{name}{gap}"));
            for right in rights {
                let (tone, mark) = plain(held, *right).map_or((Tone::Plain, ' '), mark);
                line = line.then(tone, format!(" {mark}"));
            }
            lines.push(line);
        }
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
    scoped(policy, rows, &mut page);
    page.text(count::users(rows.len()));
    page
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
fn scoped(policy: &Policy, rows: &[(UserId, Vec<Held>)], page: &mut Page) {
    let rights: Vec<_> =
        policy.rights.iter().filter(|(_, _, right)| right.scope.is_some()).map(|(id, ..)| id).collect();
    if rows.iter().all(|(_, held)| held.iter().all(|cell| cell.target.is_none())) {
        return;
    }
    page.blank();
    page.heading(say!("scoped rights: over how many, oneself included"));
    let legend = ('a'..).zip(&rights).map(|(letter, right)| {
        let targets = policy.rights.get(*right).scope.map(|scope| policy.single_targets(scope).len()).unwrap_or(0);
        vec![
            Line::from(letter.to_string()),
            Line::from(say!("{right} (of {count})", right = policy.rights.key(*right), count = Word::Number(targets))),
        ]
    });
    page.table(0, legend.collect());
    page.blank();
    let mut table = vec![
        std::iter::once(Line::from(""))
            .chain(('a'..).zip(&rights).map(|(letter, _)| Line::from(letter.to_string())))
            .collect::<Vec<_>>(),
    ];
    for (user, held) in rows {
        let mut row = vec![Line::from(policy.users.key(*user).to_string())];
        for right in &rights {
            let allowed = held.iter().filter(|cell| cell.right == *right && cell.decision.allowed).count();
            row.push(Line::from(Word::Number(allowed)));
        }
        table.push(row);
    }
    page.table(0, table);
    page.blank();
}
