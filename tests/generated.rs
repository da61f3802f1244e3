//! What is generated is committed as the program generates it today.
//!
//! `RIGHTFUL_BLESS=1 cargo test --test generated` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn the_schemas_of_the_outputs_are_those_of_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/output");
    let bless = std::env::var_os("RIGHTFUL_BLESS").is_some();
    let mut expected = BTreeSet::new();
    for (command, schema) in rightful::wire::schemas() {
        let path = folder.join(format!("{command}.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if bless {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
        expected.insert(format!("{command}.json"));
    }
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
}

/// A file as the program generates it.
fn is_as_generated(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("RIGHTFUL_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
}

#[test]
fn the_schemas_of_policy_files_are_those_of_the_program() {
    is_as_generated("schema/policy.json", &rightful::wire::to_text(&rightful::wire::policy_schema()));
    is_as_generated("schema/settings.json", &rightful::wire::to_text(&rightful::wire::settings_schema()));
}

#[test]
fn the_reference_of_the_findings_has_every_page() {
    let text = rightful::report::reference::findings();
    for code in rightful::diag::Code::ALL {
        assert!(text.contains(&format!("\n### {code}\n")), "{code}");
    }
    is_as_generated("grammar/findings.md", &text);
}
