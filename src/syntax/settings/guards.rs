//! Section `guards`: what a plan may not go past unconfirmed. Section `operators`: which account of the CRM somebody has
//! who runs the program.

use std::collections::BTreeMap;
use std::fmt;

use crate::diag::{Code, Diagnostic};
use crate::name::Name;
use crate::say;
use crate::syntax::fields::{Reader, kind_of, shorten};
use crate::syntax::yaml::{Node, Value};
use crate::text::Spanned;

/// Something that a plan may not do unconfirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Many active accounts go out of use.
    RemoveUsers,
    /// Many lose a right, or a group loses many.
    LoseRights,
    /// Many gain a right, or a group gains many.
    GainRights,
    /// Nothing is left of a kind of thing.
    EmptySection,
    /// No active superuser is left.
    LastSuperuser,
    /// Whoever runs the program loses the own access.
    Operator,
}

impl Guard {
    /// Every guard, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::RemoveUsers,
        Self::LoseRights,
        Self::GainRights,
        Self::EmptySection,
        Self::LastSuperuser,
        Self::Operator,
    ];

    /// The word for it in the settings and in every output.
    pub fn as_str(self) -> &'static str {
        GUARD_FIELDS[self as usize]
    }

    /// The guard of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guard| guard.as_str() == word)
    }

    /// How much is too much where the settings do not say it.
    pub fn default_limit(self) -> Limit {
        match self {
            Self::RemoveUsers => Limit::Percent(10),
            Self::LoseRights => Limit::Percent(25),
            Self::GainRights => Limit::Percent(100),
            Self::EmptySection => Limit::Number(2),
            Self::LastSuperuser | Self::Operator => Limit::On,
        }
    }

    /// How many people a default lets through whatever share of all they are, so that no small firm's daily change trips
    /// it. A limit of the settings counts as it stands.
    pub fn default_people(self) -> usize {
        match self {
            Self::RemoveUsers => 3,
            Self::LoseRights => 5,
            Self::GainRights => 20,
            Self::EmptySection | Self::LastSuperuser | Self::Operator => 0,
        }
    }

    /// Whether there can be so much at all: only as many as there are can lose something, but more can gain it.
    fn reaches(self, percent: u32) -> bool {
        self == Self::GainRights || percent <= 100
    }

    fn takes(self, limit: Limit) -> bool {
        match self {
            Self::RemoveUsers | Self::LoseRights | Self::GainRights => limit != Limit::On,
            Self::EmptySection => matches!(limit, Limit::Number(_) | Limit::Off),
            Self::LastSuperuser | Self::Operator => matches!(limit, Limit::On | Limit::Off),
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the settings say of the guards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guards {
    limits: BTreeMap<Guard, Spanned<Limit>>,
}

impl Guards {
    /// What is said of a guard; without it, its default counts.
    pub fn said(&self, guard: Guard) -> Option<&Spanned<Limit>> {
        self.limits.get(&guard)
    }
}

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Nothing is.
    Off,
    /// Anything is.
    On,
    /// More than so many hundredths of what there is.
    Percent(u32),
    /// More than so many.
    Number(u32),
}

impl Limit {
    /// Whether so many are too many, out of what there is.
    pub fn is_passed(self, found: usize, of: usize) -> bool {
        match self {
            Self::Off => false,
            Self::On => found > 0,
            // Pairs of people in the largest firms still fit.
            Self::Percent(percent) => found as u128 * 100 > u128::from(percent) * of as u128,
            Self::Number(number) => found > number as usize,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On => f.write_str("on"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// The fields of the guards, in the order of [`Guard::ALL`].
pub const GUARD_FIELDS: [&str; 6] =
    ["remove_users", "lose_rights", "gain_rights", "empty_section", "last_superuser", "operator"];

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Guards {
    let fields = reader.record(node, say!("the field `{field}`", field = "guards"), &GUARD_FIELDS);
    let limit = |guard: Guard| Some((guard, limit(reader, guard, fields.get(guard.as_str())?)?));
    Guards { limits: Guard::ALL.into_iter().filter_map(limit).collect() }
}

fn limit(reader: &mut Reader<'_>, guard: Guard, node: &Node<'_>) -> Option<Spanned<Limit>> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let limit = match &node.value {
        Value::Scalar(text, _) => match (&**text, text.strip_suffix('%')) {
            ("off", _) => Some(Limit::Off),
            ("on", _) => Some(Limit::On),
            (_, Some(digits)) => number(digits).filter(|percent| guard.reaches(*percent)).map(Limit::Percent),
            (digits, None) => number(digits).map(Limit::Number),
        },
        _ => None,
    };
    let limit = limit.filter(|limit| guard.takes(*limit));
    if limit.is_none() {
        let node_kind = kind_of(node);
        let (message, help) = match guard {
            Guard::RemoveUsers | Guard::LoseRights | Guard::GainRights => (
                say!("this is a share or a number, not {node}", node = node_kind),
                say!("write percent, such as `10%`, a number, such as `5`, or `off`"),
            ),
            Guard::EmptySection => (
                say!("this is a whole number, not {node}", node = node_kind),
                say!("write a number, such as `2`, or `off`"),
            ),
            Guard::LastSuperuser | Guard::Operator => {
                (say!("this is on or off, not {node}", node = node_kind), say!("write `on` or `off`"))
            }
        };
        reader.wrong_type(node, message, help);
    }
    limit.map(|limit| Spanned::new(limit, node.span))
}

/// Somebody who runs the program, and the own account of the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// What the operating system calls them.
    pub os_user: Spanned<Box<str>>,
    /// The account.
    pub user: Spanned<Name>,
}

/// The most bytes that a name of the operating system may have.
pub const MAX_OS_USER_BYTES: usize = 256;

/// Reads the section `operators`.
pub(super) fn operators(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Operator> {
    if node.is_absent() {
        return Vec::new();
    }
    let entries = reader.entries(node, say!("the field `{field}`", field = "operators")).unwrap_or_default();
    let mut operators = Vec::with_capacity(entries.len());
    for (text, span, value) in entries {
        if text.trim() != text || text.is_empty() || text.len() > MAX_OS_USER_BYTES {
            let message = say!("`{text}` is no user of the operating system", text = shorten(text));
            let help = say!("write the name that `id -un` shows to them");
            reader.push(Diagnostic::new(Code::WrongType, reader.place(span), message).help(help));
            continue;
        }
        let Some(user) = reader.name(value) else { continue };
        operators.push(Operator { os_user: Spanned::new(text.into(), span), user });
    }
    operators
}
