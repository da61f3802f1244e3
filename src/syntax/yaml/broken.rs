//! What to say where a file is not YAML: the parser's own words help few people, so the usual accidents are looked for.

use std::ops::Range;

use granit_parser::ErrorKind;

use crate::diag::{Code, Diagnostic};
use crate::language::Text;
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
    } else if let Some((span, blank)) = odd_blank(file, line) {
        error(there(span), say!("this is not YAML: {blank} stands here instead of an ordinary space", blank))
            .help(say!("replace it by ordinary spaces, or delete it"))
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
    } else if let Some(span) = inner_colon(file, line) {
        let text = file.slice(span);
        let meant =
            if text.contains(['"', '\\']) { format!("'{}'", text.replace('\'', "''")) } else { format!("\"{text}\"") };
        error(there(span), say!("this is not YAML: a text with a colon in it, and no quotes around it"))
            .help(say!("write `{meant}`", meant))
    } else if let Some((span, found, wanted)) = wrong_indentation(file, line) {
        let message = say!(
            "this is not YAML: the line is indented by {found}, and the lines beside it by {wanted}",
            found,
            wanted,
        );
        error(there(span), message).help(say!("count the spaces at the beginning of the line"))
    } else {
        let help =
            say!("look at this line and the one before it: indentation, a missing `:`, an open quote or bracket");
        let message = if info.is_empty() { say!("this is not YAML") } else { say!("this is not YAML: {info}", info) };
        error(here, message).help(help)
    }
}

/// The parts of a merge that git left in a file, each conflict from its first line to its last.
///
/// To be asked only after the parser refused the file. A marker begins its line, where no text of several lines can
/// stand in a policy, so what is found is not inside of a text.
pub fn conflicts(id: FileId, file: &SourceFile) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut open: Option<(usize, bool)> = None;
    let error = |range: Range<usize>, message, help| {
        Diagnostic::new(Code::YamlSyntax, Place { file: id, span: Span::new(range) }, message).help(help)
    };
    let left_over =
        |range| error(range, say!("this is not YAML: a line of a merge is left over"), say!("remove the line"));
    let mut start = 0;
    let mut lonely = Vec::new();
    for line in file.text().split_inclusive('\n') {
        let range = start..start + line.trim_end().len();
        start += line.len();
        match marker(line.trim_end()) {
            Some('<') => {
                findings.extend(lonely.drain(..).map(left_over));
                open = Some((range.start, false));
                lonely.push(range);
            }
            Some('>') if open.is_some() && lonely.len() > 1 => {
                let (begin, base) = open.take().unwrap_or_default();
                lonely.clear();
                let help = if base {
                    say!(
                        "keep one of the two parts, and take out the markers and what is between `|||||||` and `=======`"
                    )
                } else {
                    say!("keep one of the two parts, and take out the lines `<<<<<<<`, `=======` and `>>>>>>>`")
                };
                findings.push(error(begin..range.end, say!("a merge conflict that is not resolved"), help));
            }
            Some(sign) => {
                open = open.map(|(begin, base)| (begin, base || sign == '|'));
                lonely.push(range);
            }
            None => {}
        }
    }
    findings.extend(lonely.into_iter().map(left_over));
    findings
}

/// The sign of a line that git writes around the parts of a conflict: seven of it, then a blank or nothing.
fn marker(line: &str) -> Option<char> {
    let sign = line.chars().next().filter(|c| "<|=>".contains(*c))?;
    let rest = line.trim_start_matches(sign);
    (line.len() - rest.len() == 7 && (rest.is_empty() || rest.starts_with(' '))).then_some(sign)
}

/// A blank that YAML does not take for one, at the beginning of a line or behind a colon, near the error.
fn odd_blank(file: &SourceFile, line: usize) -> Option<(Span, Text)> {
    (line.saturating_sub(LINES_BEFORE)..=line + 1).rev().find_map(|number| {
        let range = file.line_range(number);
        let text = &file.text()[range.clone()];
        let first = text.len() - text.trim_start_matches([' ', '-']).len();
        let behind = text.find(':').map(|colon| colon + 1);
        [Some(first), behind].into_iter().flatten().find_map(|at| {
            let c = text[at..].chars().next()?;
            let blank = match c {
                '\u{a0}' | '\u{2007}' | '\u{202f}' => say!("a no-break space"),
                '\u{3000}' => say!("a wide space"),
                '\u{200b}' | '\u{feff}' if range.start + at > 0 => say!("a character without width"),
                _ => return None,
            };
            Some((Span::new(range.start + at..range.start + at + c.len_utf8()), blank))
        })
    })
}

/// The value of a field whose text has a colon and a blank in it, which would make it a field itself.
fn inner_colon(file: &SourceFile, line: usize) -> Option<Span> {
    around(file, line).find_map(|(start, text)| {
        let (key, value) = text.split_once(": ")?;
        let value = value.trim_start();
        let brackets = ['[', '{', ']', '}'];
        let plain = !value.starts_with(['"', '\'', '|', '>'])
            && !key.contains(['"', '\''])
            && !key.contains(brackets)
            && !value.contains(brackets);
        let from = start + text.len() - value.len();
        (plain && (value.contains(": ") || value.ends_with(':'))).then(|| Span::new(from..start + text.len()))
    })
}

/// The blanks before a line that is at no level of those before it, how many they are, and how many they were to be.
fn wrong_indentation(file: &SourceFile, line: usize) -> Option<(Span, usize, usize)> {
    let depth = |number: usize| {
        let range = file.line_range(number);
        let text = file.text()[range.clone()].trim_end();
        let rest = text.trim_start_matches(' ');
        (!rest.is_empty() && !rest.starts_with('#')).then_some((range.start, text.len() - rest.len(), rest))
    };
    [line, line.saturating_sub(1)].into_iter().find_map(|number| {
        let (start, found, _) = depth(number)?;
        let mut before = (0..number).rev().filter_map(depth).peekable();
        let (_, above, text) = *before.peek()?;
        let opens =
            text.split(" #").next().unwrap_or_default().trim_end().ends_with([':', '-', ',', '[', '{', '|', '>']);
        let mut levels = Vec::new();
        let mut least = usize::MAX;
        for (_, depth, text) in before {
            if depth < least {
                // A field behind a dash stands two places further in.
                levels.extend(text.starts_with("- ").then_some(depth + 2).filter(|_| text.contains(": ")));
                levels.push(depth);
                least = depth;
            }
            if depth == 0 {
                break;
            }
        }
        let wrong = !levels.contains(&found) && (!opens || found <= above);
        let wanted = levels.into_iter().min_by_key(|level| (level.abs_diff(found), usize::MAX - level))?;
        wrong.then(|| (Span::new(start..start + found), found, wanted))
    })
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

/// As many of them break an item behind a dash too, outside of brackets.
const BLOCK: usize = 2;

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
            let block = head.trim_start().starts_with("- ") && !head.contains(['[', '{']);
            let breaking = if block { &BREAKING[..BLOCK] } else { &BREAKING[..] };
            let sign = breaking.iter().copied().find(|sign| text[reason..reason + length].contains(sign));
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
        insta::assert_snapshot!(check("    members: [lars]\n     allow: [program.start]\n"), @r#"yaml-syntax a.yaml:5:1 "     " this is not YAML: the line is indented by 5, and the lines beside it by 4 | count the spaces at the beginning of the line"#);
    }

    #[test]
    fn here_is_a_merge_conflict() {
        let check = |text: &str| findings(&format!("users: {{ lars: , petra: , karin: }}\ngroups:\n  sales:\n{text}"));
        insta::assert_snapshot!(check("<<<<<<< HEAD\n    members: [lars]\n=======\n    members: [petra]\n>>>>>>> feature\n    allow: [program.start]\n"), @r#"yaml-syntax a.yaml:4:1 "<<<<<<< HEAD\n    members: [lars]\n=======\n    members: [petra]\n>>>>>>> feature" a merge conflict that is not resolved | keep one of the two parts, and take out the lines `<<<<<<<`, `=======` and `>>>>>>>`"#);
        insta::assert_snapshot!(check("<<<<<<< HEAD\n    members: [lars]\n||||||| base\n    members: []\n=======\n    members: [petra]\n>>>>>>> feature\n    allow: [program.start]\n  more:\n<<<<<<<\n    members: [lars]\n=======\n    members: [petra]\n>>>>>>>\n"), @r#"
        yaml-syntax a.yaml:4:1 "<<<<<<< HEAD\n    members: [lars]\n||||||| base\n    members: []\n=======\n    members: [petra]\n>>>>>>> feature" a merge conflict that is not resolved | keep one of the two parts, and take out the markers and what is between `|||||||` and `=======`
        yaml-syntax a.yaml:13:1 "<<<<<<<\n    members: [lars]\n=======\n    members: [petra]\n>>>>>>>" a merge conflict that is not resolved | keep one of the two parts, and take out the lines `<<<<<<<`, `=======` and `>>>>>>>`
        "#);
        insta::assert_snapshot!(check("    members: [lars]\n=======\n    allow: [program.start]\n>>>>>>> feature\n"), @r#"
        yaml-syntax a.yaml:5:1 "=======" this is not YAML: a line of a merge is left over | remove the line
        yaml-syntax a.yaml:7:1 ">>>>>>> feature" this is not YAML: a line of a merge is left over | remove the line
        "#);
        insta::assert_snapshot!(check("    members: [lars]\n    # <<<<<<< HEAD\n# =======\n    name: |\n      <<<<<<< HEAD\n      >>>>>>> feature\n"), @r#"unused-group a.yaml:3:3 "sales" the group `sales` gives and takes nothing | nothing names it: add rules or a module set, or remove the group"#);
    }

    #[test]
    fn odd_blanks_are_named() {
        let check = |text: &str| findings(&format!("users: {{ lars: , petra: , karin: }}\ngroups:\n  sales:\n{text}"));
        insta::assert_snapshot!(check("\u{a0}   members: [lars]\n    allow: [program.start]\n"), @r#"yaml-syntax a.yaml:4:1 "\u{a0}" this is not YAML: a no-break space stands here instead of an ordinary space | replace it by ordinary spaces, or delete it"#);
        insta::assert_snapshot!(check("    members: [lars]\n  \u{3000} allow: [program.start]\n"), @r#"
        invalid-name a.yaml:5:3 "\u{3000} allow" `　 allow` is no name: a name begins with a letter or digit, not with `　` | a name has letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit; `name:` shows it to people as you like
        wrong-type a.yaml:5:12 "[program.start]" a group is a mapping, not a list | write `key: value` lines here
        "#);
        insta::assert_snapshot!(check("\u{200b}   members: [lars]\n    allow: [program.start]\n"), @r#"control-character a.yaml:4:1 "\u{200b}" the character U+200B cannot be seen or turns the text around | delete it; it often comes along when text is copied from elsewhere"#);
        insta::assert_snapshot!(check("    name:\u{a0}Sales\n    members: [lars]\n"), @r#"yaml-syntax a.yaml:4:10 "\u{a0}" this is not YAML: a no-break space stands here instead of an ordinary space | replace it by ordinary spaces, or delete it"#);
    }

    #[test]
    fn indentation_is_counted() {
        let check = |text: &str| findings(&format!("users: {{ lars: , petra: , karin: }}\ngroups:\n  sales:\n{text}"));
        insta::assert_snapshot!(check("    members: [lars]\n   allow: [program.start]\n"), @r#"yaml-syntax a.yaml:5:1 "   " this is not YAML: the line is indented by 3, and the lines beside it by 4 | count the spaces at the beginning of the line"#);
        insta::assert_snapshot!(check("    members:\n      - lars\n     - petra\n"), @r#"yaml-syntax a.yaml:6:1 "     " this is not YAML: the line is indented by 5, and the lines beside it by 6 | count the spaces at the beginning of the line"#);
        insta::assert_snapshot!(check("    members: [lars]\n  # beside\n     allow: [program.start]\n   deny: []\n"), @r#"yaml-syntax a.yaml:6:1 "     " this is not YAML: the line is indented by 5, and the lines beside it by 4 | count the spaces at the beginning of the line"#);
    }

    #[test]
    fn a_text_with_a_colon_is_quoted() {
        let check = |text: &str| findings(&format!("users: {{ lars: , petra: , karin: }}\ngroups:\n  sales:\n{text}"));
        insta::assert_snapshot!(check("    name: Sales: inner\n    members: [lars]\n"), @r#"yaml-syntax a.yaml:4:11 "Sales: inner" this is not YAML: a text with a colon in it, and no quotes around it | write `"Sales: inner"`"#);
        insta::assert_snapshot!(check("    employee: x } more: y\n"), @r#"yaml-syntax a.yaml:4:23 ":" this is not YAML: mapping values are not allowed in this context | look at this line and the one before it: indentation, a missing `:`, an open quote or bracket"#);
        insta::assert_snapshot!(check("    allow:\n      - program.start because \"a, b\"\n     - web.start\n"), @r#"yaml-syntax a.yaml:6:1 "     " this is not YAML: the line is indented by 5, and the lines beside it by 6 | count the spaces at the beginning of the line"#);
        insta::assert_snapshot!(check("    name: a \"b\": c # more\n"), @r#"yaml-syntax a.yaml:4:11 "a \"b\": c" this is not YAML: a text with a colon in it, and no quotes around it | write `'a "b": c'`"#);
    }
}
