//! A commit that is accepted although the branch was rewritten, left for the process that synchronises.

use crate::audit::Run;
use crate::cli::Context;
use crate::cli::database::Database;
use crate::cli::registered::alter;
use crate::cli::running::{Acting, gather};
use crate::cli::session::{Failure, Opened};
use crate::say;
use crate::tree::git::Checkout;

/// Leaves the commit in the database, for the next turn of whoever synchronises, and records that.
pub fn leave(
    commit: &str,
    checkout: &Checkout,
    database: &mut Database,
    (here, context): (&Opened, &Context),
) -> Result<(), Failure> {
    if !checkout.has_commit(commit) {
        let message = say!("there is no commit `{commit}`", commit);
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
