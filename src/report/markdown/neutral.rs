//! Lines in which nothing from outside can do anything: it stands as code, and cannot end it.
//!
//! Forges look for mentions, references, links and emoji in what a comment says, after markdown was read; so no escape
//! of markdown or HTML keeps them off. In code none of them looks. What is written in code is read as it stands, but for
//! the marks that end it, and those differ: a run of backticks in running text, also a `|` in a table, and markup in
//! HTML.

use crate::language::{Author, Language};
use crate::report::block::{Line, Tone};
use crate::report::harmless;

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// In a paragraph, a heading or an item.
    Running,
    /// In a cell of a table.
    Cell,
    /// Between HTML tags, where there is no markdown.
    Markup,
}

/// A stretch of a line.
#[derive(Debug)]
struct Stretch {
    bold: bool,
    mark: Mark,
    text: String,
}

/// What a stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Words,
    Code,
    Address,
}

/// A line of a page. The words of the program are text, with what it has in backticks as code; all else is code.
pub(super) fn inline(line: &Line, language: Language, room: Room) -> String {
    let mut found = stretches(line, language);
    if room != Room::Markup {
        found = without_glued(found);
    }
    let mut out = String::new();
    for alike in found.chunk_by(|one, next| one.bold == next.bold) {
        let text: String = alike.iter().map(|stretch| written(stretch, room)).collect();
        let inner = text.trim_matches(' ');
        out.push_str(&match room {
            _ if inner.is_empty() || !alike[0].bold => text,
            Room::Markup => text.replacen(inner, &format!("<strong>{inner}</strong>"), 1),
            Room::Running | Room::Cell => text.replacen(inner, &format!("**{inner}**"), 1),
        });
    }
    out.trim().to_owned()
}

/// The stretches of a line; those that follow each other differ.
fn stretches(line: &Line, language: Language) -> Vec<Stretch> {
    let mut found = Vec::new();
    for piece in &line.0 {
        let bold = !matches!(piece.tone, Tone::Plain | Tone::Quiet | Tone::Address);
        let outside = if piece.tone == Tone::Address { Mark::Address } else { Mark::Code };
        let mut quoted = false;
        let words = |quoted: bool| if quoted { Mark::Code } else { Mark::Words };
        piece.text.spell(language, &mut |author, text| match author {
            Author::Outside => {
                // Blanks around it are room between columns.
                let (begin, rest) = text.split_at(text.len() - text.trim_start_matches(' ').len());
                let (inner, end) = rest.split_at(rest.trim_end_matches(' ').len());
                for (mark, part) in [(words(quoted), begin), (outside, inner), (words(quoted), end)] {
                    add(&mut found, bold, mark, part);
                }
            }
            Author::Program => {
                for (index, part) in text.split('`').enumerate() {
                    quoted ^= index > 0;
                    add(&mut found, bold, words(quoted), part);
                }
            }
        });
    }
    found
}

fn add(found: &mut Vec<Stretch>, bold: bool, mark: Mark, text: &str) {
    match found.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if (last.bold, last.mark) == (bold, mark) => last.text.push_str(text),
        _ => found.push(Stretch { bold, mark, text: text.to_owned() }),
    }
}

/// The same, with nothing strong right beside a letter: there the stars of markdown would be stars.
fn without_glued(stretches: Vec<Stretch>) -> Vec<Stretch> {
    let letter = |stretch: Option<&Stretch>, last: bool| {
        let text = stretch.filter(|stretch| stretch.mark == Mark::Words).map_or("", |stretch| stretch.text.as_str());
        let c = if last { text.chars().next_back() } else { text.chars().next() };
        c.is_some_and(char::is_alphanumeric)
    };
    let mut found = Vec::new();
    let mut before: Option<&Stretch> = None;
    let mut groups = stretches.chunk_by(|one, next| one.bold == next.bold).peekable();
    while let Some(group) = groups.next() {
        let after = groups.peek().and_then(|group| group.first());
        let spaced = |text: Option<&Stretch>, last: bool| {
            text.is_some_and(|text| if last { text.text.ends_with(' ') } else { text.text.starts_with(' ') })
        };
        let glued = letter(before, true) && !spaced(group.first(), false)
            || letter(after, false) && !spaced(group.last(), true);
        for stretch in group {
            add(&mut found, stretch.bold && !glued, stretch.mark, &stretch.text);
        }
        before = group.last();
    }
    found
}

fn written(stretch: &Stretch, room: Room) -> String {
    let text = harmless(&stretch.text);
    match (stretch.mark, room) {
        (Mark::Words, Room::Markup) => entities(&text),
        (_, Room::Markup) => format!("<code>{}</code>", entities(&text)),
        (Mark::Words, _) => escaped(&text),
        (Mark::Address, Room::Running) if is_plain_address(&text) => format!("<{text}>"),
        _ => code(&text, room),
    }
}

/// Whether a text is an address of the web, and nothing in it could mean anything else.
fn is_plain_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'*+,;=%".contains(&b))
    })
}

/// Code in markdown: between runs of backticks that are longer than any in it.
fn code(text: &str, room: Room) -> String {
    // Whoever looks for the marker of a comment finds none in here.
    let mut text = text.replace("<!--", "\\u{3c}!--");
    if room == Room::Cell {
        // A table takes a backslash from before a `|`, but which of several, readers of markdown do not agree on.
        text = text.replace("\\|", "\\\\u{7c}").replace('|', "\\|");
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A blank on both sides is no part of the code.
    let ends = |c: char| c == '`' || c == ' ';
    let pad = if text.starts_with(ends) || text.ends_with(ends) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The longest run of backticks.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The program's own words in markdown.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\*_[]<>&|~#$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A text between tags: everything that means something in HTML, or would in markdown, as an entity.
fn entities(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            c if r"'`@#*[]|~$\".contains(c) => written.push_str(&format!("&#{};", u32::from(c))),
            c => written.push(c),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::say;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    /// Texts that would do something in a comment.
    const HOSTILE: [&str; 40] = [
        "back`tick``three```",
        "`",
        "```",
        "` ` `",
        "a  b",
        "\\",
        "a\\",
        "\\`",
        "\\|",
        "\\\\|",
        "a|b|c",
        "||",
        "`|`",
        "*a*",
        "_a_ **b**",
        "~~gone~~",
        "<b>x</b>",
        "</details></summary>",
        "</code></summary></details><h1>",
        "<!-- x -->",
        "-->",
        "<!-- rightful diff -->",
        "&lt;script&gt; &#60;",
        "![image](https://evil.example/x.png)",
        "[a](b) [c][d] [e]",
        "https://evil.example www.evil.example",
        "a@evil.example",
        "@team @org/team",
        "#1 GH-1 org/repo#1 !1 ~1 %1",
        ":tada:",
        "# head",
        "- item",
        "+ item",
        "1. item",
        "> quote",
        "/close",
        "$a$ $$b$$ $`c`$",
        "a    code",
        "line\r\nbreak\n\n# x",
        "\u{202e}evil\u{1b}[31m\u{200b}",
    ];

    fn line(text: &str) -> Line {
        Line::new().then(Tone::Strong, say!("added: {text}", text)).then(Tone::Plain, say!(", {text}!", text))
    }

    /// A text as it is shown: blanks around it are not part of it.
    fn shown(text: &str) -> String {
        harmless(text.trim_matches(' ')).replace("<!--", "\\u{3c}!--")
    }

    /// What a reader of markdown makes of it: the text, that in code in braces, and all that is more than text.
    fn read(markdown: &str) -> (String, Vec<String>) {
        let (mut text, mut more) = (String::new(), Vec::new());
        for event in Parser::new_ext(markdown, Options::all()) {
            match event {
                Event::Text(part) => text.push_str(&part),
                Event::Code(part) => text.push_str(&format!("{{{part}}}")),
                Event::Start(Tag::Paragraph | Tag::Strong) | Event::End(TagEnd::Paragraph | TagEnd::Strong) => {}
                Event::Start(Tag::Table(_) | Tag::TableHead | Tag::TableRow) => {}
                Event::End(TagEnd::Table | TagEnd::TableHead | TagEnd::TableRow) => text.push(';'),
                Event::Start(Tag::TableCell) => {}
                Event::End(TagEnd::TableCell) => text.push(','),
                other => more.push(format!("{other:?}")),
            }
        }
        (text, more)
    }

    #[test]
    fn nothing_hostile_leaves_its_code() {
        for text in HOSTILE {
            let shown = shown(text);
            let markdown = inline(&line(text), Language::English, Room::Running);
            let (read, more) = read(&markdown);
            assert_eq!(
                (read.as_str(), more),
                (format!("added: {{{shown}}}, {{{shown}}}!").as_str(), vec![]),
                "{markdown}"
            );
        }
    }

    #[test]
    fn nothing_hostile_leaves_its_cell() {
        for text in HOSTILE {
            let shown = shown(text).replace("\\|", "\\\\u{7c}");
            let cell = inline(&line(text), Language::English, Room::Cell);
            let (read, more) = read(&format!("| a | b |\n| --- | --- |\n| {cell} | c |\n"));
            let expect = format!("a,b,;added: {{{shown}}}, {{{shown}}}!,c,;;");
            assert_eq!((read.as_str(), more), (expect.as_str(), vec![]), "{cell}");
        }
    }

    #[test]
    fn nothing_hostile_leaves_its_tag() {
        for text in HOSTILE {
            let markup = inline(&line(text), Language::English, Room::Markup);
            let bare = markup.replace("<strong>", "").replace("</strong>", "");
            let bare = bare.replace("<code>", "").replace("</code>", "");
            assert!(
                !bare.contains(['<', '>', '\n', '"', '`', '@', '#', '|', '*', '[']) || bare.contains("&#"),
                "{markup}"
            );
            assert!(!bare.contains(['<', '>', '\n', '"', '`', '@', '|', '*', '[']), "{markup}");
            assert_eq!(markup.matches("<code>").count(), markup.matches("</code>").count());
        }
    }

    #[test]
    fn code_of_a_sentence_and_names_in_it_are_one() {
        let line = Line::from(say!(
            "`rightful diff {range}` shows everything; {number} are left out",
            range = "a..b",
            number = crate::language::Word::Number(12)
        ));
        let shown = inline(&line, Language::English, Room::Running);
        assert_eq!(shown, "`rightful diff a..b` shows everything; 12 are left out");
    }
}
