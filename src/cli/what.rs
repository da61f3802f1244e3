//! `rightful what`

use clap::Args;

use crate::question::{find_subject, what};
use crate::report::{text, view};
use crate::resolve::InForce;
use crate::wire;

use super::session::{Failure, open_compiling};
use super::{Common, Context, Format, Outcome};

/// List everything that a user, or whoever is in a group, can do
///
/// Examples:
///   rightful what lars
///   rightful what group:sales --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct What {
    /// A user or a group; `user:NAME` or `group:NAME` where a name means both
    #[arg(value_name = "SUBJECT")]
    subject: String,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &What, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let policy = opened.policy();
    let subject = find_subject(&command.subject, policy)?;
    let in_force = InForce::new(policy, context.on);
    let held = what(&in_force, subject);
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::what(policy, subject, &held)),
        Format::Text => text::print(&view::what(&in_force, subject, &held, &context.when(context.on)), opened.out),
    };
    Ok(Outcome::new(out, 0))
}
