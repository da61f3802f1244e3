//! The steps of a plan become writes of rows, table by table: what a database does in bulk.

use std::collections::BTreeMap;

use crate::name::Name;
use crate::plan::{Base, Plan, Step, Written};
use crate::state::{Fact, Key, State};

use super::rows;
use super::tables::{Declares, Row};

/// What happens to the rows of one table.
#[derive(Debug, Default)]
pub struct Changes {
    /// The keys of rows that go away.
    pub deletes: Vec<Row>,
    /// Rows that are there and say something else from now on.
    pub updates: Vec<Row>,
    /// Rows that come into being.
    pub inserts: Vec<Row>,
}

impl Changes {
    /// The items of a list share one key, by which they go all at once.
    fn delete(&mut self, key: Row) {
        if self.deletes.last() != Some(&key) {
            self.deletes.push(key);
        }
    }
}

/// Everything that a plan writes to what the policy declares.
#[derive(Debug, Default)]
pub struct Writes {
    /// The keys of rows that hang on nothing and go before all else, by table.
    pub strays: BTreeMap<Declares, Changes>,
    /// Accounts that get another name, in this order and next: from, to.
    pub renames: Vec<(Name, Name)>,
    /// By table, in the order in which rows can be made.
    pub tables: BTreeMap<Declares, Changes>,
}

/// The writes of a plan over what the database says.
pub fn of_plan(plan: &Plan, actual: &State) -> Writes {
    let mut writes = Writes::default();
    let old = plan.renames().into_iter().map(|(from, to)| (to, from)).collect();
    for step in &plan.steps {
        match step {
            Step::Clear(key, fact) => {
                for (table, row) in rows::of_fact(key, fact) {
                    writes.strays.entry(table).or_default().delete(table.table().key_of(&row));
                }
            }
            Step::Project => {}
            Step::RenameUser { from, to } => writes.renames.push((from.clone(), to.clone())),
            Step::Delete(key) => writes.delete(before(&old, actual, key)),
            Step::Insert(key, fact) => {
                for (table, row) in rows::of_fact(key, fact) {
                    writes.of(table).inserts.push(row);
                }
            }
            Step::Update(key, fact) => {
                let before = before(&old, actual, key);
                writes.update(before, rows::of_fact(key, fact));
            }
        }
    }
    writes
}

/// What must be written for a database that says one thing to say another.
pub fn of_difference(old: &State, new: &State) -> Writes {
    let mut writes = Writes::default();
    let of = |state: &State, key: &Key| state.facts.get(key).map(|fact| rows::of_fact(key, fact)).unwrap_or_default();
    for key in old.facts.keys().filter(|key| !new.facts.contains_key(*key)) {
        writes.delete(of(old, key));
    }
    for (key, fact) in new.facts.iter().filter(|(key, fact)| old.facts.get(*key) != Some(*fact)) {
        writes.update(of(old, key), rows::of_fact(key, fact));
    }
    writes
}

/// The rows that a key has, after the renames that were asked for; `old` are the names before them.
fn before(old: &BTreeMap<Name, Name>, actual: &State, key: &Key) -> Vec<(Declares, Row)> {
    let fact: Option<&Fact> = actual.facts.get(&key.with_users_renamed(old)).or_else(|| actual.facts.get(key));
    fact.map(|fact| rows::of_fact(key, fact)).unwrap_or_default()
}

impl Writes {
    fn of(&mut self, table: Declares) -> &mut Changes {
        self.tables.entry(table).or_default()
    }

    fn delete(&mut self, before: Vec<(Declares, Row)>) {
        for (table, row) in before {
            self.of(table).delete(table.table().key_of(&row));
        }
    }

    fn update(&mut self, before: Vec<(Declares, Row)>, after: Vec<(Declares, Row)>) {
        let anew =
            [Declares::ModuleSetModules, Declares::AttachmentPatterns, Declares::LicenceServices, Declares::Access];
        for (table, row) in &before {
            // The items of a list are written anew: two that swap their places would be in each other's way. So are
            // accesses: the row may have gone with the role that it gave.
            let is_gone = anew.contains(table) || !after.iter().any(|(other, _)| other == table);
            if is_gone {
                self.of(*table).delete(table.table().key_of(row));
            }
        }
        for (table, row) in after {
            let is_there = !anew.contains(&table) && before.iter().any(|(other, _)| *other == table);
            match is_there {
                true if before.contains(&(table, row.clone())) => {}
                true => self.of(table).updates.push(row),
                false => self.of(table).inserts.push(row),
            }
        }
    }
}

/// What must be written for a database to remember something else of the last apply.
#[derive(Debug, Default)]
pub struct Memory<'b> {
    /// What it forgets.
    pub deletes: Vec<&'b Written>,
    /// What it remembers otherwise.
    pub updates: Vec<&'b Written>,
    /// What it remembers now.
    pub inserts: Vec<&'b Written>,
}

/// What must be written for a database that remembers one thing to remember another.
pub fn of_memory<'b>(old: &'b Base, new: &'b Base) -> Memory<'b> {
    let mut memory = Memory::default();
    for both in old.beside(new) {
        match both {
            [Some(old), None] => memory.deletes.push(old),
            [None, Some(new)] => memory.inserts.push(new),
            [Some(old), Some(new)] if old != new => memory.updates.push(new),
            _ => {}
        }
    }
    memory
}
