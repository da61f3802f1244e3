//! Digests that tell whether two readings, or two plans, are the same.

use std::fmt;

use crate::diff::{Change, Effective};
use crate::name::Name;
use crate::state::{Fields, State, Value};

use super::rename::Former;
use super::{Reading, Step};

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
pub struct Feed(blake3::Hasher);

impl Feed {
    /// The next text.
    pub fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
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
        self.text(&format!("facts {}", state.facts.len()));
        for (key, fact) in &state.facts {
            self.text(key.kind().as_str());
            self.text(&key.to_string());
            self.fields(&fact.fields());
        }
    }

    fn change(&mut self, change: &Change) {
        self.text(change.right.as_str());
        self.text(change.step().as_str());
        self.text(&format!("users {}", change.users.len()));
        change.users.iter().for_each(|user| self.text(user.as_str()));
        self.text(&format!("targets {}", change.targets.as_ref().map_or(0, Vec::len)));
        self.text(if change.without_own { "without own" } else { "with own" });
        change.targets.iter().flatten().for_each(|target| self.text(&target.to_string()));
    }

    /// The digest of all texts.
    pub fn finish(self) -> Fingerprint {
        Fingerprint(*self.0.finalize().as_bytes())
    }
}

/// Identifies what a database said.
pub fn digest(reading: &Reading) -> Fingerprint {
    let mut feed = Feed::default();
    feed.state(&reading.actual);
    feed.text(if reading.base.is_some() { "base" } else { "no base" });
    for ((kind, key), fields) in reading.base.iter().flatten() {
        feed.text(kind.as_str());
        feed.text(key);
        for (field, value) in fields {
            feed.text(field);
            feed.value(value);
        }
    }
    feed.finish()
}

/// Identifies a plan by what it was made from, what it writes, what it means for people, and for which company.
pub(super) fn of_plan(
    seen: Fingerprint,
    company: Option<&Name>,
    (declared, former): (&State, &Former),
    steps: &[Step],
    effective: &Effective,
) -> Fingerprint {
    let mut feed = Feed::default();
    feed.text(&seen.to_string());
    feed.text(company.map_or("", Name::as_str));
    feed.state(declared);
    for (name, names) in former {
        feed.text(&format!("called {}", names.len()));
        std::iter::once(name).chain(names).for_each(|name| feed.text(name.as_str()));
    }
    for step in steps {
        match step {
            Step::RenameUser { from, to } => {
                feed.text("rename");
                [from, to].into_iter().for_each(|name| feed.text(name.as_str()));
            }
            Step::Delete(key) => feed.text(&format!("delete {} {key}", key.kind().as_str())),
            Step::Insert(key, fact) | Step::Update(key, fact) => {
                feed.text(&format!("write {} {key}", key.kind().as_str()));
                feed.fields(&fact.fields());
            }
        }
    }
    for (label, changes) in [("gains", &effective.gains), ("losses", &effective.losses)] {
        feed.text(label);
        changes.iter().for_each(|change| feed.change(change));
    }
    feed.finish()
}
