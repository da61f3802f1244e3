//! Source text and places in it: files, byte spans, and lines and columns for people.
//!
//! Takes the text of files, gives positions. Never reads a file itself.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A range of bytes in one source file, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of a byte range; offsets beyond 4 GiB are cut to the largest that a span can hold.
    pub fn new(range: Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(range.start), end: clamp(range.end.max(range.start)) }
    }

    /// The span as a range, to slice the text with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Which file of a [`Sources`] a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A span in a certain file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The bytes in it.
    pub span: Span,
}

/// A value together with the bytes that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Joins a value and its span.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A line and column as editors count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalar values, from 1. A byte order mark does not count.
    pub column: usize,
}

/// The text of one file of a tree, with its path relative to the root of that tree.
pub struct SourceFile {
    path: Box<str>,
    text: OnceLock<Box<str>>,
    later: Option<Box<dyn Fn() -> Box<str> + Send + Sync>>,
    line_starts: OnceLock<Vec<u32>>,
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFile").field("path", &self.path).field("text", &self.text).finish_non_exhaustive()
    }
}

impl SourceFile {
    /// Joins a path (with `/` between its parts) and the text that stands there.
    pub fn new(path: impl Into<Box<str>>, text: impl Into<Box<str>>) -> Self {
        let (text, line_starts) = (OnceLock::from(text.into()), OnceLock::new());
        Self { path: path.into(), text, later: None, line_starts }
    }

    /// A file whose text is fetched when somebody wants to see it.
    pub fn fetched_later(path: impl Into<Box<str>>, later: impl Fn() -> Box<str> + Send + Sync + 'static) -> Self {
        let (text, line_starts) = (OnceLock::new(), OnceLock::new());
        Self { path: path.into(), text, later: Some(Box::new(later)), line_starts }
    }

    /// The text, if nobody has to fetch it first.
    pub fn text_at_hand(&self) -> Option<&str> {
        self.text.get().map(|text| &**text)
    }

    /// The path relative to the root of the tree.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text, byte order mark and line ends as they are in the file.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| self.later.as_ref().map_or_else(Default::default, |later| later()))
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = self.text().bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| Span::new(at + 1..at + 1).start)).collect()
        })
    }

    /// How many lines the file has; a line feed at the end begins one more, empty line.
    pub fn line_count(&self) -> usize {
        self.line_starts().len()
    }

    /// The zero-based number of the line that holds a byte.
    pub fn line_of(&self, byte: u32) -> usize {
        self.line_starts().partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// The bytes of a zero-based line without its line end. Empty past the end of the file.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let starts = self.line_starts();
        let Some(start) = starts.get(line) else { return self.text().len()..self.text().len() };
        let start = *start as usize;
        let end = starts.get(line + 1).map_or(self.text().len(), |next| *next as usize - 1);
        let end = if self.text()[start..end].ends_with('\r') { end - 1 } else { end };
        start..end
    }

    /// Line and column of a byte offset, which is moved back to a character boundary if need be.
    pub fn position(&self, byte: u32) -> Position {
        let line = self.line_of(byte);
        let start = self.line_starts()[line] as usize;
        let end = floor_boundary(self.text(), (byte as usize).min(self.text().len())).max(start);
        let before = self.text()[start..end].trim_start_matches('\u{feff}');
        Position { line: line + 1, column: before.chars().count() + 1 }
    }

    /// The text of a span, cut to what the file has.
    pub fn slice(&self, span: Span) -> &str {
        let end = floor_boundary(self.text(), span.range().end.min(self.text().len()));
        let start = floor_boundary(self.text(), span.range().start.min(end));
        &self.text()[start..end]
    }
}

/// The largest character boundary that is not past `at`.
pub fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The files that a policy was compiled from, in order of their paths.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

impl Sources {
    /// Takes the files in the order in which their ids shall count.
    pub fn new<F: Into<Arc<SourceFile>>>(files: impl IntoIterator<Item = F>) -> Self {
        Self { files: files.into_iter().map(Into::into).collect() }
    }

    /// The file of an id.
    ///
    /// # Panics
    /// If the id comes from other sources.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Every file with its id.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        let id = |index| FileId(u32::try_from(index).unwrap_or(u32::MAX));
        self.files.iter().enumerate().map(move |(index, file)| (id(index), &**file))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file at all.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let file = SourceFile::new("a.yaml", "\u{feff}käse: 1\r\nb: 2\n");
        assert_eq!(file.position(3), Position { line: 1, column: 1 });
        assert_eq!(file.position(8), Position { line: 1, column: 5 });
        let second = u32::try_from(file.text().find("b:").unwrap()).unwrap();
        assert_eq!(file.position(second), Position { line: 2, column: 1 });
        assert_eq!(&file.text()[file.line_range(1)], "b: 2");
        assert_eq!(file.line_count(), 3);
        assert_eq!(file.line_range(9), file.text().len()..file.text().len());
    }

    #[test]
    fn a_span_inside_a_character_is_moved_back() {
        let file = SourceFile::new("a.yaml", "ä");
        assert_eq!(file.slice(Span::new(0..1)), "");
        assert_eq!(file.position(1).column, 1);
    }
}
