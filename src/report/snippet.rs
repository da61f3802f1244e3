//! Findings with the source they are about, underlined. The only file that knows miette.
//!
//! A finding may point into several files and into lines of any length; each gets a short excerpt in which
//! nothing is left that a terminal would obey. The file as a whole is never scanned.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use crate::diag::{Code, Diagnostic, Label, Severity};
use crate::text::{FileId, SourceFile, Sources, floor_boundary};

use super::block::{Block, Line, Page, Tone};
use super::harmless;
use super::text::{self, Look};
use crate::language::{Joint, Language, Text, Word, list};
use crate::say;

/// How many columns beside a line are taken by its number and by the dots of a cut.
const MARGIN: usize = 14;

/// How many columns a label likes to have.
const LABEL: usize = 36;

/// How many columns of a line stay before what a label is about, where the label needs the room.
const LEAD: usize = 6;

/// How many more columns are taken where an excerpt of another file is indented.
const NESTED: usize = 9;

/// How many findings of one kind are shown. What is behind very many is often one and the same.
const ALIKE: usize = 50;

/// Prints findings one below the other: of each kind only the first ones, and then how many more there are.
pub fn print_all<'f>(findings: impl IntoIterator<Item = &'f Diagnostic>, sources: &Sources, look: Look) -> String {
    let mut alike: BTreeMap<Code, usize> = BTreeMap::new();
    let mut printed = String::new();
    for finding in findings {
        let count = alike.entry(finding.code).or_default();
        *count += 1;
        if *count <= ALIKE {
            printed.push_str(&print(finding, sources, look));
            printed.push('\n');
        }
    }
    let mut page = Page::default();
    for (code, count) in alike.into_iter().filter(|(_, count)| *count > ALIKE) {
        let more = Word::Number(count - ALIKE);
        page.text(say!(
            "and {more} more of {code}: `rightful check --format json` has them all",
            more,
            code = code.as_str()
        ));
    }
    if !page.0.is_empty() {
        page.blank();
    }
    printed + &text::print(&page, look)
}

/// Prints one finding.
fn print(finding: &Diagnostic, sources: &Sources, look: Look) -> String {
    let finding = &finding.clone().folded();
    let mut files: Vec<FileId> = finding.labels.iter().map(|label| label.place.file).collect();
    let first = files.first().copied();
    files.sort_unstable();
    files.dedup();
    files.sort_by_key(|file| Some(*file) != first);
    let mut excerpts = files.iter().map(|file| {
        let labels: Vec<&Label> = finding.labels.iter().filter(|label| label.place.file == *file).collect();
        let nested = if Some(*file) == first { 0 } else { NESTED };
        Excerpt::new(sources.file(*file), &labels, finding.concealed, Look { width: look.width - nested, ..look })
    });
    let shown = Shown {
        message: harmless(&message(finding).to(look.language)).into_owned(),
        code: Some(finding.code.as_str()),
        severity: match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        },
        excerpt: excerpts.next(),
        related: excerpts.map(|excerpt| Shown::elsewhere(excerpt, look)).collect(),
    };
    let theme = if look.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(look.width)
        .with_context_lines(1)
        .with_show_related_as_nested(true)
        .without_syntax_highlighting();
    let mut text = String::new();
    if let Err(fmt::Error) = handler.render_report(&mut text, &shown) {
        text = format!("{}: {}\n", finding.severity.as_str(), shown.message);
    }
    // The handler would say `help` in English, and before the other files.
    text + &help(finding, look)
}

/// What to do, under the excerpts.
fn help(finding: &Diagnostic, look: Look) -> String {
    if finding.help.is_empty() {
        return String::new();
    }
    let word = say!("help");
    let hang = 4 + word.to(look.language).chars().count();
    let line = Line::new().then(Tone::Strong, word).then(Tone::Plain, ": ").then(Tone::Plain, &finding.help);
    text::print(&Page(vec![Block::Text { line, indent: 2, hang }]), look)
}

/// What a finding says, with the companies in which it was found.
pub fn message(finding: &Diagnostic) -> Text {
    if finding.companies.is_empty() {
        return finding.message.clone();
    }
    let companies = list(&finding.companies, Joint::And);
    say!("{message} (in {companies})", message = finding.message, companies)
}

/// A finding as miette sees it.
#[derive(Debug)]
struct Shown {
    message: String,
    code: Option<&'static str>,
    severity: miette::Severity,
    excerpt: Option<Excerpt>,
    related: Vec<Shown>,
}

impl Shown {
    fn elsewhere(excerpt: Excerpt, look: Look) -> Self {
        Self {
            message: say!("and here").to(look.language),
            code: None,
            severity: miette::Severity::Advice,
            excerpt: Some(excerpt),
            related: Vec::new(),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(Box::new(excerpt.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|shown| shown as &dyn miette::Diagnostic)))
    }
}

/// The lines of one file that a finding points at, made harmless and cut, one after the other.
#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    /// The bytes of each line in `text`, and its zero-based number in the file.
    lines: Vec<(Range<usize>, usize)>,
    labels: Vec<LabeledSpan>,
    /// Where each label begins in `text`, and the zero-based column of that in the file.
    columns: Vec<(usize, usize)>,
}

impl Excerpt {
    /// Takes the lines of these labels, cut to the width of the page.
    fn new(file: &SourceFile, labels: &[&Label], concealed: bool, look: Look) -> Self {
        let most = look.width.saturating_sub(MARGIN);
        let mut excerpt = Self {
            name: harmless(file.path()).into_owned(),
            text: String::new(),
            lines: Vec::new(),
            labels: Vec::new(),
            columns: Vec::new(),
        };
        let mut sorted: Vec<&Label> = labels.to_vec();
        // The place that a finding is about comes first, whatever stands above it.
        let main = sorted.first().map(|label| label.place);
        sorted.sort_by_key(|label| (Some(label.place) != main, label.place.span));
        let covered = concealed.then(|| covered(file, &sorted));
        let file = covered.as_ref().unwrap_or(file);
        for label in sorted {
            excerpt.add(file, label, most, look.language);
        }
        excerpt
    }

    fn add(&mut self, file: &SourceFile, label: &Label, most: usize, language: Language) {
        let span = label.place.span.range();
        let number = file.line_of(label.place.span.start);
        let line = file.line_range(number);
        // A label needs room to the right of the middle of what it is about.
        let middle = (span.start + span.end.min(line.end)) / 2;
        let cramped = !label.text.is_empty() && middle.saturating_sub(line.start) + LABEL > most;
        let is_long = line.len() > most || cramped;
        let boundary = |at: usize| floor_boundary(file.text(), at.min(file.text().len()));
        let start = boundary(span.start.clamp(line.start, line.end));
        let end = boundary(span.end.clamp(start, line.end));
        let lead = if cramped { LEAD } else { most / 3 };
        let from = if is_long { boundary(start.saturating_sub(lead).max(line.start)) } else { line.start };
        let shown = if cramped { most.saturating_sub(LABEL) } else { most };
        let to = boundary(line.end.min(from + shown.max(24)));
        let end = end.min(to).max(start);
        // Two labels in one line share it, unless it was cut.
        let at = match self.lines.last() {
            Some((range, last)) if *last == number && !is_long => range.start,
            _ => {
                let at = self.text.len();
                let shown = file.text()[from..to].trim_start_matches('\u{feff}').replace('\t', " ");
                self.text.push_str(if from > line.start { "..." } else { "" });
                self.text.push_str(&harmless(&shown));
                self.text.push_str(if to < line.end { "..." } else { "" });
                self.lines.push((at..self.text.len(), number));
                self.text.push('\n');
                at
            }
        };
        let lead = if from > line.start { 3 } else { 0 };
        let width =
            |range: Range<usize>| harmless(&file.text()[range].trim_start_matches('\u{feff}').replace('\t', " ")).len();
        let begin = at + lead + width(from..start);
        // A label hangs under the middle of what it is about.
        let middle = begin - at + width(start..end) / 2;
        let text = folded(&harmless(&label.text.to(language)), most.saturating_sub(middle + 5).max(24));
        let text = (!text.is_empty()).then_some(text);
        self.labels.push(LabeledSpan::new(text, begin, width(start..end)));
        self.columns.push((begin, file.position(label.place.span.start).column - 1));
    }
}

/// The file with stars where some labels point.
fn covered(file: &SourceFile, labels: &[&Label]) -> SourceFile {
    let mut text = file.text().to_owned();
    for label in labels {
        let range = label.place.span.range();
        if text.get(range.clone()).is_some() {
            text.replace_range(range.clone(), &"*".repeat(range.len()));
        }
    }
    SourceFile::new(file.path(), text)
}

/// A text in lines of about so many characters.
fn folded(text: &str, width: usize) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut at = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if at > 0 && at + 1 + length > width {
            folded.push('\n');
            at = 0;
        } else if at > 0 {
            folded.push(' ');
            at += 1;
        }
        folded.push_str(word);
        at += length;
    }
    folded
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let holds = |range: &Range<usize>| range.start <= span.offset() && span.offset() + span.len() <= range.end + 1;
        let (range, number) = self.lines.iter().find(|(range, _)| holds(range)).ok_or(MietteError::OutOfBounds)?;
        // Without context the handler asks where a label begins, to print it beside the name of the file.
        if before == 0 {
            let column =
                self.columns.iter().find(|(begin, _)| *begin == span.offset()).map_or(0, |(_, column)| *column);
            let bytes = &self.text.as_bytes()[span.offset()..span.offset() + span.len()];
            return Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), bytes, *span, *number, column, 1)));
        }
        let bytes = &self.text.as_bytes()[range.clone()];
        let whole = SourceSpan::from(range.clone());
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), bytes, whole, *number, 0, 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::text::{Place, Span};

    fn shown(text: &str, spans: &[(usize, usize)]) -> String {
        let sources = Sources::new(vec![SourceFile::new("policies/a.yaml", text)]);
        let place = |(start, end): &(usize, usize)| Place { file: FileId(0), span: Span::new(*start..*end) };
        let mut finding = Diagnostic::new(Code::DuplicateName, place(&spans[0]), crate::say!("it is wrong"))
            .help(crate::say!("mend it"));
        for span in &spans[1..] {
            finding = finding.also(place(span), crate::say!("first"));
        }
        print(&finding, &sources, Look::PLAIN)
    }

    #[test]
    fn each_place_is_underlined_in_its_own_line() {
        let text = shown("users:\n  lars:\n  karin:\n  anna:\n  lars:\n", &[(34, 38), (9, 13)]);
        insta::assert_snapshot!(text, @"
        duplicate-name

          × it is wrong
           ╭─[policies/a.yaml:5:3]
         5 │   lars:
           ·   ────
           ╰────
           ╭─[policies/a.yaml:2:3]
         2 │   lars:
           ·   ──┬─
           ·     ╰── first
           ╰────
          help: mend it
        ");
    }

    #[test]
    fn a_long_line_is_cut_and_a_hostile_one_made_harmless() {
        let long = format!("a: '{}HERE{}'\n", "x".repeat(1_000_000), "y".repeat(1_000_000));
        let text = shown(&long, &[(1_000_004, 1_000_008)]);
        assert!(text.contains("HERE") && text.len() < 1000, "{text}");
        let text = shown("a: '\u{1b}[31m\u{202e}x'\n", &[(11, 12)]);
        assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}"), "{text}");
    }
}
