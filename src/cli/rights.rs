//! `rightful rights`

use clap::Args;

use crate::report::{text, view};
use crate::wire;

use super::session::{Failure, open_compiling};
use super::{Common, Context, Format, Outcome};

/// List the rights: the built-in catalogue and those that this policy declares
///
/// Example:
///   rightful rights
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Rights {
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Rights, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let policy = opened.policy();
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::rights(policy)),
        Format::Text => text::print(&view::rights(policy, opened.out.language), opened.out),
    };
    Ok(Outcome::new(out, 0))
}
