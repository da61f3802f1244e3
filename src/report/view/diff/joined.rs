//! What is too much to be told one by one: causes of several edits, and the rows of one cause.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::Cause;
use crate::language::{Text, Word};
use crate::name::{Name, RightName};
use crate::say;

use super::cause::Explained;
use super::{Unfold, is_gain};

/// How many causes of several edits are told one by one.
const CAUSES: usize = 20;

/// How many rows of a cause are told one by one.
const ROWS: usize = 40;

/// Whether the edits work together only, and which rights are gained and lost by them.
type Doing<'d> = (bool, BTreeSet<(bool, &'d RightName)>);

/// Tells causes of several edits together if they are many and do something with the same rights: a dozen edits of which
/// each person is concerned by a few are behind hundreds of causes.
pub(super) fn causes(found: Vec<Explained<'_>>) -> Vec<Explained<'_>> {
    let is_of_several = |cause: &Explained<'_>| cause.causes[0].edits().len() > 1;
    if found.iter().filter(|cause| is_of_several(cause)).count() <= CAUSES {
        return found;
    }
    let (several, mut told): (Vec<_>, Vec<_>) = found.into_iter().partition(is_of_several);
    let mut joined: BTreeMap<Doing<'_>, Explained<'_>> = BTreeMap::new();
    for cause in several {
        let rights = cause.changes.iter().map(|(change, _)| (is_gain(change), &change.right)).collect();
        let key = (matches!(cause.causes[0], Cause::Together(_)), rights);
        if let Some(known) = joined.get_mut(&key) {
            known.causes.extend(cause.causes);
            known.changes.extend(cause.changes);
        } else {
            joined.insert(key, cause);
        }
    }
    told.extend(joined.into_values());
    told
}

/// Whose answers about a right changed alike, for the same reason.
#[derive(Debug)]
pub(super) struct Row<'d> {
    /// Whether they are yes now.
    pub gained: bool,
    /// The right.
    pub right: &'d RightName,
    /// Over whom or what; nothing for plain rights.
    pub of: Option<Text>,
    /// Whose answers.
    pub users: BTreeSet<&'d Name>,
    /// The reason, as far as the cause does not say it.
    pub why: Text,
}

/// Tells rows about the same right together if they are many. Those about one right stand one after the other.
pub(super) fn rows(found: Vec<Row<'_>>, unfold: Unfold) -> Vec<Row<'_>> {
    if found.len() <= ROWS {
        return found;
    }
    let mut told: Vec<(Row<'_>, usize)> = Vec::new();
    for row in found {
        match told.last_mut() {
            Some((known, ways)) if (known.gained, known.right) == (row.gained, row.right) => {
                known.users.extend(row.users);
                *ways += 1;
                if known.of != row.of {
                    known.of = Some(say!("different ones"));
                }
            }
            _ => told.push((row, 1)),
        }
    }
    let told = told.into_iter().map(|(row, ways)| match (Word::Number(ways), unfold) {
        _ if ways == 1 => row,
        (count, Unfold::Offered) => Row { why: say!(", in {count} ways (--unfold shows them)", count), ..row },
        (count, _) => Row { why: say!(", in {count} ways", count), ..row },
    });
    told.collect()
}
