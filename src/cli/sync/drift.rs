//! What somebody changed in the database is proposed as a commit, on a branch of its day.

use std::path::Path;

use crate::cli::fix::new_errors;
use crate::cli::session::{Failure, Opened, open_for};
use crate::cli::{Context, wanted::Wanted};
use crate::edit;
use crate::language::{Joint, names};
use crate::plan::{Drift, Origin, Plan, Reading};
use crate::pull::{self, Unnameable};
use crate::repository::{self, RepositoryError};
use crate::say;
use crate::tree::branch::{Branch, DRIFT};
use crate::tree::git::{Checkout, Revision};
use crate::tree::overlay::Overlay;

use super::Shared;

/// Commits the drift of a plan that is proposed nowhere yet; the branch on which it stands, if there is drift.
pub fn propose(
    shared: &Shared,
    context: &Context,
    opened: &Opened,
    (reading, plan): (&Reading, &Plan),
    remote: Option<&str>,
) -> Result<Option<Branch>, Failure> {
    let is_drift = |change: &&crate::plan::Change| change.origin == Origin::Drift;
    let drift: Vec<_> = plan.changes.iter().filter(is_drift).map(|change| &change.key).collect();
    let Some(revision) = opened.revision.as_deref().filter(|_| !drift.is_empty()) else { return Ok(None) };
    // Whoever panicked with it has made no half commit.
    let _alone = shared.proposing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let checkout = Checkout::of(&opened.root).map_err(RepositoryError::from)?;
    let known = checkout.proposed(remote, revision).map_err(RepositoryError::from)?;
    // What is proposed already is part of the base: only what is new on top of it is proposed. A branch that somebody
    // broke is left alone.
    let base = known.as_ref().and_then(|known| open_for(context, Some(&known.tip), context.company.as_deref()).ok());
    let (base, on_top_of) = match (&base, &known) {
        (Some(base), Some(known)) => (base, known.tip.as_str()),
        _ => (opened, revision),
    };
    let wanted = Wanted::of(base);
    let own_plan = wanted.plan(reading, context.on, Drift::Revert);
    let taking = pull::take(reading, &base.repository, base.company_index(), &own_plan, |key| drift.contains(&key))
        .map_err(|wrong| no_names(&wrong))?;
    let files = pull::write(&base.repository, base.company_index(), &taking.wanted)?;
    if files.is_empty() {
        return Ok(known);
    }
    is_sound(context, base, on_top_of, &taking.wanted, &files)?;
    let name = format!("{DRIFT}{}", context.on);
    let written: Vec<(&str, &[u8])> = files.iter().map(|file| (&*file.path, file.after.as_bytes())).collect();
    let company = opened.company().name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    let message = format!(
        "drift: what somebody changed in the database{company}\n\n\
         Written by rightful sync on {}. Merge it to keep the changes; to take them back, undo them in the database.\n",
        shared.machine
    );
    let made = checkout.commit_files(on_top_of, &name, &message, &written).map_err(RepositoryError::from)?;
    Ok(Some(made))
}

/// Compiles the files as they would be committed: they must say what was meant, and break nothing.
fn is_sound(
    context: &Context,
    base: &Opened,
    on_top_of: &str,
    meant: &crate::state::State,
    files: &[pull::File],
) -> Result<(), Failure> {
    let tree = Revision::open(Path::new(&base.root), on_top_of).map_err(RepositoryError::from)?;
    let changed = files.iter().map(|file| (file.path.clone(), file.after.clone().into_bytes()));
    let after = repository::compile(&Overlay::new(&tree, changed))?;
    edit::check(&base.repository, &after, base.company_index(), meant)?;
    // Whoever merges it is told by `rightful check`; here it is only proposed.
    let broken = new_errors(&base.repository, &after, base.company_index(), context.on);
    for finding in broken {
        base.warn(say!("warning: the proposed drift has an error: {finding}", finding));
    }
    Ok(())
}

fn no_names(wrong: &[Unnameable]) -> Failure {
    Failure::world(say!(
        "the database has names that no policy can have: {names}",
        names = names(wrong.iter().map(|one| &one.name), Joint::Comma)
    ))
}
