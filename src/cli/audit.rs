//! `rightful audit`

use std::collections::BTreeSet;

use clap::{Args, Subcommand, ValueEnum};

use crate::audit::{Filter, Kept, Known, Part, Reader, Verified, Verifier, hash_of};
use crate::date::Date;
use crate::diag::Diagnostic;
use crate::language::Text;
use crate::name::{Name, RightName, nearest};
use crate::plan::Reading;
use crate::report::{text, view};
use crate::say;
use crate::wire;

use super::database::{Database, database};
use super::running::kept;
use super::session::{Failure, Opened, open_whatever, refusing};
use super::{Context, Format, Outcome, read_date};

/// Show what every apply did, who ran it, and who gained and lost what by it
///
/// Reads the record in the database, which is only ever added to. Everything
/// that is named must hold: --user and --right show the entries about them.
/// Names given by --as, and those of a commit, are claims that nobody proved.
/// `rightful plan --at REV` plans the way back to the revision of any run.
///
/// Examples:
///   rightful audit --user lars --since 2026-11-01
///   rightful audit --run 7 --part gain --part loss
///   rightful audit verify
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Audit {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Only the run of this number
    #[arg(long, value_name = "NUMBER")]
    run: Option<i64>,
    /// Only what is about this user of the CRM
    #[arg(long, value_name = "NAME", value_parser = read_user)]
    user: Option<Name>,
    /// Only what is about this right
    #[arg(long, value_name = "RIGHT", value_parser = read_right)]
    right: Option<RightName>,
    /// Only runs of this day and later ones, UTC
    #[arg(long, value_name = "DATE", value_parser = read_date)]
    since: Option<Date>,
    /// Only runs of this day and earlier ones, UTC
    #[arg(long, value_name = "DATE", value_parser = read_date)]
    until: Option<Date>,
    /// Only entries of this kind; may be repeated
    #[arg(long, value_name = "PART")]
    part: Vec<PartName>,
    /// List everybody and everything by name
    #[arg(long)]
    unfold: bool,
    #[command(flatten)]
    about: About,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Verify(Verify),
}

/// Prove that nobody changed the record
///
/// Every entry carries a hash over itself and the one before it. Names the
/// first entry that was altered, taken out or put in. Who can write the
/// database can write the whole record anew; so every apply prints the hash of
/// the last entry, the head, and keeps it outside: in the file that the
/// settings name under `audit:`, else as a git note on the applied commit
/// (`git push origin refs/notes/rightful` takes it elsewhere). Without such a
/// file, nothing is kept of files that are not committed; the first apply says
/// so. Each kept head must be in the record, and that of --head too, and the
/// database must be the one that they are of, by name and id, and remember of
/// the last apply what the record says. Exits with 1 if not. A database without
/// a record is no proof of anything, and settings with errors may name the
/// wrong file: both exit with 2.
///
/// Examples:
///   rightful audit verify
///   rightful audit verify --database sqlite:crm.db --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Verify {
    /// A head that an apply printed, which must be in the record
    #[arg(long, value_name = "HASH", value_parser = read_hash)]
    head: Option<String>,
    #[command(flatten)]
    about: About,
}

/// Which record, and how to print it.
#[derive(Debug, Args)]
pub struct About {
    /// The database; as for apply
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// What entries tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PartName {
    /// The run itself
    Run,
    /// A guard that was put aside
    Override,
    /// What the policy and the database had both changed
    Conflict,
    /// What was written
    Change,
    /// What somebody had changed in the database, and was left, or taken over
    Kept,
    /// What people gained
    Gain,
    /// What people lost
    Loss,
}

impl PartName {
    fn part(self) -> Part {
        match self {
            Self::Run => Part::Run,
            Self::Override => Part::Override,
            Self::Conflict => Part::Conflict,
            Self::Change => Part::Change,
            Self::Kept => Part::Kept,
            Self::Gain => Part::Gain,
            Self::Loss => Part::Loss,
        }
    }
}

fn read_user(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|_| "write the name of a user".to_owned())
}

fn read_right(text: &str) -> Result<RightName, String> {
    RightName::new(text).ok_or_else(|| "write a right as area.action".to_owned())
}

fn read_hash(text: &str) -> Result<String, String> {
    hash_of(text).ok_or_else(|| "write all 64 hexadecimal digits that an apply printed".to_owned())
}

pub fn run(command: &Audit, context: &Context) -> Result<Outcome, Failure> {
    if let Some(Verb::Verify(verify)) = &command.verb {
        return verified(verify, context);
    }
    without_day(context, say!("--since and --until choose runs by their days"))?;
    let opened = open_whatever(context)?;
    let mut database = database(context, &opened, command.about.database.as_deref())?;
    let mut reader = Reader::of(Filter {
        run: command.run,
        since: command.since,
        until: command.until,
        user: command.user.clone(),
        right: command.right.clone(),
        parts: command.part.iter().map(|part| part.part()).collect(),
    });
    database.audit(context, &mut |entry| reader.feed(&entry))?;
    was_applied_to(&mut database, context, reader.known())?;
    are_known(command, reader.known(), &opened, &database.name)?;
    let runs = reader.finish();
    let out = match command.about.format {
        Format::Json => wire::to_text(&wire::audit(&runs)),
        Format::Text => {
            let page = view::audit(&runs, command.user.as_ref(), &database.name);
            text::print(&view::folded(page, command.unfold), opened.out)
        }
    };
    Ok(Outcome::new(out, 0))
}

/// Refuses a database without a record, which tells nothing, rather than that nothing happened in it.
pub fn was_applied_to(database: &mut Database, context: &Context, known: &Known) -> Result<(), Failure> {
    if !known.runs.is_empty() || database.read(context)?.base.is_some() {
        return Ok(());
    }
    let database = database.name.as_str();
    Err(Failure::world(say!("nothing was ever applied to {database}, so it has no record", database))
        .help(say!("`rightful apply` makes the database and its record; is it the right one?")))
}

/// Refuses to tell nothing of what neither the record nor the policy knows: more likely it is a slip.
fn are_known(command: &Audit, known: &Known, opened: &Opened, database: &str) -> Result<(), Failure> {
    if let Some(run) = command.run.filter(|run| !known.runs.contains(run)) {
        let missing = Failure::world(say!("there is no run {run} in the record of {database}", run, database));
        return Err(match (known.runs.first(), known.runs.last()) {
            (Some(first), Some(last)) if first != last => {
                missing.help(say!("it has the runs {first} to {last}", first, last))
            }
            (Some(only), _) => missing.help(say!("it has run {only} alone", only)),
            _ => missing,
        });
    }
    let policy = opened.policy();
    if let Some(user) = &command.user {
        let declared = policy.users.iter().map(|(_, name, _)| name.as_str());
        is_known(user.as_str(), known.users.iter().map(String::as_str).chain(declared).collect(), || {
            say!("neither the record of {database} nor the policy knows a user `{user}`", database, user)
        })?;
    }
    if let Some(right) = &command.right {
        let declared = policy.rights.iter().map(|(_, name, _)| name.as_str());
        is_known(right.as_str(), known.rights.iter().map(String::as_str).chain(declared).collect(), || {
            say!("neither the record of {database} nor the policy knows a right `{right}`", database, right)
        })?;
    }
    Ok(())
}

fn is_known(name: &str, known: BTreeSet<&str>, message: impl FnOnce() -> Text) -> Result<(), Failure> {
    if known.contains(name) {
        return Ok(());
    }
    let unknown = Failure::world(message());
    Err(match nearest(name, known) {
        Some(near) => unknown.help(say!("did you mean `{near}`?", near)),
        None => unknown,
    })
}

/// Refuses a day for what is the same on every day.
pub fn without_day(context: &Context, help: Text) -> Result<(), Failure> {
    if context.on_was_said {
        return Err(
            Failure::world(say!("--on means nothing here: what was recorded is the same on every day")).help(help)
        );
    }
    Ok(())
}

fn verified(command: &Verify, context: &Context) -> Result<Outcome, Failure> {
    without_day(context, say!("leave it out: the whole record is proved"))?;
    let opened = open_whatever(context)?;
    with_sound_settings(&opened)?;
    let mut database = database(context, &opened, command.about.database.as_deref())?;
    let reading = database.read(context)?;
    let kept = kept(&opened, &database, reading.id.as_deref());
    let to_meet = kept.heads.iter().map(|kept| kept.hash.clone()).chain(command.head.clone());
    let mut verifier = Verifier::meeting(to_meet);
    database.audit(context, &mut |entry| verifier.feed(&entry))?;
    let found =
        verifier.finish().map(|found| Verified { is_forged: reading.is_forged, is_replaced: kept.renumbered, ..found });
    match kept.unreadable {
        0 => {}
        1 => opened.warn(say!("warning: 1 line among the kept heads is no head")),
        count => opened.warn(say!("warning: {count} lines among the kept heads are no heads", count)),
    }
    if found.as_ref().is_ok_and(|found| found.entries + found.unproven == 0) {
        has_record(&reading, &database.name, &kept.heads)?;
    }
    let asked = command.head.as_deref();
    let out = match command.about.format {
        Format::Json => wire::to_text(&wire::verified(&found, &kept.heads, kept.of_others, asked)),
        Format::Text => {
            let page = view::verified(&found, &kept.heads, kept.of_others, asked, &database.name);
            text::print(&page, opened.out)
        }
    };
    let holds = found.is_ok_and(|found| found.unmet.is_empty() && !found.is_forged && !found.is_replaced);
    Ok(Outcome::new(out, (!holds).into()))
}

/// Refuses settings with errors: what they say of companies, databases and kept heads may be missing. What is wrong in
/// policy files hides no record.
fn with_sound_settings(opened: &Opened) -> Result<(), Failure> {
    let settings = &opened.repository.settings;
    let is_theirs = |finding: &&Diagnostic| finding.place().is_some_and(|place| place.file == settings.file);
    let diagnostics = opened.repository.diagnostics.iter().filter(|finding| finding.is_error());
    let wrong: Vec<&Diagnostic> = diagnostics.filter(is_theirs).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(refusing(opened, wrong, say!("the settings have errors, so nothing can be proved")))
}

/// Refuses to prove an empty record, unless heads were kept of it and the database is still one that was applied to.
fn has_record(reading: &Reading, database: &str, kept: &[Kept]) -> Result<(), Failure> {
    if !kept.is_empty() && reading.base.is_some() {
        return Ok(());
    }
    Err(Failure::world(say!("{database} has no record, so nothing can be proved", database))
        .help(say!("every apply leaves one: is it the right database?")))
}
