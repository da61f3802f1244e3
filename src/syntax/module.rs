//! Sections `modules` and `module_sets`: what the module bar can show, and in which order.

use crate::diag::Code;
use crate::name::Name;
use crate::say;
use crate::text::Spanned;

use super::fields::Reader;
use super::rule::Prefix;
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

/// The fields of a module.
pub const FIELDS: [&str; 1] = ["name"];

/// Reads one module.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Module {
    let fields = reader.record(node, say!("a module"), &FIELDS);
    Module { name: fields.get("name").and_then(|node| reader.text(node)) }
}

/// Reads one module set.
pub fn read_set(reader: &mut Reader<'_>, node: &Node<'_>) -> ModuleSet {
    ModuleSet { modules: reader.names(node, say!("modules")) }
}

/// Reads the field `modules` of a user or group: the name of a module set, with or without its prefix.
pub fn read_set_name(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<Name>> {
    reader.name_of(node, Prefix::ModuleSet, Code::UnknownModule)
}
