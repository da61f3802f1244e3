//! CremeCRM as a target, on the tables of Creme 2.8.6 as both engines have them: what an apply makes of them, what somebody
//! who changes them by hand is told, and what is left alone. That Creme's own server acts on it prove `tests/creme/*.py`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

#[path = "server/postgres.rs"]
mod server;

use std::path::PathBuf;

use rightful::date::{Date, parse_date};
use rightful::model::Policy;
use rightful::name::Name;
use rightful::plan::{Desired, Drift, Plan, plan};
use rightful::repository::compile;
use rightful::state::State;
use rightful::target::creme::Creme;
use rightful::target::postgres::Postgres;
use rightful::target::shared::Shared;
use rightful::target::sqlite::Sqlite;
use rightful::target::{Run, Target, TargetError};
use rightful::tree::memory::Memory;
use rusqlite::Connection;

/// Lars and Kari sell and see each other's opportunities; Ingrid leads them. Root is Creme's own.
const FIRM: &str = "
users: { lars: , kari: , ingrid: }
modules: { contacts: , opportunities: , calendar: , stock: }
groups:
  all: { members: [everyone], allow: [program.start, modules.use of contacts, modules.use of calendar, lists.print] }
  sales: { members: [lars, kari], allow: [modules.use of opportunities, opportunities.see+edit of group:sales] }
  head: { members: [ingrid], allow: [modules.use of everything, opportunities.* of everyone, data.export, sms.send] }
";

/// A database of Creme with the people of the fixture, on one of the engines.
enum Crm {
    File(tempfile::TempDir),
    Server(server::Database),
}

impl Crm {
    fn on_each_engine() -> [Self; 2] {
        let folder = tempfile::tempdir().unwrap();
        let file = Self::File(folder);
        file.by_hand(include_str!("fixtures/creme/sqlite.sql"));
        let database = Self::Server(server::Server::shared().fresh_database());
        database.by_hand(include_str!("fixtures/creme/postgres.sql"));
        [file, database]
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::File(folder) => folder.path().join("creme.sqlite"),
            Self::Server(_) => PathBuf::new(),
        }
    }

    fn client(database: &server::Database) -> postgres::Client {
        let mut client = postgres::Client::connect(database.url(), postgres::NoTls).unwrap();
        client.batch_execute("SET search_path = public, rightful").unwrap();
        client
    }

    fn by_hand(&self, sql: &str) {
        match self {
            Self::File(_) => Connection::open(self.path()).unwrap().execute_batch(sql).unwrap(),
            Self::Server(database) => Self::client(database).batch_execute(sql).unwrap(),
        }
    }

    /// The rows of a query, each in a line.
    fn ask(&self, sql: &str) -> String {
        let rows: Vec<Vec<String>> = match self {
            Self::File(_) => {
                let connection = Connection::open(self.path()).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                let width = statement.column_count();
                let row = |row: &rusqlite::Row<'_>| {
                    let cell = |at| row.get_ref(at).map(|value| match value {
                        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                        value => value.as_str_or_null().unwrap().unwrap_or("-").to_owned(),
                    });
                    (0..width).map(cell).collect()
                };
                statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
            }
            Self::Server(database) => {
                let said = Self::client(database).simple_query(sql).unwrap();
                let rows = said.iter().filter_map(|message| match message {
                    postgres::SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                let cell = |value: Option<&str>| match value {
                    Some("t") => "1".to_owned(),
                    Some("f") => "0".to_owned(),
                    value => value.unwrap_or("-").to_owned(),
                };
                rows.map(|row| (0..row.len()).map(|at| cell(row.get(at))).collect()).collect()
            }
        };
        rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>().join("\n")
    }

    fn target(&self) -> Box<dyn Target> {
        match self {
            Self::File(_) => Box::new(Shared::new(Sqlite::at(&self.path()), Creme::default())),
            Self::Server(database) => Box::new(Shared::new(Postgres::at(database.url()).unwrap(), Creme::default())),
        }
    }

    fn planned_on(&self, policy: &str, on: &str, drift: Drift) -> Plan {
        plan(&self.target().read().unwrap(), &Desired::of(None, &compiled(policy)), day(on), drift, |_| None)
    }

    fn planned(&self, policy: &str) -> Plan {
        self.planned_on(policy, TODAY, Drift::Revert)
    }

    fn apply_on(&self, policy: &str, on: &str) {
        let plan = self.planned_on(policy, on, Drift::Revert);
        self.carry_out(&plan, on).unwrap();
        let again = self.planned_on(policy, on, Drift::Revert);
        assert!(again.is_empty() && again.changes.is_empty(), "{:#?}", again.changes);
    }

    fn apply(&self, policy: &str) {
        self.apply_on(policy, TODAY);
    }

    fn carry_out(&self, plan: &Plan, on: &str) -> Result<(), TargetError> {
        let run = Run { applied_at: format!("{on}T10:00:00Z"), ..Run::default() };
        self.target().apply(plan, &run).map(drop)
    }

    /// All that Creme looks at when it decides, without numbers of rows.
    fn decides_by(&self) -> String {
        let queries = [
            "SELECT username, is_active, is_superuser, creme_core_userrole.name FROM creme_core_cremeuser
             LEFT JOIN creme_core_userrole ON role_id = creme_core_userrole.id ORDER BY 1",
            "SELECT username, name FROM creme_core_cremeuser_roles
             JOIN creme_core_cremeuser ON cremeuser_id = creme_core_cremeuser.id
             JOIN creme_core_userrole ON userrole_id = creme_core_userrole.id ORDER BY 1, 2",
            "SELECT name, model, value, set_type, efilter_id FROM creme_core_setcredentials
             JOIN creme_core_userrole ON role_id = creme_core_userrole.id
             LEFT JOIN django_content_type ON ctype_id = django_content_type.id ORDER BY 1, 2, 4, 3",
            "SELECT filter_id, name FROM creme_core_entityfiltercondition ORDER BY 1",
        ];
        queries.map(|sql| self.ask(sql)).join("\n")
    }
}

const TODAY: &str = "2026-11-22";

fn day(text: &str) -> Date {
    parse_date(text).unwrap()
}

fn compiled(policy: &str) -> Policy {
    let mut repository = compile(&Memory::new([("policies/a.yaml", policy)])).unwrap();
    let compiled = repository.companies.remove(0);
    assert!(compiled.compiles(), "{:?}", compiled.diagnostics);
    compiled.policy
}

/// Each change of a plan in a line.
fn lines(plan: &Plan) -> Vec<String> {
    let line = |change: &rightful::plan::Change| {
        let field = change.field.map(|field| format!(" {field}")).unwrap_or_default();
        let before = change.before.as_ref().filter(|_| change.field.is_some());
        let before = before.map(|said| format!(" {}", said.to_json())).unwrap_or_default();
        let (action, kind) = (change.action.as_str(), change.key.kind().as_str());
        format!("{action} {kind} {}{field}{before} {}", change.key, change.origin.as_str())
    };
    let mut lines: Vec<String> = plan.changes.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn one_role_for_each_set_of_rights_and_everybody_linked_to_it() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        let roles = "SELECT username, (SELECT name FROM creme_core_userrole WHERE id = role_id) FROM creme_core_cremeuser ORDER BY 1";
        let linked = crm.ask(roles);
        let role = |login: &str| {
            let line = linked.lines().find(|line| line.starts_with(login)).unwrap();
            line.split_once(' ').unwrap().1.to_owned()
        };
        assert_eq!(role("lars"), role("kari"));
        assert_ne!(role("lars"), role("ingrid"));
        assert!(role("lars").starts_with("Rightful ") && role("root") == "-" && role("sales-team") == "-");
        let gives = |login: &str, list: &str| {
            crm.ask(&format!(
                "SELECT model FROM creme_core_userrole_{list}_ctypes
                 JOIN django_content_type ON contenttype_id = django_content_type.id
                 WHERE userrole_id = (SELECT role_id FROM creme_core_cremeuser WHERE username = '{login}') ORDER BY 1"
            ))
        };
        assert_eq!(gives("lars", "listable"), "activity\ncontact\nopportunity\norganisation");
        assert_eq!((gives("lars", "exportable"), gives("lars", "creatable")), (String::new(), String::new()));
        assert_eq!(gives("ingrid", "exportable"), "activity\ncontact\nopportunity\norganisation");
        let apps = "SELECT raw_allowed_apps FROM creme_core_userrole WHERE id =
                    (SELECT role_id FROM creme_core_cremeuser WHERE username = 'lars')";
        assert_eq!(crm.ask(apps), "activities\nopportunities\npersons");
        let over = crm.ask(
            "SELECT value, creme_core_entityfiltercondition.value FROM creme_core_setcredentials
             JOIN creme_core_entityfiltercondition ON filter_id = efilter_id ORDER BY 1",
        );
        let ids = crm.ask("SELECT id FROM creme_core_cremeuser WHERE username IN ('lars', 'kari') ORDER BY username");
        let ids: Vec<String> = ids.lines().map(|id| format!("\"{id}\"")).collect();
        assert!(over.is_empty() || over.replace(' ', "").contains(&ids.join(",")), "{over}");
    }
}
