//! `rightful backup` and `rightful restore`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::audit::Run;
use crate::name::Name;
use crate::online::{self, Settled, State};
use crate::report::{text, view};
use crate::repository::Company;
use crate::say;
use crate::target::TargetError;
use crate::target::sqlite::can_replace;
use crate::wire;

use super::connect::confirmed;
use super::database::{Database, database, database_of};
use super::registered::registered;
use super::running::{self, Acting, gather};
use super::session::{Failure, Opened, open, open_whatever};
use super::{Context, Format, Outcome};

/// Copy the database into a file
///
/// The copy is of one moment, whoever writes meanwhile, and stands in the file
/// as a whole or not at all. With several companies and without --company it
/// goes into a folder, one file for each of them. A database on a server is
/// copied by the server's own means, such as pg_dump.
///
/// Examples:
///   rightful backup friday.db
///   rightful backup --company nordwind nordwind-friday.db
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Backup {
    /// The file, which is not there yet; a folder for several companies
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    about: About,
}

/// Put a copy back in the place of the database
///
/// Refused while the company is connected: people would work on with what is
/// gone. Disconnect it first, at a time when nobody works, and connect it
/// again afterwards, which writes everything anew. It must be a copy of this
/// very database; who may work online stays as it is now. The record of runs
/// is that of the copy, and says that it was restored; `rightful audit verify`
/// names the runs since the copy as missing, as it should. With several
/// companies and without --company all of them are restored, from a folder
/// that `rightful backup` wrote, and none may be connected.
///
/// Examples:
///   rightful restore friday.db --as anna
///   rightful restore friday.db --as anna --yes
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Restore {
    /// The file that `rightful backup` wrote; a folder for several companies
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do not ask; without a terminal it must stand here
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    about: About,
}

/// Which database, and how to print it.
#[derive(Debug, Args)]
struct About {
    /// The database; as for apply
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// A database and the file that belongs to it.
struct Pair {
    database: Database,
    file: PathBuf,
    /// The file as somebody named it.
    named: String,
}

/// Each database with its file: one, or all of the settings.
fn pairs(context: &Context, about: &About, file: &Path) -> Result<(Opened, Vec<Pair>), Failure> {
    let path = context.directory.join(file);
    let opened = open(context, None)?;
    let companies = &opened.repository.companies;
    if context.company.is_some() || companies.len() < 2 || about.database.is_some() {
        let opened = open_whatever(context)?;
        let database = database(context, &opened, about.database.as_deref())?;
        return Ok((opened, vec![Pair { database, file: path, named: super::shown(file) }]));
    }
    let of = |company: &Company| {
        let name = company.name.as_ref().map(Name::as_str).unwrap_or_default();
        Ok(Pair {
            database: database_of(&opened, company, company.database.as_ref())?,
            file: path.join(format!("{name}.db")),
            named: super::shown(&file.join(format!("{name}.db"))),
        })
    };
    let pairs = companies.iter().map(of).collect::<Result<Vec<Pair>, Failure>>()?;
    Ok((opened, pairs))
}

pub fn backup(command: &Backup, context: &Context) -> Result<Outcome, Failure> {
    let (opened, mut pairs) = pairs(context, &command.about, &command.file)?;
    if pairs.len() > 1 {
        let folder = context.directory.join(&command.file);
        std::fs::create_dir(&folder).map_err(|error| {
            Failure::world(say!("cannot make the folder {folder}: {error}", folder = super::shown(&folder), error))
        })?;
    }
    let mut done = Vec::new();
    let is_folder = pairs.len() > 1;
    for index in 0..pairs.len() {
        let Pair { database, file, named } = &mut pairs[index];
        let stage = context.working(&say!("reading {database}", database = database.name));
        let copied = registered(&mut *database.target).and_then(|_| Ok(database.target.backup(file)?));
        drop(stage);
        if let Err(failure) = copied {
            if is_folder {
                // Half a folder is no copy.
                let folder = context.directory.join(&command.file);
                pairs[..index].iter().for_each(|pair| drop(std::fs::remove_file(&pair.file)));
                let _ = std::fs::remove_dir(&folder);
            }
            return Err(failure);
        }
        done.push(say!("{database} is copied to {file}", database = database.name, file = named.as_str()));
    }
    let out = match command.about.format {
        Format::Json => wire::to_text(&wire::deed("backup", 0, &Settled::default(), &[], &[])),
        Format::Text => done.into_iter().map(|text| text::print(&view::sentence(text), opened.out)).collect(),
    };
    Ok(Outcome::new(out, 0))
}

pub fn restore(command: &Restore, context: &Context) -> Result<Outcome, Failure> {
    let (opened, mut pairs) = pairs(context, &command.about, &command.file)?;
    // Nothing is touched as long as one of them is connected.
    for Pair { database, .. } in &mut pairs {
        let register = database.target.register()?;
        if let Some((register, now)) = &register {
            online::nobody_works(register, *now)?;
        }
        if register.is_some_and(|(register, _)| register.connection.state == State::Connected) {
            let message = say!("{database} is connected, so nothing is restored", database = database.name);
            return Err(Failure { code: 3, ..Failure::world(message).help(TargetError::Connected.help()) });
        }
    }
    for Pair { database, file, .. } in &mut pairs {
        is_of_nobody_else(&opened, database, file)?;
    }
    let names: Vec<&str> = pairs.iter().map(|pair| pair.database.name.as_str()).collect();
    let question = say!("Restore {names}? What was written there since the copy goes. [y/N]", names = names.join(", "));
    confirmed(command.yes, &opened, &question)?;
    let run = Run { deed: Some("restore".to_owned()), ..gather(&opened, &command.acting, context) };
    let mut done = Vec::new();
    for Pair { database, file, named } in &mut pairs {
        let stage = context.working(&say!("writing to {database}", database = database.name));
        let receipt = database.target.restore(file, &run)?;
        drop(stage);
        if let Some(end) = receipt.end {
            running::keep(&opened, &run, end, database).unwrap_or_else(|why| opened.warn(why));
        }
        done.push(say!("{database} says what {file} says", database = database.name, file = named.as_str()));
    }
    let out = match command.about.format {
        Format::Json => wire::to_text(&wire::deed("restore", 0, &Settled::default(), &[], &[])),
        Format::Text => done.into_iter().map(|text| text::print(&view::sentence(text), opened.out)).collect(),
    };
    Ok(Outcome::new(out, 0))
}

/// Refuses a copy of another company's database. Where there is no database any more, the others tell.
fn is_of_nobody_else(opened: &Opened, database: &mut Database, file: &Path) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().ok();
    if Path::new(&opened.root).join(database.name.as_str()).canonicalize().is_ok_and(|own| real(file) == Some(own)) {
        let message = say!("{file} is the database itself, and no copy of it", file = super::shown(file));
        return Err(Failure::world(message).help(say!("name a file that `rightful backup` wrote")));
    }
    let Some(copied) = can_replace(&mut *database.target, file)? else { return Ok(()) };
    if database.target.identity()?.is_some() {
        return Ok(());
    }
    let is_other = |company: &Company| {
        let other = database_of(opened, company, company.database.as_ref()).ok();
        // One that cannot be read right now is no reason not to restore this one.
        other.is_some_and(|mut other| {
            other.place() != database.place() && other.target.identity().ok().flatten().as_ref() == Some(&copied)
        })
    };
    let is_wrong = opened.repository.companies.iter().any(is_other);
    if is_wrong { Err(TargetError::OtherDatabase(super::shown(file)).into()) } else { Ok(()) }
}
