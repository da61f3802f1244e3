//! Everyone who can do something: `who`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::language::{Language, Text};
use crate::model::Subject;
use crate::question::{Demand, Holder};
use crate::resolve::InForce;
use crate::text::Sources;

use super::reason::reason;
use super::{ReasonOut, VERSION};

/// A right that was asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DemandOut {
    /// The right as asked.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
}

/// Why somebody has one of the rights.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HolderReasonOut {
    /// The right as asked.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The step that decided.
    pub step: &'static str,
    /// From the user to the subject of the deciding rule.
    pub path: Vec<String>,
    /// The file that has the deciding rule; `null` where no rule decided.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Somebody who can.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HolderOut {
    /// The user.
    pub user: String,
    /// The step that decided about the first right.
    pub step: &'static str,
    /// From the user to the subject of the rule that decided about the first right.
    pub path: Vec<String>,
    /// The file that has that rule; `null` where no rule decided.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The reasons for all rights, in the order in which they were asked for.
    pub reasons: Vec<HolderReasonOut>,
}

/// `rightful who RIGHT --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhoOut {
    /// The version of this format.
    pub version: u32,
    /// What was asked for, all of it.
    pub rights: Vec<DemandOut>,
    /// The day for which it was answered.
    pub on: String,
    /// Everyone who can, in order of names.
    pub holders: Vec<HolderOut>,
    /// How many can.
    pub count: usize,
    /// How many users there are, inactive ones too.
    pub users: usize,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// Everyone who can, with reasons.
pub fn who(
    in_force: &InForce<'_>,
    sources: &Sources,
    demands: &[Demand],
    holders: &[Holder],
    notes: &[Text],
    language: Language,
) -> WhoOut {
    let policy = in_force.policy;
    let demand = |demand: &Demand| DemandOut {
        right: demand.right.clone(),
        target: demand.meant.target.map(|target| policy.target_key(target).to_string()),
    };
    let rights: Vec<DemandOut> = demands.iter().map(demand).collect();
    let holder = |holder: &Holder| {
        let spelled = holder.reasons.iter().map(|of| reason(in_force, sources, Subject::User(holder.user), of));
        let reasons: Vec<HolderReasonOut> =
            spelled.zip(&rights).map(|(reason, demand)| because(reason, demand)).collect();
        let first = holder.reasons.first().map(|of| reason(in_force, sources, Subject::User(holder.user), of));
        let ReasonOut { step, path, file, line } = first?;
        Some(HolderOut { user: policy.users.key(holder.user).to_string(), step, path, file, line, reasons })
    };
    WhoOut {
        version: VERSION,
        on: in_force.on.to_string(),
        holders: holders.iter().filter_map(holder).collect(),
        count: holders.len(),
        users: policy.users.len(),
        notes: notes.iter().map(|note| note.to(language)).collect(),
        rights,
    }
}

fn because(reason: ReasonOut, demand: &DemandOut) -> HolderReasonOut {
    let ReasonOut { step, path, file, line } = reason;
    HolderReasonOut { right: demand.right.clone(), target: demand.target.clone(), step, path, file, line }
}
