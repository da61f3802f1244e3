//! `who`: everyone who can, and why.

use serde_json::json;

use super::repository::Repository;

const FIRM: &str = "
employees:
  lars-kaufmann: { name: Lars Kaufmann }
users:
  lars: { employee: lars-kaufmann, allow: [data.import] }
  anna: { name: Anna Sommer-Winterfeld zu Frühlingshausen }
  karin: { deny: [program.start] }
  rolf: { active: false }
groups:
  all: { members: [everyone], allow: [program.start, calendar.see of everyone], deny: [calendar.see of heads] }
  sales: { members: [group:inside-sales, anna until 2026-12-31], allow: [data.export] }
  inside-sales: { members: [lars, karin] }
  heads: { members: [anna, rolf] }
roles: { auditor: { allow: [data.import, data.export] } }
online: { responsible: lars, access: { anna: { role: auditor } } }
";

#[test]
fn who_lists_everyone_with_the_way_and_the_place() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("who data.export --on 2026-11-22"), @"
    exit 0
    3 of 4 users can data.export on 2026-11-22

      anna (Anna Sommer-Winterfeld  anna > role:auditor           policies/a.yaml:14
        zu Frühlingshausen)
      karin                         karin > inside-sales > sales  policies/a.yaml:11
      lars (Lars Kaufmann)          lars > inside-sales > sales   policies/a.yaml:11

    3 through a group, 1 cannot (1 not active)
    note  karin may not start the program (program.start), so nothing else can be
          used
    ");
    insta::assert_snapshot!(firm.run("who data.export on 2027-01-01"), @"
    exit 0
    3 of 4 users can data.export on 2027-01-01

      anna (Anna Sommer-Winterfeld  anna > role:auditor           policies/a.yaml:14
        zu Frühlingshausen)
      karin                         karin > inside-sales > sales  policies/a.yaml:11
      lars (Lars Kaufmann)          lars > inside-sales > sales   policies/a.yaml:11

    3 through a group, 1 cannot (1 not active)
    note  karin may not start the program (program.start), so nothing else can be
          used
    ");
    insta::assert_snapshot!(firm.run("who can data.import and data.export --on 2026-11-22"), @"
    exit 0
    2 of 4 users can data.import and data.export on 2026-11-22

      anna (Anna Sommer-Winterfeld zu Frühlingshausen)
        data.import  anna > role:auditor          policies/a.yaml:14
        data.export  anna > role:auditor          policies/a.yaml:14
      lars (Lars Kaufmann)
        data.import  own rule                     policies/a.yaml:5
        data.export  lars > inside-sales > sales  policies/a.yaml:11

    2 cannot (1 not active)
    ");
    insta::assert_snapshot!(firm.run("who calendar.see of everyone"), @"
    exit 0
    none of 4 users can calendar.see of everyone

    4 cannot (1 not active)
    ");
    insta::assert_snapshot!(firm.run("who territories.manage"), @"
    exit 0
    none of 4 users can territories.manage

    4 cannot (1 not active)
    ");
}

#[test]
fn who_knows_rights_by_their_labels() {
    let firm = Repository::of(FIRM);
    let (text, words) =
        (firm.run("who data.export and data.import --lang de"), ["who", "Daten exportieren and Daten importieren"]);
    let ran = firm.command("").args(words).args(["--lang", "de"]).output().unwrap();
    assert_eq!(text, format!("exit 0\n{}", String::from_utf8(ran.stdout).unwrap()));
    insta::assert_snapshot!(text, @"
    exit 0
    2 von 4 Benutzern dürfen Daten exportieren (data.export) und Daten importieren
      (data.import)

      anna (Anna Sommer-Winterfeld zu Frühlingshausen)
        Daten exportieren            anna > role:auditor          policies/a.yaml:14
        (data.export)
        Daten importieren            anna > role:auditor          policies/a.yaml:14
        (data.import)
      lars (Lars Kaufmann)
        Daten exportieren            lars > inside-sales > sales  policies/a.yaml:11
        (data.export)
        Daten importieren            eigene Regel                 policies/a.yaml:5
        (data.import)

    2 nicht (davon 1 nicht aktiv)
    ");
}

#[test]
fn what_cannot_be_looked_for_says_why() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("who data.exprot"), @"
    exit 2
    -- stderr
    error: there is no right `data.exprot`
     help: did you mean `data.export`?
    ");
    insta::assert_snapshot!(firm.run("who lars data.export"), @"
    exit 2
    -- stderr
    error: this is no question: `lars` cannot stand here
     help: expected a right such as `data.export`; ask as in `calendar.see of anna
           and data.import`
    ");
    insta::assert_snapshot!(firm.run("who calendar.see and data.export"), @"
    exit 2
    -- stderr
    error: `calendar.see` needs a target: over whose data?
     help: write `calendar.see of NAME` or `calendar.see of everyone`
    ");
    insta::assert_snapshot!(firm.run("who data.export on 2026-01-01 --on 2026-01-02"), @"
    exit 2
    -- stderr
    error: the question says 2026-01-01, and --on says 2026-01-02
     help: name the day once
    ");
}

#[test]
fn who_as_json_has_the_keys_of_the_contract() {
    let firm = Repository::of(FIRM);
    let (code, value) = firm.json("who calendar.see of anna --on 2026-11-22");
    assert_eq!(code, 0);
    let reason = |step: &str, path: &[&str]| json!({ "right": "calendar.see", "target": "user:anna", "step": step, "path": path, "file": null, "line": null });
    let expected = json!({
        "version": 1,
        "rights": [{ "right": "calendar.see", "target": "user:anna" }],
        "on": "2026-11-22",
        "holders": [{
            "user": "anna", "step": "own-data", "path": ["user:anna"], "file": null, "line": null,
            "reasons": [reason("own-data", &["user:anna"])],
        }],
        "count": 1,
        "users": 4,
        "notes": [],
    });
    assert_eq!(value, expected);
    let (_, value) = firm.json("who data.export");
    let karin = &value["holders"][1];
    assert_eq!(karin["path"], json!(["user:karin", "group:inside-sales", "group:sales"]));
    assert_eq!((&karin["file"], &karin["line"]), (&json!("policies/a.yaml"), &json!(11)));
    assert_eq!(value["notes"][0], "karin may not start the program (program.start), so nothing else can be used");
}

#[test]
fn long_names_wrap_and_the_columns_stay_where_they_are() {
    let name = "x".repeat(30);
    let firm = Repository::of(&format!(
        "users: {{ {name}: {{ name: The Honourable Bearer of a Name that no Table was made for }} }}\n\
         groups:\n  {name}-group: {{ members: [{name}] }}\n  outer: {{ members: [{name}-group], allow: [data.export] }}\n"
    ));
    insta::assert_snapshot!(firm.run("who data.export"), @"
    exit 0
    1 of 1 users can data.export

      xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx >        policies/a.yaml:4
        (The Honourable Bearer of a       xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-group
        Name that no Table was made       > outer
        for)

    1 through a group
    note  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx may not start the program (program.start),
          so nothing else can be used
    ");
}
