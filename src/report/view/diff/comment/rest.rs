//! What changes nobody's rights, and is worth a line of a comment all the same: edits without effect, answers with another
//! reason, and declarations.

use std::collections::BTreeSet;

use crate::diff;
use crate::language::Word;
use crate::name::Name;
use crate::report::block::{Line, Page};
use crate::review::Compared;
use crate::say;
use crate::state::Action;

use super::super::Shown;
use super::super::entries::{DeclaredRow, declared_rows, idle_rows};
use super::super::folded::Folding;
use super::super::rows::decided;
use super::{Degree, named};

/// Edits without effect: who wrote them may have meant something.
pub(super) fn inert(page: &mut Page, company: &Compared<'_>, shown: Shown<'_>, degree: Degree) {
    let rows = idle_rows(company, shown);
    let count = Word::Number(rows.len());
    let said = match rows.len() {
        0 => return,
        1 => say!("1 edit changes no answer of anybody"),
        _ => say!("{count} edits change no answer of anybody", count),
    };
    if degree >= Degree::Short {
        page.item(2, said);
        return;
    }
    let mut inside = Page::default();
    for row in rows {
        inside.item(2, row.place().and(Line::from(" ")).and(row.line()));
    }
    page.details(said.into(), false, inside);
}

/// Answers that stayed, and have another reason.
pub(super) fn reasons(page: &mut Page, company: &Compared<'_>, shown: Shown<'_>, folding: &mut Folding) {
    let changes = &company.diff.reasons;
    if changes.is_empty() {
        return;
    }
    let said = match diff::count(changes) {
        1 => say!("1 answer stays the same, for another reason"),
        many => say!("{count} answers stay the same, for another reason", count = Word::Number(many)),
    };
    if folding.degree >= Degree::Short {
        page.item(2, said);
        return;
    }
    let people = company.people();
    let scoped = changes.iter().any(|change| change.targets.is_some());
    let mut rows: Vec<Vec<Line>> = Vec::new();
    for change in changes {
        let users: BTreeSet<&Name> = change.users.iter().collect();
        let mut row = vec![Line::from(named(company, &change.right))];
        if scoped {
            row.push(folding.targets(change, &users, &people).into());
        }
        row.push(folding.users(&users, &people).into());
        row.extend(
            [(&change.before, 0), (&change.after, 1)].map(|(it, side)| decided(it.as_ref(), side, shown).into()),
        );
        rows.push(row);
    }
    let mut head: Vec<Line> = vec![say!("right").into()];
    if scoped {
        head.push(say!("over").into());
    }
    head.extend([say!("who").into(), say!("before").into(), say!("after").into()]);
    let mut inside = Page::default();
    inside.columns(head, rows);
    page.details(said.into(), false, inside);
}

/// What is declared otherwise, whether it decides anything or not.
pub(super) fn declarations(page: &mut Page, company: &Compared<'_>, shown: Shown<'_>, degree: Degree) {
    let entries = &company.diff.declared;
    let said = match entries.len() {
        0 => return,
        1 => say!("1 entry is declared otherwise"),
        many => say!("{count} entries are declared otherwise", count = Word::Number(many)),
    };
    if degree >= Degree::Short {
        page.item(2, said);
        return;
    }
    let row = |row: DeclaredRow| {
        let action = match row.action {
            Action::Create => say!("added"),
            Action::Update => say!("changed"),
            Action::Delete => say!("taken out"),
        };
        let mut cells: Vec<Line> = vec![action.into(), row.kind.into(), row.text.into()];
        if !row.place.is_empty() {
            cells.push(row.place.into());
        }
        cells
    };
    let mut inside = Page::default();
    inside.table(0, declared_rows(entries.iter(), shown.sources).map(row).collect());
    page.details(said.into(), false, inside);
}
