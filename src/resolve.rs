//! The decision: may a user do a right, over a target, on a day?
//!
//! [`decide`] is the one primitive on which every answer of the program stands; [`prove()`] says which rules decided
//! and which were overruled. Both are pure: the day comes in with [`InForce`].

mod bulk;
mod division;
mod in_force;
mod matter;
mod nearest;
mod origin;
mod people;
mod plain;
mod prescribe;
mod prove;
mod set;
mod spread;
mod stance;
mod suppose;
mod tally;
mod ways;

pub use division::Part;
pub use in_force::{InForce, Path};
pub use matter::matters;
pub use nearest::Nearest;
pub use origin::{Origin, Origins};
pub use plain::Plain;
pub use prescribe::{Prescribed, prescriptions};
pub use prove::{Proof, Proven, prove, spoken};
pub use set::{Positions, Set};
pub use spread::{Bits, Population, Space, Spread};
pub use stance::Tier;
pub use suppose::{Actual, Shift, Supposed, Supposition, position};
pub use ways::Ways;

use std::borrow::Cow;

use crate::model::{Effect, GroupId, ModuleSetId, Policy, RightId, Single, Subject, UserId};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// Who would do it: a user, or whoever is in a group.
    pub subject: Subject,
    /// What.
    pub right: RightId,
    /// Over whom or what; `None` for plain rights.
    pub target: Option<Single>,
}

impl Request {
    /// That a user would do something.
    pub fn by(user: UserId, right: RightId, target: Option<Single>) -> Self {
        Self { subject: Subject::User(user), right, target }
    }
}

/// The step that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The user is not active.
    Inactive,
    /// It is the user's own data.
    OwnData,
    /// A rule on the user.
    User,
    /// A rule on a group gives it.
    GroupAllow,
    /// A rule on a group takes it, and none gives it.
    GroupDeny,
    /// Nothing speaks.
    Default,
}

impl Step {
    /// Every step, in the order in which they are asked.
    pub const ALL: [Self; 6] =
        [Self::Inactive, Self::OwnData, Self::User, Self::GroupAllow, Self::GroupDeny, Self::Default];

    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::OwnData => "own-data",
            Self::User => "user",
            Self::GroupAllow => "group-allow",
            Self::GroupDeny => "group-deny",
            Self::Default => "default",
        }
    }
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decision {
    /// Yes or no.
    pub allowed: bool,
    /// What decided.
    pub step: Step,
}

/// A user with the groups that memberships in force lead to.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// All groups, direct and outer, roles among them, in order of names.
    pub groups: Vec<GroupId>,
}

impl Person {
    /// Looks the groups of a user up.
    pub fn new(in_force: &InForce<'_>, user: UserId) -> Self {
        Self { user, groups: in_force.groups_of(user) }
    }
}

/// A single target with what contains it.
#[derive(Debug, Clone)]
pub enum Aim<'p> {
    /// A person's data, and the groups of that person.
    Person(Cow<'p, Person>),
    /// A module, and the sets that hold it.
    Module(Single, &'p [ModuleSetId]),
    /// A class of attachments.
    Attachment(Single),
}

impl<'p> Aim<'p> {
    /// Looks up what contains a target.
    pub fn new(in_force: &InForce<'p>, target: Single) -> Self {
        match target {
            Single::User(user) => Self::Person(Cow::Owned(Person::new(in_force, user))),
            Single::Module(module) => Self::Module(target, in_force.policy.sets_of(module)),
            Single::Attachment(_) => Self::Attachment(target),
        }
    }

    /// The target itself.
    pub fn single(&self) -> Single {
        match self {
            Self::Person(person) => Single::User(person.user),
            Self::Module(single, _) | Self::Attachment(single) => *single,
        }
    }
}

/// Decides one request.
pub fn decide(in_force: &InForce<'_>, request: Request) -> Decision {
    let aim = request.target.map(|target| Aim::new(in_force, target));
    match request.subject {
        Subject::User(user) => decide_for(in_force, &Person::new(in_force, user), request.right, aim.as_ref()),
        Subject::Group(group) => decide_for_group(in_force, group, request.right, aim.as_ref()),
    }
}

/// Decides a request whose person and target were looked up before.
pub fn decide_for(in_force: &InForce<'_>, person: &Person, right: RightId, aim: Option<&Aim<'_>>) -> Decision {
    decide_by(in_force, person, right, aim)
}

/// What a decision is made from: a policy on a day, as it is or as somebody supposes it to be.
trait Ground {
    fn policy(&self) -> &Policy;
    fn is_active(&self, user: UserId) -> bool;
    fn stance(&self, subject: Subject, right: RightId, aim: Option<&Aim<'_>>) -> Option<stance::Stance>;
}

impl Ground for InForce<'_> {
    fn policy(&self) -> &Policy {
        self.policy
    }

    fn is_active(&self, user: UserId) -> bool {
        self.policy.users.get(user).active
    }

    fn stance(&self, subject: Subject, right: RightId, aim: Option<&Aim<'_>>) -> Option<stance::Stance> {
        stance::of(self, subject, right, aim)
    }
}

/// The decision itself.
fn decide_by(ground: &impl Ground, person: &Person, right: RightId, aim: Option<&Aim<'_>>) -> Decision {
    if !ground.is_active(person.user) {
        return Decision { allowed: false, step: Step::Inactive };
    }
    if is_own_data(ground.policy(), person.user, right, aim) {
        return Decision { allowed: true, step: Step::OwnData };
    }
    if let Some(stance) = ground.stance(Subject::User(person.user), right, aim) {
        return Decision { allowed: stance.effect == Effect::Allow, step: Step::User };
    }
    let mut denied = false;
    for group in &person.groups {
        match ground.stance(Subject::Group(*group), right, aim).map(|stance| stance.effect) {
            Some(Effect::Allow) => return Decision { allowed: true, step: Step::GroupAllow },
            Some(Effect::Deny) => denied = true,
            None => {}
        }
    }
    Decision { allowed: false, step: if denied { Step::GroupDeny } else { Step::Default } }
}

/// Decides for somebody who is in a group, the groups around it, and those that everyone is in.
pub fn decide_for_group(in_force: &InForce<'_>, group: GroupId, right: RightId, aim: Option<&Aim<'_>>) -> Decision {
    let stances = in_force.outer_groups(group).iter().chain(in_force.groups_of_everyone());
    let mut effects = stances.filter_map(|outer| stance::of(in_force, Subject::Group(*outer), right, aim));
    let mut denied = false;
    let allowed = effects.any(|stance| {
        denied |= stance.effect == Effect::Deny;
        stance.effect == Effect::Allow
    });
    let step = match (allowed, denied) {
        (true, _) => Step::GroupAllow,
        (false, true) => Step::GroupDeny,
        (false, false) => Step::Default,
    };
    Decision { allowed, step }
}

fn is_own_data(policy: &Policy, user: UserId, right: RightId, aim: Option<&Aim<'_>>) -> bool {
    aim.is_some_and(|aim| aim.single() == Single::User(user)) && policy.rights.get(right).own_data_allowed
}
