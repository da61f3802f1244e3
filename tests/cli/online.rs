//! `connect`, `disconnect`, `handover`, `online`, `invite`, and what `apply` does about them.

use rusqlite::Connection;
use serde_json::json;

use super::repository::Repository;

pub const FIRM: &str = r#"
company:
  name: Nordwind GmbH
  address: { street: Hafen 1, postal_code: "20457", city: Hamburg, country: Germany }
  phone: "+49 40 1"
  email: post@nordwind.example
  organisation_number: DE1
licence: { name: Nordwind GmbH, contact: Anna, phone: "+49 40 2", company_databases: 1, invitations: 3 }
employees:
  anna-a: { name: Anna Ahrens, email: anna@nordwind.example }
  lars-k: { name: Lars Kaufmann, email: lars@nordwind.example, language: de }
  ilka-i: { name: Ilka Iversen, email: ilka@nordwind.example }
  karin-m: { name: Karin Meier, email: karin@nordwind.example }
users:
  anna: { employee: anna-a, superuser: true, allow: [program.start] }
  ilka: { employee: ilka-i, superuser: true, allow: [program.start] }
  lars: { employee: lars-k, allow: [program.start] }
  karin: { employee: karin-m, allow: [program.start] }
  temp: { allow: [program.start] }
roles:
  accountant: { name: Buchhaltung, allow: [data.export] }
online:
  responsible: anna
  access:
    lars: { role: accountant, message: "Moin Lars!" }
"#;

pub fn firm() -> Repository {
    Repository::with(&[("policies/firm.yaml", FIRM)])
}

/// A firm that is connected.
pub fn connected() -> Repository {
    let firm = firm();
    let said = firm.run("connect --as anna --on 2026-11-22");
    assert!(said.starts_with("exit 0"), "{said}");
    firm
}

/// The letters in the outbox, in order of their names.
pub fn letters(firm: &Repository) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(firm.path("outbox/new")) else { return Vec::new() };
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The token of a letter.
pub fn token(letter: &str) -> String {
    let is_token = |line: &&str| line.len() == 64 && line.bytes().all(|b| b.is_ascii_hexdigit());
    letter.lines().find(is_token).unwrap().to_owned()
}

/// What the program says, without the breaks of its lines.
pub fn run(firm: &Repository, arguments: &str) -> String {
    firm.run(arguments).split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn statuses(firm: &Repository) -> Vec<String> {
    let (_, online) = firm.json("online");
    let people = online["people"].as_array().unwrap().iter();
    people
        .map(|person| format!("{} {}", person["user"].as_str().unwrap(), person["status"].as_str().unwrap()))
        .collect()
}

pub fn by_hand(firm: &Repository, sql: &str) {
    Connection::open(firm.path("crm.db")).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn who_connects_is_responsible_and_whom_the_policy_names_is_invited() {
    let firm = firm();
    assert_eq!(statuses(&firm), ["anna not-invited", "ilka not-invited", "karin not-invited", "lars not-invited"]);
    let said = run(&firm, "connect --as anna --on 2026-11-22");
    assert!(said.contains("connected: ") && said.contains("anna answers for synchronisation"), "{said}");
    assert!(said.contains("invitations sent to: `lars`"), "{said}");
    assert_eq!(statuses(&firm), ["anna active", "ilka not-invited", "karin not-invited", "lars invited"]);
    let (_, online) = firm.json("online");
    assert_eq!(online["places"], json!({ "used": 2, "of": 3, "left": 1 }));
    let letter = &letters(&firm)[0];
    assert!(letter.contains("To: lars@nordwind.example") && letter.contains("Moin Lars!"), "{letter}");
    assert!(letter.contains("Guten Tag Lars Kaufmann,"), "in the language of the employee: {letter}");
    let again = run(&firm, "connect --as anna --on 2026-11-22");
    assert!(again.starts_with("exit 3") && again.contains("is connected already, by anna"), "{again}");
}

#[test]
fn connecting_is_refused_to_others_and_while_somebody_works() {
    let firm = firm();
    assert!(run(&firm, "connect --as ilka").contains("anna answers for synchronisation, and ilka does not"));
    assert!(run(&firm, "connect --as lars").contains("`lars` is no superuser"));
    assert!(run(&firm, "connect --as nobody").contains("there is no user `nobody`"));
    run(&firm, "apply --on 2026-11-22");
    let session = "INSERT INTO sessions VALUES ('s1', 'api', 'the web shop', '2026-11-22T08:00:00.000Z', '9999-01-01T00:00:00.000Z')";
    by_hand(&firm, session);
    let said = run(&firm, "connect --as anna --on 2026-11-22");
    assert!(
        said.starts_with("exit 3") && said.contains("others are at work") && said.contains("the web shop"),
        "{said}"
    );
    by_hand(&firm, "DELETE FROM sessions; UPDATE connection SET exclusive_until = '9999-01-01T00:00:00.000Z'");
    let error = Connection::open(firm.path("crm.db")).unwrap().execute_batch(session).unwrap_err();
    assert!(error.to_string().contains("nobody else may work"));
    let back = "UPDATE sessions SET until = '9999-01-01T00:00:00.000Z'";
    by_hand(&firm, "UPDATE connection SET exclusive_until = NULL");
    by_hand(&firm, &session.replace("9999-01-01", "2026-11-22"));
    by_hand(&firm, "UPDATE connection SET exclusive_until = '9999-01-01T00:00:00.000Z'");
    assert!(Connection::open(firm.path("crm.db")).unwrap().execute_batch(back).is_err(), "nor comes back");
    assert!(run(&firm, "connect --as anna --on 2026-11-22").contains("a first synchronisation is going on"));
    by_hand(&firm, "UPDATE connection SET exclusive_until = '2026-01-01T00:00:00.000Z'");
    assert!(run(&firm, "connect --as anna --on 2026-11-22").starts_with("exit 0"));
}

#[test]
fn what_the_company_lacks_is_named_before_it_is_connected() {
    let firm = firm();
    firm.write("policies/firm.yaml", FIRM.replace("  phone: \"+49 40 1\"\n", "").replace(", contact: Anna", ""));
    let said = run(&firm, "connect --as anna");
    assert!(said.starts_with("exit 1"), "{said}");
    assert!(said.contains("incomplete-company") && said.contains("`phone`"), "{said}");
    assert!(said.contains("incomplete-licence") && said.contains("`contact`"), "{said}");
}

#[test]
fn an_invitation_is_accepted_once_in_time_and_unless_it_was_revoked() {
    let firm = connected();
    let first = token(&letters(&firm)[0]);
    let said = run(&firm, &format!("invite accept {first}"));
    assert!(said.starts_with("exit 0") && said.contains("lars can work online now"), "{said}");
    assert!(statuses(&firm).contains(&"lars active".to_owned()));
    assert!(run(&firm, &format!("invite accept {first}")).contains("was accepted already"));
    assert!(run(&firm, "invite accept 1234").contains("no invitation has this token"));
    run(&firm, "invite revoke lars --as anna");
    assert!(statuses(&firm).contains(&"lars revoked".to_owned()));
    assert!(run(&firm, &format!("invite accept {first}")).contains("this invitation was revoked"));
    // The entry stands in the policy, and the access stays revoked all the same.
    assert!(run(&firm, "apply --on 2026-11-22").starts_with("exit 0"));
    assert!(statuses(&firm).contains(&"lars revoked".to_owned()));
    run(&firm, "invite resend lars --as anna");
    assert!(statuses(&firm).contains(&"lars invited".to_owned()));
    let newer = token(letters(&firm).last().unwrap());
    assert_ne!(first, newer);
    assert!(run(&firm, &format!("invite accept {first}")).contains("no invitation has this token"));
    by_hand(&firm, "UPDATE invitations SET expires_at = '2026-01-01T00:00:00.000Z'");
    assert!(statuses(&firm).contains(&"lars expired".to_owned()));
    assert!(run(&firm, &format!("invite accept {newer}")).contains("this invitation expired"));
    run(&firm, "invite resend lars --as anna");
    let newest = token(letters(&firm).last().unwrap());
    assert!(run(&firm, &format!("invite accept {newest}")).starts_with("exit 0"));
    assert!(statuses(&firm).contains(&"lars active".to_owned()));
}

#[test]
fn no_token_stands_anywhere_but_in_the_letter() {
    let firm = connected();
    let token = token(&letters(&firm)[0]);
    let bytes = std::fs::read(firm.path("crm.db")).unwrap();
    assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
}

#[test]
fn the_address_of_a_login_never_changes() {
    let firm = connected();
    run(&firm, &format!("invite accept {}", token(&letters(&firm)[0])));
    firm.write("policies/firm.yaml", FIRM.replace("lars@nordwind.example", "l.kaufmann@nordwind.example"));
    let said = run(&firm, "apply --on 2026-11-22");
    assert!(said.starts_with("exit 3") && said.contains("the e-mail address of a login never changes"), "{said}");
    let kept = FIRM.replace("lars@nordwind.example", "l.kaufmann@nordwind.example");
    let kept = kept.replace("lars: { role: accountant,", "lars: { role: accountant, email: lars@nordwind.example,");
    firm.write("policies/firm.yaml", kept);
    assert!(run(&firm, "apply --on 2026-11-22").starts_with("exit 0"));
    let error =
        Connection::open(firm.path("crm.db")).unwrap().execute_batch("UPDATE logins SET email = 'x'").unwrap_err();
    assert!(error.to_string().contains("never changes"));
}

#[test]
fn the_licence_is_kept_to_and_a_place_that_is_free_is_used() {
    let firm = connected();
    let two = FIRM.replace("    lars: {", "    karin: { role: accountant }\n    lars: {");
    firm.write("policies/firm.yaml", two.replace("invitations: 3", "invitations: 2"));
    let said = run(&firm, "apply --on 2026-11-22");
    assert!(said.contains("too-many-invitations"), "the responsible user takes a place: {said}");
    firm.write("policies/firm.yaml", &two);
    assert!(run(&firm, "apply --on 2026-11-22").contains("invitations sent to: `karin`"));
    firm.write("policies/firm.yaml", FIRM.replace("    lars: {", "    karin: {"));
    let said = run(&firm, "apply --on 2026-11-22");
    assert!(said.contains("can no longer work online: `lars`"), "{said}");
    assert_eq!(statuses(&firm), ["anna active", "ilka not-invited", "karin invited", "lars not-invited"]);
}

#[test]
fn a_login_is_locked_by_hand_or_by_failing_too_often() {
    let firm = connected();
    run(&firm, &format!("invite accept {}", token(&letters(&firm)[0])));
    let state = || -> String {
        let database = Connection::open(firm.path("crm.db")).unwrap();
        database.query_row("SELECT state FROM login_state WHERE user_id = 'lars'", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(state(), "open");
    by_hand(&firm, "UPDATE logins SET failed_logins = 5 WHERE user_id = 'lars'");
    assert_eq!(state(), "locked");
    assert!(statuses(&firm).contains(&"lars locked".to_owned()));
    assert!(run(&firm, "online unlock lars --as anna").contains("the login of lars is unlocked"));
    assert_eq!(state(), "open");
    run(&firm, "online lock lars --as anna");
    assert_eq!(state(), "locked");
    assert!(run(&firm, "online lock lars --as anna").contains("is locked since"));
    assert!(run(&firm, "online lock lars --as karin").contains("`karin` is no superuser"));
}

#[test]
fn only_the_responsible_user_disconnects_and_connects_again() {
    let firm = connected();
    run(&firm, &format!("invite accept {}", token(&letters(&firm)[0])));
    let refused = run(&firm, "disconnect --as ilka --yes");
    assert!(refused.starts_with("exit 3") && refused.contains("only anna may disconnect"), "{refused}");
    assert!(run(&firm, "disconnect --as anna --yes").contains("is disconnected: nobody works online"));
    let count = |sql: &str| -> i64 {
        Connection::open(firm.path("crm.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(
        count("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM rules) + (SELECT count(*) FROM rights)"),
        0
    );
    assert_eq!(count("SELECT count(*) FROM logins"), 2);
    let gone =
        "SELECT count(*) FROM audit WHERE part = 'change' AND body LIKE '%\"kind\":\"user\"%' AND body LIKE '%delete%'";
    assert_eq!(count(gone), 5, "what goes is recorded");
    assert_eq!(count("SELECT count(*) FROM login_state WHERE state <> 'closed'"), 0);
    let applied = run(&firm, "apply --on 2026-11-22");
    assert!(applied.starts_with("exit 3") && applied.contains("was disconnected"), "{applied}");
    assert!(run(&firm, "disconnect --as anna --yes").contains("the company is not connected"));
    firm.write("policies/firm.yaml", FIRM.replace("responsible: anna", "responsible: ilka"));
    assert!(run(&firm, "connect --as ilka --on 2026-11-22").contains("anna connected the company before"));
    firm.write("policies/firm.yaml", FIRM);
    let again = run(&firm, "connect --as anna --on 2026-11-22");
    assert!(again.starts_with("exit 0"), "{again}");
    assert_eq!(count("SELECT count(*) FROM users"), 5);
    assert!(statuses(&firm).contains(&"lars active".to_owned()), "who had access has it again");
    assert!(run(&firm, "audit verify").starts_with("exit 0"));
}

#[test]
fn nothing_is_applied_until_the_policy_and_the_database_name_the_same_responsible_user() {
    let firm = connected();
    firm.write("policies/firm.yaml", FIRM.replace("responsible: anna", "responsible: ilka"));
    let said = run(&firm, "apply --on 2026-11-22");
    assert!(said.starts_with("exit 3") && said.contains("but anna is"), "{said}");
    assert!(run(&firm, "handover --to ilka --as karin --yes").contains("only anna or ilka may hand over"));
    assert!(run(&firm, "handover --to karin --as anna --yes").contains("`karin` is no superuser"));
    let said = run(&firm, "handover --to ilka --as ilka --yes");
    assert!(said.contains("ilka answers for the synchronisation of crm.db now"), "{said}");
    assert!(run(&firm, "apply --on 2026-11-22").starts_with("exit 0"));
    assert_eq!(statuses(&firm), ["anna revoked", "ilka active", "karin not-invited", "lars invited"]);
    assert!(run(&firm, "disconnect --as anna --yes").contains("only ilka may disconnect"));
}

#[test]
fn a_letter_that_does_not_go_is_sent_again_with_another_token() {
    let firm = firm();
    firm.write("outbox", "a file where a folder should be");
    let said = run(&firm, "connect --as anna --on 2026-11-22");
    assert!(said.starts_with("exit 0") && said.contains("the letter to lars did not go"), "{said}");
    std::fs::remove_file(firm.path("outbox")).unwrap();
    // Not at once: a server that is down is left in peace for a while.
    run(&firm, "apply --on 2026-11-22");
    assert!(letters(&firm).is_empty());
    by_hand(&firm, "UPDATE invitations SET next_at = '2026-01-01T00:00:00.000Z'");
    run(&firm, "apply --on 2026-11-22");
    assert_eq!(letters(&firm).len(), 1);
    let (_, list) = firm.json("invite list");
    assert_eq!((&list["invitations"][0]["sent"], &list["invitations"][0]["attempts"]), (&json!(true), &json!(2)));
}

#[test]
fn what_was_done_is_recorded_with_who_said_to_act() {
    let firm = connected();
    let (_, history) = firm.json("history");
    let deeds: Vec<_> = history["runs"].as_array().unwrap().iter().map(|run| run["deed"].clone()).collect();
    assert_eq!(deeds, [json!("invite"), json!("connect"), json!(null)]);
    assert_eq!(history["runs"][1]["claims"]["acting_as"], "anna");
    assert!(run(&firm, "audit verify").starts_with("exit 0"));
}

#[test]
fn the_company_and_its_licence_stand_in_the_database_and_stay_when_it_is_disconnected() {
    let firm = connected();
    let company = || -> (String, String, i64) {
        let database = Connection::open(firm.path("crm.db")).unwrap();
        let sql = "SELECT company.phone, licence.contact, licence.invitations FROM company, licence";
        database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    assert_eq!(company(), ("+49 40 1".to_owned(), "Anna".to_owned(), 3));
    by_hand(&firm, "UPDATE company SET phone = '0800'");
    let (_, plan) = firm.json("plan --on 2026-11-22");
    assert_eq!(plan["changes"][0]["kind"], "company");
    assert_eq!(plan["changes"][0]["field"], "phone");
    assert_eq!(plan["changes"][0]["origin"], "drift");
    let pulled = run(&firm, "pull --on 2026-11-22");
    assert!(pulled.contains("written by hand"), "{pulled}");
    run(&firm, "apply --on 2026-11-22");
    assert_eq!(company().0, "+49 40 1");
    run(&firm, "disconnect --as anna --yes");
    assert_eq!(company().1, "Anna");
    assert!(run(&firm, "connect --as anna --on 2026-11-22").starts_with("exit 0"));
}

#[test]
fn a_predefined_role_is_given_and_neither_declared_nor_changed() {
    let firm = firm();
    let reader = FIRM.replace("role: accountant", "role: online.reader");
    firm.write("policies/firm.yaml", &reader);
    assert!(run(&firm, "connect --as anna --on 2026-11-22").starts_with("exit 0"));
    let (_, why) = firm.json("why lars program.start");
    assert_eq!(why["allowed"], true);
    assert!(run(&firm, "plan --on 2026-11-22").contains("nothing to do"), "{}", run(&firm, "plan --on 2026-11-22"));
    by_hand(&firm, "DELETE FROM rules WHERE group_id = 'role:online.reader' AND right_id = 'program.start'");
    let pulled = run(&firm, "pull --on 2026-11-22");
    assert!(pulled.contains("the catalogue is part of the program"), "{pulled}");
    assert!(run(&firm, "apply --on 2026-11-22").starts_with("exit 0"));
    firm.write(
        "policies/firm.yaml",
        reader.replace("  accountant:", "  online.reader: { allow: [data.import] }\n  accountant:"),
    );
    let said = run(&firm, "check");
    assert!(said.contains("`online.reader` is a role of the catalogue and cannot be declared again"), "{said}");
    firm.write("policies/firm.yaml", FIRM.replace("role: accountant", "role: online.raeder"));
    assert!(run(&firm, "check").contains("did you mean `online.reader`?"), "{}", run(&firm, "check"));
}

#[test]
fn what_is_not_taken_back_is_confirmed() {
    let firm = connected();
    for line in ["disconnect --as anna", "handover --to ilka --as anna"] {
        let said = run(&firm, line);
        assert!(said.starts_with("exit 2") && said.contains("in a script say --yes"), "{line}: {said}");
    }
    assert!(statuses(&firm).contains(&"anna active".to_owned()));
}

#[test]
fn the_web_side_reads_limits_and_services() {
    let firm = connected();
    let policy = FIRM.replace("invitations: 3 }", "invitations: 3, services: [crm, calendar] }");
    let policy = policy.replace("message: \"Moin Lars!\"", "services: [calendar]");
    firm.write("policies/firm.yaml", policy.replace("  access:", "  idle_logout: 5m\n  failed_logins: 3\n  access:"));
    assert!(run(&firm, "apply --on 2026-11-22").starts_with("exit 0"));
    let database = Connection::open(firm.path("crm.db")).unwrap();
    let limits: (i64, i64) = database
        .query_row("SELECT idle_logout_seconds, failed_logins FROM online_limits", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(limits, (300, 3));
    let services: String = database
        .query_row("SELECT group_concat(user_id || ' ' || service, ', ') FROM online_services", [], |row| row.get(0))
        .unwrap();
    assert_eq!(services, "anna calendar, anna crm, lars calendar");
}

#[test]
fn whatever_is_wrong_with_the_policy_who_was_invited_comes_in_and_web_access_can_be_ended() {
    let firm = connected();
    let token = token(&letters(&firm)[0]);
    firm.write("policies/firm.yaml", "users: { lars: { allow: [data.exprot] } }");
    assert!(run(&firm, "apply").starts_with("exit 2"));
    assert!(run(&firm, "invite list").starts_with("exit 0"));
    assert!(run(&firm, &format!("invite accept {token}")).contains("lars can work online now"));
    assert!(run(&firm, "disconnect --as anna --yes").contains("is disconnected"));
}
