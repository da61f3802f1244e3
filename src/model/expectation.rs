//! What must hold, with names looked up.

use crate::date::Date;
use crate::text::Place;

use super::{Meant, Subject};

pub use crate::syntax::expectation::Bound;

/// An expectation of a policy.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The words of it.
    pub text: Box<str>,
    /// What they mean.
    pub expected: Expected,
    /// The only day on which it shall hold.
    pub on: Option<Date>,
    /// Why.
    pub because: Option<Box<str>>,
    /// Where it is written.
    pub place: Place,
}

/// What is expected. A [`Meant`] without a target is plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// All of a crowd can do all of it.
    Can(Crowd, Meant),
    /// Nobody of a crowd can do any of it.
    Cannot(Crowd, Meant),
    /// Nobody outside of a crowd can do any of it.
    Only(Crowd, Meant),
    /// Nobody holds some of each at once.
    Nobody(Vec<Meant>),
    /// So many users can do it.
    Count(Bound, u32, Meant),
}

/// Of whom something is expected: active users only, whatever stands here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Every declared user.
    pub everyone: bool,
    /// These users, and the members of these groups.
    pub subjects: Vec<Subject>,
    /// But not these.
    pub except: Vec<Subject>,
}

impl Expected {
    /// Who and what it is about.
    pub fn parts(&self) -> (Option<&Crowd>, &[Meant]) {
        match self {
            Self::Can(crowd, meant) | Self::Cannot(crowd, meant) | Self::Only(crowd, meant) => {
                (Some(crowd), std::slice::from_ref(meant))
            }
            Self::Nobody(whats) => (None, whats),
            Self::Count(_, _, meant) => (None, std::slice::from_ref(meant)),
        }
    }
}
