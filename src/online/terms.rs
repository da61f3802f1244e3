//! What holds for online access where the policy says nothing else.

use crate::model::online::Online;
use crate::model::{Policy, UserId};

/// After how many seconds without activity one must log in again, where the policy does not say.
pub(super) const IDLE_LOGOUT: u32 = 20 * 60;

/// After how many failed logins a login is locked, where the policy does not say.
pub(super) const FAILED_LOGINS: u32 = 5;

/// How many seconds lie between two synchronisations, where the policy does not say.
pub(super) const INTERVAL: u32 = 15 * 60;

/// After how many seconds of silence another machine takes over, where the policy does not say.
pub(super) const TAKE_OVER_AFTER: u32 = 15 * 60;

/// What a policy says of online access, with what holds where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Who answers for synchronisation.
    pub responsible: Option<UserId>,
    /// After how many seconds without activity one must log in again.
    pub idle_logout: u32,
    /// After how many failed logins a login is locked.
    pub failed_logins: u32,
    /// How many seconds lie between two synchronisations.
    pub interval: u32,
    /// After how many seconds of silence another machine takes over.
    pub take_over_after: u32,
    /// For how many seconds an invitation is valid.
    pub invitation_valid: u32,
    /// How many people the licence lets in; `None` if it does not say.
    pub invitations: Option<u32>,
    /// How many company databases the licence lets connect.
    pub company_databases: u32,
}

/// Where there is no policy.
impl Default for Terms {
    fn default() -> Self {
        Self {
            responsible: None,
            idle_logout: IDLE_LOGOUT,
            failed_logins: FAILED_LOGINS,
            interval: INTERVAL,
            take_over_after: TAKE_OVER_AFTER,
            invitation_valid: 14 * 24 * 60 * 60,
            invitations: None,
            company_databases: 1,
        }
    }
}

impl Terms {
    /// Those of a policy.
    pub fn of(policy: &Policy) -> Self {
        let online = policy.online.as_ref();
        let seconds = |of: fn(&Online) -> Option<crate::syntax::duration::Duration>, else_: u32| {
            online.and_then(of).map_or(else_, crate::syntax::duration::Duration::seconds)
        };
        let licence = policy.licence.as_ref().map(|licence| &licence.body);
        Self {
            responsible: online.and_then(|online| online.responsible).map(|(user, _)| user),
            idle_logout: seconds(|online| online.idle_logout, IDLE_LOGOUT),
            failed_logins: online.and_then(|online| online.failed_logins).unwrap_or(FAILED_LOGINS),
            interval: seconds(|online| online.interval, INTERVAL).max(1),
            take_over_after: seconds(|online| online.take_over_after, TAKE_OVER_AFTER).max(1),
            invitation_valid: seconds(|online| online.invitation_valid, 14 * 24 * 60 * 60),
            invitations: licence.and_then(|licence| licence.invitations),
            company_databases: licence.and_then(|licence| licence.company_databases).unwrap_or(1),
        }
    }
}
