//! Gates, reviewers and weakenings: `diff` and `reviewers` judge a change by what stood before it.

use std::fs;

use serde_json::{Value, json};

use super::diff::{DAY, changed, in_a_hundred_years};
use super::repository::Repository;

const BASE: &str = "users: { anna: , karin: , lars: , tom: }
modules: { contacts: , mail: }
groups:
  management: { members: [karin] }
  sales:
    members: [tom]
    allow: [lists.print, sms.send]
  administration: { allow: [modules.arrange] }
";

/// Lars comes to the management, Tom gets the export and can see Karin's calendar, and sales loses a right.
const HEAD: &str = "users: { anna: , karin: , lars: , tom: }
modules: { contacts: , mail: }
groups:
  management: { members: [karin, lars] }
  sales:
    members: [tom]
    allow: [lists.print, data.export, calendar.see of karin]
  administration: { allow: [modules.arrange] }
";

const SETTINGS: &str = "sensitive: [data.export, mail.mark_confidential]\n";

/// The change, with settings that are the same on both sides.
fn firm(settings: &str) -> Repository {
    let firm = changed(BASE, BASE);
    firm.write("rightful.yaml", settings);
    firm.commit("Rolf Lund", DAY, "Settings");
    firm.write("policies/a.yaml", HEAD);
    firm
}

/// Runs the program with words as they are.
fn ran(firm: &Repository, words: &[&str]) -> (i32, Value, String) {
    let ran = firm.command("").args(words).args(["--on", "2026-11-22", "--format", "json"]).output().unwrap();
    let value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
    (ran.status.code().unwrap(), value, String::from_utf8(ran.stderr).unwrap())
}

#[test]
fn gates_of_the_command_line_in_short_and_in_words() {
    let firm = firm(SETTINGS);
    let code = |option: &str, gate: &str| ran(&firm, &["diff", option, gate]).0;
    for (gate, expected) in [
        ("gain", 1),
        ("loss", 1),
        ("change", 1),
        ("no-change", 1),
        ("no change", 1),
        ("gain:sensitive", 1),
        ("gain:data.export", 1),
        ("gain:data.*", 1),
        ("gain:data.import", 0),
        ("gain:calendar.see", 1),
        ("gain:calendar.see of karin", 1),
        ("gain:calendar.see of anna", 0),
        ("gain:calendar.see of group:management", 1),
        ("gain:access to group:management", 1),
        ("gain:access to group:sales", 0),
        ("gain:access to everyone", 1),
        ("gain:access to everything", 0),
        ("gain:group:management", 1),
        ("gain:group:sales", 0),
        ("loss:sms.send", 1),
        ("loss:lists.print", 0),
        ("loss:sensitive", 0),
        ("expectation", 0),
        ("weakening", 0),
        ("expectations hold", 0),
        ("nothing is weakened", 0),
        ("nobody gains anything", 1),
        ("nobody loses anything", 1),
        ("nobody gains sensitive", 1),
        ("nobody gains calendar.see of karin", 1),
        ("nobody gains calendar.edit of karin", 0),
        ("nobody gains access to karin", 1),
        ("nobody gains group:management", 1),
        ("nobody gains group:administration", 0),
        ("at most 1 user gain anything", 0),
        ("at most 1 user gain data.export", 0),
        ("at most 0 users gain data.export", 1),
        ("at most 1 users lose sms.send", 0),
    ] {
        for option in ["--fail-on", "--expect"] {
            assert_eq!(code(option, gate), expected, "{option} {gate:?}");
        }
    }
    // Several are all judged.
    let (code, value, _) =
        ran(&firm, &["diff", "--fail-on", "gain:data.import", "--expect", "at most 0 users gain data.export"]);
    let gates = &value["gates"];
    assert_eq!((code, &gates[0]["passed"], &gates[1]["passed"]), (1, &json!(true), &json!(false)));
    let hit = json!({ "from": null, "right": "data.export", "group": null, "users": ["tom"] });
    assert_eq!(
        gates[1],
        json!({
            "gate": "nobody gains data.export", "file": null, "line": null, "passed": false, "people": 1, "hits": [hit],
        })
    );
    // Without a gate a difference is no failure, unless that is asked for.
    assert_eq!((ran(&firm, &["diff"]).0, ran(&firm, &["diff", "--exit-code"]).0), (0, 1));
}

#[test]
fn a_slip_in_a_gate_is_no_gate_that_passes() {
    let firm = firm(SETTINGS);
    for (gate, help) in [
        ("gian:sensitive", "did you mean `gain`?"),
        ("gain:data.exprot", "did you mean `data.export`?"),
        ("gain:group:managment", "did you mean `group:management`?"),
        ("gain:access to group:managment", "did you mean `group:management`?"),
        ("nobody gains data.exprot", "did you mean `data.export`?"),
        ("no chnage", "`no change`"),
        ("nobody gain data.export", "gains"),
        ("weakning", "did you mean `weakening`?"),
        ("gain:", "help:"),
        ("", "help:"),
    ] {
        for option in ["--fail-on", "--expect"] {
            let (code, value, said) = ran(&firm, &["diff", option, gate]);
            assert_eq!((code, value), (2, Value::Null), "{gate:?}");
            assert!(said.starts_with("error: ") && said.contains(help), "{gate:?}: {said}");
        }
    }
}

#[test]
fn gates_of_the_base_judge_a_change() {
    let gates = "gates:\n  - nobody gains data.export\n  - nobody loses program.start\n  - at most 2 users gain anything\n  - nobody gains group:management\n";
    let firm = firm(&format!("{SETTINGS}{gates}"));
    let (code, value) = firm.diff("");
    assert_eq!(code, 1);
    let judged: Vec<Value> = value["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| json!([gate["gate"], gate["file"], gate["line"], gate["passed"], gate["people"]]))
        .collect();
    assert_eq!(
        json!(judged),
        json!([
            ["nobody gains data.export", "rightful.yaml", 3, false, 1],
            ["nobody loses program.start", "rightful.yaml", 4, true, 0],
            ["at most 2 users gain anything", "rightful.yaml", 5, true, 1],
            ["nobody gains group:management", "rightful.yaml", 6, false, 1],
        ])
    );
    assert_eq!(value["gates"][3]["hits"][0]["group"], "group:management");
    assert_eq!(value["gates"][3]["hits"][0]["users"], json!(["lars"]));
    let shown = firm.run("diff --on 2026-11-22");
    assert!(shown.lines().any(|line| line.contains("failed") && line.contains("nobody gains data.export")), "{shown}");
    // Gates that the head brings do not count yet.
    firm.write("policies/a.yaml", BASE);
    assert_eq!(firm.diff("").0, 0);
    firm.commit("Rolf Lund", DAY, "Back");
    let strict = self::firm("language: en\n");
    strict.write("rightful.yaml", "gates: [no change]\n");
    assert_eq!(strict.diff("").0, 0);
}

#[test]
fn a_branch_is_held_to_a_gate_that_is_younger_than_it() {
    let firm = changed(BASE, HEAD);
    firm.git("switch -q -c feature");
    firm.commit("Anna Berg", DAY, "The change");
    firm.git("switch -q main");
    firm.write("rightful.yaml", "gates: [nobody gains data.export]\nreviewers: { data.export: [karin] }\n");
    firm.commit("Rolf Lund", DAY, "A gate");
    for arguments in ["main...feature", "main..feature", "main feature", "...feature"] {
        let (code, value) = firm.diff(arguments);
        assert_eq!((code, &value["gates"][0]["file"]), (1, &json!("rightful.yaml")), "{arguments}");
        let (code, value) = firm.json(&format!("reviewers {arguments} --approved-by lars --on 2026-11-22"));
        assert_eq!((code, &value["required"][0]["reviewers"]), (1, &json!(["karin"])), "{arguments}");
    }
    // It is not the branch that takes out what it never had; against main as it is now, it would be.
    assert_eq!(firm.diff("main...feature").1["weakenings"], json!([]));
    assert_ne!(firm.diff("main..feature").1["weakenings"], json!([]));
}

#[test]
fn a_gate_sees_later_days_and_every_company() {
    let firm =
        changed("users:\n  anna:\n  lars:\n", "users:\n  anna:\n  lars: { allow: [data.export from 2026-12-01] }\n");
    in_a_hundred_years(&firm);
    let settings = "companies: { nord: { policies: [policies] }, sued: { policies: [policies, more] } }\ngates: [at most 1 user gain data.export]\nreviewers: { data.export: [anna, \"@nordwind/it\"] }\n";
    let head = fs::read(firm.path("policies/a.yaml")).unwrap();
    firm.git("checkout -q -- policies");
    firm.write("rightful.yaml", settings);
    firm.write("more/b.yaml", "groups: { all: { members: [everyone] } }\n");
    firm.commit("Rolf Lund", DAY, "Settings");
    firm.write("policies/a.yaml", head);
    let (code, value) = firm.json("diff");
    assert_eq!((code, &value["gates"][0]["people"]), (1, &json!(2)));
    let hit = |company: &str| json!({ "company": company, "from": "2126-12-01", "right": "data.export", "group": null, "users": ["lars"] });
    assert_eq!(value["gates"][0]["hits"], json!([hit("nord"), hit("sued")]));
    assert_eq!(firm.json("diff --company nord").0, 0);
    let (code, value) = firm.json("reviewers");
    assert_eq!((code, &value["approved"]), (0, &json!(false)));
    assert_eq!(value["required"][0]["reasons"], json!([hit("nord"), hit("sued")]));
    assert_eq!(firm.json("reviewers --on 2026-11-22").1["required"], json!([]));
    let shown = firm.run("reviewers");
    assert!(shown.contains("from 2126-12-01 on") && shown.contains("nord") && shown.contains("sued"), "{shown}");
}

#[test]
fn a_gate_sees_who_comes_into_a_group_later_without_anybody_changing_that() {
    // Anna is in the management from a later day on, before and after; Lars gets to see her calendar today.
    let base =
        "users:\n  anna:\n  karin:\n  lars:\ngroups:\n  management: { members: [karin, anna from 2126-01-01] }\n";
    let firm = changed(base, base);
    firm.write(
        "rightful.yaml",
        "gates: [nobody gains access to group:management]\nreviewers: { access to group:management: [karin] }\n",
    );
    firm.commit("Rolf Lund", DAY, "Settings");
    firm.write("policies/a.yaml", base.replace("lars:", "lars: { allow: [calendar.see of anna] }"));
    let (code, value) = firm.json("diff");
    let hit = json!({ "from": "2126-01-01", "right": "calendar.see", "group": null, "users": ["lars"] });
    assert_eq!((code, &value["gates"][0]["hits"]), (1, &json!([hit])));
    assert_eq!(firm.json("reviewers --approved-by lars").0, 1);
    // That day tells nobody anything new besides.
    assert_eq!((value["gains"].as_array().unwrap().len(), &value["later"]), (1, &json!([])));
}

#[test]
fn an_expectation_of_the_base_that_the_head_breaks_fails_its_gate() {
    let base = "users: { lars: }\nexpect: [nobody can data.export]\n";
    let firm = changed(base, &base.replace("lars: }", "lars: { allow: [data.export] } }"));
    for (arguments, expected) in [("", 0), ("--fail-on expectation", 1), ("--fail-on weakening", 1)] {
        assert_eq!(firm.diff(arguments).0, expected, "{arguments}");
    }
    // Taking the expectation out with it does not help, nor does saying it of another day.
    for expect in ["", "expect: [{ that: nobody can data.export, on: 2020-01-01 }]\n"] {
        firm.write("policies/a.yaml", format!("users: {{ lars: {{ allow: [data.export] }} }}\n{expect}"));
        let (code, value) = firm.diff("--fail-on expectation");
        assert_eq!(code, 1, "{expect}");
        let kinds: Vec<&Value> = value["weakenings"].as_array().unwrap().iter().map(|row| &row["kind"]).collect();
        let gone = if expect.is_empty() { "expectation-gone" } else { "expectation-dated" };
        assert_eq!(kinds, [gone, "expectation-fails"], "{value:#}");
    }
    // One that says the same in another file is no weakening.
    firm.write("policies/a.yaml", "users: { lars: }\n");
    firm.write("policies/b.yaml", "expect:\n  - nobody   can data.export\n");
    assert_eq!(firm.diff("--fail-on weakening --fail-on expectation").0, 0);
}

#[test]
fn what_failed_before_is_not_weakened_by_a_change() {
    let base = "users: { anna: , lars: { allow: [data.export] } }\nexpect: [nobody can data.export]\n";
    let firm = changed(base, &base.replace("anna: ", "anna: { allow: [sms.send] } "));
    assert_eq!(firm.diff("--fail-on weakening").0, 0);
    assert_eq!(firm.diff("HEAD HEAD --fail-on weakening").0, 0);
    assert!(!firm.run("diff HEAD HEAD --on 2026-11-22").contains("this change weakens its own review"));
    // It does not hold, though, which is another gate.
    assert_eq!(firm.diff("--fail-on expectation").0, 1);
    // Taking it out is one.
    firm.write("policies/a.yaml", "users: { anna: , lars: { allow: [data.export] } }\n");
    assert_eq!(firm.diff("--fail-on weakening").0, 1);
}

#[test]
fn a_change_does_not_escape_by_weakening_its_own_review() {
    let settings = "sensitive: [data.export]\nguards: { lose_rights: 5 }\ngates:\n  - nobody gains sensitive\n  - nothing is weakened\nreviewers: { sensitive: [karin] }\nlints: { inert-rule: error }\n";
    let firm = changed(BASE, BASE);
    firm.write("rightful.yaml", settings);
    firm.write("policies/must-hold.yaml", "expect: [only group:management can data.export]\n");
    firm.commit("Rolf Lund", DAY, "Settings");
    firm.write("policies/a.yaml", HEAD);
    firm.write("rightful.yaml", "language: en\n");
    fs::remove_file(firm.path("policies/must-hold.yaml")).unwrap();
    let (code, value) = firm.diff("");
    assert_eq!(code, 1);
    let passed: Vec<&Value> = value["gates"].as_array().unwrap().iter().map(|gate| &gate["passed"]).collect();
    assert_eq!(passed, [&json!(false), &json!(false)]);
    let mut kinds: Vec<&str> =
        value["weakenings"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    kinds.dedup();
    assert_eq!(kinds, ["expectation-gone", "expectation-fails", "sensitive", "guard", "level", "gate", "reviewers"]);
    // It is the first that people read, after what is compared.
    let shown = firm.run("diff --on 2026-11-22");
    assert!(shown.lines().nth(4).unwrap().starts_with("this change weakens its own review"), "{shown}");
    // Whoever had to approve still has to.
    let (code, value) = firm.json("reviewers --on 2026-11-22 --approved-by lars");
    assert_eq!((code, &value["required"][0]["reviewers"]), (1, &json!(["karin"])));
    assert_eq!((&value["required"][0]["file"], &value["required"][0]["line"]), (&json!("rightful.yaml"), &json!(6)));
    // In German too, and with a head that is in another language.
    assert!(firm.run("diff --lang de --on 2026-11-22").contains("schwächt ihre eigene Prüfung"));
    firm.write("rightful.yaml", "language: nb\n");
    assert_eq!(firm.diff("").0, 1);
    // Without any settings on the head.
    fs::remove_file(firm.path("rightful.yaml")).unwrap();
    assert_eq!(firm.diff("").0, 1);
}

#[test]
fn a_gone_company_takes_nothing_with_it() {
    let settings = |names: &[&str]| {
        let companies: String = names.iter().map(|name| format!("  {name}: {{ policies: [{name}] }}\n")).collect();
        format!("companies:\n{companies}gates: [nobody loses sms.send, nothing is weakened]\n")
    };
    let firm = Repository::with(&[
        ("rightful.yaml", settings(&["nord", "sued"]).as_str()),
        ("nord/a.yaml", "users: { lars: }\n"),
        ("sued/a.yaml", "users: { ben: { allow: [sms.send] } }\n"),
    ]);
    firm.commit("Rolf Lund", DAY, "Begin");
    firm.write("rightful.yaml", settings(&["nord"]));
    let (code, value) = firm.diff("");
    assert_eq!((code, &value["weakenings"][0]["kind"]), (1, &json!("company")));
    assert_eq!(value["gates"][0]["hits"][0]["company"], "sued");
}

const REVIEWERS: &str = "sensitive: [data.export]
reviewers:
  sensitive: karin
  calendar.*: [anna, \"@nordwind/security\"]
  group:management: [karin]
  access to group:management: [karin]
  data.import: [anna]
";

#[test]
fn reviewers_are_found_by_what_people_gain() {
    let firm = firm(REVIEWERS);
    let (code, value) = firm.json("reviewers --on 2026-11-22");
    assert_eq!((code, &value["version"], &value["approved"]), (0, &json!(1), &json!(false)));
    assert_eq!((&value["base"], &value["head"]), (&json!(firm.git("rev-parse HEAD")), &json!("working tree")));
    let required: Vec<Value> = value["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            json!([row["gained"], row["reviewers"], row["approved_by"], row["line"], row["reasons"][0]["users"]])
        })
        .collect();
    assert_eq!(
        json!(required),
        json!([
            ["sensitive", ["karin"], null, 3, ["tom"]],
            ["calendar.*", ["anna", "@nordwind/security"], null, 4, ["tom"]],
            ["group:management", ["karin"], null, 5, ["lars"]],
            ["access to group:management", ["karin"], null, 6, ["tom"]],
        ])
    );
    for (approvals, code, approved) in [
        ("--approved-by karin", 1, false),
        ("--approved-by anna", 1, false),
        ("--approved-by karin --approved-by anna", 0, true),
        ("--approved-by karin --approved-by @nordwind/security", 0, true),
        ("--approved-by Karin --approved-by nordwind/security", 1, false),
        ("--approved-by karin --approved-by @nordwind/security --approved-by nobody", 0, true),
    ] {
        let (found, value) = firm.json(&format!("reviewers {approvals} --on 2026-11-22"));
        assert_eq!((found, &value["approved"]), (code, &json!(approved)), "{approvals}");
    }
    // Nobody has to approve what gives nothing.
    assert_eq!(firm.json("reviewers HEAD HEAD --approved-by x").0, 0);
    assert_eq!(firm.json("reviewers HEAD HEAD").1["approved"], json!(true));
    let said = firm.run("reviewers HEAD HEAD");
    assert_eq!(said, "exit 0\nnobody in particular has to approve this change\n");
    // Three dots, as CI calls it.
    firm.git("switch -q -c feature");
    firm.commit("Anna Berg", DAY, "The change");
    assert_eq!(firm.json("reviewers main...feature --on 2026-11-22").1["required"].as_array().unwrap().len(), 4);
}

#[test]
fn the_head_cannot_choose_its_reviewers() {
    let firm = firm(REVIEWERS);
    let lars = REVIEWERS.replace("karin", "lars").replace("[anna", "[lars, anna");
    for settings in [lars.as_str(), "language: en\n", "reviewers: { data.export: [lars] }\n"] {
        firm.write("rightful.yaml", settings);
        let (_, value) = firm.json("reviewers --on 2026-11-22");
        let required = value["required"].as_array().unwrap();
        assert_eq!(required.len(), 4, "{settings}");
        assert!(
            required.iter().all(|row| !row["reviewers"].as_array().unwrap().contains(&json!("lars"))),
            "{settings}"
        );
        assert_eq!(firm.json("reviewers --approved-by lars --on 2026-11-22").0, 1, "{settings}");
    }
    // Nor by calling the one who had to approve otherwise, or by renaming what is guarded.
    firm.write("rightful.yaml", REVIEWERS.replace("group:management", "group:board"));
    firm.write("policies/a.yaml", HEAD.replace("management:", "board:"));
    let (_, value) = firm.json("reviewers --on 2026-11-22");
    let gained: Vec<&Value> = value["required"].as_array().unwrap().iter().map(|row| &row["gained"]).collect();
    assert!(gained.contains(&&json!("access to group:management")), "{value:#}");
}
