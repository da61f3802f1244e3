//! How the service tells what went wrong and what to do, and goes on after it.

use std::time::Duration;

use super::service::{FIRM, Remote, query, until};
use super::sync::{by_hand, connected, log, rights_of};

#[test]
fn a_service_that_was_killed_takes_over_from_itself_at_once() {
    let remote = Remote::with(&[
        ("policies/firm.yaml", &FIRM.replace("take_over_after: 3s", "take_over_after: 10m")),
        ("rightful.yaml", "sync: { remote: origin, branch: main }\n"),
    ]);
    assert!(remote.run("connect --as anna --yes").starts_with("exit 0"));
    let service = remote.start("a", "--machine a", &[]);
    service.says("all is as");
    // One that sleeps is there.
    service.signal("STOP");
    let other = remote.run("sync --once --machine a");
    assert!(other.starts_with("exit 3") && other.contains("waits: a synchronises"), "{other}");
    service.kill();
    let doctor = remote.run("doctor");
    assert!(doctor.starts_with("exit 1") && doctor.contains("service wrong its process on a is not there"), "{doctor}");
    // On another machine nobody knows.
    let other = remote.run("sync --once --machine b");
    assert!(other.starts_with("exit 3"), "{other}");
    let again = remote.start("a", "--machine a", &[]);
    let took = until("it goes on", || again.said().contains("all is as"));
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(again.said().contains("with number 2"), "{}", again.said());
    again.stop();
}

#[test]
fn a_database_that_is_gone_is_said_to_be_gone_and_nobody_makes_one() {
    let remote = connected();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    std::fs::rename(remote.path("a/crm.db"), remote.path("a/away")).unwrap();
    for command in ["sync --once --machine a", "doctor", "status"] {
        let said = remote.run(command);
        assert!(!said.starts_with("exit 0") && said.contains("the database crm.db is gone"), "{command}: {said}");
        assert!(said.contains("rightful restore") && !said.contains("rightful connect"), "{command}: {said}");
    }
    assert!(!remote.path("a/crm.db").exists());
    std::fs::rename(remote.path("a/away"), remote.path("a/crm.db")).unwrap();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    // Where there never was one it is as ever.
    let remote = Remote::firm();
    let said = remote.run("sync --once --machine a");
    assert!(said.contains("there is no database yet") && !remote.path("a/crm.db").exists(), "{said}");
}

#[test]
fn doctor_says_what_to_do_about_every_end() {
    let remote = connected();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    let old = remote.git("a", &["rev-parse", "HEAD"]);
    remote.write("policies/firm.yaml", &FIRM.replace("superuser: true, ", ""));
    remote.commit("no superuser");
    assert!(remote.run("sync --once --machine a").starts_with("exit 1"));
    let doctor = remote.run("doctor");
    assert!(doctor.contains("correct the policy and push it"), "{doctor}");
    assert!(remote.run("status").contains("correct the policy and push it"));
    assert!(remote.run("history").contains("correct the policy and push it"));
    assert!(remote.run("history --format json").contains("\"help\": \"correct the policy and push it"));
    remote.write(
        "policies/firm.yaml",
        &FIRM.replace("responsible: anna", "responsible: lars").replace("lars: { ", "lars: { superuser: true, "),
    );
    remote.commit("lars");
    assert!(remote.run("sync --once --machine a").starts_with("exit 3"));
    let doctor = remote.run("doctor");
    assert!(doctor.contains("connection wrong the policy makes lars responsible"), "{doctor}");
    assert!(
        doctor.contains("`rightful handover --to lars` hands over first, or write `responsible: anna`"),
        "{doctor}"
    );
    // Rewritten, while another process synchronises.
    remote.git("a", &["reset", "-q", "--hard", &old]);
    let right = FIRM.replace("[lists.print]", "[lists.print, sms.send]");
    remote.write("policies/firm.yaml", &right);
    remote.commit("one");
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    let service = remote.start("a", "--machine a", &[]);
    service.says("all is as");
    remote.git("a", &["reset", "-q", "--hard", &old]);
    let other = remote.commit("other");
    service.says("the branch was rewritten");
    let said = remote.run(&format!("sync --once --machine b --accept {old}"));
    assert!(said.starts_with("exit 2") && said.contains(&format!("the branch is at {other}, not at")), "{said}");
    until("it is written down", || remote.run("doctor").contains(&format!("rightful sync --once --accept {other}")));
    let said = remote.run(&format!("sync --once --machine b --accept {other}"));
    assert!(said.starts_with("exit 0") && said.contains(&format!("a applies {other} with its next turn")), "{said}");
    until("it goes on", || rights_of(&remote, "group_id IS NOT NULL") == ["lists.print"]);
    let history = remote.run("history");
    assert!(history.contains("deed: accept"), "{history}");
    service.stop();
    let said = remote.run("sync --once --machine b --accept 1234");
    assert!(said.starts_with("exit 0"), "nothing has to be accepted: {said}");
}

#[test]
fn what_was_applied_by_hand_is_not_rewritten_either() {
    let remote = connected();
    // Connected at this commit, and nothing was synchronised yet: an orphan is no way forward.
    remote.git("a", &["checkout", "-q", "--orphan", "orphan"]);
    remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", "[lists.print, data.export]"));
    remote.git("a", &["add", "-A"]);
    remote.git("a", &["commit", "-q", "-m", "orphan"]);
    remote.git("a", &["push", "-q", "-f", "origin", "orphan:main"]);
    let said = remote.run("sync --once --machine a");
    assert!(said.starts_with("exit 3") && said.contains("the branch was rewritten"), "{said}");
    remote.git("a", &["checkout", "-q", "main"]);
    remote.commit("back");
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    // Applied by hand, then pushed over.
    let before = remote.git("a", &["rev-parse", "HEAD"]);
    remote.write("policies/firm.yaml", &FIRM.replace("[lists.print]", "[sms.send]"));
    remote.commit("reviewed");
    assert!(remote.run("apply --yes").starts_with("exit 0"));
    remote.git("a", &["reset", "-q", "--hard", &before]);
    remote.commit("empty");
    let said = remote.run("sync --once --machine a");
    assert!(said.starts_with("exit 3") && said.contains("the branch was rewritten"), "{said}");
    assert_eq!(rights_of(&remote, "group_id IS NOT NULL"), ["sms.send"]);
}

#[test]
fn broken_settings_are_told_and_files_that_are_not_committed_do_not_matter() {
    let remote = connected();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    std::fs::rename(remote.path("a/policies"), remote.path("a/elsewhere")).unwrap();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    assert!(remote.run("doctor").contains("log OK"));
    std::fs::rename(remote.path("a/rightful.yaml"), remote.path("a/gone.yaml")).unwrap();
    for command in ["sync --once --machine a", "doctor", "status"] {
        let said = remote.run(command);
        assert!(said.starts_with("exit 2") && said.contains("git checkout rightful.yaml"), "{command}: {said}");
    }
    remote.write("rightful.yaml", "sync: { remtoe: origin, branch: main }\n");
    for command in ["sync --once --machine a", "doctor", "status"] {
        let said = remote.run(command);
        assert!(said.starts_with("exit 2") && said.contains("the first, at rightful.yaml:1"), "{command}: {said}");
    }
    remote.write("rightful.yaml", "sync: { remote: origin, branch: main }\n");
    let service = remote.start("a", "--machine a", &[]);
    service.says("all is as");
    remote.write("rightful.yaml", "nonsense: [\n");
    service.says("the settings have errors");
    remote.write("rightful.yaml", "sync: { remote: origin, branch: main }\n");
    until("it is in the log", || log(&remote).iter().any(|line| line.contains("the settings have errors")));
    service.stop();
}

#[test]
fn what_is_not_known_is_not_said_and_a_stuck_service_is() {
    let settings = "companies: { nord: { policies: [policies], database: 'env:NORD_DATABASE_URL' } }\nsync: { remote: origin, branch: main }\n";
    let remote = Remote::with(&[("policies/firm.yaml", FIRM), ("rightful.yaml", settings)]);
    let doctor = remote.run("doctor");
    assert!(doctor.contains("connection unknown nothing was asked"), "{doctor}");
    assert!(doctor.contains("credentials wrong the variable NORD_DATABASE_URL is not set"), "{doctor}");
    let remote = connected();
    assert!(remote.run("sync --once --machine a").starts_with("exit 0"));
    by_hand(
        &remote,
        "UPDATE service SET machine = 'a', process = '1 x', since = '2026-01-01T00:00:00.000Z',
         until = '2999-01-01T00:00:00.000Z'; UPDATE sync_runs SET at = '2026-01-01T00:00:00.000Z'",
    );
    let doctor = remote.run("doctor");
    assert!(doctor.contains("service wrong a has the lease, and has ended no run since 2026-01-01 00:00"), "{doctor}");
    assert!(!doctor.contains("no machine is there"), "{doctor}");
    by_hand(&remote, "UPDATE service SET since = '2998-01-01T00:00:00.000Z'");
    let doctor = remote.run("doctor");
    assert!(doctor.contains("service wrong a fell silent"), "{doctor}");
}

/// The firm, which invites two people through a server that takes calls and says nothing.
fn inviting(silent: &std::net::TcpListener) -> Remote {
    let access = "online: { responsible: anna, machines: [a, b, c], interval: 1s, take_over_after: 3s, access: { lars: { role: online.reader }, kim: { role: online.reader } } }";
    let old = "online: { responsible: anna, machines: [a, b, c], interval: 1s, take_over_after: 3s }";
    let firm = FIRM
        .replace(old, access)
        .replace("users:\n", "  kim-k: { name: Kim, email: kim@nordwind.example }\nusers:\n  kim: { employee: kim-k, allow: [program.start] }\n");
    let settings =
        format!("sync: {{ remote: origin, branch: main }}\nmail: {{ server: '{}' }}\n", "env:RIGHTFUL_MAIL_URL");
    let remote = Remote::with(&[("policies/firm.yaml", FIRM), ("rightful.yaml", &settings)]);
    assert!(remote.run("connect --as anna --yes").starts_with("exit 0"));
    remote.write("policies/firm.yaml", &firm);
    remote.commit("access");
    let port = silent.local_addr().unwrap().port();
    std::fs::write(remote.path("env"), format!("RIGHTFUL_MAIL_URL=smtp://127.0.0.1:{port}\n")).unwrap();
    remote
}

#[test]
fn a_mail_server_that_says_nothing_takes_nobody_the_lease() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let remote = inviting(&silent);
    let env = remote.path("env").display().to_string();
    let service = remote.start("a", &format!("--machine a --env-file {env}"), &[]);
    service.says("a synchronises");
    let asked = "SELECT count(*) FROM invitations WHERE attempts > 0";
    until("a letter is on its way", || query(&remote.path("a/crm.db"), asked)[0] != "0");
    // Longer than somebody else waits.
    std::thread::sleep(Duration::from_secs(5));
    let other = remote.run("sync --once --machine b");
    assert!(other.contains("waits: a synchronises"), "{other}");
    let failed = "SELECT count(*) FROM invitations WHERE mail_error IS NOT NULL";
    until("it failed", || query(&remote.path("a/crm.db"), failed)[0] == "1");
    assert_eq!(query(&remote.path("a/crm.db"), asked), ["1"], "who says nothing is not asked again at once");
    let doctor = remote.run(&format!("doctor --env-file {env}"));
    assert!(doctor.starts_with("exit 1") && doctor.contains("letters wrong waiting: 1; the mail server"), "{doctor}");
    assert!(doctor.contains("the next attempt is at 20"), "{doctor}");
    service.says("did not go, and is sent again later: the mail server");
    let status = remote.run(&format!("status --env-file {env}"));
    assert!(status.contains("letters waiting: 1; the mail server"), "{status}");
    until("the next letter is on its way", || query(&remote.path("a/crm.db"), asked) == ["2"]);
    let took = service.stop();
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert_eq!(query(&remote.path("a/crm.db"), "SELECT machine FROM service"), [""], "the lease is given up");
}

#[test]
fn a_git_that_is_told_to_stop_takes_along_what_it_started() {
    let remote = connected();
    remote.git("a", &["config", "remote.origin.url", "ssh://nobody@remote.invalid/x.git"]);
    let number = format!("{}.5", 7_000 + std::process::id() % 1_000);
    let sleeps = format!("sleep {number}; :");
    let service = remote.start("a", "--machine a", &[("GIT_SSH_COMMAND", &sleeps)]);
    let there = || {
        let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.filter(|line| line.starts_with(b"sleep\0") && String::from_utf8_lossy(line).contains(&number)).count()
    };
    until("it fetches", || there() == 1);
    service.stop();
    until("nothing is left", || there() == 0);
}

#[test]
fn a_first_synchronisation_that_died_is_told() {
    let remote = Remote::firm();
    assert!(remote.run("apply --yes").starts_with("exit 0"));
    by_hand(&remote, "UPDATE connection SET exclusive_until = '2999-01-01T08:30:00.000Z'");
    for command in ["doctor", "status"] {
        let said = remote.run(command);
        assert!(said.contains("a first synchronisation is going on"), "{said}");
        assert!(said.contains("its place is free at 2999-01-01 08:30"), "{said}");
    }
}

#[test]
fn whoever_is_responsible_and_cannot_be_is_told() {
    let remote = connected();
    by_hand(&remote, "UPDATE connection SET responsible = 'lars'");
    let doctor = remote.run("doctor");
    assert!(
        doctor.contains("connection wrong the policy makes anna responsible for synchronisation, but lars is"),
        "{doctor}"
    );
    let policy = FIRM.replace("responsible: anna, ", "");
    remote.write("policies/firm.yaml", &policy);
    remote.commit("nobody");
    remote.git("a", &["fetch", "-q"]);
    let doctor = remote.run("doctor");
    assert!(doctor.contains("no longer could: `lars` is no superuser"), "{doctor}");
}

#[test]
fn the_journal_has_a_line_with_the_time_for_each_thing() {
    let remote = connected();
    remote.write("rightful.yaml", "sync: { remote: origin, branch: main, drift: pull }\nsensitive: [data.export]\n");
    remote.commit("pull");
    by_hand(&remote, "INSERT INTO rules (user_id, right_id, effect) VALUES ('lars', 'data.export', 'allow')");
    let service = remote.start("a", "--machine a", &[("COLUMNS", "40")]);
    service.says("warning: the sensitive right");
    until("more turns", || log(&remote).len() > 3);
    let said = service.said();
    for line in said.lines() {
        assert!(line.starts_with("20") && line.as_bytes()[13] == b':', "{said}");
    }
    assert_eq!(said.matches("warning: the sensitive right").count(), 1, "{said}");
    service.stop();
}
