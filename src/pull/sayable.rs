//! What a policy can say: which names and texts fit the language, and what a fact refers to.

use std::collections::BTreeMap;

use crate::language::Text;
use crate::model::key::{GroupKey, SubjectKey, TargetKey};
use crate::model::online::Company;
use crate::name::{Name, RightName};
use crate::say;
use crate::state::{Fact, Key, MemberKey, State, Value};
use crate::syntax::characters::is_forbidden;
use crate::syntax::rule::MAX_TEXT_BYTES;

/// A name that no policy can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unnameable {
    /// What bears it, or speaks of it.
    pub key: Key,
    /// The name.
    pub name: String,
    /// What keeps it from being one.
    pub why: Text,
}

/// What a fact refers to.
pub fn references(key: &Key, fact: &Fact) -> Vec<Key> {
    let group = |key: &GroupKey| Key::of_group(key);
    let mut found = match key {
        Key::Member { group: outer, member, .. } => std::iter::once(group(outer)).chain(of_member(member)).collect(),
        Key::Access(user) => vec![Key::User(user.clone())],
        Key::Rule { subject, right, target, .. } => {
            let all = [Some(owner(subject)), Some(Key::Right(right.clone())), target.as_ref().and_then(of_target)];
            all.into_iter().flatten().collect()
        }
        _ => Vec::new(),
    };
    match fact {
        Fact::User(user) => {
            found.extend(user.employee.clone().map(Key::Employee));
            found.extend(user.modules.clone().map(Key::ModuleSet));
        }
        Fact::Group(group) => found.extend(group.modules.clone().map(Key::ModuleSet)),
        Fact::ModuleSet(modules) => found.extend(modules.iter().cloned().map(Key::Module)),
        Fact::Access(role) => found.push(group(role)),
        _ => {}
    }
    found
}

/// Who is a member, if that is declared.
pub fn of_member(member: &MemberKey) -> Option<Key> {
    match member {
        MemberKey::Everyone => None,
        MemberKey::User(name) => Some(Key::User(name.clone())),
        MemberKey::Group(key) => Some(Key::of_group(key)),
    }
}

/// On whom a rule is written.
pub fn owner(subject: &SubjectKey) -> Key {
    match subject {
        SubjectKey::User(name) => Key::User(name.clone()),
        SubjectKey::Group(name) => Key::Group(name.clone()),
        SubjectKey::Role(name) => Key::Role(name.clone()),
    }
}

/// What a rule is over, if that is declared.
pub fn of_target(target: &TargetKey) -> Option<Key> {
    Some(match target {
        TargetKey::User(name) => Key::User(name.clone()),
        TargetKey::Group(name) => Key::Group(name.clone()),
        TargetKey::Role(name) => Key::Role(name.clone()),
        TargetKey::Module(name) => Key::Module(name.clone()),
        TargetKey::ModuleSet(name) => Key::ModuleSet(name.clone()),
        TargetKey::Attachment(name) => Key::Attachment(name.clone()),
        TargetKey::Everyone | TargetKey::Everything => return None,
    })
}

/// The first name in a fact that is none.
pub fn unnameable(key: &Key, fact: &Fact) -> Option<Unnameable> {
    let own = match key {
        Key::Member { .. } | Key::Rule { .. } => None,
        other => Some(other.clone()),
    };
    let all = own.into_iter().chain(references(key, fact));
    all.into_iter().find_map(|named| {
        let (name, why) = match &named {
            Key::Right(name) => (name.as_str(), wrong_right(name)),
            Key::Module(name)
            | Key::ModuleSet(name)
            | Key::Attachment(name)
            | Key::Employee(name)
            | Key::Group(name)
            | Key::Role(name)
            | Key::User(name)
            | Key::Access(name) => (name.as_str(), wrong_name(name)),
            Key::Member { .. } | Key::Rule { .. } | Key::Company | Key::Licence => return None,
        };
        why.map(|why| Unnameable { name: name.to_owned(), why, key: named.clone() })
    })
}

/// A state without what has a name that is none, or speaks of one; what is declared stands there as it is declared.
pub fn nameable(actual: &State, declared: &State) -> (State, Vec<Unnameable>) {
    let mut wrong = Vec::new();
    let mut facts = actual.facts.clone();
    for (key, fact) in &actual.facts {
        let Some(found) = unnameable(key, fact) else { continue };
        wrong.push(found);
        match declared.facts.get(key) {
            Some(declared) => facts.insert(key.clone(), declared.clone()),
            None => facts.remove(key),
        };
    }
    (State { facts }, wrong)
}

fn wrong_name(name: &Name) -> Option<Text> {
    match Name::new(name.as_str()) {
        Err(why) => Some(why.text()),
        Ok(normal) if normal != *name => Some(say!("its letters and accents are not joined (normalisation form C)")),
        Ok(_) => None,
    }
}

fn wrong_right(name: &RightName) -> Option<Text> {
    let wrong = RightName::new(name.as_str()).is_none();
    wrong.then(|| say!("write area.action in lower case letters, digits and `_`, such as `invoices.approve`"))
}

/// The fields of a fact whose texts no policy file can hold, unless the policy says the very same.
pub fn unsayable(fact: &Fact, declared: Option<&Fact>) -> Vec<&'static str> {
    let wrong = |text: &str| {
        let edges = text.contains('\n')
            && text.split('\n').any(|line| line.starts_with([' ', '\t']) || line.ends_with([' ', '\t']));
        text.len() > MAX_TEXT_BYTES || edges || text.chars().any(|c| is_forbidden(c) || c == '\r')
    };
    let unsayable = |value: &Value| match value {
        Value::Null | Value::Flag(_) => false,
        Value::Text(text) => wrong(text),
        Value::List(texts) => texts.iter().any(|text| wrong(text)),
    };
    let said: BTreeMap<&str, Value> = declared.map(Fact::fields).unwrap_or_default().into_iter().collect();
    let fields = fact.fields().into_iter().filter(|(field, value)| said.get(field) != Some(value) && unsayable(value));
    fields.map(|(field, _)| field).collect()
}

/// Gives a field the value that it has in another fact of the same kind.
pub fn set_field(fact: &mut Fact, from: &Fact, field: &str) {
    match (fact, from) {
        (Fact::User(to), Fact::User(from)) => match field {
            "employee" => to.employee.clone_from(&from.employee),
            "name" => to.name.clone_from(&from.name),
            "superuser" => to.superuser = from.superuser,
            "active" => to.active = from.active,
            _ => to.modules.clone_from(&from.modules),
        },
        (Fact::Group(to), Fact::Group(from)) => match field {
            "name" => to.name.clone_from(&from.name),
            _ => to.modules.clone_from(&from.modules),
        },
        (Fact::Employee(to), Fact::Employee(from)) => match field {
            "name" => to.name.clone_from(&from.name),
            "email" => to.email.clone_from(&from.email),
            "phone" => to.phone.clone_from(&from.phone),
            "department" => to.department.clone_from(&from.department),
            _ => to.language.clone_from(&from.language),
        },
        (Fact::Right(to), Fact::Right(from)) => match field {
            "of" => to.scope = from.scope,
            "own_data_allowed" => to.own_data_allowed = from.own_data_allowed,
            "builtin" => to.builtin = from.builtin,
            "meaning" => to.meaning.clone_from(&from.meaning),
            label => {
                let language = label.trim_start_matches("name.");
                match from.labels.get(language) {
                    Some(text) => drop(to.labels.insert(language.into(), text.clone())),
                    None => drop(to.labels.remove(language)),
                }
            }
        },
        (Fact::Company(to), Fact::Company(from)) => {
            let mut fields = to.fields().map(|(_, value)| value.clone());
            for (slot, (_, value)) in fields.iter_mut().zip(from.fields()).filter(|(_, (known, _))| *known == field) {
                slot.clone_from(value);
            }
            *to = Company::of_fields(fields);
        }
        (Fact::Licence(to), Fact::Licence(from)) => match field {
            "name" => to.name.clone_from(&from.name),
            "contact" => to.contact.clone_from(&from.contact),
            "phone" => to.phone.clone_from(&from.phone),
            "company_databases" => to.company_databases = from.company_databases,
            "invitations" => to.invitations = from.invitations,
            _ => to.services.clone_from(&from.services),
        },
        // What has but one field.
        (to, from) => to.clone_from(from),
    }
}
