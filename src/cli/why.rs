//! `rightful why`

use clap::Args;

use crate::question::{answer, notes};
use crate::report::{text, view};
use crate::resolve::InForce;
use crate::wire;

use super::session::{Failure, ask, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Answer a question and prove the answer
///
/// Says yes or no first, then the step that decided, the rule with its file
/// and line, the way from the user to the group that has it, and what was
/// overruled. The exit code is 0 for yes and 1 for no.
///
/// Examples:
///   rightful why lars data.export
///   rightful why lars can calendar.see of group:management
///   rightful why anna data.export on 2027-02-01
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Why {
    /// The words of the question.
    #[arg(required = true, value_name = "QUESTION", help = "USER [can] RIGHT [of TARGET] [on DATE]")]
    question: Vec<String>,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Why, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let (question, on) = ask(&command.question, &opened, context)?;
    let in_force = InForce::new(opened.policy(), on);
    let answer = answer(&in_force, &question);
    let notes = notes(&in_force, &question, &answer);
    let sources = opened.sources();
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::why(&in_force, sources, &question, &answer, &notes, opened.out.language)),
        Format::Text => {
            text::print(&view::why(&in_force, sources, &question, &answer, &notes, &context.when(on)), opened.out)
        }
    };
    Ok(Outcome::new(out, (!answer.allowed).into()))
}
