//! What was added to the policy files.

use crate::edit::Edited;
use crate::language::{Joint, list};
use crate::name::Name;
use crate::report::block::{Block, Line, Page, Tone};
use crate::say;

/// What the other user has and the new one does not get.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// Online access.
    pub online: bool,
    /// Being a superuser.
    pub superuser: bool,
}

/// Every line that is new, with its place.
pub fn added(user: &Name, like: &Name, edited: &[Edited], kept: Kept) -> Page {
    let mut page = Page::default();
    page.text(Line::new().then(Tone::Yes, say!("added")).then(Tone::Plain, say!(" {user}, like {like}", user, like)));
    page.blank();
    for edit in edited {
        for (line, text) in &edit.added {
            page.item(2, Line::new().then(Tone::Quiet, format!("{}:{line}", edit.path)));
            let lines = text.lines().map(|text| {
                Line::new().then(Tone::Plain, "    ").then(Tone::Yes, "+").then(Tone::Plain, format!(" {text}"))
            });
            page.0.push(Block::Verbatim(lines.collect()));
        }
    }
    page.blank();
    let kept = [(kept.online, say!("online access")), (kept.superuser, say!("superuser"))];
    let kept: Vec<_> = kept.into_iter().filter(|(has, _)| *has).map(|(_, what)| what).collect();
    if !kept.is_empty() {
        page.text(say!("not copied: {what}", what = list(kept, Joint::Comma)));
    }
    page.text(say!("`rightful check` and `rightful plan` show what it means"));
    page
}
