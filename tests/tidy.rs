//! The house is tidy: layers, heads, sizes, and no code of a finding without a test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules from the ground up; each may use those of the lines above its own.
const LAYERS: [&[&str]; 15] = [
    &["language"],
    &["name", "date", "text", "workers"],
    &["cache", "diag", "tree"],
    &["syntax"],
    &["model"],
    &["resolve"],
    &["repository", "question", "state"],
    &["check", "edit"],
    &["diff", "history", "repair"],
    &["merge", "review"],
    &["online", "plan"],
    &["audit", "pull"],
    &["post", "target"],
    &["wire", "report"],
    &["cli"],
];

/// The most lines that a file may have without its tests.
const MOST_LINES: usize = 450;

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    files.sort();
    files
}

fn walk(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap().to_owned(), text));
        }
    }
}

/// The part of a file before its tests.
fn body(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

fn module_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules that a text names behind `crate::`.
fn used(text: &str) -> BTreeSet<String> {
    let parts = text.split("crate::").skip(1);
    parts.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn every_module_has_a_layer_and_uses_only_those_below() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = module_of(&path);
        if ["lib", "main", "testing"].contains(&module.as_str()) {
            continue;
        }
        let Some(own) = layer(&module) else {
            wrong.push(format!("{module} has no layer"));
            continue;
        };
        for other in used(body(&text)).iter().filter(|other| **other != module && **other != "say") {
            match layer(other) {
                Some(theirs) if theirs < own => {}
                _ => wrong.push(format!("{} uses {other}", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_opens_with_its_purpose() {
    let without: Vec<_> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn no_file_grows_beyond_a_room() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| (body(&text).lines().count(), path))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn what_stands_for_one_place_stands_there_only() {
    let only = |needle: &str, allowed: &[&str]| {
        let found: Vec<_> = sources()
            .into_iter()
            .filter(|(_, text)| body(text).contains(needle))
            .map(|(path, _)| path.display().to_string())
            .filter(|path| !allowed.iter().any(|allowed| path.starts_with(allowed)))
            .collect();
        assert!(found.is_empty(), "{needle}: {found:#?}");
    };
    only("granit_parser", &["syntax/yaml"]);
    only("quick_junit", &["report/junit.rs"]);
    only("csv::", &["report/table.rs"]);
    only("rust_xlsxwriter", &["report/table.rs"]);
    only("unicode_security", &["check/look_alike_name.rs"]);
    only("pest", &["syntax/grammar"]);
    only("miette", &["report/snippet.rs"]);
    only("rusqlite", &["target/sqlite"]);
    only("postgres::", &["target/postgres", "cli/database.rs"]);
    only("rustls", &["target/postgres"]);
    only("git2", &["tree/", "tree.rs"]);
    only("petgraph", &["model/graph.rs"]);
    only("hashbrown", &["model/id.rs"]);
    only("roaring", &["resolve/set.rs"]);
    only("anstyle", &["report/text.rs"]);
    only("clap", &["cli"]);
    only("whoami", &["cli"]);
    only("rustix", &["cli/cache.rs"]);
    only("indicatif", &["cli/progress.rs"]);
    only("lettre", &["post.rs"]);
    only("Timestamp::now", &["cli"]);
    only("std::env", &["cli"]);
}

#[test]
fn every_code_is_found_by_a_test() {
    let tests: String = sources()
        .iter()
        .filter_map(|(_, text)| text.split_once("#[cfg(test)]").map(|(_, tests)| tests.to_owned()))
        .collect();
    let untested: Vec<_> = rightful::diag::Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !tests.contains(&format!("{code} ")) && !tests.contains(&variant(code)))
        .collect();
    assert!(untested.is_empty(), "{untested:#?}");
}

/// `yaml-syntax` as `Code::YamlSyntax`.
fn variant(code: &str) -> String {
    let words = code.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    format!("Code::{}", words.collect::<String>())
}

#[test]
fn lib_lists_the_modules_from_the_ground_up() {
    let lib = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    let listed: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let layers: Vec<_> = listed.iter().map(|module| layer(module)).collect();
    assert!(layers.iter().all(Option::is_some) && layers.is_sorted(), "{listed:?}");
    assert_eq!(listed.len(), LAYERS.iter().map(|layer| layer.len()).sum::<usize>());
}
