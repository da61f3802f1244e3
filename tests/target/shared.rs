//! Databases that a CRM shares with us: what its two hooks are for, and what an address must say.

use std::path::{Path, PathBuf};

use rightful::model::key::SubjectKey;
use rightful::name::RightName;
use rightful::plan::Reading;
use rightful::syntax::rules::Effect;
use rightful::target::crm::{Crm, Renames};
use rightful::target::shared::Shared;
use rightful::target::sql::Sql;

use super::*;

/// The tables of a CRM, as far as a test needs them; on a server a flag is one.
const CRM: &str = "
    CREATE TABLE creme_core_userrole (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, is_ours BOOLEAN NOT NULL, size BIGINT);
    CREATE TABLE grants (login TEXT NOT NULL, role_id INTEGER NOT NULL REFERENCES creme_core_userrole);
    INSERT INTO creme_core_userrole (id, name, is_ours, size) VALUES (1, 'the CRM''s', true, NULL);
";

/// A CRM that never says other than our tables.
pub struct Quiet;

impl Crm for Quiet {
    fn schema(&self) -> &'static str {
        "CREATE TABLE crm_projection (id INTEGER PRIMARY KEY, note TEXT)"
    }

    fn table(&self) -> &'static str {
        "creme_core_userrole"
    }

    fn correct(&mut self, _: &mut dyn Sql, _: &mut Reading, _: usize) -> Result<(), TargetError> {
        Ok(())
    }

    fn project(&mut self, _: &mut dyn Sql, _: &State, _: &Renames, _: &Run) -> Result<(), TargetError> {
        Ok(())
    }
}

/// A CRM in which whoever is in a role of the name of a right has the right. It fails on request.
struct Granting {
    fails: bool,
}

fn rule(login: &str, right: &str) -> Key {
    Key::Rule {
        subject: SubjectKey::User(Name::new(login).unwrap()),
        right: RightName::foreign(right),
        target: None,
        effect: Effect::Allow,
        validity: Validity::ALWAYS,
    }
}

/// Who a rule allows which right, if it is one without a target.
fn granted(key: &Key) -> Option<(String, String)> {
    match key {
        Key::Rule { subject: SubjectKey::User(login), right, target: None, .. } => {
            Some((login.to_string(), right.to_string()))
        }
        _ => None,
    }
}

impl Crm for Granting {
    fn schema(&self) -> &'static str {
        Quiet.schema()
    }

    fn table(&self) -> &'static str {
        Quiet.table()
    }

    fn correct(&mut self, sql: &mut dyn Sql, reading: &mut Reading, version: usize) -> Result<(), TargetError> {
        let mut found = Vec::new();
        sql.rows(
            "SELECT login, name FROM grants JOIN creme_core_userrole ON id = role_id WHERE is_ours = $1 ORDER BY 1, 2",
            &[Some("1")],
            &mut |row| found.push((row[0].clone().unwrap(), row[1].clone().unwrap())),
        )?;
        if version == 0 {
            assert_eq!(*reading, Reading::default());
        }
        reading.actual.facts.retain(|key, _| granted(key).is_none());
        for (login, right) in found {
            // Accounts and rights are there before anybody has them.
            let user = Key::User(Name::new(&login).unwrap());
            let active = UserFact { active: true, ..UserFact::default() };
            reading.actual.facts.entry(user).or_insert(Fact::User(active));
            let known = desired("users: { x: }").state.facts;
            let catalogued = Key::Right(RightName::foreign(&right));
            let fact = known[&catalogued].clone();
            reading.actual.facts.entry(catalogued).or_insert(fact);
            reading.actual.facts.insert(rule(&login, &right), Fact::Rule(None));
        }
        Ok(())
    }

    fn project(&mut self, sql: &mut dyn Sql, after: &State, _: &Renames, _: &Run) -> Result<(), TargetError> {
        sql.execute("DELETE FROM grants", &[vec![]])?;
        for (login, right) in after.facts.keys().filter_map(granted) {
            let mut id = None;
            let known = "SELECT id FROM creme_core_userrole WHERE name = $1 AND is_ours = $2";
            sql.rows(known, &[Some(&right), Some("1")], &mut |row| id = row[0].clone())?;
            if id.is_none() {
                sql.rows(
                    "INSERT INTO creme_core_userrole (id, name, is_ours, size)
                     SELECT max(id) + 1, $1, $2, $3 FROM creme_core_userrole RETURNING id, is_ours, size",
                    &[Some(&right), Some("1"), None],
                    &mut |row| {
                        assert_eq!(row[1..], [Some("1".to_owned()), None]);
                        id = row[0].clone();
                    },
                )?;
            }
            sql.execute("INSERT INTO grants (login, role_id) VALUES ($1, $2)", &[vec![Some(login), id]])?;
        }
        if self.fails { Err(TargetError::Unfaithful("the test".to_owned())) } else { Ok(()) }
    }
}

/// A file of a CRM that this program has not seen yet.
pub fn file() -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = super::file();
    by_hand(&path, CRM);
    (folder, path)
}

/// The same on a server.
pub fn database() -> server::Database {
    let database = server::Server::shared().fresh_database();
    on_the_server(database.url(), CRM);
    database
}

/// A Creme in which nobody works yet.
const NOBODY: &str = "
    DELETE FROM creme_core_cremeuser_roles;
    DELETE FROM creme_core_cremeuser_teammates_set;
    DELETE FROM persons_contact;
    DELETE FROM creme_core_cremeentity;
    DELETE FROM activities_calendar;
    DELETE FROM creme_core_cremeuser WHERE NOT is_superuser;";

/// The file of such a Creme.
pub fn creme() -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = super::file();
    by_hand(&path, include_str!("../fixtures/creme/sqlite.sql"));
    by_hand(&path, NOBODY);
    (folder, path)
}

/// The same on a server.
pub fn creme_on_a_server() -> server::Database {
    let database = server::Server::shared().fresh_database();
    on_the_server(database.url(), include_str!("../fixtures/creme/postgres.sql"));
    on_the_server(database.url(), NOBODY);
    database
}

/// Does something in our tables or the CRM's on a server.
pub fn in_both(url: &str, sql: &str) {
    on_the_server(url, &format!("SET search_path = rightful, public; {sql}"));
}

/// Asks for one text by hand.
type Ask<'a> = &'a dyn Fn(&str) -> String;

/// Opens the database with a CRM.
type Open<'a, C> = &'a dyn Fn(C) -> Box<dyn Target>;

/// Hands on a database of a CRM on each engine: how to open it, how to ask it for a text by hand, and how to do something.
fn with_every_crm<C: Crm + 'static>(check: impl Fn(Open<'_, C>, Ask<'_>, &dyn Fn(&str))) {
    let (_folder, path) = file();
    let ask = |sql: &str| {
        let answer: Option<String> = Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
        answer.unwrap_or_default()
    };
    check(&|crm| Box::new(Shared::new(Sqlite::at(&path), crm)), &ask, &|sql| by_hand(&path, sql));
    let database = database();
    let ask = |sql: &str| {
        let mut client = postgres::Client::connect(database.url(), postgres::NoTls).unwrap();
        client.batch_execute("SET search_path = rightful, public").unwrap();
        let answer: Option<String> = client.query_one(sql, &[]).unwrap().get(0);
        answer.unwrap_or_default()
    };
    let open = |crm| -> Box<dyn Target> { Box::new(Shared::new(Postgres::at(database.url()).unwrap(), crm)) };
    check(&open, &ask, &|sql| in_both(database.url(), sql));
}

const GRANTS: &str = "
    SELECT group_concat(login || ' ' || name, ', ')
    FROM (SELECT login, name FROM grants JOIN creme_core_userrole ON id = role_id ORDER BY 1, 2) AS granted";

const RULES: &str = "
    SELECT group_concat(user_id || ' ' || right_id, ', ')
    FROM (SELECT user_id, right_id FROM rules ORDER BY 1, 2) AS ruled";

/// Of who is allowed what: what the CRM says, and what our tables do.
fn both(ask: Ask<'_>, is_server: bool) -> [String; 2] {
    [GRANTS, RULES].map(|sql| ask(&if is_server { sql.replace("group_concat", "string_agg") } else { sql.to_owned() }))
}

/// Whether the database is on a server.
fn is_server(target: &dyn Target) -> bool {
    target.name().is_some()
}

#[test]
fn what_is_granted_in_the_crm_is_drift_and_goes_with_the_next_apply() {
    let policy = "users: { lars: { allow: [data.export] }, anna: }\n";
    with_every_crm(|open: Open<'_, Granting>, ask, by_hand| {
        // Before our tables are there, the CRM says already who may do what.
        by_hand(
            "INSERT INTO creme_core_userrole (id, name, is_ours) VALUES (7, 'sms.send', true);
                 INSERT INTO grants (login, role_id) VALUES ('anna', 7), ('zoe', 7)",
        );
        let mut target = open(Granting { fails: false });
        let target = &mut *target;
        let both = |is_server| both(ask, is_server);
        let first = target.read().unwrap();
        assert_eq!((first.base, first.id), (None, None));
        assert!(first.actual.facts.contains_key(&rule("zoe", "sms.send")));
        let plan = planned(target, policy);
        assert!(changes(&plan).contains(&"delete rule user:zoe allow sms.send".to_owned()), "{:?}", changes(&plan));
        apply(target, policy);
        let says = |text: &str| [text.to_owned(), text.to_owned()];
        let on_server = is_server(target);
        assert_eq!(both(on_server), says("lars data.export"));
        // Somebody gives a right there, and takes one.
        by_hand(
            "UPDATE grants SET role_id = 7; INSERT INTO grants (login, role_id) SELECT 'anna', id FROM creme_core_userrole WHERE name = 'data.export'",
        );
        let plan = planned(target, policy);
        let drift = [
            "create rule user:lars allow data.export drift",
            "delete rule user:anna allow data.export drift",
            "delete rule user:lars allow sms.send drift",
        ];
        let mut told = changes(&plan);
        told.sort();
        assert_eq!(told, drift);
        // What shall stay is taken up into our tables.
        let kept = plan_of(target, policy, Drift::Keep);
        target.apply(&kept, &a_run()).unwrap();
        assert_eq!(both(on_server), says("anna data.export, lars sms.send"));
        let more = "users: { lars: { allow: [data.export, lists.print] }, anna: }\n";
        let kept = plan_of(target, more, Drift::Keep);
        target.apply(&kept, &a_run()).unwrap();
        assert_eq!(both(on_server), says("anna data.export, lars lists.print, lars sms.send"));
        apply(target, policy);
        assert_eq!(both(on_server), says("lars data.export"));
        assert!(target.read().unwrap().id.is_some());
    });
}

#[test]
fn the_crm_and_our_tables_are_written_together_or_not_at_all() {
    let policy = |right: &str| format!("users: {{ lars: {{ allow: [{right}] }} }}\n");
    with_every_crm(|open: Open<'_, Granting>, ask, by_hand| {
        let mut target = open(Granting { fails: true });
        let on_server = is_server(&*target);
        let plan = planned(&mut *target, &policy("sms.send"));
        assert!(matches!(target.apply(&plan, &a_run()), Err(TargetError::Unfaithful(_))));
        // Nothing of ours was left, and nothing of it in the CRM.
        assert_eq!(target.identity().unwrap(), None);
        assert_eq!(ask("SELECT cast(count(*) AS text) FROM creme_core_userrole"), "1");
        let ours = match on_server {
            true => "SELECT cast(to_regnamespace('rightful') AS text)",
            false => "SELECT name FROM sqlite_schema WHERE name = 'rules' UNION SELECT NULL ORDER BY 1 DESC",
        };
        assert_eq!(ask(ours), "");
        apply(&mut *open(Granting { fails: false }), &policy("sms.send"));
        let plan = planned(&mut *target, &policy("data.export"));
        assert!(target.apply(&plan, &a_run()).is_err());
        assert_eq!(both(ask, on_server), ["lars sms.send", "lars sms.send"]);
        // What the CRM cannot take takes ours back too.
        by_hand("UPDATE creme_core_userrole SET is_ours = false WHERE name = 'sms.send'");
        let mut target = open(Granting { fails: false });
        let plan = planned(&mut *target, &policy("sms.send"));
        assert!(matches!(target.apply(&plan, &a_run()), Err(TargetError::Unable { .. })));
        assert_eq!(both(ask, on_server), ["lars sms.send", "lars sms.send"]);
    });
}

/// A CRM that is asked in the words of a test.
struct Asked(fn(&mut dyn Sql) -> Result<(), TargetError>);

impl Crm for Asked {
    fn schema(&self) -> &'static str {
        Quiet.schema()
    }

    fn table(&self) -> &'static str {
        Quiet.table()
    }

    fn correct(&mut self, sql: &mut dyn Sql, _: &mut Reading, _: usize) -> Result<(), TargetError> {
        (self.0)(sql)
    }

    fn project(&mut self, _: &mut dyn Sql, _: &State, _: &Renames, _: &Run) -> Result<(), TargetError> {
        Ok(())
    }
}

/// All that a statement gives.
fn asked(sql: &mut dyn Sql, statement: &str, values: &[Option<&str>]) -> Vec<Vec<Option<String>>> {
    let mut found = Vec::new();
    sql.rows(statement, values, &mut |row| found.push(row.to_vec())).unwrap();
    found
}

#[test]
fn values_go_and_come_as_text_whatever_the_columns_are() {
    with_every_crm(|open: Open<'_, Asked>, _, _| {
        let mut target = open(Asked(|sql| {
            let text = |text: &str| Some(text.to_owned());
            let by_number = "SELECT id, name, is_ours, size FROM creme_core_userrole WHERE id = $1 AND name <> $2";
            let one = vec![text("1"), text("the CRM's"), text("1"), None];
            assert_eq!(asked(sql, by_number, &[Some("1"), Some("x")]), [one]);
            // The same statement once more, with other values.
            assert_eq!(asked(sql, by_number, &[Some("2"), Some("x")]), Vec::<Vec<_>>::new());
            assert_eq!(asked(sql, by_number, &[Some("1"), None]), Vec::<Vec<_>>::new());
            let counted = "SELECT count(*), count(*) * 1000000 FROM creme_core_userrole WHERE size IS NULL";
            assert_eq!(asked(sql, counted, &[]), [[text("1"), text("1000000")]]);
            let strange = "it's \"; DROP TABLE grants; -- $1 ü";
            assert_eq!(asked(sql, "SELECT id FROM creme_core_userrole WHERE name = $1", &[Some(strange)]).len(), 0);
            let error = sql.rows("SELECT nothing FROM creme_core_userrole", &[], &mut |_| {}).unwrap_err();
            assert!(matches!(&error, TargetError::OtherCrm { what, .. } if what.contains("nothing")), "{error}");
            Ok(())
        }));
        target.read().unwrap();
    });
    let database = database();
    on_the_server(
        database.url(),
        "
        CREATE TABLE kinds (id uuid, at timestamptz, extra jsonb, share numeric(5, 2), small smallint, is_on boolean);
        INSERT INTO kinds VALUES ('0f0e0d0c-0b0a-0908-0706-050403020100', NULL, '{\"a\": 1}', 1.50, 7, false)",
    );
    let mut target = Shared::new(
        Postgres::at(database.url()).unwrap(),
        Asked(|sql| {
            let id = Some("0f0e0d0c-0b0a-0908-0706-050403020100");
            let found = asked(
                sql,
                "SELECT id, at, extra, share, small, is_on FROM kinds WHERE id = $1 AND small = $2 AND is_on = $3",
                &[id, Some("7"), Some("0")],
            );
            let texts: Vec<Option<&str>> = found[0].iter().map(Option::as_deref).collect();
            assert_eq!(texts, [id, None, Some("{\"a\": 1}"), Some("1.50"), Some("7"), Some("0")]);
            Ok(())
        }),
    );
    target.read().unwrap();
}

#[test]
fn an_address_says_whether_a_database_is_a_crms() {
    let refused = |target: &mut dyn Target| {
        let plan = planned(&mut Memory::default(), FIRM);
        let applied = target.apply(&plan, &a_run()).unwrap_err();
        let read = target.read().unwrap_err();
        assert_eq!(applied.to_string(), read.to_string());
        assert!(target.alter(&a_run(), &mut |_, _| None).is_err());
        assert!(!read.help().is_empty());
        read
    };
    let (folder, path) = file();
    let crm = |path: &Path| Shared::new(Sqlite::at(path), Quiet);
    assert!(matches!(refused(&mut Sqlite::at(&path)), TargetError::SharedWithCrm(_)));
    apply(&mut crm(&path), FIRM);
    assert!(matches!(refused(&mut Sqlite::at(&path)), TargetError::SharedWithCrm(_)));
    // A file of a CRM is never made, nor is one of our own, or an empty one, taken for it.
    let missing = folder.path().join("missing.db");
    assert!(matches!(refused(&mut crm(&missing)), TargetError::Unreachable { .. }));
    assert!(!missing.exists());
    std::fs::write(&missing, "").unwrap();
    assert!(matches!(refused(&mut crm(&missing)), TargetError::NotTheCrm { .. }));
    assert_eq!(std::fs::metadata(&missing).unwrap().len(), 0);
    let own = folder.path().join("own.db");
    apply(&mut Sqlite::at(&own), FIRM);
    assert!(matches!(refused(&mut crm(&own)), TargetError::NotTheCrm { .. }));
    // The CRM may need a name that we do.
    let (_taken, taken) = file();
    by_hand(&taken, "CREATE TABLE Users (id)");
    assert!(matches!(refused(&mut crm(&taken)), TargetError::Foreign(_)));
    // Our own tables are looked at as ever, and the CRM's are its own business.
    by_hand(&path, "ALTER TABLE grants ADD note; CREATE VIEW granted AS SELECT * FROM grants");
    crm(&path).read().unwrap();
    by_hand(&path, "DROP INDEX rules_key");
    assert!(matches!(refused(&mut crm(&path)), TargetError::Altered { .. }));
}

#[test]
fn an_address_says_whether_a_servers_database_is_a_crms() {
    let refused = |target: &mut dyn Target| {
        let plan = planned(&mut Memory::default(), FIRM);
        assert!(target.apply(&plan, &a_run()).is_err());
        target.read().unwrap_err()
    };
    let database = database();
    let plain = |url: &str| Postgres::at(url).unwrap();
    let crm = |url: &str| Shared::new(Postgres::at(url).unwrap(), Quiet);
    assert!(matches!(refused(&mut plain(database.url())), TargetError::SharedWithCrm(_)));
    apply(&mut crm(database.url()), FIRM);
    assert!(matches!(refused(&mut plain(database.url())), TargetError::SharedWithCrm(_)));
    // Neither the schema beside nor another one takes a plain address in.
    on_the_server(database.url(), "CREATE SCHEMA empty; CREATE SCHEMA firm");
    let within = |schema: &str| {
        let separator = if database.url().contains('?') { '&' } else { '?' };
        format!("{}{separator}options=-csearch_path%3D{schema}", database.url())
    };
    for schema in ["rightful", "empty"] {
        assert!(matches!(refused(&mut plain(&within(schema))), TargetError::SharedWithCrm(_)), "{schema}");
    }
    // Whoever has our own schema first on the path means the same database.
    let again = crm(&within("rightful,public")).read().unwrap();
    assert_eq!(again, crm(database.url()).read().unwrap());
    assert_eq!(again.actual, desired(FIRM).state);
    let mut shared = crm(&within("rightful,public"));
    shared.read().unwrap();
    assert!(!Target::name(&shared).unwrap().contains("rightful"), "{:?}", Target::name(&shared));
    // Where there is no CRM, and where somebody has a database of our own in the schema that ours would get.
    let other = server::Server::shared().fresh_database();
    assert!(matches!(refused(&mut crm(other.url())), TargetError::NotTheCrm { .. }));
    let other = self::database();
    on_the_server(other.url(), "CREATE SCHEMA rightful");
    let own =
        format!("{}{}options=-csearch_path%3Drightful", other.url(), if other.url().contains('?') { '&' } else { '?' });
    apply(&mut plain(&own), FIRM);
    assert!(matches!(refused(&mut crm(other.url())), TargetError::Foreign(_)));
    // A schema of that name alone is filled, whoever made it; one that this role may not use is told.
    let made = self::database();
    on_the_server(made.url(), "CREATE SCHEMA rightful");
    apply(&mut crm(made.url()), FIRM);
    on_the_server(made.url(), "CREATE INDEX added ON creme_core_userrole (name); DROP INDEX rightful.rules_key");
    assert!(matches!(refused(&mut crm(made.url())), TargetError::Altered { .. }));
}

#[test]
fn our_schema_in_a_crms_database_is_made_once_and_known_again() {
    let database = database();
    let crm = || Shared::new(Postgres::at(database.url()).unwrap(), Quiet);
    // Several make it at once: one does, and the others find it made.
    let outcomes: Vec<Result<_, TargetError>> = std::thread::scope(|scope| {
        let apply = || {
            let mut target = crm();
            let plan = plan(&Reading::default(), &desired(FIRM), on(), Drift::Revert, |_| None);
            target.apply(&plan, &a_run())
        };
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(apply)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let is_refusal = |outcome: &Result<_, TargetError>| outcome.as_ref().err().is_none_or(TargetError::is_refusal);
    assert!(outcomes.iter().all(is_refusal), "{outcomes:?}");
    // After the server was upgraded it is made once more, beside, and is the same.
    on_the_server(database.url(), "UPDATE rightful.schema_parts SET server = 1");
    apply(&mut crm(), &FIRM.replace("karin", "clara"));
    on_the_server(database.url(), "UPDATE rightful.schema_parts SET server = 1; DROP INDEX rightful.rules_key");
    let plan = planned(&mut crm(), FIRM);
    assert!(matches!(crm().apply(&plan, &a_run()), Err(TargetError::Altered { .. })));
    // Whoever may not look into our schema is told so, and does not get another one in the CRM's.
    let user = format!("outsider_{}", database.name());
    on_the_server(
        database.url(),
        &format!(
            "CREATE ROLE {user} LOGIN PASSWORD 'x'; GRANT ALL ON SCHEMA public TO {user}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {user}"
        ),
    );
    let url = server::Server::shared().url_as(&user, "x", database.name());
    let mut outsider = Shared::new(Postgres::at(&url).unwrap(), Quiet);
    assert!(matches!(outsider.read(), Err(TargetError::Denied { .. })));
    on_the_server(database.url(), &format!("DROP OWNED BY {user}; DROP ROLE {user}"));
}

#[test]
fn a_crms_database_is_copied_by_the_crm() {
    with_every_crm(|open: Open<'_, Quiet>, _, _| {
        let mut target = open(Quiet);
        apply(&mut *target, FIRM);
        let (_folder, path) = super::file();
        assert!(matches!(target.backup(&path), Err(TargetError::ByCrm(_))));
        assert!(!path.exists());
        assert!(matches!(target.restore(&path, &a_run()), Err(TargetError::ByCrm(_))));
    });
}
