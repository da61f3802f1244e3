//! Statements for a CRM's tables, on a server: values go as text, which the server reads as whatever stands at their
//! place, and everything that is asked for is made text by the server.

use bytes::BytesMut;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};

use crate::target::TargetError;
use crate::target::sql::Sql;

use super::Postgres;
use super::failure::failure;

/// A value as text.
#[derive(Debug)]
struct Text<'t>(Option<&'t str>);

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(text) = self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

impl Sql for Postgres {
    fn rows(
        &mut self,
        statement: &str,
        values: &[Option<&str>],
        each: &mut dyn FnMut(&[Option<String>]),
    ) -> Result<(), TargetError> {
        let asked = match self.asked.get(statement) {
            Some(asked) => asked.clone(),
            None => {
                let asked = self.with_crm(|client| as_text(client, statement))?;
                self.asked.insert(statement.to_owned(), asked.clone());
                asked
            }
        };
        self.with_crm(|client| {
            let mut rows = client.query_raw(&asked, values.iter().copied().map(Text))?;
            while let Some(row) = rows.next()? {
                let cells: Vec<Option<String>> =
                    (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
                each(&cells);
            }
            Ok(())
        })
    }

    fn referring(&mut self, table: &str) -> Result<Vec<(String, String)>, TargetError> {
        let mut referring = Vec::new();
        let query = "SELECT conrelid::regclass, quote_ident(attname) FROM pg_constraint
                     JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
                     WHERE contype = 'f' AND confrelid = $1::regclass ORDER BY 1, 2";
        self.rows(query, &[Some(table)], &mut |row| referring.extend(row[0].clone().zip(row[1].clone())))?;
        Ok(referring)
    }

    fn execute(&mut self, statement: &str, values: &[Vec<Option<String>>]) -> Result<(), TargetError> {
        if values.is_empty() {
            return Ok(());
        }
        self.with_crm(|client| {
            let statement = client.prepare(statement)?;
            for row in values {
                let values: Vec<Text<'_>> = row.iter().map(|value| Text(value.as_deref())).collect();
                let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
                client.execute(&statement, &values)?;
            }
            Ok(())
        })
    }
}

impl Postgres {
    fn with_crm<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, postgres::Error>) -> Result<T, TargetError> {
        let name = self.address.name();
        let Some(client) = self.client.as_mut() else { return Err(TargetError::Lost(name.to_owned())) };
        work(client).map_err(|error| match error.as_db_error() {
            Some(said) if [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN].contains(said.code()) => {
                TargetError::OtherCrm { database: name.to_owned(), what: said.message().to_owned() }
            }
            _ => failure(name, &error),
        })
    }
}

/// The statement with all of its columns as text, and flags as `0` and `1`.
fn as_text(client: &mut Client, statement: &str) -> Result<Statement, postgres::Error> {
    let plain = client.prepare(statement)?;
    if plain.columns().is_empty() {
        return Ok(plain);
    }
    let names: Vec<String> = (1..=plain.columns().len()).map(|number| format!("c{number}")).collect();
    let texts = names.iter().zip(plain.columns()).map(|(name, column)| match *column.type_() {
        Type::BOOL => format!("{name}::integer::text"),
        _ => format!("{name}::text"),
    });
    let texts: Vec<String> = texts.collect();
    client.prepare(&format!("WITH said ({}) AS ({statement}) SELECT {} FROM said", names.join(", "), texts.join(", ")))
}
