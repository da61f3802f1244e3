//! What somebody had changed in the database and the policy says too by now, by `pull` for example: nothing is written for
//! it, and from now on it is no drift.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;
use crate::state::{Action, Kind, Said, Value};

use super::rename::{FORMER, RETIRED};
use super::{Base, Plan};

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
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let differs = gone.chain(after.keys()).filter(|key| !same(before.get(*key), after.get(*key)));
    let taken = differs.filter(|key| !written.contains(*key) && !mentions(key, &renamed));
    let said = |row: Option<&BTreeMap<String, Value>>| row.map(|row| Said::Row(own(row).map(of_field).collect()));
    taken
        .map(|key| {
            let (old, new) = (before.get(key), after.get(key));
            let action = match (old, new) {
                (None, _) => Action::Create,
                (_, None) => Action::Delete,
                _ => Action::Update,
            };
            Adopted { action, kind: key.0, key: key.1.clone(), before: said(old), after: said(new) }
        })
        .collect()
}

fn of_field((field, value): (&String, &Value)) -> (String, Value) {
    (field.clone(), value.clone())
}

/// The fields of the thing itself.
fn own(row: &BTreeMap<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    row.iter().filter(|(field, _)| !matches!(field.as_str(), FORMER | RETIRED))
}

fn same(old: Option<&BTreeMap<String, Value>>, new: Option<&BTreeMap<String, Value>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => own(old).eq(own(new)),
        _ => false,
    }
}

/// Whether a key is about an account that gets another name: its rows are remembered under another key, and are the same.
fn mentions((kind, key): &(Kind, String), renamed: &BTreeSet<Name>) -> bool {
    let is_renamed = |word: &str| renamed.contains(&Name::foreign(word));
    match kind {
        Kind::User | Kind::Access => is_renamed(key),
        _ => key.split(' ').any(|word| word.strip_prefix("user:").is_some_and(is_renamed)),
    }
}
