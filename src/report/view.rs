//! Values as pages: one file per question that people ask.

mod check;
mod matrix;
mod plan;
mod rights;
mod what;
mod why;

pub use check::summary;
pub use matrix::matrix;
pub use plan::{applied, plan};
pub use rights::rights;
pub use what::what;
pub use why::{can, why};

use crate::model::{Policy, UserId};
use crate::text::{Place, Sources};

/// `1 user`, `2 users`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {one}s", thousands(number)) }
}

/// `12,345`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `policies/sales.yaml:12`.
pub(super) fn place(sources: &Sources, place: Option<Place>) -> String {
    let Some(place) = place else { return "in the database".to_owned() };
    let file = sources.file(place.file);
    format!("{}:{}", file.path(), file.position(place.span.start).line)
}

/// `lars (Lars Kaufmann)`.
pub(super) fn person(policy: &Policy, user: UserId) -> String {
    let (key, shown) = (policy.users.key(user).as_str(), policy.display_name(user));
    if key == shown { key.to_owned() } else { format!("{key} ({shown})") }
}
