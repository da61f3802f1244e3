//! The rows of roles and accounts in Creme: a role for each set of rights that somebody has, and every account linked to its
//! own. Roles of ours that nobody has any more go; those that somebody else made stay, and give nobody anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;
use crate::plan::Feed;
use crate::target::TargetError;
use crate::target::sql::Sql;

use super::gives::{Deed, Deeds, Given, Gives};
use super::held::{Account, Held, MIGRATED, OURS, Role, set};
use super::wanted::{Person, Wanted};

impl Gives {
    /// Identifies what is given; the same in every installation.
    pub fn digest(&self) -> String {
        let mut feed = Feed::default();
        self.apps.iter().for_each(|app| feed.text(app));
        for (kind, given) in &self.types {
            let flags = [given.create, given.export, given.list].map(u8::from);
            feed.text(&format!("{kind} {} {} {flags:?}", given.own.value(), given.all.value()));
            given.of.iter().for_each(|(owner, deeds)| feed.text(&format!("{owner} {}", deeds.value())));
        }
        feed.finish().to_string()
    }
}

/// What a role of ours is called, and the identity by which it is found again, here and in another installation to which
/// Creme carries it: both by its digest.
fn names(gives: &Gives) -> (String, String) {
    let digest = gives.digest();
    (format!("Rightful {}", &digest[..12]), digest[..32].to_owned())
}

/// Writes what is wanted over what is held.
pub struct Writer<'w, 'h> {
    /// The open transaction.
    pub sql: &'w mut dyn Sql,
    /// What is there.
    pub held: &'h Held,
    /// The moment, as both engines read it.
    pub at: String,
}

impl Writer<'_, '_> {
    /// Writes it.
    pub fn write(mut self, wanted: &Wanted<'_>) -> Result<(), TargetError> {
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        for person in &wanted.people {
            let (name, uuid) = names(&person.gives);
            if !ids.contains_key(&name) {
                let id = self.role(&name, &uuid, &person.gives)?;
                ids.insert(name.clone(), id);
            }
            self.link(person, &ids[&name])?;
        }
        for (account, is_active) in &wanted.superusers {
            self.activate(account, *is_active)?;
        }
        // One that shall have another name, which an account has already.
        for (_, account) in wanted.strangers.iter().filter(|(_, account)| account.is_ruled()) {
            self.activate(account, false)?;
        }
        let used: BTreeSet<&String> = ids.values().collect();
        for (id, role) in self.held.roles.iter().filter(|(id, role)| role.is_ours && !used.contains(id)) {
            self.retire(id, role)?;
        }
        Ok(())
    }

    /// The role that gives this: the one that is there, put right if it gives something else, or a new one.
    fn role(&mut self, name: &str, uuid: &str, gives: &Gives) -> Result<String, TargetError> {
        let there = self.held.roles.iter().find(|(_, role)| role.uuid == uuid);
        // What it is called is for people; somebody may have given the name to another one.
        let is_free = |name: &String| self.held.roles.values().all(|role| role.name != *name || role.uuid == uuid);
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let name = std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default();
        let name = name.as_str();
        let extra = format!("{{\"{MIGRATED}\": true, \"{OURS}\": true}}");
        let apps: Vec<&str> = gives.apps.iter().map(String::as_str).collect();
        let (apps, at) = (apps.join("\n"), self.at.clone());
        let id = match there {
            Some((id, role)) if role.is_ours && role.gives == *gives => return Ok(id.clone()),
            Some((id, _)) => {
                self.sql.execute(
                    "UPDATE creme_core_userrole SET name = $1, raw_allowed_apps = $2, raw_admin_4_apps = '',
                     raw_special_perms = '', deactivated_on = NULL, extra_data = $3, modified = $4 WHERE id = $5",
                    &[owned([name, &apps, &extra, &at, id])],
                )?;
                self.empty(id, uuid)?;
                id.clone()
            }
            None => {
                let mut id = String::new();
                self.sql.rows(
                    "INSERT INTO creme_core_userrole (name, uuid, raw_allowed_apps, raw_admin_4_apps, raw_special_perms,
                     extra_data, created, modified) VALUES ($1, $2, $3, '', '', $4, $5, $6) RETURNING id",
                    &[Some(name), Some(uuid), Some(&apps), Some(&extra), Some(&at), Some(&at)],
                    &mut |row| id = row[0].clone().unwrap_or_default(),
                )?;
                id
            }
        };
        for (kind, given) in &gives.types {
            if let Some(type_id) = self.held.types.get(kind) {
                self.give(&id, uuid, (kind, type_id), given)?;
            }
        }
        Ok(id)
    }

    /// Writes what a role gives of one type.
    fn give(&mut self, role: &str, uuid: &str, of: (&str, &str), given: &Given) -> Result<(), TargetError> {
        let (kind, type_id) = of;
        for (list, has) in [("creatable", given.create), ("exportable", given.export), ("listable", given.list)] {
            if has {
                let sql = format!(
                    "INSERT INTO creme_core_userrole_{list}_ctypes (userrole_id, contenttype_id) VALUES ($1, $2)"
                );
                self.sql.execute(&sql, &[owned([role, type_id])])?;
            }
        }
        let own = given.own.without(given.all);
        for (whose, deeds) in [(set::ALL, given.all), (set::OWN, own)] {
            if !deeds.is_empty() {
                self.credentials(role, type_id, whose, deeds, None)?;
            }
        }
        let mut by_owners: BTreeMap<Vec<&Name>, Deeds> = BTreeMap::new();
        for deed in Deed::ALL {
            let owners: Vec<&Name> =
                given.of.iter().filter(|(_, deeds)| deeds.has(deed)).map(|(owner, _)| owner).collect();
            if !owners.is_empty() {
                by_owners.entry(owners).or_default().and(deed.into());
            }
        }
        for (number, (owners, deeds)) in (1..).zip(by_owners) {
            let filter = format!("rightful-{uuid}-{kind}-{number}");
            self.filter(&filter, type_id, &owners)?;
            self.credentials(role, type_id, set::FILTER, deeds, Some(&filter))?;
        }
        Ok(())
    }

    fn credentials(
        &mut self,
        role: &str,
        type_id: &str,
        whose: &str,
        deeds: Deeds,
        filter: Option<&str>,
    ) -> Result<(), TargetError> {
        let value = deeds.value().to_string();
        let mut row = owned([role, type_id, value.as_str(), whose]);
        row.push(filter.map(str::to_owned));
        self.sql.execute(
            "INSERT INTO creme_core_setcredentials (role_id, ctype_id, value, set_type, forbidden, efilter_id)
             VALUES ($1, $2, $3, $4, '0', $5)",
            &[row],
        )
    }

    /// A filter that lets the records of these owners through.
    fn filter(&mut self, id: &str, type_id: &str, owners: &[&Name]) -> Result<(), TargetError> {
        let at = self.at.clone();
        let mut is_there = false;
        self.sql.rows("SELECT 1 FROM creme_core_entityfilter WHERE id = $1", &[Some(id)], &mut |_| is_there = true)?;
        self.sql.execute("DELETE FROM creme_core_entityfiltercondition WHERE filter_id = $1", &[owned([id])])?;
        let row = owned([id, id, type_id, &at, &at]);
        self.sql.execute(
            "INSERT INTO creme_core_entityfilter (id, name, filter_type, is_custom, is_private, use_or, entity_type_id,
             extra_data, created, modified) VALUES ($1, $2, 'creme_core-credentials', '0', '0', '0', $3, '{}', $4, $5)",
            if is_there { &[] } else { std::slice::from_ref(&row) },
        )?;
        let numbers = owners.iter().filter_map(|owner| self.held.accounts.get(*owner)).map(|owner| owner.id.as_str());
        let values: Vec<String> = numbers.map(|id| format!("\"{id}\"")).collect();
        let value = format!("{{\"operator\": 1, \"values\": [{}]}}", values.join(", "));
        self.sql.execute(
            "INSERT INTO creme_core_entityfiltercondition (type, name, value, filter_id) VALUES ('5', 'user', $1, $2)",
            &[owned([value.as_str(), id])],
        )
    }

    /// Takes out of a role what it gives, and the filters of ours with it.
    fn empty(&mut self, role: &str, uuid: &str) -> Result<(), TargetError> {
        for table in
            ["setcredentials", "userrole_creatable_ctypes", "userrole_exportable_ctypes", "userrole_listable_ctypes"]
        {
            let column = if table == "setcredentials" { "role_id" } else { "userrole_id" };
            self.sql.execute(&format!("DELETE FROM creme_core_{table} WHERE {column} = $1"), &[owned([role])])?;
        }
        // A filter of ours that somebody put to another use stays with what it has.
        let ours = [owned([format!("rightful-{uuid}-%").as_str()])];
        let unused = "NOT EXISTS (SELECT 1 FROM creme_core_setcredentials AS used WHERE used.efilter_id = ";
        self.sql.execute(
            &format!("DELETE FROM creme_core_entityfiltercondition WHERE filter_id LIKE $1 AND {unused} filter_id)"),
            &ours,
        )?;
        self.sql.execute(
            &format!("DELETE FROM creme_core_entityfilter WHERE id LIKE $1 AND {unused} creme_core_entityfilter.id)"),
            &ours,
        )
    }

    /// Links an account to its role and to no other one.
    fn link(&mut self, person: &Person<'_>, role: &str) -> Result<(), TargetError> {
        let account = person.account;
        if account.is_above() {
            let demote = "UPDATE creme_core_cremeuser SET is_superuser = '0', is_staff = '0' WHERE id = $1";
            self.sql.execute(demote, &[owned([account.id.as_str()])])?;
        }
        if account.is_team {
            let person = "UPDATE creme_core_cremeuser SET is_team = '0' WHERE id = $1";
            self.sql.execute(person, &[owned([account.id.as_str()])])?;
        }
        self.activate(account, person.is_active)?;
        if account.role.as_deref() != Some(role) {
            let change = "UPDATE creme_core_cremeuser SET role_id = $1 WHERE id = $2";
            self.sql.execute(change, &[owned([role, account.id.as_str()])])?;
        }
        if account.roles.iter().ne([role]) {
            let id = account.id.as_str();
            self.sql.execute("DELETE FROM creme_core_cremeuser_roles WHERE cremeuser_id = $1", &[owned([id])])?;
            let insert = "INSERT INTO creme_core_cremeuser_roles (cremeuser_id, userrole_id) VALUES ($1, $2)";
            self.sql.execute(insert, &[owned([id, role])])?;
        }
        Ok(())
    }

    /// Puts an account to use or out of it; Creme shows since when.
    fn activate(&mut self, account: &Account, is_active: bool) -> Result<(), TargetError> {
        if account.is_active == is_active {
            return Ok(());
        }
        let since = (!is_active).then(|| self.at.clone());
        let flag = Some(u8::from(is_active).to_string());
        let change = "UPDATE creme_core_cremeuser SET is_active = $1, deactivated_on = $2 WHERE id = $3";
        self.sql.execute(change, &[vec![flag, since, Some(account.id.clone())]])
    }

    /// A role of ours that nobody has goes; one that settings of Creme refer to stays, and gives nothing.
    fn retire(&mut self, id: &str, role: &Role) -> Result<(), TargetError> {
        self.empty(id, &role.uuid)?;
        if self.is_referred_to(id)? {
            if role.gives != Gives::default() {
                let emptied = "UPDATE creme_core_userrole SET raw_allowed_apps = '', raw_admin_4_apps = '',
                               raw_special_perms = '', modified = $1 WHERE id = $2";
                let at = self.at.clone();
                self.sql.execute(emptied, &[owned([at.as_str(), id])])?;
            }
            return Ok(());
        }
        self.sql.execute("DELETE FROM creme_core_cremeuser_roles WHERE userrole_id = $1", &[owned([id])])?;
        self.sql.execute("DELETE FROM creme_core_userrole WHERE id = $1", &[owned([id])])
    }

    /// Whether accounts, settings of Creme or tables of others refer to a role, beside the lists that belong to it.
    fn is_referred_to(&mut self, role: &str) -> Result<bool, TargetError> {
        let mut found = false;
        for (table, column) in self.sql.referring("creme_core_userrole")? {
            if !OWN.contains(&table.as_str()) {
                let query = format!("SELECT 1 FROM {table} WHERE {column} = $1");
                self.sql.rows(&query, &[Some(role)], &mut |_| found = true)?;
            }
        }
        Ok(found)
    }
}

/// The tables whose rows belong to a role, and go with it.
const OWN: [&str; 5] = [
    "creme_core_cremeuser_roles",
    "creme_core_setcredentials",
    "creme_core_userrole_creatable_ctypes",
    "creme_core_userrole_exportable_ctypes",
    "creme_core_userrole_listable_ctypes",
];

/// Values of a statement, none of them NULL.
pub fn owned<const N: usize>(values: [&str; N]) -> Vec<Option<String>> {
    values.into_iter().map(|value| Some(value.to_owned())).collect()
}
