//! Who may look after online access, and what neither a policy, nor a copy, nor a hand in the database gets round.

use super::online::{FIRM, by_hand, connected, firm, letters, run, statuses, token};
use super::repository::Repository;

/// A firm in which lars and ilka work online.
fn working() -> Repository {
    let firm = firm();
    firm.write("policies/firm.yaml", both());
    assert!(run(&firm, "connect --as anna --on 2026-11-22").starts_with("exit 0"));
    for letter in letters(&firm) {
        assert!(run(&firm, &format!("invite accept {}", token(&letter))).starts_with("exit 0"));
    }
    firm
}

fn both() -> String {
    FIRM.replace("    lars: {", "    ilka: { role: accountant }\n    lars: {")
}

#[test]
fn who_answers_for_synchronisation_is_able_to_under_every_policy_that_is_applied() {
    let firm = connected();
    let without = FIRM.replace("  responsible: anna\n", "");
    for (policy, why) in [
        (without.replace("anna-a, superuser: true", "anna-a"), "`anna` is no superuser"),
        (without.replace("anna-a, superuser: true", "anna-a, superuser: true, active: false"), "`anna` is not active"),
        (
            without.replace("  anna: { employee: anna-a, superuser: true, allow: [program.start] }\n", ""),
            "no user `anna`",
        ),
    ] {
        firm.write("policies/firm.yaml", policy);
        let said = run(&firm, "apply --on 2026-11-22 --override remove_users");
        assert!(said.starts_with("exit 3") && said.contains(why), "{said}");
        assert!(said.contains("rightful handover --to NAME"), "{said}");
        let planned = run(&firm, "plan --on 2026-11-22");
        assert!(planned.contains("apply will refuse this: anna answers for synchronisation"), "{planned}");
        let (_, planned) = firm.json("plan --on 2026-11-22");
        assert!(planned["online"]["refused"].as_str().unwrap().contains("anna"), "{planned}");
    }
    assert!(run(&firm, "handover --to ilka --as ilka --yes").starts_with("exit 0"));
    assert!(run(&firm, "apply --on 2026-11-22 --override remove_users").starts_with("exit 0"));
    assert!(!statuses(&firm).contains(&"anna active".to_owned()));
    // Only who is so now becomes responsible, not who was once.
    assert!(run(&firm, "handover --to anna --as ilka --at HEAD").contains("unexpected argument '--at'"));
}

#[test]
fn who_answers_for_synchronisation_may_get_another_name() {
    let firm = working();
    let renamed =
        both().replace("  anna: {", "  anne: { renamed_from: anna,").replace("responsible: anna", "responsible: anne");
    firm.write("policies/firm.yaml", &renamed);
    let said = run(&firm, "apply --on 2026-11-22");
    assert!(said.starts_with("exit 0"), "{said}");
    assert!(statuses(&firm).contains(&"anne active".to_owned()));
    // Nobody slips away from the address of a login by another name.
    let other = renamed.replace("  lars: { employee", "  lasse: { renamed_from: lars, employee");
    let other = other.replace("    lars: {", "    lasse: {").replace("lars@nordwind", "lasse@nordwind");
    firm.write("policies/firm.yaml", other);
    let said = run(&firm, "apply --on 2026-11-22");
    assert!(said.starts_with("exit 3") && said.contains("never changes"), "{said}");
    assert!(statuses(&firm).contains(&"lars active".to_owned()), "nothing of it was applied");
}

#[test]
fn whoever_lost_the_own_access_does_not_get_it_back_by_the_own_hand() {
    let firm = working();
    run(&firm, "invite revoke ilka --as anna");
    for deed in ["invite resend ilka --as ilka", "online lock lars --as ilka"] {
        let said = run(&firm, deed);
        assert!(said.starts_with("exit 3") && said.contains("ilka does not work online"), "{deed}: {said}");
    }
    let said = run(&firm, "handover --to ilka --as ilka --yes");
    assert!(said.starts_with("exit 3") && said.contains("was taken back or locked"), "{said}");
    // Whoever is made responsible, and then is not any more, has what the policy gives, and it can be taken back.
    assert!(run(&firm, "handover --to ilka --as anna --yes").contains("anna can no longer work online"));
    assert!(run(&firm, "handover --to anna --as ilka --yes").starts_with("exit 0"));
    let said = run(&firm, "invite revoke ilka --as anna");
    assert!(said.starts_with("exit 0") && said.contains("it stays so"), "{said}");
    assert!(statuses(&firm).contains(&"ilka revoked".to_owned()));
}

#[test]
fn what_somebody_writes_into_the_register_by_hand_gives_nobody_access() {
    let firm = working();
    run(&firm, "invite revoke lars --as anna");
    by_hand(&firm, "UPDATE logins SET closed_at = NULL WHERE user_id = 'lars'");
    let planned = run(&firm, "plan --on 2026-11-22 --exit-code");
    assert!(
        planned.starts_with("exit 1") && planned.contains("will no longer be able to work online: `lars`"),
        "{planned}"
    );
    assert!(run(&firm, "apply --on 2026-11-22").contains("can no longer work online: `lars`"));
    assert!(statuses(&firm).contains(&"lars revoked".to_owned()));
    by_hand(&firm, "UPDATE logins SET closed_at = NULL WHERE user_id = 'lars'");
    assert!(run(&firm, "invite revoke lars --as anna").starts_with("exit 0"), "without waiting for an apply");
    by_hand(&firm, "UPDATE invitations SET status = 'active' WHERE user_id = 'lars'");
    run(&firm, "apply --on 2026-11-22");
    let (_, list) = firm.json("invite list");
    assert_eq!(list["invitations"][1]["status"], "revoked", "{list}");
    assert!(run(&firm, "plan --on 2026-11-22 --exit-code").starts_with("exit 0"));
    let said = run(&firm, "invite revoke lars --as anna");
    assert!(said.contains("is revoked already") && said.contains("rightful invite resend lars"), "{said}");
}

#[test]
fn an_account_that_is_out_of_use_lets_nobody_in() {
    let firm = working();
    let state = || -> String {
        let database = rusqlite::Connection::open(firm.path("crm.db")).unwrap();
        database.query_row("SELECT state FROM login_state WHERE user_id = 'lars'", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(state(), "open");
    by_hand(&firm, "UPDATE users SET active = 0 WHERE id = 'lars'");
    assert_eq!(state(), "closed");
}

#[test]
fn an_address_is_the_name_of_one_login() {
    let firm = working();
    let apply = |policy: &str| {
        firm.write("policies/firm.yaml", policy);
        run(&firm, "apply --on 2026-11-22")
    };
    let three = both()
        .replace("    lars: {", "    karin: { role: accountant }\n    lars: {")
        .replace("invitations: 3", "invitations: 5");
    let said = apply(&three.replace("karin@nordwind.example", "Lars@nordwind.example"));
    assert!(said.starts_with("exit 3") && said.contains("have the same e-mail address"), "{said}");
    let said = apply(&three.replace("karin@nordwind.example", "karin"));
    assert!(said.starts_with("exit 3") && said.contains("`karin` of karin is no e-mail address"), "{said}");
    // The one who left keeps it, and whoever is the same person under another name is told how to say so.
    let again = both().replace("  lars: { employee", "  lars2: { employee").replace("    lars: {", "    lars2: {");
    let said = apply(&again);
    assert!(said.starts_with("exit 3") && said.contains("renamed_from: lars"), "{said}");
    assert!(apply(&three).starts_with("exit 0"));
}

#[test]
fn an_invitation_that_expired_stays_so_whatever_address_the_policy_gives() {
    let firm = connected();
    by_hand(&firm, "UPDATE invitations SET expires_at = '2026-01-01T00:00:00.000Z'");
    firm.write("policies/firm.yaml", FIRM.replace("lars@nordwind.example", "kaufmann@nordwind.example"));
    assert!(!run(&firm, "apply --on 2026-11-22").contains("invitations sent"));
    assert!(statuses(&firm).contains(&"lars expired".to_owned()));
    assert!(run(&firm, "invite list").contains("expired since 2026-01-01"));
}

fn two() -> Repository {
    let settings = "companies:\n  nord: { policies: [policies], database: 'sqlite:nord.db' }\n  \
                    sued: { policies: [policies], database: 'sqlite:sued.db' }\n";
    Repository::with(&[("rightful.yaml", settings), ("policies/firm.yaml", FIRM)])
}

#[test]
fn a_token_finds_its_company() {
    let firm = two();
    firm.write("policies/firm.yaml", FIRM.replace("company_databases: 1", "company_databases: 2"));
    for company in ["nord", "sued"] {
        assert!(run(&firm, &format!("connect --as anna --on 2026-11-22 --company {company}")).starts_with("exit 0"));
    }
    for letter in letters(&firm) {
        let said = run(&firm, &format!("invite accept {}", token(&letter)));
        assert!(said.contains("lars can work online now"), "{said}");
    }
    assert!(run(&firm, "invite accept 1234").contains("no invitation has this token"));
    assert!(run(&firm, "invite list --company nord").contains("active since"));
    assert!(run(&firm, "invite list --company sued").contains("active since"));
}

#[test]
fn a_licence_for_one_database_connects_one_however_it_is_named() {
    let firm = two();
    run(&firm, "apply --on 2026-11-22 --company sued");
    // While another one is being connected, nobody knows yet how that ends.
    rusqlite::Connection::open(firm.path("sued.db"))
        .unwrap()
        .execute_batch("UPDATE connection SET exclusive_until = '9999-01-01T00:00:00.000Z'")
        .unwrap();
    let said = run(&firm, "connect --as anna --on 2026-11-22 --company nord");
    assert!(said.starts_with("exit 3") && said.contains("the licence lets 1 company databases"), "{said}");
    rusqlite::Connection::open(firm.path("sued.db"))
        .unwrap()
        .execute_batch("UPDATE connection SET exclusive_until = NULL")
        .unwrap();
    assert!(run(&firm, "connect --as anna --on 2026-11-22 --company nord").starts_with("exit 0"));
    let other = run(&firm, "connect --as anna --on 2026-11-22 --company nord --database sqlite:third.db");
    assert!(other.starts_with("exit 3") && other.contains("the licence lets 1 company databases"), "{other}");
}

#[test]
fn a_copy_comes_back_to_the_company_that_it_is_of_and_gives_nobody_access_back() {
    let firm = two();
    assert!(run(&firm, "connect --as anna --on 2026-11-22 --company nord").starts_with("exit 0"));
    run(&firm, "apply --on 2026-11-22 --company sued");
    run(&firm, "backup nord-copy.db --company nord");
    let said = run(&firm, "restore nord-copy.db --company sued --yes");
    assert!(said.starts_with("exit 3") && said.contains("is a copy of another database"), "{said}");
    // Not even where there is no database any more, as long as the other one is there.
    std::fs::remove_file(firm.path("sued.db")).unwrap();
    let said = run(&firm, "restore nord-copy.db --company sued --yes");
    assert!(said.starts_with("exit 3") && said.contains("is a copy of another database"), "{said}");
    assert!(!firm.path("sued.db").exists());
    // What was taken from somebody since stays taken, and so does who may connect it.
    run(&firm, "invite revoke lars --as anna --company nord");
    run(&firm, "disconnect --as anna --yes --company nord");
    assert!(run(&firm, "restore nord.db --company nord --yes").contains("is the database itself"));
    assert!(run(&firm, "restore nord-copy.db --company nord --yes").starts_with("exit 0"));
    let old = token(&letters(&firm)[0]);
    assert!(run(&firm, "connect --as anna --on 2026-11-22 --company nord").starts_with("exit 0"));
    assert!(run(&firm, &format!("invite accept {old}")).contains("this invitation was revoked"));
}

#[test]
fn a_copy_from_before_the_first_connection_makes_nobody_else_responsible() {
    let firm = firm();
    run(&firm, "apply --on 2026-11-22");
    run(&firm, "backup before.db");
    run(&firm, "connect --as anna --on 2026-11-22");
    run(&firm, "disconnect --as anna --yes");
    assert!(run(&firm, "restore before.db --yes").starts_with("exit 0"));
    firm.write("policies/firm.yaml", FIRM.replace("responsible: anna", "responsible: ilka"));
    let said = run(&firm, "connect --as ilka --on 2026-11-22");
    assert!(said.starts_with("exit 3") && said.contains("anna connected the company before"), "{said}");
}

#[test]
fn several_copies_come_back_all_or_none() {
    let firm = two();
    for company in ["nord", "sued"] {
        run(&firm, &format!("apply --on 2026-11-22 --company {company}"));
    }
    run(&firm, "backup friday");
    std::fs::remove_file(firm.path("friday/sued.db")).unwrap();
    let before = std::fs::read(firm.path("nord.db")).unwrap();
    assert!(run(&firm, "restore friday --yes").contains("holds no copy of a database"));
    assert_eq!(std::fs::read(firm.path("nord.db")).unwrap(), before);
    std::fs::remove_file(firm.path("sued.db")).unwrap();
    assert!(run(&firm, "backup saturday").starts_with("exit 2"));
    assert!(!firm.path("saturday").exists(), "half of a folder is no copy");
}

#[test]
fn drift_that_stays_leaves_the_responsible_user_in_charge() {
    let firm = connected();
    by_hand(&firm, "UPDATE users SET superuser = 0");
    let said = run(&firm, "apply --on 2026-11-22 --keep-drift");
    assert!(said.starts_with("exit 3") && said.contains("no active superuser"), "{said}");
    assert!(run(&firm, "apply --on 2026-11-22").starts_with("exit 0"), "it is taken back");
}

#[test]
fn nobody_takes_over_by_what_was_not_applied() {
    let firm = working();
    run(&firm, "invite revoke ilka --as anna");
    firm.write("policies/firm.yaml", both().replace("karin-m, allow", "karin-m, superuser: true, allow"));
    let said = run(&firm, "handover --to karin --as karin --yes");
    assert!(
        said.starts_with("exit 3") && said.contains("no active superuser with an employee in the database"),
        "{said}"
    );
    let renamed = both().replace("  ilka: { employee", "  ilka2: { renamed_from: ilka, employee");
    firm.write("policies/firm.yaml", renamed.replace("    ilka: {", "    ilka2: {").replace("ilka@", "ilka.x@"));
    assert!(run(&firm, "handover --to ilka2 --as ilka2 --yes").starts_with("exit 3"));
    assert!(statuses(&firm).contains(&"anna active".to_owned()));
}

#[test]
fn who_failed_too_often_does_not_open_the_own_login() {
    let firm = working();
    by_hand(&firm, "UPDATE logins SET failed_logins = 99 WHERE user_id = 'ilka'");
    for deed in ["online unlock ilka --as ilka", "handover --to ilka --as ilka --yes"] {
        assert!(run(&firm, deed).starts_with("exit 3"), "{deed}");
    }
    assert!(run(&firm, "online unlock ilka --as anna").starts_with("exit 0"));
}

#[test]
fn whoever_gets_access_again_accepts_again() {
    let firm = connected();
    by_hand(
        &firm,
        "DELETE FROM invitations;
         INSERT INTO logins (user_id, email, since, closed_at) VALUES
           ('lars', 'lars@nordwind.example', '2026-11-22T08:00:00.000Z', '2026-11-22T08:00:00.000Z')",
    );
    run(&firm, "apply --on 2026-11-22");
    assert!(statuses(&firm).contains(&"lars invited".to_owned()));
    assert!(run(&firm, &format!("invite accept {}", token(letters(&firm).last().unwrap()))).starts_with("exit 0"));
    firm.write(
        "policies/firm.yaml",
        FIRM.replace("    lars: { role: accountant, message: \"Moin Lars!\" }\n", "").replace("  access:\n", ""),
    );
    assert!(run(&firm, "apply --on 2026-11-22").contains("can no longer work online: `lars`"));
    firm.write("policies/firm.yaml", FIRM);
    assert!(run(&firm, "apply --on 2026-11-22").contains("invitations sent to: `lars`"));
    assert!(statuses(&firm).contains(&"lars invited".to_owned()));
}

#[test]
fn a_damaged_copy_keeps_all_of_them_back() {
    let firm = two();
    for company in ["nord", "sued"] {
        run(&firm, &format!("apply --on 2026-11-22 --company {company}"));
    }
    run(&firm, "backup friday");
    let bytes = std::fs::read(firm.path("friday/sued.db")).unwrap();
    firm.write("friday/sued.db", &bytes[..bytes.len() / 2]);
    let before = std::fs::read(firm.path("nord.db")).unwrap();
    assert!(run(&firm, "restore friday --yes").starts_with("exit 2"));
    assert_eq!(std::fs::read(firm.path("nord.db")).unwrap(), before);
}
