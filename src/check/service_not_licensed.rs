//! `service-not-licensed`: online access to a service that the licence does not have.

use crate::diag::{Code, Diagnostic};
use crate::language::{Joint, names};
use crate::say;

use super::Subject;

/// Reports it where the service is named. A licence that lists no services does not limit them.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let Some(licence) = &policy.licence else { return Vec::new() };
    let licensed = &licence.body.services;
    if licensed.is_empty() {
        return Vec::new();
    }
    let access = policy.online.iter().flat_map(|online| &online.access);
    let services = access.flat_map(|access| &access.services).filter(|(service, _)| !licensed.contains(service));
    let finding = |(service, place): &(Box<str>, _)| {
        let message = say!("the licence does not have the service `{service}`", service);
        let help = say!("it has {services}", services = names(licensed.iter(), Joint::And));
        let finding = Diagnostic::new(Code::ServiceNotLicensed, *place, message).help(help);
        match licence.place {
            Some(place) => finding.also(place, say!("the licence")),
            None => finding,
        }
    };
    services.map(finding).collect()
}
