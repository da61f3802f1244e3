//! CremeCRM: its own server lets people in or keeps them out by what a policy says.
//!
//! Creme knows roles and no denies that a user's own setting beats, so what is carried over is what people may in the end:
//! one role for each set of rights that somebody has. What of a policy has a place in Creme, and where, is data
//! (`schema/creme.yaml`). Facts about Creme: its version 2.8.6, tried on both engines.

mod filter;
mod gives;
mod held;
mod inverse;
mod limits;
mod mapping;
mod may;
mod projection;
mod wanted;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Date;
use crate::model::{Employee, Policy};
use crate::name::Name;
use crate::plan::Reading;
use crate::state::State;

use super::crm::{Crm, Renames};
use super::limits::Limits;
use super::sql::Sql;
use super::{Run, TargetError};

use held::Held;
use mapping::{Mapping, mapping};
use projection::Last;

/// CremeCRM 2.8.
#[derive(Debug, Default)]
pub struct Creme {
    /// What stood there when it was read last.
    seen: Option<Seen>,
}

/// What was seen of an installation.
#[derive(Debug)]
struct Seen {
    /// The mapping as far as it has the apps.
    mapping: Mapping,
    held: Held,
    /// The accounts that were there when it was written last.
    linked: BTreeSet<Name>,
}

impl Creme {
    /// One of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Crm for Creme {
    fn schema(&self) -> &'static str {
        include_str!("../../schema/creme.sql")
    }

    fn table(&self) -> &'static str {
        "creme_core_userrole"
    }

    fn correct(&mut self, sql: &mut dyn Sql, reading: &mut Reading, version: usize) -> Result<(), TargetError> {
        let (mapping, held) = stands(sql)?;
        let last = Last::read(sql, version)?;
        match last.day {
            None => {
                let employees = employees(sql, &held)?;
                let said = inverse::everything(&held, &mapping, employees);
                (reading.actual, reading.beside) = (said.actual, said.beside);
            }
            Some(day) => {
                inverse::correct(reading, &held, &mapping, day, &last);
                reading.projected = Some(day);
            }
        }
        self.seen = Some(Seen { mapping, held, linked: last.accounts });
        Ok(())
    }

    fn limits(&self, policy: &Policy, on: Date) -> Option<Limits> {
        Some(limits::limits(policy, on, self.seen.as_ref()?))
    }

    fn project(&mut self, sql: &mut dyn Sql, after: &State, renames: &Renames, run: &Run) -> Result<(), TargetError> {
        projection::project(sql, after, renames, run)
    }
}

/// The version of Creme that this program knows: newer ones may decide by something else.
const VERSION: (u32, u32) = (2, 8);

/// Refuses another version than the one that is known, by the migrations that Creme remembers.
fn is_known(sql: &mut dyn Sql) -> Result<(), TargetError> {
    let mut newest = (0, 0);
    sql.rows("SELECT name FROM django_migrations WHERE app = 'creme_core'", &[], &mut |row| {
        newest = newest.max(row[0].as_deref().and_then(version).unwrap_or_default());
    })?;
    if newest == VERSION {
        return Ok(());
    }
    let (major, minor) = newest;
    let what = format!("it is of version {major}.{minor}, and this program knows {}.{}", VERSION.0, VERSION.1);
    Err(TargetError::OtherCrm { database: "CremeCRM".to_owned(), what })
}

/// The version in the name of a migration: `0186_v2_8__set_version`.
fn version(migration: &str) -> Option<(u32, u32)> {
    let (_, rest) = migration.split_once("_v")?;
    let mut numbers = rest.split('_').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What stands in Creme's tables, and the mapping as far as it has the apps.
fn stands(sql: &mut dyn Sql) -> Result<(Mapping, Held), TargetError> {
    is_known(sql)?;
    let types = held::types(sql)?;
    let mapping = mapping().installed(&types);
    let held = Held::read(sql, types, &mapping)?;
    Ok((mapping, held))
}

/// The contacts that are people with an account, by login.
fn employees(sql: &mut dyn Sql, held: &Held) -> Result<BTreeMap<Name, (Name, Employee)>, TargetError> {
    let logins: BTreeMap<&str, &Name> = held.people().map(|(login, account)| (account.id.as_str(), login)).collect();
    let mut employees = BTreeMap::new();
    let mut names = inverse::Names::default();
    let query = "SELECT is_user_id, first_name, last_name, email, phone FROM persons_contact
                 WHERE is_user_id IS NOT NULL ORDER BY is_user_id, cremeentity_ptr_id";
    sql.rows(query, &[], &mut |row| {
        let text = |cell: &Option<String>| cell.clone().filter(|text| !text.is_empty());
        let Some(login) = row[0].as_deref().and_then(|id| logins.get(id)) else { return };
        if employees.contains_key(*login) {
            return;
        }
        let name = [text(&row[1]), text(&row[2])].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let employee = Employee {
            name: (!name.is_empty()).then(|| name.as_str().into()),
            email: text(&row[3]).map(Into::into),
            phone: text(&row[4]).map(Into::into),
            ..Employee::default()
        };
        let called = if name.is_empty() { login.as_str() } else { &name };
        employees.insert((*login).clone(), (names.free(called), employee));
    })?;
    Ok(employees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_tells_its_version() {
        assert_eq!(version("0186_v2_8__set_version"), Some((2, 8)));
        assert_eq!(version("0200_v3_0__more"), Some((3, 0)));
        assert_eq!(version("0001_initial"), None);
    }
}
