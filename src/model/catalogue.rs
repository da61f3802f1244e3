//! The built-in catalogue of rights: data, compiled into the program.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::name::RightName;
use crate::syntax::right::Scope;

use super::Right;

const CATALOGUE: &str = include_str!("catalogue.yaml");

/// Has the shape of the section `rights`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: BTreeMap<Box<str>, Box<str>>,
    meaning: Box<str>,
    #[serde(default)]
    of: Option<Box<str>>,
    #[serde(default)]
    own: Option<Box<str>>,
}

static BUILT_IN: LazyLock<BTreeMap<RightName, Right>> = LazyLock::new(|| {
    let entries: BTreeMap<String, Entry> = serde_yaml::from_str(CATALOGUE).unwrap_or_default();
    entries.into_iter().filter_map(|(name, entry)| Some((RightName::new(&name)?, right(entry)))).collect()
});

/// The rights that every policy has, by name.
pub fn built_in() -> &'static BTreeMap<RightName, Right> {
    &BUILT_IN
}

fn right(entry: Entry) -> Right {
    let scope = |word: &str| Scope::ALL.into_iter().find(|scope| scope.as_str() == word);
    Right {
        labels: entry.name,
        meaning: Some(entry.meaning),
        scope: entry.of.as_deref().and_then(scope),
        own_data_allowed: entry.own.as_deref() == Some("allow"),
        builtin: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn the_catalogue_is_complete_in_every_language() {
        let entries: BTreeMap<String, Entry> = serde_yaml::from_str(CATALOGUE).unwrap();
        assert_eq!(built_in().len(), entries.len());
        for (name, right) in built_in() {
            for language in Language::CODES {
                assert!(right.labels.contains_key(language), "{name} in {language}");
            }
            assert!(!right.meaning.as_deref().unwrap().contains('\n'));
        }
        let plain = built_in().values().filter(|right| right.scope.is_none()).count();
        assert_eq!((plain, built_in().len()), (17, 24));
    }

    #[test]
    fn calendars_and_opportunities_leave_own_data_alone() {
        let own: Vec<_> = built_in().iter().filter(|(_, r)| r.own_data_allowed).map(|(n, _)| n.area()).collect();
        assert_eq!(own, ["calendar", "calendar", "opportunities", "opportunities", "opportunities"]);
    }
}
