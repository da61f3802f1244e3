//! What two branches bring together: `merge-check`.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::check::Report;
use crate::diff::{Change, Line};
use crate::language::Language;
use crate::merge::{Brought, OfCompany};
use crate::name::Name;
use crate::text::Sources;

use super::singles::{SingleOf, collect, singles};
use super::{FindingOut, VERSION, check, file_and_line};

/// An answer that neither branch gives alone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BroughtOut {
    /// The company, where the settings name companies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The user.
    pub user: String,
    /// The right.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The step that decides after the merge.
    pub step: &'static str,
    /// The file of the rule that decides after the merge.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
}

/// `rightful merge-check --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct MergeCheckOut<'a> {
    /// The version of this format.
    pub version: u32,
    /// The commit where the branches went apart.
    pub base: String,
    /// Every merge base that git found, the one that is taken first; empty if the base was named.
    pub bases: Vec<String>,
    /// The commit that is merged into.
    pub ours: String,
    /// The commit that is merged.
    pub theirs: String,
    /// The policy files that cannot be merged; then nothing else is said.
    pub conflicts: Vec<String>,
    /// What is allowed only together; nothing of a company that does not compile after the merge.
    #[schemars(with = "Vec<BroughtOut>")]
    pub gains: Rows<'a>,
    /// What both branches allow, and the merge refuses.
    #[schemars(with = "Vec<BroughtOut>")]
    pub losses: Rows<'a>,
    /// The errors that neither branch has.
    pub findings: Vec<FindingOut>,
}

/// What a merge brings, if there are no conflicts. The commits are base, ours and theirs.
pub fn merge_check<'a>(
    [base, ours, theirs]: &[String; 3],
    bases: &[String],
    conflicts: &[String],
    found: Option<(&'a Sources, &'a Brought<'_>, Language)>,
) -> MergeCheckOut<'a> {
    let all = |of: fn(&'a OfCompany<'_>) -> &'a [Change]| {
        let found = found.into_iter().flat_map(|(sources, brought, _)| {
            brought.companies.iter().map(move |company| (sources, company.name, of(company)))
        });
        Rows(found.collect())
    };
    let findings = found.map(|(sources, brought, language)| {
        let report = Report { findings: brought.findings.clone(), ..Report::default() };
        check(sources, &report, language).findings
    });
    MergeCheckOut {
        version: VERSION,
        base: base.clone(),
        bases: bases.to_vec(),
        ours: ours.clone(),
        theirs: theirs.clone(),
        conflicts: conflicts.to_vec(),
        gains: all(|company| &company.gains),
        losses: all(|company| &company.losses),
        findings: findings.unwrap_or_default(),
    }
}

/// The answers of all companies, put into words one at a time.
#[derive(Debug)]
pub struct Rows<'a>(Vec<(&'a Sources, Option<&'a Name>, &'a [Change])>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.0.iter().flat_map(|(sources, company, changes)| {
            let all = singles(changes.iter().map(|change| (change, ())));
            all.map(move |single| row(sources, *company, &single))
        });
        collect(serializer, rows)
    }
}

fn row(sources: &Sources, company: Option<&Name>, single: &SingleOf<'_, ()>) -> BroughtOut {
    let SingleOf { user, target, change, .. } = single;
    let (file, line) = file_and_line(sources, decided_by(change).and_then(|rule| rule.place));
    BroughtOut {
        company: company.map(ToString::to_string),
        user: user.to_string(),
        right: change.right.to_string(),
        target: target.map(ToString::to_string),
        step: change.step().as_str(),
        file,
        line,
    }
}

/// The rule that decides after the merge, whatever it decides.
fn decided_by(change: &Change) -> Option<&Line> {
    change.after.as_ref().and_then(|after| after.rule.as_ref())
}
