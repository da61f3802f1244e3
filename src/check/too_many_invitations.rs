//! `too-many-invitations`: more people with online access than the licence allows.

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::Subject;

/// Reports it at the first access beyond the limit.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let (Some(online), Some(licence)) = (&policy.online, &policy.licence) else { return Vec::new() };
    let Some(most) = licence.body.invitations.map(|most| most as usize) else { return Vec::new() };
    let count = online.access.len();
    let mut places: Vec<_> = online.access.iter().map(|access| access.place).collect();
    places.sort_unstable();
    let Some(place) = places.get(most) else { return Vec::new() };
    let message = say!("{count} users have online access, and the licence allows {most}", count, most);
    let finding = Diagnostic::new(Code::TooManyInvitations, *place, message).label(say!("the first one too many"));
    let finding = finding.also(licence.place, say!("the licence"));
    vec![finding.help(say!("take somebody out, or write the number of a larger licence into `licence.invitations`"))]
}
