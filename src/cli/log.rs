//! `rightful log`

use clap::Args;

use crate::history::{Asked, log, understand};
use crate::question::bind;
use crate::report::text::{self, Look};
use crate::report::view;
use crate::repository::{self, RepositoryError};
use crate::say;
use crate::tree::history::History;
use crate::tree::worktree::Worktree;
use crate::wire;

use super::session::{Failure, compiled, day, pick};
use super::{Common, Context, Format, Outcome};

/// Show when in git history an answer changed, by which commit, and who did it
///
/// Every commit is asked, along first parents, for the same day: --on or today.
/// The newest change comes first, with the rule that decided since. A commit
/// whose policy does not compile has no answer; nobody holds what did not exist
/// yet. The exit code is 0, whatever the answer.
///
/// Examples:
///   rightful log lars data.export
///   rightful log lars calendar.see of group:management --at v2.0
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct LogCommand {
    /// The words of the question.
    #[arg(required = true, value_name = "QUESTION", help = "USER [can] RIGHT [of TARGET] [on DATE]")]
    question: Vec<String>,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &LogCommand, context: &Context) -> Result<Outcome, Failure> {
    let _stage = context.working(&say!("reading the history"));
    let directory = context.directory.canonicalize().unwrap_or_else(|_| context.directory.clone());
    let root = repository::find_root(&directory);
    let worktree = Worktree::new(&root).map_err(RepositoryError::from)?;
    let history = History::open(worktree.root(), command.common.at.as_deref()).map_err(RepositoryError::from)?;
    let newest = history.reader().and_then(|reader| reader.revision(history.len() - 1));
    let newest = compiled(context, &newest.map_err(RepositoryError::from)?).ok();
    let of_settings = newest.as_ref().map(|newest| newest.settings.language);
    let language = context.language.get().or(of_settings).unwrap_or_default();
    context.language.set(Some(language));
    let words = command.question.join(" ");
    let question = understand(&words, &history, language)?;
    let on = day(question.on, context)?;
    let asked = Asked { question, company: context.company.clone(), on };
    let found = log(&history, &asked)?;
    let out = match command.common.format {
        Format::Json => wire::to_text(&wire::log(&found, language)),
        Format::Text => {
            let company = newest.as_ref().and_then(|newest| {
                let index = pick(newest, context.company.as_deref()).ok()?;
                newest.companies.get(index).filter(|company| company.compiles())
            });
            let policy = company.map(|company| &*company.policy);
            let bound = policy.and_then(|policy| Some((policy, bind(&asked.question, policy).ok()?)));
            let bound = bound.as_ref().map(|(policy, question)| (*policy, question));
            let look = Look { language, ..context.out };
            text::print(&view::log(&found, bound, &words, &context.when(on)), look)
        }
    };
    Ok(Outcome::new(out, 0))
}
