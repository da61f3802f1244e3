//! Rows as the lines of a COPY, sent in large portions. Text needs no kinds of columns, which would have to be asked for
//! first.

use std::io::Write;

use postgres::{Client, CopyInWriter, Error};

use crate::target::relational::Rows;
use crate::target::tables::{Cell, Table};

/// How much is sent at once, in bytes.
const PORTION: usize = 1 << 18;

/// Adds rows to a table.
pub(super) fn copy(client: &mut Client, table: &Table, rows: Rows<'_>) -> Result<(), Unsent> {
    let mut sink = client.copy_in(&format!("COPY {} ({}) FROM STDIN", table.name, table.names()))?;
    let mut lines = Vec::with_capacity(2 * PORTION);
    for row in rows {
        line(&row, &mut lines);
        if lines.len() >= PORTION {
            send(&mut sink, &lines)?;
            lines.clear();
        }
    }
    send(&mut sink, &lines)?;
    sink.finish()?;
    Ok(())
}

/// Writes the line of a row.
fn line(row: &[Cell], lines: &mut Vec<u8>) {
    for (place, cell) in row.iter().enumerate() {
        if place > 0 {
            lines.push(b'\t');
        }
        match cell {
            Cell::Null => lines.extend_from_slice(b"\\N"),
            Cell::Flag(flag) => lines.push(if *flag { b't' } else { b'f' }),
            Cell::Number(number) => lines.extend_from_slice(number.to_string().as_bytes()),
            Cell::Text(text) => escaped(text, lines),
        }
    }
    lines.push(b'\n');
}

/// A text with what means something in a line behind a backslash.
fn escaped(text: &str, lines: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        lines.extend_from_slice(&rest[..at]);
        let sign = match rest[at] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        };
        lines.extend_from_slice(&[b'\\', sign]);
        rest = &rest[at + 1..];
    }
    lines.extend_from_slice(rest);
}

/// Sends lines. What the server does not take it says when the COPY ends.
fn send(sink: &mut CopyInWriter<'_>, lines: &[u8]) -> Result<(), Unsent> {
    sink.write_all(lines).map_err(|error| match error.downcast::<Error>() {
        Ok(error) => Unsent::Failed(error),
        Err(_) => Unsent::Lost,
    })
}

/// Why lines were not sent.
pub(super) enum Unsent {
    /// The driver says it.
    Failed(Error),
    /// The connection is gone.
    Lost,
}

impl From<Error> for Unsent {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_text_holds_it_is_one_column_of_one_line() {
        let mut lines = Vec::new();
        let row = [Cell::Text("a\tb\\N\nc\r".to_owned()), Cell::Null, Cell::Text("\\N".to_owned()), Cell::Flag(true)];
        line(&row, &mut lines);
        line(&[Cell::Text(String::new()), Cell::Number(-7)], &mut lines);
        assert_eq!(String::from_utf8(lines).unwrap(), "a\\tb\\\\N\\nc\\r\t\\N\t\\\\N\tt\n\t-7\n");
    }
}
