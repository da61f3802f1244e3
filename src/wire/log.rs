//! The answers through a history: `log`, and the commits in a proof.

use schemars::JsonSchema;
use serde::Serialize;

use crate::history::{Event, Log, Rule};
use crate::language::Language;
use crate::tree::commit::Commit;

use super::VERSION;

/// A commit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CommitOut {
    /// The full id.
    pub commit: String,
    /// The name of the author.
    pub author: String,
    /// When the author wrote it, in RFC 3339.
    pub date: String,
    /// The first line of the message.
    pub summary: String,
}

/// A rule as it was written in some commit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleThenOut {
    /// On whom it was written: `user:NAME`, `group:NAME` or `role:NAME`.
    pub subject: String,
    /// `allow` or `deny`.
    pub effect: &'static str,
    /// The right.
    pub right: String,
    /// Over whom or what.
    pub target: Option<String>,
    /// The file that had it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// A commit with another answer than the one before it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventOut {
    /// The full id of the commit.
    pub commit: String,
    /// The name of its author.
    pub author: String,
    /// When the author wrote it, in RFC 3339.
    pub date: String,
    /// The first line of its message.
    pub summary: String,
    /// The answer before; `null` if there was none.
    pub before: Option<bool>,
    /// The answer since; `null` if the policy does not compile.
    pub allowed: Option<bool>,
    /// The step that decided.
    pub step: Option<&'static str>,
    /// The first of the rules that decided, if any did.
    pub rule: Option<RuleThenOut>,
    /// Why there is no answer, or why nothing could be asked; `null` if a policy gave the answer.
    pub message: Option<String>,
}

/// `rightful log QUESTION --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogOut {
    /// The version of this format.
    pub version: u32,
    /// The newest first; the last is the oldest commit that was looked at.
    pub events: Vec<EventOut>,
    /// How many commits were looked at.
    pub commits: usize,
    /// Whether a shallow clone left out older commits.
    pub cut: bool,
}

/// A commit.
pub(super) fn commit(commit: &Commit) -> CommitOut {
    CommitOut {
        commit: commit.id.clone(),
        author: commit.author.clone(),
        date: commit.date.clone(),
        summary: commit.summary.clone(),
    }
}

fn rule(rule: &Rule) -> RuleThenOut {
    RuleThenOut {
        subject: rule.subject.to_string(),
        effect: rule.effect.as_str(),
        right: rule.right.to_string(),
        target: rule.target.as_ref().map(ToString::to_string),
        file: rule.place.as_ref().map(|(file, _)| file.clone()),
        line: rule.place.as_ref().map(|(_, line)| *line),
    }
}

fn event(event: &Event, language: Language) -> EventOut {
    let CommitOut { commit, author, date, summary } = commit(&event.commit);
    let found = &event.found;
    EventOut {
        commit,
        author,
        date,
        summary,
        before: event.before,
        allowed: found.allowed,
        step: found.step.map(|step| step.as_str()),
        rule: found.rule.as_ref().map(rule),
        message: Some(&found.message).filter(|message| !message.is_empty()).map(|message| message.to(language)),
    }
}

/// When an answer changed.
pub fn log(log: &Log, language: Language) -> LogOut {
    LogOut {
        version: VERSION,
        events: log.events.iter().map(|one| event(one, language)).collect(),
        commits: log.commits,
        cut: log.cut,
    }
}
