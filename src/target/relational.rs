//! The one way in which every SQL database is read and written; an engine only says it in its dialect.
//!
//! A run first takes the lease in the lock row, in a transaction of its own, so that everybody can see who is writing.
//! Then one transaction checks that the lease is still its own, reads, compares with what the plan saw, writes, reads
//! back, and gives the lease up. Whoever took the lease over meanwhile raised the fencing number, and the slower one
//! finds another number there than its own.

mod online;
mod record;
mod service;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crate::audit::{self, Entry, Head, Run};
use crate::plan::{Base, Plan, Reading, digest};
use crate::state::State;

use super::tables::{AUDIT, Declares, LAST_APPLIED, Row, Table};
use super::writes::{self, Changes};
use super::{End, Holder, Receipt, TargetError, rows};

use record::{entry, row};

pub use online::{alter, register};

/// The first version of the schema that has a lock row and a chained record.
const CHAINED: usize = 2;

/// How long a lease lasts that nobody gives up, in seconds. It need not outlast the run: while its transaction writes it
/// keeps the lock row itself.
pub const LEASE_SECONDS: u32 = 30;

/// How often a run begins anew that got in the way of another.
const TRIES: u32 = 6;

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read; sees one moment throughout.
    Read,
    /// Write; what it read is so when it ends, or it fails, if whoever else writes asks the same of the engine.
    Write,
}

/// The lock row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Rises each time the lease is taken.
    pub fence: i64,
    /// Who has the lease.
    pub holder: Option<String>,
    /// Since when; UTC, `YYYY-MM-DDTHH:MM:SS.sssZ`.
    pub since: Option<String>,
    /// Until when, unless it is given up before.
    pub until: Option<String>,
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
    fn insert(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), TargetError>;
    /// Gives an account another name; everything that refers to it follows.
    fn rename_user(&mut self, from: &str, to: &str) -> Result<(), TargetError>;
    /// The lock row, kept from others until the transaction ends if it may write; and the time by the database's clock.
    fn lock(&mut self, access: Access) -> Result<(Lock, String), TargetError>;
    /// Writes the lock row, with a lease of some seconds from now by the database's clock, or none.
    fn set_lock(&mut self, fence: i64, holder: Option<&str>) -> Result<(), TargetError>;
    /// The end of the record, and the number of the last run; 0 if there is none.
    fn last_entry(&mut self) -> Result<(Head, i64), TargetError>;
    /// Whether what went wrong may go well when it is tried again.
    fn may_try_again(&self, error: &TargetError) -> bool;
}

/// Takes a row up, or says what is wrong with it.
pub type Each<'e> = &'e mut dyn FnMut(Row) -> Result<(), rows::Senseless>;

/// Reads everything.
pub fn read(engine: &mut dyn Engine) -> Result<Reading, TargetError> {
    look(engine).map(|(reading, _)| reading)
}

/// Reads everything, and the version of the schema. A copy that follows another server may have to give way to it.
fn look(engine: &mut dyn Engine) -> Result<(Reading, usize), TargetError> {
    if engine.is_absent() {
        return Ok((Reading::default(), 0));
    }
    attempt(engine, |engine| {
        engine.begin(Access::Read)?;
        let looked = engine.version().and_then(|version| Ok((reading(engine, version)?, version)));
        engine.rollback();
        looked
    })
}

fn reading(engine: &mut dyn Engine, version: usize) -> Result<Reading, TargetError> {
    let mut actual = State::default();
    if version == 0 {
        return Ok(Reading::default());
    }
    // A database of an older version has nothing of what came later.
    for table in Declares::ALL.into_iter().filter(|table| table.table().since <= version) {
        engine.select(table.table(), &mut |row| rows::into_state(&mut actual, table, &row))?;
    }
    let mut base = Base::new();
    engine.select(&LAST_APPLIED, &mut |row| rows::into_base(&mut base, &row))?;
    // Every apply writes the rights of the catalogue at least.
    let was_applied = !base.is_empty();
    Ok(Reading { actual, base: was_applied.then_some(base) })
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
            each(entry(&row)?);
            Ok(())
        })
    });
    engine.rollback();
    listed
}

/// Carries a plan out as a whole or not at all.
pub fn apply(engine: &mut dyn Engine, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
    if plan.is_empty() && is_settled(engine, plan)? {
        return Ok(Receipt { applied: 0, run: None, head: None });
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
            is_there |= entry(&row)?.hash == receipt.head;
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
            engine.insert(&AUDIT, &[row(&entry)])?;
            Ok(entry.hash.map(|head| End { run: entry.run, head }))
        })
    })
}

/// Whether there is nothing to write: the database says what the plan saw, the last apply is the plan's, and the schema
/// is the newest.
fn is_settled(engine: &mut dyn Engine, plan: &Plan) -> Result<bool, TargetError> {
    let (reading, version) = look(engine)?;
    if digest(&reading) != plan.seen {
        return Err(TargetError::Stale);
    }
    Ok(version == engine.newest() && reading.base.as_ref() == Some(&plan.remembered()))
}

/// Does something that others may get in the way of, and does it again if they did.
fn attempt<T>(
    engine: &mut dyn Engine,
    mut work: impl FnMut(&mut dyn Engine) -> Result<T, TargetError>,
) -> Result<T, TargetError> {
    for attempt in 1..TRIES {
        match work(engine) {
            Err(error) if engine.may_try_again(&error) => {}
            done => return done,
        }
        pause(attempt);
    }
    work(engine)
}

/// Gives whoever was in the way time to finish, the longer the more often it was tried.
fn pause(attempt: u32) {
    std::thread::sleep(Duration::from_millis((20 + own_pace()) << attempt));
}

/// Milliseconds, below 20, in which two runs differ, so that they do not keep in step. Processes in containers often have
/// the same number, so chance has to say.
fn own_pace() -> u64 {
    RandomState::new().build_hasher().finish() % 20
}

/// Does something in one transaction.
fn transaction<T>(
    engine: &mut dyn Engine,
    work: impl FnOnce(&mut dyn Engine) -> Result<T, TargetError>,
) -> Result<T, TargetError> {
    engine.begin(Access::Write)?;
    let done = work(engine).and_then(|value| engine.commit().map(|()| value));
    if done.is_err() {
        engine.rollback();
    }
    done
}

/// Takes the lease, so that others can see who is writing; its fencing number. A database from before there was a lock
/// row has none, and whoever makes it is alone by the transaction in which it comes into being.
pub(super) fn take(engine: &mut dyn Engine, run: &Run) -> Result<Option<i64>, TargetError> {
    let taken = transaction(engine, |engine| {
        if engine.version()? < CHAINED {
            return Ok(None);
        }
        let (lock, now) = engine.lock(Access::Write)?;
        if let Some(holder) = held(&lock, &now).filter(|holder| !service::outlived(run, holder)) {
            return Err(TargetError::Locked { holder: Some(holder) });
        }
        let fence = next(lock.fence, "lock")?;
        engine.set_lock(fence, Some(&signature(run)))?;
        Ok(Some(fence))
    });
    match taken {
        // Whoever writes keeps the row itself; what it says can be read all the same.
        Err(TargetError::Locked { holder: None }) => Err(TargetError::Locked { holder: seen_holder(engine) }),
        // A lease that may have been taken changes nothing, and ends by itself.
        Err(TargetError::Unconfirmed(database)) => Err(TargetError::Lost(database)),
        taken => taken,
    }
}

/// The number after one that a table holds. Nobody counts so far: what leaves no room was written by hand.
fn next(number: i64, table: &str) -> Result<i64, TargetError> {
    let fits = (0..i64::MAX / 2).contains(&number);
    fits.then(|| number + 1).ok_or_else(|| TargetError::Senseless(format!("the number {number} in `{table}`")))
}

/// Who a run says it is, to those who find the lease taken.
fn signature(run: &Run) -> String {
    let user = run.os_user.as_deref().unwrap_or("somebody");
    let machine = run.machine.as_deref().map(|machine| format!(" on {machine}")).unwrap_or_default();
    format!("{user}{machine}, process {}{}", std::process::id(), service::signature(run))
}

/// Who holds a lease that has not ended. One that was taken in the future was taken before a clock was set back: it
/// would last nobody knows how long, and the fencing number keeps its holder from writing anyway.
fn held(lock: &Lock, now: &str) -> Option<Holder> {
    let (holder, since, until) = (lock.holder.clone()?, lock.since.clone()?, lock.until.as_deref()?);
    (*since <= *now && now < until).then_some(Holder { name: holder, since })
}

fn seen_holder(engine: &mut dyn Engine) -> Option<Holder> {
    engine.begin(Access::Read).ok()?;
    let lock = engine.lock(Access::Read);
    engine.rollback();
    let (lock, _) = lock.ok()?;
    // Whoever keeps the row holds it, even if the lease has ended meanwhile.
    Some(Holder { name: lock.holder?, since: lock.since? })
}

/// Gives the lease up if it is still one's own. If that fails it ends by itself.
pub(super) fn give_up(engine: &mut dyn Engine, fence: i64) {
    let given = transaction(engine, |engine| {
        let (lock, _) = engine.lock(Access::Write)?;
        if lock.fence == fence { engine.set_lock(fence, None) } else { Ok(()) }
    });
    drop(given);
}

/// Does something in one transaction under the lease, which ends with it.
fn under_lock<T>(
    engine: &mut dyn Engine,
    lease: Option<i64>,
    work: impl FnOnce(&mut dyn Engine, usize) -> Result<T, TargetError>,
) -> Result<T, TargetError> {
    transaction(engine, |engine| {
        let version = engine.version()?;
        if let Some(fence) = lease {
            let (lock, _) = engine.lock(Access::Write)?;
            if lock.fence != fence {
                return Err(TargetError::Overtaken);
            }
        } else if version >= CHAINED {
            // Somebody made the tables between our two looks.
            return Err(TargetError::Raced);
        }
        let value = work(engine, version)?;
        if let Some(fence) = lease {
            engine.set_lock(fence, None)?;
        }
        Ok(value)
    })
}

fn write(engine: &mut dyn Engine, version: usize, plan: &Plan, run: &Run) -> Result<Receipt, TargetError> {
    service::is_served(engine, version, run)?;
    let before = reading(engine, version)?;
    if digest(&before) != plan.seen {
        return Err(TargetError::Stale);
    }
    if version < engine.newest() {
        engine.migrate(version)?;
    }
    engine.confirm()?;
    let base = plan.remembered();
    carry_out(engine, plan, &before.actual)?;
    online::rename(engine, plan)?;
    let remembered = writes::between(&LAST_APPLIED, before.base.as_ref(), &base);
    engine.delete(&LAST_APPLIED, &remembered.deletes)?;
    put(engine, &LAST_APPLIED, &remembered)?;
    let (head, number) = engine.last_entry()?;
    next(head.seq, "audit")?;
    let number = next(number, "audit")?;
    let entries: Vec<Entry> = audit::entries(plan, run, number, &head).collect();
    let head = entries.last().and_then(|entry| entry.hash.clone());
    let record: Vec<Row> = entries.iter().map(row).collect();
    engine.insert(&AUDIT, &record)?;
    service::applied(engine, plan, run)?;
    let newest = engine.newest();
    let after = reading(engine, newest)?;
    match first_difference(&after, plan, &base) {
        Some(difference) => Err(TargetError::Unfaithful(difference)),
        None => Ok(Receipt { applied: plan.changes.len(), run: Some(number), head }),
    }
}

fn carry_out(engine: &mut dyn Engine, plan: &Plan, actual: &State) -> Result<(), TargetError> {
    let writes = writes::of_plan(plan, actual);
    for (from, to) in &writes.renames {
        engine.rename_user(from.as_str(), to.as_str())?;
    }
    for (table, changes) in writes.tables.iter().rev() {
        engine.delete(table.table(), &changes.deletes)?;
    }
    for (table, changes) in &writes.tables {
        put(engine, table.table(), changes)?;
    }
    Ok(())
}

/// Changes and adds rows.
fn put(engine: &mut dyn Engine, table: &'static Table, changes: &Changes) -> Result<(), TargetError> {
    if let Some(column) = table.loose {
        let keys: Vec<Row> = changes.updates.iter().map(|row| table.key_of(row)).collect();
        engine.empty(table, column, &keys)?;
    }
    engine.update(table, &changes.updates)?;
    engine.insert(table, &changes.inserts)
}

fn first_difference(result: &Reading, plan: &Plan, base: &Base) -> Option<String> {
    let (got, wanted) = (&result.actual.facts, &plan.after.facts);
    let differs = wanted.iter().find(|(key, fact)| got.get(*key) != Some(*fact)).map(|(key, _)| key);
    let differs = differs.or_else(|| got.keys().find(|key| !wanted.contains_key(*key)));
    let differs = differs.map(|key| format!("{} `{key}`", key.kind().as_str()));
    differs.or_else(|| (result.base.as_ref() != Some(base)).then(|| "what the last apply wrote".to_owned()))
}
