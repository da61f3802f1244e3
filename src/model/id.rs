//! Ids and the tables that they index. Ids count in the order of names, so that sorting by id sorts by name.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::sync::Arc;

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

/// Things by id and by key, in the order of their keys. A copy shares what nobody changes.
#[derive(Debug, Clone)]
pub struct Table<I, K, T> {
    keys: Arc<Keys<K>>,
    items: Arc<Vec<T>>,
    id: PhantomData<I>,
}

/// The keys of a table, in order.
#[derive(Debug)]
struct Keys<K> {
    all: Vec<K>,
    /// Where each key stands. A search by halves compares twenty names of a million, each somewhere else in memory: two
    /// fifths of the time that reading such an organisation took.
    slots: HashTable<Slot>,
    hasher: DefaultHashBuilder,
}

/// Where a key stands, with a part of its hash, so that nearly always only the key that was meant is looked at.
#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    place: u32,
}

/// A part of a hash of which the table itself uses little.
fn tag(hash: u64) -> u32 {
    ((hash >> 24) & u64::from(u32::MAX)) as u32
}

impl<K: Hash> Keys<K> {
    fn new(all: Vec<K>) -> Self {
        let hasher = DefaultHashBuilder::default();
        let hashes: Vec<u64> = all.iter().map(|key| hasher.hash_one(key)).collect();
        let mut slots = HashTable::with_capacity(all.len());
        for (place, hash) in (0..).zip(&hashes) {
            let slot = Slot { tag: tag(*hash), place };
            slots.insert_unique(*hash, slot, |slot: &Slot| hashes[slot.place as usize]);
        }
        Self { all, slots, hasher }
    }

    fn find(&self, hash: u64, is_it: impl Fn(&K) -> bool) -> Option<u32> {
        let tag = tag(hash);
        let same = |slot: &Slot| slot.tag == tag && is_it(&self.all[slot.place as usize]);
        self.slots.find(hash, same).map(|slot| slot.place)
    }

    /// The first key whose hash seems to be the same. Keys are not looked at.
    fn seems(&self, hash: u64) -> Option<u32> {
        let tag = tag(hash);
        self.slots.find(hash, |slot| slot.tag == tag).map(|slot| slot.place)
    }
}

impl<I, K: Hash, T> Default for Table<I, K, T> {
    fn default() -> Self {
        Self { keys: Arc::new(Keys::new(Vec::new())), items: Arc::default(), id: PhantomData }
    }
}

impl<I: Id, K: Ord + Hash, T> Table<I, K, T> {
    /// Sorts entries by their keys. Of several with one key the first is kept.
    pub fn new(mut entries: Vec<(K, T)>) -> Self {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, first| later.0 == first.0);
        let (keys, items): (Vec<K>, Vec<T>) = entries.into_iter().unzip();
        Self { keys: Arc::new(Keys::new(keys)), items: Arc::new(items), id: PhantomData }
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
        let found = self.keys.find(self.keys.hasher.hash_one(key), |known| known.borrow() == key);
        found.map(|place| I::from_index(place as usize))
    }

    /// The ids of many keys, given as what is hashed alike. One step is made for all of them before the next one, so
    /// that the processor waits for many places in memory at a time: with a million names each is somewhere else.
    pub fn find_each<Q: Hash>(&self, wanted: &[Q], is_it: impl Fn(&K, &Q) -> bool) -> Vec<Option<I>> {
        let hashes: Vec<u64> = wanted.iter().map(|key| self.keys.hasher.hash_one(key)).collect();
        let near: Vec<Option<u32>> = hashes.iter().map(|hash| self.keys.seems(*hash)).collect();
        let look = |((key, hash), near): ((&Q, u64), Option<u32>)| {
            let near = near?;
            if is_it(&self.keys.all[near as usize], key) {
                return Some(I::from_index(near as usize));
            }
            let found = self.keys.find(hash, |known| is_it(known, key));
            found.map(|place| I::from_index(place as usize))
        };
        wanted.iter().zip(hashes).zip(near).map(look).collect()
    }

    /// What an id stands for.
    pub fn get(&self, id: I) -> &T {
        &self.items[id.index()]
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, id: I) -> &mut T
    where
        T: Clone,
    {
        &mut Arc::make_mut(&mut self.items)[id.index()]
    }

    /// The key of an id.
    pub fn key(&self, id: I) -> &K {
        &self.keys.all[id.index()]
    }

    /// Every key in order.
    pub fn keys(&self) -> &[K] {
        &self.keys.all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.all.is_empty()
    }

    /// Every id in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + DoubleEndedIterator + use<I, K, T> {
        (0..self.keys.all.len()).map(I::from_index)
    }

    /// Everything in order of its keys.
    pub fn iter(&self) -> impl Iterator<Item = (I, &K, &T)> {
        self.keys.all.iter().zip(&*self.items).enumerate().map(|(index, (key, item))| (I::from_index(index), key, item))
    }
}
