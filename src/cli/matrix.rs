//! `rightful matrix`

use clap::Args;

use crate::model::{Subject, UserId};
use crate::question::{Held, what};
use crate::report::{text, view};
use crate::resolve::InForce;
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
    let policy = opened.policy();
    let in_force = InForce::new(policy, context.on);
    let row = |user: UserId| {
        let mut held: Vec<Held> = what(&in_force, Subject::User(user));
        held.retain(|cell| command.scoped || cell.target.is_none() && policy.rights.get(cell.right).scope.is_none());
        (user, held)
    };
    let rows: Vec<_> = policy.users.ids().map(row).collect();
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::matrix(policy, &rows)),
        Format::Text => text::print(&view::matrix(policy, &rows), opened.out),
    };
    Ok(Outcome::new(out, 0))
}
