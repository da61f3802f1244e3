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

/// One answer that changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Whose answer.
    pub user: Name,
    /// About which right.
    pub right: RightName,
    /// Over whom or what; `None` for plain rights.
    pub target: Option<TargetKey>,
    /// The step that decides in the head.
    pub step: Step,
    /// The rule that gives it: the head's for a gain, the base's for a loss.
    pub rule: Option<Place>,
}

/// Everything that changed for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    /// What somebody may do in the head and might not in the base.
    pub gains: Vec<Change>,
    /// What somebody might do in the base and may not in the head.
    pub losses: Vec<Change>,
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
                let plain = |side: usize| ids[side].filter(|_| scopes[side] == Some(None));
                let answers = [0, 1].map(|side| example.decide(sides[side], side, plain(side), None));
                if differ(answers) {
                    class.iter().for_each(|who| found.add(who, right, ids, None, answers, sides));
                }
            }
            for scope in Scope::ALL.into_iter().filter(|scope| scopes.contains(&Some(Some(*scope)))) {
                let scoped = |side: usize| ids[side].filter(|_| scopes[side] == Some(Some(scope)));
                let own_allowed = [0, 1]
                    .map(|side| scoped(side).is_some_and(|id| sides[side].policy.rights.get(id).own_data_allowed));
                for group in &aims[&scope] {
                    found.compare(class, group, right, [scoped(0), scoped(1)], own_allowed, sides);
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

fn differ([base, head]: [Decision; 2]) -> bool {
    base.allowed != head.allowed
}

impl Effective {
    /// Compares the answers of a class of people about a class of targets.
    fn compare(
        &mut self,
        askers: &[&Who<'_>],
        asked: &[What<'_>],
        right: &RightName,
        ids: [Option<RightId>; 2],
        own_allowed: [bool; 2],
        sides: [&InForce<'_>; 2],
    ) {
        let is_own = |who: &Who<'_>, what: &What<'_>| matches!(&what.key, TargetKey::User(name) if name == who.name);
        // Any pair will do that is not about oneself; answers about oneself are looked at one by one.
        let pairs = || askers.iter().flat_map(|who| asked.iter().map(move |what| (*who, what)));
        let answers = |who: &Who<'_>, what: &What<'_>| {
            [0, 1].map(|side| match &what.sides[side] {
                Some(aim) => who.decide(sides[side], side, ids[side], Some(aim)),
                None => Decision { allowed: false, step: Step::Default },
            })
        };
        let common = pairs().find(|(who, what)| !is_own(who, what)).map(|(who, what)| answers(who, what));
        let common_differs = common.is_some_and(differ);
        let own_matters = own_allowed != [true, true] && pairs().any(|(who, what)| is_own(who, what));
        if !common_differs && !own_matters {
            return;
        }
        for (who, what) in pairs() {
            let own = is_own(who, what);
            if own && own_allowed.contains(&true) || !own && !common_differs {
                continue;
            }
            let both = if own { answers(who, what) } else { common.unwrap_or_else(|| answers(who, what)) };
            if differ(both) {
                self.add(who, right, ids, Some(what), both, sides);
            }
        }
    }

    fn add(
        &mut self,
        who: &Who<'_>,
        right: &RightName,
        ids: [Option<RightId>; 2],
        what: Option<&What<'_>>,
        [_, head]: [Decision; 2],
        sides: [&InForce<'_>; 2],
    ) {
        let at = usize::from(head.allowed);
        let request = who.id(at).zip(ids[at]).map(|(user, right)| {
            let target = what.and_then(|what| what.sides[at].as_ref()).map(Aim::single);
            Request { user, right, target }
        });
        let rules = request.map(|request| prove(sides[at], request).rules).unwrap_or_default();
        let rule = rules.first().and_then(|proven| sides[at].policy.rule(proven.rule).place);
        let change = Change {
            user: who.name.clone(),
            right: right.clone(),
            target: what.map(|what| what.key.clone()),
            step: head.step,
            rule,
        };
        if head.allowed { self.gains.push(change) } else { self.losses.push(change) }
    }
}
