//! What a database will say if drift stays: what somebody changed there is left as it is, everything else follows the
//! policy.
//!
//! Nothing is left that refers to something that goes away, and nothing that the policy needs stays missing.

use std::collections::BTreeMap;

use crate::model::key::{GroupKey, GroupKind, SubjectKey, TargetKey};
use crate::model::online::{Company, Licence};
use crate::model::{Employee, Right};
use crate::name::Name;
use crate::state::{Fact, GroupFact, Key, MemberKey, State, UserFact};

use super::Origin;
use super::changes::Remembered;

/// Joins what is declared with what somebody changed in the database.
pub(super) fn with_drift(known: &Remembered<'_>, declared: &State, actual: &State) -> State {
    let mut facts: BTreeMap<Key, Fact> = BTreeMap::new();
    for (key, here) in &actual.facts {
        match declared.facts.get(key) {
            Some(wanted) if wanted == here => drop(facts.insert(key.clone(), wanted.clone())),
            Some(wanted) => drop(facts.insert(key.clone(), joined(known, key, here, wanted))),
            None if known.origin_of_row(key, Some(here), None) == Origin::Drift => {
                facts.insert(key.clone(), here.clone());
            }
            None => {}
        }
    }
    for (key, wanted) in declared.facts.iter().filter(|(key, _)| !actual.facts.contains_key(*key)) {
        if known.origin_of_row(key, None, Some(wanted)) != Origin::Drift {
            facts.insert(key.clone(), wanted.clone());
        }
    }
    close(&mut facts, declared);
    State { facts: facts.into() }
}

/// One row, field by field: what somebody changed in the database stays, the rest is as declared.
fn joined(known: &Remembered<'_>, key: &Key, here: &Fact, wanted: &Fact) -> Fact {
    let values = here.fields().into_iter().zip(wanted.fields());
    let mut stays: BTreeMap<&str, bool> = BTreeMap::new();
    for ((field, here), (_, wanted)) in values {
        stays.insert(field, here == wanted || known.origin_of_field(key, field, &here, &wanted) == Origin::Drift);
    }
    // What a right is over decides whether own data can be allowed at all, so that they go together.
    if stays.get("of") == Some(&false) || stays.get("own_data_allowed") == Some(&false) {
        stays.insert("of", false);
        stays.insert("own_data_allowed", false);
    }
    pick(here, wanted, &|field| stays.get(field).copied().unwrap_or_default())
}

/// A fact that says of some fields what one says, and of the others what the other says.
fn pick(here: &Fact, wanted: &Fact, is_here: &dyn Fn(&str) -> bool) -> Fact {
    fn one<T: Clone>(is_here: bool, here: &T, wanted: &T) -> T {
        if is_here { here.clone() } else { wanted.clone() }
    }
    match (here, wanted) {
        (Fact::Right(here), Fact::Right(wanted)) => {
            let mut labels = wanted.labels.clone();
            for language in crate::language::Language::CODES {
                if is_here(&format!("name.{language}")) {
                    labels.remove(language);
                    labels
                        .extend(here.labels.get_key_value(language).map(|(code, label)| (code.clone(), label.clone())));
                }
            }
            Fact::Right(Right {
                labels,
                meaning: one(is_here("meaning"), &here.meaning, &wanted.meaning),
                scope: one(is_here("of"), &here.scope, &wanted.scope),
                own_data_allowed: one(is_here("own_data_allowed"), &here.own_data_allowed, &wanted.own_data_allowed),
                builtin: one(is_here("builtin"), &here.builtin, &wanted.builtin),
            })
        }
        (Fact::Employee(here), Fact::Employee(wanted)) => Fact::Employee(Employee {
            name: one(is_here("name"), &here.name, &wanted.name),
            email: one(is_here("email"), &here.email, &wanted.email),
            phone: one(is_here("phone"), &here.phone, &wanted.phone),
            department: one(is_here("department"), &here.department, &wanted.department),
            language: one(is_here("language"), &here.language, &wanted.language),
        }),
        (Fact::Group(here), Fact::Group(wanted)) => Fact::Group(GroupFact {
            name: one(is_here("name"), &here.name, &wanted.name),
            modules: one(is_here("modules"), &here.modules, &wanted.modules),
        }),
        (Fact::User(here), Fact::User(wanted)) => Fact::User(UserFact {
            employee: one(is_here("employee"), &here.employee, &wanted.employee),
            name: one(is_here("name"), &here.name, &wanted.name),
            superuser: one(is_here("superuser"), &here.superuser, &wanted.superuser),
            active: one(is_here("active"), &here.active, &wanted.active),
            modules: one(is_here("modules"), &here.modules, &wanted.modules),
        }),
        (Fact::Company(here), Fact::Company(wanted)) => {
            let mut fields = wanted.fields().map(|(_, value)| value.clone());
            for (slot, (_, value)) in fields.iter_mut().zip(here.fields()).filter(|(_, (field, _))| is_here(field)) {
                slot.clone_from(value);
            }
            Fact::Company(Company::of_fields(fields))
        }
        (Fact::Licence(here), Fact::Licence(wanted)) => Fact::Licence(Licence {
            name: one(is_here("name"), &here.name, &wanted.name),
            contact: one(is_here("contact"), &here.contact, &wanted.contact),
            phone: one(is_here("phone"), &here.phone, &wanted.phone),
            company_databases: one(is_here("company_databases"), &here.company_databases, &wanted.company_databases),
            invitations: one(is_here("invitations"), &here.invitations, &wanted.invitations),
            services: one(is_here("services"), &here.services, &wanted.services),
        }),
        // All others have one field.
        (here, wanted) => one(here.fields().first().is_some_and(|(field, _)| is_here(field)), here, wanted),
    }
}

/// Makes every reference good. What the policy has and a row needs is written again, though somebody deleted it; what
/// stands only in the database and refers to something that the policy takes away goes with it.
fn close(facts: &mut BTreeMap<Key, Fact>, declared: &State) {
    loop {
        let mut corrections: Vec<(Key, Option<Fact>)> = Vec::new();
        for (key, fact) in facts.iter() {
            let held_by_key = of_key(key).into_iter().map(|needed| (needed, None));
            let held_by_fact = of_fact(fact).into_iter().map(|(needed, field)| (needed, Some(field)));
            for (needed, field) in held_by_key.chain(held_by_fact) {
                if facts.contains_key(&needed) {
                    continue;
                }
                corrections.push(match (declared.facts.get(&needed), field) {
                    (Some(missing), _) => (needed, Some(missing.clone())),
                    (None, None) => (key.clone(), None),
                    (None, Some(field)) => (key.clone(), without(key, fact, (&needed, field), declared)),
                });
            }
        }
        corrections.extend(shared_employees(facts, declared));
        if corrections.is_empty() {
            return;
        }
        for (key, fact) in corrections {
            match fact {
                Some(fact) => drop(facts.insert(key, fact)),
                None => drop(facts.remove(&key)),
            }
        }
    }
}

/// Users who are linked to an employee to whom somebody else is linked too: the links of the policy stay.
fn shared_employees(facts: &BTreeMap<Key, Fact>, declared: &State) -> Vec<(Key, Option<Fact>)> {
    let mut linked: BTreeMap<&Name, Vec<(&Key, &Fact)>> = BTreeMap::new();
    for (key, fact) in facts {
        if let Fact::User(UserFact { employee: Some(employee), .. }) = fact {
            linked.entry(employee).or_default().push((key, fact));
        }
    }
    let mut found = Vec::new();
    for (employee, users) in linked.into_iter().filter(|(_, users)| users.len() > 1) {
        let referred = Key::Employee(employee.clone());
        for (key, fact) in users {
            let is_declared = matches!(
                declared.facts.get(key), Some(Fact::User(wanted)) if wanted.employee.as_ref() == Some(employee)
            );
            if !is_declared {
                found.push((key.clone(), without(key, fact, (&referred, "employee"), declared)));
            }
        }
    }
    found
}

/// A row whose field may not refer to something: as declared, else to nothing; gone if it is nothing without it.
fn without(key: &Key, fact: &Fact, (referred, field): (&Key, &str), declared: &State) -> Option<Fact> {
    if let Some(wanted) = declared.facts.get(key) {
        return Some(pick(wanted, fact, &|other| other == field));
    }
    let mut fact = fact.clone();
    match (&mut fact, field) {
        (Fact::User(user), "employee") => user.employee = None,
        (Fact::User(user), _) => user.modules = None,
        (Fact::Group(group), _) => group.modules = None,
        (Fact::ModuleSet(modules), _) => modules.retain(|name| Key::Module(name.clone()) != *referred),
        _ => return None,
    }
    Some(fact)
}

/// What must be there for a row of this key.
pub(super) fn of_key(key: &Key) -> Vec<Key> {
    let group = |kind: GroupKind, name: &Name| Key::of_group(&GroupKey { name: name.clone(), kind });
    match key {
        Key::Member { group, member, .. } => {
            let member = match member {
                MemberKey::Everyone => None,
                MemberKey::User(name) => Some(Key::User(name.clone())),
                MemberKey::Group(inner) => Some(Key::of_group(inner)),
            };
            std::iter::once(Key::of_group(group)).chain(member).collect()
        }
        Key::Access(user) => vec![Key::User(user.clone())],
        Key::Rule { subject, right, target, .. } => {
            let subject = match subject {
                SubjectKey::User(name) => Key::User(name.clone()),
                SubjectKey::Group(name) => group(GroupKind::Group, name),
                SubjectKey::Role(name) => group(GroupKind::Role, name),
            };
            let target = match target {
                None | Some(TargetKey::Everyone | TargetKey::Everything) => None,
                Some(TargetKey::User(name)) => Some(Key::User(name.clone())),
                Some(TargetKey::Group(name)) => Some(group(GroupKind::Group, name)),
                Some(TargetKey::Role(name)) => Some(group(GroupKind::Role, name)),
                Some(TargetKey::Module(name)) => Some(Key::Module(name.clone())),
                Some(TargetKey::ModuleSet(name)) => Some(Key::ModuleSet(name.clone())),
                Some(TargetKey::Attachment(name)) => Some(Key::Attachment(name.clone())),
            };
            [subject, Key::Right(right.clone())].into_iter().chain(target).collect()
        }
        _ => Vec::new(),
    }
}

/// What the fields of a row refer to, and which field does.
pub(super) fn of_fact(fact: &Fact) -> Vec<(Key, &'static str)> {
    let modules = |set: &Option<Name>| set.clone().map(|set| (Key::ModuleSet(set), "modules"));
    match fact {
        Fact::User(user) => {
            let employee = user.employee.clone().map(|employee| (Key::Employee(employee), "employee"));
            employee.into_iter().chain(modules(&user.modules)).collect()
        }
        Fact::Group(group) => modules(&group.modules).into_iter().collect(),
        Fact::ModuleSet(names) => names.iter().map(|name| (Key::Module(name.clone()), "modules")).collect(),
        Fact::Access(role) => vec![(Key::of_group(role), "role")],
        _ => Vec::new(),
    }
}
