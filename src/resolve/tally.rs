//! How many targets a person reaches, counted without spelling out which where that can be helped.
//!
//! Most groups reach few targets, and in a large firm nearly everybody is in groups of an own mixture. So what they give
//! is counted position by position, and sets as long as the firm are joined only for people whose groups reach far.

use std::collections::BTreeMap;

use crate::model::{Effect, Id, UserId};

use super::spread::tier;
use super::{Space, Spread, Tier};

impl Spread<'_> {
    /// How many positions an active person reaches, and whether a certain one is among them.
    pub fn count(&mut self, user: UserId, at: usize) -> (usize, bool) {
        let population = self.population;
        let policy = population.in_force().policy;
        let own = self.own.get(&user).map(Vec::as_slice).unwrap_or_default();
        let speaking = population.person(user).groups.iter().filter_map(|group| self.groups[group.index()].as_ref());
        let near = own.iter().all(|rule| tier(policy.rule(*rule)) == Tier::Itself);
        if !near || speaking.clone().any(|said| said.few.is_none()) {
            let bits = self.bits(user);
            return (bits.count_ones(..), bits.contains(at));
        }
        for position in speaking.flat_map(|said| said.few.iter().flatten()) {
            if !self.scratch.put(*position) {
                self.touched.push(*position);
            }
        }
        let (mut count, mut reached) = (self.touched.len(), self.scratch.contains(at));
        // Own rules about single targets stand over what groups give; where two of them stand, taking wins.
        let mut differing = BTreeMap::new();
        for rule in own.iter().map(|rule| policy.rule(*rule)) {
            let allows = rule.effect == Effect::Allow;
            let position = population.position(rule.target, &self.space);
            differing.entry(position).and_modify(|allowed| *allowed &= allows).or_insert(allows);
        }
        differing.remove(&Space::OUTSIDE);
        for (position, allowed) in differing {
            count = count + usize::from(allowed) - usize::from(self.scratch.contains(position));
            reached = if position == at { allowed } else { reached };
        }
        for position in self.touched.drain(..) {
            self.scratch.set(position, false);
        }
        (count, reached)
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
        let mut groups = population.person(user).groups.iter().filter_map(|group| self.groups[group.index()].as_ref());
        groups.any(|said| said.allow.contains(position))
    }
}
