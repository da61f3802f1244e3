//! Section `employees`: the staff register.

use crate::say;

use super::fields::Reader;
use super::yaml::Node;

/// An entry of the staff register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Employee {
    /// The full name.
    pub name: Option<Box<str>>,
    /// The e-mail address.
    pub email: Option<Box<str>>,
    /// The telephone number.
    pub phone: Option<Box<str>>,
    /// The department.
    pub department: Option<Box<str>>,
    /// The language in which the person is written to.
    pub language: Option<Box<str>>,
}

/// The fields of an employee.
pub const FIELDS: [&str; 5] = ["name", "email", "phone", "department", "language"];

/// Reads one employee.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Employee {
    let fields = reader.record(node, say!("an employee"), &FIELDS);
    let mut text = |field| fields.get(field).and_then(|node| reader.text(node));
    Employee {
        name: text("name"),
        email: text("email"),
        phone: text("phone"),
        department: text("department"),
        language: text("language"),
    }
}
