//! `no-superuser`: online access, and no active superuser.

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::Subject;

/// Reports it at the section `online`.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let Some(online) = &policy.online else { return Vec::new() };
    if policy.users.iter().any(|(_, _, user)| user.superuser && user.active) {
        return Vec::new();
    }
    let message = say!("there is online access, but no active superuser");
    let help = say!("give one active user `superuser: true`: only superusers reach the online administration");
    vec![Diagnostic::new(Code::NoSuperuser, online.place, message).help(help)]
}
