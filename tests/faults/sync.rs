//! `rightful sync`: what it applies, what it refuses, what becomes of drift, and how it ends.

use std::time::Duration;

use super::server::Server;
use super::service::{FIRM, Remote, query, until};

pub fn connected() -> Remote {
    let remote = Remote::firm();
    let said = remote.run("connect --as anna --yes");
    assert!(said.starts_with("exit 0"), "{said}");
    remote
}

pub fn log(remote: &Remote) -> Vec<String> {
    query(&remote.path("a/crm.db"), "SELECT machine, outcome, error, changes, conflicts FROM sync_runs ORDER BY number")
}

pub fn by_hand(remote: &Remote, sql: &str) {
    rusqlite::Connection::open(remote.path("a/crm.db")).unwrap().execute_batch(sql).unwrap();
}

pub fn rights_of(remote: &Remote, subject: &str) -> Vec<String> {
    query(&remote.path("a/crm.db"), &format!("SELECT right_id FROM rules WHERE {subject} ORDER BY right_id"))
}

#[test]
fn what_is_pushed_is_applied_and_what_is_not_committed_never() {
    let remote = connected();
    remote.clone("b");
    let service = remote.start("a", "--machine a", &[]);
    service.says("all is as");
    remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", "[lists.print, data.export]"));
    until("a few turns", || log(&remote).len() > 3);
    assert_eq!(rights_of(&remote, "group_id = 'group:sales' OR group_id = 'sales'"), ["lists.print"]);
    // Somebody else pushes.
    std::fs::write(remote.path("b/policies/firm.yaml"), FIRM.replace("[lists.print]", "[lists.print, sms.send]"))
        .unwrap();
    remote.git("b", &["commit", "-qam", "sms"]);
    remote.git("b", &["push", "-q"]);
    service.says("OK: 1 change applied of");
    assert_eq!(rights_of(&remote, "group_id IS NOT NULL"), ["lists.print", "sms.send"]);
    let head = remote.git("b", &["rev-parse", "HEAD"]);
    assert_eq!(query(&remote.path("a/crm.db"), "SELECT revision FROM service"), [head.as_str()]);
    assert!(log(&remote).contains(&"a|ok||1|0".to_owned()), "{:?}", log(&remote));
    let verified = remote.run("audit verify");
    assert!(verified.starts_with("exit 0"), "the heads are kept: {verified}");
    assert!(service.stop() < Duration::from_secs(5));
    assert_eq!(query(&remote.path("a/crm.db"), "SELECT machine FROM service"), [""], "the lease is given up");
    assert_eq!(remote.git("a", &["status", "--porcelain"]), "M policies/firm.yaml", "the working tree is left alone");
}

#[test]
fn a_rewritten_history_is_refused_and_recorded_until_it_is_accepted() {
    let remote = connected();
    remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", "[lists.print, sms.send]"));
    remote.commit("reviewed");
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    remote.git("a", &["reset", "-q", "--hard", "HEAD~1"]);
    remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", "[lists.print, data.export]"));
    let other = remote.commit("unreviewed");
    let said = remote.run("sync --once --machine a");
    assert!(said.starts_with("exit 3") && said.contains("the branch was rewritten"), "{said}");
    assert_eq!(rights_of(&remote, "group_id IS NOT NULL"), ["lists.print", "sms.send"]);
    let last = log(&remote).pop().unwrap();
    assert!(last.starts_with("a|error|the branch was rewritten"), "{last}");
    let history = remote.run("history");
    assert!(history.contains("error the branch was rewritten"), "{history}");
    let said = remote.run(&format!("sync --once --machine a --accept {other}"));
    assert!(said.starts_with("exit 0"), "{said}");
    assert_eq!(rights_of(&remote, "group_id IS NOT NULL"), ["data.export", "lists.print"]);
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
}

#[test]
fn drift_is_taken_back_and_the_policy_wins_conflicts() {
    let remote = connected();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    by_hand(
        &remote,
        "UPDATE employees SET phone = '1' WHERE id = 'lars-k'; UPDATE employees SET phone = '2' WHERE id = 'anna-a'",
    );
    let status = remote.run("status");
    assert!(status.contains("drift waiting 2 changes"), "{status}");
    let text = FIRM.replace("{ name: Lars Kaufmann,", "{ name: Lars Kaufmann, phone: \"3\",");
    remote.write("policies/firm.yaml", &text);
    remote.commit("phone");
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    let phones = query(&remote.path("a/crm.db"), "SELECT phone FROM employees ORDER BY id");
    assert_eq!(phones, ["", "3"]);
    assert_eq!(log(&remote).pop().unwrap(), "a|ok||2|1");
}

#[test]
fn drift_is_proposed_on_a_branch_that_grows_and_never_twice() {
    let remote = connected();
    remote.write("rightful.yaml", "sync: { remote: origin, branch: main, drift: pull }\n");
    remote.commit("pull");
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    let branches = || remote.git("remote.git", &["for-each-ref", "--format=%(refname)", "refs/heads/rightful"]);
    assert_eq!(branches(), "");
    by_hand(&remote, "UPDATE employees SET phone = '1' WHERE id = 'lars-k'");
    let said = remote.run("sync --once --machine a");
    assert!(said.starts_with("exit 0"), "{said}");
    let branch = branches();
    assert!(branch.starts_with("refs/heads/rightful/drift-20"), "{branch}");
    let show = |what: &str| remote.git("remote.git", &["show", &format!("{branch}:{what}")]);
    assert!(
        show("policies/firm.yaml").contains("phone: \"1\"") || show("policies/firm.yaml").contains("phone: '1'"),
        "{}",
        show("policies/firm.yaml")
    );
    assert_eq!(query(&remote.path("a/crm.db"), "SELECT phone FROM employees WHERE id = 'lars-k'"), ["1"], "it stays");
    let count = || remote.git("remote.git", &["rev-list", "--count", &branch]);
    let before = count();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    assert_eq!(count(), before, "not twice");
    by_hand(&remote, "UPDATE employees SET phone = '2' WHERE id = 'anna-a'");
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    assert_eq!(count().parse::<u32>().unwrap(), before.parse::<u32>().unwrap() + 1);
    assert_eq!(remote.git("a", &["status", "--porcelain"]), "", "the working tree is left alone");
    // Once it is merged there is no drift any more.
    remote.git("a", &["fetch", "-q"]);
    remote.git("a", &["merge", "-q", "--no-edit", &branch.replace("refs/heads", "origin")]);
    remote.git("a", &["push", "-q"]);
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    assert!(remote.run("status").contains("drift waiting none"));
}

#[test]
fn guards_and_errors_of_the_policy_keep_it_from_being_applied() {
    let remote = connected();
    let service = remote.start("a", "--machine a", &[]);
    service.says("all is as");
    remote.write("policies/firm.yaml", &FIRM.replace("superuser: true, ", ""));
    remote.commit("no superuser");
    service.says("its policy has errors");
    remote.write(
        "policies/firm.yaml",
        &FIRM
            .replace("  sales: { members: [lars], allow: [lists.print] }\n", "  x: { members: [lars] }\n")
            .replace("allow: [program.start]", "modules: desk")
            .replace("groups:", "modules: { mail: }\nmodule_sets: { desk: [mail] }\ngroups:"),
    );
    remote.commit("everything goes");
    service.says("guards refuse it");
    let lines = log(&remote);
    assert!(
        lines.iter().any(|line| line.starts_with("a|error|nothing was applied, since guards refuse it")),
        "{lines:?}"
    );
    assert!(lines.iter().any(|line| line.contains("its policy has errors")), "{lines:?}");
    until("several refusals", || log(&remote).iter().filter(|line| line.contains("guards refuse")).count() > 2);
    let refusals = query(&remote.path("a/crm.db"), "SELECT body FROM audit WHERE body LIKE '%guards refuse%'");
    assert_eq!(refusals.len(), 1, "once in the audit: {refusals:?}");
    remote.write("policies/firm.yaml", FIRM);
    remote.commit("back");
    until("all is well again", || log(&remote).last().is_some_and(|line| line.starts_with("a|ok")));
    service.stop();
}

#[test]
fn what_is_not_connected_or_has_another_responsible_is_refused_and_goes_on_by_itself() {
    let remote = Remote::firm();
    assert!(remote.run("apply --yes").starts_with("exit 0"));
    let service = remote.start("a", "--machine a", &[]);
    service.says("the company is not connected");
    assert!(log(&remote)[0].starts_with("a|error|the company is not connected"), "{:?}", log(&remote));
    assert!(remote.run("connect --as anna --yes").starts_with("exit 0"));
    service.says("all is as");
    let elsewhere = remote.run("sync --once --machine b");
    assert!(elsewhere.starts_with("exit 3") && elsewhere.contains("waits: a synchronises"), "{elsewhere}");
    let stranger = remote.run("sync --once --machine laptop");
    assert!(stranger.starts_with("exit 3") && stranger.contains("`laptop` is not among those"), "{stranger}");
    assert!(remote.run("disconnect --as anna --yes").starts_with("exit 0"));
    service.says("the company was disconnected");
    service.stop();
}

#[test]
fn credentials_that_change_stop_it_and_new_ones_are_taken_without_a_restart() {
    let server = Server::shared();
    let database = server.fresh_database();
    server.sql("postgres", &format!("DROP ROLE IF EXISTS crm_sync; CREATE ROLE crm_sync LOGIN PASSWORD 'first'; GRANT ALL ON DATABASE \"{}\" TO crm_sync", database.name()));
    server.sql(database.name(), "GRANT ALL ON SCHEMA public TO crm_sync");
    let settings = "companies: { nord: { policies: [policies], database: 'env:NORD_DATABASE_URL' } }\nsync: { remote: origin, branch: main }\n";
    let remote = Remote::with(&[("policies/firm.yaml", FIRM), ("rightful.yaml", settings)]);
    let url = |password: &str| server.url_as("crm_sync", password, database.name());
    let said = remote.run_with("connect --as anna --yes --company nord", &[("NORD_DATABASE_URL", &url("first"))]);
    assert!(said.starts_with("exit 0"), "{said}");
    let env = remote.path("env");
    std::fs::write(&env, format!("NORD_DATABASE_URL={}\n", url("first"))).unwrap();
    let service = remote.start("a", &format!("--machine a --env-file {}", env.display()), &[]);
    service.says("all is as");
    server.sql("postgres", "ALTER ROLE crm_sync PASSWORD 'second'");
    service.says("refused the user name or the password");
    std::thread::sleep(Duration::from_secs(3));
    let told = service.said();
    assert_eq!(told.matches("refused the user name").count(), 1, "once: {told}");
    assert!(!told.contains("first") && !told.contains("second"));
    let doctor = remote.run(&format!("doctor --env-file {}", env.display()));
    assert!(doctor.starts_with("exit 1") && doctor.contains("credentials wrong"), "{doctor}");
    std::fs::write(&env, format!("NORD_DATABASE_URL={}\n", url("second"))).unwrap();
    let lines =
        || server.sql(database.name(), "SELECT outcome || ' ' || coalesce(error, '') FROM sync_runs ORDER BY number");
    until("a line about it", || lines().contains("error the server of the database"));
    until("it goes on", || lines().lines().last().is_some_and(|line| line.starts_with("ok")));
    let doctor = remote.run(&format!("doctor --env-file {}", env.display()));
    assert!(doctor.starts_with("exit 0"), "{doctor}");
    service.stop();
    server.sql(database.name(), "DROP OWNED BY crm_sync");
    server
        .sql("postgres", &format!("REVOKE ALL ON DATABASE \"{}\" FROM crm_sync; DROP ROLE crm_sync", database.name()));
}

#[test]
fn it_ends_at_once_while_it_fetches_and_while_it_writes() {
    let remote = connected();
    // A remote that never answers.
    remote.git("a", &["config", "remote.origin.url", "ssh://nobody@remote.invalid/x.git"]);
    let silent = [("GIT_SSH_COMMAND", "sleep 100; :")];
    let service = remote.start("a", "--machine a", &silent);
    service.says("a synchronises");
    std::thread::sleep(Duration::from_millis(500));
    assert!(service.stop() < Duration::from_secs(5));
    assert_eq!(query(&remote.path("a/crm.db"), "SELECT machine FROM service"), [""]);
    // Somebody who keeps the rows that are to be written.
    let server = Server::shared();
    let database = server.fresh_database();
    let settings = "companies: { nord: { policies: [policies], database: 'env:NORD_DATABASE_URL' } }\nsync: { remote: origin, branch: main }\n";
    let remote = Remote::with(&[("policies/firm.yaml", FIRM), ("rightful.yaml", settings)]);
    let variables = [("NORD_DATABASE_URL", database.url())];
    assert!(remote.run_with("connect --as anna --yes --company nord", &variables).starts_with("exit 0"));
    let service = remote.start("a", "--machine a", &variables);
    service.says("all is as");
    let mut keeper = ::postgres::Client::connect(database.url(), ::postgres::NoTls).unwrap();
    keeper.batch_execute("BEGIN; LOCK TABLE rules IN EXCLUSIVE MODE").unwrap();
    remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", "[lists.print, sms.send]"));
    remote.commit("sms");
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    until("it waits in the middle of writing", || server.sql(database.name(), waiting) == "1");
    let took = service.stop();
    assert!(took < Duration::from_secs(10), "{took:?}");
    keeper.batch_execute("ROLLBACK").unwrap();
    assert_eq!(
        server.sql(database.name(), "SELECT count(*) FROM rules WHERE right_id = 'sms.send'"),
        "0",
        "nothing half"
    );
}

#[test]
fn a_company_that_fails_holds_up_no_other() {
    let firm = |name: &str| FIRM.replace("Nordwind GmbH", name);
    let settings = "companies:\n  nord: { policies: [policies/nord], database: 'sqlite:nord.db' }\n  sued: { policies: [policies/sued], database: 'env:SUED_DATABASE_URL' }\nsync: { remote: origin, branch: main }\n";
    let remote = Remote::with(&[
        ("policies/nord/firm.yaml", &firm("Nord")),
        ("policies/sued/firm.yaml", &firm("Sued")),
        ("rightful.yaml", settings),
    ]);
    let nowhere = [("SUED_DATABASE_URL", "postgres://crm@127.0.0.1:1/crm")];
    assert!(
        remote
            .run_with("connect --as anna --yes --company nord", &[("SUED_DATABASE_URL", "sqlite:sued.db")])
            .starts_with("exit 0")
    );
    let service = remote.start("a", "--machine a", &nowhere);
    service.says("nord all is as");
    service.says("sued error: cannot open the database");
    let lines = || query(&remote.path("a/nord.db"), "SELECT outcome FROM sync_runs").len();
    let before = lines();
    until("nord goes on", || lines() > before + 2);
    let status = remote.run_with("status", &nowhere);
    assert!(status.starts_with("exit 2") && status.contains("nord connection connected since"), "{status}");
    assert!(status.contains("sued error cannot open the database"), "{status}");
    assert!(service.stop() < Duration::from_secs(12));
}

#[test]
fn whoever_died_in_the_middle_of_writing_for_the_service_is_not_waited_for() {
    let remote = connected();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", "[lists.print, sms.send]"));
    remote.commit("sms");
    let held_by = |holder: &str| {
        by_hand(
            &remote,
            &format!(
                "UPDATE lock SET holder = '{holder}', since = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
                 until = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+30 seconds')"
            ),
        );
    };
    held_by("anna on a, process 1");
    let said = remote.run("sync --once --machine b");
    assert!(said.starts_with("exit 3") && said.contains("the database is locked by anna on a"), "{said}");
    assert!(log(&remote).pop().unwrap().starts_with("b|error|the database is locked by anna"), "{:?}", log(&remote));
    held_by("root on a, process 1, synchronisation 1");
    let said = remote.run("sync --once --machine b");
    assert!(said.starts_with("exit 0"), "{said}");
    assert_eq!(rights_of(&remote, "group_id IS NOT NULL"), ["lists.print", "sms.send"]);
}

#[test]
fn the_number_never_goes_down_with_a_copy() {
    let remote = connected();
    let fence = || query(&remote.path("a/crm.db"), "SELECT fence FROM service")[0].parse::<i64>().unwrap();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    assert!(remote.run("backup copy.db").starts_with("exit 0"));
    for _ in 0..3 {
        assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    }
    let before = fence();
    assert!(remote.run("disconnect --as anna --yes").starts_with("exit 0"));
    let said = remote.run("restore copy.db --as anna --yes");
    assert!(said.starts_with("exit 0"), "{said}");
    assert!(fence() > before, "{} after {before}", fence());
}
