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
    for name in ["rightful.yml", ".rightful.yaml", ".rightful.yml"] {
        let firm = Repository::with(&[("policies/a.yaml", "users: { lars: }\n"), (name, "sensitive: [data.export]\n")]);
        ends(&firm, "check", 2, &format!("`{name}` is not read"));
        ends(&firm, "can lars data.export", 2, "rename it to rightful.yaml");
    }
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

/// Arguments that take something, with `URL` where somebody puts the address of a database by mistake.
const MISPLACED: &str = "apply URL
apply --as URL --override URL
plan -o URL
plan --database sqlite:URL
plan --database env:URL
plan --database xURL
plan --at URL
plan --on URL
plan --lang URL
plan --URL
plan --color=URL
check URL
check -C URL
check --company URL
check --format URL
why lars can URL
why URL can data.export
why lars data.export URL
can URL
who URL
what URL
what user:URL
log URL
diff URL
diff URL..HEAD
diff HEAD URL
matrix URL
merge-check URL URL
reviewers URL
upcoming --until URL
audit --user URL
audit --right URL
audit --run URL
audit verify --head URL
history --limit URL
pull --only URL
pull --from-database URL
pull --from-database x --database URL
explain URL
rights URL
new user URL
init URL
schema URL
URL";

#[test]
fn passwords_in_the_wrong_place_are_not_repeated() {
    let firm = Repository::of("users: { lars: }");
    for url in ["postgres://u:s3cret@h/db", "postgresql://x:s3cret@h", "user://x:s3cret@h", "https://u:p@s3cret@h/?x=1"]
    {
        for arguments in MISPLACED.lines() {
            let ran = firm.run(&arguments.replace("URL", url));
            assert!(!ran.contains("s3cret"), "{arguments}\n{ran}");
            firm.run("check");
        }
    }
    for url in
        ["postgres://u:'s3cret@h", "postgres://u:\"s3cret@h", "postgres://u:s3cret\n@h", "postgres://u:x\ns3cret@h"]
    {
        for arguments in MISPLACED.lines().filter(|arguments| !arguments.starts_with("apply --as")) {
            let mut command = firm.command("");
            command.args(arguments.split(' ').map(|argument| argument.replace("URL", url)));
            let ran = command.output().unwrap();
            let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert!(!said.contains("s3cret"), "{arguments}\n{said}");
        }
    }
    insta::assert_snapshot!(firm.run("apply postgres://u:s3cret@h/db"), @"
    exit 2
    -- stderr
    error: cannot read the plan `postgres://***@h/db`: No such file or directory (os
      error 2)
     help: `rightful plan -o FILE` writes one
    ");
    insta::assert_snapshot!(firm.run("why lars can ssh://git@host/firm"), @"
    exit 2
    -- stderr
    error: this is no question: `ssh://***@host/firm` cannot stand here
     help: expected a right such as `data.export`; ask as in `lars calendar.see of
           anna on 2026-12-01`
    ");
    let said = firm.run("check --company anna@example.org");
    assert!(said.contains("there is no company `anna@example.org`"), "{said}");
}

#[test]
fn no_complaint_about_usage_is_wider_than_a_terminal() {
    let firm = Repository::of("users: { lars: }");
    for arguments in [
        "plan --database nonsense",
        "apply plan.json --at HEAD",
        "apply plan.json --keep-drift",
        "pull --from-database x --only user:lars",
        "pull --from-database x --yes",
        "apply --override everything",
        "audit verify --head 0",
        "audit --part everything",
        "audit --user",
        "audit --run x verify",
        "check --format everything",
        "check --lang fr",
        "check --on tomorrow",
        "merge-check HEAD",
        "diff a b c",
        "matrix --format text --scoped --nonsense",
        "explain nothing",
        "new user",
        "why lars data.export --versus",
        "upcoming --until never",
        "history --limit 0",
        "plan a-long-argument-that-nobody-expected and-another-one-that-nobody-expected",
    ] {
        let ran = firm.run(arguments);
        assert!(ran.starts_with("exit 2\n-- stderr\n"), "{arguments}: {ran}");
        assert!(ran.lines().all(|line| line.chars().count() <= 80), "{arguments}: {ran}");
    }
    insta::assert_snapshot!(firm.run("apply plan.json --keep-drift"), @"
    exit 2
    -- stderr
    error: the argument '[FILE]' cannot be used with '--keep-drift'

    Usage: rightful apply <FILE>

    For more information, try '--help'.
    ");
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
