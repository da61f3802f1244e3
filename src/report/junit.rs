//! A check as JUnit XML: every finding and every expectation is a test case. The only file that knows the XML crate.

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use crate::check::Report;
use crate::diag::{Code, Diagnostic};
use crate::language::Language;
use crate::text::Sources;

use super::harmless;
use super::snippet::message;
use super::view::place;

/// What fails a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fails {
    /// Errors.
    Errors,
    /// Warnings too.
    Warnings,
}

/// The whole document. A failing expectation is a failure in the suite of expectations only.
pub fn print(sources: &Sources, report: &Report, fails: Fails, language: Language) -> String {
    let mut findings = TestSuite::new("findings");
    for finding in report.findings.iter().filter(|finding| finding.code != Code::ExpectationFailed) {
        findings.add_test_case(case(sources, finding, fails, language));
    }
    if report.findings.is_empty() {
        findings.add_test_case(TestCase::new("nothing is wrong", TestCaseStatus::success()));
    }
    let mut expectations = TestSuite::new("expectations");
    for proved in &report.proved {
        let failure = report.findings.iter().find(|finding| {
            finding.code == Code::ExpectationFailed
                && finding.place() == Some(proved.place)
                && proved.failed
                && proved.company.as_ref().is_none_or(|company| finding.companies.contains(company))
        });
        let status = failure.map_or_else(TestCaseStatus::success, |finding| failure_of(sources, finding, language));
        let mut case = TestCase::new(&*harmless(&proved.text), status);
        case.set_classname(&*harmless(proved.company.as_ref().map_or("expect", |company| company.as_str())));
        expectations.add_test_case(case);
    }
    let mut document = Document::new("rightful check");
    document.add_test_suite(findings);
    if !report.proved.is_empty() {
        document.add_test_suite(expectations);
    }
    document.to_string().map(|text| text + "\n").unwrap_or_default()
}

fn case(sources: &Sources, finding: &Diagnostic, fails: Fails, language: Language) -> TestCase {
    let counts = finding.is_error() || fails == Fails::Warnings;
    let status = if counts { failure_of(sources, finding, language) } else { TestCaseStatus::success() };
    let mut case = TestCase::new(format!("{}: {}", finding.code, harmless(&message(finding).to(language))), status);
    case.set_classname(&*harmless(&place(sources, finding.place())));
    if !counts {
        case.set_system_out(described(sources, finding, language));
    }
    case
}

fn failure_of(sources: &Sources, finding: &Diagnostic, language: Language) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(finding.code.as_str());
    status.set_message(&*harmless(&message(finding).to(language)));
    status.set_description(described(sources, finding, language));
    status
}

/// The places and the help, a line each.
fn described(sources: &Sources, finding: &Diagnostic, language: Language) -> String {
    let places = finding.labels.iter().map(|label| {
        let at = place(sources, Some(label.place));
        let text = label.text.to(language);
        harmless(&if text.is_empty() { at } else { format!("{at}: {text}") }).into_owned()
    });
    let help = (!finding.help.is_empty()).then(|| harmless(&finding.help.to(language)).into_owned());
    places.chain(help).collect::<Vec<_>>().join("\n")
}
