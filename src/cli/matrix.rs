//! `rightful matrix`

use clap::Args;

use crate::question::{Cells, reach};
use crate::report::{text, view};
use crate::resolve::{InForce, Population};
use crate::say;
use crate::wire;

use super::session::{Failure, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Show all users by all rights
///
/// Every user, inactive ones too, by every plain right; with --scoped also
/// every scoped right over every person, module and attachment class.
///
/// Examples:
///   rightful matrix
///   rightful matrix --scoped --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Matrix {
    /// Add the scoped rights
    #[arg(long)]
    scoped: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Matrix, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let _stage = context.working(&say!("working out every answer"));
    let in_force = InForce::new(opened.policy(), context.on);
    let population = Population::new(&in_force);
    let cells = if command.scoped { Cells::Scoped } else { Cells::Plain };
    match command.common.format {
        Format::Json => {
            let matrix = wire::matrix(&population, cells);
            Ok(Outcome::written(|to| wire::write(&matrix, to), 0))
        }
        Format::Text => {
            let reach = match cells {
                Cells::Plain => Vec::new(),
                Cells::Scoped => reach(&population),
            };
            Ok(Outcome::new(text::print(&view::matrix(&population, &reach), opened.out), 0))
        }
    }
}
