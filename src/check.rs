//! Findings about a policy that compiles: one rule per file, all run over the same policy and day.

mod duplicate_rule;
mod employee_shared;
mod expired_rule;
mod inert_rule;
mod superuser_without_employee;

use crate::diag::{self, Diagnostic};
use crate::resolve::InForce;

/// A rule of the check: looks at a policy on a day, gives findings.
type Check = fn(&InForce<'_>) -> Vec<Diagnostic>;

const CHECKS: [Check; 5] =
    [duplicate_rule::run, employee_shared::run, expired_rule::run, inert_rule::run, superuser_without_employee::run];

/// Runs every rule.
pub fn run(in_force: &InForce<'_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = CHECKS.iter().flat_map(|check| check(in_force)).collect();
    diag::sort(&mut found);
    found
}
