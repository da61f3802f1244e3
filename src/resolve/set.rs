//! Sets of positions that stay small in a large firm: what is in them is listed, or what is not, whichever is shorter.
//!
//! Nearly every rule reaches a few people, or all but a few. Joining such sets costs what is listed, not what the firm has.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::iter::Peekable;
use std::ops::Range;

use roaring::{RoaringBitmap, bitmap};

use super::Bits;

/// Some of the positions from 0 to its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    size: u32,
    /// What is in it, or what is not. Never more than half of all, and of just a half what is in it, so that equal sets
    /// look alike.
    listed: RoaringBitmap,
    sense: Sense,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sense {
    Only,
    AllBut,
}

impl Set {
    /// Nothing.
    pub fn none(size: usize) -> Self {
        Self::new(narrow(size), RoaringBitmap::new(), Sense::Only)
    }

    /// Everything.
    pub fn all(size: usize) -> Self {
        Self::new(narrow(size), RoaringBitmap::new(), Sense::AllBut)
    }

    /// One position.
    pub fn one(size: usize, position: usize) -> Self {
        Self::new(narrow(size), RoaringBitmap::from_iter([narrow(position)]), Sense::Only)
    }

    /// Some positions, in any order.
    pub fn of(size: usize, positions: impl IntoIterator<Item = usize>) -> Self {
        Self::new(narrow(size), positions.into_iter().map(narrow).collect(), Sense::Only)
    }

    fn new(size: u32, listed: RoaringBitmap, sense: Sense) -> Self {
        let mut set = Self { size, listed, sense };
        set.shorten();
        set
    }

    /// Lists what is fewer.
    fn shorten(&mut self) {
        let (twice, all) = (self.listed.len() * 2, u64::from(self.size));
        let is_long = match self.sense {
            Sense::Only => twice > all,
            Sense::AllBut => twice >= all,
        };
        if is_long {
            let mut rest = RoaringBitmap::new();
            rest.insert_range(0..self.size);
            rest -= &self.listed;
            (self.listed, self.sense) = (rest, self.sense.other());
        }
    }

    /// How many positions there are, in it or not.
    pub fn size(&self) -> usize {
        self.size as usize
    }

    /// How many positions are in it.
    pub fn len(&self) -> usize {
        let listed = usize::try_from(self.listed.len()).unwrap_or(usize::MAX);
        match self.sense {
            Sense::Only => listed,
            Sense::AllBut => self.size() - listed,
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.sense == Sense::Only && self.listed.is_empty()
    }

    /// Whether a position is in it.
    pub fn contains(&self, position: usize) -> bool {
        let Ok(at) = u32::try_from(position) else { return false };
        match self.sense {
            Sense::Only => self.listed.contains(at),
            Sense::AllBut => at < self.size && !self.listed.contains(at),
        }
    }

    /// The first position in it.
    pub fn first(&self) -> Option<usize> {
        self.iter().next()
    }

    /// The last position in it.
    pub fn last(&self) -> Option<usize> {
        let last = match self.sense {
            Sense::Only => self.listed.max(),
            Sense::AllBut => (0..self.size).rev().find(|at| !self.listed.contains(*at)),
        };
        last.map(|last| last as usize)
    }

    /// The positions in it, in order.
    pub fn iter(&self) -> Positions<'_> {
        match self.sense {
            Sense::Only => Positions::Listed(self.listed.iter()),
            Sense::AllBut => Positions::Rest(0..self.size, self.listed.iter().peekable()),
        }
    }

    /// The positions that are not in it, in order, if these are fewer.
    pub fn left_out(&self) -> Option<Positions<'_>> {
        (self.sense == Sense::AllBut).then(|| Positions::Listed(self.listed.iter()))
    }

    /// How many positions are not in it.
    pub fn missing(&self) -> usize {
        self.size() - self.len()
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.listed.serialized_size()
    }

    /// Puts a position in.
    pub fn insert(&mut self, position: usize) {
        match self.sense {
            Sense::Only => self.listed.insert(narrow(position)),
            Sense::AllBut => self.listed.remove(narrow(position)),
        };
        self.shorten();
    }

    /// Takes a position out.
    pub fn remove(&mut self, position: usize) {
        match self.sense {
            Sense::Only => self.listed.remove(narrow(position)),
            Sense::AllBut => self.listed.insert(narrow(position)),
        };
        self.shorten();
    }

    /// Adds what is in another.
    pub fn union_with(&mut self, other: &Self) {
        match (self.sense, other.sense) {
            (Sense::Only, Sense::Only) => self.listed |= &other.listed,
            (Sense::AllBut, Sense::Only) => self.listed -= &other.listed,
            (Sense::AllBut, Sense::AllBut) => self.listed &= &other.listed,
            (Sense::Only, Sense::AllBut) => {
                self.listed = &other.listed - &self.listed;
                self.sense = Sense::AllBut;
            }
        }
        self.shorten();
    }

    /// Keeps what is in another too.
    pub fn intersect_with(&mut self, other: &Self) {
        match (self.sense, other.sense) {
            (Sense::Only, Sense::Only) => self.listed &= &other.listed,
            (Sense::Only, Sense::AllBut) => self.listed -= &other.listed,
            (Sense::AllBut, Sense::AllBut) => self.listed |= &other.listed,
            (Sense::AllBut, Sense::Only) => {
                self.listed = &other.listed - &self.listed;
                self.sense = Sense::Only;
            }
        }
        self.shorten();
    }

    /// Takes out what is in another.
    pub fn difference_with(&mut self, other: &Self) {
        match (self.sense, other.sense) {
            (Sense::Only, Sense::Only) => self.listed -= &other.listed,
            (Sense::Only, Sense::AllBut) => self.listed &= &other.listed,
            (Sense::AllBut, Sense::Only) => self.listed |= &other.listed,
            (Sense::AllBut, Sense::AllBut) => {
                self.listed = &other.listed - &self.listed;
                self.sense = Sense::Only;
            }
        }
        self.shorten();
    }

    /// Keeps what is in one of the two only.
    pub fn symmetric_difference_with(&mut self, other: &Self) {
        self.listed ^= &other.listed;
        self.sense = if self.sense == other.sense { Sense::Only } else { Sense::AllBut };
        self.shorten();
    }

    /// Whether nothing is in both.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        match (self.sense, other.sense) {
            (Sense::Only, Sense::Only) => self.listed.is_disjoint(&other.listed),
            (Sense::Only, Sense::AllBut) => self.listed.is_subset(&other.listed),
            (Sense::AllBut, Sense::Only) => other.listed.is_subset(&self.listed),
            // Each has at least a half: both together may be all, and then nothing is in both.
            (Sense::AllBut, Sense::AllBut) => (&self.listed | &other.listed).len() == u64::from(self.size),
        }
    }

    /// How many are in both.
    pub fn common(&self, other: &Self) -> usize {
        let both = usize::try_from(self.listed.intersection_len(&other.listed)).unwrap_or(usize::MAX);
        match (self.sense, other.sense) {
            (Sense::Only, Sense::Only) => both,
            (Sense::Only, Sense::AllBut) => self.len() - both,
            (Sense::AllBut, Sense::Only) => other.len() - both,
            (Sense::AllBut, Sense::AllBut) => (self.len() + other.len() + both).saturating_sub(self.size()),
        }
    }

    /// The same as one bit for each position.
    pub fn to_bits(&self) -> Bits {
        let mut bits = Bits::with_capacity(self.size());
        if self.sense == Sense::AllBut {
            bits.insert_range(..);
        }
        for at in &self.listed {
            bits.set(at as usize, self.sense == Sense::Only);
        }
        bits
    }
}

impl Sense {
    fn other(self) -> Self {
        match self {
            Self::Only => Self::AllBut,
            Self::AllBut => Self::Only,
        }
    }
}

/// The first position in one of two sets only decides: the set that has it is the lesser one, unless the other ends
/// before it. So sets stand in the order of the lists of what is in them.
impl Ord for Set {
    fn cmp(&self, other: &Self) -> Ordering {
        let mut differing = self.clone();
        differing.symmetric_difference_with(other);
        let Some(first) = differing.first() else { return self.size.cmp(&other.size) };
        let (lacks, order) = if self.contains(first) { (other, Ordering::Less) } else { (self, Ordering::Greater) };
        if lacks.last().is_some_and(|last| last > first) { order } else { order.reverse() }
    }
}

impl PartialOrd for Set {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Set {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sense.hash(state);
        self.listed.iter().for_each(|at| state.write_u32(at));
    }
}

/// The positions of a set, in order.
#[derive(Clone)]
pub enum Positions<'s> {
    /// Those that are listed.
    Listed(bitmap::Iter<'s>),
    /// All but those that are listed.
    Rest(Range<u32>, Peekable<bitmap::Iter<'s>>),
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Listed(listed) => listed.next().map(|at| at as usize),
            Self::Rest(all, listed) => loop {
                let at = all.next()?;
                if listed.next_if_eq(&at).is_none() {
                    return Some(at as usize);
                }
            },
        }
    }
}

/// There are never more ids than that.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn both(size: usize, seed: u64) -> (Set, BTreeSet<usize>) {
        let has = |at: &usize| seed >> (at % 64) & 1 == 1;
        (Set::of(size, (0..size).filter(has)), (0..size).filter(has).collect())
    }

    proptest! {
        #[test]
        fn sets_are_what_lists_of_positions_are(size in 0_usize..40, a: u64, b: u64, at in 0_usize..40) {
            let ((one, these), (other, those)) = (both(size, a), both(size, b));
            let done = |work: fn(&mut Set, &Set)| {
                let mut set = one.clone();
                work(&mut set, &other);
                set.iter().collect::<BTreeSet<usize>>()
            };
            prop_assert_eq!(one.iter().collect::<Vec<_>>(), these.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(one.len(), these.len());
            prop_assert_eq!(one.is_empty(), these.is_empty());
            prop_assert_eq!(one.contains(at), these.contains(&at));
            prop_assert_eq!(one.last(), these.last().copied());
            prop_assert_eq!(one.to_bits().ones().collect::<BTreeSet<_>>(), these.clone());
            prop_assert_eq!(done(Set::union_with), &these | &those);
            prop_assert_eq!(done(Set::intersect_with), &these & &those);
            prop_assert_eq!(done(Set::difference_with), &these - &those);
            prop_assert_eq!(done(Set::symmetric_difference_with), &these ^ &those);
            prop_assert_eq!(one.is_disjoint(&other), these.is_disjoint(&those));
            prop_assert_eq!(one.common(&other), these.intersection(&those).count());
            prop_assert_eq!(one.cmp(&other), these.cmp(&those));
            prop_assert_eq!(one == other, these == those);
            if let Some(left_out) = one.left_out() {
                let rest: BTreeSet<usize> = (0..size).filter(|at| !these.contains(at)).collect();
                prop_assert_eq!(left_out.collect::<BTreeSet<_>>(), rest);
            }
            if at < size {
                let mut set = one.clone();
                set.insert(at);
                prop_assert!(set.contains(at) && set.len() == these.len() + usize::from(!these.contains(&at)));
                set.remove(at);
                prop_assert!(!set.contains(at) && set.len() == these.len() - usize::from(these.contains(&at)));
            }
        }
    }
}
