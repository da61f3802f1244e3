//! Whether a change passes a gate.

use crate::syntax::gate::{Gate, GateKind, Object, Turn};
use crate::text::Place;

use super::hits::{Hit, hits, people};
use super::{Compared, Sensitive};

/// A gate, and what a change does to it.
#[derive(Debug)]
pub struct Judged<'c> {
    /// What it asks for.
    pub kind: GateKind,
    /// Where it stands in the settings of the base; `None` if the command line names it.
    pub place: Option<Place>,
    /// Whether the change passes.
    pub passed: bool,
    /// Everybody who gains or loses what it is about, whether that is too many or not.
    pub hits: Vec<Hit<'c>>,
}

impl Judged<'_> {
    /// How many people it is about.
    pub fn people(&self) -> usize {
        people(&self.hits)
    }
}

/// What was found out about the rest of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proved {
    /// Whether everything that the base expects holds on the head.
    pub expectations: bool,
    /// Whether the change leaves its own review as strong as it was.
    pub unweakened: bool,
}

/// Judges a change by a gate. `sensitive` are the rights that the base calls so.
pub fn judge<'c>(
    gate: &Gate,
    place: Option<Place>,
    compared: &'c [Compared<'c>],
    sensitive: &Sensitive,
    proved: Proved,
) -> Judged<'c> {
    let kind = gate.kind.clone();
    let hits_of = |turn: Turn, object: &Object| hits(compared, object, turn, sensitive);
    let (passed, hits) = match &kind {
        GateKind::Expectations => (proved.expectations, Vec::new()),
        GateKind::Weakening => (proved.unweakened, Vec::new()),
        GateKind::NoChange => {
            let mut all = hits_of(Turn::Gain, &Object::Anything);
            all.extend(hits_of(Turn::Loss, &Object::Anything));
            (all.is_empty(), all)
        }
        GateKind::AtMost { users, turn, object } => {
            let hits = hits_of(*turn, object);
            (people(&hits) <= *users as usize, hits)
        }
    };
    Judged { kind, place, passed, hits }
}
