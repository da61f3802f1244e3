//! A target: a database that policies are applied to.
//!
//! Reading never writes. An apply is one transaction: it reads again under the lock, refuses if what it sees is not
//! what the plan saw, writes the plan's steps, and checks that the result is what the plan says.

mod memory;
pub mod sqlite;

use std::path::PathBuf;

use thiserror::Error;

use crate::plan::{Plan, Reading};

pub use memory::Memory;

/// Something that policies are applied to.
pub trait Target {
    /// What it says now, and what the last apply wrote.
    ///
    /// # Errors
    /// If it cannot be read. Nothing is written in any case.
    fn read(&mut self) -> Result<Reading, TargetError>;

    /// Carries a plan out as a whole or not at all.
    ///
    /// # Errors
    /// If it says something else than when the plan was made, is locked, or cannot be written.
    fn apply(&mut self, plan: &Plan, run: &Run) -> Result<Receipt, TargetError>;
}

/// Who applies what, for the record.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The moment, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub applied_at: String,
    /// The operating system's user.
    pub os_user: Option<String>,
    /// The git revision that was applied, if it was one.
    pub revision: Option<String>,
}

/// What became of an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How many changes were written.
    pub applied: usize,
    /// The number of the run in the target's record; `None` if there was nothing to write.
    pub run: Option<i64>,
}

/// Why a target could not be read or written.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The text is no address of a database.
    #[error("this is no database address that the program knows")]
    BadUrl,
    /// The path of the embedded database leads out of the repository.
    #[error("the database `{}` lies outside of the repository", .0.display())]
    Outside(PathBuf),
    /// The file cannot be opened or made.
    #[error("cannot open the database `{}`: {reason}", path.display())]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// The engine's reason.
        reason: String,
    },
    /// The file is not a database of the engine.
    #[error("`{}` is not an SQLite database", .0.display())]
    NotADatabase(PathBuf),
    /// The database belongs to another program.
    #[error("the database `{}` was not made by this program", .0.display())]
    Foreign(PathBuf),
    /// The database was made by a newer version.
    #[error("the database has schema version {found}, and this program knows {known}")]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// The database may only be read.
    #[error("the database `{}` is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// No room is left.
    #[error("there is no room left for the database `{}`; nothing was changed", .0.display())]
    Full(PathBuf),
    /// What an interrupted run left behind must be rolled back first, which this user may not do.
    #[error("the database `{}` holds what an interrupted run left, and cannot be read before that is rolled back", .0.display())]
    Interrupted(PathBuf),
    /// Something beside the rows was changed.
    #[error("the {what} of the database `{}` is not the one that this program made", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// The kind and name of what differs.
        what: String,
    },
    /// Somebody else has it open for longer than a run waits.
    #[error("somebody else is using the database `{}`", .0.display())]
    Locked(PathBuf),
    /// What the plan saw is no longer so.
    #[error("the plan is stale: the database was changed since the plan was made")]
    Stale,
    /// A row that makes no sense.
    #[error("the database holds {0}")]
    Senseless(String),
    /// The result would not have been what the plan said, so it was taken back.
    #[error("the result differs from the plan in {0}; nothing was changed")]
    Unfaithful(String),
    /// The engine failed otherwise.
    #[error("the database failed: {0}")]
    Engine(String),
}

impl TargetError {
    /// What somebody can do about it; may be empty.
    pub fn help(&self) -> &'static str {
        match self {
            Self::BadUrl => "write it as sqlite:PATH",
            Self::Outside(_) => "keep it below the repository's root, or name it with --database",
            Self::Unreachable { .. } => "check that the folder exists and that you may write there",
            Self::NotADatabase(_) => "name another file with --database; this one was left as it is",
            Self::Foreign(_) => "name a file of its own with --database; this one was left as it is",
            Self::NewerSchema { .. } => "use the newer version of the program",
            Self::ReadOnly(_) => "`plan` works on it; for `apply` make it writable",
            Self::Interrupted(_) => "run `rightful plan` once as a user who may write to the file and its folder",
            Self::Altered { .. } => "put it back as schema/sqlite has it; the CRM relies on it",
            Self::Full(_) => "make room and apply again",
            Self::Locked(_) => "wait until it is done, then try again",
            Self::Stale => "look at the new plan with `rightful plan`, then apply again",
            Self::Senseless(_) => "correct the row in the database",
            Self::Unfaithful(_) | Self::Engine(_) => "please report this with the output of `rightful plan`",
        }
    }

    /// Whether the run was refused rather than failed.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::Stale)
    }
}
