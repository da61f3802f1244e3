//! How many instructions commands are, which another load on the machine does not change, held to what is written down.
//!
//! Counts differ a little from processor to processor, since libraries choose code by what it can; what they catch is a
//! command that becomes a tenth slower.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::commands::{Cache, Place};
use crate::firm::SIZES;
use crate::table::{OURS, Table};
use crate::{Problem, checkout};

/// By how much a command may have grown.
const ALLOWED: f64 = 1.10;

/// What is counted, in an organisation of size S and M.
const COUNTED: [&[&str]; 4] =
    [&["--version"], &["check"], &["diff", "HEAD~1", "HEAD"], &["plan", "--database", "sqlite:crm.db"]];

/// Counts, and fails if something grew.
pub fn measure(table: &mut Table, program: &Path, record: bool) -> Result<(), Problem> {
    let file = checkout().join("benches/instructions.tsv");
    let known = written(&fs::read_to_string(&file)?);
    let (mut counted, mut grown) = (String::new(), Vec::new());
    for size in SIZES.iter().filter(|size| ["S", "M"].contains(&size.name)) {
        let place = Place::new(*size)?;
        let applied =
            place.command(program, Cache::None).args(["apply", "--yes", "--database", "sqlite:crm.db"]).status()?;
        if !applied.success() {
            return Err("the organisation cannot be applied".into());
        }
        for words in COUNTED {
            let what = format!("{} {}", size.name, words.join(" "));
            let count = count(&place, program, words)?;
            let before = known.get(&what).copied();
            let beside =
                before.map_or_else(String::new, |before| format!("{:.3} of what is written down", count / before));
            table.row(size.name, &format!("`{}`", words.join(" ")), OURS, &format!("{count} instructions"), &beside);
            writeln!(counted, "{what}\t{count}")?;
            if before.is_some_and(|before| count > before * ALLOWED) {
                grown.push(what);
            }
        }
    }
    if record {
        fs::write(file, counted)?;
    } else if !grown.is_empty() {
        return Err(format!("these became slower: {}", grown.join(", ")).into());
    }
    Ok(())
}

fn written(text: &str) -> BTreeMap<String, f64> {
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(what, count)| Some((what.to_owned(), count.parse().ok()?)))
        .collect()
}

fn count(place: &Place, program: &Path, words: &[&str]) -> Result<f64, Problem> {
    let mut command = place.command("valgrind", Cache::None);
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(words);
    let done = command.stderr(Stdio::piped()).output().map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    let count = said.split_once("Collected : ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    count.ok_or_else(|| format!("valgrind counted nothing: {said}").into())
}
