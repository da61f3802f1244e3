//! What a plan may not do unless somebody says so by name: the incidents that other tools let through, each in a whole
//! little repository.

use rightful::plan::Reading;
use rightful::target::Target;
use rightful::target::sqlite::Sqlite;

use super::repository::Repository;

const ON: &str = "--on 2026-11-22";

/// So many users, by numbers.
fn users(numbers: impl IntoIterator<Item = usize>) -> String {
    let users = numbers.into_iter().map(|number| format!("  u{number:02}:\n"));
    format!("users:\n{}", users.collect::<String>())
}

const GROUPS: &str = "
groups:
  all: { members: [everyone], allow: [program.start] }
  sales: { members: [u01, u02, u03, u04, u05, u06, u07], allow: [data.export, calendar.see of everyone] }
";

/// Twelve people in two groups; every time the same.
fn firm() -> Repository {
    let firm = Repository::with(&[("policies/groups.yaml", GROUPS.to_owned()), ("policies/users.yaml", users(1..=12))]);
    assert_applied(&firm, "");
    firm
}

fn apply(firm: &Repository, flags: &str) -> String {
    firm.run(&format!("apply --yes {ON} {flags}"))
}

fn assert_applied(firm: &Repository, flags: &str) {
    let ran = apply(firm, flags);
    assert!(ran.starts_with("exit 0\n") && !ran.contains("guard"), "{ran}");
}

/// What a database says; that a run was refused stands beside it, in the record.
fn said_by(firm: &Repository, database: &str) -> Reading {
    Sqlite::at(&firm.path(database)).read().unwrap()
}

/// What an apply says that is refused and writes nothing.
fn refused_in(firm: &Repository, database: &str, flags: &str) -> String {
    let before = said_by(firm, database);
    let ran = apply(firm, flags);
    assert!(ran.starts_with("exit 3\n"), "{ran}");
    assert_eq!(said_by(firm, database), before);
    ran.split_once("-- stderr\n").unwrap().1.to_owned()
}

fn refused(firm: &Repository, flags: &str) -> String {
    refused_in(firm, "crm.db", flags)
}

/// The guards of a plan: name, subject, found, out of how many.
fn guards(firm: &Repository, arguments: &str) -> Vec<String> {
    let (code, plan) = firm.json(&format!("plan {ON} {arguments}"));
    assert_eq!(code, 0);
    let guards = plan["guards"].as_array().unwrap().iter();
    let shown = guards.map(|guard| {
        let subject = guard["subject"].as_str().unwrap_or("-");
        format!("{} {subject} {}/{}", guard["guard"].as_str().unwrap(), guard["found"], guard["of"])
    });
    shown.collect()
}

#[test]
fn a_deleted_members_section() {
    let firm = Repository::with(&[
        ("policies/users.yaml", users(1..=6)),
        (
            "policies/groups.yaml",
            "groups:\n  sales: { members: [u01, u02, u03, u04, u05, u06], allow: [program.start, data.export] }\n"
                .to_owned(),
        ),
    ]);
    assert_applied(&firm, "");
    firm.write("policies/groups.yaml", "groups:\n  sales: { allow: [program.start, data.export] }\n");
    insta::assert_snapshot!(refused(&firm, ""), @"
    guards: apply will refuse this unless each is overridden by its name
      !  lose_rights    limit 25% and 5 people by default
                        data.export: 6 of 6 lost: u01, u02, u03, u04, u05, u06
                        program.start: 6 of 6 lost: u01, u02, u03, u04, u05, u06
                        group:sales: its members lose 12 of 12 rights: u01, u02,
                        u03, u04, u05, u06
      !  empty_section  limit 2 by default
                        nothing left of 6 of kind member: u01, u02, u03, u04, u05,
                        u06

    error: nothing was applied, since guards refuse it: `lose_rights` and
      `empty_section`
     help: correct the policy; if all of this is meant, `rightful apply --override
           lose_rights --override empty_section` does it
    ");
    insta::assert_snapshot!(firm.run(&format!("plan {ON} --exit-code")).lines().filter(|line| !line.starts_with("fingerprint")).collect::<Vec<_>>().join("\n"), @"
    exit 1
    6 changes to crm.db

    taken out: user:u01, user:u02, user:u03, user:u04, user:u05 and user:u06 in
      group:sales
      -  data.export    all 6 users, was by group:sales
      -  program.start  all 6 users, was by group:sales

    gained: 0 by 0 users; lost: 12 by 6 users; each right over each person counts

    in the database
      -  member (6)  group:sales: user:u01, user:u02, user:u03, user:u04, user:u05,
                     user:u06


    guards: apply will refuse this unless each is overridden by its name
      !  lose_rights    limit 25% and 5 people by default
                        data.export: 6 of 6 lost: u01, u02, u03, u04, u05, u06
                        program.start: 6 of 6 lost: u01, u02, u03, u04, u05, u06
                        group:sales: its members lose 12 of 12 rights: u01, u02,
                        u03, u04, u05, u06
      !  empty_section  limit 2 by default
                        nothing left of 6 of kind member: u01, u02, u03, u04, u05,
                        u06
    ");
    let ran = refused(&firm, "--override lose_rights");
    assert!(ran.contains("guards refuse it: `empty_section`\n"), "{ran}");
    let words = ran.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("--override lose_rights --override empty_section"), "{ran}");
    let ran = apply(&firm, "--override lose_rights --override empty_section");
    assert!(ran.starts_with("exit 0\n") && ran.contains("\noverridden: `empty_section`, nothing left of 6"), "{ran}");
    assert!(firm.run("plan --exit-code").starts_with("exit 0\n"));
}

#[test]
fn an_empty_users_file() {
    // The firm is small, and nothing else in the policy misses its people.
    for people in [1, 2, 20] {
        let firm = Repository::with(&[
            ("policies/users.yaml", users(1..=people)),
            ("policies/groups.yaml", "groups: { all: { members: [everyone], allow: [program.start] } }\n".to_owned()),
        ]);
        assert_applied(&firm, "");
        firm.write("policies/users.yaml", "users:\n");
        let ran = refused(&firm, "");
        assert!(ran.contains(&format!("nothing left of {people} of kind user")), "{ran}");
        assert!(people < 20 || ran.contains("and 10 more"), "{ran}");
    }
}

#[test]
fn a_repository_checked_out_at_the_wrong_folder() {
    let firm = firm();
    // Another firm's policies, applied to this firm's database.
    firm.write("elsewhere/policies/a.yaml", "users: { kim: { allow: [program.start] } }\n");
    let before = said_by(&firm, "crm.db");
    let ran = firm.run(&format!("-C elsewhere apply --yes {ON} --database sqlite:../crm.db"));
    assert!(ran.starts_with("exit 3\n") && ran.contains("12 of 12 active accounts go out of use"), "{ran}");
    // None at all is no empty policy.
    std::fs::create_dir_all(firm.path("nothing/policies")).unwrap();
    let ran = firm.run(&format!("-C nothing apply --yes {ON} --database sqlite:../crm.db"));
    assert!(ran.starts_with("exit 2\n"), "{ran}");
    assert_eq!(said_by(&firm, "crm.db"), before);
}

#[test]
fn a_merge_that_leaves_one_company_empty() {
    let settings = "companies:\n  nord: { policies: [policies/common, policies/nord], database: \"sqlite:nord.db\" }\n  \
                    sued: { policies: [policies/common, policies/sued], database: \"sqlite:sued.db\" }\n";
    let common = "groups: { all: { members: [everyone], allow: [program.start] } }\n";
    let firm = Repository::with(&[
        ("rightful.yaml", settings.to_owned()),
        ("policies/common/a.yaml", common.to_owned()),
        ("policies/nord/a.yaml", users(1..=3)),
        ("policies/sued/a.yaml", users(4..=7)),
    ]);
    for company in ["nord", "sued"] {
        assert_applied(&firm, &format!("--company {company}"));
    }
    // What a merge left of a file that both branches had moved.
    firm.write("policies/sued/a.yaml", "# moved\n");
    firm.write("policies/nord/a.yaml", users(1..=7));
    assert_applied(&firm, "--company nord");
    let ran = refused_in(&firm, "sued.db", "--company sued");
    assert!(ran.contains("4 of 4 active accounts go out of use"), "{ran}");
    assert!(ran.contains("nothing left of 4 of kind user"), "{ran}");
}

#[test]
fn a_superuser_removing_himself() {
    let with = |anna: &str, karin: &str| {
        format!(
            "employees: {{ anna: {{ name: Anna }}, karin: {{ name: Karin }} }}\nusers:\n  anna: {{ employee: anna{anna} }}\n  \
             karin: {{ employee: karin{karin} }}\n  lars:\n"
        )
    };
    let firm = Repository::of(&with(", superuser: true", ""));
    assert_applied(&firm, "");
    firm.write("policies/a.yaml", with("", ""));
    let ran = refused(&firm, "");
    assert!(ran.contains("no active superuser is left: anna\n"), "{ran}");
    // Nor by taking the account out of use.
    firm.write("policies/a.yaml", with(", superuser: true, active: false", ""));
    assert_eq!(guards(&firm, ""), ["last_superuser - 1/1"]);
    // Handing it on is everyday business.
    firm.write("policies/a.yaml", with("", ", superuser: true"));
    assert_applied(&firm, "");
    firm.write("policies/a.yaml", with("", ""));
    firm.write("rightful.yaml", "guards: { last_superuser: off }\n");
    assert_applied(&firm, "");
}

#[test]
fn whoever_runs_it_keeps_the_own_access() {
    let me = std::process::Command::new("id").arg("-un").output().unwrap();
    let me = String::from_utf8(me.stdout).unwrap().trim().to_owned();
    let policy = |anna: &str| {
        format!(
            "employees: {{ anna: , karin: }}\nusers:\n  anna: {{ employee: anna, {anna} }}\n  \
             karin: {{ employee: karin, superuser: true, allow: [program.start] }}\n"
        )
    };
    let whole = "superuser: true, allow: [program.start]";
    let firm = Repository::of(&policy(whole));
    firm.write("rightful.yaml", format!("operators: {{ {me}: anna, somebody-else: karin }}\n"));
    assert_applied(&firm, "");
    firm.write("policies/a.yaml", policy("allow: [program.start]"));
    let ran = refused(&firm, "");
    assert!(ran.contains("the operator is no longer a superuser: anna\n"), "{ran}");
    firm.write("policies/a.yaml", policy("superuser: true"));
    assert_eq!(guards(&firm, ""), ["operator program.start 1/1"]);
    firm.write("policies/a.yaml", policy(&format!("{whole}, active: false")));
    assert_eq!(guards(&firm, ""), ["operator account 1/1", "operator program.start 1/1", "operator superuser 1/1"]);
    // A variable that anybody can set makes nobody another.
    let ran = firm.command(&format!("apply --yes {ON}")).env("USER", "somebody-else").output().unwrap();
    assert_eq!(ran.status.code(), Some(3));
    // Another name for the same account takes nothing from anybody.
    firm.write("policies/a.yaml", policy(whole).replace("  anna: {", "  anna.b: { renamed_from: anna,"));
    firm.write("rightful.yaml", format!("operators: {{ {me}: anna.b }}\n"));
    assert_applied(&firm, "");
    // What others lose is not the operator's.
    firm.write(
        "policies/a.yaml",
        std::fs::read_to_string(firm.path("policies/a.yaml")).unwrap().replace("karin, superuser: true", "karin"),
    );
    assert_applied(&firm, "");
    // The account has to be there.
    firm.write("rightful.yaml", format!("operators: {{ {me}: anna }}\n"));
    let ran = apply(&firm, "");
    assert!(ran.starts_with("exit 1\n") && ran.contains("unknown-user"), "{ran}");
}

#[test]
fn an_override_is_named_and_names_what_it_passes() {
    let firm = firm();
    firm.write(
        "policies/groups.yaml",
        GROUPS.replace("sales: { members: [u01, u02, u03, u04, u05, u06, u07], ", "sales: { "),
    );
    let ran = refused(&firm, "--override remove_users");
    assert!(ran.starts_with("warning: the guard `remove_users` does not trip"), "{ran}");
    let (code, out) = firm.json(&format!("apply --yes {ON} --override lose_rights --override lose_rights"));
    assert_eq!(code, 0);
    let subjects: Vec<&str> =
        out["overrides"].as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["calendar.see", "data.export", "group:all", "group:sales"]);
    insta::assert_snapshot!(firm.run("apply --override remove_user"), @"
    exit 2
    -- stderr
    error: invalid value 'remove_user' for '--override <GUARD>': did you mean
      remove_users? The guards are remove_users, lose_rights, gain_rights,
      empty_section, last_superuser, operator

    For more information, try '--help'.
    ");
}

#[test]
fn another_day_is_no_way_around_the_guards() {
    let firm = firm();
    // On a day of long ago nobody loses anything by it, and today everybody does.
    firm.write("policies/groups.yaml", GROUPS.replace("[program.start]", "['program.start until 2026-01-01']"));
    assert_eq!(
        guards(&firm, ""),
        ["lose_rights program.start 12/12", "lose_rights group:all 12/26", "lose_rights group:sales 7/21"]
    );
    let before = said_by(&firm, "crm.db");
    let ran = firm.run("apply --yes --on 2025-06-01");
    assert!(ran.starts_with("exit 3\n") && ran.contains("program.start: 12 of 12 lost"), "{ran}");
    assert_eq!(said_by(&firm, "crm.db"), before);
    let ran = firm.run("apply --yes --on 2025-06-01 --override lose_rights");
    assert!(ran.starts_with("exit 0\n"), "{ran}");
    // And the record says which day was named.
    let (_, history) = firm.json("history");
    let days: Vec<_> = history["runs"].as_array().unwrap().iter().map(|run| run["on"].as_str().unwrap()).collect();
    assert_eq!(days, ["2025-06-01", "2025-06-01", "2026-11-22"]);
    assert!(firm.run("audit --run 3").contains("gains and losses were worked out for 2025-06-01"));
    assert!(firm.run("apply --yes").starts_with("exit 0\n"));
}

#[test]
fn exact_limits() {
    let start = |settings: &str| {
        let firm = Repository::with(&[
            ("rightful.yaml", format!("# what may happen\nguards: {settings}\n")),
            ("policies/a.yaml", users(1..=20)),
            ("policies/b.yaml", "groups: { all: { members: [everyone], allow: [program.start] } }\n".to_owned()),
        ]);
        assert_applied(&firm, "");
        firm
    };
    let firm = start("{ remove_users: 10%, lose_rights: off }");
    firm.write("policies/a.yaml", users(4..=20));
    assert_eq!(guards(&firm, ""), ["remove_users - 3/20"]);
    let ran = refused(&firm, "");
    assert!(
        ran.contains("limit 10%, rightful.yaml:2\n")
            && ran.contains("3 of 20 active accounts go out of use: u01, u02, u03\n"),
        "{ran}"
    );
    firm.write("policies/a.yaml", users(3..=20));
    assert_applied(&firm, "");
    // Out of those that are in use now.
    firm.write("policies/a.yaml", users(5..=20));
    assert_eq!(guards(&firm, ""), ["remove_users - 2/18"]);
    firm.write("policies/a.yaml", users(4..=20));
    assert_applied(&firm, "");

    let firm = start("{ remove_users: 2, lose_rights: 100% }");
    firm.write("policies/a.yaml", users(4..=20));
    assert_eq!(guards(&firm, ""), ["remove_users - 3/20"]);
    firm.write("policies/a.yaml", users(3..=20));
    assert_applied(&firm, "");

    let firm = start("{ gain_rights: 5%, lose_rights: 5% }");
    let grant =
        |users: &[&str]| format!("groups: {{ few: {{ members: [{}], allow: [data.export] }} }}\n", users.join(", "));
    firm.write("policies/c.yaml", grant(&["u01"]));
    assert_eq!(guards(&firm, ""), ["gain_rights data.export 1/0"]);
    assert!(apply(&firm, "--override gain_rights").starts_with("exit 0\n"));
    // Of 21 rights that the members of `all` hold together, one is less than 5%.
    firm.write("policies/c.yaml", grant(&["u02"]));
    assert_eq!(
        guards(&firm, ""),
        ["lose_rights data.export 1/1", "lose_rights group:few 1/2", "gain_rights data.export 1/1"]
    );
}

#[test]
fn a_five_person_firm_changes_day_by_day() {
    let policy = |users: &str, groups: &str| {
        format!(
            "employees: {{ anna: }}\nusers: {{ anna: {{ superuser: true, employee: anna }}, {users} }}\ngroups:\n  \
             all: {{ members: [everyone], allow: [program.start] }}\n{groups}"
        )
    };
    let sales = |members: &str, rights: &str| format!("  sales: {{ members: [{members}], allow: [{rights}] }}\n");
    let (five, of_all) = ("ben: , cleo: , dora: , emil: ", "data.export, calendar.see+edit of everyone");
    let firm = Repository::of(&policy(five, &sales("ben, cleo, dora", of_all)));
    assert_applied(&firm, "");
    let days = [
        ("two leave", policy("ben: , cleo: ", &sales("ben, cleo", of_all))),
        ("two others come", policy("ben: , cleo: , fritz: , gerd: ", &sales("ben, fritz, gerd", of_all))),
        (
            "a group gets a right and loses others",
            policy("ben: , cleo: , fritz: , gerd: ", &sales("ben, gerd", "sms.send")),
        ),
        ("everybody gets one", policy(five, "  print: { members: [everyone], allow: [lists.print] }\n")),
        ("and loses it", policy(five, &sales("ben", of_all))),
        ("a group goes", policy(five, "")),
        ("a group comes", policy(five, &sales("everyone", of_all))),
    ];
    for (what, day) in days {
        firm.write("policies/a.yaml", day);
        let ran = apply(&firm, "");
        assert!(ran.starts_with("exit 0\n"), "{what}: {ran}");
    }
}

#[test]
fn a_first_apply_takes_nothing_from_anybody() {
    let many = Repository::with(&[
        ("policies/a.yaml", users(1..=60)),
        ("policies/b.yaml", "groups: { all: { members: [everyone], allow: [program.start] } }\n".to_owned()),
    ]);
    many.write("rightful.yaml", "guards: { gain_rights: 0, lose_rights: 0, remove_users: 0 }\n");
    assert_applied(&many, "");
    // A database that somebody else filled is another matter, though there was no apply.
    let database = rusqlite::Connection::open(many.path("crm.db")).unwrap();
    database.execute("DELETE FROM last_applied", []).unwrap();
    drop(database);
    many.write("rightful.yaml", "language: en\n");
    many.write("policies/a.yaml", users(1..=30));
    assert_eq!(
        guards(&many, ""),
        ["remove_users - 30/60", "lose_rights program.start 30/60", "lose_rights group:all 30/60"]
    );
}

#[test]
fn many_who_gain_are_noticed() {
    let people = |members: &str| {
        format!(
            "groups:\n  all: {{ members: [everyone], allow: [program.start] }}\n  it: {{ members: [{members}], allow: [data.export] }}\n"
        )
    };
    let firm = Repository::with(&[("policies/a.yaml", users(1..=40)), ("policies/b.yaml", people("u01, u02"))]);
    assert_applied(&firm, "");
    firm.write("policies/b.yaml", people("everyone"));
    assert_eq!(guards(&firm, ""), ["gain_rights data.export 38/2"]);
    refused(&firm, "");
}

#[test]
fn the_last_superuser_counts_whoever_made_it() {
    let with = |anna: &str| format!("employees: {{ ap: }}\nusers:\n  anna: {{ employee: ap{anna} }}\n  bert:\n");
    let firm = Repository::of(&with(", superuser: true"));
    assert_applied(&firm, "");
    let connection = rusqlite::Connection::open(firm.path("crm.db")).unwrap();
    // Somebody hands it on by hand, and the policy takes it from whoever had it.
    connection
        .execute_batch(
            "UPDATE users SET superuser = 0 WHERE id = 'anna'; UPDATE users SET superuser = 1 WHERE id = 'bert';",
        )
        .unwrap();
    firm.write("policies/a.yaml", with(""));
    assert_eq!(guards(&firm, ""), ["last_superuser - 1/1"]);
}

#[test]
fn what_somebody_took_out_long_ago_does_not_vanish_now() {
    let firm = Repository::with(&[
        ("policies/users.yaml", users(1..=6)),
        ("policies/groups.yaml", "modules: { a: , b: , c: , d: }\n".to_owned()),
    ]);
    assert_applied(&firm, "");
    let connection = rusqlite::Connection::open(firm.path("crm.db")).unwrap();
    connection.execute_batch("DELETE FROM modules").unwrap();
    firm.write("policies/groups.yaml", "");
    firm.write("policies/users.yaml", users(1..=5));
    assert_eq!(guards(&firm, ""), Vec::<String>::new());
}
