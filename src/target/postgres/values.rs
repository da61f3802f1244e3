//! Cells as values of the server's kinds, one by one and as arrays.

use bytes::BytesMut;
use postgres::Client;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::target::tables::{Cell, Holds, Row, Seen};

/// Runs a statement over some rows, each column as an array.
pub(super) fn run_batch(client: &mut Client, sql: &str, holds: &[Holds], rows: &[Row]) -> Result<(), postgres::Error> {
    let columns: Vec<Vec<&Cell>> =
        (0..holds.len()).map(|column| rows.iter().map(|row| &row[column]).collect()).collect();
    let kind = |holds: &Holds| match holds {
        Holds::Text => Type::TEXT_ARRAY,
        Holds::Flag => Type::BOOL_ARRAY,
        Holds::Number => Type::INT8_ARRAY,
    };
    let values: Vec<(&(dyn ToSql + Sync), Type)> =
        columns.iter().zip(holds).map(|(column, holds)| (column as &(dyn ToSql + Sync), kind(holds))).collect();
    client.execute_typed(sql, &values).map(drop)
}

/// A column of the arrays of a statement.
pub(super) fn place(number: usize) -> String {
    format!("new.c{}", number + 1)
}

/// The arrays of a statement as a table `new` with columns `c1`, `c2`, ...
pub(super) fn arrays(holds: &[Holds]) -> String {
    let kind = |holds: &Holds| match holds {
        Holds::Text => "text",
        Holds::Flag => "boolean",
        Holds::Number => "bigint",
    };
    let arrays: Vec<String> = (1..).zip(holds).map(|(place, holds)| format!("${place}::{}[]", kind(holds))).collect();
    let names: Vec<String> = (1..=holds.len()).map(|place| format!("c{place}")).collect();
    format!("unnest({}) AS new ({})", arrays.join(", "), names.join(", "))
}

impl ToSql for Cell {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.as_str().to_sql(kind, out),
            Self::Flag(flag) => flag.to_sql(kind, out),
            Self::Number(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Number(number) => number.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::TEXT, Type::VARCHAR, Type::BOOL, Type::INT4, Type::INT8].contains(kind)
    }

    to_sql_checked!();
}

/// What a row says in a column.
pub(super) fn seen(row: &postgres::Row, column: usize) -> Result<Seen<'_>, postgres::Error> {
    let kind = row.columns()[column].type_();
    Ok(match *kind {
        Type::BOOL => row.try_get::<_, Option<bool>>(column)?.map_or(Seen::Null, Seen::Flag),
        Type::INT4 => row.try_get::<_, Option<i32>>(column)?.map_or(Seen::Null, |number| Seen::Number(number.into())),
        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map_or(Seen::Null, Seen::Number),
        _ => row.try_get::<_, Option<&str>>(column)?.map_or(Seen::Null, Seen::Text),
    })
}
