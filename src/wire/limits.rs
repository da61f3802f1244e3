//! What of a policy a CRM cannot say.

use schemars::JsonSchema;
use serde::Serialize;

use crate::language::Language;
use crate::name::Name;
use crate::target::{Concerned, Limit, Limits};

/// A right or module that the CRM has no place for, or only something near to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LimitOut {
    /// The right, with the module where it is about one.
    pub right: String,
    /// Why, in English; `null` if nobody wrote it down.
    pub why: Option<String>,
    /// Whether these have the right: then the CRM does not give it to them, else it does not keep it from them.
    pub held: bool,
    /// Whom it concerns.
    pub users: Vec<String>,
}

/// A team of the CRM.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TeamOut {
    /// The team.
    pub team: String,
    /// Its members.
    pub users: Vec<String>,
}

/// What of a policy a CRM cannot say.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LimitsOut {
    /// The CRM.
    pub name: String,
    /// What it has no place for.
    pub nowhere: Vec<LimitOut>,
    /// What it has something near to.
    pub nearly: Vec<LimitOut>,
    /// Users without an account there.
    pub missing: Vec<String>,
    /// Users who may everything there, whatever the policy says.
    pub unruled: Vec<String>,
    /// Users who may everything there and are no superusers in the policy: `apply` refuses that.
    pub undeclared: Vec<String>,
    /// Accounts that may everything there, and that the policy does not know.
    pub strangers: Vec<String>,
    /// Teams with their members, for whom the team's records count as their own.
    pub teams: Vec<TeamOut>,
    /// The day on which it must be applied again, `YYYY-MM-DD`, since the CRM knows no dates; `null` if no rule or
    /// membership begins or ends that it is about.
    pub until: Option<String>,
}

/// What of a policy a CRM cannot say.
pub fn limits(limits: &Limits) -> LimitsOut {
    let names = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    let all = |limits: &[Limit]| {
        let out = |limit: &Limit| LimitOut {
            right: limit.what.clone(),
            why: (!limit.why.is_empty()).then(|| limit.why.to(Language::English)),
            held: limit.concerns == Concerned::Holders,
            users: names(&limit.people),
        };
        limits.iter().map(out).collect::<Vec<LimitOut>>()
    };
    LimitsOut {
        name: limits.crm.clone(),
        nowhere: all(&limits.nowhere),
        nearly: all(&limits.nearly),
        missing: names(&limits.missing),
        unruled: names(&limits.unruled),
        undeclared: names(&limits.undeclared),
        strangers: names(&limits.strangers),
        teams: limits
            .teams
            .iter()
            .map(|(team, people)| TeamOut { team: team.to_string(), users: names(people) })
            .collect(),
        until: limits.until.map(|day| day.to_string()),
    }
}
