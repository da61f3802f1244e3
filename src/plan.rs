//! The plan: what must be written so that a database says what the policy says, and whose change each difference is.
//!
//! Three states are compared: what the last apply wrote (base), what the policy wants, and what the database says.
//! What a plan lists is what an apply runs; nothing is decided later.

mod changes;
mod fingerprint;
pub mod guard;
mod rename;
mod retire;

use std::collections::BTreeMap;

use crate::date::Date;
use crate::diff::{self, Effective};
use crate::name::Name;
use crate::resolve::InForce;
use crate::state::{self, Action, Fact, Key, Kind, Said, State, Value};
use crate::text::Place;

use changes::{History, rename_change};
pub use fingerprint::{Fingerprint, digest};
use retire::with_retired;

/// What the last apply wrote, by kind and text of the key.
pub type Base = BTreeMap<(Kind, String), BTreeMap<String, Value>>;

/// What a target says at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Everything that stands in it.
    pub actual: State,
    /// What the last apply wrote; `None` before the first.
    pub base: Option<Base>,
}

/// Who made a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The policy changed.
    Policy,
    /// Somebody changed the database.
    Drift,
    /// Both did; the policy wins.
    Conflict,
}

impl Origin {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Drift => "drift",
            Self::Conflict => "conflict",
        }
    }
}

/// One difference, as people review it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// To what.
    pub key: Key,
    /// Which field of it, for an update.
    pub field: Option<&'static str>,
    /// What the database says: the field's value, or all fields of a row that goes away.
    pub before: Option<Said>,
    /// What it will say.
    pub after: Option<Said>,
    /// Whose change it is.
    pub origin: Origin,
}

/// A field that the policy and the database both changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Of what.
    pub key: Key,
    /// Which field; `None` if the row as a whole.
    pub field: Option<&'static str>,
    /// What the last apply wrote.
    pub base: Option<Said>,
    /// What the policy wants.
    pub policy: Option<Said>,
    /// What the database says.
    pub database: Option<Said>,
}

/// One write. Steps stand in an order in which each finds what it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An account gets another name and keeps everything that hangs on it.
    RenameUser {
        /// The old name.
        from: Name,
        /// The new name.
        to: Name,
    },
    /// A row goes away.
    Delete(Key),
    /// A row comes into being.
    Insert(Key, Fact),
    /// A row changes.
    Update(Key, Fact),
}

/// Everything that an apply would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The differences, for people.
    pub changes: Vec<Change>,
    /// What both sides changed.
    pub conflicts: Vec<Conflict>,
    /// What it means for people.
    pub effective: Effective,
    /// The writes.
    pub steps: Vec<Step>,
    /// What the database says, with accounts under their new names.
    pub before: State,
    /// What the database will say.
    pub after: State,
    /// Identifies what the plan was made from and what it does.
    pub fingerprint: Fingerprint,
    /// Identifies what the database said; an apply is refused if it says something else.
    pub seen: Fingerprint,
}

impl Plan {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// What a policy wants of a database.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// What it declares.
    pub state: State,
    /// Accounts with an old name: from, to.
    pub renames: Vec<(Name, Name)>,
}

/// Plans the way from what a database says to what a policy wants, as seen on a day. `place` tells where a fact is
/// written in the policy files.
pub fn plan(reading: &Reading, desired: &Desired, on: Date, place: impl Fn(&Key) -> Option<Place>) -> Plan {
    let seen = digest(reading);
    let renames = rename::possible(&reading.actual, desired);
    let actual = rename::renamed(&reading.actual, &renames);
    let after = with_retired(&desired.state, &actual);
    let mut steps: Vec<Step> =
        renames.iter().map(|(from, to)| Step::RenameUser { from: from.clone(), to: to.clone() }).collect();
    let mut changes: Vec<Change> = renames.iter().map(|(from, to)| rename_change(from, to)).collect();
    let mut conflicts = Vec::new();
    let history = History { base: reading.base.as_ref(), declared: &desired.state, renames: &renames };
    for key in actual.facts.keys().rev().filter(|key| !after.facts.contains_key(*key)) {
        steps.push(Step::Delete(key.clone()));
    }
    for (key, fact) in &after.facts {
        match actual.facts.get(key) {
            None => steps.push(Step::Insert(key.clone(), fact.clone())),
            Some(before) if before != fact => steps.push(Step::Update(key.clone(), fact.clone())),
            Some(_) => {}
        }
    }
    for step in &steps {
        history.describe(step, &actual, &mut changes, &mut conflicts);
    }
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    let base_policy = state::compile(&actual, |_| None);
    let head_policy = state::compile(&after, place);
    let effective = diff::effective(&InForce::new(&base_policy, on), &InForce::new(&head_policy, on));
    let fingerprint = fingerprint::of_plan(&seen, &steps, on, &effective);
    Plan { changes, conflicts, effective, steps, before: actual, after, fingerprint, seen }
}

/// A state as the next plan will see it as its base.
pub fn as_base(state: &State) -> Base {
    let row = |fact: &Fact| fact.fields().into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
    state.facts.iter().map(|(key, fact)| ((key.kind(), key.to_string()), row(fact))).collect()
}
