//! What would turn an answer: shown, and written into the files without touching anything else.

use std::fs;

use super::repository::Repository;

const PEOPLE: &str = "# who is here\nusers:\n  lars: { deny: [sms.send] } # in the field\n  anna:\n    allow:\n      - data.export until 2026-10-01 because \"CRM-7\" # ran out\n  rolf: { active: false }\n";
const GROUPS: &str = "groups:\n  all: { members: [everyone], allow: [program.start, calendar.see of everyone], deny: [calendar.see of heads] }\n  heads: { members: [rolf] }\n  sales:\n    # the desk\n    members:\n      - lars   # since ever\n      - anna until 2026-09-30\n    allow: [data.export, sms.send]\n";

fn firm() -> Repository {
    Repository::with(&[("policies/groups.yaml", GROUPS), ("policies/people.yaml", PEOPLE)])
}

#[test]
fn a_no_says_what_is_missing_and_what_would_allow_it() {
    insta::assert_snapshot!(firm().run("why anna data.export --on 2026-11-22"), @"
    exit 1
    no  anna cannot data.export on 2026-11-22

      step  default: no rule speaks about it, and what nobody gives is refused

    note  it was allowed until 2026-10-01: ask `on 2026-10-01` to see by what

    what is missing
      user:anna allowed it until 2026-10-01
        policies/people.yaml:6
      group:sales allows it; anna left it on 2026-09-30
        policies/groups.yaml:9

    what would allow it
      1  allow group:all data.export
         policies/groups.yaml:2  + allow: data.export
         nothing else changes for anybody on that day
      2  extend: allow user:anna data.export until 2026-11-22
         policies/people.yaml:6  ~ data.export until 2026-11-22
         nothing else changes for anybody on that day
      3  allow user:anna data.export
         policies/people.yaml:4  + allow: data.export
         nothing else changes for anybody on that day
      4  put anna into group:sales
         policies/groups.yaml:4  + members: anna
         anna also gains sms.send

    `--fix NUMBER` writes one of them into the files
    ");
    insta::assert_snapshot!(firm().run("why lars sms.send --on 2026-11-22"), @"
    exit 1
    no  lars cannot sms.send on 2026-11-22

      step  user: the user's own rule takes it, and decides before any group
      rule  user:lars denies sms.send
            policies/people.yaml:3

    overruled
      rule  group:sales allows sms.send
            policies/groups.yaml:9
      path  lars > sales

    what would allow it
      1  end: deny user:lars sms.send until 2026-11-21
         policies/people.yaml:3  ~ sms.send until 2026-11-21
         nothing else changes for anybody on that day
      2  no longer deny user:lars sms.send
         policies/people.yaml:3  - sms.send
         nothing else changes for anybody on that day

    `--fix NUMBER` writes one of them into the files
    ");
    insta::assert_snapshot!(firm().run("why rolf data.export --on 2026-11-22"), @"
    exit 1
    no  rolf cannot data.export on 2026-11-22

      step  inactive: the user is not active

    note  rolf is not active, so every answer is no

    what is missing
      group:sales allows it
        policies/groups.yaml:9

    what would allow it
      1  put the account rolf into use
         policies/people.yaml:7  ~ active: true
         allow group:heads data.export
         policies/groups.yaml:3  + allow: data.export
         rolf also gains calendar.see of anna, lars, program.start
      2  put the account rolf into use
         policies/people.yaml:7  ~ active: true
         allow user:rolf data.export
         policies/people.yaml:7  + allow: data.export
         rolf also gains calendar.see of anna, lars, program.start
      3  put the account rolf into use
         policies/people.yaml:7  ~ active: true
         put rolf into group:sales
         policies/groups.yaml:4  + members: rolf
         rolf also gains calendar.see of anna, lars, program.start, sms.send

    `--fix NUMBER` writes one of them into the files
    ");
}

#[test]
fn a_yes_says_what_would_take_it_away() {
    insta::assert_snapshot!(firm().run("why lars calendar.see of anna --on 2026-11-22"), @"
    exit 0
    yes  lars can calendar.see of user:anna on 2026-11-22

      step  group-allow: a group gives it
      rule  group:all allows calendar.see of everyone
            policies/groups.yaml:2
      path  lars > all

    what would take it away
      1  put anna into group:heads
         policies/groups.yaml:3  + members: anna
         nothing else changes for anybody on that day
      2  deny user:lars calendar.see of anna
         policies/people.yaml:3  + deny: calendar.see of anna
         nothing else changes for anybody on that day
      3  put the members of group:all into group:heads
         policies/groups.yaml:3  + members: group:all
         anna also loses calendar.see of lars
      4  no longer allow group:all calendar.see of everyone
         policies/groups.yaml:2  - calendar.see of everyone
         anna also loses calendar.see of lars
      5  end: allow group:all calendar.see of everyone until 2026-11-21
         policies/groups.yaml:2  ~ calendar.see of everyone until 2026-11-21
         anna also loses calendar.see of lars
      6  take the account lars out of use
         policies/people.yaml:3  ~ active: false
         lars also loses data.export, program.start

    `--fix NUMBER` writes one of them into the files
    ");
}

/// Writes a repair and shows the files of which it changed something.
fn fixed(question: &str, number: usize) -> String {
    let firm = firm();
    let mut shown = firm.run(&format!("why {question} --on 2026-11-22 --fix {number}"));
    for (path, before) in [("policies/groups.yaml", GROUPS), ("policies/people.yaml", PEOPLE)] {
        let after = fs::read_to_string(firm.path(path)).unwrap();
        if after != before {
            shown += &format!("-- {path}\n{after}");
        }
    }
    shown
}

#[test]
fn a_repair_is_written_and_nothing_else_is_touched() {
    insta::assert_snapshot!(fixed("anna data.export", 1), @"
    exit 0
    number 1 is written: the answer is yes now

      policies/groups.yaml:2
        -   all: { members: [everyone], allow: [program.start, calendar.see of everyone], deny: [calendar.see of heads] }
        +   all: { members: [everyone], allow: [program.start, calendar.see of everyone, data.export], deny: [calendar.see of heads] }

    `git diff` shows it, and `rightful plan` what it does to the database
    -- policies/groups.yaml
    groups:
      all: { members: [everyone], allow: [program.start, calendar.see of everyone, data.export], deny: [calendar.see of heads] }
      heads: { members: [rolf] }
      sales:
        # the desk
        members:
          - lars   # since ever
          - anna until 2026-09-30
        allow: [data.export, sms.send]
    ");
    insta::assert_snapshot!(fixed("anna data.export", 2), @r#"
    exit 0
    number 2 is written: the answer is yes now

      policies/people.yaml:6
        -       - data.export until 2026-10-01 because "CRM-7" # ran out
        +       - data.export until 2026-11-22 because "CRM-7" # ran out

    `git diff` shows it, and `rightful plan` what it does to the database
    -- policies/people.yaml
    # who is here
    users:
      lars: { deny: [sms.send] } # in the field
      anna:
        allow:
          - data.export until 2026-11-22 because "CRM-7" # ran out
      rolf: { active: false }
    "#);
    insta::assert_snapshot!(fixed("lars sms.send", 1), @r#"
    exit 0
    number 1 is written: the answer is yes now

      policies/people.yaml:3
        -   lars: { deny: [sms.send] } # in the field
        +   lars: { deny: [sms.send until 2026-11-21] } # in the field

    `git diff` shows it, and `rightful plan` what it does to the database
    -- policies/people.yaml
    # who is here
    users:
      lars: { deny: [sms.send until 2026-11-21] } # in the field
      anna:
        allow:
          - data.export until 2026-10-01 because "CRM-7" # ran out
      rolf: { active: false }
    "#);
    insta::assert_snapshot!(fixed("rolf data.export", 1), @r#"
    exit 0
    number 1 is written: the answer is yes now

      policies/groups.yaml:3
        -   heads: { members: [rolf] }
        +   heads: { members: [rolf], allow: [data.export] }
      policies/people.yaml:7
        -   rolf: { active: false }
        +   rolf: { active: true }

    `git diff` shows it, and `rightful plan` what it does to the database
    -- policies/groups.yaml
    groups:
      all: { members: [everyone], allow: [program.start, calendar.see of everyone], deny: [calendar.see of heads] }
      heads: { members: [rolf], allow: [data.export] }
      sales:
        # the desk
        members:
          - lars   # since ever
          - anna until 2026-09-30
        allow: [data.export, sms.send]
    -- policies/people.yaml
    # who is here
    users:
      lars: { deny: [sms.send] } # in the field
      anna:
        allow:
          - data.export until 2026-10-01 because "CRM-7" # ran out
      rolf: { active: true }
    "#);
}

#[test]
fn lists_and_nothing_are_edited_however_they_are_written() {
    for (users, question, number, expected) in [
        (
            "users:\n  a:\n    allow:\n    - sms.send # x\n    deny: [data.export]\n",
            "a sms.send",
            2,
            "users:\n  a:\n    deny: [data.export]\n",
        ),
        (
            "users:\n  a:\n    allow:\n    - sms.send # x\n",
            "a sms.send",
            1,
            "users:\n  a:\n    allow:\n    - sms.send until 2026-11-21 # x\n",
        ),
        ("users:\n  a: ~ # x\n  b:\n", "a sms.send", 1, "users:\n  a: { allow: [sms.send] } # x\n  b:\n"),
        ("users: { a: null, b: {} }\n", "a sms.send", 1, "users: { a: { allow: [sms.send] }, b: {} }\n"),
        ("users: { a: {} }\r\n", "a sms.send", 1, "users: { a: { allow: [sms.send] } }\r\n"),
        ("users:\n  a:\n    deny:\n    - right: sms.send\n", "a sms.send", 1, "users:\n  a:\n    allow: [sms.send]\n"),
    ] {
        let firm = Repository::with(&[("policies/a.yaml", users)]);
        let said = firm.run(&format!("why {question} --on 2026-11-22 --fix {number}"));
        let after = fs::read_to_string(firm.path("policies/a.yaml")).unwrap();
        assert_eq!(after, expected, "{users}\n{said}");
    }
}

#[test]
fn a_file_of_several_companies_is_spoken_of() {
    let firm = Repository::with(&[
        (
            "rightful.yaml",
            "companies: { one: { policies: [policies/c, policies/x] }, two: { policies: [policies/c] } }\n",
        ),
        ("policies/c/a.yaml", "users: { a: { allow: [sms.send] } }\n"),
        ("policies/x/b.yaml", "groups: { g: { members: [a] } }\n"),
    ]);
    let said = firm.run("why a sms.send --company one");
    assert!(said.contains("policies/c/a.yaml is read for two too"), "{said}");
}

#[test]
fn what_cannot_be_fixed_says_so_and_writes_nothing() {
    for (wrong, says) in [
        ("why lars data.export --fix 0", "there is no edit number 0"),
        ("why lars data.export --fix 99", "name a number from 1 to"),
        ("why group:sales data.export --fix 1", "only where a user is asked about"),
        ("why lars data.export --fix 1 --at HEAD", "cannot be used with"),
    ] {
        let firm = firm();
        let refused = firm.run(wrong);
        assert!(refused.starts_with("exit 2\n") && refused.contains(says), "{wrong}: {refused}");
        assert_eq!(fs::read_to_string(firm.path("policies/groups.yaml")).unwrap(), GROUPS);
        assert_eq!(fs::read_to_string(firm.path("policies/people.yaml")).unwrap(), PEOPLE);
    }
}

#[test]
fn a_repair_that_breaks_an_expectation_says_so() {
    let firm = Repository::with(&[(
        "policies/a.yaml",
        "users: { lars: , anna: { allow: [program.start] } }\nexpect: [nobody can data.export]\n",
    )]);
    insta::assert_snapshot!(firm.run("why lars data.export --fix 1"), @"
    exit 0
    number 1 is written: the answer is yes now

      policies/a.yaml:1
        - users: { lars: , anna: { allow: [program.start] } }
        + users: { lars: { allow: [data.export] } , anna: { allow: [program.start] } }

    note  `rightful check` fails now: `nobody can data.export` does not hold: lars
      can
    `git diff` shows it, and `rightful plan` what it does to the database
    ");
}

#[test]
fn the_json_of_a_repair_names_everybody() {
    let (code, value) = firm().json("why anna data.export --on 2026-11-22");
    assert_eq!(code, 1);
    insta::assert_snapshot!(serde_json::to_string(&value["missing"]).unwrap(), @r#"[{"file":"policies/people.yaml","from":null,"group":null,"line":6,"subject":"user:anna","until":"2026-10-01"},{"file":"policies/groups.yaml","from":null,"group":"group:sales","line":9,"subject":"group:sales","until":"2026-09-30"}]"#);
    let repairs = value["repairs"].as_array().unwrap();
    let short: Vec<String> = repairs
        .iter()
        .map(|repair| {
            format!(
                "{} {} {} +{} -{}",
                repair["number"], repair["kinds"], repair["radius"], repair["gains"], repair["losses"]
            )
        })
        .collect();
    insta::assert_snapshot!(short.join("\n"), @r#"
    1 ["group-rule"] 0 +[] -[]
    2 ["date"] 0 +[] -[]
    3 ["own-rule"] 0 +[] -[]
    4 ["membership"] 1 +[{"right":"sms.send","targets":null,"users":["anna"],"without_own":false}] -[]
    "#);
}

#[test]
fn a_line_about_several_rights_is_extended_beside_what_it_would_contradict() {
    let people = "users:\n  lars:\n    allow:\n      - data.import+export until 2026-11-16\n    deny:\n      - data.export from 2026-11-17\n";
    let firm = Repository::with(&[("policies/people.yaml", people)]);
    insta::assert_snapshot!(firm.run("why lars data.import --on 2026-11-22"), @"
    exit 1
    no  lars cannot data.import on 2026-11-22

      step  default: no rule speaks about it, and what nobody gives is refused

    note  lars may not start the program (program.start), so nothing else can be
          used
    note  it was allowed until 2026-11-16: ask `on 2026-11-16` to see by what

    what is missing
      user:lars allowed it until 2026-11-16
        policies/people.yaml:4

    what would allow it
      1  allow user:lars data.import
         policies/people.yaml:2  + allow: data.import
         nothing else changes for anybody on that day
      2  no longer deny user:lars data.export from 2026-11-17
         policies/people.yaml:6  - data.export from 2026-11-17
         extend: allow user:lars data.export+import until 2026-11-22
         policies/people.yaml:4  ~ data.export+import until 2026-11-22
         lars also gains data.export

    `--fix NUMBER` writes one of them into the files
    ");
}

#[test]
fn a_rule_that_takes_away_later_is_dated_earlier_for_whoever_joins_its_group() {
    let people = "users:\n  lars:\n  kim:\n    allow:\n      - opportunities.see of everyone\n    deny:\n      - opportunities.see of office from 2026-11-20\ngroups:\n  office:\n";
    let firm = Repository::with(&[("policies/people.yaml", people)]);
    let (_, answer) = firm.json("why kim opportunities.see of lars --on 2026-11-15");
    let edits = |repair: &serde_json::Value| {
        repair["edits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edit| edit["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let repairs: Vec<Vec<String>> = answer["repairs"].as_array().unwrap().iter().map(edits).collect();
    let both = ["opportunities.see of group:office from 2026-11-15", "lars"].map(str::to_owned);
    assert!(repairs.contains(&both.to_vec()), "{repairs:#?}");
}
