//! What the service says to whoever reads along: a line when something changes, and not with every turn.

use crate::cli::session::Failure;
use crate::cli::{write_err, write_out};
use crate::language::Text;
use crate::name::Name;
use crate::report::block::Page;
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
}

impl Telling {
    /// Nothing yet; lines name the company, if one is given.
    pub fn new(look: Look, company: Option<&Name>) -> Self {
        let name = company.map(|name| format!(" {name}")).unwrap_or_default();
        Self { look: Look { width: usize::MAX, ..look }, name, said: None }
    }

    /// Says how it goes, if that is new.
    pub fn say(&mut self, text: Text) {
        if self.said.as_ref() != Some(&text) {
            // Whoever does not read along is no failure.
            write_out(&self.line(&text));
            self.said = Some(text);
        }
    }

    /// A synchronisation that went well: told if it wrote something, or if something was wrong before.
    pub fn went_well(&mut self, done: &Done) {
        let commit = short(&done.revision).to_owned();
        let settled = say!("all is as {commit} says", commit);
        if done.changes == 0 {
            return self.say(settled);
        }
        let changes = view::changes(done.changes);
        write_out(&self.line(&say!("OK: {changes} applied of {commit}", changes, commit)));
        self.said = Some(settled);
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
        page.text(format!("{time}{} {}", self.name, text.to(self.look.language)));
        text::print(&page, self.look)
    }
}
