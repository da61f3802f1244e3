//! Sections `modules` and `module_sets`: what the module bar can show, and in which order.

use crate::diag::{Code, Diagnostic};
use crate::name::Name;
use crate::text::Spanned;

use super::fields::Reader;
use super::rule::{Prefix, parse_reference};
use super::yaml::Node;

/// A module.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// The name to show.
    pub name: Option<Box<str>>,
}

/// A module set: modules in the order of the module bar.
#[derive(Debug, Clone, Default)]
pub struct ModuleSet {
    /// The modules.
    pub modules: Vec<Spanned<Name>>,
}

/// Reads one module.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Module {
    let fields = reader.record(node, "a module", &["name"]);
    Module { name: fields.get("name").and_then(|node| reader.text(node)) }
}

/// Reads one module set.
pub fn read_set(reader: &mut Reader<'_>, node: &Node<'_>) -> ModuleSet {
    ModuleSet { modules: reader.names(node, "modules") }
}

/// Reads the field `modules` of a user or group: the name of a module set, with or without its prefix.
pub fn read_set_name(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<Name>> {
    let (text, style) = reader.scalar(node, "a module set")?;
    if !text.contains(':') {
        return reader.checked_name(&text, node.span);
    }
    match parse_reference(&text) {
        Ok(reference) if reference.prefix == Some(Prefix::ModuleSet) => Some(Spanned::new(reference.name, node.span)),
        Ok(reference) => {
            let message = format!("`{reference}` is no module set");
            let place = reader.place(node.span);
            reader
                .push(Diagnostic::new(Code::UnknownModule, place, message).help("write the name of a module set here"));
            None
        }
        Err(error) => {
            reader.grammar_error(node, &text, style, error);
            None
        }
    }
}
