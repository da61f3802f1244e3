//! Several companies in one repository, and the settings.

use super::repository::Repository;

fn two() -> Repository {
    Repository::with(&[
        (
            "rightful.yaml",
            "language: de\ncompanies:\n  nord: { policies: [policies/common, policies/nord], database: \"sqlite:nord.db\" }\n  \
             sued: { policies: [policies/common, policies/sued], database: \"env:SUED_DATABASE_URL\" }\n",
        ),
        (
            "policies/common/a.yaml",
            "groups: { all: { members: [everyone], allow: [program.start] } }\nexpect: [nobody can data.export]\n",
        ),
        ("policies/nord/a.yaml", "users: { lars: { allow: [data.export] } }\n"),
        ("policies/sued/a.yaml", "users: { anna: , eva: }\n"),
    ])
}

#[test]
fn check_covers_all_of_them_and_other_commands_ask_which() {
    let firm = two();
    insta::assert_snapshot!(firm.run("check --lang en"), @"
    exit 1
    expectation-failed

      × `nobody can data.export` does not hold: lars can (in nord)
       ╭─[policies/common/a.yaml:2:10]
     2 │ expect: [nobody can data.export]
       ·          ──────────────────────
       ╰────
      ╰─▶   ☞ and here
             ╭─[policies/nord/a.yaml:1:26]
           1 │ ...low: [data.export] } }
             ·          ─────┬─────
             ·               ╰── gives it to lars
             ╰────
      help: take one of the rights from them, or change the expectation

    1 error in 4 files of 2 companies: 3 users, 2 groups, 3 rules (3 allow, 0 deny)
    2 expectations: 1 failed
    ");
    insta::assert_snapshot!(firm.run("check --company sued"), @"
    exit 0
    in Ordnung in 2 Dateien: 2 Benutzer, 1 Gruppe, 1 Regel (1 erlauben, 0 verbieten)
    1 Erwartung: alles erfüllt
    ");
    let (_, all) = firm.json("check");
    assert_eq!(all["findings"][0]["company"], "nord");
    assert_eq!(all["expectations"], serde_json::json!({ "passed": 1, "failed": 1 }));
    insta::assert_snapshot!(firm.run("can lars data.export"), @"
    exit 2
    -- stderr
    Fehler: die Einstellungen nennen mehrere Firmen
     Hilfe: eine mit --company nennen: nord, sued
    ");
    assert!(firm.run("can lars data.export --company nord").starts_with("exit 0\n"));
    assert!(firm.run("can anna data.export --company sued").starts_with("exit 1\n"));
    assert!(firm.run("can lars data.export --company nrod").contains("`nord`"));
    // Whoever refuses speaks the language of the settings, wherever the refusal comes from.
    for refused in
        ["new user kim --like lasr --company nord", "new user of --like lars --company nord", "plan --company sued"]
    {
        assert!(firm.run(refused).contains("Fehler: "), "{refused}: {}", firm.run(refused));
    }
}

#[test]
fn each_has_a_database_of_its_own() {
    let firm = two();
    assert!(firm.run("apply --yes --company nord").starts_with("exit 1\n"));
    assert!(firm.run("plan --company sued --lang en").contains("the variable SUED_DATABASE_URL is not set"));
    let with = |url: &str| {
        let mut command = firm.command("apply --yes --company sued");
        let ran = command.env("SUED_DATABASE_URL", url).output().unwrap();
        (ran.status.code().unwrap(), String::from_utf8(ran.stderr).unwrap())
    };
    let outside = tempfile::tempdir().unwrap();
    let far = format!("sqlite:{}/x.db", outside.path().display());
    for url in [far.as_str(), "sqlite:../x.db", "hunter2-secret", "env:SUED_DATABASE_URL"] {
        let (code, err) = with(url);
        assert!(code == 2 && !err.contains("hunter2"), "{url}: {err}");
    }
    std::os::unix::fs::symlink(outside.path(), firm.path("link")).unwrap();
    assert_eq!(with("sqlite:link/x.db").0, 2);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    assert_eq!(with("sqlite:sued.db").0, 0);
    assert!(firm.path("sued.db").exists() && !firm.path("nord.db").exists());
}

#[test]
fn a_password_is_found_and_never_shown() {
    for url in ["postgres://crm:hunter2@db/crm", "mysql://crm:hunter2@db/crm"] {
        let settings = format!("companies: {{ a: {{ policies: [policies], database: \"{url}\" }} }}\n");
        let firm = Repository::with(&[("rightful.yaml", settings.as_str()), ("policies/a.yaml", "users: { lars: }")]);
        for format in ["text", "json", "sarif", "junit", "github"] {
            let ran = firm.run(&format!("check --format {format}"));
            assert!(!ran.contains("hunter2"), "{ran}");
        }
    }
}

#[test]
fn german_is_spoken_and_labels_are_understood() {
    let firm = Repository::of(
        "users: { lars: { name: Lars K., allow: [data.export, program.start] }, anna: }\ngroups: { s: { members: [lars] } }\n",
    );
    let ask = |words: &[&str]| {
        let ran = firm.command("").args(words).output().unwrap();
        String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap()
    };
    insta::assert_snapshot!(ask(&["why", "lars", "Daten exportieren", "--lang", "de", "--on", "2026-11-22"]), @"
    ja  lars (Lars K.): Daten exportieren (data.export) am 2026-11-22

      Schritt  user: die eigene Regel des Benutzers gibt das Recht und geht jeder
               Gruppe vor
      Regel    user:lars erlaubt data.export
               policies/a.yaml:1

    was es nehmen würde
      1  beenden: user:lars data.export until 2026-11-21 erlauben
         policies/a.yaml:1  ~ data.export until 2026-11-21
         sonst ändert sich an dem Tag für niemanden etwas
      2  user:lars data.export nicht mehr erlauben
         policies/a.yaml:1  - data.export
         sonst ändert sich an dem Tag für niemanden etwas
      3  das Konto lars außer Gebrauch nehmen
         policies/a.yaml:1  ~ active: false
         lars verliert außerdem program.start

    `--fix NUMBER` schreibt eine davon in die Dateien
    ");
    insta::assert_snapshot!(ask(&["why", "anna", "daten", "exportieren", "--lang", "de"]), @"
    nein  anna: Daten exportieren (data.export)

      Schritt  default: keine Regel sagt etwas dazu, und was niemand gibt, wird
               verweigert

    Hinweis  anna darf das Programm nicht starten (program.start), daher lässt sich
             nichts anderes nutzen

    was es erlauben würde
      1  user:anna data.export erlauben
         policies/a.yaml:1  + allow: data.export
         sonst ändert sich an dem Tag für niemanden etwas

    `--fix NUMBER` schreibt eine davon in die Dateien
    ");
    insta::assert_snapshot!(ask(&["check", "--lang", "de"]), @"
    unused-group

      ⚠ die Gruppe `s` gibt und nimmt nichts
       ╭─[policies/a.yaml:2:11]
     2 │ groups: { s: { members: [lars] } }
       ·           ─
       ╰────
      Hilfe: nichts verweist auf sie: Regeln oder eine Modul-Zusammenstellung
             ergänzen oder die Gruppe entfernen

    1 Warnung in 1 Datei: 2 Benutzer, 1 Gruppe, 2 Regeln (2 erlauben, 0 verbieten)
    ");
    insta::assert_snapshot!(ask(&["why", "lras", "data.export", "--lang", "de"]), @"
    Fehler: Benutzer `lras` gibt es nicht
     Hilfe: ist `lars` gemeint?
    ");
    assert_eq!(ask(&["can", "lars", "Eksportere data"]), "yes  user\n");
    // What the grammar takes is never a label.
    firm.write(
        "policies/b.yaml",
        "rights: { x.y: { name: data.import } }\ngroups: { t: { members: [lars], allow: [x.y] } }\n",
    );
    assert_eq!(firm.run("can lars data.import"), "exit 1\nno  default\n");
}

#[test]
fn a_revision_is_read_through_linked_folders_too() {
    let firm = Repository::with(&[
        ("policies/a.yaml", "users: { lars: }"),
        ("shared/b.yaml", "groups: { g: { members: [lars], allow: [data.export] } }"),
    ]);
    std::os::unix::fs::symlink("../shared", firm.path("policies/shared")).unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@t.example"];
        let mut command = std::process::Command::new("git");
        assert!(command.current_dir(firm.path(".")).args(identity).args(arguments).output().unwrap().status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    assert_eq!(firm.run("can lars data.export --at HEAD"), "exit 0\nyes  group-allow\n");
}
