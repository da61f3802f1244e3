//! One synchronisation of one company, under the lease: fetch, compile, plan, guard, apply.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use crate::audit::Run;
use crate::cli::Context;
use crate::cli::database::Database;
use crate::cli::guards::{pass, tripped_by_apply};
use crate::cli::registered::{foreseen, send_for, settle};
use crate::cli::running::{Acting, carry_out, gather, overriding};
use crate::cli::session::{Failure, Opened, Variables, errors, open_at, place_of};
use crate::cli::wanted::Wanted;
use crate::language::Text;
use crate::online::{Letter, Service, State};
use crate::plan::{Drift, Reading};
use crate::post::{Post, PostError};
use crate::repository::RepositoryError;
use crate::say;
use crate::syntax::settings::{OnDrift, Settings};
use crate::target::Target;
use crate::tree::git::Checkout;

use super::drift::Proposal;
use super::{Shared, TICK, drift, git};

/// What became of it.
#[derive(Debug, Default)]
pub struct Done {
    /// How many changes were written.
    pub changes: usize,
    /// How many conflicts were settled.
    pub conflicts: usize,
    /// The commit.
    pub revision: String,
    /// Whether the log has a line of it already, from the very transaction that wrote.
    pub is_logged: bool,
    /// What waits for review.
    pub waits: Proposal,
    /// What was warned of.
    pub warnings: Vec<Text>,
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
    pub fn of(settings: &Settings, checkout: &Checkout) -> Self {
        let sync = &settings.sync;
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
        let source = Source::of(self.here.binding(), checkout);
        if let Some(remote) = &source.remote {
            let Some(branch) = &source.branch else {
                return Err(Failure::world(say!("no branch is checked out, and the settings name none under `sync`")));
            };
            git::fetch(self.shared, &self.here.root, remote, branch, pulse)?;
        }
        Ok(source)
    }

    /// The policy at a commit, if the commit may be applied.
    pub fn opened(&self, checkout: &Checkout, revision: &str, service: &Service) -> Result<Opened, Failure> {
        for last in [&service.revision, &service.by_hand].into_iter().flatten() {
            self.is_forward(checkout, revision, last, service.accepted.as_deref())?;
        }
        let mut opened = open_at(self.context, Some(revision), self.context.company.as_deref())?;
        opened.variables = self.variables.clone();
        opened.gathers = true;
        opened.bind_to_revision();
        let errors = errors(&opened, self.context);
        if let Some(first) = errors.first() {
            let (place, commit) = (place_of(first, opened.sources()), short(revision).to_owned());
            let error = first.message.clone();
            return Err(Failure {
                code: 1,
                ..Failure::world(say!(
                    "nothing of {commit} was applied, since its policy has errors; the first, at {place}: {error}",
                    commit,
                    place,
                    error
                ))
            }
            .help(say!("correct the policy and push it; `rightful check` lists everything that was found")));
        }
        Ok(opened)
    }

    /// Refuses a commit that does not descend from the one that was applied last.
    fn is_forward(
        &self,
        checkout: &Checkout,
        revision: &str,
        last: &str,
        accepted: Option<&str>,
    ) -> Result<(), Failure> {
        let forward = checkout.descends(revision, last).map_err(RepositoryError::from)?;
        if forward || [self.shared.accept.as_deref(), accepted].contains(&Some(revision)) {
            return Ok(());
        }
        let (new, old) = (short(revision).to_owned(), short(last).to_owned());
        let message = if !checkout.has_commit(last) {
            say!(
                "{old}, which was applied last, was never pushed or is gone from the branch, which is at {new}; nothing was applied",
                old,
                new
            )
        } else if checkout.descends(last, revision).map_err(RepositoryError::from)? {
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
        pulse: &mut dyn FnMut(&mut dyn Target),
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
        let mut proposed = Ok(Proposal::default());
        if opened.repository.settings.sync.drift == OnDrift::Pull {
            proposed = self.propose(opened, &reading, remote, &mut || pulse(&mut *database.target));
            kept = Drift::Keep;
            plan = wanted.plan(&reading, self.context.on, kept);
        }
        foreseen(opened, register.as_ref(), &plan.renames(), Some(&plan.after))?;
        let tripped = tripped_by_apply(opened, self.context, &wanted, &reading, &plan, kept);
        pass(tripped, &[], opened)?;
        // All of this may have taken long.
        pulse(&mut *database.target);
        if self.shared.stops() {
            return Err(Failure::world(say!("it was told to stop")));
        }
        let run = overriding(run, &[]);
        let receipt = carry_out(self.context, database, &plan, &run, opened)?;
        settle(opened, database, &run)?;
        let posted = send_for(opened, &mut *database.target, &run, &mut |target, post, from, letter| {
            self.deliver(post, from, letter, &mut || pulse(target))
        })?;
        let failed = posted.failed.into_iter().map(|(name, error)| {
            say!("the letter to {name} did not go, and is sent again later: {error}", name, error)
        });
        Ok(Done {
            waits: proposed?,
            warnings: opened.warnings().into_iter().chain(failed).collect(),
            changes: receipt.applied,
            conflicts: plan.conflicts.len(),
            revision: opened.revision.clone().unwrap_or_default(),
            is_logged: receipt.end.is_some(),
        })
    }

    /// Hands a letter to the post, and says meanwhile that this machine is still there; `None` if it was told to stop.
    fn deliver(
        &self,
        post: &Arc<Post>,
        from: &str,
        letter: &Letter,
        pulse: &mut dyn FnMut(),
    ) -> Option<Result<(), PostError>> {
        let (sender, receiver) = mpsc::channel();
        let (post, from, letter) = (post.clone(), from.to_owned(), letter.clone());
        // Whoever stops does not wait for a server that says nothing.
        thread::spawn(move || sender.send(post.send(&from, &letter)));
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(done) => return Some(done),
                Err(RecvTimeoutError::Disconnected) => return Some(Err(PostError::Refused("it broke off".to_owned()))),
                Err(RecvTimeoutError::Timeout) if self.shared.stops() => return None,
                Err(RecvTimeoutError::Timeout) => pulse(),
            }
        }
    }

    /// Proposes drift, and pushes what the remote has not got yet.
    fn propose(
        &self,
        opened: &Opened,
        reading: &Reading,
        remote: Option<&str>,
        pulse: &mut dyn FnMut(),
    ) -> Result<Proposal, Failure> {
        let proposal = drift::propose(self.shared, self.context, opened, reading, remote)?;
        if let (Some(branch), Some(remote)) = (&proposal.branch, remote) {
            let checkout = Checkout::of(&opened.root).map_err(RepositoryError::from)?;
            if !checkout.is_pushed(remote, branch) {
                git::push(self.shared, &opened.root, remote, branch, pulse)?;
            }
        }
        Ok(proposal)
    }
}

/// The beginning of a commit's id, as git shows it.
pub fn short(revision: &str) -> &str {
    revision.get(..7).unwrap_or(revision)
}
