//! The parts that pages are made of.

use crate::language::{IntoWord, NAMED, Word};
use crate::say;

/// How a piece of text is meant. Never the only carrier of a meaning: the words say it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// Something to notice.
    Strong,
    /// A yes, or something gained.
    Yes,
    /// A no, or something lost.
    No,
    /// A warning.
    Warning,
    /// Secondary.
    Quiet,
    /// Where more is to be read: a link, if the format has links and it is a plain address. Never for what a policy says.
    Address,
}

/// A piece of text in one tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// How it is meant.
    pub tone: Tone,
    /// The text, as it came, or something to say in the reader's language.
    pub text: Word,
}

/// A line of pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Piece>);

impl Line {
    /// An empty line to add to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a piece.
    #[must_use]
    pub fn then(mut self, tone: Tone, text: impl IntoWord) -> Self {
        self.0.push(Piece { tone, text: text.into_word() });
        self
    }
}

/// How many rows of a table stand before those that are left out, and after them: what is taken away often comes last.
const ROWS: [usize; 2] = [60, 40];

impl Line {
    fn fold(&mut self) -> bool {
        self.0.iter_mut().fold(false, |folded, piece| piece.text.fold(NAMED) | folded)
    }

    /// Adds the pieces of another line.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl<T: IntoWord> From<T> for Line {
    fn from(text: T) -> Self {
        Self::new().then(Tone::Plain, text)
    }
}

/// One part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Text that is wrapped; later lines are indented so deep.
    Text {
        /// The text.
        line: Line,
        /// Columns before the first line.
        indent: usize,
        /// Columns before every later line.
        hang: usize,
    },
    /// What follows belongs together.
    Heading(Word),
    /// Rows of cells in columns; the last cell of a row is wrapped.
    Table {
        /// Columns before each row.
        indent: usize,
        /// The rows.
        rows: Vec<Vec<Line>>,
    },
    /// What the page says in one line; it stands above all else.
    Headline(Line),
    /// Rows of cells below the names of their columns.
    Columns {
        /// What stands in the columns.
        head: Vec<Line>,
        /// The rows.
        rows: Vec<Vec<Line>>,
    },
    /// Something that readers may open where the format can, below one line that says what it is.
    Details {
        /// The line.
        summary: Line,
        /// Whether it is open at first.
        open: bool,
        /// What is in it.
        page: Page,
    },
    /// Lines that stand as they are.
    Verbatim(Vec<Line>),
    /// Room.
    Blank,
}

/// What a view gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page(pub Vec<Block>);

impl Page {
    /// Adds text without indentation.
    pub fn text(&mut self, line: impl Into<Line>) {
        self.0.push(Block::Text { line: line.into(), indent: 0, hang: 2 });
    }

    /// Adds indented text.
    pub fn item(&mut self, indent: usize, line: impl Into<Line>) {
        self.0.push(Block::Text { line: line.into(), indent, hang: indent + 2 });
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: impl IntoWord) {
        self.0.push(Block::Heading(text.into_word()));
    }

    /// Adds a table, unless it has no rows.
    pub fn table(&mut self, indent: usize, rows: Vec<Vec<Line>>) {
        if !rows.is_empty() {
            self.0.push(Block::Table { indent, rows });
        }
    }

    /// Adds a table with names above its columns, unless it has no rows.
    pub fn columns(&mut self, head: Vec<Line>, rows: Vec<Vec<Line>>) {
        if !rows.is_empty() {
            self.0.push(Block::Columns { head, rows });
        }
    }

    /// Adds something to open.
    pub fn details(&mut self, summary: Line, open: bool, page: Self) {
        self.0.push(Block::Details { summary, open, page });
    }

    /// Adds room.
    pub fn blank(&mut self) {
        self.0.push(Block::Blank);
    }

    /// Leaves names out of every list of more than a dozen, and rows out of every table of more than a hundred, with how
    /// many they are. Says whether any were: then the page has to say where they stand.
    pub fn fold(&mut self) -> bool {
        let lines = |lines: &mut dyn Iterator<Item = &mut Line>| lines.fold(false, |folded, line| line.fold() | folded);
        let of_block = |block: &mut Block| match block {
            Block::Text { line, .. } | Block::Headline(line) => line.fold(),
            Block::Heading(text) => text.fold(NAMED),
            Block::Table { rows, .. } => folded(rows) | lines(&mut rows.iter_mut().flatten()),
            Block::Columns { head, rows } => {
                folded(rows) | lines(&mut head.iter_mut().chain(rows.iter_mut().flatten()))
            }
            Block::Details { summary, page, .. } => page.fold() | summary.fold(),
            Block::Verbatim(all) => lines(&mut all.iter_mut()),
            Block::Blank => false,
        };
        self.0.iter_mut().fold(false, |folded, block| of_block(block) | folded)
    }
}

/// Leaves rows in the middle out, if they are too many.
fn folded(rows: &mut Vec<Vec<Line>>) -> bool {
    let [first, last] = ROWS;
    let end = rows.len().saturating_sub(last);
    if end <= first + 1 {
        return false;
    }
    let more = Word::Number(end - first);
    let mut row = vec![Line::new(); rows[first].len().saturating_sub(1)];
    row.push(Line::new().then(Tone::Quiet, say!("and {more} more", more)));
    rows.splice(first..end, [row]);
    true
}
