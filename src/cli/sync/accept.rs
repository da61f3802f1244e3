//! A commit that is accepted although the branch was rewritten, left for the process that synchronises.

use crate::audit::Run;
use crate::cli::Context;
use crate::cli::database::Database;
use crate::cli::registered::alter;
use crate::cli::running::{Acting, gather};
use crate::cli::session::{Failure, Opened};
use crate::say;

/// Leaves the commit in the database, for the next turn of whoever synchronises, and records that.
pub fn leave(
    commit: &str,
    tip: &str,
    database: &mut Database,
    (here, context): (&Opened, &Context),
) -> Result<(), Failure> {
    // What is accepted is what is there, and nothing that may come some day.
    if commit != tip {
        let message = say!("the branch is at {new}, not at `{commit}`", new = tip, commit);
        return Err(Failure::world(message).help(say!("name the full id, as `git rev-parse` shows it")));
    }
    let run = Run {
        deed: Some("accept".to_owned()),
        revision: Some(commit.to_owned()),
        author: None,
        ..gather(here, &Acting::of(None), context)
    };
    alter(database, &run, here, |register, _| {
        let mut after = register.clone();
        after.service.accepted = Some(commit.to_owned());
        Ok((after, ()))
    })
}
