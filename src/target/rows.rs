//! Facts become rows of tables, and rows become facts. What a row cannot say of itself is refused, never guessed.

use std::collections::BTreeMap;

use crate::date::{Date, Validity, parse_date};
use crate::language::Language;
use crate::model::key::{GroupKey, SubjectKey, TargetKey};
use crate::model::online::{Company, Licence};
use crate::model::{Effect, Employee, Right, Scope};
use crate::name::{Name, RightName};
use crate::plan::{Reading, Written};
use crate::state::{Fact, GroupFact, Key, Kind, MemberKey, UserFact};

use super::tables::{Cell, Declares, Row, Seen};

/// What is wrong with a row, in the words of a message: `the database holds ...`.
pub type Senseless = String;

/// The rows that say a fact.
pub fn of_fact(key: &Key, fact: &Fact) -> Vec<(Declares, Row)> {
    let some = |value: &dyn ToString| Cell::Text(value.to_string());
    let row = match (key, fact) {
        (Key::Right(id), Fact::Right(right)) => {
            let labels = Language::CODES.map(|language| Cell::of(right.labels.get(language)));
            let mut row = vec![
                some(id),
                some(&right.scope.map_or("plain", Scope::as_str)),
                Cell::Flag(right.own_data_allowed),
                Cell::Flag(right.builtin),
                Cell::of(right.meaning.as_ref()),
            ];
            row.extend(labels);
            (Declares::Rights, row)
        }
        (Key::Module(id), Fact::Module(name)) => (Declares::Modules, vec![some(id), Cell::of(name.as_ref())]),
        (Key::ModuleSet(id), Fact::ModuleSet(modules)) => {
            return listed(id, modules, Declares::ModuleSets, Declares::ModuleSetModules);
        }
        (Key::Attachment(id), Fact::Attachment(patterns)) => {
            return listed(id, patterns, Declares::AttachmentClasses, Declares::AttachmentPatterns);
        }
        (Key::Employee(id), Fact::Employee(employee)) => {
            let Employee { name, email, phone, department, language } = employee;
            let fields = [name, email, phone, department, language].map(|field| Cell::of(field.as_ref()));
            (Declares::Employees, [some(id)].into_iter().chain(fields).collect())
        }
        (Key::Group(_) | Key::Role(_), Fact::Group(group)) => {
            let row = vec![group_id(key), Cell::of(group.name.as_ref()), Cell::of(group.modules.as_ref())];
            (Declares::Groups, row)
        }
        (Key::User(id), Fact::User(user)) => {
            let row = vec![
                some(id),
                Cell::of(user.employee.as_ref()),
                Cell::of(user.name.as_ref()),
                Cell::Flag(user.superuser),
                Cell::Flag(user.active),
                Cell::of(user.modules.as_ref()),
            ];
            (Declares::Users, row)
        }
        (Key::Access(user), Fact::Access(role)) => (Declares::Access, vec![some(user), some(role)]),
        (Key::Member { group, member, validity }, Fact::Member(because)) => {
            let (user, inner) = match member {
                MemberKey::Everyone => (Cell::Null, Cell::Null),
                MemberKey::User(name) => (some(name), Cell::Null),
                MemberKey::Group(key) => (Cell::Null, group_id(&Key::of_group(key))),
            };
            let of = group_id(&Key::of_group(group));
            let (from, until) = (some(&validity.from), some(&validity.until));
            (Declares::Members, vec![of, user, inner, from, until, Cell::of(because.as_ref())])
        }
        (Key::Rule { subject, right, target, effect, validity }, Fact::Rule(because)) => {
            let (user, group) = match subject {
                SubjectKey::User(name) => (some(name), Cell::Null),
                SubjectKey::Group(name) => (Cell::Null, some(name)),
                SubjectKey::Role(name) => (Cell::Null, role_id(name)),
            };
            let kind = match target {
                None => "none",
                Some(TargetKey::Role(_)) => "group",
                Some(target) => target.kind(),
            };
            let id = match target {
                Some(TargetKey::Role(name)) => role_id(name),
                target => Cell::of(target.as_ref().and_then(TargetKey::name)),
            };
            let mut row = vec![user, group, some(right), some(&effect.as_str()), some(&kind)];
            row.extend(TARGET_KINDS.map(|known| if known == kind { id.clone() } else { Cell::Null }));
            row.extend([some(&validity.from), some(&validity.until), Cell::of(because.as_ref())]);
            (Declares::Rules, row)
        }
        (Key::Company, Fact::Company(company)) => {
            let fields = company.fields().map(|(_, value)| Cell::of(value.as_ref()));
            (Declares::Company, [some(key)].into_iter().chain(fields).collect())
        }
        (Key::Licence, Fact::Licence(licence)) => {
            let number = |number: Option<u32>| number.map_or(Cell::Null, |number| Cell::Number(number.into()));
            let mut all = listed(key, &licence.services, Declares::Licence, Declares::LicenceServices);
            if let Some((_, row)) = all.first_mut() {
                row.extend([&licence.name, &licence.contact, &licence.phone].map(|field| Cell::of(field.as_ref())));
                row.extend([licence.company_databases, licence.invitations].map(number));
            }
            return all;
        }
        _ => return Vec::new(),
    };
    vec![row]
}

/// The kinds of targets that have a name, in the order of their columns.
const TARGET_KINDS: [&str; 5] = ["user", "group", "module", "module-set", "attachment"];

/// The row of something that is a list, and one row for each item in its place.
fn listed<T: ToString>(id: &impl ToString, items: &[T], list: Declares, item: Declares) -> Vec<(Declares, Row)> {
    let own = (list, vec![Cell::Text(id.to_string())]);
    let items = (1..).zip(items).map(|(position, value)| {
        (item, vec![Cell::Text(id.to_string()), Cell::Number(position), Cell::Text(value.to_string())])
    });
    [own].into_iter().chain(items).collect()
}

/// The id of a group or role in the table of groups.
fn group_id(key: &Key) -> Cell {
    match key {
        Key::Role(name) => role_id(name),
        other => Cell::Text(other.to_string()),
    }
}

fn role_id(name: &Name) -> Cell {
    Cell::Text(format!("role:{name}"))
}

/// What the last apply wrote of one fact, as a row.
pub fn of_written(written: &Written) -> Row {
    [written.kind.as_str(), &written.key, written.text()].map(|text| Cell::Text(text.to_owned())).into()
}

/// The key of that row.
pub fn key_of_written(written: &Written) -> Row {
    [written.kind.as_str(), &written.key].map(|text| Cell::Text(text.to_owned())).into()
}

/// Takes one row of the last apply up.
///
/// # Errors
/// If its fields cannot be read. What a newer version may have kept beside is passed over.
pub fn into_base(base: &mut Vec<Written>, row: &[Seen<'_>]) -> Result<(), Senseless> {
    let row = Reader(row);
    let (kind, key, fields) = (row.text(0)?, row.text(1)?, row.text(2)?);
    let known = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
    // Whatever kind it is, its fields must be some.
    let written = Written::read(known.unwrap_or(Kind::Right), key, fields)
        .ok_or_else(|| format!("no readable fields in last_applied for `{key}`"))?;
    base.extend(known.map(|_| written));
    Ok(())
}

/// Takes one row of a table up. What has no items is gathered in `facts`, to be put in order as a whole: there are
/// hundreds of thousands of members, and looking for the place of each takes as long as everything else.
///
/// # Errors
/// If it makes no sense, which foreign keys and checks mostly keep from being so.
pub fn into_reading(
    reading: &mut Reading,
    gathered: &mut Vec<(Key, Fact)>,
    table: Declares,
    row: &[Seen<'_>],
) -> Result<(), Senseless> {
    let facts = &mut reading.actual.facts;
    let row = Reader(row);
    let (key, fact) = match table {
        Declares::Rights => {
            let labels: BTreeMap<_, _> = (5..)
                .zip(Language::CODES)
                .filter_map(|(column, language)| Some((language.into(), row.optional(column)?)))
                .collect();
            let scope = row.text(1)?;
            let right = Right {
                labels,
                meaning: row.optional(4),
                scope: Scope::ALL.into_iter().find(|known| known.as_str() == scope),
                own_data_allowed: row.flag(2)?,
                builtin: row.flag(3)?,
            };
            (Key::Right(RightName::foreign(row.text(0)?)), Fact::Right(right))
        }
        Declares::Modules => (Key::Module(row.name(0)?), Fact::Module(row.optional(1))),
        Declares::ModuleSets => (Key::ModuleSet(row.name(0)?), Fact::ModuleSet(Vec::new())),
        Declares::AttachmentClasses => (Key::Attachment(row.name(0)?), Fact::Attachment(Vec::new())),
        Declares::ModuleSetModules => {
            let key = Key::ModuleSet(row.name(0)?);
            let list = match facts.get_mut(&key) {
                Some(list) => list,
                None => reading.strays.entry(key).or_insert_with(|| Fact::ModuleSet(Vec::new())),
            };
            if let Fact::ModuleSet(modules) = list {
                modules.push(row.name(2)?);
            }
            return Ok(());
        }
        Declares::AttachmentPatterns => {
            let key = Key::Attachment(row.name(0)?);
            let list = match facts.get_mut(&key) {
                Some(list) => list,
                None => reading.strays.entry(key).or_insert_with(|| Fact::Attachment(Vec::new())),
            };
            if let Fact::Attachment(patterns) = list {
                patterns.push(row.text(2)?.into());
            }
            return Ok(());
        }
        Declares::Employees => {
            let employee = Employee {
                name: row.optional(1),
                email: row.optional(2),
                phone: row.optional(3),
                department: row.optional(4),
                language: row.optional(5),
            };
            (Key::Employee(row.name(0)?), Fact::Employee(employee))
        }
        Declares::Groups => {
            let group = GroupFact { name: row.optional(1), modules: row.optional_name(2) };
            (Key::of_group(&group_key(row.text(0)?)), Fact::Group(group))
        }
        Declares::Users => {
            let user = UserFact {
                employee: row.optional_name(1),
                name: row.optional(2),
                superuser: row.flag(3)?,
                active: row.flag(4)?,
                modules: row.optional_name(5),
            };
            (Key::User(row.name(0)?), Fact::User(user))
        }
        Declares::Members => {
            let member = match (row.optional_name(1), row.0[2].text()) {
                (Some(user), _) => MemberKey::User(user),
                (None, Some(group)) => MemberKey::Group(group_key(group)),
                (None, None) => MemberKey::Everyone,
            };
            let key = Key::Member { group: group_key(row.text(0)?), member, validity: row.validity(3)? };
            (key, Fact::Member(row.optional(5)))
        }
        Declares::Access => (Key::Access(row.name(0)?), Fact::Access(group_key(row.text(1)?))),
        Declares::Rules => {
            let subject = match (row.optional_name(0), row.0[1].text()) {
                (Some(user), _) => SubjectKey::User(user),
                (None, Some(group)) => group_key(group).into(),
                (None, None) => return Err("a rule on nobody".to_owned()),
            };
            let effect = match row.text(3)? {
                "allow" => Effect::Allow,
                "deny" => Effect::Deny,
                other => return Err(format!("a rule that says `{other}`, neither allow nor deny")),
            };
            let id = (5..10).find_map(|column| row.0[column].text());
            let target = target_key(row.text(4)?, id)?;
            let right = RightName::foreign(row.text(2)?);
            (Key::Rule { subject, right, target, effect, validity: row.validity(10)? }, Fact::Rule(row.optional(12)))
        }
        Declares::Company => {
            let fields = [1, 2, 3, 4, 5, 6, 7, 8].map(|column| row.optional(column));
            (Key::Company, Fact::Company(Company::of_fields(fields)))
        }
        Declares::Licence => {
            let licence = Licence {
                name: row.optional(1),
                contact: row.optional(2),
                phone: row.optional(3),
                company_databases: row.optional_number(4)?,
                invitations: row.optional_number(5)?,
                services: Vec::new(),
            };
            (Key::Licence, Fact::Licence(licence))
        }
        Declares::LicenceServices => {
            let list = match facts.get_mut(&Key::Licence) {
                Some(list) => list,
                None => reading.strays.entry(Key::Licence).or_insert_with(|| Fact::Licence(Licence::default())),
            };
            if let Fact::Licence(licence) = list {
                licence.services.push(row.text(2)?.into());
            }
            return Ok(());
        }
    };
    match fact {
        Fact::ModuleSet(_) | Fact::Attachment(_) | Fact::Licence(_) => {
            facts.insert(key, fact);
        }
        _ => gathered.push((key, fact)),
    }
    Ok(())
}

/// How the period without an end is written, which most rows have.
const ALWAYS: (&str, &str) = ("0000-01-01", "9999-12-31");

/// The cells of one row, as what they must be.
struct Reader<'r>(&'r [Seen<'r>]);

impl<'r> Reader<'r> {
    fn text(&self, column: usize) -> Result<&'r str, Senseless> {
        self.0[column].text().ok_or_else(|| "a row without its id".to_owned())
    }

    fn name(&self, column: usize) -> Result<Name, Senseless> {
        self.text(column).map(Name::foreign)
    }

    fn optional(&self, column: usize) -> Option<Box<str>> {
        self.0[column].text().map(Into::into)
    }

    fn optional_name(&self, column: usize) -> Option<Name> {
        self.0[column].text().map(Name::foreign)
    }

    fn optional_number(&self, column: usize) -> Result<Option<u32>, Senseless> {
        match self.0[column] {
            Seen::Number(number) => {
                u32::try_from(number).map(Some).map_err(|_| format!("the number {number} where a small one should be"))
            }
            _ => Ok(None),
        }
    }

    fn flag(&self, column: usize) -> Result<bool, Senseless> {
        match self.0[column] {
            Seen::Flag(flag) => Ok(flag),
            _ => Err("a row that does not say yes or no".to_owned()),
        }
    }

    fn validity(&self, column: usize) -> Result<Validity, Senseless> {
        if (self.text(column)?, self.text(column + 1)?) == ALWAYS {
            return Ok(Validity::ALWAYS);
        }
        let date = |column| -> Result<Date, Senseless> {
            let text = self.text(column)?;
            parse_date(text).ok_or_else(|| format!("`{text}`, which is not a date"))
        };
        let (from, until) = (date(column)?, date(column + 1)?);
        Validity::new(Some(from), Some(until))
            .ok_or_else(|| format!("a period from {from} until {until}, which ends before it begins"))
    }
}

fn group_key(id: &str) -> GroupKey {
    match id.strip_prefix("role:") {
        Some(role) => GroupKey::role(Name::foreign(role)),
        None => GroupKey::group(Name::foreign(id)),
    }
}

fn target_key(kind: &str, id: Option<&str>) -> Result<Option<TargetKey>, Senseless> {
    let Some(id) = id else {
        return match kind {
            "none" => Ok(None),
            "everyone" => Ok(Some(TargetKey::Everyone)),
            "everything" => Ok(Some(TargetKey::Everything)),
            _ => Err(format!("a rule over a {kind} without saying which")),
        };
    };
    let name = Name::foreign(id);
    Ok(Some(match kind {
        "user" => TargetKey::User(name),
        "group" => group_key(id).into(),
        "module" => TargetKey::Module(name),
        "module-set" => TargetKey::ModuleSet(name),
        "attachment" => TargetKey::Attachment(name),
        _ => return Err(format!("a rule over `{kind}`, which is no kind of target")),
    }))
}
