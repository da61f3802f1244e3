//! What an object of a gate or of reviewers covers, by keys: looked up once for both sides, asked as often as needed.

use std::collections::BTreeSet;

use crate::diff::{Keys, Sum};
use crate::model::key::{GroupKey, TargetKey};
use crate::model::{Bound as Found, Id, Policy, Scope, Target, UserId};
use crate::name::{Name, RightName};
use crate::resolve::{InForce, Population, Space, Spread};
use crate::syntax::gate::{Object, Turn};
use crate::syntax::rule::{Prefix, Reference, RightPattern, TargetRef};

/// One company on both sides of a change, on a day, in which objects are looked up.
pub struct Binding<'p> {
    /// The base and the head.
    sides: [Population<'p>; 2],
    /// The rights that are called sensitive.
    sensitive: BTreeSet<RightName>,
}

/// An object with its names looked up. A name that neither side knows covers nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// These rights over these targets.
    Access {
        /// The rights; `None` for any.
        rights: Option<BTreeSet<RightName>>,
        /// The targets; `None` for any, and for what is over nothing.
        targets: Option<Targets>,
    },
    /// Being in a group or role.
    Membership(GroupKey),
}

/// Single targets, and the groups and sets that were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    /// All people.
    everyone: bool,
    /// All modules and attachment classes.
    everything: bool,
    keys: BTreeSet<TargetKey>,
}

impl Bound {
    /// Whether a gain or loss of a right over a target is one of what is meant.
    pub fn covers(&self, right: &RightName, target: Option<&TargetKey>) -> bool {
        match self {
            Self::Access { rights, targets } => {
                let fits = |targets: &Targets| target.is_some_and(|target| targets.contain(target));
                rights.as_ref().is_none_or(|rights| rights.contains(right)) && targets.as_ref().is_none_or(fits)
            }
            Self::Membership(_) => false,
        }
    }

    /// The first of some targets, at most so many, that are meant if the right is.
    pub fn covered<'k>(&'k self, targets: &'k Keys<TargetKey>, most: usize) -> Vec<&'k TargetKey> {
        match self {
            Self::Membership(_) => Vec::new(),
            Self::Access { targets: None, .. } => targets.iter().take(most).collect(),
            Self::Access { targets: Some(meant), .. } if meant.everyone || meant.everything => {
                targets.iter().filter(|target| meant.contain(target)).take(most).collect()
            }
            Self::Access { targets: Some(meant), .. } => {
                meant.keys.iter().filter(|target| targets.contains(target)).take(most).collect()
            }
        }
    }

    /// Whether anything about a right can be meant, whatever the target is.
    pub fn concerns(&self, right: &RightName) -> bool {
        match self {
            Self::Access { rights, .. } => rights.as_ref().is_none_or(|rights| rights.contains(right)),
            Self::Membership(_) => false,
        }
    }

    /// The group, if it is about being in one.
    pub fn group(&self) -> Option<&GroupKey> {
        match self {
            Self::Membership(group) => Some(group),
            Self::Access { .. } => None,
        }
    }
}

impl Targets {
    fn contain(&self, target: &TargetKey) -> bool {
        let whole = match target {
            TargetKey::User(_) | TargetKey::Group(_) | TargetKey::Role(_) | TargetKey::Everyone => self.everyone,
            TargetKey::Module(_) | TargetKey::ModuleSet(_) | TargetKey::Attachment(_) | TargetKey::Everything => {
                self.everything
            }
        };
        whole || self.keys.contains(target)
    }
}

impl<'p> Binding<'p> {
    /// Prepares both sides. `sensitive` are the rights that the settings call so, by whichever side counts.
    pub fn new(base: &'p InForce<'p>, head: &'p InForce<'p>, sensitive: BTreeSet<RightName>) -> Self {
        Self { sides: [Population::on_demand(base), Population::on_demand(head)], sensitive }
    }

    /// Looks the names of an object up, on both sides: a group as a target stands for whoever is in it on either.
    pub fn bind(&self, object: &Object) -> Bound {
        match object {
            Object::Anything => Bound::Access { rights: None, targets: None },
            Object::Sensitive => Bound::Access { rights: Some(self.sensitive.clone()), targets: None },
            Object::Right(what) => Bound::Access {
                rights: Some(self.rights(&what.right.value)),
                targets: what.target.as_ref().map(|target| self.targets(&target.value)),
            },
            Object::Access(target) => Bound::Access { rights: None, targets: Some(self.targets(&target.value)) },
            Object::Membership(group) => Bound::Membership(group_key(&group.value)),
        }
    }

    /// Whoever enters a group with the change, or leaves it; inactive users are in no group here, as nobody acts for them.
    pub fn turned(&self, group: &GroupKey, turn: Turn) -> Vec<Name> {
        let [base, head] = [0, 1].map(|side| self.members(side, group));
        match turn {
            Turn::Gain => head.difference(&base).cloned().collect(),
            Turn::Loss => base.difference(&head).cloned().collect(),
        }
    }

    /// The active users in a group of one side. Whoever bears a new name has come: a change must not get somebody past a
    /// gate by saying that the account was another's.
    fn members(&self, side: usize, group: &GroupKey) -> BTreeSet<Name> {
        let population = &self.sides[side];
        let policy = population.in_force().policy;
        let Some(id) = policy.groups.find(group) else { return BTreeSet::new() };
        let active = population.members(id).iter().filter(|user| policy.users.get(**user).active);
        active.map(|user| policy.users.key(*user).clone()).collect()
    }

    /// Whose part of a sum an object covers: everybody's who has the right over any target that is meant, which is asked
    /// of each, over these targets only.
    pub fn covered(&self, bound: &Bound, sum: &Sum) -> BTreeSet<Name> {
        let all = || sum.users.iter().cloned().collect();
        let targets = match bound {
            _ if !bound.concerns(&sum.right) => return BTreeSet::new(),
            Bound::Membership(_) => return BTreeSet::new(),
            Bound::Access { targets: None, .. } => return all(),
            Bound::Access { targets: Some(targets), .. } => targets,
        };
        let is_whole = match sum.scope {
            None => return BTreeSet::new(),
            Some(Scope::People) => targets.everyone,
            Some(Scope::Modules | Scope::Attachments) => targets.everything,
        };
        if is_whole {
            return all();
        }
        let population = &self.sides[usize::from(sum.turn == Turn::Gain)];
        let policy = population.in_force().policy;
        let (Some(right), Some(scope)) = (policy.rights.find(&sum.right), sum.scope) else { return BTreeSet::new() };
        let meant: BTreeSet<usize> = targets.keys.iter().filter_map(|key| index(policy, scope, key)).collect();
        let mut positions = vec![Space::OUTSIDE; policy.single_targets(scope).len()];
        meant.iter().enumerate().for_each(|(position, index)| positions[*index] = position);
        let space = Space::some(meant.len(), positions);
        let over_people = scope == Scope::People;
        let own_allowed = over_people && policy.rights.get(right).own_data_allowed;
        let mut spread = Spread::new(population, right, space.clone());
        let mut reaches = |user: UserId| {
            let own = if over_people { space.at(user.index()) } else { Space::OUTSIDE };
            let (count, has_own) = spread.count(user, own);
            match (over_people && own != Space::OUTSIDE, sum.without_own) {
                (true, true) => count > usize::from(has_own),
                (true, false) => count > 0 || own_allowed,
                (false, _) => count > 0,
            }
        };
        sum.users.iter().filter(|name| policy.users.find(name).is_some_and(&mut reaches)).cloned().collect()
    }

    fn policies(&self) -> impl Iterator<Item = &'p Policy> {
        self.sides.iter().map(|population| population.in_force().policy)
    }

    fn rights(&self, pattern: &RightPattern) -> BTreeSet<RightName> {
        let names = self.policies().flat_map(|policy| policy.rights.iter().map(|(_, name, _)| name));
        names.filter(|name| pattern.covers(name)).cloned().collect()
    }

    fn targets(&self, target: &TargetRef) -> Targets {
        let mut all = Targets::default();
        match target {
            TargetRef::Everyone => all.everyone = true,
            TargetRef::Everything => all.everything = true,
            TargetRef::Named(reference) => {
                for population in &self.sides {
                    for found in named(population.in_force().policy, reference) {
                        add(&mut all.keys, population, found);
                    }
                }
            }
        }
        all
    }
}

/// The group or role of an object, which has its prefix.
pub(super) fn group_key(reference: &Reference) -> GroupKey {
    let name = reference.name.clone();
    if reference.prefix == Some(Prefix::Role) { GroupKey::role(name) } else { GroupKey::group(name) }
}

/// Whatever a reference can mean in a policy: that a change makes a name ambiguous shall not open a gate. An account
/// that was called so is meant too.
pub(super) fn named(policy: &Policy, reference: &Reference) -> Vec<Target> {
    let name = &reference.name;
    match policy.bind(reference, &Prefix::ALL) {
        Found::One(target) => vec![target],
        Found::Ambiguous(prefixes) => prefixes.iter().filter_map(|prefix| policy.lookup(*prefix, name)).collect(),
        Found::Unknown(_) | Found::Unfit(_) if matches!(reference.prefix, None | Some(Prefix::User)) => {
            let renamed = policy.users.iter().find(|(_, _, user)| user.renamed_from.as_ref() == Some(name));
            renamed.map(|(id, ..)| Target::User(id)).into_iter().collect()
        }
        Found::Unknown(_) | Found::Unfit(_) => Vec::new(),
    }
}

/// The index of a single target of a scope.
fn index(policy: &Policy, scope: Scope, key: &TargetKey) -> Option<usize> {
    match (scope, key) {
        (Scope::People, TargetKey::User(name)) => policy.users.find(name).map(Id::index),
        (Scope::Modules, TargetKey::Module(name)) => policy.modules.find(name).map(Id::index),
        (Scope::Attachments, TargetKey::Attachment(name)) => policy.attachments.find(name).map(Id::index),
        _ => None,
    }
}

/// A target with all that it stands for.
fn add(keys: &mut BTreeSet<TargetKey>, population: &Population<'_>, target: Target) {
    let policy = population.in_force().policy;
    keys.insert(policy.target_key(target));
    match target {
        Target::Group(group) => {
            keys.extend(population.members(group).iter().map(|user| policy.target_key(Target::User(*user))));
        }
        Target::ModuleSet(set) => {
            let modules = policy.module_sets.get(set).modules.iter();
            keys.extend(modules.map(|module| policy.target_key(Target::Module(*module))));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::gate::Gate;
    use crate::testing::{compiled, day};

    const BASE: &str = r#"
users: { lars: , karin: , anna: { active: false }, old: }
groups:
  management: { members: [karin, anna, group:inner] }
  inner: { members: [old] }
  later: { members: [lars from 2027-01-01] }
modules: { mail: , contacts: , tasks: }
module_sets: { desk: [mail] }
attachments: { programs: ["*.exe"] }
"#;
    const HEAD: &str = r#"
users: { lars: , karin: , anna: , new: { renamed_from: old }, management: }
groups:
  management: { members: [lars] }
  later: { members: [lars from 2027-01-01] }
modules: { mail: , contacts: , tasks: }
module_sets: { desk: [mail, contacts] }
attachments: { programs: ["*.exe"] }
rights: { data.shred: , invoices.approve: }
"#;

    /// What of a list an object covers, each a right with or without its target.
    fn covered(object: &str, asked: &[&str]) -> String {
        let (base, head) = (compiled(BASE), compiled(HEAD));
        let sides = [&base, &head].map(|company| InForce::new(&company.policy, day("2026-11-22")));
        let sensitive = ["sms.send", "calendar.see"].iter().filter_map(|name| RightName::new(name)).collect();
        let binding = Binding::new(&sides[0], &sides[1], sensitive);
        let gate = Gate::from_words(&format!("nobody gains {object}")).unwrap();
        let bound = binding.bind(gate.kind.object().unwrap());
        let is_covered = |text: &&&str| {
            let (right, target) = text.split_once(' ').map_or((**text, None), |(right, target)| (right, Some(target)));
            let target = target.map(|target| {
                let (kind, name) = target.split_once(':').unwrap();
                let name = Name::new(name).unwrap();
                match kind {
                    "user" => TargetKey::User(name),
                    "module" => TargetKey::Module(name),
                    _ => TargetKey::Attachment(name),
                }
            });
            bound.covers(&RightName::new(right).unwrap(), target.as_ref())
        };
        asked.iter().filter(is_covered).copied().collect::<Vec<_>>().join(", ")
    }

    const ASKED: [&str; 14] = [
        "sms.send",
        "data.export",
        "data.shred",
        "calendar.see user:lars",
        "calendar.see user:karin",
        "calendar.see user:anna",
        "calendar.see user:old",
        "calendar.see user:new",
        "calendar.edit user:karin",
        "modules.use module:mail",
        "modules.use module:contacts",
        "modules.use module:tasks",
        "attachments.open attachment:programs",
        "invoices.approve",
    ];

    #[test]
    fn an_object_covers_rights_and_targets_of_both_sides() {
        let check = |object: &str, expected: &str| assert_eq!(covered(object, &ASKED), expected, "{object}");
        assert_eq!(covered("anything", &ASKED), ASKED.join(", "));
        check("data.*", "data.export, data.shred");
        check("invoices.approve", "invoices.approve");
        check("calendar.edit", "calendar.edit user:karin");
        check("calendar.see of karin", "calendar.see user:karin");
        check("calendar.edit of everyone", "calendar.edit user:karin");
        check("modules.use of desk", "modules.use module:mail, modules.use module:contacts");
        check(
            "access to everything",
            "modules.use module:mail, modules.use module:contacts, modules.use module:tasks, attachments.open attachment:programs",
        );
        check("access to module:tasks", "modules.use module:tasks");
        check("access to programs", "attachments.open attachment:programs");
        check("group:management", "");
        check("access to nobody-knows", "");
        let people = "calendar.see user:lars, calendar.see user:karin, calendar.see user:anna, calendar.see user:old";
        check("sensitive", &format!("sms.send, {people}, calendar.see user:new"));
        check("access to group:management", &format!("{people}, calendar.edit user:karin"));
        // In the head the bare name could mean a user as well, and still means the group.
        check("access to management", &format!("{people}, calendar.edit user:karin"));
        // The account has another name after the change.
        check("access to old", "calendar.see user:old, calendar.see user:new");
        check("access to group:later", "");
    }

    #[test]
    fn whoever_enters_or_leaves_a_group_is_named() {
        let (base, head) = (compiled(BASE), compiled(HEAD));
        let turned = |on: &str, group: &str, turn: Turn| {
            let sides = [&base, &head].map(|company| InForce::new(&company.policy, day(on)));
            let binding = Binding::new(&sides[0], &sides[1], BTreeSet::new());
            let group = GroupKey::group(Name::new(group).unwrap());
            let names: Vec<String> = binding.turned(&group, turn).iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        assert_eq!(turned("2026-11-22", "management", Turn::Gain), "lars");
        // Nobody is counted who was inactive, and who was in a group of the group was in it.
        assert_eq!(turned("2026-11-22", "management", Turn::Loss), "karin, old");
        assert_eq!(turned("2026-11-22", "later", Turn::Gain), "");
        assert_eq!(turned("2026-11-22", "inner", Turn::Loss), "old");
    }
}
