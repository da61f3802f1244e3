//! Two repositories compared, company by company.

use std::collections::BTreeSet;

use crate::date::Date;
use crate::diff::{Diff, Later, SPELLED, diff_within, later};
use crate::model::Policy;
use crate::name::{Name, RightName};
use crate::resolve::InForce;

/// One company on both sides.
#[derive(Debug)]
pub struct Compared<'s> {
    /// Its name, if it has one.
    pub company: Option<&'s Name>,
    /// What it was, and what it is.
    pub policies: [&'s Policy; 2],
    /// The days on which each is asked.
    pub days: [Date; 2],
    /// The difference.
    pub diff: Diff,
    /// What later days bring beyond it.
    pub later: Vec<Later>,
}

impl<'s> Compared<'s> {
    /// Compares the two policies of a company on a day.
    pub fn on(company: Option<&'s Name>, policies: [&'s Policy; 2], day: Date) -> Self {
        Self::between(company, policies, [day, day])
    }

    /// Compares the policies of a company, each on a day of its own.
    pub fn between(company: Option<&'s Name>, policies: [&'s Policy; 2], days: [Date; 2]) -> Self {
        Self::within(company, policies, days, SPELLED)
    }

    /// The same, with at most so many single answers of people who are new or gone; more are told in sum.
    pub fn within(company: Option<&'s Name>, policies: [&'s Policy; 2], days: [Date; 2], most: usize) -> Self {
        let [base, head] = [0, 1].map(|side| InForce::new(policies[side], days[side]));
        Self { company, policies, days, diff: diff_within(&base, &head, most), later: Vec::new() }
    }

    /// Looks at every later day too.
    #[must_use]
    pub fn and_later(mut self, day: Date) -> Self {
        self.later = later(self.policies[0], self.policies[1], (day, &self.diff));
        self
    }

    /// Whether nobody gains or loses anything, on any day that was looked at.
    pub fn changes_nothing(&self) -> bool {
        self.diff.changes_nothing() && self.later.iter().all(Later::changes_nothing)
    }

    /// Everybody who is in either policy, in order.
    pub fn people(&self) -> BTreeSet<&Name> {
        self.policies.iter().flat_map(|policy| policy.users.keys()).collect()
    }
}

/// The rights that several companies together call sensitive, by name.
pub type Sensitive = BTreeSet<RightName>;
