//! `duplicate-rule`: the same rule on the same subject, with periods that overlap.

use crate::diag::{Code, Diagnostic};
use crate::resolve::InForce;

/// Compares each rule with the one before it in the order in which a policy keeps them.
pub fn run(in_force: &InForce<'_>) -> Vec<Diagnostic> {
    let policy = in_force.policy;
    let pairs = policy.rules.windows(2).filter_map(|pair| {
        let [first, second] = pair else { return None };
        let about = |rule: &crate::model::Rule| (rule.subject, rule.right, rule.target, rule.effect);
        if about(first) != about(second) || !first.validity.overlaps(second.validity) {
            return None;
        }
        let (again, earlier) = (first.place?.max(second.place?), first.place?.min(second.place?));
        let right = policy.rights.key(first.right);
        let message = format!("`{}` {}s `{right}` twice", policy.subject_key(first.subject), first.effect.as_str());
        let finding = Diagnostic::new(Code::DuplicateRule, again, message).label("again");
        let finding = if again == earlier { finding } else { finding.also(earlier, "first") };
        Some(finding.help("remove one of the two"))
    });
    pairs.collect()
}
