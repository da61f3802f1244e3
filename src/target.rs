//! A target: a database that policies are applied to.
//!
//! Reading never writes. An apply is one transaction: it reads again under the lock, refuses if what it sees is not
//! what the plan saw, writes the plan's steps, and checks that the result is what the plan says.

pub mod creme;
pub mod crm;
mod error;
pub mod limits;
mod memory;
pub mod postgres;
mod register;
mod relational;
mod rows;
pub mod shared;
pub mod sql;
pub mod sqlite;
mod tables;
mod writes;

use std::fmt;
use std::path::Path;

use crate::audit::Entry;
use crate::date::Date;
use crate::model::Policy;
use crate::online::{Moment, Register};
use crate::plan::{Plan, Reading};

pub use crate::audit::Run;
pub use error::TargetError;
pub use limits::{Concerned, Limit, Limits};
pub use memory::Memory;
pub use relational::LEASE_SECONDS;

/// Something that policies are applied to.
pub trait Target {
    /// What it says now, and what the last apply wrote.
    ///
    /// # Errors
    /// If it cannot be read. Nothing is written in any case.
    fn read(&mut self) -> Result<Reading, TargetError>;

    /// The same, and what [`Target::register`] says at that moment.
    ///
    /// # Errors
    /// If either cannot be read.
    fn read_all(&mut self) -> Result<(Reading, Registered), TargetError> {
        let reading = self.read()?;
        Ok((reading, self.register()?))
    }

    /// Carries a plan out as a whole or not at all, and records it.
    ///
    /// # Errors
    /// If it says something else than when the plan was made, is locked, or cannot be written.
    fn apply(&mut self, plan: &Plan, run: &Run) -> Result<Receipt, TargetError>;

    /// Records that a run failed or was refused; nothing, if there is no database to record it in. Gives the end of the
    /// record after it.
    ///
    /// # Errors
    /// If it cannot be written.
    fn record_failure(&mut self, run: &Run, error: &str) -> Result<Option<End>, TargetError>;

    /// What people call it, if nobody knows that before it was read: a database on a server by its schema too.
    fn name(&self) -> Option<String> {
        None
    }

    /// What it cannot say of a policy on a day, by what was read last; `None` if it says everything.
    fn limits(&self, _policy: &Policy, _on: Date) -> Option<Limits> {
        None
    }

    /// What tells it from every other one; `None` if there is no database yet, or it is of a version without such a thing.
    ///
    /// # Errors
    /// If it cannot be read.
    fn identity(&mut self) -> Result<Option<String>, TargetError>;

    /// Hands on every entry of the record, in the order in which they were written.
    ///
    /// # Errors
    /// If it cannot be read.
    fn audit(&mut self, each: &mut dyn FnMut(Entry)) -> Result<(), TargetError>;

    /// What it remembers of online access, and the moment by its own clock; `None` if there is no database yet.
    ///
    /// # Errors
    /// If it cannot be read.
    fn register(&mut self) -> Result<Registered, TargetError>;

    /// Changes the register as `alter` says, as a whole or not at all; `None` if that says nothing. It may be asked more
    /// than once, if others are in the way. What a run that names its deed changes is recorded.
    ///
    /// # Errors
    /// If somebody else applies right now and the deed is to be recorded, or if it cannot be written.
    fn alter(&mut self, run: &Run, alter: Alter<'_>) -> Result<Option<Receipt>, TargetError>;

    /// Writes a copy of one moment into a file that is not there yet; whole or not at all.
    ///
    /// # Errors
    /// If the file is there, cannot be written, or the database is copied by other means.
    fn backup(&mut self, to: &Path) -> Result<(), TargetError>;

    /// Says from then on what a copy says, as a whole or not at all, and records it in what it says then. A company that
    /// was connected when it was copied is disconnected, so that whoever connects it again synchronises anew.
    ///
    /// # Errors
    /// If the company is connected, somebody applies, or the file is no copy of this database.
    fn restore(&mut self, from: &Path, run: &Run) -> Result<Receipt, TargetError>;
}

/// What is remembered of online access, and the moment by the database's clock; `None` if there is no database yet.
pub type Registered = Option<(Register, Moment)>;

/// Says what shall be remembered, given what is and the moment.
pub type Alter<'a> = &'a mut dyn FnMut(&Register, Moment) -> Option<Altered>;

/// What shall be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// The register.
    pub register: Register,
    /// What becomes of everything that the policy declares.
    pub declared: Declared,
}

/// What becomes of everything that the policy declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// It stays.
    Stays,
    /// It goes, but for what is said of the company itself.
    Goes,
}

impl From<Register> for Altered {
    fn from(register: Register) -> Self {
        Self { register, declared: Declared::Stays }
    }
}

/// The end of a target's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The number of the last run.
    pub run: i64,
    /// The last hash, 64 hexadecimal digits.
    pub head: String,
    /// What tells the database from every other one; `None` if it is of a version that has no such thing.
    pub database: Option<String>,
}

/// What became of an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How many changes were written.
    pub applied: usize,
    /// The end of the target's record after it; `None` if there was nothing to write.
    pub end: Option<End>,
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The user, machine and process, as they said themselves.
    pub name: String,
    /// Since when; UTC, `YYYY-MM-DDTHH:MM:SS.sssZ`, by the database's clock.
    pub since: String,
}

/// ` by NAME since TIME`.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " by {} since {}", self.name, self.since)
    }
}
