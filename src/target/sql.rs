//! Statements over the open transaction of an engine, written alike for all engines. Values go and come as text; what
//! they are is said by the columns that they go into.

use super::TargetError;

/// Statements over the open transaction of an engine, written alike for all: places are `$1`, `$2`, ... in the
/// order in which they stand; every value goes and comes as text.
pub trait Sql {
    /// Hands on each row of a statement: a query, or an INSERT with RETURNING. Numbers come in decimal digits, and
    /// flags as `0` and `1`, whatever the engine calls them.
    ///
    /// # Errors
    /// If the engine refuses the statement.
    fn rows(
        &mut self,
        statement: &str,
        values: &[Option<&str>],
        each: &mut dyn FnMut(&[Option<String>]),
    ) -> Result<(), TargetError>;

    /// The tables and columns that refer to a table by a foreign key, as a statement writes them.
    ///
    /// # Errors
    /// If the engine does not tell.
    fn referring(&mut self, table: &str) -> Result<Vec<(String, String)>, TargetError>;

    /// Runs a statement once for each row of values.
    ///
    /// # Errors
    /// If the engine refuses the statement.
    fn execute(&mut self, statement: &str, values: &[Vec<Option<String>>]) -> Result<(), TargetError>;
}
