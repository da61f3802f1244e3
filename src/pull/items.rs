//! The lists of members and rules: which items stay as they are, which change in place, which come and go.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Validity;
use crate::edit::content::Content;
use crate::edit::patch::{Added, Collection, Patch};
use crate::state::{Key, State};
use crate::syntax::grammar::{parse_member, parse_right, parse_rule};
use crate::syntax::rule::{MemberRef, Reference, TargetRef};
use crate::syntax::yaml::{Node, Value};
use crate::text::{FileId, Place};

use super::sayable::{of_member, of_target};
use super::words::{Reasoned, Words, reason};

/// What an item of a list says now.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// The rules or the membership.
    pub keys: Vec<Key>,
    /// Whether it names an account that has another name now, under which the keys have it.
    pub is_renamed: bool,
    /// Its reason.
    pub because: Option<Box<str>>,
}

/// What all items say, by where they stand.
pub type Items = BTreeMap<Place, Item>;

/// The periods that a rule or membership shall have, with their reasons, by its key at any time.
type Periods<'w> = BTreeMap<Key, Vec<(Validity, &'w Option<Box<str>>)>>;

/// The words of an item that become others.
struct Said {
    /// The rights, if they are not all those that are written.
    pattern: Option<String>,
    /// The target or member, if the written name does not do.
    named: Option<String>,
}

/// What a list shall say, and what it says.
pub struct ListOf<'a> {
    /// The file.
    pub file: FileId,
    /// What each item says.
    pub items: &'a Items,
    /// What the policy says of each rule or membership now.
    pub current: &'a BTreeMap<&'a Key, &'a Option<Box<str>>>,
    /// What it shall say: everything that belongs into this list.
    pub wanted: Vec<Reasoned<'a>>,
    /// What the whole policy shall say.
    pub state: &'a State,
    /// The areas that get another right, so that `area.*` would mean more than before.
    pub areas: &'a BTreeSet<String>,
    /// What a name without a prefix no longer means, since something new bears it too.
    pub shadowed: &'a BTreeSet<Key>,
    /// The words.
    pub words: Words<'a>,
}

impl ListOf<'_> {
    /// What becomes of the nodes of the list.
    pub fn patch(&self, nodes: &[Node<'_>]) -> Collection {
        let wanted: BTreeMap<&Key, &Option<Box<str>>> = self.wanted.iter().copied().collect();
        let mut periods = Periods::new();
        for (key, because) in &self.wanted {
            periods.entry(with_validity(key, Validity::ALWAYS)).or_default().push((validity_of(key), because));
        }
        let mut changes = Collection::default();
        let mut said: BTreeSet<Key> = BTreeSet::new();
        let mut broken = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let Some(item) = self.items.get(&Place { file: self.file, span: node.span }) else { continue };
            let stays = |key: &&Key| {
                let because = wanted.get(*key);
                because.is_some_and(|because| self.current.get(*key) == Some(because) || **because == item.because)
            };
            let kept: Vec<&Key> = item.keys.iter().filter(stays).collect();
            said.extend(kept.iter().map(|key| (*key).clone()));
            let whole = if is_whole_area(node) {
                let there = item.keys.iter().filter(|key| self.has_right(key)).count();
                kept.len() == there && there > 0 && !self.is_widened(item)
            } else {
                kept.len() == item.keys.len()
            };
            let named = self.prefixed(node, item);
            if !whole || named.is_some() {
                // What is only named otherwise keeps its rights as they are written.
                let rights = if whole { None } else { pattern(&kept) };
                broken.push((index, node, item, kept, Said { pattern: rights, named }));
            }
        }
        for (index, node, item, kept, words) in broken {
            let patch = if kept.is_empty() {
                let words = Said { pattern: None, ..words };
                let moved = self.moved(item, &periods, &wanted, &said);
                moved.and_then(|(validity, because, keys)| {
                    let patch = rewritten(node, words, item, validity, because)?;
                    said.extend(keys);
                    Some(patch)
                })
            } else {
                let validity = validity_of(kept[0]);
                rewritten(node, words, item, validity, item.because.as_deref()).or_else(|| {
                    // Such an item is written anew.
                    said.retain(|key| !kept.contains(&key));
                    None
                })
            };
            match patch {
                Some(patch) => drop(changes.changed.insert(index, patch)),
                None => drop(changes.gone.insert(index)),
            }
        }
        let missing: Vec<Reasoned<'_>> = self.wanted.iter().copied().filter(|(key, _)| !said.contains(*key)).collect();
        let after = nodes.len().checked_sub(1);
        changes.added =
            self.contents(&missing).into_iter().map(|content| Added { after, key: None, content }).collect();
        changes
    }

    fn has_right(&self, key: &Key) -> bool {
        match key {
            Key::Rule { right, .. } => self.state.facts.contains_key(&Key::Right(right.clone())),
            _ => true,
        }
    }

    /// How an item has to name its target or member, if it does so by a name that means nothing or something else now.
    fn prefixed(&self, node: &Node<'_>, item: &Item) -> Option<String> {
        let (key, name, field) = match item.keys.first()? {
            Key::Rule { target: Some(target), .. } => (of_target(target)?, self.words.target(target), "of"),
            Key::Member { member, .. } => (of_member(member)?, self.words.member(member), "member"),
            _ => return None,
        };
        let is_bare = match &node.value {
            Value::Scalar(text, _) if field == "of" => {
                let target = parse_rule(text).ok()?.target?;
                matches!(target.value, TargetRef::Named(Reference { prefix: None, .. }))
            }
            Value::Scalar(text, _) => {
                let member = parse_member(text).ok()?;
                matches!(member.who.value, MemberRef::Named(Reference { prefix: None, .. }))
            }
            Value::Mapping(fields) => {
                let written = fields.iter().find(|(key, _)| super::write::text_of(key) == field);
                written.is_some_and(|(_, value)| !super::write::text_of(value).contains(':'))
            }
            _ => false,
        };
        (item.is_renamed || is_bare && self.shadowed.contains(&key)).then_some(name)
    }

    fn is_widened(&self, item: &Item) -> bool {
        item.keys.iter().any(|key| matches!(key, Key::Rule { right, .. } if self.areas.contains(right.area())))
    }

    /// The items of a list that is not there yet.
    pub fn contents(&self, wanted: &[Reasoned<'_>]) -> Vec<Content> {
        contents(self.words, wanted)
    }

    /// The period and reason that everything in an item has now, if it has but one that is new.
    fn moved<'w>(
        &self,
        item: &Item,
        periods: &Periods<'w>,
        wanted: &BTreeMap<&'w Key, &'w Option<Box<str>>>,
        said: &BTreeSet<Key>,
    ) -> Option<(Validity, Option<&'w str>, Vec<Key>)> {
        let first = item.keys.first()?;
        let own = validity_of(first);
        let mut candidates = periods.get(&with_validity(first, Validity::ALWAYS))?.clone();
        // Another reason alone is less of a change than another period.
        candidates.sort_by_key(|(validity, _)| *validity != own);
        candidates.into_iter().find_map(|(validity, because)| {
            let keys: Vec<Key> = item.keys.iter().map(|key| with_validity(key, validity)).collect();
            let is_new = |key: &Key| validity == own || !self.current.contains_key(key);
            let fits = |key: &Key| {
                !said.contains(key) && is_new(key) && wanted.get(key).is_some_and(|found| *found == because)
            };
            keys.iter().all(fits).then_some((validity, because.as_deref(), keys))
        })
    }
}

/// Members or rules as items.
pub fn contents(words: Words<'_>, wanted: &[Reasoned<'_>]) -> Vec<Content> {
    let members = wanted.iter().filter_map(|(key, because)| match key {
        Key::Member { member, validity, .. } => Some(words.member_item(member, *validity, because.as_deref())),
        _ => None,
    });
    members.chain(words.rule_items(wanted)).collect()
}

fn validity_of(key: &Key) -> Validity {
    match key {
        Key::Member { validity, .. } | Key::Rule { validity, .. } => *validity,
        _ => Validity::ALWAYS,
    }
}

fn with_validity(key: &Key, new: Validity) -> Key {
    let mut key = key.clone();
    if let Key::Member { validity, .. } | Key::Rule { validity, .. } = &mut key {
        *validity = new;
    }
    key
}

/// Whether an item is about `area.*`.
fn is_whole_area(node: &Node<'_>) -> bool {
    let right = match &node.value {
        Value::Scalar(text, _) => parse_rule(text).ok().map(|rule| rule.right.value),
        Value::Mapping(fields) => {
            let right = fields.iter().find(|(key, _)| super::write::text_of(key) == "right");
            right.and_then(|(_, value)| parse_right(super::write::text_of(value)).ok())
        }
        _ => None,
    };
    right.is_some_and(|right| right.actions.is_empty())
}

/// The rights of some rules of one area: `calendar.see+edit`.
fn pattern(rules: &[&Key]) -> Option<String> {
    let rights: Vec<_> = rules
        .iter()
        .filter_map(|key| match key {
            Key::Rule { right, .. } => Some(right),
            _ => None,
        })
        .collect();
    let actions: Vec<&str> = rights.iter().map(|right| right.action()).collect();
    Some(format!("{}.{}", rights.first()?.area(), actions.join("+")))
}

/// An item with other rights, another name, another period or another reason, as it is written otherwise.
fn rewritten(node: &Node<'_>, words: Said, item: &Item, validity: Validity, because: Option<&str>) -> Option<Patch> {
    let is_rule = matches!(item.keys.first(), Some(Key::Rule { .. }));
    let Said { pattern, named } = words;
    match &node.value {
        Value::Scalar(text, _) if is_rule => {
            let rule = parse_rule(text).ok()?;
            let end = rule.target.map_or(rule.right.end, |target| target.end);
            let right = pattern.unwrap_or_else(|| text[rule.right.start..rule.right.end].to_owned());
            let target = named.map_or_else(|| text[rule.right.end..end].to_owned(), |named| format!(" of {named}"));
            Some(Patch::Text(format!("{right}{target}{validity}{}", reason(because))))
        }
        Value::Scalar(text, _) => {
            let who = parse_member(text).ok()?.who;
            let member = named.unwrap_or_else(|| text[..who.end].to_owned());
            Some(Patch::Text(format!("{member}{validity}{}", reason(because))))
        }
        Value::Mapping(fields) => {
            let mut changes = Collection::default();
            let days = [("from", validity.begins()), ("until", validity.ends())];
            let mut all: Vec<(&str, Option<Content>)> = Vec::new();
            all.extend(pattern.map(|pattern| ("right", Some(Content::Text(pattern)))));
            let field = if is_rule { "of" } else { "member" };
            all.extend(named.map(|named| (field, Some(Content::Text(named)))));
            all.extend(days.map(|(field, day)| (field, day.map(|day| Content::Word(day.to_string())))));
            all.push(("because", because.map(|because| Content::Text(because.to_owned()))));
            for (field, content) in all {
                let index = fields.iter().position(|(key, _)| super::write::text_of(key) == field);
                match (index, content) {
                    (Some(index), Some(Content::Text(new) | Content::Word(new))) => {
                        if super::write::text_of(&fields[index].1) != new {
                            changes.changed.insert(index, Patch::Text(new));
                        }
                    }
                    (Some(index), _) => drop(changes.gone.insert(index)),
                    (None, Some(content)) => {
                        changes.added.push(Added {
                            after: fields.len().checked_sub(1),
                            key: Some(field.to_owned()),
                            content,
                        });
                    }
                    (None, None) => {}
                }
            }
            Some(Patch::Within(changes))
        }
        _ => None,
    }
}
