//! Pages as markdown, for comments on GitHub and GitLab: CommonMark with tables, and `<details>` to open.
//!
//! What comes from outside is neutral here by one function; nothing that is printed can leave its place.

mod neutral;

use crate::language::{IntoWord, Language};

use super::block::{Block, Line, Page};
use super::harmless;
use neutral::{Room, inline, longest_run};

/// The first line of a comment, by which those who write comments know their own.
pub const MARKER: &str = "<!-- rightful diff -->";

/// How long a comment may be, in bytes: GitHub takes 65,536 characters.
pub const LIMIT: usize = 65_000;

/// The comment of the first page that is short enough; the last is taken as it is.
pub fn comment(pages: impl IntoIterator<Item = Page>, language: Language) -> String {
    let mut comment = String::new();
    for page in pages {
        comment = format!("{MARKER}\n{}", print(&page, language));
        if comment.len() < LIMIT {
            break;
        }
    }
    comment
}

/// Prints a page.
pub fn print(page: &Page, language: Language) -> String {
    let mut printer = Printer { out: String::new(), language, in_list: false };
    printer.page(page);
    printer.out
}

struct Printer {
    out: String,
    language: Language,
    /// Whether the last line is an item of a list, which the next one may go on.
    in_list: bool,
}

impl Printer {
    fn page(&mut self, page: &Page) {
        for block in &page.0 {
            let goes_on = self.in_list;
            self.in_list = false;
            match block {
                Block::Blank => {}
                Block::Headline(line) => self.paragraph("### ", line),
                Block::Heading(text) => self.paragraph("#### ", &Line::from(text.into_word())),
                Block::Text { line, indent: 0, .. } => self.paragraph("", line),
                Block::Text { line, .. } => {
                    if !goes_on {
                        self.room();
                    }
                    self.line("- ", line);
                    self.in_list = true;
                }
                Block::Table { rows, .. } => self.table(&[], rows),
                Block::Columns { head, rows } => self.table(head, rows),
                Block::Details { summary, open, page } => self.details(summary, *open, page),
                Block::Verbatim(lines) => self.verbatim(lines),
            }
        }
    }

    /// An empty line between what stood before and what comes.
    fn room(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn paragraph(&mut self, before: &str, line: &Line) {
        self.room();
        self.line(before, line);
    }

    fn line(&mut self, before: &str, line: &Line) {
        self.out.push_str(before);
        self.out.push_str(&inline(line, self.language, Room::Running));
        self.out.push('\n');
    }

    /// Every row has as many cells as the longest.
    fn table(&mut self, head: &[Line], rows: &[Vec<Line>]) {
        let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
        self.room();
        self.row(head, columns);
        self.out.push_str(&format!("|{}\n", " --- |".repeat(columns)));
        for row in rows {
            self.row(row, columns);
        }
    }

    fn row(&mut self, cells: &[Line], columns: usize) {
        self.out.push('|');
        for column in 0..columns {
            let cell = cells.get(column).map(|cell| inline(cell, self.language, Room::Cell)).unwrap_or_default();
            self.out.push_str(&if cell.is_empty() { " |".to_owned() } else { format!(" {cell} |") });
        }
        self.out.push('\n');
    }

    /// The empty lines end the markup, so that what is inside is markdown again.
    fn details(&mut self, summary: &Line, open: bool, page: &Page) {
        self.room();
        let open = if open { " open" } else { "" };
        let summary = inline(summary, self.language, Room::Markup);
        self.out.push_str(&format!("<details{open}>\n<summary>{summary}</summary>\n\n"));
        self.page(page);
        self.in_list = false;
        self.room();
        self.out.push_str("</details>\n");
    }

    fn verbatim(&mut self, lines: &[Line]) {
        let text = |line: &Line| line.0.iter().map(|piece| piece.text.to(self.language)).collect::<String>();
        let lines: Vec<String> = lines.iter().map(|line| harmless(&text(line)).into_owned()).collect();
        let fence = "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1);
        self.room();
        self.out.push_str(&format!("{fence}\n"));
        // A blank before each line: one that begins with `/` would be a command to GitLab.
        self.out.extend(lines.iter().map(|line| format!(" {line}\n")));
        self.out.push_str(&format!("{fence}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::Tone;
    use crate::say;

    fn printed(build: impl Fn(&mut Page)) -> String {
        let mut page = Page::default();
        build(&mut page);
        print(&page, Language::English)
    }

    #[test]
    fn blocks_stand_apart_and_items_together() {
        let text = printed(|page| {
            page.0.push(Block::Headline(say!("{count} people", count = "3").into()));
            page.text(say!("no effective change"));
            page.item(2, "a");
            page.item(2, "b");
            page.table(0, vec![vec!["x".into(), Line::new().then(Tone::Strong, "y")], vec!["z".into()]]);
            page.0.push(Block::Verbatim(vec!["/close".into(), "```".into()]));
        });
        assert_eq!(
            text,
            "### `3` people\n\nno effective change\n\n- `a`\n- `b`\n\n| | |\n| --- | --- |\n| `x` | **`y`** |\n| `z` | |\n\n\
             ````\n /close\n ```\n````\n"
        );
    }

    #[test]
    fn what_is_in_details_is_markdown_again() {
        let text = printed(|page| {
            let mut inside = Page::default();
            inside.item(2, "a");
            page.details(Line::new().then(Tone::Strong, "<b>"), true, inside.clone());
            page.details("b".into(), false, Page::default());
        });
        assert_eq!(
            text,
            "<details open>\n<summary><strong><code>&lt;b&gt;</code></strong></summary>\n\n- `a`\n\n</details>\n\n\
             <details>\n<summary><code>b</code></summary>\n\n</details>\n"
        );
    }

    #[test]
    fn the_first_page_that_is_short_enough_is_taken() {
        let page = |length: usize| Page(vec![Block::Heading("x".repeat(length).into_word())]);
        let taken = |lengths: [usize; 3]| comment(lengths.map(page), Language::English).len();
        assert_eq!(taken([10, 20, 30]), taken([10, 10, 10]));
        assert_eq!(taken([70_000, 20, 30]), taken([10, 10, 10]) + 10);
        assert!(taken([70_000, 70_000, 70_001]) > 70_000);
        assert!(comment([page(1)], Language::English).starts_with("<!-- rightful diff -->\n"));
    }
}
