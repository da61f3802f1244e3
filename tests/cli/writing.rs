//! `init`, `new user`, `explain`, `schema`: what they write, what they refuse, and that nothing is lost.

use std::fs;
use std::path::Path;

use super::repository::Repository;

#[test]
fn a_new_repository_checks_clean_in_every_language() {
    for language in ["en", "de", "nb", "nl"] {
        let firm = Repository::with(&[("README.md", "x")]);
        let begun = firm.run(&format!("init --lang {language}"));
        assert!(begun.starts_with("exit 0\n") && begun.contains(".gitlab-ci.yml"), "{begun}");
        let (code, checked) = firm.json("check --strict");
        assert_eq!((code, checked["findings"].as_array().unwrap().len()), (0, 0), "{checked}");
        assert!(firm.run("apply --yes").starts_with("exit 0\n"));
        let settings = fs::read_to_string(firm.path("rightful.yaml")).unwrap();
        assert!(settings.contains(&format!("language: {language} ")), "{settings}");
    }
}

#[test]
fn the_pipelines_are_those_of_the_examples() {
    let firm = Repository::with(&[("README.md", "x")]);
    let (code, begun) = firm.json("init");
    let written: Vec<&str> = begun["written"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(code, 0);
    let mut pipelines = 0;
    for path in written.into_iter().filter(|path| path.starts_with(".git") && *path != ".gitignore") {
        let folder = if path.starts_with(".gitlab") { "gitlab" } else { "github" };
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(folder).join(path);
        assert_eq!(fs::read(firm.path(path)).unwrap(), fs::read(example).unwrap(), "{path}");
        pipelines += 1;
    }
    assert_eq!(pipelines, 5);
}

#[test]
fn a_folder_that_leads_elsewhere_is_not_written_into() {
    for folder in ["schema", ".github", ".gitlab", "policies"] {
        let firm = Repository::with(&[("elsewhere/README.md", "x")]);
        std::os::unix::fs::symlink(firm.path("elsewhere"), firm.path(folder)).unwrap();
        let refused = firm.run("init");
        assert!(refused.starts_with("exit 2\n") && refused.contains(&format!("already: {folder}\n")), "{refused}");
        assert_eq!(fs::read_dir(firm.path("elsewhere")).unwrap().count(), 1);
    }
}

#[test]
fn nothing_is_overwritten_and_a_second_try_finds_an_empty_place() {
    let firm = Repository::with(&[("policies/a.yaml", "users: { lars: }")]);
    insta::assert_snapshot!(firm.run("init"), @"
    exit 2
    -- stderr
    error: nothing was written, since this is here already: policies
     help: start in an empty directory, or add to the policies that there are
    ");
    assert!(!firm.path("rightful.yaml").exists());
    let firm = Repository::with(&[("schema", "a file where a folder shall be")]);
    assert!(firm.run("init").starts_with("exit 2\n"));
    assert!(!firm.path("policies").exists() && !firm.path("rightful.yaml").exists());
    fs::remove_file(firm.path("schema")).unwrap();
    assert!(firm.run("init").starts_with("exit 0\n"));
}

#[test]
fn a_new_user_is_written_beside_the_other() {
    let people = "# the field\nusers:\n  lars: { employee: e, allow: [data.export] } # best seller\n  anna:\nemployees: { e: , f: }\n";
    let groups = "groups:\n  sales:\n    members:\n      - lars until 2027-01-01 # soon\n      - anna\n    allow: [program.start]\n";
    let firm = Repository::with(&[("policies/people.yaml", people), ("policies/groups.yaml", groups)]);
    insta::assert_snapshot!(firm.run("new user kim --like lars --employee f --on 2026-11-22"), @"
    exit 0
    added kim, like lars

      policies/groups.yaml:5
        +       - kim until 2027-01-01
      policies/people.yaml:4
        +   kim: { employee: f, allow: [data.export] }

    `rightful check` and `rightful plan` show what it means
    ");
    insta::assert_snapshot!(fs::read_to_string(firm.path("policies/people.yaml")).unwrap(), @"
    # the field
    users:
      lars: { employee: e, allow: [data.export] } # best seller
      kim: { employee: f, allow: [data.export] }
      anna:
    employees: { e: , f: }
    ");
    insta::assert_snapshot!(fs::read_to_string(firm.path("policies/groups.yaml")).unwrap(), @"
    groups:
      sales:
        members:
          - lars until 2027-01-01 # soon
          - kim until 2027-01-01
          - anna
        allow: [program.start]
    ");
    for (wrong, says) in [
        ("new user kim --like lars", "there is a user `kim` already"),
        ("new user kit --like otto", "there is no user `otto`"),
        ("new user kit --like sales", "is no user"),
        ("new user kit --like lars --employee g", "there is no employee `g`"),
        ("new user kit --like lars --employee e", "is linked to the user `lars` already"),
        ("new user of --like lars", "`of` is no name"),
    ] {
        let refused = firm.run(wrong);
        assert!(refused.starts_with("exit 2\n") && refused.contains(says), "{wrong}: {refused}");
    }
}

#[test]
fn a_new_user_who_would_break_something_is_not_written() {
    let firm = Repository::with(&[
        (
            "rightful.yaml",
            "companies:\n  a: { policies: [policies/common] }\n  b: { policies: [policies/common, policies/b] }\n",
        ),
        ("policies/common/a.yaml", "users:\n  lars:\n"),
        ("policies/b/b.yaml", "users:\n  tom:\n"),
    ]);
    insta::assert_snapshot!(firm.run("new user tom --like lars --company a"), @"
    exit 2
    -- stderr
    error: the edit of `policies/common/a.yaml` would not do what was asked
     help: nothing was written: the user `tom` is declared twice
    ");
    assert_eq!(fs::read_to_string(firm.path("policies/common/a.yaml")).unwrap(), "users:\n  lars:\n");
}

#[test]
fn findings_are_explained() {
    let firm = Repository::with(&[("x", "")]);
    insta::assert_snapshot!(firm.run("explain duplicate-rule"), @"
    exit 0
    duplicate-rule: the same rule written twice
    a warning

    The same user or group has the same rule twice, for periods that overlap. One of
    the two may be part of an `area.*`, which stands for all rights of the area.
    Keep one, or join the periods.

    Whoever wants to take the right back later will find one of the two rules,
    remove it and think that the work is done.

    wrong
      users: { karin: }
      groups:
        support:
          members: [karin]
          allow: [program.start, data.export, data.*]

    corrected
      users: { karin: }
      groups:
        support:
          members: [karin]
          allow: [program.start, data.*]
    ");
    assert!(firm.run("explain inert-rul").contains("did you mean `inert-rule`?"));
    let all = firm.run("explain --lang de");
    assert!(all.contains("inert-rule") && all.lines().count() > 45, "{all}");
}

#[test]
fn the_schemas_are_printed() {
    let firm = Repository::with(&[("x", "")]);
    for (command, title) in [("schema", "Rightful policy file"), ("schema settings", "Rightful settings")] {
        let ran = firm.command(command).output().unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(schema["title"], title);
    }
}
