//! Online access: `online`, `invite` and what `connect` and others did.

use schemars::JsonSchema;
use serde::Serialize;

use crate::name::Name;
use crate::online::{Moment, Person, Places, Register, Settled, Standing};

use super::VERSION;

/// `rightful online --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct OnlineOut {
    /// The version of the output format.
    version: u32,
    /// `never`, `connected` or `disconnected`.
    state: String,
    /// Who answers for synchronisation.
    responsible: Option<String>,
    /// Since when it is so; UTC.
    since: Option<String>,
    /// The places of the licence.
    places: PlacesOut,
    /// Everybody who can have online access or has something of it, in order of names.
    people: Vec<PersonOut>,
}

/// The places of the licence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlacesOut {
    /// How many are taken.
    used: usize,
    /// How many there are; null without a limit.
    of: Option<usize>,
    /// How many are left; null without a limit.
    left: Option<usize>,
}

/// Somebody who can have online access.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonOut {
    /// The user.
    user: String,
    /// `not-invited`, `invited`, `active`, `expired`, `revoked` or `locked`.
    status: String,
    /// The address of the invitation, or the name of the login.
    email: Option<String>,
    /// The role that the policy gives.
    role: Option<String>,
    /// Whether the user answers for synchronisation.
    responsible: bool,
    /// Until when an open invitation can be accepted; UTC.
    expires_at: Option<String>,
}

/// The places of the licence.
pub fn places(places: Places) -> PlacesOut {
    PlacesOut { used: places.used, of: places.of, left: places.left() }
}

/// Who works online.
pub fn online(register: &Register, people: &[Person], places: Places) -> OnlineOut {
    let connection = &register.connection;
    let text = |moment: Option<Moment>| moment.map(|moment| moment.to_string());
    OnlineOut {
        version: VERSION,
        state: connection.state.as_str().to_owned(),
        responsible: connection.responsible.as_ref().map(ToString::to_string),
        since: text(connection.since),
        places: self::places(places),
        people: people
            .iter()
            .map(|person| PersonOut {
                user: person.user.to_string(),
                status: person.status.as_str().to_owned(),
                email: person.email.clone(),
                role: person.role.as_ref().map(ToString::to_string),
                responsible: person.is_responsible,
                expires_at: text(person.expires_at),
            })
            .collect(),
    }
}

/// `rightful invite list --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct InvitationsOut {
    /// The version of the output format.
    version: u32,
    /// Every invitation, in order of users.
    invitations: Vec<InvitationOut>,
}

/// An invitation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InvitationOut {
    /// The user.
    user: String,
    /// `invited`, `active`, `expired` or `revoked`.
    status: String,
    /// Where the letter goes.
    email: String,
    /// When it was made; UTC.
    invited_at: String,
    /// Until when it can be accepted; UTC.
    expires_at: String,
    /// When it was accepted or taken back; UTC.
    answered_at: Option<String>,
    /// Whether the letter went out.
    sent: bool,
    /// How often that was tried.
    attempts: u32,
    /// Why the last attempt failed.
    error: Option<String>,
}

/// Every invitation.
pub fn invitations(register: &Register, now: Moment) -> InvitationsOut {
    let out = |(user, one): (&Name, &crate::online::Invitation)| InvitationOut {
        user: user.to_string(),
        status: if one.is_expired(now) { "expired" } else { one.standing.as_str() }.to_owned(),
        email: one.email.clone(),
        invited_at: one.invited_at.to_string(),
        expires_at: one.expires_at.to_string(),
        answered_at: one.answered_at.filter(|_| one.standing != Standing::Invited).map(|at| at.to_string()),
        sent: one.mail.is_sent,
        attempts: one.mail.attempts,
        error: one.mail.error.clone(),
    };
    InvitationsOut { version: VERSION, invitations: register.invitations.iter().map(out).collect() }
}

/// What a command about online access did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeedOut {
    /// The version of the output format.
    version: u32,
    /// Which: `connect`, `disconnect`, `handover`, `lock`, `unlock`, `resend`, `revoke` or `accept`.
    deed: String,
    /// How many changes of what the policy declares were written.
    applied: usize,
    /// Who is invited from now on.
    invited: Vec<String>,
    /// Who can work online again.
    reopened: Vec<String>,
    /// Who can no longer work online.
    ended: Vec<String>,
    /// To whom a letter went.
    sent: Vec<String>,
    /// Whose letter did not go; it is sent again later.
    unsent: Vec<UnsentOut>,
}

/// A letter that did not go.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnsentOut {
    /// To whom.
    user: String,
    /// Why.
    error: String,
}

/// What a command did.
pub fn deed(deed: &str, applied: usize, settled: &Settled, sent: &[Name], unsent: &[(Name, String)]) -> DeedOut {
    let names = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    DeedOut {
        version: VERSION,
        deed: deed.to_owned(),
        applied,
        invited: names(&settled.invited),
        reopened: names(&settled.reopened),
        ended: names(&settled.ended),
        sent: names(sent),
        unsent: unsent.iter().map(|(user, error)| UnsentOut { user: user.to_string(), error: error.clone() }).collect(),
    }
}
