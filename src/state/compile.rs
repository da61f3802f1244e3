//! A state becomes a policy that can be asked. The way back from [`State::of`].

use crate::date::Validity;
use crate::model::key::{GroupKey, SubjectKey, TargetKey, is_over};
use crate::model::online::Placed;
use crate::model::{
    Attachment, Group, Member, Membership, Module, ModuleSet, Parts, Policy, Rule, Subject, Table, Target, User,
};
use crate::text::Place;

use super::{Fact, Key, MemberKey, State};

/// Compiles a state. `place` tells where a fact is written, if it is written anywhere. What refers to something
/// that the state does not have is left out, which a database with foreign keys cannot hold. So is a rule over another kind
/// of thing than its right, which decides nothing in a database either.
pub fn compile(state: &State, place: impl Fn(&Key) -> Option<Place>) -> Policy {
    let mut parts = tables(state, &place);
    for (key, fact) in &state.facts {
        match (key, fact) {
            (Key::User(name), Fact::User(user)) => {
                let Some(id) = parts.users.find(name) else { continue };
                let employee = user.employee.as_ref().and_then(|name| parts.employees.find(name));
                let modules = user.modules.as_ref().and_then(|name| parts.module_sets.find(name));
                let user = parts.users.get_mut(id);
                (user.employee, user.modules) = (employee, modules);
            }
            (Key::Group(_) | Key::Role(_), Fact::Group(group)) => {
                let modules = group.modules.as_ref().and_then(|name| parts.module_sets.find(name));
                if let Some(id) = group_key(key).and_then(|key| parts.groups.find(&key)) {
                    parts.groups.get_mut(id).modules = modules;
                }
            }
            (Key::ModuleSet(name), Fact::ModuleSet(modules)) => {
                let modules = modules.iter().filter_map(|name| parts.modules.find(name)).collect();
                if let Some(id) = parts.module_sets.find(name) {
                    parts.module_sets.get_mut(id).modules = modules;
                }
            }
            (Key::Member { group, member, validity }, Fact::Member(because)) => {
                let member = match member {
                    MemberKey::Everyone => Some(Member::Everyone),
                    MemberKey::User(name) => parts.users.find(name).map(Member::User),
                    MemberKey::Group(key) => parts.groups.find(key).map(Member::Group),
                };
                let group = parts.groups.find(group);
                let (Some(member), Some(group)) = (member, group) else { continue };
                let (validity, because, place) = (*validity, because.clone(), place(key));
                parts.memberships.push(Membership { member, group, validity, because, place });
            }
            (Key::Access(user), Fact::Access(role)) => {
                let group = parts.groups.find(role);
                let (Some(user), Some(group)) = (parts.users.find(user), group) else { continue };
                let member = Member::User(user);
                let place = place(key);
                parts.memberships.push(Membership { member, group, validity: Validity::ALWAYS, because: None, place });
            }
            (Key::Company, Fact::Company(company)) => {
                parts.company = Some(Placed { body: company.clone(), place: place(key) });
            }
            (Key::Licence, Fact::Licence(licence)) => {
                parts.licence = Some(Placed { body: licence.clone(), place: place(key) });
            }
            (Key::Rule { .. }, Fact::Rule(because)) => {
                parts.rules.extend(rule(&parts, key, because, place(key)));
            }
            _ => {}
        }
    }
    Policy::assemble(parts)
}

/// Everything that has a name, still without links.
fn tables(state: &State, place: &impl Fn(&Key) -> Option<Place>) -> Parts {
    let mut parts = Parts::default();
    let (mut rights, mut modules, mut sets, mut classes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut employees, mut groups, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for (key, fact) in &state.facts {
        match (key, fact) {
            (Key::Right(name), Fact::Right(right)) => rights.push((name.clone(), right.clone())),
            (Key::Module(name), Fact::Module(shown)) => modules.push((name.clone(), Module { name: shown.clone() })),
            (Key::ModuleSet(name), Fact::ModuleSet(_)) => {
                sets.push((name.clone(), ModuleSet { modules: Vec::new(), place: place(key) }));
            }
            (Key::Attachment(name), Fact::Attachment(patterns)) => {
                classes.push((name.clone(), Attachment { patterns: patterns.clone() }));
            }
            (Key::Employee(name), Fact::Employee(employee)) => employees.push((name.clone(), employee.clone())),
            (Key::Group(_) | Key::Role(_), Fact::Group(group)) => {
                let declared = Group { name: group.name.clone(), modules: None, place: place(key) };
                groups.extend(group_key(key).map(|key| (key, declared)));
            }
            (Key::User(name), Fact::User(user)) => {
                let declared = User {
                    employee: None,
                    name: user.name.clone(),
                    superuser: user.superuser,
                    active: user.active,
                    modules: None,
                    renamed_from: None,
                    place: place(key),
                };
                users.push((name.clone(), declared));
            }
            _ => {}
        }
    }
    parts.rights = Table::new(rights);
    parts.modules = Table::new(modules);
    parts.module_sets = Table::new(sets);
    parts.attachments = Table::new(classes);
    parts.employees = Table::new(employees);
    parts.groups = Table::new(groups);
    parts.users = Table::new(users);
    parts
}

fn group_key(key: &Key) -> Option<GroupKey> {
    match key {
        Key::Group(name) => Some(GroupKey::group(name.clone())),
        Key::Role(name) => Some(GroupKey::role(name.clone())),
        _ => None,
    }
}

fn rule(parts: &Parts, key: &Key, because: &Option<Box<str>>, place: Option<Place>) -> Option<Rule> {
    let Key::Rule { subject, right, target: key_target, effect, validity } = key else { return None };
    let group = |name: &crate::name::Name| parts.groups.find(&GroupKey::group(name.clone()));
    let role = |name: &crate::name::Name| parts.groups.find(&GroupKey::role(name.clone()));
    let subject = match subject {
        SubjectKey::User(name) => Subject::User(parts.users.find(name)?),
        SubjectKey::Group(name) => Subject::Group(group(name)?),
        SubjectKey::Role(name) => Subject::Group(role(name)?),
    };
    let target = match key_target {
        None => None,
        Some(TargetKey::User(name)) => Some(Target::User(parts.users.find(name)?)),
        Some(TargetKey::Group(name)) => Some(Target::Group(group(name)?)),
        Some(TargetKey::Role(name)) => Some(Target::Group(role(name)?)),
        Some(TargetKey::Module(name)) => Some(Target::Module(parts.modules.find(name)?)),
        Some(TargetKey::ModuleSet(name)) => Some(Target::ModuleSet(parts.module_sets.find(name)?)),
        Some(TargetKey::Attachment(name)) => Some(Target::Attachment(parts.attachments.find(name)?)),
        Some(TargetKey::Everyone) => Some(Target::Everyone),
        Some(TargetKey::Everything) => Some(Target::Everything),
    };
    let id = parts.rights.find(right)?;
    if !is_over(key_target.as_ref(), parts.rights.get(id).scope) {
        return None;
    }
    Some(Rule { subject, right: id, target, effect: *effect, validity: *validity, because: because.clone(), place })
}
