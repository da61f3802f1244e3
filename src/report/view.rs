//! Values as pages: one file per question that people ask.

mod check;
mod count;
mod matrix;
mod plan;
mod rights;
mod what;
mod why;

pub use check::{expectations, summary};
pub use count::thousands;
pub use matrix::matrix;
pub use plan::{applied, plan};
pub use rights::rights;
pub use what::what;
pub use why::{can, why};

use crate::model::{Policy, UserId};
use crate::text::{Place, Sources};

/// `policies/sales.yaml:12`; empty for what was read from a database.
pub fn place(sources: &Sources, place: Option<Place>) -> String {
    let Some(place) = place else { return String::new() };
    let file = sources.file(place.file);
    format!("{}:{}", file.path(), file.position(place.span.start).line)
}

/// `lars (Lars Kaufmann)`.
pub(super) fn person(policy: &Policy, user: UserId) -> String {
    let (key, shown) = (policy.users.key(user).as_str(), policy.display_name(user));
    if key == shown { key.to_owned() } else { format!("{key} ({shown})") }
}
