//! Section `guards`: what a plan may not go past unconfirmed.

use std::fmt;

use crate::say;
use crate::syntax::fields::{Reader, kind_of};
use crate::syntax::yaml::{Node, Value};
use crate::text::Spanned;

/// What a plan may not go past unconfirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guards {
    /// The most users that may go out of use.
    pub remove_users: Option<Spanned<Limit>>,
    /// The most rights that people may lose.
    pub lose_rights: Option<Spanned<Limit>>,
}

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// More than so many hundredths of what there is.
    Percent(u32),
    /// More than so many.
    Number(u32),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// The fields of the guards.
pub const GUARD_FIELDS: [&str; 2] = ["remove_users", "lose_rights"];

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Guards {
    let fields = reader.record(node, say!("the field `{field}`", field = "guards"), &GUARD_FIELDS);
    let mut limit = |field| fields.get(field).and_then(|node| limit(reader, node));
    Guards { remove_users: limit("remove_users"), lose_rights: limit("lose_rights") }
}

fn limit(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<Limit>> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let limit = match &node.value {
        Value::Scalar(text, _) => match text.strip_suffix('%') {
            Some(digits) => number(digits).filter(|percent| *percent <= 100).map(Limit::Percent),
            None => number(text).map(Limit::Number),
        },
        _ => None,
    };
    if limit.is_none() {
        let message = say!("this is a share or a number, not {node}", node = kind_of(node));
        reader.wrong_type(node, message, say!("write percent, such as `10%`, or a number, such as `5`"));
    }
    limit.map(|limit| Spanned::new(limit, node.span))
}
