//! How many targets a person reaches, counted without spelling out which where that can be helped.
//!
//! Most groups reach few targets, and in a large firm nearly everybody is in groups of an own mixture. So what they give
//! is counted position by position. Where a group reaches all but a few, these few are looked at instead. Sets are joined
//! only for people whose groups reach something in between.

use std::collections::BTreeMap;

use crate::model::{Effect, Subject, UserId};

use super::spread::{Said, tier};
use super::{Space, Spread, Tier};

/// So many positions that a group leaves out are few enough to be looked at one by one.
const FEW_LEFT_OUT: usize = 4_096;

impl Spread<'_> {
    /// How many positions an active person reaches, and whether a certain one is among them.
    pub fn count(&mut self, user: UserId, at: usize) -> (usize, bool) {
        let population = self.population;
        let policy = population.in_force().policy;
        let own = self.rules_of(Subject::User(user));
        if own.iter().any(|rule| tier(policy.rule(*rule)) != Tier::Itself) {
            let held = self.held(user);
            return (held.len(), held.contains(at));
        }
        let (mut scratch, mut touched) = (std::mem::take(&mut self.scratch), std::mem::take(&mut self.touched));
        let speaking: Vec<&Said> =
            population.person(user).groups.iter().filter_map(|group| self.said(*group)).collect();
        let widest = speaking.iter().enumerate().max_by_key(|(_, said)| said.allow.len());
        let gives = |position: usize| speaking.iter().any(|said| said.allow.contains(position));
        let counted = if speaking.iter().all(|said| said.few.is_some()) {
            for position in speaking.iter().flat_map(|said| said.few.iter().flatten()) {
                if !scratch.put(*position) {
                    touched.push(*position);
                }
            }
            let found = (touched.len(), scratch.contains(at));
            Some(found)
        } else {
            widest.and_then(|(index, widest)| {
                let left_out = widest.allow.left_out().filter(|_| widest.allow.missing() <= FEW_LEFT_OUT)?;
                let others = |position: &usize| {
                    let others = speaking.iter().enumerate().filter(|(other, _)| *other != index);
                    others.map(|(_, said)| said).any(|said| said.allow.contains(*position))
                };
                let left_out = left_out.filter(|position| !others(position)).count();
                Some((self.space.size - left_out, gives(at)))
            })
        };
        let found = counted.map(|(mut count, mut reached)| {
            // Own rules about single targets stand over what groups give; where two of them stand, taking wins.
            let mut differing = BTreeMap::new();
            for rule in own.iter().map(|rule| policy.rule(*rule)) {
                let allows = rule.effect == Effect::Allow;
                let position = population.position(rule.target, &self.space);
                differing.entry(position).and_modify(|allowed| *allowed &= allows).or_insert(allows);
            }
            differing.remove(&Space::OUTSIDE);
            for (position, allowed) in differing {
                count = count + usize::from(allowed) - usize::from(gives(position));
                reached = if position == at { allowed } else { reached };
            }
            (count, reached)
        });
        for position in touched.drain(..) {
            scratch.set(position, false);
        }
        (self.scratch, self.touched) = (scratch, touched);
        found.unwrap_or_else(|| {
            let held = self.held(user);
            (held.len(), held.contains(at))
        })
    }

    /// Whether a person may do it at one position; own data apart.
    pub fn may(&mut self, user: UserId, position: usize) -> bool {
        let population = self.population;
        if !population.in_force().policy.users.get(user).active {
            return false;
        }
        if let Some(own) = self.own_said(user).filter(|own| own.allow.contains(position) || own.deny.contains(position))
        {
            return own.allow.contains(position);
        }
        let mut groups = population.person(user).groups.iter().filter_map(|group| self.said(*group));
        groups.any(|said| said.allow.contains(position))
    }
}
