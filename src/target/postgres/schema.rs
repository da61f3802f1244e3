//! The schema on a server: its version, its migrations, and whether it still is what they made.

use postgres::{Client, Error};

use crate::target::TargetError;

/// The migrations in order; the position in the list is the schema version that each leads to. Versions are numbered
/// alike in all engines, and this one began with the second.
const MIGRATIONS: [&str; 2] = [
    "",
    concat!(
        include_str!("../../../schema/postgres/0002-first.sql"),
        include_str!("../../../schema/postgres/0002-append-only.sql")
    ),
];

/// The newest version.
pub const NEWEST: usize = MIGRATIONS.len();

/// The tables and views that are ours.
const NAMES: &str = "
    WITH schema_names (name) AS (VALUES
      ('rights'), ('modules'), ('module_sets'), ('module_set_modules'), ('attachment_classes'), ('attachment_patterns'),
      ('employees'), ('groups'), ('users'), ('members'), ('access'), ('rules'), ('last_applied'), ('lock'), ('audit'),
      ('schema_version'), ('today'), ('user_group'), ('group_user'), ('effective_right'), ('effective_scoped_right'))";

/// Views, triggers, rewriting rules and indexes of our tables, as the server writes them.
const PARTS: &str = "
    SELECT 'view' AS kind, pg_class.relname::text AS name, pg_get_viewdef(pg_class.oid) AS definition
    FROM pg_class JOIN schema_names ON schema_names.name = pg_class.relname
    WHERE pg_class.relkind = 'v' AND pg_table_is_visible(pg_class.oid)
    UNION ALL
    SELECT 'trigger', pg_trigger.tgname || ' on ' || pg_class.relname,
           pg_trigger.tgenabled::text || ' ' || pg_get_triggerdef(pg_trigger.oid)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid
    JOIN schema_names ON schema_names.name = pg_class.relname
    WHERE NOT pg_trigger.tgisinternal AND pg_table_is_visible(pg_class.oid)
    UNION ALL
    SELECT 'rule', pg_rewrite.rulename || ' on ' || pg_class.relname, pg_get_ruledef(pg_rewrite.oid)
    FROM pg_rewrite JOIN pg_class ON pg_class.oid = pg_rewrite.ev_class
    JOIN schema_names ON schema_names.name = pg_class.relname
    WHERE pg_class.relkind <> 'v' AND pg_table_is_visible(pg_class.oid)
    UNION ALL
    SELECT 'index', indexed.relname::text, pg_get_indexdef(indexed.oid)
    FROM pg_index JOIN pg_class ON pg_class.oid = pg_index.indrelid
    JOIN pg_class AS indexed ON indexed.oid = pg_index.indexrelid
    JOIN schema_names ON schema_names.name = pg_class.relname
    WHERE pg_table_is_visible(pg_class.oid)";

/// The server's main version, by which it may write the same thing otherwise.
const SERVER: &str = "current_setting('server_version_num')::integer / 10000";

/// What there is of our schema.
pub enum Found {
    /// Nothing.
    Nothing,
    /// Tables that somebody else made.
    Foreign,
    /// Ours, of this version as it says itself.
    Version(i64),
}

/// Looks for the schema.
pub fn find(client: &mut Client) -> Result<Found, Error> {
    let exists = "SELECT to_regclass('schema_version') IS NOT NULL, to_regclass('users') IS NOT NULL";
    let row = client.query_one(exists, &[])?;
    match (row.get(0), row.get(1)) {
        (false, false) => Ok(Found::Nothing),
        (false, true) => Ok(Found::Foreign),
        (true, _) => {
            let version = client.query_opt("SELECT max(version)::bigint FROM schema_version", &[])?;
            Ok(Found::Version(version.and_then(|row| row.get(0)).unwrap_or(0)))
        }
    }
}

/// The version, if it is one that this program knows.
pub fn known(version: i64) -> Result<usize, TargetError> {
    match usize::try_from(version) {
        Ok(known) if known == NEWEST => Ok(known),
        Ok(0..NEWEST) => Err(TargetError::Senseless("no schema version".to_owned())),
        _ => Err(TargetError::NewerSchema { found: version, known: NEWEST as i64 }),
    }
}

/// Brings the schema to the newest version, and keeps how the server writes it.
pub fn migrate(client: &mut Client, from: usize) -> Result<(), Error> {
    MIGRATIONS[from..].iter().try_for_each(|migration| client.batch_execute(migration))?;
    client.batch_execute(&format!(
        "DELETE FROM schema_version;
         INSERT INTO schema_version (version) VALUES ({NEWEST});
         DELETE FROM schema_parts;
         {NAMES}
         INSERT INTO schema_parts (kind, name, definition, server)
         SELECT kind, name, definition, {SERVER} FROM ({PARTS}) AS parts"
    ))
}

/// The first view, index, trigger or rule that is not the one that was made: the CRM would be told something else than
/// what the rows say. An index beside ours is left alone. After the server was upgraded nothing can be compared.
pub fn altered(client: &mut Client) -> Result<Option<String>, Error> {
    let sql = format!(
        "{NAMES}
         SELECT coalesce(found.kind, made.kind) || ' `' || coalesce(found.name, made.name) || '`'
         FROM ({PARTS}) AS found FULL JOIN schema_parts AS made ON made.kind = found.kind AND made.name = found.name
         WHERE found.definition IS DISTINCT FROM made.definition
           AND NOT (made.name IS NULL AND found.kind = 'index')
           AND NOT EXISTS (SELECT 1 FROM schema_parts WHERE server <> {SERVER})
         ORDER BY 1 LIMIT 1"
    );
    Ok(client.query_opt(&sql, &[])?.map(|row| row.get(0)))
}
