//! What is generated is committed as the program generates it today.
//!
//! `RIGHTFUL_BLESS=1 cargo test --test generated` writes it anew.

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
