//! Facts under their keys, shared until somebody changes them: a plan holds the same state several times.

use std::collections::{BTreeMap, btree_map};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{Fact, Key};

/// Facts in the order of their keys. Whoever copies them shares them; the first change makes the copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Arc<BTreeMap<Key, Fact>>);

impl Deref for Facts {
    type Target = BTreeMap<Key, Fact>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Facts {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl From<BTreeMap<Key, Fact>> for Facts {
    fn from(facts: BTreeMap<Key, Fact>) -> Self {
        Self(Arc::new(facts))
    }
}

impl FromIterator<(Key, Fact)> for Facts {
    fn from_iter<I: IntoIterator<Item = (Key, Fact)>>(facts: I) -> Self {
        Self::from(facts.into_iter().collect::<BTreeMap<Key, Fact>>())
    }
}

impl IntoIterator for Facts {
    type Item = (Key, Fact);
    type IntoIter = btree_map::IntoIter<Key, Fact>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl<'f> IntoIterator for &'f Facts {
    type Item = (&'f Key, &'f Fact);
    type IntoIter = btree_map::Iter<'f, Key, Fact>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
