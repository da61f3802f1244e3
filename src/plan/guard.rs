//! Guards: what a plan may not do unless somebody confirms it by name.
//!
//! Takes a plan with what it was made from and the settings, gives what trips, with everybody concerned. Judges what
//! people can do, not what is written. Never decides what becomes of a plan.

mod rights;
mod words;

use std::collections::BTreeSet;

use crate::diff;
use crate::model::key::GroupKey;
use crate::name::{Name, RightName};
use crate::state::{Fact, Key, Kind, MemberKey, State, UserFact};
use crate::syntax::gate::Turn;
use crate::syntax::settings::{Guard, Limit, Settings};
use crate::text::Place;

use super::{Base, Plan};

/// A plan, and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What the last apply wrote; none before the first.
    pub base: Option<&'a Base>,
    /// The plan.
    pub plan: &'a Plan,
    /// What the policy declares.
    pub desired: &'a State,
    /// The day for which gains and losses were worked out.
    pub on: crate::date::Date,
    /// The guards and the operators.
    pub settings: &'a Settings,
    /// Who runs the program, as the operating system calls them.
    pub os_user: Option<&'a str>,
}

/// A guard that trips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tripped {
    /// Which one.
    pub guard: Guard,
    /// About what.
    pub subject: Subject,
    /// How many there are.
    pub found: usize,
    /// Out of how many that the database has now.
    pub of: usize,
    /// How many would have been too many.
    pub limit: Limit,
    /// How many people are let through besides, whatever share they are.
    pub people: usize,
    /// Where the limit stands; none, if it is the default.
    pub place: Option<Place>,
    /// Everybody concerned, in order.
    pub users: Vec<Name>,
}

/// What a guard trips over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The accounts.
    Accounts,
    /// A right.
    Right(RightName),
    /// A group or role.
    Group(GroupKey),
    /// A kind of thing.
    Section(Kind),
    /// The superusers.
    Superusers,
    /// What the operator loses.
    Own(Own),
}

/// What an operator can lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Own {
    /// The account.
    Account,
    /// The start of the program.
    Start,
    /// Being a superuser.
    Superuser,
}

impl Own {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Start => START,
            Self::Superuser => "superuser",
        }
    }
}

/// The right without which nothing else can be used.
const START: &str = "program.start";

/// A limit as it counts: of the settings, or the default.
#[derive(Debug, Clone, Copy)]
struct Measure {
    guard: Guard,
    limit: Limit,
    people: usize,
    place: Option<Place>,
}

impl Measure {
    fn of(guard: Guard, settings: &Settings) -> Self {
        match settings.guards.said(guard) {
            Some(said) => Self { guard, limit: said.value, people: 0, place: Some(settings.place(said.span)) },
            None => Self { guard, limit: guard.default_limit(), people: guard.default_people(), place: None },
        }
    }

    /// Whether so many people can be too many at all.
    fn can_trip(&self, people: usize) -> bool {
        self.limit != Limit::Off && people > self.people
    }

    fn judge(&self, subject: Subject, found: usize, of: usize, users: BTreeSet<&Name>) -> Option<Tripped> {
        let trips = self.can_trip(users.len()) && self.limit.is_passed(found, of);
        trips.then(|| self.tripped(subject, found, of, users))
    }

    fn tripped(&self, subject: Subject, found: usize, of: usize, users: BTreeSet<&Name>) -> Tripped {
        let Self { guard, limit, people, place } = *self;
        Tripped { guard, subject, found, of, limit, people, place, users: users.into_iter().cloned().collect() }
    }
}

/// Everything that trips, in the order of the guards. A first apply to a database without users trips nothing: there is
/// nobody whom it could take anything from.
pub fn judge(case: &Case<'_>) -> Vec<Tripped> {
    let first = case.base.is_none() && users(&case.plan.before).next().is_none();
    if case.plan.is_empty() || first {
        return Vec::new();
    }
    let mut found = Vec::new();
    found.extend(removed(case));
    found.extend(rights::judge(case));
    found.extend(empty_sections(case));
    found.extend(last_superuser(case));
    found.extend(operator(case));
    found
}

fn users(state: &State) -> impl Iterator<Item = (&Name, &UserFact)> {
    state.facts.iter().filter_map(|(key, fact)| match (key, fact) {
        (Key::User(name), Fact::User(user)) => Some((name, user)),
        _ => None,
    })
}

fn account<'s>(state: &'s State, name: &Name) -> Option<&'s UserFact> {
    match state.facts.get(&Key::User(name.clone())) {
        Some(Fact::User(user)) => Some(user),
        _ => None,
    }
}

fn is_active(state: &State, name: &Name) -> bool {
    account(state, name).is_some_and(|user| user.active)
}

/// Active accounts that go out of use.
fn removed(case: &Case<'_>) -> Option<Tripped> {
    let active: Vec<&Name> = users(&case.plan.before).filter(|(_, user)| user.active).map(|(name, _)| name).collect();
    let gone: BTreeSet<&Name> = active.iter().copied().filter(|name| !is_active(&case.plan.after, name)).collect();
    Measure::of(Guard::RemoveUsers, case.settings).judge(Subject::Accounts, gone.len(), active.len(), gone)
}

/// Kinds of which the policy has nothing, and the database or the last apply more than a few.
fn empty_sections(case: &Case<'_>) -> Vec<Tripped> {
    let measure = Measure::of(Guard::EmptySection, case.settings);
    let count = |state: &State, kind: Kind| state.facts.iter().filter(|(key, fact)| counts(key, fact, kind)).count();
    let vanished = |kind: &Kind| {
        if measure.limit == Limit::Off || count(case.desired, *kind) > 0 {
            return None;
        }
        let (now, after) = (count(&case.plan.before, *kind), count(&case.plan.after, *kind));
        // What somebody has taken out long ago does not go away with this plan. Accounts do, whoever puts them out of use.
        let base = case.base.filter(|_| now > 0 || *kind == Kind::User);
        let before = base.map(Base::rows).unwrap_or_default().iter().filter(|row| {
            row.kind == *kind
                && (*kind != Kind::User || row.is("active", true))
                && (*kind != Kind::Right || row.is("builtin", false))
        });
        // What the policy never had, and what stays all the same, has not vanished.
        let found = before.count().max(if after < now { now } else { 0 });
        // A firm without users is none, however small it is.
        let trips = if *kind == Kind::User { found > 0 } else { measure.limit.is_passed(found, found) };
        trips.then(|| {
            let rows = case.plan.before.facts.iter().filter(|(key, fact)| counts(key, fact, *kind));
            let concerned = rows.filter_map(|(key, _)| match key {
                Key::User(name) | Key::Access(name) | Key::Member { member: MemberKey::User(name), .. } => Some(name),
                _ => None,
            });
            measure.tripped(Subject::Section(*kind), found, found, concerned.collect())
        })
    };
    Kind::ALL.iter().filter_map(vanished).collect()
}

/// Whether a fact is one of a kind that can vanish. An account out of use is none any more, and the rights of the
/// catalogue stand in no policy.
fn counts(key: &Key, fact: &Fact, kind: Kind) -> bool {
    let stands = match fact {
        Fact::User(user) => user.active,
        Fact::Right(right) => !right.builtin,
        _ => true,
    };
    stands && key.kind() == kind
}

fn last_superuser(case: &Case<'_>) -> Option<Tripped> {
    let of = |state| -> BTreeSet<&Name> {
        users(state).filter(|(_, user)| user.active && user.superuser).map(|(name, _)| name).collect()
    };
    // Where the last apply left no superuser, one that somebody made by hand is none that anybody relies on.
    if case.base.is_some_and(|base| !had_superuser(base)) {
        return None;
    }
    let (before, after) = (of(&case.plan.before), of(&case.plan.after));
    let lost = if after.is_empty() { before.len() } else { 0 };
    Measure::of(Guard::LastSuperuser, case.settings).judge(Subject::Superusers, lost, lost, before)
}

/// Whether the last apply left anybody in use as a superuser.
fn had_superuser(base: &Base) -> bool {
    base.rows().iter().any(|row| row.kind == Kind::User && row.is("superuser", true) && row.is("active", true))
}

/// What whoever runs the program would lose of the own access.
fn operator(case: &Case<'_>) -> Vec<Tripped> {
    let measure = Measure::of(Guard::Operator, case.settings);
    let (before, after) = (&case.plan.before, &case.plan.after);
    let known = case.settings.operators.iter().find(|operator| case.os_user == Some(&*operator.os_user.value));
    let Some(name) = known.map(|operator| &operator.user.value).filter(|name| is_active(before, name)) else {
        return Vec::new();
    };
    let is_superuser = |state| account(state, name).is_some_and(|user| user.active && user.superuser);
    let lost = [
        (Own::Account, !is_active(after, name)),
        (Own::Start, loses(&case.plan.effective, name, START)),
        (Own::Superuser, is_superuser(before) && !is_superuser(after)),
    ];
    let lost = lost.into_iter().filter(|(_, lost)| *lost);
    lost.filter_map(|(what, _)| measure.judge(Subject::Own(what), 1, 1, BTreeSet::from([name]))).collect()
}

fn loses(effective: &diff::Effective, name: &Name, right: &str) -> bool {
    let mut of_right = effective.losses.iter().filter(|change| change.right.as_str() == right);
    let mut in_sum = effective.sums.iter().filter(|sum| sum.turn == Turn::Loss && sum.right.as_str() == right);
    of_right.any(|change| change.users.binary_search(name).is_ok()) || in_sum.any(|sum| sum.users.contains(name))
}
