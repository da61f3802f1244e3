//! What must hold, with names looked up.

use crate::date::Date;
use crate::syntax::expectation::{self, ExpectationText};
use crate::syntax::rule::{At, Prefix, Reference, What};
use crate::text::Place;

use super::{Meaningless, Meant, Part, Parts, Subject, rights_of_pattern, subject_named};

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
    /// Looks the names of an expectation up. The words need not come from the policy that is asked.
    ///
    /// # Errors
    /// Everything that is wrong in it, with the part of the text.
    pub fn understand(parts: &Parts, text: &ExpectationText) -> Result<Self, Vec<At<Meaningless>>> {
        let mut wrong = Vec::new();
        let (crowd, whats) = text.parts();
        let crowd = crowd.map(|crowd| Crowd::understand(parts, crowd, &mut wrong)).unwrap_or_default();
        let mut meant: Vec<Meant> = whats.iter().filter_map(|what| meant(parts, what, &mut wrong)).collect();
        if let ExpectationText::Nobody { .. } = text
            && wrong.is_empty()
        {
            return Ok(Self::Nobody(meant));
        }
        let Some(one) = meant.pop().filter(|_| wrong.is_empty()) else { return Err(wrong) };
        Ok(match text {
            ExpectationText::Can { .. } => Self::Can(crowd, one),
            ExpectationText::Cannot { .. } => Self::Cannot(crowd, one),
            ExpectationText::Only { .. } => Self::Only(crowd, one),
            ExpectationText::Count { bound, number, .. } => Self::Count(*bound, *number, one),
            ExpectationText::Nobody { .. } => Self::Nobody(vec![one]),
        })
    }

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

impl Crowd {
    fn understand(parts: &Parts, crowd: &expectation::Crowd, wrong: &mut Vec<At<Meaningless>>) -> Self {
        let mut subjects = |references: &[At<Reference>]| -> Vec<Subject> {
            let kinds = [Prefix::User, Prefix::Group, Prefix::Role];
            let named = |part: &At<Reference>| {
                let found = subject_named(parts, &part.value, &kinds);
                found.map_err(|why| wrong.push(At { value: why, start: part.start, end: part.end })).ok()
            };
            references.iter().filter_map(named).collect()
        };
        Self { everyone: crowd.everyone, subjects: subjects(&crowd.subjects), except: subjects(&crowd.except) }
    }
}

/// What a right and its target stand for.
fn meant(parts: &Parts, what: &What, wrong: &mut Vec<At<Meaningless>>) -> Option<Meant> {
    let target = what.target.as_ref().map(|target| &target.value);
    let why = match rights_of_pattern(parts, &what.right.value, target) {
        Ok(meant) => return Some(meant),
        Err(why) => why,
    };
    wrong.extend(why.into_iter().map(|value| {
        let (start, end) = match (value.part, &what.target) {
            (Part::Target, Some(target)) => (target.start, target.end),
            _ => (what.right.start, what.right.end),
        };
        At { value, start, end }
    }));
    None
}
