//! `rightful diff`

use clap::{Args, ValueEnum};

use crate::date::Date;
use crate::diff::Declared;
use crate::model::Policy;
use crate::report::block::{Line, Page, Tone};
use crate::report::{text, view};
use crate::review::{Compared, Judged, Weakening, settings_declared};
use crate::say;
use crate::wire;

use super::reviewing::{ByBase, asked, compared, judged, sensitive_by_any, weakened};
use super::session::Failure;
use super::sides::{self, Sides};
use super::{Context, Outcome, read_date};

/// Show what a change really does to people
///
/// Compares two policies: who gains and who loses which right, over whom, and by
/// which edit. Both are read from git without a checkout, all companies at once.
/// A change that begins on a later day is found too.
///
/// A and B are git revisions or directories. Without B the working tree is
/// compared with A, without both with HEAD. `A..B` is the same as `A B`;
/// `A...B` begins where the two parted, so that what others did on A meanwhile
/// does not show.
///
/// The gates of the base's rightful.yaml are enforced: the exit code is 1 if
/// one fails. What the change weakens of its own review is said first.
///
/// Examples:
///   rightful diff
///   rightful diff main...feature --format markdown
///   rightful diff HEAD~1 HEAD --expect no-change
///   rightful diff --since 2026-01-01
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct DiffCommand {
    /// What to compare: A, A B, A..B or A...B [default: HEAD and the working
    /// tree]
    #[arg(value_name = "A [B]", num_args = 0..=2)]
    sides: Vec<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Compare one policy on two days: on this one, and today or on --on
    #[arg(long, value_name = "DATE", value_parser = read_date)]
    since: Option<Date>,
    /// List every single answer, with what decided before and after
    #[arg(long)]
    unfold: bool,
    /// Exit with 1 if anybody gains or loses anything
    #[arg(long)]
    exit_code: bool,
    /// Exit with 1 if this happens: gain, loss, gain:data.export, gain:sensitive,
    /// loss:sms.send, gain:group:management, expectation, weakening; may be
    /// repeated
    #[arg(long, value_name = "WHAT")]
    fail_on: Vec<String>,
    /// Exit with 1 unless this is so: no-change, or a gate as in rightful.yaml,
    /// such as "at most 3 users gain data.export"; may be repeated
    #[arg(long, value_name = "GATE")]
    expect: Vec<String>,
}

/// What a diff prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines; the schema is in schema/
    Json,
}

pub fn run(command: &DiffCommand, context: &Context) -> Result<Outcome, Failure> {
    let sides = sides::open(context, &words(command)?)?;
    let nothing = Policy::default();
    let companies = compared(&sides, &nothing, command.since, context);
    let changes = companies.iter().any(|company| !company.changes_nothing());
    let words: Vec<String> = command.fail_on.iter().chain(&command.expect).cloned().collect();
    let asked = asked(&words, &companies)?;
    let (weakenings, by_base) = match command.since {
        Some(_) => (Vec::new(), ByBase::No),
        None => (weakened(&sides, context), ByBase::Yes),
    };
    let review = Review {
        declared: settings_declared(&sides.base.repository.settings, &sides.head.repository.settings),
        gates: judged(&sides, &companies, &weakenings, &asked, by_base),
        weakenings,
    };
    let names = [&sides.base, &sides.head].map(|side| side.name.to(sides.out.language));
    let ends = wire::Ends {
        names: [&names[0], &names[1]],
        commits: [sides.base.commit.as_deref(), sides.head.commit.as_deref()],
        days: [command.since.unwrap_or(context.on), context.on],
        sources: [&sides.base.repository.sources, &sides.head.repository.sources],
    };
    let out = match command.format {
        Format::Json => {
            let Review { declared, gates, weakenings } = &review;
            let reviewed = wire::Reviewed { declared, gates, weakenings, language: sides.out.language };
            wire::to_text(&wire::diff(ends, &companies, reviewed))
        }
        Format::Text => text::print(&page(command, &sides, &companies, ends, &review), sides.out),
    };
    let failed = review.gates.iter().any(|gate| !gate.passed);
    Ok(Outcome::new(out, u8::from(failed || command.exit_code && changes)))
}

/// What was found out besides gains and losses.
struct Review<'c> {
    declared: Vec<Declared>,
    gates: Vec<Judged<'c>>,
    weakenings: Vec<Weakening>,
}

/// The words that name the two sides. One policy on two days is both.
fn words(command: &DiffCommand) -> Result<Vec<String>, Failure> {
    match (command.since, command.sides.as_slice()) {
        (None, words) => Ok(words.to_vec()),
        (Some(_), []) => Ok(vec![".".to_owned(), ".".to_owned()]),
        (Some(_), [one]) => Ok(vec![one.clone(), one.clone()]),
        (Some(_), _) => Err(Failure::world(say!("--since compares one policy on two days, not two"))
            .help(say!("name one revision, or none for the working tree"))),
    }
}

/// The page of the whole comparison.
fn page(
    command: &DiffCommand,
    sides: &Sides,
    companies: &[Compared<'_>],
    ends: wire::Ends<'_>,
    review: &Review<'_>,
) -> Page {
    let sensitive = sensitive_by_any(sides, companies);
    let (unfold, days) = (command.unfold, command.since.is_some());
    let shown = view::Shown { sources: ends.sources, sensitive: &sensitive, unfold, days };
    let mut page = view::compared_sides(ends.names, ends.commits, command.since.map(|since| [since, ends.days[1]]));
    let rows = view::weakenings(&review.weakenings, ends.sources[0], ends.sources[1]);
    if !rows.is_empty() {
        page.blank();
        page.text(Line::new().then(Tone::No, say!("this change weakens its own review")));
        page.table(2, rows);
    }
    for compared in companies {
        page.blank();
        if let Some(name) = compared.company.filter(|_| companies.len() > 1) {
            page.heading(say!("company {name}", name));
        }
        page.0.extend(view::diff_of_company(compared, shown).0);
        let declared = view::declared(compared.diff.declared.iter(), ends.sources);
        if !declared.0.is_empty() {
            page.blank();
            page.0.extend(declared.0);
        }
    }
    for part in [view::declared(review.declared.iter(), ends.sources), view::gates(&review.gates, ends.sources[0])] {
        if !part.0.is_empty() {
            page.blank();
            page.0.extend(part.0);
        }
    }
    page
}
