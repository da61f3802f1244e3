//! A file that a CRM shares with us: what tells it from a file of our own, and from one that is no CRM's.

use rusqlite::Connection;

use crate::target::TargetError;
use crate::target::crm::KNOWN;
use crate::target::shared::{Host, Sharing};

use super::{MIGRATIONS, Sqlite, made_by_migrations, of_reading, schema};

/// Marks a file that a CRM shares with this program: the bytes `RGHC`.
pub(super) const SHARED_ID: i64 = 0x5247_4843;

impl Host for Sqlite {
    fn shared(mut self, sharing: Sharing) -> Self {
        self.sharing = Some(sharing);
        self
    }

    fn called(&self) -> String {
        self.name()
    }

    fn of_reading(&self, error: TargetError) -> TargetError {
        of_reading(error)
    }
}

impl Sqlite {
    /// The version of our tables in the file of a CRM, which has this id and this number of a version.
    pub(super) fn shared_version(&self, sharing: Sharing, id: i64, found: i64) -> Result<usize, TargetError> {
        if !self.with(|connection| has_table(connection, sharing.table))? {
            return Err(TargetError::NotTheCrm { database: self.name(), table: sharing.table });
        }
        match (id, found) {
            (SHARED_ID, found) => self.known(found),
            // Names that we need may be taken.
            (0, 0) if !self.with(has_ours)? => Ok(0),
            _ => Err(TargetError::Foreign(self.name())),
        }
    }

    /// Why a file that is not of our own is none: a CRM's is told apart, since there is a way to use it.
    pub(super) fn stranger(&self, id: i64) -> TargetError {
        let is_known = || {
            self.with(|connection| KNOWN.iter().try_fold(false, |any, table| Ok(any || has_table(connection, table)?)))
        };
        match id == SHARED_ID || is_known().unwrap_or_default() {
            true => TargetError::SharedWithCrm(self.name()),
            false => TargetError::Foreign(self.name()),
        }
    }
}

fn has_table(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE)";
    connection.query_row(sql, [table], |row| row.get(0))
}

/// Whether something has a name that one of ours will have.
fn has_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let (found, made) = (schema(connection)?, made_by_migrations(MIGRATIONS.len())?);
    Ok(found.keys().any(|(_, name)| made.keys().any(|(_, own)| own.eq_ignore_ascii_case(name))))
}
