//! Ids and the tables that they index. Ids count in the order of names, so that sorting by id sorts by name.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use hashbrown::{DefaultHashBuilder, HashTable};

/// The place of something in its [`Table`].
pub trait Id: Copy + Ord {
    /// The id of an index.
    fn from_index(index: usize) -> Self;
    /// The index of the id.
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl Id for $name {
            fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An employee.
    EmployeeId
    /// A user.
    UserId
    /// A group or role.
    GroupId
    /// A module.
    ModuleId
    /// A module set.
    ModuleSetId
    /// A class of attachments.
    AttachmentId
    /// A right.
    RightId
    /// A membership.
    MembershipId
    /// A rule.
    RuleId
}

/// Things by id and by key, in the order of their keys.
#[derive(Debug, Clone)]
pub struct Table<I, K, T> {
    keys: Vec<K>,
    items: Vec<T>,
    /// Where each key stands. A search by halves compares twenty names of a million, each somewhere else in memory: two
    /// fifths of the time that reading such an organisation took.
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    id: PhantomData<I>,
}

impl<I, K, T> Default for Table<I, K, T> {
    fn default() -> Self {
        let (places, hasher) = (HashTable::new(), DefaultHashBuilder::default());
        Self { keys: Vec::new(), items: Vec::new(), places, hasher, id: PhantomData }
    }
}

impl<I: Id, K: Ord + Hash, T> Table<I, K, T> {
    /// Sorts entries by their keys. Of several with one key the first is kept.
    pub fn new(mut entries: Vec<(K, T)>) -> Self {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, first| later.0 == first.0);
        let (keys, items): (Vec<K>, Vec<T>) = entries.into_iter().unzip();
        let hasher = DefaultHashBuilder::default();
        let hashes: Vec<u64> = keys.iter().map(|key| hasher.hash_one(key)).collect();
        let mut places = HashTable::with_capacity(keys.len());
        for (place, hash) in (0..).zip(&hashes) {
            places.insert_unique(*hash, place, |place: &u32| hashes[*place as usize]);
        }
        Self { keys, items, places, hasher, id: PhantomData }
    }

    /// The id of a key.
    pub fn find(&self, key: &K) -> Option<I> {
        self.find_by(key)
    }

    /// The id of what a key is made of: the text of a name.
    pub fn find_by<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<I>
    where
        K: Borrow<Q>,
    {
        let is_it = |place: &u32| self.keys[*place as usize].borrow() == key;
        self.places.find(self.hasher.hash_one(key), is_it).map(|place| I::from_index(*place as usize))
    }

    /// What an id stands for.
    pub fn get(&self, id: I) -> &T {
        &self.items[id.index()]
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }

    /// The key of an id.
    pub fn key(&self, id: I) -> &K {
        &self.keys[id.index()]
    }

    /// Every key in order.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Every id in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + DoubleEndedIterator + use<I, K, T> {
        (0..self.keys.len()).map(I::from_index)
    }

    /// Everything in order of its keys.
    pub fn iter(&self) -> impl Iterator<Item = (I, &K, &T)> {
        self.keys.iter().zip(&self.items).enumerate().map(|(index, (key, item))| (I::from_index(index), key, item))
    }
}
