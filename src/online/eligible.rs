//! Who can have online access, who has it, and how many places the licence has left.

use std::collections::BTreeSet;

use crate::model::{Policy, UserId};
use crate::name::Name;

use super::{Invitation, Moment, Register, Standing, Terms};

/// How far somebody got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nobody invited them.
    NotInvited,
    /// They were invited and did not answer yet.
    Invited,
    /// They have a login.
    Active,
    /// The invitation was not answered in time.
    Expired,
    /// The invitation was taken back, or the access.
    Revoked,
    /// The login is locked.
    Locked,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::NotInvited, Self::Invited, Self::Active, Self::Expired, Self::Revoked, Self::Locked];

    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotInvited => "not-invited",
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Locked => "locked",
        }
    }
}

/// Somebody who can have online access, or has something of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Whose account.
    pub user: Name,
    /// How far they got.
    pub status: Status,
    /// Where invitations go: the name of the login, once there is one.
    pub email: Option<String>,
    /// The role that the policy gives.
    pub role: Option<Name>,
    /// Whether they answer for synchronisation.
    pub is_responsible: bool,
    /// Until when an open invitation can be accepted.
    pub expires_at: Option<Moment>,
}

/// How many may work online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// How many are taken: by logins, open invitations, and the responsible user.
    pub used: usize,
    /// How many there are; `None` if the licence does not say.
    pub of: Option<usize>,
}

impl Places {
    /// How many are left; `None` without a limit.
    pub fn left(self) -> Option<usize> {
        self.of.map(|of| of.saturating_sub(self.used))
    }
}

/// The e-mail address for a user: that of the access, else the employee's. Only who is linked to an employee has one.
pub(super) fn address(policy: &Policy, user: UserId) -> Option<String> {
    let employee = policy.users.get(user).employee?;
    let access = policy.online.iter().flat_map(|online| &online.access).find(|access| access.user == user);
    let own = access.and_then(|access| access.email.as_deref());
    own.or(policy.employees.get(employee).email.as_deref()).map(str::to_owned)
}

/// Whether somebody can have online access: in use, linked to an employee, with an e-mail address.
pub(super) fn can_have_access(policy: &Policy, user: UserId) -> bool {
    policy.users.get(user).active && address(policy, user).is_some()
}

/// Everybody who can have online access or has something of it, in order of names.
pub fn people(policy: &Policy, register: &Register, now: Moment) -> Vec<Person> {
    let limit = Terms::of(policy).failed_logins;
    let can = policy.users.ids().filter(|user| can_have_access(policy, *user));
    let mut users: BTreeSet<Name> = can.map(|user| policy.users.key(user).clone()).collect();
    users.extend(register.invitations.keys().chain(register.logins.keys()).cloned());
    let person = |user: Name| {
        let id = policy.users.find(&user);
        let login = register.logins.get(&user);
        let invitation = register.invitations.get(&user);
        let status = match (login, invitation) {
            (Some(login), _) if login.closed_at.is_some() => match invitation {
                Some(open) if open.standing == Standing::Invited => of_invitation(open, now),
                _ => Status::Revoked,
            },
            (Some(login), _) if login.locked_at.is_some() || login.failed_logins >= limit => Status::Locked,
            (Some(_), _) => Status::Active,
            (None, Some(invitation)) => of_invitation(invitation, now),
            (None, None) => Status::NotInvited,
        };
        let email = login.map(|login| login.email.clone());
        let email = email.or_else(|| invitation.map(|invitation| invitation.email.clone()));
        Person {
            email: email.or_else(|| id.and_then(|id| address(policy, id))),
            role: id.and_then(|id| role(policy, id)),
            is_responsible: register.connection.responsible.as_ref() == Some(&user),
            expires_at: invitation.filter(|_| status == Status::Invited).map(|invitation| invitation.expires_at),
            user,
            status,
        }
    };
    users.into_iter().map(person).collect()
}

fn of_invitation(invitation: &Invitation, now: Moment) -> Status {
    match invitation.standing {
        Standing::Invited if invitation.is_expired(now) => Status::Expired,
        Standing::Invited => Status::Invited,
        Standing::Active => Status::Active,
        Standing::Revoked => Status::Revoked,
    }
}

/// The role that online access gives to a user.
pub(super) fn role(policy: &Policy, user: UserId) -> Option<Name> {
    let roles = policy.memberships.iter().filter(|one| one.member == crate::model::Member::User(user));
    let mut roles = roles.map(|one| policy.groups.key(one.group)).filter(|key| key.is_role());
    roles.next().map(|key| key.name.clone())
}

/// How many places are taken. The responsible user takes one from the beginning.
pub fn places(policy: &Policy, register: &Register, now: Moment) -> Places {
    let open = |user: &Name| {
        let invited = register.invitations.get(user).is_some_and(|one| {
            one.standing == Standing::Active || one.standing == Standing::Invited && !one.is_expired(now)
        });
        let login = register.logins.get(user);
        invited || login.is_some_and(|login| login.closed_at.is_none())
    };
    let terms = Terms::of(policy);
    let mut takers: BTreeSet<&Name> = register.invitations.keys().chain(register.logins.keys()).collect();
    takers.retain(|user| open(user));
    let responsible = terms.responsible.map(|user| policy.users.key(user));
    takers.extend(register.connection.responsible.as_ref().or(responsible));
    Places { used: takers.len(), of: terms.invitations.map(|most| most as usize) }
}
