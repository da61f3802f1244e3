//! PostgreSQL, the database on a server: its dialect. What its errors mean is below, and how it is reached.
//!
//! Rows are added by COPY, and changed or deleted many at a time by arrays, so that what a run costs does not depend on
//! how far away the server is. Transactions are serializable, and none relies on more than rows: no advisory locks.

mod address;
mod copy;
mod failure;
mod schema;
mod shared;
mod sql;
mod tls;
mod values;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{ToSql, Type};
use postgres::{Client, SimpleQueryMessage, Statement};

use crate::audit::{Entry, Head, Run};
use crate::plan::{Plan, Reading};

use super::relational::{self, Access, Each, Engine, LAST_APPLIED_RUNS, LEASE_SECONDS, Lock, Rows};
use super::shared::Sharing;
use super::tables::{Holds, MOST_COLUMNS, Row, Seen, Table};
use super::{Alter, End, Receipt, Registered, Target, TargetError};

use address::Address;
use copy::{Unsent, copy};
use failure::{failure, failure_of_making};
use schema::{Found, Likeness};
use values::{arrays, place, run_batch, seen};

/// How long a run waits for another one to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many rows go into one statement that changes or deletes.
const BATCH: usize = 10_000;

/// How rows are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Adding {
    /// By COPY, which is the fastest.
    Copying,
    /// By statements with arrays.
    Inserting,
}

/// A database on a server, connected to when it is read or written.
pub struct Postgres {
    address: Address,
    client: Option<Client>,
    wait: Duration,
    silence: Duration,
    adding: Adding,
    likeness: Likeness,
    sharing: Option<Sharing>,
    /// Statements for a CRM's tables in the form in which they are asked, in one transaction.
    asked: BTreeMap<String, Statement>,
    /// The version of the schema that was compared over this connection.
    compared: Option<usize>,
    /// What the transaction that was begun last may do.
    access: Access,
    /// Whether it made the tables, which nobody else can see before it ends.
    made: bool,
    /// What brings back what it took away.
    aside: Vec<String>,
}

impl Postgres {
    /// The database of a URL, `postgres://user@host:port/database?sslmode=...`.
    ///
    /// # Errors
    /// If the text is no such URL. The error never holds any of it, since it may hold a password.
    pub fn at(url: &str) -> Result<Self, TargetError> {
        let address = Address::parse(url)?;
        let silence = Duration::from_secs(LEASE_SECONDS.into());
        Ok(Self {
            address,
            client: None,
            wait: PATIENCE,
            silence,
            adding: Adding::Copying,
            likeness: Likeness::Same,
            sharing: None,
            asked: BTreeMap::new(),
            compared: None,
            access: Access::Read,
            made: false,
            aside: Vec::new(),
        })
    }

    /// Waits no longer than this for another run to end.
    #[must_use]
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Has the server end a transaction of ours that says nothing for so long: whoever wrote it may be gone without a
    /// word, and keeps the lock row from others.
    #[must_use]
    pub fn silent_for(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Adds rows by statements that are sent as a whole. In the middle of a COPY the server waits for whoever was to send
    /// the rows, however long that is, and takes it for no silence.
    #[must_use]
    pub fn in_statements(mut self) -> Self {
        self.adding = Adding::Inserting;
        self
    }

    /// What people call it: the database and the host.
    pub fn name(&self) -> &str {
        self.address.name()
    }

    fn connect(&mut self) -> Result<&mut Client, TargetError> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = Some(self.address.connect()?);
            self.compared = None;
        }
        self.client.as_mut().ok_or(TargetError::BadUrl)
    }

    /// Does something over the open connection. A closed one is not opened again: what was begun is gone with it.
    fn with<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, postgres::Error>) -> Result<T, TargetError> {
        let name = self.address.name();
        let Some(client) = self.client.as_mut() else { return Err(TargetError::Lost(name.to_owned())) };
        work(client).map_err(|error| failure(name, &error))
    }

    /// Refuses a schema of which it is known that somebody changed it.
    fn unaltered(&self) -> Result<(), TargetError> {
        match &self.likeness {
            Likeness::Altered(what) => Err(self.altered(what)),
            Likeness::Same | Likeness::Unknown => Ok(()),
        }
    }

    /// Runs a statement over batches of rows, each column as an array.
    fn in_batches(&mut self, sql: &str, holds: &[Holds], rows: &[Row]) -> Result<(), TargetError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.with(|client| rows.chunks(BATCH).try_for_each(|batch| run_batch(client, sql, holds, batch)))
    }
}

impl Engine for Postgres {
    fn is_absent(&self) -> bool {
        false
    }

    fn begin(&mut self, access: Access) -> Result<(), TargetError> {
        self.connect()?;
        // A CRM may have changed its tables since.
        self.asked.clear();
        self.access = access;
        self.made = false;
        self.aside.clear();
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
            Access::Write => {
                let (wait, silence) = (self.wait.as_millis(), self.silence.as_millis());
                format!(
                    "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL lock_timeout = '{wait}ms';
                     SET LOCAL idle_in_transaction_session_timeout = '{silence}ms';
                     SET LOCAL tcp_user_timeout = '{silence}ms'"
                )
            }
        };
        // What is further behind on the search path may be another company's, with tables of the same names.
        let (schema, path) = match self.sharing {
            Some(_) => {
                (shared::CRM_SCHEMA, format!("concat_ws(', ', 'rightful', quote_ident({}))", shared::CRM_SCHEMA))
            }
            None => ("current_schema()", "quote_ident(current_schema())".to_owned()),
        };
        let name = self.address.name().to_owned();
        let Some(client) = self.client.as_mut() else { return Err(TargetError::Lost(name)) };
        let begun = client.simple_query(&format!("{begin}; SELECT {schema}, set_config('search_path', {path}, true)"));
        let said = begun.map_err(|error| match error.code() {
            // A server that follows another one, and can only be read, does not know such transactions.
            Some(&SqlState::FEATURE_NOT_SUPPORTED) if access == Access::Write => TargetError::ReadOnly(name),
            _ => failure(&name, &error),
        })?;
        let schema = said.iter().find_map(|said| match said {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        self.address.is_of_schema(schema.unwrap_or("public"));
        Ok(())
    }

    fn commit(&mut self) -> Result<(), TargetError> {
        let sent = self.with(|client| client.batch_execute("COMMIT"));
        match sent {
            // The server may have got the word before the connection broke, or not.
            Err(TargetError::Lost(database)) => Err(TargetError::Unconfirmed(database)),
            sent => sent,
        }
    }

    fn rollback(&mut self) {
        // A connection that is gone has taken its transaction with it.
        let _ = self.with(|client| client.batch_execute("ROLLBACK"));
    }

    fn version(&mut self) -> Result<usize, TargetError> {
        // Tables that were seen over this connection are there; somebody may have brought them to another version since.
        if self.access == Access::Read && self.compared.is_some() {
            let compared = self.compared.take();
            let version = self.with(schema::version).map_err(|error| match error {
                // They were taken away: looking anew says what there is.
                TargetError::Altered { .. } => TargetError::Raced,
                error => error,
            });
            let version = schema::known(version?)?;
            if compared == Some(version) {
                self.compared = compared;
                return self.unaltered().map(|()| version);
            }
        }
        let version = match self.found()? {
            Found::Nothing => return Ok(0),
            Found::Crm => return Err(TargetError::SharedWithCrm(self.name().to_owned())),
            Found::Foreign => return Err(TargetError::Foreign(self.name().to_owned())),
            Found::Version(version) => schema::known(version)?,
        };
        // Takes 9 ms, as long as reading a small firm. Whoever only reads looks once over each connection; whoever writes
        // looks each time.
        if self.access == Access::Write || self.compared != Some(version) {
            self.likeness = self.with(|client| schema::compare(client, version))?;
            self.compared = (self.likeness == Likeness::Same).then_some(version);
        }
        self.unaltered().map(|()| version)
    }

    fn newest(&self) -> usize {
        schema::NEWEST
    }

    fn migrate(&mut self, from: usize) -> Result<(), TargetError> {
        let name = self.address.name();
        let Some(client) = self.client.as_mut() else { return Err(TargetError::Lost(name.to_owned())) };
        let failure = if from == 0 { failure_of_making } else { failure };
        schema::migrate(client, from, self.sharing).map_err(|error| failure(name, &error))?;
        self.made = from == 0;
        Ok(())
    }

    fn confirm(&mut self) -> Result<(), TargetError> {
        if self.likeness == Likeness::Unknown {
            self.likeness = self.with(schema::compare_anew)?;
        }
        self.unaltered()
    }

    fn select(&mut self, table: &'static Table, each: Each<'_>) -> Result<(), TargetError> {
        let mut senseless = None;
        self.with(|client| {
            let none: [(&(dyn ToSql + Sync), Type); 0] = [];
            let mut rows = client.query_typed_raw(table.query().as_str(), none)?;
            while let Some(row) = rows.next()? {
                let mut cells = [Seen::Null; MOST_COLUMNS];
                for (column, cell) in cells.iter_mut().enumerate().take(table.columns.len()) {
                    *cell = seen(&row, column)?;
                }
                if let Err(what) = each(&cells[..table.columns.len()]) {
                    senseless = Some(TargetError::Senseless(what));
                    break;
                }
            }
            Ok(())
        })?;
        senseless.map_or(Ok(()), Err)
    }

    fn delete(&mut self, table: &'static Table, keys: &[Row]) -> Result<(), TargetError> {
        let holds = table.key_holds();
        self.in_batches(&table.delete(&arrays(&holds), place), &holds, keys)
    }

    fn empty(&mut self, table: &'static Table, column: &str, keys: &[Row]) -> Result<(), TargetError> {
        let holds = table.key_holds();
        self.in_batches(&table.empty(column, &arrays(&holds), place), &holds, keys)
    }

    fn update(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), TargetError> {
        let holds: Vec<Holds> = table.columns.iter().map(|(_, holds)| *holds).chain(table.key_holds()).collect();
        let rows: Vec<Row> = rows.iter().map(|row| table.values_of_update(row)).collect();
        self.in_batches(&table.update(&arrays(&holds), place), &holds, &rows)
    }

    fn insert(&mut self, table: &'static Table, rows: Rows<'_>) -> Result<(), TargetError> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        if self.adding == Adding::Inserting {
            let holds: Vec<Holds> = table.columns.iter().map(|(_, holds)| *holds).collect();
            let sql = format!("INSERT INTO {} ({}) SELECT * FROM {}", table.name, table.names(), arrays(&holds));
            let rows: Vec<Row> = rows.collect();
            return self.in_batches(&sql, &holds, &rows);
        }
        let name = self.address.name();
        let Some(client) = self.client.as_mut() else { return Err(TargetError::Lost(name.to_owned())) };
        copy(client, table, &mut rows).map_err(|unsent| match unsent {
            Unsent::Failed(error) => failure(name, &error),
            Unsent::Lost => TargetError::Lost(name.to_owned()),
        })
    }

    fn set_aside(&mut self, table: &'static Table) -> Result<(), TargetError> {
        // Of tables that others see already, that would keep everybody from reading them until the end.
        if !self.made {
            return Ok(());
        }
        let parts = self.with(|client| {
            let parts = schema::burdens(client, table.name)?;
            parts.iter().try_for_each(|(away, _)| client.batch_execute(away))?;
            Ok(parts)
        })?;
        self.aside.extend(parts.into_iter().map(|(_, back)| back));
        Ok(())
    }

    fn put_back(&mut self) -> Result<(), TargetError> {
        let mut aside = std::mem::take(&mut self.aside);
        // References look at the indexes of what they refer to.
        aside.sort_by_key(|back| back.starts_with("ALTER"));
        self.with(|client| aside.iter().try_for_each(|back| client.batch_execute(back)))
    }

    fn rename_user(&mut self, from: &str, to: &str) -> Result<(), TargetError> {
        self.with(|client| {
            client
                .execute_typed("UPDATE users SET id = $2 WHERE id = $1", &[(&from, Type::TEXT), (&to, Type::TEXT)])
                .map(drop)
        })
    }

    fn lock(&mut self, access: Access) -> Result<(Lock, String), TargetError> {
        let kept = if access == Access::Write { " FOR UPDATE" } else { "" };
        let sql = format!("SELECT fence, holder, since, until, {} FROM lock WHERE id = 1{kept}", clock(0));
        self.with(|client| {
            let Some(row) = client.query_typed_opt(&sql, &[])? else { return Ok(None) };
            let lock = Lock {
                fence: row.try_get(0)?,
                holder: row.try_get(1)?,
                since: row.try_get(2)?,
                until: row.try_get(3)?,
            };
            Ok(Some((lock, row.try_get(4)?)))
        })?
        .ok_or_else(|| self.altered("row of `lock`"))
    }

    fn set_lock(&mut self, fence: i64, holder: Option<&str>) -> Result<(), TargetError> {
        let time = |later| format!("CASE WHEN $2::text IS NOT NULL THEN {} END", clock(later));
        let (since, until) = (time(0), time(LEASE_SECONDS));
        let sql = format!("UPDATE lock SET fence = $1, holder = $2, since = {since}, until = {until} WHERE id = 1");
        self.with(|client| client.execute_typed(&sql, &[(&fence, Type::INT8), (&holder, Type::TEXT)]).map(drop))
    }

    fn last_entry(&mut self) -> Result<(Head, i64), TargetError> {
        let sql = "SELECT seq, hash, run FROM audit ORDER BY seq DESC LIMIT 1";
        self.with(|client| {
            let Some(row) = client.query_typed_opt(sql, &[])? else { return Ok(Default::default()) };
            Ok((Head { seq: row.try_get(0)?, hash: row.try_get(1)? }, row.try_get(2)?))
        })
    }

    fn last_applied(&mut self) -> Result<Vec<String>, TargetError> {
        self.with(|client| client.query_typed(LAST_APPLIED_RUNS, &[])?.iter().map(|row| row.try_get(0)).collect())
    }

    fn altered(&self, what: &str) -> TargetError {
        TargetError::Altered { database: self.name().to_owned(), what: what.to_owned() }
    }

    fn may_try_again(&self, error: &TargetError) -> bool {
        matches!(error, TargetError::Raced)
    }
}

/// The server's time, so many seconds from now, as the lock row has it.
fn clock(later: u32) -> String {
    format!(
        "to_char((clock_timestamp() + interval '{later} seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    )
}

impl Target for Postgres {
    fn read(&mut self) -> Result<Reading, TargetError> {
        relational::read(self)
    }

    fn read_all(&mut self) -> Result<(Reading, Registered), TargetError> {
        relational::read_all(self)
    }

    fn apply(&mut self, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
        relational::apply(self, plan, run)
    }

    fn record_failure(&mut self, run: &Run, error: &str) -> Result<Option<End>, TargetError> {
        relational::record_failure(self, run, error)
    }

    fn name(&self) -> Option<String> {
        Some(self.address.name().to_owned())
    }

    fn identity(&mut self) -> Result<Option<String>, TargetError> {
        relational::identity(self)
    }

    fn audit(&mut self, each: &mut dyn FnMut(Entry)) -> Result<(), TargetError> {
        relational::audit(self, each)
    }

    fn register(&mut self) -> Result<Registered, TargetError> {
        relational::register(self)
    }

    fn alter(&mut self, run: &Run, alter: Alter<'_>) -> Result<Option<Receipt>, TargetError> {
        relational::alter(self, run, alter)
    }

    fn backup(&mut self, _to: &Path) -> Result<(), TargetError> {
        Err(TargetError::ByServer(self.name().to_owned()))
    }

    fn restore(&mut self, _from: &Path, _run: &Run) -> Result<Receipt, TargetError> {
        Err(TargetError::ByServer(self.name().to_owned()))
    }
}
