//! Finds rules that contradict each other: one subject, one right, one target, one day, both effects.

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::{Effect, Policy};

/// One finding for each allow that a deny contradicts.
pub fn contradictions(policy: &Policy) -> Vec<Diagnostic> {
    let about = |index: usize| {
        let rule = &policy.rules[index];
        (rule.subject, rule.right, rule.target)
    };
    let mut findings = Vec::new();
    let mut start = 0;
    while start < policy.rules.len() {
        let same = (start..policy.rules.len()).take_while(|index| about(*index) == about(start)).count();
        let rules = &policy.rules[start..start + same];
        start += same;
        let denies = || rules.iter().filter(|rule| rule.effect == Effect::Deny);
        for allow in rules.iter().filter(|rule| rule.effect == Effect::Allow) {
            let Some(deny) = denies().find(|deny| deny.validity.overlaps(allow.validity)) else { continue };
            let (Some(first), Some(second)) = (allow.place, deny.place) else { continue };
            let right = policy.rights.key(allow.right);
            let over = allow.target.map(|t| format!(" of {}", policy.target_key(t))).unwrap_or_default();
            let subject = policy.subject_key(allow.subject);
            let message = say!("`{subject}` both allows and denies `{right}{over}`", subject, right, over);
            let finding = Diagnostic::new(Code::Contradiction, second.max(first), message)
                .label(if second > first { say!("denied here") } else { say!("allowed here") })
                .also(second.min(first), if second > first { say!("allowed here") } else { say!("denied here") })
                .help(say!("remove one of the two, or give them periods that do not overlap"));
            findings.push(finding);
        }
    }
    findings
}
