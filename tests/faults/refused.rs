//! A world that is not as it should be: each time the program says what is wrong and what to do, nothing of the inside,
//! and never a password.

use std::net::TcpListener;

use rightful::target::TargetError;
use rightful::target::postgres::Postgres;

use super::firm::{File, Home, NEW, OLD, Pendulum, Remote, apply, planned, record, run};
use super::repository::Repository;
use super::server::{PASSWORD, Server, Setup, USER};

/// A password that is none.
const WRONG: &str = "nobody-may-read-this-either";

/// Runs the program on the database of a URL, which comes from the environment and from the command line: exit code and
/// all that it says, on one line, which is the same both ways and holds no password.
fn said(repository: &Repository, command: &str, url: &str) -> String {
    let ran = |database: &str| {
        let mut program = repository.command(command);
        let ran = program.args(["--database", database]).env("CRM_DATABASE_URL", url).output().unwrap();
        let both = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        let words: Vec<&str> = both.split_whitespace().collect();
        format!("exit {} {}", ran.status.code().unwrap(), words.join(" "))
    };
    let (from_environment, from_arguments) = (ran("env:CRM_DATABASE_URL"), ran(url));
    for secret in [PASSWORD, WRONG] {
        assert!(!from_environment.contains(secret) && !from_arguments.contains(secret), "{from_environment}");
    }
    assert_eq!(from_environment, from_arguments);
    let port = url.rsplit_once('@').unwrap().1.split('/').next().unwrap().rsplit(':').next().unwrap();
    from_environment.replace(&format!(":{port}"), ":PORT")
}

#[test]
fn who_may_not_come_in_is_told_so() {
    let server = Server::shared();
    let repository = Repository::of(OLD);
    insta::assert_snapshot!(said(&repository, "plan", &server.url_as(USER, WRONG, "crm")), @"exit 2 error: the server of the database `crm on 127.0.0.1:PORT` refused the user name or the password help: correct the user or the password in the variable that holds the URL");
    insta::assert_snapshot!(said(&repository, "apply --yes", &server.url_as("nobody", WRONG, "crm")), @"exit 2 error: the server of the database `crm on 127.0.0.1:PORT` refused the user name or the password help: correct the user or the password in the variable that holds the URL");
    insta::assert_snapshot!(said(&repository, "plan", &server.url("nordwind")), @"exit 2 error: there is no database `nordwind on 127.0.0.1:PORT` help: let an administrator of the server make it, empty; `rightful apply` fills it");
}

#[test]
fn a_server_that_is_gone_is_said_to_be_gone() {
    let repository = Repository::of(OLD);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/crm");
    insta::assert_snapshot!(said(&repository, "apply --yes", &url), @"exit 2 error: cannot open the database `crm on 127.0.0.1:PORT`: Connection refused (os error 111) help: check that it is there, that it can be reached, and that you may use it");
}

#[test]
fn what_somebody_mistook_for_an_address_is_not_repeated() {
    let repository = Repository::of(OLD);
    for url in [
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:port/crm"),
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1/crm?sslmode=sometimes"),
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1/crm?sslrootcert=%zz"),
        format!("postgres//{USER}:{PASSWORD}@127.0.0.1/crm"),
        format!("mysql://{USER}:{PASSWORD}@127.0.0.1/crm"),
        format!("postgres://{USER}:p@{PASSWORD}@127.0.0.1/crm"),
        format!("postgres://{USER}:p/{PASSWORD}@127.0.0.1/crm"),
        format!("postgres://{USER}:p?{PASSWORD}@127.0.0.1/crm"),
        format!("postgres://{USER}:p#{PASSWORD}@127.0.0.1/crm"),
    ] {
        assert!(said(&repository, "plan", &url).starts_with("exit 2 "), "{url}");
    }
}

#[test]
fn a_password_that_was_not_escaped_gets_into_no_settings() {
    let url = format!("postgres://{USER}:p/{PASSWORD}@127.0.0.1/crm");
    let repository = Repository::with::<&str>(&[]);
    let mut pull = repository.command("pull . --from-database --database");
    let ran = pull.arg(&url).output().unwrap();
    assert!(!ran.status.success() && !repository.path("rightful.yaml").exists());
    let settings = format!("companies:\n  crm: {{ policies: [policies], database: '{url}' }}\n");
    repository.write("rightful.yaml", settings);
    repository.write("policies/a.yaml", OLD);
    let checked = repository.run("check");
    assert!(checked.contains("password-in-config") && !checked.contains(PASSWORD), "{checked}");
}

#[test]
fn a_server_that_only_follows_another_one_can_be_planned_with() {
    let server = Server::start();
    let remote = Remote::new(&server);
    apply(&mut *remote.target(), OLD).unwrap();
    let data = server.sql("postgres", "SHOW data_directory");
    server.stop();
    std::fs::write(std::path::Path::new(&data).join("standby.signal"), "").unwrap();
    server.start_again();
    let plan = planned(&mut *remote.target(), NEW);
    let error = remote.target().apply(&plan, &run()).unwrap_err();
    assert!(matches!(error, TargetError::ReadOnly(_)), "{error}");
}

#[test]
fn without_its_row_nobody_takes_the_lock() {
    let (remote, file) = (Remote::new(Server::shared()), File::new());
    for home in [&remote as &dyn Home, &file] {
        apply(&mut *home.target(), OLD).unwrap();
        home.by_hand("DELETE FROM lock");
        let error = apply(&mut *home.target(), NEW).unwrap_err();
        assert!(matches!(&error, TargetError::Altered { what, .. } if what == "row of `lock`"), "{error}");
    }
}

#[test]
fn a_file_that_is_damaged_is_said_to_be() {
    let file = File::new();
    apply(&mut *file.target(), OLD).unwrap();
    let mut bytes = std::fs::read(file.path()).unwrap();
    bytes[4096..].fill(0xff);
    std::fs::write(file.path(), bytes).unwrap();
    let error = file.target().read().unwrap_err();
    assert!(matches!(error, TargetError::Unable { .. }), "{error}");
}

#[test]
fn another_programs_database_is_left_alone() {
    let remote = Remote::new(Server::shared());
    remote.by_hand("CREATE TABLE users (id text)");
    let repository = Repository::of(OLD);
    let url = remote.database.url();
    for command in ["plan", "apply --yes"] {
        let said = said(&repository, command, url);
        assert!(said.starts_with("exit 2 ") && said.contains("was not made by this program"), "{said}");
    }
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(remote.server.sql(remote.database.name(), tables), "1");
}

#[test]
fn who_may_only_read_can_plan() {
    let remote = Remote::new(Server::shared());
    let name = remote.database.name();
    apply(&mut *remote.target(), OLD).unwrap();
    let role = format!("reader_{name}");
    remote.by_hand(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD '{WRONG}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let url = remote.server.url_as(&role, WRONG, name);
    let before = record(&mut *remote.target());
    let repository = Repository::of(NEW);
    assert!(said(&repository, "plan", &url).starts_with("exit 0 "));
    let refused = said(&repository, "apply --yes", &url);
    assert!(refused.starts_with("exit 2 ") && refused.contains("did not permit it"), "{refused}");
    remote.by_hand(&format!("ALTER ROLE {role} CONNECTION LIMIT 0"));
    let refused = said(&repository, "plan", &url);
    assert!(refused.starts_with("exit 2 ") && refused.contains("too many connections"), "{refused}");
    assert_eq!(record(&mut *remote.target()), before);
    remote.by_hand(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_server_that_gives_no_time_says_so() {
    let remote = Remote::new(Server::shared());
    let _ = Pendulum::new(&remote);
    remote.by_hand(&format!("ALTER DATABASE {} SET statement_timeout = '300ms'", remote.database.name()));
    let mut other = remote.client();
    other.batch_execute("BEGIN; LOCK TABLE users").unwrap();
    let error = remote.target().read().unwrap_err();
    assert!(matches!(&error, TargetError::Unable { what, .. } if what.contains("timeout")), "{error:?}");
    let repository = Repository::of(NEW);
    let said = said(&repository, "apply --yes", remote.database.url());
    assert!(said.starts_with("exit 2 ") && said.contains("statement timeout"), "{said}");
    other.batch_execute("ROLLBACK").unwrap();
    assert!(apply(&mut *remote.target(), NEW).unwrap().end.is_some());
}

/// The old policy, and so many users.
fn crowd(users: u32) -> String {
    let many: String = (0..users).map(|number| format!("  user{number}: {{ allow: [data.export] }}\n")).collect();
    OLD.replace("users:\n", &format!("users:\n{many}"))
}

#[test]
fn a_full_disk_leaves_the_old_state_and_room_is_all_it_takes() {
    // Ends within a page: the server then says that there is no room, not that a file is too large.
    let server = Server::with(&Setup { most_blocks: Some(2 * 1024 * 2 + 1), ..Setup::default() });
    let remote = Remote::new(&server);
    apply(&mut *remote.target(), OLD).unwrap();
    let (before, recorded) = (remote.target().read().unwrap(), record(&mut *remote.target()));
    let error = apply(&mut *remote.target(), &crowd(20_000)).unwrap_err();
    assert!(matches!(error, TargetError::Full(_)), "{error}");
    assert_eq!(remote.target().read().unwrap(), before);
    assert_eq!(record(&mut *remote.target()), recorded);
    remote.by_hand("VACUUM");
    assert!(apply(&mut *remote.target(), NEW).unwrap().end.is_some());
}

#[test]
fn the_embedded_database_survives_a_limit_on_files() {
    let file = File::new();
    apply(&mut *file.target(), OLD).unwrap();
    let before = file.target().read().unwrap();
    // Employees alone, over whom no guard trips.
    let many: String = (0..5_000).map(|number| format!("e{number}: {{ name: Employee {number} }}, ")).collect();
    let repository = Repository::of(&OLD.replace("employees: {", &format!("employees: {{ {many}")));
    let size = std::fs::metadata(file.path()).unwrap().len() / 1024 + 100;
    // The system would kill who goes beyond it without a word.
    let program = repository.command("apply --yes --database");
    let ran = std::process::Command::new("sh")
        .args(["-c", &format!("ulimit -f {}; exec \"$@\"", size * 2), "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .arg(format!("sqlite:{}", file.path().display()))
        .current_dir(program.get_current_dir().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(2) && said.contains("nothing was changed"), "{} {said}", ran.status);
    assert_eq!(file.target().read().unwrap(), before);
}

#[test]
fn certificates_are_looked_at_as_the_url_says() {
    let server = Server::with_tls();
    server.create_database("crm");
    let (authority, strange) = (server.authority().display().to_string(), server.strange_authority());
    let comes_in = |parameters: &str| {
        let mut target = Postgres::at(&format!("{}?{parameters}", server.url("crm"))).unwrap();
        apply(&mut target, OLD)
    };
    for parameters in [
        format!("sslmode=verify-full&sslrootcert={authority}"),
        format!("sslmode=verify-ca&sslrootcert={authority}"),
        "sslmode=require".to_owned(),
        "sslmode=prefer".to_owned(),
        String::new(),
    ] {
        comes_in(&parameters).unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
    let repository = Repository::of(OLD);
    let refused = |parameters: &str| {
        let said = said(&repository, "plan", &format!("{}?{parameters}", server.url("crm")));
        said.replace(&*strange.parent().unwrap().to_string_lossy(), "FOLDER")
    };
    let by_strangers = refused(&format!("sslmode=verify-full&sslrootcert={}", strange.display()));
    assert!(by_strangers.starts_with("exit 2 ") && by_strangers.contains("UnknownIssuer"), "{by_strangers}");
    assert!(by_strangers.contains("certificates for the database cannot be used"), "{by_strangers}");
    let by_the_system = refused("sslmode=verify-full");
    assert!(by_the_system.starts_with("exit 2 ") && by_the_system.contains("certificate"), "{by_the_system}");
    let none = refused(&format!("sslmode=verify-full&sslrootcert={}.none", strange.display()));
    assert!(none.contains("cannot read `FOLDER/stranger.pem.none`"), "{none}");
    assert!(refused("sslmode=disable").starts_with("exit 2 "));
}

#[test]
fn no_password_gets_into_the_database() {
    let remote = Remote::new(Server::shared());
    for policy in [OLD, NEW] {
        let repository = Repository::of(policy);
        assert!(said(&repository, "plan --format json", remote.database.url()).starts_with("exit 0 "));
        let mut program = repository.command("apply --yes --database env:CRM_DATABASE_URL");
        let ran = program.env("CRM_DATABASE_URL", remote.database.url()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let plan = planned(&mut *remote.target(), OLD);
    assert!(!format!("{plan:?} {:?}", run()).contains(PASSWORD));
    let entries = record(&mut *remote.target());
    assert!(!entries.is_empty() && !entries.iter().any(|entry| entry.body.contains(PASSWORD)));
}
