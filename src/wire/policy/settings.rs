//! The settings file `rightful.yaml`.
//!
//! Describes; the comments of the fields are what editors show. The fields are those of `syntax/settings.rs`.

#![expect(dead_code, reason = "these types describe what files hold; their values are never made")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::diag::{Code, Level};

use super::rule::RightWords;
use super::value::{Declarations, List, Name, values};
use super::{may_be_empty, patterns};

/// The settings of a policy repository. Everything has a sound default, and the file itself may be left out.
#[derive(JsonSchema)]
#[schemars(title = "Rightful settings", deny_unknown_fields, transform = may_be_empty)]
pub struct Settings {
    /// The version of the policy language.
    version: Version,
    /// The language of labels and messages.
    #[schemars(extend("default" = "en"))]
    language: Language,
    /// Several companies, each with a database of its own; leave out for one.
    companies: Declarations<Name, Company>,
    /// Rights that every review points out.
    sensitive: List<RightWords>,
    /// What a plan may not go past unless it is confirmed.
    guards: Guards,
    /// The levels of findings that shall differ from their own.
    lints: Lints,
}

values! {
    /// The version of the policy language.
    Version: { "title": "Version", "enum": [1, "1"], "default": 1 }
    /// A folder of policies.
    Folder: {
        "title": "Folder",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::folder(),
        "patternErrorMessage": "A folder is a path from here that stays below this file, such as `policies/nordwind`.",
        "minimum": 0,
        "examples": ["policies/common"],
    }
    /// A database.
    Database: {
        "title": "Database",
        "type": "string",
        "pattern": patterns::database(),
        "patternErrorMessage": "A database is `sqlite:PATH` below this file, `postgres://...`, or `env:NAME` with \
            a variable named `RIGHTFUL_*` or `*_DATABASE_URL`.",
        "examples": ["sqlite:crm.db", "env:CRM_DATABASE_URL"],
    }
    /// How much is too much.
    Limit: {
        "title": "Limit",
        "type": ["string", "integer"],
        "pattern": patterns::limit(),
        "patternErrorMessage": "A limit is a share, such as `10%`, or a number, such as `5`.",
        "minimum": 0,
        "maximum": u32::MAX,
        "examples": ["10%", 5],
    }
}

/// The language of labels and messages.
#[derive(JsonSchema)]
#[schemars(title = "Language", rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
    /// Norwegian (bokmål).
    Nb,
    /// Dutch.
    Nl,
}

/// A company with a database of its own.
#[derive(JsonSchema)]
#[schemars(title = "Company", deny_unknown_fields, extend("required" = ["policies"]))]
struct Company {
    /// The folders of its policies, below this file. Companies may share folders.
    policies: List<Folder>,
    /// Its database: `sqlite:PATH`, `postgres://...`, or `env:NAME` for a URL in a variable. Passwords do not belong
    /// into this file.
    database: Database,
}

/// What a plan may not go past unless it is confirmed.
#[derive(JsonSchema)]
#[schemars(title = "Guards", deny_unknown_fields, transform = may_be_empty)]
struct Guards {
    /// The most users that may go out of use, as a share of all or as a number.
    remove_users: Limit,
    /// The most rights that people may lose, as a share of all or as a number.
    lose_rights: Limit,
}

/// The levels of findings.
struct Lints;

impl JsonSchema for Lints {
    fn schema_name() -> Cow<'static, str> {
        "Lints".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Map<String, Value> =
            Code::ALL.iter().map(|code| (code.as_str().to_owned(), levels(*code))).collect();
        json_schema!({
            "title": "Levels of findings",
            "type": "object",
            "properties": codes,
            "additionalProperties": false,
        })
    }
}

/// The levels that a finding can be given: what is an error stays one.
fn levels(code: Code) -> Value {
    let levels: &[Level] = if code.level() == Level::Error { &[Level::Error] } else { &Level::ALL };
    let levels: Vec<&str> = levels.iter().map(|level| level.as_str()).collect();
    json!({ "description": code.meaning(), "enum": levels, "default": code.level().as_str() })
}
