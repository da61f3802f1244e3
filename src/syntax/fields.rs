//! Reading a YAML node as what a field takes, and saying what is wrong with it.
//!
//! The vocabulary that the files of the declaration kinds are written in.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::diag::{Code, Diagnostic};
use crate::name::{Name, NameError, nearest};
use crate::text::{FileId, Place, SourceFile, Span, Spanned};

use super::Declared;
use super::rule::{MAX_TEXT_BYTES, Prefix, SyntaxError, parse_reference};
use super::yaml::{self, Node, Style, Value};

/// The most findings of unwanted characters that are listed for one file.
const MAX_CHARACTER_FINDINGS: usize = 50;

/// Reads the nodes of one file and gathers what is wrong.
pub struct Reader<'f> {
    file: FileId,
    /// The file that is read.
    pub source: &'f SourceFile,
    /// What was found so far.
    pub diagnostics: Vec<Diagnostic>,
}

/// The fields of one declaration: a key may stand there once, and only if the declaration knows it.
pub struct Record<'n, 's> {
    fields: Vec<(&'n str, &'n Node<'s>)>,
}

impl<'n, 's> Record<'n, 's> {
    /// The node of a field, if it is written.
    pub fn get(&self, field: &str) -> Option<&'n Node<'s>> {
        self.fields.iter().find(|(key, _)| *key == field).map(|(_, node)| *node)
    }
}

impl<'f> Reader<'f> {
    /// A reader of one file.
    pub fn new(file: FileId, source: &'f SourceFile) -> Self {
        Self { file, source, diagnostics: Vec::new() }
    }

    /// A span of this file as a place.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.diagnostics.push(finding);
    }

    /// Adds a finding of a value of the wrong kind.
    pub fn wrong_type(&mut self, node: &Node<'_>, message: impl Into<String>, help: impl Into<String>) {
        if !matches!(node.value, Value::Invalid) {
            let place = self.place(node.span);
            self.push(Diagnostic::new(Code::WrongType, place, message).help(help));
        }
    }

    /// Adds a finding of a key that nobody knows.
    pub fn unknown_field(&mut self, key: &str, span: Span, noun: &str, known: &[&str]) {
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        let message = format!("there is no {noun} `{}`", shorten(key));
        self.push(Diagnostic::new(Code::UnknownField, self.place(span), message).help(help));
    }

    /// The entries of a mapping with texts as keys; a key that stands there twice is a finding.
    pub fn entries<'n, 's>(
        &mut self,
        node: &'n Node<'s>,
        expected: &str,
    ) -> Option<Vec<(&'n str, Span, &'n Node<'s>)>> {
        let Value::Mapping(entries) = &node.value else {
            self.wrong_type(node, format!("{expected}, not {}", kind_of(node)), "write `key: value` lines here");
            return None;
        };
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut kept = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Value::Scalar(text, _) = &key.value else {
                self.wrong_type(key, format!("a key is a text, not {}", kind_of(key)), "write `key: value` lines here");
                continue;
            };
            if let Some(first) = seen.insert(text, key.span) {
                let message = format!("`{}` is written twice here", shorten(text));
                let finding = Diagnostic::new(Code::DuplicateName, self.place(key.span), message)
                    .label("again")
                    .also(self.place(first), "first")
                    .help("join the two, or rename one");
                self.push(finding);
                continue;
            }
            kept.push((&**text, key.span, value));
        }
        Some(kept)
    }

    /// The fields of one declaration. Nothing (`karin:`) is a declaration without fields.
    pub fn record<'n, 's>(&mut self, node: &'n Node<'s>, noun: &str, known: &[&str]) -> Record<'n, 's> {
        if node.is_absent() {
            return Record { fields: Vec::new() };
        }
        let entries = self.entries(node, &format!("{noun} is a mapping of fields")).unwrap_or_default();
        let mut fields = Vec::with_capacity(entries.len());
        for (key, span, value) in entries {
            if known.contains(&key) {
                fields.push((key, value));
            } else {
                self.unknown_field(key, span, "field", known);
            }
        }
        Record { fields }
    }

    /// A section: names with what is said of each.
    pub fn section<T>(&mut self, node: &Node<'_>, read: impl Fn(&mut Reader<'f>, &Node<'_>) -> T) -> Vec<Declared<T>> {
        if node.is_absent() {
            return Vec::new();
        }
        let entries = self.entries(node, "a section is a mapping of names").unwrap_or_default();
        let mut declared = Vec::with_capacity(entries.len());
        for (key, span, value) in entries {
            let name = self.checked_name(key, span);
            let body = read(self, value);
            declared.extend(name.map(|name| Declared { name, body }));
        }
        declared
    }

    /// A text that must be a name.
    pub fn checked_name(&mut self, text: &str, span: Span) -> Option<Spanned<Name>> {
        match Name::new(text) {
            Ok(name) => Some(Spanned::new(name, span)),
            // Such a character has a finding of its own already.
            Err(NameError::BadStart(c) | NameError::BadCharacter(c)) if is_forbidden(c) => None,
            Err(why) => {
                let (code, help) = match why {
                    NameError::TooLong(_) => (Code::LimitExceeded, "shorten it; `name:` has room for the long form"),
                    NameError::GrammarWord => {
                        (Code::InvalidName, "choose another name; `name:` shows it to people as you like")
                    }
                    _ => (
                        Code::InvalidName,
                        "a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like",
                    ),
                };
                let message = format!("`{}` is no name: {why}", shorten(text));
                self.push(Diagnostic::new(code, self.place(span), message).help(help));
                None
            }
        }
    }

    /// A field that names something.
    pub fn name(&mut self, node: &Node<'_>) -> Option<Spanned<Name>> {
        let text = self.scalar(node, "a name")?.0;
        self.checked_name(&text, node.span)
    }

    /// A field that names something of one kind, with or without its prefix.
    pub fn name_of(&mut self, node: &Node<'_>, prefix: Prefix, unknown: Code) -> Option<Spanned<Name>> {
        let noun = prefix.noun();
        let (text, style) = self.scalar(node, &format!("a {noun}"))?;
        if !text.contains(':') {
            return self.checked_name(&text, node.span);
        }
        match parse_reference(&text) {
            Ok(reference) if reference.prefix == Some(prefix) => Some(Spanned::new(reference.name, node.span)),
            Ok(reference) => {
                let message = format!("`{reference}` is no {noun}");
                let place = self.place(node.span);
                self.push(Diagnostic::new(unknown, place, message).help(format!("write the name of a {noun} here")));
                None
            }
            Err(error) => {
                self.grammar_error(node, &text, style, error);
                None
            }
        }
    }

    /// The text of a scalar that is not empty, whatever it looks like.
    pub fn scalar<'n>(&mut self, node: &'n Node<'_>, expected: &str) -> Option<(Cow<'n, str>, Style)> {
        match &node.value {
            Value::Scalar(text, Style::Plain) if text.is_empty() => {
                self.wrong_type(
                    node,
                    format!("{} is missing here", if expected == "this" { "the text" } else { expected }),
                    "write it behind the colon, or take the field out",
                );
                None
            }
            Value::Scalar(text, style) => Some((Cow::Borrowed(&**text), *style)),
            _ => {
                self.wrong_type(node, format!("{expected} is a text, not {}", kind_of(node)), "write one text here");
                None
            }
        }
    }

    /// A text for people.
    pub fn text(&mut self, node: &Node<'_>) -> Option<Box<str>> {
        let (text, _) = self.scalar(node, "this")?;
        if text.len() > MAX_TEXT_BYTES {
            let message = format!("the text is {} bytes long, the most is {MAX_TEXT_BYTES}", text.len());
            self.push(Diagnostic::new(Code::LimitExceeded, self.place(node.span), message).help("shorten it"));
            return None;
        }
        Some(text.into())
    }

    /// A plain `true` or `false`.
    pub fn boolean(&mut self, node: &Node<'_>) -> Option<bool> {
        match &node.value {
            Value::Scalar(text, Style::Plain) if text == "true" => Some(true),
            Value::Scalar(text, Style::Plain) if text == "false" => Some(false),
            _ => {
                let message = format!("this is true or false, not {}", kind_of(node));
                self.wrong_type(node, message, "write true or false, without quotes");
                None
            }
        }
    }

    /// The items of a list with at least one item.
    pub fn list<'n, 's>(&mut self, node: &'n Node<'s>, noun: &str) -> &'n [Node<'s>] {
        match &node.value {
            Value::Sequence(items, _) if !items.is_empty() => items,
            Value::Sequence(..) => {
                self.wrong_type(node, "the list is empty", "take the field out: an empty list is too easily a mistake");
                &[]
            }
            _ => {
                let message = if node.is_absent() {
                    format!("a list of {noun} is missing here")
                } else {
                    format!("this is a list of {noun}, not {}", kind_of(node))
                };
                self.wrong_type(node, message, "write `- item` lines, or [item, item]");
                &[]
            }
        }
    }

    /// A list of names; doublets are findings.
    pub fn names(&mut self, node: &Node<'_>, noun: &str) -> Vec<Spanned<Name>> {
        let mut seen: HashMap<Name, Span> = HashMap::new();
        let mut names = Vec::new();
        for item in self.list(node, noun) {
            let Some(name) = self.name(item) else { continue };
            if let Some(first) = seen.insert(name.value.clone(), name.span) {
                let message = format!("`{}` stands in this list twice", name.value);
                let finding = Diagnostic::new(Code::DuplicateName, self.place(name.span), message)
                    .label("again")
                    .also(self.place(first), "first")
                    .help("remove one of the two");
                self.push(finding);
                continue;
            }
            names.push(name);
        }
        names
    }

    /// Turns a grammar error inside a scalar into a finding at the byte of the file.
    pub fn grammar_error(&mut self, node: &Node<'_>, text: &str, style: Style, error: SyntaxError) {
        let code = if error.too_long { Code::LimitExceeded } else { Code::RuleSyntax };
        let start = yaml::locate(self.source, node.span, style, text, error.at);
        let word = text[error.at.min(text.len())..].split_whitespace().next().unwrap_or_default();
        let length = if error.too_long { 1 } else { word.len() };
        let end = (start as usize + length).clamp(start as usize, (node.span.end.max(start)) as usize);
        let place = self.place(Span::new(start as usize..end));
        self.push(Diagnostic::new(code, place, error.message).help(error.help));
    }

    /// Looks for characters that hide or turn text around, in the file as it is.
    pub fn forbidden_characters(&mut self) {
        let text = self.source.text();
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let shift = text.len() - body.len();
        // Nearly every file is free of them, so the bytes that they begin with are looked for first.
        if !body.bytes().any(|b| b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t') || b == 0x7f || b >= 0xc2) {
            return;
        }
        let mut last_end = usize::MAX;
        let mut count = 0;
        for (at, c) in body.char_indices().filter(|(_, c)| is_forbidden(*c)) {
            let adjoining = at == last_end;
            last_end = at + c.len_utf8();
            if adjoining {
                continue;
            }
            count += 1;
            if count > MAX_CHARACTER_FINDINGS {
                continue;
            }
            self.forbidden(c, Span::new(at + shift..at + shift + c.len_utf8()));
        }
        if let Some(more) = count.checked_sub(MAX_CHARACTER_FINDINGS).filter(|more| *more > 0) {
            let message = format!("{more} more places in this file have such characters");
            let end = Span::new(text.len()..text.len());
            self.push(Diagnostic::new(Code::ControlCharacter, self.place(end), message).help("is this a text file?"));
        }
    }

    /// Looks for such characters in texts that YAML escapes (`"\u202e"`) brought in.
    pub fn forbidden_in_escapes(&mut self, node: &Node<'_>) {
        match &node.value {
            Value::Scalar(text, Style::Double) if self.source.slice(node.span).contains('\\') => {
                if let Some(c) = text.chars().find(|c| is_forbidden(*c) || c.is_control()) {
                    self.forbidden(c, node.span);
                }
            }
            Value::Scalar(..) | Value::Invalid => {}
            Value::Sequence(items, _) => items.iter().for_each(|item| self.forbidden_in_escapes(item)),
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    self.forbidden_in_escapes(key);
                    self.forbidden_in_escapes(value);
                }
            }
        }
    }

    fn forbidden(&mut self, c: char, span: Span) {
        let message = format!("the character {} cannot be seen or turns the text around", code_point(c));
        self.push(
            Diagnostic::new(Code::ControlCharacter, self.place(span), message)
                .help("delete it; it often comes along when text is copied from elsewhere"),
        );
    }
}

/// Whether a character is one that no policy may hold: controls other than tab and line ends, bidirectional
/// controls, and characters without width.
pub fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A character as `U+202E`.
fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// What a node is, for messages.
pub fn kind_of(node: &Node<'_>) -> Cow<'static, str> {
    match &node.value {
        _ if node.is_absent() => Cow::Borrowed("nothing"),
        Value::Scalar(text, _) => Cow::Owned(format!("`{}`", shorten(text))),
        Value::Sequence(..) => Cow::Borrowed("a list"),
        Value::Mapping(_) => Cow::Borrowed("a mapping"),
        Value::Invalid => Cow::Borrowed("this"),
    }
}

/// The beginning of a text, for messages.
pub fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::findings;

    #[test]
    fn unknown_fields_and_wrong_types_are_found_with_their_places() {
        insta::assert_snapshot!(findings(r#"
user: { lars: }
users:
  lars: { superuser: yes, active: "true", nmae: Lars, allow: data.export }
  karin: [a]
  anna: { allow: [], modules: }
employees:
  lars: { name: [a], email: }
  lars: { name: again }
"#), @r#"
        unknown-field a.yaml:2:1 "user" there is no section `user` | did you mean `users`?
        wrong-type a.yaml:4:22 "yes" this is true or false, not `yes` | write true or false, without quotes
        wrong-type a.yaml:4:35 "\"true\"" this is true or false, not `true` | write true or false, without quotes
        unknown-field a.yaml:4:43 "nmae" there is no field `nmae` | did you mean `name`?
        wrong-type a.yaml:4:62 "data.export" this is a list of rules, not `data.export` | write `- item` lines, or [item, item]
        wrong-type a.yaml:5:10 "[a]" a user is a mapping of fields, not a list | write `key: value` lines here
        wrong-type a.yaml:6:18 "[]" the list is empty | take the field out: an empty list is too easily a mistake
        wrong-type a.yaml:6:29 "" a module set is missing here | write it behind the colon, or take the field out
        wrong-type a.yaml:8:17 "[a]" this is a text, not a list | write one text here
        wrong-type a.yaml:8:27 "" the text is missing here | write it behind the colon, or take the field out
        duplicate-name a.yaml:9:3 "lars" + a.yaml:8:3 "lars" `lars` is written twice here | join the two, or rename one
        "#);
    }

    #[test]
    fn names_are_texts_whatever_they_look_like() {
        let fixture = r#"
users: { no: , 007: , 2026-01-01: , null: , "true": , jürgen: , o@x.example: }
groups: { all: { members: [no, 007, 2026-01-01, "null", "true", jürgen, o@x.example] } }
"#;
        assert_eq!(findings(fixture), "");
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long = format!("users:\n  {}:\n", "x".repeat(129));
        assert!(findings(&long).starts_with("limit-exceeded a.yaml:2:3"), "{}", findings(&long));
        insta::assert_snapshot!(findings(r#"
users: { everyone: , a b: , "": , -x: , "x/y": }
rights: { export: , Data.x: { of: everyone }, own.right: { own: allow } }
"#), @r#"
        invalid-name a.yaml:2:10 "everyone" `everyone` is no name: this word belongs to the rule grammar | choose another name; `name:` shows it to people as you like
        invalid-name a.yaml:2:22 "a b" `a b` is no name: ` ` cannot be part of a name | a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like
        invalid-name a.yaml:2:29 "\"\"" `` is no name: a name needs at least one character | a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like
        invalid-name a.yaml:2:35 "-x" `-x` is no name: a name begins with a letter or digit, not with `-` | a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like
        invalid-name a.yaml:2:41 "\"x/y\"" `x/y` is no name: `/` cannot be part of a name | a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like
        invalid-name a.yaml:3:11 "export" `export` is no name of a right | write area.action in lower case letters, digits and `_`, such as `invoices.approve`
        invalid-name a.yaml:3:21 "Data.x" `Data.x` is no name of a right | write area.action in lower case letters, digits and `_`, such as `invoices.approve`
        wrong-type a.yaml:3:35 "everyone" `everyone` cannot stand here | write `people` or `modules` or `attachments`
        wrong-type a.yaml:3:65 "allow" `own` is for rights over people only | take it out, or write `of: people`
        "#);
    }

    #[test]
    fn characters_that_hide_are_found_raw_and_escaped() {
        insta::assert_snapshot!(findings("users:\n  lars: { name: \"a\u{202e}b\", modules: \"\\e[31m\" }\n  kar\u{200b}in:\n"), @r#"
        control-character a.yaml:2:19 "\u{202e}" the character U+202E cannot be seen or turns the text around | delete it; it often comes along when text is copied from elsewhere
        control-character a.yaml:2:33 "\"\\e[31m\"" the character U+001B cannot be seen or turns the text around | delete it; it often comes along when text is copied from elsewhere
        control-character a.yaml:3:6 "\u{200b}" the character U+200B cannot be seen or turns the text around | delete it; it often comes along when text is copied from elsewhere
        "#);
    }

    #[test]
    fn a_byte_order_mark_and_crlf_are_fine() {
        assert_eq!(findings("\u{feff}users:\r\n  lars:\r\n    allow:\r\n      - data.export\r\n"), "");
    }
}
