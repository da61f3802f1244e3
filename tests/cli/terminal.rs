//! What a terminal gets: colours only where wanted, nothing that it would obey, quiet ends.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;

use super::repository::Repository;

#[test]
fn colours_come_only_when_wanted() {
    let firm = Repository::of("users: { lars: { allow: [data.export] } }");
    assert!(!firm.run("why lars data.export").contains('\u{1b}'));
    assert!(firm.run("why lars data.export --color always").contains('\u{1b}'));
    let ran = firm.command("why lars data.export").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!ran.stdout.contains(&0x1b));
}

#[test]
fn nothing_from_outside_reaches_the_terminal_as_it_is() {
    let firm = Repository::with(&[
        ("policies/a\u{1b}[31m.yaml", "users: { lars: { allow: [data.exprot] } }\n"),
        ("policies/b.yaml", "users: { anna: { name: \"a\u{202e}\" } }\n"),
    ]);
    for format in ["text", "json"] {
        let shown = firm.run(&format!("check --format {format}"));
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
        assert!(shown.contains("1b") && shown.contains("data.export"), "{shown}");
    }
    let question = firm.run("why \u{1b}[31mlars data.export");
    assert!(!question.contains('\u{1b}'), "{question:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let firm = Repository::sample();
    let mut child =
        firm.command("matrix --scoped --format json").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!((child.wait().unwrap().code(), complaints.as_str()), (Some(0), ""));
}

#[test]
fn every_command_has_a_manual_with_an_example() {
    let firm = Repository::of("users: { lars: }");
    for command in ["check", "why", "can", "what", "who", "upcoming", "matrix", "plan", "apply", "rights"] {
        let shown = firm.run(&format!("{command} --help"));
        assert!(shown.starts_with("exit 0\n") && shown.contains(&format!("  rightful {command}")), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 120), "{shown}");
    }
}

/// What takes longer than a second says what it is at, where somebody looks. The database is kept from being read for so
/// long; `script` gives a terminal to whatever it runs.
#[test]
fn whoever_waits_on_a_terminal_is_told_for_what() {
    let firm = Repository::of("users: { lars: }");
    firm.run("apply --yes");
    for line in ["plan", "plan --format json", "audit", "audit verify", "pull", "apply"] {
        let command = firm.command(line);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let mut shown = Command::new("script");
        shown.args(["-q", "-e", "-c", &words.join(" "), "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null());
        shown.current_dir(command.get_current_dir().unwrap());
        for (on_a_terminal, mut command) in [(true, shown), (false, firm.command(line))] {
            let keeper = Connection::open(firm.path("crm.db")).unwrap();
            keeper.execute_batch("BEGIN EXCLUSIVE").unwrap();
            let ran = std::thread::spawn(move || command.output().unwrap());
            std::thread::sleep(Duration::from_millis(1_700));
            keeper.execute_batch("ROLLBACK").unwrap();
            let ran = ran.join().unwrap();
            let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert_eq!(said.contains("reading crm.db"), on_a_terminal, "{line}: {said}");
        }
    }
}
