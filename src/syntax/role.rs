//! Section `roles`: what people with online access get besides their groups.

use crate::say;

use super::fields::Reader;
use super::rules::{RuleDecl, read_rules};
use super::yaml::Node;

/// A role.
#[derive(Debug, Clone, Default)]
pub struct Role {
    /// The name to show.
    pub name: Option<Box<str>>,
    /// What it gives and takes.
    pub rules: Vec<RuleDecl>,
}

/// The fields of a role.
pub const FIELDS: [&str; 3] = ["name", "allow", "deny"];

/// Reads one role.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Role {
    let fields = reader.record(node, say!("a role"), &FIELDS);
    Role { name: fields.get("name").and_then(|node| reader.text(node)), rules: read_rules(reader, &fields) }
}
