//! Copies of a database file, and the way back: by the engine's own backup, which sees one moment and gives way to nobody.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::audit::Run;
use crate::online::{Service, State};
use crate::target::relational::{self, Access, Engine};
use crate::target::{Altered, Receipt, Target, TargetError};

use super::{Sqlite, failure};

/// How many pages are copied before others get their turn.
const PAGES: i32 = 1_000;

/// A file that goes away with its value, unless it gets its name.
struct Draft(PathBuf);

impl Draft {
    /// Beside a path, readable for its owner alone: it holds the addresses of people. What a process that died left there
    /// goes away.
    fn beside(path: &Path) -> Result<Self, TargetError> {
        let named = |process: &str| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{process}.part"));
            path.with_file_name(name)
        };
        for process in left_behind(path) {
            let _ = fs::remove_file(named(&process));
        }
        let draft = named(&std::process::id().to_string());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&draft).map_err(|error| unwritable(&draft, &error))?;
        Ok(Self(draft))
    }

    /// Gives it its name, which nobody else may have.
    fn named(&self, path: &Path) -> Result<(), TargetError> {
        let done = File::open(&self.0).and_then(|file| file.sync_all()).and_then(|()| fs::hard_link(&self.0, path));
        done.map_err(|error| unwritable(path, &error))?;
        // The name lasts with its folder. Where folders cannot be written down, it lasts as long as the system does.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// The processes whose drafts lie beside a path, and that are not there any more. Where that cannot be seen there are none.
fn left_behind(path: &Path) -> Vec<String> {
    let prefix = format!("{}.", path.file_name().unwrap_or_default().to_string_lossy());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let processes = Path::new("/proc");
    if !processes.join("self").exists() {
        return Vec::new();
    }
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let process = |name: String| name.strip_prefix(&prefix)?.strip_suffix(".part").map(str::to_owned);
    let is_gone = |process: &String| process.parse::<u32>().is_ok() && !processes.join(process).exists();
    names.filter_map(process).filter(is_gone).collect()
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What cannot be removed is an unfinished file by its name.
        let _ = fs::remove_file(&self.0);
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> TargetError {
    TargetError::Unreachable { database: path.display().to_string(), reason: error.to_string() }
}

/// Writes a copy into a file that is not there yet; whole or not at all.
pub(super) fn backup(database: &mut Sqlite, to: &Path) -> Result<(), TargetError> {
    is_ours(database)?;
    if fs::symlink_metadata(to).is_ok() {
        return Err(TargetError::Taken(to.display().to_string()));
    }
    let draft = Draft::beside(to)?;
    let mut copy = Connection::open(&draft.0).map_err(|error| failure(&draft.0, &error))?;
    let patience = database.wait;
    copied(database.connect()?, &mut copy, &draft.0, patience)?;
    copy.close().map_err(|(_, error)| failure(&draft.0, &error))?;
    draft.named(to)
}

/// Makes a database say what a copy says, as a whole or not at all, and records it there. Nobody else applies meanwhile.
/// A copy of a connected company is disconnected: whoever connects it writes everything anew.
pub(super) fn restore(database: &mut Sqlite, from: &Path, run: &Run) -> Result<Receipt, TargetError> {
    let mut source = Sqlite::at(from);
    if source.is_absent() {
        return Err(TargetError::NoCopy(from.display().to_string()));
    }
    can_replace(database, from)?;
    database.may_create = true;
    let lease = relational::take(database, run)?;
    let done = restored(database, &mut source, lease, run);
    // The lease went with what it was written into, unless that stayed.
    if let (Err(_), Some(fence)) = (&done, lease) {
        relational::give_up(database, fence);
    }
    done
}

/// Whether a file can take the place of a database: whole, of our making, and a copy of the very same.
pub fn can_replace(database: &mut dyn Target, from: &Path) -> Result<Option<String>, TargetError> {
    let mut source = Sqlite::at(from);
    if source.is_absent() {
        return Err(TargetError::NoCopy(from.display().to_string()));
    }
    is_ours(&mut source)?;
    is_sound(&source)?;
    let (copied, own) = (source.identity()?, database.identity()?);
    let is_other = match (&copied, &own) {
        (Some(copied), Some(own)) => copied != own,
        // Before databases had an id, its record tells whose it is.
        (None, Some(_)) => first_hash(&mut source)? != first_hash(database)?,
        (_, None) => false,
    };
    if is_other { Err(TargetError::OtherDatabase(from.display().to_string())) } else { Ok(copied) }
}

/// The hash of the first entry that has one.
fn first_hash(database: &mut dyn Target) -> Result<Option<String>, TargetError> {
    let mut first = None;
    database.audit(&mut |entry| first = first.take().or(entry.hash))?;
    Ok(first)
}

fn restored(database: &mut Sqlite, source: &mut Sqlite, lease: Option<i64>, run: &Run) -> Result<Receipt, TargetError> {
    // Looked at under the lease, so that nobody connects in between.
    let (live, now) = relational::register(database)?.unwrap_or_default();
    if live.connection.state == State::Connected {
        return Err(TargetError::Connected);
    }
    if live.connection.exclusive_until.is_some_and(|until| until > now) {
        return Err(TargetError::AtWork("connect".to_owned()));
    }
    let at_work: Vec<&str> = live.working(now).map(|session| session.who.as_str()).collect();
    if !at_work.is_empty() {
        return Err(TargetError::AtWork(at_work.join(", ")));
    }
    let draft = Draft::beside(&database.path)?;
    let mut copy = Connection::open(&draft.0).map_err(|error| failure(&draft.0, &error))?;
    copied(source.connect()?, &mut copy, &draft.0, database.wait)?;
    let mut copy = Sqlite { connection: Some(copy), ..Sqlite::at(&draft.0) };
    let receipt = relational::alter(&mut copy, run, &mut |register, now| {
        let copied_fence = register.service.fence;
        // Who had access is no part of what a copy brings back: what was taken from somebody since stays taken.
        let mut register = if live.connection.state == State::Never { register.clone() } else { live.clone() };
        if register.connection.state == State::Connected {
            (register.connection.state, register.connection.since) = (State::Disconnected, Some(now));
        }
        register.connection.exclusive_until = None;
        register.sessions.clear();
        // Whoever synchronised before must not find its number there again, and everything is synchronised anew.
        let fence = register.service.fence.max(copied_fence).max(live.service.fence).saturating_add(1);
        // What was applied last was applied, whatever the copy says: nobody goes back behind it unseen.
        let Service { revision, by_hand, .. } = register.service;
        register.service = Service { fence, revision, by_hand, ..Service::default() };
        register.machines.clear();
        Some(Altered::from(register))
    })?;
    raise_fence(&mut copy, lease)?;
    // It stays the same database, also if the copy is from before there was an id.
    if let Some(id) = relational::identity(database)? {
        copy.with(|copy| copy.execute("UPDATE identity SET database = ?1", [id]).map(drop))?;
    }
    let patience = database.wait;
    let path = database.path.clone();
    database.connect()?;
    let (Some(copy), Some(live)) = (&copy.connection, &mut database.connection) else {
        return Err(TargetError::BadUrl);
    };
    live.flush_prepared_statement_cache();
    copied(copy, live, &path, patience)?;
    receipt.ok_or(TargetError::Raced)
}

/// Whoever held the lock row before the restore must not find its number there again.
fn raise_fence(copy: &mut Sqlite, lease: Option<i64>) -> Result<(), TargetError> {
    copy.begin(Access::Write)?;
    let raised = copy.lock(Access::Write).and_then(|(lock, _)| {
        copy.set_lock(lock.fence.max(lease.unwrap_or_default()).saturating_add(1), None)?;
        copy.commit()
    });
    if raised.is_err() {
        copy.rollback();
    }
    raised
}

/// Refuses what this program did not make, or somebody changed.
fn is_ours(database: &mut Sqlite) -> Result<(), TargetError> {
    database.begin(Access::Read)?;
    let version = database.version();
    database.rollback();
    match version? {
        0 => Err(TargetError::NoCopy(database.name())),
        _ => Ok(()),
    }
}

/// Refuses a damaged file.
fn is_sound(database: &Sqlite) -> Result<(), TargetError> {
    let said: String =
        database.with(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))?;
    if said == "ok" { Ok(()) } else { Err(TargetError::Unable { database: database.name(), what: said }) }
}

/// Copies everything. If others write meanwhile it begins anew, and waits for them no longer than for any lock.
fn copied(from: &Connection, to: &mut Connection, path: &Path, patience: Duration) -> Result<(), TargetError> {
    let fails = |error: rusqlite::Error| failure(path, &error);
    let copy = Backup::new(from, to).map_err(fails)?;
    let mut last = Instant::now();
    loop {
        match copy.step(PAGES).map_err(fails)? {
            StepResult::Done => return Ok(()),
            StepResult::More => last = Instant::now(),
            _ if last.elapsed() > patience => return Err(TargetError::Locked { holder: None }),
            _ => sleep(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_without_its_name_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.db");
        let draft = Draft::beside(&path).unwrap();
        assert!(draft.0.exists());
        assert!(matches!(Draft::beside(&path), Err(TargetError::Unreachable { .. })), "one at a time");
        drop(draft);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
