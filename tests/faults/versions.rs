//! Databases that an older version of the program made, and servers that were upgraded since.

use rightful::plan::Reading;
use rightful::target::{Run, Target, TargetError};
use rusqlite::Connection;

use super::firm::{File, Home, NEW, OLD, Remote, apply, planned, record};
use super::repository::Repository;
use super::server::Server;

const SQLITE: [&str; 5] = [
    include_str!("../../schema/sqlite/0001-first.sql"),
    include_str!("../../schema/sqlite/0002-audit-and-views.sql"),
    include_str!("../../schema/sqlite/0003-point-queries.sql"),
    include_str!("../../schema/sqlite/0004-identity.sql"),
    include_str!("../../schema/sqlite/0005-online.sql"),
];

const POSTGRES_SECOND: &str = concat!(
    include_str!("../../schema/postgres/0002-first.sql"),
    include_str!("../../schema/postgres/0002-append-only.sql")
);

/// What version 2 wrote down of itself on a server.
const PARTS_OF_SECOND: &str = "
    INSERT INTO schema_parts (kind, name, definition, server)
    SELECT kind, name, definition, current_setting('server_version_num')::integer / 10000 FROM (
      SELECT 'view' AS kind, relname::text AS name, pg_get_viewdef(oid) AS definition
      FROM pg_class WHERE relkind = 'v' AND relnamespace = current_schema()::regnamespace
      UNION ALL
      SELECT 'trigger', tgname || ' on ' || relname, tgenabled::text || ' ' || pg_get_triggerdef(pg_trigger.oid)
      FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
      WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
      UNION ALL
      SELECT 'index', indexed.relname::text, pg_get_indexdef(indexed.oid)
      FROM pg_index JOIN pg_class ON pg_class.oid = indrelid JOIN pg_class AS indexed ON indexed.oid = indexrelid
      WHERE pg_class.relnamespace = current_schema()::regnamespace AND pg_class.relname <> 'schema_parts'
    ) AS parts";

/// What an apply remembers and what it declares, in an order in which rows can be copied.
const TABLES: [&str; 13] = [
    "rights",
    "modules",
    "module_sets",
    "module_set_modules",
    "attachment_classes",
    "attachment_patterns",
    "employees",
    "groups",
    "users",
    "members",
    "access",
    "rules",
    "last_applied",
];

/// A file of an older version that says what a policy says.
fn file_of(version: usize, policy: &str) -> File {
    let (newest, file) = (File::new(), File::new());
    apply(&mut *newest.target(), policy).unwrap();
    let old = Connection::open(file.path()).unwrap();
    SQLITE[..version].iter().for_each(|sql| old.execute_batch(sql).unwrap());
    old.pragma_update(None, "application_id", 0x5247_4854).unwrap();
    old.pragma_update(None, "user_version", version as i64).unwrap();
    old.execute("ATTACH ?1 AS newest", [newest.path().to_str().unwrap()]).unwrap();
    for table in TABLES {
        old.execute_batch(&format!("INSERT INTO main.{table} SELECT * FROM newest.{table}")).unwrap();
    }
    if version == 1 {
        old.execute_batch(
            "INSERT INTO runs (id, applied_at, fingerprint, gains, losses) VALUES (1, '2026-01-02T03:04:05Z', 'aa', 2, 1)",
        )
        .unwrap();
    }
    file
}

/// A database of version 2 on a server that says what a policy says.
fn second_on<'a>(server: &'a Server, policy: &str) -> Remote<'a> {
    let remote = Remote::new(server);
    apply(&mut *remote.target(), policy).unwrap();
    remote.by_hand("ALTER SCHEMA public RENAME TO newest; CREATE SCHEMA public");
    remote.by_hand(&format!("{POSTGRES_SECOND}; {PARTS_OF_SECOND}"));
    for table in TABLES {
        remote.by_hand(&format!("INSERT INTO public.{table} SELECT * FROM newest.{table}"));
    }
    remote.by_hand("DROP SCHEMA newest CASCADE");
    remote
}

/// What came with a later version on servers, and what goes away with each.
const CAME: [(usize, &str); 3] = [
    (4, "DROP TABLE identity"),
    (
        5,
        "DROP VIEW login_state; DROP TABLE online_services, online_limits, logins, invitations, sessions, connection,
             licence_services, licence, company; DROP FUNCTION sessions_are_kept_out, login_email_never_changes",
    ),
    (6, "DROP TABLE sync_runs, machines, service"),
];

/// Takes out of what a schema wrote down of itself what is not there.
const FORGET: &str = r"
    DELETE FROM schema_parts WHERE CASE kind
      WHEN 'function' THEN to_regproc(name) IS NULL
      ELSE to_regclass(regexp_replace(name, '^.* (of|on) ', '')) IS NULL END";

/// A database of a later version that is not the newest.
fn later_on<'a>(server: &'a Server, version: usize, policy: &str) -> Remote<'a> {
    let remote = Remote::new(server);
    apply(&mut *remote.target(), policy).unwrap();
    for (_, gone) in CAME.iter().filter(|(since, _)| *since > version).rev() {
        remote.by_hand(gone);
    }
    remote.by_hand(&format!("{FORGET}; UPDATE schema_version SET version = {version}"));
    remote
}

/// An older database is read, brought to the newest version by an apply that has nothing else to do, and goes on.
fn goes_on(version: usize, home: &dyn Home, recorded: usize) {
    let newest = File::new();
    apply(&mut *newest.target(), OLD).unwrap();
    let mut target = home.target();
    let wanted = newest.target().read().unwrap();
    let found = target.read().unwrap();
    assert_eq!(found.id.is_some(), version >= 4, "it has no identity before");
    assert_eq!(found, Reading { id: found.id.clone(), ..wanted });
    assert!(planned(&mut *target, OLD).is_empty());
    let migrated = apply(&mut *target, OLD).unwrap();
    assert_eq!((migrated.applied, migrated.end.is_some()), (0, true), "the version is written, and that is recorded");
    assert_eq!(record(&mut *target).len(), recorded + 1);
    let settled = apply(&mut *home.target(), OLD).unwrap();
    assert_eq!(settled.end, None, "it is the newest now");
    apply(&mut *home.target(), NEW).unwrap();
    assert_eq!(home.target().read().unwrap().actual, {
        apply(&mut *newest.target(), NEW).unwrap();
        newest.target().read().unwrap().actual
    });
    record(&mut *home.target());
}

#[test]
fn a_database_of_each_older_version_is_read_and_brought_to_the_newest() {
    for version in 1..=SQLITE.len() {
        goes_on(version, &file_of(version, OLD), usize::from(version == 1));
    }
    goes_on(2, &second_on(Server::shared(), OLD), 0);
    for version in 3..6 {
        let later = later_on(Server::shared(), version, OLD);
        let recorded = record(&mut *later.target()).len();
        goes_on(version, &later, recorded);
    }
}

#[test]
fn the_program_takes_a_file_of_version_1_up() {
    let (file, repository) = (file_of(1, OLD), Repository::of(NEW));
    let run = |command: &str| repository.run(&format!("{command} --database sqlite:{}", file.path().display()));
    let before = std::fs::read(file.path()).unwrap();
    assert!(run("plan --on 2026-11-22").starts_with("exit 0\n"));
    assert!(run("audit").starts_with("exit 0\n"));
    assert_eq!(std::fs::read(file.path()).unwrap(), before, "reading writes nothing");
    let applied = run("apply --yes");
    assert!(applied.starts_with("exit 0\n"), "{applied}");
    let verified = run("audit verify");
    assert!(verified.starts_with("exit 0\n"), "{verified}");
    assert!(run("plan --exit-code").starts_with("exit 0\n"));
}

#[test]
fn what_somebody_changed_in_an_older_database_is_seen() {
    let remote = second_on(Server::shared(), OLD);
    remote.by_hand("DROP INDEX rules_key");
    let error = remote.target().read().unwrap_err();
    assert!(matches!(&error, TargetError::Altered { what, .. } if what == "index `rules_key`"), "{error}");
}

#[test]
fn after_an_upgrade_of_the_server_the_next_apply_of_the_owner_looks_anew() {
    let remote = Remote::new(Server::shared());
    let upgraded = "UPDATE schema_parts SET server = 9, definition = definition || ' as an older server writes it'";
    apply(&mut *remote.target(), OLD).unwrap();
    remote.by_hand(upgraded);
    assert!(remote.target().read().is_ok());
    assert!(apply(&mut *remote.target(), NEW).unwrap().end.is_some());
    let name = remote.database.name();
    assert_eq!(remote.server.sql(name, "SELECT count(*) FROM schema_parts WHERE server = 9"), "0");
    assert_eq!(remote.server.sql(name, "SELECT count(*) FROM pg_namespace WHERE nspname = 'rightful_anew'"), "0");
    // What was changed meanwhile is seen then.
    remote.by_hand(upgraded);
    remote.by_hand("ALTER TABLE rules DROP CONSTRAINT rules_right_id_fkey");
    let error = apply(&mut *remote.target(), OLD).unwrap_err();
    assert!(matches!(&error, TargetError::Altered { what, .. } if what.contains("rules_right_id_fkey")), "{error}");
    // Whoever may not make a schema finds nothing out, and can apply all the same.
    let remote = Remote::new(Server::shared());
    apply(&mut *remote.target(), OLD).unwrap();
    remote.by_hand(upgraded);
    let (name, role) = (remote.database.name(), format!("writer_{}", remote.database.name()));
    remote.by_hand(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'word'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let mut writer = rightful::target::postgres::Postgres::at(&remote.server.url_as(&role, "word", name)).unwrap();
    let plan = planned(&mut writer, NEW);
    assert!(writer.apply(&plan, &Run::default()).unwrap().end.is_some());
    assert_ne!(remote.server.sql(name, "SELECT count(*) FROM schema_parts WHERE server = 9"), "0");
    remote.by_hand(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
