//! `rightful apply`

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use crate::language::Language;
use crate::report::{snippet, text, view};
use crate::say;
use crate::syntax::settings::Guard;
use crate::wire;

use super::database::{Database, database};
use super::guards;
use super::plan::{Shown, Wanted, drift, page};
use super::running::{Acting, carry_out, gather, overriding, recorded};
use super::saved::Saved;
use super::session::{Failure, Opened, errors, open_compiling};
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
    /// The database, as sqlite:PATH; a relative path counts from the current
    /// directory, or from that of -C [default: crm.db beside policies/]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Leave what somebody changed in the database as it is; where the policy
    /// changed the same, it wins all the same
    #[arg(long)]
    keep_drift: bool,
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
    let opened = match &saved {
        Some(saved) => saved.open(context)?,
        None => open_compiling(context, &command.common)?,
    };
    checked(&opened, context)?;
    let mut database = database(context, &opened, command.database.as_deref())?;
    let run = gather(&opened, &command.acting);
    let wanted = Wanted::of(&opened);
    let reading = database.read(context)?;
    let Database { mut target, name, heading } = database;
    let drift = saved.as_ref().map_or(drift(command.keep_drift), Saved::drift);
    let plan = wanted.plan(&reading, context, drift);
    if let Some(saved) = &saved {
        let equal = saved.must_equal(&plan, &opened, &wanted, &reading, &name);
        recorded(&mut *target, &run, &opened, &name, equal)?;
    }
    let as_text = command.common.format == Format::Text;
    let asks = !command.yes && !plan.changes.is_empty() && std::io::stdin().is_terminal();
    let shown = |look| text::print(&page(&opened, context, &wanted, &plan, &heading, Shown::default()), look);
    if as_text {
        super::write_out(&shown(opened.out));
    }
    let tripped = guards::tripped(&opened, context, &reading, &plan);
    let passed = guards::pass(tripped, &command.overrides, &opened);
    let overridden = recorded(&mut *target, &run, &opened, &name, passed)?;
    if asks && !(as_text && std::io::stdout().is_terminal()) {
        // Nobody shall be asked about what went elsewhere.
        super::write_err(&shown(opened.err));
    }
    if asks && !confirmed(plan.changes.len(), &name, opened.err.language) {
        let message = say!("nothing was applied");
        return Err(Failure { code: 1, ..Failure::world(message) });
    }
    let run = overriding(run, &overridden);
    let receipt = carry_out(context, &mut *target, &plan, &run, &opened, &name)?;
    let out = match command.common.format {
        Format::Json => {
            let overrides = wire::guards(opened.sources(), &overridden);
            wire::to_text(&wire::ApplyOut { overrides, ..wire::apply(&receipt) })
        }
        Format::Text if plan.changes.is_empty() => String::new(),
        Format::Text => {
            let mut page = view::applied(&receipt, &name);
            page.0.extend(view::overridden(&overridden).0);
            format!("\n{}", text::print(&page, opened.out))
        }
    };
    Ok(Outcome::new(out, 0))
}

/// Refuses a policy with errors, those included that do not keep it from compiling.
fn checked(opened: &Opened, context: &Context) -> Result<(), Failure> {
    let errors = errors(opened, context);
    if errors.is_empty() {
        return Ok(());
    }
    let before: String =
        errors.iter().map(|finding| snippet::print(finding, opened.sources(), opened.err) + "\n").collect();
    let message = say!("the policy has errors, so nothing was applied");
    Err(Failure { before: before.into(), code: 1, ..Failure::world(message) })
}

/// Asks on the terminal.
fn confirmed(changes: usize, name: &str, language: Language) -> bool {
    let question = say!("Apply {changes} to {name}? [y/N]", changes = view::changes(changes), name);
    super::write_err(&format!("\n{} ", question.to(language)));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "j" | "ja")
}
