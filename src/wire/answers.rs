//! Answers to questions: `why`, `can`, `what`, `matrix`, `rights`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::history::Origins;
use crate::language::{Language, Text};
use crate::model::roles::{Predefined, predefined};
use crate::model::{Membership, Policy, RuleId, Subject};
use crate::name::{Name, RightName};
use crate::question::{Answer, Holding, Question};
use crate::resolve::{InForce, Proven};
use crate::text::Sources;

use super::log::{CommitOut, commit};
use super::{MissingOut, RepairOut, VERSION, file_and_line, single};

/// What was asked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuestionOut {
    /// The user's bare name; a group with its prefix, `group:NAME` or `role:NAME`.
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
    /// The newest commit of its lines; `null` if they are not committed yet. Only with `--blame`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Option<CommitOut>>,
    /// The memberships along the path. Only with `--blame`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memberships: Option<Vec<MembershipOut>>,
}

/// A membership of a path.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MembershipOut {
    /// Into which group or role: `group:NAME` or `role:NAME`.
    pub group: String,
    /// The file that has it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The newest commit of its lines; `null` if they are not committed yet.
    pub since: Option<CommitOut>,
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
    /// For a no: what is missing, a group or a period.
    pub missing: Vec<MissingOut>,
    /// The smallest edits that would turn the answer, the best of each kind.
    pub repairs: Vec<RepairOut>,
    /// Of a group the members whose own answer is another; `null` for a user.
    pub members: Option<Vec<super::MemberOut>>,
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
    /// The file that has the deciding rule; `null` where no rule decided.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
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
    /// The predefined roles for online access, by name.
    pub roles: Vec<RoleOut>,
}

/// A role that no policy changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RoleOut {
    /// Its name.
    pub role: String,
    /// What it is called, by language.
    pub name: std::collections::BTreeMap<String, String>,
    /// What it allows.
    pub allow: Vec<String>,
}

/// An answer with its proof, and with the commits that brought it if they were asked for.
pub fn why(
    in_force: &InForce<'_>,
    sources: &Sources,
    question: &Question,
    answer: &Answer,
    notes: &[Text],
    origins: Option<&Origins>,
    language: Language,
) -> WhyOut {
    let policy = in_force.policy;
    let proof = answer.proof(in_force);
    let rules = |proven: &[Proven]| {
        proven.iter().map(|proven| rule(in_force, sources, question, proven, origins)).collect::<Vec<_>>()
    };
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
            user: asker(policy, question.subject),
            right: question.right.clone(),
            target: question.target.map(|target| policy.target_key(target).to_string()),
            on: in_force.on.to_string(),
        },
        allowed: answer.allowed,
        step: answer.step.as_str(),
        refused: refused.collect(),
        rules: proof.as_ref().map(|proof| rules(&proof.rules)).unwrap_or_default(),
        overruled: proof.as_ref().map(|proof| rules(&proof.overruled)).unwrap_or_default(),
        notes: notes.iter().map(|note| note.to(language)).collect(),
        missing: Vec::new(),
        repairs: Vec::new(),
        members: None,
    }
}

fn asker(policy: &Policy, subject: Subject) -> String {
    match subject {
        Subject::User(user) => policy.users.key(user).to_string(),
        Subject::Group(group) => policy.group_subject(group).to_string(),
    }
}

fn rule(
    in_force: &InForce<'_>,
    sources: &Sources,
    question: &Question,
    proven: &Proven,
    origins: Option<&Origins>,
) -> RuleOut {
    let policy = in_force.policy;
    let id: RuleId = proven.rule;
    let rule = policy.rule(id);
    let (file, line) = file_and_line(sources, rule.place);
    let along = in_force.subjects_along(question.subject, &proven.path);
    let membership = |origins: &Origins, id| {
        let membership: &Membership = policy.membership(id);
        let (file, line) = file_and_line(sources, membership.place);
        let group = policy.group_subject(membership.group).to_string();
        MembershipOut { group, file, line, since: origins.of(membership.place).map(commit) }
    };
    RuleOut {
        subject: policy.subject_key(rule.subject).to_string(),
        effect: rule.effect.as_str(),
        right: policy.rights.key(rule.right).to_string(),
        target: rule.target.map(|target| policy.target_key(target).to_string()),
        file,
        line,
        because: rule.because.as_deref().map(str::to_owned),
        path: along.into_iter().map(|subject| policy.subject_key(subject).to_string()).collect(),
        since: origins.map(|origins| origins.of(rule.place).map(commit)),
        memberships: origins.map(|origins| proven.path.iter().map(|id| membership(origins, *id)).collect()),
    }
}

/// An answer alone.
pub fn can(answer: &Answer) -> CanOut {
    CanOut { version: VERSION, allowed: answer.allowed, step: answer.step.as_str() }
}

/// Everything that a subject can do.
pub fn what(policy: &Policy, sources: &Sources, subject: Subject, all: &[Holding]) -> WhatOut {
    let rows = all.iter().flat_map(|holding| {
        let right = policy.rights.key(holding.right);
        holding.singles(policy).map(move |(target, origin)| {
            let place = origin.rule.as_ref().and_then(|proven| policy.rule(proven.rule).place);
            let (file, line) = file_and_line(sources, place);
            let (allowed, step) = (origin.allowed, origin.step.as_str());
            HeldOut { right: right.to_string(), target: single(policy, target), allowed, step, file, line }
        })
    });
    let subject = policy.subject_key(subject).to_string();
    WhatOut { version: VERSION, subject, rights: rows.collect() }
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
    let role = |(name, role): (&Name, &Predefined)| RoleOut {
        role: name.to_string(),
        name: role.labels.iter().map(|(language, label)| (language.to_string(), label.to_string())).collect(),
        allow: role.allow.iter().map(ToString::to_string).collect(),
    };
    let roles = predefined().iter().map(role).collect();
    RightsOut { version: VERSION, rights: policy.rights.iter().map(right).collect(), roles }
}
