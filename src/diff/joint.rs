//! Two policies on their days, with one order of names: an id means the same in both.
//!
//! Takes the policies as they are if they have the same names, as most revisions do; else makes copies in which every
//! name of the other stands too. Who is in one of them only is marked as absent in the other, and out of use there.

use std::hash::Hash;

use crate::model::{
    Attachment, Group, Id, Member, Membership, Module, ModuleSet, Parts, Policy, Right, Rule, Scope, Subject, Table,
    Target, User,
};
use crate::resolve::{InForce, Population, Set, Ways};

/// One of the two.
pub(super) struct Side<'p> {
    /// The people and their groups.
    pub population: Population<'p>,
    /// In which order their groups are named.
    pub ways: Ways<'p>,
    /// What it has of all that either has.
    pub present: Present,
}

impl<'p> Side<'p> {
    fn new(in_force: &'p InForce<'p>, present: Present) -> Self {
        Self { population: Population::on_demand(in_force), ways: Ways::new(in_force), present }
    }

    /// The policy and the day.
    pub fn in_force(&self) -> &'p InForce<'p> {
        self.population.in_force()
    }

    /// The policy, with the names of both.
    pub fn policy(&self) -> &'p Policy {
        self.in_force().policy
    }
}

/// What one side has.
#[derive(Debug)]
pub(super) struct Present {
    pub users: Set,
    pub groups: Set,
    pub modules: Set,
    pub module_sets: Set,
    pub attachments: Set,
    pub rights: Set,
}

impl Present {
    fn all(policy: &Policy) -> Self {
        Self {
            users: Set::all(policy.users.len()),
            groups: Set::all(policy.groups.len()),
            modules: Set::all(policy.modules.len()),
            module_sets: Set::all(policy.module_sets.len()),
            attachments: Set::all(policy.attachments.len()),
            rights: Set::all(policy.rights.len()),
        }
    }

    /// Everybody who is on one side only.
    pub fn absent(&self, other: &Self) -> Set {
        let mut absent = self.users.clone();
        absent.symmetric_difference_with(&other.users);
        absent
    }

    /// What a right of a scope can be over, by the index of its id.
    pub fn singles(&self, scope: Scope) -> &Set {
        match scope {
            Scope::People => &self.users,
            Scope::Modules => &self.modules,
            Scope::Attachments => &self.attachments,
        }
    }
}

/// Works with the two sides, the base first.
pub(super) fn with<T>(base: &InForce<'_>, head: &InForce<'_>, work: impl FnOnce([&Side<'_>; 2]) -> T) -> T {
    if has_same_names(base.policy, head.policy) {
        let [base, head] = [base, head].map(|in_force| Side::new(in_force, Present::all(in_force.policy)));
        return work([&base, &head]);
    }
    let (base_policy, base_present) = with_names_of(base.policy, head.policy);
    let (head_policy, head_present) = with_names_of(head.policy, base.policy);
    let (base, head) = (InForce::new(&base_policy, base.on), InForce::new(&head_policy, head.on));
    work([&Side::new(&base, base_present), &Side::new(&head, head_present)])
}

fn has_same_names(one: &Policy, other: &Policy) -> bool {
    std::ptr::eq(one, other)
        || one.users.keys() == other.users.keys()
            && one.groups.keys() == other.groups.keys()
            && one.modules.keys() == other.modules.keys()
            && one.module_sets.keys() == other.module_sets.keys()
            && one.attachments.keys() == other.attachments.keys()
            && one.rights.keys() == other.rights.keys()
}

/// A table with the keys of another too, where each old id stands in it, and which of its ids are old.
struct Joined<I, K, T> {
    table: Table<I, K, T>,
    moved: Vec<I>,
    present: Set,
}

impl<I: Id, K: Ord + Hash + Clone, T> Joined<I, K, T> {
    fn new(own: &Table<I, K, T>, other: &Table<I, K, T>, mine: impl Fn(&T) -> T, absent: impl Fn(&T) -> T) -> Self {
        // Of one key the own entry stands first and is kept.
        let entries = own.iter().map(|(_, key, item)| (key.clone(), mine(item)));
        let others = other.iter().map(|(_, key, item)| (key.clone(), absent(item)));
        let table = Table::new(entries.chain(others).collect());
        let moved: Vec<I> = own.keys().iter().filter_map(|key| table.find(key)).collect();
        let present = Set::of(table.len(), moved.iter().map(|id: &I| id.index()));
        Self { table, moved, present }
    }

    fn at(&self, id: I) -> I {
        self.moved[id.index()]
    }
}

/// A copy of what decides in a policy, with the names of another. Nobody absent is in use, and nothing is said of them.
fn with_names_of(policy: &Policy, other: &Policy) -> (Policy, Present) {
    let user = |user: &User| User { active: user.active, place: user.place, ..User::default() };
    let users = Joined::new(&policy.users, &other.users, user, |_| User::default());
    let group = |group: &Group| Group { place: group.place, ..Group::default() };
    let groups = Joined::new(&policy.groups, &other.groups, group, |_| Group::default());
    let modules = Joined::new(&policy.modules, &other.modules, Module::clone, |_| Module::default());
    let set = |set: &ModuleSet| ModuleSet { modules: Vec::new(), place: set.place };
    let mut sets = Joined::new(&policy.module_sets, &other.module_sets, set, |_| ModuleSet::default());
    let classes = Joined::new(&policy.attachments, &other.attachments, Attachment::clone, |_| Attachment::default());
    let rights = Joined::new(&policy.rights, &other.rights, Right::clone, Right::clone);
    for (id, _, set) in policy.module_sets.iter() {
        let at = sets.at(id);
        sets.table.get_mut(at).modules = set.modules.iter().map(|module| modules.at(*module)).collect();
    }
    let memberships = policy.memberships.iter().map(|m| Membership {
        member: match m.member {
            Member::Everyone => Member::Everyone,
            Member::User(id) => Member::User(users.at(id)),
            Member::Group(id) => Member::Group(groups.at(id)),
        },
        group: groups.at(m.group),
        because: m.because.clone(),
        ..*m
    });
    let target = |target: Target| match target {
        Target::User(id) => Target::User(users.at(id)),
        Target::Group(id) => Target::Group(groups.at(id)),
        Target::Module(id) => Target::Module(modules.at(id)),
        Target::ModuleSet(id) => Target::ModuleSet(sets.at(id)),
        Target::Attachment(id) => Target::Attachment(classes.at(id)),
        Target::Everyone => Target::Everyone,
        Target::Everything => Target::Everything,
    };
    let rules = policy.rules.iter().map(|rule| Rule {
        subject: match rule.subject {
            Subject::User(id) => Subject::User(users.at(id)),
            Subject::Group(id) => Subject::Group(groups.at(id)),
        },
        right: rights.at(rule.right),
        target: rule.target.map(target),
        because: rule.because.clone(),
        ..*rule
    });
    let (memberships, rules) = (memberships.collect(), rules.collect());
    let present = Present {
        users: users.present,
        groups: groups.present,
        modules: modules.present,
        module_sets: sets.present,
        attachments: classes.present,
        rights: rights.present,
    };
    let policy = Policy::assemble(Parts {
        users: users.table,
        groups: groups.table,
        modules: modules.table,
        module_sets: sets.table,
        attachments: classes.table,
        rights: rights.table,
        memberships,
        rules,
        ..Parts::default()
    });
    (policy, present)
}
