//! The schema on a server: its version, its migrations, and whether it still is what they made. Only the schema that is
//! first on the search path is looked at: behind it may be another company's.

use postgres::types::Type;
use postgres::{Client, Error};

use crate::target::TargetError;
use crate::target::crm::{KNOWN, MARK};
use crate::target::shared::Sharing;

use super::shared::MAKE;

/// The migrations in order; the position in the list is the schema version that each leads to. Versions are numbered
/// alike in all engines, and this one began with the second.
const MIGRATIONS: [&str; 6] = [
    "",
    concat!(
        include_str!("../../../schema/postgres/0002-first.sql"),
        include_str!("../../../schema/postgres/0002-append-only.sql")
    ),
    include_str!("../../../schema/postgres/0003-point-queries.sql"),
    include_str!("../../../schema/postgres/0004-identity.sql"),
    concat!(
        include_str!("../../../schema/postgres/0005-online.sql"),
        include_str!("../../../schema/postgres/0005-online-triggers.sql")
    ),
    include_str!("../../../schema/postgres/0006-sync.sql"),
];

/// The first version that there is on servers.
const FIRST: usize = 2;

/// The newest version.
pub const NEWEST: usize = MIGRATIONS.len();

/// The first version that keeps everything of which the schema consists, and not only what is made of queries.
const WHOLE: usize = 3;

/// The tables and views that are ours, and those of them that are there.
const HERE: &str = "
    WITH schema_names (name) AS (VALUES
      ('rights'), ('modules'), ('module_sets'), ('module_set_modules'), ('attachment_classes'), ('attachment_patterns'),
      ('employees'), ('groups'), ('users'), ('members'), ('access'), ('rules'), ('last_applied'), ('lock'), ('audit'),
      ('identity'), ('schema_version'), ('schema_parts'), ('today'), ('user_group'), ('group_user'), ('effective_right'),
      ('effective_scoped_right'), ('connection'), ('sessions'), ('invitations'), ('logins'), ('online_limits'),
      ('login_state'), ('company'), ('licence'), ('licence_services'), ('online_services'), ('service'),
      ('machines'), ('sync_runs')),
    here AS (
      SELECT pg_class.*, schema_names.name
      FROM schema_names JOIN pg_class ON pg_class.relname = schema_names.name
      JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
      WHERE pg_namespace.nspname = current_schema())";

/// All of which they consist, as the server writes it, without the name of the schema, which may get another one.
const PARTS: &str = "
    found_raw (kind, name, definition) AS (
      SELECT 'view', name, pg_get_viewdef(oid) FROM here WHERE relkind = 'v'
      UNION ALL
      SELECT 'trigger', tgname || ' on ' || name, tgenabled::text || ' ' || pg_get_triggerdef(pg_trigger.oid)
      FROM pg_trigger JOIN here ON here.oid = tgrelid WHERE NOT tgisinternal
      UNION ALL
      SELECT 'rule', rulename || ' on ' || name, pg_get_ruledef(pg_rewrite.oid)
      FROM pg_rewrite JOIN here ON here.oid = ev_class WHERE relkind <> 'v'
      UNION ALL
      SELECT 'index', indexed.relname::text, pg_get_indexdef(indexed.oid)
      FROM pg_index JOIN here ON here.oid = indrelid JOIN pg_class AS indexed ON indexed.oid = indexrelid
      UNION ALL
      SELECT 'table', name, concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity)
      FROM here WHERE relkind <> 'v'
      UNION ALL
      SELECT 'column', attname || ' of ' || name,
             concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
                       pg_get_expr(adbin, adrelid))
      FROM pg_attribute JOIN here ON here.oid = attrelid
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE attnum > 0 AND NOT attisdropped AND relkind <> 'v'
      UNION ALL
      SELECT 'constraint', conname || ' on ' || name, concat_ws(' ', convalidated, pg_get_constraintdef(pg_constraint.oid))
      FROM pg_constraint JOIN here ON here.oid = conrelid WHERE contype <> 't'
      UNION ALL
      SELECT 'function', proname::text, pg_get_functiondef(pg_proc.oid)
      FROM pg_proc
      WHERE pg_proc.oid IN (SELECT tgfoid FROM pg_trigger JOIN here ON here.oid = tgrelid WHERE NOT tgisinternal)),
    found AS (
      SELECT kind, name, replace(definition, quote_ident(current_schema()) || '.', '') AS definition FROM found_raw)";

/// The server's main version, by which it may write the same thing otherwise.
const SERVER: &str = "current_setting('server_version_num')::integer / 10000";

/// What there is of our schema.
pub enum Found {
    /// Nothing.
    Nothing,
    /// Tables that somebody else made.
    Foreign,
    /// A CRM's tables, where none was named.
    Crm,
    /// Ours, of this version as it says itself.
    Version(i64),
}

/// Whether the schema is what was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Likeness {
    /// It is.
    Same,
    /// This is not, or should not be there.
    Altered(String),
    /// The server was upgraded since, and may write the same thing otherwise.
    Unknown,
}

/// Where there are tables by which the database of a CRM is known.
pub struct Crms {
    /// In the schema that is looked at.
    pub is_here: bool,
    /// In the schema that ours have beside those of a CRM.
    pub is_beside: bool,
}

/// Looks for the schema. It is ours if both of the tables are there that say so.
pub fn ours(client: &mut Client) -> Result<(Found, Crms), Error> {
    let sql = format!(
        "{HERE},
         crms AS (
           SELECT relname, nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
           WHERE relname = $1::text OR relname = ANY($2::text[]))
         SELECT count(*), count(*) FILTER (WHERE name IN ('schema_version', 'schema_parts') AND relkind = 'r'),
                EXISTS (SELECT 1 FROM crms WHERE nspname = current_schema()),
                EXISTS (SELECT 1 FROM crms WHERE nspname = 'rightful' AND relname = $1::text)
         FROM here"
    );
    let row = client.query_typed_one(&sql, &[(&MARK, Type::TEXT), (&KNOWN.as_slice(), Type::TEXT_ARRAY)])?;
    let crms = Crms { is_here: row.try_get(2)?, is_beside: row.try_get(3)? };
    let found = match (row.try_get::<_, i64>(0)?, row.try_get::<_, i64>(1)?) {
        (0, _) => Found::Nothing,
        (_, 2) => Found::Version(version(client)?),
        _ => Found::Foreign,
    };
    Ok((found, crms))
}

/// The version of our schema, as it says itself.
pub fn version(client: &mut Client) -> Result<i64, Error> {
    let row = client.query_typed_one("SELECT max(version)::bigint FROM schema_version", &[])?;
    Ok(row.try_get::<_, Option<i64>>(0)?.unwrap_or(0))
}

/// The version, if it is one that this program knows.
pub fn known(version: i64) -> Result<usize, TargetError> {
    match usize::try_from(version) {
        Ok(known @ FIRST..=NEWEST) => Ok(known),
        Ok(0..FIRST) => Err(TargetError::Senseless("no schema version".to_owned())),
        _ => Err(TargetError::NewerSchema { found: version, known: NEWEST as i64 }),
    }
}

/// The indexes and references of a table, as the statements that take each away and bring it back. What makes its key stays.
pub fn burdens(client: &mut Client, table: &str) -> Result<Vec<(String, String)>, Error> {
    let sql = "
        WITH held AS (
          SELECT pg_class.oid, pg_class.relname
          FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
          WHERE nspname = current_schema() AND relname = $1::text)
        SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', relname, conname),
               format('ALTER TABLE %I ADD CONSTRAINT %I %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
        FROM pg_constraint JOIN held ON held.oid = conrelid WHERE contype = 'f'
        UNION ALL
        SELECT format('DROP INDEX %I', indexed.relname), pg_get_indexdef(indexed.oid)
        FROM pg_index JOIN held ON held.oid = indrelid JOIN pg_class AS indexed ON indexed.oid = indexrelid
        WHERE NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexed.oid)";
    let rows = client.query_typed(sql, &[(&table, Type::TEXT)])?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Brings the schema to the newest version, and keeps how the server writes it.
pub fn migrate(client: &mut Client, from: usize, sharing: Option<Sharing>) -> Result<(), Error> {
    let beside = sharing.filter(|_| from == 0);
    if beside.is_some() {
        client.batch_execute(MAKE)?;
    }
    MIGRATIONS[from..].iter().try_for_each(|migration| client.batch_execute(migration))?;
    if let Some(sharing) = beside {
        client.batch_execute(sharing.schema)?;
    }
    client.batch_execute(&format!(
        "DELETE FROM schema_version;
         INSERT INTO schema_version (version) VALUES ({NEWEST})"
    ))?;
    keep(client)
}

fn keep(client: &mut Client) -> Result<(), Error> {
    client.batch_execute(&format!(
        "DELETE FROM schema_parts;
         {HERE}, {PARTS}
         INSERT INTO schema_parts (kind, name, definition, server) SELECT kind, name, definition, {SERVER} FROM found"
    ))
}

/// Compares the schema with what was made: if somebody changed it the CRM would be told something else than what the rows
/// say. An index or a column beside ours is left alone.
pub fn compare(client: &mut Client, version: usize) -> Result<Likeness, Error> {
    // What an older version kept is compared as far as it goes.
    let kept = if version < WHOLE { "IN ('view', 'trigger', 'rule', 'index')" } else { "IS NOT NULL" };
    let sql = format!(
        "{HERE}, {PARTS},
         made AS (SELECT kind, name, replace(definition, quote_ident(current_schema()) || '.', '') AS definition, server
                  FROM schema_parts),
         differs AS (
           SELECT coalesce(found.kind, made.kind) AS kind, coalesce(found.name, made.name) AS name
           FROM found FULL JOIN made ON made.kind = found.kind AND made.name = found.name
           WHERE found.definition IS DISTINCT FROM made.definition
             AND NOT (made.name IS NULL AND found.kind IN ('index', 'column')))
         SELECT EXISTS (SELECT 1 FROM made WHERE server <> {SERVER}),
                (SELECT kind || ' `' || name || '`' FROM differs WHERE kind {kept} ORDER BY kind DESC, name LIMIT 1)"
    );
    let row = client.query_typed_one(&sql, &[])?;
    Ok(match (row.try_get(0)?, row.try_get::<_, Option<String>>(1)?) {
        (true, _) => Likeness::Unknown,
        (false, None) => Likeness::Same,
        (false, Some(what)) => Likeness::Altered(what),
    })
}

/// After the server was upgraded: makes the schema once more, beside, and compares. If it is the same, how the server
/// writes it now is kept. Whoever may not make a schema, or not write down what is kept, finds nothing out.
pub fn compare_anew(client: &mut Client) -> Result<Likeness, Error> {
    client.batch_execute("SAVEPOINT anew")?;
    let beside = made_beside(client);
    client.batch_execute("ROLLBACK TO SAVEPOINT anew")?;
    let Ok(made) = beside else { return Ok(Likeness::Unknown) };
    let found = parts(client)?;
    let strange = |part: &&Part| !made.contains(part) && !matches!(&*part.0, "index" | "column");
    if let Some(part) = made.iter().find(|part| !found.contains(part)).or_else(|| found.iter().find(strange)) {
        return Ok(Likeness::Altered(format!("{} `{}`", part.0, part.1)));
    }
    match keep(client) {
        Ok(()) => {}
        Err(error) if error.as_db_error().is_some() => client.batch_execute("ROLLBACK TO SAVEPOINT anew")?,
        Err(error) => return Err(error),
    }
    Ok(Likeness::Same)
}

/// Kind, name and definition.
type Part = (String, String, String);

fn made_beside(client: &mut Client) -> Result<Vec<Part>, Error> {
    client.batch_execute("CREATE SCHEMA rightful_anew; SET LOCAL search_path = rightful_anew")?;
    MIGRATIONS.iter().try_for_each(|migration| client.batch_execute(migration))?;
    parts(client)
}

fn parts(client: &mut Client) -> Result<Vec<Part>, Error> {
    let rows = client.query(&format!("{HERE}, {PARTS} SELECT kind, name, definition FROM found ORDER BY 1, 2"), &[])?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
