//! Sections `company` and `licence`: whom the database belongs to, and what was bought for it.

use crate::say;
use crate::text::Span;

use super::fields::Reader;
use super::yaml::Node;

/// What the company is called and where it can be reached. What is left out can be asked for before connecting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// The name of the firm.
    pub name: Option<Box<str>>,
    /// Street and number.
    pub street: Option<Box<str>>,
    /// The postal code.
    pub postal_code: Option<Box<str>>,
    /// The city.
    pub city: Option<Box<str>>,
    /// The country.
    pub country: Option<Box<str>>,
    /// The telephone number.
    pub phone: Option<Box<str>>,
    /// The e-mail address.
    pub email: Option<Box<str>>,
    /// The number by which authorities know it.
    pub organisation_number: Option<Box<str>>,
}

impl Company {
    /// Every field by its name, in the order in which they stand in the file.
    pub fn fields(&self) -> [(&'static str, &Option<Box<str>>); 8] {
        [
            ("name", &self.name),
            ("address.street", &self.street),
            ("address.postal_code", &self.postal_code),
            ("address.city", &self.city),
            ("address.country", &self.country),
            ("phone", &self.phone),
            ("email", &self.email),
            ("organisation_number", &self.organisation_number),
        ]
    }

    /// From the fields, in the same order.
    pub fn of_fields(fields: [Option<Box<str>>; 8]) -> Self {
        let [name, street, postal_code, city, country, phone, email, organisation_number] = fields;
        Self { name, street, postal_code, city, country, phone, email, organisation_number }
    }
}

/// What may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Licence {
    /// On whose name it is.
    pub name: Option<Box<str>>,
    /// Who answers for it.
    pub contact: Option<Box<str>>,
    /// That person's telephone number.
    pub phone: Option<Box<str>>,
    /// How many company databases may be connected.
    pub company_databases: Option<u32>,
    /// How many users may be invited.
    pub invitations: Option<u32>,
    /// Which services they may use.
    pub services: Vec<Box<str>>,
}

/// A section that stands once, and where its name stands.
#[derive(Debug, Clone)]
pub struct Once<T> {
    /// What it says.
    pub body: T,
    /// The section's name.
    pub span: Span,
}

/// The fields of the section `company`.
pub const FIELDS: [&str; 5] = ["name", "address", "phone", "email", "organisation_number"];

/// The fields of the address.
pub const ADDRESS_FIELDS: [&str; 4] = ["street", "postal_code", "city", "country"];

/// The fields of the section `licence`.
pub const LICENCE_FIELDS: [&str; 6] = ["name", "contact", "phone", "company_databases", "invitations", "services"];

/// Reads the section `company`.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Company {
    let fields = reader.record(node, say!("the section `{section}`", section = "company"), &FIELDS);
    let mut company = Company::default();
    if let Some(address) = fields.get("address") {
        let address = reader.record(address, say!("an address"), &ADDRESS_FIELDS);
        let mut text = |field| address.get(field).and_then(|node| present(reader, node));
        (company.street, company.postal_code) = (text("street"), text("postal_code"));
        (company.city, company.country) = (text("city"), text("country"));
    }
    let mut text = |field| fields.get(field).and_then(|node| present(reader, node));
    (company.name, company.phone, company.email) = (text("name"), text("phone"), text("email"));
    company.organisation_number = text("organisation_number");
    company
}

/// A text that may still be left open (`name:`), as in a form that is not filled in yet.
fn present(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Box<str>> {
    if node.is_absent() { None } else { reader.text(node).filter(|text| !text.trim().is_empty()) }
}

/// Reads the section `licence`.
pub fn read_licence(reader: &mut Reader<'_>, node: &Node<'_>) -> Licence {
    let fields = reader.record(node, say!("the section `{section}`", section = "licence"), &LICENCE_FIELDS);
    let mut text = |field| fields.get(field).and_then(|node| present(reader, node));
    let (name, contact, phone) = (text("name"), text("contact"), text("phone"));
    let mut number = |field| fields.get(field).and_then(|node| reader.number(node));
    let (company_databases, invitations) = (number("company_databases"), number("invitations"));
    let services = fields.get("services").map(|node| {
        let items = reader.list(node, say!("services"));
        items.iter().filter_map(|item| reader.text(item)).collect()
    });
    Licence { name, contact, phone, company_databases, invitations, services: services.unwrap_or_default() }
}
