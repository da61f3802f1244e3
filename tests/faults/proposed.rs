//! Drift that is proposed: the branch says what is there now, what must not wait is said, and it is recorded once.

use super::service::{FIRM, Remote, query};
use super::sync::{by_hand, connected};

/// What a branch of the remote says of the policy.
fn proposed(remote: &Remote, branch: &str) -> String {
    remote.git("remote.git", &["show", &format!("{branch}:policies/firm.yaml")])
}

fn branches(remote: &Remote) -> Vec<String> {
    let all = remote.git("remote.git", &["for-each-ref", "--format=%(refname:short)", "refs/heads/rightful"]);
    all.lines().map(str::to_owned).collect()
}

/// With `drift: pull`, synchronised once.
fn pulling(settings: &str) -> Remote {
    let remote = connected();
    remote.write("rightful.yaml", &format!("sync: {{ remote: origin, branch: main, drift: pull }}\n{settings}"));
    remote.commit("pull");
    once(&remote);
    remote
}

fn once(remote: &Remote) -> String {
    let said = remote.run("sync --once --machine a");
    assert!(said.starts_with("exit 0"), "{said}");
    said
}

fn phone(remote: &Remote, number: &str) {
    by_hand(remote, &format!("UPDATE employees SET phone = {number} WHERE id = 'lars-k'"));
}

#[test]
fn the_branch_of_the_day_says_the_drift_as_it_is_now() {
    let remote = pulling("");
    phone(&remote, "'111'");
    let said = once(&remote);
    assert!(said.contains("but for what waits for review on `rightful/drift-20"), "{said}");
    let branch = branches(&remote).remove(0);
    assert!(proposed(&remote, &branch).contains("111"));
    let commits = || remote.git("remote.git", &["rev-list", "--count", &branch]);
    phone(&remote, "'222'");
    once(&remote);
    assert!(proposed(&remote, &branch).contains("222") && !proposed(&remote, &branch).contains("111"));
    let before = commits();
    // The policy goes on elsewhere; the same drift is not proposed again.
    remote.write("policies/more.yaml", "employees: { kim-k: { name: Kim } }\n");
    remote.commit("kim");
    once(&remote);
    assert_eq!(commits(), before);
    // What is merged now is what is in the database.
    remote.git("a", &["fetch", "-q"]);
    let merged = remote.git("a", &["merge-tree", "--write-tree", "main", &format!("origin/{branch}")]);
    assert!(remote.git("a", &["show", &format!("{merged}:policies/firm.yaml")]).contains("222"));
    phone(&remote, "NULL");
    let said = once(&remote);
    assert!(!said.contains("waits"), "{said}");
    assert_eq!(proposed(&remote, &branch), FIRM.trim(), "it is taken back");
    let message = remote.git("remote.git", &["log", "-1", "--format=%B", &branch]);
    assert!(message.contains("taken back here") && message.contains("Nothing has to be merged"), "{message}");
    let before = commits();
    once(&remote);
    assert_eq!(commits(), before, "and once");
    assert_eq!(remote.git("a", &["status", "--porcelain"]), "");
}

#[test]
fn on_another_day_drift_that_changed_stands_on_a_branch_of_its_own() {
    let remote = pulling("");
    phone(&remote, "'111'");
    once(&remote);
    // As if that had been long ago.
    let branch = branches(&remote).remove(0);
    for folder in ["a", "remote.git"] {
        remote.git(folder, &["branch", "-m", &branch, "rightful/drift-2026-01-01"]);
    }
    remote.git("a", &["update-ref", "-d", &format!("refs/remotes/origin/{branch}")]);
    once(&remote);
    assert_eq!(branches(&remote), ["rightful/drift-2026-01-01"], "it waits there still");
    phone(&remote, "'222'");
    let said = once(&remote);
    assert!(said.contains("`rightful/drift-2026-01-01` is superseded"), "{said}");
    assert_eq!(branches(&remote), ["rightful/drift-2026-01-01".to_owned(), branch.clone()]);
    assert!(proposed(&remote, "rightful/drift-2026-01-01").contains("111"));
    assert!(proposed(&remote, &branch).contains("222"));
    assert_eq!(remote.git("remote.git", &["rev-list", "--count", &format!("main..{branch}")]), "1");
    let message = remote.git("remote.git", &["log", "-1", "--format=%B", &branch]);
    assert!(message.contains("Supersedes rightful/drift-2026-01-01"), "{message}");
}

#[test]
fn a_branch_that_somebody_rebased_or_broke_is_gone_on_from() {
    let remote = pulling("");
    phone(&remote, "'111'");
    once(&remote);
    let branch = branches(&remote).remove(0);
    remote.clone("b");
    remote.git("b", &["checkout", "-q", &branch]);
    remote.git("b", &["commit", "-q", "--amend", "-m", "reworded"]);
    remote.git("b", &["push", "-q", "-f", "origin", &branch]);
    phone(&remote, "'222'");
    once(&remote);
    assert!(proposed(&remote, &branch).contains("222"));
    remote.git("b", &["fetch", "-q"]);
    remote.git("b", &["reset", "-q", "--hard", &format!("origin/{branch}")]);
    std::fs::write(remote.path("b/policies/firm.yaml"), "users: [").unwrap();
    remote.git("b", &["commit", "-qam", "broken"]);
    remote.git("b", &["push", "-q"]);
    once(&remote);
    assert!(proposed(&remote, &branch).contains("222") && proposed(&remote, &branch).contains("Nordwind"));
}

#[test]
fn drift_that_must_not_wait_is_said_loudly() {
    let remote = pulling("sensitive: [data.export]\n");
    phone(&remote, "'111'");
    once(&remote);
    let doctor = remote.run("doctor");
    assert!(doctor.contains("OK; what was changed in the database waits for review on `rightful/drift-20"), "{doctor}");
    let newest = "SELECT outcome, waiting, branch IS NOT NULL, alarm FROM sync_runs ORDER BY number DESC LIMIT 1";
    assert_eq!(query(&remote.path("a/crm.db"), newest), ["ok|1|1|"]);
    let status = remote.run("status");
    assert!(status.contains("OK 0 changes, waiting for review on `rightful/drift-20"), "{status}");
    // A sensitive right.
    by_hand(&remote, "INSERT INTO rules (user_id, right_id, effect) VALUES ('lars', 'data.export', 'allow')");
    let said = once(&remote);
    let warned: Vec<&str> = said.split("warning: ").collect();
    assert!(warned[1].contains("the sensitive right `data.export` goes to `lars`"), "{said}");
    let doctor = remote.run("doctor");
    assert!(doctor.starts_with("exit 1") && doctor.contains("log wrong"), "{doctor}");
    assert!(doctor.contains("is in force: the sensitive right `data.export` goes to `lars`"), "{doctor}");
    assert!(doctor.contains("`rightful apply` takes it back"), "{doctor}");
    assert!(remote.run("history").contains("warning: the sensitive right"));
    by_hand(&remote, "DELETE FROM rules WHERE right_id = 'data.export'");
    // What breaks the policy.
    remote.write("policies/expect.yaml", "expect:\n  - lars cannot sms.send\n");
    remote.commit("expect");
    by_hand(&remote, "INSERT INTO rules (user_id, right_id, effect) VALUES ('lars', 'sms.send', 'allow')");
    let said = once(&remote);
    assert!(said.contains("what is proposed breaks the policy: "), "{said}");
    assert!(remote.run("doctor").contains("breaks the policy"));
    // `rightful apply` takes it back, as is said.
    assert!(remote.run("apply --yes").starts_with("exit 0"));
    once(&remote);
    assert!(remote.run("doctor").contains("log OK"), "{}", remote.run("doctor"));
}

#[test]
fn a_name_that_is_none_keeps_nothing_else_from_being_proposed() {
    let remote = pulling("");
    by_hand(&remote, "INSERT INTO users (id) VALUES ('bad name!')");
    phone(&remote, "'111'");
    let said = once(&remote);
    assert!(said.contains("has a name that no policy can have is not proposed: `bad name!`"), "{said}");
    assert!(proposed(&remote, &branches(&remote)[0]).contains("111"));
    assert!(remote.run("doctor").contains("`bad name!`"));
}

#[test]
fn what_waits_is_recorded_once() {
    let remote = pulling("");
    let runs =
        || query(&remote.path("a/crm.db"), "SELECT count(*) FROM audit WHERE part = 'run'")[0].parse::<u32>().unwrap();
    let before = runs();
    phone(&remote, "'111'");
    for _ in 0..3 {
        once(&remote);
    }
    assert_eq!(runs(), before + 1);
    phone(&remote, "'222'");
    once(&remote);
    once(&remote);
    assert_eq!(runs(), before + 2);
    let history = remote.run("history");
    assert!(history.contains(" times since"), "{history}");
    assert!(remote.run("apply --keep-drift --yes").starts_with("exit 0"));
    assert!(remote.run("apply --keep-drift --yes").starts_with("exit 0"));
    assert_eq!(runs(), before + 4, "whoever does it by hand is recorded");
    // What went away and comes back is recorded again.
    phone(&remote, "NULL");
    once(&remote);
    phone(&remote, "'222'");
    once(&remote);
    assert_eq!(runs(), before + 5);
}

#[test]
fn several_companies_have_a_branch_each() {
    let firm = |name: &str| FIRM.replace("Nordwind GmbH", name);
    let settings = "companies:\n  nord: { policies: [policies/nord, policies/both], database: 'sqlite:nord.db' }\n  sued: { policies: [policies/sued, policies/both], database: 'sqlite:sued.db' }\nsync: { remote: origin, branch: main, drift: pull }\n";
    let remote = Remote::with(&[
        ("policies/nord/firm.yaml", &firm("Nord")),
        ("policies/sued/firm.yaml", &firm("Sued")),
        ("policies/both/kim.yaml", "employees: { kim-k: { name: Kim } }\n"),
        ("rightful.yaml", settings),
    ]);
    for company in ["nord", "sued"] {
        let said = remote.run(&format!("connect --as anna --yes --company {company}"));
        assert!(said.starts_with("exit 0"), "{said}");
        let database = rusqlite::Connection::open(remote.path(&format!("a/{company}.db"))).unwrap();
        database.execute_batch(&format!("UPDATE employees SET phone = '{company}' WHERE id = 'kim-k'")).unwrap();
    }
    for _ in 0..3 {
        let said = remote.run("sync --once --machine a");
        assert!(said.starts_with("exit 0") && said.contains("too, since the files are shared"), "{said}");
    }
    let found = branches(&remote);
    assert_eq!(found.len(), 2, "{found:?}");
    for (branch, company) in found.iter().zip(["nord", "sued"]) {
        assert!(branch.ends_with(&format!("-{company}")));
        assert!(remote.git("remote.git", &["show", &format!("{branch}:policies/both/kim.yaml")]).contains(company));
        assert_eq!(remote.git("remote.git", &["rev-list", "--count", &format!("main..{branch}")]), "1");
    }
}
