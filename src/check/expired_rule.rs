//! `expired-rule`: a rule or membership whose last day has passed.

use crate::date::Validity;
use crate::diag::{Code, Diagnostic};
use crate::resolve::InForce;
use crate::text::Place;

/// Reports every one.
pub fn run(in_force: &InForce<'_>) -> Vec<Diagnostic> {
    let policy = in_force.policy;
    let expired = |noun: &str, validity: Validity, place: Option<Place>| {
        let last = validity.ends().filter(|last| *last < in_force.on)?;
        let message = format!("this {noun} ended on {last}");
        Some(
            Diagnostic::new(Code::ExpiredRule, place?, message)
                .help("remove it: git keeps the history, and the next reader need not wonder"),
        )
    };
    let rules = policy.rules.iter().filter_map(|rule| expired("rule", rule.validity, rule.place));
    let memberships = policy.memberships.iter().filter_map(|m| expired("membership", m.validity, m.place));
    rules.chain(memberships).collect()
}
