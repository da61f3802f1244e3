//! A state goes into the policy files of a company: what it says otherwise is edited where it stands, what is new
//! comes where its like is.
//!
//! What comes out is not believed: whoever writes it compiles it first, and holds it against the state.

mod declaration;

use std::collections::{BTreeMap, BTreeSet};

use crate::edit::Unsafe;
use crate::edit::content::{Content, Paper};
use crate::edit::hunk::{File, Hunk, hunks};
use crate::edit::patch::{Added, Collection, Patch, ordered, patch};
use crate::edit::spliced;
use crate::model::Policy;
use crate::name::{Name, RightName};
use crate::repository::{POLICIES, Repository};
use crate::state::{Fact, Key, State};
use crate::syntax::yaml::{self, Node, Value};
use crate::text::{FileId, SourceFile};

use super::fixed::namesakes;
use super::items::{Item, Items};
use super::renamed::{Renamed, moved, renamed};
use super::sayable::{of_member, of_target, owner};
use super::words::{Reasoned, Words};
use declaration::Declarations;

pub use declaration::content;

/// New declarations by their section.
pub type Fresh = BTreeMap<&'static str, Vec<(String, Content)>>;

/// The sections of declarations, in the order in which a new file has them.
const SECTIONS: [&str; 8] =
    ["employees", "users", "groups", "modules", "module_sets", "attachments", "rights", "roles"];

/// One policy file of the company, and what becomes of it.
struct Sheet<'s> {
    id: FileId,
    source: &'s SourceFile,
    root: Option<Node<'s>>,
    changes: Collection,
    /// Whether other companies read it too.
    shared: bool,
}

/// The files that say what is wanted of a company, those only that are otherwise.
///
/// # Errors
/// If a file is not YAML.
pub fn write(repository: &Repository, company: usize, wanted: &State) -> Result<Vec<File>, Unsafe> {
    let policy = &repository.companies[company].policy;
    let current = State::of(policy);
    let mut sheets = sheets(repository, company)?;
    let mut touched = touched(&current, wanted);
    let rights = touched.iter().filter(|key| wanted.facts.contains_key(*key)).filter_map(|key| match key {
        Key::Right(right) => Some(right.area().to_owned()),
        _ => None,
    });
    let areas: BTreeSet<String> = rights.collect();
    let in_area = policy.rules.iter().filter(|rule| areas.contains(policy.rights.key(rule.right).area()));
    touched.extend(in_area.map(|rule| owner(&policy.subject_key(rule.subject))));
    let shadowed = shadowed(&current, &touched);
    let in_shadow = current.facts.keys().filter_map(|key| match key {
        Key::Rule { subject, target: Some(target), .. } => Some((of_target(target)?, owner(subject))),
        Key::Member { group, member, .. } => Some((of_member(member)?, Key::of_group(group))),
        _ => None,
    });
    touched.extend(in_shadow.filter(|(named, _)| shadowed.contains(named)).map(|(_, owner)| owner));
    let (rules, members) = (by_owner(wanted, &touched, true), by_owner(wanted, &touched, false));
    let renamed = renamed(&current, wanted);
    let under_new_names = current.with_users_renamed(&renamed);
    let said = under_new_names.facts.iter().filter_map(|(key, fact)| match fact {
        Fact::Rule(because) | Fact::Member(because) => Some((key, because)),
        _ => None,
    });
    let items = items(policy, &renamed);
    let declarations = Declarations {
        current: &current,
        wanted,
        items: &items,
        said: &said.collect(),
        rules: &rules,
        members: &members,
        touched: &touched,
        areas: &areas,
        shadowed: &shadowed,
        renamed: &renamed,
        words: Words::of(wanted),
    };
    for sheet in &mut sheets {
        if let Some(root) = &sheet.root {
            sheet.changes = declarations.changes(sheet.id, root);
        }
    }
    let mut fresh = Fresh::new();
    let mut homes: BTreeMap<&'static str, Option<(usize, Vec<Step>)>> = BTreeMap::new();
    for key in touched.iter().filter(|key| !current.facts.contains_key(*key) && wanted.facts.contains_key(*key)) {
        let (section, name) = section_of(key);
        if declarations.has_place(&sheets, key) {
            continue;
        }
        let content = declarations.content(key);
        match homes.entry(section).or_insert_with(|| home(&sheets, section)) {
            Some((sheet, way)) => add(&mut sheets[*sheet], way, name, content),
            None => fresh.entry(section).or_default().push((name, content)),
        }
    }
    let mut files: Vec<File> = sheets.iter().filter_map(|sheet| edited(sheet, &[])).collect();
    if !fresh.is_empty() {
        let file = pulled(repository, company, &sheets, &fresh);
        files.retain(|known| file.as_ref().is_none_or(|file| file.path != known.path));
        files.extend(file);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The policy files that a company reads.
fn sheets(repository: &Repository, company: usize) -> Result<Vec<Sheet<'_>>, Unsafe> {
    let (own, others) = (folders(repository, company), folders_of_others(repository, company));
    let mut sheets = Vec::new();
    for (id, source) in repository.sources.iter().filter(|(_, source)| below(source.path(), &own)) {
        let mut found = Vec::new();
        let root = yaml::read(id, source, &mut found);
        if !found.is_empty() {
            return Err(Unsafe::in_file(source.path()));
        }
        let shared = below(source.path(), &others);
        sheets.push(Sheet { id, source, root, changes: Collection::default(), shared });
    }
    Ok(sheets)
}

/// Whether a path lies below one of some folders.
fn below(path: &str, folders: &[String]) -> bool {
    folders.iter().any(|folder| path.strip_prefix(&**folder).is_some_and(|rest| rest.starts_with('/')))
}

fn folders_of_others(repository: &Repository, company: usize) -> Vec<String> {
    let others = (0..repository.companies.len()).filter(|other| *other != company);
    others.flat_map(|other| folders(repository, other)).collect()
}

/// The folders of a company.
fn folders(repository: &Repository, company: usize) -> Vec<String> {
    let name = repository.companies[company].name.as_ref();
    let settings = repository.settings.companies.iter().find(|declared| Some(&declared.name.value) == name);
    settings.map_or_else(
        || vec![POLICIES.to_owned()],
        |declared| declared.body.policies.iter().map(|folder| folder.value.to_string()).collect(),
    )
}

/// Everything declared of which something is otherwise.
fn touched(current: &State, wanted: &State) -> BTreeSet<Key> {
    let otherwise = |(key, fact): &(&Key, &Fact), other: &State| other.facts.get(*key) != Some(*fact);
    let gone = current.facts.iter().filter(|both| otherwise(both, wanted));
    let new = wanted.facts.iter().filter(|both| otherwise(both, current));
    let declared = |(key, _): (&Key, &Fact)| match key {
        Key::Member { group, .. } => Key::of_group(group),
        Key::Rule { subject, .. } => owner(subject),
        other => other.clone(),
    };
    gone.chain(new).map(declared).collect()
}

/// What a name without a prefix no longer means, since something new bears it too.
fn shadowed(current: &State, touched: &BTreeSet<Key>) -> BTreeSet<Key> {
    let new = touched.iter().filter(|key| !current.facts.contains_key(*key));
    new.flat_map(namesakes).filter(|key| current.facts.contains_key(key)).collect()
}

/// The rules, or the members, that somebody touched shall have.
fn by_owner<'s>(wanted: &'s State, touched: &BTreeSet<Key>, rules: bool) -> BTreeMap<Key, Vec<Reasoned<'s>>> {
    let mut all: BTreeMap<Key, Vec<Reasoned<'_>>> = BTreeMap::new();
    for (key, fact) in &wanted.facts {
        let (owner, because) = match (key, fact) {
            (Key::Rule { subject, .. }, Fact::Rule(because)) if rules => (owner(subject), because),
            (Key::Member { group, .. }, Fact::Member(because)) if !rules => (Key::of_group(group), because),
            _ => continue,
        };
        if touched.contains(&owner) {
            all.entry(owner).or_default().push((key, because));
        }
    }
    all
}

/// What each item of the files says.
fn items(policy: &Policy, renamed: &Renamed) -> Items {
    let mut items = Items::new();
    let rules = policy.rules.iter().map(|rule| (rule.place, Key::of_rule(policy, rule), &rule.because));
    let memberships = policy.memberships.iter();
    let members = memberships.map(|one| (one.place, Key::of_membership(policy, one), &one.because));
    for (place, key, because) in rules.chain(members) {
        if let Some(place) = place {
            let item = items.entry(place).or_insert_with(|| Item { because: because.clone(), ..Item::default() });
            let (key, is_renamed) = moved(&key, renamed);
            item.keys.push(key);
            item.is_renamed |= is_renamed;
        }
    }
    items
}

/// The section and the name under which something is declared.
pub fn section_of(key: &Key) -> (&'static str, String) {
    match key {
        Key::Right(name) => ("rights", name.to_string()),
        Key::Module(name) => ("modules", name.to_string()),
        Key::ModuleSet(name) => ("module_sets", name.to_string()),
        Key::Attachment(name) => ("attachments", name.to_string()),
        Key::Employee(name) => ("employees", name.to_string()),
        Key::Group(name) => ("groups", name.to_string()),
        Key::Role(name) => ("roles", name.to_string()),
        Key::User(name) => ("users", name.to_string()),
        Key::Access(name) => ("access", name.to_string()),
        Key::Member { .. } | Key::Rule { .. } | Key::Company | Key::Licence => ("", String::new()),
    }
}

/// What a name in a section stands for.
fn key_of(section: &str, text: &str) -> Option<Key> {
    let name = Name::new(text).ok()?;
    Some(match section {
        "rights" => Key::Right(RightName::new(text)?),
        "modules" => Key::Module(name),
        "module_sets" => Key::ModuleSet(name),
        "attachments" => Key::Attachment(name),
        "employees" => Key::Employee(name),
        "groups" => Key::Group(name),
        "roles" => Key::Role(name),
        "users" => Key::User(name),
        "access" => Key::Access(name),
        _ => return None,
    })
}

/// The file in which most of a section stands, one of the company's own before one that others read too; and the way
/// to it, by positions from the root.
fn home(sheets: &[Sheet<'_>], section: &str) -> Option<(usize, Vec<Step>)> {
    let found = sheets.iter().enumerate().filter_map(|(index, sheet)| {
        let root = sheet.root.as_ref()?;
        let (way, count) = way_to(root, section)?;
        Some((index, way, count, sheet.shared))
    });
    let best = found.max_by_key(|(index, _, count, shared)| (!shared, *count, std::cmp::Reverse(*index)));
    best.map(|(index, way, ..)| (index, way))
}

/// A step from a mapping to one of its values: one that is there, or one that comes.
enum Step {
    Into(usize),
    New(&'static str),
}

/// The way to a section, and how much stands in it.
fn way_to(root: &Node<'_>, section: &str) -> Option<(Vec<Step>, usize)> {
    let position = |node: &Node<'_>, key: &str| entries(node).iter().position(|(found, _)| text_of(found) == key);
    if section != "access" {
        let index = position(root, section)?;
        return Some((vec![Step::Into(index)], entries(&entries(root)[index].1).len()));
    }
    let online = position(root, "online")?;
    let within = &entries(root)[online].1;
    match position(within, "access") {
        Some(access) => {
            Some((vec![Step::Into(online), Step::Into(access)], 1 + entries(&entries(within)[access].1).len()))
        }
        None => Some((vec![Step::Into(online), Step::New("access")], 0)),
    }
}

/// Adds a declaration at the end of a section.
fn add(sheet: &mut Sheet<'_>, way: &[Step], name: String, content: Content) {
    let Some(mut node) = sheet.root.as_ref() else { return };
    let mut changes = &mut sheet.changes;
    for step in way {
        match step {
            Step::Into(index) => {
                let patch = changes.changed.entry(*index).or_insert_with(|| Patch::Within(Collection::default()));
                let Patch::Within(within) = patch else { return };
                changes = within;
                node = &entries(node)[*index].1;
            }
            Step::New(key) => {
                let fields = vec![(name, content)];
                if let Some(Added { content: Content::Fields(known), .. }) =
                    changes.added.iter_mut().find(|added| added.key.as_deref() == Some(*key))
                {
                    known.extend(fields);
                } else {
                    let after = entries(node).len().checked_sub(1);
                    changes.added.push(Added { after, key: Some((*key).to_owned()), content: Content::Fields(fields) });
                }
                return;
            }
        }
    }
    let siblings = entries(node);
    let braced = siblings.last().is_some_and(|(_, value)| sheet.source.slice(value.span).starts_with('{'));
    let content = if braced { content.braced_if_short() } else { content };
    changes.added.push(Added { after: siblings.len().checked_sub(1), key: Some(name), content });
}

/// The sections that no file has yet go into a file of their own, which may be there already.
fn pulled(repository: &Repository, company: usize, sheets: &[Sheet<'_>], fresh: &Fresh) -> Option<File> {
    let others = folders_of_others(repository, company);
    let paths = || folders(repository, company).into_iter().map(|folder| format!("{folder}/pulled.yaml")).rev();
    // What others read is theirs too, so that it is the last resort.
    let path = paths().find(|path| !below(path, &others)).or_else(|| paths().next())?;
    let sections = sections(fresh);
    let Some(sheet) = sheets.iter().find(|sheet| sheet.source.path() == path) else {
        let crlf = repository.sources.iter().next().is_some_and(|(_, file)| file.text().contains("\r\n"));
        let paper = Paper { line_end: if crlf { "\r\n" } else { "\n" }, ..Paper::NEW };
        return Some(new_file(path, &sections, paper));
    };
    edited(sheet, &sections)
}

/// Declarations under their sections, in the order of a new file.
pub fn sections(fresh: &Fresh) -> Vec<(String, Content)> {
    let mut sections: Vec<(String, Content)> = Vec::new();
    for section in SECTIONS {
        let declared = fresh.get(section).cloned();
        sections.extend(declared.map(|declared| (section.to_owned(), Content::Fields(declared))));
    }
    if let Some(access) = fresh.get("access").cloned() {
        let within = vec![("access".to_owned(), Content::Fields(access))];
        sections.push(("online".to_owned(), Content::Fields(within)));
    }
    sections
}

/// A file that is not there yet.
pub fn new_file(path: String, sections: &[(String, Content)], paper: Paper) -> File {
    let mut lines: Vec<String> = Vec::new();
    for (section, content) in sections {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(paper.entry(section, content, 0));
    }
    let after: String = lines.iter().map(|line| format!("{line}{}", paper.line_end)).collect();
    let added = after.lines().map(str::to_owned).collect();
    File { path, before: None, after, hunks: vec![Hunk { line: 1, removed: Vec::new(), added }] }
}

/// A file with its changes and with more sections, if that is another text.
fn edited(sheet: &Sheet<'_>, more: &[(String, Content)]) -> Option<File> {
    let Some(root) = &sheet.root else {
        if more.is_empty() {
            return None;
        }
        let text = sheet.source.text();
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let new = new_file(String::new(), more, Paper { line_end, ..Paper::NEW });
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { line_end };
        let line = sheet.source.line_count();
        let hunks = new.hunks.into_iter().map(|hunk| Hunk { line: line + usize::from(!gap.is_empty()), ..hunk });
        return Some(File {
            path: sheet.source.path().to_owned(),
            before: Some(text.to_owned()),
            after: format!("{text}{gap}{}", new.after),
            hunks: hunks.collect(),
        });
    };
    let mut changes = sheet.changes.clone();
    let after = entries(root).len().checked_sub(1);
    let added = |(key, content): &(String, Content)| Added { after, key: Some(key.clone()), content: content.clone() };
    changes.added.extend(more.iter().map(added));
    let splices = ordered(patch(sheet.id, sheet.source, root, changes));
    let text = sheet.source.text();
    let after = spliced(text, &splices);
    let hunks = hunks(sheet.source, &splices);
    let path = sheet.source.path().to_owned();
    (after != text).then(|| File { path, before: Some(text.to_owned()), after, hunks })
}

/// The text of a scalar.
pub fn text_of<'n>(node: &'n Node<'_>) -> &'n str {
    match &node.value {
        Value::Scalar(text, _) => text,
        _ => "",
    }
}

/// The entries of a mapping.
fn entries<'n, 's>(node: &'n Node<'s>) -> &'n [(Node<'s>, Node<'s>)] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}
