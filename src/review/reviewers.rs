//! Who must approve a change, because of what somebody gains by it.

use crate::syntax::gate::{Object, Turn};
use crate::syntax::settings::{Approver, Settings};
use crate::text::Place;

use super::hits::{Hit, hits};
use super::{Compared, Sensitive};

/// An approval that a change needs.
#[derive(Debug)]
pub struct Required<'c> {
    /// What somebody gains.
    pub object: &'c Object,
    /// Who can approve: one of them.
    pub approvers: Vec<&'c Approver>,
    /// Where that is said, in the settings of the base.
    pub place: Place,
    /// Why: who gains what of it.
    pub hits: Vec<Hit<'c>>,
}

/// Every approval that a change needs by the settings of its base, in the order in which they stand there.
pub fn required<'c>(settings: &'c Settings, compared: &'c [Compared<'c>], sensitive: &Sensitive) -> Vec<Required<'c>> {
    let asked: Vec<(&Object, Turn)> =
        settings.reviewers.iter().map(|reviewers| (&reviewers.object, Turn::Gain)).collect();
    let needed = settings.reviewers.iter().zip(hits(compared, &asked, sensitive)).map(|(reviewers, hits)| Required {
        object: &reviewers.object,
        approvers: reviewers.approvers.iter().map(|approver| &approver.value).collect(),
        place: settings.place(reviewers.span),
        hits,
    });
    needed.filter(|required| !required.hits.is_empty()).collect()
}
