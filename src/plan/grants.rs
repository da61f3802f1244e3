//! Every row of a database that gives access, by what stands behind it.

use std::collections::BTreeSet;

use crate::date::{Date, Validity};
use crate::model::Effect;
use crate::state::{Fact, Key, State};

use super::changes::Remembered;

/// The rows that give access: memberships, online accesses, rules that allow, and superusers. Each is in one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// How many rows say what the policy says.
    pub declared: usize,
    /// The policy has this row, and something about it differs: its period, its reason, its role, or that a user of the
    /// policy is a superuser. Who changed it, the changes tell.
    pub drifted: Vec<Grant>,
    /// The policy says the same, and the period was over before the day of the plan.
    pub expired: Vec<Grant>,
    /// Neither the policy nor the last apply knows this row: somebody wrote it into the database.
    pub rogue: Vec<Grant>,
    /// The last apply wrote this row, and the policy has it no more, or has no more what it hangs on.
    pub orphan: Vec<Grant>,
}

/// One row that gives access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Which row; that of a user stands for being a superuser.
    pub key: Key,
}

impl Grant {
    /// The word for what gives access: `superuser`, or the kind of the row.
    pub fn kind(&self) -> &'static str {
        match &self.key {
            Key::User(_) => "superuser",
            key => key.kind().as_str(),
        }
    }
}

impl Grants {
    /// Whether every row is as the policy has it, or is one that it gave up.
    pub fn is_expected(&self) -> bool {
        [&self.drifted, &self.expired, &self.rogue].into_iter().all(Vec::is_empty)
    }
}

/// What stands behind one row.
enum Standing {
    Declared,
    Drifted,
    Expired,
    Rogue,
    Orphan,
}

/// Looks at every row of a database that gives access, as seen on a day.
pub(super) fn grants(known: &Remembered<'_>, desired: &State, actual: &State, on: Date) -> Grants {
    let mut found = Grants::default();
    // Rows of the policy that are missing, whatever their period: another period of one of them is no other row.
    let missing = desired.beside(actual).filter(|(_, facts)| facts[1].is_none());
    let missing: BTreeSet<Key> = missing.filter_map(|(key, _)| at_any_time(key)).collect();
    for (key, [wanted, fact]) in desired.beside(actual) {
        let Some(fact) = fact else { continue };
        let standing = match (key, fact) {
            (Key::User(_), Fact::User(user)) if user.superuser => of_superuser(known, wanted, key),
            (Key::Rule { effect: Effect::Allow, .. } | Key::Member { .. } | Key::Access(_), _) => {
                of_row(known, &missing, key, [wanted, Some(fact)], on)
            }
            _ => continue,
        };
        let grant = || Grant { key: key.clone() };
        match standing {
            Standing::Declared => found.declared += 1,
            Standing::Drifted => found.drifted.push(grant()),
            Standing::Expired => found.expired.push(grant()),
            Standing::Rogue => found.rogue.push(grant()),
            Standing::Orphan => found.orphan.push(grant()),
        }
    }
    found
}

fn of_superuser(known: &Remembered<'_>, wanted: Option<&Fact>, key: &Key) -> Standing {
    let was = known.row(key).is_some_and(|row| row.is("superuser", true));
    match wanted {
        Some(Fact::User(user)) if user.superuser => Standing::Declared,
        _ if was => Standing::Orphan,
        Some(_) => Standing::Drifted,
        None => Standing::Rogue,
    }
}

fn of_row(
    known: &Remembered<'_>,
    missing: &BTreeSet<Key>,
    key: &Key,
    [wanted, fact]: [Option<&Fact>; 2],
    on: Date,
) -> Standing {
    match wanted {
        Some(_) if wanted != fact => Standing::Drifted,
        Some(_) if period(key).is_some_and(|period| period.until < on) => Standing::Expired,
        Some(_) => Standing::Declared,
        None if at_any_time(key).is_some_and(|key| missing.contains(&key)) => Standing::Drifted,
        None if known.row(key).is_some() => Standing::Orphan,
        None => Standing::Rogue,
    }
}

fn period(key: &Key) -> Option<Validity> {
    match key {
        Key::Member { validity, .. } | Key::Rule { validity, .. } => Some(*validity),
        _ => None,
    }
}

/// The key of a row that has a period, without it.
fn at_any_time(key: &Key) -> Option<Key> {
    let mut key = key.clone();
    match &mut key {
        Key::Member { validity, .. } | Key::Rule { validity, .. } => *validity = Validity::ALWAYS,
        _ => return None,
    }
    Some(key)
}
