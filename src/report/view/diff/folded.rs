//! Names folded by degrees: all of them, or how many, with what was left out counted.

use std::collections::BTreeSet;

use crate::diff::{Change, Keys};
use crate::language::{Joint, Text, Word, list};
use crate::model::key::TargetKey;
use crate::name::{Name, RightName};
use crate::report::view::count;
use crate::report::view::people::{of_whom, targets_without_list, users_without_list};
use crate::review::Everybody;
use crate::say;

use super::comment::Degree;
use super::rows::{names, others};

/// The most people who are named in one line, and the most rights.
const FEW: usize = 3;

/// Folds, and counts what it leaves out.
#[derive(Debug)]
pub(super) struct Folding {
    /// How much is folded.
    pub degree: Degree,
    /// How many names were left out where there was a list of them.
    pub names: usize,
}

impl Folding {
    /// Whose answers changed.
    pub fn users(&mut self, users: &BTreeSet<&Name>, people: &Everybody<'_>) -> Text {
        if self.degree == Degree::Whole || users.len() == 1 {
            return names(users, people);
        }
        users_without_list(users, people).unwrap_or_else(|| {
            self.names += users.len();
            count::users(users.len())
        })
    }

    /// Over whom or what; nothing for plain rights.
    pub fn targets(&mut self, change: &Change, users: &BTreeSet<&Name>, people: &Everybody<'_>) -> Text {
        let Some(targets) = &change.targets else { return Text::default() };
        let targets = others(targets, change, users);
        if self.degree == Degree::Whole || targets.len() <= FEW {
            return of_whom(&targets, people);
        }
        targets_without_list(&targets, people).unwrap_or_else(|| {
            self.names += targets.len();
            number_of(&targets)
        })
    }
}

/// `12 people`, `5 modules`.
fn number_of(targets: &Keys<TargetKey>) -> Text {
    let count = Word::Number(targets.len());
    match targets.first() {
        Some(TargetKey::User(_)) | None => count::people(targets.len()),
        Some(TargetKey::Module(_)) => say!("{count} modules", count),
        Some(_) => say!("{count} attachment classes", count),
    }
}

/// Some people in one line: by name if they are few.
pub(super) fn some_people(users: &BTreeSet<&Name>) -> Text {
    if users.len() <= FEW {
        say!("{names}", names = list(users.iter().copied(), Joint::And))
    } else {
        count::people(users.len())
    }
}

/// Some rights in one line: by name if they are few.
pub(super) fn some_rights(rights: &BTreeSet<&RightName>) -> Text {
    if rights.len() <= FEW {
        say!("{names}", names = list(rights.iter().copied(), Joint::And))
    } else {
        count::rights(rights.len())
    }
}
