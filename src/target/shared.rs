//! A database that a CRM shares with us: an engine with the CRM beside it. Everything goes to the engine, but for the
//! two hooks, which go to the CRM; copies are the CRM's own business.

use std::path::Path;

use crate::audit::{Entry, Head, Run};
use crate::date::Date;
use crate::model::Policy;
use crate::plan::{Plan, Reading};
use crate::state::State;

use super::crm::{Crm, Renames};
use super::limits::Limits;
use super::relational::{self, Access, Each, Engine, Lock, Rows};
use super::sql::Sql;
use super::tables::{Row, Table};
use super::{Alter, End, Receipt, Registered, Target, TargetError};

/// What an engine must know of the CRM whose database it is.
#[derive(Debug, Clone, Copy)]
pub struct Sharing {
    /// What [`Crm::schema`] says.
    pub schema: &'static str,
    /// What [`Crm::table`] says.
    pub table: &'static str,
}

/// An engine that can work in the database of a CRM.
pub trait Host: Engine + Sql + Target {
    /// From now on it is such a database: never made, never emptied, with our tables beside the CRM's.
    #[must_use]
    fn shared(self, sharing: Sharing) -> Self
    where
        Self: Sized;

    /// What people call the database.
    fn called(&self) -> String;

    /// What an error means for whoever only reads.
    fn of_reading(&self, error: TargetError) -> TargetError {
        error
    }
}

/// A database of a CRM.
pub struct Shared<E, C> {
    engine: E,
    crm: C,
}

impl<E: Host, C: Crm> Shared<E, C> {
    /// The database that an engine reaches, as one of a CRM.
    pub fn new(engine: E, crm: C) -> Self {
        let sharing = Sharing { schema: crm.schema(), table: crm.table() };
        Self { engine: engine.shared(sharing), crm }
    }

    /// The CRM, and what it found out.
    pub fn crm(&self) -> &C {
        &self.crm
    }

    fn for_reading<T>(&self, found: Result<T, TargetError>) -> Result<T, TargetError> {
        found.map_err(|error| self.engine.of_reading(error))
    }
}

impl<E: Host, C: Crm> Engine for Shared<E, C> {
    fn is_absent(&self) -> bool {
        self.engine.is_absent()
    }

    fn begin(&mut self, access: Access) -> Result<(), TargetError> {
        self.engine.begin(access)
    }

    fn commit(&mut self) -> Result<(), TargetError> {
        self.engine.commit()
    }

    fn rollback(&mut self) {
        self.engine.rollback();
    }

    fn version(&mut self) -> Result<usize, TargetError> {
        self.engine.version()
    }

    fn newest(&self) -> usize {
        self.engine.newest()
    }

    fn migrate(&mut self, from: usize) -> Result<(), TargetError> {
        self.engine.migrate(from)
    }

    fn confirm(&mut self) -> Result<(), TargetError> {
        self.engine.confirm()
    }

    fn select(&mut self, table: &'static Table, each: Each<'_>) -> Result<(), TargetError> {
        self.engine.select(table, each)
    }

    fn delete(&mut self, table: &'static Table, keys: &[Row]) -> Result<(), TargetError> {
        self.engine.delete(table, keys)
    }

    fn empty(&mut self, table: &'static Table, column: &str, keys: &[Row]) -> Result<(), TargetError> {
        self.engine.empty(table, column, keys)
    }

    fn update(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), TargetError> {
        self.engine.update(table, rows)
    }

    fn insert(&mut self, table: &'static Table, rows: Rows<'_>) -> Result<(), TargetError> {
        self.engine.insert(table, rows)
    }

    fn set_aside(&mut self, table: &'static Table) -> Result<(), TargetError> {
        self.engine.set_aside(table)
    }

    fn put_back(&mut self) -> Result<(), TargetError> {
        self.engine.put_back()
    }

    fn rename_user(&mut self, from: &str, to: &str) -> Result<(), TargetError> {
        self.engine.rename_user(from, to)
    }

    fn lock(&mut self, access: Access) -> Result<(Lock, String), TargetError> {
        self.engine.lock(access)
    }

    fn set_lock(&mut self, fence: i64, holder: Option<&str>) -> Result<(), TargetError> {
        self.engine.set_lock(fence, holder)
    }

    fn last_entry(&mut self) -> Result<(Head, i64), TargetError> {
        self.engine.last_entry()
    }

    fn last_applied(&mut self) -> Result<Vec<String>, TargetError> {
        self.engine.last_applied()
    }

    fn altered(&self, what: &str) -> TargetError {
        self.engine.altered(what)
    }

    fn may_try_again(&self, error: &TargetError) -> bool {
        self.engine.may_try_again(error)
    }

    fn has_crm(&self) -> bool {
        true
    }

    fn correct(&mut self, reading: &mut Reading, version: usize) -> Result<(), TargetError> {
        self.crm.correct(&mut self.engine, reading, version)
    }

    fn project(&mut self, after: &State, renames: &Renames, run: &Run) -> Result<(), TargetError> {
        self.crm.project(&mut self.engine, after, renames, run)
    }
}

impl<E: Host, C: Crm> Target for Shared<E, C> {
    fn read(&mut self) -> Result<Reading, TargetError> {
        let found = relational::read(self);
        self.for_reading(found)
    }

    fn read_all(&mut self) -> Result<(Reading, Registered), TargetError> {
        let found = relational::read_all(self);
        self.for_reading(found)
    }

    fn apply(&mut self, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
        relational::apply(self, plan, run)
    }

    fn record_failure(&mut self, run: &Run, error: &str) -> Result<Option<End>, TargetError> {
        relational::record_failure(self, run, error)
    }

    fn limits(&self, policy: &Policy, on: Date) -> Option<Limits> {
        self.crm.limits(policy, on)
    }

    fn name(&self) -> Option<String> {
        Target::name(&self.engine)
    }

    fn identity(&mut self) -> Result<Option<String>, TargetError> {
        let found = relational::identity(self);
        self.for_reading(found)
    }

    fn audit(&mut self, each: &mut dyn FnMut(Entry)) -> Result<(), TargetError> {
        let found = relational::audit(self, each);
        self.for_reading(found)
    }

    fn register(&mut self) -> Result<Registered, TargetError> {
        let found = relational::register(self);
        self.for_reading(found)
    }

    fn alter(&mut self, run: &Run, alter: Alter<'_>) -> Result<Option<Receipt>, TargetError> {
        relational::alter(self, run, alter)
    }

    fn backup(&mut self, _to: &Path) -> Result<(), TargetError> {
        Err(TargetError::ByCrm(self.engine.called()))
    }

    fn restore(&mut self, _from: &Path, _run: &Run) -> Result<Receipt, TargetError> {
        Err(TargetError::ByCrm(self.engine.called()))
    }
}
