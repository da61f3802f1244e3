//! What people may by a policy, as far as the mapping asks; and what roles of Creme give for it, there and back.
//!
//! There it is a function. Back it is the most that a policy can say of what a role gives; what the role gives beyond
//! that, or keeps, is the difference between the two and is told apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Date;
use crate::model::catalogue::built_in;
use crate::model::{Id, Policy, RightId, Scope, UserId};
use crate::name::{Name, RightName};
use crate::resolve::{Bits, InForce, Population, Space, Spread};
use crate::state::{self, Fact, Key, State, UserFact};

use super::gives::{Deed, Deeds, Given, Gives};
use super::mapping::{App, Asked, Mapping};

/// Whose records somebody may do something to, beside the own ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// Those of nobody else.
    #[default]
    Nobodys,
    /// Those of these people, by login.
    Theirs(BTreeSet<Name>),
    /// Those of everybody.
    Everybodys,
}

/// What somebody may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct May {
    /// Use the program at all.
    pub starts: bool,
    /// Use these modules.
    pub modules: BTreeSet<Name>,
    /// These plain rights.
    pub plain: BTreeSet<RightName>,
    /// These rights over people.
    pub over: BTreeMap<RightName, Whose>,
}

/// What everybody may, by login.
pub type Everybody = BTreeMap<Name, May>;

/// Somebody whom no policy names, and who is in no group but by `everyone`: whoever may do something to the records of this
/// one may do it to those of everybody.
const STRANGER: &str = "\u{10ffff}";

/// Asks a state what everybody may on a day. Only `owners` are told apart, since Creme knows no others.
pub fn everybody(mut state: State, day: Date, mapping: &Mapping, owners: &BTreeSet<Name>) -> Everybody {
    let stranger = Name::foreign(STRANGER);
    state.facts.insert(Key::User(stranger.clone()), Fact::User(UserFact::default()));
    let policy = state::compile(&state, |_| None);
    let in_force = InForce::new(&policy, day);
    let (population, asked) = (Population::new(&in_force), mapping.rights());
    let names = policy.users.iter().map(|(_, name, _)| name).filter(|name| **name != stranger);
    let mut everybody: Everybody = names.map(|name| (name.clone(), May::default())).collect();
    for right in policy.rights.ids() {
        let name = policy.rights.key(right);
        let is_asked = name.as_str() == USE || asked.contains(name);
        if is_asked {
            ask(&population, right, &mut |user, bits| {
                let login = policy.users.key(user);
                let Some(may) = everybody.get_mut(login) else { return };
                match policy.rights.get(right).scope {
                    None if *name == mapping.start => may.starts = true,
                    None => drop(may.plain.insert(name.clone())),
                    Some(Scope::Modules) => may.modules = modules(&policy, mapping, bits),
                    Some(Scope::People) => drop(may.over.insert(name.clone(), whose(&policy, user, bits, owners))),
                    Some(Scope::Attachments) => {}
                }
            });
        }
    }
    everybody
}

/// The right to use modules.
pub const USE: &str = "modules.use";

/// Asks about one right, for everybody who is active and may anything of it.
pub fn ask(population: &Population<'_>, right: RightId, each: &mut dyn FnMut(UserId, &Bits)) {
    let policy = population.in_force().policy;
    let scope = policy.rights.get(right).scope;
    let space = scope.map_or_else(Space::plain, |scope| {
        let size = policy.single_targets(scope).len();
        Space::whole(size)
    });
    let mut spread = Spread::new(population, right, space);
    for (user, _, _) in policy.users.iter().filter(|(_, _, user)| user.active) {
        let bits = spread.bits(user);
        if !bits.is_clear() {
            each(user, &bits);
        }
    }
}

fn modules(policy: &Policy, mapping: &Mapping, bits: &Bits) -> BTreeSet<Name> {
    let used = policy.modules.iter().filter(|(id, _, _)| bits.contains(id.index()));
    used.map(|(_, name, _)| name.clone()).filter(|name| mapping.modules.contains_key(name)).collect()
}

/// Everybody's are the records of all whom the policy knows, and of those whom it will know. Among certain people one counts
/// oneself, so that those who work with each other's records are alike.
fn whose(policy: &Policy, user: UserId, bits: &Bits, owners: &BTreeSet<Name>) -> Whose {
    let others = bits.ones().filter(|at| *at != user.index()).count();
    if others + 1 == policy.users.len() {
        return Whose::Everybodys;
    }
    let named = policy.users.iter().filter(|(id, _, _)| *id == user || bits.contains(id.index()));
    let theirs: BTreeSet<Name> = named.map(|(_, name, _)| name.clone()).filter(|name| owners.contains(name)).collect();
    let alone = theirs.iter().all(|name| name == policy.users.key(user));
    if alone { Whose::Nobodys } else { Whose::Theirs(theirs) }
}

impl May {
    /// What a role gives to whoever may this.
    pub fn gives(&self, mapping: &Mapping) -> Gives {
        let mut gives = Gives::default();
        if !self.starts {
            return gives;
        }
        for app in self.modules.iter().filter_map(|module| mapping.modules.get(module)) {
            gives.apps.insert(app.app.clone());
            for kind in &app.types {
                gives.types.insert(kind.clone(), self.given(&mapping.asked(kind)));
            }
        }
        gives.folded()
    }

    fn given(&self, asked: &Asked<'_>) -> Given {
        let mut given = Given {
            own: Deeds::ALL,
            create: self.plain.contains(asked.create),
            export: self.plain.contains(asked.export),
            list: self.plain.contains(asked.list),
            ..Given::default()
        };
        for deed in Deed::ALL {
            match asked.to_others(deed) {
                None => given.all.and(deed.into()),
                Some(right) if self.plain.contains(right) => given.all.and(deed.into()),
                Some(right) => match self.over.get(right) {
                    None | Some(Whose::Nobodys) => {}
                    Some(Whose::Everybodys) => given.all.and(deed.into()),
                    Some(Whose::Theirs(people)) => {
                        people.iter().for_each(|owner| given.of.entry(owner.clone()).or_default().and(deed.into()));
                    }
                },
            }
        }
        given
    }

    /// Without the owners that are not to be kept.
    pub fn keep_owners(&mut self, keep: impl Fn(&Name) -> bool) {
        for whose in self.over.values_mut() {
            if let Whose::Theirs(people) = whose {
                people.retain(&keep);
                if people.is_empty() {
                    *whose = Whose::Nobodys;
                }
            }
        }
        self.over.retain(|_, whose| *whose != Whose::Nobodys);
    }

    /// What a policy can say of what is given, to whoever may start the program. Where only some of what belongs to a right
    /// or module is given, it stays as it is `known`; so does what cannot be seen, since it concerns a module that is not used.
    pub fn of(gives: &Gives, mapping: &Mapping, known: &Self) -> Self {
        let mut may = Self { starts: true, ..Self::default() };
        // Two modules can share an app, so what tells them apart are the types.
        let uses = |(name, app): &(&Name, &App)| {
            let known = known.modules.contains(*name);
            whole(gives, mapping, app) || (known && gives.apps.contains(&app.app) && anything(gives, app))
        };
        may.modules = mapping.modules.iter().filter(uses).map(|(name, _)| name.clone()).collect();
        let mut seen: BTreeMap<RightName, Held> = BTreeMap::new();
        for kind in may.modules.iter().flat_map(|name| &mapping.modules[name].types) {
            let (asked, given) = (mapping.asked(kind), gives.of(kind));
            let mut see = |right: &RightName, whose| seen.entry(right.clone()).or_default().see(whose);
            for (right, is) in [(asked.create, given.create), (asked.export, given.export), (asked.list, given.list)] {
                see(right, if is { Whose::Everybodys } else { Whose::Nobodys });
            }
            for deed in Deed::ALL {
                if let Some(right) = asked.to_others(deed) {
                    see(right, whose_of(given, deed));
                }
            }
        }
        may.plain = known.plain.iter().filter(|right| !seen.contains_key(*right)).cloned().collect();
        let unseen = known.over.iter().filter(|(right, _)| !seen.contains_key(*right));
        may.over = unseen.map(|(right, whose)| (right.clone(), whose.clone())).collect();
        for (right, held) in seen {
            if built_in().get(&right).is_some_and(|right| right.scope.is_some()) {
                let whose = held.nearest(known.over.get(&right).unwrap_or(&Whose::Nobodys));
                may.over.insert(right, whose);
            } else if held.nearest(&Whose::of_all(known.plain.contains(&right))) == Whose::Everybodys {
                may.plain.insert(right);
            }
        }
        may.over.retain(|_, whose| *whose != Whose::Nobodys);
        may
    }
}

/// Whether everything is given that comes with a module alone.
fn whole(gives: &Gives, mapping: &Mapping, app: &App) -> bool {
    let comes = |kind: &String| {
        let (asked, given) = (mapping.asked(kind), gives.of(kind));
        let alone: Deeds = Deed::ALL.into_iter().filter(|deed| asked.to_others(*deed).is_none()).collect();
        Deeds::ALL.without(given.own).is_empty() && alone.without(given.all).is_empty()
    };
    gives.apps.contains(&app.app) && app.types.iter().all(comes)
}

/// Whether anything is given of a module.
fn anything(gives: &Gives, app: &App) -> bool {
    app.types.is_empty() || app.types.iter().any(|kind| !gives.of(kind).own.is_empty())
}

fn whose_of(given: &Given, deed: Deed) -> Whose {
    if given.all.has(deed) {
        return Whose::Everybodys;
    }
    let people: BTreeSet<Name> =
        given.of.iter().filter(|(_, deeds)| deeds.has(deed)).map(|(owner, _)| owner.clone()).collect();
    if people.is_empty() { Whose::Nobodys } else { Whose::Theirs(people) }
}

impl Whose {
    fn of_all(is: bool) -> Self {
        if is { Self::Everybodys } else { Self::Nobodys }
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Nobodys, _) | (_, Self::Nobodys) => Self::Nobodys,
            (Self::Everybodys, whose) | (whose, Self::Everybodys) => whose.clone(),
            (Self::Theirs(these), Self::Theirs(those)) => {
                let both: BTreeSet<Name> = these.intersection(those).cloned().collect();
                if both.is_empty() { Self::Nobodys } else { Self::Theirs(both) }
            }
        }
    }

    fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Everybodys, _) | (_, Self::Everybodys) => Self::Everybodys,
            (Self::Nobodys, whose) | (whose, Self::Nobodys) => whose.clone(),
            (Self::Theirs(these), Self::Theirs(those)) => Self::Theirs(these.union(those).cloned().collect()),
        }
    }
}

/// Over whom a right is given, seen in the places that it has.
struct Held {
    /// In all of them.
    wholly: Whose,
    /// In some of them.
    partly: Whose,
}

impl Default for Held {
    fn default() -> Self {
        Self { wholly: Whose::Everybodys, partly: Whose::Nobodys }
    }
}

impl Held {
    fn see(&mut self, whose: Whose) {
        (self.wholly, self.partly) = (self.wholly.and(&whose), self.partly.or(&whose));
    }

    /// What a policy can say that is nearest to what it says.
    fn nearest(&self, known: &Whose) -> Whose {
        known.or(&self.wholly).and(&self.partly)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::mapping;
    use super::*;
    use crate::testing::{compiled, day};

    const POLICY: &str = r#"
users: { lars: , kari: , ingrid: , ola: { active: false } }
modules: { contacts: , opportunities: , campaigns: , mail: , stock: }
groups:
  all: { members: [everyone], allow: [program.start, modules.use of contacts, modules.use of stock] }
  sales:
    members: [lars, kari]
    allow: [modules.use of opportunities, opportunities.see of group:sales, data.export]
  head: { members: [ingrid], allow: [modules.use of everything, opportunities.see+edit of everyone, data.import] }
"#;

    fn everybody_of(policy: &str) -> Everybody {
        let policy = compiled(policy).policy;
        let owners = policy.users.iter().map(|(_, name, _)| name.clone()).collect();
        everybody(State::of(&policy), day("2026-11-22"), mapping(), &owners)
    }

    fn of<'e>(everybody: &'e Everybody, login: &str) -> &'e May {
        &everybody[&Name::foreign(login)]
    }

    #[test]
    fn who_works_with_each_others_records_has_one_role() {
        let everybody = everybody_of(POLICY);
        let gives = |login| of(&everybody, login).gives(mapping());
        assert_eq!(gives("lars"), gives("kari"));
        let sales = gives("lars");
        let kind = "opportunities.opportunity";
        assert_eq!(sales.of(kind).own, Deeds::ALL);
        assert_eq!(sales.of(kind).to(&Name::foreign("kari")), Deeds::from(Deed::View));
        assert!(sales.of(kind).to(&Name::foreign("ingrid")).is_empty() && !sales.of(kind).create);
        assert!(sales.of("persons.contact").export && sales.of("persons.contact").all == Deeds::ALL);
        let head = gives("ingrid");
        assert!(head.of(kind).all.has(Deed::Change) && !head.of(kind).all.has(Deed::Delete));
        assert!(head.apps.contains("emails") && !sales.apps.contains("emails"));
        assert_eq!(gives("ola"), Gives::default());
    }

    #[test]
    fn the_way_there_and_back_leads_to_the_same() {
        let everybody = everybody_of(POLICY);
        for login in ["lars", "kari", "ingrid"] {
            let may = of(&everybody, login);
            assert_eq!(&May::of(&may.gives(mapping()), mapping(), may), may, "{login}");
        }
    }

    #[test]
    fn what_is_given_in_part_is_not_held_and_is_told() {
        let everybody = everybody_of(POLICY);
        let may = of(&everybody, "lars");
        let mut gives = may.gives(mapping());
        gives.types.get_mut("persons.contact").unwrap().export = false;
        // To whom nothing was given, a part of it is nothing, and told beyond.
        let held = May::of(&gives, mapping(), &May::default());
        assert!(!held.plain.contains(&RightName::foreign("data.export")));
        let beyond = gives.beyond(&held.gives(mapping()));
        assert_eq!(beyond, ["opportunities.opportunity export", "persons.organisation export"]);
        // Of what somebody has, the part that is missing is told.
        let held = May::of(&gives, mapping(), may);
        assert_eq!(&held, may);
        assert_eq!(held.gives(mapping()).beyond(&gives), ["persons.contact export"]);
    }
}
