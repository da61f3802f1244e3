//! What `status` and `doctor` see of the service of each company.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use crate::language::Text;
use crate::name::Name;
use crate::online::{Moment, Refused, Register, Terms};
use crate::repository::RepositoryError;
use crate::say;
use crate::syntax::settings::Settings;
use crate::target::TargetError;
use crate::tree::git::Checkout;

use super::database::{Database, database_of};
use super::running::kept;
use super::session::{Failure, Opened, Variables, open_at, settings};
use super::sync::{Source, variables};
use super::{Context, Format};

/// What both take.
#[derive(Debug, Args)]
pub struct Looking {
    /// The file of variables that the service reads, with the URLs of databases
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// One company, as far as it can be seen.
pub struct Looked {
    /// Its name, if it has one.
    pub company: Option<Name>,
    /// The policy that the service would take, or that of the working tree.
    pub opened: Opened,
    /// From where it takes it.
    pub source: Source,
    /// The database, or why there is none to look at.
    pub database: Result<Seen, Failure>,
}

/// A database, and what it says of the service.
pub struct Seen {
    /// The database.
    pub database: Database,
    /// The register and the moment, or why it cannot be read.
    pub register: Result<Option<(Register, Moment)>, TargetError>,
}

impl Looked {
    /// What the policy says of online access, and the machines that may synchronise.
    pub fn terms(&self) -> (Terms, Vec<Name>) {
        if !self.opened.company().compiles() {
            return (Terms::default(), Vec::new());
        }
        let policy = self.opened.policy();
        (Terms::of(policy), policy.online.as_ref().map(|online| online.machines.clone()).unwrap_or_default())
    }
}

/// Looks at the companies that somebody asks about.
pub fn look(looking: &Looking, context: &Context) -> Result<Vec<Looked>, Failure> {
    if context.on_was_said {
        return Err(Failure::world(say!("--on means nothing here: it is about now")));
    }
    let (_, binding) = settings(context)?;
    let all = companies(context, &binding.settings)?;
    let variables = match &looking.env_file {
        Some(path) => variables::read(&context.here.join(path))?,
        None => Variables::new(),
    };
    all.into_iter().map(|company| one(context, company, &variables)).collect()
}

fn one(context: &Context, company: Option<Name>, variables: &Variables) -> Result<Looked, Failure> {
    let (opened, source) = taken(context, company.as_ref().map(Name::as_str), variables)?;
    let database = database_of(&opened, opened.company(), opened.database()).map(|mut database| {
        let register = database.target.register();
        Seen { database, register }
    });
    Ok(Looked { company, opened, source, database })
}

/// The companies of the settings, or the one that somebody asks about.
pub fn companies(context: &Context, settings: &Settings) -> Result<Vec<Option<Name>>, Failure> {
    let names: BTreeSet<Name> = settings.companies.iter().map(|company| company.name.value.clone()).collect();
    let Some(asked) = context.company.as_deref() else {
        let all: Vec<Option<Name>> = names.into_iter().map(Some).collect();
        return Ok(if all.is_empty() { vec![None] } else { all });
    };
    if let Some(name) = names.iter().find(|name| name.as_str() == asked) {
        return Ok(vec![Some(name.clone())]);
    }
    let missing = Failure::world(say!("there is no company `{name}`", name = asked));
    let known: Vec<&str> = names.iter().map(Name::as_str).collect();
    Err(if known.is_empty() {
        missing.help(say!("this repository has but one company, without a name; leave --company out"))
    } else {
        missing.help(say!("the settings name {names}", names = known.join(", ")))
    })
}

/// The policy that the service takes, bound to the settings of the checkout, and from where it takes it. Of the files
/// there that are not committed only the settings matter, unless there is nothing else.
pub fn taken(context: &Context, company: Option<&str>, variables: &Variables) -> Result<(Opened, Source), Failure> {
    let (root, binding) = settings(context)?;
    let checkout = Checkout::of(&root).map_err(RepositoryError::from);
    let source = checkout.as_ref().map(|checkout| Source::of(&binding.settings, checkout)).unwrap_or_default();
    let committed = checkout.map_err(Failure::from).and_then(|checkout| {
        let tip = source.tip(&checkout)?;
        open_at(context, Some(&tip), company)
    });
    let opened = committed.or_else(|why| open_at(context, None, company).map_err(|_| why));
    let mut opened = opened?;
    opened.variables = variables.clone();
    Ok((opened, source))
}

/// Why there is no database: it was never made, or it is gone, if somebody kept heads of its record.
pub fn absent(opened: &Opened, database: &Database, was_there: bool) -> Failure {
    if !was_there && kept(opened, database, None).heads.is_empty() {
        return Failure::world(say!("there is no database yet")).help(say!("`rightful connect` makes it"));
    }
    Failure::world(say!("the database {name} is gone", name = database.name))
        .help(say!("look whether the disk is mounted, or put back the backup with `rightful restore`"))
}

impl From<&Failure> for Refused {
    fn from(failure: &Failure) -> Self {
        let (message, help) = (failure.message.clone(), failure.help.clone());
        let help = if help.is_empty() { Text::default() } else { say!("{name}", name = help) };
        Self::new(say!("{name}", name = message), help)
    }
}
