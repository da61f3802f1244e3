//! The servers of the tests themselves: each is there when it is needed, and gone afterwards.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::server::{PASSWORD, Server, Setup};

/// Names the file into which a child writes where its server is.
const CHILD: &str = "RIGHTFUL_TEST_HARNESS_CHILD";

/// The directory of a server and its process.
fn traces(server: &Server) -> (String, String) {
    let data = server.sql("postgres", "SHOW data_directory");
    let pid = std::fs::read_to_string(Path::new(&data).join("postmaster.pid")).unwrap();
    (data.trim_end_matches("/data").to_owned(), format!("/proc/{}", pid.lines().next().unwrap()))
}

fn is_gone(traces: &(String, String)) -> bool {
    !Path::new(&traces.0).exists() && !Path::new(&traces.1).exists()
}

/// Whether a client comes in over the network, with further parameters.
fn comes_in(server: &Server, parameters: &str) -> bool {
    let address = format!("{}?{parameters}", server.url("postgres"));
    let ran = Command::new("psql").args(["-XAtqw", "-d", &address, "-c", "SELECT 1"]).output().unwrap();
    ran.status.success()
}

#[test]
fn a_server_is_gone_with_its_test() {
    let server = Server::start();
    let traces = traces(&server);
    assert!(!is_gone(&traces) && comes_in(&server, ""));
    assert!(!server.log().contains(PASSWORD));
    drop(server);
    assert!(is_gone(&traces));
}

#[test]
fn a_server_is_gone_with_a_test_that_panics() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let panicked = thread::spawn(move || {
        let server = Server::start();
        sender.send(traces(&server)).unwrap();
        std::panic::resume_unwind(Box::new("as a failing test"));
    });
    assert!(panicked.join().is_err());
    assert!(is_gone(&receiver.recv().unwrap()));
}

#[test]
fn a_server_is_gone_with_tests_that_are_killed() {
    if std::env::var_os(CHILD).is_some() {
        let (directory, process) = traces(Server::shared());
        println!("\nup {directory} {process}");
        thread::sleep(Duration::from_secs(600));
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "harness::a_server_is_gone_with_tests_that_are_killed", "--nocapture"])
        .env(CHILD, "yes")
        .env_remove("RIGHTFUL_TEST_POSTGRES")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let up = lines.find_map(|line| line.strip_prefix("up ").map(str::to_owned)).unwrap();
    let (directory, process) = up.split_once(' ').unwrap();
    let traces = (directory.to_owned(), process.to_owned());
    assert!(!is_gone(&traces));
    child.kill().unwrap();
    child.wait().unwrap();
    let killed = Instant::now();
    while !is_gone(&traces) {
        assert!(killed.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_server_that_was_stopped_or_killed_comes_again_with_what_it_had() {
    let server = Server::start();
    let database = server.fresh_database();
    server.sql(database.name(), "CREATE TABLE kept AS SELECT 1 AS n");
    for end in [Server::stop, Server::kill] {
        end(&server);
        assert!(!comes_in(&server, ""));
        server.start_again();
        assert_eq!(server.sql(database.name(), "SELECT n FROM kept"), "1");
    }
    server.restart();
    assert!(comes_in(&server, ""));
}

#[test]
fn only_who_trusts_the_authority_comes_in_by_tls() {
    let server = Server::with_tls();
    let trusting = |authority: &Path| format!("sslmode=verify-full&sslrootcert={}", authority.display());
    assert!(comes_in(&server, &trusting(server.authority())));
    assert!(!comes_in(&server, &trusting(&server.strange_authority())));
    assert!(!comes_in(&server, "sslmode=disable"));
    assert_eq!(server.address().ip().to_string(), "127.0.0.1");
}

#[test]
fn a_full_disk_is_one_for_the_server() {
    // Ends within a page: the server then says that there is no room, not that a file is too large.
    let server = Server::with(&Setup { most_blocks: Some(4 * 1024 * 2 + 1), ..Setup::default() });
    let database = server.fresh_database();
    server.sql(database.name(), "CREATE TABLE much (text text)");
    let full = "DO $$ BEGIN INSERT INTO much SELECT repeat('x', 1000) FROM generate_series(1, 9000); \
                EXCEPTION WHEN disk_full THEN NULL; END $$";
    server.sql(database.name(), full);
    assert_eq!(server.sql(database.name(), "SELECT count(*) FROM much"), "0");
}

#[test]
fn the_shared_server_is_one() {
    let one = Server::shared().url("postgres");
    assert_eq!(one, Server::shared().url("postgres"));
    assert!(Server::shared().url_as("reader", "word", "crm").contains("//reader:word@"));
}
