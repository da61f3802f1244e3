//! `rightful upcoming`

use clap::Args;
use jiff::ToSpan;

use crate::diff;
use crate::report::{text, view};
use crate::say;
use crate::wire;

use super::session::{Failure, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Show what will change by itself, because a date comes
///
/// Rules and memberships may begin and end on a day. For each such day this says
/// who gains and who loses which right, and because of which line. It begins
/// tomorrow, or on the day of --on.
///
/// Examples:
///   rightful upcoming
///   rightful upcoming --days 365 --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Upcoming {
    /// How many days to look ahead
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=36_500))]
    days: u16,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Upcoming, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let stage = context.working(&say!("comparing"));
    let beyond = |_| Failure::world(say!("the calendar ends before that"));
    let from = if context.on_was_said { context.on } else { context.on.tomorrow().map_err(beyond)? };
    let until = from.checked_add(i64::from(command.days - 1).days()).map_err(beyond)?;
    let (policy, sources) = (opened.policy(), opened.sources());
    let turns = diff::upcoming(policy, from, until);
    drop(stage);
    if command.common.format == Format::Json {
        let found = wire::upcoming(policy, sources, [from, until], &turns);
        return Ok(Outcome::written(|out| wire::write(&found, out), 0));
    }
    Ok(Outcome::new(text::print(&view::upcoming(policy, sources, [from, until], &turns), opened.out), 0))
}
