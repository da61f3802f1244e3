//! The reference of the findings.

use crate::diag::{Code, Level};
use crate::language::Text;
use crate::report::block::{Block, Line, Page, Tone};
use crate::say;

/// Every code with its level and its meaning in one line.
pub fn codes(codes: &[Code]) -> Page {
    let mut page = Page::default();
    let row = |code: &Code| {
        let tone = match code.level() {
            Level::Error => Tone::No,
            Level::Warning => Tone::Warning,
            Level::Off => Tone::Quiet,
        };
        vec![
            Line::new().then(Tone::Strong, code.as_str()),
            Line::new().then(tone, code.level().as_str()),
            Line::from(meaning(*code)),
        ]
    };
    page.table(0, codes.iter().map(row).collect());
    page
}

/// The one-line meaning, which is translated like everything that is said.
fn meaning(code: Code) -> Text {
    Text::new(code.meaning(), Vec::new())
}

fn paragraph(page: &mut Page, text: Text) {
    page.0.push(Block::Text { line: text.into(), indent: 0, hang: 0 });
}

/// The page of one code.
pub fn explained(code: Code) -> Page {
    let mut page = Page::default();
    let written = code.page();
    let level = match (code.level(), code.compiles()) {
        (Level::Error, false) => say!("an error that stops every command"),
        (Level::Error, true) => say!("an error that stops `check` and `apply`"),
        (Level::Warning, _) => say!("a warning"),
        (Level::Off, _) => say!("off unless the settings ask for it"),
    };
    page.text(Line::new().then(Tone::Strong, code.as_str()).then(Tone::Plain, ": ").then(Tone::Plain, meaning(code)));
    page.text(Line::new().then(Tone::Quiet, level));
    page.blank();
    paragraph(&mut page, written.means());
    page.blank();
    paragraph(&mut page, written.why());
    for (title, example) in [(say!("wrong"), &written.wrong), (say!("corrected"), &written.right)] {
        page.blank();
        page.heading(title);
        let line = |text: &str| match text.strip_prefix("//- ") {
            Some(path) => Line::new().then(Tone::Quiet, format!("  # {path}")),
            None => Line::from(format!("  {text}")),
        };
        page.0.push(Block::Verbatim(example.lines().map(line).collect()));
    }
    page
}
