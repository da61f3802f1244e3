//! Digests that tell whether two readings, or two plans, are the same.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;

use crate::diff::{Change, Effective, Keys, MANY};
use crate::name::Name;
use crate::state::{Fact, Fields, Key, State, Value};

use super::base::{Said, Told};
use super::rename::Former;
use super::{Base, Beside, Reading, Step};

/// A BLAKE3 digest, 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Feeds texts so that no two sequences of them look alike.
#[derive(Debug, Default)]
pub struct Feed {
    hasher: blake3::Hasher,
    /// What the hasher has not seen yet: it takes much at once faster than the same in small parts.
    waiting: Vec<u8>,
}

/// How much is handed to the hasher at once, in bytes.
const MUCH: usize = 1 << 16;

impl Feed {
    /// The next text.
    pub fn text(&mut self, text: &str) {
        self.waiting.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.waiting.extend_from_slice(text.as_bytes());
        if self.waiting.len() >= MUCH {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.text("null"),
            Value::Flag(flag) => self.text(if *flag { "true" } else { "false" }),
            Value::Text(text) => {
                self.text("text");
                self.text(text);
            }
            Value::List(items) => {
                self.text(&format!("list {}", items.len()));
                items.iter().for_each(|item| self.text(item));
            }
        }
    }

    fn fields(&mut self, fields: &Fields) {
        for (field, value) in fields {
            self.text(field);
            self.value(value);
        }
    }

    fn state(&mut self, state: &State) {
        self.facts(&state.facts);
    }

    fn facts(&mut self, facts: &BTreeMap<Key, Fact>) {
        self.text(&format!("facts {}", facts.len()));
        for (key, fact) in facts {
            self.text(key.kind().as_str());
            self.shown(key);
            self.fields(&fact.fields());
        }
    }

    /// The text of something, as if it were made first.
    fn shown(&mut self, shown: &dyn fmt::Display) {
        let at = self.waiting.len();
        self.waiting.extend_from_slice(&[0; 8]);
        // Nothing that is written into memory can fail.
        let _ = write!(self.waiting, "{shown}");
        let length = (self.waiting.len() - at - 8) as u64;
        self.waiting[at..at + 8].copy_from_slice(&length.to_le_bytes());
    }

    fn base(&mut self, base: &Base) {
        for written in base.rows() {
            self.text(written.kind.as_str());
            self.text(&written.key);
            written.tell(&mut |part| match part {
                Told::Number(fields) => self.text(&format!("fields {fields}")),
                Told::Field(field, value) => {
                    self.text(field);
                    self.said(value);
                }
            });
        }
    }

    /// The same as [`Self::value`] of the same value.
    fn said(&mut self, said: &Said<'_>) {
        match said {
            Said::Null => self.text("null"),
            Said::Flag(flag) => self.text(if *flag { "true" } else { "false" }),
            Said::Text(text) => {
                self.text("text");
                self.text(text);
            }
            Said::List(items) => {
                self.text(&format!("list {}", items.len()));
                items.iter().for_each(|item| self.text(item));
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Clear(key, _) => self.text(&format!("clear {} {key}", key.kind().as_str())),
            Step::RenameUser { from, to } => {
                self.text("rename");
                [from, to].into_iter().for_each(|name| self.text(name.as_str()));
            }
            Step::Delete(key) => self.text(&format!("delete {} {key}", key.kind().as_str())),
            Step::Insert(key, fact) | Step::Update(key, fact) => {
                self.text(&format!("write {} {key}", key.kind().as_str()));
                self.fields(&fact.fields());
            }
            Step::Project => self.text("project"),
        }
    }

    fn change(&mut self, change: &Change) {
        self.text(change.right.as_str());
        self.text(change.step().as_str());
        self.text(&format!("users {}", change.users.len()));
        change.users.iter().for_each(|user| self.text(user.as_str()));
        self.text(&format!("targets {}", change.targets.as_ref().map_or(0, Keys::len)));
        self.text(if change.without_own { "without own" } else { "with own" });
        // Who there is stands in the states; so whoever is left out tells it as well.
        let shorter = change.targets.as_ref().filter(|targets| targets.len() > MANY).and_then(Keys::left_out);
        match shorter {
            Some(left_out) => {
                self.text("all but");
                left_out.for_each(|target| self.text(&target.to_string()));
            }
            None => change.targets.iter().flatten().for_each(|target| self.text(&target.to_string())),
        }
    }

    /// The digest of all texts.
    pub fn finish(mut self) -> Fingerprint {
        self.hasher.update(&self.waiting);
        Fingerprint(*self.hasher.finalize().as_bytes())
    }
}

/// Identifies a database and what it said.
pub fn digest(reading: &Reading) -> Fingerprint {
    of_seen(reading, content(reading))
}

/// The same, once it is known what it said.
pub(super) fn of_seen(reading: &Reading, content: Fingerprint) -> Fingerprint {
    let mut feed = Feed::default();
    feed.text(reading.id.as_deref().unwrap_or_default());
    feed.text(&content.to_string());
    feed.finish()
}

/// Identifies what a database said, whichever one it is.
pub(super) fn content(reading: &Reading) -> Fingerprint {
    let mut feed = Feed::default();
    feed.state(&reading.actual);
    feed.facts(&reading.strays);
    feed.text(if reading.base.is_some() { "base" } else { "no base" });
    reading.base.iter().for_each(|base| feed.base(base));
    feed.text(if reading.is_forged { "forged" } else { "as recorded" });
    // Only a CRM says something beside, and has rights of a day.
    for Beside { key, says } in &reading.beside {
        feed.text(&format!("beside {} {key}", key.kind().as_str()));
        feed.text(says);
    }
    if let Some(day) = reading.projected {
        feed.text(&format!("rights of {day}"));
    }
    feed.finish()
}

/// Identifies what an apply wrote down to be remembered.
pub fn digest_of_base(base: &Base) -> Fingerprint {
    let mut feed = Feed::default();
    feed.base(base);
    feed.finish()
}

/// Begins to identify a plan: by what it was made from, for which company, and what it writes.
pub(super) fn of_writing<'s>(
    content: Fingerprint,
    company: Option<&Name>,
    (declared, former): (&State, &Former),
    steps: impl IntoIterator<Item = &'s Step>,
) -> Feed {
    let mut feed = Feed::default();
    feed.text(&content.to_string());
    feed.text(company.map_or("", Name::as_str));
    feed.state(declared);
    for name in &former.retired {
        feed.text(&format!("given up {name}"));
    }
    for (name, names) in &former.names {
        feed.text(&format!("called {}", names.len()));
        std::iter::once(name).chain(names).for_each(|name| feed.text(name.as_str()));
    }
    steps.into_iter().for_each(|step| feed.step(step));
    feed
}

/// Ends it: by the last steps, and by what the plan means for people.
pub(super) fn of_plan(mut feed: Feed, last: &[Step], effective: &Effective) -> Fingerprint {
    last.iter().for_each(|step| feed.step(step));
    for (label, changes) in [("gains", &effective.gains), ("losses", &effective.losses)] {
        feed.text(label);
        changes.iter().for_each(|change| feed.change(change));
    }
    for sum in &effective.sums {
        feed.text(&format!("in sum {} {}", sum.turn.as_str(), sum.answers));
        feed.text(sum.right.as_str());
        feed.text(&format!("users {}", sum.users.len()));
        sum.users.iter().for_each(|user| feed.text(user.as_str()));
    }
    feed.finish()
}
