//! `rightful diff`

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use clap::{Args, ValueEnum};

use crate::date::Date;
use crate::diff::Declared;
use crate::model::Policy;
use crate::report::block::{Line, Page, Tone};
use crate::report::{markdown, sarif, text, view};
use crate::review::{Compared, Judged, Required, Weakening, required, settings_declared};
use crate::say;
use crate::text::Sources;
use crate::wire;

use super::reviewing::{ByBase, asked, compared, judged, sensitive_by_any, sensitive_by_judge, weakened};
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
/// compared with A, without both with HEAD. A directory is written ./DIR or DIR/,
/// unless both are directories. `A..B` is the same as `A B`;
/// `A...B` begins where the two parted, so that what others did on A meanwhile
/// does not show.
///
/// The section `gates` in rightful.yaml says what no change may do; the exit
/// code is 1 if one fails:
///
///   gates:
///     - nobody gains data.export
///     - at most 5 users gain sensitive
///
/// It is read from A, so that no change gets past its own review, and what the
/// change weakens of that is said first.
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
    /// Where everything is to be read, for the end of a comment: an address or
    /// words
    #[arg(long, value_name = "WHERE")]
    full: Option<String>,
    /// Compare one policy on two days: on this one, and today or on --on
    #[arg(long, value_name = "DATE", value_parser = read_date)]
    since: Option<Date>,
    /// List every single answer, with what decided before and after, and
    /// everybody by name
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
    /// A comment for GitHub or GitLab, never longer than they take
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

pub fn run(command: &DiffCommand, context: &Context) -> Result<Outcome, Failure> {
    let stage = context.working(&say!("comparing"));
    if let Some(since) = command.since.filter(|since| *since > context.on) {
        let message = say!("{since} is after {on}", since, on = context.on);
        return Err(Failure::world(message).help(say!("--since is the earlier day; --on names the later one")));
    }
    // The end of the program frees two policies sooner than anybody else does.
    let sides = ManuallyDrop::new(sides::open(context, &words(command)?)?);
    let nothing = Policy::default();
    let companies = ManuallyDrop::new(compared(&sides, &nothing, command.since, context));
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
        required: match by_base {
            ByBase::Yes => required(&sides.judge.settings, &companies, &sensitive_by_judge(&sides, &companies)),
            ByBase::No => Vec::new(),
        },
        weakenings,
        rules: &sides.judge.sources,
        one_day: context.on_was_said && command.since.is_none(),
    };
    let names = [&sides.base, &sides.head].map(|side| side.name.to(sides.out.language));
    let ends = wire::Ends {
        names: [&names[0], &names[1]],
        commits: [sides.base.commit.as_deref(), sides.head.commit.as_deref()],
        days: [command.since.unwrap_or(context.on), context.on],
        sources: [&sides.base.repository.sources, &sides.head.repository.sources],
    };
    let failed = review.gates.iter().any(|gate| !gate.passed);
    drop(stage);
    let code = u8::from(failed || command.exit_code && changes);
    let out = match command.format {
        Format::Json => {
            let Review { declared, gates, weakenings, required, rules, .. } = &review;
            let language = sides.out.language;
            let reviewed = wire::Reviewed { declared, gates, weakenings, required, rules, language };
            let found = wire::diff(ends, &companies, reviewed);
            return Ok(Outcome::written(|out| wire::write(&found, out), code));
        }
        Format::Markdown => comment(command, &sides, &companies, ends, &review),
        Format::Sarif => alerts(command, &sides, &companies, ends),
        Format::Text => text::print(&page(command, &sides, &companies, ends, &review), sides.out),
    };
    Ok(Outcome::new(out, code))
}

/// What was found out besides gains and losses.
struct Review<'c> {
    declared: Vec<Declared>,
    gates: Vec<Judged<'c>>,
    required: Vec<Required<'c>>,
    weakenings: Vec<Weakening>,
    /// Where gates and reviewers stand.
    rules: &'c Sources,
    /// Whether a day was named, and so no later day looked at.
    one_day: bool,
}

impl Review<'_> {
    /// Whether the change does what it must not.
    fn fails(&self) -> bool {
        self.gates.iter().any(|gate| !gate.passed)
    }
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

/// From how many lines on a page says first what it comes to.
const LONG: usize = 100;

/// The page of the whole comparison.
fn page(
    command: &DiffCommand,
    sides: &Sides,
    companies: &[Compared<'_>],
    ends: wire::Ends<'_>,
    review: &Review<'_>,
) -> Page {
    let sensitive = sensitive_by_any(sides, companies);
    let unfold = if command.unfold { view::Unfold::Wanted } else { view::Unfold::Offered };
    let days = command.since.is_some();
    let shown = view::Shown { sources: ends.sources, sensitive: &sensitive, unfold, days };
    let mut top = view::compared_sides(ends.names, ends.commits, command.since.map(|since| [since, ends.days[1]]));
    if review.one_day {
        top.text(say!("on {on} only: what later days bring is not looked at", on = ends.days[1]));
    }
    let mut page = Page::default();
    let first = judgement(review, ends, view::Length::Whole);
    if !first.0.is_empty() {
        page.blank();
        page.0.extend(first.0);
    }
    for compared in companies {
        page.blank();
        if let Some(name) = compared.company.filter(|_| companies.len() > 1) {
            page.heading(say!("company {name}", name));
        }
        page.0.extend(view::diff_of_company(compared, shown).0);
        let declared = view::declared(say!("changed entries"), compared.diff.declared.iter(), ends.sources);
        if !declared.0.is_empty() {
            page.blank();
            page.0.extend(declared.0);
        }
    }
    // Gates that all pass are no news.
    let passed =
        if review.fails() { Page::default() } else { view::gates(&review.gates, review.rules, view::Length::Whole) };
    for part in [view::declared(say!("changed settings"), review.declared.iter(), ends.sources), passed] {
        if !part.0.is_empty() {
            page.blank();
            page.0.extend(part.0);
        }
    }
    let is_folded = !command.unfold && page.fold();
    // Whoever sees only the beginning of a long page shall know what it comes to.
    if text::is_longer(&page, LONG, sides.out) {
        let several = companies.len() > 1;
        let totals =
            companies.iter().map(|compared| view::totals_first(compared.company.filter(|_| several), compared));
        top.0.extend(totals.flat_map(|totals| totals.0));
    }
    if is_folded {
        page.blank();
        page.text(Line::new().then(Tone::Quiet, say!("--unfold lists everybody and everything by name")));
    }
    top.0.extend(page.0);
    top
}

/// What stands first: what the change weakens, what is forbidden and happens, and who must approve.
fn judgement(review: &Review<'_>, ends: wire::Ends<'_>, length: view::Length) -> Page {
    let mut page = Page::default();
    let mut add = |part: Page| {
        if !part.0.is_empty() {
            if !page.0.is_empty() {
                page.blank();
            }
            page.0.extend(part.0);
        }
    };
    add(view::weakened(&review.weakenings, ends.sources, length));
    if review.fails() {
        add(view::gates(&review.gates, review.rules, length));
    }
    if !review.required.is_empty() {
        add(view::reviewers(&review.required, &BTreeSet::new(), review.rules, length));
    }
    page
}

/// The same as a comment, folded as far as it takes.
fn comment(
    command: &DiffCommand,
    sides: &Sides,
    companies: &[Compared<'_>],
    ends: wire::Ends<'_>,
    review: &Review<'_>,
) -> String {
    let sensitive = sensitive_by_any(sides, companies);
    let days = command.since.map(|since| [since, ends.days[1]]);
    let shown =
        view::Shown { sources: ends.sources, sensitive: &sensitive, unfold: view::Unfold::Never, days: days.is_some() };
    let since = command.since.map(|since| format!("--since {since}"));
    let words = ["rightful diff".to_owned()].into_iter().chain(since).chain(command.sides.iter().cloned());
    let judgements = view::Length::ALL.map(|length| judgement(review, ends, length));
    let comment = view::Comment {
        companies,
        shown,
        names: ends.names,
        commits: ends.commits,
        days,
        judgements: &judgements,
        command: &words.collect::<Vec<_>>().join(" "),
        full: command.full.as_deref(),
    };
    let pages = view::Degree::ALL.into_iter().map(|degree| view::comment(&comment, degree));
    markdown::comment(pages, sides.out.language)
}

/// The same as alerts at the lines that do it.
fn alerts(command: &DiffCommand, sides: &Sides, companies: &[Compared<'_>], ends: wire::Ends<'_>) -> String {
    let sensitive = sensitive_by_any(sides, companies);
    let days = command.since.is_some();
    let shown = view::Shown { sources: ends.sources, sensitive: &sensitive, unfold: view::Unfold::Never, days };
    let several = companies.len() > 1;
    let of = |company| view::alerts(company, shown).into_iter();
    let all = companies.iter().flat_map(|company| of(company).map(move |it| (company.company.filter(|_| several), it)));
    let all: Vec<_> = all.collect();
    wire::to_text(&sarif::of_difference(ends.sources, &all, &sides.below, sides.out.language))
}
