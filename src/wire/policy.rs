//! The shape of what people write: the JSON Schemas of a policy file and of the settings, for editors and validators.
//!
//! Takes nothing but the catalogue of rights and the codes of findings, gives two schemas. Never reads a policy: that
//! is `syntax`, which also finds what no schema can say. Draft 2020-12, and `patternErrorMessage` beside each pattern:
//! validators pass over it, YAML editors show it instead of the pattern.

mod file;
mod patterns;
mod rule;
mod settings;
mod value;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::json;

/// The JSON Schema of one policy file.
pub fn policy_schema() -> Schema {
    schema_of::<file::PolicyFile>()
}

/// The JSON Schema of the settings file `rightful.yaml`.
pub fn settings_schema() -> Schema {
    schema_of::<settings::Settings>()
}

fn schema_of<T: JsonSchema>() -> Schema {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    RecursiveTransform(on_one_line).transform(&mut schema);
    schema
}

/// The lines of a comment become one, since editors break them where they like.
fn on_one_line(schema: &mut Schema) {
    let description = schema.get("description").and_then(|text| text.as_str()).map(|text| text.replace('\n', " "));
    if let Some(description) = description {
        schema.insert("description".to_owned(), json!(description));
    }
}

/// No field has to be written.
fn all_optional(schema: &mut Schema) {
    schema.remove("required");
}

/// No field has to be written, and nothing at all (`karin:`) is a declaration without fields.
fn may_be_empty(schema: &mut Schema) {
    all_optional(schema);
    schema.insert("type".to_owned(), json!(["object", "null"]));
}
