//! One YAML scalar: plain where that is safe, else in single or double quotes. Takes a text, gives its spelling.

use super::pen::Pen;

/// Whether a scalar stands on a line of its own or inside brackets or braces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Block,
    Flow,
}

/// A text that begins with a letter or digit, plain if it may be.
pub(super) fn scalar(text: &str, context: Context, pen: &mut Pen) -> String {
    let cut = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    let split = context == Context::Flow && text.contains([',', '[', ']', '{', '}']);
    if cut || split || pen.once_in(5) { quoted(text, pen) } else { text.to_owned() }
}

/// Any text, in quotes of either kind.
pub(super) fn quoted(text: &str, pen: &mut Pen) -> String {
    if pen.once_in(2) { format!("'{}'", text.replace('\'', "''")) } else { double_quoted(text) }
}

/// Any text in double quotes; rules and YAML escape the two characters in the same way.
pub(super) fn double_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
