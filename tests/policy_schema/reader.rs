//! The schemas and the reader agree: they know the same fields, and complain of the same texts.

use rightful::language::Language;
use rightful::syntax::{
    self, SECTIONS, company, employee, expectation, group, module, online, right, role, rules, settings, user,
};
use rightful::text::{FileId, SourceFile};
use rightful::wire::{policy_schema, settings_schema};
use serde_json::Value;

use crate::snippets::{EXPECTATIONS, GATES, MEMBERS, OBJECTS, POLICIES, RULES, SETTINGS, WHOLE_POLICY, WHOLE_SETTINGS};

/// What the reader finds in a policy file.
fn in_policy(yaml: &str) -> Vec<String> {
    let (_, found) = syntax::parse(FileId(0), &SourceFile::new("policies/a.yaml", yaml));
    found.iter().map(|finding| finding.message.english()).collect()
}

/// What the reader finds in the settings.
fn in_settings(yaml: &str) -> Vec<String> {
    let (_, found) = settings::read(FileId(0), &SourceFile::new("rightful.yaml", yaml));
    found.iter().map(|finding| finding.message.english()).collect()
}

/// The schema at a pointer has these fields, and takes no others.
fn knows(schema: &schemars::Schema, pointer: &str, fields: &[&str]) {
    let part = schema.pointer(pointer).unwrap();
    let mut properties: Vec<&str> = part["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut fields = fields.to_vec();
    properties.sort_unstable();
    fields.sort_unstable();
    assert_eq!(properties, fields, "{pointer}");
    assert_eq!(part["additionalProperties"], Value::Bool(false), "{pointer}");
}

#[test]
fn the_schemas_have_the_fields_of_the_reader() {
    let policy = policy_schema();
    knows(&policy, "", &SECTIONS);
    knows(&policy, "/$defs/Employee", &employee::FIELDS);
    knows(&policy, "/$defs/User", &user::FIELDS);
    knows(&policy, "/$defs/Group", &group::FIELDS);
    knows(&policy, "/$defs/MemberFields", &group::MEMBER_FIELDS);
    knows(&policy, "/$defs/RuleFields", &rules::FIELDS);
    knows(&policy, "/$defs/Module", &module::FIELDS);
    knows(&policy, "/$defs/Right", &right::FIELDS);
    knows(&policy, "/$defs/Company", &company::FIELDS);
    knows(&policy, "/$defs/Address", &company::ADDRESS_FIELDS);
    knows(&policy, "/$defs/Licence", &company::LICENCE_FIELDS);
    knows(&policy, "/$defs/Role", &role::FIELDS);
    knows(&policy, "/$defs/Online", &online::FIELDS);
    knows(&policy, "/$defs/Access", &online::ACCESS_FIELDS);
    knows(&policy, "/$defs/ExpectationFields", &expectation::FIELDS);
    knows(&policy, "/$defs/Label", &Language::CODES);
    let settings = settings_schema();
    knows(&settings, "", &settings::FIELDS);
    knows(&settings, "/$defs/Company", &settings::COMPANY_FIELDS);
    knows(&settings, "/$defs/Guards", &settings::GUARD_FIELDS);
    knows(&settings, "/$defs/Audit", &settings::AUDIT_FIELDS);
    knows(&settings, "/$defs/Mail", &settings::MAIL_FIELDS);
    knows(&settings, "/$defs/Sync", &settings::SYNC_FIELDS);
}

#[test]
fn the_settings_take_the_languages_of_the_program() {
    let schema = settings_schema();
    let choices = schema.pointer("/$defs/Language/oneOf").unwrap().as_array().unwrap();
    let codes: Vec<&str> = choices.iter().map(|choice| choice["const"].as_str().unwrap()).collect();
    assert_eq!(codes, Language::CODES);
}

fn only_the_mistake_is_found(pairs: &[(&str, &str)], read: fn(&str) -> Vec<String>) {
    for (wrong, right) in pairs {
        assert_eq!(read(right), [""; 0], "{right}");
        assert_eq!(read(wrong).len(), 1, "{wrong}: {:?}", read(wrong));
    }
}

#[test]
fn the_reader_takes_the_whole_files() {
    assert_eq!(in_policy(WHOLE_POLICY), [""; 0]);
    assert_eq!(in_settings(WHOLE_SETTINGS), [""; 0]);
}

#[test]
fn the_reader_refuses_the_same_mistakes() {
    only_the_mistake_is_found(POLICIES, in_policy);
    only_the_mistake_is_found(SETTINGS, in_settings);
}

#[test]
fn the_reader_takes_the_same_texts() {
    let tables = [
        (RULES, "users: { lars: { allow: [", "] } }"),
        (MEMBERS, "groups: { sales: { members: [", "] } }"),
        (EXPECTATIONS, "expect: [", "]"),
        (EXPECTATIONS, "expect: [{ that: ", "}]"),
    ];
    for (texts, before, after) in tables {
        for (text, right) in texts {
            let yaml = format!("{before}'{}'{after}", text.replace('\'', "''"));
            let found = in_policy(&yaml);
            assert_eq!(found.is_empty(), *right, "{yaml}: {found:?}");
        }
    }
}

#[test]
fn the_reader_takes_the_same_gates_and_reviewers() {
    let tables = [
        (GATES, "gates: ['", "']"),
        (OBJECTS, "gates: ['nobody gains ", "']"),
        (OBJECTS, "gates: ['at most 2 users lose ", "']"),
        (OBJECTS, "reviewers: { '", "': [anna] }"),
    ];
    for (texts, before, after) in tables {
        for (text, right) in texts {
            let yaml = format!("{before}{text}{after}");
            let found = in_settings(&yaml);
            assert_eq!(found.is_empty(), *right, "{yaml}: {found:?}");
        }
    }
}
