//! One declaration: the fields that it has for a fact, and what becomes of those that are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::edit::content::Content;
use crate::edit::patch::{Added, Collection, Patch};
use crate::model::{Effect, Right, Scope};
use crate::name::Name;
use crate::pull::items::{Items, ListOf, contents};
use crate::pull::renamed::Renamed;
use crate::pull::words::{Reasoned, Words, of_effect};
use crate::state::{Fact, Key, State};
use crate::syntax::yaml::{Node, Value};
use crate::syntax::{employee, group, module, right, role, user};
use crate::text::FileId;

use super::{Sheet, entries, key_of, section_of, text_of};

/// What declarations say and shall say.
pub struct Declarations<'a> {
    /// What the policy says.
    pub current: &'a State,
    /// What it shall say.
    pub wanted: &'a State,
    /// What each item of its files says.
    pub items: &'a Items,
    /// The reasons of rules and memberships now, whose accounts have the names that they shall have.
    pub said: &'a BTreeMap<&'a Key, &'a Option<Box<str>>>,
    /// The rules that everybody touched shall have.
    pub rules: &'a BTreeMap<Key, Vec<Reasoned<'a>>>,
    /// The members that every group touched shall have.
    pub members: &'a BTreeMap<Key, Vec<Reasoned<'a>>>,
    /// What is otherwise.
    pub touched: &'a BTreeSet<Key>,
    /// The areas that get another right.
    pub areas: &'a BTreeSet<String>,
    /// What a name without a prefix no longer means, since something new bears it too.
    pub shadowed: &'a BTreeSet<Key>,
    /// The accounts that have another name now.
    pub renamed: &'a Renamed,
    /// The words.
    pub words: Words<'a>,
}

impl Declarations<'_> {
    /// What becomes of a file.
    pub fn changes(&self, file: FileId, root: &Node<'_>) -> Collection {
        let mut changes = Collection::default();
        for (index, (section, value)) in entries(root).iter().enumerate() {
            let within = match text_of(section) {
                "online" => self.online(file, value),
                section => self.section(file, section, value),
            };
            if !within.is_empty() {
                changes.changed.insert(index, Patch::Within(within));
            }
        }
        changes
    }

    /// Online access; the rest of its section belongs to nobody.
    fn online(&self, file: FileId, online: &Node<'_>) -> Collection {
        let mut changes = Collection::default();
        let access = entries(online).iter().position(|(key, _)| text_of(key) == "access");
        if let Some(index) = access {
            let within = self.section(file, "access", &entries(online)[index].1);
            if !within.is_empty() {
                changes.changed.insert(index, Patch::Within(within));
            }
        }
        changes
    }

    fn section(&self, file: FileId, section: &str, node: &Node<'_>) -> Collection {
        let mut changes = Collection::default();
        for (index, (name, value)) in entries(node).iter().enumerate() {
            let Some(key) = key_of(section, text_of(name)) else { continue };
            if let Some(now) = self.name_of_now(&key) {
                changes.named.insert(index, section_of(&now).1);
                if let Some(new) = self.wanted.facts.get(&now) {
                    let within = self.declared(file, &now, self.current.facts.get(&key), new, value);
                    if !within.is_empty() {
                        changes.changed.insert(index, Patch::Within(within));
                    }
                }
                continue;
            }
            if let Key::Access(user) = &key
                && !self.wanted.facts.contains_key(&Key::User(user.clone()))
            {
                // An invitation to somebody who is gone, with or without a role.
                changes.gone.insert(index);
                continue;
            }
            if !self.touched.contains(&key) {
                continue;
            }
            match (self.current.facts.get(&key), self.wanted.facts.get(&key)) {
                (Some(_), None) => drop(changes.gone.insert(index)),
                (old, Some(new)) => {
                    let within = self.declared(file, &key, old, new, value);
                    if !within.is_empty() {
                        changes.changed.insert(index, Patch::Within(within));
                    }
                }
                (None, None) => {}
            }
        }
        changes
    }

    /// The key of the same account, if it has another name now. An invitation goes along, but not a role that is gone.
    fn name_of_now(&self, key: &Key) -> Option<Key> {
        let (Key::User(name) | Key::Access(name)) = key else { return None };
        self.renamed.get(name)?;
        let now = key.with_users_renamed(self.renamed);
        let is_lost = self.current.facts.contains_key(key) && !self.wanted.facts.contains_key(&now);
        (!is_lost).then_some(now)
    }

    /// Whether something new is there already: under another name, or as an invitation without a role, which gets one.
    pub fn has_place(&self, sheets: &[Sheet<'_>], key: &Key) -> bool {
        let before = |user: &Name| self.renamed.iter().find(|(_, now)| *now == user).map(|(before, _)| before.clone());
        let user = match key {
            Key::User(user) => return before(user).is_some(),
            Key::Access(user) => before(user).unwrap_or_else(|| user.clone()),
            _ => return false,
        };
        let roots = sheets.iter().filter_map(|sheet| sheet.root.as_ref());
        let online = roots.flat_map(entries).filter(|(section, _)| text_of(section) == "online");
        let access = online.flat_map(|(_, online)| entries(online)).filter(|(field, _)| text_of(field) == "access");
        let mut names = access.flat_map(|(_, access)| entries(access));
        names.any(|(name, _)| key_of("access", text_of(name)) == Some(Key::Access(user.clone())))
    }

    /// What a new declaration says.
    pub fn content(&self, key: &Key) -> Content {
        let Some(fact) = self.wanted.facts.get(key) else { return Content::Nothing };
        content(key, fact, self.words, self.rules.get(key), self.members.get(key))
    }

    fn declared(&self, file: FileId, key: &Key, old: Option<&Fact>, new: &Fact, node: &Node<'_>) -> Collection {
        if let (Value::Sequence(nodes, _), Fact::ModuleSet(_) | Fact::Attachment(_)) = (&node.value, new) {
            return self::list(nodes, new);
        }
        let written = entries(node);
        let order = order(key);
        let mut changes = Collection { stays: true, ..Collection::default() };
        let (before, after) = (old.map(fields).unwrap_or_default(), fields(new));
        for field in order {
            let (was, is) = (before.get(field), after.get(field));
            let index = written.iter().position(|(key, _)| text_of(key) == *field);
            // Only what is over people can speak of own data, even to say what is so anyway.
            let is_out_of_place =
                *field == "own" && !matches!(new, Fact::Right(right) if right.scope == Some(Scope::People));
            if was == is && !is_out_of_place {
                continue;
            }
            match (index, is) {
                (Some(index), Some(content)) => {
                    if let Some(patch) = replaced(&written[index].1, content) {
                        changes.changed.insert(index, patch);
                    }
                }
                // What is written out stays written out.
                (Some(index), None) if matches!(*field, "superuser" | "active") => {
                    let word = if *field == "active" { "true" } else { "false" };
                    changes.changed.insert(index, Patch::Content(Content::Word(word.to_owned())));
                }
                (Some(index), None) => drop(changes.gone.insert(index)),
                (None, Some(content)) => added(&mut changes, written, order, field, content.clone()),
                (None, None) => {}
            }
        }
        for (field, wanted) in self.lists(key) {
            let list = ListOf {
                file,
                items: self.items,
                current: self.said,
                wanted,
                state: self.wanted,
                areas: self.areas,
                shadowed: self.shadowed,
                words: self.words,
            };
            let index = written.iter().position(|(key, _)| text_of(key) == field);
            match index.map(|index| (index, &written[index].1.value)) {
                Some((index, Value::Sequence(nodes, _))) => {
                    let within = list.patch(nodes);
                    if !within.is_empty() {
                        changes.changed.insert(index, Patch::Within(within));
                    }
                }
                _ if list.wanted.is_empty() => {}
                _ => {
                    let content = Content::List(list.contents(&list.wanted));
                    added(&mut changes, written, order, field, content);
                }
            }
        }
        changes.added.sort_by_key(|added| rank(order, added.key.as_deref().unwrap_or_default()));
        changes
    }

    /// The lists of a declaration with what they shall hold.
    fn lists(&self, key: &Key) -> Vec<(&'static str, Vec<Reasoned<'_>>)> {
        let members =
            matches!(key, Key::Group(_)).then(|| ("members", self.members.get(key).cloned().unwrap_or_default()));
        let rules = self.rules.get(key).map(Vec::as_slice).unwrap_or_default();
        let has_rules = matches!(key, Key::User(_) | Key::Group(_) | Key::Role(_));
        let effects = [Effect::Allow, Effect::Deny].into_iter().filter(|_| has_rules);
        members.into_iter().chain(effects.map(|effect| (effect.as_str(), of_effect(rules, effect)))).collect()
    }
}

/// What a declaration says that is not there yet.
pub fn content(
    key: &Key,
    fact: &Fact,
    words: Words<'_>,
    rules: Option<&Vec<Reasoned<'_>>>,
    members: Option<&Vec<Reasoned<'_>>>,
) -> Content {
    match fact {
        Fact::ModuleSet(modules) => {
            return Content::Bracketed(modules.iter().map(|name| Content::Text(name.to_string())).collect());
        }
        Fact::Attachment(patterns) => {
            return Content::Bracketed(patterns.iter().map(|pattern| Content::Text(pattern.to_string())).collect());
        }
        _ => {}
    }
    let mut all: Vec<(&str, Content)> = fields(fact).into_iter().collect();
    let rules = rules.map(Vec::as_slice).unwrap_or_default();
    let members = members.map(Vec::as_slice).unwrap_or_default();
    let lists = [
        ("members", contents(words, members)),
        ("allow", contents(words, &of_effect(rules, Effect::Allow))),
        ("deny", contents(words, &of_effect(rules, Effect::Deny))),
    ];
    all.extend(
        lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(field, list)| (field, Content::List(list))),
    );
    all.sort_by_key(|(field, _)| rank(order(key), field));
    if all.is_empty() {
        return Content::Nothing;
    }
    Content::Fields(all.into_iter().map(|(field, content)| (field.to_owned(), content)).collect())
}

/// The fields of a declaration as the language lists them, which is the order in which people write them.
fn order(key: &Key) -> &'static [&'static str] {
    match key {
        Key::User(_) => &user::FIELDS,
        Key::Group(_) => &group::FIELDS,
        Key::Role(_) => &role::FIELDS,
        Key::Employee(_) => &employee::FIELDS,
        Key::Module(_) => &module::FIELDS,
        Key::Right(_) => &right::FIELDS,
        Key::Access(_) => &crate::syntax::online::ACCESS_FIELDS,
        _ => &[],
    }
}

fn rank(order: &[&str], field: &str) -> usize {
    order.iter().position(|known| *known == field).unwrap_or(order.len())
}

/// The fields of a fact that are not the default.
fn fields(fact: &Fact) -> BTreeMap<&'static str, Content> {
    let text = |value: &Option<Box<str>>| value.as_ref().map(|text| Content::Text(text.to_string()));
    let named = |value: Option<String>| value.map(Content::Text);
    let word = |said: bool, word: &str| said.then(|| Content::Word(word.to_owned()));
    let all: Vec<(&'static str, Option<Content>)> = match fact {
        Fact::User(user) => vec![
            ("employee", named(user.employee.as_ref().map(ToString::to_string))),
            ("name", text(&user.name)),
            ("superuser", word(user.superuser, "true")),
            ("active", word(!user.active, "false")),
            ("modules", named(user.modules.as_ref().map(ToString::to_string))),
        ],
        Fact::Group(group) => {
            vec![("name", text(&group.name)), ("modules", named(group.modules.as_ref().map(ToString::to_string)))]
        }
        Fact::Employee(employee) => vec![
            ("name", text(&employee.name)),
            ("email", text(&employee.email)),
            ("phone", text(&employee.phone)),
            ("department", text(&employee.department)),
            ("language", text(&employee.language)),
        ],
        Fact::Module(name) => vec![("name", text(name))],
        Fact::Right(right) => vec![
            ("name", labels(right)),
            ("meaning", text(&right.meaning)),
            ("of", right.scope.map(|scope| Content::Word(scope.as_str().to_owned()))),
            ("own", word(right.own_data_allowed && right.scope == Some(Scope::People), "allow")),
        ],
        Fact::Access(role) => vec![("role", Some(Content::Text(role.name.to_string())))],
        Fact::ModuleSet(_)
        | Fact::Attachment(_)
        | Fact::Member(_)
        | Fact::Rule(_)
        | Fact::Company(_)
        | Fact::Licence(_) => Vec::new(),
    };
    all.into_iter().filter_map(|(field, content)| Some((field, content?))).collect()
}

/// The label of a right: one text if it is in English only.
fn labels(right: &Right) -> Option<Content> {
    match (right.labels.len(), right.labels.get("en")) {
        (0, _) => None,
        (1, Some(text)) => Some(Content::Text(text.to_string())),
        _ => {
            let texts = right.labels.iter();
            Some(Content::Braced(
                texts.map(|(code, text)| (code.to_string(), Content::Text(text.to_string()))).collect(),
            ))
        }
    }
}

/// A field that says something else.
fn replaced(node: &Node<'_>, content: &Content) -> Option<Patch> {
    let texts: BTreeMap<&str, &Content> = match content {
        Content::Braced(texts) => texts.iter().map(|(key, text)| (key.as_str(), text)).collect(),
        Content::Text(text) if !matches!(node.value, Value::Mapping(_)) => return Some(Patch::Text(text.clone())),
        text @ Content::Text(_) => BTreeMap::from([("en", text)]),
        other => return Some(Patch::Content(other.clone())),
    };
    let Value::Mapping(written) = &node.value else { return Some(Patch::Content(content.clone())) };
    let mut changes = Collection::default();
    for (index, (key, value)) in written.iter().enumerate() {
        match texts.get(text_of(key)) {
            None => drop(changes.gone.insert(index)),
            Some(Content::Text(text)) if text_of(value) != text => {
                changes.changed.insert(index, Patch::Text(text.clone()));
            }
            Some(_) => {}
        }
    }
    for (key, text) in texts.into_iter().filter(|(key, _)| !written.iter().any(|(known, _)| text_of(known) == *key)) {
        let after = written.len().checked_sub(1);
        changes.added.push(Added { after, key: Some(key.to_owned()), content: text.clone() });
    }
    (!changes.is_empty()).then_some(Patch::Within(changes))
}

/// Adds a field behind those that people write before it.
fn added(changes: &mut Collection, written: &[(Node<'_>, Node<'_>)], order: &[&str], field: &str, content: Content) {
    let earlier = |(key, _): &(Node<'_>, Node<'_>)| rank(order, text_of(key)) < rank(order, field);
    let after = written.iter().rposition(earlier);
    changes.added.push(Added { after, key: Some(field.to_owned()), content });
}

/// A list of names or patterns, whose order counts: the longest part that is in both stays.
fn list(nodes: &[Node<'_>], fact: &Fact) -> Collection {
    let wanted: Vec<String> = match fact {
        Fact::ModuleSet(modules) => modules.iter().map(ToString::to_string).collect(),
        Fact::Attachment(patterns) => patterns.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let is_name = matches!(fact, Fact::ModuleSet(_));
    let same = |node: &Node<'_>, wanted: &str| {
        let text = text_of(node);
        text == wanted || is_name && crate::name::Name::new(text).is_ok_and(|name| name.as_str() == wanted)
    };
    let (rows, columns) = (nodes.len(), wanted.len());
    let mut length = vec![vec![0usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            length[row][column] = if same(&nodes[row], &wanted[column]) {
                length[row + 1][column + 1] + 1
            } else {
                length[row + 1][column].max(length[row][column + 1])
            };
        }
    }
    let mut changes = Collection::default();
    let (mut row, mut column, mut after) = (0, 0, None);
    while row < rows || column < columns {
        if row < rows && column < columns && same(&nodes[row], &wanted[column]) {
            after = Some(row);
            (row, column) = (row + 1, column + 1);
        } else if column < columns && (row == rows || length[row][column + 1] >= length[row + 1][column]) {
            changes.added.push(Added { after, key: None, content: Content::Text(wanted[column].clone()) });
            column += 1;
        } else {
            changes.gone.insert(row);
            row += 1;
        }
    }
    changes
}
