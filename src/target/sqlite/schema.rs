//! The schema in SQLite: what makes it, version by version, and what it consists of then.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rusqlite::Connection;

/// The migrations in order; the position in the list is the schema version that each leads to.
pub(super) const MIGRATIONS: [&str; 6] = [
    include_str!("../../../schema/sqlite/0001-first.sql"),
    include_str!("../../../schema/sqlite/0002-audit-and-views.sql"),
    include_str!("../../../schema/sqlite/0003-point-queries.sql"),
    include_str!("../../../schema/sqlite/0004-identity.sql"),
    include_str!("../../../schema/sqlite/0005-online.sql"),
    include_str!("../../../schema/sqlite/0006-sync.sql"),
];

/// Kind, name and text of everything that makes up a schema, and the table it belongs to.
pub(super) type Schema = BTreeMap<(String, String), (String, String)>;

/// What makes up the schema of a database.
pub(super) fn schema(connection: &Connection) -> rusqlite::Result<Schema> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))))?;
    rows.collect()
}

/// What the migrations up to each version make, worked out once.
pub(super) fn made_by_migrations(version: usize) -> rusqlite::Result<&'static Schema> {
    static MADE: [OnceLock<Schema>; MIGRATIONS.len()] = [const { OnceLock::new() }; MIGRATIONS.len()];
    if let Some(made) = MADE[version - 1].get() {
        return Ok(made);
    }
    let fresh = Connection::open_in_memory()?;
    for migration in &MIGRATIONS[..version] {
        fresh.execute_batch(migration)?;
    }
    let made = schema(&fresh)?;
    Ok(MADE[version - 1].get_or_init(|| made))
}

/// The indexes of a table of the newest version, but for those of its key: their names, and what makes them.
pub(super) fn indexes(table: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let made = made_by_migrations(MIGRATIONS.len())?.iter();
    let of_table = made.filter(|((kind, _), (of, _))| kind == "index" && of == table);
    Ok(of_table.map(|((_, name), (_, sql))| (name.clone(), sql.clone())).collect())
}
