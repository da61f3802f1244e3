//! Gates: the pairs of the grammar become what a change may not do.

use pest::iterators::Pair;

use crate::say;
use crate::syntax::gate::{GateKind, Object, Turn};
use crate::syntax::rule::{Prefix, Reference};

use super::expectation::{number_of, what_of};
use super::{Parsed, Rule, at, error_at, name_of, parse, target_of};

/// Reads a whole gate.
///
/// # Errors
/// As [`parse_rule`](super::parse_rule).
pub fn parse_gate(text: &str) -> Parsed<GateKind> {
    let missing = || error_at(0, say!("nothing stands here"));
    let form = parse(Rule::gate_text, text)?.into_inner().next().ok_or_else(missing)?;
    match form.as_rule() {
        Rule::expectations_hold => return Ok(GateKind::Expectations),
        Rule::nothing_weakened => return Ok(GateKind::Weakening),
        Rule::no_change => return Ok(GateKind::NoChange),
        _ => {}
    }
    let (mut users, mut turn, mut object) = (0, Turn::Gain, None);
    for part in form.into_inner() {
        match part.as_rule() {
            Rule::number => users = number_of(&part)?,
            Rule::loses | Rule::lose => turn = Turn::Loss,
            Rule::object => object = Some(object_of(part)?),
            _ => {}
        }
    }
    let object = object.ok_or_else(missing)?;
    Ok(GateKind::AtMost { users, turn, object })
}

/// Reads what somebody gains or loses.
///
/// # Errors
/// As [`parse_rule`](super::parse_rule).
pub fn parse_object(text: &str) -> Parsed<Object> {
    object_of(parse(Rule::object_text, text)?)
}

fn object_of(pair: Pair<'_, Rule>) -> Parsed<Object> {
    let start = pair.as_span().start();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::anything => return Ok(Object::Anything),
            Rule::sensitive => return Ok(Object::Sensitive),
            Rule::target => return Ok(Object::Access(at(&part, target_of(&part)?))),
            Rule::membership => return Ok(Object::Membership(at(&part, group_of(&part)?))),
            Rule::what => return Ok(Object::Right(what_of(part)?)),
            _ => {}
        }
    }
    Err(error_at(start, say!("nothing stands here")))
}

fn group_of(pair: &Pair<'_, Rule>) -> Parsed<Reference> {
    let mut prefix = Prefix::Group;
    for part in pair.clone().into_inner() {
        if part.as_rule() == Rule::name {
            return Ok(Reference { prefix: Some(prefix), name: name_of(&part)? });
        }
        if part.as_str() == Prefix::Role.as_str() {
            prefix = Prefix::Role;
        }
    }
    Err(error_at(pair.as_span().start(), say!("a name is missing")))
}
