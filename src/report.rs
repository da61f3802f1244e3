//! What people read. Views turn values into pages of blocks; a format prints blocks.
//!
//! Only here are there colours, columns and prose. Every text that comes from outside is made harmless on its way out.

pub mod block;
pub mod github;
pub mod junit;
pub mod markdown;
pub mod reference;
pub mod sarif;
pub mod snippet;
pub mod text;
pub mod view;

use std::borrow::Cow;

use crate::syntax::characters::is_forbidden;

/// Shows control characters, line ends among them, as `\u{..}`, so that no terminal obeys them.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() || is_forbidden(c);
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if harmful(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(harmless("Jürgen \u{1f600}"), "Jürgen \u{1f600}");
        assert_eq!(harmless("a\u{1b}[31m\n\u{202e}\u{9b}"), "a\\u{1b}[31m\\u{a}\\u{202e}\\u{9b}");
    }
}
