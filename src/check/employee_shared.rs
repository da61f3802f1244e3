//! `employee-shared`: two users linked to one employee.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::Subject;

/// Reports every user after the first of an employee.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let in_force = subject.in_force;
    let policy = in_force.policy;
    let mut first = BTreeMap::new();
    let mut findings = Vec::new();
    for (id, name, user) in policy.users.iter() {
        let (Some(employee), Some(place)) = (user.employee, user.place) else { continue };
        let Some(earlier) = first.insert(employee, id) else { continue };
        let other = policy.users.key(earlier);
        let message = say!(
            "the employee `{employee}` is linked to both `{other}` and `{name}`",
            employee = policy.employees.key(employee),
            other,
            name
        );
        let finding = Diagnostic::new(Code::EmployeeShared, place, message)
            .help(say!("one employee has at most one user; link the other to somebody else, or to nobody"));
        let earlier = policy.users.get(earlier).place;
        findings.push(match earlier {
            Some(earlier) => finding.also(earlier, say!("linked first")),
            None => finding,
        });
    }
    findings
}
