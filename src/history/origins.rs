//! Which commits brought the rules and memberships of a proof.

use std::collections::BTreeMap;

use crate::model::Policy;
use crate::resolve::{Proof, Proven};
use crate::text::{Place, Sources};
use crate::tree::TreeError;
use crate::tree::blame::Blame;
use crate::tree::commit::Commit;

/// The newest commit of the lines at some places; `None` for lines that are not committed yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<Place, Option<Commit>>);

impl Origins {
    /// The commit of a place that was asked about.
    pub fn of(&self, place: Option<Place>) -> Option<&Commit> {
        self.0.get(&place?)?.as_ref()
    }
}

/// Finds out which commits brought what a proof rests on, and what it overruled.
///
/// # Errors
/// If git or a file cannot be read.
pub fn origins(blame: &mut Blame, policy: &Policy, sources: &Sources, proof: &Proof) -> Result<Origins, TreeError> {
    let mut origins = Origins::default();
    for Proven { rule, path } in proof.rules.iter().chain(&proof.overruled) {
        let memberships = path.iter().map(|id| policy.membership(*id).place);
        for place in memberships.chain([policy.rule(*rule).place]).flatten() {
            if origins.0.contains_key(&place) {
                continue;
            }
            let file = sources.file(place.file);
            // The end is behind the last byte, which may be that of a line end.
            let last = place.span.end.max(place.span.start + 1) - 1;
            let lines = file.position(place.span.start).line..=file.position(last).line;
            origins.0.insert(place, blame.newest(file.path(), lines)?);
        }
    }
    Ok(origins)
}
