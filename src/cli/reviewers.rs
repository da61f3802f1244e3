//! `rightful reviewers`

use std::collections::BTreeSet;

use clap::Args;

use crate::model::Policy;
use crate::report::{text, view};
use crate::review::required;
use crate::say;
use crate::wire;

use super::reviewing::{compared, sensitive_by_judge};
use super::session::Failure;
use super::{Context, Format, Outcome, sides};

/// Say who must approve a change, because of what people gain by it
///
/// The section `reviewers` in rightful.yaml names who must approve when
/// somebody gains a right, access to a target, or membership of a group:
///
///   reviewers:
///     data.export: anna
///     calendar.see of group:management: karin
///     sensitive: "@nordwind/it"
///
/// It is read from A, so that no change chooses its own reviewers. What counts is
/// what people really gain, on this day or a later one, whichever file is
/// touched.
///
/// With --approved-by or --exit-code the exit code is 1 as long as an approval is
/// missing.
///
/// Examples:
///   rightful reviewers main...feature
///   rightful reviewers HEAD --approved-by anna --approved-by @nordwind/it
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Reviewers {
    /// What to compare: A, A B, A..B or A...B [default: HEAD and the working
    /// tree]
    #[arg(value_name = "A [B]", num_args = 0..=2)]
    sides: Vec<String>,
    /// Somebody who has approved; may be repeated
    #[arg(long, value_name = "NAME")]
    approved_by: Vec<String>,
    /// Exit with 1 if an approval is missing
    #[arg(long)]
    exit_code: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub fn run(command: &Reviewers, context: &Context) -> Result<Outcome, Failure> {
    let _stage = context.working(&say!("comparing"));
    let sides = sides::open(context, &command.sides)?;
    let nothing = Policy::default();
    let companies = compared(&sides, &nothing, None, context);
    let sensitive = sensitive_by_judge(&sides, &companies);
    let judge = &sides.judge;
    let required = required(&judge.settings, &companies, &sensitive);
    let approved: BTreeSet<String> = command.approved_by.iter().cloned().collect();
    let names =
        [&sides.base, &sides.head].map(|side| side.commit.clone().unwrap_or_else(|| side.name.to(sides.out.language)));
    let out = wire::reviewers(&judge.sources, names, &required, &approved);
    let missing = (command.exit_code || !command.approved_by.is_empty()) && !out.approved;
    let text = match command.format {
        Format::Json => wire::to_text(&out),
        Format::Text => {
            text::print(&view::reviewers(&required, &approved, &judge.sources, view::Length::Whole), sides.out)
        }
    };
    Ok(Outcome::new(text, u8::from(missing)))
}
