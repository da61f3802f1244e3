//! Writes the policy of an organisation that somebody made up, to see how the program does at its size.
//!
//! `cargo run --release --example generate-org -- XL DIR`, with S, M, L or XL. The same size gives the same files.

#[path = "../benches/src/firm.rs"]
mod firm;

use std::path::Path;
use std::process::ExitCode;

use firm::{Firm, SIZES};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, folder] = arguments.as_slice() else { return usage() };
    let Some(size) = SIZES.into_iter().find(|size| size.name.eq_ignore_ascii_case(name)) else { return usage() };
    let folder = Path::new(folder);
    if folder.join("policies").exists() {
        eprintln!("`{}` has policies already; name another folder", folder.display());
        return ExitCode::from(2);
    }
    match Firm::new(size).write(folder) {
        Ok(bytes) => {
            println!("{} users and {} groups in {} bytes", size.users, size.groups, bytes);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write below `{}`: {error}", folder.display());
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: generate-org S|M|L|XL DIR");
    ExitCode::from(2)
}
