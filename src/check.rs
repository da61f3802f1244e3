//! Findings about a policy that compiles: one rule per file, all run over the same policy and day.

mod duplicate_rule;
mod employee_shared;
mod expired_rule;
mod inert_rule;
mod rename_conflict;
mod superuser_without_employee;

use crate::diag::{self, Diagnostic};
use crate::resolve::InForce;

/// A rule of the check: looks at a policy on a day, gives findings.
type Check = fn(&InForce<'_>) -> Vec<Diagnostic>;

const CHECKS: [Check; 6] = [
    duplicate_rule::run,
    employee_shared::run,
    expired_rule::run,
    inert_rule::run,
    rename_conflict::run,
    superuser_without_employee::run,
];

/// Runs every rule.
pub fn run(in_force: &InForce<'_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = CHECKS.iter().flat_map(|check| check(in_force)).collect();
    diag::sort(&mut found);
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, findings_on};

    #[test]
    fn rules_that_are_written_twice_or_have_ended_or_decide_nothing() {
        insta::assert_snapshot!(findings_on(r#"
users: { lars: { allow: [data.export, data.*], deny: [sms.send until 2026-11-21] } }
groups:
  sales: { members: [lars until 2026-11-21, lars from 2026-11-22], deny: [lists.print, calendar.see of lars] }
"#, "2026-11-22"), @r#"
        duplicate-rule a.yaml:2:39 "data.*" + a.yaml:2:26 "data.export" `user:lars` allows `data.export` twice | remove one of the two, or join their periods
        expired-rule a.yaml:2:55 "sms.send until 2026-11-21" this rule ended on 2026-11-21 | remove it: git keeps the history, and the next reader need not wonder
        expired-rule a.yaml:4:22 "lars until 2026-11-21" this membership ended on 2026-11-21 | remove it: git keeps the history, and the next reader need not wonder
        inert-rule a.yaml:4:75 "lists.print" denying `lists.print` to `group:sales` takes it from nobody | another group's allow wins, and without one the answer is no anyway; to take it from a person, deny it on the user
        "#);
    }

    #[test]
    fn a_rule_that_overlaps_a_longer_one_is_a_duplicate_of_it() {
        insta::assert_snapshot!(findings(r#"
users:
  lars:
    allow:
      - data.export until 2030-12-31
      - data.export from 2027-01-01 until 2027-12-31
      - data.export from 2029-01-01 until 2029-12-31
      - data.export from 2031-01-01
"#), @r#"
        duplicate-rule a.yaml:6:9 "data.export from 2027-01-01 until 2027-12-31" + a.yaml:5:9 "data.export until 2030-12-31" `user:lars` allows `data.export` twice, in periods that overlap | remove one of the two, or join their periods
        duplicate-rule a.yaml:7:9 "data.export from 2029-01-01 until 2029-12-31" + a.yaml:5:9 "data.export until 2030-12-31" `user:lars` allows `data.export` twice, in periods that overlap | remove one of the two, or join their periods
        "#);
    }

    #[test]
    fn an_old_name_must_lead_to_one_account() {
        let chain = "users: { b: { renamed_from: new }, x: { renamed_from: b } }";
        assert_eq!(findings(chain), "");
        insta::assert_snapshot!(findings(r#"
users:
  a: { renamed_from: old }
  b: { renamed_from: old }
  c: { renamed_from: c }
  d: { renamed_from: e }
  e:
  f: { renamed_from: g }
  g: { renamed_from: f }
"#), @r#"
        rename-conflict a.yaml:4:3 "b" + a.yaml:3:3 "a" `a` and `b` both claim the account that was called `old` | only one of them can have been renamed; take `renamed_from` out of the other
        rename-conflict a.yaml:5:3 "c" the old names of `c` lead back to `c` | names cannot be swapped in one step; use a third name in between, and apply twice
        rename-conflict a.yaml:6:3 "d" `d` was called `e`, but `e` is still declared | take `renamed_from` out, or the old declaration
        rename-conflict a.yaml:8:3 "f" the old names of `f` lead back to `f` | names cannot be swapped in one step; use a third name in between, and apply twice
        rename-conflict a.yaml:9:3 "g" the old names of `g` lead back to `g` | names cannot be swapped in one step; use a third name in between, and apply twice
        "#);
    }

    #[test]
    fn employees_and_superusers_are_linked_properly() {
        insta::assert_snapshot!(findings(r#"
employees: { x: }
users: { lars: { employee: x }, anna: { employee: x, superuser: true }, karin: { superuser: true } }
"#), @r#"
        employee-shared a.yaml:3:10 "lars" + a.yaml:3:33 "anna" the employee `x` is linked to both `anna` and `lars` | one employee has at most one user; link the other to somebody else, or to nobody
        superuser-without-employee a.yaml:3:73 "karin" the superuser `karin` is not linked to an employee | add `employee:`, or take `superuser: true` out
        "#);
    }
}
