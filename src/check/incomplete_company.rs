//! `incomplete-company`: data of the company are missing without which it cannot be connected.

use crate::diag::{Code, Diagnostic};
use crate::language::{Joint, names};
use crate::model::online::Company;
use crate::say;

use super::Subject;

/// Reports what is missing, if there is a section `company`, or a section `online` that needs it.
pub fn run(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.in_force.policy;
    let declared = policy.company.as_ref();
    let Some(place) = declared.and_then(|company| company.place).or(policy.online.as_ref().map(|online| online.place))
    else {
        return Vec::new();
    };
    let none = Company::default();
    let missing = missing(declared.map_or(&none, |company| &company.body));
    if missing.is_empty() {
        return Vec::new();
    }
    let fields = names(missing, Joint::And);
    let message = if declared.is_some() {
        say!("the company has no {fields}", fields)
    } else {
        say!("online access needs the section `company`")
    };
    let help = say!("write {fields} into the section `company`; connecting needs all of it", fields);
    vec![Diagnostic::new(Code::IncompleteCompany, place, message).help(help)]
}

fn missing(company: &Company) -> Vec<&'static str> {
    company.fields().into_iter().filter(|(_, value)| value.is_none()).map(|(field, _)| field).collect()
}
