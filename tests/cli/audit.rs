//! `audit`, `audit verify`, `history`, and the heads that are kept outside of the database.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::diff::crowd;
use super::repository::Repository;

const FIRM: &str = "
users: { lars: { allow: [data.export] }, anna: }
groups: { sales: { name: Vertrieb, members: [lars, anna], allow: [calendar.see of everyone] } }
";

const DAY: &str = "2026-11-22";

/// The firm after two applies; by the second one Lars hands the export on to Anna.
fn applied_twice(firm: &Repository) {
    firm.run("apply --on 2026-11-22");
    firm.write("policies/a.yaml", FIRM.replace("{ allow: [data.export] }, anna:", ", anna: { allow: [data.export] }"));
    firm.run("apply --on 2026-11-22 --as anna");
}

/// What a command prints, without what is another every time: moments, hashes, this machine and its user.
fn scrubbed(firm: &Repository, arguments: &str) -> String {
    let mut text = firm.run(arguments);
    let (_, history) = firm.json("history");
    for run in history["runs"].as_array().unwrap() {
        let moment = run["applied_at"].as_str().unwrap();
        text = text.replace(moment, "MOMENT").replace(&moment.trim_end_matches('Z').replace('T', " "), "MOMENT");
        for (key, word) in [("machine", "MACHINE"), ("os_user", "USER"), ("head", "HEAD"), ("revision", "REVISION")] {
            if let Some(value) = run[key].as_str() {
                // Tables cut long names and commits.
                let cut: String = value.chars().take(15).collect::<String>() + "…";
                text = text.replace(value, word).replace(&cut, word);
                if key == "revision" {
                    text = text.replace(&value[..7], word);
                }
            }
        }
    }
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Does something to the database that the program never does.
fn tampered(firm: &Repository, sql: &str) {
    let database = Connection::open(firm.path("crm.db")).unwrap();
    let triggers: Vec<(String, String)> = database
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(database.execute_batch(sql).is_err() || triggers.is_empty(), "nothing forbade it");
    triggers.iter().for_each(|(name, _)| database.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    database.execute_batch(sql).unwrap();
    triggers.iter().for_each(|(_, sql)| database.execute_batch(sql).unwrap());
}

fn head_of(firm: &Repository) -> String {
    firm.json("audit verify").1["head"].as_str().unwrap().to_owned()
}

#[test]
fn an_apply_prints_the_head_and_the_record_is_proved_to_it() {
    let firm = Repository::of(FIRM);
    let said = firm.run("apply --on 2026-11-22");
    let head = head_of(&firm);
    insta::assert_snapshot!(said.lines().rev().take(5).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n").replace(&head, "HEAD"), @"
    applied: 31 changes to crm.db (run 1)
    audit head HEAD
    -- stderr
    note: the head of the audit was not kept outside of the database, since the
      files are not those of a commit and the settings name no file for it
    ");
    firm.write("policies/a.yaml", FIRM.replace("sales:", "sellers:"));
    let (code, value) = firm.json("apply --on 2026-11-22");
    assert_eq!((code, value["head"].as_str().map(str::to_owned)), (0, Some(head_of(&firm))));
    insta::assert_snapshot!(scrubbed(&firm, "audit verify"), @"
    exit 0
    whole: 43 entries in crm.db
    audit head HEAD
    no head was kept outside, so a record that was written anew as a whole would
    not show
    ");
    // The head of the first run is in it, and one that nobody printed is not.
    assert_eq!(firm.json(&format!("audit verify --head {head}")).1["asked"], true);
    insta::assert_snapshot!(scrubbed(&firm, &format!("audit verify --head {}", "0".repeat(64))), @"
    exit 1
    not what was kept: 43 entries in crm.db
    audit head HEAD
    the head of --head is not in it: the record was written anew, or is older, as
    from a backup
    no head was kept outside, so a record that was written anew as a whole would
    not show
    ");
    insta::assert_snapshot!(firm.run("audit verify --head 0"), @"
    exit 2
    -- stderr
    error: invalid value '0' for '--head <HASH>': write all 64 hexadecimal digits
      that an apply printed

    For more information, try '--help'.
    ");
}

#[test]
fn a_run_is_shown_with_all_that_it_did() {
    let firm = Repository::of(FIRM);
    applied_twice(&firm);
    insta::assert_snapshot!(scrubbed(&firm, "audit --run 2"), @"
    exit 0
    run 2 MOMENT OK
    by USER on MACHINE, acting as anna (a claim)
    2 changes
    1 right gained, 1 lost
    gains and losses were worked out for 2026-11-22
    for people
    + data.export 1 user (anna)
    - data.export 1 user (lars)
    in the database
    + rule user:anna allow data.export
    - rule user:lars allow data.export
    ");
    let (code, value) = firm.json("audit --run 2 --part loss");
    let run = &value["runs"][0];
    assert_eq!(
        (code, &run["run"], &run["outcome"], &run["claims"]["acting_as"]),
        (0, &json!(2), &json!("ok"), &json!("anna"))
    );
    let losses: Vec<&Value> = run["entries"].as_array().unwrap().iter().map(|entry| &entry["body"]).collect();
    assert_eq!(losses.len(), 1);
    assert_eq!((&losses[0]["right"], &losses[0]["users"]), (&json!("data.export"), &json!(["lars"])));
}

#[test]
fn filters_show_what_is_about_somebody_or_something() {
    let firm = Repository::of(FIRM);
    applied_twice(&firm);
    insta::assert_snapshot!(scrubbed(&firm, "audit --user lars --part gain --part loss"), @"
    exit 0
    run 1 MOMENT OK
    by USER on MACHINE
    31 changes
    3 rights gained, 0 lost
    gains and losses were worked out for 2026-11-22
    for people
    + calendar.see of user:anna, user:lars: lars and 1 more, each but
    themselves
    + data.export 1 user (lars)

    run 2 MOMENT OK
    by USER on MACHINE, acting as anna (a claim)
    2 changes
    1 right gained, 1 lost
    gains and losses were worked out for 2026-11-22
    for people
    - data.export 1 user (lars)
    ");
    insta::assert_snapshot!(scrubbed(&firm, "audit --right data.export --part change"), @"
    exit 0
    run 1 MOMENT OK
    by USER on MACHINE
    31 changes
    3 rights gained, 0 lost
    gains and losses were worked out for 2026-11-22
    in the database
    + right data.export
    + rule user:lars allow data.export

    run 2 MOMENT OK
    by USER on MACHINE, acting as anna (a claim)
    2 changes
    1 right gained, 1 lost
    gains and losses were worked out for 2026-11-22
    in the database
    + rule user:anna allow data.export
    - rule user:lars allow data.export
    ");
    // Karin is known, and nothing is recorded about her.
    firm.write("policies/a.yaml", FIRM.replace("anna:", "anna:, karin:"));
    assert_eq!(firm.run("audit --user karin"), "exit 0\nnothing of this is recorded in crm.db\n");
    assert_eq!(firm.run("audit --right sms.send --part gain"), "exit 0\nnothing of this is recorded in crm.db\n");
    insta::assert_snapshot!(firm.run("audit --user lrs"), @"
    exit 2
    -- stderr
    error: neither the record of crm.db nor the policy knows a user `lrs`
     help: did you mean `lars`?
    ");
    insta::assert_snapshot!(firm.run("audit --user kim --format json"), @"
    exit 2
    -- stderr
    error: neither the record of crm.db nor the policy knows a user `kim`
    ");
    insta::assert_snapshot!(firm.run("audit --right data.exprot"), @"
    exit 2
    -- stderr
    error: neither the record of crm.db nor the policy knows a right `data.exprot`
     help: did you mean `data.export`?
    ");
    insta::assert_snapshot!(firm.run("audit --run 99"), @"
    exit 2
    -- stderr
    error: there is no run 99 in the record of crm.db
     help: it has the runs 1 to 2
    ");
    // Who is gone from the policy is known to the record.
    firm.write("policies/a.yaml", "users: { karin: }");
    assert!(firm.run("audit --user lars").starts_with("exit 0\nrun 1"));
    assert_eq!(firm.json("audit --until 2020-01-01").1["runs"], json!([]));
    assert_eq!(firm.json("audit --since 2020-01-01 --part run").1["runs"].as_array().unwrap().len(), 2);
    insta::assert_snapshot!(firm.run("audit --right export"), @"
    exit 2
    -- stderr
    error: invalid value 'export' for '--right <RIGHT>': write a right as
      area.action

    For more information, try '--help'.
    ");
}

#[test]
fn history_lists_runs_that_failed_too_with_the_reason() {
    let firm = Repository::of(FIRM);
    assert!(firm.run("history").starts_with("exit 2\n-- stderr\nerror: nothing was ever applied"));
    firm.run("apply --on 2026-11-22");
    // Something beside our tables that holds on to a group of theirs.
    let database = Connection::open(firm.path("crm.db")).unwrap();
    let sql = "CREATE TABLE budgets (group_id TEXT REFERENCES groups); INSERT INTO budgets VALUES ('sales');";
    database.execute_batch(sql).unwrap();
    firm.write("policies/a.yaml", FIRM.replace("sales:", "sellers:"));
    let refused = firm.run("apply --on 2026-11-22");
    assert!(refused.starts_with("exit 2\n"), "{refused}");
    let (_, history) = firm.json("history");
    let error = history["runs"][0]["error"].as_str().unwrap().to_owned();
    assert!(refused.split_whitespace().collect::<Vec<_>>().join(" ").contains(&error), "{refused}\n{error}");
    insta::assert_snapshot!(scrubbed(&firm, "history").replace(&error, "ERROR"), @"
    exit 0
    run time (UTC) machine by outcome
    2 MOMENT MACHINE USER error something beside our tables
    refers to what would be deleted or
    renamed; nothing was changed
    1 MOMENT MACHINE USER OK 31 changes
    ");
    database.execute_batch("DROP TABLE budgets").unwrap();
    firm.run("apply --on 2026-11-22");
    let outcomes = |value: &Value| -> Vec<String> {
        value["runs"].as_array().unwrap().iter().map(|run| format!("{} {}", run["run"], run["outcome"])).collect()
    };
    assert_eq!(outcomes(&firm.json("history").1), ["3 \"ok\"", "2 \"error\"", "1 \"ok\""]);
    let (_, newest) = firm.json("history --limit 1");
    assert_eq!((outcomes(&newest), &newest["count"]), (vec!["3 \"ok\"".to_owned()], &json!(3)));
    assert!(firm.run("history --limit 1").ends_with("\nand 2 runs before\n"));
    insta::assert_snapshot!(firm.run("history --limit 0"), @"
    exit 2
    -- stderr
    error: invalid value '0' for '--limit <NUMBER>': write a number from 1 on

    For more information, try '--help'.
    ");
    assert!(firm.run("audit verify").starts_with("exit 0\n"));
}

#[test]
fn a_row_that_somebody_rewrote_is_found() {
    let firm = Repository::of(FIRM);
    applied_twice(&firm);
    let whole = std::fs::read(firm.path("crm.db")).unwrap();
    for sql in [
        "UPDATE audit SET body = replace(body, 'lars', 'anna') WHERE part = 'loss'",
        "DELETE FROM audit WHERE seq = 20",
        "UPDATE audit SET hash = NULL WHERE seq = 20",
    ] {
        std::fs::write(firm.path("crm.db"), &whole).unwrap();
        tampered(&firm, sql);
        let (code, value) = firm.json("audit verify");
        assert_eq!((code, &value["holds"]), (1, &json!(false)), "{sql}");
        assert!(value["broken"]["seq"].as_i64().unwrap() >= 20, "{sql} {value}");
        // Who looks sees the rows as they stand.
        assert!(firm.run("audit").starts_with("exit 0\n"));
    }
    insta::assert_snapshot!(scrubbed(&firm, "audit verify"), @"
    exit 1
    damaged: entry 20 of run 1: it has no hash, although one before it has
    what stands before it in crm.db is proved, nothing from there on
    ");
}

#[test]
fn a_record_that_was_written_anew_as_a_whole_is_found_by_a_head_kept_outside() {
    let firm = Repository::of(FIRM);
    firm.write("rightful.yaml", "audit: { head: kept/audit.heads }\n");
    std::fs::create_dir(firm.path("kept")).unwrap();
    applied_twice(&firm);
    let (head, kept) = (head_of(&firm), std::fs::read_to_string(firm.path("kept/audit.heads")).unwrap());
    let lines: Vec<Vec<&str>> = kept.lines().map(|line| line.splitn(5, ' ').collect()).collect();
    assert_eq!((lines.len(), lines[1][0], lines[1][1], lines[1][4]), (2, "2", head.as_str(), "crm.db"));
    assert!(lines[1][3].starts_with("id=") && lines[0][3] == lines[1][3], "{kept}");
    insta::assert_snapshot!(scrubbed(&firm, "audit verify"), @"
    exit 0
    whole: 39 entries in crm.db
    audit head HEAD
    every head that was kept outside is in it: 2
    ");
    // Another database has a record of its own, and is not held to the heads of this one.
    firm.run("apply --on 2026-11-22 --database sqlite:other.db");
    insta::assert_snapshot!(scrubbed(&firm, "audit verify"), @"
    exit 0
    whole: 39 entries in crm.db
    audit head HEAD
    every head that was kept outside is in it: 2
    heads that were kept of other databases, and are not looked for: 1
    ");
    // A whole chain again, with another past.
    std::fs::remove_file(firm.path("crm.db")).unwrap();
    firm.run("apply --on 2026-11-22 --as karin");
    assert_eq!(firm.json("audit verify").0, 1);
    let shown = scrubbed(&firm, "audit verify");
    let moment = |line: &[&str]| line[2].trim_end_matches('Z').replace('T', " ");
    let shown = lines.iter().fold(shown, |shown, line| shown.replace(line[1], "OLD").replace(&moment(line), "MOMENT"));
    insta::assert_snapshot!(shown, @"
    exit 1
    not what was kept: 34 entries in crm.db
    heads that were kept under this name are of a database with another id: it was
    replaced, its id was altered, or another checkout has one of this name
    audit head HEAD
    the head that run 1 left on MOMENT is not in it:
    OLD
    the head that run 2 left on MOMENT is not in it:
    OLD
    the record was written anew, or is older, as from a backup
    heads that were kept of other databases, and are not looked for: 1
    ");
    assert!(firm.run(&format!("audit verify --head {head}")).contains("the head of --head is not in it"));
}

#[test]
fn in_a_git_checkout_the_head_is_a_note_on_the_commit() {
    let firm = Repository::of(FIRM);
    firm.write(".gitignore", "crm.db\n");
    let first = firm.commit("Rolf Lund", DAY, "Begin");
    firm.run("apply --on 2026-11-22");
    let note = firm.git(&format!("notes --ref rightful show {first}"));
    assert!(note.starts_with("1 ") && note.contains(&head_of(&firm)) && note.ends_with(" crm.db"), "{note}");
    firm.write("policies/a.yaml", FIRM.replace("sales:", "sellers:"));
    firm.run("apply --on 2026-11-22");
    let second = firm.commit("Rolf Lund", DAY, "Sellers");
    firm.write("policies/a.yaml", FIRM);
    firm.run("apply --on 2026-11-22 --at HEAD~1");
    let (_, history) = firm.json("history");
    let told: Vec<_> =
        history["runs"].as_array().unwrap().iter().map(|run| (&run["revision"], &run["before"])).collect();
    let (first_id, none) = (json!(first), Value::Null);
    // What was not committed when it was applied is no revision.
    assert_eq!(told, [(&first_id, &none), (&none, &first_id), (&first_id, &none)]);
    assert_eq!(history["runs"][0]["claims"]["author"], "Rolf Lund");
    assert_eq!(firm.git(&format!("notes --ref rightful show {first}")).lines().count(), 2);
    assert_ne!(first, second);
    insta::assert_snapshot!(scrubbed(&firm, "audit verify"), @"
    exit 0
    whole: 52 entries in crm.db
    audit head HEAD
    every head that was kept outside is in it: 2
    ");
    // Another past, from the same commit.
    std::fs::remove_file(firm.path("crm.db")).unwrap();
    assert!(firm.run("audit verify").starts_with("exit 2\n"));
    firm.run("apply --on 2026-11-22 --at HEAD --as karin");
    assert_eq!(firm.json("audit verify").0, 1);
}

#[test]
fn a_database_has_one_name_however_it_is_written() {
    let firm = Repository::of(FIRM);
    firm.write("rightful.yaml", "audit: { head: heads }\n");
    applied_twice(&firm);
    firm.write("data/note.txt", "");
    std::os::unix::fs::symlink(".", firm.path("link")).unwrap();
    let ways = [
        "audit verify --database sqlite:./crm.db",
        "audit verify --database sqlite:data/../crm.db",
        "audit verify --database sqlite:link/crm.db",
        "-C policies audit verify --database sqlite:../crm.db",
        "-C link audit verify",
    ];
    for way in ways {
        let said = firm.run(way);
        assert!(said.starts_with("exit 0\n") && said.contains("is in it: 2\n"), "{way}: {said}");
    }
    // So nobody gets past the kept heads by other words for the database.
    std::fs::remove_file(firm.path("crm.db")).unwrap();
    firm.run("apply --on 2026-11-22 --as karin --database sqlite:data/../crm.db");
    for way in ways {
        let said = firm.run(way);
        assert!(said.starts_with("exit 1\n") && said.contains("not what was kept: "), "{way}: {said}");
    }
}

#[test]
fn nothing_is_proved_of_a_database_without_a_record() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("audit verify --database sqlite:crn.db"), @"
    exit 2
    -- stderr
    error: crn.db has no record, so nothing can be proved
     help: every apply leaves one: is it the right database?
    ");
    assert!(!firm.path("crn.db").exists());
    firm.write("empty.db", "");
    assert!(firm.run("audit verify --database sqlite:empty.db").starts_with("exit 2\n"));
    firm.write("rightful.yaml", "audit: { head: heads }\n");
    firm.run("apply --on 2026-11-22");
    tampered(&firm, "DELETE FROM audit");
    // With what was kept of it, it is known that there was one.
    assert!(firm.run("audit verify").starts_with("exit 1\nnot what was kept: 0 entries"));
    std::fs::remove_file(firm.path("heads")).unwrap();
    assert!(firm.run("audit verify").starts_with("exit 2\n"));
}

#[test]
fn settings_that_are_wrong_prove_nothing() {
    let firm = Repository::of(FIRM);
    firm.run("apply --on 2026-11-22");
    firm.write("rightful.yaml", "audit: { haed: heads }\n");
    insta::assert_snapshot!(firm.run("audit verify"), @"
    exit 2
    -- stderr
    unknown-field

      × there is no field `haed`
       ╭─[rightful.yaml:1:10]
     1 │ audit: { haed: heads }
       ·          ────
       ╰────
      help: did you mean `head`?

    error: the settings have errors, so nothing can be proved
    ");
    assert!(firm.run("audit").starts_with("exit 0\n") && firm.run("history").starts_with("exit 0\n"));
}

#[test]
fn a_claim_does_not_take_the_place_of_the_fact() {
    let firm = Repository::of(FIRM);
    firm.run("apply --on 2026-11-22 --as the.boss");
    insta::assert_snapshot!(scrubbed(&firm, "history"), @"
    exit 0
    run time (UTC) machine by outcome
    1 MOMENT MACHINE USER OK 31 changes
    acting as the.boss (a claim)
    ");
}

#[test]
fn a_database_that_nothing_was_applied_to_has_no_record() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("audit --user lars"), @"
    exit 2
    -- stderr
    error: nothing was ever applied to crm.db, so it has no record
     help: `rightful apply` makes the database and its record; is it the right one?
    ");
    insta::assert_snapshot!(firm.run("history --format json"), @"
    exit 2
    -- stderr
    error: nothing was ever applied to crm.db, so it has no record
     help: `rightful apply` makes the database and its record; is it the right one?
    ");
    assert!(!firm.path("crm.db").exists());
    firm.run("apply --on 2026-11-22");
    insta::assert_snapshot!(firm.run("audit --run 7"), @"
    exit 2
    -- stderr
    error: there is no run 7 in the record of crm.db
     help: it has run 1 alone
    ");
}

#[test]
fn nobody_is_offered_a_day_that_means_nothing() {
    let firm = Repository::of(FIRM);
    for command in ["audit", "audit verify", "history"] {
        for help in ["--help", "-h"] {
            let said = firm.run(&format!("{command} {help}"));
            assert!(said.starts_with("exit 0") && !said.contains("--on"), "{command} {help}\n{said}");
        }
    }
    assert!(firm.run("plan --help").contains("--on <DATE>"));
    assert!(firm.run("audit help verify").contains("--head <HASH>"));
}

#[test]
fn that_no_head_is_kept_is_said_once_and_by_whoever_proves_the_record() {
    let firm = Repository::of(FIRM);
    assert!(firm.run("apply --on 2026-11-22").contains("note: the head of the audit was not kept outside"));
    firm.write("policies/a.yaml", FIRM.replace("sales:", "sellers:"));
    let again = firm.run("apply --on 2026-11-22");
    assert!(again.contains("(run 2)") && !again.contains("note: the head"), "{again}");
    assert!(firm.run("audit verify").contains("no head was kept outside"));
}

#[test]
fn a_day_means_nothing_to_what_was_recorded() {
    let firm = Repository::of(FIRM);
    firm.run("apply --on 2026-11-22");
    let said: String =
        ["audit", "audit verify", "history"].map(|command| firm.run(&format!("{command} --on 2026-11-22"))).concat();
    insta::assert_snapshot!(said, @"
    exit 2
    -- stderr
    error: --on means nothing here: what was recorded is the same on every day
     help: --since and --until choose runs by their days
    exit 2
    -- stderr
    error: --on means nothing here: what was recorded is the same on every day
     help: leave it out: the whole record is proved
    exit 2
    -- stderr
    error: --on means nothing here: what was recorded is the same on every day
     help: `rightful audit --since DAY --until DAY` shows the runs of some days
    ");
}

#[test]
fn lines_among_the_kept_heads_that_are_none_are_counted() {
    let firm = Repository::of(FIRM);
    firm.write("rightful.yaml", "audit: { head: heads }\n");
    firm.write("heads", "# ours\nnonsense\n");
    firm.run("apply --on 2026-11-22");
    let said = firm.run("audit verify");
    assert!(said.ends_with("\nwarning: 1 line among the kept heads is no head\n"), "{said}");
    firm.write("heads", "nonsense\n7 0a\n");
    let said = firm.run("audit verify");
    assert!(said.ends_with("\nwarning: 2 lines among the kept heads are no heads\n"), "{said}");
}

#[test]
fn a_run_whose_entry_was_rewritten_is_not_shown_as_a_success() {
    let firm = Repository::of(FIRM);
    firm.run("apply --on 2026-11-22");
    tampered(&firm, "UPDATE audit SET body = '{}' WHERE part = 'run'");
    let said = firm.run("history");
    assert!(said.contains("unknown its entry does not say how it ended") && !said.contains("OK"), "{said}");
    assert_eq!(firm.json("history").1["runs"][0]["outcome"], "unknown");
}

#[test]
fn a_head_that_cannot_be_kept_fails_no_apply() {
    let firm = Repository::of(FIRM);
    firm.write("rightful.yaml", "audit: { head: heads }\n");
    std::os::unix::fs::symlink("/dev/null", firm.path("heads")).unwrap();
    let said = firm.run("apply --on 2026-11-22");
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert!(said.contains("warning: the head of the audit was not kept outside"), "{said}");
}

#[test]
fn a_policy_that_is_broken_hides_no_record() {
    let firm = Repository::of(FIRM);
    firm.run("apply --on 2026-11-22");
    firm.write("policies/a.yaml", "users: { lars: { allow: [nonsense] } }\n");
    assert!(firm.run("history").starts_with("exit 0\n"));
    assert!(firm.run("audit --user lars").contains("data.export"));
    assert!(firm.run("audit verify --lang de").starts_with("exit 0\nunversehrt: "));
}

#[test]
fn a_refusal_by_a_guard_is_recorded_and_so_is_putting_it_aside() {
    let firm = Repository::of("employees: { ap: }\nusers: { anna: { employee: ap, superuser: true }, lars: }\n");
    firm.run("apply --on 2026-11-22");
    firm.write("policies/a.yaml", "employees: { ap: }\nusers: { anna: { employee: ap }, lars: }\n");
    assert!(firm.run("apply --on 2026-11-22").starts_with("exit 3\n"));
    let (_, history) = firm.json("history --limit 1");
    assert_eq!(history["runs"][0]["error"], "nothing was applied, since guards refuse it: `last_superuser`");
    assert!(firm.run("apply --on 2026-11-22 --override last_superuser").starts_with("exit 0\n"));
    let (_, audit) = firm.json("audit --part override");
    let entries = audit["runs"][0]["entries"].as_array().unwrap();
    assert_eq!((&audit["runs"][0]["run"], entries.len()), (&json!(3), 1));
    assert_eq!(entries[0]["body"]["guard"], "last_superuser");
    assert!(entries[0]["body"]["detail"].as_str().unwrap().contains("(anna)"), "{audit}");
    assert!(firm.run("audit verify").starts_with("exit 0\n"));
}

#[test]
fn the_row_of_a_refusal_cannot_be_taken_out_unseen() {
    let firm = Repository::of("employees: { ap: }\nusers: { anna: { employee: ap, superuser: true }, lars: }\n");
    firm.write("rightful.yaml", "audit: { head: audit.heads }\n");
    firm.run("apply --yes --on 2026-11-22");
    firm.write("policies/a.yaml", "employees: { ap: }\nusers: { anna: { employee: ap }, lars: }\n");
    assert!(firm.run("apply --yes --on 2026-11-22").starts_with("exit 3\n"));
    let heads = std::fs::read_to_string(firm.path("audit.heads")).unwrap();
    assert_eq!(heads.lines().count(), 2, "{heads}");
    assert!(firm.run("audit verify").starts_with("exit 0\n"));
    tampered(&firm, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)");
    assert!(!firm.run("audit verify").starts_with("exit 0\n"));
}

#[test]
fn a_record_of_which_somebody_emptied_every_hash_proves_nothing() {
    let firm = Repository::of(FIRM);
    applied_twice(&firm);
    tampered(&firm, "UPDATE audit SET hash = NULL");
    let said = firm.run("audit verify");
    assert!(said.starts_with("exit 1\n") && said.contains("damaged: "), "{said}");
}

#[test]
fn what_the_last_apply_remembered_is_proved_too() {
    let firm = Repository::of(FIRM);
    applied_twice(&firm);
    let forge = "UPDATE last_applied SET fields = replace(fields, 'false', 'true') WHERE key = 'lars'";
    Connection::open(firm.path("crm.db")).unwrap().execute_batch(forge).unwrap();
    let (code, proved) = firm.json("audit verify");
    assert_eq!((code, &proved["holds"], &proved["last_applied_altered"]), (1, &json!(false), &json!(true)));
    assert!(firm.run("audit verify").contains("what the last apply remembered was altered"));
    let planned = firm.run("plan --on 2026-11-22");
    assert!(planned.contains("what the last apply remembered was altered"), "{planned}");
    assert_eq!(firm.json("plan --on 2026-11-22").1["last_applied_altered"], true);
    firm.run("apply --on 2026-11-22");
    assert_eq!(firm.json("audit verify").0, 0);
}

#[test]
fn two_roots_of_one_checkout_have_heads_of_their_own() {
    let firm = Repository::with(&[
        ("de/rightful.yaml", "language: en\n"),
        ("de/policies/a.yaml", FIRM),
        ("nl/rightful.yaml", "language: en\n"),
        ("nl/policies/a.yaml", FIRM),
        (".gitignore", "*.db\n"),
    ]);
    let commit = firm.commit("Rolf Lund", DAY, "Both");
    for root in ["de", "nl"] {
        assert!(firm.run(&format!("-C {root} apply --on 2026-11-22")).starts_with("exit 0\n"));
    }
    let notes = firm.git(&format!("notes --ref rightful show {commit}"));
    assert!(notes.lines().any(|line| line.ends_with(" de/crm.db")) && notes.lines().count() == 2, "{notes}");
    for root in ["de", "nl"] {
        let (code, proved) = firm.json(&format!("-C {root} audit verify"));
        assert_eq!((code, proved["kept"].as_array().map(Vec::len), &proved["of_others"]), (0, Some(1), &json!(1)));
    }
    // A database that was replaced is asked for the heads of the one before it, whatever its own are.
    std::fs::remove_file(firm.path("nl/crm.db")).unwrap();
    firm.run("-C nl apply --on 2026-11-22 --as karin");
    assert_eq!(firm.json("-C nl audit verify").0, 1);
    // One that was moved takes its heads along.
    std::fs::rename(firm.path("de/crm.db"), firm.path("de/moved.db")).unwrap();
    let (code, proved) = firm.json("-C de audit verify --database sqlite:moved.db");
    assert_eq!((code, proved["kept"].as_array().map(Vec::len)), (0, Some(1)), "{proved}");
}

#[test]
fn what_the_policy_took_over_from_the_database_stands_in_the_record() {
    let firm = Repository::of(FIRM);
    applied_twice(&firm);
    Connection::open(firm.path("crm.db"))
        .unwrap()
        .execute_batch(
            "INSERT INTO rules (user_id, right_id, effect, target_kind) VALUES ('lars', 'data.import', 'allow', 'none');
             DELETE FROM members WHERE user_id = 'anna'; UPDATE users SET name = 'Lars' WHERE id = 'lars'",
        )
        .unwrap();
    assert!(firm.run("pull --yes").starts_with("exit 0\n"));
    assert!(firm.run("apply --on 2026-11-22").starts_with("exit 0\n"));
    insta::assert_snapshot!(scrubbed(&firm, "audit --run 3"), @"
    exit 0
    run 3 MOMENT OK
    by USER on MACHINE
    0 changes
    0 rights gained, 0 lost
    gains and losses were worked out for 2026-11-22
    left as somebody had changed it
    = member group:sales user:anna: somebody had deleted it, and the policy
    has it no more
    = user lars: somebody had changed it, and the policy says the same now
    = rule user:lars allow data.import: somebody had added it, and the
    policy has it now
    ");
    let (_, audit) = firm.json("audit --user lars --run 3");
    let told = audit["runs"][0]["entries"].as_array().unwrap().iter().map(|entry| entry["part"].as_str().unwrap());
    assert_eq!(told.collect::<Vec<_>>(), ["kept", "kept"]);
}

#[test]
fn an_identity_that_was_altered_is_told() {
    let firm = Repository::of(FIRM);
    firm.write("rightful.yaml", "audit: { head: heads }\n");
    applied_twice(&firm);
    let alter = format!("UPDATE identity SET database = '{}'", "5e".repeat(16));
    Connection::open(firm.path("crm.db")).unwrap().execute_batch(&alter).unwrap();
    let (code, proved) = firm.json("audit verify");
    assert_eq!((code, &proved["holds"], &proved["replaced"]), (1, &json!(false), &json!(true)));
    let said = firm.run("audit verify");
    assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains("of a database with another id"), "{said}");
}

#[test]
fn a_rehearsal_on_a_copy_raises_no_alarm() {
    let firm = Repository::of(FIRM);
    firm.write("rightful.yaml", "audit: { head: heads }\n");
    applied_twice(&firm);
    std::fs::copy(firm.path("crm.db"), firm.path("test.db")).unwrap();
    firm.write("policies/a.yaml", FIRM.replace("sales:", "sellers:"));
    assert!(firm.run("apply --on 2026-11-22 --as rolf --database sqlite:test.db").starts_with("exit 0\n"));
    assert!(firm.run("apply --on 2026-11-22").starts_with("exit 0\n"));
    for database in ["crm.db", "test.db"] {
        let (code, proved) = firm.json(&format!("audit verify --database sqlite:{database}"));
        assert_eq!(code, 0, "{database}: {proved}");
    }
}

#[test]
fn one_file_has_one_name_whatever_root_it_is_seen_from() {
    let firm = Repository::with(&[
        ("a/x/rightful.yaml", "language: en\n"),
        ("a/x/policies/a.yaml", FIRM),
        ("y/rightful.yaml", "language: en\n"),
        ("y/policies/a.yaml", FIRM),
        (".gitignore", "*.db\n"),
    ]);
    let commit = firm.commit("Rolf Lund", DAY, "Both");
    assert!(firm.run("-C a/x apply --on 2026-11-22 --database sqlite:../../crm.db").starts_with("exit 0\n"));
    std::fs::remove_file(firm.path("crm.db")).unwrap();
    assert!(firm.run("-C y apply --on 2026-11-22 --as rolf --database sqlite:../crm.db").starts_with("exit 0\n"));
    let notes = firm.git(&format!("notes --ref rightful show {commit}"));
    assert!(notes.lines().all(|line| line.ends_with(" crm.db")), "{notes}");
    for (root, database) in [("a/x", "../../crm.db"), ("y", "../crm.db")] {
        assert_eq!(firm.json(&format!("-C {root} audit verify --database sqlite:{database}")).0, 1, "it was replaced");
    }
}

#[test]
fn a_head_is_kept_on_a_line_of_its_own() {
    let firm = Repository::of(FIRM);
    firm.write("rightful.yaml", "audit: { head: heads }\n");
    firm.run("apply --on 2026-11-22");
    let kept = std::fs::read_to_string(firm.path("heads")).unwrap();
    firm.write("heads", kept.trim_end());
    applied_twice(&firm);
    assert_eq!(std::fs::read_to_string(firm.path("heads")).unwrap().lines().count(), 2);
    assert_eq!(firm.json("audit verify").0, 0);
}

#[test]
fn what_is_told_in_sum_and_whom_nearly_everybody_is_without_stand_in_the_record() {
    let firm = crowd();
    assert!(firm.run("apply --on 2026-11-22").starts_with("exit 0\n"));
    let (_, record) = firm.json("audit --user u0500 --part gain");
    let gains = record["runs"][0]["entries"].as_array().unwrap();
    let told: Vec<_> = gains.iter().map(|gain| (&gain["body"]["right"], &gain["body"]["answers"])).collect();
    assert_eq!(told, [(&json!("calendar.see"), &json!(1_003_002)), (&json!("data.export"), &json!(1_002))]);
    let said = firm.run("audit --user u0500 --part gain --run 1");
    assert!(said.contains("u0500 and 1,001 more, 1,003,002 answers in sum"), "{said}");
    // Somebody who was there gains a right over all but one: the record says it so.
    let policy = std::fs::read_to_string(firm.path("policies/a.yaml")).unwrap();
    let own = "u0001: { allow: [calendar.edit of everyone], deny: [calendar.edit of u0002] }";
    firm.write("policies/a.yaml", policy.replace("u0001:", own));
    assert!(firm.run("apply --on 2026-11-22").starts_with("exit 0\n"));
    let (_, record) = firm.json("audit --run 2 --part gain");
    let body = &record["runs"][0]["entries"][0]["body"];
    assert_eq!((&body["targets"], &body["except"]), (&json!(["everyone"]), &json!(["user:u0002"])));
    let said = firm.run("audit --run 2 --part gain");
    assert!(said.contains("everyone except user:u0002: 1 user (u0001)"), "{said}");
    assert!(firm.run("audit verify").starts_with("exit 0\n"));
}
