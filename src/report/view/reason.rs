//! The reason of an answer in two cells: the way to the rule that decided, and where that is written.

use crate::language::{IntoWord, Word};
use crate::model::{MembershipId, Subject};
use crate::question::Reason;
use crate::report::block::{Line, Tone};
use crate::resolve::{InForce, Proven, Step};
use crate::say;
use crate::text::Sources;

use super::bare;

/// `lars > inside-sales > sales`; roles keep their prefix.
pub fn along(in_force: &InForce<'_>, from: Subject, path: &[MembershipId]) -> String {
    let subjects = in_force.subjects_along(from, path).into_iter();
    subjects.map(|subject| bare(&in_force.policy.subject_key(subject))).collect::<Vec<_>>().join(" > ")
}

/// The way to the rule that decided, and the last day of what it rests on, if it has one; without a rule the step.
pub fn way(in_force: &InForce<'_>, from: Subject, reason: &Reason) -> Word {
    let Some(proven) = &reason.rule else { return step(reason.step) };
    let way = match (from, proven.path.as_slice()) {
        (Subject::User(_), []) => say!("own rule").into_word(),
        (_, path) => along(in_force, from, path).into_word(),
    };
    match last_day(in_force, proven) {
        Some(last) => say!("{way}, until {last}", way, last).into_word(),
        None => way,
    }
}

/// Where the rule that decided is written.
pub fn place(in_force: &InForce<'_>, sources: &Sources, reason: &Reason) -> Line {
    let rule = reason.rule.as_ref().map(|proven| in_force.policy.rule(proven.rule));
    Line::new().then(Tone::Quiet, super::place(sources, rule.and_then(|rule| rule.place)))
}

/// The last day of a rule or of the memberships that lead to it, whichever comes first.
fn last_day(in_force: &InForce<'_>, proven: &Proven) -> Option<crate::date::Date> {
    let memberships = proven.path.iter().map(|id| in_force.policy.membership(*id).validity);
    let rule = in_force.policy.rule(proven.rule).validity;
    memberships.chain([rule]).filter_map(crate::date::Validity::ends).min()
}

/// Why no rule decided.
fn step(step: Step) -> Word {
    match step {
        Step::OwnData => say!("own data").into_word(),
        Step::Inactive => say!("not active").into_word(),
        other => other.as_str().into_word(),
    }
}
