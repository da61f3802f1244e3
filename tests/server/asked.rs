//! A database that can be asked in SQL, whatever its engine.

use std::cell::RefCell;

use postgres::{Client, Error, NoTls, SimpleQueryMessage};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// What a database answers: each value as text, flags as 0 and 1.
pub type Rows = Vec<Vec<Option<String>>>;

/// A database that can be asked, whatever its engine.
pub trait Asked {
    fn ask(&self, sql: &str) -> Result<Rows, String>;
    fn run(&self, sql: &str) -> Result<(), String>;
}

impl Asked for Connection {
    fn ask(&self, sql: &str) -> Result<Rows, String> {
        let mut statement = self.prepare(sql).map_err(|error| error.to_string())?;
        let columns = statement.column_count();
        let text = |value: ValueRef<'_>| match value {
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        };
        let rows = statement.query_map([], |row| (0..columns).map(|column| Ok(text(row.get_ref(column)?))).collect());
        rows.unwrap().map(|row| row.map_err(|error| error.to_string())).collect()
    }

    fn run(&self, sql: &str) -> Result<(), String> {
        self.execute_batch(sql).map_err(|error| error.to_string())
    }
}

/// A database on a server, with what must not go before it; flags are said as SQLite says them.
pub struct OnServer<Kept> {
    client: RefCell<Client>,
    _kept: Kept,
}

impl<Kept> OnServer<Kept> {
    /// The database of a URL.
    pub fn at(url: &str, kept: Kept) -> Self {
        Self { client: RefCell::new(Client::connect(url, NoTls).unwrap()), _kept: kept }
    }
}

impl<Kept> Asked for OnServer<Kept> {
    fn ask(&self, sql: &str) -> Result<Rows, String> {
        let messages = self.client.borrow_mut().simple_query(sql).map_err(|error| said(&error))?;
        let mut rows = Rows::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                let flag = |text: &str| match text {
                    "t" => "1".to_owned(),
                    "f" => "0".to_owned(),
                    other => other.to_owned(),
                };
                rows.push((0..row.len()).map(|column| row.get(column).map(flag)).collect());
            }
        }
        Ok(rows)
    }

    fn run(&self, sql: &str) -> Result<(), String> {
        self.client.borrow_mut().batch_execute(sql).map_err(|error| said(&error))
    }
}

fn said(error: &Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}
