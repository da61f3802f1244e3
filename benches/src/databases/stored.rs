//! SQLite by itself: the rows of a database into another file.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use crate::Problem;

use super::{Load, Store};

/// Files of a folder.
pub struct File {
    folder: TempDir,
    made: usize,
}

impl File {
    /// In a folder that goes with it.
    pub fn new() -> Result<Self, Problem> {
        Ok(Self { folder: tempfile::tempdir()?, made: 0 })
    }
}

/// A statement with its rows.
struct Rows {
    sql: String,
    rows: Vec<Vec<Value>>,
}

impl Store for File {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn fresh(&mut self) -> Result<String, Problem> {
        let path = |number: usize| self.folder.path().join(format!("{number}.db"));
        let _ = std::fs::remove_file(path(self.made));
        self.made += 1;
        Ok(format!("sqlite:{}", path(self.made).display()))
    }

    fn load(&mut self, full: &str, load: Load) -> Result<(Duration, usize), Problem> {
        let from = Connection::open(full.trim_start_matches("sqlite:"))?;
        let path = self.folder.path().join("engine.db");
        let _ = std::fs::remove_file(&path);
        let into = Connection::open(&path)?;
        into.execute_batch("PRAGMA foreign_keys = ON; PRAGMA cache_size = -131072")?;
        let (tables, later) = if load == Load::LookedAfter { schema(&from)? } else { keyed(&from, load)? };
        let rows = load.tables().into_iter().map(|table| rows(&from, table)).collect::<Result<Vec<_>, _>>()?;
        let count = rows.iter().map(|it| it.rows.len()).sum();

        let start = Instant::now();
        into.execute_batch("BEGIN")?;
        into.execute_batch(&tables)?;
        for Rows { sql, rows } in rows {
            let mut statement = into.prepare(&sql)?;
            for row in &rows {
                for (place, value) in (1..).zip(row) {
                    statement.raw_bind_parameter(place, value)?;
                }
                statement.raw_execute()?;
            }
        }
        into.execute_batch(&later)?;
        into.execute_batch("COMMIT")?;
        Ok((start.elapsed(), count))
    }
}

fn rows(from: &Connection, table: &str) -> Result<Rows, Problem> {
    // In the order in which they are kept, which is that of their keys.
    let mut statement = from.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_count();
    let places = vec!["?"; columns].join(", ");
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
    Ok(Rows { sql: format!("INSERT INTO {table} VALUES ({places})"), rows: rows.collect::<Result<_, _>>()? })
}

/// What makes all that there is, and the indexes and triggers, which come later.
fn schema(from: &Connection) -> Result<(String, String), Problem> {
    let text = |condition: &str| -> Result<String, Problem> {
        let sql = format!("SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND {condition} ORDER BY rowid");
        let mut statement = from.prepare(&sql)?;
        let texts = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(texts.join("\n"))
    };
    Ok((text("type = 'table' AND name NOT LIKE 'sqlite_%'")?, text("type <> 'table'")?))
}

/// Tables with their keys and nothing else, and the keys that are kept beside the rows.
fn keyed(from: &Connection, load: Load) -> Result<(String, String), Problem> {
    let (mut tables, mut keys) = (String::new(), String::new());
    for table in load.tables() {
        let mut statement = from.prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid")?;
        let columns = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let columns: Vec<(String, String, i64)> = columns.collect::<Result<_, _>>()?;
        let all: Vec<String> = columns.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
        let mut key: Vec<&(String, String, i64)> = columns.iter().filter(|(.., part)| *part > 0).collect();
        key.sort_by_key(|(.., part)| *part);
        let is_numbered = matches!(&*key, [(_, kind, _)] if kind == "INTEGER");
        let key: Vec<&str> = key.iter().map(|(name, ..)| name.as_str()).collect();
        let end = if is_numbered { "" } else { " WITHOUT ROWID" };
        tables += &format!("CREATE TABLE {table} ({}, PRIMARY KEY ({})){end};\n", all.join(", "), key.join(", "));
        let sql = "SELECT sql || ';' FROM sqlite_schema WHERE tbl_name = ?1 AND sql LIKE 'CREATE UNIQUE INDEX%'";
        let mut statement = from.prepare(sql)?;
        for key in statement.query_map([table], |row| row.get::<_, String>(0))? {
            keys += &key?;
        }
    }
    Ok((tables, keys))
}
