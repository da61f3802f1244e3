//! `duplicate-rule`: the same rule on the same subject, with periods that overlap.

use crate::diag::{Code, Diagnostic};
use crate::model::Rule;
use crate::resolve::InForce;

/// Compares each rule with the one before it about the same thing that lasts longest.
pub fn run(in_force: &InForce<'_>) -> Vec<Diagnostic> {
    let policy = in_force.policy;
    let about = |rule: &Rule| (rule.subject, rule.right, rule.target, rule.effect);
    let mut longest: Option<&Rule> = None;
    let mut findings = Vec::new();
    // A policy keeps rules about the same thing together, sorted by the days on which they begin.
    for rule in &policy.rules {
        let earlier = longest.filter(|earlier| about(earlier) == about(rule));
        if earlier.is_none_or(|earlier| earlier.validity.until < rule.validity.until) {
            longest = Some(rule);
        }
        let Some(earlier) = earlier.filter(|earlier| earlier.validity.overlaps(rule.validity)) else { continue };
        let (Some(first), Some(second)) = (earlier.place, rule.place) else { continue };
        let right = policy.rights.key(rule.right);
        let how = if earlier.validity == rule.validity { "twice" } else { "twice, in periods that overlap" };
        let message = format!("`{}` {}s `{right}` {how}", policy.subject_key(rule.subject), rule.effect.as_str());
        let finding = Diagnostic::new(Code::DuplicateRule, first.max(second), message).label("again");
        let finding = if first == second { finding } else { finding.also(first.min(second), "first") };
        findings.push(finding.help("remove one of the two, or join their periods"));
    }
    findings
}
