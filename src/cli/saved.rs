//! Saved plans: a plan is kept in a file, reviewed, and applied as it is or not at all.
//!
//! Nothing that stands in such a file is done. It says from what a plan is to be made again, and what must come of it.

use std::path::{Path, PathBuf};

use crate::date::parse_date;
use crate::language::{IntoWord, Text, Word};
use crate::plan::{Drift, Feed, Plan, Reading};
use crate::say;
use crate::text::Sources;
use crate::wire::{self, SavedFrom, SavedOut, SavedPlan, Unreadable};

use super::database::Database;
use super::running::commit;
use super::session::{Failure, Opened, open_for};
use super::wanted::{Wanted, drift};
use super::{Context, file};

/// The largest file that is taken for a plan: 1 GiB.
const MOST_BYTES: u64 = 1 << 30;

/// Which database a plan is for.
pub struct Seen<'d> {
    name: &'d str,
    id: Option<&'d str>,
}

impl<'d> Seen<'d> {
    /// The database that was read.
    pub fn of(reading: &'d Reading, database: &'d Database) -> Self {
        Self { name: &database.name, id: reading.id.as_deref() }
    }
}

/// Keeps a plan in a file.
pub fn write(
    context: &Context,
    path: &Path,
    opened: &Opened,
    plan: &Plan,
    seen: &Seen<'_>,
    drift: Drift,
) -> Result<(), Failure> {
    let from = SavedFrom {
        company: company(opened),
        database: seen.name.to_owned(),
        database_id: seen.id.map(str::to_owned),
        revision: commit(opened).map(|commit| commit.id),
        policy: digest(opened.sources()),
        on: context.on.to_string(),
        keep_drift: drift == Drift::Keep,
    };
    let text = wire::to_text(&sealed(from, plan, opened));
    let full = context.directory.join(path);
    may_be_replaced(&full, path)?;
    file::put(&full, |to| to.write_all(text.as_bytes())).map_err(|error| {
        let path = super::shown(path);
        Failure::world(say!("cannot write the plan to `{path}`: {error}", path, error = error.to_string()))
            .help(say!("check that the folder exists and that you may write there"))
    })
}

/// Refuses to write over anything but another plan: a database or a policy file would be lost. A link is replaced.
fn may_be_replaced(full: &Path, shown: &Path) -> Result<(), Failure> {
    let is_file = std::fs::symlink_metadata(full).is_ok_and(|file| file.is_file() && file.len() > 0);
    let is_plan =
        || std::fs::read(full).is_ok_and(|bytes| !matches!(wire::read_saved(&bytes), Err(Unreadable::NoPlan)));
    if !is_file || is_plan() {
        return Ok(());
    }
    let path = super::shown(shown);
    Err(Failure::world(say!("`{path}` is there already, and is no plan", path))
        .help(say!("name another file; this one was left as it is")))
}

/// Identifies the policy files and settings, by every byte.
fn digest(sources: &Sources) -> String {
    let mut feed = Feed::default();
    for (_, file) in sources.iter() {
        feed.text(file.path());
        feed.text(file.text());
    }
    feed.finish().to_string()
}

/// The company that a plan is for, where there are several.
fn company(opened: &Opened) -> Option<String> {
    opened.company().name.as_ref().map(ToString::to_string)
}

/// A plan as its file has it.
fn sealed<'a>(from: SavedFrom, plan: &'a Plan, opened: &'a Opened) -> SavedOut<'a> {
    wire::saved(from, plan, wire::plan(opened.sources(), plan, opened.company().name.as_ref()))
}

/// A plan that was read from a file.
pub struct Saved {
    path: PathBuf,
    file: SavedPlan,
}

impl Saved {
    /// Reads a plan. One that somebody edited, or that another version made, is refused.
    pub fn read(context: &Context, path: &Path) -> Result<Self, Failure> {
        let shown = super::shown(path);
        let full = context.directory.join(path);
        let unreadable = |error: std::io::Error| {
            Failure::world(say!(
                "cannot read the plan `{path}`: {error}",
                path = shown.as_str(),
                error = error.to_string()
            ))
            .help(say!("`rightful plan -o FILE` writes one"))
        };
        let about = std::fs::metadata(&full).map_err(unreadable)?;
        if !about.is_file() || about.len() > MOST_BYTES {
            return Err(no_plan(&shown));
        }
        let bytes = std::fs::read(&full).map_err(unreadable)?;
        let file = wire::read_saved(&bytes).map_err(|error| match error {
            Unreadable::NoPlan => no_plan(&shown),
            Unreadable::Edited => edited(&shown),
            Unreadable::OtherProgram(program) => refused(say!(
                "the plan `{path}` was made by {program}, and this is {own}",
                path = shown.as_str(),
                program = super::shown(Path::new(&program)),
                own = wire::PROGRAM
            ))
            .help(again()),
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Opens the repository as it was when the plan was made: at its revision, or else as it is now.
    pub fn open(&self, context: &Context) -> Result<Opened, Failure> {
        let company = self.file.from.company.as_deref();
        if let Some(asked) = context.company.as_deref()
            && Some(asked) != company
        {
            let path = self.shown();
            let message = match company {
                Some(company) => say!("the plan `{path}` is for the company {company}", path, company),
                None => say!("the plan `{path}` is for a repository with one company", path),
            };
            return Err(Failure::world(message).help(say!("leave --company out: the plan names its own")));
        }
        let is_commit = |revision: &&str| revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let revision = self.file.from.revision.as_deref();
        if revision.is_some_and(|revision| !is_commit(&revision)) {
            return Err(edited(&self.shown()));
        }
        open_for(context, revision, company)
    }

    /// Whether drift is kept.
    pub fn drift(&self) -> Drift {
        drift(self.file.from.keep_drift)
    }

    /// Refuses unless the plan that was made anew is the one of the file, to the last gain and loss.
    pub fn must_equal(
        &self,
        plan: &Plan,
        opened: &Opened,
        wanted: &Wanted<'_>,
        reading: &Reading,
        database: &Database,
    ) -> Result<(), Failure> {
        let ours = Seen::of(reading, database);
        let theirs = &self.file.from;
        // One that was never applied to has nothing but its name.
        let is_same = match (ours.id, theirs.database_id.as_deref()) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => theirs.database == ours.name,
        };
        let from = SavedFrom { company: company(opened), policy: digest(opened.sources()), ..self.file.from.clone() };
        let now = sealed(from.clone(), plan, opened);
        if is_same && self.file.is(&now) {
            return Ok(());
        }
        let path = self.shown();
        let file = &self.file;
        if !is_same {
            let theirs = harmless(&file.from.database);
            let message = if theirs == ours.name {
                say!(
                    "the plan `{path}` is for another database that is called {theirs} too",
                    path = path.as_str(),
                    theirs
                )
            } else {
                say!(
                    "the plan `{path}` is for {theirs}, and this is {ours}",
                    path = path.as_str(),
                    theirs,
                    ours = ours.name
                )
            };
            return Err(refused(message).help(say!("name the database of the plan with --database")));
        }
        if file.seen != now.seen {
            let stale = say!("the plan `{path}` is stale: {database} was changed since", path, database = ours.name);
            return Err(refused(self.with_what_moved(stale, &now)).help(again()));
        }
        if file.from.policy != now.policy && file.from.revision.is_none() {
            let stale = say!("the plan `{path}` is stale: the policy or its settings were changed since", path);
            return Err(refused(self.with_what_moved(stale, &now)).help(again()));
        }
        let then = parse_date(&file.from.on).map(|on| wanted.plan(reading, on, self.drift()));
        if then.is_some_and(|plan| file.is(&sealed(from, &plan, opened))) {
            let on = file.from.on.as_str();
            let message =
                say!("the plan `{path}` is stale: on {on} people gained and lost something else than now", path, on);
            return Err(refused(message).help(again()));
        }
        Err(edited(&path))
    }

    /// Why a plan is stale, and which changes came and went by that.
    fn with_what_moved(&self, stale: Text, now: &SavedOut<'_>) -> Text {
        let [new, gone] = self.file.moved(now);
        match (new.is_empty(), gone.is_empty()) {
            (true, true) => stale,
            (false, true) => say!("{stale}; it would do this as well: {new}", stale, new = few(&new)),
            (true, false) => say!("{stale}; it would not do this any more: {gone}", stale, gone = few(&gone)),
            (false, false) => say!(
                "{stale}; it would do this as well: {new}; and not this any more: {gone}",
                stale,
                new = few(&new),
                gone = few(&gone)
            ),
        }
    }

    fn shown(&self) -> String {
        super::shown(&self.path)
    }
}

/// The first of some changes, and how many more there are.
fn few(changes: &[String]) -> Word {
    const MOST: usize = 3;
    const LONGEST: usize = 100;
    let short = |change: &String| match change.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &change[..end]),
        None => format!("`{change}`"),
    };
    let list = changes.iter().take(MOST).map(short).collect::<Vec<_>>().join(", ");
    match changes.len().saturating_sub(MOST) {
        0 => Word::Verbatim(list),
        more => Word::Said(say!("{list} and {more} more", list, more = Word::Number(more))),
    }
}

fn harmless(text: &str) -> String {
    crate::report::harmless(text).into_owned()
}

fn refused(message: impl IntoWord) -> Failure {
    Failure { code: 3, ..Failure::world(message) }
}

fn edited(path: &str) -> Failure {
    refused(say!("the plan `{path}` is not what the program wrote: somebody edited it", path)).help(again())
}

fn no_plan(path: &str) -> Failure {
    refused(say!("`{path}` is not a whole plan of this program", path)).help(again())
}

fn again() -> Text {
    say!("make a new plan with `rightful plan -o FILE`, and have it reviewed")
}
