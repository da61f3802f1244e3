//! Expectations: the pairs of the grammar become what is expected.

use pest::iterators::Pair;

use crate::say;
use crate::syntax::expectation::{Bound, Crowd, ExpectationText};
use crate::syntax::rule::{At, Reference, What};

use super::{Parsed, Rule, SyntaxError, at, error_at, parse, right_of, subject_of, target_of};

/// Reads a whole expectation.
///
/// # Errors
/// As [`parse_rule`](super::parse_rule).
pub fn parse_expectation(text: &str) -> Parsed<ExpectationText> {
    let expectation = parse(Rule::expectation_text, text)?;
    let form = expectation.into_inner().next().ok_or_else(|| error_at(0, say!("nothing stands here")))?;
    let kind = form.as_rule();
    let mut read = Parts::default();
    for part in form.into_inner() {
        read.take(part)?;
    }
    let mut whats = read.whats;
    if kind == Rule::nobody_can {
        return Ok(ExpectationText::Nobody { whats });
    }
    let missing = || error_at(0, say!("a right is missing"));
    let what = whats.pop().ok_or_else(missing)?;
    Ok(match (kind, read.bound) {
        (Rule::only_can, _) => ExpectationText::Only { crowd: read.crowd, what },
        (Rule::count_can, Some(bound)) => ExpectationText::Count { bound, number: read.number, what },
        _ if read.cannot => ExpectationText::Cannot { crowd: read.crowd, what },
        _ => ExpectationText::Can { crowd: read.crowd, what },
    })
}

#[derive(Default)]
struct Parts {
    crowd: Crowd,
    cannot: bool,
    bound: Option<Bound>,
    number: u32,
    whats: Vec<What>,
}

impl Parts {
    fn take(&mut self, part: Pair<'_, Rule>) -> Parsed<()> {
        match part.as_rule() {
            Rule::crowd => self.crowd = crowd_of(part)?,
            Rule::cannot => self.cannot = true,
            Rule::at_least => self.bound = Some(Bound::AtLeast),
            Rule::at_most => self.bound = Some(Bound::AtMost),
            Rule::exactly => self.bound = Some(Bound::Exactly),
            Rule::number => self.number = number_of(&part)?,
            Rule::what => self.whats.push(what_of(part)?),
            _ => {}
        }
        Ok(())
    }
}

pub(super) fn number_of(pair: &Pair<'_, Rule>) -> Parsed<u32> {
    pair.as_str().parse().map_err(|_| SyntaxError {
        at: pair.as_span().start(),
        message: say!("`{number}` is too large", number = pair.as_str()),
        help: say!("write a number of users"),
        too_long: false,
    })
}

fn crowd_of(pair: Pair<'_, Rule>) -> Parsed<Crowd> {
    let mut crowd = Crowd::default();
    let mut excepted = false;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::except => excepted = true,
            Rule::everyone => crowd.everyone = true,
            Rule::subjects if excepted => crowd.except = subjects_of(part)?,
            Rule::subjects => crowd.subjects = subjects_of(part)?,
            _ => {}
        }
    }
    Ok(crowd)
}

fn subjects_of(pair: Pair<'_, Rule>) -> Parsed<Vec<At<Reference>>> {
    pair.into_inner().map(|subject| Ok(at(&subject, subject_of(&subject)?))).collect()
}

pub(super) fn what_of(pair: Pair<'_, Rule>) -> Parsed<What> {
    let (mut right, mut target) = (None, None);
    let start = pair.as_span().start();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::right => right = Some(at(&part.clone(), right_of(part))),
            Rule::target => target = Some(at(&part, target_of(&part)?)),
            _ => {}
        }
    }
    let right = right.ok_or_else(|| error_at(start, say!("a right is missing")))?;
    Ok(What { right, target })
}
