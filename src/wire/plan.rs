//! Plans, and what became of an apply.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::diff;
use crate::name::Name;
use crate::online::Settled;
use crate::plan::{self, Plan};
use crate::state::Said;
use crate::target::Receipt;
use crate::text::Sources;

use super::singles::{SingleOf, collect, singles};
use super::sums::SumOut;
use super::{GuardOut, LimitsOut, VERSION, file_and_line};

/// One difference between the policy and the database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeOut {
    /// `create`, `update` or `delete`.
    pub action: &'static str,
    /// What kind of thing.
    pub kind: &'static str,
    /// Which one.
    pub key: String,
    /// Which field of it, for an update.
    pub field: Option<&'static str>,
    /// What the database says.
    pub before: serde_json::Value,
    /// What it will say.
    pub after: serde_json::Value,
    /// `policy`, `drift` or `conflict`.
    pub origin: &'static str,
}

/// What the policy and the database both changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConflictOut {
    /// What kind of thing.
    pub kind: &'static str,
    /// Which one.
    pub key: String,
    /// Which field; `null` for the whole.
    pub field: Option<&'static str>,
    /// What the last apply wrote.
    pub base: serde_json::Value,
    /// What the policy wants; this wins.
    pub policy: serde_json::Value,
    /// What the database says.
    pub database: serde_json::Value,
}

/// A rename that the policy asks for and that cannot be done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnrenamedOut {
    /// The old name, under which the account is in use.
    pub from: String,
    /// The new name.
    pub to: String,
    /// What is in the way: `taken` if an account has the new name already, `declared` if the policy still has the old one.
    pub obstacle: &'static str,
}

/// A right that somebody gains or loses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EffectOut {
    /// The user.
    pub user: String,
    /// The right.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The step that decides afterwards.
    pub step: &'static str,
    /// The file of the rule.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
}

/// Every single answer that changed, by user, right and target, put into words one at a time.
#[derive(Debug, Clone, Copy)]
pub struct Effects<'a> {
    sources: &'a Sources,
    changes: &'a [diff::Change],
}

impl<'a> Effects<'a> {
    pub(super) fn new(sources: &'a Sources, changes: &'a [diff::Change]) -> Self {
        Self { sources, changes }
    }

    fn effect(&self, single: &SingleOf<'_, ()>) -> EffectOut {
        let SingleOf { user, target, change, .. } = single;
        let (file, line) = file_and_line(self.sources, change.rule().and_then(|rule| rule.place));
        EffectOut {
            user: user.to_string(),
            right: change.right.to_string(),
            target: target.map(ToString::to_string),
            step: change.step().as_str(),
            file,
            line,
        }
    }
}

impl Serialize for Effects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = singles(self.changes.iter().map(|change| (change, ())));
        collect(serializer, all.map(|single| self.effect(&single)))
    }
}

/// A row of the database that gives access.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GrantOut {
    /// `superuser`, `member`, `access` or `rule`.
    pub kind: &'static str,
    /// Which one; of a superuser the user.
    pub key: String,
}

/// The rows of the database that give access, by what stands behind them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GrantsOut {
    /// How many say what the policy says.
    pub declared: usize,
    /// Those that the policy has, with something else in them.
    pub drifted: Vec<GrantOut>,
    /// Those that say what the policy says, and whose period is over.
    pub expired: Vec<GrantOut>,
    /// Those that neither the policy nor the last apply knows.
    pub rogue: Vec<GrantOut>,
    /// Those that the last apply wrote and the policy has no more.
    pub orphan: Vec<GrantOut>,
}

/// What becomes of online access with a plan.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct PlanOnlineOut {
    /// Who will be invited.
    pub invited: Vec<String>,
    /// Who will be able to work online again.
    pub reopened: Vec<String>,
    /// Who will no longer be able to.
    pub ended: Vec<String>,
    /// Why apply will refuse the plan; `null` if it will not for this.
    pub refused: Option<String>,
}

/// `rightful plan --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanOut<'a> {
    /// The version of this format.
    pub version: u32,
    /// The company; `null` if there is but one.
    pub company: Option<String>,
    /// What would be written.
    pub changes: Vec<ChangeOut>,
    /// What both sides changed.
    pub conflicts: Vec<ConflictOut>,
    /// What somebody changed in the database and stays so, each as the change that would take it back.
    pub kept: Vec<ChangeOut>,
    /// Accounts that shall get another name and cannot, each as long as it is in use.
    pub unrenamed: Vec<UnrenamedOut>,
    /// The rows of the database that give access, before the plan is applied.
    pub grants: GrantsOut,
    /// What people gain.
    #[schemars(with = "Vec<EffectOut>")]
    pub gains: Effects<'a>,
    /// What people lose.
    #[schemars(with = "Vec<EffectOut>")]
    pub losses: Effects<'a>,
    /// What people gain who are new, and lose who are gone, where these are more than a million answers: then they are not
    /// among `gains` and `losses`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub sums: Vec<SumOut<'a>>,
    /// The guards that keep `apply` from doing it, unless each is overridden by its name. A plan in a file has none:
    /// what trips depends on who applies it, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guards: Option<Vec<GuardOut>>,
    /// What becomes of online access. A plan in a file has none: that is settled when it is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<PlanOnlineOut>,
    /// What the CRM cannot say of the policy, if its database is one of a CRM. A plan in a file has none: it depends on the
    /// day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crm: Option<LimitsOut>,
    /// Whether the database remembers something else of the last apply than its record says. Then nobody can tell whose
    /// change a difference is.
    pub last_applied_altered: bool,
    /// Identifies the plan.
    pub fingerprint: String,
}

/// `rightful apply --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApplyOut {
    /// The version of this format.
    pub version: u32,
    /// How many changes were written.
    pub applied: usize,
    /// The number of the run; `null` if there was nothing to write.
    pub run: Option<i64>,
    /// The head of the audit after it: the hash of the last entry; `null` if there was nothing to write.
    pub head: Option<String>,
    /// The guards that were put aside for this run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub overrides: Vec<GuardOut>,
}

/// A plan.
pub fn plan<'a>(sources: &'a Sources, plan: &'a Plan, company: Option<&Name>) -> PlanOut<'a> {
    let said = |said: &Option<Said>| Said::json_of(said.as_ref());
    let change = |change: &plan::Change| ChangeOut {
        action: change.action.as_str(),
        kind: change.key.kind().as_str(),
        key: change.key.to_string(),
        field: change.field,
        before: said(&change.before),
        after: said(&change.after),
        origin: change.origin.as_str(),
    };
    let conflict = |conflict: &plan::Conflict| ConflictOut {
        kind: conflict.key.kind().as_str(),
        key: conflict.key.to_string(),
        field: conflict.field,
        base: said(&conflict.base),
        policy: said(&conflict.policy),
        database: said(&conflict.database),
    };
    PlanOut {
        version: VERSION,
        company: company.map(ToString::to_string),
        changes: plan.changes.iter().map(change).collect(),
        conflicts: plan.conflicts.iter().map(conflict).collect(),
        kept: plan.kept.iter().map(change).collect(),
        unrenamed: plan.unrenamed.iter().map(unrenamed).collect(),
        grants: grants(&plan.grants),
        gains: Effects::new(sources, &plan.effective.gains),
        losses: Effects::new(sources, &plan.effective.losses),
        sums: plan.effective.sums.iter().map(|sum| SumOut::new(None, sum)).collect(),
        guards: None,
        online: None,
        crm: None,
        last_applied_altered: plan.is_forged,
        fingerprint: plan.fingerprint.to_string(),
    }
}

fn unrenamed(one: &plan::Unrenamed) -> UnrenamedOut {
    UnrenamedOut { from: one.from.to_string(), to: one.to.to_string(), obstacle: one.obstacle.as_str() }
}

fn grants(grants: &plan::Grants) -> GrantsOut {
    let rows = |grants: &[plan::Grant]| -> Vec<GrantOut> {
        grants.iter().map(|grant| GrantOut { kind: grant.kind(), key: grant.key.to_string() }).collect()
    };
    GrantsOut {
        declared: grants.declared,
        drifted: rows(&grants.drifted),
        expired: rows(&grants.expired),
        rogue: rows(&grants.rogue),
        orphan: rows(&grants.orphan),
    }
}

/// The outcome of an apply.
pub fn apply(receipt: &Receipt) -> ApplyOut {
    ApplyOut {
        version: VERSION,
        applied: receipt.applied,
        run: receipt.end.as_ref().map(|end| end.run),
        head: receipt.end.as_ref().map(|end| end.head.clone()),
        overrides: Vec::new(),
    }
}

/// What becomes of online access with a plan, or why apply will refuse it.
pub fn plan_online(settled: Result<&Settled, String>) -> PlanOnlineOut {
    let names = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    match settled {
        Ok(settled) => PlanOnlineOut {
            invited: names(&settled.invited),
            reopened: names(&settled.reopened),
            ended: names(&settled.ended),
            refused: None,
        },
        Err(why) => PlanOnlineOut { refused: Some(why), ..PlanOnlineOut::default() },
    }
}
