//! A CRM whose own tables say who may do what: our tables stand beside them in its database, and both are read and
//! written in one transaction.

use std::collections::BTreeMap;

use crate::date::Date;
use crate::model::Policy;
use crate::name::Name;
use crate::plan::Reading;
use crate::state::State;

use super::limits::Limits;
use super::sql::Sql;
use super::{Run, TargetError};

/// A table of each CRM that there is an address for, by which its database is known to be none of our own.
pub const KNOWN: [&str; 1] = ["creme_core_userrole"];

/// The table by which our tables beside those of a CRM are known.
pub const MARK: &str = "crm_projection";

/// The accounts that get another name, from old to new.
pub type Renames = BTreeMap<Name, Name>;

/// A CRM whose own tables say who may do what.
pub trait Crm {
    /// What our tables in its database are made of beside those that all have: SQL that every engine understands, run
    /// once when they are made. It makes [`MARK`].
    fn schema(&self) -> &'static str;

    /// The name of one of its tables; a database without it is not this CRM's.
    fn table(&self) -> &'static str;

    /// Corrects what our tables say, by what the CRM says now. `version` is 0 if our tables are not there yet; then the
    /// reading is empty. What it leaves must hold together as the rows of our tables do, since an apply writes it down.
    ///
    /// # Errors
    /// If the CRM's tables cannot be read, or say something senseless.
    fn correct(&mut self, sql: &mut dyn Sql, reading: &mut Reading, version: usize) -> Result<(), TargetError>;

    /// What it cannot say of a policy on a day, by what it said when it was read; `None` before that.
    fn limits(&self, _policy: &Policy, _on: Date) -> Option<Limits> {
        None
    }

    /// Writes into the CRM what our tables say from now on; accounts that get another name are given from old to new.
    ///
    /// # Errors
    /// If the CRM's tables cannot be written; then nothing of the plan is.
    fn project(&mut self, sql: &mut dyn Sql, after: &State, renames: &Renames, run: &Run) -> Result<(), TargetError>;
}
