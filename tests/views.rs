//! What a CRM asks the database: the ready queries, what they look at, and what only the SQL itself can promise. On
//! both engines; that the views equal the resolver is a law, in `tests/laws/database.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

#[path = "server/asked.rs"]
mod asked;
#[path = "server/postgres.rs"]
mod server;

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::Value;

use asked::{Asked, OnServer, Rows};

const SQLITE_FIRST: &str = include_str!("../schema/sqlite/0001-first.sql");
const SQLITE_SECOND: &str = include_str!("../schema/sqlite/0002-audit-and-views.sql");
const SQLITE_THIRD: &str = include_str!("../schema/sqlite/0003-point-queries.sql");
const SQLITE_FOURTH: &str = include_str!("../schema/sqlite/0004-identity.sql");
const SQLITE_FIFTH: &str = include_str!("../schema/sqlite/0005-online.sql");
const SQLITE_SIXTH: &str = include_str!("../schema/sqlite/0006-sync.sql");
const POSTGRES: &str = concat!(
    include_str!("../schema/postgres/0002-first.sql"),
    include_str!("../schema/postgres/0002-append-only.sql"),
    include_str!("../schema/postgres/0003-point-queries.sql"),
    include_str!("../schema/postgres/0004-identity.sql"),
    include_str!("../schema/postgres/0005-online.sql"),
    include_str!("../schema/postgres/0005-online-triggers.sql"),
    include_str!("../schema/postgres/0006-sync.sql")
);
const ROLES: &str = include_str!("../schema/postgres/roles.sql");
const README: &str = include_str!("../schema/README.md");

/// The firm that the ready queries ask about.
const FIRM: &str = "
INSERT INTO rights (id, scope, own_data_allowed, builtin) VALUES
  ('data.export', 'plain', 1 = 0, 1 = 1), ('sms.send', 'plain', 1 = 0, 1 = 1),
  ('calendar.see', 'people', 1 = 1, 1 = 1), ('modules.use', 'modules', 1 = 0, 1 = 1),
  ('attachments.open', 'attachments', 1 = 0, 1 = 1);
INSERT INTO modules (id) VALUES ('contacts'), ('mail'), ('secret');
INSERT INTO module_sets (id) VALUES ('desk');
INSERT INTO module_set_modules (module_set_id, position, module_id) VALUES
  ('desk', 1, 'mail'), ('desk', 2, 'secret'), ('desk', 3, 'contacts');
INSERT INTO attachment_classes (id) VALUES ('programs'), ('archives');
INSERT INTO attachment_patterns (attachment_class_id, position, pattern) VALUES
  ('programs', 1, '*.exe'), ('programs', 2, '100%_!'), ('archives', 1, '*.zip');
INSERT INTO groups (id, module_set_id) VALUES ('staff', NULL), ('sales', 'desk'), ('inside', NULL), ('role:helper', NULL);
INSERT INTO users (id, active) VALUES ('lars', 1 = 1), ('anna', 1 = 1), ('karin', 1 = 1), ('olga', 1 = 0), ('uwe', 1 = 1);
INSERT INTO members (group_id, user_id, member_group_id) VALUES
  ('staff', NULL, NULL), ('sales', 'anna', NULL), ('sales', NULL, 'inside'), ('inside', 'lars', NULL),
  ('inside', 'olga', NULL);
INSERT INTO members (group_id, user_id, valid_until) VALUES ('sales', 'karin', '2020-12-31');
INSERT INTO access (user_id, group_id) VALUES ('uwe', 'role:helper');
INSERT INTO rules (user_id, right_id, effect, valid_until) VALUES
  ('karin', 'data.export', 'allow', '9999-12-31'), ('uwe', 'data.export', 'allow', '2020-12-31'),
  ('olga', 'data.export', 'allow', '9999-12-31'), ('anna', 'data.export', 'deny', '9999-12-31');
INSERT INTO rules (group_id, right_id, effect) VALUES
  ('sales', 'data.export', 'allow'), ('role:helper', 'sms.send', 'allow'), ('staff', 'sms.send', 'deny');
INSERT INTO rules (group_id, right_id, effect, target_kind) VALUES ('staff', 'modules.use', 'allow', 'everything'),
  ('sales', 'calendar.see', 'allow', 'everyone');
INSERT INTO rules (user_id, right_id, effect, target_kind, target_module_id)
  VALUES ('lars', 'modules.use', 'deny', 'module', 'secret');
INSERT INTO rules (group_id, right_id, effect, target_kind, target_group_id)
  VALUES ('sales', 'calendar.see', 'deny', 'group', 'inside');
INSERT INTO rules (group_id, right_id, effect, target_kind, target_attachment_class_id)
  VALUES ('sales', 'attachments.open', 'allow', 'attachment', 'archives');
";

/// What the web side of the firm knows.
const ONLINE: &str = "
UPDATE connection SET state = 'connected', responsible = 'anna', since = '2026-11-21T08:00:00.000Z';
INSERT INTO logins (user_id, email, since) VALUES ('anna', 'anna@nordwind.example', '2026-11-21T08:00:00.000Z');
INSERT INTO online_services (user_id, service) VALUES ('anna', 'crm'), ('anna', 'calendar'), ('lars', 'crm');
INSERT INTO sync_runs (number, at, machine, outcome, changes, conflicts, waiting)
  VALUES (1, '2026-11-22T08:00:00.000Z', 'crm-server', 'ok', 3, 0, 2);
";

/// An organisation of 10,000 users in 500 groups that are within each other, with 100,000 rules.
const LARGE: &str = "
INSERT INTO rights (id, scope, own_data_allowed, builtin) VALUES
  ('data.export', 'plain', 1 = 0, 1 = 1), ('calendar.see', 'people', 1 = 1, 1 = 1),
  ('modules.use', 'modules', 1 = 0, 1 = 1), ('attachments.open', 'attachments', 1 = 0, 1 = 1);
INSERT INTO modules (id) VALUES ('contacts'), ('mail');
INSERT INTO module_sets (id) VALUES ('desk');
INSERT INTO module_set_modules (module_set_id, position, module_id) VALUES ('desk', 1, 'mail'), ('desk', 2, 'contacts');
INSERT INTO attachment_classes (id) VALUES ('programs');
INSERT INTO attachment_patterns (attachment_class_id, position, pattern) VALUES ('programs', 1, '*.exe');
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
  INSERT INTO groups (id, module_set_id) SELECT 'g' || i, CASE i % 7 WHEN 0 THEN 'desk' END FROM n;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
  INSERT INTO users (id) SELECT 'u' || i FROM n;
INSERT INTO members (group_id) VALUES ('g0');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
  INSERT INTO members (group_id, member_group_id) SELECT 'g' || (i / 4), 'g' || i FROM n;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29999)
  INSERT INTO members (group_id, user_id) SELECT 'g' || ((i * 7 + i / 10000) % 500), 'u' || (i % 10000) FROM n;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
  INSERT INTO rules (user_id, right_id, effect) SELECT 'u' || i, 'data.export', 'allow' FROM n WHERE i % 2 = 0;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
  INSERT INTO rules (group_id, right_id, effect) SELECT 'g' || i, 'data.export', 'deny' FROM n;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 89999)
  INSERT INTO rules (group_id, right_id, effect, target_kind, target_user_id)
  SELECT 'g' || (i % 500), 'calendar.see', CASE i % 3 WHEN 0 THEN 'deny' ELSE 'allow' END, 'user', 'u' || ((i * 13 + i / 10000) % 10000)
  FROM n WHERE i % 500 < 490;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
  INSERT INTO rules (group_id, right_id, effect, target_kind, target_group_id)
  SELECT 'g' || (i % 500), 'calendar.see', 'allow', 'group', 'g' || ((i / 500 + i * 3) % 500) FROM n;
INSERT INTO rules (user_id, right_id, effect, target_kind) VALUES ('u5', 'modules.use', 'allow', 'everything');
ANALYZE;
";

fn in_memory(migrations: &[&str]) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    // As the program sets it; what is not safe by itself does not run in a view then.
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;").unwrap();
    migrations.iter().for_each(|sql| connection.execute_batch(sql).unwrap());
    connection
}

fn on_server(server: &server::Server) -> OnServer<server::Database> {
    let database = server.fresh_database();
    let url = database.url().to_owned();
    let asked = OnServer::at(&url, database);
    asked.run(POSTGRES).unwrap();
    asked
}

fn with_both_engines(check: impl Fn(&dyn Asked)) {
    check(&in_memory(&[SQLITE_FIRST, SQLITE_SECOND, SQLITE_THIRD, SQLITE_FOURTH, SQLITE_FIFTH, SQLITE_SIXTH]));
    check(&on_server(server::Server::shared()));
}

/// The queries of the page, in its order.
fn ready_queries() -> Vec<&'static str> {
    let blocks = README.split("```sql\n").skip(1);
    blocks.map(|block| block.split_once("```").unwrap().0.trim().trim_end_matches(';')).collect()
}

fn flat(rows: &Rows) -> Vec<String> {
    let words = |row: &Vec<Option<String>>| row.iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    rows.iter().map(words).collect()
}

#[test]
fn every_ready_query_answers_alike_on_both_engines() {
    // In the order of the page; what the firm's rules say, worked out by hand.
    let expected: [&[&str]; 20] = [
        &["1"],
        &["data.export"],
        &["1"],
        &["anna", "karin", "lars"],
        &["anna", "karin", "lars", "uwe"],
        &["karin user", "lars group-allow"],
        &["inside", "sales", "staff"],
        &["anna", "lars", "olga"],
        &["mail", "contacts"],
        &["0"],
        &["open"],
        &[],
        &[],
        &["1200"],
        &[],
        &[],
        &["calendar", "crm"],
        &[],
        &["2026-11-22T08:00:00.000Z crm-server ok 3 0 2"],
        &["3 run {}"],
    ];
    let queries = ready_queries();
    assert_eq!(queries.len(), expected.len());
    with_both_engines(|database| {
        database.run(FIRM).unwrap();
        database.run(ONLINE).unwrap();
        database
            .run("INSERT INTO audit (seq, run, part, body) VALUES (1, 1, 'run', '{}'), (2, 1, 'gain', '{}')")
            .unwrap();
        database.run("INSERT INTO audit (seq, run, part, body) VALUES (3, 2, 'run', '{}')").unwrap();
        for (query, expected) in queries.iter().zip(expected) {
            assert_eq!(flat(&database.ask(query).unwrap()), expected, "{query}");
        }
    });
}

#[test]
fn a_file_is_open_unless_one_of_its_classes_is_closed() {
    let query = ready_queries().into_iter().find(|query| query.contains("Setup.EXE")).unwrap();
    let files = [("letter.odt", "1"), ("setup.exe.zip", "1"), ("a.exe", "0"), ("100%_!", "0"), ("100xx!", "1")];
    with_both_engines(|database| {
        database.run(FIRM).unwrap();
        for (file, open) in files {
            let answer = database.ask(&query.replace("Setup.EXE", file)).unwrap();
            assert_eq!(flat(&answer), [open], "{file}");
        }
    });
}

#[test]
fn both_engines_say_the_same_of_everybody() {
    let views = [
        "SELECT * FROM user_group ORDER BY 1, 2",
        "SELECT user_id, group_id FROM group_user ORDER BY 1, 2",
        "SELECT * FROM effective_right ORDER BY 1, 2",
        "SELECT * FROM effective_scoped_right ORDER BY 1, 2, 3, 4",
    ];
    let (file, server) =
        (in_memory(&[SQLITE_FIRST, SQLITE_SECOND, SQLITE_THIRD, SQLITE_FOURTH]), on_server(server::Server::shared()));
    file.run(FIRM).unwrap();
    server.run(FIRM).unwrap();
    let mut of_file = views.map(|view| file.ask(view).unwrap());
    // Each engine has an order of its own.
    let mut of_server = views.map(|view| server.ask(view).unwrap());
    of_file.iter_mut().chain(&mut of_server).for_each(|rows| rows.sort());
    assert_eq!(of_file, of_server);
    assert_eq!(of_file[0], of_file[1], "the pairs are the same from either side");
    assert_eq!(of_file.map(|rows| rows.len()), [11, 11, 10, 5 * 5 + 5 * 3 + 5 * 2]);
}

/// Those of the ready queries that are about one user and at most a few targets, for somebody of the large organisation.
fn point_queries() -> Vec<String> {
    let is_point = |query: &&str| {
        let names_targets = query.contains("target_id =") || query.contains("target_id IN");
        query.contains("'lars'") && (names_targets || !query.contains("effective_scoped_right"))
    };
    let renamed = |query: &str| {
        let names = [("lars", "u5"), ("karin", "u77"), ("anna", "u3"), ("olga", "u4")];
        names.iter().fold(query.to_owned(), |query, (from, to)| query.replace(from, to))
    };
    ready_queries().into_iter().filter(is_point).map(renamed).collect()
}

#[test]
fn a_question_about_one_user_looks_at_nobody_elses_rows() {
    let queries = point_queries();
    assert_eq!(queries.len(), 7, "{queries:#?}");
    let file = in_memory(&[SQLITE_FIRST, SQLITE_SECOND, SQLITE_THIRD, SQLITE_FOURTH]);
    file.run(LARGE).unwrap();
    let server = on_server(server::Server::shared());
    server.run(LARGE).unwrap();
    // Without what ANALYZE found out as well: few run it on a file.
    for statistics in ["with statistics", "without"] {
        for query in &queries {
            let plan = file.ask(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps: Vec<&str> = plan.iter().filter_map(|row| row[3].as_deref()).collect();
            let scans =
                |step: &&str| ["SCAN members", "SCAN users", "SCAN rules"].iter().any(|scan| step.starts_with(scan));
            let all: Vec<&&str> =
                steps.iter().filter(|step| scans(step) && !step.ends_with("members_everyone")).collect();
            assert!(all.is_empty(), "{statistics}: {query}\n{steps:#?}");
            // Those of everyone by an index of their own: any other has all that are no users' in the way.
            assert!(steps.iter().any(|step| step.ends_with("members_everyone")), "{steps:#?}");
        }
        file.run("DELETE FROM sqlite_stat1; ANALYZE sqlite_schema").unwrap();
    }
    for query in &queries {
        let plan = server.ask(&format!("EXPLAIN (FORMAT JSON) {query}")).unwrap();
        let plan: Value = serde_json::from_str(plan[0][0].as_deref().unwrap()).unwrap();
        let mut looked_through = Vec::new();
        scans_of(&plan[0]["Plan"], &mut looked_through);
        assert!(looked_through.is_empty(), "{query}\n{looked_through:#?}");
        assert!(plan.to_string().contains("members_everyone"), "{plan:#}");
        let is_scoped = query.contains("effective_scoped_right");
        assert!(!is_scoped || plan.to_string().contains("rules_by_group_target"), "{plan:#}");
        // Above this the server compiles the query first, which takes longer than all else.
        let cost = plan[0]["Plan"]["Total Cost"].as_f64().unwrap();
        assert!(cost < 100_000.0, "{query}\n{cost}");
    }
    for (mine, theirs) in queries.iter().map(|query| (file.ask(query).unwrap(), server.ask(query).unwrap())) {
        assert_eq!(mine, theirs);
    }
}

/// The nodes of a plan that go through a whole table of people or rules.
fn scans_of(node: &Value, found: &mut Vec<String>) {
    let is_large = |table: &Value| matches!(table.as_str(), Some("users" | "members" | "rules"));
    let by_index = ["Index Cond", "Recheck Cond"].iter().any(|word| node.get(word).is_some());
    let is_everyone = node["Index Name"] == "members_everyone";
    if is_large(&node["Relation Name"]) && !by_index && !is_everyone {
        found.push(format!("{} on {} {}", node["Node Type"], node["Relation Name"], node["Index Name"]));
    }
    node["Plans"].as_array().into_iter().flatten().for_each(|node| scans_of(node, found));
}

#[test]
fn a_group_is_asked_for_its_users_without_the_others() {
    let file = in_memory(&[SQLITE_FIRST, SQLITE_SECOND, SQLITE_THIRD, SQLITE_FOURTH]);
    file.run(LARGE).unwrap();
    let counted = file.ask("SELECT count(*) FROM group_user WHERE group_id = 'g20'").unwrap();
    assert_eq!(counted, file.ask("SELECT count(*) FROM user_group WHERE group_id = 'g20'").unwrap());
    let plan = file.ask("EXPLAIN QUERY PLAN SELECT user_id FROM group_user WHERE group_id = 'g20'").unwrap();
    let scans: Vec<_> = flat(&plan).into_iter().filter(|step| step.contains("SCAN members")).collect();
    assert!(scans.iter().all(|step| step.ends_with("members_everyone")), "{scans:#?}");
    let server = on_server(server::Server::shared());
    server.run(LARGE).unwrap();
    let plan = server.ask("EXPLAIN (FORMAT JSON) SELECT user_id FROM group_user WHERE group_id = 'g20'").unwrap();
    let plan: Value = serde_json::from_str(plan[0][0].as_deref().unwrap()).unwrap();
    let mut looked_through = Vec::new();
    scans_of(&plan[0]["Plan"], &mut looked_through);
    // The users as a whole only where everyone is inside.
    looked_through.retain(|scan| !scan.contains("\"users\""));
    assert!(looked_through.is_empty(), "{looked_through:#?}");
    assert_eq!(counted, server.ask("SELECT count(*) FROM group_user WHERE group_id = 'g20'").unwrap());
}

#[test]
fn a_file_of_version_1_keeps_everything() {
    let file = in_memory(&[SQLITE_FIRST]);
    file.run(FIRM).unwrap();
    file.run(
        "INSERT INTO last_applied (kind, key, fields) VALUES ('user', 'lars', '{}');
         INSERT INTO runs (id, applied_at, os_user, revision, fingerprint, gains, losses) VALUES
           (3, '2026-01-02T03:04:05Z', 'ada', NULL, 'aa', 2, 1), (7, '2026-02-02T03:04:05Z', NULL, 'abc', 'bb', 0, 0);
         INSERT INTO run_changes (run_id, position, action, kind, key, field, before, after, origin) VALUES
           (7, 1, 'delete', 'group', 'x', NULL, '{\"name\":null}', NULL, 'drift'),
           (3, 2, 'update', 'user', 'lars', 'active', 'true', 'false', 'conflict'),
           (3, 1, 'create', 'user', 'lars', NULL, NULL, '{\"name\":\"L \\\"K\\\"\"}', 'policy')",
    )
    .unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                  AND name NOT IN ('runs', 'run_changes', 'lock', 'audit', 'identity')";
    let rows = |file: &Connection| -> BTreeMap<String, Rows> {
        let names = flat(&file.ask(tables).unwrap());
        names.into_iter().map(|name| (name.clone(), file.ask(&format!("SELECT * FROM {name}")).unwrap())).collect()
    };
    let answers = "SELECT * FROM effective_right UNION ALL
                   SELECT user_id, right_id || target_kind || target_id, allowed, step FROM effective_scoped_right";
    let (before, mut answered) = (rows(&file), file.ask(answers).unwrap());
    file.run(&format!("BEGIN; {SQLITE_SECOND} {SQLITE_THIRD} {SQLITE_FOURTH} COMMIT;")).unwrap();
    assert_eq!(rows(&file), before);
    let mut after = file.ask(answers).unwrap();
    answered.sort();
    after.sort();
    assert_eq!(after, answered);
    assert_eq!(
        flat(&file.ask("SELECT seq, run, part, body, coalesce(hash, '-') FROM audit ORDER BY seq").unwrap()),
        [
            r#"1 3 run {"applied_at":"2026-01-02T03:04:05Z","outcome":"ok","os_user":"ada","revision":null,"fingerprint":"aa","gains":2,"losses":1} -"#,
            r#"2 3 change {"action":"create","kind":"user","key":"lars","field":null,"before":null,"after":{"name":"L \"K\""},"origin":"policy"} -"#,
            r#"3 3 change {"action":"update","kind":"user","key":"lars","field":"active","before":true,"after":false,"origin":"conflict"} -"#,
            r#"4 7 run {"applied_at":"2026-02-02T03:04:05Z","outcome":"ok","os_user":null,"revision":"abc","fingerprint":"bb","gains":0,"losses":0} -"#,
            r#"5 7 change {"action":"delete","kind":"group","key":"x","field":null,"before":{"name":null},"after":null,"origin":"drift"} -"#,
        ]
    );
    assert_eq!(flat(&file.ask("SELECT * FROM lock").unwrap()), ["1 0"]);
}

#[test]
fn nobody_changes_what_was_recorded() {
    with_both_engines(|database| {
        database.run("INSERT INTO audit (seq, run, part, body) VALUES (1, 1, 'run', '{}')").unwrap();
        let changes = [
            "UPDATE audit SET body = '[]'",
            "DELETE FROM audit",
            "INSERT INTO audit (seq, run, part, body) VALUES (1, 2, 'run', '[]') ON CONFLICT (seq) DO UPDATE SET run = 2",
        ];
        for sql in changes {
            let refused = database.run(sql).unwrap_err();
            assert!(refused.contains("the audit is append-only"), "{sql}: {refused}");
        }
        assert!(database.run("INSERT INTO audit (seq, run, part, body) VALUES (2, 2, 'other', '{}')").is_err());
        assert!(database.run("INSERT INTO audit (seq, run, part, body) VALUES (2, 2, 'run', 'no')").is_err());
        database.run("INSERT INTO audit (seq, run, part, body, hash) VALUES (2, 2, 'run', '{}', 'ff')").unwrap();
        assert_eq!(flat(&database.ask("SELECT * FROM audit ORDER BY seq").unwrap()), ["1 1 run {}", "2 2 run {} ff"]);
    });
    let file = in_memory(&[SQLITE_FIRST, SQLITE_SECOND, SQLITE_THIRD, SQLITE_FOURTH]);
    file.run("INSERT INTO audit (seq, run, part, body) VALUES (1, 1, 'run', '{}')").unwrap();
    let replaced =
        file.run("INSERT OR REPLACE INTO audit (seq, run, part, body) VALUES (1, 2, 'run', '[]')").unwrap_err();
    assert!(replaced.contains("the audit is append-only"), "{replaced}");
    let emptied = on_server(server::Server::shared()).run("TRUNCATE audit").unwrap_err();
    assert!(emptied.contains("the audit is append-only"), "{emptied}");
}

#[test]
fn no_day_stands_there_that_is_not_in_the_calendar() {
    let days = [
        ("2024-02-29", true),
        ("0000-02-29", true),
        ("2000-02-29", true),
        ("2026-12-31", true),
        ("2026-02-29", false),
        ("1900-02-29", false),
        ("2026-04-31", false),
        ("2026-13-01", false),
        ("2026-1-1", false),
        ("yesterday", false),
    ];
    with_both_engines(|database| {
        database.run(FIRM).unwrap();
        for (day, is_one) in days {
            let rule = format!(
                "INSERT INTO rules (user_id, right_id, effect, valid_from, valid_until)
                                VALUES ('lars', 'sms.send', 'allow', '{day}', '{day}')"
            );
            let member = format!(
                "INSERT INTO members (group_id, user_id, valid_from, valid_until)
                                  VALUES ('staff', 'lars', '{day}', '{day}')"
            );
            assert_eq!(database.run(&rule).is_ok(), is_one, "{day}");
            assert_eq!(database.run(&member).is_ok(), is_one, "{day}");
        }
    });
}

#[test]
fn each_role_may_do_what_it_is_for_and_nothing_else() {
    // Roles belong to the whole server, so this one is nobody else's.
    let server = server::Server::start();
    let database = on_server(&server);
    database.run(ROLES).unwrap();
    let expected = [
        ("rightful_apply", "yyynyyynnnnnyyyyyyy"),
        ("rightful_plan", "nnnnnnynnnnnynnynny"),
        ("rightful_crm", "nnnnnnnnnnnnynynnny"),
        ("rightful_web", "nnnnnnnnnnnnnyynnnn"),
    ];
    let tried = [
        "INSERT INTO groups (id) VALUES ('sales'); INSERT INTO users (id) VALUES ('lars');
         INSERT INTO members (group_id, user_id) VALUES ('sales', 'lars'); UPDATE users SET id = 'l.kaufmann'",
        "INSERT INTO rights VALUES ('a.b', 'plain', false, true, NULL, NULL, NULL, NULL, NULL);
         INSERT INTO users (id) VALUES ('l'); INSERT INTO rules (user_id, right_id, effect) VALUES ('l', 'a.b', 'deny')",
        "DELETE FROM employees; DELETE FROM last_applied",
        "DELETE FROM users",
        "SELECT * FROM lock FOR UPDATE; UPDATE lock SET fence = fence + 1; UPDATE service SET fence = fence + 1;
         INSERT INTO machines (name, seen_at) VALUES ('a', ''); DELETE FROM sync_runs",
        "INSERT INTO audit (seq, run, part, body) VALUES (1, 1, 'run', '{}')",
        "SELECT * FROM rules; SELECT * FROM members; SELECT * FROM audit; SELECT * FROM last_applied, schema_parts;
         SELECT * FROM service, machines, sync_runs",
        "UPDATE audit SET run = 1",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "UPDATE schema_version SET version = 9",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "SELECT * FROM effective_right; SELECT * FROM effective_scoped_right; SELECT * FROM user_group, group_user, users",
        "UPDATE logins SET failed_logins = failed_logins + 1; SELECT * FROM login_state, online_limits, online_services",
        "INSERT INTO sessions VALUES ('s', 'user', 'l', '2026', '2027'); UPDATE sessions SET until = '2028';
         DELETE FROM sessions",
        "SELECT * FROM invitations",
        "UPDATE logins SET locked_at = NULL",
        "UPDATE connection SET state = 'connected', responsible = 'mallory', since = '2026'",
        "SELECT * FROM company, licence, licence_services",
    ];
    for (role, may) in expected {
        assert_eq!(tried.len(), may.len());
        for (sql, may) in tried.iter().zip(may.chars().map(|may| may == 'y')) {
            database.run(&format!("BEGIN; SET LOCAL ROLE {role}")).unwrap();
            let done = database.run(sql);
            database.run("ROLLBACK").unwrap();
            assert_eq!(done.is_ok(), may, "{role}: {sql}: {done:?}");
            let why = done.err().unwrap_or_default();
            assert!(may || why.contains("permission denied") || why.contains("must be owner"), "{role}: {sql}: {why}");
        }
    }
}
