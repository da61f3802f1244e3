//! `rightful diff`

use clap::{Args, ValueEnum};

use crate::date::Date;
use crate::model::Policy;
use crate::report::block::Page;
use crate::report::{text, view};
use crate::repository::rights_named;
use crate::review::{Compared, Sensitive};
use crate::say;
use crate::wire;

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
    let companies = compared(command, context, &sides, &nothing);
    let changes = companies.iter().any(|company| !company.changes_nothing());
    let names = [&sides.base, &sides.head].map(|side| side.name.to(sides.out.language));
    let ends = wire::Ends {
        names: [&names[0], &names[1]],
        commits: [sides.base.commit.as_deref(), sides.head.commit.as_deref()],
        days: [command.since.unwrap_or(context.on), context.on],
        sources: [&sides.base.repository.sources, &sides.head.repository.sources],
    };
    let out = match command.format {
        Format::Json => wire::to_text(&wire::diff(ends, &companies, &[])),
        Format::Text => text::print(&page(command, &sides, &companies, ends), sides.out),
    };
    Ok(Outcome::new(out, u8::from(command.exit_code && changes)))
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
fn page(command: &DiffCommand, sides: &Sides, companies: &[Compared<'_>], ends: wire::Ends<'_>) -> Page {
    let sensitive = sensitive(sides, companies);
    let (unfold, days) = (command.unfold, command.since.is_some());
    let shown = view::Shown { sources: ends.sources, sensitive: &sensitive, unfold, days };
    let mut page = view::compared_sides(ends.names, ends.commits, command.since.map(|since| [since, ends.days[1]]));
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
    page
}

/// The rights that either side calls sensitive, by name.
fn sensitive(sides: &Sides, companies: &[Compared<'_>]) -> Sensitive {
    let mut found = Sensitive::new();
    for (index, side) in [&sides.base, &sides.head].into_iter().enumerate() {
        for policy in companies.iter().map(|company| company.policies[index]) {
            let rights = rights_named(policy, &side.repository.settings.sensitive);
            found.extend(rights.into_iter().map(|right| policy.rights.key(right).clone()));
        }
    }
    found
}

/// Compares every company that was asked for. One that is new or gone is compared with nothing.
fn compared<'s>(command: &DiffCommand, context: &Context, sides: &'s Sides, nothing: &'s Policy) -> Vec<Compared<'s>> {
    let compare = |pair: sides::Pair<'s>| {
        let policies = [pair.base, pair.head].map(|company| company.map_or(nothing, |company| &company.policy));
        match command.since {
            Some(since) => Compared::between(pair.name, [policies[1], policies[1]], [since, context.on]),
            None if context.on_was_said => Compared::on(pair.name, policies, context.on),
            None => Compared::on(pair.name, policies, context.on).and_later(context.on),
        }
    };
    sides.companies().into_iter().map(compare).collect()
}
