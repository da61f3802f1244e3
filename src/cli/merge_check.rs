//! `rightful merge-check`

use clap::Args;

use crate::merge::{Branches, brought};
use crate::report::{snippet, text, view};
use crate::repository::{Library, Repository, RepositoryError};
use crate::say;
use crate::tree::merged::Merged;
use crate::wire;

use super::session::Failure;
use super::sides::{Named, Side, Start, compile, compiling, is_before_any, looks, only};
use super::{Context, Format, Outcome};

/// Show what two branches bring together that neither has alone
///
/// Two changes that are each harmless can give somebody a right together: one
/// brings a member into a group, the other gives the group the right. Git merges
/// both without a conflict, and nobody who reviewed one of them saw it.
///
/// Merges the two revisions in memory, and lists the errors, the broken
/// expectations and the rights that neither branch has alone, and the rights
/// that both have and the merge takes. Nothing is checked out or written. The
/// answers are those for today, or for the day of --on. Exit code 1 if there is
/// anything, or if policy files conflict.
///
/// Examples:
///   rightful merge-check main feature
///   rightful merge-check origin/main HEAD --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct MergeCheck {
    /// OURS and THEIRS; before them BASE, where they went apart, if it is not the
    /// merge base that git finds
    #[arg(required = true, num_args = 2..=3, value_name = "REVISION")]
    revisions: Vec<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// The revisions that are merged.
struct Asked {
    base: Named,
    sides: [Named; 2],
    /// Every merge base that git found; none if the base was named.
    bases: Vec<String>,
}

pub fn run(command: &MergeCheck, context: &Context) -> Result<Outcome, Failure> {
    let stage = context.working(&say!("comparing"));
    let start = Start::of(context)?;
    let Asked { base, sides, bases } = understand(&start, &command.revisions)?;
    let [ours, theirs] = &sides;
    let merged = Merged::of(start.checkout()?, &base.revision, &ours.revision, &theirs.revision);
    let merged = merged.map_err(RepositoryError::from)?;
    let mut library = context.library();
    let repositories = read(&mut library, &sides)?;
    let [out, err] = looks(context, context.language.get().unwrap_or(repositories[0].settings.language));
    let conflicts = conflicts(&merged, &sides, &repositories);
    let commits = [&base, ours, theirs].map(|named| named.revision.commit());
    let read = repositories.into_iter().zip([ours, theirs]);
    let read: Vec<Side> = read
        .map(|(repository, named)| Side { name: named.name.clone(), commit: Some(named.revision.commit()), repository })
        .collect();
    let read: Vec<&Side> = read.iter().collect();
    let only = only(context, &read)?;
    compiling(&read, only.as_ref(), err)?;
    let names = [&ours.name, &theirs.name];
    if !conflicts.is_empty() {
        let text = match command.format {
            Format::Json => wire::to_text(&wire::merge_check(&commits, &bases, &conflicts, None)),
            Format::Text => text::print(&view::conflicts(names, &conflicts), out),
        };
        return Ok(Outcome::new(text, 1));
    }
    let name = say!("merge of {ours} and {theirs}", ours = ours.name, theirs = theirs.name);
    let merge = compile(&mut library, &name, &merged)?;
    let [ours, theirs] = [&read[0].repository, &read[1].repository];
    let brought = brought(Branches { ours, theirs, merge: &merge }, context.on, only.as_ref());
    drop(stage);
    let code = (!brought.is_nothing()).into();
    let text = match command.format {
        Format::Json => {
            let found = Some((&merge.sources, &brought, out.language));
            let found = wire::merge_check(&commits, &bases, &conflicts, found);
            return Ok(Outcome::written(|out| wire::write(&found, out), code));
        }
        Format::Text => {
            let shown = snippet::print_all(&brought.findings, &merge.sources, out);
            let page = view::merge_check(names, bases.len(), &merge.sources, &brought, &context.when(context.on));
            shown + &text::print(&page, out)
        }
    };
    Ok(Outcome::new(text, code))
}

/// The revisions that words name. Without a base git is asked for it.
fn understand(start: &Start, words: &[String]) -> Result<Asked, Failure> {
    let named = |word: &String| start.revision(Some(word));
    match words {
        [base, ours, theirs] => {
            Ok(Asked { base: named(base)?, sides: [named(ours)?, named(theirs)?], bases: Vec::new() })
        }
        [ours, theirs] => {
            let sides = [named(ours)?, named(theirs)?];
            let found = start.merge_bases(&sides)?;
            let bases = found.iter().map(|base| base.revision.commit()).collect();
            let base = found.into_iter().next().ok_or_else(|| start.unrelated(&sides))?;
            Ok(Asked { base, sides, bases })
        }
        _ => Err(Failure::world(say!("name two revisions, or three with the base first"))),
    }
}

/// Compiles both branches. One from before the first policy has companies that declare nothing.
fn read(library: &mut Library, sides: &[Named; 2]) -> Result<[Repository; 2], Failure> {
    let [ours, theirs] = sides;
    let [no_ours, no_theirs] =
        [is_before_any(&ours.name, &ours.revision)?, is_before_any(&theirs.name, &theirs.revision)?];
    if no_ours && !no_theirs {
        let theirs = compile(library, &theirs.name, &theirs.revision)?;
        return Ok([Repository::before_any(library, &theirs), theirs]);
    }
    let ours = compile(library, &ours.name, &ours.revision)?;
    if no_theirs {
        let theirs = Repository::before_any(library, &ours);
        return Ok([ours, theirs]);
    }
    let theirs = compile(library, &theirs.name, &theirs.revision)?;
    Ok([ours, theirs])
}

/// The conflicts that matter: in the settings, in a folder of policies, or, where a link was followed, anywhere.
fn conflicts(merged: &Merged, sides: &[Named; 2], repositories: &[Repository; 2]) -> Vec<String> {
    let linked = sides.iter().any(|side| side.revision.follows_links());
    let watched: Vec<&str> = repositories.iter().flat_map(Repository::watched).collect();
    let is_below = |path: &str| {
        watched
            .iter()
            .any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    merged.conflicts().iter().filter(|path| linked || is_below(path)).cloned().collect()
}
