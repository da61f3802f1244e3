//! `pull`: what somebody did in the database goes into the policy files.

use std::fs;

use rusqlite::Connection;

use super::repository::Repository;

const PEOPLE: &str = "# Our people.\r\nusers:\r\n  # the field\r\n  lars: { name: \"Lars\", allow: [data.export] } # best\r\n  anna:\r\n    name: 'Anna'   # reception\r\n    deny:\r\n      - sms.send   # only this one\r\n";
const GROUPS: &str =
    "groups:\n  sales:\n    # who sells\n    members: [lars, anna]\n    allow:\n      - lists.print   # all\n";

fn firm() -> Repository {
    let firm = Repository::with(&[("policies/people.yaml", PEOPLE), ("policies/groups.yaml", GROUPS)]);
    assert!(firm.run("apply --yes --on 2026-11-22").starts_with("exit 0\n"));
    firm
}

fn sql(firm: &Repository, statements: &str) {
    let connection = Connection::open(firm.path("crm.db")).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    connection.execute_batch(statements).unwrap();
}

fn text(firm: &Repository, path: &str) -> String {
    fs::read_to_string(firm.path(path)).unwrap()
}

#[test]
fn drift_goes_into_the_files_and_the_plan_is_empty() {
    let firm = firm();
    sql(
        &firm,
        "INSERT INTO users (id, name) VALUES ('kim', 'no');
         INSERT INTO members (group_id, user_id, because) VALUES ('sales', 'kim', 'helps: CRM-1');
         UPDATE users SET name = 'Lars \"K.\"' WHERE id = 'lars';
         DELETE FROM rules WHERE user_id = 'anna';
         INSERT INTO modules (id) VALUES ('mail');",
    );
    let shown = firm.run("pull --dry-run --on 2026-11-22");
    assert_eq!(text(&firm, "policies/people.yaml"), PEOPLE);
    insta::assert_snapshot!(shown, @r#"
    exit 0
    5 changes from crm.db

      policies/groups.yaml:4
        -     members: [lars, anna]
        +     members: [lars, anna, 'kim because "helps: CRM-1"']
      policies/people.yaml:4
        -   lars: { name: "Lars", allow: [data.export] } # best
        +   lars: { name: "Lars \"K.\"", allow: [data.export] } # best
      policies/people.yaml:7
        -     deny:
        -       - sms.send   # only this one
        +   kim:
        +     name: "no"
      policies/pulled.yaml, a new file
        + modules:
        +   mail:

    nothing was written: this is what would be, in 3 files
    "#);
    let taken = firm.run("pull --on 2026-11-22");
    assert!(taken.starts_with("exit 0\n") && taken.contains("written: 3 files"), "{taken}");
    insta::assert_snapshot!(format!("{:?}", text(&firm, "policies/people.yaml")), @r##""# Our people.\r\nusers:\r\n  # the field\r\n  lars: { name: \"Lars \\\"K.\\\"\", allow: [data.export] } # best\r\n  anna:\r\n    name: 'Anna'   # reception\r\n  kim:\r\n    name: \"no\"\r\n""##);
    assert!(firm.run("plan --exit-code --on 2026-11-22").starts_with("exit 0\n"));
    insta::assert_snapshot!(firm.run("pull --on 2026-11-22 --exit-code"), @"
    exit 0
    nothing to take from crm.db into the policy
    ");
}

#[test]
fn somebody_who_was_deleted_goes_with_all_that_names_them() {
    let firm = firm();
    sql(&firm, "DELETE FROM users WHERE id = 'lars';");
    assert!(firm.run("pull --yes --on 2026-11-22").starts_with("exit 0\n"));
    insta::assert_snapshot!(format!("{:?}", text(&firm, "policies/people.yaml")), @r##""# Our people.\r\nusers:\r\n  anna:\r\n    name: 'Anna'   # reception\r\n    deny:\r\n      - sms.send   # only this one\r\n""##);
    insta::assert_snapshot!(text(&firm, "policies/groups.yaml"), @"
    groups:
      sales:
        # who sells
        members: [anna]
        allow:
          - lists.print   # all
    ");
    assert!(firm.run("plan --exit-code --on 2026-11-22").starts_with("exit 0\n"));
}

#[test]
fn somebody_of_whom_something_is_expected_stays_and_the_rest_is_taken() {
    let firm = firm();
    firm.write("policies/expect.yaml", "expect: [lars can data.export]\n");
    assert!(firm.run("apply --yes --on 2026-11-22").starts_with("exit 0\n"));
    sql(&firm, "DELETE FROM users WHERE id = 'lars'; UPDATE users SET name = 'Annie' WHERE id = 'anna';");
    insta::assert_snapshot!(firm.run("pull --yes --on 2026-11-22"), @r#"
    exit 0
    3 changes from crm.db

      policies/groups.yaml:4
        -     members: [lars, anna]
        +     members: [anna]
      policies/people.yaml:4
        -   lars: { name: "Lars", allow: [data.export] } # best
        +   lars: { name: "Lars" } # best
      policies/people.yaml:6
        -     name: 'Anna'   # reception
        +     name: 'Annie'   # reception

    not taken
      !  user  lars: `expect` names it at policies/expect.yaml:1

    note  `rightful check` fails now: `lars can data.export` does not hold: lars
      cannot

    written: 2 files; `git diff` shows it, and `rightful plan` what is left
    "#);
}

#[test]
fn conflicts_and_what_nobody_can_say_are_named() {
    let firm = firm();
    sql(
        &firm,
        "UPDATE users SET name = 'A' WHERE id = 'anna';
         UPDATE rights SET name_en = 'Take all' WHERE id = 'data.export';
         INSERT INTO module_sets (id) VALUES ('desk');
         UPDATE groups SET name = 'Vertrieb' WHERE id = 'sales';",
    );
    firm.write("policies/people.yaml", PEOPLE.replace("'Anna'", "'Annie'"));
    insta::assert_snapshot!(firm.run("pull --yes --exit-code --on 2026-11-22"), @r#"
    exit 1
    1 change from crm.db

      policies/groups.yaml:3
        +     name: Vertrieb

    not taken
      !  right       data.export name.en: the catalogue is part of the program, no
                     policy declares it
      !  module-set  desk: it is empty, and an empty list is an error in a policy

    conflicts: the policy and the database both changed these, and the policy wins
      !  user  anna name: database "A", policy "Annie"

    written: 1 file; `git diff` shows it, and `rightful plan` what is left
    "#);
    insta::assert_snapshot!(text(&firm, "policies/groups.yaml"), @"
    groups:
      sales:
        name: Vertrieb
        # who sells
        members: [lars, anna]
        allow:
          - lists.print   # all
    ");
}

#[test]
fn only_what_is_asked_for_is_taken() {
    let firm = firm();
    sql(
        &firm,
        "UPDATE users SET active = 0 WHERE id = 'anna';
         DELETE FROM members WHERE user_id = 'anna';",
    );
    firm.write("policies/people.yaml", PEOPLE.replace("'Anna'", "'Annie'"));
    sql(&firm, "UPDATE users SET name = 'A' WHERE id = 'anna'");
    // What was not asked for is no reason to complain, conflicts among it.
    let (code, value) = firm.json("pull --only group:sales --exit-code --on 2026-11-22");
    assert_eq!(value["conflicts"], serde_json::json!([]));
    assert_eq!((code, value["written"].as_bool()), (0, Some(true)));
    assert_eq!(value["left"][0]["why"], "not asked for");
    assert_eq!(value["taken"][0]["key"], "group:sales user:anna");
    assert_eq!(value["changes"][0]["added"][0], "    members: [lars]");
    assert!(firm.run("pull --only user:otto").starts_with("exit 2\n"));
}

#[test]
fn an_apply_after_a_pull_says_what_it_remembers() {
    let firm = firm();
    sql(&firm, "UPDATE users SET active = 0 WHERE id = 'anna'");
    assert!(firm.run("pull --yes --on 2026-11-22").starts_with("exit 0\n"));
    let said = firm.run("apply --yes --on 2026-11-22");
    let head = firm.json("audit verify").1["head"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(said.replace(&head, "HEAD"), @"
    exit 0
    nothing to do: crm.db says what the policy says

    what the policy declares is remembered (run 2)
    audit head HEAD
    ");
    assert_eq!(firm.run("apply --yes --on 2026-11-22").lines().count(), 2, "once");
}

#[test]
fn a_new_repository_takes_no_flags_that_do_nothing() {
    let firm = firm();
    let made = "pull --from-database access --database sqlite:crm.db";
    let said: String = ["--yes", "--company nord"].map(|flag| firm.run(&format!("{made} {flag}"))).concat();
    insta::assert_snapshot!(said, @"
    exit 2
    -- stderr
    error: the argument '--from-database [<DIR>]' cannot be used with '--yes'

    Usage: rightful pull --from-database [<DIR>] --database <URL>

    For more information, try '--help'.
    exit 2
    -- stderr
    error: a new repository has no company `nord`
     help: leave --company out: one database becomes one repository with one company
    ");
    assert!(!firm.path("access").exists());
}

#[test]
fn names_that_are_none_stop_everything() {
    let firm = firm();
    sql(
        &firm,
        "INSERT INTO users (id, name) VALUES ('kim larsen', 'Kim'), ('until', 'Until');
         UPDATE users SET name = 'L' WHERE id = 'lars';",
    );
    insta::assert_snapshot!(firm.run("pull --yes --on 2026-11-22"), @"
    exit 2
    -- stderr
    `kim larsen` is no name: ` ` cannot be part of a name
    `until` is no name: this word belongs to the rule grammar
    error: the database has names that no policy can have: `kim larsen`, `until`
     help: nothing was written; rename them in the database, where references
           follow, and pull again
    ");
    assert_eq!(text(&firm, "policies/people.yaml"), PEOPLE);
}

#[test]
fn without_an_apply_nobody_knows_what_drifted() {
    let firm = Repository::of("users: { lars: }\n");
    assert!(firm.run("pull").contains("nothing was ever applied to crm.db"), "{}", firm.run("pull"));
}

#[test]
fn a_database_becomes_a_repository_whose_plan_is_empty() {
    let firm = Repository::sample();
    assert!(firm.run("apply --yes --on 2026-11-22").starts_with("exit 0\n"));
    sql(&firm, "DELETE FROM last_applied; UPDATE users SET name = 'K' WHERE id = 'karin';");
    let made = firm.run("pull --from-database access --database sqlite:crm.db");
    assert!(made.starts_with("exit 0\n"), "{made}");
    insta::assert_snapshot!(made, @"
    exit 0
    written, from ../crm.db
      policies/attachments.yaml
      policies/company.yaml
      policies/employees.yaml
      policies/groups/administration.yaml
      policies/groups/all-staff.yaml
      policies/groups/customer-contact.yaml
      policies/groups/field-sales.yaml
      policies/groups/finance.yaml
      policies/groups/inside-sales.yaml
      policies/groups/it.yaml
      policies/groups/key-accounts.yaml
      policies/groups/management.yaml
      policies/groups/marketing.yaml
      policies/groups/purchasing.yaml
      policies/groups/sales.yaml
      policies/groups/shipping.yaml
      policies/groups/support.yaml
      policies/groups/warehouse.yaml
      policies/modules.yaml
      policies/online.yaml
      policies/rights.yaml
      policies/roles.yaml
      policies/users.yaml
      rightful.yaml

    the settings cannot name this database, since it lies elsewhere or has a
      password: write --database with every command
    next: `rightful check`, then `rightful plan`, which has nothing to do
    ");
    insta::assert_snapshot!(text(&firm, "access/policies/groups/warehouse.yaml"), @r#"
    groups:
      warehouse:
        name: Lager
        members:
          - bernd
          - darko
          - günter
          - mia from 2027-02-01 until 2027-04-30 because "trainee, third station, CRM-120"
          - scanner
          - group:shipping
        modules: warehouse-terminal
        allow:
          - calendar.edit of group:warehouse
          - 'data.import from 2026-12-28 until 2027-01-09 because "stocktaking: counted quantities, CRM-171"'
          - lists.print
          - modules.use of warehouse-terminal
    "#);
    insta::assert_snapshot!(firm.run("-C access plan --exit-code --on 2026-11-22 --database sqlite:../crm.db"), @"
    exit 0
    nothing to do: ../crm.db says what the policy says
    what the last apply remembered was altered in the database: the audit says
      something else, and nobody can tell whose change a difference is
    online access, but for the roles, begins as soon as the company is connected
    ");
    assert!(firm.run("pull --from-database access --database sqlite:crm.db").starts_with("exit 2\n"));
    fs::create_dir(firm.path("own")).unwrap();
    fs::copy(firm.path("crm.db"), firm.path("own/firm.db")).unwrap();
    let own = firm.run("pull --from-database --database sqlite:firm.db -C own");
    assert!(own.starts_with("exit 0\n"), "{own}");
    insta::assert_snapshot!(text(&firm, "own/rightful.yaml"), @r#"
    version: 1
    companies:
      firm: { policies: [policies], database: "sqlite:firm.db" }
    "#);
    assert!(firm.run("-C own plan --exit-code --on 2026-11-22").starts_with("exit 0\n"));
    assert!(firm.run("pull --from-database empty").starts_with("exit 2\n"));
    assert!(!firm.path("empty").exists());
}

#[test]
fn what_is_new_comes_into_a_folder_of_the_company_alone() {
    let firm = Repository::with(&[
        (
            "rightful.yaml",
            "companies:\n  nord: { policies: [policies/nord, policies/all], database: 'sqlite:nord.db' }\n  sued: { policies: [policies/all], database: 'sqlite:sued.db' }\n",
        ),
        ("policies/nord/a.yaml", "groups: { sales: }\n"),
        ("policies/all/a.yaml", "users: { lars: }\n"),
    ]);
    assert!(firm.run("apply --yes --company nord --on 2026-11-22").starts_with("exit 0\n"));
    Connection::open(firm.path("nord.db")).unwrap().execute_batch("INSERT INTO modules (id) VALUES ('mail')").unwrap();
    let taken = firm.run("pull --yes --company nord --on 2026-11-22");
    assert!(taken.starts_with("exit 0\n"), "{taken}");
    assert_eq!(text(&firm, "policies/nord/pulled.yaml"), "modules:\n  mail:\n");
    assert!(!firm.path("policies/all/pulled.yaml").exists());
}
