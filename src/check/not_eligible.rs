//! `not-eligible`: online access for somebody who cannot have it.

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::Subject;

/// Reports every access of a user who is not active, not linked to an employee, or has no e-mail address.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let access = policy.online.iter().flat_map(|online| &online.access);
    access
        .filter_map(|access| {
            let (name, user) = (policy.users.key(access.user), policy.users.get(access.user));
            let email = user.employee.and_then(|employee| policy.employees.get(employee).email.as_deref());
            let (message, help) = if !user.active {
                (
                    say!("`{name}` is not active and cannot have online access", name),
                    say!("take the access out, or make the user active"),
                )
            } else if user.employee.is_none() {
                (
                    say!("`{name}` is not linked to an employee and cannot have online access", name),
                    say!("add `employee:` to the user"),
                )
            } else if email.is_none() && access.email.is_none() {
                (
                    say!("`{name}` has no e-mail address and cannot be invited", name),
                    say!("add `email:` to the employee, or to the access"),
                )
            } else {
                return None;
            };
            Some(Diagnostic::new(Code::NotEligible, access.place, message).help(help))
        })
        .collect()
}
