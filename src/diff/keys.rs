//! Sets of keys that many changes share: the keys stand once, in order, and each set is positions among them.
//!
//! Takes sets of positions in a table, gives sets of keys that mean the same outside of the policy. Never spells out a set
//! unless somebody walks through it.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;

use crate::resolve::{Positions, Set};

/// So many keys are listed wherever keys are written down; of more it is told who is left out, where that is shorter.
pub const MANY: usize = 100;

/// Keys in order, each once.
#[derive(Debug)]
struct Universe<K> {
    keys: Vec<K>,
    extent: Extent,
}

/// How much stands among some keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Everything of a kind that either side has.
    Whole,
    /// What is in one of the sets.
    Part,
}

/// Some keys, in order. Cheap to clone, and small where nearly all are meant.
pub struct Keys<K> {
    universe: Arc<Universe<K>>,
    set: Arc<Set>,
}

impl<K> Clone for Keys<K> {
    fn clone(&self) -> Self {
        Self { universe: Arc::clone(&self.universe), set: Arc::clone(&self.set) }
    }
}

impl<K> Keys<K> {
    /// Where it stands in memory: what stands there is the same set, as long as one of them is kept.
    pub fn identity(&self) -> [usize; 2] {
        [Arc::as_ptr(&self.universe).addr(), Arc::as_ptr(&self.set).addr()]
    }
}

impl<K: Ord> Keys<K> {
    /// A set of its own.
    pub fn of(mut keys: Vec<K>) -> Self {
        keys.sort();
        keys.dedup();
        let set = Arc::new(Set::all(keys.len()));
        Self { universe: Arc::new(Universe { keys, extent: Extent::Part }), set }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> Iter<'_, K> {
        Iter { keys: &self.universe.keys, positions: self.set.iter() }
    }

    /// The first one.
    pub fn first(&self) -> Option<&K> {
        self.set.first().map(|at| &self.universe.keys[at])
    }

    /// Whether a key is one of them.
    pub fn contains(&self, key: &K) -> bool {
        self.position(key).is_some()
    }

    /// Where a key stands, if it is one of them.
    fn position(&self, key: &K) -> Option<usize> {
        self.universe.keys.binary_search(key).ok().filter(|at| self.set.contains(*at))
    }

    /// Every key that is not one of them, of all that either side has, if these are fewer.
    pub fn left_out(&self) -> Option<Iter<'_, K>> {
        let positions = self.set.left_out().filter(|_| self.universe.extent == Extent::Whole)?;
        Some(Iter { keys: &self.universe.keys, positions })
    }

    /// How many there would be at most: everything that either side has. `None` if that is not known.
    pub fn of_all(&self) -> Option<usize> {
        (self.universe.extent == Extent::Whole).then_some(self.universe.keys.len())
    }

    /// The same without one.
    #[must_use]
    pub fn without(&self, key: &K) -> Self {
        match self.position(key) {
            Some(at) => self.changed(|set| set.remove(at)),
            None => self.clone(),
        }
    }

    fn changed(&self, work: impl FnOnce(&mut Set)) -> Self {
        let mut set = Set::clone(&self.set);
        work(&mut set);
        Self { universe: Arc::clone(&self.universe), set: Arc::new(set) }
    }

    /// How many of some keys, which stand in order, are among them.
    pub fn among<'k>(&self, keys: impl Iterator<Item = &'k K>) -> usize
    where
        K: 'k,
    {
        let all = &self.universe.keys;
        let (mut from, mut found) = (0, 0);
        for key in keys {
            // The next one is most often near, so steps double before halves are looked at.
            let mut step = 1;
            while all.get(from + step).is_some_and(|other| other < key) {
                from += step;
                step *= 2;
            }
            let until = all.len().min(from + step + 1);
            let at = from + all[from..until].partition_point(|other| other < key);
            found += usize::from(all.get(at) == Some(key) && self.set.contains(at));
            from = at;
        }
        found
    }
}

impl<K: Ord + Clone> Keys<K> {
    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let other = other.seen_from(self);
        self.changed(|set| set.intersect_with(&other))
    }

    /// What is not in another.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let other = other.seen_from(self);
        self.changed(|set| set.difference_with(&other))
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (into, from) =
            if other.universe.keys.len() > self.universe.keys.len() { (other, self) } else { (self, other) };
        let found = from.seen_from(into);
        if found.len() == from.len() {
            return into.changed(|set| set.union_with(&found));
        }
        Self::of(self.iter().chain(other.iter()).cloned().collect())
    }

    /// What is in any of some sets; `None` if there are none. The same set is looked at once.
    pub fn union_of<'k>(sets: impl IntoIterator<Item = &'k Self>) -> Option<Self>
    where
        K: 'k,
    {
        let mut seen = HashSet::new();
        let mut sets = sets.into_iter().filter(|keys| seen.insert(keys.identity()));
        let first = sets.next()?.clone();
        Some(sets.fold(first, |all, keys| all.union(keys)))
    }

    /// Its positions among the keys of another.
    fn seen_from(&self, other: &Self) -> Arc<Set> {
        if Arc::ptr_eq(&self.universe, &other.universe) {
            return Arc::clone(&self.set);
        }
        let keys = &other.universe.keys;
        if self.universe.keys == *keys {
            return Arc::clone(&self.set);
        }
        Arc::new(Set::of(keys.len(), self.iter().filter_map(|key| keys.binary_search(key).ok())))
    }
}

impl<K: Ord> PartialEq for Keys<K> {
    fn eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.universe, &other.universe) {
            return Arc::ptr_eq(&self.set, &other.set) || self.set == other.set;
        }
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Ord> Eq for Keys<K> {}

/// As lists of keys stand in order.
impl<K: Ord> Ord for Keys<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        if !Arc::ptr_eq(&self.universe, &other.universe) {
            return self.iter().cmp(other.iter());
        }
        if Arc::ptr_eq(&self.set, &other.set) { Ordering::Equal } else { self.set.cmp(&other.set) }
    }
}

impl<K: Ord> PartialOrd for Keys<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: fmt::Debug + Ord> fmt::Debug for Keys<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<'k, K: Ord> IntoIterator for &'k Keys<K> {
    type Item = &'k K;
    type IntoIter = Iter<'k, K>;

    fn into_iter(self) -> Iter<'k, K> {
        self.iter()
    }
}

/// Keys of a set, in order.
#[derive(Clone)]
pub struct Iter<'k, K> {
    keys: &'k [K],
    positions: Positions<'k>,
}

impl<'k, K> Iterator for Iter<'k, K> {
    type Item = &'k K;

    fn next(&mut self) -> Option<&'k K> {
        self.positions.next().map(|at| &self.keys[at])
    }
}

impl<K> FusedIterator for Iter<'_, K> {}

/// The keys of whole tables, once somebody needed them, for differences between the same two policies.
pub(super) struct Shelf<K>(Option<Arc<Universe<K>>>);

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K> Shelf<K> {
    /// Takes over the keys of a set, if these are of a whole table.
    pub fn adopt(&mut self, keys: &Keys<K>) {
        if keys.universe.extent == Extent::Whole {
            self.0 = Some(Arc::clone(&keys.universe));
        }
    }
}

/// Makes keys of sets of positions. All sets that are known beforehand share their keys.
pub(super) struct Keying<K> {
    universe: Arc<Universe<K>>,
    /// The position of each key in the table, if not all of them stand among the keys.
    positions: Option<Vec<usize>>,
    known: HashMap<*const Set, Arc<Set>>,
}

/// From which part of a table on all of its keys are taken: to say where each stands costs more then.
const PART: usize = 16;

impl<K: Ord> Keying<K> {
    /// Prepares for sets of positions in a table. `key` is asked in order, for no position twice.
    pub fn new(size: usize, sets: &[&Set], key: impl Fn(usize) -> K, shelf: &mut Shelf<K>) -> Self {
        let mut all = Set::none(size);
        sets.iter().for_each(|set| all.union_with(set));
        if all.len() * PART < size {
            let positions: Vec<usize> = all.iter().collect();
            let keys = positions.iter().map(|at| key(*at)).collect();
            let universe = Arc::new(Universe { keys, extent: Extent::Part });
            return Self { universe, positions: Some(positions), known: HashMap::new() };
        }
        let whole = || Arc::new(Universe { keys: (0..size).map(key).collect(), extent: Extent::Whole });
        let universe = Arc::clone(shelf.0.get_or_insert_with(whole));
        Self { universe, positions: None, known: HashMap::new() }
    }

    /// The keys of a set. The same set becomes the same keys.
    pub fn keys(&mut self, set: &Arc<Set>) -> Keys<K> {
        let positions = match &self.positions {
            None => Arc::clone(set),
            Some(positions) => {
                let among = || {
                    let found = set.iter().filter_map(|at| positions.binary_search(&at).ok());
                    Arc::new(Set::of(positions.len(), found))
                };
                Arc::clone(self.known.entry(Arc::as_ptr(set)).or_insert_with(among))
            }
        };
        Keys { universe: Arc::clone(&self.universe), set: positions }
    }
}
