//! Plans in files, drift that stays, and the way back to an older revision.

use rightful::target::Target;
use rightful::target::sqlite::Sqlite;
use rusqlite::Connection;
use serde_json::Value;

use super::repository::Repository;

const DAY: &str = "2026-11-22";

const FIRM: &str = "
users: { lars: { allow: [data.export] }, anna: }
groups: { sales: { members: [lars, anna until 2026-11-22], allow: [lists.print] } }
";

/// A firm whose policy is committed.
fn firm() -> Repository {
    let firm = Repository::of(FIRM);
    firm.write(".gitignore", "*.db\n*.json\n");
    firm.commit("Rolf Lund", DAY, "Begin");
    firm
}

fn by_hand(firm: &Repository, sql: &str) {
    let connection = Connection::open(firm.path("crm.db")).unwrap();
    connection.execute_batch(sql).unwrap();
}

fn saved(firm: &Repository) -> Value {
    serde_json::from_slice(&std::fs::read(firm.path("plan.json")).unwrap()).unwrap()
}

/// Writes a plan with a digest that fits, as somebody can who knows how it is made.
fn forge(firm: &Repository, mut plan: Value) {
    let fields = plan.as_object_mut().unwrap();
    fields.remove("digest");
    let digest = blake3::hash(plan.to_string().as_bytes()).to_string();
    plan.as_object_mut().unwrap().insert("digest".to_owned(), digest.into());
    firm.write("plan.json", serde_json::to_string_pretty(&plan).unwrap());
}

fn refused(firm: &Repository, arguments: &str, why: &str) {
    let says = || Sqlite::at(&firm.path("crm.db")).read().unwrap();
    let before = says();
    let said = firm.run(arguments);
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.starts_with("exit 3\n") && line.contains(why), "{said}");
    assert_eq!(says(), before, "nothing is written");
}

#[test]
fn a_plan_is_kept_in_a_file_and_applied_as_it_is() {
    let firm = firm();
    let said = firm.run("plan --on 2026-11-22 -o plan.json");
    assert!(said.ends_with("\nkept for `rightful apply plan.json`\n"), "{said}");
    let plan = saved(&firm);
    assert_eq!(plan["revision"], firm.git("rev-parse HEAD"));
    assert_eq!((&plan["on"], &plan["keep_drift"], &plan["database"]), (&DAY.into(), &false.into(), &"crm.db".into()));
    // Which guards trip depends on who applies it.
    let (_, mut made) = firm.json("plan --on 2026-11-22");
    assert_eq!(made.as_object_mut().unwrap().remove("guards"), Some(serde_json::json!([])));
    // Nor is online access any part of it: that is settled when it is applied.
    assert_eq!(made.as_object_mut().unwrap().remove("online").unwrap()["refused"], serde_json::json!(null));
    assert_eq!(plan["plan"], made);
    assert!(!firm.path("crm.db").exists());
    assert!(firm.run("apply plan.json --yes --on 2026-11-22").contains("\napplied: "));
    assert!(firm.run("plan --on 2026-11-22 --exit-code").starts_with("exit 0\n"));
    refused(&firm, "apply plan.json --on 2026-11-22", "the plan `plan.json` is stale: crm.db was changed since");
}

#[test]
fn a_plan_of_a_commit_is_applied_whatever_the_files_say_now() {
    let firm = firm();
    firm.run("plan --on 2026-11-22 -o plan.json");
    firm.write("policies/a.yaml", FIRM.replace("data.export", "data.import"));
    assert!(firm.run("apply plan.json --on 2026-11-22").contains("\napplied: "));
    assert!(firm.run("plan --at HEAD --on 2026-11-22 --exit-code").starts_with("exit 0\n"));
    assert!(firm.run("plan --on 2026-11-22 --exit-code").starts_with("exit 1\n"));
}

#[test]
fn a_plan_of_files_that_are_not_committed_holds_as_long_as_they_do() {
    let firm = firm();
    firm.write("policies/a.yaml", FIRM.replace("data.export", "data.import"));
    firm.run("plan --on 2026-11-22 -o plan.json");
    assert_eq!(saved(&firm)["revision"], Value::Null);
    firm.write("policies/a.yaml", FIRM);
    let stale = "the plan `plan.json` is stale: the policy or its settings were changed since";
    refused(&firm, "apply plan.json --on 2026-11-22", stale);
    firm.write("rightful.yaml", "sensitive: [data.export]\n");
    refused(&firm, "apply plan.json --on 2026-11-22", stale);
    std::fs::remove_file(firm.path("rightful.yaml")).unwrap();
    firm.write("policies/a.yaml", FIRM.replace("data.export", "data.import"));
    assert!(firm.run("apply plan.json --on 2026-11-22").contains("\napplied: "));
}

#[test]
fn a_plan_that_somebody_edited_is_refused_even_with_a_digest_that_fits() {
    let firm = firm();
    firm.run("plan --on 2026-11-22 -o plan.json");
    let plan = saved(&firm);
    let edits: [fn(&mut Value); 9] = [
        |plan| plan["plan"]["changes"][0]["key"] = "data.everything".into(),
        |plan| drop(plan["plan"]["changes"].as_array_mut().unwrap().pop()),
        |plan| drop(plan["plan"]["gains"].as_array_mut().unwrap().pop()),
        |plan| plan["plan"]["gains"][0]["user"] = "nora".into(),
        |plan| plan["plan"]["fingerprint"] = "0".repeat(64).into(),
        |plan| plan["plan"]["note"] = "approved".into(),
        |plan| plan["policy"] = "0".repeat(64).into(),
        |plan| plan["on"] = "2026-11-20".into(),
        |plan| plan["revision"] = "main".into(),
    ];
    for edit in edits {
        let mut edited = plan.clone();
        edit(&mut edited);
        firm.write("plan.json", edited.to_string());
        let why = "the plan `plan.json` is not what the program wrote: somebody edited it";
        refused(&firm, "apply plan.json --on 2026-11-22", why);
        forge(&firm, edited.clone());
        if edited["on"] == plan["on"] {
            refused(&firm, "apply plan.json --on 2026-11-22", why);
        }
    }
    let mut edited = plan.clone();
    edited["seen"] = "0".repeat(64).into();
    forge(&firm, edited);
    refused(&firm, "apply plan.json --on 2026-11-22", "stale");
    let mut edited = plan.clone();
    edited["digest"] = "0".repeat(64).into();
    firm.write("plan.json", edited.to_string());
    refused(&firm, "apply plan.json --on 2026-11-22", "somebody edited it");
    let mut edited = plan.clone();
    edited["keep_drift"] = true.into();
    forge(&firm, edited);
    // With nothing in the database there is no drift, and so nothing but the word differs: it is applied as it says.
    assert!(firm.run("apply plan.json --on 2026-11-22").starts_with("exit 0\n"));
}

#[test]
fn what_is_no_plan_of_this_program_is_refused() {
    let firm = firm();
    firm.run("plan --on 2026-11-22 -o plan.json");
    let whole = std::fs::read_to_string(firm.path("plan.json")).unwrap();
    let mut older = saved(&firm);
    older["program"] = "rightful 0.0.1".into();
    for text in ["", "{}", "[]", "not JSON", &whole[..whole.len() / 2], "\u{0}\u{1}", &format!("{whole}{whole}")] {
        firm.write("plan.json", text);
        refused(&firm, "apply plan.json", "`plan.json` is not a whole plan of this program");
    }
    forge(&firm, older);
    refused(&firm, "apply plan.json", "was made by rightful 0.0.1, and this is rightful ");
    refused(&firm, "apply policies", "is not a whole plan");
    let said = firm.run("apply none.json");
    assert!(said.starts_with("exit 2\n") && said.contains("cannot read the plan `none.json`"), "{said}");
    for arguments in ["apply plan.json --at HEAD", "apply plan.json --keep-drift"] {
        let said = firm.run(arguments);
        assert!(said.starts_with("exit 2\n") && said.contains("cannot be used with"), "{said}");
    }
}

#[test]
fn a_plan_of_another_company_or_database_is_refused() {
    let firm = Repository::with(&[
        (
            "rightful.yaml",
            "companies: { north: { policies: [north], database: 'sqlite:n.db' }, south: { policies: [south], database: 'sqlite:s.db' } }",
        ),
        ("north/a.yaml", "users: { lars: }"),
        ("south/a.yaml", "users: { lars: }"),
    ]);
    let said = firm.run("plan --company north -o plan.json");
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert_eq!((&saved(&firm)["company"], &saved(&firm)["plan"]["company"]), (&"north".into(), &"north".into()));
    let said = firm.run("apply plan.json --company south");
    assert!(said.starts_with("exit 2\n") && said.contains("is for the company north"), "{said}");
    refused(&firm, "apply plan.json --database sqlite:s.db", "the plan `plan.json` is for n.db, and this is s.db");
    let mut edited = saved(&firm);
    edited["company"] = "south".into();
    edited["database"] = "s.db".into();
    forge(&firm, edited);
    refused(&firm, "apply plan.json", "somebody edited it");
    assert!(!firm.path("s.db").exists());
}

#[test]
fn a_database_that_moved_makes_a_plan_stale() {
    let firm = firm();
    firm.run("apply --on 2026-11-22");
    firm.write("policies/a.yaml", FIRM.replace("data.export", "data.import"));
    firm.run("plan --on 2026-11-22 -o plan.json");
    by_hand(&firm, "UPDATE users SET name = 'Lars' WHERE id = 'lars'");
    refused(&firm, "apply plan.json --on 2026-11-22", "is stale: crm.db was changed since");
    let said = |firm: &Repository| firm.run("apply plan.json --on 2026-11-22");
    insta::assert_snapshot!(said(&firm), @r#"
    exit 3
    -- stderr
    error: the plan `plan.json` is stale: crm.db was changed since; it would do this
      as well: `~ user lars: name "Lars" -> null`
     help: make a new plan with `rightful plan -o FILE`, and have it reviewed
    "#);
    // What was to be done is done, and more.
    by_hand(
        &firm,
        "DELETE FROM rules WHERE user_id = 'lars'; INSERT INTO users (id) VALUES ('a'), ('b'), ('c'), ('d');
         INSERT INTO rules (user_id, right_id, effect) VALUES ('lars', 'data.import', 'allow');",
    );
    insta::assert_snapshot!(said(&firm), @"
    exit 3
    -- stderr
    error: the plan `plan.json` is stale: crm.db was changed since; it would do this
      as well: `~ user a: active true -> false`, `~ user b: active true -> false`,
      `~ user c: active true -> false` and 2 more; and not this any more: `+ rule
      user:lars allow data.import`, `- rule user:lars allow data.export`
     help: make a new plan with `rightful plan -o FILE`, and have it reviewed
    ");
    by_hand(
        &firm,
        "UPDATE users SET name = NULL WHERE id = 'lars'; DELETE FROM users WHERE id < 'anna' OR id > 'b' AND id < 'f';",
    );
    insta::assert_snapshot!(said(&firm), @"
    exit 3
    -- stderr
    error: the plan `plan.json` is stale: crm.db was changed since; it would do this
      as well: `~ user b: active true -> false`; and not this any more: `+ rule
      user:lars allow data.import`, `- rule user:lars allow data.export`
     help: make a new plan with `rightful plan -o FILE`, and have it reviewed
    ");
    firm.write("policies/a.yaml", FIRM);
    insta::assert_snapshot!(said(&firm), @"
    exit 3
    -- stderr
    error: the plan `plan.json` is stale: crm.db was changed since; it would do this
      as well: `+ rule user:lars allow data.export`, `- rule user:lars allow
      data.import`, `~ user b: active true -> false`; and not this any more: `+ rule
      user:lars allow data.import`, `- rule user:lars allow data.export`
     help: make a new plan with `rightful plan -o FILE`, and have it reviewed
    ");
}

#[test]
fn a_plan_holds_on_another_day_if_it_does_the_same_to_people_then() {
    let firm = firm();
    firm.run("plan --on 2026-11-20 -o plan.json");
    let ended = "the plan `plan.json` is stale: on 2026-11-20 people gained and lost something else than now";
    refused(&firm, "apply plan.json --on 2026-11-23", ended);
    assert!(firm.run("apply plan.json --on 2026-11-21").contains("\napplied: "));
}

#[test]
fn a_plan_file_is_replaced_and_a_link_not_followed() {
    let firm = firm();
    firm.write("sub/other.txt", "kept");
    std::os::unix::fs::symlink("sub/other.txt", firm.path("plan.json")).unwrap();
    firm.run("plan --on 2026-11-22 -o plan.json");
    assert_eq!(std::fs::read_to_string(firm.path("sub/other.txt")).unwrap(), "kept");
    assert_eq!(saved(&firm)["on"], DAY);
    firm.run("plan --on 2026-11-22 -o sub/plan.json");
    assert!(firm.run("-C sub apply ../plan.json --on 2026-11-22").starts_with("exit 2\n"), "no policies there");
    assert!(firm.run("apply sub/plan.json --on 2026-11-22").contains("\napplied: "));
    let said = firm.run("plan -o none/plan.json");
    assert!(said.starts_with("exit 2\n") && said.contains("cannot write the plan to `none/plan.json`"), "{said}");
    let left = std::fs::read_dir(firm.path("sub")).unwrap().count();
    assert_eq!(left, 2, "nothing is left beside");
}

#[test]
fn nothing_but_a_plan_is_replaced_by_a_plan() {
    let firm = firm();
    firm.run("apply --on 2026-11-22");
    for path in ["crm.db", "policies/a.yaml"] {
        let before = std::fs::read(firm.path(path)).unwrap();
        let said = firm.run(&format!("plan -o {path} --on 2026-11-22"));
        assert!(said.starts_with("exit 2") && said.contains("is there already, and is no plan"), "{said}");
        assert_eq!(std::fs::read(firm.path(path)).unwrap(), before, "{path}");
    }
    firm.write("empty", "");
    assert!(firm.run("plan -o empty --on 2026-11-22").starts_with("exit 0"));
    assert!(firm.run("plan -o empty --on 2026-11-22").starts_with("exit 0"), "a plan is replaced");
}

#[test]
fn drift_that_is_kept_is_told_every_time() {
    let firm = firm();
    firm.run("apply --on 2026-11-22");
    by_hand(
        &firm,
        "INSERT INTO users (id, superuser) VALUES ('mallory', 1);
         UPDATE users SET name = 'Lars' WHERE id = 'lars';
         DELETE FROM rules WHERE user_id = 'lars'",
    );
    firm.write("policies/a.yaml", FIRM.replace("lists.print", "sms.send"));
    let plan = firm.run("plan --keep-drift --on 2026-11-22 -o plan.json");
    insta::assert_snapshot!(plan.lines().filter(|line| !line.starts_with("fingerprint")).collect::<Vec<_>>().join("\n"), @r#"
    exit 0
    2 changes to crm.db

    nobody declared this access, and no apply gave it:
      !  superuser  mallory

    policies/a.yaml:3  added: group:sales allows sms.send
      +  sms.send  2 users (anna, lars)

    taken out: group:sales allows lists.print
      -  lists.print  2 users (anna, lars)

    gained: 2 by 2 users; lost: 2 by 2 users; each right over each person counts

    in the database
      +  rule  group:sales: allow sms.send
      -  rule  group:sales: allow lists.print

    changed in the database, and left so
      !  user  lars name: database "Lars", policy nothing
      !  user  mallory: only in the database
      !  rule  user:lars allow data.export: missing in the database

    rows that give access: 2 as declared, 0 drifted, 0 expired, 1 rogue, 1 orphaned


    kept for `rightful apply plan.json`
    "#);
    assert!(firm.run("apply plan.json --on 2026-11-22").contains("\napplied: 2 changes"));
    let (code, again) = firm.json("plan --keep-drift --on 2026-11-22 --exit-code");
    assert_eq!((code, again["changes"].as_array().unwrap().len(), again["kept"].as_array().unwrap().len()), (1, 0, 3));
    assert_eq!(again["grants"]["rogue"], serde_json::json!([{ "kind": "superuser", "key": "mallory" }]));
    let reverting = firm.run("plan --on 2026-11-22");
    insta::assert_snapshot!(reverting.lines().filter(|line| !line.starts_with("fingerprint")).collect::<Vec<_>>().join("\n"), @r#"
    exit 0
    4 changes to crm.db

    nobody declared this access, and no apply gave it:
      !  superuser  mallory

    beside the rights
      ~  mallory is no longer a superuser

    policies/a.yaml:2  added: user:lars allows data.export
      +  data.export  lars

    with or without these edits every answer is the same
        the account mallory is no longer in use

    27 times a no stays a no for another reason (--unfold shows them)

    gained: 1 by 1 user; lost: 0 by 0 users; each right over each person counts

    in the database
      +  rule  user:lars: allow data.export  [drift: changed in the database, will
               be taken back]
      ~  user  lars: name "Lars" -> nothing  [drift: changed in the database, will
               be taken back]
      ~  user  mallory: superuser true -> false  [drift: changed in the database,
               will be taken back]
      ~  user  mallory: active true -> false  [drift: changed in the database, will
               be taken back]

    rows that give access: 3 as declared, 0 drifted, 0 expired, 1 rogue, 0 orphaned
    "#);
    let applied = firm.run("apply --on 2026-11-22");
    assert!(applied.contains("\n27 times a no stays a no for another reason\n"), "apply has no --unfold: {applied}");
    assert!(firm.run("plan --on 2026-11-22 --exit-code").starts_with("exit 0\n"));
}

#[test]
fn errors_are_told_of_a_plan_with_nothing_to_do() {
    let firm = firm();
    firm.run("apply --on 2026-11-22");
    firm.write("policies/b.yaml", "expect: [lars cannot data.export]");
    insta::assert_snapshot!(firm.run("plan --on 2026-11-22"), @"
    exit 0
    nothing to do: crm.db says what the policy says
    1 error: apply will refuse this; `rightful check` says what is wrong
    ");
    assert!(firm.run("apply --on 2026-11-22").starts_with("exit 1\n"));
}

#[test]
fn a_plan_of_an_older_revision_is_the_way_back() {
    let firm = firm();
    let first = firm.git("rev-parse HEAD");
    firm.run("apply --on 2026-11-22");
    firm.write("policies/a.yaml", FIRM.replace("anna: }", "anna: { allow: [data.import] }, nora: }"));
    firm.commit("Rolf Lund", DAY, "More");
    firm.run("apply --on 2026-11-22");
    firm.write("policies/b.yaml", "groups: { heads: { members: [anna], allow: [templates.manage] } }");
    firm.commit("Rolf Lund", DAY, "Heads, which is something else");
    firm.run("apply --on 2026-11-22");
    let said = firm.run(&format!("plan --at {first} --on 2026-11-22 -o plan.json"));
    assert_eq!(saved(&firm)["revision"], first.as_str());
    assert!(said.contains("the account nora is no longer in use"), "{said}");
    assert!(firm.run("apply plan.json --on 2026-11-22").contains("\napplied: "));
    assert!(firm.run(&format!("plan --at {first} --on 2026-11-22 --exit-code")).starts_with("exit 0\n"));
    // And forth again.
    assert!(firm.run("apply --on 2026-11-22").contains("\napplied: "));
    assert!(firm.run("plan --on 2026-11-22 --exit-code").starts_with("exit 0\n"));
}

#[test]
fn an_older_revision_is_applied_by_the_settings_of_now() {
    let firm = firm();
    let settings = |users: &str, database: &str| {
        format!(
            "guards: {{ remove_users: {users} }}\ncompanies: {{ north: {{ policies: [policies], database: 'sqlite:{database}' }} }}\n"
        )
    };
    firm.write("rightful.yaml", settings("100%", "old.db"));
    let old = firm.commit("Rolf Lund", DAY, "No guard");
    let more: String = (1..=8).map(|number| format!(", u{number}: ")).collect();
    firm.write("policies/a.yaml", FIRM.replace(", anna: }", &format!(", anna: {more} }}")));
    firm.write("rightful.yaml", settings("1", "crm.db"));
    firm.commit("Rolf Lund", DAY, "Guarded");
    assert!(firm.run("apply --on 2026-11-22").starts_with("exit 0\n"));
    refused(&firm, &format!("apply --at {old} --on 2026-11-22"), "guards refuse it: `remove_users`");
    let planned = firm.run(&format!("plan --at {old} --on 2026-11-22 -o plan.json"));
    assert!(planned.contains("rightful.yaml:1"), "the guard has its place in the settings of now: {planned}");
    refused(&firm, "apply plan.json --on 2026-11-22", "guards refuse it: `remove_users`");
    assert!(!firm.path("old.db").exists());
    firm.write("rightful.yaml", "guards: { remove_users: few }\n");
    let said = firm.run(&format!("apply --at {old} --on 2026-11-22"));
    assert!(said.starts_with("exit 2\n") && said.contains("the settings as they are now have errors"), "{said}");
}

#[test]
fn a_plan_is_known_by_its_database_and_not_by_where_that_lies() {
    let firm = firm();
    firm.run("apply --on 2026-11-22");
    firm.write("policies/a.yaml", FIRM.replace("data.export", "data.import"));
    firm.commit("Rolf Lund", DAY, "Import");
    firm.run("plan --on 2026-11-22 -o plan.json");
    assert_eq!(saved(&firm)["database_id"].as_str().map(str::len), Some(32));
    std::fs::create_dir(firm.path("elsewhere")).unwrap();
    std::fs::rename(firm.path("crm.db"), firm.path("elsewhere/moved.db")).unwrap();
    // One that says the same and was made the same way is another one.
    firm.run("apply --on 2026-11-22 --at HEAD~1");
    refused(&firm, "apply plan.json --on 2026-11-22", "is for another database that is called crm.db too");
    let said = firm.run("apply plan.json --on 2026-11-22 --database sqlite:elsewhere/moved.db");
    assert!(said.starts_with("exit 0\n") && said.contains("\napplied: 2 changes to elsewhere/moved.db"), "{said}");
}

#[test]
fn who_leaves_drift_as_it_is_stands_in_the_record() {
    let firm = firm();
    firm.run("apply --on 2026-11-22 --yes");
    by_hand(&firm, "UPDATE users SET superuser = 1 WHERE id = 'lars'");
    assert!(firm.run("apply --keep-drift --on 2026-11-22 --as anna").starts_with("exit 0\n"));
    let (_, audit) = firm.json("audit --part kept");
    let run = &audit["runs"][0];
    assert_eq!((&run["claims"]["acting_as"], &run["entries"][0]["body"]["key"]), (&"anna".into(), &"lars".into()));
}

#[test]
fn a_long_plan_says_at_its_end_what_it_does_and_a_short_one_does_not() {
    let end =
        |said: &str| said.lines().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
    let sample = Repository::sample();
    insta::assert_snapshot!(end(&sample.run("plan --on 2026-11-22")), @"

    in short
      315 changes to crm.db, a new database: +27 right, +13 module, +5 module-set,
        +3 attachment, +40 employee, +15 group, +2 role, +40 user, +52 member, +5
        access, +111 rule, +2 company
      gained: 3,035 by 39 users; lost: 0 by 0 users; each right over each person
        counts
    online access, but for the roles, begins as soon as the company is connected
    ");
    let said = sample.run("apply --yes --on 2026-11-22");
    let (short, applied) = (said.find("\nin short\n").unwrap(), said.find("\napplied: ").unwrap());
    assert!(short < applied, "{}", end(&said));
    assert!(!firm().run("plan --on 2026-11-22").contains("in short"));
}

#[test]
fn a_database_without_anything_of_ours_is_a_new_one() {
    let firm = firm();
    firm.write("crm.db", "");
    assert!(firm.run("plan").contains("to crm.db, a new database\n"));
    assert!(firm.run("apply --yes").contains("to crm.db, a new database\n"));
    firm.write("policies/a.yaml", FIRM.replace("anna:", "anna: { name: Anna }"));
    assert!(firm.run("plan").contains("to crm.db\n"));
}
