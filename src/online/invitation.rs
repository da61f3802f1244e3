//! Invitations: who gets one, and what becomes of it; and the locks of logins.
//!
//! What is declared and what was done by hand do not fight: what was revoked, or expired, stays so until it is sent
//! again, though the policy goes on giving the access.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Policy, UserId};
use crate::name::Name;
use crate::say;

use super::eligible::{address, can_have_access};
use super::{Invitation, Limits, Login, Mail, Moment, Refused, Register, Standing, State, Terms, places};

/// What became of the invitations that a policy declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What is remembered from then on.
    pub register: Register,
    /// Who is invited anew.
    pub invited: Vec<Name>,
    /// Whose login is opened again.
    pub reopened: Vec<Name>,
    /// Who has no access any more.
    pub ended: Vec<Name>,
}

impl Settled {
    /// Whether somebody gets online access or loses it.
    pub fn changes_access(&self) -> bool {
        [&self.invited, &self.reopened, &self.ended].iter().any(|who| !who.is_empty())
    }
}

/// Brings the invitations in line with what a policy declares. Without a connection nobody is invited. `message_id`
/// makes the Message-ID of a user's invitation.
///
/// # Errors
/// If the policy gives another e-mail address to somebody who has a login, or access to more people than the licence.
pub fn settle(
    policy: &Policy,
    register: &Register,
    now: Moment,
    message_id: &mut dyn FnMut(&Name) -> String,
) -> Result<Settled, Refused> {
    let mut settled = Settled { register: register.clone(), ..Settled::default() };
    if register.connection.state != State::Connected {
        return Ok(settled);
    }
    let responsible = register.connection.responsible.clone();
    let declared: Vec<(UserId, Name)> = policy
        .online
        .iter()
        .flat_map(|online| &online.access)
        .map(|access| (access.user, policy.users.key(access.user).clone()))
        .collect();
    keeps_addresses(policy, register)?;
    let terms = Terms::of(policy);
    settled.register.limits = Limits { idle_logout: terms.idle_logout, failed_logins: terms.failed_logins };
    settled.register.services = services(policy, responsible.as_ref());
    names_one_login(policy, register, declared.iter().map(|(_, name)| name).chain(&responsible))?;
    let is_declared = |name: &Name| declared.iter().any(|(_, declared)| declared == name);
    let after = &mut settled.register;
    // Whoever has no access any more frees a place first.
    after.invitations.retain(|name, _| is_declared(name) || Some(name) == responsible.as_ref());
    for (name, login) in &mut after.logins {
        if !is_declared(name) && Some(name) != responsible.as_ref() && login.closed_at.is_none() {
            login.closed_at = Some(now);
        }
    }
    agree(after, responsible.as_ref(), now);
    let is_open = |register: &Register, name: &Name| register.logins.get(name).is_some_and(|it| it.closed_at.is_none());
    let reopened = after.logins.keys().filter(|name| is_open(after, name) && !is_open(register, name));
    settled.reopened = reopened.cloned().collect();
    let has_ended = |name: &&Name| {
        register.invitations.contains_key(*name) && !after.invitations.contains_key(*name)
            || is_open(register, name) && !is_open(after, name)
    };
    let all: BTreeSet<&Name> = register.invitations.keys().chain(register.logins.keys()).collect();
    settled.ended = all.into_iter().filter(has_ended).cloned().collect();
    for (id, name) in declared {
        let Some(email) = address(policy, id).filter(|_| can_have_access(policy, id)) else { continue };
        match settled.register.invitations.get(&name) {
            // A new address before there is a login: the old mail is void.
            Some(known) if known.standing == Standing::Invited && !known.is_expired(now) && known.email != email => {}
            Some(_) => continue,
            None if Some(&name) == responsible.as_ref() => continue,
            None => {}
        }
        let left = places(policy, &settled.register, now).left();
        let has_place = settled.register.invitations.contains_key(&name);
        if left == Some(0) && !has_place {
            let message = say!("the licence has no place left for {to}", to = name);
            let help = say!(
                "take somebody out of `online.access`, or write the number of a larger licence into `licence.invitations`"
            );
            return Err(Refused::new(message, help));
        }
        // Also whoever had a login before accepts anew: the access was taken away in between.
        settled.invited.push(name.clone());
        let invitation = Invitation { message_id: message_id(&name), ..fresh(policy, email, now) };
        settled.register.invitations.insert(name, invitation);
    }
    Ok(settled)
}

/// Whoever has a login has accepted an invitation, or answers for synchronisation. Where somebody wrote something else
/// by hand, whichever of both says less counts.
fn agree(register: &mut Register, responsible: Option<&Name>, now: Moment) {
    let is_open = |login: &Login| login.closed_at.is_none();
    for (name, invitation) in &mut register.invitations {
        let has_login = register.logins.get(name).is_some_and(is_open);
        if invitation.standing == Standing::Active && !has_login && Some(name) != responsible {
            (invitation.standing, invitation.answered_at) = (Standing::Revoked, Some(now));
        }
    }
    for (name, login) in &mut register.logins {
        let accepted = register.invitations.get(name).is_some_and(|one| one.standing == Standing::Active);
        if Some(name) == responsible {
            login.closed_at = None;
        } else if is_open(login) && !accepted {
            login.closed_at = Some(now);
        }
    }
}

/// Who may use which service: what the access says, else all that the licence has.
fn services(policy: &Policy, responsible: Option<&Name>) -> BTreeSet<(Name, String)> {
    let licensed = policy.licence.iter().flat_map(|licence| &licence.body.services);
    let licensed: Vec<&str> = licensed.map(|service| &**service).collect();
    let access = || policy.online.iter().flat_map(|online| &online.access);
    let mut all = BTreeSet::new();
    for one in access() {
        let own: Vec<&str> = one.services.iter().map(|(service, _)| &**service).collect();
        let user = policy.users.key(one.user);
        let services = if own.is_empty() { &licensed } else { &own };
        all.extend(services.iter().map(|service| (user.clone(), (*service).to_owned())));
    }
    let alone = responsible.filter(|name| access().all(|one| policy.users.key(one.user) != *name));
    all.extend(alone.iter().flat_map(|name| licensed.iter().map(|service| ((*name).clone(), (*service).to_owned()))));
    all
}

/// Whether a policy leaves everybody's login its address.
///
/// # Errors
/// If not.
pub fn keeps_addresses(policy: &Policy, register: &Register) -> Result<(), Refused> {
    for (name, login) in &register.logins {
        let Some(user) = policy.users.find(name) else { continue };
        let Some(email) = address(policy, user).filter(|email| *email != login.email) else { continue };
        let has_access = policy.online.iter().flat_map(|online| &online.access).any(|access| access.user == user);
        let is_responsible = register.connection.responsible.as_ref() == Some(name);
        if !has_access && !is_responsible {
            continue;
        }
        let message = say!(
            "the login of {name} is {known}, and the e-mail address of a login never changes; the policy says {email}",
            name,
            known = login.email,
            email
        );
        let help = say!(
            "write `email: {known}` under `online.access.{name}`, and the new address at the employee alone",
            known = login.email,
            name
        );
        return Err(Refused::new(message, help));
    }
    Ok(())
}

/// Whether each of some users has an address that can be the name of a login, and that no login of somebody else has.
///
/// # Errors
/// If not.
pub fn names_one_login<'n>(
    policy: &Policy,
    register: &Register,
    users: impl Iterator<Item = &'n Name>,
) -> Result<(), Refused> {
    let folded = |email: &str| email.to_lowercase();
    let mut taken: BTreeMap<String, &Name> =
        register.logins.iter().map(|(name, login)| (folded(&login.email), name)).collect();
    for name in users {
        let Some(user) = policy.users.find(name).filter(|user| can_have_access(policy, *user)) else { continue };
        let Some(email) = address(policy, user) else { continue };
        if !is_address(&email) {
            let message = say!("`{email}` of {name} is no e-mail address", email, name);
            return Err(Refused::new(message, say!("write one address, such as anna@nordwind.example")));
        }
        let other = *taken.entry(folded(&email)).or_insert(name);
        if other != name {
            let message = say!("{name} and {other} have the same e-mail address {email}", name, other, email);
            let help = say!(
                "an address is the name of one login: give one of them another `email:`, or write `renamed_from: {other}` if \
                 both are the same person",
                other
            );
            return Err(Refused::new(message, help));
        }
    }
    Ok(())
}

/// Whether a text can be the address of one mailbox. Whoever sends to it looks more closely.
fn is_address(text: &str) -> bool {
    let parts = text.split_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty());
    parts.is_some_and(|(_, host)| !host.contains('@') && !host.ends_with('.'))
        && !text.contains(|c: char| c.is_whitespace() || ",;<>\"".contains(c))
}

pub(super) fn fresh(policy: &Policy, email: String, now: Moment) -> Invitation {
    Invitation {
        email,
        standing: Standing::Invited,
        message_id: String::new(),
        token_hash: None,
        invited_at: now,
        expires_at: now.later(Terms::of(policy).invitation_valid),
        answered_at: None,
        mail: Mail::default(),
    }
}

/// Sends an invitation again. One that is open keeps its Message-ID; one that expired or was revoked is made anew.
///
/// # Errors
/// If the policy gives the user no access, if the login is open, or if the licence has no place left.
pub fn resend(
    policy: &Policy,
    register: &Register,
    now: Moment,
    name: &Name,
    message_id: &mut dyn FnMut(&Name) -> String,
) -> Result<Register, Refused> {
    if register.connection.state != State::Connected {
        return Err(not_connected());
    }
    let access = policy.online.iter().flat_map(|online| &online.access);
    let Some(user) = access.map(|access| access.user).find(|user| policy.users.key(*user) == name) else {
        let message = say!("the policy gives {name} no online access", name);
        return Err(Refused::new(message, say!("write the user under `online.access` and apply it")));
    };
    let Some(email) = address(policy, user).filter(|_| can_have_access(policy, user)) else {
        let message = say!("{name} cannot have online access", name);
        return Err(Refused::new(
            message,
            say!("it takes an active user who is linked to an employee with an e-mail address"),
        ));
    };
    let login = register.logins.get(name);
    if login.is_some_and(|login| login.closed_at.is_none()) {
        let message = say!("{name} has a login already", name);
        return Err(Refused::new(
            message,
            say!(
                "a forgotten password is no matter of an invitation; `rightful online unlock {name}` opens a locked login",
                name
            ),
        ));
    }
    keeps_addresses(policy, register)?;
    let mut after = register.clone();
    let open = after.invitations.get_mut(name).filter(|one| one.standing == Standing::Invited && !one.is_expired(now));
    match open {
        Some(open) => {
            open.expires_at = now.later(Terms::of(policy).invitation_valid);
            open.mail = Mail::default();
        }
        None => {
            if places(policy, register, now).left() == Some(0) {
                let message = say!("the licence has no place left for {to}", to = name);
                return Err(Refused::new(
                    message,
                    say!("revoke another invitation, or take somebody out of `online.access`"),
                ));
            }
            let invitation = Invitation { message_id: message_id(name), ..fresh(policy, email, now) };
            after.invitations.insert(name.clone(), invitation);
        }
    }
    Ok(after)
}

fn not_connected() -> Refused {
    Refused::new(say!("the company is not connected"), say!("`rightful connect` connects it"))
}

/// Takes an invitation back, or the access of whoever accepted it.
///
/// # Errors
/// If there is none, or it is that of whoever answers for synchronisation.
pub fn revoke(register: &Register, now: Moment, name: &Name) -> Result<Register, Refused> {
    if register.connection.responsible.as_ref() == Some(name) {
        let message = say!("{name} answers for synchronisation and keeps the login", name);
        return Err(Refused::new(message, say!("make somebody else responsible with `rightful handover` first")));
    }
    let mut after = register.clone();
    let Some(invitation) = after.invitations.get_mut(name) else {
        let message = say!("nobody invited {name}", name);
        return Err(Refused::new(message, say!("`rightful invite list` shows who was")));
    };
    let login = after.logins.get_mut(name).filter(|login| login.closed_at.is_none());
    if invitation.standing == Standing::Revoked && login.is_none() {
        return Err(Refused::new(
            say!("the invitation of {name} is revoked already", name),
            say!("`rightful invite resend {name}` gives it again", name),
        ));
    }
    (invitation.standing, invitation.answered_at) = (Standing::Revoked, Some(now));
    if let Some(login) = login {
        login.closed_at = Some(now);
    }
    Ok(after)
}

/// What became of a token that somebody presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Whose invitation it opened.
    pub user: Name,
    /// What is remembered from then on.
    pub register: Register,
}

/// Accepts the invitation whose token has this hash.
///
/// # Errors
/// If no invitation has it, or that one was accepted or revoked, or its time has passed.
pub fn accept(register: &Register, now: Moment, token_hash: &str) -> Result<Presented, Refused> {
    let found = register.invitations.iter().find(|(_, one)| one.token_hash.as_deref() == Some(token_hash));
    let Some((name, invitation)) = found else {
        let message = say!("no invitation has this token");
        return Err(Refused::new(
            message,
            say!("a newer mail makes an older one void: use the newest, or ask for another"),
        ));
    };
    let again = || say!("ask the administrator to send it again");
    let answered = invitation.answered_at.unwrap_or(invitation.invited_at);
    match invitation.standing {
        Standing::Active => {
            let message = say!("this invitation was accepted already, on {answered}", answered);
            return Err(Refused::new(message, say!("log in with {email}", email = invitation.email)));
        }
        Standing::Revoked => {
            return Err(Refused::new(say!("this invitation was revoked, on {answered}", answered), again()));
        }
        Standing::Invited if invitation.is_expired(now) => {
            let message = say!("this invitation expired, on {until}", until = invitation.expires_at);
            return Err(Refused::new(message, again()));
        }
        Standing::Invited => {}
    }
    if register.connection.state != State::Connected {
        return Err(not_connected());
    }
    let (user, email) = (name.clone(), invitation.email.clone());
    let mut after = register.clone();
    if let Some(invitation) = after.invitations.get_mut(&user) {
        (invitation.standing, invitation.answered_at) = (Standing::Active, Some(now));
    }
    let login = after.logins.entry(user.clone()).or_insert(Login {
        email,
        since: now,
        failed_logins: 0,
        locked_at: None,
        closed_at: None,
    });
    (login.closed_at, login.failed_logins) = (None, 0);
    Ok(Presented { user, register: after })
}

/// Locks a login.
///
/// # Errors
/// If there is none, or it is locked.
pub fn lock(register: &Register, now: Moment, name: &Name) -> Result<Register, Refused> {
    let mut after = register.clone();
    let login = after.logins.get_mut(name).ok_or_else(|| no_login(name))?;
    if let Some(locked) = login.locked_at {
        return Err(Refused::new(
            say!("the login of {name} is locked since {locked}", name, locked),
            say!("`rightful online unlock {name}` opens it", name),
        ));
    }
    login.locked_at = Some(now);
    Ok(after)
}

/// Unlocks a login that somebody locked, or that was locked by failed logins.
///
/// # Errors
/// If there is none, or it is not locked.
pub fn unlock(policy: &Policy, register: &Register, name: &Name) -> Result<Register, Refused> {
    let mut after = register.clone();
    let login = after.logins.get_mut(name).ok_or_else(|| no_login(name))?;
    if login.locked_at.is_none() && login.failed_logins < Terms::of(policy).failed_logins {
        return Err(Refused::new(
            say!("the login of {name} is not locked", name),
            say!("`rightful online` shows who is"),
        ));
    }
    (login.locked_at, login.failed_logins) = (None, 0);
    Ok(after)
}

fn no_login(name: &Name) -> Refused {
    Refused::new(say!("{name} has no login", name), say!("`rightful online` shows who has one"))
}
