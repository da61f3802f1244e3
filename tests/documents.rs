//! Every `console` block of the pages is run, and shows what the program prints today.
//!
//! `RIGHTFUL_BLESS=1 cargo test --test documents` writes the present output into the pages.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").args([from, to]).status().unwrap();
    assert!(copied.success(), "{}", from.display());
}

/// Runs one line of a page as a shell would, in a scrubbed environment; both streams, as a terminal shows them.
fn run(folder: &Path, line: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_rightful")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let ran = Command::new("sh")
        .current_dir(folder)
        .args(["-c", &format!("{{ {line}\n}} 2>&1")])
        .env_clear()
        .env("PATH", path)
        .output()
        .unwrap();
    String::from_utf8(ran.stdout).unwrap()
}

/// The page with what its commands print now.
fn refreshed(page: &str, folder: &Path) -> String {
    let mut fresh = String::new();
    let mut inside = false;
    for line in page.split_inclusive('\n') {
        let bare = line.trim_end();
        if bare.starts_with("```") {
            inside = bare == "```console";
            fresh.push_str(line);
        } else if let (true, Some(command)) = (inside, bare.strip_prefix("$ ")) {
            fresh.push_str(line);
            fresh.push_str(&run(folder, command));
        } else if !inside {
            fresh.push_str(line);
        }
    }
    fresh
}

fn holds(page: &str, copied: &[&str]) {
    let page_path = root().join(page);
    let folder = tempfile::tempdir().unwrap();
    for name in copied {
        let path = page_path.parent().unwrap().join(name);
        // What lies beside a page keeps its place.
        let to = folder.path().join(name.trim_start_matches("../"));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        copy(&path, &to);
    }
    let written = fs::read_to_string(&page_path).unwrap();
    let fresh = refreshed(&written, folder.path());
    assert!(written.contains("```console"), "{page} shows nothing");
    if std::env::var_os("RIGHTFUL_BLESS").is_some() {
        fs::write(&page_path, fresh).unwrap();
    } else {
        assert_eq!(written, fresh, "{page} shows something else than the program prints");
    }
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    holds("README.md", &["policies", "examples/review-a-change"]);
}

#[test]
fn every_example_shows_what_the_program_prints() {
    let mut stories = 0;
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let folders: Vec<String> = fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        holds(&format!("examples/{name}/README.md"), &folders.iter().map(String::as_str).collect::<Vec<_>>());
        let index = fs::read_to_string(root().join("examples/README.md")).unwrap();
        assert!(index.contains(&format!("({name}/README.md)")), "{name} is not in the index");
        stories += 1;
    }
    assert!(stories >= 2);
}

#[test]
fn the_grammar_reference_shows_what_the_program_prints() {
    holds("grammar/README.md", &["../policies"]);
}
