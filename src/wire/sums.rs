//! What is told in sum because it is too much to be told answer by answer.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::diff::{Keys, Sum};
use crate::name::Name;

/// What all who are new gain of a right, or all who are gone lose.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SumOut<'a> {
    /// The company, where it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// `gain` or `loss`.
    pub turn: &'static str,
    /// The right.
    pub right: String,
    /// How many single answers; `rightful what USER` tells those of one person.
    pub answers: usize,
    /// Whose they are, nobody without one.
    #[schemars(with = "Vec<String>")]
    pub users: Names<'a>,
}

/// Names, written one by one: there can be a million.
#[derive(Debug)]
pub struct Names<'a>(&'a Keys<Name>);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Name::as_str))
    }
}

impl<'a> SumOut<'a> {
    pub(super) fn new(company: Option<&Name>, sum: &'a Sum) -> Self {
        Self {
            company: company.map(ToString::to_string),
            turn: sum.turn.as_str(),
            right: sum.right.to_string(),
            answers: sum.answers,
            users: Names(&sum.users),
        }
    }
}
