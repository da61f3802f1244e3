//! The plan: what must be written so that a database says what the policy says, and whose change each difference is.
//!
//! Three states are compared: what the last apply wrote (base), what the policy wants, and what the database says.
//! What a plan lists is what an apply runs; nothing is decided later.

mod fingerprint;
pub mod guard;

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Date;
use crate::diff::{self, Effective};
use crate::name::Name;
use crate::resolve::InForce;
use crate::state::{self, Action, Fact, Fields, Key, Kind, Said, State, UserFact, Value};
use crate::text::Place;

pub use fingerprint::{Fingerprint, digest};

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
    let renames = renames(&reading.actual, desired);
    let actual = renamed(&reading.actual, &renames);
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

/// The renames that can be done, in an order in which they can: the old account is there, and the new name is free. An
/// old name that the policy gives to somebody else is free once its account has moved on.
fn renames(actual: &State, desired: &Desired) -> Vec<(Name, Name)> {
    let declared = |name: &Name| desired.state.facts.contains_key(&Key::User(name.clone()));
    let accounts = actual.facts.keys().filter_map(|key| match key {
        Key::User(name) => Some(name),
        _ => None,
    });
    let mut accounts: BTreeSet<&Name> = accounts.collect();
    let mut open: Vec<&(Name, Name)> = desired.renames.iter().collect();
    let mut done: Vec<(Name, Name)> = Vec::new();
    loop {
        let possible = open.iter().position(|(from, to)| {
            let moves_on = open.iter().any(|(_, taken)| taken == from);
            accounts.contains(from) && !accounts.contains(to) && (!declared(from) || moves_on)
        });
        let Some(index) = possible else { return done };
        let (from, to) = open.remove(index);
        accounts.remove(from);
        accounts.insert(to);
        done.push((from.clone(), to.clone()));
    }
}

fn renamed(actual: &State, renames: &[(Name, Name)]) -> State {
    let mut facts = actual.facts.clone();
    for (from, to) in renames {
        facts = facts.into_iter().map(|(key, fact)| (key.with_user_renamed(from, to), fact)).collect();
    }
    State { facts }
}

fn rename_change(from: &Name, to: &Name) -> Change {
    let said = |name: &Name| Some(Said::Field(Value::of_text(Some(name.as_str()))));
    Change {
        action: Action::Update,
        key: Key::User(to.clone()),
        field: Some("id"),
        before: said(from),
        after: said(to),
        origin: Origin::Policy,
    }
}

/// What the database shall say: the policy, and the accounts that it no longer has, out of use. They are never deleted,
/// since the data that they leave behind stays a target of other people's rights.
fn with_retired(desired: &State, actual: &State) -> State {
    let mut after = desired.clone();
    let linked = |employee: &Name| {
        desired.facts.values().any(|fact| matches!(fact, Fact::User(user) if user.employee.as_ref() == Some(employee)))
    };
    for (key, fact) in &actual.facts {
        let (Key::User(_), Fact::User(user)) = (key, fact) else { continue };
        if after.facts.contains_key(key) {
            continue;
        }
        let register = |state: &State, employee: &Name| match state.facts.get(&Key::Employee(employee.clone())) {
            Some(Fact::Employee(found)) => Some(found.name.clone()),
            _ => None,
        };
        // The link stays as long as the register has the employee and nobody else is linked to it.
        let employee =
            user.employee.clone().filter(|employee| register(desired, employee).is_some() && !linked(employee));
        let shown = user.employee.as_ref().and_then(|employee| register(actual, employee).flatten());
        let name = if employee.is_some() { user.name.clone() } else { user.name.clone().or(shown) };
        let retired = UserFact { employee, name, superuser: false, active: false, modules: None };
        after.facts.insert(key.clone(), Fact::User(retired));
    }
    after
}

/// What the last apply wrote, asked under today's names.
struct History<'a> {
    base: Option<&'a Base>,
    declared: &'a State,
    renames: &'a [(Name, Name)],
}

impl History<'_> {
    fn row(&self, key: &Key) -> Option<&BTreeMap<String, Value>> {
        let before = |key: Key, (from, to): &(Name, Name)| key.with_user_renamed(to, from);
        let key = self.renames.iter().rev().fold(key.clone(), before);
        self.base?.get(&(key.kind(), key.to_string()))
    }

    /// Whose change it is that the database and the policy differ.
    fn origin<T: PartialEq>(&self, base: &Option<T>, database: &Option<T>, policy: &Option<T>) -> Origin {
        match self.base {
            None => Origin::Policy,
            Some(_) if base == database => Origin::Policy,
            Some(_) if base == policy => Origin::Drift,
            Some(_) => Origin::Conflict,
        }
    }

    fn describe(&self, step: &Step, actual: &State, changes: &mut Vec<Change>, conflicts: &mut Vec<Conflict>) {
        let (key, after) = match step {
            Step::RenameUser { .. } => return,
            Step::Delete(key) => (key, None),
            Step::Insert(key, fact) | Step::Update(key, fact) => (key, Some(fact.fields())),
        };
        let before = actual.facts.get(key).map(Fact::fields);
        let base = self.row(key);
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) => {
                for ((field, before), (_, after)) in before.into_iter().zip(after) {
                    if before != after {
                        let base = base.and_then(|row| row.get(field)).cloned();
                        self.field(key, field, base, before, after, changes, conflicts);
                    }
                }
                return;
            }
            rows => rows,
        };
        let by_field = |fields: Fields| -> BTreeMap<String, Value> {
            fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
        };
        let (base, database, policy) = (base.cloned(), before.map(by_field), after.map(by_field));
        let origin = self.origin(&base, &database, &policy);
        let action = if database.is_some() { Action::Delete } else { Action::Create };
        let [base, before, after] = [base, database, policy].map(|row| row.map(Said::Row));
        if origin == Origin::Conflict {
            let (policy, database) = (after.clone(), before.clone());
            conflicts.push(Conflict { key: key.clone(), field: None, base, policy, database });
        }
        changes.push(Change { action, key: key.clone(), field: None, before, after, origin });
    }

    #[expect(clippy::too_many_arguments, reason = "three values of one field, and where they go")]
    fn field(
        &self,
        key: &Key,
        field: &'static str,
        base: Option<Value>,
        before: Value,
        after: Value,
        changes: &mut Vec<Change>,
        conflicts: &mut Vec<Conflict>,
    ) {
        let (before, after) = (Some(before), Some(after));
        // An account that neither the policy nor the last apply knows was made by somebody else.
        let is_rogue = !self.declared.facts.contains_key(key) && self.base.is_some() && self.row(key).is_none();
        let origin = if is_rogue { Origin::Drift } else { self.origin(&base, &before, &after) };
        let [base, before, after] = [base, before, after].map(|value| value.map(Said::Field));
        if origin == Origin::Conflict {
            let (policy, database) = (after.clone(), before.clone());
            conflicts.push(Conflict { key: key.clone(), field: Some(field), base, policy, database });
        }
        changes.push(Change { action: Action::Update, key: key.clone(), field: Some(field), before, after, origin });
    }
}

/// A state as the next plan will see it as its base.
pub fn as_base(state: &State) -> Base {
    let row = |fact: &Fact| fact.fields().into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
    state.facts.iter().map(|(key, fact)| ((key.kind(), key.to_string()), row(fact))).collect()
}
