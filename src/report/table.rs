//! Rows for spreadsheet programs: as CSV and as an Excel workbook. The only file that knows the crates that write them.
//!
//! No cell can begin a formula: every text is a name of a user, a right, a step, or a target behind its kind, and none of
//! these begins with `=`, `+`, `-` or `@`. In a workbook they are texts whatever they begin with.

use std::io::{Error, Write};

use csv::{Terminator, WriterBuilder};
use rust_xlsxwriter::{DocProperties, Format, Workbook, XlsxError};
use serde::Serialize;

use crate::date::Date;

/// So many rows a sheet of Excel has room for, the heads of the columns among them.
pub const MOST_ROWS: usize = 1 << 20;

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A text.
    Text(&'a str),
    /// A yes or a no.
    Truth(bool),
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub head: &'static str,
    /// How wide it is in a workbook, in characters.
    pub width: u16,
}

/// Writes rows as CSV (RFC 4180), the names of their fields first.
pub fn csv(rows: impl Iterator<Item: Serialize>, to: &mut dyn Write) -> std::io::Result<()> {
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(to);
    for row in rows {
        table.serialize(row).map_err(Error::from)?;
    }
    table.flush()
}

/// A workbook of one sheet, as of a day, so that the same rows give the same bytes. At most [`MOST_ROWS`] with the heads; rows
/// are kept in a temporary file until all are there.
pub fn xlsx<'a, const COLUMNS: usize>(
    columns: [Column; COLUMNS],
    rows: impl Iterator<Item = [Cell<'a>; COLUMNS]>,
    on: Date,
) -> std::io::Result<Vec<u8>> {
    workbook(columns, rows, on).map_err(|error| match error {
        XlsxError::IoError(error) => error,
        error => Error::other(error),
    })
}

fn workbook<'a, const COLUMNS: usize>(
    columns: [Column; COLUMNS],
    rows: impl Iterator<Item = [Cell<'a>; COLUMNS]>,
    on: Date,
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&on));
    let sheet = workbook.add_worksheet_with_low_memory()?;
    let bold = Format::new().set_bold();
    for (at, column) in (0..).zip(&columns) {
        sheet.set_column_width(at, column.width)?;
        sheet.write_string_with_format(0, at, column.head, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let mut last = 0;
    for (at, row) in (1..).zip(rows) {
        last = at;
        for (column, cell) in (0..).zip(row) {
            match cell {
                Cell::Empty => continue,
                Cell::Text(text) => sheet.write_string(at, column, text)?,
                Cell::Truth(yes) => sheet.write_boolean(at, column, yes)?,
            };
        }
    }
    if let Some(right) = u16::try_from(COLUMNS).ok().and_then(|columns| columns.checked_sub(1)) {
        sheet.autofilter(0, 0, last, right)?;
    }
    workbook.save_to_buffer()
}
