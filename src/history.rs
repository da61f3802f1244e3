//! The answers to one question through the history of a policy: when they changed, and by which rule.
//!
//! Takes a history and a question, gives events, the newest first. Every commit is answered for the same day. A commit
//! whose policy folders are those of the commit before is passed over; of the others only changed files are read.

mod origins;

use std::ops::Range;

use thiserror::Error;

use crate::date::Date;
use crate::language::{Language, Text};
use crate::model::key::{SubjectKey, TargetKey};
use crate::model::{Effect, Policy};
use crate::name::RightName;
use crate::question::{Answer, Misunderstood, answer, bind, read};
use crate::repository::{Company, Library, Repository, RepositoryError, compile_with, stops};
use crate::resolve::{InForce, Step};
use crate::say;
use crate::syntax::rule::QuestionText;
use crate::text::Sources;
use crate::tree::TreeError;
use crate::tree::commit::Commit;
use crate::tree::git::Revision;
use crate::tree::history::History;

pub use origins::{Origins, origins};

/// The fewest commits that are worth a thread.
const MANY: usize = 64;

/// The most threads; each reads every file once that does not change.
const MOST_THREADS: usize = 4;

/// Why there is no log.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The history cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The question cannot be answered in any commit; this is the reason of the newest.
    #[error("{}", .0.message.english())]
    Misunderstood(Misunderstood),
}

/// A question in words.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is asked.
    pub question: QuestionText,
    /// Of which company, where the settings name several.
    pub company: Option<String>,
    /// The day for which every commit is answered.
    pub on: Date,
}

/// A rule as it was written in some commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// On whom.
    pub subject: SubjectKey,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// The right.
    pub right: RightName,
    /// Over whom or what.
    pub target: Option<TargetKey>,
    /// The file, and the line from 1.
    pub place: Option<(String, usize)>,
}

/// The answer in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Yes or no; `None` if the policy does not compile. What cannot be asked is held by nobody.
    pub allowed: Option<bool>,
    /// The step that decided.
    pub step: Option<Step>,
    /// The first of the rules that decided.
    pub rule: Option<Rule>,
    /// Why there is no answer, or why nothing can be asked; empty if a policy gave the answer.
    pub message: Text,
}

/// A commit with another answer than the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The commit.
    pub commit: Commit,
    /// The answer before: `None` if there was none, or no commit.
    pub before: Option<bool>,
    /// The answer since.
    pub found: Found,
}

/// All answers through a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The newest first; the last is the oldest commit that was looked at.
    pub events: Vec<Event>,
    /// How many commits were looked at.
    pub commits: usize,
    /// Whether a shallow clone left out older commits.
    pub cut: bool,
}

/// Parses a question. If it names a right by its label, the label is that of the newest policy that compiles.
///
/// # Errors
/// If it is no question, or the history cannot be read.
pub fn understand(text: &str, history: &History, language: Language) -> Result<QuestionText, HistoryError> {
    let first = match read(text, None, language) {
        Ok(question) => return Ok(question),
        Err(error) => error,
    };
    let reader = history.reader()?;
    let mut library = Library::default();
    for index in (0..history.len()).rev() {
        let repository = match compile_with(&mut library, &reader.revision(index)?) {
            Ok(repository) => repository,
            Err(RepositoryError::Tree(TreeError::Git(error))) => return Err(TreeError::Git(error).into()),
            Err(_) => continue,
        };
        if let Some(company) = repository.companies.iter().find(|company| company.compiles()) {
            return read(text, Some(&company.policy), language).map_err(HistoryError::Misunderstood);
        }
    }
    Err(HistoryError::Misunderstood(first))
}

/// Answers a question in every commit.
///
/// # Errors
/// If the history cannot be read, or no commit at all can answer.
pub fn log(history: &History, asked: &Asked) -> Result<Log, HistoryError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let threads = (history.len() / MANY).clamp(1, cores);
    let parts = (0..threads).map(|part| history.len() * part / threads..history.len() * (part + 1) / threads);
    let walked: Vec<_> = std::thread::scope(|scope| {
        let walks: Vec<_> = parts.map(|part| scope.spawn(|| walk(history, asked, part))).collect();
        walks.into_iter().map(|walk| walk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut all = Walked::default();
    for part in walked {
        let part = part?;
        for (index, found) in part.changes {
            if all.changes.last().is_none_or(|(_, before)| before.allowed != found.allowed) {
                all.changes.push((index, found));
            }
        }
        all.answered |= part.answered;
        all.misunderstood = part.misunderstood.or(all.misunderstood);
    }
    if let Some(misunderstood) = all.misunderstood.filter(|_| !all.answered) {
        return Err(HistoryError::Misunderstood(misunderstood));
    }
    let reader = history.reader()?;
    let mut events = Vec::with_capacity(all.changes.len());
    let mut before = None;
    for (index, found) in all.changes {
        let allowed = found.allowed;
        events.push(Event { commit: reader.commit(index)?, before, found });
        before = allowed;
    }
    events.reverse();
    Ok(Log { events, commits: history.len(), cut: history.is_cut() })
}

/// What was seen in a part of a history.
#[derive(Default)]
struct Walked {
    /// The first commit of the part, and each whose answer is another than in the commit before it.
    changes: Vec<(usize, Found)>,
    /// Whether the question could be answered anywhere.
    answered: bool,
    /// Why not in the newest commit where it could not.
    misunderstood: Option<Misunderstood>,
}

fn walk(history: &History, asked: &Asked, part: Range<usize>) -> Result<Walked, TreeError> {
    let mut walked = Walked::default();
    if part.is_empty() {
        return Ok(walked);
    }
    let reader = history.reader()?;
    let mut library = Library::default();
    let mut last: Option<(Revision, Option<Vec<String>>)> = None;
    for index in part {
        let revision = reader.revision(index)?;
        let unchanged = last.as_ref().is_some_and(|(read, watched)| match watched {
            Some(paths) => revision.is_like(read, paths),
            None => revision.is_same(read),
        });
        if unchanged {
            continue;
        }
        let before = walked.changes.last().map(|(_, found)| found.allowed);
        let (found, watched) = match compile_with(&mut library, &revision) {
            Ok(repository) => {
                let watched = repository.watched().into_iter().map(str::to_owned).collect();
                (found_in(&repository, asked, before, &mut walked), Some(watched))
            }
            Err(RepositoryError::Tree(TreeError::Git(error))) => return Err(error.into()),
            Err(error) => (without_repository(&error, &mut walked), None),
        };
        if before.is_none_or(|before| before != found.allowed) {
            walked.changes.push((index, found));
        }
        last = Some((revision, watched));
    }
    Ok(walked)
}

/// What a commit says that has no policy to ask.
fn without_repository(error: &RepositoryError, walked: &mut Walked) -> Found {
    match error {
        RepositoryError::NoDeclarations(_) | RepositoryError::Tree(TreeError::NoFolder(_)) => {
            let message = say!("there is no policy in this commit");
            held_by_nobody(Misunderstood { message, help: Text::default() }, walked)
        }
        RepositoryError::Tree(error) => broken(say!("the policy does not compile: {message}", message = error)),
        RepositoryError::Misnamed(_) => broken(say!("the policy does not compile: {message}", message = error)),
    }
}

fn broken(message: Text) -> Found {
    Found { allowed: None, step: None, rule: None, message }
}

fn held_by_nobody(why: Misunderstood, walked: &mut Walked) -> Found {
    let message = why.message.clone();
    walked.misunderstood = Some(why);
    Found { allowed: Some(false), step: Some(Step::Default), rule: None, message }
}

/// The answer of a repository. Which rule decided is found out only if the answer is another than before.
fn found_in(repository: &Repository, asked: &Asked, before: Option<Option<bool>>, walked: &mut Walked) -> Found {
    let company = match pick(repository, asked.company.as_deref()) {
        Ok(company) => company,
        Err(why) => return held_by_nobody(why, walked),
    };
    if !company.compiles() {
        return broken(why_broken(company, &repository.sources));
    }
    let policy = &company.policy;
    let question = match bind(&asked.question, policy) {
        Ok(question) => question,
        Err(why) => return held_by_nobody(why, walked),
    };
    walked.answered = true;
    let in_force = InForce::new(policy, asked.on);
    let answer = answer(&in_force, &question);
    let rule = if before == Some(Some(answer.allowed)) {
        None
    } else {
        deciding(&in_force, &answer, policy, &repository.sources)
    };
    Found { allowed: Some(answer.allowed), step: Some(answer.step), rule, message: Text::default() }
}

/// The company that is asked about.
fn pick<'r>(repository: &'r Repository, name: Option<&str>) -> Result<&'r Company, Misunderstood> {
    let called = |company: &&Company| company.name.as_ref().map(|name| name.as_str()) == name;
    let message = match (name, repository.companies.as_slice()) {
        (None, [one]) => return Ok(one),
        (None, _) => say!("the settings name several companies"),
        (Some(name), companies) => match companies.iter().find(called) {
            Some(company) => return Ok(company),
            None => say!("there is no company `{name}`", name),
        },
    };
    Err(Misunderstood { message, help: Text::default() })
}

/// The first finding that stops a policy, in the order of paths.
fn why_broken(company: &Company, sources: &Sources) -> Text {
    let stopping = company.diagnostics.iter().filter(|finding| stops(finding));
    let first = stopping.min_by_key(|finding| {
        let place = finding.place().map(|place| (sources.file(place.file).path(), place.span));
        (place, finding.code)
    });
    let Some(finding) = first else { return Text::default() };
    let place = finding.place().map(|place| {
        let file = sources.file(place.file);
        format!("{}:{}", file.path(), file.position(place.span.start).line)
    });
    let message = say!("{message} ({place})", message = finding.message, place = place.unwrap_or_default());
    say!("the policy does not compile: {message}", message)
}

fn deciding(in_force: &InForce<'_>, answer: &Answer, policy: &Policy, sources: &Sources) -> Option<Rule> {
    let proof = answer.proof(in_force)?;
    let rule = policy.rule(proof.rules.first()?.rule);
    let place = rule.place.map(|place| {
        let file = sources.file(place.file);
        (file.path().to_owned(), file.position(place.span.start).line)
    });
    Some(Rule {
        subject: policy.subject_key(rule.subject),
        effect: rule.effect,
        right: policy.rights.key(rule.right).clone(),
        target: rule.target.map(|target| policy.target_key(target)),
        place,
    })
}
