//! The company behind a policy, its licence, and online access, with names looked up.

use crate::name::Name;
use crate::syntax::duration::Duration;
use crate::text::Place;

use super::UserId;

pub use crate::syntax::company::{Company, Licence};

/// Something that is said once in a policy, and where.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// What is said.
    pub body: T,
    /// The name of the section; none for what comes from a database.
    pub place: Option<Place>,
}

/// Online access as a whole.
#[derive(Debug, Clone)]
pub struct Online {
    /// Who answers for synchronisation, and where that is written.
    pub responsible: Option<(UserId, Place)>,
    /// The machines that may synchronise, in order of preference.
    pub machines: Vec<Name>,
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
    /// Who has access, in order of names.
    pub access: Vec<Access>,
    /// The name of the section.
    pub place: Place,
}

/// The online access of one user. The role is a membership.
#[derive(Debug, Clone)]
pub struct Access {
    /// Who.
    pub user: UserId,
    /// What the invitation says to the person.
    pub message: Option<Box<str>>,
    /// Where the invitation goes, if not to the employee's address.
    pub email: Option<Box<str>>,
    /// Which services of the licence the person may use, if not all, and where each stands.
    pub services: Vec<(Box<str>, Place)>,
    /// Where the name stands.
    pub place: Place,
}
