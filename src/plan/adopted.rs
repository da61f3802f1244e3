//! What somebody had changed in the database and the policy says too by now, by `pull` for example: nothing is written for
//! it, and from now on it is no drift.

use std::collections::BTreeSet;

use crate::name::Name;
use crate::state::{Action, Kind, Said};

use super::{Base, Plan, Written};

/// One row that the policy took over from the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// What somebody had done to it.
    pub action: Action,
    /// What kind of thing.
    pub kind: Kind,
    /// Which one, as its key reads.
    pub key: String,
    /// What the last apply wrote; `None` if it had no such row.
    pub before: Option<Said>,
    /// What the policy says.
    pub after: Option<Said>,
}

/// What a plan takes over: what it remembers otherwise than the last apply, without writing it.
pub fn adopted(plan: &Plan, before: Option<&Base>, after: &Base) -> Vec<Adopted> {
    // Before the first apply nothing is remembered, and nothing is taken over.
    let Some(before) = before else { return Vec::new() };
    let written: BTreeSet<(Kind, String)> =
        plan.changes.iter().map(|change| (change.key.kind(), change.key.to_string())).collect();
    let renamed: BTreeSet<Name> = plan.renames().into_iter().flat_map(|(from, to)| [from, to]).collect();
    // What is gone stands before what is there.
    let differing = |[old, new]: &[Option<&Written>; 2]| !old.zip(*new).is_some_and(|(old, new)| old.says_same(new));
    let differs: Vec<[Option<&Written>; 2]> = before.beside(after).filter(differing).collect();
    let (gone, there): (Vec<_>, Vec<_>) = differs.into_iter().partition(|[_, new]| new.is_none());
    let said = |row: Option<&Written>| row.map(|row| Said::Row(row.own()));
    let taken = gone.into_iter().chain(there).filter_map(|[old, new]| {
        let row = old.or(new)?;
        let key = (row.kind, row.key.to_string());
        let action = match (old, new) {
            (None, _) => Action::Create,
            (_, None) => Action::Delete,
            _ => Action::Update,
        };
        let is_taken = !written.contains(&key) && !mentions(&key, &renamed);
        is_taken.then(|| Adopted { action, kind: key.0, key: key.1, before: said(old), after: said(new) })
    });
    taken.collect()
}

/// Whether a key is about an account that gets another name: its rows are remembered under another key, and are the same.
fn mentions((kind, key): &(Kind, String), renamed: &BTreeSet<Name>) -> bool {
    let is_renamed = |word: &str| renamed.contains(&Name::foreign(word));
    match kind {
        Kind::User | Kind::Access => is_renamed(key),
        _ => key.split(' ').any(|word| word.strip_prefix("user:").is_some_and(is_renamed)),
    }
}
