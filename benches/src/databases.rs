//! What writing to a database costs: the engine itself with the same rows, the writing of an apply, and the whole command.
//!
//! The engine does the least that leaves the same behind: rows in the order of their keys, in one transaction, by one prepared
//! statement or by COPY; indexes and references come when the rows are there. It stands there three times: with the rows that
//! say what the policy declares, in tables with their keys and nothing else; with all rows, which are those and what is
//! remembered and recorded of each; and with all rows and all that the schema looks after.

mod roles;
mod served;
mod stored;

use std::path::Path;
use std::time::{Duration, Instant};

use rightful::audit::Run;
use rightful::model::Policy;
use rightful::plan::{Desired, Drift, Plan, plan};
use rightful::target::Target;
use rightful::target::postgres::Postgres;
use rightful::target::sqlite::Sqlite;

use crate::Problem;
use crate::commands::{Cache, Place};
use crate::decisions::{compiled, day};
use crate::firm::{Firm, Size};
use crate::server::{Server, Setup};
use crate::table::{OURS, Table};

/// How often each thing is done; the fastest counts, since what else runs only makes it slower.
const TIMES: usize = 3;

/// The tables that say what the policy declares, in an order in which they can be filled.
const DECLARED: [&str; 15] = [
    "rights",
    "modules",
    "module_sets",
    "module_set_modules",
    "attachment_classes",
    "attachment_patterns",
    "employees",
    "groups",
    "users",
    "members",
    "access",
    "rules",
    "company",
    "licence",
    "licence_services",
];

/// Those that remember and record it.
const BEHIND: [&str; 2] = ["last_applied", "audit"];

/// What the engine is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// What the policy declares, in tables with their keys.
    Declared,
    /// All rows, in tables with their keys.
    All,
    /// All rows, with all that the schema looks after.
    LookedAfter,
}

impl Load {
    const ALL: [Self; 3] = [Self::Declared, Self::All, Self::LookedAfter];

    fn what(self) -> &'static str {
        match self {
            Self::Declared => "what is declared, with keys",
            Self::All => "all rows, with keys",
            Self::LookedAfter => "all rows, with keys, indexes, checks and references",
        }
    }

    fn tables(self) -> Vec<&'static str> {
        let behind: &[&str] = if self == Self::Declared { &[] } else { &BEHIND };
        DECLARED.iter().chain(behind).copied().collect()
    }
}

/// An engine.
trait Store {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// Makes a database that is empty, and gives its URL. The one before may go.
    fn fresh(&mut self) -> Result<String, Problem>;
    /// How long the engine takes for the rows of a database, and how many they are.
    fn load(&mut self, full: &str, load: Load) -> Result<(Duration, usize), Problem>;
}

/// Prints what writing costs, by engine and size; and beside pgroles, if that is there.
pub fn measure(table: &mut Table, program: &Path, sizes: &[Size], with_peers: bool) -> Result<(), Problem> {
    let settings = vec![("shared_buffers", "256MB".to_owned()), ("max_wal_size", "4GB".to_owned())];
    let server = Server::with(&Setup { settings, ..Setup::default() });
    table.row("", "what follows: the server does not wait for the disk, for nobody; SQLite does", "", "", "");
    roles::measure(table, program, &server, with_peers)?;
    for size in sizes {
        let policy = compiled(&Firm::new(*size))?;
        let place = Place::new(*size)?;
        place.run(program, &["check"], Cache::Warm)?;
        let mut stores: [Box<dyn Store + '_>; 2] =
            [Box::new(stored::File::new()?), Box::new(served::Served::new(&server))];
        for store in &mut stores {
            writing(table, *size, program, &policy, &place, store.as_mut())?;
        }
    }
    Ok(())
}

fn writing(
    table: &mut Table,
    size: Size,
    program: &Path,
    policy: &Policy,
    place: &Place,
    store: &mut dyn Store,
) -> Result<(), Problem> {
    let engine = store.name();
    let first = plan_of(&store.fresh()?, policy)?;
    let mut written = Duration::MAX;
    let mut full = String::new();
    for _ in 0..TIMES {
        full = store.fresh()?;
        let mut target = target(&full)?;
        let start = Instant::now();
        target.apply(&first, &run())?;
        written = written.min(start.elapsed());
    }
    drop(first);
    let mut floors = Vec::new();
    for load in Load::ALL {
        let mut best = (Duration::MAX, 0);
        for _ in 0..TIMES {
            best = best.min(store.load(&full, load)?);
        }
        let (took, rows) = best;
        let beside = format!("{rows} rows, {:.2} million a second", rows as f64 / took.as_secs_f64() / 1e6);
        table.took(size, load.what(), engine, took, &beside);
        floors.push(took);
    }
    let beside = |took: Duration| {
        let times = |floor: &Duration| format!("{:.2}", took.as_secs_f64() / floor.as_secs_f64());
        format!("{} x those of the engine", floors.iter().map(times).collect::<Vec<_>>().join(", "))
    };
    table.took(size, &format!("the writing of `apply`, {engine}"), OURS, written, &beside(written));
    let mut whole = Duration::MAX;
    for _ in 0..TIMES {
        let url = store.fresh()?;
        whole = whole.min(place.run(program, &["apply", "--yes", "--database", &url], Cache::Warm)?);
    }
    table.took(size, &format!("`apply`, everything, {engine}"), OURS, whole, &beside(whole));
    Ok(())
}

/// The plan of a first apply.
fn plan_of(url: &str, policy: &Policy) -> Result<Plan, Problem> {
    let reading = target(url)?.read()?;
    Ok(plan(&reading, &Desired::of(None, policy), day()?, Drift::Revert, |_| None))
}

fn target(url: &str) -> Result<Box<dyn Target>, Problem> {
    Ok(match url.strip_prefix("sqlite:") {
        Some(path) => Box::new(Sqlite::at(Path::new(path))),
        None => Box::new(Postgres::at(url)?),
    })
}

fn run() -> Run {
    Run { applied_at: "2026-11-23T00:00:00Z".to_owned(), ..Run::default() }
}
