//! What single fields take: texts, names, days, lengths of time, lists and declarations by name.
//!
//! Gives the parts of which the descriptions in `file` and `settings` are made. Never holds a value.
//!
//! The most characters are the reader's most bytes, which are never fewer. A scalar that names something is a text
//! whatever YAML takes it for (`no`, `007`), hence the types.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::model::catalogue;
use crate::name::MAX_NAME_BYTES;
use crate::syntax::rule::MAX_TEXT_BYTES;

use super::patterns;

/// Types that stand once under `$defs`, each with its schema.
macro_rules! values {
    ($($(#[doc = $doc:literal])+ $name:ident: $schema:tt)*) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

pub(super) use values;

/// Shown instead of the pattern by editors that know the keyword.
pub const NO_NAME: &str = "A name has letters, digits, `.`, `-`, `_` and `@`, begins with a letter or digit, \
    and is no word of the rule grammar such as `of` or `until`.";
/// See [`NO_NAME`].
pub const NO_TEXT: &str = "A character in this text cannot be seen, or turns the text around.";
/// See [`NO_NAME`].
pub const NO_RIGHT: &str = "A right is area.action in lower case letters, digits and `_`, such as \
    `invoices.approve`, and none of the catalogue.";

values! {
    /// A text for people.
    Text: {
        "type": ["string", "number", "boolean"],
        "pattern": patterns::text(),
        "patternErrorMessage": NO_TEXT,
        "maxLength": MAX_TEXT_BYTES,
    }
    /// A text for people that may be left open, as in a form that is not filled in yet.
    OpenText: {
        "type": ["string", "number", "boolean", "null"],
        "pattern": patterns::text(),
        "patternErrorMessage": NO_TEXT,
        "maxLength": MAX_TEXT_BYTES,
    }
    /// A name.
    Name: {
        "title": "Name",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::name(),
        "patternErrorMessage": NO_NAME,
        "minimum": 0,
        "maxLength": MAX_NAME_BYTES,
    }
    /// A user, with or without its prefix.
    UserName: {
        "title": "User",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::reference(&["user"]),
        "patternErrorMessage": NO_NAME,
        "minimum": 0,
    }
    /// A role, with or without its prefix.
    RoleName: {
        "title": "Role",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::reference(&["role"]),
        "patternErrorMessage": NO_NAME,
        "minimum": 0,
    }
    /// A module set, with or without its prefix.
    ModuleSetName: {
        "title": "Module set",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::reference(&["module-set"]),
        "patternErrorMessage": NO_NAME,
        "minimum": 0,
    }
    /// The name of a right that the catalogue does not have.
    OwnRightName: {
        "title": "Right",
        "type": "string",
        "pattern": patterns::right_name_beside(catalogue::built_in().keys().map(|name| name.as_str())),
        "patternErrorMessage": NO_RIGHT,
        "maxLength": MAX_NAME_BYTES,
    }
    /// A day of the calendar, in UTC.
    Day: {
        "title": "Day",
        "type": "string",
        "format": "date",
        "pattern": patterns::day(),
        "patternErrorMessage": "A day is written as YYYY-MM-DD.",
    }
    /// A length of time.
    Duration: {
        "title": "Length of time",
        "type": "string",
        "pattern": patterns::duration(),
        "patternErrorMessage": "A length of time is a number with `s`, `m`, `h` or `d`, such as `15m`.",
        "examples": ["90s", "15m", "8h", "14d"],
    }
    /// A whole number, not negative.
    Count: { "type": "integer", "minimum": 0, "maximum": u32::MAX }
    /// A whole number from 1.
    Positive: { "type": "integer", "minimum": 1, "maximum": u32::MAX }
}

/// A list with at least one item: an empty one is too easily a mistake.
pub struct List<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("List_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "minItems": 1, "items": generator.subschema_for::<T>() })
    }
}

/// A list of names, none of which stands there twice.
pub struct Names;

impl JsonSchema for Names {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<Name>();
        json_schema!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": items })
    }
}

/// Names, each with what is said of it. A section with nothing in it is one without declarations.
pub struct Declarations<K, T>(PhantomData<(K, T)>);

impl<K: JsonSchema, T: JsonSchema> JsonSchema for Declarations<K, T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Declarations_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["object", "null"],
            "propertyNames": generator.subschema_for::<K>(),
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}
