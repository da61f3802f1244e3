//! The predefined roles for online access: data, compiled into the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::date::Validity;
use crate::name::{Name, RightName};

use super::key::GroupKey;
use super::{Effect, Group, Parts, Rule, Subject, Target};

const ROLES: &str = include_str!("roles.yaml");

/// Has the shape of the section `roles`, but for the languages of the name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: BTreeMap<Box<str>, Box<str>>,
    allow: Vec<Box<str>>,
}

/// A role that nobody edits or removes.
#[derive(Debug)]
pub struct Predefined {
    /// Its name by language.
    pub labels: BTreeMap<Box<str>, Box<str>>,
    /// What it allows, in the words of a policy.
    pub allow: Vec<Box<str>>,
}

static PREDEFINED: LazyLock<BTreeMap<Name, Predefined>> = LazyLock::new(|| {
    let entries: BTreeMap<String, Entry> = serde_yaml::from_str(ROLES).unwrap_or_default();
    let role = |entry: Entry| Predefined { labels: entry.name, allow: entry.allow };
    entries.into_iter().map(|(name, entry)| (Name::foreign(&name), role(entry))).collect()
});

/// The predefined roles, by name.
pub fn predefined() -> &'static BTreeMap<Name, Predefined> {
    &PREDEFINED
}

/// The groups of some of them. They are shown by their English name, since a database keeps one.
pub(super) fn groups(used: &BTreeSet<&Name>) -> Vec<(GroupKey, Group)> {
    let used = predefined().iter().filter(|(name, _)| used.contains(name));
    let group = |role: &Predefined| Group { name: role.labels.get("en").cloned(), modules: None, place: None };
    used.map(|(name, role)| (GroupKey::role(name.clone()), group(role))).collect()
}

/// The rules of those that are among the groups.
pub(super) fn rules(parts: &Parts) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (name, role) in predefined() {
        let Some(group) = parts.groups.find(&GroupKey::role(name.clone())) else { continue };
        rules.extend(role.allow.iter().filter_map(|text| {
            let (right, target) = text.split_once(" of ").map_or((&**text, None), |(right, over)| (right, Some(over)));
            Some(Rule {
                subject: Subject::Group(group),
                right: parts.rights.find(&RightName::new(right)?)?,
                target: target.map(|over| if over == "everyone" { Target::Everyone } else { Target::Everything }),
                effect: Effect::Allow,
                validity: Validity::ALWAYS,
                because: None,
                place: None,
            })
        }));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::testing::findings;

    #[test]
    fn every_predefined_role_has_a_name_in_each_language_and_rules_that_mean_something() {
        let entries: BTreeMap<String, Entry> = serde_yaml::from_str(ROLES).unwrap();
        assert_eq!(predefined().len(), entries.len());
        for (name, role) in predefined() {
            assert!(Language::CODES.iter().all(|code| role.labels.contains_key(*code)), "{name}");
            // Spelled out under another name they are the rules of any role.
            let rules = role.allow.join(", ");
            assert_eq!(findings(&format!("roles: {{ own: {{ allow: [{rules}] }} }}\n")), "", "{name}");
        }
    }

    #[test]
    fn a_predefined_role_cannot_be_declared_and_need_not_be() {
        insta::assert_snapshot!(findings(r#"
//- policies/a.yaml
roles: { online.reader: { allow: [data.export] } }
users: { lars: }
"#), @r#"duplicate-name a.yaml:1:10 "online.reader" `online.reader` is a role of the catalogue and cannot be declared again | take the declaration out, or choose another name"#);
    }
}
