//! The compiled policy: names have become ids, once, here.
//!
//! Takes documents, gives a [`Policy`] and findings. An id means something in its own policy only; what crosses a
//! revision, a database or a file is a key ([`key`]). Building never fails; a policy with findings that
//! stop compiling must not be asked.

pub mod catalogue;
mod contradiction;
pub mod expectation;
mod graph;
pub mod id;
pub mod key;
mod lower;
mod names;
pub mod online;
pub mod roles;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::date::{Date, Validity};
use crate::name::{Name, RightName};
use crate::text::Place;

pub use crate::syntax::employee::Employee;
pub use crate::syntax::right::Scope;
pub use crate::syntax::rules::Effect;
use expectation::Expectation;
pub use graph::outermost_first;
pub use id::{
    AttachmentId, EmployeeId, GroupId, Id, MembershipId, ModuleId, ModuleSetId, RightId, RuleId, Table, UserId,
};
use key::{GroupKey, SubjectKey, TargetKey};
pub use lower::{Lowered, lower};
pub use names::{Bound, Lookup, Patience};
use online::{Company, Licence, Online, Placed};
pub(crate) use rules::ambiguous;
pub use rules::{Meaningless, Meant, Part, rights_of_pattern, subject_named};

/// An account of the CRM.
#[derive(Debug, Clone, Default)]
pub struct User {
    /// The link into the staff register.
    pub employee: Option<EmployeeId>,
    /// The name to show, if it is not the employee's.
    pub name: Option<Box<str>>,
    /// Whether the account administers the program; gives no right of the catalogue.
    pub superuser: bool,
    /// Whether the account is in use.
    pub active: bool,
    /// The prescribed module set.
    pub modules: Option<ModuleSetId>,
    /// What the account was called before.
    pub renamed_from: Option<Name>,
    /// Where the name is declared, unless the policy was read from a database.
    pub place: Option<Place>,
}

/// A group, or a role, which counts as a group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The name to show.
    pub name: Option<Box<str>>,
    /// The module set prescribed to the members.
    pub modules: Option<ModuleSetId>,
    /// Where the name is declared.
    pub place: Option<Place>,
}

/// A module.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// The name to show.
    pub name: Option<Box<str>>,
}

/// A module set.
#[derive(Debug, Clone, Default)]
pub struct ModuleSet {
    /// The modules, in the order of the module bar.
    pub modules: Vec<ModuleId>,
    /// Where the name is declared.
    pub place: Option<Place>,
}

/// A class of attachments.
#[derive(Debug, Clone, Default)]
pub struct Attachment {
    /// Patterns of base names.
    pub patterns: Vec<Box<str>>,
}

/// A right, built-in or the organisation's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Right {
    /// The label by language.
    pub labels: BTreeMap<Box<str>, Box<str>>,
    /// What it means, in one line.
    pub meaning: Option<Box<str>>,
    /// What it is over; a plain right is over nothing.
    pub scope: Option<Scope>,
    /// Whether one's own data is always allowed.
    pub own_data_allowed: bool,
    /// Whether the catalogue brings it.
    pub builtin: bool,
}

impl Right {
    /// The label in a language, else in English, if it has one.
    pub fn label(&self, language: &str) -> Option<&str> {
        self.labels.get(language).or_else(|| self.labels.get("en")).map(|label| &**label)
    }
}

/// Who is a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// Every declared user.
    Everyone,
    /// One user.
    User(UserId),
    /// The members of another group.
    Group(GroupId),
}

/// That somebody is in a group. A role that online access gives is a membership too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub member: Member,
    /// In which group.
    pub group: GroupId,
    /// When.
    pub validity: Validity,
    /// Why.
    pub because: Option<Box<str>>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// On whom a rule is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A user's own rule.
    User(UserId),
    /// A rule of a group or role.
    Group(GroupId),
}

/// Over whom or what a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// One person's data.
    User(UserId),
    /// The data of a group's members.
    Group(GroupId),
    /// One module.
    Module(ModuleId),
    /// The modules of a set.
    ModuleSet(ModuleSetId),
    /// One class of attachments.
    Attachment(AttachmentId),
    /// All people.
    Everyone,
    /// All modules, or all attachment classes.
    Everything,
}

/// One person, module or class: what a single answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Single {
    /// The data of one person.
    User(UserId),
    /// One module.
    Module(ModuleId),
    /// One class of attachments.
    Attachment(AttachmentId),
}

impl From<Single> for Target {
    fn from(single: Single) -> Self {
        match single {
            Single::User(id) => Self::User(id),
            Single::Module(id) => Self::Module(id),
            Single::Attachment(id) => Self::Attachment(id),
        }
    }
}

/// A rule about one right, after `+` and `.*` are spelled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// On whom it is written.
    pub subject: Subject,
    /// Which right.
    pub right: RightId,
    /// Over whom or what; `None` for plain rights.
    pub target: Option<Target>,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// When.
    pub validity: Validity,
    /// Why.
    pub because: Option<Box<str>>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// What a policy is assembled from. The order of memberships and rules does not matter.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// The staff register.
    pub employees: Table<EmployeeId, Name, Employee>,
    /// The accounts.
    pub users: Table<UserId, Name, User>,
    /// Groups and roles.
    pub groups: Table<GroupId, GroupKey, Group>,
    /// The modules.
    pub modules: Table<ModuleId, Name, Module>,
    /// The module sets.
    pub module_sets: Table<ModuleSetId, Name, ModuleSet>,
    /// The classes of attachments.
    pub attachments: Table<AttachmentId, Name, Attachment>,
    /// The rights, the catalogue's among them.
    pub rights: Table<RightId, RightName, Right>,
    /// Who is in which group.
    pub memberships: Vec<Membership>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The company behind it.
    pub company: Option<Placed<Company>>,
    /// What was bought.
    pub licence: Option<Placed<Licence>>,
    /// Online access.
    pub online: Option<Online>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// How long is looked for what misspelt names were meant to be.
    pub patience: Patience,
}

/// A whole organisation's access policy, ready to be asked.
#[derive(Debug, Default)]
pub struct Policy {
    parts: Parts,
    /// Where in the sorted rules those of each user, and of each group, are.
    user_rules: Vec<Range<u32>>,
    group_rules: Vec<Range<u32>>,
    /// Where in the sorted memberships those of each user, and of each group as a member, are.
    user_memberships: Vec<Range<u32>>,
    group_memberships: Vec<Range<u32>>,
    everyone_memberships: Range<u32>,
    /// The sets that hold each module.
    sets_of_module: Vec<Vec<ModuleSetId>>,
}

impl std::ops::Deref for Policy {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Policy {
    /// Sorts and indexes the parts.
    pub fn assemble(mut parts: Parts) -> Self {
        parts.rules.sort_by_key(|r| (r.subject, r.right, r.target, r.effect, r.validity, r.place));
        parts.memberships.sort_by_key(|m| (m.member, m.group, m.validity, m.place));
        let mut sets_of_module = vec![Vec::new(); parts.modules.len()];
        for (id, _, set) in parts.module_sets.iter() {
            for module in &set.modules {
                sets_of_module[module.index()].push(id);
            }
        }
        // Users stand before groups among the subjects, and everyone before users and groups among the members.
        let mut rules = Ranges::of(parts.rules.iter().map(|rule| rule.subject));
        let mut memberships = Ranges::of(parts.memberships.iter().map(|membership| membership.member));
        let everyone_memberships = memberships.next(Member::Everyone);
        Self {
            user_rules: parts.users.ids().map(|id| rules.next(Subject::User(id))).collect(),
            group_rules: parts.groups.ids().map(|id| rules.next(Subject::Group(id))).collect(),
            user_memberships: parts.users.ids().map(|id| memberships.next(Member::User(id))).collect(),
            group_memberships: parts.groups.ids().map(|id| memberships.next(Member::Group(id))).collect(),
            everyone_memberships,
            sets_of_module,
            parts,
        }
    }

    /// The right of a name.
    pub fn right_called(&self, name: &str) -> Option<RightId> {
        self.rights.find(&RightName::new(name)?)
    }

    /// Accounts that were called otherwise: from, to.
    pub fn renames(&self) -> impl Iterator<Item = (Name, Name)> {
        self.users.iter().filter_map(|(_, name, user)| Some((user.renamed_from.clone()?, name.clone())))
    }

    /// Every day on which a rule or membership begins, or on which one has ended the day before; in order.
    pub fn turning_days(&self) -> Vec<Date> {
        let rules = self.rules.iter().map(|rule| rule.validity);
        let periods = rules.chain(self.memberships.iter().map(|membership| membership.validity));
        periods.flat_map(Validity::turns).collect::<BTreeSet<Date>>().into_iter().collect()
    }

    /// A rule by its id.
    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[id.index()]
    }

    /// The rules on a subject about a right, sorted by target, with their ids.
    pub fn rules_on(&self, subject: Subject, right: RightId) -> impl Iterator<Item = (RuleId, &Rule)> {
        let range = self.rule_range(subject);
        let all = &self.rules[range.start as usize..range.end as usize];
        let first = all.partition_point(|rule| rule.right < right);
        let of_right = all[first..].iter().take_while(move |rule| rule.right == right);
        let start = range.start as usize + first;
        of_right.enumerate().map(move |(offset, rule)| (RuleId::from_index(start + offset), rule))
    }

    /// All rules on a subject, with their ids.
    pub fn rules_of(&self, subject: Subject) -> impl Iterator<Item = (RuleId, &Rule)> {
        let range = self.rule_range(subject);
        let (start, end) = (range.start as usize, range.end as usize);
        (start..end).map(RuleId::from_index).zip(&self.rules[start..end])
    }

    fn rule_range(&self, subject: Subject) -> Range<u32> {
        match subject {
            Subject::User(id) => self.user_rules[id.index()].clone(),
            Subject::Group(id) => self.group_rules[id.index()].clone(),
        }
    }

    /// The memberships written for a member: those of `everyone` are not among a user's.
    pub fn memberships_of(&self, member: Member) -> impl Iterator<Item = (MembershipId, &Membership)> {
        let range = match member {
            Member::Everyone => &self.everyone_memberships,
            Member::User(id) => &self.user_memberships[id.index()],
            Member::Group(id) => &self.group_memberships[id.index()],
        };
        let (start, end) = (range.start as usize, range.end as usize);
        (start..end).map(MembershipId::from_index).zip(&self.memberships[start..end])
    }

    /// A membership by its id.
    pub fn membership(&self, id: MembershipId) -> &Membership {
        &self.memberships[id.index()]
    }

    /// The module sets that hold a module, in order.
    pub fn sets_of(&self, module: ModuleId) -> &[ModuleSetId] {
        &self.sets_of_module[module.index()]
    }

    /// The name of a user to show to people: the own one, else the employee's, else the account's.
    pub fn display_name(&self, id: UserId) -> &str {
        let user = self.users.get(id);
        let employee = user.employee.and_then(|employee| self.employees.get(employee).name.as_deref());
        user.name.as_deref().or(employee).unwrap_or_else(|| self.users.key(id).as_str())
    }

    /// The key of a group or role as a subject.
    pub fn group_subject(&self, id: GroupId) -> SubjectKey {
        self.groups.key(id).clone().into()
    }

    /// The key of a subject.
    pub fn subject_key(&self, subject: Subject) -> SubjectKey {
        match subject {
            Subject::User(id) => SubjectKey::User(self.users.key(id).clone()),
            Subject::Group(id) => self.group_subject(id),
        }
    }

    /// The key of a target.
    pub fn target_key(&self, target: Target) -> TargetKey {
        match target {
            Target::User(id) => TargetKey::User(self.users.key(id).clone()),
            Target::Group(id) => self.groups.key(id).clone().into(),
            Target::Module(id) => TargetKey::Module(self.modules.key(id).clone()),
            Target::ModuleSet(id) => TargetKey::ModuleSet(self.module_sets.key(id).clone()),
            Target::Attachment(id) => TargetKey::Attachment(self.attachments.key(id).clone()),
            Target::Everyone => TargetKey::Everyone,
            Target::Everything => TargetKey::Everything,
        }
    }

    /// Every single target that a right of this scope can be asked about, in order of names.
    pub fn single_targets(&self, scope: Scope) -> Vec<Single> {
        match scope {
            Scope::People => self.users.ids().map(Single::User).collect(),
            Scope::Modules => self.modules.ids().map(Single::Module).collect(),
            Scope::Attachments => self.attachments.ids().map(Single::Attachment).collect(),
        }
    }
}

/// The ranges of items with the same key, in items sorted by their keys: asked for one key after the other, in order.
struct Ranges<I: Iterator> {
    items: std::iter::Peekable<I>,
    at: u32,
}

impl<K: Ord, I: Iterator<Item = K>> Ranges<I> {
    fn of(items: I) -> Self {
        Self { items: items.peekable(), at: 0 }
    }

    /// The range of a key, which is greater than those that were asked for before.
    fn next(&mut self, key: K) -> Range<u32> {
        let start = self.at;
        while self.items.next_if(|item| *item == key).is_some() {
            self.at += 1;
        }
        start..self.at
    }
}
