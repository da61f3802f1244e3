//! A whole repository for a state: one file for each kind of declaration, and one for each group.

use std::collections::{BTreeMap, BTreeSet};

use crate::edit::content::{Content, Paper};
use crate::edit::hunk::File;
use crate::state::{Fact, Key, State};

use super::sayable::owner;
use super::words::{Reasoned, Words};
use super::write::{Fresh, content, new_file, section_of, sections};

/// The policy files that say a state, in order of their paths.
pub fn layout(state: &State) -> Vec<File> {
    let words = Words::of(state);
    let mut rules: BTreeMap<Key, Vec<Reasoned<'_>>> = BTreeMap::new();
    let mut members: BTreeMap<Key, Vec<Reasoned<'_>>> = BTreeMap::new();
    for (key, fact) in &state.facts {
        match (key, fact) {
            (Key::Rule { subject, .. }, Fact::Rule(because)) => {
                rules.entry(owner(subject)).or_default().push((key, because));
            }
            (Key::Member { group, .. }, Fact::Member(because)) => {
                members.entry(Key::of_group(group)).or_default().push((key, because));
            }
            _ => {}
        }
    }
    let mut files: BTreeMap<String, Fresh> = BTreeMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (key, fact) in &state.facts {
        if matches!(fact, Fact::Right(right) if right.builtin) {
            continue;
        }
        let (section, name) = section_of(key);
        let path = match section {
            "" => continue,
            "groups" => format!("policies/groups/{}.yaml", free(&name, &mut taken)),
            "access" => "policies/online.yaml".to_owned(),
            "module_sets" => "policies/modules.yaml".to_owned(),
            section => format!("policies/{section}.yaml"),
        };
        let content = content(key, fact, words, rules.get(key), members.get(key)).braced_if_short();
        files.entry(path).or_default().entry(section).or_default().push((name, content));
    }
    let mut files: Vec<File> =
        files.into_iter().map(|(path, fresh)| new_file(path, &sections(&fresh), Paper::NEW)).collect();
    let single = single(state);
    if !single.is_empty() {
        files.push(new_file("policies/company.yaml".to_owned(), &single, Paper::NEW));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The sections that stand once.
fn single(state: &State) -> Vec<(String, Content)> {
    let text = |value: &Option<Box<str>>| value.as_ref().map(|text| Content::Text(text.to_string()));
    let number = |value: Option<u32>| value.map(|number| Content::Word(number.to_string()));
    let mut sections = Vec::new();
    let mut section = |name: &str, fields: Vec<(&str, Option<Content>)>| {
        let said = fields.into_iter().filter_map(|(field, content)| Some((field.to_owned(), content?)));
        sections.push((name.to_owned(), Content::Fields(said.collect())));
    };
    for fact in state.facts.values() {
        match fact {
            Fact::Company(company) => {
                let of_address = |field: &&str| field.starts_with("address.");
                let fields = company.fields();
                let address = fields
                    .iter()
                    .filter(|(field, _)| of_address(field))
                    .filter_map(|(field, value)| Some((field.trim_start_matches("address.").to_owned(), text(value)?)));
                let address: Vec<(String, Content)> = address.collect();
                let mut said: Vec<(&str, Option<Content>)> = fields
                    .iter()
                    .filter(|(field, _)| !of_address(field))
                    .map(|(field, value)| (*field, text(value)))
                    .collect();
                said.insert(1, ("address", (!address.is_empty()).then_some(Content::Braced(address))));
                section("company", said);
            }
            Fact::Licence(licence) => {
                let services = licence.services.iter().map(|service| Content::Text(service.to_string())).collect();
                section(
                    "licence",
                    vec![
                        ("name", text(&licence.name)),
                        ("contact", text(&licence.contact)),
                        ("phone", text(&licence.phone)),
                        ("company_databases", number(licence.company_databases)),
                        ("invitations", number(licence.invitations)),
                        ("services", (!licence.services.is_empty()).then_some(Content::Bracketed(services))),
                    ],
                );
            }
            _ => {}
        }
    }
    sections
}

/// A name for a file that no other has, also where capitals do not count.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{name}-{number}");
        number += 1;
    }
    candidate
}
