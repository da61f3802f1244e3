//! `superuser-without-employee`: a superuser must be linked to the staff register.

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::Subject;

/// Reports every such user.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let in_force = subject.in_force;
    let users = in_force.policy.users.iter();
    let unlinked = users.filter(|(_, _, user)| user.superuser && user.employee.is_none());
    unlinked
        .filter_map(|(_, name, user)| {
            let message = say!("the superuser `{name}` is not linked to an employee", name);
            let finding = Diagnostic::new(Code::SuperuserWithoutEmployee, user.place?, message);
            Some(finding.help(say!("add `employee:`, or take `superuser: true` out")))
        })
        .collect()
}
