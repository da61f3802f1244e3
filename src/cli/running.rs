//! What every apply tells of itself: who runs it where, of which revision, and how it ended. The end of the record is
//! kept outside of the database too, in the file of the settings or in a git note.

use std::collections::BTreeSet;
use std::rc::Rc;

use clap::Args;

use crate::audit::{Kept, Override, Run};
use crate::language::{Language, Text};
use crate::name::Name;
use crate::plan::Plan;
use crate::plan::guard::Tripped;
use crate::report::masked;
use crate::repository::SETTINGS;
use crate::say;
use crate::target::{End, Receipt, TargetError};
use crate::tree::commit::Commit;
use crate::tree::git::{Checkout, Revision};
use crate::tree::worktree::Worktree;
use crate::tree::{Tree, TreeError};

use super::Context;
use super::database::Database;
use super::session::{Failure, Opened};

/// Who says to act.
#[derive(Debug, Args)]
pub struct Acting {
    /// Who acts, for the record; a claim that nothing proves
    #[arg(long = "as", value_name = "NAME")]
    acting_as: Option<String>,
}

impl Acting {
    /// Whoever says this name.
    pub fn of(acting_as: Option<String>) -> Self {
        Self { acting_as }
    }

    /// The name, if one was said.
    pub fn name(&self) -> Option<&str> {
        self.acting_as.as_deref()
    }
}

/// Who carries out what, for the record.
pub fn gather(opened: &Opened, acting: &Acting, context: &Context) -> Run {
    let commit = commit(opened);
    Run {
        applied_at: now(),
        machine: machine(),
        os_user: os_user(),
        acting_as: acting.acting_as.as_deref().map(|name| masked(name).into_owned()),
        revision: commit.as_ref().map(|commit| commit.id.clone()),
        author: commit.map(|commit| commit.author),
        on: context.on_was_said.then_some(context.on),
        ..Run::default()
    }
}

/// The same at the moment in which it is carried out, with the guards that are put aside.
pub fn overriding(run: Run, overridden: &[Tripped]) -> Run {
    let put_aside = |tripped: &Tripped| {
        let about = tripped.about().map(|about| format!("{about}: ")).unwrap_or_default();
        let users: Vec<&str> = tripped.users.iter().map(Name::as_str).collect();
        let Tripped { guard, found, of, limit, .. } = tripped;
        let detail = format!("{about}{found} of {of}, limit {limit} ({})", users.join(", "));
        Override { guard: guard.as_str().to_owned(), detail }
    };
    Run { applied_at: now(), overrides: overridden.iter().map(put_aside).collect(), ..run }
}

/// What this machine is called.
pub fn machine() -> Option<String> {
    whoami::hostname().ok()
}

/// Who runs the program: whom the system has for the effective user. A variable, which anybody can set, counts only
/// where the system has no name, as in some containers.
pub fn os_user() -> Option<String> {
    whoami::username().ok().or_else(|| std::env::var("USER").ok())
}

/// The moment, as the record has it.
pub fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Records a refusal before it is told.
pub fn recorded<T>(
    database: &mut Database,
    run: &Run,
    opened: &Opened,
    outcome: Result<T, Failure>,
) -> Result<T, Failure> {
    outcome.inspect_err(|failure| refused(database, run, opened, &failure.message.to(Language::English)))
}

/// Carries a plan out. A run that fails is recorded where that is possible; one that does not is kept outside too.
pub fn carry_out(
    context: &Context,
    database: &mut Database,
    plan: &Plan,
    run: &Run,
    opened: &Opened,
) -> Result<Receipt, Failure> {
    let stage = context.working(&say!("writing to {database}", database = database.name));
    let done = database.target.apply(plan, run);
    drop(stage);
    match done {
        Ok(receipt) => {
            if let Some(end) = receipt.end.clone() {
                keep(opened, run, end, database).unwrap_or_else(|why| opened.warn(why));
            }
            Ok(receipt)
        }
        Err(error) => {
            // Nobody can write while somebody else does, not even into the record.
            if !matches!(error, TargetError::Locked { .. }) {
                refused(database, run, opened, &error.to_string());
            }
            Err(error.into())
        }
    }
}

/// Records that a run was refused, and why, in English, and keeps that end of the record outside too: else whoever was
/// refused could take the last row out. That it was refused is told anyway, so what cannot be written or kept keeps
/// silent.
fn refused(database: &mut Database, run: &Run, opened: &Opened, why: &str) {
    if let Ok(Some(end)) = database.target.record_failure(run, why) {
        let _ = keep(opened, run, end, database);
    }
}

/// The commit whose policy is what was read, to the byte: that of `--at`, else the one that is checked out, unless
/// somebody has changed a file since.
pub fn commit(opened: &Opened) -> Option<Commit> {
    let revision = match &opened.revision {
        Some(id) => Revision::open(&opened.root, id).ok()?,
        None => {
            let checkout = Rc::new(Checkout::of(&opened.root).ok()?);
            checkout.revision(None).ok().filter(|revision| is_what_was_read(opened, revision))?
        }
    };
    revision.described().ok()
}

/// Whether a revision has the very files that were read, and no others.
fn is_what_was_read(opened: &Opened, revision: &Revision) -> bool {
    let read: BTreeSet<&str> = opened.sources().iter().map(|(_, file)| file.path()).collect();
    let same = opened.sources().iter().all(|(_, file)| {
        let there = revision.read(file.path()).ok().flatten();
        there.is_some_and(|there| there == file.text().as_bytes())
    });
    let settings = revision.read(SETTINGS).is_ok_and(|there| there.is_some() == read.contains(SETTINGS));
    let listed = |folder: &&str| match revision.files(folder) {
        Ok(files) => files.iter().all(|file| read.contains(file.as_str())),
        Err(error) => matches!(error, TreeError::NoFolder(_)),
    };
    same && settings && opened.repository.watched().iter().filter(|path| **path != SETTINGS).all(listed)
}

/// Keeps the end of the record outside: in the file that the settings name, else as a note on the commit. An apply that
/// was carried out does not fail for it, nor if there is no such place. That it has none is said after the first run of a
/// database; afterwards `audit verify` says it.
///
/// # Errors
/// If it is kept nowhere, and why.
pub fn keep(opened: &Opened, run: &Run, end: End, database: &mut Database) -> Result<(), Text> {
    database.end = Some(end.clone());
    let kept = Kept {
        run: end.run,
        hash: end.head,
        applied_at: run.applied_at.clone(),
        id: end.database,
        database: database.place().to_owned(),
    };
    let file = &opened.binding().audit.head;
    let done = match (file, &run.revision) {
        (Some(file), _) => Worktree::new(&opened.root).and_then(|tree| tree.append(&file.value, &kept.line())),
        (None, Some(commit)) => Checkout::of(&opened.root).and_then(|checkout| checkout.add_note(commit, &kept.line())),
        (None, None) if end.run > 1 => return Ok(()),
        (None, None) => {
            return Err(say!(
                "note: the head of the audit was not kept outside of the database, since the files are not those of a commit and the settings name no file for it"
            ));
        }
    };
    done.map_err(|error| say!("warning: the head of the audit was not kept outside of the database: {error}", error))
}

/// What was kept outside of the database.
pub struct KeptOutside {
    /// The heads of the database: those under its name, since it may have been replaced, and its own under other names.
    pub heads: Vec<Kept>,
    /// How many there are of other databases.
    pub of_others: usize,
    /// Whether heads under its name are of a database with another id.
    pub renumbered: bool,
    /// How many lines are no heads.
    pub unreadable: usize,
}

/// Everything that was kept outside, as far as it can be read. The database has an id once it was read.
pub fn kept(opened: &Opened, database: &Database, id: Option<&str>) -> KeptOutside {
    let file = opened.binding().audit.head.as_ref();
    let in_file = file.map(|file| Worktree::new(&opened.root).and_then(|tree| tree.read(&file.value)));
    let in_notes = Checkout::of(&opened.root).and_then(|checkout| checkout.notes());
    let mut texts = Vec::new();
    match in_file {
        Some(Ok(bytes)) => texts.extend(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
        Some(Err(error)) => opened.warn(say!("warning: the kept heads of the audit cannot be read: {error}", error)),
        None => {}
    }
    match in_notes {
        Ok(notes) => texts.extend(notes),
        Err(TreeError::NotGit(_)) => {}
        Err(error) => opened.warn(say!("warning: the kept heads of the audit cannot be read: {error}", error)),
    }
    let lines = texts.iter().flat_map(|text| text.lines());
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    let heads: Vec<Kept> = lines.iter().filter_map(|line| Kept::of_line(line)).collect();
    let unreadable = lines.len() - heads.len();
    let all: BTreeSet<Kept> = heads.into_iter().collect();
    let is_here = |kept: &Kept| kept.database == database.place();
    let begins = all.iter().filter(|kept| is_here(kept)).map(|kept| kept.run).min();
    // What was kept under another name counts from before it got this one: later it is a copy that went on.
    let is_earlier =
        |kept: &Kept| id.is_some() && kept.id.as_deref() == id && begins.is_none_or(|begins| kept.run < begins);
    let is_ours = |kept: &Kept| is_here(kept) || is_earlier(kept);
    let renumbered = all.iter().any(|kept| is_here(kept) && kept.id.is_some() && kept.id.as_deref() != id);
    let (heads, others): (Vec<Kept>, Vec<Kept>) = all.into_iter().partition(is_ours);
    KeptOutside { heads, of_others: others.len(), unreadable, renumbered }
}
