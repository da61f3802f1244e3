//! `rightful history`

use std::num::NonZeroUsize;

use clap::Args;

use crate::audit::{Filter, Part, Reader};
use crate::report::{text, view};
use crate::say;
use crate::wire;

use super::audit::{About, was_applied_to, without_day};
use super::database::database;
use super::session::{Failure, open_whatever};
use super::{Context, Format, Outcome};

/// List the runs of apply, the newest first, and how each ended
///
/// Says when, where, by whom and of which revision. Runs that were refused or
/// failed stand there with the reason. `rightful plan --at REV` plans the way
/// back to the revision before. `rightful audit --run NUMBER` shows all that a
/// run did.
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
    database.audit(&mut |entry| reader.feed(&entry))?;
    was_applied_to(&mut database, context, reader.known())?;
    let mut runs = reader.finish();
    runs.reverse();
    let all = runs.len();
    runs.truncate(command.limit.map_or(all, NonZeroUsize::get));
    let out = match command.about.format {
        Format::Json => wire::to_text(&wire::history(&runs, all)),
        Format::Text => text::print(&view::history(&runs, all, &database.name), opened.out),
    };
    Ok(Outcome::new(out, 0))
}
