//! `what --versus`: what two can do differently.

use serde_json::json;

use super::repository::Repository;

const FIRM: &str = "
users:
  anna: { name: Anna Sommer, deny: [sms.send because \"not from the office\"] }
  karin:
  lars: { allow: [opportunities.see of karin] }
groups:
  sales: { members: [anna, lars], allow: [data.export, sms.send, lists.print, calendar.see of everyone] }
  heads: { members: [anna], allow: [opportunities.see of everyone, calendar.edit of sales] }
";

#[test]
fn versus_shows_what_only_one_of_them_can_do() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("what anna --versus lars"), @"
    exit 0
    anna (Anna Sommer) and lars compared

    only lars
      sms.send
        anna  no   own rule      policies/a.yaml:3
        lars  yes  lars > sales  policies/a.yaml:7

    only anna: 0, only lars: 1, the same: 21; own data apart
    ");
    insta::assert_snapshot!(firm.run("what lars --versus lars"), @"
    exit 0
    lars and lars compared

    only lars: 0, only lars: 0, the same: 27; own data apart
    ");
    insta::assert_snapshot!(firm.run("what group:heads --versus group:sales"), @"
    exit 0
    whoever is in group:heads and whoever is in group:sales compared

    only heads
      calendar.edit  of anna, lars
        heads  yes  heads    policies/a.yaml:8
        sales  no   default
      opportunities.see  of anna, karin, lars
        heads  yes  heads    policies/a.yaml:8
        sales  no   default

    only sales
      calendar.see  of anna, karin, lars
        heads  no   default
        sales  yes  sales    policies/a.yaml:7
      data.export
        heads  no   default
        sales  yes  sales    policies/a.yaml:7
      lists.print
        heads  no   default
        sales  yes  sales    policies/a.yaml:7
      sms.send
        heads  no   default
        sales  yes  sales    policies/a.yaml:7

    only heads: 5, only sales: 6, the same: 21; own data apart
    ");
    insta::assert_snapshot!(firm.run("what anna --versus lasr"), @"
    exit 2
    -- stderr
    error: there is no user `lasr`
     help: did you mean `lars`?
    ");
}

#[test]
fn versus_as_json_spells_every_difference_out() {
    let firm = Repository::of(FIRM);
    let (code, value) = firm.json("what anna --versus lars");
    let side = |allowed: bool, step: &str, line: Option<usize>| {
        let file = line.map(|_| "policies/a.yaml");
        json!({ "allowed": allowed, "step": step, "file": file, "line": line })
    };
    assert_eq!(code, 0);
    assert_eq!((&value["subject"], &value["versus"]), (&json!("user:anna"), &json!("user:lars")));
    let expected = json!([
        { "right": "sms.send", "target": null, "subject": side(false, "user", Some(3)), "versus": side(true, "group-allow", Some(7)) },
    ]);
    assert_eq!(value["differences"], expected);
    assert_eq!(value["same"], 17 - 1 + 5);
}
