//! Section `expect`: what must hold, as one text or as a mapping.

use crate::date::Date;
use crate::say;
use crate::text::Span;

use super::fields::Reader;
use super::grammar::parse_expectation;
use super::rule::{At, Reference, What};
use super::rules::{items, read_date};
use super::yaml::{Node, Style, Value, locate};

/// Of whom something is expected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Every declared user.
    pub everyone: bool,
    /// These users, and the members of these groups and roles.
    pub subjects: Vec<At<Reference>>,
    /// But not these.
    pub except: Vec<At<Reference>>,
}

/// How a number of users is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// So many or more.
    AtLeast,
    /// So many or fewer.
    AtMost,
    /// Just so many.
    Exactly,
}

/// What is expected, with names not looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectationText {
    /// All of a crowd can do all of it.
    Can {
        /// Who.
        crowd: Crowd,
        /// What.
        what: What,
    },
    /// Nobody of a crowd can do any of it.
    Cannot {
        /// Who.
        crowd: Crowd,
        /// What.
        what: What,
    },
    /// Nobody outside of a crowd can do any of it.
    Only {
        /// Who.
        crowd: Crowd,
        /// What.
        what: What,
    },
    /// Nobody holds all of these at once.
    Nobody {
        /// What.
        whats: Vec<What>,
    },
    /// So many users can do it.
    Count {
        /// How the number is bounded.
        bound: Bound,
        /// The number.
        number: u32,
        /// What.
        what: What,
    },
}

/// An expectation as written.
#[derive(Debug, Clone)]
pub struct ExpectationDecl {
    /// The text of it.
    pub text: Box<str>,
    /// What is expected. Spans of its names are in [`spans`](Self::spans).
    pub meant: ExpectationText,
    /// The only day on which it shall hold; else on this and every later one.
    pub on: Option<Date>,
    /// Why.
    pub because: Option<Box<str>>,
    /// Where the whole stands.
    pub span: Span,
    /// Where the bytes of the text stand in the file.
    pub spans: Spans,
}

/// Where the bytes of a parsed text stand in its file: a position for each byte at which a part begins or ends.
#[derive(Debug, Clone, Default)]
pub struct Spans(pub(super) Vec<(usize, u32)>);

impl Spans {
    /// Finds some bytes of a scalar's text in the file.
    pub(super) fn new(reader: &Reader<'_>, node: &Node<'_>, style: Style, text: &str, mut bytes: Vec<usize>) -> Self {
        bytes.sort_unstable();
        bytes.dedup();
        let place = |at| (at, locate(reader.source, node.span, style, text, at));
        Self(bytes.into_iter().map(place).collect())
    }

    /// The span in the file of a part of the text.
    pub fn of<T>(&self, part: &At<T>) -> Span {
        let place = |at: usize| {
            let found = self.0.iter().find(|(byte, _)| *byte == at);
            found.map_or(0, |(_, place)| *place)
        };
        Span { start: place(part.start), end: place(part.end) }
    }
}

/// The fields of an expectation that is written as a mapping.
pub const FIELDS: [&str; 3] = ["that", "because", "on"];

/// Reads the section `expect`.
pub fn read_section(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<ExpectationDecl> {
    if node.is_absent() {
        return Vec::new();
    }
    let nodes = items(reader, node, say!("expectations"), &FIELDS);
    nodes.into_iter().filter_map(|node| read(reader, node)).collect()
}

fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<ExpectationDecl> {
    if !matches!(node.value, Value::Mapping(_)) {
        return read_text(reader, node);
    }
    let fields = reader.record(node, say!("an expectation"), &FIELDS);
    let because = fields.get("because").and_then(|node| reader.text(node));
    let on = match fields.get("on") {
        Some(node) => Some(read_date(reader, node)?),
        None => None,
    };
    let Some(that) = fields.get("that") else {
        let help = say!("say what must hold: `that: nobody can data.export`");
        reader.wrong_type(node, say!("the field `{field}` is missing", field = "that"), help);
        return None;
    };
    Some(ExpectationDecl { on, because, ..read_text(reader, that)? })
}

fn read_text(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<ExpectationDecl> {
    let (text, style) = reader.scalar(node, say!("an expectation"))?;
    match parse_expectation(&text) {
        Ok(meant) => {
            let spans = Spans::new(reader, node, style, &text, meant.bytes());
            Some(ExpectationDecl { text: text.into(), meant, on: None, because: None, span: node.span, spans })
        }
        Err(error) => {
            reader.grammar_error(node, &text, style, error);
            None
        }
    }
}

impl ExpectationText {
    /// Every byte of the text at which a named part begins or ends.
    fn bytes(&self) -> Vec<usize> {
        let mut bytes = Vec::new();
        let (crowd, whats) = self.parts();
        for subject in crowd.into_iter().flat_map(|crowd| crowd.subjects.iter().chain(&crowd.except)) {
            bytes.extend([subject.start, subject.end]);
        }
        for what in whats {
            bytes.extend([what.right.start, what.right.end]);
            bytes.extend(what.target.iter().flat_map(|target| [target.start, target.end]));
        }
        bytes
    }

    /// Who and what it is about.
    pub fn parts(&self) -> (Option<&Crowd>, &[What]) {
        match self {
            Self::Can { crowd, what } | Self::Cannot { crowd, what } | Self::Only { crowd, what } => {
                (Some(crowd), std::slice::from_ref(what))
            }
            Self::Nobody { whats } => (None, whats),
            Self::Count { what, .. } => (None, std::slice::from_ref(what)),
        }
    }

    /// The same, to change names.
    pub fn parts_mut(&mut self) -> (Option<&mut Crowd>, &mut [What]) {
        match self {
            Self::Can { crowd, what } | Self::Cannot { crowd, what } | Self::Only { crowd, what } => {
                (Some(crowd), std::slice::from_mut(what))
            }
            Self::Nobody { whats } => (None, whats),
            Self::Count { what, .. } => (None, std::slice::from_mut(what)),
        }
    }
}
