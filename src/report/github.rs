//! Findings as annotations of GitHub Actions: one workflow command a line.

use crate::diag::{Diagnostic, Severity};
use crate::language::Language;
use crate::text::Sources;

use super::harmless;
use super::snippet::message;

/// One line for each finding; nothing if there is none. `below` is the way from the checkout to the policies: empty, or
/// ending in `/`.
pub fn print(sources: &Sources, findings: &[Diagnostic], below: &str, language: Language) -> String {
    findings.iter().map(|finding| line(sources, finding, below, language)).collect()
}

fn line(sources: &Sources, finding: &Diagnostic, below: &str, language: Language) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(place) = finding.place() {
        let file = sources.file(place.file);
        let (start, end) = (file.position(place.span.start), file.position(place.span.end));
        properties.push(format!("file={}", property(&format!("{below}{}", file.path()))));
        properties.push(format!("line={},endLine={},col={}", start.line, end.line, start.column));
        // The forge takes an end column only within one line.
        if start.line == end.line {
            properties.push(format!("endColumn={}", end.column));
        }
    }
    properties.push(format!("title={}", property(finding.code.as_str())));
    let mut text = message(finding).to(language);
    if !finding.help.is_empty() {
        text = format!("{text}\n{}", finding.help.to(language));
    }
    format!("::{command} {}::{}\n", properties.join(","), data(&text))
}

/// The text of a command: what the runner would read as an escape or as the end of the line is encoded.
fn data(text: &str) -> String {
    let encoded = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    harmless(&encoded).into_owned()
}

/// The value of a property: what would end it is encoded too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::say;
    use crate::text::{FileId, Place, SourceFile, Span};

    #[test]
    fn separators_and_line_ends_are_encoded() {
        let sources = Sources::new(vec![SourceFile::new("policies/a,b:c.yaml", "users:\n  l%rs:\n")]);
        let place = Place { file: FileId(0), span: Span::new(9..13) };
        let message = say!("`{text}` is wrong", text = "100%\r\n::error::x");
        let finding = Diagnostic::new(Code::InvalidName, place, message).help(say!("mend it"));
        assert_eq!(
            print(&sources, &[finding], "crm/", Language::English),
            "::error file=crm/policies/a%2Cb%3Ac.yaml,line=2,endLine=2,col=3,endColumn=7,title=invalid-name::`100%25%0D%0A::error::x` is wrong%0Amend it\n"
        );
    }
}
