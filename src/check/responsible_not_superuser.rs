//! `responsible-not-superuser`: somebody answers for synchronisation who is not an active superuser.

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::Subject;

/// Reports it where the user is named.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let responsible = policy.online.as_ref().and_then(|online| online.responsible);
    let Some((id, place)) = responsible else { return Vec::new() };
    let (name, user) = (policy.users.key(id), policy.users.get(id));
    let message = match (user.superuser, user.active) {
        (true, true) => return Vec::new(),
        (false, _) => say!("`{name}` answers for synchronisation, but is no superuser", name),
        (true, false) => say!("`{name}` answers for synchronisation, but is not active", name),
    };
    let help = say!("name an active superuser, or make `{name}` one", name);
    vec![Diagnostic::new(Code::ResponsibleNotSuperuser, place, message).help(help)]
}
