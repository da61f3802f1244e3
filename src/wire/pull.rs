//! What a pull takes into the policy files.

use schemars::JsonSchema;
use serde::Serialize;

use crate::language::{Language, Text};
use crate::name::Name;
use crate::pull::{File, Left, Taking};
use crate::state::Said;

use super::VERSION;
use super::repair::HunkOut;

/// Something that was done in the database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TakenOut {
    /// What kind of thing.
    pub kind: &'static str,
    /// Which one.
    pub key: String,
    /// Which field; `null` for the whole.
    pub field: Option<&'static str>,
    /// What the policy said; `null` if it did not know it.
    pub policy: serde_json::Value,
    /// What the database says; `null` if it is gone there.
    pub database: serde_json::Value,
}

/// Something that the policy does not take.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// What kind of thing.
    pub kind: &'static str,
    /// Which one.
    pub key: String,
    /// Which field; `null` for the whole.
    pub field: Option<&'static str>,
    /// Why not.
    pub why: String,
}

/// `rightful pull --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct PullOut {
    /// The version of this format.
    pub version: u32,
    /// The company; `null` if there is but one.
    pub company: Option<String>,
    /// Whether the files were written.
    pub written: bool,
    /// What was taken; with `--from-database` everything, which is not listed.
    pub taken: Vec<TakenOut>,
    /// What was not.
    pub left: Vec<LeftOut>,
    /// What both sides changed; the policy wins.
    pub conflicts: Vec<TakenOut>,
    /// The files that change or are new.
    pub files: Vec<String>,
    /// What changes in them.
    pub changes: Vec<HunkOut>,
    /// Errors that `check` finds afterwards and did not find before.
    pub errors: Vec<String>,
    /// Other companies that read the files, and change with them.
    pub also: Vec<String>,
}

/// What a pull takes.
pub fn pull(
    company: Option<&Name>,
    taking: &Taking,
    files: &[File],
    written: bool,
    errors: &[Text],
    also: &[Text],
    language: Language,
) -> PullOut {
    let said = |said: &Option<Said>| Said::json_of(said.as_ref());
    let out = |key: &crate::state::Key, field, policy: &Option<Said>, database: &Option<Said>| TakenOut {
        kind: key.kind().as_str(),
        key: key.to_string(),
        field,
        policy: said(policy),
        database: said(database),
    };
    let left = |left: &Left| LeftOut {
        kind: left.key.kind().as_str(),
        key: left.key.to_string(),
        field: left.field,
        why: left.why.text().to(language),
    };
    let hunks = files.iter().flat_map(|file| {
        file.hunks.iter().map(|hunk| HunkOut {
            file: file.path.clone(),
            line: hunk.line,
            removed: hunk.removed.clone(),
            added: hunk.added.clone(),
        })
    });
    PullOut {
        version: VERSION,
        company: company.map(ToString::to_string),
        written,
        // The plan tells the way of the database to the policy, a pull goes the other one.
        taken: taking.taken.iter().map(|one| out(&one.key, one.field, &one.after, &one.before)).collect(),
        left: taking.left.iter().map(left).collect(),
        conflicts: taking.conflicts.iter().map(|one| out(&one.key, one.field, &one.policy, &one.database)).collect(),
        files: files.iter().map(|file| file.path.clone()).collect(),
        changes: hunks.collect(),
        errors: errors.iter().map(|error| error.to(language)).collect(),
        also: also.iter().map(|name| name.to(language)).collect(),
    }
}
