//! SQLite, the embedded database: its dialect, and what its errors mean. What makes its tables is in `schema/sqlite`.

mod copies;
mod schema;
mod shared;
mod sql;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY;
use rusqlite::types::{ToSqlOutput, Value as Sql, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, ToSql};

use crate::audit::{Entry, Head, Run};
use crate::plan::{Plan, Reading};

use super::relational::{self, Access, Each, Engine, LAST_APPLIED_RUNS, LEASE_SECONDS, Lock, Rows};
pub use copies::can_replace;
use schema::{MIGRATIONS, made_by_migrations, schema};
use shared::SHARED_ID;

use super::shared::Sharing;
use super::tables::{AUDIT, Cell, Holds, MOST_COLUMNS, Row, Seen, Table};
use super::{Alter, End, Receipt, Registered, Target, TargetError};

/// Marks a file as a CRM database of this program: the bytes `RGHT`.
const APPLICATION_ID: i64 = 0x5247_4854;

/// How long a run waits for another one to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// What holds for a connection. The memory is the most that it takes, and only a large firm needs it: pages that stay there
/// until the end need not be read again.
const SETTINGS: &str = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -131072;";

/// A database file. It is opened when it is read or written, and made by the first apply.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    connection: Option<Connection>,
    wait: Duration,
    may_create: bool,
    sharing: Option<Sharing>,
    /// The indexes that were taken away in this transaction, as they are made.
    aside: Vec<String>,
}

impl Sqlite {
    /// The database at a path, which need not exist yet.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            connection: None,
            wait: PATIENCE,
            may_create: false,
            sharing: None,
            aside: Vec::new(),
        }
    }

    /// A database over a connection that is open already, in memory for example.
    pub fn over(connection: Connection) -> Self {
        Self { connection: Some(connection), may_create: true, ..Self::at(Path::new(":memory:")) }
    }

    /// Waits no longer than this for another run to end.
    #[must_use]
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The open connection, for the views.
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    fn connect(&mut self) -> Result<&Connection, TargetError> {
        if self.connection.is_none() {
            if self.sharing.is_some() && !self.path.exists() {
                return Err(TargetError::Unreachable {
                    database: self.name(),
                    reason: "there is no such file".to_owned(),
                });
            }
            // Opened for writing where that is allowed, so that what a killed run left behind can be rolled back.
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let create = if self.may_create { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
            let opened = Connection::open_with_flags(&self.path, flags | create);
            self.connection = Some(opened.map_err(|error| failure(&self.path, &error))?);
        }
        let connection = self.connection.as_ref().ok_or(TargetError::BadUrl)?;
        let settings = connection.busy_timeout(self.wait).and_then(|()| connection.execute_batch(SETTINGS));
        settings.map_err(|error| failure(&self.path, &error))?;
        Ok(connection)
    }

    /// Does something with the open connection.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, TargetError> {
        let connection = self.connection.as_ref().ok_or(TargetError::BadUrl)?;
        work(connection).map_err(|error| failure(&self.path, &error))
    }

    /// Runs a statement once for each row of values.
    fn each<R: AsRef<[Cell]>>(&self, sql: &str, rows: impl IntoIterator<Item = R>) -> Result<(), TargetError> {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            for row in rows {
                for (place, cell) in (1..).zip(row.as_ref()) {
                    statement.raw_bind_parameter(place, cell)?;
                }
                statement.raw_execute()?;
            }
            Ok(())
        })
    }
}

/// A value of a statement.
fn place(number: usize) -> String {
    format!("?{}", number + 1)
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Sql::Null),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Flag(flag) => ToSqlOutput::Owned(Sql::Integer((*flag).into())),
            Self::Number(number) => ToSqlOutput::Owned(Sql::Integer(*number)),
        })
    }
}

/// A text whatever its bytes are: what somebody wrote by hand shall keep nobody from reading on.
fn lenient(value: ValueRef<'_>) -> String {
    value.as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn optional(value: ValueRef<'_>) -> Option<String> {
    (value != ValueRef::Null).then(|| lenient(value))
}

/// What a value says; `None` if it is none that the column can hold, such as a text that is not UTF-8.
fn seen(value: ValueRef<'_>, holds: Holds) -> Option<Seen<'_>> {
    Some(match (value, holds) {
        (ValueRef::Null, _) => Seen::Null,
        (ValueRef::Integer(number), Holds::Flag) => Seen::Flag(number != 0),
        (ValueRef::Integer(number), _) => Seen::Number(number),
        (ValueRef::Text(bytes), _) => Seen::Text(std::str::from_utf8(bytes).ok()?),
        _ => return None,
    })
}

impl Engine for Sqlite {
    fn is_absent(&self) -> bool {
        // A CRM's database is there, or the address is wrong.
        self.sharing.is_none() && self.connection.is_none() && !self.path.exists()
    }

    fn begin(&mut self, access: Access) -> Result<(), TargetError> {
        let path = self.path.clone();
        self.aside.clear();
        let begin = if access == Access::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.connect()?.execute_batch(begin).map_err(|error| failure(&path, &error))
    }

    fn commit(&mut self) -> Result<(), TargetError> {
        self.with(|connection| connection.execute_batch("COMMIT"))
    }

    fn rollback(&mut self) {
        // It may have been rolled back by the engine, on a full disk for example.
        let _ = self.with(|connection| connection.execute_batch("ROLLBACK"));
    }

    fn version(&mut self) -> Result<usize, TargetError> {
        let (id, found, things): (i64, i64, i64) = self.with(|connection| {
            let number = |sql: &str| connection.query_row(sql, [], |row| row.get(0));
            Ok((
                number("PRAGMA application_id")?,
                number("PRAGMA user_version")?,
                number("SELECT count(*) FROM sqlite_schema")?,
            ))
        })?;
        match (self.sharing, id, found, things) {
            (Some(sharing), ..) => self.shared_version(sharing, id, found),
            (None, 0, 0, 0) => Ok(0),
            (None, APPLICATION_ID, found, _) => self.known(found),
            _ => Err(self.stranger(id)),
        }
    }

    fn newest(&self) -> usize {
        MIGRATIONS.len()
    }

    fn migrate(&mut self, from: usize) -> Result<(), TargetError> {
        self.with(|connection| {
            MIGRATIONS[from..].iter().try_for_each(|migration| connection.execute_batch(migration))?;
            if let (Some(sharing), 0) = (self.sharing, from) {
                connection.execute_batch(sharing.schema)?;
            }
            let id = if self.sharing.is_some() { SHARED_ID } else { APPLICATION_ID };
            connection.pragma_update(None, "application_id", id)?;
            connection.pragma_update(None, "user_version", MIGRATIONS.len() as i64)
        })
    }

    fn select(&mut self, table: &'static Table, each: Each<'_>) -> Result<(), TargetError> {
        let mut senseless = None;
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&table.query())?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let mut cells = [Seen::Null; MOST_COLUMNS];
                let (mut unreadable, mut lossy) = (None, Vec::new());
                for (place, (column, holds)) in table.columns.iter().enumerate() {
                    let value = row.get_ref(place)?;
                    match seen(value, *holds) {
                        Some(seen) => cells[place] = seen,
                        // Nobody can correct the record; it is read as it stands.
                        None if table.name == AUDIT.name => lossy.push((place, lenient(value))),
                        None => unreadable = Some(format!("a `{column}` in `{}` that is no text in UTF-8", table.name)),
                    }
                }
                lossy.iter().for_each(|(place, text)| cells[*place] = Seen::Text(text));
                let cells = &cells[..table.columns.len()];
                if let Err(what) = unreadable.map_or_else(|| each(cells), Err) {
                    senseless = Some(TargetError::Senseless(what));
                    break;
                }
            }
            Ok(())
        })?;
        senseless.map_or(Ok(()), Err)
    }

    fn delete(&mut self, table: &'static Table, keys: &[Row]) -> Result<(), TargetError> {
        self.each(&table.delete("", place), keys)
    }

    fn empty(&mut self, table: &'static Table, column: &str, keys: &[Row]) -> Result<(), TargetError> {
        self.each(&table.empty(column, "", place), keys)
    }

    fn update(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), TargetError> {
        self.each(&table.update("", place), rows.iter().map(|row| table.values_of_update(row)))
    }

    fn insert(&mut self, table: &'static Table, rows: Rows<'_>) -> Result<(), TargetError> {
        let places: Vec<String> = (0..table.columns.len()).map(place).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name, table.names(), places.join(", "));
        self.each(&sql, rows)
    }

    fn set_aside(&mut self, table: &'static Table) -> Result<(), TargetError> {
        let indexes = self.with(|connection| {
            let holds = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
            if connection.query_row(&holds, [], |row| row.get(0))? {
                return Ok(Vec::new());
            }
            // Those of somebody else stay: nobody knows what they are good for.
            let indexes = schema::indexes(table.name)?;
            indexes.iter().try_for_each(|(name, _)| connection.execute_batch(&format!("DROP INDEX {name}")))?;
            Ok(indexes)
        })?;
        self.aside.extend(indexes.into_iter().map(|(_, sql)| sql));
        Ok(())
    }

    fn put_back(&mut self) -> Result<(), TargetError> {
        let aside = std::mem::take(&mut self.aside);
        self.with(|connection| aside.iter().try_for_each(|sql| connection.execute_batch(sql)))
    }

    fn rename_user(&mut self, from: &str, to: &str) -> Result<(), TargetError> {
        self.with(|connection| connection.execute("UPDATE users SET id = ?2 WHERE id = ?1", [from, to]).map(drop))
    }

    fn lock(&mut self, _access: Access) -> Result<(Lock, String), TargetError> {
        // The transaction keeps the whole file already.
        let sql = "SELECT fence, holder, since, until, strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM lock WHERE id = 1";
        self.with(|connection| {
            let row = connection.query_row(sql, [], |row| {
                let text = |column| row.get_ref(column).map(optional);
                let (holder, since, until) = (text(1)?, text(2)?, text(3)?);
                Ok((Lock { fence: row.get(0)?, holder, since, until }, row.get(4)?))
            });
            row.optional()
        })?
        .ok_or_else(|| self.altered("row of `lock`"))
    }

    fn set_lock(&mut self, fence: i64, holder: Option<&str>) -> Result<(), TargetError> {
        let time =
            |later: &str| format!("CASE WHEN ?2 IS NOT NULL THEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now'{later}) END");
        let (since, until) = (time(""), time(&format!(", '+{LEASE_SECONDS} seconds'")));
        let sql = format!("UPDATE lock SET fence = ?1, holder = ?2, since = {since}, until = {until} WHERE id = 1");
        self.with(|connection| connection.execute(&sql, rusqlite::params![fence, holder]).map(drop))
    }

    fn last_entry(&mut self) -> Result<(Head, i64), TargetError> {
        self.with(|connection| {
            let sql = "SELECT seq, hash, run FROM audit ORDER BY seq DESC LIMIT 1";
            let last = connection.query_row(sql, [], |row| {
                let hash = optional(row.get_ref(1)?);
                Ok((Head { seq: row.get(0)?, hash }, row.get(2)?))
            });
            Ok(last.optional()?.unwrap_or_default())
        })
    }

    fn last_applied(&mut self) -> Result<Vec<String>, TargetError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(LAST_APPLIED_RUNS)?;
            statement.query_map([], |row| row.get_ref(0).map(lenient))?.collect()
        })
    }

    fn altered(&self, what: &str) -> TargetError {
        TargetError::Altered { database: self.name(), what: what.to_owned() }
    }

    fn may_try_again(&self, error: &TargetError) -> bool {
        matches!(error, TargetError::Raced)
    }
}

impl Sqlite {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// A version that a file says it has, if the program knows it and the tables are what it made.
    fn known(&self, found: i64) -> Result<usize, TargetError> {
        match usize::try_from(found) {
            Ok(version @ 1..) if version <= MIGRATIONS.len() => self.unaltered(version),
            Ok(0) => Err(TargetError::Senseless("no schema version".to_owned())),
            _ => Err(TargetError::NewerSchema { found, known: MIGRATIONS.len() as i64 }),
        }
    }

    /// Refuses a database whose tables, views or indexes somebody changed, or who put a trigger on a table of ours: the
    /// CRM would be told something else than what the rows say. What somebody added beside them is left alone.
    fn unaltered(&self, version: usize) -> Result<usize, TargetError> {
        let (found, made) = (self.with(schema)?, self.with(|_| made_by_migrations(version))?);
        // SQLite keeps a table's name as a trigger spelled it, and ours are in small letters.
        let is_ours = |table: &String| made.contains_key(&("table".to_owned(), table.to_ascii_lowercase()));
        let changed = made.iter().find(|(key, text)| found.get(*key) != Some(*text)).map(|(key, _)| key);
        let stranger = |(key, (table, _)): &(&(String, String), &(String, String))| {
            key.0 == "trigger" && is_ours(table) && !made.contains_key(*key)
        };
        let stranger = found.iter().find(stranger).map(|(key, _)| key);
        // What a newer version makes is there already: somebody wrote another version down.
        let newest = self.with(|_| made_by_migrations(MIGRATIONS.len()))?;
        let newer = newest.keys().find(|key| !made.contains_key(*key) && found.contains_key(*key));
        let named = |(kind, name): &(String, String)| (self.name(), format!("{kind} `{name}`"));
        match (changed.or(newer).map(named), stranger.map(named)) {
            (None, None) => Ok(version),
            (Some((database, what)), _) => Err(TargetError::Altered { database, what }),
            (None, Some((database, what))) => Err(TargetError::Stranger { database, what }),
        }
    }
}

impl Target for Sqlite {
    fn read(&mut self) -> Result<Reading, TargetError> {
        relational::read(self).map_err(of_reading)
    }

    fn read_all(&mut self) -> Result<(Reading, Registered), TargetError> {
        relational::read_all(self).map_err(of_reading)
    }

    fn apply(&mut self, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
        // If it fails an empty file may stay, which counts as none: somebody else may have opened it meanwhile.
        self.may_create = true;
        relational::apply(self, plan, run)
    }

    fn record_failure(&mut self, run: &Run, error: &str) -> Result<Option<End>, TargetError> {
        relational::record_failure(self, run, error)
    }

    fn identity(&mut self) -> Result<Option<String>, TargetError> {
        relational::identity(self).map_err(of_reading)
    }

    fn audit(&mut self, each: &mut dyn FnMut(Entry)) -> Result<(), TargetError> {
        relational::audit(self, each).map_err(of_reading)
    }

    fn register(&mut self) -> Result<Registered, TargetError> {
        relational::register(self).map_err(of_reading)
    }

    fn alter(&mut self, run: &Run, alter: Alter<'_>) -> Result<Option<Receipt>, TargetError> {
        self.may_create = true;
        relational::alter(self, run, alter)
    }

    fn backup(&mut self, to: &Path) -> Result<(), TargetError> {
        copies::backup(self, to)
    }

    fn restore(&mut self, from: &Path, run: &Run) -> Result<Receipt, TargetError> {
        copies::restore(self, from, run)
    }
}

/// Whoever only reads is told to be read-only when there is something to roll back.
fn of_reading(error: TargetError) -> TargetError {
    match error {
        TargetError::ReadOnly(database) => TargetError::Interrupted(database),
        error => error,
    }
}

/// What an error of the engine means for whoever runs the program.
fn failure(path: &Path, error: &rusqlite::Error) -> TargetError {
    let database = path.display().to_string();
    let Some(code) = error.sqlite_error_code() else { return TargetError::Engine(error.to_string()) };
    // Our own tables are written in an order in which no reference of theirs breaks.
    let breaks_reference = |error: &rusqlite::ffi::Error| error.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY;
    match code {
        ErrorCode::ConstraintViolation if error.sqlite_error().is_some_and(breaks_reference) => TargetError::InUse,
        // An index of somebody else may refuse rows.
        ErrorCode::ConstraintViolation => TargetError::Unable { database, what: error.to_string() },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => TargetError::Locked { holder: None },
        ErrorCode::ReadOnly => TargetError::ReadOnly(database),
        ErrorCode::DiskFull => TargetError::Full(database),
        ErrorCode::NotADatabase => TargetError::NotADatabase(database),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            TargetError::Unreachable { database, reason: "the engine cannot open it".to_owned() }
        }
        ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::OutOfMemory | ErrorCode::TooBig => {
            TargetError::Unable { database, what: error.to_string() }
        }
        _ => TargetError::Engine(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the record tells, found by looking at all of it.
    const PLAINLY: &str = r#"
        SELECT body FROM (
          SELECT body FROM audit WHERE part = 'run' AND body LIKE '%"outcome":"ok"%' ORDER BY seq DESC LIMIT 1)
        UNION ALL
        SELECT body FROM (
          SELECT body FROM audit WHERE part = 'run' AND body LIKE '%"outcome":"ok"%' AND body LIKE '%"remembered":"%'
          ORDER BY seq DESC LIMIT 1)"#;

    #[test]
    fn the_last_apply_is_found_in_a_record_of_any_shape() {
        let outcomes = [r#""outcome":"error""#, r#""outcome":"ok""#, r#""outcome":"ok","remembered":"x""#];
        // Every way in which up to three runs end, with so many entries behind each.
        let kinds: Vec<(&str, usize)> = outcomes.iter().flat_map(|end| [0, 1, 4, 7].map(|rest| (*end, rest))).collect();
        let choices = kinds.len() + 1;
        for number in 0..choices.pow(3) {
            let database = Connection::open_in_memory().unwrap();
            database.execute_batch("CREATE TABLE audit (seq INTEGER PRIMARY KEY, run, part, body)").unwrap();
            let write = |run: i64, part: &str, body: &str| {
                let sql = "INSERT INTO audit (run, part, body) VALUES (?1, ?2, ?3)";
                database.execute(sql, rusqlite::params![run, part, body]).unwrap();
            };
            let chosen = [number % choices, number / choices % choices, number / choices / choices];
            for (run, (end, rest)) in (1_i64..).zip(chosen.iter().filter_map(|choice| kinds.get(*choice))) {
                write(run, "run", &format!("{{{end},\"n\":{run}}}"));
                (0..*rest).for_each(|_| write(run, "change", r#"{"outcome":"ok"}"#));
            }
            let found = |sql: &str| -> Vec<String> {
                let mut statement = database.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            };
            assert_eq!(found(LAST_APPLIED_RUNS), found(PLAINLY), "{chosen:?}");
        }
    }
}
