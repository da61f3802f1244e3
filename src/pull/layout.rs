//! A whole repository for a state: one file for each kind of declaration, and one for each group.

use std::collections::{BTreeMap, BTreeSet};

use crate::edit::content::Paper;
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
    files.into_iter().map(|(path, fresh)| new_file(path, &sections(&fresh), Paper::NEW)).collect()
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
