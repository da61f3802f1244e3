//! `rightful plan`

use std::path::PathBuf;

use clap::Args;

use crate::online::Settled;
use crate::report::block::{Line, Tone};
use crate::report::view::Unfold;
use crate::report::{text, view};
use crate::say;
use crate::wire;

use super::ahead::Ahead;
use super::database::database;
use super::guards;
use super::registered::foreseen;
use super::saved::{self, Seen};
use super::session::{Failure, bound, errors, open_compiling, read_whole};
use super::wanted::{Wanted, drift, heading, page};
use super::{Common, Context, Format, Outcome};

/// Show what an apply would do, to people and in the database
///
/// Says who gains and loses what, and every row that would be written.
/// Compares the policy with the database and with what the last apply wrote,
/// so that a change of the policy is told from a change that somebody made in
/// the database, which is called drift and taken back. Access that nobody
/// declared is named first, and guards that would keep it from being applied
/// last. Never changes anything; a database that does not
/// exist counts as empty. --on says for which day gains and losses are worked
/// out. With --at a revision of before, the plan is the way back to it.
///
/// -o keeps the plan in a file for `rightful apply FILE`, which does what the
/// file says or nothing: it plans again, and refuses if the policy, the
/// database or what people gain and lose is not the same any more.
///
/// Examples:
///   rightful plan
///   rightful plan --database sqlite:crm.db --exit-code
///   rightful plan --database creme+sqlite:creme.db
///   rightful plan -o plan.json
///   rightful plan --at HEAD~1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Plan {
    /// The database, as sqlite:PATH, postgres://USER@HOST/DATABASE or env:NAME
    /// of a variable; a relative path counts from the current directory, or
    /// from that of -C [default: that of the settings, else sqlite:crm.db
    /// beside policies/]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Leave what somebody changed in the database as it is; where the policy
    /// changed the same, it wins all the same
    #[arg(long)]
    keep_drift: bool,
    /// Write the plan to a file for `rightful apply FILE`
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// List every single answer, with what decided before and after, and
    /// everybody by name
    #[arg(long)]
    unfold: bool,
    /// Exit with 3 if the CRM cannot say all of the policy
    #[arg(long)]
    strict: bool,
    /// Exit with 1 if there are differences
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Plan, context: &Context) -> Result<Outcome, Failure> {
    let ahead = Ahead::of(context, command.database.as_deref());
    let opened = open_compiling(context, &command.common)?;
    bound(&opened)?;
    let mut database = database(context, &opened, command.database.as_deref())?;
    let drift = drift(command.keep_drift);
    // A server may not have answered yet.
    let wanted = Wanted::of(&opened);
    let errors = errors(&opened, context).len();
    let (reading, register) = database.read_all(context, ahead)?;
    let stage = context.working(&say!("comparing"));
    let (plan, told) = match command.common.format {
        Format::Json => (wanted.plan(&reading, context.on, drift), None),
        Format::Text => wanted.plan_told(&reading, context.on, drift),
    };
    let tripped = guards::tripped(&opened, &wanted, &reading, &plan, context.on);
    drop(stage);
    let online = foreseen(&opened, register.as_ref(), &plan.renames(), Some(&plan.after));
    if let Some(path) = &command.out {
        read_whole(context, &opened)?;
        saved::write(context, path, &opened, &plan, &Seen::of(&reading, &database), drift)?;
    }
    let limits = database.target.limits(opened.policy(), context.on);
    let settles = online.as_ref().is_ok_and(Settled::changes_access);
    let differs = command.exit_code && (settles || !plan.finds_no_difference());
    let refused = command.strict && limits.as_ref().is_some_and(|limits| limits.leaves_open());
    let code = if refused { 3 } else { differs.into() };
    let out = match command.common.format {
        Format::Json => {
            let guards = Some(wire::guards(opened.binding_sources(), &tripped));
            let online = online.as_ref().map_err(|failure| failure.message.to(opened.out.language));
            let online = Some(wire::plan_online(online));
            let crm = limits.as_ref().map(wire::limits);
            let found = wire::plan(opened.sources(), &plan, wanted.company());
            let found = wire::PlanOut { guards, online, crm, ..found };
            return Ok(Outcome::written(|out| wire::write(&found, out), code));
        }
        Format::Text => {
            let unfold = if command.unfold { Unfold::Wanted } else { Unfold::Offered };
            let _stage = context.working(&say!("comparing"));
            let heading = heading(&database, &reading);
            let mut page = page(&opened, context, &wanted, (&plan, told), &heading, unfold, errors);
            page.0.extend(match &online {
                Ok(settled) => view::settling(settled, opened.policy().online.is_some()).0,
                Err(failure) => view::kept_back(&failure.message, &failure.help).0,
            });
            page.0.extend(limits.iter().flat_map(|limits| view::limits(limits, unfold).0));
            if !tripped.is_empty() {
                page.blank();
                page.0.extend(view::guards(&tripped, opened.binding_sources()).0);
            }
            if let Some(path) = &command.out {
                let path = super::shown(path);
                page.blank();
                page.text(Line::new().then(Tone::Plain, say!("kept for `rightful apply {path}`", path)));
            }
            text::print(&page, opened.out)
        }
    };
    // The process ends, and takes the memory of a large firm faster than it can be given back fact by fact.
    std::mem::forget((plan, reading, wanted));
    Ok(Outcome::new(out, code))
}
