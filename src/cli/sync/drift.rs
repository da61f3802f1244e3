//! What somebody changed in the database is proposed as commits on a branch of its day, which says the drift as it is now.

use std::rc::Rc;

use crate::cli::session::{Failure, Opened, pick};
use crate::cli::{Context, wanted::Wanted};
use crate::date::parse_date;
use crate::edit;
use crate::language::{Joint, Text, names};
use crate::plan::{Change, Drift, Origin, Reading};
use crate::pull::{self, Unnameable};
use crate::repository::{self, Repository, RepositoryError};
use crate::say;
use crate::state::State;
use crate::tree::Tree;
use crate::tree::branch::{Branch, DRIFT, On};
use crate::tree::git::Checkout;
use crate::tree::merged::Merged;
use crate::tree::overlay::Overlay;

use super::Shared;
use super::alarm::alarms;

/// What the message of every commit of the service has.
const WRITTEN: &str = "Written by rightful sync";

/// What somebody changed in the database, and where it is proposed.
#[derive(Debug, Default)]
pub struct Proposal {
    /// How many changes wait.
    pub changes: usize,
    /// The branch that says them, or that they are gone.
    pub branch: Option<Branch>,
    /// Older branches, which say what is not so any more.
    pub superseded: Vec<String>,
    /// What of it must not wait.
    pub alarms: Vec<Text>,
}

/// What the branch of the newest proposal says together with the policy.
struct Standing {
    files: Merged,
    repository: Repository,
    company: usize,
}

/// Sees to it that a branch says the drift of a database as it is now: whoever merges it gets what is there.
pub fn propose(
    shared: &Shared,
    context: &Context,
    opened: &Opened,
    reading: &Reading,
    remote: Option<&str>,
) -> Result<Proposal, Failure> {
    let Some(revision) = opened.revision.as_deref() else { return Ok(Proposal::default()) };
    let wanted = Wanted::of(opened);
    let plan_of = |reading: &Reading| wanted.plan(reading, context.on, Drift::Revert);
    let is_drift = |change: &&Change| change.origin == Origin::Drift;
    let changes = plan_of(reading).changes.iter().filter(is_drift).count();
    let declared = State::of(opened.policy());
    // What has a name that is none is told, and everything else is proposed.
    let (actual, nameless) = pull::nameable(&reading.actual, &declared);
    let reading = &Reading { actual, ..reading.clone() };
    let taking = pull::take(reading, &opened.repository, opened.company_index(), &plan_of(reading), |_| true)
        .map_err(|wrong| no_names(&wrong))?;
    // Whoever panicked with it has made no half commit.
    let _alone = shared.proposing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let checkout = Rc::new(Checkout::of(&opened.root).map_err(RepositoryError::from)?);
    let names = Names::of(opened, context);
    let mut known = checkout.proposed(remote, revision).map_err(RepositoryError::from)?;
    known.retain(|branch| names.is_own(&branch.name));
    let standing = known.first().map(|known| standing(context, &checkout, revision, known)).transpose()?;
    let standing = standing.flatten();
    let says_it = match &standing {
        Some(standing) => State::of(standing.policy()) == taking.wanted,
        None => known.is_empty() && taking.wanted == declared,
    };
    let after = if says_it {
        standing.map(|standing| (standing.repository, standing.company))
    } else {
        // What is gone is taken back where it was proposed, so that nobody merges it; all else stands on today's branch.
        let follows = known.first().filter(|known| known.name == names.today || taking.wanted == declared).cloned();
        let on_top = standing.filter(|_| follows.is_some());
        let proposing = Proposing { shared, opened, checkout: &checkout, revision };
        let (branch, repository) = proposing.commit(follows.as_ref(), &names.today, on_top, &taking.wanted, &known)?;
        known.retain(|known| known.name != branch.name);
        known.insert(0, branch);
        let company = pick(&repository, context.company.as_deref())?;
        Some((repository, company))
    };
    let after = after.as_ref().map(|(after, company)| (after, *company));
    let alarms = alarms(context, opened, after, &taking.left, &nameless);
    let mut known = known.into_iter();
    let branch = known.next();
    Ok(Proposal { changes, branch, superseded: known.map(|branch| branch.name).collect(), alarms })
}

/// What the branches of a company are called.
struct Names {
    today: String,
    /// What stands behind the day, where there are several companies.
    end: String,
}

impl Names {
    fn of(opened: &Opened, context: &Context) -> Self {
        let is_one_of_many = opened.repository.companies.len() > 1;
        let company = opened.company().name.as_ref().filter(|_| is_one_of_many);
        let end = company.map(|company| format!("-{company}")).unwrap_or_default();
        Self { today: format!("{DRIFT}{}{end}", context.on), end }
    }

    /// Whether a branch is of some day and this company.
    fn is_own(&self, branch: &str) -> bool {
        let day = branch.strip_prefix(DRIFT).and_then(|rest| rest.strip_suffix(&*self.end));
        day.is_some_and(|day| parse_date(day).is_some())
    }
}

impl Standing {
    fn policy(&self) -> &crate::model::Policy {
        &self.repository.companies[self.company].policy
    }
}

/// What the policy would say if the proposal was merged; `None` if git cannot merge it, or what comes of it does not
/// compile.
fn standing(
    context: &Context,
    checkout: &Rc<Checkout>,
    revision: &str,
    known: &Branch,
) -> Result<Option<Standing>, Failure> {
    let joined = checkout.joined(revision, &known.tip).map_err(RepositoryError::from)?;
    let Some(files) = joined else { return Ok(None) };
    let Ok(repository) = repository::compile(&files) else { return Ok(None) };
    let Ok(company) = pick(&repository, context.company.as_deref()) else { return Ok(None) };
    let compiles = repository.companies[company].compiles();
    Ok(compiles.then_some(Standing { files, repository, company }))
}

/// What a commit is made with.
struct Proposing<'a> {
    shared: &'a Shared,
    opened: &'a Opened,
    checkout: &'a Rc<Checkout>,
    revision: &'a str,
}

impl Proposing<'_> {
    /// Commits the files of a policy that says what is meant; the branch, and what it says then.
    fn commit(
        &self,
        follows: Option<&Branch>,
        today: &str,
        standing: Option<Standing>,
        meant: &State,
        known: &[Branch],
    ) -> Result<(Branch, Repository), Failure> {
        let Self { opened, checkout, revision, .. } = *self;
        // What only the service wrote is written anew from the policy, whose words come back so.
        let standing = match standing {
            Some(_) if self.is_own_alone(follows)? => None,
            standing => standing,
        };
        let base = tree(opened, revision)?;
        let (base, before, company): (&dyn Tree, &Repository, usize) = match &standing {
            Some(standing) => (&standing.files, &standing.repository, standing.company),
            None => (&base, &opened.repository, opened.company_index()),
        };
        let files = pull::write(before, company, meant)?;
        let changed = files.iter().map(|file| (file.path.clone(), file.after.clone().into_bytes()));
        let after = repository::compile(&Overlay::new(base, changed))?;
        // Before it is committed it must say what was meant.
        edit::check(before, &after, company, meant)?;
        let name = follows.map_or(today, |branch| &branch.name);
        let older: Vec<&str> = known.iter().map(|branch| &*branch.name).filter(|older| *older != name).collect();
        let message = self.message(meant, follows.is_some(), &older);
        let written: Vec<(&str, &[u8])> = files.iter().map(|file| (&*file.path, file.after.as_bytes())).collect();
        let on = On {
            commit: revision,
            follows: follows.map(|branch| &*branch.tip),
            files: standing.as_ref().map(|standing| &standing.files),
        };
        let made = checkout.commit_files(on, name, &message, &written).map_err(RepositoryError::from)?;
        Ok((made, after))
    }

    /// Whether a branch has nothing but what the service proposed.
    fn is_own_alone(&self, follows: Option<&Branch>) -> Result<bool, Failure> {
        let Some(branch) = follows else { return Ok(true) };
        Ok(self.checkout.all_say(WRITTEN, &branch.tip, self.revision).map_err(RepositoryError::from)?)
    }

    fn message(&self, meant: &State, goes_on: bool, older: &[&str]) -> String {
        let company = self.opened.company().name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let is_gone = *meant == State::of(self.opened.policy());
        let subject = match (is_gone, goes_on) {
            (true, _) => format!("drift: what was changed in the database{company} is gone, and taken back here"),
            (false, true) => format!("drift: what somebody changed in the database{company}, as it is now"),
            (false, false) => format!("drift: what somebody changed in the database{company}"),
        };
        let supersedes = match older {
            [] => String::new(),
            older => format!("Supersedes {}, which shall not be merged any more.\n", older.join(", ")),
        };
        let advice = match is_gone {
            true => "Nothing has to be merged.",
            false => "Merge it to keep the changes; `rightful apply` takes them back.",
        };
        format!("{subject}\n\n{WRITTEN} on {}. {advice}\n{supersedes}", self.shared.machine)
    }
}

fn tree(opened: &Opened, revision: &str) -> Result<crate::tree::git::Revision, Failure> {
    Ok(crate::tree::git::Revision::open(&opened.root, revision).map_err(RepositoryError::from)?)
}

fn no_names(wrong: &[Unnameable]) -> Failure {
    Failure::world(say!(
        "the database has names that no policy can have: {names}",
        names = names(wrong.iter().map(|one| &one.name), Joint::Comma)
    ))
    .help(say!("rename them in the database, where references follow"))
}
