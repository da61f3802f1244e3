//! Section `lints`: levels of findings that differ from their own.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Level};
use crate::name::nearest;
use crate::say;
use crate::syntax::fields::{Reader, shorten};
use crate::syntax::yaml::Node;
use crate::text::Spanned;

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> BTreeMap<Code, Spanned<Level>> {
    let entries = reader.entries(node, say!("the field `{field}`", field = "lints")).unwrap_or_default();
    let mut lints = BTreeMap::new();
    for (key, span, value) in entries {
        let Some(code) = Code::of(key) else {
            let help = match nearest(key, Code::ALL.iter().map(|code| code.as_str())) {
                Some(near) => say!("did you mean `{near}`?", near),
                None => say!("`rightful explain` lists all codes"),
            };
            let message = say!("no finding has the code `{code}`", code = shorten(key));
            reader.push(Diagnostic::new(Code::UnknownField, reader.place(span), message).help(help));
            continue;
        };
        let levels = Level::ALL.map(|level| (level.as_str(), level));
        let Some(level) = reader.choice(value, &levels) else { continue };
        if code.level() == Level::Error && level != Level::Error {
            let message = say!("`{code}` is always an error", code = key);
            reader.wrong_type(value, message, say!("only the levels of warnings can be chosen"));
            continue;
        }
        lints.insert(code, Spanned::new(level, value.span));
    }
    lints
}
