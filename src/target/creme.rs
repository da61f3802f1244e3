//! CremeCRM as a target: how its database is known, and what our tables in it have beside those of every other one.

use crate::plan::{Plan, Reading};

use super::crm::Crm;
use super::sql::Sql;
use super::{Run, TargetError};

/// A CremeCRM.
#[derive(Debug, Default)]
pub struct Creme;

impl Creme {
    /// One of which nothing is known yet.
    pub fn new() -> Self {
        Self
    }
}

impl Crm for Creme {
    fn schema(&self) -> &'static str {
        include_str!("../../schema/creme.sql")
    }

    fn table(&self) -> &'static str {
        "creme_core_userrole"
    }

    fn correct(&mut self, _sql: &mut dyn Sql, _reading: &mut Reading, _version: usize) -> Result<(), TargetError> {
        Ok(())
    }

    fn project(&mut self, _sql: &mut dyn Sql, _plan: &Plan, _run: &Run) -> Result<(), TargetError> {
        Ok(())
    }
}
