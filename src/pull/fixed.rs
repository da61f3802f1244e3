//! What no pull edits and names things all the same: expectations, and who answers for online access. What they name
//! has to stay in the policy.

use std::collections::BTreeMap;

use crate::model::expectation::Expectation;
use crate::model::{Policy, Subject, Target};
use crate::state::Key;
use crate::text::{Place, Sources};

/// A line that no pull edits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixture {
    /// The section or field.
    pub section: &'static str,
    /// The file and the line, from 1.
    pub place: String,
}

/// Everything that such lines name.
#[derive(Debug, Default)]
pub struct Fixed {
    /// By what is named, the first line that does.
    named: BTreeMap<Key, Fixture>,
    /// The same, where the name stands without a prefix.
    bare: BTreeMap<Key, Fixture>,
}

impl Fixed {
    /// Nothing at all.
    pub const NOTHING: Self = Self { named: BTreeMap::new(), bare: BTreeMap::new() };

    /// What stands in a policy.
    pub fn of(policy: &Policy, sources: &Sources) -> Self {
        let mut fixed = Self::default();
        let at = |section: &'static str, place: Place| {
            let file = sources.file(place.file);
            Fixture { section, place: format!("{}:{}", file.path(), file.line_of(place.span.start) + 1) }
        };
        for expectation in &policy.expectations {
            let fixture = at("expect", expectation.place);
            for key in named(policy, expectation) {
                let prefix = format!("{}:{key}", key.kind().as_str());
                if !expectation.text.contains(&prefix) {
                    fixed.bare.entry(key.clone()).or_insert_with(|| fixture.clone());
                }
                fixed.named.entry(key).or_insert_with(|| fixture.clone());
            }
        }
        if let Some((user, place)) = policy.online.as_ref().and_then(|online| online.responsible) {
            let key = Key::User(policy.users.key(user).clone());
            fixed.named.entry(key).or_insert_with(|| at("online.responsible", place));
        }
        fixed
    }

    /// The line that names something.
    pub fn naming(&self, key: &Key) -> Option<&Fixture> {
        self.named.get(key)
    }

    /// The line that would mean something else, or several things, if this came into the policy.
    pub fn clashing(&self, key: &Key) -> Option<&Fixture> {
        namesakes(key).iter().find_map(|other| self.bare.get(other))
    }
}

/// Everything that a name without a prefix could mean where it means this.
pub fn namesakes(key: &Key) -> Vec<Key> {
    match key {
        Key::User(name) => vec![Key::Group(name.clone()), Key::Role(name.clone())],
        Key::Group(name) => vec![Key::User(name.clone()), Key::Role(name.clone())],
        Key::Module(name) => vec![Key::ModuleSet(name.clone())],
        Key::ModuleSet(name) => vec![Key::Module(name.clone())],
        _ => Vec::new(),
    }
}

/// Whom and what an expectation names.
fn named(policy: &Policy, expectation: &Expectation) -> Vec<Key> {
    let (crowd, whats) = expectation.expected.parts();
    let subjects = crowd.into_iter().flat_map(|crowd| crowd.subjects.iter().chain(&crowd.except));
    let subjects = subjects.map(|subject| match subject {
        Subject::User(id) => Key::User(policy.users.key(*id).clone()),
        Subject::Group(id) => Key::of_group(policy.groups.key(*id)),
    });
    let rights = whats.iter().flat_map(|what| &what.rights).map(|id| Key::Right(policy.rights.key(*id).clone()));
    let targets = whats.iter().filter_map(|what| match what.target? {
        Target::User(id) => Some(Key::User(policy.users.key(id).clone())),
        Target::Group(id) => Some(Key::of_group(policy.groups.key(id))),
        Target::Module(id) => Some(Key::Module(policy.modules.key(id).clone())),
        Target::ModuleSet(id) => Some(Key::ModuleSet(policy.module_sets.key(id).clone())),
        Target::Attachment(id) => Some(Key::Attachment(policy.attachments.key(id).clone())),
        Target::Everyone | Target::Everything => None,
    });
    subjects.chain(rights).chain(targets).collect()
}
