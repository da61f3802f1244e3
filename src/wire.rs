//! The JSON of every command: what machines read. Versioned; keys are added, never changed.
//!
//! Serde and schemars stand here, so that the core need not know them. Values are mapped, not derived.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Diagnostic;
use crate::diff;
use crate::model::key::TargetKey;
use crate::model::{Policy, RuleId, Single, Subject};
use crate::name::{Name, RightName};
use crate::plan::{self, Plan};
use crate::question::{Answer, Held, Question};
use crate::resolve::{InForce, Proven};
use crate::syntax::fields::is_forbidden;
use crate::target::Receipt;
use crate::text::{Place, Sources};

/// The version of the output format.
const VERSION: u32 = 1;

/// A place in a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceOut {
    /// Path relative to the root.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters.
    pub length: usize,
    /// What is to be seen there; may be empty.
    pub label: String,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingOut {
    /// Which kind of finding.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The fact.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// Where, the most important place first.
    pub places: Vec<PlaceOut>,
}

/// How many expectations hold.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ExpectationsOut {
    /// Those that hold.
    pub passed: usize,
    /// Those that do not.
    pub failed: usize,
}

/// `rightful check --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckOut {
    /// The version of this format.
    pub version: u32,
    /// All findings.
    pub findings: Vec<FindingOut>,
    /// The expectations.
    pub expectations: ExpectationsOut,
}

/// What was asked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuestionOut {
    /// The user.
    pub user: String,
    /// The right as asked.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The day for which it was answered.
    pub on: String,
}

/// A rule of a proof.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleOut {
    /// On whom it is written: `user:NAME`, `group:NAME` or `role:NAME`.
    pub subject: String,
    /// `allow` or `deny`.
    pub effect: &'static str,
    /// The right.
    pub right: String,
    /// Over whom or what, as the rule says it.
    pub target: Option<String>,
    /// The file that has it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The reason that is written with it.
    pub because: Option<String>,
    /// From the user to the subject of the rule.
    pub path: Vec<String>,
}

/// `rightful why QUESTION --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyOut {
    /// The version of this format.
    pub version: u32,
    /// What was asked.
    pub question: QuestionOut,
    /// The answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
    /// Of several targets those that are refused.
    pub refused: Vec<String>,
    /// All rules of the deciding step with the deciding effect.
    pub rules: Vec<RuleOut>,
    /// All others in force with the opposite effect.
    pub overruled: Vec<RuleOut>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// `rightful can QUESTION --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct CanOut {
    /// The version of this format.
    pub version: u32,
    /// The answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
}

/// One answer of many.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldOut {
    /// The right.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
}

/// `rightful what SUBJECT --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhatOut {
    /// The version of this format.
    pub version: u32,
    /// The subject: `user:NAME`, `group:NAME` or `role:NAME`.
    pub subject: String,
    /// Every right, over every single target.
    pub rights: Vec<HeldOut>,
}

/// One cell of the matrix.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RowOut {
    /// The user.
    pub user: String,
    /// The right.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
}

/// `rightful matrix --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct MatrixOut {
    /// The version of this format.
    pub version: u32,
    /// Users by rights.
    pub rows: Vec<RowOut>,
}

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

/// `rightful plan --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanOut {
    /// The version of this format.
    pub version: u32,
    /// The company; `null` if there is but one.
    pub company: Option<String>,
    /// What would be written.
    pub changes: Vec<ChangeOut>,
    /// What both sides changed.
    pub conflicts: Vec<ConflictOut>,
    /// What people gain.
    pub gains: Vec<EffectOut>,
    /// What people lose.
    pub losses: Vec<EffectOut>,
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
}

/// A right of the catalogue or of the policy.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RightOut {
    /// Its name.
    pub right: String,
    /// Its label in each language.
    pub name: std::collections::BTreeMap<String, String>,
    /// What it means.
    pub meaning: Option<String>,
    /// What it is over: `people`, `modules` or `attachments`; `null` for plain rights.
    pub of: Option<&'static str>,
    /// Whether one's own data is always allowed.
    pub own_data_allowed: bool,
    /// Whether the catalogue brings it.
    pub builtin: bool,
}

/// `rightful rights --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct RightsOut {
    /// The version of this format.
    pub version: u32,
    /// All rights, by name.
    pub rights: Vec<RightOut>,
}

/// The schemas of all outputs, by the name of the command.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("apply", schemars::schema_for!(ApplyOut)),
        ("can", schemars::schema_for!(CanOut)),
        ("check", schemars::schema_for!(CheckOut)),
        ("matrix", schemars::schema_for!(MatrixOut)),
        ("plan", schemars::schema_for!(PlanOut)),
        ("rights", schemars::schema_for!(RightsOut)),
        ("what", schemars::schema_for!(WhatOut)),
        ("why", schemars::schema_for!(WhyOut)),
    ]
}

/// An output as text, one line feed at its end. Characters that a terminal would obey are escaped, which JSON allows
/// in the only place where they can stand, inside of strings.
pub fn to_text<T: Serialize>(output: &T) -> String {
    let json = serde_json::to_string_pretty(output).unwrap_or_else(|error| format!("\"{error}\""));
    let mut text = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if is_forbidden(c) {
            let mut units = [0; 2];
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text.push('\n');
    text
}

fn file_and_line(sources: &Sources, place: Option<Place>) -> (Option<String>, Option<usize>) {
    let Some(place) = place else { return (None, None) };
    let file = sources.file(place.file);
    (Some(file.path().to_owned()), Some(file.position(place.span.start).line))
}

/// The findings of a check.
pub fn check(sources: &Sources, findings: &[Diagnostic]) -> CheckOut {
    let place = |label: &crate::diag::Label| {
        let file = sources.file(label.place.file);
        let position = file.position(label.place.span.start);
        PlaceOut {
            file: file.path().to_owned(),
            line: position.line,
            column: position.column,
            length: file.slice(label.place.span).chars().count(),
            label: label.text.clone(),
        }
    };
    let finding = |finding: &Diagnostic| FindingOut {
        code: finding.code.as_str(),
        severity: finding.severity.as_str(),
        message: finding.message.clone(),
        help: finding.help.clone(),
        places: finding.labels.iter().map(place).collect(),
    };
    let findings = findings.iter().map(finding).collect();
    CheckOut { version: VERSION, findings, expectations: ExpectationsOut::default() }
}

fn single(policy: &Policy, target: Option<Single>) -> Option<String> {
    target.map(|target| policy.target_key(target.into()).to_string())
}

/// An answer with its proof.
pub fn why(
    in_force: &InForce<'_>,
    sources: &Sources,
    question: &Question,
    answer: &Answer,
    notes: Vec<String>,
) -> WhyOut {
    let policy = in_force.policy;
    let proof = answer.proof(in_force);
    let rules =
        |proven: &[Proven]| proven.iter().map(|proven| rule(in_force, sources, question, proven)).collect::<Vec<_>>();
    let several = question.rights.len() > 1;
    let refused = answer.refused().filter_map(|request| {
        let right = policy.rights.key(request.right);
        match single(policy, request.target) {
            Some(target) if several => Some(format!("{right} of {target}")),
            Some(target) => Some(target),
            None => several.then(|| right.to_string()),
        }
    });
    WhyOut {
        version: VERSION,
        question: QuestionOut {
            user: policy.users.key(question.user).to_string(),
            right: question.right.clone(),
            target: question.target.map(|target| policy.target_key(target).to_string()),
            on: in_force.on.to_string(),
        },
        allowed: answer.allowed,
        step: answer.step.as_str(),
        refused: refused.collect(),
        rules: proof.as_ref().map(|proof| rules(&proof.rules)).unwrap_or_default(),
        overruled: proof.as_ref().map(|proof| rules(&proof.overruled)).unwrap_or_default(),
        notes,
    }
}

fn rule(in_force: &InForce<'_>, sources: &Sources, question: &Question, proven: &Proven) -> RuleOut {
    let policy = in_force.policy;
    let id: RuleId = proven.rule;
    let rule = policy.rule(id);
    let (file, line) = file_and_line(sources, rule.place);
    let along = in_force.subjects_along(question.user, &proven.path);
    RuleOut {
        subject: policy.subject_key(rule.subject).to_string(),
        effect: rule.effect.as_str(),
        right: policy.rights.key(rule.right).to_string(),
        target: rule.target.map(|target| policy.target_key(target).to_string()),
        file,
        line,
        because: rule.because.as_deref().map(str::to_owned),
        path: along.into_iter().map(|subject| policy.subject_key(subject).to_string()).collect(),
    }
}

/// An answer alone.
pub fn can(answer: &Answer) -> CanOut {
    CanOut { version: VERSION, allowed: answer.allowed, step: answer.step.as_str() }
}

/// Everything that a subject can do.
pub fn what(policy: &Policy, subject: Subject, held: &[Held]) -> WhatOut {
    let row = |held: &Held| HeldOut {
        right: policy.rights.key(held.right).to_string(),
        target: single(policy, held.target),
        allowed: held.decision.allowed,
        step: held.decision.step.as_str(),
    };
    let subject = policy.subject_key(subject).to_string();
    WhatOut { version: VERSION, subject, rights: held.iter().map(row).collect() }
}

/// Users by rights.
pub fn matrix(policy: &Policy, rows: &[(crate::model::UserId, Vec<Held>)]) -> MatrixOut {
    let rows = rows.iter().flat_map(|(user, held)| {
        held.iter().map(|held| RowOut {
            user: policy.users.key(*user).to_string(),
            right: policy.rights.key(held.right).to_string(),
            target: single(policy, held.target),
            allowed: held.decision.allowed,
            step: held.decision.step.as_str(),
        })
    });
    MatrixOut { version: VERSION, rows: rows.collect() }
}

/// A plan.
pub fn plan(sources: &Sources, plan: &Plan) -> PlanOut {
    let said = |said: &Option<plan::Said>| said.as_ref().map_or(serde_json::Value::Null, plan::Said::to_json);
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
        company: None,
        changes: plan.changes.iter().map(change).collect(),
        conflicts: plan.conflicts.iter().map(conflict).collect(),
        gains: effects(sources, &plan.effective.gains),
        losses: effects(sources, &plan.effective.losses),
        fingerprint: plan.fingerprint.to_string(),
    }
}

/// Every single answer that changed, by user, right and target.
fn effects(sources: &Sources, changes: &[diff::Change]) -> Vec<EffectOut> {
    let mut singles: Vec<_> = changes
        .iter()
        .flat_map(|change| change.singles().map(move |(user, target)| (user, &change.right, target, change)))
        .collect();
    singles.sort_by_key(|(user, right, target, _)| (*user, *right, *target));
    let effect = |(user, right, target, change): (&Name, &RightName, Option<&TargetKey>, &diff::Change)| {
        let (file, line) = file_and_line(sources, change.rule);
        EffectOut {
            user: user.to_string(),
            right: right.to_string(),
            target: target.map(ToString::to_string),
            step: change.step.as_str(),
            file,
            line,
        }
    };
    singles.into_iter().map(effect).collect()
}

/// The outcome of an apply.
pub fn apply(receipt: &Receipt) -> ApplyOut {
    ApplyOut { version: VERSION, applied: receipt.applied, run: receipt.run }
}

/// The catalogue and the organisation's own rights.
pub fn rights(policy: &Policy) -> RightsOut {
    let right = |(_, name, right): (_, &RightName, &crate::model::Right)| RightOut {
        right: name.to_string(),
        name: right.labels.iter().map(|(language, label)| (language.to_string(), label.to_string())).collect(),
        meaning: right.meaning.as_deref().map(str::to_owned),
        of: right.scope.map(crate::model::Scope::as_str),
        own_data_allowed: right.own_data_allowed,
        builtin: right.builtin,
    };
    RightsOut { version: VERSION, rights: policy.rights.iter().map(right).collect() }
}
