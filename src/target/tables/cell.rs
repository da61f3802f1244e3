//! What a row says in one column: as it is written, and as it is looked at while it is read.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A text, or nothing.
    Text,
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
}

/// What one row says in one column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
}

impl Cell {
    /// A text, or nothing.
    pub fn of(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.to_string()))
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The cells of one row, in the order of the table's columns.
pub type Row = Vec<Cell>;

/// What one row says in one column, as long as it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'r> {
    /// Nothing.
    Null,
    /// A text.
    Text(&'r str),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
}

impl<'r> Seen<'r> {
    /// The text, if it is one.
    pub fn text(self) -> Option<&'r str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same to be kept.
    pub fn kept(self) -> Cell {
        match self {
            Self::Null => Cell::Null,
            Self::Text(text) => Cell::Text(text.to_owned()),
            Self::Flag(flag) => Cell::Flag(flag),
            Self::Number(number) => Cell::Number(number),
        }
    }
}

/// The most columns that a table has.
pub const MOST_COLUMNS: usize = 16;
