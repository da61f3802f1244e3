//! The effective difference of two policies: who gains and who loses what.
//!
//! Complete over plain and scoped rights. People whose settings cannot differ are decided once: two users without
//! own rules, of the same groups before and after, get the same answers, and so do the answers about them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::key::TargetKey;
use crate::model::{Id, Policy, RightId, Rule, Scope, Single, Subject, Target, UserId};
use crate::name::{Name, RightName};
use crate::resolve::{Aim, Decision, InForce, Person, Request, Step, decide_for, prove};
use crate::text::Place;

/// Answers that changed alike: everyone of some users, over every one of some targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// About which right.
    pub right: RightName,
    /// Whose answers, in order.
    pub users: Vec<Name>,
    /// Over whom or what, in order, nobody over the own data; `None` for plain rights.
    pub targets: Option<Vec<TargetKey>>,
    /// The step that decides in the head.
    pub step: Step,
    /// The rule that gives it: the head's for a gain, the base's for a loss.
    pub rule: Option<Place>,
}

impl Change {
    /// Every single answer: who, and over whom or what.
    pub fn singles(&self) -> impl Iterator<Item = (&Name, Option<&TargetKey>)> {
        let plain = self.targets.is_none();
        let targets = move || self.targets.iter().flatten().map(Some).chain(plain.then_some(None));
        let pairs = self.users.iter().flat_map(move |user| targets().map(move |target| (user, target)));
        // A change about own data stands alone, as one user over that user.
        let alone = self.users.len() == 1 && self.targets.as_ref().is_some_and(|targets| targets.len() == 1);
        pairs.filter(move |(user, target)| alone || !target.is_some_and(|target| is_own(user, target)))
    }

    /// How many single answers there are.
    pub fn count(&self) -> usize {
        let Some(targets) = &self.targets else { return self.users.len() };
        if self.users.len() == 1 && targets.len() == 1 {
            return 1;
        }
        let own = targets.iter().filter(|target| match target {
            TargetKey::User(name) => self.users.binary_search(name).is_ok(),
            _ => false,
        });
        self.users.len() * targets.len() - own.count()
    }
}

fn is_own(user: &Name, target: &TargetKey) -> bool {
    matches!(target, TargetKey::User(name) if name == user)
}

/// Everything that changed for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    /// What somebody may do in the head and might not in the base.
    pub gains: Vec<Change>,
    /// What somebody might do in the base and may not in the head.
    pub losses: Vec<Change>,
}

/// How many single answers some changes are.
pub fn count(changes: &[Change]) -> usize {
    changes.iter().map(Change::count).sum()
}

/// Compares what two policies give to people. Whoever is missing in one of them holds nothing there.
pub fn effective(base: &InForce<'_>, head: &InForce<'_>) -> Effective {
    let sides = [base, head];
    let names: BTreeSet<&Name> =
        sides.iter().flat_map(|side| side.policy.users.iter().map(|(_, name, _)| name)).collect();
    let people: Vec<Who<'_>> = names.into_iter().map(|name| Who::new(name, sides)).collect();
    let askers = classes(&people, |who| who.asking_class(sides));
    let rights: BTreeSet<&RightName> =
        sides.iter().flat_map(|side| side.policy.rights.iter().map(|(_, name, _)| name)).collect();
    let aims: BTreeMap<Scope, Vec<Vec<What<'_>>>> =
        Scope::ALL.into_iter().map(|scope| (scope, targets(scope, &people, sides))).collect();
    let mut found = Effective::default();
    for right in rights {
        let ids = sides.map(|side| side.policy.rights.find(right));
        let scopes = [0, 1].map(|side| ids[side].map(|id| sides[side].policy.rights.get(id).scope));
        for class in &askers {
            let Some(example) = class.first() else { continue };
            if scopes.contains(&Some(None)) {
                let plain = [0, 1].map(|side| ids[side].filter(|_| scopes[side] == Some(None)));
                let answers = [0, 1].map(|side| example.decide(sides[side], side, plain[side], None));
                let which = Which { name: right, ids: plain, own_allowed: [false; 2] };
                found.add(class, None, which, (example, None), answers, sides);
            }
            for scope in Scope::ALL.into_iter().filter(|scope| scopes.contains(&Some(Some(*scope)))) {
                let scoped = [0, 1].map(|side| ids[side].filter(|_| scopes[side] == Some(Some(scope))));
                let own_allowed = [0, 1]
                    .map(|side| scoped[side].is_some_and(|id| sides[side].policy.rights.get(id).own_data_allowed));
                let which = Which { name: right, ids: scoped, own_allowed };
                for asked in &aims[&scope] {
                    found.compare(class, asked, which, sides);
                }
            }
        }
    }
    found.gains.sort();
    found.losses.sort();
    found
}

/// A person in both policies.
struct Who<'p> {
    name: &'p Name,
    sides: [Option<Person>; 2],
}

impl<'p> Who<'p> {
    fn new(name: &'p Name, sides: [&InForce<'p>; 2]) -> Self {
        let side = |in_force: &InForce<'_>| in_force.policy.users.find(name).map(|user| Person::new(in_force, user));
        Self { name, sides: sides.map(side) }
    }

    fn id(&self, side: usize) -> Option<UserId> {
        self.sides[side].as_ref().map(|person| person.user)
    }

    fn decide(&self, in_force: &InForce<'_>, side: usize, right: Option<RightId>, aim: Option<&Aim<'_>>) -> Decision {
        match (&self.sides[side], right) {
            (Some(person), Some(right)) => decide_for(in_force, person, right, aim),
            _ => Decision { allowed: false, step: Step::Default },
        }
    }

    /// People of one class get the same answers, apart from those about their own data.
    fn asking_class(&self, sides: [&InForce<'_>; 2]) -> Class<'_> {
        let side = |side: usize| {
            let person = self.sides[side].as_ref()?;
            let active = sides[side].policy.users.get(person.user).active;
            Some((active, person.groups.iter().map(|group| group.index()).collect()))
        };
        let own_rules =
            [0, 1].into_iter().any(|at| self.id(at).is_some_and(|id| sides[at].policy.has_rules(Subject::User(id))));
        Class { alone: own_rules.then_some(self.name), sides: [side(0), side(1)] }
    }

    /// About people of one class the same answers are given, apart from those to themselves.
    fn asked_class(&self, named: &BTreeSet<Name>) -> Class<'_> {
        let side = |side: usize| {
            let person = self.sides[side].as_ref()?;
            Some((true, person.groups.iter().map(|group| group.index()).collect()))
        };
        Class { alone: named.contains(self.name).then_some(self.name), sides: [side(0), side(1)] }
    }
}

/// What makes people alike.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Class<'p> {
    alone: Option<&'p Name>,
    sides: [Option<(bool, Vec<usize>)>; 2],
}

fn classes<'p, 'a>(people: &'a [Who<'p>], class: impl Fn(&'a Who<'p>) -> Class<'a>) -> Vec<Vec<&'a Who<'p>>> {
    let mut classes: BTreeMap<Class<'a>, Vec<&'a Who<'p>>> = BTreeMap::new();
    for who in people {
        classes.entry(class(who)).or_default().push(who);
    }
    classes.into_values().collect()
}

/// A single target in both policies.
struct What<'p> {
    key: TargetKey,
    sides: [Option<Aim<'p>>; 2],
}

/// The single targets of a scope, those together about which the same answers are given.
fn targets<'p>(scope: Scope, people: &[Who<'p>], sides: [&InForce<'p>; 2]) -> Vec<Vec<What<'p>>> {
    if scope == Scope::People {
        let named = sides.iter().flat_map(|side| {
            let users = side.policy.rules.iter().filter_map(|rule: &Rule| match rule.target {
                Some(Target::User(id)) => Some(side.policy.users.key(id).clone()),
                _ => None,
            });
            users.collect::<Vec<_>>()
        });
        let named: BTreeSet<Name> = named.collect();
        let what = |who: &&Who<'p>| What {
            key: TargetKey::User(who.name.clone()),
            sides: [0, 1].map(|side| who.sides[side].clone().map(Aim::Person)),
        };
        return classes(people, |who| who.asked_class(&named))
            .iter()
            .map(|class| class.iter().map(what).collect())
            .collect();
    }
    let names = |policy: &'p Policy| -> Vec<&'p Name> {
        match scope {
            Scope::Modules => policy.modules.iter().map(|(_, name, _)| name).collect(),
            _ => policy.attachments.iter().map(|(_, name, _)| name).collect(),
        }
    };
    let all: BTreeSet<&Name> = sides.iter().flat_map(|side| names(side.policy)).collect();
    let what = |name: &Name| {
        let single = |side: &InForce<'p>| match scope {
            Scope::Modules => side.policy.modules.find(name).map(Single::Module),
            _ => side.policy.attachments.find(name).map(Single::Attachment),
        };
        let key = match scope {
            Scope::Modules => TargetKey::Module(name.clone()),
            _ => TargetKey::Attachment(name.clone()),
        };
        What { key, sides: sides.map(|side| single(side).map(|single| Aim::new(side, single))) }
    };
    all.into_iter().map(|name| vec![what(name)]).collect()
}

/// A right in both policies.
#[derive(Clone, Copy)]
struct Which<'p> {
    name: &'p RightName,
    ids: [Option<RightId>; 2],
    /// On which sides one's own data is always allowed.
    own_allowed: [bool; 2],
}

impl Effective {
    /// Compares the answers of a class of people about a class of targets.
    fn compare(&mut self, askers: &[&Who<'_>], asked: &[What<'_>], right: Which<'_>, sides: [&InForce<'_>; 2]) {
        let own = |who: &Who<'_>, what: &What<'_>| is_own(who.name, &what.key);
        let answers = |who: &Who<'_>, what: &What<'_>| {
            [0, 1].map(|side| match &what.sides[side] {
                Some(aim) => who.decide(sides[side], side, right.ids[side], Some(aim)),
                None => Decision { allowed: false, step: Step::Default },
            })
        };
        // Any pair will do that is not about oneself; answers about oneself are looked at one by one.
        let mut pairs = askers.iter().flat_map(|who| asked.iter().map(move |what| (*who, what)));
        if let Some((who, what)) = pairs.find(|(who, what)| !own(who, what)) {
            self.add(askers, Some(asked), right, (who, Some(what)), answers(who, what), sides);
        }
        if right.own_allowed.contains(&true) {
            return;
        }
        for what in asked {
            let Some(who) = askers.iter().find(|who| own(who, what)) else { continue };
            let alone = std::slice::from_ref(what);
            self.add(&[who], Some(alone), right, (who, Some(what)), answers(who, what), sides);
        }
    }

    /// Adds what a class of people gains or loses over a class of targets, if it does, with the rule of an example.
    fn add(
        &mut self,
        people: &[&Who<'_>],
        over: Option<&[What<'_>]>,
        right: Which<'_>,
        (who, what): (&Who<'_>, Option<&What<'_>>),
        [base, head]: [Decision; 2],
        sides: [&InForce<'_>; 2],
    ) {
        if base.allowed == head.allowed {
            return;
        }
        let at = usize::from(head.allowed);
        let request = who.id(at).zip(right.ids[at]).map(|(user, right)| {
            let target = what.and_then(|what| what.sides[at].as_ref()).map(Aim::single);
            Request { user, right, target }
        });
        let rules = request.map(|request| prove(sides[at], request).rules).unwrap_or_default();
        let change = Change {
            right: right.name.clone(),
            users: people.iter().map(|who| who.name.clone()).collect(),
            targets: over.map(|over| over.iter().map(|what| what.key.clone()).collect()),
            step: head.step,
            rule: rules.first().and_then(|proven| sides[at].policy.rule(proven.rule).place),
        };
        if head.allowed { self.gains.push(change) } else { self.losses.push(change) }
    }
}
