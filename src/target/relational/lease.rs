//! The lease: who writes takes it first, in a transaction of its own, so that everybody can see who; and what becomes of
//! a run that others get in the way of.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crate::audit::Run;
use crate::target::{Holder, TargetError};

use super::{Access, CHAINED, Engine, service};

/// How long a lease lasts that nobody gives up, in seconds. It need not outlast the run: while its transaction writes it
/// keeps the lock row itself.
pub const LEASE_SECONDS: u32 = 30;

/// How often a run begins anew that got in the way of another.
pub(super) const TRIES: u32 = 6;

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

/// Does something that others may get in the way of, and does it again if they did.
pub(super) fn attempt<T>(
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
pub(super) fn pause(attempt: u32) {
    std::thread::sleep(Duration::from_millis((20 + own_pace()) << attempt));
}

/// Milliseconds, below 20, in which two runs differ, so that they do not keep in step. Processes in containers often have
/// the same number, so chance has to say.
fn own_pace() -> u64 {
    RandomState::new().build_hasher().finish() % 20
}

/// Does something in one transaction.
pub(super) fn transaction<T>(
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
pub(in crate::target) fn take(engine: &mut dyn Engine, run: &Run) -> Result<Option<i64>, TargetError> {
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
pub(super) fn next(number: i64, table: &str) -> Result<i64, TargetError> {
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
pub(super) fn held(lock: &Lock, now: &str) -> Option<Holder> {
    let (holder, since, until) = (lock.holder.clone()?, lock.since.clone()?, lock.until.as_deref()?);
    (*since <= *now && now < until && is_recent(&since, now)).then_some(Holder { name: holder, since })
}

/// Whether a lease that was taken then can last: what is written down for longer was written by hand.
fn is_recent(since: &str, now: &str) -> bool {
    let moment = |text: &str| text.parse::<jiff::Timestamp>();
    match (moment(since), moment(now)) {
        (Ok(since), Ok(now)) => now.as_second() - since.as_second() <= i64::from(LEASE_SECONDS) + 1,
        _ => false,
    }
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
pub(in crate::target) fn give_up(engine: &mut dyn Engine, fence: i64) {
    let given = transaction(engine, |engine| {
        let (lock, _) = engine.lock(Access::Write)?;
        if lock.fence == fence { engine.set_lock(fence, None) } else { Ok(()) }
    });
    drop(given);
}

/// Does something in one transaction under the lease, which ends with it.
pub(super) fn under_lock<T>(
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
