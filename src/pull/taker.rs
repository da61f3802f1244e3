//! The state that a policy shall have, worked out of the drift: what is taken, what has to go with it, and what is left.

use std::collections::BTreeSet;

use crate::date::Validity;
use crate::model::key::SubjectKey;
use crate::model::online::{Company, Licence};
use crate::model::roles;
use crate::plan::{CRM, Change};
use crate::state::{Action, Fact, Key, MemberKey, Said, State, Value};

use super::fixed::Fixed;
use super::sayable::{Unnameable, references, set_field, unnameable, unsayable};
use super::sense::senseless;
use super::{Left, Why};

/// What the policy shall say, while it is worked out.
pub struct Taker<'a> {
    declared: &'a State,
    actual: &'a State,
    /// Whether the last apply wrote it.
    pub applied: &'a dyn Fn(&Key) -> bool,
    /// What names things where no pull edits.
    pub fixed: &'a Fixed,
    /// What the policy shall say.
    pub wanted: State,
    left: BTreeSet<Left>,
}

/// Where nothing is fixed.
static NOTHING: Fixed = Fixed::NOTHING;

impl<'a> Taker<'a> {
    /// From what is declared and what the database says, beginning with a state.
    pub fn new(declared: &'a State, wanted: State, actual: &'a State) -> Self {
        Self { declared, actual, applied: &|_| false, fixed: &NOTHING, wanted, left: BTreeSet::new() }
    }

    /// Leaves something outside.
    pub fn leave(&mut self, key: &Key, field: Option<&'static str>, why: Why) {
        self.left.insert(Left { key: key.clone(), field, why });
    }

    /// Takes one change over.
    pub fn change(&mut self, change: &Change) {
        let key = &change.key;
        let is_built_in = |fact: &Fact| matches!(fact, Fact::Right(right) if right.builtin);
        let (declared, actual) = (self.declared.facts.get(key), self.actual.facts.get(key));
        if declared.or(actual).is_some_and(is_built_in) {
            return self.leave(key, change.field, Why::Catalogue);
        }
        if is_predefined(key) {
            return self.leave(key, change.field, Why::Catalogue);
        }
        if let (Some(CRM), Some(Said::Field(Value::Text(says)))) = (change.field, &change.before) {
            return self.leave(key, change.field, Why::OfCrm(says.clone()));
        }
        if matches!(key, Key::Company | Key::Licence) {
            return self.leave(key, change.field, Why::ByHand);
        }
        match (change.action, actual, declared) {
            (Action::Create, ..) => self.delete(key, declared),
            (Action::Delete, Some(actual), _) => self.insert(key, actual),
            // An account out of use that the policy does not declare stays in the database; what was written there is
            // either a new account, or one that the policy has given up.
            (Action::Update, Some(_), None) if (self.applied)(key) => self.leave(key, change.field, Why::Retired),
            (Action::Update, Some(actual), None) => self.insert(key, actual),
            (Action::Update, Some(actual), Some(declared)) => {
                let Some(field) = change.field else { return };
                // What an expectation says of a right depends on what the right is over.
                let turns = matches!(
                    (actual, declared),
                    (Fact::Right(now), Fact::Right(before)) if now.scope != before.scope
                );
                if let (true, "of" | "own_data_allowed", Some(by)) = (turns, field, self.fixed.naming(key)) {
                    return self.leave(key, Some(field), Why::Named(by.clone()));
                }
                if let Some(fact) = self.wanted.facts.get_mut(key) {
                    set_field(fact, actual, field);
                }
            }
            (Action::Delete | Action::Update, None, _) => {}
        }
    }

    /// Somebody deleted it.
    fn delete(&mut self, key: &Key, declared: Option<&Fact>) {
        // The next plan writes every account again that the last apply left out of use.
        let is_idle = |fact: &Fact| matches!(fact, Fact::User(user) if !user.active);
        match self.fixed.naming(key) {
            _ if declared.is_none_or(is_idle) => self.leave(key, None, Why::WrittenAgain),
            Some(by) => self.leave(key, None, Why::Named(by.clone())),
            None => drop(self.wanted.facts.remove(key)),
        }
    }

    /// Somebody made it.
    fn insert(&mut self, key: &Key, fact: &Fact) {
        match self.fixed.clashing(key) {
            Some(by) => self.leave(key, None, Why::Ambiguous(by.clone())),
            None => drop(self.wanted.facts.insert(key.clone(), fact.clone())),
        }
    }

    /// What the policy shall say, once it all fits together, and what is left outside.
    ///
    /// # Errors
    /// If names came in that no policy can have.
    pub fn finish(mut self) -> Result<(State, BTreeSet<Left>), Vec<Unnameable>> {
        self.settle();
        let new = self.wanted.facts.iter().filter(|(key, fact)| self.declared.facts.get(*key) != Some(*fact));
        let mut wrong: Vec<Unnameable> = Vec::new();
        for found in new.filter_map(|(key, fact)| unnameable(key, fact)) {
            if !wrong.iter().any(|known| known.name == found.name) {
                wrong.push(found);
            }
        }
        if wrong.is_empty() { Ok((self.wanted, self.left)) } else { Err(wrong) }
    }

    /// Until nothing refers to what is not there, and everything can be said.
    fn settle(&mut self) {
        loop {
            let unsaid = self.unsaid();
            let dangling: Vec<(Key, Key)> = self
                .wanted
                .facts
                .iter()
                .flat_map(|(key, fact)| references(key, fact).into_iter().map(move |other| (key, other)))
                .filter(|(_, other)| !self.wanted.facts.contains_key(other))
                .map(|(key, other)| (key.clone(), other))
                .collect();
            if dangling.is_empty() && !unsaid {
                return;
            }
            for (key, missing) in dangling {
                self.resolve(&key, &missing);
            }
        }
    }

    /// Makes something possible that refers to what the policy does not have, or takes it out.
    fn resolve(&mut self, key: &Key, missing: &Key) {
        if self.wanted.facts.contains_key(missing) {
            return;
        }
        // Somebody else's account has to be declared before anything can be said of it.
        let is_unknown = !(self.applied)(missing) && !self.declared.facts.contains_key(missing);
        if let (Key::User(_), true, Some(fact)) = (missing, is_unknown, self.actual.facts.get(missing)) {
            self.insert(missing, fact);
            if self.wanted.facts.contains_key(missing) {
                return;
            }
        }
        let declared = self.declared.facts.get(key).cloned();
        let needs = Why::Needs(missing.clone());
        let Some(fact) = self.wanted.facts.get_mut(key) else { return };
        let field = match (&mut *fact, missing) {
            (Fact::User(user), Key::Employee(_)) => {
                user.employee = None;
                "employee"
            }
            (Fact::User(user), _) => {
                user.modules = None;
                "modules"
            }
            (Fact::Group(group), _) => {
                group.modules = None;
                "modules"
            }
            (Fact::ModuleSet(modules), Key::Module(module)) => {
                modules.retain(|name| name != module);
                "modules"
            }
            // Another role that cannot come leaves the access with the role that it had.
            (Fact::Access(_), Key::Role(_)) if declared.is_some() => "role",
            _ => {
                self.wanted.facts.remove(key);
                // What the policy itself says of something that is gone goes with it.
                if declared.is_none() {
                    self.leave(key, None, needs);
                }
                return;
            }
        };
        let was_there = declared.as_ref().is_some_and(|fact| references(key, fact).contains(missing));
        if was_there {
            if field == "role" {
                self.wanted.facts.remove(key);
            }
            return;
        }
        if let Some(declared) = declared {
            let possible = references(key, &declared).iter().all(|other| self.wanted.facts.contains_key(other));
            if possible && let Some(fact) = self.wanted.facts.get_mut(key) {
                set_field(fact, &declared, field);
            } else if field == "role" {
                self.wanted.facts.remove(key);
            }
        }
        self.leave(key, Some(field), needs);
    }

    /// Takes out what is new and cannot be said; whether there was something.
    fn unsaid(&mut self) -> bool {
        let mut wrong = senseless(self.declared, &self.wanted);
        wrong.extend(self.unsayable());
        for (key, field, why) in &wrong {
            match field {
                None => self.take_back(key, why),
                Some(field) => self.take_back_field(key, field, why),
            }
        }
        !wrong.is_empty()
    }

    /// What is new and no policy can say.
    fn unsayable(&self) -> Vec<(Key, Option<&'static str>, Why)> {
        let mut wrong = Vec::new();
        for (key, fact) in &self.wanted.facts {
            let declared = self.declared.facts.get(key);
            if declared == Some(fact) {
                continue;
            }
            let found = match (key, fact) {
                (Key::Right(_), Fact::Right(right)) if right.builtin => vec![(None, Why::Catalogue)],
                (_, Fact::ModuleSet(list)) if list.is_empty() => vec![(None, Why::Empty)],
                (_, Fact::Attachment(list)) if list.is_empty() => vec![(None, Why::Empty)],
                (Key::Role(_), Fact::Group(role)) if role.modules.is_some() => vec![(Some("modules"), Why::OfRole)],
                (Key::Member { group, .. }, _) if group.is_role() => vec![(None, Why::OfRole)],
                (Key::Member { member: MemberKey::Group(inner), .. }, _) if inner.is_role() => {
                    vec![(None, Why::OfRole)]
                }
                _ => unsayable(fact, declared).into_iter().map(|field| (Some(field), Why::Unsayable)).collect(),
            };
            wrong.extend(found.into_iter().map(|(field, why)| (key.clone(), field, why)));
        }
        wrong
    }

    /// Something is as the policy has it, or not there.
    fn take_back(&mut self, key: &Key, why: &Why) {
        let possible =
            |declared: &&Fact| references(key, declared).iter().all(|other| self.wanted.facts.contains_key(other));
        match (self.declared.facts.get(key), self.fixed.naming(key)) {
            (Some(declared), Some(_)) if !possible(&declared) => {
                // What has to stay brings back what it needs.
                for other in references(key, declared) {
                    if let (false, Some(fact)) =
                        (self.wanted.facts.contains_key(&other), self.declared.facts.get(&other))
                    {
                        self.wanted.facts.insert(other.clone(), fact.clone());
                        self.leave(&other, None, why.clone());
                    }
                }
                self.wanted.facts.insert(key.clone(), declared.clone());
            }
            // A list that lost all its items with what they named cannot have them back.
            (declared, _) => match declared.filter(possible).cloned() {
                Some(declared) => drop(self.wanted.facts.insert(key.clone(), declared)),
                None => drop(self.wanted.facts.remove(key)),
            },
        }
        self.leave(key, None, why.clone());
        self.take_back_period(key, why);
    }

    /// A rule or membership that only got another period has the one that it had.
    fn take_back_period(&mut self, key: &Key, why: &Why) {
        let Some(any) = at_any_time(key).filter(|_| !self.declared.facts.contains_key(key)) else { return };
        let was = |(other, _): &(&Key, &Fact)| {
            !self.actual.facts.contains_key(*other) && at_any_time(other).as_ref() == Some(&any)
        };
        let before: Vec<(Key, Fact)> =
            self.declared.facts.iter().filter(was).map(|(key, fact)| (key.clone(), fact.clone())).collect();
        for (key, fact) in before {
            self.leave(&key, None, why.clone());
            self.wanted.facts.insert(key, fact);
        }
    }

    /// A field says what it said in the policy, or nothing.
    fn take_back_field(&mut self, key: &Key, field: &'static str, why: &Why) {
        let Some(wanted) = self.wanted.facts.get(key) else { return };
        let before = wanted.clone();
        let from = self.declared.facts.get(key).cloned().or_else(|| blank(wanted));
        match (self.wanted.facts.get_mut(key), from) {
            (Some(fact), Some(from)) => set_field(fact, &from, field),
            // A row whose only field cannot be said cannot be said at all.
            _ => drop(self.wanted.facts.remove(key)),
        }
        if self.wanted.facts.get(key) != Some(&before) {
            self.leave(key, Some(field), why.clone());
        }
    }
}

/// Whether it is one of the predefined roles, or a rule on one.
pub fn is_predefined(key: &Key) -> bool {
    match key {
        Key::Role(name) | Key::Rule { subject: SubjectKey::Role(name), .. } => roles::predefined().contains_key(name),
        _ => false,
    }
}

/// The key of a rule or membership, without its period.
fn at_any_time(key: &Key) -> Option<Key> {
    let mut key = key.clone();
    match &mut key {
        Key::Member { validity, .. } | Key::Rule { validity, .. } => *validity = Validity::ALWAYS,
        _ => return None,
    }
    Some(key)
}

/// The same kind of fact without anything said, if it can be.
fn blank(fact: &Fact) -> Option<Fact> {
    Some(match fact {
        Fact::Module(_) => Fact::Module(None),
        Fact::Employee(_) => Fact::Employee(crate::model::Employee::default()),
        Fact::Group(_) => Fact::Group(crate::state::GroupFact::default()),
        Fact::User(_) => Fact::User(crate::state::UserFact::default()),
        Fact::Right(_) => Fact::Right(crate::model::Right::default()),
        Fact::ModuleSet(_) | Fact::Attachment(_) | Fact::Member(_) | Fact::Access(_) | Fact::Rule(_) => return None,
        Fact::Company(_) => Fact::Company(Company::default()),
        Fact::Licence(_) => Fact::Licence(Licence::default()),
    })
}
