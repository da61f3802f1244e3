//! What Creme says, in words of a policy: the way back. A whole installation becomes a state; where Creme gives a person
//! something else than our tables say, the state gets the own rule that says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::{Date, Validity};
use crate::model::catalogue::built_in;
use crate::model::key::{GroupKey, SubjectKey, TargetKey};
use crate::model::{Effect, Employee};
use crate::name::{Name, RightName};
use crate::plan::{Beside, Reading};
use crate::state::{Fact, GroupFact, Key, MemberKey, State, UserFact};

use super::gives::Gives;
use super::held::{Account, Held};
use super::mapping::Mapping;
use super::may::{self, May, USE, Whose};
use super::projection::Last;

/// The right to use modules.
fn uses() -> RightName {
    RightName::foreign(USE)
}

/// Says of a database without our tables what its roles and accounts say. A role becomes a group.
pub fn everything(held: &Held, mapping: &Mapping, employees: BTreeMap<Name, (Name, Employee)>) -> Reading {
    let mut reading = Reading::default();
    // Where nobody is, nothing is said.
    if !held.people().any(|(_, account)| account.is_ruled()) {
        return reading;
    }
    let facts = &mut reading.actual.facts;
    facts.extend(built_in().iter().map(|(name, right)| (Key::Right(name.clone()), Fact::Right(right.clone()))));
    facts.extend(mapping.modules.keys().map(|name| (Key::Module(name.clone()), Fact::Module(None))));
    let mut employees = employees;
    // Those who may everything look after Creme; no policy is about them.
    let is_lawful = |login: &Name| Name::new(login.as_str()).is_ok();
    for (login, account) in held.people().filter(|(_, account)| account.is_ruled()) {
        if !is_lawful(login) {
            let says = "a login that no policy can write".to_owned();
            reading.beside.push(Beside { key: Key::User(login.clone()), says });
            continue;
        }
        let mut user = user_of(account);
        if let Some((name, employee)) = employees.remove(login) {
            (user.employee, user.name) = (Some(name.clone()), None);
            facts.insert(Key::Employee(name), Fact::Employee(employee));
        }
        facts.insert(Key::User(login.clone()), Fact::User(user));
    }
    let mut names = Names::default();
    for (id, role) in &held.roles {
        let has = |account: &Account| account.roles.contains(id) || account.role.as_ref() == Some(id);
        let members: Vec<&Name> = held
            .people()
            .filter(|(login, account)| account.is_ruled() && has(account) && is_lawful(login))
            .map(|(login, _)| login)
            .collect();
        if members.is_empty() {
            continue;
        }
        let name = names.free(&role.name);
        let group = GroupKey::group(name.clone());
        let shown = (role.name != name.as_str()).then(|| role.name.as_str().into());
        facts.insert(Key::Group(name.clone()), Fact::Group(GroupFact { name: shown, modules: None }));
        for login in &members {
            let key = Key::Member {
                group: group.clone(),
                member: MemberKey::User((*login).clone()),
                validity: Validity::ALWAYS,
            };
            facts.insert(key, Fact::Member(None));
        }
        let mut may = May::of(&role.gives, mapping, &May::default());
        // What a policy cannot name is told beside.
        may.keep_owners(|owner| facts.contains_key(&Key::User(owner.clone())));
        let subject = SubjectKey::Group(name.clone());
        allow(facts, &subject, &may, mapping);
        let told = beside(Key::Group(name), &role.gives, &may.gives(mapping), &[]);
        // Groups gain and lose nothing: people do.
        let logins = members.iter().map(|login| login.as_str()).collect::<Vec<_>>().join(", ");
        reading.beside.extend(told.map(|aside| Beside { says: format!("of {logins}: {}", aside.says), ..aside }));
    }
    // Who has several roles works with one at a time; from now on it is all of them at once.
    let lawful = || held.people().filter(|(login, account)| account.is_ruled() && is_lawful(login));
    for (login, account) in lawful() {
        let roles: BTreeSet<&String> = account.roles.iter().chain(&account.role).collect();
        let called: Vec<String> =
            roles.iter().filter_map(|id| held.roles.get(*id)).map(|role| format!("`{}`", role.name)).collect();
        if called.len() > 1 {
            let says = format!("one role at a time of {}", called.join(", "));
            reading.beside.push(Beside { key: Key::User(login.clone()), says });
        }
    }
    // Whoever has no role may start the program and nothing else.
    for (login, account) in lawful() {
        if account.role.is_none() && account.roles.is_empty() {
            let may = May { starts: true, ..May::default() };
            allow(facts, &SubjectKey::User(login.clone()), &may, mapping);
        }
    }
    reading
}

fn user_of(account: &Account) -> UserFact {
    let name = account.name.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    UserFact {
        employee: None,
        name: (!name.is_empty()).then(|| name.into()),
        superuser: account.is_above(),
        active: account.is_active,
        modules: None,
    }
}

/// Names that the language can write, each given once.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<Name>);

impl Names {
    /// A name that is free, near to what people call it.
    pub fn free(&mut self, called: &str) -> Name {
        let name = named(called);
        let numbered = (2..).map(|number| Name::foreign(&format!("{name}-{number}")));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !self.0.contains(name)).unwrap_or(name);
        self.0.insert(free.clone());
        free
    }
}

fn named(text: &str) -> Name {
    let words: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    Name::new(&words.join("-")).unwrap_or_else(|_| Name::foreign("unnamed"))
}

fn allow(facts: &mut Facts, subject: &SubjectKey, may: &May, mapping: &Mapping) {
    let mut rule = |right: &RightName, target: Option<TargetKey>| {
        facts.insert(rule_of(subject, right, target, Effect::Allow), Fact::Rule(None));
    };
    if may.starts {
        rule(&mapping.start, None);
        mapping.everybody.iter().for_each(|right| rule(right, None));
    }
    may.plain.iter().for_each(|right| rule(right, None));
    may.modules.iter().for_each(|module| rule(&uses(), Some(TargetKey::Module(module.clone()))));
    for (right, whose) in &may.over {
        match whose {
            Whose::Nobodys => {}
            Whose::Everybodys => rule(right, Some(TargetKey::Everyone)),
            Whose::Theirs(people) => {
                people.iter().for_each(|login| rule(right, Some(TargetKey::User(login.clone()))));
            }
        }
    }
}

type Facts = BTreeMap<Key, Fact>;

fn rule_of(subject: &SubjectKey, right: &RightName, target: Option<TargetKey>, effect: Effect) -> Key {
    Key::Rule { subject: subject.clone(), right: right.clone(), target, effect, validity: Validity::ALWAYS }
}

/// What is told of an account or role beside the state: what it gives beyond, what it keeps, and what else is not so.
fn beside(key: Key, gives: &Gives, said: &Gives, else_: &[String]) -> Option<Beside> {
    let mut says = gives.beyond(said);
    says.extend(said.beyond(gives).into_iter().map(|what| format!("not {what}")));
    says.extend(else_.iter().cloned());
    (!says.is_empty()).then(|| Beside { key, says: says.join("; ") })
}

/// Corrects what our tables say by what Creme says, as our tables were projected on a day for those who were there then.
pub fn correct(reading: &mut Reading, held: &Held, mapping: &Mapping, day: Date, last: &Last) {
    let linked = &last.accounts;
    let facts = &mut reading.actual.facts;
    let before = everybody(facts, mapping, day, linked);
    for (login, account) in held.people() {
        let starts = before.get(login).is_some_and(|may| may.starts);
        correct_account(facts, login, account, starts, &last.superusers);
    }
    let said = everybody(facts, mapping, day, linked);
    for (login, account) in held.people() {
        let Some(may) = said.get(login).filter(|_| account.is_ruled()) else { continue };
        let gives = held.gives(account);
        let mut holds = May::of(&gives, mapping, may);
        // What a policy cannot name is told beside.
        holds.keep_owners(|owner| facts.contains_key(&Key::User(owner.clone())));
        Own { facts, login, day }.correct(may, &holds, mapping);
        let role = account.role.as_ref().and_then(|id| held.roles.get(id));
        let others = account.roles.iter().filter(|id| account.role.as_ref() != Some(*id));
        let others = others.filter_map(|id| held.roles.get(id)).map(|other| format!("role `{}`", other.name));
        let strange = role.filter(|role| !role.is_ours).map(|role| format!("role `{}`", role.name));
        let none = role.is_none().then(|| "no role".to_owned());
        let team = account.is_team.then(|| "called a team".to_owned());
        let fresh = (!linked.contains(login)).then(|| "new account".to_owned());
        let roles: Vec<String> = fresh.into_iter().chain(team).chain(strange).chain(none).chain(others).collect();
        reading.beside.extend(beside(Key::User(login.clone()), &gives, &holds.gives(mapping), &roles));
    }
}

fn everybody(facts: &Facts, mapping: &Mapping, day: Date, owners: &BTreeSet<Name>) -> may::Everybody {
    may::everybody(State { facts: facts.clone().into() }, day, mapping, owners)
}

/// Whether somebody is in use, or may everything, as Creme says. Those that Creme alone knows come in, but for those who could
/// do everything before: they look after Creme, and no policy is about them.
fn correct_account(facts: &mut Facts, login: &Name, account: &Account, starts: bool, known: &BTreeSet<Name>) {
    match facts.get_mut(&Key::User(login.clone())) {
        Some(Fact::User(user)) => {
            user.superuser |= account.is_active && account.is_above();
            if account.is_active {
                user.active = true;
            } else if starts {
                user.active = false;
            }
        }
        _ if account.is_ruled() || (account.is_active && account.is_above() && !known.contains(login)) => {
            facts.insert(Key::User(login.clone()), Fact::User(user_of(account)));
        }
        _ => {}
    }
}

/// The own rules of a person.
struct Own<'f> {
    facts: &'f mut Facts,
    login: &'f Name,
    day: Date,
}

impl Own<'_> {
    /// Writes the rules by which somebody holds something else than is said.
    fn correct(&mut self, said: &May, holds: &May, mapping: &Mapping) {
        if !said.starts {
            self.say(&mapping.start, None, Effect::Allow);
        }
        for (right, effect) in differing(&said.plain, &holds.plain) {
            self.say(&right, None, effect);
        }
        for (module, effect) in differing(&said.modules, &holds.modules) {
            self.declare(&module);
            self.say(&uses(), Some(TargetKey::Module(module)), effect);
        }
        let rights: BTreeSet<&RightName> = said.over.keys().chain(holds.over.keys()).collect();
        for right in rights {
            let nobodys = Whose::Nobodys;
            let whose = |may: &May| self.without_own(may.over.get(right).unwrap_or(&nobodys));
            match (whose(said), whose(holds)) {
                (said, holds) if said == holds => {}
                (_, Whose::Everybodys) => self.say_of_everyone(right, Effect::Allow),
                (_, Whose::Nobodys) => self.say_of_everyone(right, Effect::Deny),
                (Whose::Everybodys, Whose::Theirs(people)) => {
                    self.say_of_everyone(right, Effect::Deny);
                    people.into_iter().for_each(|owner| self.say(right, Some(TargetKey::User(owner)), Effect::Allow));
                }
                (said, Whose::Theirs(people)) => {
                    let said = if let Whose::Theirs(said) = said { said } else { BTreeSet::new() };
                    for (owner, effect) in differing(&said, &people) {
                        self.say(right, Some(TargetKey::User(owner)), effect);
                    }
                }
            }
        }
    }

    /// One's own records are one's own, also where a filter names one.
    fn without_own(&self, whose: &Whose) -> Whose {
        let Whose::Theirs(people) = whose else { return whose.clone() };
        let others: BTreeSet<Name> = people.iter().filter(|owner| *owner != self.login).cloned().collect();
        if others.is_empty() { Whose::Nobodys } else { Whose::Theirs(others) }
    }

    fn declare(&mut self, module: &Name) {
        self.facts.entry(Key::Module(module.clone())).or_insert(Fact::Module(None));
    }

    fn say(&mut self, right: &RightName, target: Option<TargetKey>, effect: Effect) {
        self.take_out(right, |of| *of == target);
        self.put(right, target, effect);
    }

    fn say_of_everyone(&mut self, right: &RightName, effect: Effect) {
        self.take_out(right, |_| true);
        self.put(right, Some(TargetKey::Everyone), effect);
    }

    fn put(&mut self, right: &RightName, target: Option<TargetKey>, effect: Effect) {
        self.facts.insert(rule_of(&SubjectKey::User(self.login.clone()), right, target, effect), Fact::Rule(None));
    }

    /// The own rules about a right that are in force go.
    fn take_out(&mut self, about: &RightName, concerned: impl Fn(&Option<TargetKey>) -> bool) {
        let own = SubjectKey::User(self.login.clone());
        let day = self.day;
        self.facts.retain(|key, _| match key {
            Key::Rule { subject, right, target, validity, .. } => {
                *subject != own || right != about || !validity.holds(day) || !concerned(target)
            }
            _ => true,
        });
    }
}

/// What comes and what goes between two sets.
fn differing<T: Ord + Clone>(said: &BTreeSet<T>, holds: &BTreeSet<T>) -> Vec<(T, Effect)> {
    let comes = holds.difference(said).map(|one| (one.clone(), Effect::Allow));
    comes.chain(said.difference(holds).map(|one| (one.clone(), Effect::Deny))).collect()
}
