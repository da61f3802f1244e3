//! Reading a YAML node as what a field takes, and saying what is wrong with it.
//!
//! The vocabulary that the files of the declaration kinds are written in.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::diag::{Code, Diagnostic};
use crate::language::{Joint, Text, list, names};
use crate::name::{Name, NameError, nearest};
use crate::say;
use crate::text::{FileId, Place, SourceFile, Span, Spanned};

use super::Declared;
use super::characters::is_forbidden;
use super::duration::Duration;
use super::grammar::parse_reference;
use super::rule::{MAX_TEXT_BYTES, Prefix, SyntaxError};
use super::yaml::{self, Node, Style, Value};

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
    pub fn wrong_type(&mut self, node: &Node<'_>, message: Text, help: Text) {
        if !matches!(node.value, Value::Invalid) {
            let place = self.place(node.span);
            self.push(Diagnostic::new(Code::WrongType, place, message).help(help));
        }
    }

    /// Adds a finding of a key that nobody knows.
    pub fn unknown_field(&mut self, key: &str, span: Span, noun: Text, known: &[&str]) {
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => say!("did you mean `{near}`?", near),
            None => say!("known here: {list}", list = list(known, Joint::Comma)),
        };
        let message = say!("there is no {noun} `{name}`", noun, name = shorten(key));
        self.push(Diagnostic::new(Code::UnknownField, self.place(span), message).help(help));
    }

    /// The entries of a mapping with texts as keys; a key that stands there twice is a finding.
    pub fn entries<'n, 's>(&mut self, node: &'n Node<'s>, noun: Text) -> Option<Vec<(&'n str, Span, &'n Node<'s>)>> {
        let lines = || say!("write `key: value` lines here");
        let Value::Mapping(entries) = &node.value else {
            self.wrong_type(node, say!("{noun} is a mapping, not {node}", noun, node = kind_of(node)), lines());
            return None;
        };
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut kept = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Value::Scalar(text, _) = &key.value else {
                self.wrong_type(key, say!("a key is a text, not {node}", node = kind_of(key)), lines());
                continue;
            };
            if let Some(first) = seen.insert(text, key.span) {
                let message = say!("`{name}` is written twice here", name = shorten(text));
                let finding = Diagnostic::new(Code::DuplicateName, self.place(key.span), message)
                    .label(say!("again"))
                    .also(self.place(first), say!("first"))
                    .help(say!("join the two, or rename one"));
                self.push(finding);
                continue;
            }
            kept.push((&**text, key.span, value));
        }
        Some(kept)
    }

    /// The fields of one declaration. Nothing (`karin:`) is a declaration without fields.
    pub fn record<'n, 's>(&mut self, node: &'n Node<'s>, noun: Text, known: &[&str]) -> Record<'n, 's> {
        if node.is_absent() {
            return Record { fields: Vec::new() };
        }
        let entries = self.entries(node, noun).unwrap_or_default();
        let mut fields = Vec::with_capacity(entries.len());
        for (key, span, value) in entries {
            if known.contains(&key) {
                fields.push((key, value));
            } else {
                self.unknown_field(key, span, say!("field"), known);
            }
        }
        Record { fields }
    }

    /// A section: names with what is said of each.
    pub fn section<T>(&mut self, node: &Node<'_>, read: impl Fn(&mut Reader<'f>, &Node<'_>) -> T) -> Vec<Declared<T>> {
        if node.is_absent() {
            return Vec::new();
        }
        let entries = self.entries(node, say!("a section")).unwrap_or_default();
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
                    NameError::TooLong(_) => {
                        (Code::LimitExceeded, say!("shorten it; `name:` has room for the long form"))
                    }
                    NameError::GrammarWord => {
                        (Code::InvalidName, say!("choose another name; `name:` shows it to people as you like"))
                    }
                    _ => (
                        Code::InvalidName,
                        say!(
                            "a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like"
                        ),
                    ),
                };
                let message = say!("`{name}` is no name: {why}", name = shorten(text), why = why.text());
                self.push(Diagnostic::new(code, self.place(span), message).help(help));
                None
            }
        }
    }

    /// A field that names something.
    pub fn name(&mut self, node: &Node<'_>) -> Option<Spanned<Name>> {
        let text = self.scalar(node, say!("a name"))?.0;
        self.checked_name(&text, node.span)
    }

    /// A field that names something of one kind, with or without its prefix.
    pub fn name_of(&mut self, node: &Node<'_>, prefix: Prefix, unknown: Code) -> Option<Spanned<Name>> {
        let noun = prefix.noun();
        let (text, style) = self.scalar(node, say!("the name of a {noun}", noun))?;
        if !text.contains(':') {
            return self.checked_name(&text, node.span);
        }
        match parse_reference(&text) {
            Ok(reference) if reference.prefix == Some(prefix) => Some(Spanned::new(reference.name, node.span)),
            Ok(reference) => {
                let message = say!("`{reference}` is no {noun}", reference, noun);
                let help = say!("write the name of a {noun} here", noun);
                self.push(Diagnostic::new(unknown, self.place(node.span), message).help(help));
                None
            }
            Err(error) => {
                self.grammar_error(node, &text, style, error);
                None
            }
        }
    }

    /// The text of a scalar that is not empty, whatever it looks like.
    pub fn scalar<'n>(&mut self, node: &'n Node<'_>, noun: Text) -> Option<(Cow<'n, str>, Style)> {
        match &node.value {
            Value::Scalar(text, Style::Plain) if text.is_empty() => {
                let help = say!("write it behind the colon, or take the field out");
                self.wrong_type(node, say!("{noun} is missing here", noun), help);
                None
            }
            Value::Scalar(text, style) => Some((Cow::Borrowed(&**text), *style)),
            _ => {
                let message = say!("{noun} is expected here, not {node}", noun, node = kind_of(node));
                self.wrong_type(node, message, say!("write one text here"));
                None
            }
        }
    }

    /// A text for people.
    pub fn text(&mut self, node: &Node<'_>) -> Option<Box<str>> {
        let (text, _) = self.scalar(node, say!("a text"))?;
        if text.len() > MAX_TEXT_BYTES {
            let (count, most) = (text.len(), MAX_TEXT_BYTES);
            let message = say!("the text is {count} bytes long, the most is {most}", count, most);
            self.push(Diagnostic::new(Code::LimitExceeded, self.place(node.span), message).help(say!("shorten it")));
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
                let message = say!("this is true or false, not {node}", node = kind_of(node));
                self.wrong_type(node, message, say!("write true or false, without quotes"));
                None
            }
        }
    }

    /// A whole number, not negative.
    pub fn number(&mut self, node: &Node<'_>) -> Option<u32> {
        let number = match &node.value {
            Value::Scalar(text, Style::Plain) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            let message = say!("this is a whole number, not {node}", node = kind_of(node));
            self.wrong_type(node, message, say!("write digits only, such as `10`"));
        }
        number
    }

    /// A length of time: a number with `s`, `m`, `h` or `d`.
    pub fn duration(&mut self, node: &Node<'_>) -> Option<Duration> {
        let duration = match &node.value {
            Value::Scalar(text, _) => Duration::parse(text),
            _ => None,
        };
        if duration.is_none() {
            let message = say!("this is a length of time, not {node}", node = kind_of(node));
            self.wrong_type(node, message, say!("write a number with `s`, `m`, `h` or `d`, such as `15m`"));
        }
        duration
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, node: &Node<'_>, choices: &[(&str, T)]) -> Option<T> {
        let (text, _) = self.scalar(node, say!("a word"))?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words = names(choices.iter().map(|(word, _)| word), Joint::Or);
            let message = say!("`{text}` cannot stand here", text = shorten(&text));
            self.wrong_type(node, message, say!("write {words}", words));
        }
        found
    }

    /// The items of a list with at least one item.
    pub fn list<'n, 's>(&mut self, node: &'n Node<'s>, noun: Text) -> &'n [Node<'s>] {
        match &node.value {
            Value::Sequence(items, _) if !items.is_empty() => items,
            Value::Sequence(..) => {
                let help = say!("take the field out: an empty list is too easily a mistake");
                self.wrong_type(node, say!("the list is empty"), help);
                &[]
            }
            _ => {
                let message = if node.is_absent() {
                    say!("a list of {noun} is missing here", noun)
                } else {
                    say!("this is a list of {noun}, not {node}", noun, node = kind_of(node))
                };
                self.wrong_type(node, message, say!("write `- item` lines, or [item, item]"));
                &[]
            }
        }
    }

    /// A list of names; doublets are findings.
    pub fn names(&mut self, node: &Node<'_>, noun: Text) -> Vec<Spanned<Name>> {
        let mut seen: HashMap<Name, Span> = HashMap::new();
        let mut names = Vec::new();
        for item in self.list(node, noun) {
            let Some(name) = self.name(item) else { continue };
            if let Some(first) = seen.insert(name.value.clone(), name.span) {
                let message = say!("`{name}` stands in this list twice", name = name.value);
                let finding = Diagnostic::new(Code::DuplicateName, self.place(name.span), message)
                    .label(say!("again"))
                    .also(self.place(first), say!("first"))
                    .help(say!("remove one of the two"));
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
}

/// What a node is, for messages.
pub fn kind_of(node: &Node<'_>) -> Text {
    match &node.value {
        _ if node.is_absent() => say!("nothing"),
        Value::Scalar(text, _) => say!("`{text}`", text = shorten(text)),
        Value::Sequence(..) => say!("a list"),
        Value::Mapping(_) => say!("a mapping"),
        Value::Invalid => say!("this"),
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
    use crate::testing::{errors, findings};

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
        wrong-type a.yaml:5:10 "[a]" a user is a mapping, not a list | write `key: value` lines here
        wrong-type a.yaml:6:18 "[]" the list is empty | take the field out: an empty list is too easily a mistake
        wrong-type a.yaml:6:29 "" the name of a module set is missing here | write it behind the colon, or take the field out
        wrong-type a.yaml:8:17 "[a]" a text is expected here, not a list | write one text here
        wrong-type a.yaml:8:27 "" a text is missing here | write it behind the colon, or take the field out
        duplicate-name a.yaml:9:3 "lars" (again) + a.yaml:8:3 "lars" (first) `lars` is written twice here | join the two, or rename one
        "#);
    }

    #[test]
    fn names_are_texts_whatever_they_look_like() {
        let fixture = r#"
users: { no: , 007: , 2026-01-01: , null: , "true": , jürgen: , o@x.example: }
groups: { all: { members: [no, 007, 2026-01-01, "null", "true", jürgen, o@x.example] } }
"#;
        assert_eq!(errors(fixture), "");
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
        wrong-type a.yaml:3:35 "everyone" `everyone` cannot stand here | write `people`, `modules` or `attachments`
        wrong-type a.yaml:3:65 "allow" `own` is for rights over people only | take it out, or write `of: people`
        "#);
    }
}
