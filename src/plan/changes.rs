//! Steps as differences that people review, each with its origin, and what both sides changed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::name::Name;
use crate::state::{Action, Fact, Fields, Key, Row, Said, State, Value};

use super::rename::Renames;
use super::{Base, Change, Conflict, Origin, Step, Written, steps_between};

/// What the last apply wrote, asked under today's names.
pub(super) struct Remembered<'a> {
    /// What it wrote.
    pub base: Option<&'a Base>,
    /// What the policy declares.
    pub declared: &'a State,
    /// The accounts that get another name.
    pub renames: &'a Renames,
}

impl Remembered<'_> {
    /// What the last apply wrote under a key.
    pub fn row(&self, key: &Key) -> Option<&Written> {
        let base = self.base?;
        let key = self.renames.before(key);
        base.find(key.kind(), &key.to_string())
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

    /// Whose change it is that a row is there on one side only, or says another thing.
    pub fn origin_of_row(&self, key: &Key, database: Option<&Fact>, policy: Option<&Fact>) -> Origin {
        let fields = |fact: &Fact| by_field(fact.fields());
        self.origin(&self.row(key).map(Written::own), &database.map(fields), &policy.map(fields))
    }

    /// Whose change it is that a field of a row says something else.
    pub fn origin_of_field(&self, key: &Key, field: &str, database: &Value, policy: &Value) -> Origin {
        let row = self.row(key);
        // An account that neither the policy nor the last apply knows was made by somebody else.
        if !self.declared.facts.contains_key(key) && self.base.is_some() && row.is_none() {
            return Origin::Drift;
        }
        let base = row.and_then(|row| row.get(field));
        self.origin(&base, &Some(database.clone()), &Some(policy.clone()))
    }

    /// Steps as people review them, and what both sides changed.
    pub fn describe_all(&self, steps: &[Step], before: &State) -> (Vec<Change>, Vec<Conflict>) {
        let (mut changes, mut conflicts) = (Vec::new(), Vec::new());
        for step in steps {
            self.describe(step, before, &mut changes, &mut conflicts);
        }
        (changes, conflicts)
    }

    /// What somebody changed in the database and will be as it is now.
    pub fn kept(&self, [before, after, declared]: [&State; 3]) -> Vec<Change> {
        let (all, _) = self.describe_all(&steps_between(before, declared), before);
        let (made, _) = self.describe_all(&steps_between(before, after), before);
        let made: BTreeSet<(&Key, Option<&str>)> = made.iter().map(|change| (&change.key, change.field)).collect();
        let is_kept = |change: &Change| !made.contains(&(&change.key, change.field));
        let mut kept: Vec<Change> = all.into_iter().filter(is_kept).collect();
        kept.sort_by(|a, b| a.key.cmp(&b.key));
        kept
    }

    /// Accounts that neither the policy nor the last apply knows and that are out of use already: they stay as they are.
    pub fn idle_accounts(&self, before: &State, declared: &State) -> Vec<Change> {
        let is_idle = |(key, fact): &(&Key, &Fact)| {
            matches!(key, Key::User(_))
                && self.base.is_some()
                && !self.declared.facts.contains_key(*key)
                && declared.facts.get(*key) == Some(*fact)
                && self.row(key).is_none()
        };
        before.facts.iter().filter(is_idle).map(|(key, fact)| undone(key, fact)).collect()
    }

    fn describe(&self, step: &Step, actual: &State, changes: &mut Vec<Change>, conflicts: &mut Vec<Conflict>) {
        let (key, after) = match step {
            Step::Clear(..) | Step::RenameUser { .. } | Step::Project => return,
            Step::Delete(key) => (key, None),
            Step::Insert(key, fact) | Step::Update(key, fact) => (key, Some(fact.fields())),
        };
        let before = actual.facts.get(key).map(Fact::fields);
        let base = self.row(key);
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) => {
                for ((field, before), (_, after)) in before.into_iter().zip(after) {
                    if before != after {
                        let base = base.and_then(|row| row.get(field));
                        self.field(key, field, base, before, after, changes, conflicts);
                    }
                }
                return;
            }
            rows => rows,
        };
        let (base, database, policy) = (base.map(Written::own), before.map(by_field), after.map(by_field));
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
        let origin = self.origin_of_field(key, field, &before, &after);
        let (before, after) = (Some(before), Some(after));
        let [base, before, after] = [base, before, after].map(|value| value.map(Said::Field));
        if origin == Origin::Conflict {
            let (policy, database) = (after.clone(), before.clone());
            conflicts.push(Conflict { key: key.clone(), field: Some(field), base, policy, database });
        }
        changes.push(Change { action: Action::Update, key: key.clone(), field: Some(field), before, after, origin });
    }
}

/// That a row goes away which somebody made in the database.
pub(super) fn undone(key: &Key, fact: &Fact) -> Change {
    Change {
        action: Action::Delete,
        key: key.clone(),
        field: None,
        before: Some(Said::Row(by_field(fact.fields()))),
        after: None,
        origin: Origin::Drift,
    }
}

fn by_field(fields: Fields) -> Row {
    fields.into_iter().map(|(field, value)| (Cow::Borrowed(field), value)).collect()
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
