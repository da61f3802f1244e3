//! `rightful why QUESTION --fix NUMBER`: writes an edit that turns the answer.

use crate::check;
use crate::date::Date;
use crate::diag::Diagnostic;
use crate::edit;
use crate::language::Text;
use crate::question::answer;
use crate::repair::{Repair, Written, carried_out, write};
use crate::report::{text, view};
use crate::repository::{Repository, RepositoryError};
use crate::resolve::InForce;
use crate::say;
use crate::state::State;
use crate::tree::overlay::Overlay;
use crate::tree::worktree::{Change, Worktree};
use crate::wire;

use super::session::{Failure, Opened, ask, compiled};
use super::{Context, Format, Outcome};

/// Writes one of some repairs. The edited files are compiled before: what they say must be what was meant, and the
/// answer must be the other one.
pub fn run(
    number: usize,
    question: &[String],
    repairs: &[Repair],
    opened: &Opened,
    context: &Context,
    format: Format,
) -> Result<Outcome, Failure> {
    let Some(repair) = number.checked_sub(1).and_then(|index| repairs.get(index)) else {
        let help = match repairs.len() {
            0 if question.first().is_some_and(|first| first.contains("group:") || first.contains("role:")) => {
                say!("edits are looked for only where a user is asked about")
            }
            0 => say!("there is none for this question"),
            count => say!("name a number from 1 to {count}; without --fix they are listed", count),
        };
        return Err(Failure::world(say!("there is no edit number {number}", number)).help(help));
    };
    let policy = opened.policy();
    let written = write(opened.sources(), policy, &repair.edits)?;
    let worktree = Worktree::new(&opened.root).map_err(RepositoryError::from)?;
    let changed = written.iter().map(|file| (file.path.clone(), file.after.clone().into_bytes()));
    let after = compiled(context, &Overlay::new(&worktree, changed))?;
    let company = opened.company_index();
    edit::check(&opened.repository, &after, company, &State::of(&carried_out(policy, &repair.edits)))?;
    let (asked, on) = ask(question, opened, context)?;
    let before = answer(&InForce::new(policy, on), &asked);
    let broken = new_errors(&opened.repository, &after, company, context.on);
    save(&worktree, &written)?;
    let out = match format {
        Format::Json => wire::to_text(&wire::fix(number, !before.allowed, &written, &broken, opened.out.language)),
        Format::Text => text::print(&view::written(number, !before.allowed, &written, &broken), opened.out),
    };
    Ok(Outcome::new(out, 0))
}

/// What a check finds afterwards that it did not find before.
pub fn new_errors(before: &Repository, after: &Repository, company: usize, on: Date) -> Vec<Text> {
    let known = errors_of(before, company, on);
    errors_of(after, company, on).into_iter().filter(|message| !known.contains(message)).collect()
}

/// The errors that a check finds in a company.
pub fn errors_of(repository: &Repository, company: usize, on: Date) -> Vec<Text> {
    let report = check::company(&repository.companies[company], &repository.settings, on);
    report.findings.into_iter().filter(Diagnostic::is_error).map(|finding| finding.message).collect()
}

fn save(worktree: &Worktree, written: &[Written]) -> Result<(), Failure> {
    let changes: Vec<Change<'_>> = written
        .iter()
        .map(|file| Change { path: &file.path, before: Some(file.before.as_bytes()), after: file.after.as_bytes() })
        .collect();
    worktree.write(&changes).map_err(RepositoryError::from)?;
    Ok(())
}
