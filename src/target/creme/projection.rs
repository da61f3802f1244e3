//! What our tables say is written into Creme's: accounts get their new names, what is wanted is worked out for the day of the
//! run and written, and what was written is remembered, so that the next reading tells a day that passed from drift.

use std::collections::BTreeSet;

use crate::date::{Date, parse_date};
use crate::name::Name;
use crate::state::State;
use crate::target::crm::Renames;
use crate::target::sql::Sql;
use crate::target::{Run, TargetError};

use super::mapping::Mapping;
use super::stands;
use super::wanted::Wanted;
use super::writing::{Writer, owned};

/// What was written last: the day whose rights there are, and the accounts that were there.
#[derive(Debug, Default)]
pub struct Last {
    /// The day; `None` before the first time.
    pub day: Option<Date>,
    /// The logins of people whom our tables name.
    pub accounts: BTreeSet<Name>,
    /// Those of others who may everything.
    pub superusers: BTreeSet<Name>,
}

impl Last {
    /// Reads it; there is none in a database without our tables.
    pub fn read(sql: &mut dyn Sql, version: usize) -> Result<Self, TargetError> {
        let mut last = Self::default();
        if version == 0 {
            return Ok(last);
        }
        let mut day = String::new();
        sql.rows("SELECT day FROM crm_projection", &[], &mut |row| day = row[0].clone().unwrap_or_default())?;
        last.day = parse_date(&day);
        for (table, logins) in [("accounts", &mut last.accounts), ("superusers", &mut last.superusers)] {
            let query = format!("SELECT login FROM crm_{table}");
            sql.rows(&query, &[], &mut |row| logins.extend(row[0].as_deref().map(Name::foreign)))?;
        }
        Ok(last)
    }
}

/// Writes what our tables say from now on, with the rights of the day of the run.
pub fn project(sql: &mut dyn Sql, after: &State, renames: &Renames, run: &Run) -> Result<(), TargetError> {
    for (from, to) in renames {
        rename(sql, from, to)?;
    }
    let (mapping, held) = stands(sql)?;
    let day = run.applied_at.get(..10).and_then(parse_date);
    let day = day.ok_or_else(|| TargetError::Senseless(format!("no day in `{}`", run.applied_at)))?;
    let wanted = Wanted::of(after, &held, &mapping, day);
    wanted.leave_a_superuser(&Last::read(sql, 1)?)?;
    let writer =
        Writer { sql, held: &held, at: format!("{} {}+00:00", day, run.applied_at.get(11..19).unwrap_or("00:00:00")) };
    writer.write(&wanted)?;
    remember(sql, &mapping, day, &wanted)
}

/// How many characters Creme has for a login.
const LOGIN: usize = 30;

/// The account gets the other name in Creme too, unless it has been given it there.
fn rename(sql: &mut dyn Sql, from: &Name, to: &Name) -> Result<(), TargetError> {
    if to.as_str().chars().count() > LOGIN {
        let what = format!("`{to}` is longer than the {LOGIN} characters of a login");
        return Err(TargetError::Unable { database: "CremeCRM".to_owned(), what });
    }
    let both = || vec![Some(to.to_string()), Some(from.to_string()), Some(to.to_string())];
    sql.execute(
        "UPDATE creme_core_cremeuser SET username = $1
         WHERE username = $2 AND NOT EXISTS (SELECT 1 FROM creme_core_cremeuser AS other WHERE other.username = $3)",
        &[both()],
    )
}

fn remember(sql: &mut dyn Sql, mapping: &Mapping, day: Date, wanted: &Wanted<'_>) -> Result<(), TargetError> {
    sql.execute("DELETE FROM crm_projection", &[vec![]])?;
    let day = day.to_string();
    sql.execute(
        "INSERT INTO crm_projection (id, crm, day) VALUES ('1', $1, $2)",
        &[owned([mapping.crm.as_str(), &day])],
    )?;
    let superusers = wanted.strangers.iter().filter(|(_, account)| account.is_active && account.is_above());
    let superusers: Vec<&Name> = superusers.map(|(login, _)| *login).collect();
    for (table, logins) in [("accounts", wanted.accounts.iter().collect()), ("superusers", superusers)] {
        sql.execute(&format!("DELETE FROM crm_{table}"), &[vec![]])?;
        let logins: Vec<Vec<Option<String>>> = logins.iter().map(|login| vec![Some(login.to_string())]).collect();
        sql.execute(&format!("INSERT INTO crm_{table} (login) VALUES ($1)"), &logins)?;
    }
    Ok(())
}
