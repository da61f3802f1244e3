//! What is told in sum, of people who are new or gone: how many of them gain or lose each right, and how many answers.

use crate::diff::{Diff, Edited, Keys, Sum};
use crate::language::{Text, Word};
use crate::name::Name;
use crate::report::block::{Line, Page, Tone};
use crate::report::view::count;
use crate::report::view::people::who;
use crate::review::{Everybody, Sensitive};
use crate::say;
use crate::syntax::gate::Turn;
use crate::text::Place;

use super::comment::effect::Effect;
use super::{Shown, Unfold};

/// All that is gained in sum, or lost.
pub(super) struct InSum<'d> {
    diff: &'d Diff,
    pub turn: Turn,
    pub sums: Vec<&'d Sum>,
}

/// What a difference has in sum, gains first.
pub(super) fn in_sum(diff: &Diff) -> Vec<InSum<'_>> {
    let of = |turn| {
        let sums: Vec<&Sum> = diff.sums.iter().filter(|sum| sum.turn == turn).collect();
        (!sums.is_empty()).then_some(InSum { diff, turn, sums })
    };
    [Turn::Gain, Turn::Loss].into_iter().filter_map(of).collect()
}

impl<'d> InSum<'d> {
    /// Everybody whom it is about.
    fn people(&self) -> Option<Keys<Name>> {
        Keys::union_of(self.sums.iter().map(|sum| &sum.users))
    }

    /// Whether a sensitive right is gained.
    pub fn is_sensitive(&self, sensitive: &Sensitive) -> bool {
        self.turn == Turn::Gain && self.sums.iter().any(|sum| sensitive.contains(&sum.right))
    }

    /// `new: 12 people`.
    pub fn cause(&self) -> Text {
        let who = count::people(self.people().as_ref().map_or(0, Keys::len));
        match self.turn {
            Turn::Gain => say!("new: {who}", who),
            Turn::Loss => say!("gone: {who}", who),
        }
    }

    /// `12 people gain 5 rights`.
    pub fn effect(&self) -> Text {
        Effect::of_sums(&self.sums).said()
    }

    /// That there is but a sum, and who tells more.
    pub fn hint(&self) -> Text {
        match self.turn {
            Turn::Gain => {
                say!("what they gain is counted by right; `rightful what USER` tells what one of them may do")
            }
            Turn::Loss => say!(
                "what they lose is counted by right; `rightful --at REV what USER` tells what one of them might do"
            ),
        }
    }

    /// One row for each right: which, how many answers, whose. The sensitive ones stand first.
    pub fn rows(&self, people: &Everybody<'_>, shown: Shown<'_>) -> Vec<[Line; 3]> {
        let mut sums = self.sums.clone();
        sums.sort_by_key(|sum| !shown.sensitive.contains(&sum.right));
        let row = |sum: &Sum| {
            let right = Line::new().then(Tone::Strong, sum.right.to_string());
            let right = match shown.sensitive.contains(&sum.right) {
                true => right.then(Tone::Warning, say!(" (sensitive)")),
                false => right,
            };
            let answers = match sum.answers {
                1 => say!("1 answer"),
                many => say!("{count} answers", count = Word::Number(many)),
            };
            let users = match shown.unfold {
                Unfold::Wanted => who(&sum.users.iter().collect(), people),
                Unfold::Offered | Unfold::Never => count::users(sum.users.len()),
            };
            [right, answers.into(), users.into()]
        };
        sums.into_iter().map(row).collect()
    }

    /// Where the first of them is declared, which may be nowhere.
    pub fn place(&self) -> Option<(usize, Place)> {
        let people = self.people()?;
        let is_one = |what: &Edited| matches!(what, Edited::User(name) if people.contains(name));
        let edit = self.diff.edits.iter().find(|edit| is_one(&edit.what))?;
        Some((usize::from(self.turn == Turn::Gain), edit.place()?))
    }
}

/// What is told in sum, as parts of a page.
pub(super) fn sums(page: &mut Page, diff: &Diff, people: &Everybody<'_>, shown: Shown<'_>) {
    for sum in in_sum(diff) {
        if !page.0.is_empty() {
            page.blank();
        }
        page.text(Line::new().then(Tone::Strong, sum.cause()));
        page.text(Line::new().then(Tone::Quiet, sum.hint()));
        let row = |[right, answers, users]: [Line; 3]| {
            let sign = match sum.turn {
                Turn::Gain => Line::new().then(Tone::Yes, "+"),
                Turn::Loss => Line::new().then(Tone::No, "-"),
            };
            vec![sign, right, answers.then(Tone::Plain, ", ").and(users)]
        };
        page.table(2, sum.rows(people, shown).into_iter().map(row).collect());
    }
}
