//! `rightful what`

use clap::Args;

use crate::question::{find_subject, overview, versus};
use crate::report::{text, view};
use crate::resolve::{InForce, Population};
use crate::wire;

use super::session::{Failure, open_compiling};
use super::{Common, Context, Format, Outcome};

/// List everything that a user, or whoever is in a group, can do
///
/// By area, each right with yes or no, over whom, and the rules that decide,
/// with the way to them and their places. With --versus only what two of them
/// can do differently; their own data is left out then.
///
/// Examples:
///   rightful what lars
///   rightful what group:sales --format json
///   rightful what anna --versus lars
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct What {
    /// A user or a group; `user:NAME` or `group:NAME` where a name means both
    #[arg(value_name = "SUBJECT")]
    subject: String,
    /// Another user or group to compare with
    #[arg(long, value_name = "SUBJECT")]
    versus: Option<String>,
    /// List everybody and everything by name
    #[arg(long)]
    unfold: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &What, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let (policy, sources) = (opened.policy(), opened.sources());
    let subject = find_subject(&command.subject, policy)?;
    let other = command.versus.as_ref().map(|other| find_subject(other, policy)).transpose()?;
    let in_force = InForce::new(policy, context.on);
    let population = Population::new(&in_force);
    let when = context.when(context.on);
    let out = match (other, command.common.format) {
        (None, Format::Json) => wire::to_text(&wire::what(policy, sources, subject, &overview(&population, subject))),
        (None, Format::Text) => {
            let all = overview(&population, subject);
            let page = view::what(&in_force, sources, subject, &all, &when);
            text::print(&view::folded(page, command.unfold), opened.out)
        }
        (Some(other), format) => {
            let found = versus(&population, subject, other);
            match format {
                Format::Json => wire::to_text(&wire::versus(&in_force, sources, [subject, other], &found)),
                Format::Text => {
                    let page = view::versus(&in_force, sources, [subject, other], &found, &when);
                    text::print(&view::folded(page, command.unfold), opened.out)
                }
            }
        }
    };
    Ok(Outcome::new(out, 0))
}
