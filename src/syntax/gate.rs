//! Gates and what they are about: what no change may do, and the objects that reviewers answer for.
//!
//! Names are not looked up. Texts that differ only in blanks or in how the same thing is written read back alike.

use std::fmt;

use crate::language::Joint;
use crate::language::names;
use crate::name::nearest;
use crate::say;
use crate::text::Span;

use super::expectation::Spans;
use super::grammar::{parse_gate, parse_object};
use super::rule::{At, Reference, SyntaxError, TargetRef, What};

/// Something that no change may do, as written.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// The text of it.
    pub text: Box<str>,
    /// What it asks for.
    pub kind: GateKind,
    /// Where the whole stands; nowhere, if it comes from the command line.
    pub span: Span,
    /// Where the bytes of its names stand in the file.
    pub spans: Spans,
}

/// What a gate asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GateKind {
    /// Nobody gains or loses anything.
    #[default]
    NoChange,
    /// What the base expects holds on the head.
    Expectations,
    /// The change does not weaken its own review.
    Weakening,
    /// No more than so many users gain or lose something.
    AtMost {
        /// So many may; none, if it is nobody.
        users: u32,
        /// Gain or lose.
        turn: Turn,
        /// What.
        object: Object,
    },
}

/// Which way an answer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// From no to yes.
    Gain,
    /// From yes to no.
    Loss,
}

impl Turn {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gain => "gain",
            Self::Loss => "loss",
        }
    }
}

/// What somebody gains or loses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// Any right.
    Anything,
    /// A right that the settings call sensitive.
    Sensitive,
    /// These rights; over this target, or over anybody if there is none.
    Right(What),
    /// Any right over this target.
    Access(At<TargetRef>),
    /// That one is in this group or role.
    Membership(At<Reference>),
}

/// The short forms of the command line that stand alone.
const SHORT: [&str; 6] = ["gain", "loss", "change", "no-change", "expectation", "weakening"];

impl Gate {
    /// Reads a gate of the command line: a short form such as `gain:sensitive`, or the words of the settings.
    ///
    /// # Errors
    /// Where the text is no gate, and what could stand there.
    pub fn from_words(text: &str) -> Result<Self, SyntaxError> {
        let kind = Self::short(text.trim()).unwrap_or_else(|| parse_gate(text))?;
        Ok(Self { text: text.trim().into(), kind, ..Self::default() })
    }

    /// The gate of a short form, if the text is one or was meant to be one.
    fn short(text: &str) -> Option<Result<GateKind, SyntaxError>> {
        let (word, object) = text.split_once(':').map_or((text, None), |(word, object)| (word, Some(object)));
        if word.is_empty() || word.contains(char::is_whitespace) {
            return None;
        }
        let turn = match word {
            "gain" => Turn::Gain,
            "loss" => Turn::Loss,
            "change" | "no-change" if object.is_none() => return Some(Ok(GateKind::NoChange)),
            "expectation" if object.is_none() => return Some(Ok(GateKind::Expectations)),
            "weakening" if object.is_none() => return Some(Ok(GateKind::Weakening)),
            _ => {
                let help = match nearest(word, SHORT) {
                    Some(near) if near != word => say!("did you mean `{near}`?", near),
                    _ => say!(
                        "write {forms}, or in words: `nobody gains data.export`",
                        forms = names(
                            ["gain", "loss", "gain:data.export", "change", "expectation", "weakening"],
                            Joint::Comma
                        )
                    ),
                };
                let message = say!("there is no gate `{word}`", word = super::fields::shorten(text));
                return Some(Err(SyntaxError { at: 0, message, help, too_long: false }));
            }
        };
        let Some(object) = object else { return Some(Ok(GateKind::nobody(turn, Object::Anything))) };
        let read = parse_object(object).map(|object| GateKind::nobody(turn, object));
        Some(read.map_err(|error| SyntaxError { at: error.at + word.len() + 1, ..error }))
    }
}

impl GateKind {
    /// That nobody gains or loses something.
    pub fn nobody(turn: Turn, object: Object) -> Self {
        Self::AtMost { users: 0, turn, object }
    }

    /// What it is about, if it is about something in particular.
    pub fn object(&self) -> Option<&Object> {
        match self {
            Self::AtMost { object, .. } => Some(object),
            Self::NoChange | Self::Expectations | Self::Weakening => None,
        }
    }
}

impl fmt::Display for GateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChange => f.write_str("no change"),
            Self::Expectations => f.write_str("expectations hold"),
            Self::Weakening => f.write_str("nothing is weakened"),
            Self::AtMost { users: 0, turn: Turn::Gain, object } => write!(f, "nobody gains {object}"),
            Self::AtMost { users: 0, turn: Turn::Loss, object } => write!(f, "nobody loses {object}"),
            Self::AtMost { users, turn, object } => {
                let noun = if *users == 1 { "user" } else { "users" };
                let verb = if *turn == Turn::Gain { "gain" } else { "lose" };
                write!(f, "at most {users} {noun} {verb} {object}")
            }
        }
    }
}

impl Object {
    /// Every byte of the text at which a name begins or ends.
    pub fn bytes(&self) -> Vec<usize> {
        let of_target = |target: &At<TargetRef>| [target.start, target.end];
        match self {
            Self::Anything | Self::Sensitive => Vec::new(),
            Self::Right(what) => {
                let right = [what.right.start, what.right.end].into_iter();
                right.chain(what.target.iter().flat_map(of_target)).collect()
            }
            Self::Access(target) => of_target(target).to_vec(),
            Self::Membership(group) => vec![group.start, group.end],
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anything => f.write_str("anything"),
            Self::Sensitive => f.write_str("sensitive"),
            Self::Right(What { right, target: None }) => write!(f, "{}", right.value),
            Self::Right(What { right, target: Some(target) }) => write!(f, "{} of {}", right.value, target.value),
            Self::Access(target) => write!(f, "access to {}", target.value),
            Self::Membership(group) => write!(f, "{}", group.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match Gate::from_words(text) {
            Ok(gate) => gate.kind.to_string(),
            Err(error) => format!("{}: {}; {}", error.at, error.message.english(), error.help.english()),
        }
    }

    #[test]
    fn gates_read_back_as_they_are_written() {
        for text in [
            "nobody gains data.export",
            "nobody gains anything",
            "nobody loses program.start",
            "at most 5 users gain sensitive",
            "at most 1 user lose calendar.see+edit",
            "nobody gains access to group:management",
            "nobody gains access to everyone",
            "nobody gains group:administration",
            "nobody loses role:accountant",
            "nobody gains calendar.* of group:management",
            "no change",
            "expectations hold",
            "nothing is weakened",
        ] {
            assert_eq!(read(text), text);
        }
        assert_eq!(read(" at  most\n1 users gain  access\tto anna "), "at most 1 user gain access to anna");
        assert_eq!(read("at most 0 users gain data.*"), "nobody gains data.*");
    }

    #[test]
    fn the_command_line_has_short_forms() {
        for (short, long) in [
            ("gain", "nobody gains anything"),
            ("loss", "nobody loses anything"),
            ("change", "no change"),
            ("no-change", "no change"),
            ("gain:sensitive", "nobody gains sensitive"),
            ("gain:data.export", "nobody gains data.export"),
            ("gain:group:management", "nobody gains group:management"),
            ("gain:access to group:management", "nobody gains access to group:management"),
            ("loss:sms.send", "nobody loses sms.send"),
            ("expectation", "expectations hold"),
            ("weakening", "nothing is weakened"),
        ] {
            assert_eq!(read(short), long);
        }
    }

    #[test]
    fn a_wrong_gate_says_what_could_stand_there() {
        let texts = [
            "gian:data.export",
            "export",
            "expectation:x",
            "gain:data.",
            "gain:",
            "nobdy gains data.export",
            "nobody gain data.export",
            "nobody gains",
            "nobody gains Sensitive",
            "nobody gains group:",
            "nobody gains data.export of until",
            "nobody gains access data.export",
            "at most five users gain data.export",
            "at most 5 users gains data.export",
            "at most 5 gain data.export",
            "at most 99999999999 users gain data.export",
            "expectations holds",
            "no changes",
            "",
        ];
        let read: Vec<String> = texts.iter().map(|text| format!("{text:?} {}", read(text))).collect();
        insta::assert_snapshot!(read.join("\n"), @r#"
        "gian:data.export" 0: there is no gate `gian:data.export`; did you mean `gain`?
        "export" 0: there is no gate `export`; write `gain`, `loss`, `gain:data.export`, `change`, `expectation`, `weakening`, or in words: `nobody gains data.export`
        "expectation:x" 0: there is no gate `expectation:x`; write `gain`, `loss`, `gain:data.export`, `change`, `expectation`, `weakening`, or in words: `nobody gains data.export`
        "gain:data." 10: the text ends too early; expected `*` or a right such as `data.export`
        "gain:" 5: the text ends too early; expected a right such as `data.export`, a group such as `group:management`, `access to NAME`, `sensitive` or `anything`
        "nobdy gains data.export" 0: `nobdy` cannot stand here; expected `nobody gains X`, `at most 5 users gain X`, `no change`, `expectations hold` or `nothing is weakened`
        "nobody gain data.export" 7: `gain` cannot stand here; expected `gains` or `loses`
        "nobody gains" 12: the text ends too early; expected a right such as `data.export`, a group such as `group:management`, `access to NAME`, `sensitive` or `anything`
        "nobody gains Sensitive" 13: `Sensitive` cannot stand here; expected a right such as `data.export`, a group such as `group:management`, `access to NAME`, `sensitive` or `anything`
        "nobody gains group:" 19: the text ends too early; expected a name
        "nobody gains data.export of until" 28: `until` cannot stand here; expected a name, `everyone` or `everything`
        "nobody gains access data.export" 13: `access` cannot stand here; expected a right such as `data.export`, a group such as `group:management`, `access to NAME`, `sensitive` or `anything`
        "at most five users gain data.export" 8: `five` cannot stand here; expected a number
        "at most 5 users gains data.export" 16: `gains` cannot stand here; expected `gain` or `lose`
        "at most 5 gain data.export" 10: `gain` cannot stand here; expected `users`
        "at most 99999999999 users gain data.export" 8: `99999999999` is too large; write a number of users
        "expectations holds" 0: `expectations` cannot stand here; expected `nobody gains X`, `at most 5 users gain X`, `no change`, `expectations hold` or `nothing is weakened`
        "no changes" 0: `no` cannot stand here; expected `nobody gains X`, `at most 5 users gain X`, `no change`, `expectations hold` or `nothing is weakened`
        "" 0: the text ends too early; expected `nobody gains X`, `at most 5 users gain X`, `no change`, `expectations hold` or `nothing is weakened`
        "#);
    }
}
