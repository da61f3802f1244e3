//! Test fixtures: several files in one string, each after a line `//- PATH`. Compiled for tests only.

use crate::check;
use crate::date::{Date, parse_date};
use crate::diag::{Code, Diagnostic};
use crate::repository::{Company, Repository, compile};
use crate::text::Sources;
use crate::tree::memory::Memory;

/// The files of a fixture; text before the first mark is `policies/a.yaml`.
pub fn files(fixture: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut blank = String::new();
    for line in fixture.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("//- ") {
            files.push((path.trim().to_owned(), String::new()));
            continue;
        }
        if files.is_empty() && line.trim().is_empty() {
            // Only a fixture that begins with a file of its own may begin with an empty line.
            blank.push_str(line);
            continue;
        }
        if files.is_empty() {
            files.push(("policies/a.yaml".to_owned(), std::mem::take(&mut blank)));
        }
        if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
        }
    }
    files
}

/// Compiles a fixture.
pub fn repository(fixture: &str) -> Repository {
    compile(&Memory::new(files(fixture))).expect("a fixture has declarations")
}

/// Compiles a fixture of one company without a name.
pub fn compiled(fixture: &str) -> Company {
    let company = repository(fixture).companies.remove(0);
    assert!(company.compiles(), "{:?}", company.diagnostics);
    company
}

/// A day.
pub fn day(text: &str) -> Date {
    parse_date(text).expect("a date")
}

/// Everything that a check finds on a day, one line each: code, place, the text there, message, help.
pub fn findings_on(fixture: &str, on: &str) -> String {
    let repository = repository(fixture);
    let report = check::repository(&repository, day(on), None);
    report.findings.iter().map(|finding| line(finding, &repository.sources)).collect()
}

/// The same on a day on which nothing in particular happens.
pub fn findings(fixture: &str) -> String {
    findings_on(fixture, "2026-11-22")
}

/// Only the errors.
pub fn errors(fixture: &str) -> String {
    let repository = repository(fixture);
    let report = check::repository(&repository, day("2026-11-22"), None);
    let errors = report.findings.iter().filter(|finding| finding.is_error());
    errors.map(|finding| line(finding, &repository.sources)).collect()
}

/// The codes of what a check finds, and whether each is an error.
pub fn codes(fixture: &str) -> Vec<(Code, bool)> {
    let report = check::repository(&repository(fixture), day("2026-11-22"), None);
    report.findings.iter().map(|finding| (finding.code, finding.is_error())).collect()
}

fn line(finding: &Diagnostic, sources: &Sources) -> String {
    let places = finding.labels.iter().map(|label| {
        let file = sources.file(label.place.file);
        let at = file.position(label.place.span.start);
        let text = file.slice(label.place.span);
        let said = label.text.english();
        let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
        format!("{}:{}:{} {text:?}{said}", file.path(), at.line, at.column)
    });
    let places = places.collect::<Vec<_>>().join(" + ").replace("policies/", "");
    let companies: Vec<&str> = finding.companies.iter().map(crate::name::Name::as_str).collect();
    let companies = if companies.is_empty() { String::new() } else { format!("[{}] ", companies.join(" ")) };
    format!("{} {places} {companies}{} | {}\n", finding.code, finding.message.english(), finding.help.english())
}
