//! What a fact is about: a typed key, and the text of it that people and machines see.

use std::collections::BTreeMap;
use std::fmt;

use crate::date::Validity;
use crate::model::key::{GroupKey, GroupKind, SubjectKey, TargetKey};
use crate::model::{Effect, Member, Membership, Policy, Rule};
use crate::name::{Name, RightName};

/// What kind of thing a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A right.
    Right,
    /// A module.
    Module,
    /// A module set.
    ModuleSet,
    /// A class of attachments.
    Attachment,
    /// An employee.
    Employee,
    /// A group.
    Group,
    /// A role.
    Role,
    /// A user.
    User,
    /// A membership.
    Member,
    /// Online access.
    Access,
    /// A rule.
    Rule,
    /// The company or its licence.
    Company,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Right,
        Self::Module,
        Self::ModuleSet,
        Self::Attachment,
        Self::Employee,
        Self::Group,
        Self::Role,
        Self::User,
        Self::Member,
        Self::Access,
        Self::Rule,
        Self::Company,
    ];

    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Module => "module",
            Self::ModuleSet => "module-set",
            Self::Attachment => "attachment",
            Self::Employee => "employee",
            Self::Group => "group",
            Self::Role => "role",
            Self::User => "user",
            Self::Member => "member",
            Self::Access => "access",
            Self::Rule => "rule",
            Self::Company => "company",
        }
    }
}

/// Who is a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKey {
    /// Every user.
    Everyone,
    /// One user.
    User(Name),
    /// The members of a group.
    Group(GroupKey),
}

impl fmt::Display for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(key) => write!(f, "{key}"),
        }
    }
}

/// What a fact is about. Sorted so that what others refer to comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A right.
    Right(RightName),
    /// A module.
    Module(Name),
    /// A module set.
    ModuleSet(Name),
    /// A class of attachments.
    Attachment(Name),
    /// An employee.
    Employee(Name),
    /// A group.
    Group(Name),
    /// A role.
    Role(Name),
    /// A user.
    User(Name),
    /// A membership.
    Member {
        /// In which group.
        group: GroupKey,
        /// Who.
        member: MemberKey,
        /// When.
        validity: Validity,
    },
    /// The online access of a user.
    Access(Name),
    /// A rule.
    Rule {
        /// On whom it is written.
        subject: SubjectKey,
        /// Which right.
        right: RightName,
        /// Over whom or what.
        target: Option<TargetKey>,
        /// Whether it gives or takes.
        effect: Effect,
        /// When.
        validity: Validity,
    },
    /// The company.
    Company,
    /// Its licence.
    Licence,
}

impl Key {
    /// The key of a group or role.
    pub fn of_group(key: &GroupKey) -> Self {
        match key.kind {
            GroupKind::Group => Self::Group(key.name.clone()),
            GroupKind::Role => Self::Role(key.name.clone()),
        }
    }

    /// The key of a rule of a policy.
    pub fn of_rule(policy: &Policy, rule: &Rule) -> Self {
        Self::Rule {
            subject: policy.subject_key(rule.subject),
            right: policy.rights.key(rule.right).clone(),
            target: rule.target.map(|target| policy.target_key(target)),
            effect: rule.effect,
            validity: rule.validity,
        }
    }

    /// The key of a membership of a policy; one of a role is an online access.
    pub fn of_membership(policy: &Policy, membership: &Membership) -> Self {
        let group = policy.groups.key(membership.group);
        let member = match membership.member {
            Member::User(id) if group.is_role() => return Self::Access(policy.users.key(id).clone()),
            Member::User(id) => MemberKey::User(policy.users.key(id).clone()),
            Member::Group(id) => MemberKey::Group(policy.groups.key(id).clone()),
            Member::Everyone => MemberKey::Everyone,
        };
        Self::Member { group: group.clone(), member, validity: membership.validity }
    }

    /// What kind of thing it stands for.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Right(_) => Kind::Right,
            Self::Module(_) => Kind::Module,
            Self::ModuleSet(_) => Kind::ModuleSet,
            Self::Attachment(_) => Kind::Attachment,
            Self::Employee(_) => Kind::Employee,
            Self::Group(_) => Kind::Group,
            Self::Role(_) => Kind::Role,
            Self::User(_) => Kind::User,
            Self::Member { .. } => Kind::Member,
            Self::Access(_) => Kind::Access,
            Self::Rule { .. } => Kind::Rule,
            Self::Company | Self::Licence => Kind::Company,
        }
    }

    /// The key after users' accounts were renamed, all at once: from, to.
    #[must_use]
    pub fn with_users_renamed(&self, names: &BTreeMap<Name, Name>) -> Self {
        let mut key = self.clone();
        if names.is_empty() {
            return key;
        }
        let swap = |name: &mut Name| {
            if let Some(new) = names.get(name) {
                name.clone_from(new);
            }
        };
        match &mut key {
            Self::User(name) | Self::Access(name) => swap(name),
            Self::Member { member: MemberKey::User(name), .. } => swap(name),
            Self::Rule { subject, target, .. } => {
                if let SubjectKey::User(name) = subject {
                    swap(name);
                }
                if let Some(TargetKey::User(name)) = target {
                    swap(name);
                }
            }
            _ => {}
        }
        key
    }
}

/// The text of a key; together with its kind it is unique. Members and rules read as the grammar writes them.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right(name) => write!(f, "{name}"),
            Self::Module(name)
            | Self::ModuleSet(name)
            | Self::Attachment(name)
            | Self::Employee(name)
            | Self::Group(name)
            | Self::Role(name)
            | Self::User(name)
            | Self::Access(name) => write!(f, "{name}"),
            Self::Member { group, member, validity } => write!(f, "{group} {member}{validity}"),
            Self::Rule { subject, right, target, effect, validity } => {
                write!(f, "{subject} {} {right}", effect.as_str())?;
                if let Some(target) = target {
                    write!(f, " of {target}")?;
                }
                write!(f, "{validity}")
            }
            Self::Company => f.write_str("company"),
            Self::Licence => f.write_str("licence"),
        }
    }
}
