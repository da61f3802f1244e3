//! The reference of the findings as one Markdown document, generated from the same pages that `explain` shows.

use crate::diag::{Code, Level, Page};

use super::harmless;

/// The whole document.
pub fn findings() -> String {
    let mut text = String::from(
        "# Findings\n\nEverything that `rightful check` can find. `rightful explain CODE` shows the same pages. The level of a warning can be\nchosen in `rightful.yaml`: `lints: { inert-rule: error, unused-group: off }`.\n\nThis page is generated; `RIGHTFUL_BLESS=1 cargo test --test generated` writes it anew.\n",
    );
    for (title, filter) in [
        ("Errors that stop every command", (|code: &Code| !code.compiles()) as fn(&Code) -> bool),
        ("Errors that stop `check` and `apply`", |code| code.compiles() && code.level() == Level::Error),
        ("Warnings", |code| code.level() == Level::Warning),
        ("Off unless asked for", |code| code.level() == Level::Off),
    ] {
        text.push_str(&format!("\n## {title}\n"));
        for code in Code::ALL.iter().filter(|code| filter(code)) {
            text.push_str(&section(*code, code.page()));
        }
    }
    text
}

fn section(code: Code, page: &Page) -> String {
    let mut text =
        format!("\n### {code}\n\n{}.\n\n{}\n\n{}\n", capital(code.meaning()), page.means.trim(), page.why.trim());
    for (title, example) in [("Wrong", &page.wrong), ("Right", &page.right)] {
        text.push_str(&format!("\n{title}:\n"));
        text.push_str(&fences(example));
    }
    text
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// One fenced block for each file of an example.
fn fences(example: &str) -> String {
    let mut text = String::new();
    let mut open = false;
    for line in example.lines() {
        let path = line.strip_prefix("//- ");
        if path.is_some() || !open {
            text.push_str(if open { "```\n" } else { "" });
            text.push_str(&path.map(|path| format!("\n`{path}`\n")).unwrap_or_default());
            text.push_str("\n```yaml\n");
            open = true;
        }
        if path.is_none() {
            text.push_str(&harmless(line));
            text.push('\n');
        }
    }
    text.push_str("```\n");
    text
}
