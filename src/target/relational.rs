//! The one way in which every SQL database is read and written; an engine only says it in its dialect.
//!
//! A run first takes the lease in the lock row, in a transaction of its own, so that everybody can see who is writing.
//! Then one transaction checks that the lease is still its own, reads, compares with what the plan saw, writes, reads
//! back, and gives the lease up. Whoever took the lease over meanwhile raised the fencing number, and the slower one
//! finds another number there than its own.

mod lease;
mod online;
mod proof;
mod record;
mod service;

use std::iter::once;
use std::mem;
use std::sync::Mutex;

use crate::audit::{self, Entry, Head, Remembered, Run};
use crate::plan::{Base, Plan, Reading, digest, digest_of_base};
use crate::state::State;
use crate::workers;

use super::crm::Renames;
use super::tables::{AUDIT, Declares, IDENTITY, LAST_APPLIED, Row, Seen, Table};
use super::writes::{self, Changes, Writes};
use super::{End, Receipt, Registered, TargetError, rows};

pub use lease::{LEASE_SECONDS, Lock};
use lease::{TRIES, attempt, next, pause, transaction, under_lock};
pub(super) use lease::{give_up, take};
pub use online::{alter, register};
use proof::first_difference;
pub use record::LAST_APPLIED_RUNS;
use record::{entry, row};

/// The first version of the schema that has a lock row and a chained record.
const CHAINED: usize = 2;

/// The first version that tells one database from another.
const NAMED: usize = 4;

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read; sees one moment throughout.
    Read,
    /// Write; what it read is so when it ends, or it fails, if whoever else writes asks the same of the engine.
    Write,
}

/// One SQL dialect over one connection. Errors say what the engine's codes mean for people.
pub trait Engine {
    /// Whether there is nothing to connect to yet, which counts as an empty database.
    fn is_absent(&self) -> bool;
    /// Begins a transaction, connecting first if need be.
    fn begin(&mut self, access: Access) -> Result<(), TargetError>;
    /// Makes everything since `begin` lasting.
    fn commit(&mut self) -> Result<(), TargetError>;
    /// Takes everything since `begin` back; never fails, since a lost connection does the same.
    fn rollback(&mut self);
    /// The version of the schema, 0 if there is none.
    fn version(&mut self) -> Result<usize, TargetError>;
    /// The newest version that there is.
    fn newest(&self) -> usize;
    /// Brings the schema from a version to the newest one.
    fn migrate(&mut self, from: usize) -> Result<(), TargetError>;
    /// Looks at the schema once more, in a transaction that writes, if it could not be told whether somebody changed it.
    fn confirm(&mut self) -> Result<(), TargetError> {
        Ok(())
    }
    /// Hands each row of a table on.
    fn select(&mut self, table: &'static Table, each: Each<'_>) -> Result<(), TargetError>;
    /// Deletes the rows with these keys.
    fn delete(&mut self, table: &'static Table, keys: &[Row]) -> Result<(), TargetError>;
    /// Empties one column of the rows with these keys.
    fn empty(&mut self, table: &'static Table, column: &str, keys: &[Row]) -> Result<(), TargetError>;
    /// Changes rows that are there.
    fn update(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), TargetError>;
    /// Adds rows.
    fn insert(&mut self, table: &'static Table, rows: Rows<'_>) -> Result<(), TargetError>;
    /// Takes away what is looked after with every row of a table, if the table is empty and gets many at once. It is looked
    /// after for all of them together when it is put back, which is much faster and refuses the same rows.
    fn set_aside(&mut self, _table: &'static Table) -> Result<(), TargetError> {
        Ok(())
    }
    /// Puts back what was taken away in this transaction.
    fn put_back(&mut self) -> Result<(), TargetError> {
        Ok(())
    }
    /// Gives an account another name; everything that refers to it follows.
    fn rename_user(&mut self, from: &str, to: &str) -> Result<(), TargetError>;
    /// The lock row, kept from others until the transaction ends if it may write; and the time by the database's clock.
    fn lock(&mut self, access: Access) -> Result<(Lock, String), TargetError>;
    /// Writes the lock row, with a lease of some seconds from now by the database's clock, or none.
    fn set_lock(&mut self, fence: i64, holder: Option<&str>) -> Result<(), TargetError>;
    /// The end of the record, and the number of the last run; 0 if there is none.
    fn last_entry(&mut self) -> Result<(Head, i64), TargetError>;
    /// What the record tells of the last run that was carried out, and of the last one that told a digest, as JSON.
    fn last_applied(&mut self) -> Result<Vec<String>, TargetError>;
    /// That something is not as this program made it.
    fn altered(&self, what: &str) -> TargetError;
    /// Whether what went wrong may go well when it is tried again.
    fn may_try_again(&self, error: &TargetError) -> bool;
    /// Whether there is a CRM whose tables can say other than ours.
    fn has_crm(&self) -> bool {
        false
    }
    /// Corrects what our tables say, by what the tables of the CRM say; of a database without our tables too.
    fn correct(&mut self, _reading: &mut Reading, _version: usize) -> Result<(), TargetError> {
        Ok(())
    }
    /// Writes what our tables say from now on into those of the CRM.
    fn project(&mut self, _after: &State, _renames: &Renames, _run: &Run) -> Result<(), TargetError> {
        Ok(())
    }
}

/// Takes a row up, or says what is wrong with it.
pub type Each<'e> = &'e mut dyn FnMut(&[Seen<'_>]) -> Result<(), rows::Senseless>;

/// Rows one after the other, so that a million of them need not be there at once.
pub type Rows<'r> = &'r mut dyn Iterator<Item = Row>;

/// So many rows for one table are many.
const MANY: usize = 10_000;

/// Reads everything.
pub fn read(engine: &mut dyn Engine) -> Result<Reading, TargetError> {
    look(engine).map(|(reading, _)| reading)
}

/// The same, and the register of online access, both of one moment.
pub fn read_all(engine: &mut dyn Engine) -> Result<(Reading, Registered), TargetError> {
    looked(engine, |engine, version| Ok((reading(engine, version)?, online::known(engine, version)?)))
}

/// Reads everything, and the version of the schema.
fn look(engine: &mut dyn Engine) -> Result<(Reading, usize), TargetError> {
    looked(engine, |engine, version| Ok((reading(engine, version)?, version)))
}

/// Looks at one moment; nothing where there is no database yet. A copy that follows another server may have to give way
/// to it.
fn looked<T: Default>(
    engine: &mut dyn Engine,
    mut read: impl FnMut(&mut dyn Engine, usize) -> Result<T, TargetError>,
) -> Result<T, TargetError> {
    if engine.is_absent() {
        return Ok(T::default());
    }
    attempt(engine, |engine| {
        engine.begin(Access::Read)?;
        let looked = engine.version().and_then(|version| read(engine, version));
        engine.rollback();
        looked
    })
}

fn reading(engine: &mut dyn Engine, version: usize) -> Result<Reading, TargetError> {
    let mut reading = standing(engine, version)?;
    engine.correct(&mut reading, version)?;
    Ok(reading)
}

/// What stands in our tables, whatever a CRM says.
fn standing(engine: &mut dyn Engine, version: usize) -> Result<Reading, TargetError> {
    let mut reading = Reading::default();
    if version == 0 {
        return Ok(reading);
    }
    let mut facts = Vec::new();
    // A database of an older version has nothing of what came later.
    for table in Declares::ALL.into_iter().filter(|table| table.table().since <= version) {
        engine.select(table.table(), &mut |row| rows::into_reading(&mut reading, &mut facts, table, row))?;
    }
    facts.extend(std::mem::take(&mut reading.actual.facts));
    let facts = Mutex::new(facts);
    let in_order = || facts.lock().map(|mut facts| mem::take(&mut *facts).into_iter().collect()).unwrap_or_default();
    let (facts, base) = workers::both(in_order, || {
        let mut base = Vec::new();
        engine.select(&LAST_APPLIED, &mut |row| rows::into_base(&mut base, row))?;
        Ok(Base::of(base))
    });
    reading.actual.facts = facts;
    let base = base?;
    let recorded = if version < CHAINED { Vec::new() } else { engine.last_applied()? };
    // A run of a version that told no digest stands behind none that did.
    let told = recorded.iter().map(|body| audit::remembered(body));
    let digest = digest_of_base(&base).to_string();
    reading.is_forged = match told.collect::<Vec<_>>().as_slice() {
        [Some(last), ..] => *last != digest,
        [None, rest @ ..] => rest.iter().any(Option::is_some),
        [] => false,
    };
    // Every apply writes the rights of the catalogue at least.
    reading.base = (!base.is_empty() || reading.is_forged).then_some(base);
    reading.id = id(engine, version)?;
    Ok(reading)
}

/// What tells the database from every other one; `None` if there is none, or in versions that have no such thing.
pub fn identity(engine: &mut dyn Engine) -> Result<Option<String>, TargetError> {
    if engine.is_absent() {
        return Ok(None);
    }
    attempt(engine, |engine| {
        engine.begin(Access::Read)?;
        let id = engine.version().and_then(|version| id(engine, version));
        engine.rollback();
        id
    })
}

fn id(engine: &mut dyn Engine, version: usize) -> Result<Option<String>, TargetError> {
    if version < NAMED {
        return Ok(None);
    }
    let mut id = None;
    engine.select(&IDENTITY, &mut |row| {
        id = row[0].text().map(str::to_owned);
        Ok(())
    })?;
    match id {
        Some(id) if audit::is_id(&id) => Ok(Some(id)),
        _ => Err(engine.altered("row of `identity`")),
    }
}

/// Hands each entry of the record on.
pub fn audit(engine: &mut dyn Engine, each: &mut dyn FnMut(Entry)) -> Result<(), TargetError> {
    if engine.is_absent() {
        return Ok(());
    }
    engine.begin(Access::Read)?;
    let listed = engine.version().and_then(|version| {
        if version < CHAINED {
            return Ok(());
        }
        engine.select(&AUDIT, &mut |row| {
            each(entry(row)?);
            Ok(())
        })
    });
    engine.rollback();
    listed
}

/// Carries a plan out as a whole or not at all.
pub fn apply(engine: &mut dyn Engine, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
    if plan.is_empty() && is_settled(engine, plan, run)? {
        return Ok(Receipt { applied: 0, end: None });
    }
    attempt(engine, |engine| {
        let lease = take(engine, run)?;
        let mut written = None;
        let done = under_lock(engine, lease, |engine, version| {
            let receipt = write(engine, version, plan, run)?;
            written = Some(receipt.clone());
            Ok(receipt)
        });
        let done = match (done, written) {
            (Err(TargetError::Unconfirmed(database)), Some(receipt)) => settled(engine, lease, receipt, database),
            (done, _) => done,
        };
        if let (Err(_), Some(fence)) = (&done, lease) {
            give_up(engine, fence);
        }
        done
    })
}

/// Finds out whether a run arrived whose confirmation was lost. If that cannot be seen, it stays open.
fn settled(
    engine: &mut dyn Engine,
    lease: Option<i64>,
    receipt: Receipt,
    database: String,
) -> Result<Receipt, TargetError> {
    for attempt in 1..TRIES {
        match arrived(engine, lease, &receipt) {
            Ok(Some(true)) => return Ok(receipt),
            Ok(Some(false)) => return Err(TargetError::Lost(database)),
            Ok(None) => break,
            // The server may be about to come back, or the run about to end.
            Err(_) => pause(attempt),
        }
    }
    Err(TargetError::Unconfirmed(database))
}

/// Whether the record has what a run would have left at its end; `None` while the run may still be going on. It keeps
/// the lock row as long as it does, so whoever gets that sees how it ended. The very first run has no such row.
fn arrived(engine: &mut dyn Engine, lease: Option<i64>, receipt: &Receipt) -> Result<Option<bool>, TargetError> {
    transaction(engine, |engine| {
        if engine.version()? < CHAINED {
            return Ok(None);
        }
        engine.lock(Access::Write)?;
        let mut is_there = false;
        // Others may have written since, so the last entry does not tell.
        engine.select(&AUDIT, &mut |row| {
            let hash = entry(row)?.hash;
            is_there |= hash.is_some() && hash.as_deref() == receipt.end.as_ref().map(|end| &*end.head);
            Ok(())
        })?;
        Ok((is_there || lease.is_some()).then_some(is_there))
    })
}

/// Records that a run failed or was refused, if there is a record to write it to.
pub fn record_failure(engine: &mut dyn Engine, run: &Run, error: &str) -> Result<Option<End>, TargetError> {
    if engine.is_absent() {
        return Ok(None);
    }
    attempt(engine, |engine| {
        let lease = take(engine, run)?;
        if lease.is_none() {
            return Ok(None);
        }
        under_lock(engine, lease, |engine, version| {
            service::is_served(engine, version, run)?;
            let (head, number) = engine.last_entry()?;
            next(head.seq, "audit")?;
            let entry = audit::failure(run, error, next(number, "audit")?, &head);
            let (run, head) = (entry.run, entry.hash.clone());
            engine.insert(&AUDIT, &mut once(row(entry)))?;
            let database = id(engine, version)?;
            Ok(head.map(|head| End { run, head, database }))
        })
    })
}

/// Whether there is nothing to write: the database says what the plan saw, the last apply is the plan's, and the schema
/// is the newest.
fn is_settled(engine: &mut dyn Engine, plan: &Plan, run: &Run) -> Result<bool, TargetError> {
    let (reading, version) = look(engine)?;
    if digest(&reading) != plan.seen {
        return Err(TargetError::Stale);
    }
    if version != engine.newest() || reading.base.as_ref() != Some(&plan.remembered()) {
        return Ok(false);
    }
    // What somebody decides to leave as it is stands in the record each time; what the service leaves, once.
    Ok(plan.after == plan.declared || service::left_it_before(engine, plan, run)?)
}

fn write(engine: &mut dyn Engine, version: usize, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
    service::is_served(engine, version, run)?;
    let mut before = standing(engine, version)?;
    let stood = engine.has_crm().then(|| before.actual.clone());
    engine.correct(&mut before, version)?;
    if digest(&before) != plan.seen {
        return Err(TargetError::Stale);
    }
    if version < engine.newest() {
        engine.migrate(version)?;
    }
    engine.confirm()?;
    if let Some(stood) = stood {
        take_up(engine, &stood, &before.actual)?;
    }
    // What is written next is made while the engine is busy with what comes before it.
    let (base, done) = workers::both(|| plan.remembered(), || carry_out(engine, writes::of_plan(plan, &before.actual)));
    done?;
    online::rename(engine, plan)?;
    let (head, number) = engine.last_entry()?;
    next(head.seq, "audit")?;
    let number = next(number, "audit")?;
    let remembered = Remembered { before: before.base.as_ref(), after: &base };
    let mut end = None;
    workers::made_aside(
        || audit::entries(plan, run, number, &head, remembered),
        |entries| {
            remember(engine, before.base.as_ref(), &base)?;
            if plan.changes.len() >= MANY {
                engine.set_aside(&AUDIT)?;
            }
            let mut entries = entries.map(|entry| {
                end.clone_from(&entry.hash);
                row(entry)
            });
            engine.insert(&AUDIT, &mut entries)
        },
    )?;
    engine.put_back()?;
    // A firm of a hundred thousand users is as large as everything else here.
    drop(before);
    service::applied(engine, plan, run)?;
    engine.project(&plan.after, &plan.renames(), run)?;
    let newest = engine.newest();
    let after = reading(engine, newest)?;
    match first_difference(&after, plan, &base) {
        Some(difference) => Err(TargetError::Unfaithful(difference)),
        None => {
            let end = end.map(|head| End { run: number, head, database: after.id });
            Ok(Receipt { applied: plan.changes.len(), end })
        }
    }
}

/// Makes our tables say what the CRM says, where that is something else: the steps of a plan go out from there.
fn take_up(engine: &mut dyn Engine, stood: &State, says: &State) -> Result<(), TargetError> {
    carry_out(engine, writes::of_difference(stood, says))
}

/// Makes the database remember what this apply wrote.
fn remember(engine: &mut dyn Engine, before: Option<&Base>, after: &Base) -> Result<(), TargetError> {
    let nothing = Base::default();
    let memory = writes::of_memory(before.unwrap_or(&nothing), after);
    let keys: Vec<Row> = memory.deletes.into_iter().map(rows::key_of_written).collect();
    engine.delete(&LAST_APPLIED, &keys)?;
    let updates: Vec<Row> = memory.updates.into_iter().map(rows::of_written).collect();
    engine.update(&LAST_APPLIED, &updates)?;
    engine.insert(&LAST_APPLIED, &mut memory.inserts.into_iter().map(rows::of_written))
}

fn carry_out(engine: &mut dyn Engine, writes: Writes) -> Result<(), TargetError> {
    for (table, changes) in writes.strays.iter().rev() {
        engine.delete(table.table(), &changes.deletes)?;
    }
    for (from, to) in &writes.renames {
        engine.rename_user(from.as_str(), to.as_str())?;
    }
    for (table, changes) in writes.tables.iter().rev() {
        engine.delete(table.table(), &changes.deletes)?;
    }
    for (table, changes) in writes.tables {
        if changes.inserts.len() >= MANY {
            engine.set_aside(table.table())?;
        }
        put(engine, table.table(), changes)?;
    }
    Ok(())
}

/// Changes and adds rows.
fn put(engine: &mut dyn Engine, table: &'static Table, changes: Changes) -> Result<(), TargetError> {
    if let Some(column) = table.loose {
        let keys: Vec<Row> = changes.updates.iter().map(|row| table.key_of(row)).collect();
        engine.empty(table, column, &keys)?;
    }
    engine.update(table, &changes.updates)?;
    engine.insert(table, &mut changes.inserts.into_iter())
}
