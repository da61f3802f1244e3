//! What `status` and `doctor` see of the service of each company.

use std::path::PathBuf;

use clap::Args;

use crate::language::Text;
use crate::name::Name;
use crate::online::{Moment, Refused, Register, Terms};
use crate::repository::RepositoryError;
use crate::say;
use crate::target::TargetError;
use crate::tree::git::Checkout;

use super::database::{Database, database_of};
use super::session::{Failure, Opened, Variables, open_at, pick};
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
    let here = super::session::open(context, None)?;
    let all: Vec<Option<Name>> = match &context.company {
        Some(name) => {
            let chosen = pick(&here.repository, Some(name))?;
            vec![here.repository.companies[chosen].name.clone()]
        }
        None => here.repository.companies.iter().map(|company| company.name.clone()).collect(),
    };
    let variables = match &looking.env_file {
        Some(path) => variables::read(&context.here.join(path))?,
        None => Variables::new(),
    };
    all.into_iter().map(|company| one(context, company, &variables)).collect()
}

fn one(context: &Context, company: Option<Name>, variables: &Variables) -> Result<Looked, Failure> {
    let name = company.as_ref().map(Name::as_str);
    let mut opened = open_at(context, None, name)?;
    opened.variables = variables.clone();
    let database = database_of(&opened, opened.company(), opened.database()).map(|mut database| {
        let register = database.target.register();
        Seen { database, register }
    });
    let checkout = Checkout::of(&opened.root).map_err(RepositoryError::from);
    let source = checkout.as_ref().map(|checkout| Source::of(&opened, checkout)).unwrap_or_default();
    let tip = checkout.ok().and_then(|checkout| source.tip(&checkout).ok());
    // What the service would not find in git is not what it goes by, but better than nothing.
    if let Some(taken) = tip.and_then(|tip| open_at(context, Some(&tip), name).ok()) {
        opened = taken;
        opened.variables = variables.clone();
    }
    Ok(Looked { company, opened, source, database })
}

impl From<&Failure> for Refused {
    fn from(failure: &Failure) -> Self {
        let (message, help) = (failure.message.clone(), failure.help.clone());
        let help = if help.is_empty() { Text::default() } else { say!("{name}", name = help) };
        Self::new(say!("{name}", name = message), help)
    }
}
