//! Steps as differences that people review, each with its origin, and what both sides changed.

use std::collections::BTreeMap;

use crate::name::Name;
use crate::state::{Action, Fact, Fields, Key, Said, State, Value};

use super::{Base, Change, Conflict, Origin, Step};

/// What the last apply wrote, asked under today's names.
pub(super) struct History<'a> {
    pub base: Option<&'a Base>,
    pub declared: &'a State,
    pub renames: &'a [(Name, Name)],
}

impl History<'_> {
    pub fn row(&self, key: &Key) -> Option<&BTreeMap<String, Value>> {
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

    pub fn describe(&self, step: &Step, actual: &State, changes: &mut Vec<Change>, conflicts: &mut Vec<Conflict>) {
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

/// That an account gets another name.
pub(super) fn rename_change(from: &Name, to: &Name) -> Change {
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
