//! `rightful who`

use clap::Args;

use crate::question::{holders, holders_notes, understand_who};
use crate::report::{text, view};
use crate::resolve::{InForce, Population};
use crate::say;
use crate::wire;

use super::session::{Failure, day, open_compiling};
use super::{Common, Context, Format, Outcome};

/// List everyone who can do something, and why
///
/// Complete: every active user who can, each with the way to the rule that gives
/// it, its file and line. Where a target stands for several, such as a group or
/// everyone, whoever is listed can do it over each of them. Several rights with
/// `and` between them find who holds all of them at once.
///
/// Examples:
///   rightful who data.export
///   rightful who calendar.see of group:management on 2027-02-01
///   rightful who data.import and data.export
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Who {
    /// The words of the question.
    #[arg(required = true, value_name = "QUESTION", help = "RIGHT [of TARGET] [and RIGHT [of TARGET] ...] [on DATE]")]
    question: Vec<String>,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Who, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let _stage = context.working(&say!("working out every answer"));
    let wanted = understand_who(&command.question.join(" "), opened.policy(), opened.err.language)?;
    let on = day(wanted.on, context)?;
    let in_force = InForce::new(opened.policy(), on);
    let population = Population::new(&in_force);
    let holders = holders(&population, &wanted.demands);
    let notes = holders_notes(&population, &holders);
    let (sources, demands) = (opened.sources(), &wanted.demands);
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::who(&in_force, sources, demands, &holders, &notes, opened.out.language)),
        Format::Text => {
            let when = context.when(on);
            text::print(&view::who(&in_force, sources, demands, &holders, &notes, &when), opened.out)
        }
    };
    Ok(Outcome::new(out, 0))
}
