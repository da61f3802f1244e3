//! `rightful check`

use std::mem::ManuallyDrop;

use clap::{Args, ValueEnum};

use crate::cache::{Fingerprint, fingerprint};
use crate::check;
use crate::diag::Diagnostic;
use crate::name::Name;
use crate::report::{github, junit, sarif, snippet, text, view};
use crate::repository::Company;
use crate::say;
use crate::wire;

use super::session::{Failure, Open, Opened, open_unless, pick};
use super::{Context, Outcome};

/// Check the policy files: all findings at once, each with its place
///
/// Reads the policies of every company, compiles them, reports all that is
/// wrong or doubtful, with file, line and what to do, and proves everything
/// that the section `expect` says. Exit code 1 if there are errors.
/// `rightful explain CODE` says more about a finding.
///
/// Examples:
///   rightful check
///   rightful check --strict --format json
///   rightful check --format github
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Check {
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// A git revision to read instead of the working tree
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Let warnings fail the check too
    #[arg(long)]
    strict: bool,
}

/// What a check prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines; the schema is schema/output/check.json
    Json,
    /// Annotations for GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for GitLab, Jenkins and others
    Junit,
}

pub fn run(command: &Check, context: &Context) -> Result<Outcome, Failure> {
    let mut outcome_of = None;
    let known = |read: Fingerprint| {
        let asked = command.asked(context);
        let of = fingerprint(&[&read, asked.as_bytes()]);
        outcome_of = Some(of);
        let kept = context.cache.cache.as_ref()?.outcome(&of)?;
        let (code, text) = kept.split_first()?;
        Some(Outcome::new(String::from_utf8(text.to_vec()).ok()?, *code))
    };
    let opened = match open_unless(context, command.at.as_deref(), known)? {
        Open::Known(outcome) => return Ok(outcome),
        // The end of the program frees a million users sooner than anybody else does.
        Open::Policy(opened) => ManuallyDrop::new(opened),
    };
    let companies = &opened.repository.companies;
    let only = match &context.company {
        Some(name) => companies[pick(&opened.repository, Some(name))?].name.as_ref(),
        None => None,
    };
    // What was found is written out after it: thousands of excerpts take their time too.
    let _stage = context.working(&say!("checking the policy"));
    let mut report = ManuallyDrop::new(check::repository(&opened.repository, context.on, only));
    let fails = report.findings.iter().any(|finding| finding.is_error() || command.strict);
    let (sources, language) = (opened.sources(), opened.out.language);
    // Who reads annotations reads a dozen names; who reads JSON all of them.
    if command.format != Format::Json {
        report.findings = std::mem::take(&mut report.findings).into_iter().map(Diagnostic::folded).collect();
    }
    let out = match command.format {
        Format::Json => wire::to_text(&wire::check(sources, &report, language)),
        Format::Sarif => wire::to_text(&sarif::log(sources, &report, &opened.below, language)),
        Format::Github => github::print(sources, &report.findings, &opened.below, language),
        Format::Junit => {
            let fails = if command.strict { junit::Fails::Warnings } else { junit::Fails::Errors };
            junit::print(sources, &report, fails, language)
        }
        Format::Text => as_text(&opened, &report, only),
    };
    let code = u8::from(fails);
    context.whole()?;
    if let (Some(cache), Some(of)) = (&context.cache.cache, outcome_of) {
        cache.keep_outcome(&of, &[&[code], out.as_bytes()].concat());
    }
    Ok(Outcome::new(out, code))
}

impl Check {
    /// All that the outcome depends on besides what is read.
    fn asked(&self, context: &Context) -> String {
        let Context { company, on, out, .. } = context;
        let language = context.language.get();
        format!("check {:?} {:?} {company:?} {on} {language:?} {out:?}", self.format, self.strict)
    }
}

fn as_text(opened: &Opened, report: &check::Report, only: Option<&Name>) -> String {
    let sources = opened.sources();
    let mut out = snippet::print_all(&report.findings, sources, opened.out);
    let companies: Vec<&Company> = opened.repository.chosen(only).collect();
    let files = if only.is_some() { companies.iter().map(|company| company.files).sum() } else { sources.len() };
    let compiled = companies.iter().all(|company| company.compiles());
    let policies: Vec<_> = companies.iter().filter(|_| compiled).map(|company| &*company.policy).collect();
    out.push_str(&text::print(&view::summary(&report.findings, files, &policies), opened.out));
    if !report.proved.is_empty() {
        out.push_str(&text::print(&view::expectations(report.passed(), report.failed()), opened.out));
    }
    out
}
