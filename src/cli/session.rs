//! What commands share: opening the repository, compiling, asking, opening the database, and failing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::check;
use crate::date::Date;
use crate::diag::Diagnostic;
use crate::edit::Unsafe;
use crate::history::HistoryError;
use crate::language::{IntoWord, Text, Word};
use crate::model::Policy;
use crate::name::{Name, RightName, nearest};
use crate::question::{Misunderstood, Question, understand};
use crate::report::text::Look;
use crate::report::{snippet, text, view};
use crate::repository::{self, Company, Repository, RepositoryError};
use crate::say;
use crate::syntax::database::DatabaseUrl;
use crate::target::TargetError;
use crate::target::sqlite::Sqlite;
use crate::text::Sources;
use crate::tree::git::Revision;
use crate::tree::worktree::Worktree;

use super::{Common, Context};

/// Why a command ends without an answer.
#[derive(Debug, Default)]
pub struct Failure {
    /// What to print before the message, findings for example.
    pub before: Box<str>,
    /// The fact; may be empty.
    pub message: Word,
    /// What to do; may be empty.
    pub help: Word,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// The outside world failed, or the usage is wrong.
    pub fn world(message: impl IntoWord) -> Self {
        Self { message: message.into_word(), code: 2, ..Self::default() }
    }

    /// Says what to do.
    pub fn help(mut self, help: impl IntoWord) -> Self {
        self.help = help.into_word();
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

impl From<Unsafe> for Failure {
    fn from(Unsafe { path, finding }: Unsafe) -> Self {
        let message = if path.is_empty() {
            say!("the edit would not do what was asked")
        } else {
            say!("the edit of `{path}` would not do what was asked", path)
        };
        Self::world(message).help(if finding.is_empty() {
            say!("nothing was written; please write it by hand")
        } else {
            say!("nothing was written: {finding}", finding)
        })
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Tree(error) => RepositoryError::from(error).into(),
            HistoryError::Misunderstood(error) => error.into(),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let code = if error.is_refusal() { 3 } else { 2 };
        Self { code, ..Self::world(error.to_string()).help(error.help()) }
    }
}

/// A repository that was read, and how to speak about it.
pub struct Opened {
    /// The root directory.
    pub root: PathBuf,
    /// The files, the settings, and the policies.
    pub repository: Repository,
    /// The commit that was read, if it was not the working tree.
    pub revision: Option<String>,
    /// The way from the top of the checkout to the root: empty, or ending in `/`.
    pub below: String,
    /// How the output may look, in the language of `--lang` or of the settings.
    pub out: Look,
    /// The same for complaints.
    pub err: Look,
    company: usize,
}

impl Opened {
    /// The files.
    pub fn sources(&self) -> &Sources {
        &self.repository.sources
    }

    /// The company that a command is about.
    pub fn company(&self) -> &Company {
        &self.repository.companies[self.company]
    }

    /// Which one it is among all.
    pub fn company_index(&self) -> usize {
        self.company
    }

    /// Its policy.
    pub fn policy(&self) -> &Policy {
        &self.company().policy
    }

    /// The names of the rights that the settings call sensitive.
    pub fn sensitive(&self) -> BTreeSet<RightName> {
        let policy = self.policy();
        let rights = repository::rights_named(policy, &self.repository.settings.sensitive);
        rights.into_iter().map(|right| policy.rights.key(right).clone()).collect()
    }
}

/// Reads and compiles the policies of all companies; findings are kept, whatever they are.
pub fn open(context: &Context, at: Option<&str>) -> Result<Opened, Failure> {
    let directory = context.directory.canonicalize().unwrap_or_else(|_| context.directory.clone());
    let root = repository::find_root(&directory);
    let worktree = Worktree::new(&root).map_err(RepositoryError::from)?;
    let (repository, revision) = match at {
        None => (repository::compile(&worktree)?, None),
        Some(name) => {
            let revision = Revision::open(worktree.root(), name).map_err(RepositoryError::from)?;
            let commit = revision.commit();
            (repository::compile(&revision)?, Some(commit))
        }
    };
    let language = context.language.get().unwrap_or(repository.settings.language);
    context.language.set(Some(language));
    let out = Look { language, ..context.out };
    let err = Look { language, ..context.err };
    let below = below(&root);
    Ok(Opened { root, repository, revision, below, out, err, company: 0 })
}

/// The way from the nearest folder upward that git keeps, with `/` between and behind its parts.
pub fn below(root: &Path) -> String {
    let top = root.ancestors().find(|folder| folder.join(".git").exists());
    let way = top.and_then(|top| root.strip_prefix(top).ok());
    let parts = way.into_iter().flat_map(|way| way.components());
    parts.map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}

/// The same, for commands about one company whose policy compiles.
pub fn open_compiling(context: &Context, common: &Common) -> Result<Opened, Failure> {
    let mut opened = open(context, common.at.as_deref())?;
    opened.company = pick(&opened.repository, context.company.as_deref())?;
    if opened.company().compiles() {
        return Ok(opened);
    }
    let diagnostics = &opened.company().diagnostics;
    let stopping = diagnostics.iter().filter(|finding| repository::stops(finding));
    let mut before: String =
        stopping.map(|finding| snippet::print(finding, opened.sources(), opened.err) + "\n").collect();
    before.push_str(&text::print(&view::summary(diagnostics, opened.sources().len(), &[]), opened.err));
    let message = say!("the policy does not compile, so nothing can be answered");
    Err(Failure { before: before.into(), ..Failure::world(message) }
        .help(say!("`rightful check` lists everything that was found")))
}

/// The company that `--company` names, or the only one.
pub fn pick(repository: &Repository, name: Option<&str>) -> Result<usize, Failure> {
    let companies = &repository.companies;
    let names: Vec<&str> = companies.iter().filter_map(|company| company.name.as_ref().map(Name::as_str)).collect();
    let Some(name) = name else {
        if companies.len() == 1 {
            return Ok(0);
        }
        let help = say!("name one with --company: {names}", names = names.join(", "));
        return Err(Failure::world(say!("the settings name several companies")).help(help));
    };
    let found = companies.iter().position(|company| company.name.as_ref().is_some_and(|known| known.as_str() == name));
    let missing = Failure::world(say!("there is no company `{name}`", name));
    found.ok_or_else(|| match nearest(name, names.iter().copied()) {
        Some(near) => missing.help(say!("did you mean `{near}`?", near)),
        None if names.is_empty() => {
            missing.help(say!("this repository has but one company, without a name; leave --company out"))
        }
        None => missing.help(say!("the settings name {names}", names = names.join(", "))),
    })
}

/// Understands the words of a question and settles the day.
pub fn ask(words: &[String], opened: &Opened, context: &Context) -> Result<(Question, Date), Failure> {
    let question = understand(&words.join(" "), opened.policy(), opened.err.language)?;
    let on = day(question.on, context)?;
    Ok((question, on))
}

/// The day of a question, which may name it itself.
pub fn day(said: Option<Date>, context: &Context) -> Result<Date, Failure> {
    match said {
        Some(on) if context.on_was_said && on != context.on => {
            Err(Failure::world(say!("the question says {on}, and --on says {day}", on, day = context.on))
                .help(say!("name the day once")))
        }
        on => Ok(on.unwrap_or(context.on)),
    }
}

/// The findings that keep a policy that compiles from being applied.
pub fn errors(opened: &Opened, context: &Context) -> Vec<Diagnostic> {
    let report = check::company(opened.company(), &opened.repository.settings, context.on);
    let outside = opened.repository.diagnostics.iter().filter(|finding| finding.is_error()).cloned();
    report.findings.into_iter().filter(Diagnostic::is_error).chain(outside).collect()
}

/// A database with what people call it.
pub struct Database {
    /// The database.
    pub target: Sqlite,
    /// Its path, short where it is below the root.
    pub name: String,
    /// The name, and that it is yet to be made.
    pub heading: Text,
}

/// The database of `--database`, else of the settings.
pub fn database(context: &Context, opened: &Opened, url: Option<&str>) -> Result<Database, Failure> {
    let company = opened.company();
    let path = match (url, &company.database) {
        (Some(url), _) => context.directory.join(sqlite_path(&parsed(url)?)?),
        (None, Some(url)) => inside(&opened.root, &sqlite_path(url)?)?,
        (None, None) if company.name.is_none() => inside(&opened.root, &sqlite_path(&parsed(repository::DATABASE)?)?)?,
        (None, None) => {
            let name = company.name.as_ref().map(ToString::to_string).unwrap_or_default();
            return Err(Failure::world(say!("the settings name no database for `{name}`", name))
                .help(say!("write `database:` under the company in rightful.yaml, or name one with --database")));
        }
    };
    let short = path.strip_prefix(&opened.root).unwrap_or(&path);
    let name = super::shown(short);
    let heading = if path.exists() { say!("{name}", name) } else { say!("{name}, a new database", name) };
    Ok(Database { target: Sqlite::at(&path), name, heading })
}

fn parsed(url: &str) -> Result<DatabaseUrl, Failure> {
    // The text is not echoed: it may hold a password.
    DatabaseUrl::parse(url).map_err(|_| TargetError::BadUrl.into())
}

/// The file of a database. One variable may name another database, but no other variable.
fn sqlite_path(url: &DatabaseUrl) -> Result<String, Failure> {
    match url {
        DatabaseUrl::Sqlite(path) => Ok(path.to_string()),
        DatabaseUrl::Postgres(_) => Err(TargetError::BadUrl.into()),
        DatabaseUrl::Environment(name) => {
            let value = std::env::var(&**name).map_err(|_| {
                Failure::world(say!("the variable {name} is not set", name))
                    .help(say!("it shall hold the URL of the database, such as sqlite:crm.db"))
            })?;
            match parsed(&value)? {
                DatabaseUrl::Environment(_) => Err(TargetError::BadUrl.into()),
                url => sqlite_path(&url),
            }
        }
    }
}

/// A path below the root, after symbolic links.
fn inside(root: &Path, path: &str) -> Result<PathBuf, Failure> {
    let path = root.join(path);
    let root =
        root.canonicalize().map_err(|error| Failure::world(format!("cannot read {}: {error}", root.display())))?;
    let leads_out = match path.canonicalize() {
        Ok(real) => !real.starts_with(&root),
        // A link that leads nowhere would be followed when the file is made; so would one to the folder around it.
        Err(_) => {
            let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
            path.is_symlink() || folder.is_some_and(|folder| !folder.starts_with(&root)) || leaves(&path, &root)
        }
    };
    if leads_out { Err(TargetError::Outside(path).into()) } else { Ok(path) }
}

/// Whether a path leaves a folder by its own words, as `..` does.
fn leaves(path: &Path, root: &Path) -> bool {
    let outside = !path.starts_with(root);
    outside || path.components().any(|part| part == std::path::Component::ParentDir)
}
