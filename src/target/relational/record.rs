//! Entries of the record as rows, and back.

use crate::audit::Entry;
use crate::target::rows;
use crate::target::tables::{Cell, Row, Seen};

/// The row of an entry.
pub(super) fn row(entry: Entry) -> Row {
    let Entry { seq, run, part, body, hash } = entry;
    let hash = hash.map_or(Cell::Null, Cell::Text);
    vec![Cell::Number(seq), Cell::Number(run), Cell::Text(part), Cell::Text(body), hash]
}

/// The entry of a row.
///
/// # Errors
/// If it has no number.
pub(super) fn entry(row: &[Seen<'_>]) -> Result<Entry, rows::Senseless> {
    let number = |column: usize| match row[column] {
        Seen::Number(number) => Ok(number),
        _ => Err("an entry of the audit without its number".to_owned()),
    };
    let text = |column: usize| row[column].text().unwrap_or_default().to_owned();
    let hash = row[4].text().map(str::to_owned);
    Ok(Entry { seq: number(0)?, run: number(1)?, part: text(2), body: text(3), hash })
}
