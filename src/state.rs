//! A state: everything that a policy or a database says, as facts under keys that both worlds share.
//!
//! No ids and no places: a state can be compared with one from another revision or another machine.

mod compile;
mod facts;
mod key;
mod value;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::model::key::GroupKey;
use crate::model::online::{Company, Licence};
use crate::model::{Id, Member, Membership, Policy, Right, Scope};
use crate::name::Name;

pub use compile::compile;
pub use facts::Facts;
pub use key::{Key, Kind, MemberKey};
pub use value::{Fields, Row, Said, Value, is_plain, quote};

/// What happens to a row or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It comes into being.
    Create,
    /// A field of it changes.
    Update,
    /// It goes away.
    Delete,
}

impl Action {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// What is said of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A right.
    Right(Right),
    /// The name of a module.
    Module(Option<Box<str>>),
    /// The modules of a set, in order.
    ModuleSet(Vec<Name>),
    /// The patterns of a class of attachments.
    Attachment(Vec<Box<str>>),
    /// An employee.
    Employee(crate::model::Employee),
    /// A group or role.
    Group(GroupFact),
    /// A user.
    User(UserFact),
    /// The reason of a membership.
    Member(Option<Box<str>>),
    /// The role that online access gives.
    Access(GroupKey),
    /// The reason of a rule.
    Rule(Option<Box<str>>),
    /// Whom the database belongs to.
    Company(Company),
    /// What was bought for it.
    Licence(Licence),
}

/// What is said of a group or role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFact {
    /// The name to show.
    pub name: Option<Box<str>>,
    /// The prescribed module set.
    pub modules: Option<Name>,
}

/// What is said of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFact {
    /// The link into the staff register.
    pub employee: Option<Name>,
    /// The name to show.
    pub name: Option<Box<str>>,
    /// Whether the account administers the program.
    pub superuser: bool,
    /// Whether the account is in use.
    pub active: bool,
    /// The prescribed module set.
    pub modules: Option<Name>,
}

impl Fact {
    /// What is said, field by field, in a fixed order.
    pub fn fields(&self) -> Fields {
        let text = |value: &Option<Box<str>>| Value::of_text(value.as_deref());
        let name = |value: &Option<Name>| Value::of_text(value.as_ref().map(Name::as_str));
        match self {
            Self::Right(right) => {
                let label = |language| Value::of_text(right.labels.get(language).map(|label| &**label));
                vec![
                    ("of", Value::of_text(right.scope.map(Scope::as_str))),
                    ("own_data_allowed", Value::Flag(right.own_data_allowed)),
                    ("builtin", Value::Flag(right.builtin)),
                    ("name.en", label("en")),
                    ("name.de", label("de")),
                    ("name.nb", label("nb")),
                    ("name.nl", label("nl")),
                    ("meaning", text(&right.meaning)),
                ]
            }
            Self::Module(shown) => vec![("name", text(shown))],
            Self::ModuleSet(modules) => vec![("modules", Value::list(modules))],
            Self::Attachment(patterns) => vec![("patterns", Value::list(patterns))],
            Self::Employee(employee) => vec![
                ("name", text(&employee.name)),
                ("email", text(&employee.email)),
                ("phone", text(&employee.phone)),
                ("department", text(&employee.department)),
                ("language", text(&employee.language)),
            ],
            Self::Group(group) => vec![("name", text(&group.name)), ("modules", name(&group.modules))],
            Self::User(user) => vec![
                ("employee", name(&user.employee)),
                ("name", text(&user.name)),
                ("superuser", Value::Flag(user.superuser)),
                ("active", Value::Flag(user.active)),
                ("modules", name(&user.modules)),
            ],
            Self::Member(because) | Self::Rule(because) => vec![("because", text(because))],
            Self::Access(role) => vec![("role", Value::Text(role.to_string()))],
            Self::Company(company) => company.fields().map(|(field, value)| (field, text(value))).into(),
            Self::Licence(licence) => {
                let number = |value: Option<u32>| Value::of_text(value.map(|number| number.to_string()).as_deref());
                vec![
                    ("name", text(&licence.name)),
                    ("contact", text(&licence.contact)),
                    ("phone", text(&licence.phone)),
                    ("company_databases", number(licence.company_databases)),
                    ("invitations", number(licence.invitations)),
                    ("services", Value::list(&licence.services)),
                ]
            }
        }
    }
}

/// Facts under their keys, in the order in which they can be created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The facts.
    pub facts: Facts,
}

impl State {
    /// What a policy says.
    pub fn of(policy: &Policy) -> Self {
        let mut facts: Vec<(Key, Fact)> = Vec::new();
        for (_, name, right) in policy.rights.iter() {
            facts.push((Key::Right(name.clone()), Fact::Right(right.clone())));
        }
        for (_, name, module) in policy.modules.iter() {
            facts.push((Key::Module(name.clone()), Fact::Module(module.name.clone())));
        }
        for (_, name, set) in policy.module_sets.iter() {
            let modules = set.modules.iter().map(|id| policy.modules.key(*id).clone()).collect();
            facts.push((Key::ModuleSet(name.clone()), Fact::ModuleSet(modules)));
        }
        for (_, name, class) in policy.attachments.iter() {
            facts.push((Key::Attachment(name.clone()), Fact::Attachment(class.patterns.clone())));
        }
        for (_, name, employee) in policy.employees.iter() {
            facts.push((Key::Employee(name.clone()), Fact::Employee(employee.clone())));
        }
        let set_name = |id| policy.module_sets.key(id).clone();
        for (_, key, group) in policy.groups.iter() {
            let fact = GroupFact { name: group.name.clone(), modules: group.modules.map(set_name) };
            facts.push((Key::of_group(key), Fact::Group(fact)));
        }
        for (_, name, user) in policy.users.iter() {
            let fact = UserFact {
                employee: user.employee.map(|id| policy.employees.key(id).clone()),
                name: user.name.clone(),
                superuser: user.superuser,
                active: user.active,
                modules: user.modules.map(set_name),
            };
            facts.push((Key::User(name.clone()), Fact::User(fact)));
        }
        for membership in in_order_of_keys(&policy.memberships) {
            let key = Key::of_membership(policy, membership);
            let fact = match key {
                Key::Access(_) => Fact::Access(policy.groups.key(membership.group).clone()),
                _ => Fact::Member(membership.because.clone()),
            };
            facts.push((key, fact));
        }
        for rule in &policy.rules {
            facts.push((Key::of_rule(policy, rule), Fact::Rule(rule.because.clone())));
        }
        facts.extend(policy.company.iter().map(|company| (Key::Company, Fact::Company(company.body.clone()))));
        facts.extend(policy.licence.iter().map(|licence| (Key::Licence, Fact::Licence(licence.body.clone()))));
        Self::first_of_each(facts)
    }

    /// The state of facts in any order; of several under one key the first counts.
    ///
    /// A map that is made of sorted entries is filled as a whole, which takes a tenth of the time that four hundred
    /// thousand searches for a place take.
    pub fn first_of_each(mut facts: Vec<(Key, Fact)>) -> Self {
        facts.sort_by(|a, b| a.0.cmp(&b.0));
        facts.dedup_by(|later, first| later.0 == first.0);
        Self { facts: facts.into_iter().collect() }
    }

    /// Both states side by side, in order of keys: what each says under a key.
    pub fn beside<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = (&'s Key, [Option<&'s Fact>; 2])> {
        let (mut these, mut those) = (self.facts.iter().peekable(), other.facts.iter().peekable());
        std::iter::from_fn(move || {
            let order = match (these.peek(), those.peek()) {
                (Some((this, _)), Some((that, _))) => this.cmp(that),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            let this = if order.is_le() { these.next() } else { None };
            let that = if order.is_ge() { those.next() } else { None };
            let (key, _) = this.or(that)?;
            Some((key, [this.map(|(_, fact)| fact), that.map(|(_, fact)| fact)]))
        })
    }

    /// The state after users' accounts were renamed, all at once: from, to.
    #[must_use]
    pub fn with_users_renamed(&self, names: &BTreeMap<Name, Name>) -> Self {
        if names.is_empty() {
            return self.clone();
        }
        let facts = self.facts.iter().map(|(key, fact)| (key.with_users_renamed(names), fact.clone()));
        Self { facts: facts.collect() }
    }
}

/// Memberships in the order of their keys: ids count in the order of names, and numbers are sorted faster than names.
fn in_order_of_keys(memberships: &[Membership]) -> Vec<&Membership> {
    let mut sorted: Vec<&Membership> = memberships.iter().collect();
    let member = |membership: &Membership| match membership.member {
        Member::Everyone => (0, 0),
        Member::User(id) => (1, id.index()),
        Member::Group(id) => (2, id.index()),
    };
    sorted.sort_by_key(|membership| (membership.group, member(membership), membership.validity));
    sorted
}
