//! `merge-check`: what two branches bring together that neither has alone.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::repository::Repository;

const DAY: &str = "2026-11-20";

const BASE: &str = "users:
  anna:
  karin:
  lars: { name: Lars Kaufmann }
groups:
  # The people who call.
  inside-sales:
    members:
      - karin

  # What they need.
    allow:
      - lists.print
";

/// A firm at `main`, with the branches `ours` and `theirs`.
fn branches(base: &str, ours: impl Fn(&Repository), theirs: impl Fn(&Repository)) -> Repository {
    let firm = Repository::with(&[("policies/a.yaml", base)]);
    firm.commit("Rolf Lund", DAY, "Begin");
    for (name, change) in [("ours", &ours as &dyn Fn(&Repository)), ("theirs", &theirs)] {
        firm.git_as("t", DAY, &["switch", "-q", "-c", name, "main"]);
        change(&firm);
        firm.commit("Anna Berg", DAY, name);
    }
    firm.git_as("t", DAY, &["switch", "-q", "main"]);
    firm
}

fn replaced(firm: &Repository, from: &str, to: &str) {
    let path = firm.path("policies/a.yaml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// One adds Lars to a group, the other gives the group the export.
pub fn harmless() -> Repository {
    branches(
        BASE,
        |firm| replaced(firm, "      - karin\n", "      - karin\n      - lars\n"),
        |firm| replaced(firm, "      - lists.print\n", "      - lists.print\n      - data.export\n"),
    )
}

#[test]
fn two_harmless_branches_give_a_right_together() {
    let firm = harmless();
    insta::assert_snapshot!(firm.run("merge-check ours theirs --on 2026-11-22"), @"
    exit 1
    ours and theirs together bring what neither brings alone on 2026-11-22

    allowed only together
      +  data.export  1 user (lars)
                      group:inside-sales allows data.export
                      policies/a.yaml:15

    gained: 1, lost: 0, each right over each person counted
    ");
    insta::assert_snapshot!(firm.run("merge-check ours theirs --lang de --on 2026-11-22"), @"
    exit 1
    ours und theirs bringen zusammen, was keiner allein bringt am 2026-11-22

    nur zusammen erlaubt
      +  data.export  1 Benutzer (lars)
                      group:inside-sales erlaubt data.export
                      policies/a.yaml:15

    gewonnen: 1, verloren: 0, jedes Recht über jede Person einzeln gezählt
    ");
    let (code, value) = firm.json("merge-check main ours theirs --on 2026-11-22");
    let id = |name: &str| json!(firm.git_as("t", DAY, &["rev-parse", name]));
    let gain = json!({
        "user": "lars", "right": "data.export", "target": null, "step": "group-allow",
        "file": "policies/a.yaml", "line": 15,
    });
    let expected = json!({
        "version": 1, "base": id("main"), "bases": [], "ours": id("ours"), "theirs": id("theirs"),
        "conflicts": [], "gains": [gain], "losses": [], "findings": [],
    });
    assert_eq!((code, value), (1, expected));
    assert_eq!(firm.json("merge-check ours theirs").1["bases"], json!([id("main")]));
    // A branch with itself, with what it came from, and with what holds it already.
    for words in ["ours ours", "main ours", "ours main"] {
        assert!(firm.run(&format!("merge-check {words}")).starts_with("exit 0\nok: "), "{words}");
    }
    assert_eq!(firm.git_as("t", DAY, &["status", "--porcelain"]), "");
}

#[test]
fn the_day_decides() {
    let firm = branches(
        BASE,
        |firm| replaced(firm, "      - karin\n", "      - karin\n      - lars from 2027-01-01\n"),
        |firm| replaced(firm, "      - lists.print\n", "      - lists.print\n      - data.export\n"),
    );
    insta::assert_snapshot!(firm.run("merge-check ours theirs --on 2026-12-31"), @"
    exit 0
    ok: ours and theirs bring nothing together that neither brings alone on
      2026-12-31
    ");
    assert!(firm.run("merge-check ours theirs --on 2027-01-01").starts_with("exit 1\n"));
}

#[test]
fn what_both_allow_may_be_lost_together() {
    let two = "users:\n  anna:\n  lars:\ngroups:\n  one:\n    members: [anna, lars]\n    allow: [calendar.see of everyone]\n\n\n\n\n  \
               two:\n    members: [anna, lars]\n    allow: [calendar.see of everyone]\n";
    let firm = branches(
        two,
        |firm| replaced(firm, "one:\n    members: [anna, lars]", "one:\n    members: [anna]"),
        |firm| replaced(firm, "two:\n    members: [anna, lars]", "two:\n    members: [anna]"),
    );
    insta::assert_snapshot!(firm.run("merge-check ours theirs"), @"
    exit 1
    ours and theirs together bring what neither brings alone

    allowed by both, and refused together
      -  calendar.see of  anna: 1 user (lars)
                          no rule speaks about it, and what nobody gives is refused

    gained: 0, lost: 1, each right over each person counted
    ");
    assert_eq!(firm.json("merge-check ours theirs").1["losses"][0]["step"], "default");
}

#[test]
fn an_expectation_that_only_the_merge_breaks() {
    let firm = branches(
        &format!("{BASE}expect:\n  - nobody can data.import and data.export\n"),
        |firm| replaced(firm, "  anna:\n", "  anna: { allow: [data.import] }\n"),
        |firm| firm.write("policies/b.yaml", "groups: { export: { members: [anna], allow: [data.export] } }\n"),
    );
    assert!(firm.run("check --at ours").starts_with("exit 0") && firm.run("check --at theirs").starts_with("exit 0"));
    insta::assert_snapshot!(firm.run("merge-check ours theirs"), @"
    exit 1
    expectation-failed

      × `nobody can data.import and data.export` does not hold: anna can
        ╭─[policies/a.yaml:15:5]
     15 │   - nobody can data.import and data.export
        ·     ──────────────────────────────────────
        ╰────
       ╭─[policies/a.yaml:2:19]
     2 │   anna: { allow: [data.import] }
       ·                   ─────┬─────
       ·                        ╰── gives it to anna
       ╰────
      ╰─▶   ☞ and here
             ╭─[policies/b.yaml:1:46]
           1 │ ...low: [data.export] } }
             ·          ─────┬─────
             ·               ╰── gives it to anna
             ╰────
      help: take one of the rights from them, or change the expectation

    ours and theirs together bring what neither brings alone

    1 error; gained: 0, lost: 0, each right over each person counted
    ");
    assert_eq!(firm.json("merge-check ours theirs").1["findings"][0]["code"], "expectation-failed");
}

#[test]
fn a_name_that_both_branches_declare() {
    let firm = branches(
        BASE,
        |firm| firm.write("policies/b.yaml", "users: { kim: }\n"),
        |firm| firm.write("policies/c.yaml", "users: { kim: }\n"),
    );
    insta::assert_snapshot!(firm.run("merge-check ours theirs"), @"
    exit 1
    duplicate-name

      × the user `kim` is declared twice
       ╭─[policies/c.yaml:1:10]
     1 │ users: { kim: }
       ·          ─┬─
       ·           ╰── again
       ╰────
      ╰─▶   ☞ and here
             ╭─[policies/b.yaml:1:10]
           1 │ users: { kim: }
             ·          ─┬─
             ·           ╰── first
             ╰────
      help: join the two declarations, or rename one of them

    ours and theirs together bring what neither brings alone

    1 error; the merge does not compile, so its rights cannot be compared
    ");
    let (code, value) = firm.json("merge-check ours theirs");
    assert_eq!((code, &value["findings"][0]["code"], &value["gains"]), (1, &json!("duplicate-name"), &json!([])));
}

#[test]
fn a_contradiction_and_a_cycle_of_two_branches() {
    let groups = "groups:\n  a: { members: [anna] }\n\n\n\n\n  b: { members: [karin] }\n";
    let base = format!("users: {{ anna: , karin: }}\n{groups}");
    let firm = branches(
        &base,
        |firm| replaced(firm, "a: { members: [anna] }", "a: { members: [anna, group:b], allow: [data.export] }"),
        |firm| replaced(firm, "b: { members: [karin] }", "b: { members: [karin, group:a] }"),
    );
    assert_eq!(firm.json("merge-check ours theirs").1["findings"][0]["code"], "membership-cycle");
    let base = "users:\n  anna:\n    allow:\n      - sms.send\n\n\n\n\n    deny:\n      - lists.print\n";
    let firm = branches(
        base,
        |firm| replaced(firm, "- sms.send\n", "- sms.send\n      - data.export\n"),
        |firm| replaced(firm, "- lists.print\n", "- lists.print\n      - data.export\n"),
    );
    assert_eq!(firm.json("merge-check ours theirs").1["findings"][0]["code"], "contradiction");
}

#[test]
fn what_one_branch_breaks_alone_is_not_the_work_of_the_merge() {
    let expect = format!("{BASE}expect: [nobody can data.export]\n");
    let firm = branches(
        &expect,
        |firm| replaced(firm, "  anna:\n", "  anna: { allow: [data.export] }\n"),
        |firm| replaced(firm, "lists.print", "sms.send"),
    );
    assert!(firm.run("merge-check ours theirs").starts_with("exit 0\nok: "));
    // What does not compile on one side cannot be compared.
    let firm =
        branches(BASE, |firm| replaced(firm, "- karin", "- karni"), |firm| replaced(firm, "lists.print", "sms.send"));
    let said = firm.run("merge-check main ours theirs");
    assert!(said.starts_with("exit 2\n") && said.contains("error: ours does not compile, so nothing"), "{said}");
}

#[test]
fn branches_that_conflict_are_to_be_merged_first() {
    let firm = branches(
        BASE,
        |firm| {
            replaced(firm, "lists.print", "sms.send");
            firm.write("README.md", "ours\n");
        },
        |firm| {
            replaced(firm, "lists.print", "data.export");
            firm.write("README.md", "theirs\n");
        },
    );
    insta::assert_snapshot!(firm.run("merge-check ours theirs"), @"
    exit 1
    ours and theirs conflict in policy files: merge them first

      policies/a.yaml
    ");
    let (code, value) = firm.json("merge-check ours theirs");
    assert_eq!((code, &value["conflicts"]), (1, &json!(["policies/a.yaml"])));
    // A conflict elsewhere is none of ours.
    let elsewhere =
        branches(BASE, |firm| firm.write("deploy.yaml", "ours\n"), |firm| firm.write("deploy.yaml", "theirs\n"));
    assert!(elsewhere.run("merge-check ours theirs").starts_with("exit 0\n"));
    let settings = branches(
        BASE,
        |firm| firm.write("rightful.yaml", "language: de\n"),
        |firm| firm.write("rightful.yaml", "language: nl\n"),
    );
    assert_eq!(settings.json("merge-check ours theirs").1["conflicts"], json!(["rightful.yaml"]));
}

#[test]
fn criss_cross_branches_have_several_merge_bases() {
    let firm = harmless();
    let git = |words: &str| firm.git_as("t", DAY, &words.split(' ').collect::<Vec<_>>());
    for (branch, other) in [("left", "ours"), ("right", "theirs")] {
        git(&format!("switch -q -c {branch} {other}"));
        let other = if branch == "left" { "theirs" } else { "ours" };
        git(&format!("merge -q --no-edit {other}"));
    }
    insta::assert_snapshot!(firm.run("merge-check left right --on 2026-11-22"), @"
    exit 0
    ok: left and right bring nothing together that neither brings alone on
      2026-11-22
    note  left and right have 2 merge bases; the first of them is taken
    ");
    assert_eq!(firm.json("merge-check left right").1["bases"].as_array().unwrap().len(), 2);
}

#[test]
fn an_edit_of_one_branch_follows_the_file_that_the_other_renames() {
    let firm = branches(
        BASE,
        |firm| drop(firm.git_as("t", DAY, &["mv", "policies/a.yaml", "policies/sales.yaml"])),
        |firm| replaced(firm, "      - karin\n", "      - karin\n      - lars\n"),
    );
    assert!(firm.run("merge-check ours theirs").starts_with("exit 0\n"));
    // The line is that of the new file.
    firm.git_as("t", DAY, &["switch", "-q", "ours"]);
    let path = firm.path("policies/sales.yaml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + "      - data.export\n").unwrap();
    firm.commit("t", DAY, "Export");
    let gain = &firm.json("merge-check ours theirs").1["gains"][0];
    assert_eq!((&gain["user"], &gain["file"]), (&json!("lars"), &json!("policies/sales.yaml")));
}

#[test]
fn every_company_is_compared_and_one_if_asked() {
    let settings = "companies: { nord: { policies: [policies] }, sued: { policies: [policies, more] } }\n";
    let firm = branches(
        BASE,
        |firm| {
            firm.write("rightful.yaml", settings);
            firm.write("more/a.yaml", "groups: { more: { members: [anna] } }\n");
        },
        |firm| replaced(firm, "      - karin\n", "      - karin\n      - lars\n"),
    );
    firm.git_as("t", DAY, &["switch", "-q", "-c", "both", "ours"]);
    replaced(&firm, "      - lists.print\n", "      - lists.print\n      - data.export\n");
    firm.commit("t", DAY, "Export");
    firm.git_as("t", DAY, &["switch", "-q", "-c", "other", "ours"]);
    replaced(&firm, "      - karin\n", "      - karin\n      - lars\n");
    firm.commit("t", DAY, "Lars");
    insta::assert_snapshot!(firm.run("merge-check both other --on 2026-11-22"), @"
    exit 1
    both and other together bring what neither brings alone on 2026-11-22

    nord: allowed only together
      +  data.export  1 user (lars)
                      group:inside-sales allows data.export
                      policies/a.yaml:15

    sued: allowed only together
      +  data.export  1 user (lars)
                      group:inside-sales allows data.export
                      policies/a.yaml:15

    gained: 2, lost: 0, each right over each person counted
    ");
    let companies = |arguments: &str| {
        let (_, value) = firm.json(&format!("merge-check both other {arguments}"));
        value["gains"].as_array().unwrap().iter().map(|gain| gain["company"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(companies(""), [json!("nord"), json!("sued")]);
    assert_eq!(companies("--company sued"), [json!("sued")]);
    assert!(firm.run("merge-check both other --company west").contains("there is no company `west`"));
}

#[test]
fn before_the_first_policy_there_is_nothing_to_conflict_with() {
    let firm = Repository::with(&[("README.md", "x\n")]);
    firm.commit("t", DAY, "Begin");
    firm.git_as("t", DAY, &["switch", "-q", "-c", "first"]);
    firm.write("policies/a.yaml", BASE);
    firm.commit("t", DAY, "The first policy");
    assert!(firm.run("merge-check main first").starts_with("exit 0\n"));
    assert!(firm.run("merge-check first main").starts_with("exit 0\n"));
    assert!(firm.run("merge-check main main").contains("in main: there is no folder `policies`"));
}

#[test]
fn nothing_of_a_hostile_branch_is_followed_or_run() {
    let outside = Repository::with(&[("secret.yaml", "users: { secret: }\n")]);
    let link = outside.path("secret.yaml");
    let firm = branches(
        BASE,
        |firm| {
            std::os::unix::fs::symlink(&link, firm.path("policies/x.yaml")).unwrap();
            replaced(firm, "      - karin\n", "      - karin\n      - lars\n");
        },
        |firm| {
            firm.write(".gitattributes", "* merge=evil filter=evil diff=evil\n");
            replaced(firm, "      - lists.print\n", "      - lists.print\n      - data.export\n");
        },
    );
    let said = firm.run("merge-check ours theirs");
    assert!(said.contains("in ours: `policies/x.yaml` is a symbolic link that leads out") && !said.contains("secret:"));
    // Without the link, and with everything set up that git would run.
    firm.git_as("t", DAY, &["switch", "-q", "ours"]);
    fs::remove_file(firm.path("policies/x.yaml")).unwrap();
    firm.commit("t", DAY, "No link");
    firm.git_as("t", DAY, &["switch", "-q", "theirs"]);
    let trace = outside.path("trace");
    for key in ["merge.evil.driver", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "core.fsmonitor"]
    {
        let set = ["config".to_owned(), key.to_owned(), format!("touch {}", trace.display())];
        assert!(Command::new("git").current_dir(firm.path(".")).args(set).status().unwrap().success());
    }
    let hooks = ["pre-merge-commit", "post-checkout", "post-index-change", "reference-transaction"];
    hooks
        .iter()
        .for_each(|hook| firm.write(&format!(".git/hooks/{hook}"), format!("#!/bin/sh\ntouch {}\n", trace.display())));
    let (code, value) = firm.json("merge-check ours theirs");
    assert_eq!((code, &value["gains"][0]["user"]), (1, &json!("lars")));
    assert!(!trace.exists());
    // A merge brings a link out of two halves: one branch moves the folder that the other's link goes through.
    let firm = branches(
        BASE,
        |firm| {
            firm.write("shared/b.yaml", "users: { kim: }\n");
            std::os::unix::fs::symlink("../shared", firm.path("policies/shared")).unwrap();
        },
        |firm| std::os::unix::fs::symlink(outside.path("."), firm.path("shared")).unwrap(),
    );
    let said = firm.run("merge-check ours theirs");
    assert!(!said.starts_with("exit 0") && !said.contains("secret"), "{said}");
}

#[test]
fn revisions_must_be_found() {
    let firm = harmless();
    insta::assert_snapshot!(firm.run("merge-check ours"), @"
    exit 2
    -- stderr
    error: 2 values required by '<REVISION> <REVISION>...'; only 1 was provided

    Usage: rightful merge-check [OPTIONS] <REVISION> <REVISION>...

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(firm.run("merge-check ours thiers"), @"
    exit 2
    -- stderr
    error: git knows no revision `thiers`
     help: name a branch, a tag or a commit
    ");
    firm.git_as("t", DAY, &["symbolic-ref", "HEAD", "refs/heads/alone"]);
    firm.commit("t", DAY, "Another beginning");
    insta::assert_snapshot!(firm.run("merge-check ours alone"), @"
    exit 2
    -- stderr
    error: ours and alone have no common history
     help: name two commits of one history
    ");
    let bare = Repository::of("users: { lars: }\n");
    insta::assert_snapshot!(bare.run("merge-check a b"), @"
    exit 2
    -- stderr
    error: `REPOSITORY` is not in a git repository
     help: revisions are read from a git checkout; -C DIR picks another directory
    ");
}
