//! Reading the whole state out of the tables.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, Row};

use crate::date::{Date, Validity, parse_date};
use crate::language::Language;
use crate::model::key::{GroupKey, SubjectKey, TargetKey};
use crate::model::{Effect, Employee, Right, Scope};
use crate::name::{Name, RightName};
use crate::plan::{Base, Reading};
use crate::state::{Fact, GroupFact, Key, Kind, MemberKey, State, UserFact, Value};
use crate::target::TargetError;

use super::failure;

/// Reads everything in the transaction that the connection is in.
pub fn all(connection: &Connection, path: &Path) -> Result<Reading, TargetError> {
    let mut reader = Reader { connection, path, facts: BTreeMap::new() };
    reader.things()?;
    reader.people()?;
    reader.members()?;
    reader.rules()?;
    let base = reader.base()?;
    Ok(Reading { actual: State { facts: reader.facts }, base })
}

struct Reader<'c> {
    connection: &'c Connection,
    path: &'c Path,
    facts: BTreeMap<Key, Fact>,
}

impl Reader<'_> {
    /// Runs a query and hands each row on.
    fn each(&self, sql: &str, mut row: impl FnMut(&Row<'_>) -> Result<(), Wrong>) -> Result<(), TargetError> {
        let engine = |error: &rusqlite::Error| failure(self.path, error);
        let mut statement = self.connection.prepare(sql).map_err(|error| engine(&error))?;
        let mut rows = statement.query([]).map_err(|error| engine(&error))?;
        while let Some(found) = rows.next().map_err(|error| engine(&error))? {
            row(found).map_err(|wrong| match wrong {
                Wrong::Engine(error) => engine(&error),
                Wrong::Value(what) => TargetError::Senseless(what),
            })?;
        }
        Ok(())
    }

    fn things(&mut self) -> Result<(), TargetError> {
        let mut facts = BTreeMap::new();
        self.each(
            "SELECT id, scope, own_data_allowed, builtin, meaning, name_en, name_de, name_nb, name_nl FROM rights",
            |row| {
                let mut labels = BTreeMap::new();
                for (column, language) in (5..).zip(Language::CODES) {
                    labels.extend(text(row, column)?.map(|label| (language.into(), label)));
                }
                let scope: String = row.get(1)?;
                let right = Right {
                    labels,
                    meaning: text(row, 4)?,
                    scope: Scope::ALL.into_iter().find(|known| known.as_str() == scope),
                    own_data_allowed: row.get(2)?,
                    builtin: row.get(3)?,
                };
                facts.insert(Key::Right(RightName::foreign(&row.get::<_, String>(0)?)), Fact::Right(right));
                Ok(())
            },
        )?;
        self.each("SELECT id, name FROM modules", |row| {
            facts.insert(Key::Module(name(row, 0)?), Fact::Module(text(row, 1)?));
            Ok(())
        })?;
        let sets = "SELECT module_sets.id, module_id FROM module_sets
                    LEFT JOIN module_set_modules ON module_set_id = module_sets.id ORDER BY module_sets.id, position";
        self.each(sets, |row| {
            let set = facts.entry(Key::ModuleSet(name(row, 0)?)).or_insert_with(|| Fact::ModuleSet(Vec::new()));
            if let Fact::ModuleSet(modules) = set {
                modules.extend(optional_name(row, 1)?);
            }
            Ok(())
        })?;
        let classes = "SELECT attachment_classes.id, pattern FROM attachment_classes
                       LEFT JOIN attachment_patterns ON attachment_class_id = attachment_classes.id
                       ORDER BY attachment_classes.id, position";
        self.each(classes, |row| {
            let class = facts.entry(Key::Attachment(name(row, 0)?)).or_insert_with(|| Fact::Attachment(Vec::new()));
            if let Fact::Attachment(patterns) = class {
                patterns.extend(text(row, 1)?);
            }
            Ok(())
        })?;
        self.facts.extend(facts);
        Ok(())
    }

    fn people(&mut self) -> Result<(), TargetError> {
        let mut facts = BTreeMap::new();
        self.each("SELECT id, name, email, phone, department, language FROM employees", |row| {
            let employee = Employee {
                name: text(row, 1)?,
                email: text(row, 2)?,
                phone: text(row, 3)?,
                department: text(row, 4)?,
                language: text(row, 5)?,
            };
            facts.insert(Key::Employee(name(row, 0)?), Fact::Employee(employee));
            Ok(())
        })?;
        self.each("SELECT id, name, module_set_id FROM groups", |row| {
            let group = GroupFact { name: text(row, 1)?, modules: optional_name(row, 2)? };
            facts.insert(Key::of_group(&group_key(&row.get::<_, String>(0)?)), Fact::Group(group));
            Ok(())
        })?;
        self.each("SELECT id, employee_id, name, superuser, active, module_set_id FROM users", |row| {
            let user = UserFact {
                employee: optional_name(row, 1)?,
                name: text(row, 2)?,
                superuser: row.get(3)?,
                active: row.get(4)?,
                modules: optional_name(row, 5)?,
            };
            facts.insert(Key::User(name(row, 0)?), Fact::User(user));
            Ok(())
        })?;
        self.facts.extend(facts);
        Ok(())
    }

    fn members(&mut self) -> Result<(), TargetError> {
        let mut facts = BTreeMap::new();
        let members = "SELECT group_id, user_id, member_group_id, valid_from, valid_until, because FROM members";
        self.each(members, |row| {
            let inner: Option<String> = row.get(2)?;
            let member = match (optional_name(row, 1)?, inner) {
                (Some(user), _) => MemberKey::User(user),
                (None, Some(group)) => MemberKey::Group(group_key(&group)),
                (None, None) => MemberKey::Everyone,
            };
            let group = group_key(&row.get::<_, String>(0)?);
            facts.insert(Key::Member { group, member, validity: validity(row, 3)? }, Fact::Member(text(row, 5)?));
            Ok(())
        })?;
        self.each("SELECT user_id, group_id FROM access", |row| {
            facts.insert(Key::Access(name(row, 0)?), Fact::Access(group_key(&row.get::<_, String>(1)?)));
            Ok(())
        })?;
        self.facts.extend(facts);
        Ok(())
    }

    fn rules(&mut self) -> Result<(), TargetError> {
        let mut facts = BTreeMap::new();
        let rules = "SELECT user_id, group_id, right_id, effect, target_kind,
                            coalesce(target_user_id, target_group_id, target_module_id, target_module_set_id,
                                     target_attachment_class_id),
                            valid_from, valid_until, because FROM rules";
        self.each(rules, |row| {
            let group: Option<String> = row.get(1)?;
            let subject = match (optional_name(row, 0)?, group) {
                (Some(user), _) => SubjectKey::User(user),
                (None, Some(group)) => group_key(&group).into(),
                (None, None) => return Err(Wrong::Value("a rule on nobody".to_owned())),
            };
            let effect = if row.get::<_, String>(3)? == "allow" { Effect::Allow } else { Effect::Deny };
            let key = Key::Rule {
                subject,
                right: RightName::foreign(&row.get::<_, String>(2)?),
                target: target_key(&row.get::<_, String>(4)?, row.get::<_, Option<String>>(5)?.as_deref())?,
                effect,
                validity: validity(row, 6)?,
            };
            facts.insert(key, Fact::Rule(text(row, 8)?));
            Ok(())
        })?;
        self.facts.extend(facts);
        Ok(())
    }

    fn base(&self) -> Result<Option<Base>, TargetError> {
        let mut base = Base::new();
        self.each("SELECT kind, key, fields FROM last_applied", |row| {
            let (kind, key, fields): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&fields)
                .map_err(|_| Wrong::Value(format!("no readable fields in last_applied for `{key}`")))?;
            let fields = fields.iter().map(|(field, value)| (field.clone(), Value::from_json(value))).collect();
            let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
            base.extend(kind.map(|kind| ((kind, key), fields)));
            Ok(())
        })?;
        Ok((!base.is_empty()).then_some(base))
    }
}

/// What can be wrong with a row.
enum Wrong {
    Engine(rusqlite::Error),
    Value(String),
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Box<str>>> {
    row.get(column)
}

fn name(row: &Row<'_>, column: usize) -> rusqlite::Result<Name> {
    Ok(Name::foreign(&row.get::<_, String>(column)?))
}

fn optional_name(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Name>> {
    Ok(row.get::<_, Option<String>>(column)?.map(|text| Name::foreign(&text)))
}

fn validity(row: &Row<'_>, column: usize) -> Result<Validity, Wrong> {
    let date = |column| -> Result<Date, Wrong> {
        let text: String = row.get(column)?;
        parse_date(&text).ok_or_else(|| Wrong::Value(format!("`{text}`, which is not a date")))
    };
    let (from, until) = (date(column)?, date(column + 1)?);
    Validity::new(Some(from), Some(until))
        .ok_or_else(|| Wrong::Value(format!("a period from {from} until {until}, which ends before it begins")))
}

fn group_key(id: &str) -> GroupKey {
    match id.strip_prefix("role:") {
        Some(role) => GroupKey::role(Name::foreign(role)),
        None => GroupKey::group(Name::foreign(id)),
    }
}

fn target_key(kind: &str, id: Option<&str>) -> Result<Option<TargetKey>, Wrong> {
    let Some(id) = id else {
        return match kind {
            "none" => Ok(None),
            "everyone" => Ok(Some(TargetKey::Everyone)),
            "everything" => Ok(Some(TargetKey::Everything)),
            _ => Err(Wrong::Value(format!("a rule over a {kind} without saying which"))),
        };
    };
    let name = Name::foreign(id);
    Ok(Some(match kind {
        "user" => TargetKey::User(name),
        "group" => group_key(id).into(),
        "module" => TargetKey::Module(name),
        "module-set" => TargetKey::ModuleSet(name),
        "attachment" => TargetKey::Attachment(name),
        _ => return Err(Wrong::Value(format!("a rule over `{kind}`, which is no kind of target"))),
    }))
}
