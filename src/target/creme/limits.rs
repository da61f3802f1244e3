//! What of a policy Creme cannot say, by the mapping, and for how long what was written holds.

use std::collections::BTreeSet;

use crate::date::Date;
use crate::language::{IntoWord, Word};
use crate::model::{Id, ModuleId, Policy, RightId, Scope, UserId};
use crate::name::Name;
use crate::resolve::{Bits, InForce, Population};
use crate::say;
use crate::state::State;
use crate::target::limits::{Concerned, Limit, Limits};

use super::Seen;
use super::held::Held;
use super::mapping::{Differs, Mapping, mapping};
use super::may::{self, USE};

/// How many days are looked at one by one for the first that changes anything.
const DAYS: usize = 60;

/// What Creme cannot say of a policy, by what was seen of it.
pub fn limits(policy: &Policy, on: Date, seen: &Seen) -> Limits {
    let Seen { mapping: installed, held, linked } = seen;
    let in_force = InForce::new(policy, on);
    let population = Population::new(&in_force);
    let whole = mapping();
    let (placed, starting) = (whole.rights(), holders(&population, policy.right_called(whole.start.as_str())));
    let mut limits = Limits { crm: whole.crm.clone(), people: starting.len(), ..Limits::default() };
    for (right, name, _) in policy.rights.iter() {
        if name.as_str() == USE {
            limits.nowhere.extend(modules(&population, right, installed));
            continue;
        }
        let holders = holders(&population, Some(right));
        let told = |differs: Option<&Differs>| {
            let concerns = differs.map_or(Concerned::Holders, |differs| differs.concerns);
            let people = match concerns {
                Concerned::Holders => holders.clone(),
                Concerned::Others => starting.difference(&holders).copied().collect(),
            };
            let why = differs.map(|differs| differs.why.clone()).unwrap_or_default();
            limit(policy, name.to_string(), why, concerns, &people)
        };
        if whole.nearly.contains_key(name) {
            limits.nearly.extend(told(whole.nearly.get(name)));
        } else if !placed.contains(name) && !whole.everybody.contains(name) && is_ruled(policy, right) {
            limits.nowhere.extend(told(whole.nowhere.get(name)));
        }
    }
    let is_there = |login: Option<&Name>| login.is_some_and(|login| held.accounts.contains_key(login));
    for (_, login, user) in policy.users.iter() {
        let account = held.accounts.get(login).filter(|account| !account.is_team);
        match account {
            None if user.active && !is_there(user.renamed_from.as_ref()) => limits.missing.push(login.clone()),
            Some(account) if account.is_active && account.is_above() && user.superuser => {
                limits.unruled.push(login.clone());
            }
            Some(account) if account.is_active && account.is_above() && !linked.contains(login) => {
                limits.undeclared.push(login.clone());
            }
            _ => {}
        }
    }
    let is_stranger = |login: &Name| policy.users.find(login).is_none();
    let above = held.accounts.iter().filter(|(_, account)| account.is_active && !account.is_team && account.is_above());
    limits.strangers = above.map(|(login, _)| login).filter(|login| is_stranger(login)).cloned().collect();
    let members = |team: &BTreeSet<Name>| team.iter().cloned().collect::<Vec<Name>>();
    limits.teams = held.teams.iter().map(|(team, people)| (team.clone(), members(people))).collect();
    limits.until = until(policy, on, held, installed);
    limits
}

/// Whether a policy says anything of a right.
fn is_ruled(policy: &Policy, right: RightId) -> bool {
    policy.rules.iter().any(|rule| rule.right == right)
}

fn limit(policy: &Policy, what: String, why: Word, concerns: Concerned, people: &BTreeSet<UserId>) -> Option<Limit> {
    let people: Vec<Name> = people.iter().map(|user| policy.users.key(*user).clone()).collect();
    (!people.is_empty()).then_some(Limit { what, why, concerns, people })
}

/// Who may anything of a right, beside what one does with the own data.
fn holders(population: &Population<'_>, right: Option<RightId>) -> BTreeSet<UserId> {
    let mut holders = BTreeSet::new();
    let Some(right) = right else { return holders };
    let is_over_people = population.in_force().policy.rights.get(right).scope == Some(Scope::People);
    may::ask(population, right, &mut |user, bits: &Bits| {
        if !is_over_people || bits.ones().any(|at| at != user.index()) {
            holders.insert(user);
        }
    });
    holders
}

/// The modules that this Creme has not, with those who may use them.
fn modules(population: &Population<'_>, uses: RightId, installed: &Mapping) -> Vec<Limit> {
    let policy = population.in_force().policy;
    let mut users: Vec<BTreeSet<UserId>> = vec![BTreeSet::new(); policy.modules.len()];
    may::ask(population, uses, &mut |user, bits: &Bits| {
        users.iter_mut().enumerate().filter(|(at, _)| bits.contains(*at)).for_each(|(_, of)| of.extend([user]));
    });
    let lacking = policy.modules.iter().filter(|(_, name, _)| !installed.modules.contains_key(*name));
    let told = |(id, name, _): (ModuleId, &Name, _)| {
        let why = mapping().modules.get(name).map(|app| say!("the app {app} is not installed", app = &app.app));
        let what = format!("{USE} of {name}");
        limit(policy, what, why.map(IntoWord::into_word).unwrap_or_default(), Concerned::Holders, &users[id.index()])
    };
    lacking.filter_map(told).collect()
}

/// The first later day on which people may something else in Creme. After many days that change nothing the next one counts.
fn until(policy: &Policy, on: Date, held: &Held, mapping: &Mapping) -> Option<Date> {
    let owners: BTreeSet<Name> = held.accounts.keys().cloned().collect();
    let state = State::of(policy);
    let on_day = |day| may::everybody(state.clone(), day, mapping, &owners);
    let today = on_day(on);
    let later: Vec<Date> = policy.turning_days().into_iter().filter(|day| *day > on).collect();
    later.iter().take(DAYS).find(|day| on_day(**day) != today).or_else(|| later.get(DAYS)).copied()
}
