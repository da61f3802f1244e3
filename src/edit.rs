//! Edits of policy files that touch nothing else: no comment, no other line, no line end.
//!
//! An edit is made of insertions into texts as they are. Whoever makes one compiles the result and holds it against
//! what was meant ([`new_user::check`]), so that a text which YAML reads otherwise is never written.

pub mod new_user;

use crate::syntax::yaml::{Layout, Node, Value};
use crate::text::{FileId, Place, SourceFile, Sources, Span};

/// A text to put into a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Insertion {
    /// Into which file.
    pub file: FileId,
    /// Before which byte.
    pub at: usize,
    /// What.
    pub text: String,
}

/// A file with its new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Its path.
    pub path: String,
    /// The text that was read.
    pub before: String,
    /// The text to write.
    pub after: String,
    /// The first line that is new, from 1, and what is new there, a line each.
    pub added: Vec<(usize, String)>,
}

/// Carries insertions out, file by file in order of paths.
pub fn apply(sources: &Sources, insertions: &[Insertion]) -> Vec<Edited> {
    let mut sorted: Vec<&Insertion> = insertions.iter().collect();
    sorted.sort_by_key(|insertion| (insertion.file, insertion.at));
    let mut edited: Vec<Edited> = Vec::new();
    for (id, file) in sources.iter() {
        let here: Vec<&&Insertion> = sorted.iter().filter(|insertion| insertion.file == id).collect();
        if here.is_empty() {
            continue;
        }
        let mut after = String::with_capacity(file.text().len() + 256);
        let mut added = Vec::new();
        let mut done = 0;
        for insertion in here {
            after.push_str(&file.text()[done..insertion.at]);
            let line = after.matches('\n').count() + 1 + usize::from(insertion.text.starts_with(['\n', '\r']));
            let text = insertion.text.trim_matches(['\n', '\r']).to_owned();
            added.push((line, text));
            after.push_str(&insertion.text);
            done = insertion.at;
        }
        after.push_str(&file.text()[done..]);
        edited.push(Edited { path: file.path().to_owned(), before: file.text().to_owned(), after, added });
    }
    edited.sort_by(|a, b| a.path.cmp(&b.path));
    edited
}

/// The line end of the file around a byte.
fn line_end(file: &SourceFile, at: usize) -> &'static str {
    let rest = &file.text()[at.min(file.text().len())..];
    let crlf = match rest.find('\n') {
        Some(end) => rest[..end].ends_with('\r'),
        None => file.text().contains("\r\n"),
    };
    if crlf { "\r\n" } else { "\n" }
}

/// Whether nothing but blanks, or a dash, stands before a byte in its line.
fn begins_line(file: &SourceFile, at: u32, dash: bool) -> bool {
    let line = file.line_range(file.line_of(at));
    let before = file.text()[line.start..at as usize].trim_start_matches('\u{feff}').trim();
    before.is_empty() || dash && before == "-"
}

/// The blanks with which the line of a byte begins.
fn indentation(file: &SourceFile, at: u32) -> String {
    let line = file.line_range(file.line_of(at));
    let before = file.text()[line.start..at as usize].trim_start_matches('\u{feff}');
    before.chars().take_while(|c| *c == ' ').collect()
}

/// Puts whole lines behind the line in which something ends.
fn after_line(file: FileId, source: &SourceFile, end: u32, lines: &[String]) -> Insertion {
    let last = end.max(1) - 1;
    let line = source.line_range(source.line_of(last));
    let eol = line_end(source, line.start);
    let joined = lines.join(eol);
    let rest = &source.text()[line.end..];
    let skipped = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    let text = if skipped == 0 { format!("{eol}{joined}") } else { format!("{joined}{eol}") };
    Insertion { file, at: line.end + skipped, text }
}

/// The node with a span, if it is in a tree.
fn find<'n, 's>(node: &'n Node<'s>, span: Span) -> Option<(&'n Node<'s>, Option<Layout>)> {
    search(node, span, None)
}

fn search<'n, 's>(node: &'n Node<'s>, span: Span, layout: Option<Layout>) -> Option<(&'n Node<'s>, Option<Layout>)> {
    if node.span == span {
        return Some((node, layout));
    }
    match &node.value {
        Value::Sequence(items, layout) => items.iter().find_map(|item| search(item, span, Some(*layout))),
        Value::Mapping(entries) => entries.iter().find_map(|(_, value)| search(value, span, None)),
        Value::Scalar(..) | Value::Invalid => None,
    }
}

/// The slice of a place.
fn slice(sources: &Sources, place: Place) -> &str {
    sources.file(place.file).slice(place.span)
}
