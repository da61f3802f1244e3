//! What the service says to whoever reads along: a line when something changes, and not with every turn.

use crate::cli::session::Failure;
use crate::cli::{write_err, write_out};
use crate::language::{IntoWord, Text};
use crate::name::Name;
use crate::report::block::Page;
use crate::report::discreet;
use crate::report::text::{self, Look};
use crate::report::view;
use crate::say;

use super::cycle::{Done, short};

/// What was said of one company.
pub struct Telling {
    look: Look,
    /// What stands before each line.
    name: String,
    said: Option<Text>,
    /// What was warned of, and is still so.
    warned: Vec<Text>,
}

impl Telling {
    /// Nothing yet; lines name the company, if one is given.
    pub fn new(look: Look, company: Option<&Name>) -> Self {
        let name = company.map(|name| format!(" {name}")).unwrap_or_default();
        Self { look: Look { width: usize::MAX, ..look }, name, said: None, warned: Vec::new() }
    }

    /// Says how it goes, if that is new.
    pub fn say(&mut self, text: Text) {
        if self.said.as_ref() != Some(&text) {
            // Whoever does not read along is no failure.
            write_out(&self.line(&text));
            self.said = Some(text);
        }
    }

    /// A synchronisation that went well: told if it wrote something, or if something was wrong before, and what waits.
    pub fn went_well(&mut self, done: &Done) {
        let commit = short(&done.revision).to_owned();
        let changes = view::changes(done.waits.changes);
        let settled = match &done.waits.branch {
            _ if done.waits.changes == 0 => say!("all is as {commit} says", commit),
            Some(branch) => {
                let branch = branch.name.clone();
                say!(
                    "all is as {commit} says, but for what waits for review on `{branch}`: {changes}",
                    commit,
                    branch,
                    changes
                )
            }
            None => say!("all is as {commit} says, but for what cannot be proposed: {changes}", commit, changes),
        };
        if done.changes == 0 {
            self.say(settled);
        } else {
            let changes = view::changes(done.changes);
            write_out(&self.line(&say!("OK: {changes} applied of {commit}", changes, commit)));
            if done.waits.changes > 0 && self.said.as_ref() != Some(&settled) {
                write_out(&self.line(&settled));
            }
            self.said = Some(settled);
        }
        let alarms = done.waits.alarms.iter().filter(|_| done.waits.changes > 0);
        let alarms = alarms.map(|alarm| say!("warning: {text}", text = alarm.clone()));
        let superseded = done.waits.superseded.iter();
        let superseded = superseded.map(|branch| say!("`{branch}` is superseded: do not merge it", branch));
        self.warn(alarms.chain(superseded).chain(done.warnings.iter().cloned()).collect());
    }

    /// Says what is not so good, as far as that is new.
    pub fn warn(&mut self, warnings: Vec<Text>) {
        for text in warnings.iter().filter(|text| !self.warned.contains(text)) {
            write_err(&self.line(text));
        }
        self.warned = warnings;
    }

    /// What went wrong, if that is new.
    pub fn trouble(&mut self, failure: Failure) {
        let (message, help) = (failure.message, failure.help);
        let text = match help.is_empty() {
            true => say!("error: {message}", message),
            false => say!("error: {message} ({help})", message, help),
        };
        if self.said.as_ref() != Some(&text) {
            write_err(&self.line(&text));
            self.said = Some(text);
        }
    }

    fn line(&self, text: &Text) -> String {
        let time = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
        let mut page = Page::default();
        let text = discreet(&text.into_word(), self.look.language).to(self.look.language);
        page.text(format!("{time}{} {}", self.name, text.split_whitespace().collect::<Vec<_>>().join(" ")));
        text::print(&page, self.look)
    }
}
