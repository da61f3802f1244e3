//! Edits of policy files that touch nothing else: no comment, no other line, no line end.
//!
//! An edit is made of splices of texts as they are. Whoever makes one compiles the result and holds it against
//! what was meant ([`check`]), so that a text which YAML reads otherwise is never written.

pub mod content;
pub mod hunk;
pub mod line;
pub mod new_user;
pub mod patch;

use thiserror::Error;

use crate::language::Text;
use crate::repository::{Repository, stops};
use crate::state::State;
use crate::syntax::yaml::{Layout, Node, Value};
use crate::text::{FileId, Place, SourceFile, Sources, Span};

/// A piece of a file, and the text to put in its stead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Splice {
    /// Of which file.
    pub file: FileId,
    /// From which byte on.
    pub at: usize,
    /// How many bytes go; none if text is only put in.
    pub removed: usize,
    /// What comes.
    pub text: String,
}

impl Splice {
    /// Puts a text before a byte.
    pub fn insert(file: FileId, at: usize, text: String) -> Self {
        Self { file, at, removed: 0, text }
    }
}

/// The files are written in a way that an edit cannot follow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the edit of `{path}` would not do what was asked")]
pub struct Unsafe {
    /// Where it went wrong; empty if it is no single file.
    pub path: String,
    /// What would be wrong afterwards, if that is known.
    pub finding: Text,
}

impl Unsafe {
    /// In a file that is not understood.
    pub fn in_file(path: &str) -> Self {
        Self { path: path.to_owned(), finding: Text::default() }
    }
}

/// Whether an edited repository says what was meant, and no company is broken that was not.
///
/// # Errors
/// If it does not.
pub fn check(before: &Repository, after: &Repository, company: usize, meant: &State) -> Result<(), Unsafe> {
    let same = before.companies.len() == after.companies.len();
    let mut pairs = before.companies.iter().zip(&after.companies);
    let broken = pairs.find(|(old, new)| old.compiles() && !new.compiles()).map(|(_, new)| new);
    if let Some(finding) = broken.and_then(|company| company.diagnostics.iter().find(|finding| stops(finding))) {
        let path = finding.place().map_or("", |place| after.sources.file(place.file).path());
        return Err(Unsafe { path: path.to_owned(), finding: finding.message.clone() });
    }
    let holds = same && State::of(&after.companies[company].policy) == *meant;
    if holds { Ok(()) } else { Err(Unsafe::in_file("")) }
}

/// A text with some pieces of it replaced; the pieces do not overlap.
pub fn spliced(text: &str, splices: &[Splice]) -> String {
    let mut sorted: Vec<&Splice> = splices.iter().collect();
    sorted.sort_by_key(|splice| splice.at);
    let mut after = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for splice in sorted {
        after.push_str(&text[done..splice.at]);
        after.push_str(&splice.text);
        done = splice.at + splice.removed;
    }
    after.push_str(&text[done..]);
    after
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
pub fn apply(sources: &Sources, insertions: &[Splice]) -> Vec<Edited> {
    let mut sorted: Vec<&Splice> = insertions.iter().collect();
    sorted.sort_by_key(|insertion| (insertion.file, insertion.at));
    let mut edited: Vec<Edited> = Vec::new();
    for (id, file) in sources.iter() {
        let here: Vec<Splice> =
            sorted.iter().filter(|insertion| insertion.file == id).map(|one| (*one).clone()).collect();
        if here.is_empty() {
            continue;
        }
        let mut lines_before = 0;
        let added = here.iter().map(|insertion| {
            let line = file.line_of(Span::new(insertion.at..insertion.at).start) + 1 + lines_before;
            lines_before += insertion.text.matches('\n').count();
            let first = line + usize::from(insertion.text.starts_with(['\n', '\r']));
            (first, insertion.text.trim_matches(['\n', '\r']).to_owned())
        });
        let added = added.collect();
        let after = spliced(file.text(), &here);
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
fn after_line(file: FileId, source: &SourceFile, end: u32, lines: &[String]) -> Splice {
    let last = end.max(1) - 1;
    let line = source.line_range(source.line_of(last));
    let eol = line_end(source, line.start);
    let joined = lines.join(eol);
    let rest = &source.text()[line.end..];
    let skipped = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    let text = if skipped == 0 { format!("{eol}{joined}") } else { format!("{joined}{eol}") };
    Splice::insert(file, line.end + skipped, text)
}

/// The byte behind the colon of a key without a value.
fn colon(source: &SourceFile, from: u32) -> Option<u32> {
    let rest = &source.text()[from as usize..];
    let at = rest.find(':').filter(|at| rest[..*at].trim().is_empty())?;
    Some(Span::new(0..from as usize + at + 1).end)
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
