//! `rightful can`

use clap::Args;

use crate::question::answer;
use crate::report::{text, view};
use crate::resolve::InForce;
use crate::wire;

use super::session::{Failure, ask, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Answer a question with yes or no
///
/// For scripts: the exit code is 0 for yes, 1 for no, and 2 if the question
/// cannot be answered.
///
/// Examples:
///   rightful can lars data.export
///   rightful can lars opportunities.see of everyone --on 2027-01-01
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Can {
    /// The words of the question.
    #[arg(required = true, value_name = "QUESTION", help = "USER [can] RIGHT [of TARGET] [on DATE]")]
    question: Vec<String>,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Can, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let (question, on) = ask(&command.question, &opened, context)?;
    let answer = answer(&InForce::new(opened.policy(), on), &question);
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::can(&answer)),
        Format::Text => text::print(&view::can(&answer), opened.out),
    };
    Ok(Outcome::new(out, (!answer.allowed).into()))
}
