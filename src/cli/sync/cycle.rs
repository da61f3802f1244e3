//! One synchronisation of one company, under the lease: fetch, compile, plan, guard, apply.

use crate::audit::Run;
use crate::cli::Context;
use crate::cli::database::Database;
use crate::cli::guards::{pass, tripped_by_apply};
use crate::cli::registered::{foreseen, send_for, settle};
use crate::cli::running::{Acting, carry_out, gather, overriding};
use crate::cli::session::{Failure, Opened, Variables, errors, open_at};
use crate::cli::wanted::Wanted;
use crate::online::State;
use crate::plan::Drift;
use crate::repository::RepositoryError;
use crate::say;
use crate::syntax::settings::OnDrift;
use crate::tree::git::Checkout;

use super::{Shared, drift, git};

/// What became of it.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// How many changes were written.
    pub changes: usize,
    /// How many conflicts were settled.
    pub conflicts: usize,
    /// The commit.
    pub revision: String,
    /// Whether the log has a line of it already, from the very transaction that wrote.
    pub is_logged: bool,
}

/// From where the policy comes.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The remote, if one is fetched.
    pub remote: Option<String>,
    /// The branch, if one is named or checked out.
    pub branch: Option<String>,
}

impl Source {
    /// As the settings in the checkout say.
    pub fn of(here: &Opened, checkout: &Checkout) -> Self {
        let sync = &here.repository.settings.sync;
        let text = |name: &crate::text::Spanned<Box<str>>| name.value.to_string();
        let branch = sync.branch.as_ref().map(text).or_else(|| checkout.current_branch());
        Self { remote: sync.remote.as_ref().map(text), branch }
    }

    /// The commit at its end, as far as it is known here.
    pub fn tip(&self, checkout: &Checkout) -> Result<String, Failure> {
        let tip = checkout.tip(self.remote.as_deref(), self.branch.as_deref());
        Ok(tip.map_err(RepositoryError::from)?)
    }
}

/// Everything that one synchronisation is about.
pub struct Cycle<'a> {
    pub shared: &'a Shared,
    /// The day is that of the database.
    pub context: &'a Context,
    /// The settings of the checkout.
    pub here: &'a Opened,
    pub variables: &'a Variables,
    /// The fencing number.
    pub fence: i64,
}

impl Cycle<'_> {
    /// Fetches what the remote has.
    pub fn fetch(&self, checkout: &Checkout, pulse: &mut dyn FnMut()) -> Result<Source, Failure> {
        let source = Source::of(self.here, checkout);
        if let Some(remote) = &source.remote {
            let Some(branch) = &source.branch else {
                return Err(Failure::world(say!("no branch is checked out, and the settings name none under `sync`")));
            };
            git::fetch(self.shared, &self.here.root, remote, branch, pulse)?;
        }
        Ok(source)
    }

    /// The policy at a commit, if the commit may be applied.
    pub fn opened(&self, checkout: &Checkout, revision: &str, last: Option<&str>) -> Result<Opened, Failure> {
        if let Some(last) = last {
            self.is_forward(checkout, revision, last)?;
        }
        let mut opened = open_at(self.context, Some(revision), self.context.company.as_deref())?;
        opened.variables = self.variables.clone();
        opened.bind_to_revision();
        let errors = errors(&opened, self.context);
        if let Some(first) = errors.first() {
            let place = first.place().map(|place| {
                let file = opened.sources().file(place.file);
                format!("{}:{}", file.path(), file.line_of(place.span.start).saturating_add(1))
            });
            let (place, commit) = (place.unwrap_or_default(), short(revision).to_owned());
            let error = first.message.clone();
            return Err(Failure {
                code: 1,
                ..Failure::world(say!(
                    "nothing of {commit} was applied, since its policy has errors; the first, at {place}: {error}",
                    commit,
                    place,
                    error
                ))
            });
        }
        Ok(opened)
    }

    /// Refuses a commit that does not descend from the one that was applied last.
    fn is_forward(&self, checkout: &Checkout, revision: &str, last: &str) -> Result<(), Failure> {
        let forward = checkout.descends(revision, last).map_err(RepositoryError::from)?;
        if forward || self.shared.accept.as_deref() == Some(revision) {
            return Ok(());
        }
        let (new, old) = (short(revision).to_owned(), short(last).to_owned());
        let message = if checkout.descends(last, revision).map_err(RepositoryError::from)? {
            say!("the branch is at {new}, before {old}, which was applied last; nothing was applied", new, old)
        } else {
            say!(
                "the branch was rewritten: {new} does not descend from {old}, which was applied last; nothing was applied",
                new,
                old
            )
        };
        let help = say!(
            "put the branch back; if it is meant, `rightful sync --once --accept {commit}` goes on from there",
            commit = revision
        );
        Err(Failure { code: 3, ..Failure::world(message) }.help(help))
    }

    /// Plans, guards and applies. `pulse` says that this machine is still there.
    pub fn apply(
        &self,
        opened: &Opened,
        database: &mut Database,
        remote: Option<&str>,
        mut pulse: impl FnMut(&mut Database),
    ) -> Result<Done, Failure> {
        let register = database.target.register()?;
        let state = register.as_ref().map(|(register, _)| register.connection.state).unwrap_or_default();
        if state == State::Never {
            let message = say!("the company is not connected, so nothing is synchronised");
            return Err(Failure { code: 3, ..Failure::world(message) }.help(say!("`rightful connect` connects it")));
        }
        let run = Run {
            machine: Some(self.shared.machine.clone()),
            fence: Some(self.fence),
            ..gather(opened, &Acting::of(None), self.context)
        };
        let wanted = Wanted::of(opened);
        let reading = database.read(self.context)?;
        let mut plan = wanted.plan(&reading, self.context.on, Drift::Revert);
        let mut kept = Drift::Revert;
        let mut proposed = Ok(());
        if opened.repository.settings.sync.drift == OnDrift::Pull {
            proposed = self.propose(opened, (&reading, &plan), remote, &mut || pulse(database));
            kept = Drift::Keep;
            plan = wanted.plan(&reading, self.context.on, kept);
        }
        foreseen(opened, register.as_ref(), &plan)?;
        let tripped = tripped_by_apply(opened, self.context, &wanted, &reading, &plan, kept);
        pass(tripped, &[], opened)?;
        // All of this may have taken long.
        pulse(database);
        if self.shared.stops() {
            return Err(Failure::world(say!("it was told to stop")));
        }
        let run = overriding(run, &[]);
        let receipt = carry_out(self.context, database, &plan, &run, opened)?;
        settle(opened, database, &run)?;
        send_for(opened, &mut *database.target, &run)?;
        proposed?;
        Ok(Done {
            changes: receipt.applied,
            conflicts: plan.conflicts.len(),
            revision: opened.revision.clone().unwrap_or_default(),
            is_logged: receipt.end.is_some(),
        })
    }

    /// Proposes drift, and pushes what the remote has not got yet.
    fn propose(
        &self,
        opened: &Opened,
        seen: (&crate::plan::Reading, &crate::plan::Plan),
        remote: Option<&str>,
        pulse: &mut dyn FnMut(),
    ) -> Result<(), Failure> {
        let branch = drift::propose(self.shared, self.context, opened, seen, remote)?;
        let (Some(branch), Some(remote)) = (branch, remote) else { return Ok(()) };
        let checkout = Checkout::of(&opened.root).map_err(RepositoryError::from)?;
        if checkout.is_pushed(remote, &branch) {
            return Ok(());
        }
        git::push(self.shared, &opened.root, remote, &branch, pulse)
    }
}

/// The beginning of a commit's id, as git shows it.
pub fn short(revision: &str) -> &str {
    revision.get(..7).unwrap_or(revision)
}
