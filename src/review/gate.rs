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

/// Judges a change by gates, each with its place. `sensitive` are the rights that the base calls so.
pub fn judge<'c>(
    gates: &[(&Gate, Option<Place>)],
    compared: &'c [Compared<'c>],
    sensitive: &Sensitive,
    proved: Proved,
) -> Vec<Judged<'c>> {
    let all: Vec<(&Object, Turn)> = gates.iter().flat_map(|(gate, _)| asked(&gate.kind)).collect();
    let mut hits = hits(compared, &all, sensitive).into_iter();
    let judged = |(gate, place): &(&Gate, Option<Place>)| {
        let hits: Vec<Hit<'c>> = hits.by_ref().take(asked(&gate.kind).len()).flatten().collect();
        let passed = match &gate.kind {
            GateKind::Expectations => proved.expectations,
            GateKind::Weakening => proved.unweakened,
            GateKind::NoChange => hits.is_empty(),
            GateKind::AtMost { users, .. } => people(&hits) <= *users as usize,
        };
        Judged { kind: gate.kind.clone(), place: *place, passed, hits }
    };
    gates.iter().map(judged).collect()
}

/// What a gate has to know.
fn asked(kind: &GateKind) -> Vec<(&Object, Turn)> {
    match kind {
        GateKind::Expectations | GateKind::Weakening => Vec::new(),
        GateKind::NoChange => vec![(&Object::Anything, Turn::Gain), (&Object::Anything, Turn::Loss)],
        GateKind::AtMost { turn, object, .. } => vec![(object, *turn)],
    }
}
