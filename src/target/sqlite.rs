//! SQLite, the embedded database: opening, locking, transactions. Its SQL is here and in the files below.

mod read;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::plan::{Plan, Reading, digest};

use super::{Receipt, Run, Target, TargetError};

/// Marks a file as a CRM database of this program: the bytes `RGHT`.
const APPLICATION_ID: i64 = 0x5247_4854;

/// The migrations in order; the position in the list is the schema version that each leads to.
const MIGRATIONS: [&str; 1] = [include_str!("../../schema/sqlite/0001-first.sql")];

/// How long a run waits for another one to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A database file. It is opened when it is read or written, and made by the first apply.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    connection: Option<Connection>,
    wait: Duration,
}

impl Sqlite {
    /// The database at a path, which need not exist yet.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), connection: None, wait: PATIENCE }
    }

    /// A database over a connection that is open already, in memory for example.
    pub fn over(connection: Connection) -> Self {
        Self { path: PathBuf::from(":memory:"), connection: Some(connection), wait: PATIENCE }
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

    fn connect(&mut self, flags: OpenFlags) -> Result<&mut Connection, TargetError> {
        let fresh = self.connection.is_none();
        if fresh {
            let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let opened = Connection::open_with_flags(&self.path, flags);
            self.connection = Some(opened.map_err(|error| failure(&self.path, &error))?);
        }
        let (path, wait) = (self.path.clone(), self.wait);
        let connection = self.connection.as_mut().ok_or(TargetError::BadUrl)?;
        let settings = connection
            .busy_timeout(wait)
            .and_then(|()| connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"));
        settings.map_err(|error| failure(&path, &error))?;
        Ok(connection)
    }

    /// Whether the file is missing or has nothing in it, so that there is nothing to read.
    fn is_absent(&self) -> bool {
        self.connection.is_none() && !self.path.exists()
    }

    fn write(connection: &mut Connection, path: &Path, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
        let engine = |error: &rusqlite::Error| failure(path, error);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| engine(&error))?;
        let version = version(&transaction, path)?;
        let reading = if version == 0 { Reading::default() } else { read::all(&transaction, path)? };
        if digest(&reading) != plan.seen {
            return Err(TargetError::Stale);
        }
        let base = crate::plan::as_base(&plan.after);
        if plan.is_empty() && reading.base.as_ref() == Some(&base) {
            return Ok(Receipt { applied: 0, run: None });
        }
        migrate(&transaction, version).map_err(|error| engine(&error))?;
        let number =
            write::all(&transaction, plan, run, reading.base.as_ref(), &base).map_err(|error| engine(&error))?;
        let result = read::all(&transaction, path)?;
        if let Some(difference) = first_difference(&result, plan) {
            return Err(TargetError::Unfaithful(difference));
        }
        transaction.commit().map_err(|error| engine(&error))?;
        Ok(Receipt { applied: plan.changes.len(), run: Some(number) })
    }
}

impl Target for Sqlite {
    fn read(&mut self) -> Result<Reading, TargetError> {
        if self.is_absent() {
            return Ok(Reading::default());
        }
        let path = self.path.clone();
        // Opened for writing where that is allowed, so that what a killed run left behind can be rolled back.
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let mut read = || {
            let transaction = connection.transaction().map_err(|error| failure(&path, &error))?;
            if version(&transaction, &path)? == 0 {
                return Ok(Reading::default());
            }
            read::all(&transaction, &path)
        };
        // Whoever only reads is told to be read-only when there is something to roll back.
        read().map_err(|error| match error {
            TargetError::ReadOnly(path) => TargetError::Interrupted(path),
            error => error,
        })
    }

    fn apply(&mut self, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
        let created = self.is_absent();
        let path = self.path.clone();
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let written = Self::write(connection, &path, plan, run);
        let is_empty = || std::fs::metadata(&path).is_ok_and(|file| file.len() == 0);
        if written.is_err() && created && is_empty() {
            self.connection = None;
            // Best effort: an empty file counts as no database all the same.
            let _ = std::fs::remove_file(&path);
        }
        written
    }
}

fn first_difference(result: &Reading, plan: &Plan) -> Option<String> {
    let (got, wanted) = (&result.actual.facts, &plan.after.facts);
    let differs = wanted.iter().find(|(key, fact)| got.get(*key) != Some(*fact)).map(|(key, _)| key);
    let differs = differs.or_else(|| got.keys().find(|key| !wanted.contains_key(*key)));
    differs.map(|key| format!("{} `{key}`", key.kind().as_str()))
}

/// The schema version of the database, 0 if there is nothing in it yet.
fn version(connection: &Connection, path: &Path) -> Result<usize, TargetError> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let read = || -> rusqlite::Result<(i64, i64, i64)> {
        Ok((
            number("PRAGMA application_id")?,
            number("PRAGMA user_version")?,
            number("SELECT count(*) FROM sqlite_schema")?,
        ))
    };
    match read().map_err(|error| failure(path, &error))? {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, found, _) => match usize::try_from(found) {
            Ok(version @ 1..) if version <= MIGRATIONS.len() => unaltered(connection, path, version),
            Ok(0) => Err(TargetError::Senseless("no schema version".to_owned())),
            _ => Err(TargetError::NewerSchema { found, known: MIGRATIONS.len() as i64 }),
        },
        _ => Err(TargetError::Foreign(path.to_owned())),
    }
}

/// Kind, name and text of everything that makes up a schema, and the table it belongs to.
type Schema = BTreeMap<(String, String), (String, String)>;

fn schema(connection: &Connection) -> rusqlite::Result<Schema> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))))?;
    rows.collect()
}

/// What the migrations up to each version make, worked out once.
fn made_by_migrations(version: usize) -> rusqlite::Result<&'static Schema> {
    static MADE: [OnceLock<Schema>; MIGRATIONS.len()] = [const { OnceLock::new() }; MIGRATIONS.len()];
    if let Some(made) = MADE[version - 1].get() {
        return Ok(made);
    }
    let fresh = Connection::open_in_memory()?;
    for migration in &MIGRATIONS[..version] {
        fresh.execute_batch(migration)?;
    }
    let made = schema(&fresh)?;
    Ok(MADE[version - 1].get_or_init(|| made))
}

/// Refuses a database whose tables, views or indexes somebody changed, or who put a trigger on a table of ours: the
/// CRM would be told something else than what the rows say. What somebody added beside them is left alone.
fn unaltered(connection: &Connection, path: &Path, version: usize) -> Result<usize, TargetError> {
    let engine = |error: &rusqlite::Error| failure(path, error);
    let found = schema(connection).map_err(|error| engine(&error))?;
    let made = made_by_migrations(version).map_err(|error| engine(&error))?;
    let is_ours = |table: &String| made.contains_key(&("table".to_owned(), table.clone()));
    let changed = made.iter().find(|(key, text)| found.get(*key) != Some(*text)).map(|(key, _)| key);
    let trigger = found.iter().find(|((kind, _), (table, _))| kind == "trigger" && is_ours(table)).map(|(key, _)| key);
    match changed.or(trigger) {
        None => Ok(version),
        Some((kind, name)) => Err(TargetError::Altered { path: path.to_owned(), what: format!("{kind} `{name}`") }),
    }
}

fn migrate(connection: &Connection, from: usize) -> rusqlite::Result<()> {
    for migration in &MIGRATIONS[from..] {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", MIGRATIONS.len() as i64)
}

/// What an error of the engine means for whoever runs the program.
fn failure(path: &Path, error: &rusqlite::Error) -> TargetError {
    let path = path.to_owned();
    let Some(code) = error.sqlite_error_code() else { return TargetError::Engine(error.to_string()) };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => TargetError::Locked(path),
        ErrorCode::ReadOnly => TargetError::ReadOnly(path),
        ErrorCode::DiskFull => TargetError::Full(path),
        ErrorCode::NotADatabase => TargetError::NotADatabase(path),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            TargetError::Unreachable { path, reason: "the engine cannot open it".to_owned() }
        }
        _ => TargetError::Engine(error.to_string()),
    }
}
