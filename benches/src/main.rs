//! What Rightful costs, beside other engines and beside what the machine needs at least: one command, one table.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml -- [PART ...] [SIZE ...] [alone]`. The parts are `functions` (divan,
//! inside of the library), `decisions` (beside other engines, on the same questions, every answer held equal), `commands`
//! (whole processes of the release build, which is built first), `databases` (what writing costs, beside the engines of
//! databases by themselves and beside pgroles) and `instructions` (callgrind counts, held to those that are written down;
//! `record` writes them anew). Without a part: all. The sizes are S, M, L and XL; without one: S, M and L. `alone` leaves
//! the other engines out, which need gigabytes for XL.

mod commands;
mod databases;
mod decisions;
mod firm;
mod functions;
mod instructions;
mod memory;
mod peers;
#[path = "../../tests/server/postgres.rs"]
#[expect(dead_code, reason = "the tests ask more of it")]
mod server;
mod table;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use firm::{SIZES, Size};
use table::Table;

/// What everything here can end in.
type Problem = Box<dyn Error>;

const PARTS: [&str; 5] = ["functions", "decisions", "commands", "databases", "instructions"];
const OTHERS: [&str; 2] = ["alone", "record"];

fn main() -> Result<(), Problem> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let says = |word: &str| words.iter().any(|said| said.eq_ignore_ascii_case(word));
    let known = |word: &&String| {
        PARTS.iter().chain(&OTHERS).chain(&SIZES.map(|size| size.name)).any(|known| known.eq_ignore_ascii_case(word))
    };
    if let Some(other) = words.iter().find(|word| !known(word)) {
        return Err(format!(
            "`{other}` is no part and no size: {}, S, M, L, XL, {}",
            PARTS.join(", "),
            OTHERS.join(", ")
        )
        .into());
    }
    let sizes: Vec<Size> = if SIZES.iter().any(|size| says(size.name)) {
        SIZES.into_iter().filter(|size| says(size.name)).collect()
    } else {
        SIZES.into_iter().filter(|size| size.name != "XL").collect()
    };
    let all = !PARTS.iter().any(|part| says(part));
    let wants = |part: &str| all || says(part);
    if wants("functions") {
        functions::measure();
    }
    if !PARTS[1..].iter().any(|part| wants(part)) {
        return Ok(());
    }
    let mut table = Table::begun(&words);
    if wants("decisions") {
        sizes.iter().try_for_each(|size| decisions::measure(&mut table, *size, !says("alone")))?;
    }
    if wants("commands") || wants("databases") || wants("instructions") {
        let program = program()?;
        if wants("commands") {
            commands::measure(&mut table, &program, &sizes)?;
        }
        if wants("databases") {
            databases::measure(&mut table, &program, &sizes, !says("alone"))?;
        }
        if wants("instructions") {
            instructions::measure(&mut table, &program, says("record"))?;
        }
    }
    Ok(())
}

/// The checkout.
fn checkout() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The program that is measured: that of `RIGHTFUL`, else the release build of this checkout, made now.
fn program() -> Result<PathBuf, Problem> {
    if let Some(named) = std::env::var_os("RIGHTFUL") {
        return Ok(PathBuf::from(named).canonicalize()?);
    }
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--release", "--bin", "rightful"]).current_dir(checkout());
    if !build.status()?.success() {
        return Err("the program does not build".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from);
    Ok(target.join("release/rightful").canonicalize()?)
}
