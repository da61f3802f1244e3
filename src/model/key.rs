//! Keys: what subjects and targets are called outside of one policy, as `user:lars` or `module-set:sales-desk`.

use std::fmt;

use crate::name::Name;

use super::Scope;

/// Whether something that has members is a group or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    /// Declared under `groups`.
    Group,
    /// Declared under `roles`.
    Role,
}

/// The key of a group or role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// Its name.
    pub name: Name,
    /// Which of the two it is.
    pub kind: GroupKind,
}

impl GroupKey {
    /// The key of a group.
    pub fn group(name: Name) -> Self {
        Self { name, kind: GroupKind::Group }
    }

    /// Whether it is a role.
    pub fn is_role(&self) -> bool {
        self.kind == GroupKind::Role
    }

    /// The key of a role.
    pub fn role(name: Name) -> Self {
        Self { name, kind: GroupKind::Role }
    }
}

/// The key of a group that a name is, without a copy of the name. It is hashed as the key is.
#[derive(Debug, Hash)]
pub struct GroupName<'n> {
    name: &'n Name,
    kind: GroupKind,
}

impl<'n> GroupName<'n> {
    /// That of a group.
    pub fn group(name: &'n Name) -> Self {
        Self { name, kind: GroupKind::Group }
    }

    /// Whether this is the key.
    pub fn names(&self, key: &GroupKey) -> bool {
        key.kind == self.kind && key.name == *self.name
    }
}

impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            GroupKind::Group => write!(f, "group:{}", self.name),
            GroupKind::Role => write!(f, "role:{}", self.name),
        }
    }
}

/// The key of somebody on whom rules can be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKey {
    /// `user:NAME`
    User(Name),
    /// `group:NAME`
    Group(Name),
    /// `role:NAME`
    Role(Name),
}

impl SubjectKey {
    /// The bare name.
    pub fn name(&self) -> &Name {
        match self {
            Self::User(name) | Self::Group(name) | Self::Role(name) => name,
        }
    }
}

impl fmt::Display for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Role(name) => write!(f, "role:{name}"),
        }
    }
}

impl From<GroupKey> for SubjectKey {
    fn from(key: GroupKey) -> Self {
        match key.kind {
            GroupKind::Group => Self::Group(key.name),
            GroupKind::Role => Self::Role(key.name),
        }
    }
}

impl From<GroupKey> for TargetKey {
    fn from(key: GroupKey) -> Self {
        match key.kind {
            GroupKind::Group => Self::Group(key.name),
            GroupKind::Role => Self::Role(key.name),
        }
    }
}

/// The key of somebody or something that a rule is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKey {
    /// `user:NAME`
    User(Name),
    /// `group:NAME`
    Group(Name),
    /// `role:NAME`
    Role(Name),
    /// `module:NAME`
    Module(Name),
    /// `module-set:NAME`
    ModuleSet(Name),
    /// `attachment:NAME`
    Attachment(Name),
    /// `everyone`
    Everyone,
    /// `everything`
    Everything,
}

impl TargetKey {
    /// The word for the kind, as the database and the prefixes have it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::Role(_) => "role",
            Self::Module(_) => "module",
            Self::ModuleSet(_) => "module-set",
            Self::Attachment(_) => "attachment",
            Self::Everyone => "everyone",
            Self::Everything => "everything",
        }
    }

    /// The bare name, if it is one thing with a name.
    pub fn name(&self) -> Option<&Name> {
        match self {
            Self::User(name)
            | Self::Group(name)
            | Self::Role(name)
            | Self::Module(name)
            | Self::ModuleSet(name)
            | Self::Attachment(name) => Some(name),
            Self::Everyone | Self::Everything => None,
        }
    }
}

impl fmt::Display for TargetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{}:{name}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}

/// Whether a rule over this, or without a target, can be about a right of this scope.
pub fn is_over(target: Option<&TargetKey>, scope: Option<Scope>) -> bool {
    use TargetKey::{Attachment, Everyone, Everything, Group, Module, ModuleSet, Role, User};
    match scope {
        None => target.is_none(),
        Some(Scope::People) => matches!(target, Some(User(_) | Group(_) | Role(_) | Everyone)),
        Some(Scope::Modules) => matches!(target, Some(Module(_) | ModuleSet(_) | Everything)),
        Some(Scope::Attachments) => matches!(target, Some(Attachment(_) | Everything)),
    }
}
