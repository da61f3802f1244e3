//! CremeCRM as a target, on the tables of Creme 2.8.6 as both engines have them: what an apply makes of them, what somebody
//! who changes them by hand is told, and what is left alone. That Creme's own server acts on it prove `tests/creme/*.py`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

#[path = "server/postgres.rs"]
mod server;

use std::path::PathBuf;

use postgres::SimpleQueryMessage;
use rightful::date::{Date, parse_date};
use rightful::model::Policy;
use rightful::plan::{Desired, Drift, Plan, plan};
use rightful::repository::compile;
use rightful::target::creme::Creme;
use rightful::target::postgres::Postgres;
use rightful::target::shared::Shared;
use rightful::target::sqlite::Sqlite;
use rightful::target::{Run, Target, TargetError};
use rightful::tree::memory::Memory;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

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
        let line = |cells: Vec<Option<String>>| {
            let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
            cells.collect::<Vec<_>>().join(" ").replace('\n', "+")
        };
        let lines: Vec<String> = match self {
            Self::File(_) => {
                let connection = Connection::open(self.path()).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                let width = statement.column_count();
                let cell = |row: &rusqlite::Row<'_>, at| match row.get_ref_unwrap(at) {
                    ValueRef::Null => None,
                    ValueRef::Integer(number) => Some(number.to_string()),
                    text => Some(text.as_str().unwrap().to_owned()),
                };
                let rows = statement.query_map([], |row| Ok(line((0..width).map(|at| cell(row, at)).collect())));
                rows.unwrap().collect::<Result<_, _>>().unwrap()
            }
            Self::Server(database) => {
                let said = Self::client(database).simple_query(sql).unwrap();
                let flag = |cell: &str| match cell {
                    "t" => "1".to_owned(),
                    "f" => "0".to_owned(),
                    cell => cell.to_owned(),
                };
                let row = |message: &SimpleQueryMessage| match message {
                    SimpleQueryMessage::Row(row) => {
                        Some(line((0..row.len()).map(|at| row.get(at).map(flag)).collect()))
                    }
                    _ => None,
                };
                said.iter().filter_map(row).collect()
            }
        };
        lines.join("\n")
    }

    fn target(&self) -> Box<dyn Target> {
        match self {
            Self::File(_) => Box::new(Shared::new(Sqlite::at(&self.path()), Creme::new())),
            Self::Server(database) => Box::new(Shared::new(Postgres::at(database.url()).unwrap(), Creme::new())),
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

fn compiled(policy: &str) -> std::sync::Arc<Policy> {
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
        assert_eq!(crm.ask(apps), "activities+opportunities+persons");
        // The owners that the filter lets through are the two of them, whatever their numbers are here.
        let numbers =
            crm.ask("SELECT id FROM creme_core_cremeuser WHERE username IN ('lars', 'kari') ORDER BY username");
        let numbers: Vec<String> = numbers.lines().map(|id| format!("\"{id}\"")).collect();
        let filters = crm.ask("SELECT value FROM creme_core_entityfiltercondition WHERE filter_id LIKE 'rightful-%'");
        let [filter, wanted] = [filters, format!("{{\"operator\": 1, \"values\": [{}]}}", numbers.join(","))]
            .map(|json| serde_json::from_str::<serde_json::Value>(&json).unwrap());
        assert_eq!(filter, wanted);
        assert_eq!(crm.ask("SELECT crm, day FROM crm_projection"), "CremeCRM 2.8 2026-11-22");
        assert_eq!(crm.ask("SELECT login FROM crm_accounts ORDER BY 1"), "ingrid\nkari\nlars");
    }
}

#[test]
fn an_apply_of_what_is_there_writes_nothing() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        let all = |crm: &Crm| {
            let ids = "SELECT id, name, modified FROM creme_core_userrole ORDER BY 1";
            [crm.decides_by(), crm.ask(ids), crm.ask("SELECT count(*) FROM audit")]
        };
        let before = all(&crm);
        crm.apply_on(FIRM, "2026-12-24");
        assert_eq!(all(&crm), before);
    }
}

/// What somebody does by hand in Creme, as its pages do it, and how the next plan tells it.
const BY_HAND: &[(&str, &[&str])] = &[
    (
        "UPDATE creme_core_cremeuser SET is_active = FALSE WHERE username = 'lars'",
        &["update user lars active false drift"],
    ),
    (
        "UPDATE creme_core_cremeuser SET is_superuser = TRUE, role_id = NULL WHERE username = 'kari'",
        &["update user kari superuser true drift"],
    ),
    (
        "UPDATE creme_core_cremeuser SET role_id = (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')
         WHERE username = 'kari'",
        &[
            "delete rule user:kari allow data.export drift",
            "delete rule user:kari allow opportunities.delete of everyone drift",
            "delete rule user:kari allow opportunities.edit of everyone drift",
            "delete rule user:kari allow opportunities.see of everyone drift",
            "update user kari crm \"role `RIGHTFUL`\" drift",
        ],
    ),
    (
        "UPDATE creme_core_userrole SET raw_allowed_apps = 'persons' WHERE id =
         (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &[
            "delete rule user:ingrid deny modules.use of module:calendar drift",
            "delete rule user:ingrid deny modules.use of module:opportunities drift",
            "update user ingrid crm \"activities.activity list; opportunities.opportunity list\" drift",
        ],
    ),
    (
        "INSERT INTO creme_core_userrole_exportable_ctypes (userrole_id, contenttype_id)
         SELECT role_id, (SELECT id FROM django_content_type WHERE model = 'contact') FROM creme_core_cremeuser
         WHERE username = 'lars'",
        &[
            "update user kari crm \"persons.contact export\" drift",
            "update user lars crm \"persons.contact export\" drift",
        ],
    ),
    (
        "UPDATE creme_core_entityfiltercondition SET value = '{\"operator\": 1, \"values\": []}' WHERE filter_id LIKE 'rightful-%'",
        &[
            "delete rule user:kari allow opportunities.edit of everyone drift",
            "delete rule user:kari allow opportunities.see of everyone drift",
            "delete rule user:lars allow opportunities.edit of everyone drift",
            "delete rule user:lars allow opportunities.see of everyone drift",
        ],
    ),
    (
        "DELETE FROM creme_core_setcredentials WHERE efilter_id IS NOT NULL",
        &[
            "delete rule user:kari deny opportunities.edit of everyone drift",
            "delete rule user:kari deny opportunities.see of everyone drift",
            "delete rule user:lars deny opportunities.edit of everyone drift",
            "delete rule user:lars deny opportunities.see of everyone drift",
        ],
    ),
    (
        "UPDATE creme_core_userrole SET raw_special_perms = 'creme_config-role' WHERE id =
         (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &["update user ingrid crm \"special permission creme_config-role\" drift"],
    ),
    (
        "UPDATE creme_core_userrole SET raw_admin_4_apps = 'persons' WHERE id =
         (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &["update user ingrid crm \"administration of persons\" drift"],
    ),
    (
        "INSERT INTO creme_core_cremeuser_roles (cremeuser_id, userrole_id)
         SELECT (SELECT id FROM creme_core_cremeuser WHERE username = 'lars'), id FROM creme_core_userrole
         WHERE name = 'Regular user'",
        &[],
    ),
    ("UPDATE creme_core_cremeuser SET is_staff = TRUE WHERE username = 'lars'", &["update user lars superuser true drift"]),
    // The records of a team, and of one who may everything.
    (
        "UPDATE creme_core_entityfiltercondition SET value = '{\"operator\": 1, \"values\": [\"1\", \"2\", \"3\", \"5\"]}'
         WHERE filter_id LIKE 'rightful-%'",
        &[
            "update user kari crm \"opportunities.opportunity view+change+link+unlink of root sales-team\" drift",
            "update user lars crm \"opportunities.opportunity view+change+link+unlink of root sales-team\" drift",
        ],
    ),
    // A part of what a policy has one word for is no denial of the whole.
    (
        "UPDATE creme_core_setcredentials SET value = 30 WHERE ctype_id =
         (SELECT id FROM django_content_type WHERE model = 'contact') AND role_id =
         (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &["update user ingrid crm \"not persons.contact unlink all\" drift"],
    ),
    (
        "DELETE FROM creme_core_userrole_exportable_ctypes WHERE contenttype_id =
         (SELECT id FROM django_content_type WHERE model = 'contact') AND userrole_id =
         (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &["update user ingrid crm \"not persons.contact export\" drift"],
    ),
    (
        "UPDATE creme_core_cremeuser SET is_team = TRUE WHERE username = 'kari'",
        &["update user kari crm \"called a team\" drift"],
    ),
    (
        "INSERT INTO creme_core_cremeuser (password, uuid, username, first_name, last_name, email, displayed_name, date_joined,
         is_active, is_staff, is_superuser, is_team, theme, time_zone, language, json_settings, modified)
         SELECT '', '00000000000000000000000000000077', 'spy', '', '', '', '', date_joined, TRUE, FALSE, TRUE, FALSE, theme,
         time_zone, language, json_settings, modified FROM creme_core_cremeuser WHERE username = 'root'",
        &["update user spy active true drift", "update user spy superuser true drift"],
    ),
    (
        "UPDATE creme_core_userrole SET deactivated_on = created WHERE id =
         (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &[],
    ),
    (
        "UPDATE creme_core_userrole SET extra_data = '{\"rightful\": true}' WHERE id =
         (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &["update user ingrid crm \"no mark `listablemigr`, so Creme gives lists anew\" drift"],
    ),
    (
        "INSERT INTO creme_core_setcredentials (value, set_type, role_id, forbidden)
         SELECT 62, 1, role_id, FALSE FROM creme_core_cremeuser WHERE username = 'lars'",
        &[
            "delete rule user:kari allow calendar.edit of everyone drift",
            "delete rule user:kari allow calendar.see of everyone drift",
            "delete rule user:kari allow opportunities.delete of everyone drift",
            "delete rule user:kari allow opportunities.edit of everyone drift",
            "delete rule user:kari allow opportunities.see of everyone drift",
            "delete rule user:lars allow calendar.edit of everyone drift",
            "delete rule user:lars allow calendar.see of everyone drift",
            "delete rule user:lars allow opportunities.delete of everyone drift",
            "delete rule user:lars allow opportunities.edit of everyone drift",
            "delete rule user:lars allow opportunities.see of everyone drift",
        ],
    ),
    (
        "INSERT INTO creme_core_setcredentials (value, set_type, role_id, forbidden)
         SELECT 2, 1, role_id, TRUE FROM creme_core_cremeuser WHERE username = 'ingrid'",
        &[],
    ),
    (
        "INSERT INTO creme_core_setcredentials (value, set_type, role_id, forbidden)
         SELECT 2, 2, role_id, TRUE FROM creme_core_cremeuser WHERE username = 'ingrid'",
        &[],
    ),
    (
        "UPDATE creme_core_userrole SET raw_allowed_apps = 'activities
opportunities
persons
crudity' WHERE id = (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')",
        &["update user ingrid crm \"app crudity\" drift"],
    ),
    (
        "INSERT INTO creme_core_userrole_creatable_ctypes (userrole_id, contenttype_id)
         SELECT role_id, (SELECT id FROM django_content_type WHERE model = 'ticket') FROM creme_core_cremeuser
         WHERE username = 'ingrid'",
        &["update user ingrid crm \"tickets.ticket create\" drift"],
    ),
];

#[test]
fn what_somebody_does_in_creme_is_drift_and_is_put_right() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        let right = crm.decides_by();
        for (sql, told) in BY_HAND {
            crm.by_hand(sql);
            let plan = crm.planned(FIRM);
            let ours = |line: &String| {
                let (before, rest) = line.split_once("Rightful ").unwrap_or((line, ""));
                if rest.is_empty() { line.clone() } else { format!("{before}RIGHTFUL{}", &rest[12..]) }
            };
            let found: Vec<String> = lines(&plan).iter().map(ours).collect();
            if told.is_empty() {
                assert!(!found.is_empty(), "{sql}");
            } else {
                assert_eq!(&found, told, "{sql}");
            }
            crm.apply(FIRM);
            assert_eq!(crm.decides_by().replace("\nspy 0 1 -", ""), right, "{sql}");
        }
    }
}

#[test]
fn what_is_kept_stays_in_creme() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        crm.by_hand(
            "UPDATE creme_core_cremeuser SET role_id = (SELECT role_id FROM creme_core_cremeuser WHERE username = 'ingrid')
             WHERE username = 'kari';
             DELETE FROM creme_core_cremeuser_roles WHERE cremeuser_id =
             (SELECT id FROM creme_core_cremeuser WHERE username = 'kari')",
        );
        let plan = crm.planned_on(FIRM, TODAY, Drift::Keep);
        assert!(plan.kept.iter().any(|kept| kept.key.to_string() == "user:kari allow data.export"), "{:#?}", plan.kept);
        crm.carry_out(&plan, TODAY).unwrap();
        let role =
            |login: &str| crm.ask(&format!("SELECT role_id FROM creme_core_cremeuser WHERE username = '{login}'"));
        assert_eq!(role("kari"), role("ingrid"));
    }
}

#[test]
fn dates_are_told_and_carried_over_with_the_next_apply() {
    let policy = FIRM.replace("data.export, sms.send", "data.export until 2026-11-30, sms.send");
    let count = "SELECT count(*) FROM creme_core_userrole_exportable_ctypes
                 JOIN creme_core_userrole ON creme_core_userrole.id = userrole_id WHERE name LIKE 'Rightful %'";
    for crm in Crm::on_each_engine() {
        crm.apply(&policy);
        let mut target = crm.target();
        target.read().unwrap();
        let limits = target.limits(&compiled(&policy), day(TODAY)).unwrap();
        assert_eq!(limits.until, Some(day("2026-12-01")));
        assert_eq!(crm.ask(count), "4");
        assert!(crm.planned_on(&policy, "2026-11-30", Drift::Revert).changes.is_empty());
        let late = crm.planned_on(&policy, "2026-12-01", Drift::Revert);
        assert_eq!(lines(&late), ["update company company crm \"rights of 2026-11-22\" policy"]);
        let lost: Vec<String> = late.effective.losses.iter().map(|change| change.right.to_string()).collect();
        assert_eq!(lost, ["data.export"]);
        crm.apply_on(&policy, "2026-12-01");
        assert_eq!(crm.ask(count), "0");
        // Going back over the day is told too.
        assert!(!crm.planned(&policy).changes.is_empty());
    }
}

#[test]
fn accounts_of_creme_alone() {
    for crm in Crm::on_each_engine() {
        crm.apply("users: { lars: , kari: }\ngroups: { all: { members: [everyone], allow: [program.start] } }\n");
        // Ingrid was there, and no policy names her; root and the team are none of a policy's business.
        let state = "SELECT username, is_active, is_superuser FROM creme_core_cremeuser ORDER BY 1";
        let is_there = "ingrid 0 0\nkari 1 0\nlars 1 0\nroot 1 1\nsales-team 1 0";
        assert_eq!(crm.ask(state), is_there);
        let mut target = crm.target();
        target.read().unwrap();
        let policy = "users: { lars: , kari: , ola: , root: { superuser: true } }\n";
        let limits = target.limits(&compiled(policy), day(TODAY)).unwrap();
        let texts = |names: &[rightful::name::Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!((texts(&limits.missing), texts(&limits.unruled)), (vec!["ola".to_owned()], vec!["root".to_owned()]));
        // Whoever comes in by hand is told and put out of use.
        crm.by_hand("UPDATE creme_core_cremeuser SET is_active = TRUE WHERE username = 'ingrid'");
        let policy = "users: { lars: , kari: }\ngroups: { all: { members: [everyone], allow: [program.start] } }\n";
        let found = lines(&crm.planned(policy));
        assert!(found.iter().any(|line| line.contains("user ingrid") && line.ends_with("drift")), "{found:?}");
        crm.apply(policy);
        assert_eq!(crm.ask(state), is_there);
    }
}

#[test]
fn a_renamed_account_is_renamed_in_creme() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        let id = "SELECT id FROM creme_core_cremeuser WHERE username = ";
        let before = crm.ask(&format!("{id}'lars'"));
        crm.apply(&FIRM.replace("lars: ,", "lars.k: { renamed_from: lars },").replace("[lars,", "[lars.k,"));
        assert_eq!(crm.ask(&format!("{id}'lars.k'")), before);
    }
}

#[test]
fn a_role_of_ours_that_nobody_has_goes_unless_settings_refer_to_it() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        let ours = || crm.ask("SELECT count(*) FROM creme_core_userrole WHERE name LIKE 'Rightful %'");
        assert_eq!(ours(), "2");
        crm.apply(&FIRM.replace("data.export, ", ""));
        assert_eq!(ours(), "2");
        crm.by_hand(
            "CREATE TABLE \"an add-on\" (\"its role\" INTEGER REFERENCES creme_core_userrole DEFERRABLE INITIALLY DEFERRED);
             INSERT INTO \"an add-on\" SELECT role_id FROM creme_core_cremeuser WHERE username = 'lars';
             INSERT INTO creme_core_sandbox (uuid, type_id, role_id) SELECT '00000000000000000000000000000001', 'x', role_id
             FROM creme_core_cremeuser WHERE username = 'ingrid'",
        );
        crm.apply(&FIRM.replace("lists.print", "data.export"));
        assert_eq!(ours(), "4");
        crm.apply(FIRM);
        crm.by_hand("DELETE FROM \"an add-on\"");
        crm.apply(&FIRM.replace("data.export, ", ""));
        crm.apply(FIRM);
        assert_eq!(ours(), "3");
        let emptied =
            "SELECT raw_allowed_apps FROM creme_core_userrole WHERE id IN (SELECT role_id FROM creme_core_sandbox)";
        assert_eq!(crm.ask(emptied), "");
        // What somebody else made stays.
        assert_eq!(crm.ask("SELECT count(*) FROM creme_core_userrole WHERE name = 'Regular user'"), "1");
    }
}

#[test]
fn who_may_everything_in_creme_is_not_made_less_by_chance() {
    let policy = "users: { root: , lars: }\ngroups: { all: { members: [everyone], allow: [program.start] } }\n";
    for crm in Crm::on_each_engine() {
        let refused = crm.carry_out(&crm.planned(policy), TODAY).unwrap_err();
        assert!(matches!(&refused, TargetError::CrmSuperuser(login) if login == "root") && refused.is_refusal());
        let named = policy.replace("root: ,", "root: { superuser: true },");
        crm.apply(&named);
        assert_eq!(crm.ask("SELECT is_superuser, role_id FROM creme_core_cremeuser WHERE username = 'root'"), "1 -");
        // The last one stays.
        let refused = crm.carry_out(&crm.planned(policy), TODAY).unwrap_err();
        assert!(matches!(refused, TargetError::NoCrmSuperuser), "{refused}");
        crm.by_hand("UPDATE creme_core_cremeuser SET is_superuser = TRUE, role_id = NULL WHERE username = 'lars'");
        let other = named.replace("superuser: true", "").replace("lars: ", "lars: { superuser: true } ");
        crm.apply(&other);
        let above = "SELECT username FROM creme_core_cremeuser WHERE is_superuser";
        assert_eq!(crm.ask(above), "lars");
    }
}

#[test]
fn records_of_accounts_that_no_policy_names_are_those_of_everyone_only() {
    let all = |crm: &Crm| {
        crm.ask(
            "SELECT count(*) FROM creme_core_setcredentials
             JOIN creme_core_userrole ON creme_core_userrole.id = role_id
             JOIN django_content_type ON django_content_type.id = ctype_id
             WHERE name LIKE 'Rightful %' AND model = 'opportunity' AND set_type = 1",
        )
    };
    for crm in Crm::on_each_engine() {
        let policy = FIRM.replace("opportunities.* of everyone", "opportunities.* of lars, opportunities.* of kari");
        crm.apply(&policy);
        assert_eq!(all(&crm), "0");
        crm.apply(FIRM);
        assert_ne!(all(&crm), "0");
    }
}

#[test]
fn an_account_that_comes_later_is_linked_and_its_records_are_found() {
    for crm in Crm::on_each_engine() {
        let policy = FIRM.replace("ingrid: }", "ingrid: , ola: }").replace("[lars, kari]", "[lars, kari, ola]");
        crm.apply(&policy);
        crm.by_hand(
            "INSERT INTO creme_core_cremeuser (password, uuid, username, first_name, last_name, email, displayed_name,
             date_joined, is_active, is_staff, is_superuser, is_team, role_id, theme, time_zone, language, json_settings,
             modified) SELECT '', '00000000000000000000000000000099', 'ola', '', '', '', '', date_joined, TRUE, FALSE, FALSE,
             FALSE, role_id, theme, time_zone, language, json_settings, modified FROM creme_core_cremeuser
             WHERE username = 'lars'",
        );
        let told = lines(&crm.planned(&policy));
        assert!(told.iter().any(|line| line.starts_with("update user ola crm \"new account")), "{told:?}");
        crm.apply(&policy);
        let filters = crm.ask("SELECT value FROM creme_core_entityfiltercondition WHERE filter_id LIKE 'rightful-%'");
        let id = crm.ask("SELECT id FROM creme_core_cremeuser WHERE username = 'ola'");
        assert!(filters.contains(&format!("\"{id}\"")), "{filters}");
    }
}

#[test]
fn names_in_creme_that_are_in_the_way_keep_nothing_from_being_applied() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        let ours = "SELECT name FROM creme_core_userrole WHERE name LIKE 'Rightful %' ORDER BY name";
        let name = crm.ask(ours).lines().next().unwrap().to_owned();
        crm.by_hand(&format!(
            "UPDATE creme_core_userrole SET name = 'ours' WHERE name = '{name}';
             UPDATE creme_core_userrole SET name = '{name}' WHERE name = 'Regular user'"
        ));
        assert!(crm.planned(FIRM).changes.is_empty());
        crm.apply(&FIRM.replace("data.export, ", ""));
        crm.apply(FIRM);
        // An account has the new name of another one already.
        let renamed = FIRM.replace("lars: ,", "ola: { renamed_from: lars },").replace("[lars,", "[ola,");
        crm.by_hand("UPDATE creme_core_cremeuser SET username = 'ola' WHERE username = 'ingrid'");
        crm.carry_out(&crm.planned(&renamed), TODAY).unwrap();
        let state = "SELECT username, is_active FROM creme_core_cremeuser WHERE username IN ('lars', 'ola') ORDER BY 1";
        assert_eq!(crm.ask(state), "lars 0\nola 1");
    }
}

#[test]
fn a_login_that_no_policy_can_write_is_put_out_of_use_and_told() {
    for crm in Crm::on_each_engine() {
        crm.by_hand("UPDATE creme_core_cremeuser SET username = 'kari+x' WHERE username = 'kari'");
        let reading = crm.target().read().unwrap();
        let told: Vec<String> = reading.beside.iter().map(|aside| format!("{}: {}", aside.key, aside.says)).collect();
        assert!(told.contains(&"kari+x: a login that no policy can write".to_owned()), "{told:?}");
        crm.apply(&FIRM.replace("kari: , ", "").replace("lars, kari", "lars"));
        assert_eq!(crm.ask("SELECT is_active FROM creme_core_cremeuser WHERE username = 'kari+x'"), "0");
    }
}

#[test]
fn nobody_works_with_a_creme_that_is_disconnected() {
    for crm in Crm::on_each_engine() {
        crm.apply(FIRM);
        let run =
            Run { applied_at: format!("{TODAY}T11:00:00Z"), deed: Some("disconnect".to_owned()), ..Run::default() };
        let gone = |register: &rightful::online::Register, _| {
            Some(rightful::target::Altered { register: register.clone(), declared: rightful::target::Declared::Goes })
        };
        let mut gone = gone;
        crm.target().alter(&run, &mut gone).unwrap();
        let active = "SELECT username FROM creme_core_cremeuser WHERE is_active AND NOT is_team ORDER BY 1";
        assert_eq!(crm.ask(active), "root");
        crm.apply(FIRM);
        assert_eq!(crm.ask(active), "ingrid\nkari\nlars\nroot");
    }
}

#[test]
fn another_version_of_creme_is_refused() {
    for crm in Crm::on_each_engine() {
        crm.by_hand(
            "INSERT INTO django_migrations (app, name, applied) SELECT app, '0200_v3_0__more', applied FROM django_migrations
             WHERE app = 'creme_core' LIMIT 1",
        );
        let refused = crm.target().read().unwrap_err();
        assert!(refused.to_string().contains("3.0") && matches!(refused, TargetError::OtherCrm { .. }), "{refused}");
    }
}

#[test]
fn a_whole_creme_becomes_a_policy_that_changes_nothing_for_anybody() {
    for crm in Crm::on_each_engine() {
        let reading = crm.target().read().unwrap();
        assert!(reading.base.is_none() && reading.id.is_none());
        let policy = rightful::state::compile(&reading.actual, |_| None);
        let plan = plan(&reading, &Desired::of(None, &policy), day(TODAY), Drift::Revert, |_| None);
        assert!(plan.effective.losses.is_empty() && plan.effective.gains.is_empty());
        let groups: Vec<String> = policy.groups.iter().map(|(_, key, _)| key.to_string()).collect();
        assert!(groups.contains(&"group:regular-user".to_owned()), "{groups:?}");
        crm.carry_out(&plan, TODAY).unwrap();
        let links = "SELECT count(DISTINCT role_id) FROM creme_core_cremeuser WHERE role_id IS NOT NULL";
        assert_eq!(crm.ask(links), "1");
    }
}
