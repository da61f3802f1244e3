//! The chain: each entry's hash covers the one before it, so that no entry can be changed, left out, put in or moved
//! without breaking every hash from there on.

use std::collections::BTreeSet;
use std::fmt;

use super::{Entry, Part};

/// Tells these hashes from any other use of the same function.
const PURPOSE: &str = "rightful audit 1";

/// The end of a chain: what the next entry hangs on. The default is the end of an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The place of the last entry; 0 if there is none.
    pub seq: i64,
    /// Its hash; `None` if it was recorded before there was a chain.
    pub hash: Option<String>,
}

/// The next entry of a chain.
pub(super) fn link(head: &Head, run: i64, part: Part, body: String) -> Entry {
    let (seq, part) = (head.seq + 1, part.as_str().to_owned());
    let mut entry = Entry { seq, run, part, body, hash: None };
    entry.hash = Some(hash(head.hash.as_deref(), &entry));
    entry
}

/// The hash of an entry that stands behind another.
fn hash(previous: Option<&str>, entry: &Entry) -> String {
    let mut fed = Vec::with_capacity(entry.body.len() + 256);
    // Each text with its length before it, so that no two entries look alike.
    let mut feed = |text: &str| {
        fed.extend_from_slice(&(text.len() as u64).to_le_bytes());
        fed.extend_from_slice(text.as_bytes());
    };
    feed(PURPOSE);
    feed(previous.unwrap_or_default());
    feed(&entry.seq.to_string());
    feed(&entry.run.to_string());
    feed(&entry.part);
    feed(&entry.body);
    blake3::hash(&fed).to_hex().to_string()
}

/// A chain that is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Its end.
    pub head: Head,
    /// How many entries are proved.
    pub entries: usize,
    /// How many stand before them that were recorded before there was a chain.
    pub unproven: usize,
    /// Of the hashes that were to be met: those that are not in it, in order.
    pub unmet: Vec<String>,
    /// Whether the database remembers something else of the last apply than the record says. A chain alone does not tell.
    pub is_forged: bool,
    /// Whether heads that were kept under its name are of a database with another id. A chain does not tell that either.
    pub is_replaced: bool,
}

/// The first place where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The place in the chain.
    pub seq: i64,
    /// The run that the entry says that it belongs to; for one that is missing, the run of the next that is there.
    pub run: i64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not what was written: it was altered, or it does not belong behind the one before it.
    Altered,
    /// It is not there.
    Missing,
    /// It stands behind one that it should stand before.
    OutOfOrder,
    /// It has no hash, although one before it has.
    Unhashed,
}

impl Fault {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::OutOfOrder => "out-of-order",
            Self::Unhashed => "unhashed",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Follows a chain, entry by entry, as far as it holds.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    so_far: Verified,
    to_meet: BTreeSet<String>,
    /// The run of the last entry.
    run: i64,
    broken: Option<Broken>,
}

impl Verifier {
    /// One that looks out for hashes that were kept outside: each must be met.
    pub fn meeting(hashes: impl IntoIterator<Item = String>) -> Self {
        Self { to_meet: hashes.into_iter().collect(), ..Self::default() }
    }

    /// Takes the next entry. After the first fault nothing more is looked at.
    pub fn feed(&mut self, entry: &Entry) {
        if self.broken.is_some() {
            return;
        }
        match self.fault(entry) {
            Some((seq, fault)) => self.broken = Some(Broken { seq, run: entry.run, fault }),
            None => {
                let proved = entry.hash.is_some();
                *if proved { &mut self.so_far.entries } else { &mut self.so_far.unproven } += 1;
                if let Some(hash) = &entry.hash {
                    self.to_meet.remove(hash);
                }
                self.so_far.head = entry.head();
                self.run = entry.run;
            }
        }
    }

    fn fault(&self, entry: &Entry) -> Option<(i64, Fault)> {
        let head = &self.so_far.head;
        match &entry.hash {
            _ if entry.seq <= head.seq => Some((entry.seq, Fault::OutOfOrder)),
            _ if entry.seq > head.seq + 1 => Some((head.seq + 1, Fault::Missing)),
            None if head.hash.is_some() => Some((entry.seq, Fault::Unhashed)),
            Some(found) if *found != hash(head.hash.as_deref(), entry) => Some((entry.seq, Fault::Altered)),
            _ => None,
        }
    }

    /// What was found.
    ///
    /// # Errors
    /// The first place where the chain is broken.
    pub fn finish(self) -> Result<Verified, Broken> {
        match self.broken {
            Some(broken) => Err(broken),
            // Whoever records without hashes goes on with one: somebody took them all out.
            None if self.so_far.entries == 0 && self.so_far.unproven > 0 => {
                Err(Broken { seq: self.so_far.head.seq, run: self.run, fault: Fault::Unhashed })
            }
            None => Ok(Verified { unmet: self.to_meet.into_iter().collect(), ..self.so_far }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// So many entries without a hash, and behind them a chain of so many.
    fn record(old: i64, chained: i64) -> Vec<Entry> {
        let word = |seq: i64| Part::ALL[seq as usize % Part::ALL.len()];
        let mut entries: Vec<Entry> = Vec::new();
        for seq in 1..=old + chained {
            let head = entries.last().map(Entry::head).unwrap_or_default();
            let mut entry = link(&head, 1 + seq / 4, word(seq), json!({ "n": seq }).to_string());
            if seq <= old {
                entry.hash = None;
            }
            entries.push(entry);
        }
        entries
    }

    fn verify(entries: &[Entry]) -> Result<Verified, Broken> {
        let mut verifier = Verifier::default();
        entries.iter().for_each(|entry| verifier.feed(entry));
        verifier.finish()
    }

    #[test]
    fn a_chain_that_nobody_touched_holds() {
        assert_eq!(verify(&[]), Ok(Verified::default()));
        let entries = record(3, 5);
        let whole = verify(&entries).unwrap();
        assert_eq!((whole.head, whole.entries, whole.unproven), (entries[7].head(), 5, 3));
    }

    #[test]
    fn the_hash_of_an_entry_never_changes_with_the_program() {
        let entry =
            link(&Head::default(), 1, Part::Run, json!({ "outcome": "ok", "at": "2026-11-22T08:00:00Z" }).to_string());
        assert_eq!(entry.body, r#"{"at":"2026-11-22T08:00:00Z","outcome":"ok"}"#);
        assert_eq!(entry.hash.unwrap(), "cdcf370ec5f7b3390fbed1fdb293b1a9d4d1dc573483021fb9d647fa74af33d9");
    }

    #[test]
    fn what_was_kept_outside_is_met_or_missed() {
        let entries = record(0, 5);
        let kept = |entries: &[Entry]| entries[2].hash.clone().unwrap();
        let met = |entries: &[Entry], hash: String| {
            let mut verifier = Verifier::meeting([hash]);
            entries.iter().for_each(|entry| verifier.feed(entry));
            verifier.finish().unwrap().unmet
        };
        assert!(met(&entries, kept(&entries)).is_empty());
        // Somebody wrote the whole chain anew, and it is whole again; so it is when the end of it is taken away.
        let mut rewritten: Vec<Entry> = Vec::new();
        for entry in &entries {
            let head = rewritten.last().map(Entry::head).unwrap_or_default();
            rewritten.push(link(&head, entry.run, Part::Run, json!({ "n": "something else" }).to_string()));
        }
        assert_eq!(met(&rewritten, kept(&entries)), [kept(&entries)]);
        assert_eq!(met(&entries[..2], kept(&entries)), [kept(&entries)]);
    }

    /// One thing that somebody may do to a record.
    #[derive(Debug, Clone)]
    enum Deed {
        Body,
        Part,
        Run,
        Seq(i64),
        Hash,
        NoHash,
        Remove,
        Swap,
        Repeat,
        Insert,
    }

    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            Just(Deed::Body),
            Just(Deed::Part),
            Just(Deed::Run),
            (-9..9i64).prop_map(Deed::Seq),
            Just(Deed::Hash),
            Just(Deed::NoHash),
            Just(Deed::Remove),
            Just(Deed::Swap),
            Just(Deed::Repeat),
            Just(Deed::Insert),
        ]
    }

    proptest! {
        /// Whatever is done to one entry is found, there and not elsewhere. The last one is left alone: what happens to
        /// the end of a chain shows only against a head that was kept outside.
        #[test]
        fn any_single_deed_is_found_where_it_was_done(old in 0..4i64, at in 0..12usize, deed in deed()) {
            let entries = record(old, 14);
            let at = old as usize + at;
            let (seq, run) = (entries[at].seq, entries[at].run);
            let mut touched = entries.clone();
            let expected = match deed {
                Deed::Body => {
                    touched[at].body.push(' ');
                    (seq, run, Fault::Altered)
                }
                Deed::Part => {
                    touched[at].part = "runs".to_owned();
                    (seq, run, Fault::Altered)
                }
                Deed::Run => {
                    touched[at].run += 1;
                    (seq, run + 1, Fault::Altered)
                }
                Deed::Seq(by) => {
                    touched[at].seq += by;
                    match by {
                        0 => return Ok(()),
                        1.. => (seq, run, Fault::Missing),
                        _ => (seq + by, run, Fault::OutOfOrder),
                    }
                }
                Deed::Hash => {
                    touched[at].hash = entries[at + 1].hash.clone();
                    (seq, run, Fault::Altered)
                }
                Deed::NoHash if at == old as usize => {
                    // It passes for one from before the chain, and the next one tells.
                    touched[at].hash = None;
                    (seq + 1, entries[at + 1].run, Fault::Altered)
                }
                Deed::NoHash => {
                    touched[at].hash = None;
                    (seq, run, Fault::Unhashed)
                }
                Deed::Remove => {
                    touched.remove(at);
                    (seq, entries[at + 1].run, Fault::Missing)
                }
                Deed::Swap => {
                    touched.swap(at, at + 1);
                    (seq, entries[at + 1].run, Fault::Missing)
                }
                Deed::Repeat => {
                    touched.insert(at + 1, entries[at].clone());
                    (seq, run, Fault::OutOfOrder)
                }
                Deed::Insert => {
                    // Well made, and those behind it moved on: only the next hash tells.
                    let new = link(&entries[at].head(), run, Part::Gain, json!({}).to_string());
                    touched.insert(at + 1, new);
                    touched[at + 2..].iter_mut().for_each(|entry| entry.seq += 1);
                    (seq + 2, entries[at + 1].run, Fault::Altered)
                }
            };
            let broken = verify(&touched).unwrap_err();
            prop_assert_eq!((broken.seq, broken.run, broken.fault), expected);
        }
    }
}
