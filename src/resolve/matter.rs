//! Whether a rule matters: whether some answer would be another without it.

use crate::model::{GroupId, Id, RuleId, Scope, Subject, UserId};

use super::spread::Said;
use super::{Set, Space, Spread};

/// Whether anybody's answer about the right of a spread would be another without one of its rules, on the day of its
/// population. A rule that is not in force then does not matter.
pub fn matters(spread: &mut Spread<'_>, rule: RuleId) -> bool {
    let policy = spread.population.in_force().policy;
    match policy.rule(rule).subject {
        Subject::User(user) => policy.users.get(user).active && matters_to(spread, user, rule),
        Subject::Group(group) => matters_in(spread, group, rule),
    }
}

/// Whether an own rule matters to its user.
fn matters_to(spread: &mut Spread<'_>, user: UserId, rule: RuleId) -> bool {
    let mut rest = spread.rules_of(Subject::User(user));
    let Some(at) = rest.iter().position(|own| *own == rule) else { return false };
    rest.remove(at);
    let before = spread.held(user);
    let said = Said::new(spread.population, &rest, &spread.space);
    let mut after = spread.given(user);
    after.difference_with(&said.deny);
    after.union_with(&said.allow);
    after.symmetric_difference_with(&before);
    remove(&mut after, own_position(spread, user));
    !after.is_empty()
}

/// Whether a rule of a group matters to one of its active members.
fn matters_in(spread: &mut Spread<'_>, group: GroupId, rule: RuleId) -> bool {
    let population = spread.population;
    let policy = population.in_force().policy;
    let in_force = spread.rules_of(Subject::Group(group));
    if !in_force.contains(&rule) {
        return false;
    }
    let rest: Vec<RuleId> = in_force.into_iter().filter(|other| *other != rule).collect();
    // Of what a group says only what it gives can change an answer: what nobody gives is refused.
    let mut given = Said::new(population, &rest, &spread.space).allow;
    let Some(said) = spread.said(group) else { return false };
    given.symmetric_difference_with(&said.allow);
    if given.is_empty() {
        return false;
    }
    population.members(group).iter().any(|user| {
        if !policy.users.get(*user).active {
            return false;
        }
        let mut open = given.clone();
        if let Some(own) = spread.own_said(*user) {
            open.difference_with(&own.allow);
            open.difference_with(&own.deny);
        }
        remove(&mut open, own_position(spread, *user));
        for other in population.person(*user).groups.iter().filter(|other| **other != group) {
            if let Some(said) = spread.said(*other) {
                open.difference_with(&said.allow);
            }
        }
        !open.is_empty()
    })
}

/// Where a user's own data stand, if they need no right.
fn own_position(spread: &Spread<'_>, user: UserId) -> usize {
    let right = spread.population.in_force().policy.rights.get(spread.right);
    if right.own_data_allowed && right.scope == Some(Scope::People) {
        spread.space.at(user.index())
    } else {
        Space::OUTSIDE
    }
}

fn remove(set: &mut Set, position: usize) {
    if position != Space::OUTSIDE {
        set.remove(position);
    }
}
