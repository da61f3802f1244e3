//! What rules, members and questions are made of: rights and references as written, with names not looked up.

use crate::date::{Date, Validity};
use crate::language::Text;
use crate::name::{Name, RightName};
use crate::say;

/// The most bytes that one rule, member or question may have, and any other text of a policy, such as a name to show.
pub const MAX_TEXT_BYTES: usize = 4096;

/// What a name is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prefix {
    /// `user:`
    User,
    /// `group:`
    Group,
    /// `role:`
    Role,
    /// `module:`
    Module,
    /// `module-set:`
    ModuleSet,
    /// `attachment:`
    Attachment,
}

impl Prefix {
    /// Every prefix.
    pub const ALL: [Self; 6] = [Self::User, Self::Group, Self::Role, Self::Module, Self::ModuleSet, Self::Attachment];

    /// The word before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Module => "module",
            Self::ModuleSet => "module-set",
            Self::Attachment => "attachment",
        }
    }

    /// What it stands for, for messages.
    pub fn noun(self) -> Text {
        match self {
            Self::User => say!("user"),
            Self::Group => say!("group"),
            Self::Role => say!("role"),
            Self::Module => say!("module"),
            Self::ModuleSet => say!("module set"),
            Self::Attachment => say!("attachment class"),
        }
    }
}

/// A name, with what it is said to be if that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The part before the colon.
    pub prefix: Option<Prefix>,
    /// The name itself.
    pub name: Name,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.prefix {
            Some(prefix) => write!(f, "{}:{}", prefix.as_str(), self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// One or several rights as written: `area.action`, `area.x+y`, `area.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightPattern {
    /// The part before the dot.
    pub area: Box<str>,
    /// The parts after it; empty means all of the area.
    pub actions: Vec<Box<str>>,
}

impl RightPattern {
    /// Whether a right is one of those that are meant, plain or not.
    pub fn covers(&self, right: &RightName) -> bool {
        let of_action = |action: &str| self.actions.is_empty() || self.actions.iter().any(|known| &**known == action);
        right.area() == &*self.area && of_action(right.action())
    }
}

impl std::fmt::Display for RightPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let actions = if self.actions.is_empty() { "*".to_owned() } else { self.actions.join("+") };
        write!(f, "{}.{actions}", self.area)
    }
}

/// Over whom or what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetRef {
    /// All people.
    Everyone,
    /// All modules, or all attachment classes.
    Everything,
    /// Something declared.
    Named(Reference),
}

impl std::fmt::Display for TargetRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Everything => f.write_str("everything"),
            Self::Named(reference) => write!(f, "{reference}"),
        }
    }
}

/// Who is a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberRef {
    /// Every declared user.
    Everyone,
    /// A user or a group.
    Named(Reference),
}

/// A value with the byte in the text at which it begins and the one at which it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// What was read.
    pub value: T,
    /// First byte in the parsed text.
    pub start: usize,
    /// One past the last byte in the parsed text.
    pub end: usize,
}

/// A rule, not yet on a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// The right or rights.
    pub right: At<RightPattern>,
    /// Over whom or what.
    pub target: Option<At<TargetRef>>,
    /// When.
    pub validity: Validity,
    /// Why.
    pub because: Option<String>,
}

/// A member, not yet in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberText {
    /// Who.
    pub who: At<MemberRef>,
    /// When.
    pub validity: Validity,
    /// Why.
    pub because: Option<String>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionText {
    /// Of whom it is asked.
    pub subject: At<Reference>,
    /// The right or rights.
    pub right: At<RightPattern>,
    /// Over whom or what.
    pub target: Option<At<TargetRef>>,
    /// On which day, if the text says so.
    pub on: Option<Date>,
}

/// A right with its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct What {
    /// The right or rights.
    pub right: At<RightPattern>,
    /// Over whom or what.
    pub target: Option<At<TargetRef>>,
}

/// A question for everyone who can do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldersText {
    /// What they can do, all of it; at least one.
    pub whats: Vec<What>,
    /// On which day, if the text says so.
    pub on: Option<Date>,
}

/// Why a text is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The byte in the text where it goes wrong.
    pub at: usize,
    /// What is wrong there.
    pub message: Text,
    /// What to do.
    pub help: Text,
    /// Whether the text is merely too long.
    pub too_long: bool,
}
