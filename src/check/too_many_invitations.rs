//! `too-many-invitations`: more people with online access than the licence allows.

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::Subject;

/// Reports it at the first access beyond the limit.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let (Some(online), Some(licence)) = (&policy.online, &policy.licence) else { return Vec::new() };
    let Some(most) = licence.body.invitations.map(|most| most as usize) else { return Vec::new() };
    // Whoever answers for synchronisation has a login, and so a place of the licence.
    let responsible = online.responsible.filter(|(user, _)| online.access.iter().all(|access| access.user != *user));
    let mut places: Vec<_> = online.access.iter().map(|access| access.place).collect();
    places.sort_unstable();
    let places: Vec<_> = responsible.iter().map(|(_, place)| *place).chain(places).collect();
    let count = places.len();
    let Some(place) = places.get(most) else { return Vec::new() };
    let message = if responsible.is_some() {
        say!(
            "{count} users have online access, the responsible one included, and the licence allows {most}",
            count,
            most
        )
    } else {
        say!("{count} users have online access, and the licence allows {most}", count, most)
    };
    let finding = Diagnostic::new(Code::TooManyInvitations, *place, message).label(say!("the first one too many"));
    let finding = match licence.place {
        Some(place) => finding.also(place, say!("the licence")),
        None => finding,
    };
    vec![finding.help(say!("take somebody out, or write the number of a larger licence into `licence.invitations`"))]
}
