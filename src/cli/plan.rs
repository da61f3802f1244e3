//! `rightful plan`

use clap::Args;

use crate::plan::{self, Desired};
use crate::report::{text, view};
use crate::state::{Key, State};
use crate::target::Target;
use crate::wire;

use super::database::database;
use super::session::{Failure, Opened, errors, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Show what an apply would do, to people and in the database
///
/// Says who gains and loses what, and every row that would be written.
/// Compares the policy with the database and with what the last apply wrote,
/// so that a change of the policy is told from a change that somebody made in
/// the database. Never changes anything; a database that does not exist
/// counts as empty. --on says for which day gains and losses are worked out.
///
/// Examples:
///   rightful plan
///   rightful plan --database sqlite:crm.db --exit-code
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Plan {
    /// The database, as sqlite:PATH; a relative path counts from the current
    /// directory, or from that of -C [default: crm.db beside policies/]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Exit with 1 if there are differences
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Plan, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    let mut database = database(context, &opened, command.database.as_deref())?;
    let plan = make(&opened, context, &mut *database.target)?;
    let differs = command.exit_code && !plan.changes.is_empty();
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::plan(opened.sources(), &plan)),
        Format::Text => {
            let errors = errors(&opened, context).len();
            text::print(&view::plan(&plan, opened.policy(), &opened.sensitive(), &database.heading, errors), opened.out)
        }
    };
    Ok(Outcome::new(out, differs.into()))
}

/// Plans the way from what a target says to what the policy wants.
pub fn make(opened: &Opened, context: &Context, target: &mut dyn Target) -> Result<plan::Plan, Failure> {
    let policy = opened.policy();
    let renames = policy.users.iter().filter_map(|(_, name, user)| Some((user.renamed_from.clone()?, name.clone())));
    let desired = Desired { state: State::of(policy), renames: renames.collect() };
    let places: std::collections::BTreeMap<Key, _> =
        policy.rules.iter().rev().map(|rule| (Key::of_rule(policy, rule), rule.place)).collect();
    let place = |key: &Key| places.get(key).copied().flatten();
    Ok(plan::plan(&target.read()?, &desired, context.on, place))
}
