//! Gives the program a number that changes with its sources, so that no build believes what another one left in the cache,
//! and leaves out of the released program what nobody reads in it.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    number()?;
    without_tables()
}

fn number() -> io::Result<()> {
    let mut files = BTreeSet::new();
    for part in ["build.rs", "src", "grammar", "schema", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={part}");
        gather(Path::new(part), &mut files)?;
    }
    let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
    halves[1].write_u8(1);
    for path in files {
        let text = fs::read(&path)?;
        halves.iter_mut().for_each(|half| (&path, &text).hash(half));
    }
    println!("cargo::rustc-env=RIGHTFUL_BUILD={:016x}{:016x}", halves[0].finish(), halves[1].finish());
    Ok(())
}

fn gather(path: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        return fs::read_dir(path)?.try_for_each(|entry| gather(&entry?.path(), files));
    }
    // A package has no `Cargo.lock` where another one is built from it.
    if path.is_file() {
        files.insert(path.to_owned());
    }
    Ok(())
}

/// What GNU's and LLVM's linkers do besides what they do by themselves.
const WITHOUT_TABLES: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame.*) } } INSERT AFTER .rodata;\n";

/// Discards the tables for unwinding the stack, 0.9 MB of 15.9: a panic ends the program, and the names for a trace of calls
/// are stripped. Builds with debugging information keep them, and so does whoever chose a linker, which may not know scripts.
fn without_tables() -> io::Result<()> {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let chosen = env::var_os("RUSTC_LINKER").is_some()
        || env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    let released = is("PROFILE", "release") && is("DEBUG", "false");
    if let (Some(folder), true, false) = (env::var_os("OUT_DIR"), released, chosen)
        && is("TARGET", "x86_64-unknown-linux-gnu")
    {
        let script = Path::new(&folder).join("without-tables.ld");
        fs::write(&script, WITHOUT_TABLES)?;
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
    Ok(())
}
