//! `rightful check`

use clap::Args;

use crate::check;
use crate::report::{snippet, text, view};
use crate::resolve::InForce;
use crate::wire;

use super::session::{Failure, open};
use super::{Common, Context, Format, Outcome};

/// Check the policy files: all findings at once, each with its place
///
/// Reads every file below policies/, compiles them, and reports all that is
/// wrong or doubtful, with file, line and what to do. Exit code 1 if there
/// are errors.
///
/// Examples:
///   rightful check
///   rightful check --strict --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Check {
    #[command(flatten)]
    common: Common,
    /// Let warnings fail the check too
    #[arg(long)]
    strict: bool,
}

pub fn run(command: &Check, context: &Context) -> Result<Outcome, Failure> {
    let opened = open(context, command.common.at.as_deref())?;
    let compiled = &opened.compiled;
    let mut findings = compiled.diagnostics.clone();
    let policy = compiled.compiles().then_some(&compiled.policy);
    if let Some(policy) = policy {
        findings.extend(check::run(&InForce::new(policy, context.on)));
        crate::diag::sort(&mut findings);
    }
    let fails = findings.iter().any(|finding| finding.is_error() || command.strict);
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::check(&compiled.sources, &findings)),
        Format::Text => {
            let mut out: String =
                findings.iter().map(|finding| snippet::print(finding, &compiled.sources, context.out) + "\n").collect();
            out.push_str(&text::print(&view::summary(&findings, &compiled.sources, policy), context.out));
            out
        }
    };
    Ok(Outcome::new(out, fails.into()))
}
