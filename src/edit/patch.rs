//! Changes of a YAML tree as splices of its text: entries and items come, go or change, and nothing else does.
//!
//! Takes nodes of a file and what shall become of them; gives splices that leave every other byte as it is. A comment
//! directly above something that goes away goes with it; every other comment stays.

use std::collections::{BTreeMap, BTreeSet};

use crate::syntax::yaml::{Node, Style, Value};
use crate::text::{FileId, SourceFile, Span};

use super::content::{Content, Paper, Where};
use super::{Splice, begins_line, colon};

/// What becomes of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patch {
    /// It is another text, in the style of the old one.
    Text(String),
    /// It is something else.
    Content(Content),
    /// Something within it is otherwise.
    Within(Collection),
}

/// What becomes of the children of a mapping or list, by their position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collection {
    /// Those that go away.
    pub gone: BTreeSet<usize>,
    /// Those that get another key.
    pub named: BTreeMap<usize, String>,
    /// Those that change.
    pub changed: BTreeMap<usize, Patch>,
    /// What comes, in order.
    pub added: Vec<Added>,
    /// Whether the collection stays when nothing is left in it, as a declaration without fields does.
    pub stays: bool,
}

/// Something that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Behind which of the old children; `None` for the beginning.
    pub after: Option<usize>,
    /// Its key; `None` for an item of a list.
    pub key: Option<String>,
    /// What it is.
    pub content: Content,
}

impl Collection {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.named.is_empty() && self.changed.is_empty() && self.added.is_empty()
    }
}

/// One child of a mapping or list.
#[derive(Clone, Copy)]
struct Child<'n, 's> {
    key: Option<&'n Node<'s>>,
    value: &'n Node<'s>,
}

impl<'n, 's> Child<'n, 's> {
    fn start(self) -> u32 {
        self.key.unwrap_or(self.value).span.start
    }
}

fn children<'n, 's>(node: &'n Node<'s>) -> Vec<Child<'n, 's>> {
    match &node.value {
        Value::Mapping(entries) => entries.iter().map(|(key, value)| Child { key: Some(key), value }).collect(),
        Value::Sequence(items, _) => items.iter().map(|value| Child { key: None, value }).collect(),
        Value::Scalar(..) | Value::Invalid => Vec::new(),
    }
}

/// Turns patches of one file into splices.
pub struct Patcher<'s> {
    file: FileId,
    source: &'s SourceFile,
    paper: Paper,
    splices: Vec<Splice>,
}

/// What a collection stands in: its key, and whether that is in braces.
#[derive(Clone, Copy)]
struct Around<'n, 's> {
    key: Option<&'n Node<'s>>,
    braced: bool,
    /// How deep the parent's children stand.
    indent: usize,
    /// Whether comments above an entry belong to it; those above a section are about the file.
    comments: bool,
}

/// The splices that change the root of a file.
pub fn patch(file: FileId, source: &SourceFile, root: &Node<'_>, mut changes: Collection) -> Vec<Splice> {
    let line_end = super::line_end(source, 0);
    let mut patcher =
        Patcher { file, source, paper: Paper { line_end, step: step(source, root) }, splices: Vec::new() };
    changes.stays = true;
    settle(root, &mut changes);
    let around = Around { key: None, braced: false, indent: 0, comments: false };
    patcher.collection(root, &changes, around);
    patcher.splices
}

/// How deep the file goes with each level.
fn step(source: &SourceFile, root: &Node<'_>) -> usize {
    let sections = children(root);
    let entries = sections.iter().flat_map(|section| children(section.value));
    let columns = entries.filter_map(|entry| {
        let start = entry.start();
        begins_line(source, start, false).then(|| source.position(start).column - 1)
    });
    columns.filter(|column| *column > 0).min().unwrap_or(Paper::NEW.step)
}

/// A collection of which nothing is left goes away as a whole, since an empty list is an error.
fn settle(node: &Node<'_>, changes: &mut Collection) {
    let children = children(node);
    let mut emptied = Vec::new();
    for (index, patch) in &mut changes.changed {
        if let (Patch::Within(within), Some(child)) = (patch, children.get(*index)) {
            settle(child.value, within);
            let left = self::children(child.value).len() > within.gone.len() || !within.added.is_empty();
            if !left && !within.stays {
                emptied.push(*index);
            }
        }
    }
    for index in emptied {
        changes.changed.remove(&index);
        changes.gone.insert(index);
    }
}

/// The splices in the order in which they are carried out: what comes at a byte stands before what goes from it on.
pub fn ordered(mut splices: Vec<Splice>) -> Vec<Splice> {
    splices.sort_by_key(|splice| (splice.at, splice.removed > 0));
    splices
}

impl<'s> Patcher<'s> {
    fn collection(&mut self, node: &Node<'s>, changes: &Collection, around: Around<'_, 's>) {
        let children = children(node);
        if children.is_empty() {
            return self.fill(node, changes, around);
        }
        let braced = self.is_braced(node);
        let kept: Vec<usize> = (0..children.len()).filter(|index| !changes.gone.contains(index)).collect();
        for (index, name) in &changes.named {
            let Some(key) = children.get(*index).and_then(|child| child.key) else { continue };
            let name = self.paper.scalar(name, Style::Plain, Where::Key, around.indent);
            self.replace(key.span.start, key.span.end, &name);
        }
        for (index, patch) in &changes.changed {
            let Some(child) = children.get(*index) else { continue };
            self.child(*child, patch, braced);
        }
        if kept.is_empty() && braced {
            let text = self.inline_all(&changes.added, around.indent).join(", ");
            let (first, last) = (children[0], children[children.len() - 1]);
            let (from, to) = if text.is_empty() {
                (node.span.start + 1, node.span.end - 1)
            } else {
                (first.start(), self.end(last))
            };
            self.replace(from, to, &text);
            return;
        }
        if braced {
            self.remove_braced(&children, changes);
            self.add_braced(&children, &kept, changes, around.indent);
        } else {
            self.remove_lines(&children, changes, around.comments);
            self.add_lines(&children, &kept, changes, around.comments);
        }
    }

    fn child(&mut self, child: Child<'_, 's>, patch: &Patch, braced: bool) {
        let place = if braced { Where::Braces } else { Where::Line };
        let indent = self.depth(child);
        match patch {
            Patch::Within(within) => {
                let around = Around { key: child.key.or(Some(child.value)), braced, indent, comments: true };
                self.collection(child.value, within, around);
            }
            Patch::Text(text) => {
                let style = match &child.value.value {
                    Value::Scalar(_, style) => *style,
                    _ => Style::Plain,
                };
                let text = self.paper.scalar(text, style, place, indent);
                self.set(child, &text);
            }
            Patch::Content(content) => {
                let text = self.paper.inline(content, indent, place);
                self.set(child, &text);
            }
        }
    }

    /// Puts a text in the place of a value.
    fn set(&mut self, child: Child<'_, 's>, text: &str) {
        if self.is_unwritten(child.value) {
            let end = self.end(child) as usize;
            self.splices.push(Splice::insert(self.file, end, format!(" {text}")));
        } else {
            self.replace(child.value.span.start, self.end(Child { key: None, value: child.value }), text);
        }
    }

    /// Gives fields or items to something that has none yet.
    fn fill(&mut self, node: &Node<'s>, changes: &Collection, around: Around<'_, 's>) {
        if changes.added.is_empty() {
            return;
        }
        let deeper = around.indent + self.paper.step;
        let inline = |all: Vec<String>| format!("{{ {} }}", all.join(", "));
        if !self.is_unwritten(node) {
            let text = inline(self.inline_all(&changes.added, around.indent));
            return self.replace(node.span.start, node.span.end, &text);
        }
        let Some(key) = around.key else { return };
        let own_line = !around.braced && begins_line(self.source, key.span.start, false);
        match colon(self.source, key.span.end) {
            Some(end) if own_line => {
                let lines: Vec<String> = changes.added.iter().flat_map(|added| self.lines_of(added, deeper)).collect();
                self.splices.push(super::after_line(self.file, self.source, end, &lines));
            }
            Some(end) => {
                let text = inline(self.inline_all(&changes.added, around.indent));
                self.splices.push(Splice::insert(self.file, end as usize, format!(" {text}")));
            }
            None => {
                let text = inline(self.inline_all(&changes.added, around.indent));
                self.splices.push(Splice::insert(self.file, key.span.end as usize, format!(": {text}")));
            }
        }
    }

    fn lines_of(&self, added: &Added, indent: usize) -> Vec<String> {
        match &added.key {
            Some(key) => self.paper.entry(key, &added.content, indent),
            None => vec![self.paper.item(&added.content, indent)],
        }
    }

    fn inline_all(&self, added: &[Added], indent: usize) -> Vec<String> {
        let one = |added: &Added| match &added.key {
            Some(key) => self.paper.inline_entry(key, &added.content, indent),
            None => self.paper.inline(&added.content, indent, Where::Braces),
        };
        added.iter().map(one).collect()
    }

    fn remove_lines(&mut self, children: &[Child<'_, 's>], changes: &Collection, comments: bool) {
        let mut swallowed = 0;
        for index in &changes.gone {
            let Some(child) = children.get(*index).filter(|_| *index >= swallowed) else { continue };
            if !begins_line(self.source, child.start(), child.key.is_none()) {
                // The first field of an item stands behind the dash, which the next one takes over.
                let next = (*index..children.len()).find(|next| !changes.gone.contains(next));
                if let Some(next) = next {
                    self.replace(child.start(), children[next].start(), "");
                    swallowed = next;
                }
                continue;
            }
            let (from, to) = (self.first_line(child.start(), comments), self.next_line(self.end(*child)));
            self.cut(from, to);
        }
    }

    fn add_lines(&mut self, children: &[Child<'_, 's>], kept: &[usize], changes: &Collection, comments: bool) {
        let first = children[0];
        let indent = self.depth(first);
        // A blank line keeps sections apart.
        let apart = !comments && indent == 0 && first.key.is_some();
        for added in &changes.added {
            let mut lines = self.lines_of(added, indent);
            let anchor = added.after.and_then(|after| kept.iter().rev().find(|index| **index <= after));
            if apart {
                lines.insert(0, String::new());
            }
            let dashed = first.key.is_some() && !begins_line(self.source, first.start(), false);
            let splice = match anchor {
                Some(index) => super::after_line(self.file, self.source, self.end(children[*index]), &lines),
                None if dashed => super::after_line(self.file, self.source, self.end(first), &lines),
                None => {
                    let line_end = self.paper.line_end;
                    let at = self.first_line(first.start(), comments);
                    Splice::insert(self.file, at, format!("{}{line_end}", lines.join(line_end)))
                }
            };
            self.splices.push(splice);
        }
    }

    fn remove_braced(&mut self, children: &[Child<'_, 's>], changes: &Collection) {
        let mut rest = changes.gone.iter().copied().peekable();
        while let Some(first) = rest.next() {
            let mut last = first;
            while rest.next_if_eq(&(last + 1)).is_some() {
                last += 1;
            }
            let run = &children[first..=last];
            if run.iter().all(|child| self.is_alone(*child)) {
                for child in run {
                    let (from, to) = (self.first_line(child.start(), true), self.next_line(self.end(*child)));
                    self.cut(from, to);
                }
                continue;
            }
            let end = self.end(children[last]);
            match (children.get(last + 1), first.checked_sub(1).map(|before| self.end(children[before]))) {
                (Some(next), _) => self.replace(run[0].start(), next.start(), ""),
                (None, Some(before)) => {
                    let between = &self.source.text()[before as usize..run[0].start() as usize];
                    // A comment there is about what stays.
                    let from = if between.contains('#') { run[0].start() } else { before };
                    self.replace(from, end, "");
                }
                (None, None) => self.replace(run[0].start(), end, ""),
            }
        }
    }

    fn add_braced(&mut self, children: &[Child<'_, 's>], kept: &[usize], changes: &Collection, indent: usize) {
        for (added, text) in changes.added.iter().zip(self.inline_all(&changes.added, indent)) {
            let anchor = added.after.and_then(|after| kept.iter().rev().find(|index| **index <= after));
            let splice = match (anchor, kept.first()) {
                (Some(index), _) => {
                    let child = children[*index];
                    let own_line = begins_line(self.source, child.start(), false);
                    let gap = if own_line {
                        format!(",{}{}", self.paper.line_end, " ".repeat(self.depth(child)))
                    } else {
                        ", ".to_owned()
                    };
                    Splice::insert(self.file, self.end(child) as usize, format!("{gap}{text}"))
                }
                (None, Some(first)) => {
                    Splice::insert(self.file, children[*first].start() as usize, format!("{text}, "))
                }
                (None, None) => continue,
            };
            self.splices.push(splice);
        }
    }

    fn is_braced(&self, node: &Node<'s>) -> bool {
        self.source.slice(node.span).starts_with(['{', '['])
    }

    /// Whether nothing is written for a value.
    fn is_unwritten(&self, node: &Node<'s>) -> bool {
        node.is_absent() && self.source.slice(node.span).trim().is_empty()
    }

    /// Where a child ends: without blanks behind it, and without what the parser counts to it beyond its last part.
    fn end(&self, child: Child<'_, 's>) -> u32 {
        if self.is_unwritten(child.value) {
            let key = child.key.map_or(child.value.span.start, |key| key.span.end);
            return colon(self.source, key).unwrap_or(key);
        }
        if !self.is_braced(child.value)
            && let Some(last) = children(child.value).last()
        {
            return self.end(*last);
        }
        let text = self.source.slice(child.value.span);
        let blanks = text.len() - text.trim_end().len();
        Span::new(0..child.value.span.range().end - blanks).end
    }

    /// How deep a child stands: a field where its key is, also behind the dash of an item.
    fn depth(&self, child: Child<'_, 's>) -> usize {
        match child.key {
            Some(key) => self.source.position(key.span.start).column - 1,
            None => self.column(child.start()),
        }
    }

    /// How deep something stands: an item of a list where its dash is.
    fn column(&self, start: u32) -> usize {
        let line = self.source.line_range(self.source.line_of(start));
        let before = self.source.text()[line.start..start as usize].trim_start_matches('\u{feff}');
        if before.trim() == "-" { before.find('-').unwrap_or(0) } else { self.source.position(start).column - 1 }
    }

    /// The first byte of the line of something, or of the comments directly above it.
    fn first_line(&self, start: u32, comments: bool) -> usize {
        let column = self.column(start);
        let mut line = self.source.line_of(start);
        while comments && line > 0 {
            let above = &self.source.text()[self.source.line_range(line - 1)];
            let text = above.trim_start_matches([' ', '\u{feff}']);
            if !text.starts_with('#') || above.trim_start_matches('\u{feff}').len() - text.len() != column {
                break;
            }
            line -= 1;
        }
        let from = self.source.line_range(line).start;
        let mark = '\u{feff}'.len_utf8();
        if from == 0 && self.source.text().starts_with('\u{feff}') { mark } else { from }
    }

    fn next_line(&self, end: u32) -> usize {
        let last = self.source.line_of(end.max(1) - 1);
        self.source.line_range(last + 1).start
    }

    /// Whether something in braces has its lines for itself.
    fn is_alone(&self, child: Child<'_, 's>) -> bool {
        let end = self.end(child);
        let line = self.source.line_range(self.source.line_of(end.max(1) - 1));
        let behind = self.source.text()[end as usize..line.end].trim_start();
        let behind = behind.strip_prefix(',').unwrap_or(behind).trim();
        begins_line(self.source, child.start(), false) && (behind.is_empty() || behind.starts_with('#'))
    }

    fn replace(&mut self, from: u32, to: u32, text: &str) {
        self.splices.push(Splice {
            file: self.file,
            at: from as usize,
            removed: to.saturating_sub(from) as usize,
            text: text.to_owned(),
        });
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.splices.push(Splice { file: self.file, at: from, removed: to.saturating_sub(from), text: String::new() });
    }
}
