//! What of a policy Creme has a place for: `schema/creme.yaml`, read strictly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::{Language, Word};
use crate::name::{Name, RightName};
use crate::target::limits::Concerned;

use super::gives::Deed;

const MAPPING: &str = include_str!("../../../schema/creme.yaml");

/// The whole mapping.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What the CRM is called.
    pub crm: String,
    /// The right to have an account that is in use.
    #[serde(deserialize_with = "right")]
    pub start: RightName,
    /// The modules of a policy.
    #[serde(deserialize_with = "modules")]
    pub modules: BTreeMap<Name, App>,
    /// What is asked for a type that says nothing else.
    every_type: Aspects,
    types: BTreeMap<String, Ruled>,
    /// What is kept from nobody.
    #[serde(deserialize_with = "rights")]
    pub everybody: BTreeSet<RightName>,
    /// Rights that are only something near to it, and the difference.
    #[serde(deserialize_with = "by_right")]
    pub nearly: BTreeMap<RightName, Differs>,
    /// Why there is no place for a right.
    #[serde(deserialize_with = "by_right")]
    pub nowhere: BTreeMap<RightName, Differs>,
}

/// How a right differs in Creme from what the policy means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// Who feels it.
    #[serde(rename = "for", deserialize_with = "concerned")]
    pub concerns: Concerned,
    /// What it is, in every language.
    #[serde(deserialize_with = "told")]
    pub why: Word,
}

/// What a module is in Creme.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The app.
    pub app: String,
    /// The types of records that belong to the module.
    pub types: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Aspects {
    #[serde(deserialize_with = "right")]
    create: RightName,
    #[serde(deserialize_with = "right")]
    export: RightName,
    #[serde(deserialize_with = "right")]
    list: RightName,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Ruled {
    #[serde(deserialize_with = "optional_right")]
    create: Option<RightName>,
    #[serde(deserialize_with = "optional_right")]
    export: Option<RightName>,
    #[serde(deserialize_with = "optional_right")]
    list: Option<RightName>,
    #[serde(deserialize_with = "deeds")]
    others: BTreeMap<Deed, RightName>,
}

/// What is asked for one type of records.
#[derive(Debug)]
pub struct Asked<'m> {
    /// For a new one.
    pub create: &'m RightName,
    /// For taking them out of the CRM.
    pub export: &'m RightName,
    /// For seeing lists of them.
    pub list: &'m RightName,
    others: Option<&'m BTreeMap<Deed, RightName>>,
}

impl Asked<'_> {
    /// The right that a deed to the records of other people needs; `None` if the module is enough.
    pub fn to_others(&self, deed: Deed) -> Option<&RightName> {
        self.others?.get(&deed)
    }

    /// Every right, once for each place that it has.
    pub fn rights(&self) -> impl Iterator<Item = &RightName> {
        [self.create, self.export, self.list].into_iter().chain(self.others.into_iter().flat_map(BTreeMap::values))
    }
}

/// The mapping that the program carries.
pub fn mapping() -> &'static Mapping {
    static READ: LazyLock<Mapping> =
        LazyLock::new(|| serde_yaml::from_str(MAPPING).unwrap_or_else(|_| Mapping::none()));
    &READ
}

impl Mapping {
    /// One without a place for anything; a test keeps it from being used.
    fn none() -> Self {
        let nothing = RightName::foreign("");
        Self {
            crm: String::new(),
            start: nothing.clone(),
            modules: BTreeMap::new(),
            every_type: Aspects { create: nothing.clone(), export: nothing.clone(), list: nothing },
            types: BTreeMap::new(),
            everybody: BTreeSet::new(),
            nearly: BTreeMap::new(),
            nowhere: BTreeMap::new(),
        }
    }

    /// The mapping as far as an installation has the apps; `types` are all that it has, `app.model`.
    #[must_use]
    pub fn installed(&self, types: &BTreeMap<String, String>) -> Self {
        let mut installed = self.clone();
        let apps: BTreeSet<&str> = types.keys().filter_map(|kind| kind.split_once('.')).map(|(app, _)| app).collect();
        installed.modules.retain(|_, app| apps.contains(app.app.as_str()));
        installed.modules.values_mut().for_each(|app| app.types.retain(|kind| types.contains_key(kind)));
        installed
    }

    /// What is asked for a type.
    pub fn asked(&self, kind: &str) -> Asked<'_> {
        let (every, ruled) = (&self.every_type, self.types.get(kind));
        let own = |pick: fn(&Ruled) -> Option<&RightName>| ruled.and_then(pick);
        Asked {
            create: own(|ruled| ruled.create.as_ref()).unwrap_or(&every.create),
            export: own(|ruled| ruled.export.as_ref()).unwrap_or(&every.export),
            list: own(|ruled| ruled.list.as_ref()).unwrap_or(&every.list),
            others: ruled.map(|ruled| &ruled.others),
        }
    }

    /// The types of all modules.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.modules.values().flat_map(|app| app.types.iter().map(String::as_str))
    }

    /// The apps of all modules.
    pub fn apps(&self) -> BTreeSet<String> {
        self.modules.values().map(|app| app.app.clone()).collect()
    }

    /// Every right that has a place, beside the use of modules.
    pub fn rights(&self) -> BTreeSet<RightName> {
        let of_types = self.types().flat_map(|kind| self.asked(kind).rights().cloned().collect::<Vec<_>>());
        of_types.chain([self.start.clone()]).collect()
    }
}

type Fault<'de, D> = <D as serde::Deserializer<'de>>::Error;

fn named<E: serde::de::Error>(text: &str) -> Result<RightName, E> {
    RightName::new(text).ok_or_else(|| E::custom(format!("`{text}` is no name of a right")))
}

fn right<'de, D: serde::Deserializer<'de>>(from: D) -> Result<RightName, Fault<'de, D>> {
    named(&String::deserialize(from)?)
}

fn optional_right<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<RightName>, Fault<'de, D>> {
    right(from).map(Some)
}

fn concerned<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Concerned, Fault<'de, D>> {
    match String::deserialize(from)?.as_str() {
        "holders" => Ok(Concerned::Holders),
        "others" => Ok(Concerned::Others),
        word => Err(serde::de::Error::custom(format!("`{word}` is neither `holders` nor `others`"))),
    }
}

fn told<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Word, Fault<'de, D>> {
    let texts = BTreeMap::<String, String>::deserialize(from)?;
    let text = |language: Language| {
        let text = texts.get(language.code()).cloned();
        text.map(|text| (language, text)).ok_or_else(|| serde::de::Error::missing_field(language.code()))
    };
    Language::ALL.into_iter().map(text).collect::<Result<_, _>>().map(Word::Each)
}

fn rights<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeSet<RightName>, Fault<'de, D>> {
    Vec::<String>::deserialize(from)?.iter().map(|right| named(right)).collect()
}

fn by_right<'de, D, T>(from: D) -> Result<BTreeMap<RightName, T>, Fault<'de, D>>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    let read = BTreeMap::<String, T>::deserialize(from)?;
    read.into_iter().map(|(right, said)| Ok((named(&right)?, said))).collect()
}

fn modules<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<Name, App>, Fault<'de, D>> {
    let read = BTreeMap::<String, App>::deserialize(from)?;
    let named = |name: &str| Name::new(name).map_err(|error| serde::de::Error::custom(format!("{name}: {error:?}")));
    read.into_iter().map(|(name, app)| Ok((named(&name)?, app))).collect()
}

fn deeds<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<Deed, RightName>, Fault<'de, D>> {
    let read = BTreeMap::<String, String>::deserialize(from)?;
    let deed = |word: &str| {
        let deed = Deed::ALL.into_iter().find(|deed| deed.as_str() == word);
        deed.ok_or_else(|| serde::de::Error::custom(format!("`{word}` is nothing that is done to records")))
    };
    read.into_iter().map(|(word, right)| Ok((deed(&word)?, named(&right)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::built_in;

    #[test]
    fn the_mapping_is_read_as_a_whole_and_says_something_of_every_right_of_the_catalogue() {
        let read: Mapping = serde_yaml::from_str(MAPPING).unwrap();
        let placed = read.rights();
        for right in built_in().keys().filter(|right| right.as_str() != super::super::may::USE) {
            let nowhere = read.nowhere.contains_key(right);
            assert!((placed.contains(right) || read.everybody.contains(right)) != nowhere, "{right}");
        }
        assert!(read.nearly.keys().all(|right| !read.nowhere.contains_key(right)));
        assert_eq!(mapping().crm, "CremeCRM 2.8");
    }

    #[test]
    fn a_type_belongs_to_one_module_and_is_ruled_only_there() {
        let mapping = mapping();
        let types: Vec<&str> = mapping.types().collect();
        assert_eq!(types.iter().collect::<BTreeSet<_>>().len(), types.len());
        assert!(mapping.types.keys().all(|kind| types.contains(&kind.as_str())));
        assert!(mapping.modules.values().all(|app| app.types.iter().all(|kind| kind.starts_with(&app.app))));
    }

    #[test]
    fn what_no_mapping_says_is_an_error() {
        for wrong in ["vieww: opportunities.see", "view: Opportunities", "view: [x.y]"] {
            let text = MAPPING.replace("view: opportunities.see", wrong);
            assert!(serde_yaml::from_str::<Mapping>(&text).is_err(), "{wrong}");
        }
    }
}
