//! `upcoming`: what the calendar will change.

use serde_json::json;

use super::repository::Repository;

const FIRM: &str = "
users:
  anna: { allow: [sms.send until 2026-12-31] }
  karin:
  lars: { name: Lars Kaufmann, allow: [data.export until 2026-12-15 because \"annual talks\"] }
groups:
  sales:
    members: [karin, lars, 'anna until 2026-12-31 because \"substitutes for Lars, CRM-142\"']
    allow: [data.export, calendar.see of sales, lists.print from 2027-01-01]
  old: { members: [anna until 2026-11-01] }
";

#[test]
fn upcoming_says_who_gains_and_loses_what_and_because_of_which_line() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("upcoming --on 2026-11-23"), @r#"
    exit 0
    what changes by itself from 2026-11-23 until 2027-02-20

    2026-12-16  changes nothing for anybody
      ends 2026-12-15  user:lars allows data.export
                       policies/a.yaml:5
                       because "annual talks"

    2027-01-01
      anna                  -  calendar.see of karin, lars
                            -  data.export
                            -  sms.send
      karin                 -  calendar.see of anna
                            +  lists.print
      lars (Lars Kaufmann)  -  calendar.see of anna
                            +  lists.print
      ends 2026-12-31  user:anna allows sms.send
                       policies/a.yaml:3
      ends 2026-12-31  anna in group:sales
                       policies/a.yaml:8
                       because "substitutes for Lars, CRM-142"
      begins           group:sales allows lists.print
                       policies/a.yaml:9

    gained: 2, lost: 6, each right over each person counted
    "#);
    insta::assert_snapshot!(firm.run("upcoming --on 2026-11-23 --days 7"), @"
    exit 0
    from 2026-11-23 until 2026-11-29 no rule and no membership begins or ends
    ");
    insta::assert_snapshot!(firm.run("upcoming --on 2026-12-20 --lang nb"), @r#"
    exit 0
    hva som endrer seg av seg selv fra 2026-12-20 til og med 2027-03-19

    2027-01-01
      anna                  -  Se andres avtaler (calendar.see) for karin, lars
                            -  Eksportere data (data.export)
                            -  Sende SMS (sms.send)
      karin                 -  Se andres avtaler (calendar.see) for anna
                            +  Skrive ut lister (lists.print)
      lars (Lars Kaufmann)  -  Se andres avtaler (calendar.see) for anna
                            +  Skrive ut lister (lists.print)
      slutter 2026-12-31  user:anna tillater sms.send
                          policies/a.yaml:3
      slutter 2026-12-31  anna i group:sales
                          policies/a.yaml:8
                          fordi "substitutes for Lars, CRM-142"
      begynner            group:sales tillater lists.print
                          policies/a.yaml:9

    vunnet: 2, mistet: 6, hver rettighet talt for hver person
    "#);
    insta::assert_snapshot!(firm.run("upcoming --days 0"), @"
    exit 2
    -- stderr
    error: invalid value '0' for '--days <N>': 0 is not in 1..=36500

    For more information, try '--help'.
    ");
}

#[test]
fn upcoming_as_json_is_complete() {
    let firm = Repository::of(FIRM);
    let (code, value) = firm.json("upcoming --on 2026-11-23 --days 100");
    assert_eq!((code, &value["from"], &value["until"]), (0, &json!("2026-11-23"), &json!("2027-03-02")));
    let days = value["days"].as_array().unwrap();
    assert_eq!(days.iter().map(|day| &day["day"]).collect::<Vec<_>>(), ["2026-12-16", "2027-01-01"]);
    let because = json!([{
        "kind": "rule", "what": "allow data.export", "group": null, "subject": "user:lars", "begins": null,
        "ends": "2026-12-15", "file": "policies/a.yaml", "line": 5, "because": "annual talks",
    }]);
    assert_eq!((&days[0]["gains"], &days[0]["losses"], &days[0]["because"]), (&json!([]), &json!([]), &because));
    let lost = json!({
        "user": "anna", "right": "calendar.see", "target": "user:karin", "step": "default", "file": "policies/a.yaml",
        "line": 9,
    });
    assert_eq!(days[1]["losses"][0], lost);
    let gained = json!({
        "user": "karin", "right": "lists.print", "target": null, "step": "group-allow", "file": "policies/a.yaml",
        "line": 9,
    });
    assert_eq!(days[1]["gains"][0], gained);
    assert_eq!(days[1]["because"][1]["what"], "user:anna");
    assert_eq!(days[1]["because"][1]["group"], "group:sales");
}
