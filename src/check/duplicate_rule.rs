//! `duplicate-rule`: the same rule on the same subject, with periods that overlap.

use crate::diag::{Code, Diagnostic};
use crate::model::{Effect, Rule};
use crate::say;

use super::Subject;

/// Compares each rule with the one before it about the same thing that lasts longest.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let in_force = subject.in_force;
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
        let same = earlier.validity == rule.validity;
        let subject = policy.subject_key(rule.subject);
        let message = match (rule.effect, same) {
            (Effect::Allow, true) => say!("`{subject}` allows `{right}` twice", subject, right),
            (Effect::Allow, false) => {
                say!("`{subject}` allows `{right}` twice, in periods that overlap", subject, right)
            }
            (Effect::Deny, true) => say!("`{subject}` denies `{right}` twice", subject, right),
            (Effect::Deny, false) => {
                say!("`{subject}` denies `{right}` twice, in periods that overlap", subject, right)
            }
        };
        let finding = Diagnostic::new(Code::DuplicateRule, first.max(second), message).label(say!("again"));
        let finding = if first == second { finding } else { finding.also(first.min(second), say!("first")) };
        findings.push(finding.help(say!("remove one of the two, or join their periods")));
    }
    findings
}
