//! Test fixtures: several files in one string, each after a line `//- PATH`. Compiled for tests only.

use crate::date::{Date, parse_date};
use crate::diag::{self, Diagnostic};
use crate::repository::{Compiled, compile};
use crate::resolve::InForce;
use crate::text::Sources;
use crate::tree::memory::Memory;

/// The files of a fixture; text before the first mark is `policies/a.yaml`.
pub fn files(fixture: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in fixture.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("//- ") {
            files.push((path.trim().to_owned(), String::new()));
            continue;
        }
        if files.is_empty() {
            files.push(("policies/a.yaml".to_owned(), String::new()));
        }
        if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
        }
    }
    files
}

/// Compiles a fixture.
pub fn compiled(fixture: &str) -> Compiled {
    compile(&Memory::new(files(fixture))).expect("a fixture has declarations")
}

/// A day.
pub fn day(text: &str) -> Date {
    parse_date(text).expect("a date")
}

/// Everything that a check finds on a day, one line each: code, place, the text there, message, help.
pub fn findings_on(fixture: &str, on: &str) -> String {
    let compiled = compiled(fixture);
    let mut found = compiled.diagnostics.clone();
    if compiled.compiles() {
        found.extend(crate::check::run(&InForce::new(&compiled.policy, day(on))));
    }
    diag::sort(&mut found);
    found.iter().map(|finding| line(finding, &compiled.sources)).collect()
}

/// The same on a day on which nothing in particular happens.
pub fn findings(fixture: &str) -> String {
    findings_on(fixture, "2026-11-22")
}

fn line(finding: &Diagnostic, sources: &Sources) -> String {
    let places = finding.labels.iter().map(|label| {
        let file = sources.file(label.place.file);
        let at = file.position(label.place.span.start);
        let text = file.slice(label.place.span);
        format!("{}:{}:{} {text:?}", file.path(), at.line, at.column)
    });
    let places = places.collect::<Vec<_>>().join(" + ").replace("policies/", "");
    format!("{} {places} {} | {}\n", finding.code, finding.message, finding.help)
}
