//! What a terminal gets: colours only where wanted, nothing that it would obey, quiet ends.

use std::io::Read;
use std::process::Stdio;

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
