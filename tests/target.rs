//! One contract for every target: memory, SQLite and PostgreSQL; and what only a database can go through.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

#[path = "server/postgres.rs"]
mod server;
#[path = "target/shared.rs"]
mod shared;

use std::path::Path;
use std::time::Duration;

use rightful::audit::{Ended, Reader, Verifier};
use rightful::date::{Date, Validity, parse_date};
use rightful::model::key::GroupKey;
use rightful::model::online::{Company, Licence};
use rightful::name::Name;
use rightful::online::{self, Invitation, Limits, Login, Mail, Moment, Register, Session, SessionKind, Standing};
use rightful::plan::{Desired, Drift, Grant, Origin, Plan, Step, plan};
use rightful::repository::compile;
use rightful::state::{Fact, GroupFact, Key, MemberKey, State, UserFact};
use rightful::target::creme::Creme;
use rightful::target::postgres::Postgres;
use rightful::target::shared::Shared;
use rightful::target::sqlite::Sqlite;
use rightful::target::{Altered, Declared, Memory, Run, Target, TargetError};
use rusqlite::{Connection, OpenFlags};

const FIRM: &str = "
employees: { lk: { name: Lars Kaufmann }, ap: { name: Anna Peters } }
users:
  lars: { employee: lk, allow: [data.export] }
  anna: { employee: ap, modules: desk }
  karin: { modules: desk }
groups:
  sales: { members: [lars, anna until 2027-12-31], allow: [sms.send, calendar.see of karin, modules.use of desk] }
  heads: { members: [karin], deny: [calendar.see of lars] }
modules: { mail: , contacts: }
module_sets: { desk: [mail, contacts] }
attachments: { programs: ['*.exe'] }
roles: { helper: { allow: [lists.print] } }
online: { access: { anna: { role: helper } } }
company: { name: Nordwind, address: { city: Hamburg }, phone: '1' }
licence: { name: Nordwind, invitations: 3, services: [crm, calendar] }
";

fn on() -> Date {
    parse_date("2026-11-22").unwrap()
}

/// A run of the day that is looked at.
fn a_run() -> Run {
    Run { applied_at: "2026-11-22T10:00:00Z".to_owned(), ..Run::default() }
}

fn desired(policy: &str) -> Desired {
    let mut repository = compile(&rightful::tree::memory::Memory::new([("policies/a.yaml", policy)])).unwrap();
    let compiled = repository.companies.remove(0);
    assert!(compiled.compiles(), "{:?}", compiled.diagnostics);
    Desired::of(None, &compiled.policy)
}

fn planned(target: &mut dyn Target, policy: &str) -> Plan {
    plan(&target.read().unwrap(), &desired(policy), on(), Drift::Revert, |_| None)
}

fn apply(target: &mut dyn Target, policy: &str) -> Plan {
    let plan = planned(target, policy);
    target.apply(&plan, &a_run()).unwrap();
    let again = planned(target, policy);
    assert!(again.is_empty() && again.changes.is_empty(), "{:#?}", again.changes);
    plan
}

fn with_every_target(check: impl Fn(&mut dyn Target)) {
    check(&mut Memory::default());
    check(&mut Sqlite::over(Connection::open_in_memory().unwrap()));
    with_every_database(|target, _| check(target));
}

/// Hands on every target that is a database, and a way to do something in it by hand.
fn with_every_database(check: impl Fn(&mut dyn Target, &dyn Fn(&str))) {
    let (_folder, path) = file();
    check(&mut Sqlite::at(&path), &|sql| by_hand(&path, sql));
    let database = server::Server::shared().fresh_database();
    check(&mut Postgres::at(database.url()).unwrap(), &|sql| on_the_server(database.url(), sql));
    // The same beside the tables of a CRM.
    let (_folder, path) = shared::file();
    check(&mut Shared::new(Sqlite::at(&path), shared::Quiet), &|sql| by_hand(&path, sql));
    let database = shared::database();
    let target = Postgres::at(database.url()).unwrap();
    check(&mut Shared::new(target, shared::Quiet), &|sql| shared::in_both(database.url(), sql));
    // And of a real one, for people who have no account there.
    let (_folder, path) = shared::creme();
    check(&mut Shared::new(Sqlite::at(&path), Creme::new()), &|sql| by_hand(&path, sql));
    let database = shared::creme_on_a_server();
    let target = Postgres::at(database.url()).unwrap();
    check(&mut Shared::new(target, Creme::new()), &|sql| shared::in_both(database.url(), sql));
}

fn on_the_server(url: &str, sql: &str) {
    let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
    client.batch_execute(sql).unwrap();
}

/// Makes a target say something, as somebody does who writes into it without telling anybody: what it remembers of the
/// last apply stays.
fn somebody_makes_it_say(target: &mut dyn Target, declared: &State, says: &State) {
    let reading = target.read().unwrap();
    let before = &reading.actual;
    let gone = before.facts.keys().rev().filter(|key| !says.facts.contains_key(*key));
    let mut steps: Vec<Step> = gone.cloned().map(Step::Delete).collect();
    steps.extend(says.facts.iter().filter(|(key, fact)| before.facts.get(*key) != Some(*fact)).map(|(key, fact)| {
        let (key, fact) = (key.clone(), fact.clone());
        if before.facts.contains_key(&key) { Step::Update(key, fact) } else { Step::Insert(key, fact) }
    }));
    let (after, declared) = (says.clone(), declared.clone());
    let former = reading.base.as_ref().map(rightful::plan::Base::former).unwrap_or_default();
    let edit = Plan { steps, after, declared, former, ..planned(target, FIRM) };
    target.apply(&edit, &a_run()).unwrap();
    assert_eq!(target.read().unwrap().base, reading.base);
}

/// A fact with one field changed, once for each field that somebody can change without breaking a reference.
fn altered(fact: &Fact) -> Vec<Fact> {
    let word = || Some(Box::from("by hand"));
    let mut found: Vec<Fact> = Vec::new();
    match fact {
        Fact::Right(right) => {
            found.push(Fact::Right(rightful::model::Right { meaning: word(), ..right.clone() }));
            found.push(Fact::Right(rightful::model::Right { builtin: !right.builtin, ..right.clone() }));
        }
        Fact::Module(_) => found.push(Fact::Module(word())),
        Fact::ModuleSet(modules) => found.push(Fact::ModuleSet(modules[1..].to_vec())),
        Fact::Attachment(patterns) => found.push(Fact::Attachment([patterns.as_slice(), &["*.bat".into()]].concat())),
        Fact::Employee(it) => {
            found.push(Fact::Employee(rightful::model::Employee { name: word(), ..it.clone() }));
            found.push(Fact::Employee(rightful::model::Employee { phone: word(), ..it.clone() }));
        }
        Fact::Group(group) => {
            found.push(Fact::Group(GroupFact { name: word(), ..group.clone() }));
            let modules = Some(Name::new("desk").unwrap());
            found.push(Fact::Group(GroupFact { modules, ..group.clone() }));
        }
        Fact::User(user) => {
            found.push(Fact::User(UserFact { name: word(), ..user.clone() }));
            found.push(Fact::User(UserFact { superuser: !user.superuser, ..user.clone() }));
            found.push(Fact::User(UserFact { active: !user.active, ..user.clone() }));
            let modules = if user.modules.is_some() { None } else { Some(Name::new("desk").unwrap()) };
            found.push(Fact::User(UserFact { modules, ..user.clone() }));
            if user.employee.is_some() {
                found.push(Fact::User(UserFact { employee: None, ..user.clone() }));
            }
        }
        Fact::Member(_) => found.push(Fact::Member(word())),
        Fact::Rule(_) => found.push(Fact::Rule(word())),
        Fact::Access(_) => {}
        Fact::Company(company) => {
            for field in 0..8 {
                let mut fields = company.fields().map(|(_, value)| value.clone());
                fields[field] = word();
                found.push(Fact::Company(Company::of_fields(fields)));
            }
        }
        Fact::Licence(licence) => {
            found.push(Fact::Licence(Licence { contact: word(), ..licence.clone() }));
            found.push(Fact::Licence(Licence { company_databases: Some(9), ..licence.clone() }));
            found.push(Fact::Licence(Licence { invitations: None, ..licence.clone() }));
            found.push(Fact::Licence(Licence { services: vec!["calendar".into()], ..licence.clone() }));
        }
    }
    found
}

/// Rows that somebody could add to the database of the firm.
fn added() -> Vec<(Key, Fact)> {
    let name = |text: &str| Name::new(text).unwrap();
    let more = "
      rights: { stock.count: { } }
      employees: { zz: { name: Zoe } }
      users: { zoe: { active: false }, lars: { allow: [data.import] }, karin: }
      groups: { desks: { name: Desks }, sales: { members: [karin] } }
      modules: { phone: , mail: }
      module_sets: { phones: [mail] }
      attachments: { pictures: ['*.png'] }
      roles: { guest: { name: Guest }, helper: }
      online: { access: { karin: { role: helper } } }
    ";
    let known = desired(FIRM).state;
    let mut rows: Vec<(Key, Fact)> =
        desired(more).state.facts.into_iter().filter(|(key, _)| !known.facts.contains_key(key)).collect();
    rows.push((
        Key::User(name("mallory")),
        Fact::User(UserFact { superuser: true, active: true, ..Default::default() }),
    ));
    rows
}

#[test]
fn every_row_that_somebody_alters_adds_or_deletes_is_told() {
    // Gone is an account that the policy has no more.
    let former = FIRM.replace("users:\n", "users:\n  gone: { name: Gone }\n");
    let mut cases: Vec<(&str, Key, Option<Fact>)> = Vec::new();
    let mut memory = Memory::default();
    apply(&mut memory, &former);
    let declared = apply(&mut memory, FIRM).declared;
    for (key, fact) in &declared.facts {
        cases.extend(altered(fact).into_iter().map(|fact| ("altered", key.clone(), Some(fact))));
        cases.push(("deleted", key.clone(), None));
    }
    cases.extend(added().into_iter().map(|(key, fact)| ("added", key, Some(fact))));
    assert!(cases.len() > 140, "{}", cases.len());
    with_every_target(|target| {
        apply(target, &former);
        apply(target, FIRM);
        for (what, key, fact) in &cases {
            let mut says = declared.clone();
            match fact {
                Some(fact) => drop(says.facts.insert(key.clone(), fact.clone())),
                None => drop(says.facts.remove(key)),
            }
            // What refers to a row that is gone goes with it, or loses the reference, as the engines have it.
            says = State::of(&rightful::state::compile(&says, |_| None));
            somebody_makes_it_say(target, &declared, &says);
            let plan = planned(target, FIRM);
            let told = || plan.changes.iter().chain(&plan.kept);
            assert!(told().any(|change| change.key == *key), "{what} {} {key}", key.kind().as_str());
            assert!(told().all(|change| change.origin == Origin::Drift), "{what} {key}");
            // An account that was added stays, out of use; it goes so that the next case begins anew.
            somebody_makes_it_say(target, &declared, &declared);
        }
    });
}

#[test]
fn who_gives_access_is_told_by_what_stands_behind_it() {
    let before = "
      users: { anna: , ben: { allow: [data.export] }, eva: { allow: [data.import until 2026-11-21] } }
      groups: { sales: { members: [anna until 2026-12-31, ben], allow: [sms.send] }, desk: { members: [ben] } }
    ";
    let after = "
      users: { anna: , ben: , eva: { allow: [data.import until 2026-11-21] } }
      groups: { sales: { members: [anna until 2026-12-31, ben], allow: [sms.send] }, desk: }
    ";
    with_every_target(|target| {
        apply(target, before);
        let declared = target_declared_of(target, before);
        let name = |text: &str| Name::new(text).unwrap();
        let mut says = declared.clone();
        let user = UserFact { superuser: true, active: true, ..UserFact::default() };
        says.facts.insert(Key::User(name("mallory")), Fact::User(user.clone()));
        says.facts.insert(Key::User(name("ben")), Fact::User(user));
        let member = |who: &str, until: &str| Key::Member {
            group: GroupKey::group(name("sales")),
            member: MemberKey::User(name(who)),
            validity: Validity::new(None, parse_date(until)).unwrap(),
        };
        says.facts.remove(&member("anna", "2026-12-31"));
        says.facts.insert(member("anna", "2027-12-31"), Fact::Member(None));
        says.facts.insert(member("mallory", "2027-12-31"), Fact::Member(None));
        somebody_makes_it_say(target, &declared, &says);
        let plan = planned(target, after);
        let told = |grants: &[Grant]| -> Vec<String> {
            grants.iter().map(|grant| format!("{} {}", grant.kind(), grant.key)).collect()
        };
        let grants = &plan.grants;
        assert_eq!(told(&grants.drifted), ["superuser ben", "member group:sales user:anna until 2027-12-31"]);
        assert_eq!(told(&grants.expired), ["rule user:eva allow data.import until 2026-11-21"]);
        assert_eq!(told(&grants.rogue), ["superuser mallory", "member group:sales user:mallory until 2027-12-31"]);
        assert_eq!(told(&grants.orphan), ["member group:desk user:ben", "rule user:ben allow data.export"]);
        assert_eq!(grants.declared, 2, "ben in sales, and what sales allows");
        // Whoever is left alone stays unknown, however often a policy is applied.
        let kept = plan_of(target, after, Drift::Keep);
        target.apply(&kept, &a_run()).unwrap();
        let again = plan_of(target, after, Drift::Keep);
        assert!(again.is_empty() && !again.finds_no_difference());
        assert_eq!(told(&again.grants.rogue), told(&grants.rogue));
        assert!(again.kept.iter().any(|change| change.key == Key::User(name("mallory"))));
    });
}

#[test]
fn kept_drift_loses_what_the_policy_takes_away_and_gets_back_what_it_needs() {
    let name = |text: &str| Name::new(text).unwrap();
    with_every_target(|target| {
        apply(target, FIRM);
        let declared = target_declared_of(target, FIRM);
        let mut says = declared.clone();
        // Somebody moves Karin to the sales department, links her to Anna's employee, and deletes the module mail.
        let group = GroupKey::group(name("sales"));
        let rogue = Key::Member { group, member: MemberKey::User(name("karin")), validity: Validity::ALWAYS };
        says.facts.insert(rogue.clone(), Fact::Member(None));
        says.facts.remove(&Key::Module(name("mail")));
        for user in ["anna", "karin"] {
            let employee = (user == "karin").then(|| name("ap"));
            let modules = Some(name("desk"));
            let fact = UserFact { employee, modules, active: true, ..UserFact::default() };
            says.facts.insert(Key::User(name(user)), Fact::User(fact));
        }
        says.facts.insert(Key::ModuleSet(name("desk")), Fact::ModuleSet(vec![name("contacts")]));
        somebody_makes_it_say(target, &declared, &says);
        // The policy gives up the department, links a new user to the employee, and has a new set with the module.
        let sales = "  sales: { members: [lars, anna until 2027-12-31], allow: [sms.send, calendar.see of karin, modules.use of desk] }\n";
        let changed = FIRM
            .replace(sales, "")
            .replace("anna: { employee: ap, modules: desk }", "anna: { modules: desk }\n  nora: { employee: ap }")
            .replace("desk: [mail, contacts]", "desk: [mail, contacts], post: [mail]");
        let plan = plan_of(target, &changed, Drift::Keep);
        target.apply(&plan, &a_run()).unwrap();
        let actual = target.read().unwrap().actual;
        assert!(!actual.facts.contains_key(&rogue));
        assert!(actual.facts.contains_key(&Key::Module(name("mail"))));
        let employee = |user: &str| match &actual.facts[&Key::User(name(user))] {
            Fact::User(user) => user.employee.clone(),
            _ => None,
        };
        assert_eq!(["anna", "karin", "nora"].map(employee), [None, None, Some(name("ap"))]);
        let kept: Vec<String> =
            plan.kept.iter().map(|it| format!("{} {}", it.key, it.field.unwrap_or_default())).collect();
        assert_eq!(kept, ["desk modules"], "the old set stays without the module");
    });
}

fn plan_of(target: &mut dyn Target, policy: &str, drift: Drift) -> Plan {
    plan(&target.read().unwrap(), &desired(policy), on(), drift, |_| None)
}

fn target_declared_of(target: &mut dyn Target, policy: &str) -> State {
    planned(target, policy).declared
}

#[test]
fn going_back_over_a_new_name_gives_the_account_its_old_one() {
    // Only the new policy knows that the two are one account; the last apply remembers it.
    let renamed = FIRM
        .replace("  lars: {", "  l.kaufmann: { renamed_from: lars,")
        .replace("[lars,", "[l.kaufmann,")
        .replace("of lars", "of l.kaufmann");
    with_every_target(|target| {
        apply(target, FIRM);
        let before = target.read().unwrap();
        apply(target, &renamed);
        let plan = apply(target, FIRM);
        assert_eq!(changes(&plan), ["update user lars id"]);
        assert_eq!(plan.effective, rightful::diff::Effective::default());
        assert_eq!(target.read().unwrap().actual, before.actual);
        // Somebody else who bears the old name meanwhile keeps it.
        apply(target, &renamed);
        let mut says = target.read().unwrap().actual;
        says.facts.insert(Key::User(Name::new("lars").unwrap()), Fact::User(UserFact::default()));
        let declared = planned(target, &renamed);
        let edit = Plan {
            steps: vec![Step::Insert(Key::User(Name::new("lars").unwrap()), Fact::User(UserFact::default()))],
            after: says,
            ..declared
        };
        target.apply(&edit, &a_run()).unwrap();
        assert!(!changes(&planned(target, FIRM)).contains(&"update user lars id".to_owned()));
    });
}

/// The renames of a plan: from, to.
fn renames(plan: &Plan) -> Vec<(String, String)> {
    plan.renames().iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

#[test]
fn names_are_remembered_for_good() {
    let policy = |users: &str| format!("users: {{ {users}, anna: }}\n");
    let [first, second, third] = [
        policy("lars: { allow: [data.export] }"),
        policy("l.kaufmann: { renamed_from: lars, allow: [data.export] }"),
        policy("kaufmann: { renamed_from: l.kaufmann, allow: [data.export] }"),
    ];
    // Somebody tidies up: the rename was done long ago.
    let tidy = policy("kaufmann: { allow: [data.export] }");
    with_every_target(|target| {
        for policy in [&first, &second, &third, &tidy] {
            apply(target, policy);
        }
        let there = target.read().unwrap().actual;
        for back in [&second, &first] {
            let plan = apply(target, back);
            assert_eq!((plan.renames().len(), plan.effective.clone()), (1, rightful::diff::Effective::default()));
            assert_eq!(renames(&apply(target, &tidy)).len(), 1);
            assert_eq!(target.read().unwrap().actual, there, "no account was split");
        }
    });
}

#[test]
fn going_back_over_names_that_moved_on_gives_each_account_its_own() {
    let before = "users: { a: { allow: [data.import] }, b: { allow: [sms.send] } }";
    let after = "users: { b: { renamed_from: a, allow: [data.import] }, c: { renamed_from: b, allow: [sms.send] } }";
    with_every_target(|target| {
        apply(target, before);
        apply(target, after);
        let plan = apply(target, before);
        assert_eq!(renames(&plan), [pair("b", "a"), pair("c", "b")]);
        assert_eq!(plan.effective, rightful::diff::Effective::default());
    });
}

#[test]
fn nobody_gets_the_account_of_somebody_else_who_once_had_the_name() {
    with_every_target(|target| {
        apply(target, "users: { lars: { allow: [data.export] } }");
        apply(target, "users: { lara: { renamed_from: lars, allow: [data.export] }, anna: }");
        // She leaves, and is out of use; somebody with her former name comes.
        apply(target, "users: { anna: }");
        assert_eq!(renames(&apply(target, "users: { anna: , lars: }")), []);
    });
    let of = |employee: &str, user: &str| {
        format!(
            "employees: {{ one: {{ name: One }}, two: {{ name: Two }} }}\nusers: {{ {user}: {{ employee: {employee} }} }}\n"
        )
    };
    with_every_target(|target| {
        apply(target, &of("one", "lars"));
        apply(target, &of("one", "lara").replace("lara: {", "lara: { renamed_from: lars,"));
        // At one time she leaves and another one of her former name comes: the register tells them apart.
        let plan = planned(target, &of("two", "lars"));
        assert_eq!((renames(&plan), plan.unrenamed.len()), (Vec::new(), 0));
        let plan = planned(target, &of("one", "lars"));
        assert_eq!(renames(&plan), [pair("lara", "lars")]);
        // The same once her account is out of use.
        apply(target, "employees: { one: { name: One } }\nusers: { anna: }\n");
        assert_eq!(renames(&planned(target, &of("two", "lars"))), []);
        assert_eq!(renames(&planned(target, &of("one", "lars"))), [pair("lara", "lars")]);
    });
}

#[test]
fn a_rename_that_was_done_long_ago_takes_nobody_elses_account() {
    let people = |with: bool, users: &str| {
        let employees = "employees: { e1: { name: Alice }, e2: { name: Newcomer } }\n";
        let users = format!("users: {{ lars: , {users} }}\n");
        if with {
            format!("{employees}{users}")
        } else {
            users.replace("employee: e1, ", "").replace("employee: e2, ", "")
        }
    };
    for with in [true, false] {
        with_every_target(|target| {
            let then = people(with, "smith: { employee: e1, renamed_from: alice }");
            apply(target, &people(with, "alice: { employee: e1, active: true }"));
            apply(target, &then);
            apply(target, &people(with, "smyth: { employee: e1, renamed_from: smith }"));
            apply(
                target,
                &people(with, "smyth: { employee: e1, active: true }, alice: { employee: e2, active: true }"),
            );
            let plan = planned(target, &then);
            assert_eq!((renames(&plan), plan.unrenamed.len()), (vec![pair("smyth", "smith")], 0), "{with}");
        });
    }
}

#[test]
fn a_name_that_somebody_has_meanwhile_is_told() {
    with_every_target(|target| {
        apply(target, "users: { lars: { allow: [data.export] } }");
        apply(target, "users: { lara: { renamed_from: lars, allow: [data.export] } }");
        apply(target, "users: { lara: { allow: [data.export] }, lars: }");
        apply(target, "users: { lara: { allow: [data.export] } }");
        let plan = planned(target, "users: { lars: { allow: [data.export] } }");
        let told: Vec<_> =
            plan.unrenamed.iter().map(|one| (one.from.as_str(), one.to.as_str(), one.obstacle.as_str())).collect();
        assert_eq!((renames(&plan), told), (Vec::new(), vec![("lara", "lars", "taken")]));
    });
}

#[test]
fn a_rename_that_cannot_be_done_is_told_and_its_account_stays() {
    let before = "users: { l.kaufmann: { allow: [data.export] } }";
    let after = "users: { lars: { renamed_from: l.kaufmann, allow: [data.export] } }";
    let name = |text: &str| Name::new(text).unwrap();
    with_every_target(|target| {
        apply(target, before);
        // Somebody makes the new account by hand.
        let mut says = target.read().unwrap().actual;
        let lars = (Key::User(name("lars")), Fact::User(UserFact { active: true, ..UserFact::default() }));
        says.facts.insert(lars.0.clone(), lars.1.clone());
        let edit = Plan { steps: vec![Step::Insert(lars.0, lars.1)], after: says, ..planned(target, before) };
        target.apply(&edit, &a_run()).unwrap();
        for drift in [Drift::Keep, Drift::Revert] {
            let plan = plan_of(target, after, drift);
            let told: Vec<_> =
                plan.unrenamed.iter().map(|one| (one.from.as_str(), one.to.as_str(), one.obstacle.as_str())).collect();
            assert_eq!(told, [("l.kaufmann", "lars", "taken")]);
            assert!(!plan.steps.contains(&Step::Delete(Key::User(name("l.kaufmann")))));
            assert!(plan.after.facts.contains_key(&Key::User(name("l.kaufmann"))));
        }
        let plan = plan_of(target, after, Drift::Keep);
        target.apply(&plan, &a_run()).unwrap();
        assert_eq!(plan_of(target, after, Drift::Keep).unrenamed, []);
    });
}

fn changes(plan: &Plan) -> Vec<String> {
    let change = |change: &rightful::plan::Change| {
        let field = change.field.map(|field| format!(" {field}")).unwrap_or_default();
        let origin = if change.origin == Origin::Policy { "" } else { change.origin.as_str() };
        format!("{} {} {}{field} {origin}", change.action.as_str(), change.key.kind().as_str(), change.key)
            .trim_end()
            .to_owned()
    };
    plan.changes.iter().map(change).collect()
}

#[test]
fn what_is_applied_is_read_back_and_applying_again_writes_nothing() {
    with_every_target(|target| {
        let first = apply(target, FIRM);
        assert!(first.changes.len() > 20 && first.conflicts.is_empty());
        assert_eq!(target.read().unwrap().actual, desired(FIRM).state);
        let again = planned(target, FIRM);
        let receipt = target.apply(&again, &a_run()).unwrap();
        assert_eq!((receipt.applied, receipt.end), (0, None));
    });
}

#[test]
fn every_run_is_recorded_in_a_chain_that_holds() {
    with_every_target(|target| {
        let run = |day: u32| Run { applied_at: format!("2026-11-{day}T08:00:00Z"), ..a_run() };
        let first = planned(target, FIRM);
        let receipt = target.apply(&first, &run(20)).unwrap();
        target.record_failure(&run(21), "no room").unwrap();
        let second = planned(target, &FIRM.replace("sms.send", "data.import"));
        let last = target.apply(&second, &run(22)).unwrap();
        let mut verifier = Verifier::meeting([&receipt, &last].map(|receipt| receipt.end.clone().unwrap().head));
        let mut reader = Reader::default();
        let both = &mut |entry| {
            verifier.feed(&entry);
            reader.feed(&entry);
        };
        target.audit(both).unwrap();
        let whole = verifier.finish().unwrap();
        assert_eq!(
            (whole.head.hash, whole.unproven, whole.unmet),
            (last.end.clone().map(|end| end.head), 0, Vec::new())
        );
        let runs = reader.finish();
        let told: Vec<_> = runs.iter().map(|one| (one.number, &one.run.applied_at[..10])).collect();
        assert_eq!(told, [(1, "2026-11-20"), (2, "2026-11-21"), (3, "2026-11-22")]);
        assert_eq!([&receipt, &last].map(|receipt| receipt.end.as_ref().unwrap().run), [1, 3]);
        let Ended::Applied { fingerprint, changes, .. } = &runs[0].ended else { panic!("{:?}", runs[0].ended) };
        assert_eq!((fingerprint, *changes), (&Some(first.fingerprint.to_string()), first.changes.len()));
        assert_eq!(runs[1].ended, Ended::Refused("no room".to_owned()));
    });
}

#[test]
fn what_somebody_elses_table_refers_to_is_not_taken_away() {
    let without_heads = FIRM.replace("  heads: { members: [karin], deny: [calendar.see of lars] }\n", "");
    with_every_database(|target, by_hand| {
        apply(target, FIRM);
        by_hand("CREATE TABLE budgets (group_id TEXT REFERENCES groups); INSERT INTO budgets VALUES ('heads')");
        let (before, plan) = (target.read().unwrap(), planned(target, &without_heads));
        let refused = target.apply(&plan, &a_run()).unwrap_err();
        assert!(matches!(refused, TargetError::InUse), "{refused}");
        assert_eq!(target.read().unwrap(), before);
        by_hand("DROP TABLE budgets");
        apply(target, &without_heads);
    });
}

/// Does something as the shell of SQLite does it, which knows no foreign keys unless it is told.
fn by_the_shell(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn rows_that_hang_on_nothing_are_told_and_go() {
    let (_folder, path) = file();
    let mut target = Sqlite::at(&path);
    apply(&mut target, FIRM);
    by_the_shell(
        &path,
        "DELETE FROM module_sets; DELETE FROM attachment_classes; DELETE FROM users WHERE id = 'lars';
         INSERT INTO module_set_modules (module_set_id, position, module_id) VALUES ('ghost', 1, 'mail');
         INSERT INTO attachment_patterns (attachment_class_id, position, pattern) VALUES ('ghosts', 1, '*.bat');
         INSERT INTO members (group_id, user_id) VALUES ('sales', 'nobody'), ('nothing', 'anna');
         INSERT INTO access (user_id, group_id) VALUES ('nobody', 'role:helper');
         INSERT INTO rules (user_id, right_id, effect, target_kind) VALUES ('nobody', 'data.export', 'allow', 'none')",
    );
    let plan = planned(&mut target, FIRM);
    insta::assert_snapshot!(changes(&plan).join("\n"), @"
    create module-set desk drift
    delete module-set ghost drift
    delete attachment ghosts drift
    create attachment programs drift
    create user lars drift
    delete member group:nothing user:anna drift
    delete member group:sales user:nobody drift
    delete access nobody drift
    delete rule user:nobody allow data.export drift
    ");
    apply(&mut target, FIRM);
    let broken: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(broken, 0);
}

#[test]
fn an_account_gets_a_new_name_although_rows_of_nobody_bear_it() {
    let (_folder, path) = file();
    let mut target = Sqlite::at(&path);
    apply(&mut target, FIRM);
    by_the_shell(
        &path,
        "INSERT INTO members (group_id, user_id) VALUES ('sales', 'l.kaufmann');
         INSERT INTO access (user_id, group_id) VALUES ('l.kaufmann', 'role:helper');
         INSERT INTO rules (user_id, right_id, effect, target_kind) VALUES
           ('l.kaufmann', 'data.export', 'allow', 'none'), ('l.kaufmann', 'data.import', 'allow', 'none')",
    );
    let renamed = FIRM
        .replace("  lars: {", "  l.kaufmann: { renamed_from: lars,")
        .replace("[lars,", "[l.kaufmann,")
        .replace("of lars", "of l.kaufmann");
    let plan = planned(&mut target, &renamed);
    assert!(plan.effective.gains.is_empty(), "what stood there for nobody is nobody's");
    apply(&mut target, &renamed);
}

#[test]
fn two_databases_that_say_the_same_are_not_one() {
    let url = || server::Server::shared().fresh_database();
    let (here, there) = (url(), url());
    let (_folder, path) = file();
    let (_other, other) = file();
    let pairs: [[Box<dyn Target>; 2]; 2] = [
        [Box::new(Sqlite::at(&path)), Box::new(Sqlite::at(&other))],
        [Box::new(Postgres::at(here.url()).unwrap()), Box::new(Postgres::at(there.url()).unwrap())],
    ];
    for [mut one, mut other] in pairs {
        apply(&mut *one, FIRM);
        apply(&mut *other, FIRM);
        let plan = planned(&mut *one, &FIRM.replace("sms.send", "lists.print"));
        assert!(matches!(other.apply(&plan, &a_run()), Err(TargetError::Stale)));
        one.apply(&plan, &a_run()).unwrap();
    }
}

#[test]
fn who_alters_what_the_last_apply_remembered_is_found_out() {
    with_every_database(|target, by_hand| {
        apply(target, FIRM);
        by_hand(
            "UPDATE users SET superuser = true WHERE id = 'lars';
             UPDATE last_applied SET fields = replace(fields, '\"superuser\":false', '\"superuser\":true') WHERE key = 'lars'",
        );
        let plan = planned(target, FIRM);
        assert!(plan.is_forged && changes(&plan) == ["update user lars superuser"], "{:?}", changes(&plan));
        apply(target, FIRM);
        assert!(!planned(target, FIRM).is_forged, "an apply writes it anew");
        by_hand("DELETE FROM last_applied");
        let plan = planned(target, FIRM);
        assert!(plan.is_forged && plan.is_empty());
        apply(target, FIRM);
        assert!(!planned(target, FIRM).is_forged);
        by_hand("DELETE FROM identity");
        let error = target.read().unwrap_err();
        assert!(matches!(&error, TargetError::Altered { what, .. } if what == "row of `identity`"), "{error}");
    });
}

#[test]
fn no_row_that_is_put_behind_the_record_proves_what_was_altered() {
    with_every_database(|target, by_hand| {
        apply(target, FIRM);
        by_hand("DELETE FROM last_applied WHERE key = 'lars'");
        assert!(planned(target, FIRM).is_forged);
        by_hand(
            r#"INSERT INTO audit (seq, run, part, body, hash)
               SELECT max(seq) + 1, 2, 'run', '{"applied_at":"2026-11-23T09:00:00Z","outcome":"ok"}', 'x' FROM audit"#,
        );
        assert!(planned(target, FIRM).is_forged);
    });
}

#[test]
fn what_somebody_writes_beside_the_policy_ends_in_no_raw_error() {
    let (_folder, path) = file();
    let altered = |sql: &str, what: &str| {
        let mut target = Sqlite::at(&path);
        apply(&mut target, FIRM);
        drop(target);
        std::fs::copy(&path, path.with_extension("kept")).unwrap();
        by_the_shell(&path, sql);
        let error = Sqlite::at(&path).read().unwrap_err();
        assert!(matches!(&error, TargetError::Altered { what: found, .. } if found == what), "{sql}: {error}");
        std::fs::copy(path.with_extension("kept"), &path).unwrap();
    };
    altered("PRAGMA user_version = 3", "table `company`");
    altered("PRAGMA ignore_check_constraints = ON; UPDATE identity SET database = '-'", "row of `identity`");
    by_the_shell(&path, "CREATE UNIQUE INDEX mine ON employees (name)");
    let refused = planned(&mut Sqlite::at(&path), &FIRM.replace("Anna Peters", "Lars Kaufmann"));
    let error = Sqlite::at(&path).apply(&refused, &a_run()).unwrap_err();
    assert!(matches!(&error, TargetError::Unable { what, .. } if what.contains("employees.name")), "{error}");
    by_the_shell(&path, "DROP INDEX mine");
    // The record and the lock are read as they stand.
    by_the_shell(
        &path,
        r#"INSERT INTO audit (seq, run, part, body) SELECT max(seq) + 1, 2, 'run', CAST(x'7b226f7574636f6d65223a226f6b222c2261223a22ff227d' AS text) FROM audit;
           UPDATE lock SET holder = CAST(x'ff41' AS text)"#,
    );
    apply(&mut Sqlite::at(&path), &FIRM.replace("sms.send", "lists.print"));
    // No lease lasts longer than one does, whatever is written down.
    by_the_shell(
        &path,
        "UPDATE lock SET holder = 'x', since = '2026-01-01T00:00:00.000Z', until = '9999-12-31T00:00:00.000Z'",
    );
    apply(&mut Sqlite::at(&path), FIRM);
}

#[test]
fn a_name_that_is_no_text_is_refused_and_hides_no_other() {
    let (_folder, path) = file();
    let mut target = Sqlite::at(&path);
    apply(&mut target, FIRM);
    by_the_shell(&path, "INSERT INTO modules (id) VALUES (CAST(x'ff41' AS TEXT)), (CAST(x'fe41' AS TEXT))");
    let error = target.read().unwrap_err();
    assert!(
        matches!(&error, TargetError::Senseless(what) if what == "a `id` in `modules` that is no text in UTF-8"),
        "{error}"
    );
}

#[test]
fn a_user_who_leaves_is_retired_and_stays_a_target() {
    let left = FIRM
        .replace("  karin: { modules: desk }\n", "")
        .replace("members: [karin], ", "")
        .replace("calendar.see of karin", "calendar.see of everyone");
    with_every_target(|target| {
        apply(target, FIRM);
        let plan = apply(target, &left);
        let found = changes(&plan);
        assert!(found.contains(&"update user karin active".to_owned()), "{found:#?}");
        assert!(!found.iter().any(|change| change.starts_with("delete user")), "{found:#?}");
        let mut lost = plan.effective.losses.iter().flat_map(|loss| loss.singles());
        assert!(!lost.any(|(user, target)| user.as_str() == "lars" && target.is_some()), "her data can still be seen");
        let name = |fact: &Fact| matches!(fact, Fact::User(user) if !user.active);
        assert!(name(&target.read().unwrap().actual.facts[&Key::User(Name::new("karin").unwrap())]));
        // Who comes back is in use again.
        let found = changes(&apply(target, FIRM));
        assert!(found.contains(&"update user karin active".to_owned()), "{found:#?}");
    });
}

#[test]
fn a_renamed_account_keeps_what_hangs_on_it() {
    let renamed = FIRM
        .replace("  lars: {", "  l.kaufmann: { renamed_from: lars,")
        .replace("[lars,", "[l.kaufmann,")
        .replace("of lars", "of l.kaufmann");
    with_every_target(|target| {
        apply(target, FIRM);
        let plan = apply(target, &renamed);
        assert_eq!(changes(&plan), ["update user l.kaufmann id"]);
        assert_eq!(plan.effective, rightful::diff::Effective::default());
    });
}

#[test]
fn names_may_move_on_in_a_chain() {
    let before = "users: { b: { allow: [data.import] }, new: { allow: [sms.send] } }";
    let after = "users: { x: { renamed_from: b, allow: [data.import] }, b: { renamed_from: new, allow: [sms.send] } }";
    with_every_target(|target| {
        apply(target, before);
        assert_eq!(changes(&apply(target, after)), ["update user b id", "update user x id"]);
    });
}

#[test]
fn two_users_may_swap_their_employees() {
    let swapped = FIRM
        .replace("employee: lk", "employee: xx")
        .replace("employee: ap", "employee: lk")
        .replace("employee: xx", "employee: ap");
    with_every_target(|target| {
        apply(target, FIRM);
        assert_eq!(changes(&apply(target, &swapped)), ["update user anna employee", "update user lars employee"]);
    });
}

#[test]
fn a_stale_plan_is_refused_and_changes_nothing() {
    with_every_target(|target| {
        let stale = planned(target, FIRM);
        apply(target, &FIRM.replace("sms.send", "lists.print"));
        let before = target.read().unwrap();
        assert!(matches!(target.apply(&stale, &a_run()), Err(TargetError::Stale)));
        assert_eq!(target.read().unwrap(), before);
    });
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    (folder, path)
}

fn by_hand(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn what_somebody_did_in_the_database_is_drift_and_what_both_did_a_conflict() {
    with_every_database(|target, by_hand| {
        apply(target, FIRM);
        by_hand(
            "UPDATE users SET superuser = true WHERE id = 'lars';
             UPDATE employees SET name = 'L. K.', email = 'x@y.example' WHERE id = 'lk';
             INSERT INTO users (id) VALUES ('rogue\u{1b}[31m');
             INSERT INTO members (group_id, user_id) VALUES ('sales', 'rogue\u{1b}[31m');
             DELETE FROM rules WHERE user_id = 'lars';",
        );
        let changed = FIRM
            .replace("Lars Kaufmann", "Lars J. Kaufmann")
            .replace("deny: [calendar.see of lars]", "allow: [templates.manage]");
        let plan = planned(target, &changed);
        let expected = [
            "update employee lk name conflict",
            "update employee lk email drift",
            "update user lars superuser drift",
            "update user rogue\u{1b}[31m active drift",
            "delete member group:sales user:rogue\u{1b}[31m drift",
            "create rule user:lars allow data.export drift",
            "create rule group:heads allow templates.manage",
            "delete rule group:heads deny calendar.see of user:lars",
        ];
        let mut found = changes(&plan);
        let mut expected: Vec<String> = expected.map(str::to_owned).to_vec();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(plan.conflicts.len(), 1);
        apply(target, &changed);
    });
}

#[test]
fn reading_never_makes_or_changes_a_file() {
    let (_folder, path) = file();
    let mut target = Sqlite::at(&path);
    assert_eq!(target.read().unwrap(), rightful::plan::Reading::default());
    assert!(!path.exists());
    apply(&mut target, FIRM);
    drop(target);
    let before = std::fs::read(&path).unwrap();
    let mut target = Sqlite::at(&path);
    planned(&mut target, &FIRM.replace("sms.send", "lists.print"));
    let again = planned(&mut target, FIRM);
    target.apply(&again, &a_run()).unwrap();
    drop(target);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_full_disk_leaves_the_old_state() {
    let (_folder, path) = file();
    apply(&mut Sqlite::at(&path), FIRM);
    let before = Sqlite::at(&path).read().unwrap();
    let many: String = (0..2000).map(|number| format!("  user{number}: {{ allow: [data.export] }}\n")).collect();
    let larger = FIRM.replace("users:\n", &format!("users:\n{many}"));
    let connection = Connection::open(&path).unwrap();
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    connection.pragma_update(None, "max_page_count", pages + 5).unwrap();
    let mut full = Sqlite::over(connection);
    let plan = planned(&mut full, &larger);
    assert!(matches!(full.apply(&plan, &a_run()), Err(TargetError::Full(_))));
    assert_eq!(full.read().unwrap(), before);
    drop(full);
    apply(&mut Sqlite::at(&path), &larger);
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let (folder, path) = file();
    let refused = |path: &Path| {
        let before = std::fs::read(path).unwrap();
        let mut target = Sqlite::at(path);
        let read = target.read().unwrap_err();
        let plan = planned(&mut Memory::default(), FIRM);
        assert!(target.apply(&plan, &a_run()).is_err());
        assert_eq!(std::fs::read(path).unwrap(), before);
        read
    };
    std::fs::write(&path, "just a text, and long enough to have been a header of some kind of database\n".repeat(3))
        .unwrap();
    assert!(matches!(refused(&path), TargetError::NotADatabase(_)));
    let foreign = folder.path().join("foreign.db");
    by_hand(&foreign, "CREATE TABLE users (id)");
    assert!(matches!(refused(&foreign), TargetError::Foreign(_)));
    by_hand(&folder.path().join("marked.db"), "PRAGMA application_id = 12345; PRAGMA user_version = 1");
    assert!(matches!(refused(&folder.path().join("marked.db")), TargetError::Foreign(_)));
    for (number, tampering) in [
        "DROP VIEW effective_right",
        "DROP VIEW effective_right; CREATE VIEW effective_right (user_id, right_id, allowed, step) AS SELECT users.id, rights.id, 1, 'user' FROM users, rights",
        "DROP INDEX rules_key",
        "DROP TABLE audit",
        "CREATE TRIGGER t AFTER INSERT ON rules BEGIN UPDATE rules SET effect = 'allow'; END",
        "CREATE TRIGGER sqliteKeep AFTER UPDATE ON lock BEGIN DELETE FROM rules; END",
        "CREATE TRIGGER t AFTER UPDATE ON LOCK BEGIN DELETE FROM rules; END",
    ].into_iter().enumerate() {
        let altered = folder.path().join(format!("altered{number}.db"));
        apply(&mut Sqlite::at(&altered), FIRM);
        by_hand(&altered, tampering);
        match refused(&altered) {
            TargetError::Stranger { .. } => assert!(tampering.starts_with("CREATE TRIGGER"), "{tampering}"),
            TargetError::Altered { .. } => assert!(!tampering.starts_with("CREATE TRIGGER"), "{tampering}"),
            other => panic!("{tampering}: {other}"),
        }
    }
    let far = folder.path().join("far.db");
    apply(&mut Sqlite::at(&far), FIRM);
    by_hand(&far, "UPDATE lock SET fence = 9223372036854775807");
    let mut target = Sqlite::at(&far);
    let plan = planned(&mut target, "users: { lars: }");
    assert!(matches!(target.apply(&plan, &a_run()), Err(TargetError::Senseless(_))));
    let newer = folder.path().join("newer.db");
    apply(&mut Sqlite::at(&newer), FIRM);
    by_hand(&newer, "PRAGMA user_version = 99");
    assert!(matches!(refused(&newer), TargetError::NewerSchema { found: 99, .. }));
}

#[test]
fn a_server_with_other_tables_or_views_is_refused() {
    let server = server::Server::shared();
    let refused = |prepare: &dyn Fn(&str)| {
        let database = server.fresh_database();
        prepare(database.url());
        Postgres::at(database.url()).unwrap().read().unwrap_err()
    };
    assert!(matches!(refused(&|url| on_the_server(url, "CREATE TABLE users (id text)")), TargetError::Foreign(_)));
    let after = |sql: &'static str| {
        refused(&move |url| {
            apply(&mut Postgres::at(url).unwrap(), FIRM);
            on_the_server(
                url,
                "CREATE INDEX added ON users (name); ALTER TABLE users ADD badge text; CREATE TABLE beside (id text)",
            );
            Postgres::at(url).unwrap().read().unwrap();
            on_the_server(url, sql);
        })
    };
    assert!(matches!(after("UPDATE schema_version SET version = 99"), TargetError::NewerSchema { found: 99, .. }));
    assert!(matches!(after("DELETE FROM schema_version"), TargetError::Senseless(_)));
    for (tampering, what) in [
        (
            "CREATE OR REPLACE VIEW effective_right AS SELECT users.id AS user_id, rights.id AS right_id, true AS allowed, 'user' AS step FROM users, rights",
            "view `effective_right`",
        ),
        ("DROP VIEW effective_scoped_right", "view `effective_scoped_right`"),
        ("DROP INDEX rules_key", "index `rules_key`"),
        ("ALTER TABLE audit DISABLE TRIGGER audit_update", "trigger `audit_update on audit`"),
        ("CREATE RULE hush AS ON INSERT TO rules DO INSTEAD NOTHING", "rule `hush on rules`"),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t AFTER INSERT ON rules FOR EACH ROW EXECUTE FUNCTION f()",
            "trigger `t on rules`",
        ),
        (
            "CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "function `audit_is_append_only`",
        ),
        ("ALTER TABLE lock ALTER fence TYPE text", "column `fence of lock`"),
        ("ALTER TABLE users DROP COLUMN superuser CASCADE", "column `superuser of users`"),
        ("ALTER TABLE rules DROP CONSTRAINT rules_right_id_fkey", "constraint `rules_right_id_fkey on rules`"),
        ("ALTER TABLE users ADD CONSTRAINT few CHECK (id < 'm')", "constraint `few on users`"),
        ("ALTER TABLE rules ENABLE ROW LEVEL SECURITY", "table `rules`"),
    ] {
        let error = after(tampering);
        assert!(matches!(&error, TargetError::Altered { what: found, .. } if found == what), "{tampering}: {error}");
    }
}

#[test]
fn a_read_only_or_locked_database_is_said_to_be_so() {
    let (_folder, path) = file();
    apply(&mut Sqlite::at(&path), FIRM);
    let changed = FIRM.replace("sms.send", "lists.print");
    let mut read_only = Sqlite::over(Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap());
    let plan = planned(&mut read_only, &changed);
    assert!(matches!(read_only.apply(&plan, &a_run()), Err(TargetError::ReadOnly(_))));

    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = Sqlite::at(&path).waiting(Duration::from_millis(30));
    let plan = planned(&mut waiting, &changed);
    let refused = waiting.apply(&plan, &a_run()).unwrap_err();
    assert!(matches!(refused, TargetError::Locked { .. }) && refused.is_refusal());
    other.execute_batch("ROLLBACK").unwrap();
    apply(&mut waiting, &changed);
}

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// A register in which everything is said.
fn register() -> Register {
    let name = |text: &str| Name::new(text).unwrap();
    let (early, late) = (moment("2026-11-22T08:00:00.000Z"), moment("2026-12-06T08:00:00.250Z"));
    let mail = Mail { is_sent: false, attempts: 2, next_at: Some(late), error: Some("full".to_owned()) };
    let invitation = Invitation {
        email: "lars@nordwind.example".to_owned(),
        standing: Standing::Invited,
        message_id: "1234.invitation@rightful".to_owned(),
        token_hash: Some("ab".repeat(32)),
        invited_at: early,
        expires_at: late,
        answered_at: None,
        mail,
    };
    let login = Login {
        email: "anna@nordwind.example".to_owned(),
        since: early,
        failed_logins: 3,
        locked_at: Some(late),
        closed_at: Some(late),
    };
    let session = Session { kind: SessionKind::Api, who: "the web shop".to_owned(), since: early, until: late };
    Register {
        connection: online::Connection {
            state: online::State::Connected,
            responsible: Some(name("lars")),
            since: Some(early),
            exclusive_until: None,
        },
        invitations: [(name("lars"), invitation)].into(),
        logins: [(name("anna"), login)].into(),
        limits: Limits { idle_logout: 300, failed_logins: 3 },
        sessions: [("s-1".to_owned(), session)].into(),
        services: [(name("lars"), "crm".to_owned()), (name("lars"), "calendar".to_owned())].into(),
        ..Register::default()
    }
}

#[test]
fn what_is_remembered_of_online_access_is_kept_recorded_and_follows_a_new_name() {
    let name = |text: &str| Name::new(text).unwrap();
    let run = Run { deed: Some("connect".to_owned()), ..a_run() };
    with_every_target(|target| {
        apply(target, FIRM);
        assert_eq!(target.register().unwrap().unwrap().0, Register::default());
        let receipt = target.alter(&run, &mut |_, _| Some(register().into())).unwrap().unwrap();
        let connected = receipt.end.unwrap();
        assert_eq!((connected.run, target.register().unwrap().unwrap().0), (2, register()));
        // Nothing said, nothing done; and what is no deed leaves nothing in the record.
        assert_eq!(target.alter(&run, &mut |_, _| None).unwrap(), None);
        let locked = |register: &Register, now| {
            let mut after = register.clone();
            after.logins.get_mut(&Name::foreign("anna")).unwrap().locked_at = Some(now);
            Some(after.into())
        };
        let quiet = target.alter(&a_run(), &mut |register, now| locked(register, now)).unwrap().unwrap();
        assert_eq!(quiet.end, None);
        let renamed = FIRM.replace("  lars: { employee: lk", "  l.kaufmann: { renamed_from: lars, employee: lk");
        let renamed = renamed.replace("[lars,", "[l.kaufmann,").replace("of lars", "of l.kaufmann");
        apply(target, &renamed);
        let known = target.register().unwrap().unwrap().0;
        assert_eq!(known.connection.responsible, Some(name("l.kaufmann")));
        assert!(known.invitations.contains_key(&name("l.kaufmann")) && !known.invitations.contains_key(&name("lars")));
        assert!(known.services.iter().all(|(user, _)| *user == name("l.kaufmann")));
        // The end of a connection takes what the policy declares, and leaves what is said of the company.
        let ending = Run { deed: Some("disconnect".to_owned()), ..a_run() };
        let ended = target
            .alter(&ending, &mut |register, _| Some(Altered { register: register.clone(), declared: Declared::Goes }));
        let ended = ended.unwrap().unwrap();
        let reading = target.read().unwrap();
        let left: Vec<String> = reading.actual.facts.keys().map(ToString::to_string).collect();
        assert_eq!((left, reading.base), (vec!["company".to_owned(), "licence".to_owned()], None));
        assert_eq!(target.register().unwrap().unwrap().0, known);
        let last = ended.end.unwrap().head;
        let mut verifier = Verifier::meeting([connected.head, last.clone()]);
        target.audit(&mut |entry| verifier.feed(&entry)).unwrap();
        let whole = verifier.finish().unwrap();
        assert_eq!((whole.head.hash, whole.unmet), (Some(last), Vec::new()));
        apply(target, &renamed);
    });
}

#[test]
fn nobody_registers_while_a_company_is_being_connected_and_no_login_gets_another_address() {
    let exclusive = |register: &Register, now: Moment| {
        let mut after = register.clone();
        after.connection.exclusive_until = Some(now.later(60));
        Some(after.into())
    };
    let session =
        "INSERT INTO sessions VALUES ('s', 'user', 'lars', '2026-11-22T08:00:00.000Z', '2026-11-22T08:20:00.000Z')";
    with_every_database(|target, by_hand| {
        apply(target, FIRM);
        by_hand(session);
        by_hand("DELETE FROM sessions");
        target.alter(&a_run(), &mut |register, now| exclusive(register, now)).unwrap();
        let refused = |sql: &str| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| by_hand(sql))).is_err();
        assert!(refused(session));
        by_hand(
            "INSERT INTO logins (user_id, email, since) VALUES ('lars', 'lars@nordwind.example', '2026-11-22T08:00:00.000Z')",
        );
        by_hand("UPDATE logins SET failed_logins = 1");
        assert!(refused("UPDATE logins SET email = 'l@nordwind.example'"));
        // A deed does not cover up what somebody makes of what the last apply remembered.
        let run = Run { deed: Some("invite".to_owned()), ..a_run() };
        target.alter(&run, &mut |register, _| Some(register.clone().into())).unwrap();
        assert!(!target.read().unwrap().is_forged);
        by_hand("DELETE FROM last_applied WHERE kind = 'rule'");
        assert!(target.read().unwrap().is_forged);
        target.alter(&run, &mut |register, _| Some(register.clone().into())).unwrap();
        assert!(target.read().unwrap().is_forged);
    });
}
