//! Rules, members and expectations: each a text of the grammar, or a mapping that says the same.
//!
//! Gives their schemas, with every right of the built-in catalogue to choose from. Never looks a name up.

#![expect(dead_code, reason = "these types describe what files hold; their values are never made")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::model::{Right, catalogue};
use crate::syntax::right::Scope;
use crate::syntax::rule::MAX_TEXT_BYTES;

use super::patterns;
use super::value::{Day, NO_NAME, Text, values};

values! {
    /// A rule as one text.
    RuleText: {
        "title": "Rule: right [of target] [from day] [until day] [because \"reason\"]",
        "type": "string",
        "pattern": patterns::rule(),
        "patternErrorMessage": "A rule is a right, then perhaps `of` and a target, `from` a day, `until` a \
            day, `because \"a reason\"`.",
        "maxLength": MAX_TEXT_BYTES,
        "examples": [
            "calendar.see+edit of group:sales",
            "data.import until 2026-12-31 because \"year-end migration\"",
        ],
    }
    /// A right of the catalogue as a rule. A scoped one cannot stand alone, so it comes with its widest target.
    CatalogueRule: { "anyOf": catalogue_rules() }
    /// A right of the catalogue.
    CatalogueRight: { "anyOf": catalogue_rights() }
    /// One right, several of an area, or all of an area.
    RightText: {
        "title": "Right: area.action, area.action+action or area.*",
        "type": "string",
        "pattern": patterns::right(),
        "patternErrorMessage": "A right is area.action, area.action+action or area.*, in lower case letters, digits \
            and `_`.",
        "maxLength": MAX_TEXT_BYTES,
    }
    /// Over whom or what.
    Target: {
        "title": "Target",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::target(),
        "patternErrorMessage": "A target is `everyone`, `everything` or a name, perhaps with `user:`, `group:`, \
            `role:`, `module:`, `module-set:` or `attachment:`.",
        "minimum": 0,
        "maxLength": MAX_TEXT_BYTES,
        "examples": ["everyone", "everything"],
    }
    /// A member as one text.
    MemberText: {
        "title": "Member",
        "description": "everyone, a user or a group, then [from day] [until day] [because \"reason\"]",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::member(),
        "patternErrorMessage": "A member is `everyone` or a name, perhaps with `user:` or `group:`, then perhaps \
            `from` a day, `until` a day, `because \"a reason\"`.",
        "minimum": 0,
        "maxLength": MAX_TEXT_BYTES,
        "examples": ["everyone", "anna until 2026-12-31 because \"substitutes for Lars\""],
    }
    /// Who is a member.
    Who: {
        "title": "Member",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::who(),
        "patternErrorMessage": NO_NAME,
        "minimum": 0,
        "maxLength": MAX_TEXT_BYTES,
        "examples": ["everyone"],
    }
    /// An expectation as one text.
    ExpectationText: {
        "title": "Expectation",
        "description": "who can what, who cannot what, only who can what, nobody can what and what, or at least, at \
            most or exactly so many users can what",
        "type": "string",
        "pattern": patterns::expectation(),
        "patternErrorMessage": "An expectation is `who can what`, `who cannot what`, `only who can what`, `nobody can \
            what and what`, or `at least 1 users can what` (or `at most`, `exactly`).",
        "maxLength": MAX_TEXT_BYTES,
        "examples": [
            "everyone can program.start",
            "everyone except group:management cannot mail.mark_confidential",
            "only group:management can mail.mark_confidential",
            "nobody can data.import and data.export",
            "at least 2 users can templates.manage",
        ],
    }
}

/// A rule, written as a mapping.
#[derive(JsonSchema)]
#[schemars(title = "Rule", deny_unknown_fields, extend("required" = ["right"]))]
struct RuleFields {
    /// The right or rights, such as `calendar.see+edit`.
    right: RightWords,
    /// Over whom or what; for scoped rights only.
    of: Target,
    /// The first day on which the rule is in force.
    from: Day,
    /// The last day on which the rule is in force.
    until: Day,
    /// Why there is this rule.
    because: Text,
}

/// A member, written as a mapping.
#[derive(JsonSchema)]
#[schemars(title = "Member", deny_unknown_fields, extend("required" = ["member"]))]
struct MemberFields {
    /// A user, a group or `everyone`.
    member: Who,
    /// The first day of the membership.
    from: Day,
    /// The last day of the membership.
    until: Day,
    /// Why they are a member.
    because: Text,
}

/// An expectation, written as a mapping.
#[derive(JsonSchema)]
#[schemars(title = "Expectation", deny_unknown_fields, extend("required" = ["that"]))]
struct ExpectationFields {
    /// What must hold.
    that: ExpectationText,
    /// Why it must hold.
    because: Text,
    /// The only day on which it is proved; without it, on today and on every later day on which something changes.
    on: Day,
}

/// Types that are any of several others. The text comes first: its complaint is the one that editors show.
macro_rules! choices {
    ($($(#[doc = $doc:literal])+ $name:ident: $($option:ident)|+;)*) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "anyOf": [$(generator.subschema_for::<$option>()),+] })
            }
        }
    )*};
}

choices! {
    /// A rule on the subject in whose declaration it stands.
    Rule: RuleText | CatalogueRule | RuleFields;
    /// A member of the group in whose declaration it stands.
    Member: MemberText | MemberFields;
    /// Something that must hold.
    Expectation: ExpectationText | ExpectationFields;
    /// A right in a field of its own.
    RightWords: RightText | CatalogueRight;
}

fn catalogue_rights() -> Vec<Value> {
    let rights = catalogue::built_in().iter();
    rights.map(|(name, right)| choice(name.as_str().to_owned(), right)).collect()
}

fn catalogue_rules() -> Vec<Value> {
    let rights = catalogue::built_in().iter();
    rights
        .map(|(name, right)| {
            let target = match right.scope {
                None => "",
                Some(Scope::People) => " of everyone",
                Some(Scope::Modules | Scope::Attachments) => " of everything",
            };
            choice(format!("{name}{target}"), right)
        })
        .collect()
}

fn choice(text: String, right: &Right) -> Value {
    let label = right.labels.get("en").map_or("", |label| label);
    let meaning = right.meaning.as_deref().unwrap_or_default();
    json!({ "const": text, "description": format!("{label}: {meaning}") })
}
