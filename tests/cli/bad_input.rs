//! Everything that may be wrong with a repository ends in a clear message and the right exit code.

use std::os::unix::fs::symlink;

use super::repository::Repository;

/// The exit code, and whether a text is said.
fn ends(repository: &Repository, arguments: &str, code: i32, says: &str) {
    let ran = repository.run(arguments);
    assert!(ran.starts_with(&format!("exit {code}\n")), "{arguments}: {}", &ran[..ran.len().min(2000)]);
    assert!(ran.contains(says), "{arguments}: {}", &ran[..ran.len().min(2000)]);
    assert!(ran.len() < 100_000, "{} bytes", ran.len());
}

#[test]
fn files_that_are_no_policy() {
    let one = |bytes: &[u8]| Repository::with(&[("policies/a.yaml", bytes), ("policies/b.yaml", b"users: { lars: }")]);
    ends(&one(b"not: [yaml"), "check", 1, "yaml-syntax");
    ends(&one(b"users:\n  l\xe4rs:\n"), "check", 1, "not UTF-8: byte 0xe4 at offset 10");
    ends(&one(b"\xff\xfeu\0s\0"), "check", 1, "UTF-16");
    ends(&one(b"\0\0\0\0"), "check", 1, "control-character");
    ends(&one(b"- a\n- b\n"), "check", 1, "a policy file is a mapping, not a list");
    ends(&one(b""), "check", 0, "ok");
    ends(&one(b"# nothing but a comment\n"), "check", 0, "ok");
    ends(&one(b"users: {a: 1}\nusers: {b: 1}\n"), "check", 1, "`users` is written twice here");
}

#[test]
fn files_that_are_too_much() {
    let one = |text: String| Repository::of(&text);
    ends(&one(format!("users: {{ lars: {{ name: '{}' }} }}", "x".repeat(10 << 20))), "check", 1, "limit-exceeded");
    ends(&one(format!("users: [{}]", "a, ".repeat(1 << 16))), "check", 1, "wrong-type");
    ends(&one("[".repeat(10_000)), "check", 1, "nested too deeply");
    ends(
        &one("a:\n".to_owned() + &(1..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>()),
        "check",
        1,
        "nested too deeply",
    );
    ends(&one(format!("users: {{ lars: {{ allow: [{}] }} }}", "x".repeat(1 << 20))), "check", 1, "limit-exceeded");
    let bomb =
        (0..30).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1)).collect::<String>();
    ends(&one(bomb.replace("*a-1", "x")), "check", 1, "yaml-feature");
    let name = "x".repeat(129);
    ends(&one(format!("users: {{ {name}: }}")), "check", 1, "the name is 129 bytes long");
}

#[test]
fn repositories_that_are_none() {
    let none: [(&str, &str); 0] = [];
    ends(&Repository::with(&none), "check", 2, "there is no folder `policies`");
    ends(&Repository::with(&none), "check -C nowhere", 2, "there is no directory");
    ends(&Repository::with(&[("policies/readme.txt", "")]), "check", 2, "not a single declaration");
    ends(&Repository::with(&[("policies/a.yaml", "# later\n")]), "apply --yes", 2, "not a single declaration");
    ends(&Repository::with(&[("policies", "")]), "check", 2, "there is no folder `policies`");
    ends(&Repository::of("users: { lars: }"), "check --at HEAD", 2, "is not in a git repository");
    ends(&Repository::of("users: { lars: }"), "check --company x", 2, "there is no company `x`");
}

#[test]
fn links_that_lead_out() {
    let firm = Repository::of("users: { lars: }");
    let elsewhere = Repository::of("users: { secret: }");
    symlink(elsewhere.path("policies/a.yaml"), firm.path("policies/b.yaml")).unwrap();
    ends(&firm, "check", 2, "`policies/b.yaml` is a symbolic link that leads out of the repository");
    std::fs::remove_file(firm.path("policies/b.yaml")).unwrap();
    symlink("b.yaml", firm.path("policies/b.yaml")).unwrap();
    ends(&firm, "check", 2, "symbolic link");
    std::fs::remove_file(firm.path("policies/b.yaml")).unwrap();
    symlink(elsewhere.path("crm.db"), firm.path("crm.db")).unwrap();
    ends(&firm, "apply --yes", 2, "lies outside of the repository");
    assert!(!elsewhere.path("crm.db").exists());
}

#[test]
fn files_that_are_pipes() {
    let firm = Repository::of("users: { lars: }");
    let made = std::process::Command::new("mkfifo").arg(firm.path("policies/pipe.yaml")).status().unwrap();
    assert!(made.success());
    ends(&firm, "check", 2, "it is not a regular file");
}

#[test]
fn databases_that_are_none() {
    let firm = Repository::of("users: { lars: }");
    firm.write("text.db", "this is a text file that somebody took for a database\n".repeat(5));
    ends(&firm, "plan --database sqlite:text.db", 2, "text.db` is not an SQLite database");
    ends(&firm, "apply --yes --database sqlite:text.db", 2, "is not an SQLite database");
    ends(&firm, "apply --yes --database sqlite:no/such/folder/x.db", 2, "cannot open the database");
    ends(&firm, "plan --database sqlite:policies", 2, "cannot open the database");
    let secret = firm.run("plan --database mysql://user:hunter2@host/db");
    assert!(secret.starts_with("exit 2\n") && !secret.contains("hunter2"), "{secret}");
    for url in ["sqlite:", "sqlite://crm.db", "sqlite::memory:", "crm.db"] {
        ends(&firm, &format!("plan --database {url}"), 2, "no database address");
    }
}

#[test]
fn usage_that_is_wrong() {
    let firm = Repository::of("users: { lars: }");
    for arguments in ["chekc", "why", "check --format yaml", "can lars data.export --on 2026-13-01", "matrix --skoped"]
    {
        assert!(firm.run(arguments).starts_with("exit 2\n-- stderr\n"), "{arguments}");
    }
    assert!(firm.run("\u{202e}evil").contains("\\u{202e}evil"));
}
