//! `rightful matrix`

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::language::Word;
use crate::question::{self, Cells, reach};
use crate::report::table::{self, Cell, Column};
use crate::report::text::{self, Look};
use crate::report::view;
use crate::resolve::{InForce, Population};
use crate::say;
use crate::wire::{self, RowOut};

use super::session::{Failure, Opened, open_for};
use super::{Context, Outcome, file, shown};

/// Show all users by all rights
///
/// Every user, inactive ones too, by every plain right; with --scoped also
/// every scoped right over every person, module and attachment class. For a
/// spreadsheet program there are rows of user, right, target, allowed and
/// step, as an Excel workbook or as CSV.
///
/// Examples:
///   rightful matrix
///   rightful matrix --scoped --format json
///   rightful matrix --format xlsx -o rights.xlsx
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Matrix {
    /// Add the scoped rights
    #[arg(long)]
    scoped: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write it to a file
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A git revision to read instead of the working tree
    #[arg(long, value_name = "REV")]
    at: Option<String>,
}

/// What a matrix is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines; the schema is schema/output/matrix.json
    Json,
    /// A row for each answer, with commas between
    Csv,
    /// An Excel workbook with a row for each answer
    Xlsx,
}

impl Format {
    /// How the names of such files end.
    fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// The columns of a workbook.
const COLUMNS: [Column; 5] = [
    Column { head: "user", width: 24 },
    Column { head: "right", width: 28 },
    Column { head: "target", width: 32 },
    Column { head: "allowed", width: 10 },
    Column { head: "step", width: 14 },
];

pub fn run(command: &Matrix, context: &Context) -> Result<Outcome, Failure> {
    let cells = if command.scoped { Cells::Scoped } else { Cells::Plain };
    may_be_written(command)?;
    let opened = open_for(context, command.at.as_deref(), context.company.as_deref())?;
    if command.format == Format::Xlsx {
        has_room(&opened, cells)?;
    }
    let _stage = context.working(&say!("working out every answer"));
    let in_force = InForce::new(opened.policy(), context.on);
    let population = Population::new(&in_force);
    let look = Look { colour: opened.out.colour && command.out.is_none(), ..opened.out };
    let write = |to: &mut dyn Write| {
        let matrix = || wire::matrix(&population, cells);
        match command.format {
            Format::Text => {
                let reach = if command.scoped { reach(&population) } else { Vec::new() };
                to.write_all(text::print(&view::matrix(&population, &reach), look).as_bytes())
            }
            Format::Json => wire::write(&matrix(), to),
            Format::Csv => table::csv(matrix().rows.iter(), to),
            Format::Xlsx => to.write_all(&table::xlsx(COLUMNS, matrix().rows.iter().map(row), context.on)?),
        }
    };
    let Some(path) = &command.out else { return Ok(Outcome::written(write, 0)) };
    let written = file::put(&may_be_replaced(&context.directory.join(path), path, command.format)?, write);
    written.map_err(|error| {
        let message = say!("cannot write `{path}`: {error}", path = shown(path), error = error.to_string());
        Failure::world(message).help(say!("check that the folder exists and that you may write there"))
    })?;
    Ok(Outcome::new(String::new(), 0))
}

/// Refuses to fill a terminal with a workbook.
fn may_be_written(command: &Matrix) -> Result<(), Failure> {
    if command.format != Format::Xlsx || command.out.is_some() || !std::io::stdout().is_terminal() {
        return Ok(());
    }
    let help = say!("name a file for it, as `-o rights.xlsx`");
    Err(Failure::world(say!("a workbook cannot be shown on a terminal")).help(help))
}

/// Refuses more rows than a sheet has room for, before the first is worked out.
fn has_room(opened: &Opened, cells: Cells) -> Result<(), Failure> {
    let (rows, most) = (question::count(opened.policy(), cells), table::MOST_ROWS - 1);
    if rows <= most {
        return Ok(());
    }
    let [rows, most] = [rows, most].map(Word::Number);
    Err(Failure::world(say!("these are {rows} answers, and a sheet of a workbook has room for {most}", rows, most))
        .help(say!("--format csv writes as many as there are; without --scoped there are fewer")))
}

/// Where to write. Only what has the ending of such a file is written over: a policy or a database would be lost.
fn may_be_replaced(full: &Path, shown_as: &Path, format: Format) -> Result<PathBuf, Failure> {
    let extension = format.extension();
    let has_ending = full.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(extension));
    if has_ending || full.symlink_metadata().is_err() {
        return Ok(full.to_owned());
    }
    let message = say!(
        "`{path}` is there already, and its name does not end in `.{extension}`",
        path = shown(shown_as),
        extension
    );
    Err(Failure::world(message).help(say!("name another file; this one was left as it is")))
}

fn row(row: RowOut<'_>) -> [Cell<'_>; 5] {
    let target = row.target.map_or(Cell::Empty, Cell::Text);
    [Cell::Text(row.user), Cell::Text(row.right), target, Cell::Truth(row.allowed), Cell::Text(row.step)]
}
