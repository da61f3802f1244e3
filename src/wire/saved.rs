//! A plan in a file: the plan as JSON, from what it was made, and a digest over all of it.
//!
//! Read back, it is compared as a whole; nothing of it is ever carried out.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::plan::Plan;

use super::VERSION;
use super::plan::PlanOut;

/// What makes such files, with its version.
pub const PROGRAM: &str = concat!("rightful ", env!("CARGO_PKG_VERSION"));

/// The key of the digest.
const DIGEST: &str = "digest";

/// `rightful plan -o FILE`
#[derive(Debug, Serialize, JsonSchema)]
pub struct SavedOut<'a> {
    /// The version of this format.
    pub version: u32,
    /// The program that made it; another version refuses it.
    pub program: String,
    /// The company; `null` if there is but one.
    pub company: Option<String>,
    /// The database, as people call it.
    pub database: String,
    /// What tells it from every other one; `null` if nothing was ever applied to it.
    pub database_id: Option<String>,
    /// The commit whose policy it is; `null` if it was read from files that are not committed.
    pub revision: Option<String>,
    /// Identifies the policy files and settings.
    pub policy: String,
    /// The day for which gains and losses were worked out.
    pub on: String,
    /// Whether drift stays.
    pub keep_drift: bool,
    /// Identifies what the database said.
    pub seen: String,
    /// The plan.
    pub plan: PlanOut<'a>,
    /// BLAKE3 over everything else.
    pub digest: String,
}

/// From what a plan was made.
#[derive(Debug, Clone)]
pub struct SavedFrom {
    /// The company, where there are several.
    pub company: Option<String>,
    /// The database, as people call it.
    pub database: String,
    /// What tells it from every other one; `None` if nothing was ever applied to it.
    pub database_id: Option<String>,
    /// The commit, if it is one.
    pub revision: Option<String>,
    /// Identifies the policy files and settings.
    pub policy: String,
    /// The day.
    pub on: String,
    /// Whether drift stays.
    pub keep_drift: bool,
}

/// A plan with its origin, sealed.
pub fn saved<'a>(from: SavedFrom, made: &Plan, plan: PlanOut<'a>) -> SavedOut<'a> {
    let SavedFrom { company, database, database_id, revision, policy, on, keep_drift } = from;
    let mut saved = SavedOut {
        version: VERSION,
        program: PROGRAM.to_owned(),
        company,
        database,
        database_id,
        revision,
        policy,
        on,
        keep_drift,
        seen: made.seen.to_string(),
        plan,
        digest: String::new(),
    };
    saved.digest = digest(&value(&saved));
    saved
}

/// What a file says about its plan.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// From what it was made.
    pub from: SavedFrom,
    /// Identifies what the database said.
    pub seen: String,
    all: Value,
}

impl SavedPlan {
    /// Whether the file says exactly this, and nothing else.
    pub fn is(&self, saved: &SavedOut<'_>) -> bool {
        self.all == value(saved)
    }

    /// The changes that this plan has and the file has not, and those that only the file has, as the page of a plan
    /// signs them.
    pub fn moved(&self, saved: &SavedOut<'_>) -> [Vec<String>; 2] {
        let (then, now) = (changes(&self.all), changes(&value(saved)));
        [now.difference(&then).cloned().collect(), then.difference(&now).cloned().collect()]
    }
}

fn changes(all: &Value) -> BTreeSet<String> {
    let changes = all.pointer("/plan/changes").and_then(Value::as_array);
    let told = |change: &Value| {
        let text = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
        let (kind, key, field) = (text("kind"), text("key"), text("field"));
        match change["action"].as_str() {
            Some("create") => format!("+ {kind} {key}"),
            Some("delete") => format!("- {kind} {key}"),
            _ => format!("~ {kind} {key}: {field} {} -> {}", change["before"], change["after"]),
        }
    };
    changes.into_iter().flatten().map(told).collect()
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no plan, or not all of one.
    NoPlan,
    /// Somebody edited it.
    Edited,
    /// Another version made it.
    OtherProgram(String),
}

/// Reads what a file says.
///
/// # Errors
/// If it is no plan, was edited, or was made by another version.
pub fn read_saved(bytes: &[u8]) -> Result<SavedPlan, Unreadable> {
    let all: Value = serde_json::from_slice(bytes).map_err(|_| Unreadable::NoPlan)?;
    let text = |key: &str| all.get(key).and_then(Value::as_str).map(str::to_owned);
    let (program, sealed) = (text("program").ok_or(Unreadable::NoPlan)?, text(DIGEST).ok_or(Unreadable::NoPlan)?);
    if sealed != digest(&all) {
        return Err(Unreadable::Edited);
    }
    if program != PROGRAM || all.get("version") != Some(&VERSION.into()) {
        return Err(Unreadable::OtherProgram(program));
    }
    let needed = |key: &str| text(key).ok_or(Unreadable::NoPlan);
    let from = SavedFrom {
        company: text("company"),
        database: needed("database")?,
        database_id: text("database_id"),
        revision: text("revision"),
        policy: needed("policy")?,
        on: needed("on")?,
        keep_drift: all.get("keep_drift").and_then(Value::as_bool).ok_or(Unreadable::NoPlan)?,
    };
    Ok(SavedPlan { from, seen: needed("seen")?, all })
}

fn value(saved: &SavedOut<'_>) -> Value {
    serde_json::to_value(saved).unwrap_or_default()
}

/// The digest of everything but the digest.
fn digest(all: &Value) -> String {
    let rest: serde_json::Map<String, Value> = match all {
        Value::Object(fields) => {
            fields.iter().filter(|(key, _)| *key != DIGEST).map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        _ => serde_json::Map::new(),
    };
    blake3::hash(Value::Object(rest).to_string().as_bytes()).to_string()
}
