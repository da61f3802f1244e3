//! `diff`: what a change does to people, read from git and directories.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::repository::Repository;

pub const DAY: &str = "2026-11-20";

impl Repository {
    /// `diff` with arguments on the day of these tests, as JSON; the exit code comes first.
    pub fn diff(&self, arguments: &str) -> (i32, Value) {
        self.json(&format!("diff {arguments} --on 2026-11-22"))
    }

    /// Git with words that are parted by blanks.
    pub fn git(&self, words: &str) -> String {
        self.git_as("Rolf Lund", DAY, &words.split(' ').collect::<Vec<_>>())
    }
}

/// A policy that is committed, and what has become of it in the working tree.
pub fn changed(base: &str, head: &str) -> Repository {
    let firm = Repository::of(base);
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.write("policies/a.yaml", head);
    firm
}

/// Every row as `user right of target: step file:line`, the company before it.
pub fn rows(list: &Value) -> Vec<String> {
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let company = text("company").map(|name| format!("[{name}] ")).unwrap_or_default();
        let target = text("target").map(|target| format!(" of {target}")).unwrap_or_default();
        let place = text("file").map(|file| format!(" {file}:{}", row["line"])).unwrap_or_default();
        format!(
            "{company}{} {}{target}: {}{place}",
            text("user").unwrap(),
            text("right").unwrap(),
            text("step").unwrap()
        )
    };
    list.as_array().unwrap().iter().map(row).collect()
}

/// The users, rights and targets of rows.
fn turns(list: &Value) -> Vec<String> {
    rows(list).iter().map(|row| row.split_once(": ").unwrap().0.to_owned()).collect()
}

const BASE: &str = "users:
  anna:
  karin:
  lars: { allow: [sms.send] }
  tom:
modules: { contacts: , mail: }
attachments: { programs: ['*.exe'] }
groups:
  sales:
    members: [lars, tom]
    allow:
      - lists.print
      - calendar.see of anna
      - modules.use of contacts
  office:
    members: [karin]
    allow: [templates.manage]
";

const HEAD: &str = "users:
  anna:
  karin: { allow: [templates.manage] }
  kim:
  lars: { deny: [lists.print] }
modules: { contacts: , mail: }
attachments: { programs: ['*.exe'] }
groups:
  sales:
    members: [lars, anna, kim]
    allow:
      - lists.print
      - calendar.see of anna
      - modules.use of everything
      - attachments.open of programs
  office:
    members: [karin]
    allow: [templates.manage]
";

#[test]
fn gains_and_losses_have_the_keys_and_places_of_the_contract() {
    let firm = changed(BASE, HEAD);
    let (code, value) = firm.diff("");
    assert_eq!(code, 0);
    assert_eq!(value["version"], 1);
    assert_eq!((&value["base"], &value["head"]), (&json!(firm.git("rev-parse HEAD")), &json!("working tree")));
    assert_eq!(value["names"], json!({ "base": "HEAD", "head": "working tree" }));
    // Anna's calendar is her own, and Tom's and Kim's rights over their own data are nobody's business.
    assert_eq!(
        rows(&value["gains"]),
        [
            "anna attachments.open of attachment:programs: group-allow policies/a.yaml:15",
            "anna lists.print: group-allow policies/a.yaml:12",
            "anna modules.use of module:contacts: group-allow policies/a.yaml:14",
            "anna modules.use of module:mail: group-allow policies/a.yaml:14",
            "kim attachments.open of attachment:programs: group-allow policies/a.yaml:15",
            "kim calendar.see of user:anna: group-allow policies/a.yaml:13",
            "kim lists.print: group-allow policies/a.yaml:12",
            "kim modules.use of module:contacts: group-allow policies/a.yaml:14",
            "kim modules.use of module:mail: group-allow policies/a.yaml:14",
            "lars attachments.open of attachment:programs: group-allow policies/a.yaml:15",
            "lars modules.use of module:mail: group-allow policies/a.yaml:14",
        ]
    );
    // The step is that of the head, the place that of the base.
    assert_eq!(
        rows(&value["losses"]),
        [
            "lars lists.print: user policies/a.yaml:12",
            "lars sms.send: default policies/a.yaml:4",
            "tom calendar.see of user:anna: default policies/a.yaml:13",
            "tom lists.print: default policies/a.yaml:12",
            "tom modules.use of module:contacts: default policies/a.yaml:14",
        ]
    );
    assert_eq!(
        rows(&value["reasons"]),
        [
            "karin templates.manage: user policies/a.yaml:3",
            "lars modules.use of module:contacts: group-allow policies/a.yaml:14",
        ]
    );
    let first = &value["gains"][1];
    for key in ["user", "right", "target", "step", "file", "line"] {
        assert!(first.get(key).is_some(), "{key}");
    }
    assert!(first["target"].is_null() && first.get("company").is_none() && first["line"].is_u64());
}

#[test]
fn everything_that_is_declared_otherwise_is_listed() {
    let head = BASE.replace("  tom:\n", "  tom: { name: Tom }\n  kim:\n").replace("[lars, tom]", "[lars]");
    let firm = changed(BASE, &head.replace("- lists.print", "- lists.print because \"CRM-1\""));
    let declared = firm.diff("").1["declared"].clone();
    let shown: Vec<Value> = declared
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            json!([row["action"], row["kind"], row["key"], row["field"], row["after"], row["file"], row["line"]])
        })
        .collect();
    let user = json!({
        "active": true, "employee": null, "modules": null, "name": null, "renamed_from": null, "superuser": false,
    });
    let file = "policies/a.yaml";
    assert_eq!(
        json!(shown),
        json!([
            ["delete", "member", "group:sales user:tom", null, null, file, 10],
            ["update", "rule", "group:sales allow lists.print", "because", "CRM-1", file, 13],
            ["create", "user", "kim", null, user, file, 6],
            ["update", "user", "tom", "name", "Tom", file, 5],
        ])
    );
}

#[test]
fn nothing_is_sampled_and_own_data_are_left_out() {
    let users: String = (0..60).map(|number| format!("  u{number:02}:\n")).collect();
    let base = format!("users:\n{users}groups:\n  all:\n    members: [everyone]\n");
    let firm = changed(&base, &format!("{base}    allow: [calendar.see of everyone]\n"));
    let (_, value) = firm.diff("--exit-code");
    let gains: BTreeSet<String> = turns(&value["gains"]).into_iter().collect();
    assert_eq!((gains.len(), value["gains"].as_array().unwrap().len()), (60 * 59, 60 * 59));
    assert!(gains.contains("u07 calendar.see of user:u41") && !gains.contains("u07 calendar.see of user:u07"));
    assert_eq!((&value["losses"], &value["reasons"]), (&json!([]), &json!([])));
    // People read it in a few lines, and one by one if they ask.
    let shown = firm.run("diff --on 2026-11-22");
    assert!(shown.lines().count() < 25, "{shown}");
    let unfolded = firm.run("diff --unfold --on 2026-11-22");
    assert!(unfolded.lines().count() > 60 * 59, "{}", unfolded.lines().count());
}

/// `main` gave the export to Karin after `feature` had gone off to give it to Lars; the working tree gives it to Anna.
fn forked() -> Repository {
    let policy =
        |users: &str| format!("users: {{ anna: , karin: , lars: }}\ngroups: {{ x: {{ members: [{users}] }} }}\n");
    let with = |users: &str| policy(users).replace("] }", "], allow: [data.export] }");
    let firm = Repository::of(&policy("anna"));
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.git("switch -q -c feature/1.x");
    firm.write("policies/a.yaml", with("lars"));
    firm.commit("Anna Berg", DAY, "The export for Lars");
    firm.git("switch -q main");
    firm.write("policies/a.yaml", with("karin"));
    firm.commit("Rolf Lund", DAY, "The export for Karin");
    firm.write("policies/a.yaml", with("karin, anna"));
    firm
}

#[test]
fn sides_are_named_as_in_git() {
    let firm = forked();
    firm.git("tag v1 main~1");
    let diff = |arguments: &str| {
        let (code, value) = firm.diff(arguments);
        assert_eq!(code, 0, "{arguments}");
        (turns(&value["gains"]).join(", "), turns(&value["losses"]).join(", "))
    };
    let pair = |gains: &str, losses: &str| (gains.to_owned(), losses.to_owned());
    let [anna, karin, lars] = ["anna data.export", "karin data.export", "lars data.export"];
    assert_eq!(diff(""), pair(anna, ""));
    assert_eq!(diff("HEAD"), pair(anna, ""));
    assert_eq!(diff("main~1"), pair(&format!("{anna}, {karin}"), ""));
    assert_eq!(diff("main feature/1.x"), pair(lars, karin));
    assert_eq!(diff("main..feature/1.x"), pair(lars, karin));
    assert_eq!(diff("..feature/1.x"), pair(lars, karin));
    assert_eq!(diff("feature/1.x.."), pair(karin, lars));
    // What others did on main meanwhile does not show the wrong way round.
    assert_eq!(diff("main...feature/1.x"), pair(lars, ""));
    assert_eq!(diff("feature/1.x...main"), pair(karin, ""));
    assert_eq!(diff("v1 main"), pair(karin, ""));
    assert_eq!(diff(&firm.git("rev-parse --short main~1")), pair(&format!("{anna}, {karin}"), ""));
    assert_eq!(diff("main main"), pair("", ""));
    let ids = |value: &Value| (value["base"].clone(), value["head"].clone());
    assert_eq!(
        ids(&firm.diff("main...feature/1.x").1),
        (json!(firm.git("rev-parse main~1")), json!(firm.git("rev-parse feature/1.x")))
    );
    // Nothing was checked out, and nothing was written.
    assert_eq!(firm.git("status --porcelain"), "M policies/a.yaml");
    assert_eq!(firm.git("branch --show-current"), "main");
}

#[test]
fn directories_are_sides_too() {
    let firm = forked();
    firm.git("worktree add -q ../before main~1").clear();
    let name = firm.path("../before").canonicalize().unwrap();
    let copy = Repository::with(&[
        ("one/policies/a.yaml", "users: { lars: }\n"),
        ("two/policies/a.yaml", "users: { lars: { allow: [data.export] } }\n"),
    ]);
    let (code, value) = copy.diff("one two");
    assert_eq!((code, rows(&value["gains"])), (0, vec!["lars data.export: user policies/a.yaml:1".to_owned()]));
    assert_eq!((&value["base"], &value["head"]), (&json!("one"), &json!("two")));
    // A revision against a directory, and the other way round.
    let directory = copy.path("two").display().to_string();
    let (_, value) = firm.diff(&format!("main {directory}"));
    assert_eq!(turns(&value["losses"]), ["karin data.export"]);
    assert_eq!(turns(&value["gains"]), ["lars data.export"]);
    let (_, value) = firm.diff(&format!("{directory}/ main"));
    assert_eq!(turns(&value["gains"]), ["karin data.export"]);
    fs::remove_dir_all(name).unwrap();
}

#[test]
fn a_policy_below_the_top_of_the_checkout_is_found_at_every_revision() {
    let firm = Repository::with(&[("crm/policies/a.yaml", "users: { lars: }\n"), ("README.md", "x\n")]);
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.write("crm/policies/a.yaml", "users: { lars: { allow: [data.export] } }\n");
    firm.commit("Rolf Lund", DAY, "More");
    let gains = vec!["lars data.export: user policies/a.yaml:1".to_owned()];
    let (code, value) = firm.diff("HEAD~1 HEAD -C crm");
    assert_eq!((code, rows(&value["gains"])), (0, gains.clone()));
    // With settings, from anywhere below.
    firm.write("crm/rightful.yaml", "language: en\n");
    firm.commit("Rolf Lund", DAY, "Settings");
    assert_eq!(rows(&firm.diff("HEAD~2 HEAD -C crm/policies").1["gains"]), gains);
}

fn settings(companies: &[(&str, &str)]) -> String {
    let company = |(name, folders): &(&str, &str)| format!("  {name}: {{ policies: [{folders}] }}\n");
    format!("companies:\n{}", companies.iter().map(company).collect::<String>())
}

/// Nord and Sued share a folder; Sued becomes West, and somebody in the shared folder gets the export.
fn companies() -> Repository {
    let both = settings(&[("nord", "policies/common, policies/nord"), ("sued", "policies/common, policies/sued")]);
    let firm = Repository::with(&[
        ("rightful.yaml", both.as_str()),
        ("policies/common/a.yaml", "users: { lars: }\n"),
        ("policies/nord/a.yaml", "users: { anna: }\n"),
        ("policies/sued/a.yaml", "users: { ben: { allow: [sms.send] } }\n"),
    ]);
    firm.commit("Rolf Lund", DAY, "Begin");
    let moved = settings(&[("nord", "policies/common, policies/nord"), ("west", "policies/common, policies/west")]);
    firm.write("rightful.yaml", moved);
    firm.write("policies/common/a.yaml", "users: { lars: { allow: [data.export] } }\n");
    firm.write("policies/west/a.yaml", "users: { wim: { allow: [lists.print] } }\n");
    firm
}

#[test]
fn all_companies_are_compared_at_once() {
    let firm = companies();
    let (_, value) = firm.diff("");
    assert_eq!(
        rows(&value["gains"]),
        [
            "[nord] lars data.export: user policies/common/a.yaml:1",
            "[west] lars data.export: user policies/common/a.yaml:1",
            "[west] wim lists.print: user policies/west/a.yaml:1",
        ]
    );
    assert_eq!(rows(&value["losses"]), ["[sued] ben sms.send: default policies/sued/a.yaml:1"]);
    assert!(value["declared"].as_array().unwrap().iter().any(|row| row["company"] == "west"));
    for (company, gains) in [("nord", 1), ("sued", 0), ("west", 2)] {
        let (code, value) = firm.diff(&format!("--company {company}"));
        assert_eq!((code, value["gains"].as_array().unwrap().len()), (0, gains), "{company}");
    }
    let said = firm.run("diff --company wets");
    assert!(said.starts_with("exit 2\n") && said.contains("did you mean `west`?"), "{said}");
    let shown = firm.run("diff --on 2026-11-22");
    let headings: Vec<&str> = shown.lines().filter(|line| line.starts_with("company ")).collect();
    assert_eq!(headings, ["company nord", "company sued", "company west"]);
    // What does not compile stops the comparison, unless somebody asks about another company.
    firm.write("policies/west/a.yaml", "users: { wim: { allow: [lists.pritn] } }\n");
    assert!(firm.run("diff").starts_with("exit 2\n"));
    assert_eq!(firm.diff("--company nord").0, 0);
    // The only company gets a name: it is the same company.
    let firm = Repository::of("users: { lars: }\n");
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.write("rightful.yaml", settings(&[("nord", "policies")]));
    assert_eq!(firm.diff("--expect no-change").0, 0);
}

#[test]
fn the_first_policy_gives_everything_that_it_gives() {
    let firm = Repository::with(&[("README.md", "x\n")]);
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.write("policies/a.yaml", "users: { lars: { allow: [data.export] } }\n");
    let (code, value) = firm.diff("");
    assert_eq!((code, rows(&value["gains"])), (0, vec!["lars data.export: user policies/a.yaml:1".to_owned()]));
    firm.commit("Rolf Lund", DAY, "The first policy");
    assert_eq!(turns(&firm.diff("HEAD~1 HEAD").1["gains"]), ["lars data.export"]);
    // Deleting it all is no empty policy.
    fs::remove_dir_all(firm.path("policies")).unwrap();
    let said = firm.run("diff");
    assert!(said.starts_with("exit 2\n") && said.contains("in working tree: "), "{said}");
    // With a base that cannot be found there is nothing to compare with.
    let said = firm.run("diff mian");
    assert!(said.starts_with("exit 2\n") && said.contains("git knows no revision `mian`"), "{said}");
    let said = Repository::of("users: { lars: }\n").run("diff");
    assert!(said.starts_with("exit 2\n") && said.contains("is not in a git repository"), "{said}");
}

#[test]
fn a_side_that_does_not_compile_is_named() {
    let firm = changed("users: { lars: }\n", "users: { lars: { allow: [data.exprot] } }\n");
    let said = firm.run("diff");
    assert!(said.starts_with("exit 2\n-- stderr\nunknown-right"), "{said}");
    assert!(said.contains("error: working tree does not compile, so nothing can be compared"), "{said}");
    firm.commit("Rolf Lund", DAY, "Broken");
    firm.write("policies/a.yaml", "users: { lars: }\n");
    assert!(firm.run("diff").contains("error: HEAD does not compile, so nothing can be compared"));
    assert!(firm.run("reviewers").contains("error: HEAD does not compile, so nothing can be compared"));
    // Other errors stop `check`, and not this.
    let firm =
        changed("users: { lars: }\n", "users: { lars: { allow: [data.export] } }\nexpect: [nobody can data.export]\n");
    assert_eq!(firm.run("check").lines().next(), Some("exit 1"));
    assert_eq!(turns(&firm.diff("").1["gains"]), ["lars data.export"]);
}

/// Lars gets the export on a later day, for some days.
fn tomorrow() -> Repository {
    changed(
        "users:\n  anna:\n  lars:\n",
        "users:\n  anna:\n  lars: { allow: [data.export from 2026-12-01 until 2026-12-31] }\n",
    )
}

/// The same, with days that are seen from the day on which the tests run.
pub fn in_a_hundred_years(firm: &Repository) {
    let text = fs::read_to_string(firm.path("policies/a.yaml")).unwrap();
    firm.write("policies/a.yaml", text.replace("2026-", "2126-"));
}

#[test]
fn what_begins_later_is_found_unless_a_day_is_named() {
    let firm = tomorrow();
    let gains = |arguments: &str| {
        let (_, value) = firm.json(&format!("diff {arguments}"));
        (value["no_change"].clone(), turns(&value["gains"]), value["later"].clone())
    };
    assert_eq!(gains("--on 2026-11-22"), (json!(true), vec![], json!([])));
    assert_eq!(gains("--on 2026-12-01"), (json!(false), vec!["lars data.export".to_owned()], json!([])));
    assert_eq!(gains("--on 2026-12-31").0, json!(false));
    assert_eq!(gains("--on 2027-01-01").0, json!(true));
    in_a_hundred_years(&firm);
    let (no_change, today, later) = gains("");
    assert_eq!((no_change, today.len()), (json!(false), 0));
    let later = later.as_array().unwrap();
    assert_eq!((later.len(), &later[0]["on"]), (1, &json!("2126-12-01")));
    assert_eq!(rows(&later[0]["gains"]), ["lars data.export: user policies/a.yaml:3"]);
    let edit = usize::try_from(later[0]["gains"][0]["cause"]["edits"][0].as_u64().unwrap()).unwrap();
    assert_eq!(firm.json("diff").1["edits"][edit]["added"][0]["line"], 3);
    let shown = firm.run("diff");
    assert!(!shown.contains("no effective change") && shown.contains("and from 2126-12-01 on"), "{shown}");
    // Gates and exit codes see it too.
    for arguments in
        ["--exit-code", "--expect no-change", "--fail-on gain", "--fail-on gain:data.export", "--fail-on change"]
    {
        assert_eq!(firm.json(&format!("diff {arguments}")).0, 1, "{arguments}");
        assert_eq!(firm.json(&format!("diff {arguments} --on 2026-11-22")).0, 0, "{arguments}");
    }
    assert_eq!(firm.json("diff --fail-on loss").0, 0);
}

#[test]
fn later_days_tell_only_what_no_earlier_day_told() {
    // The gain of the first day goes on; the second day brings Anna; the third takes from Lars what the base gives.
    let base = "users:\n  anna:\n  lars: { allow: [sms.send from 2126-01-01] }\n";
    let head = "users:\n  anna: { allow: [data.export from 2126-02-01] }\n  lars: { allow: [data.export, sms.send from 2126-03-01] }\n";
    let firm = changed(base, head);
    let (_, value) = firm.json("diff");
    assert_eq!((turns(&value["gains"]), turns(&value["losses"])), (vec!["lars data.export".to_owned()], vec![]));
    let days: Vec<(String, Vec<String>, Vec<String>)> = value["later"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (day["on"].as_str().unwrap().to_owned(), turns(&day["gains"]), turns(&day["losses"])))
        .collect();
    let of = |day: &str, gains: &[&str], losses: &[&str]| {
        let owned = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        (day.to_owned(), owned(gains), owned(losses))
    };
    assert_eq!(days, [of("2126-01-01", &[], &["lars sms.send"]), of("2126-02-01", &["anna data.export"], &[])]);
}

#[test]
fn one_policy_is_compared_on_two_days() {
    let firm = Repository::of(
        "users:\n  anna: { allow: [lists.print until 2026-06-30] }\n  lars: { allow: [data.export from 2026-03-01] }\n",
    );
    firm.write("rightful.yaml", "gates: [no change]\n");
    // No git is needed, and nobody changed anything, so no gate of the settings counts.
    let (code, value) = firm.diff("--since 2026-01-01");
    assert_eq!(
        (code, turns(&value["gains"]), turns(&value["losses"])),
        (0, vec!["lars data.export".to_owned()], vec!["anna lists.print".to_owned()])
    );
    assert_eq!((&value["since"], &value["on"]), (&json!("2026-01-01"), &json!("2026-11-22")));
    assert_eq!((&value["gates"], &value["weakenings"], &value["declared"]), (&json!([]), &json!([]), &json!([])));
    assert_eq!(firm.diff("--since 2026-07-01 --expect no-change").0, 0);
    assert_eq!(firm.diff("--since 2026-01-01 --fail-on gain:data.export").0, 1);
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.write("policies/a.yaml", "users: { anna: }\n");
    assert_eq!(turns(&firm.diff("HEAD --since 2026-01-01").1["gains"]), ["lars data.export"]);
    let said = firm.run("diff HEAD . --since 2026-01-01");
    assert!(said.starts_with("exit 2\n") && said.contains("--since compares one policy on two days"), "{said}");
}

/// A firm whose files are moved about: the base is committed, the files of the head take the place of all.
fn moved(base: &[(&str, &str)], head: &[(&str, &str)]) -> Repository {
    let firm = Repository::with(base);
    firm.commit("Rolf Lund", DAY, "Begin");
    fs::remove_dir_all(firm.path("policies")).unwrap();
    head.iter().for_each(|(path, text)| firm.write(path, text));
    firm
}

#[test]
fn moving_splitting_and_renaming_changes_nothing_for_anybody() {
    let users = "users: { anna: , ben: , kim: , lars: }\n";
    let group = "groups:\n  sales:\n    members: [anna, ben, lars]\n    allow: [lists.print, calendar.see of everyone]\n    deny: [calendar.see of kim]\n";
    let base = [("policies/users.yaml", users), ("policies/sales.yaml", group)];
    let two = "groups:\n  sales:\n    members: [group:inside, group:outside]\n    allow: [lists.print, calendar.see of everyone]\n    deny: [calendar.see of kim]\n  inside: { members: [anna] }\n  outside: { members: [ben, lars] }\n";
    let reordered = "groups:\n  sales:\n    deny: [calendar.see of kim]\n    allow: [calendar.see of everyone, lists.print]\n    members: [lars, ben, anna]\n";
    let parted = [
        "groups: { sales: { members: [anna, ben, lars], allow: [lists.print], deny: [calendar.see of kim] } }\n",
        "groups: { look: { members: [group:sales], allow: [calendar.see of everyone], deny: [calendar.see of kim] } }\n",
    ];
    let heads: [&[(&str, &str)]; 5] = [
        &[("policies/all.yaml", &format!("{group}{users}"))],
        &[("policies/users.yaml", users), ("policies/departments/sales.yml", group)],
        &[("policies/users.yaml", users), ("policies/sales.yaml", two)],
        &[("policies/users.yaml", "users:\n  lars:\n  kim:\n  ben:\n  anna:\n"), ("policies/sales.yaml", reordered)],
        &[("policies/users.yaml", users), ("policies/a.yaml", parted[0]), ("policies/b.yaml", parted[1])],
    ];
    for head in heads {
        let firm = moved(&base, head);
        let (code, value) = firm.diff("--expect no-change --exit-code");
        assert_eq!((code, &value["no_change"]), (0, &json!(true)), "{head:?}: {value:#}");
        let shown = firm.run("diff --expect no-change --on 2026-11-22");
        assert!(shown.contains("no effective change: 4 users compared"), "{shown}");
        // One thing more, and it is found.
        let (path, text) = head.last().unwrap();
        firm.write(
            path,
            text.replacen("[lists.print", "[sms.send, lists.print", 1)
                .replacen("everyone, lists.print", "everyone, lists.print, sms.send", 1)
                .replacen("allow: [calendar.see of everyone]", "allow: [calendar.see of everyone, sms.send]", 1),
        );
        let (code, value) = firm.diff("--expect no-change");
        assert_eq!((code, turns(&value["gains"]).len()), (1, 3), "{head:?}: {value:#}");
    }
}

/// The edits as `effect: +added -removed`.
fn edits(value: &Value) -> Vec<String> {
    let lines = |list: &Value, sign: &str| {
        list.as_array()
            .unwrap()
            .iter()
            .map(|line| format!(" {sign}{}", line["key"].as_str().unwrap()))
            .collect::<String>()
    };
    let edit = |edit: &Value| {
        format!("{}:{}{}", edit["effect"].as_str().unwrap(), lines(&edit["removed"], "-"), lines(&edit["added"], "+"))
    };
    value["edits"].as_array().unwrap().iter().map(edit).collect()
}

/// What is behind the gains and losses of a right: the kind, and the edits.
fn causes(value: &Value, right: &str) -> Vec<String> {
    let edits = edits(value);
    let both = value["gains"].as_array().unwrap().iter().chain(value["losses"].as_array().unwrap());
    let of_right = both.filter(|row| row["right"] == right);
    let cause = |row: &Value| {
        let named = row["cause"]["edits"].as_array().unwrap().iter();
        let named = named.map(|number| edits[usize::try_from(number.as_u64().unwrap()).unwrap()].clone());
        format!(
            "{} {}: {}",
            row["user"].as_str().unwrap(),
            row["cause"]["kind"].as_str().unwrap(),
            named.collect::<Vec<_>>().join(" | ")
        )
    };
    of_right.map(cause).collect()
}

#[test]
fn edits_that_change_nothing_and_edits_that_wait_are_pointed_out() {
    let base = "users:\n  anna: { allow: [data.export] }\n  lars:\ngroups:\n  sales:\n    members: [lars]\n    allow: [lists.print]\n";
    let head = "users:\n  anna: { allow: [data.export] }\n  lars: { allow: [sms.send from 2026-12-01] }\ngroups:\n  sales:\n    members: [lars]\n    allow: [lists.print]\n    deny: [data.export, data.import until 2026-01-31]\n  empty: { allow: [data.export] }\n";
    let firm = changed(base, head);
    let (code, value) = firm.diff("--expect no-change");
    assert_eq!(code, 0);
    let mut found = edits(&value);
    found.sort();
    assert_eq!(
        found,
        [
            "inert: +empty",
            "inert: +group:sales deny data.export",
            "waits: +group:sales deny data.import until 2026-01-31",
            "waits: +user:lars allow sms.send from 2026-12-01",
        ]
    );
    let shown = firm.run("diff --on 2026-11-22");
    assert!(shown.contains("with or without these edits every answer is the same"), "{shown}");
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert!(words.join(" ").contains("from 2026-12-01 (not in force on this day)"), "{shown}");
}

#[test]
fn every_gain_and_loss_says_by_which_edit() {
    let base = "users: { anna: , lars: , tom: }\ngroups:\n  sales: { members: [tom] }\n  export: { members: [group:sales] }\n  a: { members: [anna] }\n";
    // One edit alone.
    let firm = changed(
        base,
        &base.replace("export: { members: [group:sales]", "export: { members: [group:sales], allow: [data.export]"),
    );
    assert_eq!(causes(&firm.diff("").1, "data.export"), ["tom each: changes: +group:export allow data.export"]);
    // Each of two would do.
    let head = base.replace("sales: { members: [tom]", "sales: { members: [tom], allow: [data.export]");
    let head =
        head.replace("export: { members: [group:sales]", "export: { members: [group:sales], allow: [data.export]");
    let firm = changed(base, &head);
    let found = causes(&firm.diff("").1, "data.export");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("tom each: ") && found[0].contains(" | "), "{found:?}");
    // Only both together.
    let head = base
        .replace("members: [tom]", "members: [tom, lars]")
        .replace("[group:sales]", "[group:sales], allow: [data.export]");
    let firm = changed(base, &head);
    let found = causes(&firm.diff("").1, "data.export");
    let lars = found.iter().find(|cause| cause.starts_with("lars")).unwrap();
    assert!(
        lars.starts_with("lars together: ")
            && lars.contains("+group:sales user:lars")
            && lars.contains("+group:export allow data.export"),
        "{lars}"
    );
    assert!(found.contains(&"tom each: changes: +group:export allow data.export".to_owned()), "{found:?}");
    // Who is new or gone has that for a reason.
    let firm = changed(base, &base.replace("tom: }", "}").replace("[tom]", "[anna], allow: [data.export]"));
    assert_eq!(causes(&firm.diff("").1, "data.export").len(), 1);
    let firm = changed(
        &base.replace("[tom]", "[tom], allow: [data.export]"),
        &base.replace("tom: }", "}").replace("[tom]", "[anna]"),
    );
    let (_, value) = firm.diff("");
    assert_eq!(causes(&value, "data.export")[0].split(':').next(), Some("tom people"));
    // Who moves says so.
    let firm = changed(base, &base.replace("members: [tom]", "members: [lars]"));
    let (_, value) = firm.diff("");
    let member =
        |user: &str| json!([{ "group": "group:export", "users": [user] }, { "group": "group:sales", "users": [user] }]);
    assert_eq!((&value["joined"], &value["left"]), (&member("lars"), &member("tom")));
}

#[test]
fn a_diff_of_the_sample_with_itself_is_empty() {
    let firm = Repository::sample();
    firm.commit("Rolf Lund", DAY, "Begin");
    let (code, value) = firm.diff("--expect no-change --exit-code --fail-on weakening --fail-on expectation");
    assert_eq!((code, &value["no_change"]), (0, &json!(true)));
    for list in ["gains", "losses", "reasons", "declared", "edits", "joined", "left", "later", "weakenings"] {
        assert_eq!(value[list], json!([]), "{list}");
    }
}

/// A firm of one person to which a thousand and one come, who may see each other's calendars: more than a million answers.
pub fn crowd() -> Repository {
    let staff = "groups: { staff: { members: [everyone], allow: [calendar.see of everyone, data.export] } }\n";
    let boss = "users:\n  boss: { allow: [calendar.see of everyone, data.export] }\n";
    let firm = Repository::of(boss);
    firm.write("rightful.yaml", "sensitive: [data.export]\n");
    firm.commit("Rolf Lund", DAY, "Begin");
    let others: String = (0..1_001).map(|number| format!("  u{number:04}:\n")).collect();
    firm.write("policies/a.yaml", format!("{boss}{others}{staff}"));
    firm
}

#[test]
fn more_than_a_million_answers_of_new_people_are_told_in_sum() {
    let firm = crowd();
    let said = firm.run("diff --on 2026-11-22");
    // A long page says first what it comes to.
    assert!(
        said.lines().nth(3).is_some_and(|line| line.starts_with("gained: 1,004,003 by 1,002 users; lost: 0")),
        "{said}"
    );
    let start: Vec<&str> = said.lines().skip(5).take_while(|line| !line.starts_with("over what is new")).collect();
    insta::assert_snapshot!(start.join("\n").trim(), @"
    new: 1,001 people
    what they gain is counted by right; `rightful what USER` tells what one of them
      may do
      +  data.export (sensitive)  1,001 answers, 1,001 users
      +  calendar.see             1,002,001 answers, 1,001 users
    ");
    assert!(said.contains("gained: 1,004,003 by 1,002 users; lost: 0 by 0 users"));
    let (code, value) = firm.diff("--fail-on gain:data.export");
    assert_eq!(code, 1);
    let sums: Vec<_> = value["sums"].as_array().unwrap().iter().collect();
    let told = |sum: &Value| (sum["turn"].clone(), sum["right"].clone(), sum["answers"].clone());
    assert_eq!(told(sums[0]), ("gain".into(), "calendar.see".into(), 1_002_001.into()));
    assert_eq!(told(sums[1]), ("gain".into(), "data.export".into(), 1_001.into()));
    let users: Vec<_> = sums[1]["users"].as_array().unwrap().iter().collect();
    assert_eq!((users.len(), users[0], users[1_000]), (1_001, &"u0000".into(), &"u1000".into()));
    // The boss is not new: over whom there are new people is told one by one.
    assert_eq!(value["gains"].as_array().unwrap().len(), 1_001);
    assert_eq!(value["gates"][0]["hits"][0]["users"].as_array().unwrap().len(), 1_001);
    for (gate, code) in [("gain:calendar.see of boss", 1), ("gain:calendar.edit of boss", 0), ("gain:sensitive", 1)] {
        let ran = firm.command("diff --on 2026-11-22").args(["--fail-on", gate]).output().unwrap();
        assert_eq!(ran.status.code(), Some(code), "{gate}");
    }
}

#[test]
fn of_many_people_a_dozen_is_named_and_the_rest_on_request() {
    let users: String = (10..50).map(|number| format!("  u{number}:\n")).collect();
    let all = |allow: &str| {
        format!("users:\n{users}groups: {{ some: {{ members: [{}], allow: [{allow}] }} }}\n", {
            (10..26).map(|number| format!("u{number}")).collect::<Vec<_>>().join(", ")
        })
    };
    let firm = changed(&all("sms.send"), &all("sms.send, data.export"));
    let shown = firm.run("diff --on 2026-11-22");
    assert!(shown.contains("u19,\n                  u20, u21 and 4 more)\n"), "{shown}");
    assert!(shown.ends_with("\n\n--unfold lists everybody and everything by name\n"), "{shown}");
    let unfolded = firm.run("diff --on 2026-11-22 --unfold");
    assert!((10..26).all(|number| unfolded.contains(&format!("u{number}"))), "{unfolded}");
    assert!(!unfolded.contains("more") && !unfolded.contains("--unfold"), "{unfolded}");
    // Machines and comments get everybody.
    assert_eq!(firm.diff("").1["gains"].as_array().unwrap().len(), 16);
    assert!(firm.run("diff --on 2026-11-22 --format markdown").contains("u25"));
}

#[test]
fn answers_that_stay_are_counted_where_they_are_very_many() {
    let policy = |groups: usize| {
        let users: String = (0..60).map(|number| format!("  u{number:02}:\n")).collect();
        let group = |number: usize| format!("  g{number:02}: {{ members: [u{number:02}], allow: [data.export] }}\n");
        let groups: String = (0..60)
            .map(group)
            .chain(
                (0..groups)
                    .map(|number| format!("  a{number:02}: {{ members: [u{number:02}], allow: [data.export] }}\n")),
            )
            .collect();
        format!("users:\n{users}groups:\n{groups}")
    };
    let firm = changed(&policy(0), &policy(60));
    let shown = firm.run("diff --on 2026-11-22");
    assert!(shown.contains("60 times a yes stays a yes for another reason (--unfold shows them)"), "{shown}");
    let unfolded = firm.run("diff --on 2026-11-22 --unfold");
    assert!(unfolded.contains("the same answer, for another reason\n"), "{unfolded}");
}

/// Users in two of some groups each, and the files of both sides: head gives each of the groups a right.
fn in_two_of(groups: usize) -> [String; 2] {
    let pairs: Vec<[usize; 2]> = (0..groups).flat_map(|one| (one + 1..groups).map(move |other| [one, other])).collect();
    let users: String = pairs.iter().map(|[one, other]| format!("  u{one}x{other}:\n")).collect();
    ["sms.send", "sms.send, data.export"].map(|allow| {
        let group = |group: usize| {
            let members = pairs.iter().filter(|pair| pair.contains(&group));
            let members: Vec<String> = members.map(|[one, other]| format!("u{one}x{other}")).collect();
            format!("  g{group}: {{ members: [{}], allow: [{allow}] }}\n", members.join(", "))
        };
        format!("users:\n{users}groups:\n{}", (0..groups).map(group).collect::<String>())
    })
}

#[test]
fn causes_that_are_too_many_are_told_together() {
    let [base, head] = in_two_of(8);
    let firm = changed(&base, &head);
    let shown = firm.run("diff --on 2026-11-22");
    let title = "for each person several of these, any of them alone (--unfold tells which)\n- policies/a.yaml:31  added: group:g0 allows data.export\n";
    assert!(shown.contains(title), "{shown}");
    assert!(shown.contains("+  data.export  all 28 users\n"), "{shown}");
    assert_eq!(shown.matches("  added: ").count(), 8, "{shown}");
    let unfolded = firm.run("diff --on 2026-11-22 --unfold");
    assert_eq!(unfolded.matches("each of these alone\n").count(), 28, "{unfolded}");
    // Few are told one by one.
    let [base, head] = in_two_of(6);
    let shown = changed(&base, &head).run("diff --on 2026-11-22");
    assert_eq!(shown.matches("each of these alone\n").count(), 15, "{shown}");
}

#[test]
fn rows_that_are_too_many_are_told_together() {
    let policy = |allow: &str| {
        let users: String = (0..50).map(|number| format!("  u{number:02}:\n")).collect();
        let own: String = (0..50)
            .map(|number| format!("  g{number:02}: {{ members: [u{number:02}], deny: [data.export] }}\n"))
            .collect();
        format!("users:\n{users}groups:\n  all: {{ members: [everyone], allow: [{allow}] }}\n{own}")
    };
    let firm = changed(&policy("sms.send, data.export"), &policy("sms.send"));
    let shown = firm.run("diff --on 2026-11-22");
    assert!(shown.contains("-  data.export  all 50 users, in 50 ways (--unfold shows them)\n"), "{shown}");
    let unfolded = firm.run("diff --on 2026-11-22 --unfold");
    assert_eq!(unfolded.matches("by group:g").count(), 50, "{unfolded}");
    let comment = firm.run("diff --on 2026-11-22 --format markdown");
    assert!(comment.contains("group:g49"), "{comment}");
}

#[test]
fn the_shortest_comment_names_the_gates_that_fail() {
    let pad = "x".repeat(50);
    let policy = |allow: &str| {
        let users: String = (0..700).map(|number| format!("  u{number}{pad}:\n")).collect();
        let groups =
            (0..700).map(|number| format!("  g{number}{pad}: {{ members: [u{number}{pad}], allow: [{allow}] }}\n"));
        format!("users:\n{users}groups:\n{}", groups.collect::<String>())
    };
    let firm = Repository::of(&policy("sms.send"));
    firm.write("rightful.yaml", "gates: [nobody gains data.export, nobody loses sms.send]\n");
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.write("policies/a.yaml", policy("sms.send, data.export"));
    let comment = firm.run("diff --on 2026-11-22 --format markdown --full here");
    assert!(comment.contains("only how many people gain and lose each right is said here"), "{comment:.3000}");
    assert!(
        comment.contains("| **failed** | **`nobody gains data.export`**  `rightful.yaml:1`: 700 users |"),
        "{comment:.3000}"
    );
    assert!(!comment.contains("passed"), "{comment:.3000}");
}
