//! Section `roles`, and of section `online` the field `access` that gives them to people.

use crate::diag::{Code, Diagnostic};
use crate::name::Name;
use crate::text::Spanned;

use super::Declared;
use super::fields::Reader;
use super::rule::Prefix;
use super::rules::{RuleDecl, read_rules};
use super::yaml::Node;

/// A role: what people with online access get besides their groups.
#[derive(Debug, Clone, Default)]
pub struct Role {
    /// The name to show.
    pub name: Option<Box<str>>,
    /// What it gives and takes.
    pub rules: Vec<RuleDecl>,
}

/// The online access of one user.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The role.
    pub role: Option<Spanned<Name>>,
}

/// Reads one role.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Role {
    let fields = reader.record(node, "a role", &["name", "allow", "deny"]);
    Role { name: fields.get("name").and_then(|node| reader.text(node)), rules: read_rules(reader, &fields) }
}

/// The fields of the section `online` that the language has and this version does not know yet.
const LATER: [&str; 7] =
    ["responsible", "machines", "interval", "take_over_after", "idle_logout", "failed_logins", "invitation_valid"];

/// Reads the section `online`.
pub fn read_online(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Declared<Access>> {
    let mut access = Vec::new();
    if node.is_absent() {
        return access;
    }
    for (key, span, value) in reader.entries(node, "`online` is a mapping of fields").unwrap_or_default() {
        match key {
            "access" => access = reader.section(value, read_access),
            later if LATER.contains(&later) => {
                let message = format!("the field `{later}` is not supported yet by this version");
                reader.push(
                    Diagnostic::new(Code::UnknownField, reader.place(span), message)
                        .help("take it out until then: what is not checked shall not look as if it were"),
                );
            }
            unknown => reader.unknown_field(unknown, span, "field", &["access"]),
        }
    }
    access
}

fn read_access(reader: &mut Reader<'_>, node: &Node<'_>) -> Access {
    let fields = reader.record(node, "online access", &["role"]);
    Access { role: fields.get("role").and_then(|node| reader.name_of(node, Prefix::Role, Code::UnknownRole)) }
}
