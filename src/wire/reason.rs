//! The reason of an answer: the step, and the first rule that decided, with the way to it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Subject;
use crate::question::Reason;
use crate::resolve::InForce;
use crate::text::Sources;

use super::file_and_line;

/// Why an answer is as it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReasonOut {
    /// The step that decided.
    pub step: &'static str,
    /// From whom it is asked to the subject of the deciding rule; without such a rule nobody else.
    pub path: Vec<String>,
    /// The file that has the deciding rule; `null` where no rule decided.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Spells a reason out.
pub fn reason(in_force: &InForce<'_>, sources: &Sources, subject: Subject, reason: &Reason) -> ReasonOut {
    let policy = in_force.policy;
    let rule = reason.rule.as_ref();
    let (file, line) = file_and_line(sources, rule.and_then(|proven| policy.rule(proven.rule).place));
    let along = in_force.subjects_along(subject, rule.map(|proven| proven.path.as_slice()).unwrap_or_default());
    let path = along.into_iter().map(|subject| policy.subject_key(subject).to_string()).collect();
    ReasonOut { step: reason.step.as_str(), path, file, line }
}
