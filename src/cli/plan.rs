//! `rightful plan`

use clap::Args;

use crate::plan::{self, Desired, Reading};
use crate::report::{text, view};
use crate::state::{Key, State};
use crate::target::Target;
use crate::wire;

use super::database::database;
use super::guards;
use super::session::{Failure, Opened, errors, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Show what an apply would do, to people and in the database
///
/// Says who gains and loses what, and every row that would be written.
/// Compares the policy with the database and with what the last apply wrote,
/// so that a change of the policy is told from a change that somebody made in
/// the database. Names the guards that would keep it from being applied.
/// Never changes anything; a database that does not exist
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
    let (reading, plan) = make(&opened, context, &mut *database.target)?;
    let tripped = guards::tripped(&opened, context, &reading, &plan);
    let differs = command.exit_code && !plan.changes.is_empty();
    let out = match command.common.format {
        Format::Json => {
            let guards = wire::guards(opened.sources(), &tripped);
            wire::to_text(&wire::PlanOut { guards, ..wire::plan(opened.sources(), &plan) })
        }
        Format::Text => {
            let errors = errors(&opened, context).len();
            let mut page = view::plan(&plan, opened.policy(), &opened.sensitive(), &database.heading, errors);
            if !tripped.is_empty() {
                page.blank();
                page.0.extend(view::guards(&tripped, opened.sources()).0);
            }
            text::print(&page, opened.out)
        }
    };
    Ok(Outcome::new(out, differs.into()))
}

/// Plans the way from what a target says to what the policy wants.
pub fn make(opened: &Opened, context: &Context, target: &mut dyn Target) -> Result<(Reading, plan::Plan), Failure> {
    let policy = opened.policy();
    let renames = policy.users.iter().filter_map(|(_, name, user)| Some((user.renamed_from.clone()?, name.clone())));
    let desired = Desired { state: State::of(policy), renames: renames.collect() };
    let places: std::collections::BTreeMap<Key, _> =
        policy.rules.iter().rev().map(|rule| (Key::of_rule(policy, rule), rule.place)).collect();
    let place = |key: &Key| places.get(key).copied().flatten();
    let reading = target.read()?;
    let plan = plan::plan(&reading, &desired, context.on, place);
    Ok((reading, plan))
}
