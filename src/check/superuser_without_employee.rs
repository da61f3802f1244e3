//! `superuser-without-employee`: a superuser must be linked to the staff register.

use crate::diag::{Code, Diagnostic};
use crate::resolve::InForce;

/// Reports every such user.
pub fn run(in_force: &InForce<'_>) -> Vec<Diagnostic> {
    let users = in_force.policy.users.iter();
    let unlinked = users.filter(|(_, _, user)| user.superuser && user.employee.is_none());
    unlinked
        .filter_map(|(_, name, user)| {
            let message = format!("the superuser `{name}` is not linked to an employee");
            let finding = Diagnostic::new(Code::SuperuserWithoutEmployee, user.place?, message);
            Some(finding.help("add `employee:`, or take `superuser: true` out"))
        })
        .collect()
}
