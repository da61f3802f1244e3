//! `incomplete-licence`: data of the licence are missing without which the company cannot be connected.

use crate::diag::{Code, Diagnostic};
use crate::language::{Joint, names};
use crate::model::online::Licence;
use crate::say;

use super::Subject;

/// Reports what is missing, if there is a section `licence`, or a section `online` that needs it.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let declared = policy.licence.as_ref();
    let Some(place) = declared.and_then(|licence| licence.place).or(policy.online.as_ref().map(|online| online.place))
    else {
        return Vec::new();
    };
    let none = Licence::default();
    let licence = declared.map_or(&none, |licence| &licence.body);
    let fields = [("name", &licence.name), ("contact", &licence.contact), ("phone", &licence.phone)];
    let missing: Vec<&str> = fields.into_iter().filter(|(_, value)| value.is_none()).map(|(field, _)| field).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let fields = names(missing, Joint::And);
    let message = if declared.is_some() {
        say!("the licence has no {fields}", fields)
    } else {
        say!("online access needs the section `licence`")
    };
    let help = say!("write {fields} into the section `licence`; connecting needs all of it", fields);
    vec![Diagnostic::new(Code::IncompleteLicence, place, message).help(help)]
}
