//! What our tables say is written into Creme's: a role for each set of rights that somebody has, and every account linked to
//! its own. Roles of ours that nobody has any more go; those that somebody else made stay, and give nobody anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::{Date, parse_date};
use crate::name::Name;
use crate::plan::Feed;
use crate::state::{Fact, Key, State};
use crate::target::crm::Renames;
use crate::target::sql::Sql;
use crate::target::{Run, TargetError};

use super::gives::{Deed, Deeds, Given, Gives};
use super::held::{Account, Held, MIGRATED, OURS, Role, set};
use super::mapping::Mapping;
use super::may::{self, May};
use super::stands;

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

/// What somebody shall have.
struct Person<'h> {
    login: &'h Name,
    account: &'h Account,
    is_active: bool,
    gives: Gives,
}

struct Wanted<'h> {
    people: Vec<Person<'h>>,
    /// Those who may everything, and keep it: only whether they are in use is ruled.
    superusers: Vec<(&'h Account, bool)>,
    /// Accounts that the policy knows nothing of.
    strangers: Vec<(&'h Name, &'h Account)>,
    accounts: BTreeSet<Name>,
}

impl<'h> Wanted<'h> {
    fn of(after: &State, held: &'h Held, mapping: &Mapping, day: Date) -> Self {
        let user = |login: &Name| match after.facts.get(&Key::User(login.clone())) {
            Some(Fact::User(user)) => Some(user),
            _ => None,
        };
        let accounts: BTreeSet<Name> =
            held.people().map(|(login, _)| login).filter(|login| user(login).is_some()).cloned().collect();
        let everybody = may::everybody(after.clone(), day, mapping, &accounts);
        let nothing = May::default();
        let (mut people, mut superusers) = (Vec::new(), Vec::new());
        for (login, account) in held.people() {
            let Some(user) = user(login) else { continue };
            // Whoever goes out of use can do nothing, and need not be made less first.
            if account.is_above() && (user.superuser || !user.active) {
                superusers.push((account, user.active));
                continue;
            }
            let may = everybody.get(login).unwrap_or(&nothing);
            people.push(Person { login, account, is_active: may.starts, gives: may.gives(mapping) });
        }
        Self {
            people,
            superusers,
            accounts,
            strangers: held.people().filter(|(login, _)| user(login).is_none()).collect(),
        }
    }

    /// Refuses what would take from Creme the last one who may everything; and from somebody whom it was never written for,
    /// since that may be a name by chance.
    fn leave_a_superuser(&self, last: &Last) -> Result<(), TargetError> {
        let mut demoted = self.people.iter().filter(|person| person.account.is_active && person.account.is_above());
        if let Some(person) = demoted.clone().find(|person| !last.accounts.contains(person.login)) {
            return Err(TargetError::CrmSuperuser(person.login.to_string()));
        }
        let leaves = self.superusers.iter().any(|(account, is_active)| account.is_active && !is_active);
        let stays = self.superusers.iter().any(|(_, is_active)| *is_active)
            || self.strangers.iter().any(|(_, account)| account.is_active && account.is_above());
        if !stays && (leaves || demoted.next().is_some()) { Err(TargetError::NoCrmSuperuser) } else { Ok(()) }
    }
}

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

struct Writer<'w, 'h> {
    sql: &'w mut dyn Sql,
    held: &'h Held,
    /// The moment, as both engines read it.
    at: String,
}

impl Writer<'_, '_> {
    fn write(mut self, wanted: &Wanted<'_>) -> Result<(), TargetError> {
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

fn owned<const N: usize>(values: [&str; N]) -> Vec<Option<String>> {
    values.into_iter().map(|value| Some(value.to_owned())).collect()
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
