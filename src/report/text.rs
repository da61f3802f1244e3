//! Pages for a terminal: wrapped to its width, with colours where it has them.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::block::{Block, Line, Page, Tone};
use super::harmless;
use crate::language::Language;

/// What the terminal, or whatever takes its place, can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether there are colours.
    pub colour: bool,
    /// How many columns there are.
    pub width: usize,
    /// The language of the reader.
    pub language: Language,
}

impl Look {
    /// Text without colours, 80 columns wide.
    pub const PLAIN: Self = Self { colour: false, width: 80, language: Language::English };
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain | Tone::Address => Style::new(),
        Tone::Strong => Style::new().bold(),
        Tone::Yes => Style::new().bold().fg_color(Some(AnsiColor::Green.into())),
        Tone::No => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
        Tone::Warning => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Tone::Quiet => Style::new().dimmed(),
    }
}

/// Prints a page.
pub fn print(page: &Page, look: Look) -> String {
    let mut out = String::new();
    page.0.iter().for_each(|block| print_block(&mut out, block, look));
    out
}

/// Whether a page has more lines than so many. No more of it is printed than that takes.
pub fn is_longer(page: &Page, lines: usize, look: Look) -> bool {
    let mut found = 0;
    page.0.iter().any(|block| {
        let mut out = String::new();
        print_block(&mut out, block, look);
        found += out.lines().count();
        found > lines
    })
}

fn print_block(out: &mut String, block: &Block, look: Look) {
    match block {
        Block::Blank => out.push('\n'),
        Block::Heading(text) => {
            let line = Line::new().then(Tone::Strong, text);
            paragraph(out, &line, 0, 2, look);
        }
        Block::Text { line, indent, hang } => paragraph(out, line, *indent, *hang, look),
        Block::Table { indent, rows } => table(out, *indent, rows, look),
        Block::Headline(line) => paragraph(out, line, 0, 2, look),
        Block::Columns { head, rows } => {
            let rows: Vec<Vec<Line>> = std::iter::once(head).chain(rows).cloned().collect();
            table(out, 2, &rows, look);
        }
        Block::Details { summary, page, .. } => {
            paragraph(out, summary, 0, 2, look);
            let inside = print(page, Look { width: look.width.saturating_sub(2), ..look });
            out.extend(inside.split_inclusive('\n').map(|line| match line {
                "\n" => line.to_owned(),
                _ => format!("  {line}"),
            }));
        }
        Block::Verbatim(lines) => {
            for line in lines {
                for piece in &line.0 {
                    paint(out, piece.tone, &harmless(&piece.text.to(look.language)), look);
                }
                out.push('\n');
            }
        }
    }
}

fn paint(out: &mut String, tone: Tone, text: &str, look: Look) {
    if look.colour && tone != Tone::Plain && !text.is_empty() {
        let style = style(tone);
        out.push_str(&format!("{}{text}{}", style.render(), style.render_reset()));
    } else {
        out.push_str(text);
    }
}

/// The words of a line with their tones; a word never holds a blank, but for what stands like an address in one line.
fn words(line: &Line, look: Look) -> Vec<(Tone, String, bool)> {
    let mut words: Vec<(Tone, String, bool)> = Vec::new();
    for piece in &line.0 {
        let text = piece.text.to(look.language);
        let text = harmless(&text);
        let end = if piece.tone == Tone::Address { '\n' } else { ' ' };
        for (index, word) in text.split(end).enumerate() {
            // The first word of a piece goes on where the piece before it ended.
            let glued = index == 0 && !words.is_empty();
            words.push((piece.tone, word.to_owned(), glued));
        }
    }
    words
}

fn paragraph(out: &mut String, line: &Line, indent: usize, hang: usize, look: Look) {
    out.push_str(&" ".repeat(indent));
    flow(out, line, indent, hang, look);
    out.push('\n');
}

/// Writes words from column `at` on, wrapping where the next chunk would not fit.
fn flow(out: &mut String, line: &Line, mut at: usize, hang: usize, look: Look) {
    let words = words(line, look);
    let mut first = true;
    let mut rest = words.as_slice();
    while let Some((_, tail)) = rest.split_first() {
        let glued = tail.iter().take_while(|(_, _, glued)| *glued).count();
        let chunk = &rest[..=glued];
        rest = &tail[glued..];
        let width: usize = chunk.iter().map(|(_, word, _)| word.width()).sum();
        if !first {
            if at + 1 + width > look.width && at > hang && width > 0 {
                while out.ends_with(' ') {
                    out.pop();
                }
                out.push('\n');
                out.push_str(&" ".repeat(hang));
                at = hang;
            } else {
                out.push(' ');
                at += 1;
            }
        }
        for (tone, word, _) in chunk {
            paint(out, *tone, word, look);
        }
        at += width;
        first = false;
    }
}

fn width_of(line: &Line, look: Look) -> usize {
    line.0.iter().map(|piece| harmless(&piece.text.to(look.language)).width()).sum()
}

/// How far the later lines of a cell that gave way are indented.
const HANG: usize = 2;

/// Writes rows with their cells below each other. The last cell of a row wraps; if what is left for it is too narrow for
/// its longest word, the other columns give way and wrap too.
fn table(out: &mut String, indent: usize, rows: &[Vec<Line>], look: Look) {
    let widths = widths(indent, rows, look);
    for row in rows {
        let mut at = indent;
        let mut cells = Vec::with_capacity(row.len());
        for (column, cell) in row.iter().enumerate() {
            let last = column + 1 == row.len();
            let (width, hang) = if last { (look.width.saturating_sub(at), 0) } else { (widths[column], HANG) };
            cells.push((at, lines(cell, hang, Look { width, ..look })));
            at += widths[column] + 2;
        }
        let height = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        for number in 0..height {
            let mut reached = 0;
            for (at, lines) in &cells {
                let Some((text, width)) = lines.get(number).filter(|(_, width)| *width > 0) else { continue };
                // A blank at the end of a cell may stand beyond its column.
                out.push_str(&" ".repeat(at.saturating_sub(reached)));
                out.push_str(text);
                reached = at + width;
            }
            while out.ends_with(' ') {
                out.pop();
            }
            out.push('\n');
        }
    }
}

/// A cell in lines that fit into a width, each with how wide it is.
fn lines(cell: &Line, hang: usize, look: Look) -> Vec<(String, usize)> {
    let flowed = |look: Look| {
        let mut text = String::new();
        flow(&mut text, cell, 0, hang, look);
        text
    };
    let plain = flowed(Look { colour: false, ..look });
    let shown = if look.colour { flowed(look) } else { plain.clone() };
    shown.split('\n').zip(plain.split('\n')).map(|(shown, plain)| (shown.to_owned(), plain.width())).collect()
}

/// How wide the columns are; the last cell of a row takes what is left.
fn widths(indent: usize, rows: &[Vec<Line>], look: Look) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter(move |row| row.len() > column + 1).map(move |row| &row[column]);
    let mut widths: Vec<usize> =
        (0..columns).map(|column| cells(column).map(|cell| width_of(cell, look)).max().unwrap_or(0)).collect();
    let narrowest = |cell: &Line| width_of(cell, look).min(longest(cell, look) + HANG);
    let least: Vec<usize> = (0..columns).map(|column| cells(column).map(narrowest).max().unwrap_or(0)).collect();
    let full = rows.iter().filter(|row| row.len() == columns).filter_map(|row| row.last());
    let needed = indent + 2 * columns.saturating_sub(1) + full.map(|cell| longest(cell, look)).max().unwrap_or(0);
    while needed + widths.iter().sum::<usize>() > look.width {
        let widest =
            (0..columns).filter(|column| widths[*column] > least[*column]).max_by_key(|column| widths[*column]);
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    widths
}

/// The width of the longest part of a line that cannot be broken.
fn longest(line: &Line, look: Look) -> usize {
    let (mut longest, mut width) = (0, 0);
    for (_, word, glued) in words(line, look) {
        width = if glued { width + word.width() } else { word.width() };
        longest = longest.max(width);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(build: impl Fn(&mut Page)) -> String {
        let mut page = Page::default();
        build(&mut page);
        print(&page, Look { width: 20, ..Look::PLAIN })
    }

    #[test]
    fn text_is_wrapped_with_a_hanging_indent() {
        let text = narrow(|page| page.item(2, "one two three four five six"));
        assert_eq!(text, "  one two three four\n    five six\n");
    }

    #[test]
    fn a_table_lines_up_and_wraps_its_last_column() {
        let rows = || vec![vec!["a".into(), "one two three four".into()], vec!["long".into(), "x".into()]];
        assert_eq!(narrow(|page| page.table(0, rows())), "a     one two three\n      four\nlong  x\n");
    }

    #[test]
    fn what_can_be_opened_elsewhere_is_indented_here() {
        let text = narrow(|page| {
            let mut inside = Page::default();
            inside.columns(vec!["right".into(), "who".into()], vec![vec!["data.export".into(), "anna".into()]]);
            page.details("anna gains".into(), false, inside);
        });
        assert_eq!(text, "anna gains\n    right        who\n    data.export  anna\n");
    }

    #[test]
    fn other_columns_give_way_to_a_word_that_needs_the_room() {
        let rows =
            vec![vec!["a".into(), "one two".into(), "x/y/z.yaml".into()], vec!["c".into(), "one".into(), "x".into()]];
        assert_eq!(narrow(|page| page.table(0, rows.clone())), "a  one    x/y/z.yaml\n     two\nc  one    x\n");
    }

    #[test]
    fn blanks_at_the_end_of_a_cell_do_no_harm() {
        let rows = vec![vec!["aaaa bbbb  ".into(), "cccc dddd  ".into(), "eeeeeeeeee".into()]];
        let text = narrow(|page| page.table(0, rows.clone()));
        assert!(text.contains("aaaa") && text.contains("dddd") && text.contains("eeeeeeeeee"), "{text}");
    }

    #[test]
    fn pieces_without_a_blank_between_them_stay_together() {
        let line = Line::new().then(Tone::Plain, "aaaa bbbb").then(Tone::Strong, "cccc").then(Tone::Plain, "dddd eeee");
        assert_eq!(narrow(|page| page.text(line.clone())), "aaaa bbbbccccdddd\n  eeee\n");
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let mut page = Page::default();
        page.text(Line::new().then(Tone::Yes, "yes"));
        assert_eq!(print(&page, Look::PLAIN), "yes\n");
        assert!(print(&page, Look { colour: true, ..Look::PLAIN }).starts_with("\u{1b}["));
    }
}
