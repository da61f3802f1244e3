//! Members and rules as the grammar writes them: references with a prefix where they need one, rights of one area
//! together.

use std::collections::BTreeMap;

use crate::date::Validity;
use crate::edit::content::Content;
use crate::model::key::TargetKey;
use crate::model::{Effect, Scope};
use crate::name::RightName;
use crate::state::{Fact, Key, MemberKey, State};
use crate::syntax::rule::MAX_TEXT_BYTES;

/// A rule or membership with its reason.
pub type Reasoned<'s> = (&'s Key, &'s Option<Box<str>>);

/// What names mean in a state.
#[derive(Clone, Copy)]
pub struct Words<'s> {
    state: &'s State,
}

impl<'s> Words<'s> {
    /// The words of a state.
    pub fn of(state: &'s State) -> Self {
        Self { state }
    }

    /// Who is a member: `lars`, or `user:lars` if a group bears the name too.
    pub fn member(self, member: &MemberKey) -> String {
        match member {
            MemberKey::User(name) => self.target(&TargetKey::User(name.clone())),
            other => other.to_string(),
        }
    }

    /// Over whom or what, with a prefix if the bare name could mean something else.
    pub fn target(self, target: &TargetKey) -> String {
        let has = |key: Key| self.state.facts.contains_key(&key);
        let bare = match target {
            TargetKey::User(name) if !has(Key::Group(name.clone())) => Some(name),
            TargetKey::Module(name) if !has(Key::ModuleSet(name.clone())) => Some(name),
            TargetKey::ModuleSet(name) if !has(Key::Module(name.clone())) => Some(name),
            TargetKey::Attachment(name) => Some(name),
            _ => None,
        };
        bare.map_or_else(|| target.to_string(), ToString::to_string)
    }

    fn scope(self, right: &RightName) -> Option<Scope> {
        match self.state.facts.get(&Key::Right(right.clone())) {
            Some(Fact::Right(right)) => right.scope,
            _ => None,
        }
    }

    /// A membership as an item of a list.
    pub fn member_item(self, member: &MemberKey, validity: Validity, because: Option<&str>) -> Content {
        item(vec![("member", self.member(member))], &self.member(member), validity, because)
    }

    /// Rules as items of a list, those of one area over the same target together.
    pub fn rule_items(self, rules: &[Reasoned<'_>]) -> Vec<Content> {
        type Line<'r> = (&'r str, Option<Scope>, &'r Option<TargetKey>, Validity, &'r Option<Box<str>>);
        let mut lines: Vec<(Line<'_>, Vec<&str>)> = Vec::new();
        let mut known: BTreeMap<Line<'_>, usize> = BTreeMap::new();
        for (key, because) in rules {
            let Key::Rule { right, target, validity, .. } = key else { continue };
            let line: Line<'_> = (right.area(), self.scope(right), target, *validity, *because);
            let index = *known.entry(line).or_insert_with(|| {
                lines.push((line, Vec::new()));
                lines.len() - 1
            });
            lines[index].1.push(right.action());
        }
        let item = |((area, _, target, validity, because), actions): (Line<'_>, Vec<&str>)| {
            let right = format!("{area}.{}", actions.join("+"));
            let target = target.as_ref().map(|target| self.target(target));
            let text = target.as_ref().map_or_else(|| right.clone(), |target| format!("{right} of {target}"));
            let fields = std::iter::once(("right", right)).chain(target.map(|target| ("of", target)));
            item(fields.collect(), &text, validity, because.as_deref())
        };
        lines.into_iter().map(item).collect()
    }
}

/// An item as one text, or as a mapping if the text would be too long.
fn item(fields: Vec<(&str, String)>, text: &str, validity: Validity, because: Option<&str>) -> Content {
    let text = format!("{text}{validity}{}", reason(because));
    if text.len() <= MAX_TEXT_BYTES {
        return Content::Text(text);
    }
    let mut all: Vec<(String, Content)> =
        fields.into_iter().map(|(field, text)| (field.to_owned(), Content::Text(text))).collect();
    for (field, day) in [("from", validity.begins()), ("until", validity.ends())] {
        all.extend(day.map(|day| (field.to_owned(), Content::Word(day.to_string()))));
    }
    all.extend(because.map(|because| ("because".to_owned(), Content::Text(because.to_owned()))));
    Content::Braced(all)
}

/// ` because "..."`; empty without a reason.
pub fn reason(because: Option<&str>) -> String {
    let quoted = |text: &str| format!(" because \"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    because.map(quoted).unwrap_or_default()
}

/// The rules of one effect.
pub fn of_effect<'r, 's>(rules: &'r [Reasoned<'s>], effect: Effect) -> Vec<Reasoned<'s>> {
    let fits = |(key, _): &&Reasoned<'s>| matches!(key, Key::Rule { effect: found, .. } if *found == effect);
    rules.iter().filter(fits).copied().collect()
}
