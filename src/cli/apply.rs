//! `rightful apply`

use std::io::{IsTerminal, Write};

use clap::Args;

use crate::language::Language;
use crate::report::{snippet, text, view};
use crate::say;
use crate::target::Run;
use crate::wire;

use super::database::{Database, database};
use super::plan::make;
use super::session::{Failure, Opened, errors, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Make the database say what the policy says
///
/// Checks the policy, shows the plan, asks for a yes, and writes everything in
/// one transaction: whatever happens, the database says the old or the new,
/// never a mixture. It asks on a terminal only; in a script it goes ahead. A
/// database that does not exist is made.
///
/// Examples:
///   rightful apply
///   rightful apply --yes --database sqlite:crm.db
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Apply {
    /// The database, as sqlite:PATH; a relative path counts from the current
    /// directory, or from that of -C [default: crm.db beside policies/]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Apply, context: &Context) -> Result<Outcome, Failure> {
    let opened = open_compiling(context, &command.common)?;
    checked(&opened, context)?;
    if opened.repository.settings.guards != crate::syntax::settings::Guards::default() {
        let text = say!("warning: this version does not enforce the guards of rightful.yaml");
        super::write_err(&format!("{}\n", text.to(opened.err.language)));
    }
    let Database { mut target, name, heading } = database(context, &opened, command.database.as_deref())?;
    let plan = make(&opened, context, &mut *target)?;
    let as_text = command.common.format == Format::Text;
    let asks = !command.yes && !plan.changes.is_empty() && std::io::stdin().is_terminal();
    let shown = |look| text::print(&view::plan(&plan, opened.policy(), &opened.sensitive(), &heading, 0), look);
    if as_text {
        super::write_out(&shown(opened.out));
    }
    if asks && !(as_text && std::io::stdout().is_terminal()) {
        // Nobody shall be asked about what went elsewhere.
        super::write_err(&shown(opened.err));
    }
    if asks && !confirmed(plan.changes.len(), &name, opened.err.language) {
        let message = say!("nothing was applied");
        return Err(Failure { code: 1, ..Failure::world(message) });
    }
    let run = Run {
        applied_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        os_user: std::env::var("USER").ok().or_else(|| std::env::var("LOGNAME").ok()),
        revision: opened.revision.clone(),
        ..Run::default()
    };
    let receipt = target.apply(&plan, &run)?;
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::apply(&receipt)),
        Format::Text if plan.changes.is_empty() => String::new(),
        Format::Text => format!("\n{}", text::print(&view::applied(&receipt, &name), opened.out)),
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
