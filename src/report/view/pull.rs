//! What a pull takes into the policy files, and what it does not.

use crate::language::{Joint, Text, list};
use crate::pull::{File, Left, Taking, Why};
use crate::report::block::{Block, Line, Page, Tone};
use crate::say;

use super::count;
use super::said::conflicts;

/// A pull, as it is shown before anything is written.
pub struct Pulled<'a> {
    /// What is taken.
    pub taking: &'a Taking,
    /// The files with their new texts.
    pub files: &'a [File],
    /// What people call the database.
    pub database: &'a str,
    /// Errors that a check would find afterwards.
    pub broken: &'a [Text],
    /// Other companies that say something else too.
    pub also: &'a [Text],
}

/// Every line that changes, with its place; then what stays outside.
pub fn pull(pulled: &Pulled<'_>) -> Page {
    let mut page = Page::default();
    let (taking, database) = (pulled.taking, pulled.database);
    if taking.taken.is_empty() && pulled.files.is_empty() {
        page.text(
            Line::new()
                .then(Tone::Yes, say!("nothing to take"))
                .then(Tone::Plain, say!(" from {database} into the policy", database)),
        );
    } else {
        let changes = count::changes(taking.taken.len());
        page.text(Line::new().then(Tone::Strong, changes).then(Tone::Plain, say!(" from {database}", database)));
    }
    if !pulled.files.is_empty() {
        page.blank();
    }
    for file in pulled.files {
        for hunk in &file.hunks {
            let place = format!("{}:{}", file.path, hunk.line);
            let place = match file.before {
                Some(_) => Line::new().then(Tone::Quiet, place),
                None => Line::new().then(Tone::Quiet, say!("{path}, a new file", path = file.path)),
            };
            page.item(2, place);
            let line = |tone: Tone, sign: &str, text: &String| {
                Line::new().then(Tone::Plain, "    ").then(tone, sign).then(Tone::Plain, format!(" {text}"))
            };
            let removed = hunk.removed.iter().map(|text| line(Tone::No, "-", text));
            let added = hunk.added.iter().map(|text| line(Tone::Yes, "+", text));
            page.0.push(Block::Verbatim(removed.chain(added).collect()));
        }
    }
    left(&mut page, &taking.left);
    conflicts(&taking.conflicts, &mut page);
    if !pulled.also.is_empty() || !pulled.broken.is_empty() {
        page.blank();
    }
    let note =
        |text: Text| Line::new().then(Tone::Warning, say!("note")).then(Tone::Plain, "  ").then(Tone::Plain, text);
    if !pulled.also.is_empty() {
        let names = list(pulled.also.iter().cloned(), Joint::And);
        page.text(note(say!("the files are read by other companies too, which change with it: {names}", names)));
    }
    for finding in pulled.broken {
        page.text(note(say!("`rightful check` fails now: {finding}", finding = *finding)));
    }
    page
}

/// What became of the files.
pub fn pull_done(files: &[File], written: bool) -> Page {
    let mut page = Page::default();
    if files.is_empty() {
        return page;
    }
    page.blank();
    let count = count::files(files.len());
    if written {
        page.text(Line::new().then(Tone::Yes, say!("written")).then(
            Tone::Plain,
            say!(": {files}; `git diff` shows it, and `rightful plan` what is left", files = count),
        ));
    } else {
        page.text(say!("nothing was written: this is what would be, in {files}", files = count));
    }
    page
}

/// A repository that was made of a database.
pub fn pulled_whole(pulled: &Pulled<'_>, files: &[File], written: bool, is_named: bool) -> Page {
    let mut page = Page::default();
    let head = if written { say!("written") } else { say!("to be written") };
    let text = say!(", from {database}", database = pulled.database);
    page.text(Line::new().then(Tone::Yes, head).then(Tone::Plain, text));
    page.table(2, files.iter().map(|file| vec![Line::from(file.path.as_str())]).collect());
    left(&mut page, &pulled.taking.left);
    page.blank();
    if !is_named {
        page.text(say!("the settings cannot name this database, since it lies elsewhere or has a password: write --database with every command"));
    }
    let beyond = pulled.taking.left.iter().any(|left| matches!(left.why, Why::OfCrm(_)));
    if pulled.broken.is_empty() && beyond {
        page.text(say!("next: `rightful check`, then `rightful plan`, which takes away what is not taken here"));
    } else if pulled.broken.is_empty() {
        page.text(say!("next: `rightful check`, then `rightful plan`, which has nothing to do"));
    } else {
        let errors = count::errors(pulled.broken.len());
        page.text(say!(
            "`rightful plan` has nothing to do, but what the database says is wrong: {errors}; `rightful check` lists them, and nothing can be applied before they are mended",
            errors
        ));
    }
    page
}

fn left(page: &mut Page, left: &[Left]) {
    if left.is_empty() {
        return;
    }
    page.blank();
    page.heading(say!("not taken"));
    let row = |left: &Left| {
        let field = left.field.map(|field| format!(" {field}")).unwrap_or_default();
        let text = say!("{key}{field}: {why}", key = left.key, field, why = left.why.text());
        vec![
            Line::new().then(Tone::Warning, "!"),
            Line::new().then(Tone::Strong, left.key.kind().as_str()),
            text.into(),
        ]
    };
    page.table(2, left.iter().map(row).collect());
}
