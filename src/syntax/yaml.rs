//! YAML with places: text becomes a tree of nodes, each with its bytes. The only file that knows the YAML crate.
//!
//! What policies do without (anchors, aliases, merge keys, tags, several documents) becomes a finding here and an
//! invalid node, so that nobody further on has to think of it. Nothing is ever expanded.

mod broken;

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, StructureStyle};

use crate::diag::{Code, Diagnostic};
use crate::language::Text;
use crate::say;
use crate::text::{FileId, Place, SourceFile, Span};

/// The most nodes that one file may have.
pub const MAX_NODES: usize = 20_000_000;

/// A piece of YAML and where it stands.
#[derive(Debug)]
pub struct Node<'s> {
    /// Its bytes; for a mapping or sequence from its first to its last child.
    pub span: Span,
    /// What stands there.
    pub value: Value<'s>,
}

/// What a node holds.
#[derive(Debug)]
pub enum Value<'s> {
    /// A text, after YAML's own escapes.
    Scalar(Cow<'s, str>, Style),
    /// A list.
    Sequence(Vec<Node<'s>>, Layout),
    /// Keys and values in the order of the file, doublets included.
    Mapping(Vec<(Node<'s>, Node<'s>)>),
    /// Something that already has a finding.
    Invalid,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'...'`.
    Single,
    /// In `"..."`.
    Double,
    /// After `|` or `>`.
    Block,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One item a line, with dashes.
    Block,
    /// In brackets.
    Flow,
}

impl Node<'_> {
    /// Whether nothing stands there, or a plain `null` or `~`.
    pub fn is_absent(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, Style::Plain) if matches!(&**text, "" | "~" | "null"))
    }
}

/// A collection whose end has not been read yet.
struct Open<'s> {
    start: usize,
    end: usize,
    kind: Collecting<'s>,
}

enum Collecting<'s> {
    Sequence(Vec<Node<'s>>, Layout),
    Mapping(Vec<(Node<'s>, Node<'s>)>, Option<Node<'s>>),
}

struct Builder<'s, 'd> {
    file: FileId,
    open: Vec<Open<'s>>,
    root: Option<Node<'s>>,
    nodes: usize,
    diagnostics: &'d mut Vec<Diagnostic>,
}

/// Reads the one document of a file. `None` if there is nothing in it, or if it is not YAML, which is then a finding.
pub fn read<'s>(id: FileId, file: &'s SourceFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Node<'s>> {
    let options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
        disallow_directives: true,
    };
    let mut builder = Builder { file: id, open: Vec::new(), root: None, nodes: 0, diagnostics };
    if builder.run(file, options) { builder.root } else { None }
}

impl<'s> Builder<'s, '_> {
    /// Reads to the end; false if the tree stayed unfinished.
    fn run(&mut self, file: &'s SourceFile, options: Options) -> bool {
        let mut documents = 0;
        for next in Parser::new_from_str_with_options(file.text(), options) {
            let (event, span) = match next {
                Ok(step) => step,
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(0);
                    self.broken(file, at, error.kind(), &error.info());
                    return false;
                }
            };
            let bytes = span.byte_range().unwrap_or(0..0);
            if matches!(event, Event::DocumentStart(..)) {
                documents += 1;
                if documents > 1 {
                    self.feature(bytes, say!("a second document in one file"), say!("put it into a file of its own"));
                    return true;
                }
            }
            if let Some(tag) = event.tag() {
                let at = span.tag_span().and_then(|tag| tag.byte_range()).unwrap_or(bytes.clone());
                let what = say!("the tag `{original}`", original = tag.original());
                self.feature(at, what, say!("remove it; every field knows its own type"));
            }
            self.nodes += 1;
            if self.nodes > MAX_NODES {
                let message = say!("the file has more than {most} values", most = MAX_NODES);
                self.diagnostics.push(
                    Diagnostic::new(Code::LimitExceeded, self.place(bytes), message)
                        .help(say!("split the file; every section may be spread over many files")),
                );
                return false;
            }
            self.event(event, bytes);
        }
        true
    }

    fn event(&mut self, event: Event<'s>, bytes: std::ops::Range<usize>) {
        match event {
            Event::Scalar(text, style, ..) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                if style == Style::Plain && text == "<<" && self.expects_key() {
                    self.feature(bytes.clone(), say!("a merge key"), say!("write the fields out where they belong"));
                    self.close(bytes, Value::Invalid);
                } else {
                    // The parser says `~` where nothing is written; a `~` that somebody wrote has a byte.
                    let text = if bytes.is_empty() { Cow::Borrowed("") } else { text };
                    self.close(bytes, Value::Scalar(text, style));
                }
            }
            Event::SequenceStart(style, ..) => {
                let layout = if style == StructureStyle::Flow { Layout::Flow } else { Layout::Block };
                let kind = Collecting::Sequence(Vec::new(), layout);
                self.open.push(Open { start: bytes.start, end: bytes.end, kind });
            }
            Event::MappingStart(..) => {
                let kind = Collecting::Mapping(Vec::new(), None);
                self.open.push(Open { start: bytes.start, end: bytes.end, kind });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(done) = self.open.pop() else { return };
                let (value, flow) = match done.kind {
                    Collecting::Sequence(items, layout) => (Value::Sequence(items, layout), layout == Layout::Flow),
                    Collecting::Mapping(entries, _) => (Value::Mapping(entries), false),
                };
                let end = if flow || bytes.end > bytes.start { bytes.end } else { done.end };
                self.close(done.start..end.max(done.start), value);
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.feature(
                    bytes.clone(),
                    say!("an alias"),
                    say!("write the value out; a group or a module set shares things between people"),
                );
                self.close(bytes, Value::Invalid);
            }
            Event::Anchor(..) => {
                self.feature(
                    bytes,
                    say!("an anchor"),
                    say!("remove it; a group or a module set shares things between people"),
                );
            }
            _ => {}
        }
    }

    /// Hands a finished node to the collection that it belongs to.
    fn close(&mut self, bytes: std::ops::Range<usize>, value: Value<'s>) {
        let node = Node { span: Span::new(bytes.clone()), value };
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        parent.end = parent.end.max(bytes.end);
        match &mut parent.kind {
            Collecting::Sequence(items, _) => items.push(node),
            Collecting::Mapping(entries, key) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: Collecting::Mapping(_, None), .. }))
    }

    fn place(&self, bytes: std::ops::Range<usize>) -> Place {
        Place { file: self.file, span: Span::new(bytes) }
    }

    fn feature(&mut self, bytes: std::ops::Range<usize>, what: Text, help: Text) {
        let message = say!("policies do without {what}", what);
        let place = self.place(bytes);
        self.diagnostics.push(Diagnostic::new(Code::YamlFeature, place, message).help(help));
    }

    fn broken(&mut self, file: &SourceFile, at: usize, kind: &ErrorKind, info: &str) {
        let conflicts = broken::conflicts(self.file, file);
        if conflicts.is_empty() {
            self.diagnostics.push(broken::explain(self.file, file, at, kind, info));
        }
        self.diagnostics.extend(conflicts);
    }
}

/// Where the byte `at` of a scalar's text stands in the file.
///
/// Quotes, escapes and folded lines make the text differ from its bytes, so both are walked side by side.
pub fn locate(file: &SourceFile, span: Span, style: Style, decoded: &str, at: usize) -> u32 {
    let raw = file.slice(span);
    if style == Style::Plain && raw == decoded {
        return span.start + Span::new(at..at).start;
    }
    let mut rest = raw.char_indices().peekable();
    if matches!(style, Style::Single | Style::Double) {
        rest.next();
    }
    let mut here = rest.peek().map_or(raw.len(), |(index, _)| *index);
    for (index, wanted) in decoded.char_indices() {
        while let Some((next, c)) = rest.peek().copied() {
            here = next;
            let ends_line = raw[next..].trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
            let blank = c.is_whitespace() && (c != wanted || ends_line);
            if c == wanted || (style == Style::Double && c == '\\') || !blank || wanted.is_whitespace() {
                break;
            }
            rest.next();
        }
        if index >= at {
            break;
        }
        match rest.next() {
            Some((_, '\\')) if style == Style::Double => {
                let digits = match rest.next().map(|(_, c)| c) {
                    Some('x') => 2,
                    Some('u') => 4,
                    Some('U') => 8,
                    _ => 0,
                };
                for _ in 0..digits {
                    rest.next();
                }
            }
            Some((_, '\'')) if style == Style::Single => {
                rest.next();
            }
            Some((_, c)) if c.is_whitespace() && wanted.is_whitespace() => {
                while rest.peek().is_some_and(|(_, c)| c.is_whitespace()) && c != wanted {
                    rest.next();
                }
            }
            _ => {}
        }
        here = rest.peek().map_or(raw.len(), |(next, _)| *next);
    }
    span.start + Span::new(here..here).start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<(Code, String)> {
        let file = SourceFile::new("a.yaml", text);
        let mut found = Vec::new();
        let root = read(FileId(0), &file, &mut found);
        assert!(root.is_some() || !found.is_empty() || text.trim().is_empty());
        found.into_iter().map(|d| (d.code, file.slice(d.labels[0].place.span).to_owned())).collect()
    }

    #[test]
    fn every_node_knows_its_bytes() {
        let file = SourceFile::new("a.yaml", "users:\n  lars: { name: Lars }\n  karin:\n");
        let root = read(FileId(0), &file, &mut Vec::new()).unwrap();
        let Value::Mapping(sections) = &root.value else { panic!("a mapping") };
        let Value::Mapping(users) = &sections[0].1.value else { panic!("a mapping") };
        assert_eq!(file.slice(users[0].0.span), "lars");
        assert_eq!(file.slice(users[0].1.span), "{ name: Lars }");
        assert!(users[1].1.is_absent());
    }

    #[test]
    fn what_policies_do_without_is_found_where_it_stands() {
        assert_eq!(findings("a: &x 1\nb: *x\n"), [(Code::YamlFeature, "&x".into()), (Code::YamlFeature, "*x".into())]);
        assert_eq!(findings("a: !!str 1\n"), [(Code::YamlFeature, "!!str".into())]);
        assert_eq!(findings("a:\n  <<: { b: 1 }\n"), [(Code::YamlFeature, "<<".into())]);
        assert_eq!(findings("a: 1\n---\nb: 1\n")[0].0, Code::YamlFeature);
        assert!(findings("---\na: 1\n...\n").is_empty());
    }

    #[test]
    fn depth_is_limited_and_brokenness_is_a_finding() {
        assert_eq!(findings(&"[".repeat(10_000))[0].0, Code::LimitExceeded);
        assert_eq!(findings("a: [1, 2\nb: 3\n")[0].0, Code::YamlSyntax);
        assert_eq!(findings("a: 'x\n")[0].0, Code::YamlSyntax);
        assert_eq!(findings("a:\n  b: 1\n\tc: 2\n"), [(Code::YamlSyntax, "\t".into())]);
    }

    #[test]
    fn a_byte_of_a_quoted_or_folded_text_is_found_in_the_file() {
        let check = |yaml: &str, needle: &str| {
            let file = SourceFile::new("a.yaml", yaml);
            let root = read(FileId(0), &file, &mut Vec::new()).unwrap();
            let Value::Sequence(items, _) = &root.value else { panic!("a list") };
            let Value::Scalar(text, style) = &items[0].value else { panic!("a text") };
            let at = text.find(needle).unwrap();
            let place = locate(&file, items[0].span, *style, text, at) as usize;
            assert!(yaml[place..].starts_with(needle), "{yaml:?} {needle:?} at {place}");
        };
        check("- abc def", "def");
        check("- 'it''s here'", "here");
        check(r#"- "a \"quoted\" z""#, "z");
        check(r#"- "\u00e4 z""#, "z");
        check("- abc\n    def ghi", "ghi");
        check("- 'abc\n\n    def ghi'", "ghi");
        check("- |\n  abc\n  def\n", "def");
        check("- >\n  abc\n  def ghi\n", "ghi");
    }
}
