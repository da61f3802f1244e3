//! `plan` and `apply` against the embedded database.

use std::time::Duration;

use rightful::target::Target;
use rightful::target::sqlite::Sqlite;

use super::repository::Repository;

const FIRM: &str = "
users: { lars: { allow: [data.export] }, anna: }
groups: { sales: { name: Vertrieb, members: [lars, anna], allow: [calendar.see of everyone] } }
";

#[test]
fn a_plan_says_who_gains_what_and_writes_nothing() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("plan --on 2026-11-22"), @"
    exit 0
    31 changes to crm.db, a new database

    new: anna (policies/a.yaml:2), lars (policies/a.yaml:2)
      +  calendar.see  of everyone: 2 users (anna, lars), by group:sales,
                       policies/a.yaml:3
      +  data.export   lars, by user:lars, policies/a.yaml:2

    gained: 3 by 2 users; lost: 0 by 0 users; each right over each person counts

    in the database
      +  right (24)  article_groups.create, articles.create, attachments.open,
                     calendar.edit, calendar.see, campaigns.create,
                     campaigns.evaluate, data.export, data.import, lists.print,
                     mail.delete_public, mail.mark_confidential and 12 more
      +  group       sales
      +  user (2)    anna, lars
      +  member (2)  group:sales: user:anna, user:lars
      +  rule        group:sales: allow calendar.see of everyone
      +  rule        user:lars: allow data.export

    fingerprint 54c50bf4e1721f110db470a1cf01abce1c9f600e0d1f479cafeaaf79ec65006b
    --unfold lists everybody and everything by name
    ");
    assert!(!firm.path("crm.db").exists());
    assert!(firm.run("plan --exit-code").starts_with("exit 1\n"));
    let (_, value) = firm.json("plan");
    assert_eq!(value["company"], serde_json::Value::Null);
    let gain = value["gains"].as_array().unwrap().iter().find(|gain| gain["right"] == "data.export").unwrap();
    let expected = serde_json::json!({
        "user": "lars", "right": "data.export", "target": null, "step": "user", "file": "policies/a.yaml", "line": 2,
    });
    assert_eq!(gain, &expected);
}

#[test]
fn an_apply_makes_the_plan_true_and_a_second_one_writes_nothing() {
    let firm = Repository::of(FIRM);
    assert!(firm.run("apply").contains("\napplied: 31 changes to crm.db (run 1)\n"));
    let before = std::fs::read(firm.path("crm.db")).unwrap();
    assert_eq!(firm.run("apply"), "exit 0\nnothing to do: crm.db says what the policy says\n");
    assert_eq!(firm.json("apply").1, serde_json::json!({ "version": 1, "applied": 0, "run": null, "head": null }));
    assert!(firm.run("plan --exit-code").starts_with("exit 0\n"));
    assert_eq!(std::fs::read(firm.path("crm.db")).unwrap(), before);
}

#[test]
fn a_change_of_the_policy_shows_as_gains_and_losses() {
    let firm = Repository::of(FIRM);
    firm.run("apply --yes");
    firm.write(
        "policies/a.yaml",
        FIRM.replace(", anna]", "]").replace("{ allow: [data.export] }, anna:", ", anna: { allow: [data.export] }"),
    );
    insta::assert_snapshot!(firm.run("plan --on 2026-11-22").lines().filter(|line| !line.starts_with("fingerprint")).collect::<Vec<_>>().join("\n"), @"
    exit 0
    3 changes to crm.db

    policies/a.yaml:2  added: user:anna allows data.export
      +  data.export  anna

    taken out: user:lars allows data.export
      -  data.export  lars

    taken out: user:anna in group:sales
      -  calendar.see  of lars: anna, was by group:sales

    gained: 1 by 1 user; lost: 2 by 2 users; each right over each person counts

    in the database
      +  rule    user:anna: allow data.export
      -  member  group:sales: user:anna
      -  rule    user:lars: allow data.export
    ");
}

#[test]
fn killed_at_any_moment_an_apply_leaves_the_old_state_or_the_new() {
    let firm = Repository::sample();
    let state = || Sqlite::at(&firm.path("crm.db")).read().unwrap();
    assert!(firm.run("apply --yes").starts_with("exit 0\n"));
    let old = state();
    let many: String = (0..3000).map(|number| format!("  extra{number}:\n")).collect();
    firm.write("policies/extra.yaml", format!("users:\n{many}"));
    // So many new people are what a guard is for.
    const APPLY: &str = "apply --yes --override gain_rights";
    let started = std::time::Instant::now();
    let before = std::fs::read(firm.path("crm.db")).unwrap();
    assert!(firm.run(APPLY).starts_with("exit 0\n"));
    let whole = started.elapsed();
    let new = state();
    assert_ne!(old, new);
    let (mut olds, mut news) = (0, 0);
    // Kills spread over the time that a whole run took, and later ones until a run got through on a busy machine.
    for attempt in 0u32.. {
        if attempt >= 24 && news > 0 {
            break;
        }
        assert!(attempt < 200, "no run got through");
        std::fs::write(firm.path("crm.db"), &before).unwrap();
        let mut child = firm.command(APPLY).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * attempt / 20 + Duration::from_millis(1));
        let _ = child.kill();
        child.wait().unwrap();
        // What a killed run leaves behind is rolled back by whoever reads next.
        match state() {
            found if found == old => olds += 1,
            found if found == new => news += 1,
            _ => panic!("a mixture after {attempt} twentieths"),
        }
        let _ = std::fs::remove_file(firm.path("crm.db-journal"));
    }
    assert!(olds > 0, "no kill came before the end of a run");
}

#[test]
fn two_applies_at_once_do_the_work_once() {
    let firm = Repository::sample();
    let mut children: Vec<_> = (0..4)
        .map(|_| {
            firm.command("apply --yes --format json")
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let codes: Vec<_> = children.iter_mut().map(|child| child.wait().unwrap().code().unwrap()).collect();
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 3].contains(code)), "{codes:?}");
    assert!(firm.run("plan --exit-code").starts_with("exit 0\n"));
}
