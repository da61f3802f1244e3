//! `check`, and what a policy that does not compile does to the other commands.

use serde_json::json;

use super::repository::Repository;

#[test]
fn a_clean_policy_is_ok() {
    insta::assert_snapshot!(Repository::of("users: { lars: { allow: [data.export] } }").run("check"), @"
    exit 0
    cannot-start

      ⚠ `lars` is given rights, but may not start the program
       ╭─[policies/a.yaml:1:10]
     1 │ users: { lars: { allow: [data.export] } }
       ·          ────
       ╰────
      help: allow `program.start` to a group of `lars`; without it nothing else can
            be used

    1 warning in 1 file: 1 user, 0 groups, 1 rule (1 allow, 0 deny)
    ");
}

#[test]
fn findings_come_with_their_source_underlined() {
    let firm = Repository::with(&[
        ("policies/people/users.yaml", "users:\n  lars: { modles: desk, allow: [data.exprot] }\n"),
        ("policies/sales.yml", "users:\n  lars:\ngroups:\n  sales: { members: [lars], deny: [sms.send] }\n"),
    ]);
    insta::assert_snapshot!(firm.run("check"), @"
    exit 1
    unknown-field

      × there is no field `modles`
       ╭─[policies/people/users.yaml:2:11]
     2 │   lars: { modles: desk, allow: [data.exprot] }
       ·           ──────
       ╰────
      help: did you mean `modules`?

    unknown-right

      × there is no right `data.exprot`
       ╭─[policies/people/users.yaml:2:33]
     2 │   lars: { modles: desk, allow: [data.exprot] }
       ·                                 ───────────
       ╰────
      help: did you mean `data.export`?

    duplicate-name

      × the user `lars` is declared twice
       ╭─[policies/sales.yml:2:3]
     2 │   lars:
       ·   ──┬─
       ·     ╰── again
       ╰────
      ╰─▶   ☞ and here
             ╭─[policies/people/users.yaml:2:3]
           2 │   lars: { modles: desk, allow: [data.exprot] }
             ·   ──┬─
             ·     ╰── first
             ╰────
      help: join the two declarations, or rename one of them

    3 errors in 2 files
    ");
}

#[test]
fn warnings_fail_a_check_only_when_they_shall() {
    let firm = Repository::of("users: { lars: }\ngroups: { sales: { members: [lars], deny: [sms.send] } }");
    assert!(firm.run("check").starts_with("exit 0\n"));
    assert!(firm.run("check --strict").starts_with("exit 1\n"));
    let (code, value) = firm.json("check");
    assert_eq!(code, 0);
    let finding = &value["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&json!("inert-rule"), &json!("warning")));
    let place = json!({ "file": "policies/a.yaml", "line": 2, "column": 44, "length": 8, "label": "" });
    assert_eq!(finding["places"][0], place);
    assert_eq!(value["expectations"], json!({ "passed": 0, "failed": 0 }));
}

#[test]
fn a_policy_that_does_not_compile_answers_nothing() {
    let firm = Repository::of("users: { lars: { allow: [data.exprot] } }");
    insta::assert_snapshot!(firm.run("why lars data.export"), @"
    exit 2
    -- stderr
    unknown-right

      × there is no right `data.exprot`
       ╭─[policies/a.yaml:1:26]
     1 │ users: { lars: { allow: [data.exprot] } }
       ·                          ───────────
       ╰────
      help: did you mean `data.export`?

    1 error in 1 file
    error: the policy does not compile, so nothing can be answered
     help: `rightful check` lists everything that was found
    ");
    for command in ["can lars data.export", "what lars", "matrix", "plan", "apply --yes", "rights"] {
        assert!(firm.run(command).starts_with("exit 2\n-- stderr\n"), "{command}");
    }
    assert!(!firm.path("crm.db").exists());
}

#[test]
fn errors_that_compile_stop_apply_only() {
    let firm = Repository::of("users: { lars: { superuser: true, allow: [data.export] } }");
    assert!(firm.run("check").starts_with("exit 1\n"));
    assert!(firm.run("can lars data.export").starts_with("exit 0\n"));
    assert!(firm.run("plan").starts_with("exit 0\n"));
    assert!(firm.run("apply --yes").starts_with("exit 1\n"));
    assert!(!firm.path("crm.db").exists());
}

#[test]
fn a_revision_is_read_without_a_checkout() {
    let firm = Repository::of("users: { lars: { allow: [data.export] } }");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@t.example"];
        let ran = std::process::Command::new("git")
            .current_dir(firm.path("."))
            .args(identity)
            .args(arguments)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    firm.write("policies/a.yaml", "users: { lars: }");
    assert_eq!(firm.run("can lars data.export --at HEAD"), "exit 0\nyes  user\n");
    assert_eq!(firm.run("can lars data.export"), "exit 1\nno  default\n");
    insta::assert_snapshot!(firm.run("can lars data.export --at nonsense"), @"
    exit 2
    -- stderr
    error: git knows no revision `nonsense`
     help: name a branch, a tag or a commit; `git log --oneline` lists commits
    ");
    assert!(firm.run("check --at HEAD").starts_with("exit 0\n"));
}

#[test]
fn the_settings_mark_the_root() {
    let firm = Repository::with(&[
        ("rightful.yaml", "version: 1\n"),
        ("policies/a.yaml", "users: { lars: }"),
        ("deep/er/x", ""),
    ]);
    assert!(firm.run("check -C deep/er").starts_with("exit 0\n"));
    firm.write("rightful.yaml", "version: 2\nverison: 1\n");
    insta::assert_snapshot!(firm.run("check -C deep/er"), @"
    exit 1
    wrong-type

      × this program knows version 1 only
       ╭─[rightful.yaml:1:10]
     1 │ version: 2
       ·          ─
       ╰────
      help: write `version: 1`

    unknown-field

      × there is no setting `verison`
       ╭─[rightful.yaml:2:1]
     2 │ verison: 1
       · ───────
       ╰────
      help: did you mean `version`?

    2 errors in 2 files
    ");
}

#[test]
fn wrong_gates_and_reviewers_are_shown_where_they_stand() {
    let users =
        ("policies/a.yaml", "users: { anna: }\ngroups: { management: { members: [anna], allow: [program.start] } }\n");
    let settings = "gates:\n  - nobody gain data.export\n  - at most 5 users gain Sensitive\nreviewers:\n  data.export: [anna, \"security team\"]\n";
    insta::assert_snapshot!(Repository::with(&[("rightful.yaml", settings), users]).run("check"), @r#"
    exit 1
    rule-syntax

      × `gain` cannot stand here
       ╭─[rightful.yaml:2:12]
     2 │   - nobody gain data.export
       ·            ────
       ╰────
      help: expected `gains` or `loses`

    rule-syntax

      × `Sensitive` cannot stand here
       ╭─[rightful.yaml:3:26]
     3 │   - at most 5 users gain Sensitive
       ·                          ─────────
       ╰────
      help: expected a right such as `data.export`, a group such as
            `group:management`, `access to NAME`, `sensitive` or `anything`

    wrong-type

      × `security team` is no approver
       ╭─[rightful.yaml:5:23]
     5 │   data.export: [anna, "security team"]
       ·                       ───────────────
       ╰────
      help: write a user or a team as the forge knows them, such as `anna` or
            `"@nordwind/security"`: letters, digits, `.`, `-`, `_`, `/` and `@`, at
            most 128 bytes

    3 errors in 2 files
    "#);
    let settings = "gates:\n  - nobody gains group:mangement\nreviewers:\n  access to mangement: [\"@nordwind/security\"]\n  data.exprot: anna\n";
    insta::assert_snapshot!(Repository::with(&[("rightful.yaml", settings), users]).run("check"), @r#"
    exit 1
    unknown-group

      × there is no group `mangement`
       ╭─[rightful.yaml:2:18]
     2 │   - nobody gains group:mangement
       ·                  ───────────────
       ╰────
      help: did you mean `group:management`?

    unknown-target

      × there is nothing called `mangement`
       ╭─[rightful.yaml:4:13]
     4 │   access to mangement: ["@nordwind/security"]
       ·             ─────────
       ╰────
      help: did you mean `management`?

    unknown-right

      × there is no right `data.exprot`
       ╭─[rightful.yaml:5:3]
     5 │   data.exprot: anna
       ·   ───────────
       ╰────
      help: did you mean `data.export`?

    3 errors in 2 files: 1 user, 1 group, 1 rule (1 allow, 0 deny)
    "#);
    let settings =
        "gates:\n  - nobody gains group:management\nreviewers:\n  access to management: [\"@nordwind/security\"]\n";
    insta::assert_snapshot!(Repository::with(&[("rightful.yaml", settings), users]).run("check"), @"
    exit 0
    ok in 2 files: 1 user, 1 group, 1 rule (1 allow, 0 deny)
    ");
}

#[test]
fn of_many_people_a_dozen_is_named_except_in_json() {
    let users: String = (10..50).map(|number| format!("  u{number}: {{ allow: [program.start] }}\n")).collect();
    let firm = Repository::of(&format!("users:\n{users}expect: [everyone can data.export]\n"));
    for format in ["text", "github", "sarif", "junit", "json"] {
        let shown = firm.run(&format!("check --on 2026-11-22 --format {format}"));
        let words: Vec<&str> = shown.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
        let named = (10..50).filter(|number| words.contains(&format!("u{number}").as_str())).count();
        assert_eq!(named, if format == "json" { 40 } else { 12 }, "{format}: {shown}");
        assert_eq!(shown.contains("and 28 more"), format != "json", "{format}: {shown}");
    }
}

#[test]
fn of_many_findings_alike_the_first_ones_are_shown() {
    let members = |number: usize| (0..number).map(|number| format!("nobody{number}")).collect::<Vec<_>>().join(", ");
    let policy = |number: usize| format!("groups: {{ some: {{ members: [{}] }} }}\n", members(number));
    let few = Repository::of(&policy(50)).run("check --on 2026-11-22");
    assert!(few.contains("nobody49") && !few.contains("has them all"), "{few}");
    let firm = Repository::of(&policy(60));
    let many = firm.run("check --on 2026-11-22");
    assert!(many.contains("\nand 10 more of unknown-user: `rightful check --format json` has them all\n"), "{many}");
    assert!(many.contains("60 errors"), "{many}");
    assert!(firm.run("check --on 2026-11-22 --format json").contains("nobody59"));
}
