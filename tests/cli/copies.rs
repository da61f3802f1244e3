//! `backup` and `restore`.

use rusqlite::Connection;

use super::online::{FIRM, by_hand, connected, firm, run, statuses};
use super::repository::Repository;

fn count(firm: &Repository, sql: &str) -> i64 {
    Connection::open(firm.path("crm.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The names of everything beside the policies.
fn files(firm: &Repository) -> Vec<String> {
    let entries = std::fs::read_dir(firm.path("")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_was_copied_comes_back() {
    let firm = firm();
    run(&firm, "apply --on 2026-11-22");
    let said = run(&firm, "backup friday.db");
    assert!(said.starts_with("exit 0 crm.db is copied to"), "{said}");
    assert_eq!(files(&firm), ["crm.db", "friday.db", "policies"], "nothing unfinished stays");
    firm.write("policies/firm.yaml", FIRM.replace("  temp: {", "  kim: { allow: [program.start] }\n  temp: {"));
    run(&firm, "apply --on 2026-11-22");
    assert_eq!(count(&firm, "SELECT count(*) FROM users"), 6);
    let said = run(&firm, "restore friday.db");
    assert!(said.starts_with("exit 2") && said.contains("--yes"), "{said}");
    let said = run(&firm, "restore friday.db --yes --as anna");
    assert!(said.starts_with("exit 0"), "{said}");
    assert_eq!(count(&firm, "SELECT count(*) FROM users"), 5);
    assert_eq!(files(&firm), ["crm.db", "friday.db", "policies"]);
    let (_, history) = firm.json("history");
    assert_eq!(history["runs"][0]["deed"], "restore");
    assert_eq!(history["runs"][0]["claims"]["acting_as"], "anna");
    assert!(run(&firm, "audit verify").starts_with("exit 0"), "no head was kept outside, and the chain is whole");
    assert!(run(&firm, "apply --on 2026-11-22").starts_with("exit 0"));
    assert_eq!(count(&firm, "SELECT count(*) FROM users"), 6);
}

#[test]
fn nothing_is_restored_below_people_who_work_online_and_connecting_again_writes_everything_anew() {
    let firm = connected();
    run(&firm, "backup friday.db");
    let refused = run(&firm, "restore friday.db --yes");
    assert!(refused.starts_with("exit 3") && refused.contains("is connected, so nothing is restored"), "{refused}");
    run(&firm, "disconnect --as anna --yes");
    by_hand(
        &firm,
        "INSERT INTO sessions VALUES ('s', 'user', 'lars', '2026-11-22T08:00:00.000Z', '9999-01-01T00:00:00.000Z')",
    );
    let refused = run(&firm, "restore friday.db --yes");
    assert!(refused.starts_with("exit 3") && refused.contains("others are at work"), "{refused}");
    by_hand(&firm, "UPDATE sessions SET until = '2026-11-22T08:20:00.000Z'");
    assert!(run(&firm, "restore friday.db --yes").starts_with("exit 0"));
    assert_eq!(count(&firm, "SELECT count(*) FROM sessions"), 0);
    let applied = run(&firm, "apply --on 2026-11-22");
    assert!(applied.starts_with("exit 3") && applied.contains("was disconnected"), "{applied}");
    by_hand(&firm, "UPDATE users SET superuser = 1 WHERE id = 'temp'");
    assert!(run(&firm, "connect --as anna --on 2026-11-22").starts_with("exit 0"));
    assert_eq!(count(&firm, "SELECT count(*) FROM users WHERE superuser"), 2);
    assert!(statuses(&firm).contains(&"lars invited".to_owned()), "who had access has it again");
    assert!(run(&firm, "audit verify").starts_with("exit 0"));
}

#[test]
fn what_is_no_copy_is_not_restored_and_what_is_there_is_not_written_over() {
    let firm = firm();
    assert!(run(&firm, "backup friday.db").contains("there is no database yet"));
    run(&firm, "apply --on 2026-11-22");
    let before = std::fs::read(firm.path("crm.db")).unwrap();
    firm.write("friday.db", "a letter to mother");
    let said = run(&firm, "backup friday.db");
    assert!(said.starts_with("exit 2") && said.contains("is there already"), "{said}");
    assert!(run(&firm, "restore friday.db --yes").contains("is not an SQLite database"));
    assert!(run(&firm, "restore monday.db --yes").contains("holds no copy of a database"));
    Connection::open(firm.path("other.db")).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    assert!(run(&firm, "restore other.db --yes").contains("was not made by this program"));
    // A damaged copy, cut in the middle.
    run(&firm, "backup whole.db");
    let bytes = std::fs::read(firm.path("whole.db")).unwrap();
    firm.write("cut.db", &bytes[..bytes.len() / 2]);
    let said = run(&firm, "restore cut.db --yes");
    assert!(said.starts_with("exit 2"), "{said}");
    assert_eq!(count(&firm, "SELECT count(*) FROM users"), 5);
    assert!(!files(&firm).iter().any(|name| name.ends_with(".part")), "{:?}", files(&firm));
    assert!(!before.is_empty());
}

#[test]
fn a_copy_is_of_one_moment_while_others_write() {
    let firm = firm();
    run(&firm, "apply --on 2026-11-22");
    let path = firm.path("crm.db");
    let writer = std::thread::spawn(move || {
        let database = Connection::open(path).unwrap();
        database.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        for number in 0..40 {
            let both = format!(
                "BEGIN IMMEDIATE; UPDATE employees SET phone = '{number}'; UPDATE employees SET department = '{number}'; COMMIT"
            );
            database.execute_batch(&both).unwrap();
        }
    });
    for number in 0..5 {
        assert!(run(&firm, &format!("backup copy-{number}.db")).starts_with("exit 0"));
        let copy = Connection::open(firm.path(&format!("copy-{number}.db"))).unwrap();
        let torn: i64 = copy
            .query_row("SELECT count(*) FROM employees WHERE phone IS NOT department", [], |row| row.get(0))
            .unwrap();
        assert_eq!(torn, 0);
    }
    writer.join().unwrap();
}

#[test]
fn all_companies_are_copied_into_a_folder_and_come_back_only_if_none_is_connected() {
    let settings = "companies:\n  nord: { policies: [policies], database: 'sqlite:nord.db' }\n  \
                    sued: { policies: [policies], database: 'sqlite:sued.db' }\n";
    let firm = Repository::with(&[("rightful.yaml", settings), ("policies/firm.yaml", FIRM)]);
    run(&firm, "connect --as anna --on 2026-11-22 --company nord");
    let second = run(&firm, "connect --as anna --on 2026-11-22 --company sued");
    assert!(
        second.starts_with("exit 3") && second.contains("the licence lets 1 company databases be connected"),
        "{second}"
    );
    run(&firm, "apply --on 2026-11-22 --company sued");
    let said = run(&firm, "backup friday");
    assert!(said.contains("nord.db is copied") && said.contains("sued.db is copied"), "{said}");
    let refused = run(&firm, "restore friday --yes");
    assert!(refused.starts_with("exit 3") && refused.contains("nord.db is connected"), "{refused}");
    assert!(run(&firm, "restore friday/sued.db --yes --company sued").starts_with("exit 0"), "that one is not");
    run(&firm, "disconnect --as anna --yes --company nord");
    assert!(run(&firm, "restore friday --yes").starts_with("exit 0"));
}
