//! Guards that trip.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::guard::Tripped;
use crate::text::Sources;

use super::file_and_line;

/// A guard that trips.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GuardOut {
    /// The name of the guard, as `--override` takes it.
    pub guard: &'static str,
    /// The right, the group (`group:sales`), the kind of thing of which nothing is left, or what the operator loses
    /// (`account`, `program.start`, `superuser`); `null` for all accounts and for the superusers.
    pub subject: Option<String>,
    /// How many there are: accounts, answers, or pairs of a member and a right.
    pub found: usize,
    /// Out of how many that the database has now.
    pub of: usize,
    /// The limit: a share (`10%`), a number (`5`), or `on`.
    pub limit: String,
    /// How many people the default lets through besides, whatever share they are.
    pub people: usize,
    /// The file that sets the limit; `null` for a default.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// Everybody concerned.
    pub users: Vec<String>,
}

/// Everything that trips.
pub fn guards(sources: &Sources, tripped: &[Tripped]) -> Vec<GuardOut> {
    let out = |tripped: &Tripped| {
        let (file, line) = file_and_line(sources, tripped.place);
        GuardOut {
            guard: tripped.guard.as_str(),
            subject: tripped.about(),
            found: tripped.found,
            of: tripped.of,
            limit: tripped.limit.to_string(),
            people: tripped.people,
            file,
            line,
            users: tripped.users.iter().map(ToString::to_string).collect(),
        }
    };
    tripped.iter().map(out).collect()
}
