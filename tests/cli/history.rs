//! `log`, `why --blame`, and questions about revisions.

use std::process::Command;

use serde_json::{Value, json};

use super::repository::Repository;

impl Repository {
    /// Runs git as somebody on a day, whatever the configuration of this machine.
    pub fn git_as(&self, who: &str, day: &str, arguments: &[&str]) -> String {
        let date = format!("{day}T10:00:00+01:00");
        let ran = Command::new("git")
            .current_dir(self.path("."))
            .args(["-c", "init.defaultBranch=main"])
            .args(arguments)
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
            .envs([("GIT_AUTHOR_NAME", who), ("GIT_AUTHOR_EMAIL", "t@t.example"), ("GIT_AUTHOR_DATE", &date)])
            .envs([("GIT_COMMITTER_NAME", "t"), ("GIT_COMMITTER_EMAIL", "t@t.example"), ("GIT_COMMITTER_DATE", &date)])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{arguments:?} {ran:?}");
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything, in a git repository that is made if need be; the id.
    pub fn commit(&self, who: &str, day: &str, summary: &str) -> String {
        self.git_as(who, day, &["init", "-q"]);
        self.git_as(who, day, &["add", "-A"]);
        self.git_as(who, day, &["commit", "-q", "--allow-empty", "-m", summary]);
        self.git_as(who, day, &["rev-parse", "HEAD"])
    }
}

/// Lars gets the export, loses it by a broken merge of files, gets it again, and moves department.
fn firm() -> Repository {
    let firm = Repository::with(&[("README.md", "A firm\n")]);
    firm.commit("Rolf Lund", "2026-01-02", "Begin");
    firm.write("policies/a.yaml", "users: { anna: }\n");
    firm.commit("Rolf Lund", "2026-01-05", "Add Anna");
    firm.write("policies/a.yaml", "users:\n  anna:\n  lars:\n");
    firm.write(
        "policies/sales.yaml",
        "groups:\n  sales:\n    members:\n      - lars\n    allow:\n      - lists.print\n",
    );
    firm.commit("Rolf Lund", "2026-02-01", "Add Lars and the sales department");
    let sales = "groups:\n  sales:\n    members:\n      - lars\n    allow:\n      - lists.print\n      - data.export\n";
    firm.write("policies/sales.yaml", sales);
    firm.commit("Anna Berg", "2026-03-01", "Give sales the export");
    firm.write("README.md", "A firm, still\n");
    firm.commit("Anna Berg", "2026-03-02", "Say more");
    firm.write("policies/sales.yaml", sales.replace("- data.export", "- data.exprot"));
    firm.commit("Rolf Lund", "2026-03-03", "Tidy up");
    firm.write("policies/sales.yaml", sales.replace("    allow", "    # reviewed\n    allow"));
    firm.commit("Anna Berg", "2026-03-04", "Mend");
    firm
}

#[test]
fn log_shows_when_the_answer_changed_and_by_whom() {
    let firm = firm();
    insta::assert_snapshot!(firm.run("log lars can data.export"), @"
    exit 0
    yes  lars can data.export since 2026-03-04

      2026-03-04  broken -> yes  Mend
                                 Anna Berg  54e8f52
                                 group:sales allows data.export
                                 policies/sales.yaml:8
      2026-03-03  yes -> broken  Tidy up
                                 Rolf Lund  a92a4ac
                                 the policy does not compile: there is no right
                                 `data.exprot` (policies/sales.yaml:7)
      2026-03-01  no -> yes      Give sales the export
                                 Anna Berg  8c71838
                                 group:sales allows data.export
                                 policies/sales.yaml:7
      2026-01-02  no             Begin
                                 Rolf Lund  858820c
                                 there is no policy in this commit

    3 changes in 7 commits
    ");
    insta::assert_snapshot!(firm.run("log lars can data.export --at HEAD~2 --on 2026-12-31"), @"
    exit 0
    yes  lars can data.export on 2026-12-31 since 2026-03-01

      2026-03-01  no -> yes  Give sales the export
                             Anna Berg  8c71838
                             group:sales allows data.export
                             policies/sales.yaml:7
      2026-01-02  no         Begin
                             Rolf Lund  858820c
                             there is no policy in this commit

    1 change in 5 commits
    ");
    insta::assert_snapshot!(firm.run("log lars can data.export --lang de --at HEAD~4"), @"
    exit 0
    nein  lars: Daten exportieren (data.export) seit 2026-01-02

      2026-01-02  nein  Begin
                        Rolf Lund  858820c
                        in diesem Commit gibt es keine Richtlinie

    0 Änderungen in 3 Commits
    ");
    insta::assert_snapshot!(firm.run("log group:sales Daten exportieren --at HEAD~1"), @"
    exit 0
    broken  `group:sales Daten exportieren` since 2026-03-03

      2026-03-03  yes -> broken  Tidy up
                                 Rolf Lund  a92a4ac
                                 the policy does not compile: there is no right
                                 `data.exprot` (policies/sales.yaml:7)
      2026-03-01  no -> yes      Give sales the export
                                 Anna Berg  8c71838
                                 group:sales allows data.export
                                 policies/sales.yaml:7
      2026-01-02  no             Begin
                                 Rolf Lund  858820c
                                 there is no policy in this commit

    2 changes in 6 commits
    ");
}

#[test]
fn log_as_json_has_the_keys_of_the_contract() {
    let (code, value) = firm().json("log lars data.export");
    assert_eq!(code, 0);
    let rule = |line: u32| {
        json!({
            "subject": "group:sales", "effect": "allow", "right": "data.export", "target": null,
            "file": "policies/sales.yaml", "line": line,
        })
    };
    let events = value["events"].as_array().unwrap();
    assert_eq!((&value["version"], &value["commits"], &value["cut"]), (&json!(1), &json!(7), &json!(false)));
    let shown: Vec<Value> = events
        .iter()
        .map(|event| {
            assert_eq!(event["commit"].as_str().unwrap().len(), 40);
            json!([
                event["date"],
                event["author"],
                event["summary"],
                event["before"],
                event["allowed"],
                event["step"],
                event["rule"]
            ])
        })
        .collect();
    let expected = json!([
        ["2026-03-04T10:00:00+01:00", "Anna Berg", "Mend", null, true, "group-allow", rule(8)],
        ["2026-03-03T10:00:00+01:00", "Rolf Lund", "Tidy up", true, null, null, null],
        ["2026-03-01T10:00:00+01:00", "Anna Berg", "Give sales the export", false, true, "group-allow", rule(7)],
        ["2026-01-02T10:00:00+01:00", "Rolf Lund", "Begin", null, false, "default", null],
    ]);
    assert_eq!(json!(shown), expected);
    assert_eq!(events[3]["message"], "there is no policy in this commit");
    assert_eq!(
        events[1]["message"],
        "the policy does not compile: there is no right `data.exprot` (policies/sales.yaml:7)"
    );
}

#[test]
fn a_question_that_no_commit_can_answer_is_an_error() {
    let firm = firm();
    insta::assert_snapshot!(firm.run("log lasr data.export"), @"
    exit 2
    -- stderr
    error: there is no user `lasr`
     help: did you mean `lars`?
    ");
    insta::assert_snapshot!(firm.run("log lars data.export.all"), @"
    exit 2
    -- stderr
    error: this is no question: `.all` cannot stand here
     help: expected `of`, `on` or the end; ask as in `lars calendar.see of anna on
           2026-12-01`
    ");
    insta::assert_snapshot!(firm.run("log lars data.export --at nonsense"), @"
    exit 2
    -- stderr
    error: git knows no revision `nonsense`
     help: name a branch, a tag or a commit; `git log --oneline` lists commits
    ");
    insta::assert_snapshot!(firm.run("log lars data.export --at HEAD~6"), @"
    exit 2
    -- stderr
    error: there is no policy in this commit
    ");
    // Who is gone held nothing since.
    firm.write("policies/a.yaml", "users: { anna: }\n");
    firm.write("policies/sales.yaml", "groups: { sales: { members: [anna] } }\n");
    firm.commit("Rolf Lund", "2026-04-01", "Lars leaves");
    let (code, value) = firm.json("log lars data.export");
    assert_eq!(
        (code, &value["events"][0]["allowed"], &value["events"][0]["step"]),
        (0, &json!(false), &json!("default"))
    );
    assert_eq!(value["events"][0]["message"], "there is no user `lars`");
    let shown = firm.run("log lars data.export --format text");
    assert!(shown.starts_with("exit 0\nno  `lars data.export` since 2026-04-01\n"), "{shown}");
}

#[test]
fn a_history_needs_git_and_a_commit() {
    let firm = Repository::of("users: { lars: }");
    insta::assert_snapshot!(firm.run("log lars data.export"), @"
    exit 2
    -- stderr
    error: `REPOSITORY` is not in a git repository
     help: `log`, `--at` and `--blame` need a git checkout
    ");
    insta::assert_snapshot!(firm.run("why lars data.export --blame --on 2026-11-22"), @"
    exit 2
    -- stderr
    error: `REPOSITORY` is not in a git repository
     help: `log`, `--at` and `--blame` need a git checkout
    ");
    assert!(firm.run("log lars data.export -C nowhere").contains("there is no directory"));
    firm.git_as("t", "2026-01-01", &["init", "-q"]);
    insta::assert_snapshot!(firm.run("log lars data.export"), @"
    exit 2
    -- stderr
    error: git has no commit yet
     help: commit the policy first; there is no history before
    ");
    firm.write("policies/a.yaml", "users: { lars: { allow: [data.export] } }");
    assert!(firm.run("why lars data.export --blame --on 2026-11-22").contains("not committed yet"));
}

#[test]
fn a_shallow_clone_says_that_its_history_is_cut() {
    let firm = firm();
    let clone = Repository::with(&[("x", "")]);
    let from = format!("file://{}", firm.path(".").display());
    clone.git_as("t", "2026-01-01", &["clone", "-q", "--depth", "2", &from, "clone"]);
    insta::assert_snapshot!(clone.run("log lars data.export -C clone"), @"
    exit 0
    yes  lars can data.export since 2026-03-04

      2026-03-04  broken -> yes  Mend
                                 Anna Berg  54e8f52
                                 group:sales allows data.export
                                 policies/sales.yaml:8
      2026-03-03  broken         Tidy up
                                 Rolf Lund  a92a4ac
                                 the policy does not compile: there is no right
                                 `data.exprot` (policies/sales.yaml:7)

    1 change in 2 commits
    note  older commits are not here: this is a shallow clone
    ");
    assert_eq!(clone.json("log lars data.export -C clone").1["cut"], json!(true));
}

#[test]
fn log_asks_the_company_of_a_name_and_follows_the_settings() {
    let firm = Repository::with(&[
        ("crm/policies/nord/a.yaml", "users: { lars: { allow: [data.export] } }\n"),
        ("crm/policies/sued/a.yaml", "users: { lars: }\n"),
        (
            "crm/rightful.yaml",
            "companies: { nord: { policies: [policies/nord] }, sued: { policies: [policies/sued] } }\n",
        ),
    ]);
    firm.commit("t", "2026-01-01", "Two companies");
    firm.write(
        "crm/rightful.yaml",
        "companies: { nord: { policies: [policies/sued] }, sued: { policies: [policies/nord] } }\n",
    );
    firm.commit("t", "2026-01-02", "The other way round");
    let allowed = |company: &str| {
        let (_, value) = firm.json(&format!("log lars data.export -C crm --company {company}"));
        let events = value["events"].as_array().unwrap().iter();
        events.map(|event| event["allowed"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(allowed("nord"), [json!(false), json!(true)]);
    assert_eq!(allowed("sued"), [json!(true), json!(false)]);
    assert!(firm.run("log lars data.export -C crm").contains("the settings name several companies"));
    assert!(firm.run("log lars data.export -C crm --company west").contains("there is no company `west`"));
}

#[test]
fn why_names_the_commits_that_brought_the_rule_and_the_memberships() {
    let firm = firm();
    insta::assert_snapshot!(firm.run("why lars data.export --blame --on 2026-11-22"), @r#"
    exit 0
    yes  lars can data.export on 2026-11-22

      step  group-allow: a group gives it
      rule  group:sales allows data.export
            policies/sales.yaml:8
            since 2026-03-04  Anna Berg  54e8f52  "Mend"
      path  lars > sales
            in sales by policies/sales.yaml:4
            since 2026-02-01  Rolf Lund  5d5fe78  "Add Lars and the sales
            department"

    note  lars may not start the program (program.start), so nothing else can be
          used

    what would take it away
      1  no longer allow group:sales data.export
         policies/sales.yaml:8  - data.export
         nothing else changes for anybody on that day
      2  end: allow group:sales data.export until 2026-11-21
         policies/sales.yaml:8  ~ data.export until 2026-11-21
         nothing else changes for anybody on that day
      3  deny user:lars data.export
         policies/a.yaml:3  + deny: data.export
         nothing else changes for anybody on that day
      4  take lars out of group:sales
         policies/sales.yaml:4  - lars
         lars also loses lists.print
      5  take the account lars out of use
         policies/a.yaml:3  ~ active: false
         lars also loses lists.print

    `--fix NUMBER` writes one of them into the files
    "#);
    let (_, value) = firm.json("why lars data.export --blame");
    let rule = &value["rules"][0];
    assert_eq!(rule["since"]["summary"], "Mend");
    assert_eq!(rule["since"]["date"], "2026-03-04T10:00:00+01:00");
    assert_eq!(rule["memberships"][0]["since"]["summary"], "Add Lars and the sales department");
    assert_eq!(rule["memberships"][0]["group"], "group:sales");
    assert_eq!(rule["memberships"][0]["line"], 4);
    // An earlier revision has earlier commits.
    let (_, value) = firm.json("why lars data.export --blame --at HEAD~2");
    assert_eq!(value["rules"][0]["since"]["summary"], "Give sales the export");
    // Unless it is asked for, nothing is said of commits.
    let (_, value) = firm.json("why lars data.export");
    assert!(value["rules"][0].get("since").is_none() && value["rules"][0].get("memberships").is_none());
    // What is on the disk only is not committed.
    let sales =
        "groups:\n  sales:\n    allow:\n      - { right: data.export,\n          because: now }\n    members: [lars]\n";
    firm.write("policies/sales.yaml", sales);
    insta::assert_snapshot!(firm.run("why lars data.export --blame --on 2026-11-22"), @r#"
    exit 0
    yes  lars can data.export on 2026-11-22

      step  group-allow: a group gives it
      rule  group:sales allows data.export
            policies/sales.yaml:4
            not committed yet
            because "now"
      path  lars > sales
            in sales by policies/sales.yaml:6
            not committed yet

    note  lars may not start the program (program.start), so nothing else can be
          used

    what would take it away
      1  take lars out of group:sales
         policies/sales.yaml:6  - lars
         nothing else changes for anybody on that day
      2  no longer allow group:sales data.export
         policies/sales.yaml:4  - data.export
         nothing else changes for anybody on that day
      3  have lars in group:sales only until 2026-11-21
         policies/sales.yaml:6  ~ lars until 2026-11-21
         nothing else changes for anybody on that day
      4  deny user:lars data.export
         policies/a.yaml:3  + deny: data.export
         nothing else changes for anybody on that day
      5  take the account lars out of use
         policies/a.yaml:3  ~ active: false
         nothing else changes for anybody on that day

    `--fix NUMBER` writes one of them into the files
    "#);
    assert_eq!(firm.json("why lars data.export --blame").1["rules"][0]["since"], Value::Null);
}

/// The summaries of the commits that brought the rule and the memberships of Lars.
fn brought(firm: &Repository, arguments: &str) -> Vec<String> {
    let (_, value) = firm.json(&format!("why lars data.export --blame {arguments}"));
    let rule = &value["rules"][0];
    let memberships = rule["memberships"].as_array().unwrap().iter().map(|membership| &membership["since"]);
    let since = std::iter::once(&rule["since"]).chain(memberships);
    since.map(|since| since["summary"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn lines_are_followed_through_edits_renames_and_moves() {
    let start = "users:\n  lars:\n  anna:\n  rolf:\ngroups:\n  inner:\n    members:\n      - lars\n  sales:\n    members:\n      - group:inner\n    allow:\n      - data.export\n";
    let firm = Repository::with(&[("crm/policies/all.yaml", start)]);
    firm.commit("a", "2026-01-01", "Begin");
    let all = |arguments: &str| brought(&firm, &format!("-C crm {arguments}"));
    // Lines above, and a comment.
    firm.write("crm/policies/all.yaml", format!("# All of it\n\n{start}"));
    firm.commit("a", "2026-01-02", "Say what it is");
    assert_eq!(all(""), ["Begin", "Begin", "Begin"]);
    // A renamed file.
    firm.git_as("a", "2026-01-03", &["mv", "crm/policies/all.yaml", "crm/policies/firm.yaml"]);
    assert_eq!(all(""), ["Begin", "Begin", "Begin"], "not committed yet, but only moved");
    firm.commit("a", "2026-01-03", "Rename");
    assert_eq!(all(""), ["Begin", "Begin", "Begin"]);
    // A group moves into a file of its own, with other blanks before its lines.
    firm.write(
        "crm/policies/firm.yaml",
        "users:\n  lars:\n  anna:\n  rolf:\ngroups:\n  inner:\n    members:\n      - lars\n",
    );
    let sales = "groups:\n    sales:\n        members:\n        -   group:inner\n        - group:inner\n        allow:\n        - data.export\n";
    firm.write("crm/policies/groups/sales.yaml", sales.replace("        -   group:inner\n", ""));
    assert_eq!(all(""), ["Begin", "Begin", "Begin"]);
    firm.commit("a", "2026-01-04", "One file for each group");
    assert_eq!(all(""), ["Begin", "Begin", "Begin"]);
    assert_eq!(all("--at HEAD~1"), ["Begin", "Begin", "Begin"]);
    // Lars moves from one group to another: a line of the same words, but another membership.
    firm.write(
        "crm/policies/firm.yaml",
        "users:\n  lars:\n  anna:\n  rolf:\ngroups:\n  inner:\n    members:\n      - rolf\n",
    );
    firm.write("crm/policies/groups/other.yaml", "groups:\n  other:\n    members:\n      - lars\n");
    firm.write("crm/policies/groups/sales.yaml", "groups:\n    sales:\n        members:\n        - group:inner\n        - group:other\n        allow:\n        - data.export\n");
    firm.commit("a", "2026-01-05", "Lars changes department");
    assert_eq!(all(""), ["Begin", "Lars changes department", "Lars changes department"]);
    // Line ends as another system has them, and a link to the file.
    firm.write(
        "crm/shared/sales.yaml",
        sales.replace("        -   group:inner\n", "        - group:other\n").replace('\n', "\r\n"),
    );
    std::fs::remove_file(firm.path("crm/policies/groups/sales.yaml")).unwrap();
    std::os::unix::fs::symlink("../../shared/sales.yaml", firm.path("crm/policies/groups/sales.yaml")).unwrap();
    firm.commit("a", "2026-01-06", "Share it");
    assert_eq!(all(""), ["Begin", "Lars changes department", "Lars changes department"]);
    assert_eq!(all("--at HEAD"), ["Begin", "Lars changes department", "Lars changes department"]);
}

#[test]
fn a_line_of_a_merged_branch_is_of_the_commit_on_the_branch() {
    let firm = Repository::of("users:\n  lars:\n    allow:\n      - lists.print\n");
    firm.commit("a", "2026-01-01", "Begin");
    firm.git_as("a", "2026-01-02", &["checkout", "-q", "-b", "side"]);
    firm.write("policies/a.yaml", "users:\n  lars:\n    allow:\n      - lists.print\n      - data.export\n");
    firm.commit("b", "2026-01-02", "Give the export");
    firm.git_as("a", "2026-01-03", &["checkout", "-q", "main"]);
    firm.write("README.md", "x");
    firm.commit("a", "2026-01-03", "Read me");
    firm.git_as("a", "2026-01-04", &["merge", "-q", "--no-ff", "-m", "Merge the side", "side"]);
    assert_eq!(brought(&firm, ""), ["Give the export"]);
    // The log is that of first parents.
    let (_, value) = firm.json("log lars data.export");
    assert_eq!(value["events"][0]["summary"], "Merge the side");
    assert_eq!(value["commits"], 3);
}

#[test]
fn every_command_that_reads_a_policy_takes_a_revision_and_a_day() {
    let firm = Repository::of("users: { lars: { allow: [data.export until 2026-06-30] } }\n");
    firm.commit("a", "2026-01-01", "Begin");
    firm.write("policies/a.yaml", "users: { lars: }\n");
    firm.commit("a", "2026-01-02", "Take it");
    assert_eq!(firm.run("can lars data.export --at HEAD~1 --on 2026-06-30"), "exit 0\nyes  user\n");
    assert_eq!(firm.run("can lars data.export --at HEAD~1 --on 2026-07-01"), "exit 1\nno  default\n");
    assert_eq!(firm.run("can lars data.export --at HEAD --on 2026-06-30"), "exit 1\nno  default\n");
    let data_export = |rows: &Value| {
        let row = rows.as_array().unwrap().iter().find(|row| row["right"] == "data.export").unwrap();
        row["allowed"].clone()
    };
    for (day, allowed) in [("2026-06-30", true), ("2026-07-01", false)] {
        let at = format!("--at HEAD~1 --on {day}");
        assert_eq!(firm.json(&format!("why lars data.export --blame {at}")).1["allowed"], allowed);
        assert_eq!(data_export(&firm.json(&format!("what lars {at}")).1["rights"]), allowed);
        assert_eq!(data_export(&firm.json(&format!("matrix {at}")).1["rows"]), allowed);
        assert_eq!(firm.json(&format!("log lars data.export {at}")).1["events"][0]["allowed"], allowed);
        let gains = firm.json(&format!("plan {at}")).1["gains"].to_string();
        assert_eq!(gains.contains("data.export"), allowed, "{gains}");
        let codes = firm.json(&format!("check {at}")).1["findings"].to_string();
        assert_eq!(codes.contains("expired-rule"), !allowed, "{codes}");
    }
    assert!(firm.run("apply --yes --at HEAD~1 --on 2026-06-30").starts_with("exit 0\n"));
    assert!(firm.run("plan --at HEAD --on 2026-06-30").contains("data.export"));
}
