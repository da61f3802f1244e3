//! What stands in Creme's tables: accounts, roles and what these give.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;
use crate::target::TargetError;
use crate::target::sql::Sql;

use super::filter::{Filter, filters};
use super::gives::{Deeds, Given, Gives};
use super::mapping::Mapping;

/// The key that a role of ours has in its `extra_data`, which Creme leaves to others.
pub const OURS: &str = "rightful";

/// The key by which Creme knows that it need not give a role all lists of its apps, as it does when it is brought to a newer
/// version.
pub const MIGRATED: &str = "listablemigr";

/// How Creme calls the sets of records that credentials are about.
pub mod set {
    /// Everybody's.
    pub const ALL: &str = "1";
    /// The own ones.
    pub const OWN: &str = "2";
    /// Those that a filter lets through.
    pub const FILTER: &str = "3";
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its number in this installation.
    pub id: String,
    /// Whether it is in use.
    pub is_active: bool,
    /// Whether it may everything.
    pub is_superuser: bool,
    /// Whether it is a team, that owns records and cannot log in.
    pub is_team: bool,
    /// Whether it belongs to those who look after the installation.
    pub is_staff: bool,
    /// The role that it has now.
    pub role: Option<String>,
    /// All roles that it can change to.
    pub roles: BTreeSet<String>,
    /// First and last name.
    pub name: [String; 2],
}

impl Account {
    /// Whether it may everything, as a superuser or as one of those who look after the installation.
    pub fn is_above(&self) -> bool {
        self.is_superuser || self.is_staff
    }

    /// Whether it is a team. A person who is called one by hand can log in all the same, and has a role.
    pub fn is_real_team(&self) -> bool {
        self.is_team && self.role.is_none() && self.roles.is_empty()
    }

    /// Whether what somebody may with it follows from roles: it is in use, and that of a person who may not everything.
    pub fn is_ruled(&self) -> bool {
        self.is_active && !self.is_real_team() && !self.is_above()
    }
}

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// By what Creme knows it in other installations; 32 hexadecimal digits.
    pub uuid: String,
    /// Whether this program made it.
    pub is_ours: bool,
    /// What it gives, folded.
    pub gives: Gives,
}

/// Everything that counts.
#[derive(Debug, Default)]
pub struct Held {
    /// Accounts by login.
    pub accounts: BTreeMap<Name, Account>,
    /// Roles by their number.
    pub roles: BTreeMap<String, Role>,
    /// The teams with their members, by login.
    pub teams: BTreeMap<Name, BTreeSet<Name>>,
    /// The number of each type of records that the installation has, `app.model`.
    pub types: Types,
}

impl Held {
    /// Reads it.
    pub fn read(sql: &mut dyn Sql, types: Types, mapping: &Mapping) -> Result<Self, TargetError> {
        let mut held = Self { types, accounts: accounts(sql)?, ..Self::default() };
        held.teams = teams(sql, &held.accounts)?;
        let filters = filters(sql, &held.accounts)?;
        let kinds: BTreeMap<&str, &str> = held.types.iter().map(|(kind, id)| (id.as_str(), kind.as_str())).collect();
        let mut reader = Reader { mapping, kinds, filters, roles: BTreeMap::new() };
        reader.read(sql)?;
        held.roles = reader.roles.into_iter().map(|(id, raw)| (id, raw.role())).collect();
        Ok(held)
    }

    /// Everything that the roles of an account give, whichever it has now.
    pub fn gives(&self, account: &Account) -> Gives {
        let mut gives = Gives::default();
        for role in account.roles.iter().chain(&account.role).filter_map(|id| self.roles.get(id)) {
            gives.and(&role.gives);
        }
        gives.folded()
    }

    /// The logins of people, who can own records and have rights.
    pub fn people(&self) -> impl Iterator<Item = (&Name, &Account)> {
        self.accounts.iter().filter(|(_, account)| !account.is_real_team())
    }
}

/// A text; nothing is an empty one.
pub fn text(cell: &Option<String>) -> String {
    cell.clone().unwrap_or_default()
}

fn flag(cell: &Option<String>) -> bool {
    cell.as_deref() == Some("1")
}

/// The numbers of the types of records that an installation has, by `app.model`.
pub type Types = BTreeMap<String, String>;

/// Reads them.
pub fn types(sql: &mut dyn Sql) -> Result<Types, TargetError> {
    let mut types = Types::new();
    sql.rows("SELECT id, app_label, model FROM django_content_type", &[], &mut |row| {
        types.insert(format!("{}.{}", text(&row[1]), text(&row[2])), text(&row[0]));
    })?;
    Ok(types)
}

fn accounts(sql: &mut dyn Sql) -> Result<BTreeMap<Name, Account>, TargetError> {
    let mut accounts = BTreeMap::new();
    let mut logins = BTreeMap::new();
    let query = "SELECT id, username, is_active, is_superuser, is_team, is_staff, role_id, first_name, last_name
                 FROM creme_core_cremeuser";
    sql.rows(query, &[], &mut |row| {
        let login = Name::foreign(&text(&row[1]));
        logins.insert(text(&row[0]), login.clone());
        let account = Account {
            id: text(&row[0]),
            is_active: flag(&row[2]),
            is_superuser: flag(&row[3]),
            is_team: flag(&row[4]),
            is_staff: flag(&row[5]),
            role: row[6].clone(),
            roles: BTreeSet::new(),
            name: [text(&row[7]), text(&row[8])],
        };
        accounts.insert(login, account);
    })?;
    sql.rows("SELECT cremeuser_id, userrole_id FROM creme_core_cremeuser_roles", &[], &mut |row| {
        let login = logins.get(&text(&row[0]));
        if let Some(account) = login.and_then(|login| accounts.get_mut(login)) {
            account.roles.insert(text(&row[1]));
        }
    })?;
    Ok(accounts)
}

fn teams(sql: &mut dyn Sql, accounts: &BTreeMap<Name, Account>) -> Result<BTreeMap<Name, BTreeSet<Name>>, TargetError> {
    let logins: BTreeMap<&str, &Name> = accounts.iter().map(|(login, account)| (account.id.as_str(), login)).collect();
    let mut teams: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    let query = "SELECT from_cremeuser_id, to_cremeuser_id FROM creme_core_cremeuser_teammates_set";
    sql.rows(query, &[], &mut |row| {
        let [team, member] = [0, 1].map(|at| row[at].as_deref().and_then(|id| logins.get(id)));
        if let (Some(team), Some(member)) = (team, member) {
            teams.entry((*team).clone()).or_default().insert((*member).clone());
        }
    })?;
    Ok(teams)
}

/// A role while it is read.
struct Raw {
    name: String,
    uuid: String,
    is_ours: bool,
    is_deactivated: bool,
    gives: Gives,
    forbids: BTreeMap<String, Deeds>,
}

impl Raw {
    fn role(self) -> Role {
        let mut gives = self.gives;
        for (kind, forbidden) in self.forbids {
            let given = gives.types.entry(kind).or_default();
            (given.own, given.all) = (given.own.without(forbidden), given.all.without(forbidden));
            given.of.values_mut().for_each(|deeds| *deeds = deeds.without(forbidden));
        }
        // What may be done to records of an app that may not be used is nothing. Its lists can be opened all the same, and
        // files be imported: Creme asks no more than these two of them.
        for (_, given) in gives.types.iter_mut().filter(|(kind, _)| !is_of(&gives.apps, kind)) {
            *given = Given { create: given.create, list: given.list, ..Given::default() };
        }
        if self.is_deactivated {
            gives = Gives::default();
        }
        Role { name: self.name, uuid: self.uuid, is_ours: self.is_ours, gives: gives.folded() }
    }
}

struct Reader<'h> {
    mapping: &'h Mapping,
    /// Types by their number.
    kinds: BTreeMap<&'h str, &'h str>,
    filters: BTreeMap<String, Filter>,
    roles: BTreeMap<String, Raw>,
}

impl Reader<'_> {
    fn read(&mut self, sql: &mut dyn Sql) -> Result<(), TargetError> {
        self.read_roles(sql)?;
        self.read_types(sql, "creatable", |given| &mut given.create)?;
        self.read_types(sql, "exportable", |given| &mut given.export)?;
        self.read_types(sql, "listable", |given| &mut given.list)?;
        self.read_credentials(sql)
    }

    fn read_roles(&mut self, sql: &mut dyn Sql) -> Result<(), TargetError> {
        let query =
            "SELECT id, name, raw_allowed_apps, raw_admin_4_apps, raw_special_perms, extra_data, deactivated_on, uuid
                     FROM creme_core_userrole";
        let roles = &mut self.roles;
        sql.rows(query, &[], &mut |row| {
            let lines = |cell: &Option<String>| -> BTreeSet<String> {
                text(cell).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
            };
            let (mut apps, administered) = (lines(&row[2]), lines(&row[3]));
            // Who administers an app may use it.
            apps.extend(administered.iter().cloned());
            let administered = administered.iter().map(|app| format!("administration of {app}"));
            let special = lines(&row[4]);
            let mut strange: BTreeSet<String> =
                administered.chain(special.iter().map(|what| format!("special permission {what}"))).collect();
            let extra: Option<serde_json::Value> = serde_json::from_str(&text(&row[5])).ok();
            let has = |key: &str| extra.as_ref().is_some_and(|extra| extra.get(key).is_some());
            if has(OURS) && !has(MIGRATED) {
                strange.insert(format!("no mark `{MIGRATED}`, so Creme gives lists anew"));
            }
            let raw = Raw {
                name: text(&row[1]),
                uuid: text(&row[7]).replace('-', ""),
                is_ours: has(OURS),
                is_deactivated: row[6].is_some(),
                gives: Gives { apps, strange, ..Gives::default() },
                forbids: BTreeMap::new(),
            };
            roles.insert(text(&row[0]), raw);
        })
    }

    /// Reads one of the lists of types that a role has. A type without a place in the mapping is told as it is; one of an
    /// app without a place is told with the app.
    fn read_types(
        &mut self,
        sql: &mut dyn Sql,
        list: &str,
        of: fn(&mut Given) -> &mut bool,
    ) -> Result<(), TargetError> {
        let query = format!("SELECT userrole_id, contenttype_id FROM creme_core_userrole_{list}_ctypes");
        let (known, apps) = (self.mapping.types().collect::<BTreeSet<_>>(), self.mapping.apps());
        let (roles, kinds) = (&mut self.roles, &self.kinds);
        sql.rows(&query, &[], &mut |row| {
            let (Some(raw), Some(kind)) = (roles.get_mut(&text(&row[0])), kinds.get(text(&row[1]).as_str())) else {
                return;
            };
            if known.contains(kind) {
                *of(raw.gives.types.entry((*kind).to_owned()).or_default()) = true;
            } else if is_of(&raw.gives.apps, kind) && is_of(&apps, kind) {
                raw.gives.strange.insert(format!("{kind} {list}"));
            }
        })
    }

    fn read_credentials(&mut self, sql: &mut dyn Sql) -> Result<(), TargetError> {
        let query = "SELECT role_id, ctype_id, value, set_type, forbidden, efilter_id FROM creme_core_setcredentials";
        let (known, apps) = (self.mapping.types().collect::<BTreeSet<_>>(), self.mapping.apps());
        let (roles, kinds, filters) = (&mut self.roles, &self.kinds, &self.filters);
        sql.rows(query, &[], &mut |row| {
            let Some(raw) = roles.get_mut(&text(&row[0])) else { return };
            let deeds = Deeds::of_value((text(&row[2]).parse::<u64>().unwrap_or_default() & 0xff) as u8);
            if deeds.is_empty() {
                return;
            }
            let kind = row[1].as_deref().map(|id| kinds.get(id).copied().unwrap_or_default());
            let concerned: Vec<&str> = match kind {
                None => known.iter().copied().collect(),
                Some(kind) if known.contains(kind) => vec![kind],
                Some(kind) => {
                    if is_of(&raw.gives.apps, kind) && is_of(&apps, kind) {
                        raw.gives.strange.insert(format!("{kind} credentials"));
                    }
                    return;
                }
            };
            let whose = text(&row[3]);
            let filter = row[5].as_ref().and_then(|id| filters.get(id));
            for kind in concerned {
                if flag(&row[4]) {
                    forbid(raw, kind, deeds, &whose);
                } else {
                    give(&mut raw.gives, kind, deeds, &whose, filter);
                }
            }
        })
    }
}

fn is_of(apps: &BTreeSet<String>, kind: &str) -> bool {
    kind.split_once('.').is_some_and(|(app, _)| apps.contains(app))
}

fn give(gives: &mut Gives, kind: &str, deeds: Deeds, whose: &str, filter: Option<&Filter>) {
    let given = gives.types.entry(kind.to_owned()).or_default();
    match (whose, filter) {
        (set::OWN, _) => given.own.and(deeds),
        (set::ALL, _) | (set::FILTER, Some(Filter::All)) => given.all.and(deeds),
        (_, Some(Filter::Owners(owners))) => {
            owners.iter().for_each(|owner| given.of.entry(owner.clone()).or_default().and(deeds));
        }
        (_, Some(Filter::Otherwise(name))) => drop(gives.strange.insert(format!("{kind} by the filter `{name}`"))),
        (_, None | Some(Filter::All)) => drop(gives.strange.insert(format!("{kind} by a filter that is not there"))),
    }
}

/// Takes away what is forbidden of all; forbidden in parts it has no word.
fn forbid(raw: &mut Raw, kind: &str, deeds: Deeds, whose: &str) {
    if whose == set::ALL {
        raw.forbids.entry(kind.to_owned()).or_default().and(deeds);
    } else {
        raw.gives.strange.insert(format!("{kind} forbidden in parts"));
    }
}
