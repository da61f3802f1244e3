//! New content for policy files: what is to be written, and how YAML writes it in lines or in braces.
//!
//! Takes texts and gives YAML that reads as exactly these texts; a name that YAML would take for something else is
//! quoted. Never looks at a file.

use crate::syntax::yaml::Style;

/// Something to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: a declaration without fields.
    Nothing,
    /// A text, quoted where it must be.
    Text(String),
    /// A word that stands as it is: `true`, a day.
    Word(String),
    /// A list.
    List(Vec<Content>),
    /// The same in brackets, also where lines could be.
    Bracketed(Vec<Content>),
    /// Keys with what is said of them.
    Fields(Vec<(String, Content)>),
    /// The same in braces, also where lines could be.
    Braced(Vec<(String, Content)>),
}

impl Content {
    /// A list of texts.
    pub fn texts<T: ToString>(texts: &[T]) -> Self {
        Self::List(texts.iter().map(|text| Self::Text(text.to_string())).collect())
    }

    /// Whether it fits into one line with others of its kind: it has no list.
    pub fn is_short(&self) -> bool {
        match self {
            Self::Nothing | Self::Word(_) => true,
            Self::Text(text) => !text.contains('\n'),
            Self::List(_) | Self::Bracketed(_) => false,
            Self::Fields(fields) | Self::Braced(fields) => fields.iter().all(|(_, content)| content.is_short()),
        }
    }

    /// In braces if it fits into a line and says something.
    #[must_use]
    pub fn braced_if_short(self) -> Self {
        match self {
            Self::Fields(fields) if !fields.is_empty() && fields.iter().all(|(_, content)| content.is_short()) => {
                Self::Braced(fields)
            }
            other => other,
        }
    }
}

/// How the lines of a file are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    /// What ends a line.
    pub line_end: &'static str,
    /// How many blanks one level is deep.
    pub step: usize,
}

impl Paper {
    /// Paper for new files.
    pub const NEW: Self = Self { line_end: "\n", step: 2 };

    /// A key with its content on lines of its own, `indent` blanks deep.
    pub fn entry(self, key: &str, content: &Content, indent: usize) -> Vec<String> {
        let blanks = " ".repeat(indent);
        let key = self.scalar(key, Style::Plain, Where::Key, indent);
        let head = format!("{blanks}{key}:");
        match content {
            Content::Nothing => vec![head],
            Content::Fields(fields) if fields.is_empty() => vec![head],
            Content::Fields(fields) => {
                let below = fields.iter().flat_map(|(key, content)| self.entry(key, content, indent + self.step));
                std::iter::once(head).chain(below).collect()
            }
            Content::List(items) => {
                let below = items.iter().map(|item| self.item(item, indent + self.step));
                std::iter::once(head).chain(below).collect()
            }
            Content::Text(_) | Content::Word(_) | Content::Braced(_) | Content::Bracketed(_) => {
                vec![format!("{head} {}", self.inline(content, indent, Where::Line))]
            }
        }
    }

    /// An item of a list on a line of its own.
    pub fn item(self, content: &Content, indent: usize) -> String {
        format!("{}- {}", " ".repeat(indent), self.inline(content, indent, Where::Line))
    }

    /// The same within a line; what is a collection stands in braces or brackets.
    pub fn inline(self, content: &Content, indent: usize, place: Where) -> String {
        match content {
            Content::Nothing => String::new(),
            Content::Word(word) => word.clone(),
            Content::Text(text) => self.scalar(text, Style::Plain, place, indent),
            Content::List(items) | Content::Bracketed(items) => {
                let items: Vec<String> = items.iter().map(|item| self.inline(item, indent, Where::Braces)).collect();
                format!("[{}]", items.join(", "))
            }
            Content::Fields(fields) | Content::Braced(fields) if fields.is_empty() => "{}".to_owned(),
            Content::Fields(fields) | Content::Braced(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(key, content)| self.inline_entry(key, content, indent)).collect();
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }

    /// A key with its content within braces.
    pub fn inline_entry(self, key: &str, content: &Content, indent: usize) -> String {
        let key = self.scalar(key, Style::Plain, Where::Key, indent);
        match content {
            Content::Nothing => format!("{key}:"),
            content => format!("{key}: {}", self.inline(content, indent, Where::Braces)),
        }
    }

    /// A text in a style, or in the nearest that can hold it.
    pub fn scalar(self, text: &str, style: Style, place: Where, indent: usize) -> String {
        match style {
            Style::Plain | Style::Block if is_plain(text, place) => text.to_owned(),
            Style::Double if !text.contains('\n') => double_quoted(text),
            Style::Single => self.single_quoted(text, indent),
            // Reasons stand in double quotes inside of rules, which single ones leave readable.
            _ if text.contains(['"', '\\', '\n']) => self.single_quoted(text, indent),
            _ => double_quoted(text),
        }
    }

    /// In single quotes line feeds are one more line end than there are of them, and a quote is two.
    fn single_quoted(self, text: &str, indent: usize) -> String {
        let mut quoted = String::from("'");
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\'' => quoted.push_str("''"),
                '\n' => {
                    quoted.push_str(self.line_end);
                    quoted.push_str(self.line_end);
                    while rest.next_if_eq(&'\n').is_some() {
                        quoted.push_str(self.line_end);
                    }
                    quoted.push_str(&" ".repeat(indent + self.step));
                }
                c => quoted.push(c),
            }
        }
        quoted.push('\'');
        quoted
    }
}

/// Where a scalar stands, which decides what it may hold without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Before a colon.
    Key,
    /// At the end of a line of its own.
    Line,
    /// Between braces or brackets.
    Braces,
}

fn double_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a text can stand without quotes, and every reader of YAML takes it for a text.
fn is_plain(text: &str, place: Where) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let indicator = "-?:,[]{}#&*!|>'\"%@`=~.+".contains(first);
    let inner = text.contains(": ") || text.contains(" #") || text.contains('\t') || text.contains(['\n', '\r']);
    let edge = text.ends_with(':') || text.starts_with(' ') || text.ends_with(' ');
    let braced = place != Where::Line && text.contains([',', '[', ']', '{', '}', ':']);
    let harmless = text.chars().all(|c| !c.is_control());
    harmless && !indicator && !inner && !edge && !braced && !looks_like_another(text)
}

/// Whether some reader of YAML takes a plain text for a boolean, nothing, a number or a time.
fn looks_like_another(text: &str) -> bool {
    let lower = text.to_lowercase();
    let word = matches!(&*lower, "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null");
    let number = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_hexdigit() || "._:-+xoTZ".contains(c));
    word || number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::{Node, Value, read};
    use crate::text::{FileId, SourceFile};

    /// The text of the only value, as YAML reads it.
    fn read_back(yaml: &str) -> Option<String> {
        fn last(node: Node<'_>) -> Option<String> {
            match node.value {
                Value::Scalar(text, _) => Some(text.into_owned()),
                Value::Sequence(mut items, _) if items.len() == 1 => last(items.pop()?),
                Value::Mapping(mut entries) if entries.len() == 1 => last(entries.pop()?.1),
                _ => None,
            }
        }
        let file = SourceFile::new("a.yaml", yaml);
        last(read(FileId(0), &file, &mut Vec::new())?)
    }

    #[test]
    fn every_text_is_read_as_it_was_meant() {
        let texts = [
            "lars",
            "",
            " ",
            "no",
            "007",
            "2026-01-01",
            "1:20",
            "null",
            "~",
            "a: b",
            "a #b",
            "#a",
            "a:",
            ":a",
            "- a",
            "*.exe",
            "it's",
            "say \"x\"",
            "a\\b",
            "[a]",
            "{a}",
            "a, b",
            "a\nb",
            "a\n\nb",
            "ö@x.y",
            "@x",
            "%a",
            "`a",
            "?a",
            "!a",
            "&a",
            "|",
            ">",
            "=",
            "<<",
            "true",
            "0x1f",
            ".5",
            "1e3",
            "+1",
            "'a",
            "a'",
            "\"a",
            "x\ty",
            "data.export because \"a, b: c # d\"",
        ];
        for text in texts {
            for style in [Style::Plain, Style::Single, Style::Double, Style::Block] {
                for line_end in ["\n", "\r\n"] {
                    let paper = Paper { line_end, step: 2 };
                    let line = format!("k: {}{line_end}", paper.scalar(text, style, Where::Line, 0));
                    let braced = format!("{{ k: {} }}{line_end}", paper.scalar(text, style, Where::Braces, 0));
                    for yaml in [line, braced] {
                        assert_eq!(read_back(&yaml).as_deref(), Some(text), "{yaml:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn names_stay_bare_where_nobody_could_misread_them() {
        let bare = |text: &str| Paper::NEW.scalar(text, Style::Plain, Where::Braces, 0) == text;
        assert!(
            bare("lars") && bare("group-1") && bare("o@x.example") && bare("Lars K.") && bare("calendar.see of lars")
        );
        assert!(!bare("no") && !bare("007") && !bare("2026-01-01") && !bare("group:sales"));
    }
}
