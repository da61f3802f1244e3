//! `rightful apply`

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;

use crate::plan::Reading;
use crate::report::view::Unfold;
use crate::report::{text, view};
use crate::say;
use crate::syntax::settings::Guard;
use crate::target::Limits;
use crate::wire;

use super::ahead::Ahead;
use super::asking;
use super::database::database;
use super::guards;
use super::registered::{foreseen, invited};
use super::running::{Acting, carry_out, gather, overriding, recorded};
use super::saved::Saved;
use super::session::{Failure, Opened, bound, errors, open_compiling, read_whole, refusing};
use super::wanted::{Wanted, drift, heading, page};
use super::{Common, Context, Format, Outcome};

/// Make the database say what the policy says
///
/// Checks the policy, shows the plan, asks for a yes, and writes everything in
/// one transaction: whatever happens, the database says the old or the new,
/// never a mixture. It asks on a terminal only; in a script it goes ahead. A
/// database that does not exist is made.
///
/// With a FILE that `rightful plan -o FILE` wrote, exactly that plan is
/// applied: it is made again from its revision, or else from the files as they
/// are, and from the database, and everything must come out as the file has
/// it, what people gain and lose on this day included. Otherwise nothing is
/// written, and the exit code is 3.
///
/// Guards refuse a plan that takes too much: accounts, rights, a whole section,
/// the last superuser, or the own access. What they let through stands in
/// rightful.yaml. --override puts one of them aside, for this run; --yes none.
/// With --on they judge that day and today, and the record says so.
///
/// Examples:
///   rightful apply
///   rightful apply --yes --database sqlite:crm.db
///   rightful apply --override remove_users
///   rightful apply plan.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Apply {
    /// A plan that `rightful plan -o FILE` wrote; it says itself of which
    /// revision it is and whether drift stays
    #[arg(value_name = "FILE", conflicts_with_all = ["at", "keep_drift"])]
    file: Option<PathBuf>,
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
    /// Refuse if the CRM cannot say all of the policy
    #[arg(long)]
    strict: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Put this guard aside for this run; may be given for several
    #[arg(long = "override", value_name = "GUARD", value_parser = guards::read_guard)]
    overrides: Vec<Guard>,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Apply, context: &Context) -> Result<Outcome, Failure> {
    let saved = command.file.as_deref().map(|path| Saved::read(context, path)).transpose()?;
    let ahead = Ahead::of(context, command.database.as_deref());
    let opened = match &saved {
        Some(saved) => saved.open(context)?,
        None => open_compiling(context, &command.common)?,
    };
    checked(&opened, context)?;
    bound(&opened)?;
    read_whole(context, &opened)?;
    let mut database = database(context, &opened, command.database.as_deref())?;
    let run = gather(&opened, &command.acting, context);
    let wanted = Wanted::of(&opened);
    // Whatever day is looked at: a CRM that knows no dates gets what holds today.
    let (reading, register) = database.read_all(context, ahead)?;
    let reading = Reading { today: Some(context.today), ..reading };
    let heading = heading(&database, &reading);
    let drift = saved.as_ref().map_or(drift(command.keep_drift), Saved::drift);
    let stage = context.working(&say!("comparing"));
    let (plan, told) = wanted.plan_told(&reading, context.on, drift);
    drop(stage);
    recorded(&mut database, &run, &opened, foreseen(&opened, register.as_ref(), &plan.renames(), Some(&plan.after)))?;
    if let Some(saved) = &saved {
        let equal = saved.must_equal(&plan, &opened, &wanted, &reading, &database);
        recorded(&mut database, &run, &opened, equal)?;
    }
    let as_text = command.common.format == Format::Text;
    let asks = !command.yes && !plan.changes.is_empty() && std::io::stdin().is_terminal();
    let limits = database.target.limits(opened.policy(), context.on);
    let stage = context.working(&say!("comparing"));
    let mut page = page(&opened, context, &wanted, (&plan, told), &heading, Unfold::Never, 0);
    page.0.extend(limits.iter().flat_map(|limits| view::limits(limits, Unfold::Never).0));
    let shown = as_text.then(|| text::print(&page, opened.out));
    drop(stage);
    if let Some(shown) = shown {
        super::write_out(&shown);
    }
    recorded(&mut database, &run, &opened, expressible(command, limits.as_ref()))?;
    let stage = context.working(&say!("comparing"));
    let tripped = guards::tripped_by_apply(&opened, context, &wanted, &reading, &plan, drift);
    drop(stage);
    let passed = guards::pass(tripped, &command.overrides, &opened);
    let overridden = recorded(&mut database, &run, &opened, passed)?;
    if asks {
        asking::show_unseen(&page, command.common.format, opened.err);
        let changes = view::changes(plan.changes.len());
        if !asking::says_yes(&say!("Apply {changes} to {name}? [y/N]", changes, name = database.name), opened.err) {
            return Err(Failure { code: 1, ..Failure::world(say!("nothing was applied")) });
        }
    }
    // Whoever was asked may have taken a while.
    let register = database.target.register()?;
    let still = foreseen(&opened, register.as_ref(), &plan.renames(), Some(&plan.after));
    recorded(&mut database, &run, &opened, still)?;
    let run = overriding(run, &overridden);
    let receipt = carry_out(context, &mut database, &plan, &run, &opened)?;
    // What was applied is told, whatever becomes of the invitations.
    let (settled, posted, failure) = invited(&opened, &mut database, &run);
    let out = match command.common.format {
        Format::Json => {
            let overrides = wire::guards(opened.binding_sources(), &overridden);
            wire::to_text(&wire::ApplyOut { overrides, ..wire::apply(&receipt) })
        }
        // An apply without changes can have something to remember all the same.
        Format::Text if receipt.end.is_none() => {
            let mut page = view::settled(&settled, &posted.sent, &posted.failed);
            page.0.extend(view::head(database.end.as_ref()).0);
            text::print(&page, opened.out)
        }
        Format::Text => {
            let mut page = view::applied(&receipt, &database.name);
            page.0.extend(view::overridden(&overridden).0);
            page.0.extend(view::settled(&settled, &posted.sent, &posted.failed).0);
            // What was recorded of the invitations stands behind it.
            page.0.extend(view::head(database.end.as_ref().filter(|end| receipt.end.as_ref() != Some(*end))).0);
            format!("\n{}", text::print(&page, opened.out))
        }
    };
    match failure {
        None => Ok(Outcome::new(out, 0)),
        Some(failure) => {
            super::write_out(&out);
            Err(failure)
        }
    }
}

/// Refuses a policy of which the CRM cannot say all, if that is wanted.
fn expressible(command: &Apply, limits: Option<&Limits>) -> Result<(), Failure> {
    match limits.filter(|limits| command.strict && limits.leaves_open()) {
        None => Ok(()),
        Some(limits) => Err(Failure { code: 3, ..Failure::world(view::refused_by_limits(limits)) }),
    }
}

/// Refuses a policy with errors, those included that do not keep it from compiling.
fn checked(opened: &Opened, context: &Context) -> Result<(), Failure> {
    let errors = errors(opened, context);
    if errors.is_empty() {
        return Ok(());
    }
    let message = say!("the policy has errors, so nothing was applied");
    Err(Failure { code: 1, ..refusing(opened, &errors, message) })
}
