//! What a check found.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Diagnostic;
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

/// The findings of a check.
pub fn check(sources: &Sources, findings: &[Diagnostic]) -> CheckOut {
    let place = |label: &crate::diag::Label| {
        let file = sources.file(label.place.file);
        let position = file.position(label.place.span.start);
        PlaceOut {
            file: file.path().to_owned(),
            line: position.line,
            column: position.column,
            length: file.slice(label.place.span).chars().count(),
            label: label.text.clone(),
        }
    };
    let finding = |finding: &Diagnostic| FindingOut {
        code: finding.code.as_str(),
        severity: finding.severity.as_str(),
        message: finding.message.clone(),
        help: finding.help.clone(),
        places: finding.labels.iter().map(place).collect(),
    };
    let findings = findings.iter().map(finding).collect();
    CheckOut { version: VERSION, findings, expectations: ExpectationsOut::default() }
}
