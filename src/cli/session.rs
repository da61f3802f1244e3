//! What commands share: opening the repository, compiling, asking, opening the database, and failing.

use std::path::{Path, PathBuf};

use crate::check;
use crate::date::Date;
use crate::diag::Diagnostic;
use crate::question::{Misunderstood, Question, understand};
use crate::report::{snippet, view};
use crate::repository::{self, Compiled, RepositoryError};
use crate::resolve::InForce;
use crate::target::TargetError;
use crate::target::sqlite::Sqlite;
use crate::tree::git::Revision;
use crate::tree::worktree::Worktree;

use super::{Common, Context};

/// Why a command ends without an answer.
#[derive(Debug, Default)]
pub struct Failure {
    /// What to print before the message, findings for example.
    pub before: String,
    /// The fact; may be empty.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// The outside world failed, or the usage is wrong.
    pub fn world(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2, ..Self::default() }
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        Self::world(error.to_string()).help(error.help())
    }
}

impl From<Misunderstood> for Failure {
    fn from(error: Misunderstood) -> Self {
        Self::world(error.message).help(error.help)
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let code = if error.is_refusal() { 3 } else { 2 };
        Self { code, ..Self::world(error.to_string()).help(error.help()) }
    }
}

/// A repository with its compiled policy.
pub struct Opened {
    /// The root directory.
    pub root: PathBuf,
    /// The files and the policy.
    pub compiled: Compiled,
    /// The commit that was read, if it was not the working tree.
    pub revision: Option<String>,
}

/// Reads and compiles the policies; findings are kept, whatever they are.
pub fn open(context: &Context, at: Option<&str>) -> Result<Opened, Failure> {
    if let Some(company) = &context.company {
        return Err(Failure::world(format!("there is no company `{company}`"))
            .help("this repository has but one company, without a name; leave --company out"));
    }
    let directory = context.directory.canonicalize().unwrap_or_else(|_| context.directory.clone());
    let root = repository::find_root(&directory);
    let worktree = Worktree::new(&root).map_err(RepositoryError::from)?;
    let Some(name) = at else {
        return Ok(Opened { compiled: repository::compile(&worktree)?, revision: None, root });
    };
    let revision = Revision::open(worktree.root(), name).map_err(RepositoryError::from)?;
    let commit = revision.commit();
    Ok(Opened { compiled: repository::compile(&revision)?, revision: Some(commit), root })
}

/// The same, for commands that need a policy that compiles.
pub fn open_compiling(context: &Context, common: &Common) -> Result<Opened, Failure> {
    let opened = open(context, common.at.as_deref())?;
    if opened.compiled.compiles() {
        return Ok(opened);
    }
    let Compiled { sources, diagnostics, .. } = &opened.compiled;
    let stopping = diagnostics.iter().filter(|finding| finding.is_error() && !finding.code.compiles());
    let mut before: String = stopping.map(|finding| snippet::print(finding, sources, context.err) + "\n").collect();
    before.push_str(&crate::report::text::print(&view::summary(diagnostics, sources, None), context.err));
    Err(Failure { before, ..Failure::world("the policy does not compile, so nothing can be answered") }
        .help("`rightful check` lists everything that was found"))
}

/// Understands the words of a question and settles the day.
pub fn ask(words: &[String], opened: &Opened, context: &Context) -> Result<(Question, Date), Failure> {
    let question = understand(&words.join(" "), &opened.compiled.policy)?;
    let on = match question.on {
        Some(on) if context.on_was_said && on != context.on => {
            return Err(Failure::world(format!("the question says {on}, and --on says {}", context.on))
                .help("name the day once"));
        }
        on => on.unwrap_or(context.on),
    };
    Ok((question, on))
}

/// The findings that keep a policy that compiles from being applied.
pub fn errors(opened: &Opened, context: &Context) -> Vec<Diagnostic> {
    let found = check::run(&InForce::new(&opened.compiled.policy, context.on));
    found.into_iter().filter(Diagnostic::is_error).collect()
}

/// A database with what people call it.
pub struct Database {
    /// The database.
    pub target: Sqlite,
    /// Its path, short where it is below the root.
    pub name: String,
    /// The name, and that it is yet to be made.
    pub heading: String,
}

/// The database of the settings or of `--database`.
pub fn database(context: &Context, opened: &Opened, url: Option<&str>) -> Result<Database, Failure> {
    let path = match url {
        Some(url) => context.directory.join(sqlite_path(url)?),
        None => inside(&opened.root, sqlite_path(repository::DATABASE)?)?,
    };
    let short = path.strip_prefix(&opened.root).unwrap_or(&path);
    let name = super::shown(short);
    let heading = if path.exists() { name.clone() } else { format!("{name}, a new database") };
    Ok(Database { target: Sqlite::at(&path), name, heading })
}

fn sqlite_path(url: &str) -> Result<&str, Failure> {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() && !path.starts_with("//") && !path.starts_with(":memory:") => Ok(path),
        // The text is not echoed: it may hold a password.
        _ => Err(TargetError::BadUrl.into()),
    }
}

/// A path below the root, after symbolic links.
fn inside(root: &Path, path: &str) -> Result<PathBuf, Failure> {
    let path = root.join(path);
    let root =
        root.canonicalize().map_err(|error| Failure::world(format!("cannot read {}: {error}", root.display())))?;
    let leads_out = match path.canonicalize() {
        Ok(real) => !real.starts_with(&root),
        // A link that leads nowhere would be followed when the file is made.
        Err(_) => path.is_symlink(),
    };
    if leads_out { Err(TargetError::Outside(path).into()) } else { Ok(path) }
}
