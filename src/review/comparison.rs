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
    pub fn people(&self) -> Everybody<'s> {
        Everybody::of_either(self.policies)
    }
}

/// Everybody who is in a policy, or in one of two, in order of names. Where both have the same people nobody is listed
/// anew.
#[derive(Debug, Clone)]
pub enum Everybody<'p> {
    /// The people of a policy.
    Of(&'p [Name]),
    /// Those of two.
    Either(Vec<&'p Name>),
}

impl<'p> Everybody<'p> {
    /// The people of two policies.
    pub fn of_either(policies: [&'p Policy; 2]) -> Self {
        let [base, head] = policies.map(|policy| policy.users.keys());
        if base == head {
            return Self::Of(head);
        }
        let mut all: Vec<&Name> = base.iter().chain(head).collect();
        all.sort();
        all.dedup();
        Self::Either(all)
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        match self {
            Self::Of(names) => names.len(),
            Self::Either(names) => names.len(),
        }
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whoever is not among some; `None` if one of these is none of them.
    pub fn missing(&self, some: &BTreeSet<&Name>) -> Option<Vec<&'p Name>> {
        let missing: Vec<&Name> = match self {
            Self::Of(names) => names.iter().filter(|name| !some.contains(name)).collect(),
            Self::Either(names) => names.iter().copied().filter(|name| !some.contains(name)).collect(),
        };
        (missing.len() + some.len() == self.len()).then_some(missing)
    }
}

/// The rights that several companies together call sensitive, by name.
pub type Sensitive = BTreeSet<RightName>;
