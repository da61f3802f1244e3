//! Gates and required approvals.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::review::{Hit, Hitting, Judged, Required};
use crate::text::Sources;

use super::{VERSION, file_and_line};

/// A gate with its verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GateOut {
    /// What it asks for.
    pub gate: String,
    /// The file where it stands, on the side of A; `null` if the command line names it.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// Whether the change passes.
    pub passed: bool,
    /// How many people it is about.
    pub people: usize,
    /// Who gains or loses what it is about.
    pub hits: Vec<HitOut>,
}

/// People who gain or lose something.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HitOut {
    /// The company, where it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// From which later day on; `null` for the day that was asked about.
    pub from: Option<String>,
    /// The right; `null` for a group.
    pub right: Option<String>,
    /// The group; `null` for a right.
    pub group: Option<String>,
    /// Who.
    pub users: Vec<String>,
}

/// `rightful reviewers --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReviewersOut {
    /// The version of this format.
    pub version: u32,
    /// The base: the full id of a commit, else what it is called.
    pub base: String,
    /// The head.
    pub head: String,
    /// The approvals that are needed.
    pub required: Vec<RequiredOut>,
    /// Whether every approval is there.
    pub approved: bool,
}

/// An approval that a change needs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequiredOut {
    /// What somebody gains.
    pub gained: String,
    /// Who can approve: one of them.
    pub reviewers: Vec<String>,
    /// Who of them has approved; `null` if nobody.
    pub approved_by: Option<String>,
    /// The file where that is said, on the side of A.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// Who gains what of it.
    pub reasons: Vec<HitOut>,
}

/// Judged gates, and where they stand.
pub fn gates(rules: &Sources, judged: &[Judged<'_>]) -> Vec<GateOut> {
    let gate = |judged: &Judged<'_>| {
        let (file, line) = file_and_line(rules, judged.place);
        GateOut {
            gate: judged.kind.to_string(),
            file,
            line,
            passed: judged.passed,
            people: judged.people(),
            hits: judged.hits.iter().map(hit).collect(),
        }
    };
    judged.iter().map(gate).collect()
}

/// The approvals that are needed for the change between two sides, the base first.
pub fn reviewers(
    rules: &Sources,
    sides: [String; 2],
    required: &[Required<'_>],
    approved: &BTreeSet<String>,
) -> ReviewersOut {
    let required = approvals(rules, required, approved);
    let [base, head] = sides;
    let approved = required.iter().all(|needed| needed.approved_by.is_some());
    ReviewersOut { version: VERSION, base, head, required, approved }
}

/// Required approvals, and which of them are there.
pub(super) fn approvals(rules: &Sources, required: &[Required<'_>], approved: &BTreeSet<String>) -> Vec<RequiredOut> {
    let one = |needed: &Required<'_>| {
        let (file, line) = file_and_line(rules, Some(needed.place));
        let reviewers: Vec<String> = needed.approvers.iter().map(ToString::to_string).collect();
        RequiredOut {
            gained: needed.object.to_string(),
            approved_by: reviewers.iter().find(|name| approved.contains(*name)).cloned(),
            reviewers,
            file,
            line,
            reasons: needed.hits.iter().map(hit).collect(),
        }
    };
    required.iter().map(one).collect()
}

fn hit(hit: &Hit<'_>) -> HitOut {
    let (right, group) = match &hit.what {
        Hitting::Change(change) => (Some(change.right.to_string()), None),
        Hitting::Sum(sum) => (Some(sum.right.to_string()), None),
        Hitting::Group(group) => (None, Some(group.to_string())),
    };
    HitOut {
        company: hit.company.map(ToString::to_string),
        from: hit.from.map(|day| day.to_string()),
        right,
        group,
        users: hit.users.iter().map(ToString::to_string).collect(),
    }
}
