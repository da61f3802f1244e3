//! The schemas of what people write: what is right fits, what is wrong does not, and editors find descriptions.
//!
//! Judged by a validator that shares nothing with the program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod reader;
mod snippets;

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use rightful::diag::Code;
use rightful::wire::{policy_schema, settings_schema};
use serde_json::{Value, json};

use snippets::{EXPECTATIONS, GATES, MEMBERS, OBJECTS, POLICIES, RULES, SETTINGS};

fn validator(schema: &schemars::Schema) -> Validator {
    jsonschema::draft202012::new(schema.as_value()).unwrap()
}

fn value(yaml: &str) -> Value {
    serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{error}: {yaml}"))
}

/// What keeps a value from fitting, or nothing.
fn complaints(validator: &Validator, value: &Value) -> String {
    validator.iter_errors(value).map(|error| format!("{}: {error}\n", error.instance_path())).collect()
}

fn fits(validator: &Validator, yaml: &str) {
    let found = complaints(validator, &value(yaml));
    assert!(found.is_empty(), "{yaml}\n{found}");
}

/// Each pair is a snippet with one mistake, and the same without it.
fn only_the_mistake_is_refused(validator: &Validator, pairs: &[(&str, &str)]) {
    for (wrong, right) in pairs {
        fits(validator, right);
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}

/// Each text stands where `holder` makes room for it, and fits or does not.
fn fit_as_they_should(texts: &[(&str, bool)], holder: impl Fn(&str) -> Value) {
    fit_into(&validator(&policy_schema()), texts, holder);
}

fn fit_into(validator: &Validator, texts: &[(&str, bool)], holder: impl Fn(&str) -> Value) {
    for (text, right) in texts {
        let found = complaints(validator, &holder(text));
        assert_eq!(found.is_empty(), *right, "{text}\n{found}");
    }
}

#[test]
fn every_file_of_the_sample_fits() {
    let validator = validator(&policy_schema());
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for path in files {
        let found = complaints(&validator, &value(&fs::read_to_string(&path).unwrap()));
        assert!(found.is_empty(), "{}\n{found}", path.display());
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}

#[test]
fn a_file_with_every_section_and_field_fits() {
    fits(&validator(&policy_schema()), snippets::WHOLE_POLICY);
    fits(&validator(&settings_schema()), snippets::WHOLE_SETTINGS);
}

#[test]
fn the_whole_files_leave_no_field_out() {
    for (schema, whole) in [(policy_schema(), snippets::WHOLE_POLICY), (settings_schema(), snippets::WHOLE_SETTINGS)] {
        let mut known = Vec::new();
        fields(schema.as_value(), &mut known);
        let lints: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        known.retain(|field| !lints.contains(field));
        let missing: Vec<_> = known.into_iter().filter(|field| !whole.contains(&format!("{field}:"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// The names of all properties that a schema speaks of.
fn fields<'s>(schema: &'s Value, into: &mut Vec<&'s str>) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::Object(properties)) = keywords.get("properties") {
                into.extend(properties.keys().map(String::as_str));
            }
            keywords.values().for_each(|inner| fields(inner, into));
        }
        Value::Array(items) => items.iter().for_each(|inner| fields(inner, into)),
        _ => {}
    }
}

#[test]
fn nothing_at_all_fits_where_the_reader_takes_it() {
    let validator = validator(&policy_schema());
    for empty in ["", "users:", "users: { karin: }", "users: {}", "expect:", "online: { access: }", "company:"] {
        fits(&validator, empty);
    }
    fits(&self::validator(&settings_schema()), "companies:");
    fits(&self::validator(&settings_schema()), "reviewers:");
}

#[test]
fn a_policy_with_one_mistake_is_refused() {
    only_the_mistake_is_refused(&validator(&policy_schema()), POLICIES);
}

#[test]
fn settings_with_one_mistake_are_refused() {
    only_the_mistake_is_refused(&validator(&settings_schema()), SETTINGS);
}

#[test]
fn a_right_of_the_catalogue_is_not_declared_again() {
    let validator = validator(&policy_schema());
    fits(&validator, "rights: { data.exports: }");
    assert!(!validator.is_valid(&value("rights: { data.export: }")));
}

#[test]
fn rules_follow_the_grammar() {
    fit_as_they_should(RULES, |text| json!({ "users": { "lars": { "allow": [text] } } }));
}

#[test]
fn members_follow_the_grammar() {
    fit_as_they_should(MEMBERS, |text| json!({ "groups": { "sales": { "members": [text] } } }));
}

#[test]
fn expectations_follow_the_grammar() {
    fit_as_they_should(EXPECTATIONS, |text| json!({ "expect": [text] }));
    fit_as_they_should(EXPECTATIONS, |text| json!({ "expect": [{ "that": text }] }));
}

#[test]
fn gates_and_reviewers_follow_the_grammar() {
    let validator = validator(&settings_schema());
    fit_into(&validator, GATES, |text| json!({ "gates": [text] }));
    fit_into(&validator, OBJECTS, |text| json!({ "gates": [format!("nobody gains {text}")] }));
    fit_into(&validator, OBJECTS, |text| json!({ "gates": [format!("at most 2 users lose {text}")] }));
    fit_into(&validator, OBJECTS, |text| json!({ "reviewers": { text: ["anna"] } }));
}

#[test]
fn a_prefix_that_cannot_be_meant_is_refused() {
    let validator = validator(&policy_schema());
    for (wrong, right) in [
        ("groups: { g: { members: [role:a] } }", "groups: { g: { members: [group:a] } }"),
        ("groups: { g: { members: [{ member: module:a }] } }", "groups: { g: { members: [{ member: user:a }] } }"),
        ("expect: [module:a can data.export]", "expect: [role:a can data.export]"),
    ] {
        fits(&validator, right);
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}

#[test]
fn names_are_texts_whatever_the_parser_takes_them_for() {
    let validator = validator(&policy_schema());
    for name in [json!(7), json!(1.5), json!(true), json!("no"), json!("2026-01-01"), json!("jürgen"), json!("007")] {
        let file = json!({
            "users": { "lars": { "employee": name, "name": name, "modules": name } },
            "groups": { "sales": { "members": [name, { "member": name, "because": name }] } },
            "module_sets": { "desk": [name] },
            "online": { "responsible": name, "machines": [name], "access": { "lars": { "role": name } } },
        });
        assert_eq!(complaints(&validator, &file), "", "{name}");
    }
    for no_name in [json!(null), json!(-1), json!([]), json!({})] {
        let file = json!({ "users": { "lars": { "employee": no_name } } });
        assert!(!validator.is_valid(&file), "{no_name}");
    }
}

#[test]
fn names_have_letters_of_any_script_and_no_word_of_the_grammar() {
    let validator = validator(&policy_schema());
    let takes = |name: &str| validator.is_valid(&json!({ "users": { name: null } }));
    for good in ["lars", "l.kaufmann", "007", "no", "jürgen", "ju\u{308}rgen", "o@x", "Ümit_2", "日本", "offer"] {
        assert!(takes(good), "{good}");
    }
    let long = "x".repeat(129);
    let bad = ["", "-a", "a b", "a:b", "a/b", "a\u{200b}b", "\u{308}a", &long];
    for bad in bad.iter().chain(&rightful::name::GRAMMAR_WORDS) {
        assert!(!takes(bad), "{bad}");
    }
}

#[test]
fn editors_find_descriptions_of_sections_fields_and_rights() {
    let schema = policy_schema();
    let described = |pointer: &str| {
        let text = schema.pointer(pointer).and_then(|part| part.get("description")).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("{pointer} has no description")).to_owned()
    };
    assert_eq!(schema.get("title"), Some(&json!("Rightful policy file")));
    assert!(described("/properties/groups").starts_with("Groups of users"));
    assert!(described("/$defs/User/properties/renamed_from").contains("renamed"));
    let rules = schema.pointer("/$defs/CatalogueRule/anyOf").unwrap().as_array().unwrap();
    let rule = |text: &str| rules.iter().find(|rule| rule["const"] == text).map(|rule| rule["description"].as_str());
    assert_eq!(rule("data.export"), Some(Some("Export data: has the export entry of the file menu")));
    assert!(rule("calendar.see of everyone").is_some() && rule("modules.use of everything").is_some());
    assert_eq!(rule("calendar.see"), None);
    assert_eq!(rules.len(), rightful::model::catalogue::built_in().len());
}

#[test]
fn every_property_has_a_description() {
    for schema in [policy_schema(), settings_schema()] {
        let mut bare = Vec::new();
        undescribed(schema.as_value(), "", &mut bare);
        assert!(bare.is_empty(), "{bare:#?}");
    }
}

fn undescribed(schema: &Value, pointer: &str, into: &mut Vec<String>) {
    let Value::Object(keywords) = schema else { return };
    // What follows `then` only narrows what stands there with its description.
    for (key, inner) in keywords.iter().filter(|(key, _)| *key != "then") {
        let pointer = format!("{pointer}/{key}");
        if let ("properties", Value::Object(properties)) = (key.as_str(), inner) {
            let bare = properties.iter().filter(|(_, property)| property.get("description").is_none());
            into.extend(bare.map(|(name, _)| format!("{pointer}/{name}")));
        }
        undescribed(inner, &pointer, into);
    }
}

#[test]
fn every_finding_has_a_level_to_choose() {
    let schema = settings_schema();
    let codes = schema.pointer("/$defs/Lints/properties").unwrap().as_object().unwrap();
    assert_eq!(codes.len(), Code::ALL.len());
    assert_eq!(codes["inert-rule"]["description"], Code::InertRule.meaning());
}

#[test]
fn both_schemas_are_schemas() {
    for schema in [policy_schema(), settings_schema()] {
        let value = schema.as_value();
        assert_eq!(value["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let wrong = jsonschema::draft202012::meta::validate(value).map_err(|error| error.to_string());
        assert_eq!(wrong, Ok(()));
    }
}
