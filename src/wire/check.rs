//! What a check found.

use schemars::JsonSchema;
use serde::Serialize;

use crate::check::Report;
use crate::diag::{Diagnostic, Label};
use crate::language::Language;
use crate::name::Name;
use crate::text::Sources;

use super::VERSION;

/// A place in a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceOut {
    /// Path relative to the root.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters.
    pub length: usize,
    /// What is to be seen there; may be empty.
    pub label: String,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingOut {
    /// Which kind of finding.
    pub code: &'static str,
    /// In which company, where the settings name companies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The fact.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// Where, the most important place first.
    pub places: Vec<PlaceOut>,
}

/// How many expectations hold.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ExpectationsOut {
    /// Those that hold.
    pub passed: usize,
    /// Those that do not.
    pub failed: usize,
}

/// `rightful check --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckOut {
    /// The version of this format.
    pub version: u32,
    /// All findings.
    pub findings: Vec<FindingOut>,
    /// The expectations.
    pub expectations: ExpectationsOut,
}

/// The findings of a check. One that several companies share stands there once for each.
pub fn check(sources: &Sources, report: &Report, language: Language) -> CheckOut {
    let place = |label: &Label| {
        let file = sources.file(label.place.file);
        let position = file.position(label.place.span.start);
        PlaceOut {
            file: file.path().to_owned(),
            line: position.line,
            column: position.column,
            length: file.slice(label.place.span).chars().count(),
            label: label.text.to(language),
        }
    };
    let row = |finding: &Diagnostic, company: Option<&Name>| FindingOut {
        code: finding.code.as_str(),
        company: company.map(ToString::to_string),
        severity: finding.severity.as_str(),
        message: finding.message.to(language),
        help: finding.help.to(language),
        places: finding.labels.iter().map(place).collect(),
    };
    let mut findings = Vec::new();
    for finding in &report.findings {
        if finding.companies.is_empty() {
            findings.push(row(finding, None));
        }
        findings.extend(finding.companies.iter().map(|company| row(finding, Some(company))));
    }
    let expectations = ExpectationsOut { passed: report.passed(), failed: report.failed() };
    CheckOut { version: VERSION, findings, expectations }
}
