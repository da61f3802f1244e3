//! Single lines of declarations: items of lists and fields are added, taken out or changed, and nothing else is.

use crate::date::Validity;
use crate::syntax::grammar::{parse_member, parse_rule};
use crate::syntax::yaml::{self, Layout, Node, Value};
use crate::text::{FileId, SourceFile, Span};

use super::{Splice, after_line, begins_line, indentation, line_end};

/// A file whose YAML is read, to be edited.
pub struct Lines<'s> {
    file: FileId,
    source: &'s SourceFile,
    root: Node<'s>,
}

/// The way to a node: each mapping or list that it is in, with its index there.
type Trail<'n, 's> = Vec<(&'n Node<'s>, usize)>;

/// What an item of a list is, for changing its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A rule.
    Rule,
    /// A member.
    Member,
}

impl<'s> Lines<'s> {
    /// Reads a file; `None` if it is not YAML.
    pub fn new(file: FileId, source: &'s SourceFile) -> Option<Self> {
        Some(Self { file, source, root: yaml::read(file, source, &mut Vec::new())? })
    }

    /// Takes an item out of its list; with the last one the whole list goes, since a list is never empty.
    pub fn without_item(&self, item: Span) -> Option<Splice> {
        let trail = trail(&self.root, item)?;
        let ((list, index), (fields, field)) = (*trail.last()?, *trail.get(trail.len().checked_sub(2)?)?);
        let Value::Sequence(items, layout) = &list.value else { return None };
        let Value::Mapping(entries) = &fields.value else { return None };
        if items.len() == 1 {
            return self.without_field(fields, entries, field);
        }
        let node = &items[index];
        if *layout == Layout::Block && begins_line(self.source, node.span.start, true) {
            return Some(self.without_lines(node.span.start, self.end_of(node)));
        }
        if self.alone_in_brackets(node) && items.get(index + 1).is_none_or(|next| self.line(next) > self.line(node)) {
            return Some(self.without_lines(node.span.start, self.end_of(node)));
        }
        Some(match (items.get(index + 1), index.checked_sub(1)) {
            (Some(next), _) => self.cut(node.span.start, next.span.start),
            (None, Some(before)) => self.cut(self.end_of(&items[before]), self.end_of(node)),
            (None, None) => return None,
        })
    }

    /// Adds an item to the list of a field, whose name stands at `declared`; without such a list the list as well.
    pub fn with_item(&self, declared: Span, field: &str, item: &str) -> Option<Splice> {
        let (key, value) = self.declaration(declared)?;
        let fields = entries(value);
        let list = fields.iter().find(|(key, _)| text_of(key) == field).map(|(_, list)| list);
        let Some(Value::Sequence(items, layout)) = list.map(|list| &list.value) else {
            return self.with_field(key, value, &format!("{field}: [{item}]"));
        };
        let last = items.last()?;
        if *layout == Layout::Block && begins_line(self.source, last.span.start, true) {
            let line = format!("{}- {item}", indentation(self.source, last.span.start));
            return Some(after_line(self.file, self.source, self.end_of(last), &[line]));
        }
        let gap = if items.len() > 1 && begins_line(self.source, last.span.start, false) {
            let eol = line_end(self.source, last.span.start as usize);
            format!(",{eol}{}", indentation(self.source, last.span.start))
        } else {
            ", ".to_owned()
        };
        Some(Splice::insert(self.file, self.end_of(last) as usize, format!("{gap}{item}")))
    }

    /// Gives a field of a declaration another value, or adds the field.
    pub fn with_value(&self, declared: Span, field: &str, text: &str) -> Option<Splice> {
        let (key, value) = self.declaration(declared)?;
        match entries(value).iter().find(|(key, _)| text_of(key) == field) {
            Some((_, old)) if !old.is_absent() => Some(self.replace(old.span.start, self.end_of(old), text)),
            Some(_) => None,
            None => self.with_field(key, value, &format!("{field}: {text}")),
        }
    }

    /// Gives a rule or member another period.
    pub fn with_period(&self, item: Span, what: Item, old: Validity, new: Validity) -> Option<Vec<Splice>> {
        let trail = trail(&self.root, item)?;
        let (list, index) = *trail.last()?;
        let Value::Sequence(items, _) = &list.value else { return None };
        match &items[index].value {
            Value::Mapping(fields) => self.with_dates(&items[index], fields, old, new),
            Value::Scalar(text, style) => {
                let end = match what {
                    Item::Rule => {
                        parse_rule(text).ok().map(|rule| rule.target.map_or(rule.right.end, |target| target.end))
                    }
                    Item::Member => parse_member(text).ok().map(|member| member.who.end),
                }?;
                // What stands between the names and the reason is the period, and nothing else.
                let reason = text[end..].find("because").filter(|_| text.contains('"'));
                let rest = &text[end..reason.map_or(text.len(), |at| end + at)];
                let until = end + rest.trim_end().len();
                let place = |at| yaml::locate(self.source, items[index].span, *style, text, at);
                Some(vec![self.replace(place(end), place(until), &new.to_string())])
            }
            _ => None,
        }
    }

    /// The fields `from` and `until` of a mapping, as a period says them.
    fn with_dates(
        &self,
        item: &Node<'s>,
        fields: &[(Node<'s>, Node<'s>)],
        old: Validity,
        new: Validity,
    ) -> Option<Vec<Splice>> {
        let mut splices = Vec::new();
        for (name, before, after) in [("from", old.begins(), new.begins()), ("until", old.ends(), new.ends())]
            .into_iter()
            .filter(|(_, a, b)| a != b)
        {
            let day = after?;
            let field = fields.iter().find(|(key, _)| text_of(key) == name);
            splices.push(match (before, field) {
                (Some(_), Some((_, value))) => self.replace(value.span.start, self.end_of(value), &day.to_string()),
                _ => {
                    let (first, (_, last)) = (&fields.first()?.0, fields.last()?);
                    let text = format!("{name}: {day}");
                    if self.source.slice(item.span).starts_with('{') {
                        Splice::insert(self.file, self.end_of(last) as usize, format!(", {text}"))
                    } else {
                        // Behind a dash the first field stands deeper than its line begins.
                        let column = self.source.position(first.span.start).column - 1;
                        after_line(
                            self.file,
                            self.source,
                            self.end_of(last),
                            &[format!("{}{text}", " ".repeat(column))],
                        )
                    }
                }
            });
        }
        Some(splices)
    }

    /// The name and the fields of what is declared at a place.
    fn declaration(&self, declared: Span) -> Option<(&Node<'s>, &Node<'s>)> {
        let Value::Mapping(sections) = &self.root.value else { return None };
        let found = sections.iter().flat_map(|(_, section)| entries(section)).find(|(key, _)| key.span == declared);
        found.map(|(key, value)| (key, value))
    }

    fn with_field(&self, key: &Node<'s>, value: &Node<'s>, text: &str) -> Option<Splice> {
        let fields = entries(value);
        let in_braces = self.source.slice(value.span).starts_with('{');
        if let Some((first, _)) = fields.first() {
            let last = fields.last().map(|(key, value)| if value.is_absent() { key } else { value })?;
            if in_braces {
                return Some(Splice::insert(self.file, self.end_of(last) as usize, format!(", {text}")));
            }
            let line = format!("{}{text}", indentation(self.source, first.span.start));
            return Some(after_line(self.file, self.source, self.end_of(last), &[line]));
        }
        if in_braces {
            return Some(Splice::insert(self.file, value.span.start as usize + 1, format!(" {text} ")));
        }
        if value.is_absent() && !self.source.slice(value.span).is_empty() {
            return Some(self.replace(value.span.start, value.span.end, &format!("{{ {text} }}")));
        }
        let colon = super::colon(self.source, key.span.end)?;
        if begins_line(self.source, key.span.start, false) && !self.in_braces(key) {
            // Whoever nests by two writes two more; whoever nests otherwise has the section's own depth for it.
            let indent = indentation(self.source, key.span.start);
            let step = indent.len().max(2);
            let line = format!("{indent}{}{text}", " ".repeat(step));
            return Some(after_line(self.file, self.source, colon, &[line]));
        }
        Some(Splice::insert(self.file, colon as usize, format!(" {{ {text} }}")))
    }

    /// Whether the mapping that a key is in is written in braces.
    fn in_braces(&self, key: &Node<'s>) -> bool {
        let mapping = trail(&self.root, key.span).and_then(|trail| trail.last().map(|(node, _)| node.span));
        mapping.is_some_and(|span| self.source.slice(span).starts_with('{'))
    }

    fn without_field(&self, mapping: &Node<'s>, entries: &[(Node<'s>, Node<'s>)], index: usize) -> Option<Splice> {
        let (key, value) = &entries[index];
        let in_braces = self.source.slice(mapping.span).starts_with('{');
        if !in_braces {
            return begins_line(self.source, key.span.start, false)
                .then(|| self.without_lines(key.span.start, self.end_of(value)));
        }
        Some(match (entries.get(index + 1), index.checked_sub(1).map(|before| &entries[before])) {
            (Some((next, _)), _) => self.cut(key.span.start, next.span.start),
            (None, Some((before, absent))) => {
                self.cut(self.end_of(if absent.is_absent() { before } else { absent }), self.end_of(value))
            }
            (None, None) => self.cut(key.span.start, self.end_of(value)),
        })
    }

    /// Cuts whole lines, from that of one byte to that before another, with their line end.
    fn without_lines(&self, start: u32, end: u32) -> Splice {
        let from = self.source.line_range(self.source.line_of(start)).start;
        let last = self.source.line_of(end.max(1) - 1);
        let next = self.source.line_range(last + 1).start;
        let bom = usize::from(from == 0 && self.source.text().starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
        self.cut_bytes(from + bom, next)
    }

    fn cut(&self, from: u32, to: u32) -> Splice {
        self.cut_bytes(from as usize, to as usize)
    }

    fn cut_bytes(&self, from: usize, to: usize) -> Splice {
        Splice { file: self.file, at: from, removed: to.saturating_sub(from), text: String::new() }
    }

    fn replace(&self, from: u32, to: u32, text: &str) -> Splice {
        Splice { text: text.to_owned(), ..self.cut(from, to) }
    }

    /// Where a node ends, without the blanks that a text after `|` takes up.
    fn end_of(&self, node: &Node<'s>) -> u32 {
        let text = self.source.slice(node.span);
        let blanks = text.len() - text.trim_end().len();
        Span::new(0..node.span.range().end - blanks).end
    }

    fn line(&self, node: &Node<'s>) -> usize {
        self.source.line_of(node.span.start)
    }

    /// Whether an item in brackets has its lines for itself.
    fn alone_in_brackets(&self, node: &Node<'s>) -> bool {
        let end = self.end_of(node);
        let line = self.source.line_range(self.source.line_of(end.max(1) - 1));
        let behind = self.source.text()[end as usize..line.end].trim_start();
        let behind = behind.strip_prefix(',').unwrap_or("x").trim();
        begins_line(self.source, node.span.start, false) && (behind.is_empty() || behind.starts_with('#'))
    }
}

/// The text of a scalar.
fn text_of<'n>(node: &'n Node<'_>) -> &'n str {
    match &node.value {
        Value::Scalar(text, _) => text,
        _ => "",
    }
}

fn entries<'n, 's>(node: &'n Node<'s>) -> &'n [(Node<'s>, Node<'s>)] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}

/// The way to the key or item with a span.
fn trail<'n, 's>(node: &'n Node<'s>, span: Span) -> Option<Trail<'n, 's>> {
    if span.start < node.span.start || node.span.end < span.end {
        return None;
    }
    let further = |index: usize, child: &'n Node<'s>| {
        let mut trail = trail(child, span)?;
        trail.insert(0, (node, index));
        Some(trail)
    };
    let mut children: Box<dyn Iterator<Item = (usize, &'n Node<'s>)>> = match &node.value {
        Value::Sequence(items, _) => Box::new(items.iter().enumerate()),
        Value::Mapping(entries) => {
            Box::new(entries.iter().enumerate().flat_map(|(index, (key, value))| [(index, key), (index, value)]))
        }
        Value::Scalar(..) | Value::Invalid => return None,
    };
    children.find_map(|(index, child)| {
        // A list without indentation has the span of its only item, so the deeper one is asked first.
        further(index, child).or_else(|| (child.span == span).then(|| vec![(node, index)]))
    })
}
