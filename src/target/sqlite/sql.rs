//! Statements for a CRM's tables, in SQLite: what is bound as text becomes what its column holds, by the column's
//! affinity.

use rusqlite::types::ValueRef;
use rusqlite::{Error, Statement};

use crate::target::TargetError;
use crate::target::sql::Sql;

use super::{Sqlite, failure, lenient};

impl Sql for Sqlite {
    fn rows(
        &mut self,
        statement: &str,
        values: &[Option<&str>],
        each: &mut dyn FnMut(&[Option<String>]),
    ) -> Result<(), TargetError> {
        self.with_crm(statement, |statement| {
            bind(statement, values.iter().copied())?;
            let columns = statement.column_count();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                let cells: Vec<Option<String>> =
                    (0..columns).map(|column| row.get_ref(column).map(said)).collect::<Result<_, _>>()?;
                each(&cells);
            }
            Ok(())
        })
    }

    fn referring(&mut self, table: &str) -> Result<Vec<(String, String)>, TargetError> {
        let mut referring = Vec::new();
        let query = r#"SELECT '"' || schema.name || '"', '"' || refers."from" || '"', schema.name
                       FROM sqlite_schema AS schema JOIN pragma_foreign_key_list(schema.name) AS refers
                       WHERE schema.type = 'table' AND lower(refers."table") = $1 ORDER BY 3, 2"#;
        self.rows(query, &[Some(table)], &mut |row| {
            // The name alone where it needs no quotes, as people and the other engine write it.
            let plain = row[2].clone().filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            referring.extend(plain.or_else(|| row[0].clone()).zip(row[1].clone()));
        })?;
        Ok(referring)
    }

    fn execute(&mut self, statement: &str, values: &[Vec<Option<String>>]) -> Result<(), TargetError> {
        self.with_crm(statement, |statement| {
            for row in values {
                bind(statement, row.iter().map(Option::as_deref))?;
                statement.raw_execute()?;
            }
            Ok(())
        })
    }
}

impl Sqlite {
    fn with_crm(
        &self,
        sql: &str,
        work: impl FnOnce(&mut Statement<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), TargetError> {
        let connection = self.connection.as_ref().ok_or(TargetError::BadUrl)?;
        let done = connection.prepare_cached(sql).and_then(|mut statement| work(&mut statement));
        done.map_err(|error| match error {
            // There is no such table or column.
            Error::SqlInputError { msg, .. } => TargetError::OtherCrm { database: self.name(), what: msg },
            error => failure(&self.path, &error),
        })
    }
}

/// Binds values to `$1`, `$2`, ..., which the engine takes for names.
fn bind<'v>(
    statement: &mut Statement<'_>,
    values: impl ExactSizeIterator<Item = Option<&'v str>>,
) -> rusqlite::Result<()> {
    let (given, places) = (values.len(), statement.parameter_count());
    if given != places {
        return Err(Error::InvalidParameterCount(given, places));
    }
    for (number, value) in (1..).zip(values) {
        let name = format!("${number}");
        let place = statement.parameter_index(&name)?.ok_or(Error::InvalidParameterName(name))?;
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

fn said(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        value => Some(lenient(value)),
    }
}
