//! Filters that credentials go by: the records of certain owners, of all, or something that no policy can say.

use std::collections::BTreeMap;

use crate::name::Name;
use crate::target::TargetError;
use crate::target::sql::Sql;

use super::held::{Account, text};

/// Which records a filter lets through.
pub enum Filter {
    /// Those of these owners.
    Owners(Vec<Name>),
    /// All of them, for Creme takes an empty list of owners so.
    All,
    /// Something else; its name.
    Otherwise(String),
}

/// A condition on a field, and the operator that it equals one of some values.
const ON_FIELD: &str = "5";
const EQUALS: i64 = 1;

/// Reads those that credentials use, by their id.
pub fn filters(sql: &mut dyn Sql, accounts: &BTreeMap<Name, Account>) -> Result<BTreeMap<String, Filter>, TargetError> {
    let logins: BTreeMap<&str, &Name> = accounts.iter().map(|(login, account)| (account.id.as_str(), login)).collect();
    let mut filters: BTreeMap<String, Filter> = BTreeMap::new();
    let query = "SELECT creme_core_entityfilter.id, creme_core_entityfilter.name, type, creme_core_entityfiltercondition.name, value
                 FROM creme_core_entityfilter
                 LEFT JOIN creme_core_entityfiltercondition ON filter_id = creme_core_entityfilter.id
                 WHERE creme_core_entityfilter.id IN (SELECT efilter_id FROM creme_core_setcredentials)";
    sql.rows(query, &[], &mut |row| {
        let (id, name) = (text(&row[0]), text(&row[1]));
        let is_on_owner = row[2].as_deref() == Some(ON_FIELD) && row[3].as_deref() == Some("user");
        let owners = is_on_owner.then(|| owners(&text(&row[4]), &logins)).flatten();
        let filter = match owners {
            // Several conditions belong to one filter.
            _ if filters.contains_key(&id) => Filter::Otherwise(name),
            None => Filter::Otherwise(name),
            Some(owners) if owners.is_empty() => Filter::All,
            Some(owners) => Filter::Owners(owners),
        };
        filters.insert(id, filter);
    })?;
    Ok(filters)
}

/// The owners that a condition names; `None` if it says something else.
fn owners(value: &str, logins: &BTreeMap<&str, &Name>) -> Option<Vec<Name>> {
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    if value.get("operator")?.as_i64()? != EQUALS {
        return None;
    }
    let owner = |id: &serde_json::Value| {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        logins.get(id.as_str()).map(|login| (*login).clone())
    };
    value.get("values")?.as_array()?.iter().map(owner).collect()
}
