//! A check or a difference as SARIF 2.1.0, the format of code scanning (OASIS, 2020).
//!
//! Just the properties that the program fills, as structs. Texts follow section 3.11: braces are doubled, and what
//! would be a link is no link.

mod diff;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::Report;
use crate::diag::{Code, Diagnostic, Label, Level};
use crate::language::Language;
use crate::text::{Place, SourceFile, Sources, Span};

use super::{harmless, snippet};

pub use diff::log as of_difference;

/// What `--format sarif` prints.
#[derive(Debug, Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: Vec<Run>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: Automation,
    column_kind: &'static str,
    results: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Automation {
    id: &'static str,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Help,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Debug, Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Debug, Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Debug, Serialize)]
struct Properties {
    tags: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

/// The files, and the way to them.
struct Paths<'a> {
    sources: &'a Sources,
    below: &'a str,
}

/// The findings of a check, with every code as a rule. `below` is the way from the checkout to the policies: empty, or
/// ending in `/`.
pub fn log(sources: &Sources, report: &Report, below: &str, language: Language) -> Log {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results =
        report.findings.iter().map(|finding| result(&Paths { sources, below }, finding, language, &mut seen)).collect();
    let rules = Code::ALL.iter().map(|code| rule(*code, language)).collect();
    one_run("rightful/check", rules, results)
}

fn one_run(id: &'static str, rules: Vec<Rule>, results: Vec<Finding>) -> Log {
    let driver = Driver { name: "rightful", semantic_version: env!("CARGO_PKG_VERSION"), rules };
    let run =
        Run { tool: Tool { driver }, automation_details: Automation { id }, column_kind: "unicodeCodePoints", results };
    Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: vec![run] }
}

fn rule(code: Code, language: Language) -> Rule {
    let page = code.page();
    let (means, why) = (page.means().to(language), page.why().to(language));
    let level = match code.level() {
        Level::Error => "error",
        Level::Warning | Level::Off => "warning",
    };
    let meaning = language.translate(code.meaning()).unwrap_or(code.meaning());
    Rule {
        id: code.as_str(),
        short_description: message(meaning),
        full_description: message(&means),
        help: Help {
            text: escaped(&format!("{means}\n{why}")),
            markdown: format!(
                "{means}\n\n{why}\n\nWrong:\n\n```yaml\n{}```\n\nRight:\n\n```yaml\n{}```\n",
                harmless_lines(&page.wrong),
                harmless_lines(&page.right)
            ),
        },
        default_configuration: Configuration { enabled: code.level() != Level::Off, level },
        properties: Properties { tags: vec!["access-policy"] },
    }
}

fn harmless_lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", harmless(line))).collect()
}

fn result(paths: &Paths<'_>, finding: &Diagnostic, language: Language, seen: &mut BTreeMap<String, usize>) -> Finding {
    let text = snippet::message(finding).to(language);
    let help = finding.help.to(language);
    let text = if help.is_empty() { text } else { format!("{text}. {help}") };
    let (first, rest) = finding.labels.split_at(finding.labels.len().min(1));
    let related = rest.iter().enumerate().map(|(index, label)| location(paths, label, language, Some(index + 1)));
    Finding {
        rule_id: finding.code.as_str(),
        rule_index: Code::ALL.iter().position(|code| *code == finding.code).unwrap_or_default(),
        level: finding.severity.as_str(),
        message: message(&text),
        locations: first.iter().map(|label| location(paths, label, language, None)).collect(),
        related_locations: related.collect(),
        partial_fingerprints: fingerprints(paths.sources, finding, seen),
    }
}

/// What stays the same when lines above move: the code, the file, and the fact in English; with a number if it is
/// there more than once.
fn fingerprints(
    sources: &Sources,
    finding: &Diagnostic,
    seen: &mut BTreeMap<String, usize>,
) -> BTreeMap<&'static str, String> {
    let file = finding.place().map_or("", |place| sources.file(place.file).path());
    print_of(&[finding.code.as_str(), file, &finding.message.english()], seen)
}

fn print_of(parts: &[&str], seen: &mut BTreeMap<String, usize>) -> BTreeMap<&'static str, String> {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let hash = hasher.finalize().to_hex()[..16].to_owned();
    let number = seen.entry(hash.clone()).or_default();
    *number += 1;
    let print = format!("{hash}:{number}");
    BTreeMap::from([("primaryLocationLineHash", print.clone()), ("rightfulFinding/v1", print)])
}

fn region(file: &SourceFile, span: Span) -> Region {
    let (start, end) = (file.position(span.start), file.position(span.end));
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn location(paths: &Paths<'_>, label: &Label, language: Language, id: Option<usize>) -> Location {
    let Place { file, span } = label.place;
    let file = paths.sources.file(file);
    let text = label.text.to(language);
    Location {
        id,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: uri(&format!("{}{}", paths.below, file.path())),
                uri_base_id: "%SRCROOT%",
            },
            region: region(file, span),
        },
        message: (!text.is_empty()).then(|| message(&text)),
    }
}

/// A path as a relative reference (RFC 3986): everything but unreserved characters and `/` is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn message(text: &str) -> Message {
    Message { text: escaped(text) }
}

/// A plain text in which nothing is a placeholder or a link.
fn escaped(text: &str) -> String {
    let text = text.split('\n').map(harmless).collect::<Vec<_>>().join("\n");
    let text = text.replace('\\', "\\\\").replace('{', "{{").replace('}', "}}");
    text.replace('[', "\\[").replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_no_placeholders_and_no_links() {
        assert_eq!(escaped("{0} [x](1) \u{1b}"), "{{0}} \\[x\\](1) \\\\u{{1b}}");
        assert_eq!(uri("policies/a b#[1].yaml"), "policies/a%20b%23%5B1%5D.yaml");
    }
}
