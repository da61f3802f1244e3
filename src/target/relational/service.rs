//! The service that synchronises, in a database: whoever writes for it has its lease, in the very transaction that writes.

use crate::audit::Run;
use crate::online::{Moment, Register, Service};
use crate::plan::{Plan, as_base, digest_of_base};
use crate::target::register::{self, into_register, of_service};
use crate::target::tables::{SERVICE, SYNC_RUNS, Table};
use crate::target::{Holder, TargetError};

use super::online::{moment, write_register};
use super::{Access, Engine};

/// What stands between the holder of the lock row and the fencing number of the service.
const SERVES: &str = ", synchronisation ";

/// Refuses whoever writes for the service and has not its lease any more, by the database's clock. Nobody takes it over
/// before this transaction ends: the row is written, so whoever changes it meanwhile waits, or got in the way of this one.
pub(super) fn is_served(engine: &mut dyn Engine, version: usize, run: &Run) -> Result<(), TargetError> {
    let Some(fence) = run.fence else { return Ok(()) };
    if version < SERVICE.since {
        return Err(TargetError::Overtaken);
    }
    let service = read(engine, &[&SERVICE])?.service;
    if !service.holds(fence, now(engine)?) {
        return Err(TargetError::Overtaken);
    }
    engine.update(&SERVICE, &[of_service(&service)])
}

/// What an apply of the service leaves in its log, in the same transaction; one by hand leaves its revision.
pub(super) fn applied(engine: &mut dyn Engine, plan: &Plan, run: &Run) -> Result<(), TargetError> {
    if run.fence.is_none() {
        let Some(revision) = run.revision.clone() else { return Ok(()) };
        // The service goes on from what was applied last, whoever did it.
        let service = read(engine, &[&SERVICE])?.service;
        return engine.update(&SERVICE, &[of_service(&Service { by_hand: Some(revision), ..service })]);
    }
    let before = read(engine, &[&SERVICE, &SYNC_RUNS])?;
    let mut after = register::applied(plan, run, now(engine)?).written(&before);
    after.service.kept = left(plan);
    write_register(engine, &before, &after)
}

/// Whether the service left the very same as it is when it recorded a run for the last time.
pub(super) fn left_it_before(engine: &mut dyn Engine, plan: &Plan, run: &Run) -> Result<bool, TargetError> {
    if run.fence.is_none() {
        return Ok(false);
    }
    engine.begin(Access::Read)?;
    let found = read(engine, &[&SERVICE]);
    engine.rollback();
    Ok(found?.service.kept == left(plan))
}

/// A digest of what an apply leaves behind, if it leaves drift as it is. The policy is the same as long as what is
/// remembered is.
fn left(plan: &Plan) -> Option<String> {
    (plan.after != plan.declared).then(|| digest_of_base(&as_base(&plan.after)).to_string())
}

/// What the lock row says of a run of the service.
pub(super) fn signature(run: &Run) -> String {
    run.fence.map(|fence| format!("{SERVES}{fence}")).unwrap_or_default()
}

/// Whether whoever holds the lock row held the lease of the service before this run does: it writes nothing any more,
/// and is not waited for.
pub(super) fn outlived(run: &Run, holder: &Holder) -> bool {
    let theirs = holder.name.rsplit_once(SERVES).and_then(|(_, fence)| fence.parse::<i64>().ok());
    theirs.zip(run.fence).is_some_and(|(theirs, own)| theirs < own)
}

fn now(engine: &mut dyn Engine) -> Result<Moment, TargetError> {
    moment(&engine.lock(Access::Read)?.1)
}

fn read(engine: &mut dyn Engine, tables: &[&'static Table]) -> Result<Register, TargetError> {
    let mut found = Register::default();
    for table in tables {
        engine.select(table, &mut |row| into_register(&mut found, table, row))?;
    }
    Ok(found)
}
