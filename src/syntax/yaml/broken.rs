//! What to say where a file is not YAML: the parser's own words help few people, so the usual accidents are looked for.

use granit_parser::ErrorKind;

use crate::diag::{Code, Diagnostic};
use crate::say;
use crate::text::{FileId, Place, SourceFile, Span, floor_boundary};

/// The finding for an error of the parser at a byte.
pub fn explain(id: FileId, file: &SourceFile, at: usize, kind: &ErrorKind, info: &str) -> Diagnostic {
    let at = at.min(file.text().len());
    let end = file.text()[floor_boundary(file.text(), at)..].chars().next().map_or(at, |c| at + c.len_utf8());
    let here = Place { file: id, span: Span::new(at..end) };
    let there = |span: Span| Place { file: id, span };
    let line = file.line_of(here.span.start);
    let error = |place, message| Diagnostic::new(Code::YamlSyntax, place, message);
    if matches!(kind, ErrorKind::DirectiveDisallowed) {
        let message = say!("policies do without {what}", what = say!("a directive"));
        Diagnostic::new(Code::YamlFeature, here, message).help(say!("remove the line"))
    } else if matches!(kind, ErrorKind::RecursionLimitExceeded) {
        Diagnostic::new(Code::LimitExceeded, here, say!("the values are nested too deeply"))
            .help(say!("a policy needs four levels; look for brackets that are not closed"))
    } else if let Some(span) = leading_tab(file, line) {
        error(there(span), say!("this is not YAML: the line begins with a tab")).help(say!("indent with spaces"))
    } else if let Some((span, sign)) = torn_item(file, line) {
        let meant = file.slice(span).replace('\'', "''");
        error(there(span), say!("this is not YAML, because of the `{sign}` in the reason of this item", sign))
            .help(say!("quote the whole item: '{meant}'", meant))
    } else if let Some((span, handle)) = bare_handle(file, at) {
        error(there(span), say!("this is not YAML: a text cannot begin with `@`"))
            .help(say!("write `\"{handle}\"`", handle))
    } else if let Some((span, bracket)) = open_bracket(file, at) {
        error(there(span), say!("this is not YAML: the `{bracket}` is not closed", bracket))
            .also(here, say!("here it goes wrong"))
            .help(say!("close it where the list or the mapping ends"))
    } else if let Some((span, meant)) = missing_blank(file, line) {
        error(there(span), say!("this is not YAML: a blank is missing here")).help(say!("write `{meant}`", meant))
    } else if let Some(span) = missing_dash(file, line) {
        let meant = format!("- {}", file.slice(span));
        error(there(span), say!("this is not YAML: an item of a list without its dash"))
            .help(say!("write `{meant}`", meant))
    } else {
        let help =
            say!("look at this line and the one before it: indentation, a missing `:`, an open quote or bracket");
        let message = if info.is_empty() { say!("this is not YAML") } else { say!("this is not YAML: {info}", info) };
        error(here, message).help(help)
    }
}

/// The line and the one before it, without comments and blanks around, with the byte at which each begins.
fn around(file: &SourceFile, line: usize) -> impl Iterator<Item = (usize, &str)> {
    (line.saturating_sub(1)..=line).rev().map(|number| {
        let range = file.line_range(number);
        let text = &file.text()[range.clone()];
        let text = text.split(" #").next().unwrap_or_default().trim_end();
        (range.start + text.len() - text.trim_start().len(), text.trim_start())
    })
}

/// The handle of somebody, such as `@anna`, at which the parser gave up since it is not quoted.
fn bare_handle(file: &SourceFile, at: usize) -> Option<(Span, &str)> {
    let rest = &file.text()[floor_boundary(file.text(), at)..];
    let end = rest.find([',', ']', '}', ' ', '\n', '\r', '"', '\'']).unwrap_or(rest.len());
    let handle = rest.starts_with('@').then_some(&rest[..end])?;
    Some((Span::new(at..at + end), handle))
}

/// The innermost bracket before a byte that is not closed, where a later line goes on as if it were.
fn open_bracket(file: &SourceFile, at: usize) -> Option<(Span, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    let mut comment = false;
    for (index, c) in file.text()[..floor_boundary(file.text(), at)].char_indices() {
        let begins = before.is_whitespace() || matches!(before, '[' | '{' | ',' | ':');
        match (quote, c) {
            (_, '\n') => comment = false,
            _ if comment => {}
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '#') if before.is_whitespace() => comment = true,
            (None, '"' | '\'') if begins => quote = Some(c),
            (None, '[' | '{') if begins || !open.is_empty() => open.push((index, c)),
            (None, ']' | '}') => drop(open.pop()),
            _ => {}
        }
        before = c;
    }
    let (index, bracket) = open.pop().filter(|_| quote.is_none())?;
    let span = Span::new(index..index + 1);
    (file.line_of(span.start) < file.line_of(Span::new(at..at).start)).then_some((span, bracket))
}

/// A dash or a colon with no blank behind it, and the line as it was meant.
fn missing_blank(file: &SourceFile, line: usize) -> Option<(Span, String)> {
    around(file, line).find_map(|(start, text)| {
        let item = text.strip_prefix('-').filter(|rest| rest.starts_with(char::is_alphanumeric));
        if let Some(item) = item {
            return Some((Span::new(start..start + text.len()), format!("- {item}")));
        }
        let (key, value) = text.split_once(':')?;
        let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
        let glued = is_word(key) && value.starts_with(char::is_alphanumeric) && !value.contains(": ");
        glued.then(|| (Span::new(start..start + text.len()), format!("{key}: {value}")))
    })
}

/// A line beside items of a list that has no dash itself, and no colon that would make it a field.
fn missing_dash(file: &SourceFile, line: usize) -> Option<Span> {
    let is_item = |number: usize| file.text()[file.line_range(number)].trim_start().starts_with("- ");
    let lines = [line, line.saturating_sub(1)];
    lines.into_iter().find_map(|number| {
        let (start, text) = around(file, number).next()?;
        let beside = number > 0 && is_item(number - 1) || is_item(number + 1);
        let lonely = !text.is_empty() && !text.starts_with('-') && !text.contains(':') && !text.starts_with('#');
        (beside && lonely).then(|| Span::new(start..start + text.len()))
    })
}

/// The first tab that indents a line, at or after the one at which the parser gave up.
fn leading_tab(file: &SourceFile, line: usize) -> Option<Span> {
    (line..=line + 1).find_map(|number| {
        let range = file.line_range(number);
        let text = &file.text()[range.clone()];
        let tab = text.len() - text.trim_start_matches(' ').len();
        text[tab..].starts_with('\t').then(|| Span::new(range.start + tab..range.start + tab + 1))
    })
}

/// How many lines before an error are searched for the item that caused it.
const LINES_BEFORE: usize = 6;

/// Signs in a reason that break an item which is not quoted as a whole.
const BREAKING: [&str; 7] = [" #", ": ", ",", "{", "}", "[", "]"];

/// A list item at or shortly before a line whose reason in double quotes YAML does not leave whole, and the sign.
fn torn_item(file: &SourceFile, line: usize) -> Option<(Span, &'static str)> {
    (line.saturating_sub(LINES_BEFORE)..=line).rev().find_map(|number| {
        let range = file.line_range(number);
        let text = &file.text()[range.clone()];
        let mut searched = 0;
        while let Some(found) = text[searched..].find("because \"") {
            let because = searched + found;
            let reason = because + "because \"".len();
            let length = closing_quote(&text[reason..])?;
            let head = &text[..because];
            let starts = ["[", ",", "- "].into_iter().filter_map(|sign| Some(head.rfind(sign)? + sign.len()));
            let start = starts.max().unwrap_or(0);
            let item = start + head[start..].len() - head[start..].trim_start().len();
            let sign = BREAKING.into_iter().find(|sign| text[reason..reason + length].contains(sign));
            if let (Some(sign), false) = (sign, text[item..].starts_with(['\'', '"'])) {
                let end = reason + length + 1;
                return Some((Span::new(range.start + item..range.start + end), sign));
            }
            searched = reason + length;
        }
        None
    })
}

/// The bytes before the double quote that closes a text.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::findings;

    #[test]
    fn the_usual_accidents_are_named() {
        let check = |text: &str| findings(&format!("users: {{ lars: , petra: , karin: }}\ngroups:\n  sales:\n{text}"));
        insta::assert_snapshot!(check("    members:\n      - lars\n      petra\n      - karin\n    allow: [program.start]\n"), @r#"yaml-syntax a.yaml:6:7 "petra" this is not YAML: an item of a list without its dash | write `- petra`"#);
        insta::assert_snapshot!(check("    members:\n      - lars\n      -petra\n    allow: [program.start]\n"), @r#"yaml-syntax a.yaml:6:7 "-petra" this is not YAML: a blank is missing here | write `- petra`"#);
        insta::assert_snapshot!(check("    name:Vertrieb\n    members: [lars]\n"), @r#"yaml-syntax a.yaml:4:5 "name:Vertrieb" this is not YAML: a blank is missing here | write `name: Vertrieb`"#);
        insta::assert_snapshot!(check("    members: [lars, petra\n    allow: [program.start]\n  more:\n    members: [karin]\n"), @r#"yaml-syntax a.yaml:4:14 "[" + a.yaml:5:10 ":" (here it goes wrong) this is not YAML: the `[` is not closed | close it where the list or the mapping ends"#);
        insta::assert_snapshot!(check("    members: [lars]\n     allow: [program.start]\n"), @r#"yaml-syntax a.yaml:5:6 "a" this is not YAML: while parsing a block mapping, did not find expected key | look at this line and the one before it: indentation, a missing `:`, an open quote or bracket"#);
    }
}
