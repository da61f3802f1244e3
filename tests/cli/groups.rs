//! `why` about a group: what it says, and the members who differ.

use serde_json::json;

use super::repository::Repository;

const FIRM: &str = "
users:
  anna: { name: Anna Sommer, deny: [data.export because \"prepares the payments\"] }
  karin: { allow: [sms.send] }
  lars:
  rolf: { active: false }
groups:
  all: { members: [everyone], allow: [program.start] }
  inside: { members: [lars, rolf] }
  sales:
    members: [inside, anna, karin until 2026-12-31]
    allow: [data.export until 2027-03-31, lists.print]
  helpers: { members: [karin], allow: [data.import from 2027-01-01] }
  empty: { allow: [data.import] }
";

#[test]
fn why_about_a_group_lists_the_members_who_differ() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("why group:sales data.export --on 2026-11-22"), @"
    exit 0
    yes  whoever is in group:sales can data.export on 2026-11-22

      step  group-allow: a group gives it
      rule  group:sales allows data.export until 2027-03-31
            policies/a.yaml:12

    note  what decided here is in force until 2027-03-31 only; from 2027-04-01 on it
          is refused

    differ: 2 of 4 members
      no  anna  own rule    policies/a.yaml:3
      no  rolf  not active
    ");
    insta::assert_snapshot!(firm.run("why group:sales sms.send --on 2026-11-22"), @"
    exit 1
    no  whoever is in group:sales cannot sms.send on 2026-11-22

      step  default: no rule speaks about it, and what nobody gives is refused

    differ: 1 of 4 members
      yes  karin  own rule  policies/a.yaml:4
    ");
    insta::assert_snapshot!(firm.run("why group:sales territories.manage --on 2026-11-22"), @"
    exit 1
    no  whoever is in group:sales cannot territories.manage on 2026-11-22

      step  default: no rule speaks about it, and what nobody gives is refused

    all 4 members have the same answer
    ");
    insta::assert_snapshot!(firm.run("why group:helpers data.import --on 2026-11-22"), @"
    exit 1
    no  whoever is in group:helpers cannot data.import on 2026-11-22

      step  default: no rule speaks about it, and what nobody gives is refused

    note  it will be allowed from 2027-01-01 on: ask `on 2027-01-01` to see by what

    its only member has the same answer
    ");
    insta::assert_snapshot!(firm.run("why group:empty data.import --on 2026-11-22"), @"
    exit 0
    yes  whoever is in group:empty can data.import on 2026-11-22

      step  group-allow: a group gives it
      rule  group:empty allows data.import
            policies/a.yaml:14

    the group has no members that day
    ");
}

#[test]
fn the_members_who_differ_are_in_the_json() {
    let firm = Repository::of(FIRM);
    let (code, value) = firm.json("why group:sales data.export --on 2026-11-22");
    assert_eq!(code, 0);
    let expected = json!([
        { "user": "anna", "allowed": false, "step": "user", "path": ["user:anna"], "file": "policies/a.yaml", "line": 3 },
        { "user": "rolf", "allowed": false, "step": "inactive", "path": ["user:rolf"], "file": null, "line": null },
    ]);
    assert_eq!(value["members"], expected);
    assert_eq!(firm.json("why lars data.export").1["members"], json!(null));
}

#[test]
fn what_ends_says_what_comes_after() {
    let firm = Repository::of(
        "
users: { lars: , anna: { allow: [data.import until 2026-12-31] } }
groups:
  a: { members: [lars until 2026-12-31], allow: [data.export] }
  b: { members: [lars], allow: [data.export from 2027-01-01 until 2027-02-28] }
  c: { members: [anna], allow: [data.import], deny: [sms.send until 2026-12-31] }
  d: { members: [anna until 2027-01-31], allow: [lists.print] }
",
    );
    let notes = |question: &str| firm.json(question).1["notes"].to_string();
    let says =
        |question: &str, words: &str| assert!(notes(question).contains(words), "{question}: {}", notes(question));
    says("why lars data.export on 2026-12-01", "until 2026-12-31 only; what follows allows it too");
    says("why lars data.export on 2026-12-01", "from 2027-03-01 on it is refused: ask `on 2027-03-01`");
    says("why lars data.export on 2027-01-15", "until 2027-02-28 only; from 2027-03-01 on it is refused");
    says("why anna data.import on 2026-12-01", "until 2026-12-31 only; what follows allows it too");
    says("why anna lists.print on 2026-12-01", "until 2027-01-31 only; from 2027-02-01 on it is refused");
    says("why group:b data.export on 2027-01-15", "until 2027-02-28 only; from 2027-03-01 on it is refused");
    says("why group:b data.export on 2026-12-01", "it will be allowed from 2027-01-01 on");
}
