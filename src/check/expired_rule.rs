//! `expired-rule`: a rule or membership whose last day has passed.

use crate::date::{Date, Validity};
use crate::diag::{Code, Diagnostic};
use crate::language::Text;
use crate::say;
use crate::text::Place;

use super::Subject;

/// Reports every one.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let in_force = subject.in_force;
    let policy = in_force.policy;
    let expired = |validity: Validity, place: Option<Place>, message: fn(Date) -> Text| {
        let last = validity.ends().filter(|last| *last < in_force.on)?;
        Some(
            Diagnostic::new(Code::ExpiredRule, place?, message(last))
                .help(say!("remove it: git keeps the history, and the next reader need not wonder")),
        )
    };
    let of_rule = |last: Date| say!("this rule ended on {last}", last);
    let of_membership = |last: Date| say!("this membership ended on {last}", last);
    let rules = policy.rules.iter().filter_map(|rule| expired(rule.validity, rule.place, of_rule));
    let memberships = policy.memberships.iter().filter_map(|m| expired(m.validity, m.place, of_membership));
    rules.chain(memberships).collect()
}
