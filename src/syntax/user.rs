//! Section `users`: the accounts of the CRM.

use crate::name::Name;
use crate::say;
use crate::text::Spanned;

use super::fields::Reader;
use super::rules::{RuleDecl, read_rules};
use super::yaml::Node;

/// An account.
#[derive(Debug, Clone, Default)]
pub struct User {
    /// The link into the staff register.
    pub employee: Option<Spanned<Name>>,
    /// The name to show, if it is not the employee's.
    pub name: Option<Box<str>>,
    /// Whether the account administers the program; gives no right of the catalogue.
    pub superuser: bool,
    /// Whether the account is out of use.
    pub inactive: bool,
    /// The prescribed module set.
    pub modules: Option<Spanned<Name>>,
    /// What the account was called before.
    pub renamed_from: Option<Spanned<Name>>,
    /// The own rules.
    pub rules: Vec<RuleDecl>,
}

/// The fields of a user.
pub const FIELDS: [&str; 8] = ["employee", "name", "superuser", "active", "modules", "renamed_from", "allow", "deny"];

/// Reads one user.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> User {
    let fields = reader.record(node, say!("a user"), &FIELDS);
    User {
        employee: fields.get("employee").and_then(|node| reader.name(node)),
        name: fields.get("name").and_then(|node| reader.text(node)),
        superuser: fields.get("superuser").and_then(|node| reader.boolean(node)).unwrap_or(false),
        inactive: !fields.get("active").and_then(|node| reader.boolean(node)).unwrap_or(true),
        modules: fields.get("modules").and_then(|node| super::module::read_set_name(reader, node)),
        renamed_from: fields.get("renamed_from").and_then(|node| reader.name(node)),
        rules: read_rules(reader, &fields),
    }
}
