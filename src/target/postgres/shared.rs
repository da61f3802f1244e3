//! A server's database that a CRM shares with us: our tables are in a schema of their own, before the CRM's on the
//! search path.

use postgres::{Client, Error};

use crate::target::TargetError;
use crate::target::shared::{Host, Sharing};

use super::Postgres;
use super::schema::{self, Crms, Found};

/// Makes the schema of our tables. Whoever may not make one can have it made before.
pub(super) const MAKE: &str = "
    DO $$ BEGIN
      IF to_regnamespace('rightful') IS NULL THEN CREATE SCHEMA rightful; END IF;
    END $$";

/// The CRM's schema: the first of the search path that is not ours.
pub(super) const CRM_SCHEMA: &str = "
    (SELECT name FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, place)
     WHERE name <> 'rightful' ORDER BY place LIMIT 1)";

impl Host for Postgres {
    fn shared(mut self, sharing: Sharing) -> Self {
        self.sharing = Some(sharing);
        self
    }

    fn called(&self) -> String {
        self.name().to_owned()
    }
}

/// What there is in the database of a CRM.
pub(super) enum Beside {
    /// No table that the CRM must have.
    NoCrm,
    /// A schema for our tables that this role may not use.
    Closed,
    /// This of our own tables.
    Found(Found),
}

/// Looks for our tables beside those of a CRM, and in no other schema than the one that is for them.
pub(super) fn find(client: &mut Client, sharing: Sharing) -> Result<Beside, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = $1::text AND pg_table_is_visible(oid)),
                      to_regnamespace('rightful') IS NOT NULL,
                      coalesce(current_schema() = 'rightful', false)";
    let row = client.query_one(sql, &[&sharing.table])?;
    Ok(match (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?) {
        (false, _, _) => Beside::NoCrm,
        (true, false, _) => Beside::Found(Found::Nothing),
        (true, true, false) => Beside::Closed,
        (true, true, true) => Beside::Found(match schema::ours(client)? {
            // Somebody keeps a database of our own in a schema of this name.
            (Found::Version(_), Crms { is_here: false, .. }) => Found::Foreign,
            (found, _) => found,
        }),
    })
}

/// Looks for tables of our own alone, where somebody named no CRM.
pub(super) fn find_alone(client: &mut Client) -> Result<Found, Error> {
    Ok(match schema::ours(client)? {
        (_, Crms { is_here: true, .. }) | (Found::Nothing, Crms { is_beside: true, .. }) => Found::Crm,
        (found, _) => found,
    })
}

impl Postgres {
    /// What there is of our tables.
    pub(super) fn found(&mut self) -> Result<Found, TargetError> {
        let Some(sharing) = self.sharing else { return self.with(find_alone) };
        let database = self.name().to_owned();
        match self.with(|client| find(client, sharing))? {
            Beside::Found(found) => Ok(found),
            Beside::NoCrm => Err(TargetError::NotTheCrm { database, table: sharing.table }),
            Beside::Closed => Err(TargetError::Denied { database, what: "use of the schema `rightful`".to_owned() }),
        }
    }
}
