//! Characters that no policy may hold, since they cannot be seen or turn the text around.

use crate::diag::{Code, Diagnostic};
use crate::say;
use crate::text::Span;

use super::fields::Reader;
use super::yaml::{Node, Style, Value};

/// The most findings of unwanted characters that are listed for one file.
const MAX_CHARACTER_FINDINGS: usize = 50;

/// Whether a character is one that no policy may hold: controls other than tab and line ends, bidirectional
/// controls, and characters without width.
pub fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl Reader<'_> {
    /// Looks for characters that hide or turn text around, in the file as it is.
    pub fn forbidden_characters(&mut self) {
        let text = self.source.text();
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let shift = text.len() - body.len();
        // Nearly every file is free of them, so the bytes that they begin with are looked for first.
        if !body.bytes().any(|b| b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t') || b == 0x7f || b >= 0xc2) {
            return;
        }
        let mut last_end = usize::MAX;
        let mut count = 0;
        for (at, c) in body.char_indices().filter(|(_, c)| is_forbidden(*c)) {
            let adjoining = at == last_end;
            last_end = at + c.len_utf8();
            if adjoining {
                continue;
            }
            count += 1;
            if count > MAX_CHARACTER_FINDINGS {
                continue;
            }
            self.forbidden(c, Span::new(at + shift..at + shift + c.len_utf8()));
        }
        if let Some(more) = count.checked_sub(MAX_CHARACTER_FINDINGS).filter(|more| *more > 0) {
            let message = say!("{more} more places in this file have such characters", more);
            let end = Span::new(text.len()..text.len());
            self.push(
                Diagnostic::new(Code::ControlCharacter, self.place(end), message).help(say!("is this a text file?")),
            );
        }
    }

    /// Looks for such characters in texts that YAML escapes (`"\u202e"`) brought in.
    pub fn forbidden_in_escapes(&mut self, node: &Node<'_>) {
        match &node.value {
            Value::Scalar(text, Style::Double) if self.source.slice(node.span).contains('\\') => {
                if let Some(c) = text.chars().find(|c| is_forbidden(*c) || c.is_control()) {
                    self.forbidden(c, node.span);
                }
            }
            Value::Scalar(..) | Value::Invalid => {}
            Value::Sequence(items, _) => items.iter().for_each(|item| self.forbidden_in_escapes(item)),
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    self.forbidden_in_escapes(key);
                    self.forbidden_in_escapes(value);
                }
            }
        }
    }

    fn forbidden(&mut self, c: char, span: Span) {
        let message = say!("the character {c} cannot be seen or turns the text around", c = code_point(c));
        self.push(
            Diagnostic::new(Code::ControlCharacter, self.place(span), message)
                .help(say!("delete it; it often comes along when text is copied from elsewhere")),
        );
    }
}

/// A character as `U+202E`.
fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use crate::testing::{errors, findings};

    #[test]
    fn characters_that_hide_are_found_raw_and_escaped() {
        insta::assert_snapshot!(findings("users:\n  lars: { name: \"a\u{202e}b\", modules: \"\\e[31m\" }\n  kar\u{200b}in:\n"), @r#"
        control-character a.yaml:2:19 "\u{202e}" the character U+202E cannot be seen or turns the text around | delete it; it often comes along when text is copied from elsewhere
        control-character a.yaml:2:33 "\"\\e[31m\"" the character U+001B cannot be seen or turns the text around | delete it; it often comes along when text is copied from elsewhere
        control-character a.yaml:3:6 "\u{200b}" the character U+200B cannot be seen or turns the text around | delete it; it often comes along when text is copied from elsewhere
        "#);
    }

    #[test]
    fn a_byte_order_mark_and_crlf_are_fine() {
        assert_eq!(errors("\u{feff}users:\r\n  lars:\r\n    allow:\r\n      - data.export\r\n"), "");
    }
}
