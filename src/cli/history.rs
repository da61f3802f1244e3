//! `rightful history`

use std::num::NonZeroUsize;

use clap::Args;

use crate::audit::{Filter, Part, Reader};
use crate::online::Logged;
use crate::report::{text, view};
use crate::say;
use crate::wire;

use super::audit::{About, was_applied_to, without_day};
use super::database::database;
use super::session::{Failure, open_whatever};
use super::{Context, Format, Outcome};

/// List the runs of apply and sync, the newest first, and how each ended
///
/// Says when, where, by whom and of which revision. Runs that were refused or
/// failed stand there with the reason. What `rightful sync` did stands between
/// them; runs that found nothing to do, or failed alike, are told as one.
/// `rightful plan --at REV` plans the way back to the revision before.
/// `rightful audit --run NUMBER` shows all that a run did.
///
/// Examples:
///   rightful history
///   rightful history --limit 5 --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct History {
    /// At most so many runs
    #[arg(long, value_name = "NUMBER", value_parser = read_limit)]
    limit: Option<NonZeroUsize>,
    #[command(flatten)]
    about: About,
}

fn read_limit(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write a number from 1 on".to_owned())
}

pub fn run(command: &History, context: &Context) -> Result<Outcome, Failure> {
    without_day(context, say!("`rightful audit --since DAY --until DAY` shows the runs of some days"))?;
    let opened = open_whatever(context)?;
    let mut database = database(context, &opened, command.about.database.as_deref())?;
    let mut reader = Reader::of(Filter { parts: vec![Part::Run], ..Filter::default() });
    database.audit(context, &mut |entry| reader.feed(&entry))?;
    was_applied_to(&mut database, context, reader.known())?;
    let mut runs = reader.finish();
    runs.reverse();
    let log = database.target.register()?.map(|(register, _)| register.log).unwrap_or_default();
    let mut log: Vec<Logged> = log.into_values().rev().collect();
    let (all, limit) = (runs.len(), command.limit.map(NonZeroUsize::get));
    let out = match command.about.format {
        Format::Json => {
            runs.truncate(limit.unwrap_or(all));
            log.truncate(limit.unwrap_or(usize::MAX));
            wire::to_text(&wire::history(&runs, all, &log))
        }
        Format::Text => text::print(&view::history(&runs, &log, limit, &database.name), opened.out),
    };
    Ok(Outcome::new(out, 0))
}
