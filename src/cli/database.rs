//! The database of a command: which one it is, where it lies, and what people call it. A URL is never repeated.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::audit::Entry;
use crate::plan::Reading;
use crate::report::masked;
use crate::repository::{self, Company};
use crate::say;
use crate::syntax::database::{BadDatabase, Crm, DatabaseUrl};
use crate::target::creme::Creme;
use crate::target::postgres::Postgres;
use crate::target::shared::{Host, Shared};
use crate::target::sqlite::Sqlite;
use crate::target::{End, Registered, Target, TargetError};
use crate::tree::worktree::Worktree;

use super::Context;
use super::ahead::Ahead;
use super::session::{Failure, Opened};

/// A database with what people call it.
pub struct Database {
    /// The database.
    pub target: Box<dyn Target>,
    /// A file's path, short where it is below the root; else the database and its host, and once it was read the schema
    /// too, if it is not the usual one.
    pub name: String,
    /// A file's path as it is seen from the top of the checkout.
    place: Option<String>,
    /// The end of the record after the last run that this command wrote.
    pub end: Option<End>,
    /// Where it is, if that is a server and no CRM has it too.
    url: Option<Box<str>>,
}

impl Database {
    /// What it says now, and what the last apply wrote.
    pub fn read(&mut self, context: &Context) -> Result<Reading, Failure> {
        let _stage = context.working(&say!("reading {database}", database = self.name));
        let reading = self.target.read();
        self.name_anew();
        Ok(reading?)
    }

    /// The same with the register of online access; `ahead` may have read both already.
    pub fn read_all(&mut self, context: &Context, ahead: Option<Ahead>) -> Result<(Reading, Registered), Failure> {
        let _stage = context.working(&say!("reading {database}", database = self.name));
        let taken = ahead.zip(self.url.as_deref()).and_then(|(ahead, url)| ahead.take(url));
        let read = match taken {
            Some((target, read)) => {
                self.target = target;
                read
            }
            None => self.target.read_all(),
        };
        self.name_anew();
        Ok(read?)
    }

    /// Hands on every entry of its record.
    pub fn audit(&mut self, context: &Context, each: &mut dyn FnMut(Entry)) -> Result<(), Failure> {
        let _stage = context.working(&say!("reading {database}", database = self.name));
        let listed = self.target.audit(each);
        self.name_anew();
        Ok(listed?)
    }

    /// What the heads that are kept outside know it by: no two databases of one checkout have it together, and none has two.
    pub fn place(&self) -> &str {
        self.place.as_deref().unwrap_or(&self.name)
    }

    fn name_anew(&mut self) {
        if let Some(name) = self.target.name() {
            self.name = name;
        }
    }
}

/// The database of `--database`, else of the settings.
pub fn database(context: &Context, opened: &Opened, url: Option<&str>) -> Result<Database, Failure> {
    match url {
        Some(url) => open(resolved(&parsed(url)?, opened)?, around(opened), |path| Ok(context.directory.join(path))),
        None => database_of(opened, opened.company(), opened.database()),
    }
}

/// The database that will be meant, as far as the settings tell it alone; nothing is said of what is wrong with them.
pub fn meant(context: &Context, url: Option<&str>) -> Option<DatabaseUrl> {
    let named = match url {
        Some(url) => parsed(url).ok()?,
        None => {
            let binding = repository::binding(&Worktree::new(&repository::find_root(&context.directory)).ok()?).ok()?;
            let mut companies = binding.settings.companies.into_iter();
            let is_meant = |name: &str| context.company.as_deref().is_none_or(|meant| meant == name);
            companies.find(|company| is_meant(company.name.value.as_str()))?.body.database?.value
        }
    };
    resolved_by(&named, |name| std::env::var(name).ok()).ok()
}

/// The database on a server with this URL, for another thread.
pub fn server(url: &str) -> Option<Box<dyn Target + Send>> {
    Some(Box::new(Postgres::at(url).ok()?))
}

/// The database of a company, for which the settings name this one, or none.
pub fn database_of(opened: &Opened, company: &Company, url: Option<&DatabaseUrl>) -> Result<Database, Failure> {
    database_for(opened, company, url, None)
}

/// The same for a service. If it is on a server, that ends a transaction that says nothing for so long, so that others can
/// go on.
pub fn database_silent_for(
    opened: &Opened,
    company: &Company,
    url: Option<&DatabaseUrl>,
    silence: Duration,
) -> Result<Database, Failure> {
    database_for(opened, company, url, Some(silence))
}

fn database_for(
    opened: &Opened,
    company: &Company,
    url: Option<&DatabaseUrl>,
    silence: Option<Duration>,
) -> Result<Database, Failure> {
    let locate = |path: &str| inside(&opened.root, path);
    match url {
        Some(url) => opened_for(resolved(url, opened)?, around(opened), silence, locate),
        None if company.name.is_none() => opened_for(parsed(repository::DATABASE)?, around(opened), silence, locate),
        None => {
            let name = company.name.as_ref().map(ToString::to_string).unwrap_or_default();
            Err(Failure::world(say!("the settings name no database for `{name}`", name))
                .help(say!("write `database:` under the company in rightful.yaml, or name one with --database")))
        }
    }
}

/// The root, and the top of the checkout that it lies in.
fn around(opened: &Opened) -> [&Path; 2] {
    let parents = opened.below.matches('/').count();
    [&opened.root, opened.root.ancestors().nth(parents).unwrap_or(&opened.root)]
}

/// The database of an address alone, where there are no settings yet; `root` is where they will be.
pub fn database_at(context: &Context, root: &Path, url: &str) -> Result<Database, Failure> {
    let url = resolved_by(&parsed(url)?, |name| std::env::var(name).ok())?;
    open(url, [root, root], |path| Ok(context.directory.join(path)))
}

/// Makes the target of a repository with this root, in a checkout with this top; `locate` says where a file's
/// path leads.
fn open(
    url: DatabaseUrl,
    around: [&Path; 2],
    locate: impl FnOnce(&str) -> Result<PathBuf, Failure>,
) -> Result<Database, Failure> {
    opened_for(url, around, None, locate)
}

fn opened_for(
    url: DatabaseUrl,
    [root, top]: [&Path; 2],
    silence: Option<Duration>,
    locate: impl FnOnce(&str) -> Result<PathBuf, Failure>,
) -> Result<Database, Failure> {
    let (crm, url) = match url {
        DatabaseUrl::Crm(crm, url) => (Some(crm), *url),
        url => (None, url),
    };
    match url {
        DatabaseUrl::Sqlite(path) => {
            // What looks like somebody's password would be shown as the name.
            if masked(&path) != *path {
                return Err(TargetError::BadUrl.into());
            }
            let path = locate(&path)?;
            let name = super::shown(&from_root(&path, root));
            let place = Some(super::shown(&from_root(&path, top)));
            Ok(Database { target: with_crm(Sqlite::at(&path), crm), name, place, end: None, url: None })
        }
        DatabaseUrl::Postgres(url) => {
            let target = Postgres::at(&url)?;
            let is_plain = silence.is_none() && crm.is_none();
            let target = match silence {
                Some(silence) => target.silent_for(silence).in_statements(),
                None => target,
            };
            let name = target.name().to_owned();
            let url = is_plain.then_some(url);
            Ok(Database { name, place: None, end: None, url, target: with_crm(target, crm) })
        }
        DatabaseUrl::Environment(_) | DatabaseUrl::Crm(..) => Err(TargetError::BadUrl.into()),
    }
}

/// A database by itself, or as the one of a CRM.
fn with_crm(database: impl Host + 'static, crm: Option<Crm>) -> Box<dyn Target> {
    match crm {
        None => Box::new(database),
        Some(Crm::Creme) => Box::new(Shared::new(database, Creme::new())),
    }
}

fn parsed(url: &str) -> Result<DatabaseUrl, Failure> {
    // The text is not echoed: it may hold a password.
    DatabaseUrl::parse(url).map_err(|error| match error {
        BadDatabase::Form | BadDatabase::Unescaped => TargetError::BadUrl.into(),
        BadDatabase::Variable => TargetError::BadVariable.into(),
    })
}

/// The address behind a variable. One variable may name another database, but no other variable.
fn resolved(url: &DatabaseUrl, opened: &Opened) -> Result<DatabaseUrl, Failure> {
    resolved_by(url, |name| opened.variable(name))
}

fn resolved_by(url: &DatabaseUrl, variable: impl FnOnce(&str) -> Option<String>) -> Result<DatabaseUrl, Failure> {
    let DatabaseUrl::Environment(name) = url else { return Ok(url.clone()) };
    let value = variable(name).ok_or_else(|| {
        Failure::world(say!("the variable {name} is not set", name))
            .help(say!("it shall hold the URL of the database, such as sqlite:crm.db"))
    })?;
    parsed(&value)
}

/// Where a file really is: seen from the root if it is below or beside it, else as a whole. One that is not there yet is
/// where it would be made.
fn from_root(path: &Path, root: &Path) -> PathBuf {
    let in_folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    let real = path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned());
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let around = root.parent().filter(|around| around.parent().is_some());
    let beside = || Some(Path::new("..").join(real.strip_prefix(around?).ok()?));
    real.strip_prefix(&root).ok().map(Path::to_owned).or_else(beside).unwrap_or(real)
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
