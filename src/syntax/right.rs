//! Section `rights`: the organisation's own rights. The built-in catalogue has the same shape.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::language::Language;
use crate::name::{Name, RightName};
use crate::say;
use crate::text::Spanned;

use super::Declared;
use super::fields::{Reader, shorten};
use super::yaml::{Node, Value};

/// What a scoped right is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Other people's data.
    People,
    /// Modules.
    Modules,
    /// Attachment classes.
    Attachments,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::People, Self::Modules, Self::Attachments];

    /// The word for it in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Modules => "modules",
            Self::Attachments => "attachments",
        }
    }
}

/// A right as declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Right {
    /// The label by language; a single text counts for English.
    pub names: BTreeMap<Box<str>, Box<str>>,
    /// What it means, in one line.
    pub meaning: Option<Box<str>>,
    /// What it is over, if it is scoped.
    pub of: Option<Scope>,
    /// Whether one's own data is always allowed.
    pub own_data_allowed: bool,
}

/// The fields of a right.
pub const FIELDS: [&str; 4] = ["name", "meaning", "of", "own"];

/// Reads the section `rights`. A name stays a [`Name`] whose form [`RightName`] has checked.
pub fn read_section(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Declared<Right>> {
    let mut rights = reader.section(node, read);
    rights.retain(|declared| {
        let name = &declared.name;
        let fits = RightName::new(name.value.as_str()).is_some();
        if !fits {
            let message = say!("`{name}` is no name of a right", name = shorten(name.value.as_str()));
            let place = reader.place(name.span);
            reader.push(
                Diagnostic::new(Code::InvalidName, place, message)
                    .help(say!("write area.action in lower case letters, digits and `_`, such as `invoices.approve`")),
            );
        }
        fits
    });
    rights
}

fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Right {
    let fields = reader.record(node, say!("a right"), &FIELDS);
    let of = fields.get("of").and_then(|node| reader.choice(node, &Scope::ALL.map(|scope| (scope.as_str(), scope))));
    let own = fields.get("own");
    let own_data_allowed =
        own.and_then(|node| reader.choice(node, &[("allow", true), ("rules", false)])).unwrap_or(false);
    if let (Some(own), true) = (own, of != Some(Scope::People)) {
        reader.wrong_type(
            own,
            say!("`own` is for rights over people only"),
            say!("take it out, or write `of: people`"),
        );
    }
    Right {
        names: fields.get("name").map(|node| read_names(reader, node)).unwrap_or_default(),
        meaning: fields.get("meaning").and_then(|node| reader.text(node)),
        of,
        own_data_allowed,
    }
}

fn read_names(reader: &mut Reader<'_>, node: &Node<'_>) -> BTreeMap<Box<str>, Box<str>> {
    if !matches!(node.value, Value::Mapping(_)) {
        return reader.text(node).map(|text| ("en".into(), text)).into_iter().collect();
    }
    let fields = reader.record(node, say!("a name"), &Language::CODES);
    Language::CODES
        .into_iter()
        .filter_map(|language| {
            let text = fields.get(language).and_then(|node| reader.text(node))?;
            Some((language.into(), text))
        })
        .collect()
}

/// A declared right by its checked name.
pub fn right_name(name: &Spanned<Name>) -> Option<RightName> {
    RightName::new(name.value.as_str())
}
