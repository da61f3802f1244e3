//! The mail that carries an invitation: when it is due, and what became of it.

use crate::name::Name;

use super::{Invitation, Mail, Moment, Register, Standing, State};

/// Not before how many seconds a mail is tried again, by the number of attempts; the last one from then on.
const AGAIN_AFTER: [u32; 5] = [60, 5 * 60, 15 * 60, 60 * 60, 6 * 60 * 60];

/// Whose mail is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The user.
    pub user: Name,
    /// The invitation as it stands.
    pub invitation: Invitation,
}

/// The mails that are due now, in order of users.
pub fn due(register: &Register, now: Moment) -> Vec<Due> {
    if register.connection.state != State::Connected {
        return Vec::new();
    }
    let is_due = |one: &Invitation| {
        let open = one.standing == Standing::Invited && !one.is_expired(now);
        open && !one.mail.is_sent && one.mail.next_at.is_none_or(|next| next <= now)
    };
    let due = register.invitations.iter().filter(|(_, one)| is_due(one));
    due.map(|(user, one)| Due { user: user.clone(), invitation: one.clone() }).collect()
}

/// Makes a mail ready: its token voids the one before. Whoever dies before the mail is away leaves it due, so that it is
/// sent once more rather than not at all. `None` if it is not due any more.
pub fn prepare(register: &Register, now: Moment, user: &Name, token_hash: &str) -> Option<Register> {
    due(register, now).iter().find(|due| due.user == *user)?;
    let mut after = register.clone();
    let invitation = after.invitations.get_mut(user)?;
    invitation.token_hash = Some(token_hash.to_owned());
    let mail = &mut invitation.mail;
    let wait = AGAIN_AFTER[(mail.attempts as usize).min(AGAIN_AFTER.len() - 1)];
    mail.attempts = mail.attempts.saturating_add(1);
    mail.next_at = Some(now.later(wait));
    Some(after)
}

/// Says that the mail with this token is away. `None` if there was another one since.
pub fn posted(register: &Register, user: &Name, token_hash: &str) -> Option<Register> {
    told(register, user, token_hash, |mail| {
        *mail = Mail { is_sent: true, attempts: mail.attempts, next_at: None, error: None };
    })
}

/// Says why the mail with this token could not be sent. `None` if there was another one since.
pub fn unposted(register: &Register, user: &Name, token_hash: &str, error: &str) -> Option<Register> {
    told(register, user, token_hash, |mail| mail.error = Some(error.to_owned()))
}

fn told(register: &Register, user: &Name, token_hash: &str, tell: impl FnOnce(&mut Mail)) -> Option<Register> {
    let mut after = register.clone();
    let invitation = after.invitations.get_mut(user)?;
    if invitation.token_hash.as_deref() != Some(token_hash) {
        return None;
    }
    tell(&mut invitation.mail);
    Some(after)
}
