//! The program is killed at every call of the system that writes to the embedded database or its journal.

use std::path::{Path, PathBuf};
use std::process::Command;

use rightful::plan::Reading;

use super::firm::{File, Home, Pendulum, apply};
use super::repository::Repository;

/// Makes what is put before the C library; see `die.c`. Whoever builds the program has a compiler for C, since SQLite
/// and libgit2 are built with it.
fn library(folder: &Path) -> PathBuf {
    let library = folder.join("die.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/die.c");
    let made = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    library
}

/// The program about to apply a policy, and to die at a call; half of what it writes there may arrive.
fn dying(repository: &Repository, library: &Path, file: &Path, call: u32, is_torn: bool) -> Command {
    let mut command = repository.command("apply --yes --format json --database");
    command.arg(format!("sqlite:{}", file.display())).env("LD_PRELOAD", library);
    command.env("DIE_FILE", "crm.db").env("DIE_AT", call.to_string());
    if is_torn {
        command.env("DIE_TORN", "yes");
    }
    command
}

#[test]
fn killed_before_or_in_any_write_an_apply_leaves_the_old_state_or_the_new() {
    let file = File::new();
    let repository = Repository::of("");
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path());
    let mut pendulum = Pendulum::new(&file);
    let (mut killed, mut done) = (0, 0);
    for call in 1.. {
        let mut alive = 0;
        for way in 0..2 {
            let mut is_alive = false;
            let went_through = pendulum.swing(|policy| {
                repository.write("policies/a.yaml", policy);
                let ran = dying(&repository, &library, &file.path(), call, (call + way) % 2 == 0).output().unwrap();
                assert!(matches!(ran.status.code(), None | Some(0)), "{}", String::from_utf8_lossy(&ran.stderr));
                is_alive = ran.status.success();
            });
            alive += u32::from(is_alive);
            killed += u32::from(!is_alive);
            done += u32::from(went_through && !is_alive);
        }
        if alive == 2 {
            break;
        }
    }
    // The last call takes the journal away, which is what makes everything lasting.
    assert!(killed > 100 && done == 0, "{killed} killed, {done} when all was done");
}

#[test]
fn killed_before_any_write_a_first_apply_leaves_nothing_or_everything() {
    let repository = Repository::of(super::firm::OLD);
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path());
    let whole = File::new();
    apply(&mut *whole.target(), super::firm::OLD).unwrap();
    // Each database has an identity of its own.
    let said = |file: &File| Reading { id: None, ..file.target().read().unwrap() };
    let whole = said(&whole);
    for call in 1.. {
        let file = File::new();
        let ran = dying(&repository, &library, &file.path(), call, call % 2 == 0).output().unwrap();
        assert!(matches!(ran.status.code(), None | Some(0)), "{}", String::from_utf8_lossy(&ran.stderr));
        let found = said(&file);
        assert!(found == whole || found == Reading::default(), "neither nothing nor everything");
        if ran.status.success() {
            assert!(found == whole && call > 50, "{call}");
            let (_, plan) = repository.json(&format!("plan --database sqlite:{}", file.path().display()));
            assert_eq!(plan["changes"], serde_json::json!([]));
            return;
        }
        let again = apply(&mut *file.target(), super::firm::OLD).unwrap();
        assert_eq!(again.end.is_none(), found == whole);
        super::firm::record(&mut *file.target());
    }
}
