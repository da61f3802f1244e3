//! What roles of Creme give: apps, and for each type of records what may be done to whose.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;

/// Something that is done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// To see it.
    View,
    /// To alter it.
    Change,
    /// To delete it.
    Delete,
    /// To put a relation to it.
    Link,
    /// To take a relation away.
    Unlink,
}

impl Deed {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::View, Self::Change, Self::Delete, Self::Link, Self::Unlink];

    /// The word of the mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Change => "change",
            Self::Delete => "delete",
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }

    /// The bit in Creme's `value` of credentials.
    fn bit(self) -> u8 {
        match self {
            Self::View => 2,
            Self::Change => 4,
            Self::Delete => 8,
            Self::Link => 16,
            Self::Unlink => 32,
        }
    }
}

/// Deeds, as Creme writes them: bits in a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deeds(u8);

impl Deeds {
    /// All that there are.
    pub const ALL: Self = Self(2 + 4 + 8 + 16 + 32);

    /// Those of a number; bits that mean nothing are left out.
    pub fn of_value(value: u8) -> Self {
        Self(value & Self::ALL.0)
    }

    /// The number.
    pub fn value(self) -> u8 {
        self.0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one is among them.
    pub fn has(self, deed: Deed) -> bool {
        self.0 & deed.bit() != 0
    }

    /// These and others.
    pub fn and(&mut self, more: Self) {
        self.0 |= more.0;
    }

    /// These without others.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Deed> {
        Deed::ALL.into_iter().filter(move |deed| self.has(*deed))
    }
}

impl From<Deed> for Deeds {
    fn from(deed: Deed) -> Self {
        Self(deed.bit())
    }
}

impl FromIterator<Deed> for Deeds {
    fn from_iter<I: IntoIterator<Item = Deed>>(deeds: I) -> Self {
        deeds.into_iter().fold(Self::default(), |mut all, deed| {
            all.and(deed.into());
            all
        })
    }
}

/// What is given of one type of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// Of the own ones.
    pub own: Deeds,
    /// Of everybody's.
    pub all: Deeds,
    /// Of those of certain owners, by login.
    pub of: BTreeMap<Name, Deeds>,
    /// New ones.
    pub create: bool,
    /// Taking them out.
    pub export: bool,
    /// Lists of them.
    pub list: bool,
}

impl Given {
    /// What may be done to the records of an owner who is somebody else.
    pub fn to(&self, owner: &Name) -> Deeds {
        let mut deeds = self.all;
        deeds.and(self.of.get(owner).copied().unwrap_or_default());
        deeds
    }

    /// The same, without what is given twice: who may do something to all records may do it to the own ones.
    fn folded(mut self) -> Self {
        self.own.and(self.all);
        let all = self.all;
        self.of.values_mut().for_each(|deeds| *deeds = deeds.without(all));
        self.of.retain(|_, deeds| !deeds.is_empty());
        self
    }

    fn and(&mut self, more: &Self) {
        self.own.and(more.own);
        self.all.and(more.all);
        for (owner, deeds) in &more.of {
            self.of.entry(owner.clone()).or_default().and(*deeds);
        }
        self.create |= more.create;
        self.export |= more.export;
        self.list |= more.list;
    }
}

/// What a role gives, or several together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gives {
    /// The apps that may be used.
    pub apps: BTreeSet<String>,
    /// The types of records, `app.model`.
    pub types: BTreeMap<String, Given>,
    /// What the mapping has no word for, as people can read it.
    pub strange: BTreeSet<String>,
}

impl Gives {
    /// Together with what another one gives.
    pub fn and(&mut self, more: &Self) {
        self.apps.extend(more.apps.iter().cloned());
        for (kind, given) in &more.types {
            self.types.entry(kind.clone()).or_default().and(given);
        }
        self.strange.extend(more.strange.iter().cloned());
    }

    /// In the one form in which two that give the same are equal.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.types = self.types.into_iter().map(|(kind, given)| (kind, given.folded())).collect();
        self.types.retain(|_, given| *given != Given::default());
        self
    }

    /// What is given of a type.
    pub fn of(&self, kind: &str) -> &Given {
        static NOTHING: Given =
            Given { own: Deeds(0), all: Deeds(0), of: BTreeMap::new(), create: false, export: false, list: false };
        self.types.get(kind).unwrap_or(&NOTHING)
    }

    /// What this gives and the other one does not, as people can read it; both folded.
    pub fn beyond(&self, other: &Self) -> Vec<String> {
        let mut beyond: Vec<String> = self.apps.difference(&other.apps).map(|app| format!("app {app}")).collect();
        for (kind, given) in &self.types {
            let less = other.of(kind);
            let flags = [
                ("create", given.create && !less.create),
                ("export", given.export && !less.export),
                ("list", given.list && !less.list),
            ];
            let said = |deeds: Deeds| deeds.iter().map(Deed::as_str).collect::<Vec<_>>().join("+");
            let mut words: Vec<String> =
                flags.iter().filter(|(_, more)| *more).map(|(word, _)| (*word).into()).collect();
            for (whose, deeds) in [("all", given.all.without(less.all)), ("own", given.own.without(less.own))] {
                // What is given of all is told once.
                let deeds = if whose == "own" { deeds.without(given.all) } else { deeds };
                if !deeds.is_empty() {
                    words.push(format!("{} {whose}", said(deeds)));
                }
            }
            let mut owners: BTreeMap<Deeds, Vec<&str>> = BTreeMap::new();
            for (owner, deeds) in &given.of {
                let more = deeds.without(less.to(owner));
                if !more.is_empty() {
                    owners.entry(more).or_default().push(owner.as_str());
                }
            }
            words.extend(owners.iter().map(|(deeds, owners)| format!("{} of {}", said(*deeds), owners.join(" "))));
            if !words.is_empty() {
                beyond.push(format!("{kind} {}", words.join(", ")));
            }
        }
        beyond.extend(self.strange.difference(&other.strange).cloned());
        beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(own: u8, all: u8, of: &[(&str, u8)]) -> Given {
        let of = of.iter().map(|(owner, deeds)| (Name::foreign(owner), Deeds::of_value(*deeds))).collect();
        Given { own: Deeds::of_value(own), all: Deeds::of_value(all), of, ..Given::default() }
    }

    #[test]
    fn what_is_given_of_all_counts_for_the_own_and_for_each_owner() {
        let types = [("x.y".to_owned(), given(4, 2, &[("lars", 2), ("kari", 6)]))].into();
        let gives = Gives { types, ..Gives::default() }.folded();
        assert_eq!(gives.of("x.y"), &given(6, 2, &[("kari", 4)]));
        assert_eq!(gives.of("x.y").to(&Name::foreign("kari")), Deeds::of_value(6));
        assert_eq!(gives.of("x.z"), &Given::default());
    }

    #[test]
    fn what_one_gives_beyond_another_is_told_in_words() {
        let more = Gives {
            apps: ["x".to_owned()].into(),
            types: [("x.y".to_owned(), Given { export: true, ..given(6, 2, &[("kari", 12), ("lars", 12)]) })].into(),
            strange: BTreeSet::new(),
        };
        let less = Gives { types: [("x.y".to_owned(), given(2, 0, &[("lars", 4)]))].into(), ..Gives::default() };
        assert_eq!(
            more.folded().beyond(&less.folded()),
            ["app x", "x.y export, view all, change own, delete of lars, change+delete of kari"]
        );
    }
}
