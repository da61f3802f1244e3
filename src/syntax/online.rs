//! Section `online`: who has access by the web, who answers for it, and how it runs.

use crate::diag::Code;
use crate::name::Name;
use crate::say;
use crate::text::{Span, Spanned};

use super::Declared;
use super::duration::Duration;
use super::fields::Reader;
use super::rule::Prefix;
use super::yaml::Node;

/// Online access as a whole.
#[derive(Debug, Clone, Default)]
pub struct Online {
    /// The superuser who connects, disconnects and answers for synchronisation.
    pub responsible: Option<Spanned<Name>>,
    /// The machines that may synchronise, in order of preference.
    pub machines: Vec<Spanned<Name>>,
    /// How often it is synchronised.
    pub interval: Option<Duration>,
    /// After which silence another machine takes over.
    pub take_over_after: Option<Duration>,
    /// After which idleness one must log in again.
    pub idle_logout: Option<Duration>,
    /// After how many failed logins an account is locked.
    pub failed_logins: Option<u32>,
    /// How long an invitation is valid.
    pub invitation_valid: Option<Duration>,
    /// Who has access.
    pub access: Vec<Declared<Access>>,
    /// Where the section's name stands.
    pub span: Span,
}

/// The online access of one user.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The role.
    pub role: Option<Spanned<Name>>,
    /// What the invitation says to the person.
    pub message: Option<Box<str>>,
    /// Where the invitation goes, if not to the employee's address.
    pub email: Option<Box<str>>,
    /// Which services of the licence the person may use, if not all.
    pub services: Vec<Spanned<Box<str>>>,
}

/// The fields of the section.
pub const FIELDS: [&str; 8] = [
    "responsible",
    "machines",
    "interval",
    "take_over_after",
    "idle_logout",
    "failed_logins",
    "invitation_valid",
    "access",
];

/// The fields of one access.
pub const ACCESS_FIELDS: [&str; 4] = ["role", "message", "email", "services"];

/// Reads the section, whose name stands at `span`.
pub fn read(reader: &mut Reader<'_>, node: &Node<'_>, span: Span) -> Online {
    let fields = reader.record(node, say!("the section `{section}`", section = "online"), &FIELDS);
    let mut duration = |field| fields.get(field).and_then(|node| reader.duration(node));
    let (interval, take_over_after) = (duration("interval"), duration("take_over_after"));
    let (idle_logout, invitation_valid) = (duration("idle_logout"), duration("invitation_valid"));
    let failed_logins = fields.get("failed_logins").and_then(|node| {
        let number = reader.number(node)?;
        if number == 0 {
            reader.wrong_type(node, say!("with 0 every account would be locked at once"), say!("write 1 or more"));
        }
        Some(number)
    });
    let user = |reader: &mut Reader<'_>, node| reader.name_of(node, Prefix::User, Code::UnknownUser);
    Online {
        responsible: fields.get("responsible").and_then(|node| user(reader, node)),
        machines: fields.get("machines").map(|node| reader.names(node, say!("machines"))).unwrap_or_default(),
        interval,
        take_over_after,
        idle_logout,
        failed_logins,
        invitation_valid,
        access: fields.get("access").map(|node| reader.section(node, read_access)).unwrap_or_default(),
        span,
    }
}

fn read_access(reader: &mut Reader<'_>, node: &Node<'_>) -> Access {
    let fields = reader.record(node, say!("an access"), &ACCESS_FIELDS);
    Access {
        role: fields.get("role").and_then(|node| reader.name_of(node, Prefix::Role, Code::UnknownRole)),
        message: fields.get("message").and_then(|node| reader.text(node)),
        email: fields.get("email").and_then(|node| reader.text(node)),
        services: fields.get("services").map(|node| services(reader, node)).unwrap_or_default(),
    }
}

fn services(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Spanned<Box<str>>> {
    let items = reader.list(node, say!("services"));
    items.iter().filter_map(|item| Some(Spanned::new(reader.text(item)?, item.span))).collect()
}
