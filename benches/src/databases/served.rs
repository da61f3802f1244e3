//! PostgreSQL by itself: the rows of a database into other tables of the same server.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use crate::Problem;
use crate::server::{Database, Server};

use super::{Load, Store};

/// Databases of a server.
pub struct Served<'s> {
    server: &'s Server,
    last: Option<Database>,
}

impl<'s> Served<'s> {
    /// Those of this server.
    pub fn new(server: &'s Server) -> Self {
        Self { server, last: None }
    }
}

/// What makes a table, its lines, and what comes when they are there.
struct Filled {
    table: &'static str,
    lines: Vec<u8>,
    later: Vec<String>,
}

impl Store for Served<'_> {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn fresh(&mut self) -> Result<String, Problem> {
        if let Some(last) = &self.last {
            let name = last.url().rsplit('/').next().unwrap_or_default();
            self.server.sql("postgres", &format!("DROP DATABASE \"{name}\""));
        }
        let database = self.server.fresh_database();
        let url = database.url().to_owned();
        self.last = Some(database);
        Ok(url)
    }

    fn load(&mut self, full: &str, load: Load) -> Result<(Duration, usize), Problem> {
        let mut client = Client::connect(full, NoTls)?;
        let mut tables = Vec::new();
        for table in load.tables() {
            let mut lines = Vec::new();
            client.copy_out(&format!("COPY {table} TO STDOUT"))?.read_to_end(&mut lines)?;
            tables.push(Filled { table, lines, later: later(&mut client, table, load)? });
        }
        let rows = tables.iter().map(|it| it.lines.iter().filter(|byte| **byte == b'\n').count()).sum();
        let including = if load == Load::LookedAfter { "INCLUDING CONSTRAINTS INCLUDING DEFAULTS" } else { "" };

        let start = Instant::now();
        let mut transaction = client.transaction()?;
        transaction.batch_execute("CREATE SCHEMA engine; SET LOCAL search_path = engine")?;
        for Filled { table, .. } in &tables {
            transaction.batch_execute(&format!("CREATE TABLE {table} (LIKE public.{table} {including})"))?;
        }
        for Filled { table, lines, .. } in &tables {
            let mut sink = transaction.copy_in(&format!("COPY {table} FROM STDIN"))?;
            // In portions, so that the server reads while the next one is sent.
            lines.chunks(1 << 18).try_for_each(|portion| sink.write_all(portion))?;
            sink.finish()?;
        }
        let (references, keys): (Vec<&String>, Vec<&String>) =
            tables.iter().flat_map(|it| &it.later).partition(|sql| sql.contains("FOREIGN KEY"));
        keys.into_iter().chain(references).try_for_each(|sql| transaction.batch_execute(sql))?;
        transaction.commit()?;
        let took = start.elapsed();
        client.batch_execute("DROP SCHEMA engine CASCADE; CHECKPOINT")?;
        Ok((took, rows))
    }
}

/// What makes the keys of a table, and all else that it has if that is wanted.
fn later(client: &mut Client, table: &str, load: Load) -> Result<Vec<String>, Problem> {
    let kinds = if load == Load::LookedAfter { "'p', 'u', 'f'" } else { "'p', 'u'" };
    let unique = if load == Load::LookedAfter { "" } else { "AND indisunique" };
    let sql = format!(
        "SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', $1::text, conname, pg_get_constraintdef(oid))
         FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ({kinds})
         UNION ALL
         SELECT replace(pg_get_indexdef(indexrelid), ' public.', ' ') FROM pg_index
         WHERE indrelid = $1::text::regclass {unique}
           AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))"
    );
    let rows = client.query(&sql, &[&table])?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}
