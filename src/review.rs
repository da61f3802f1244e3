//! What a change means to those who review it: what gates and reviewers are about, and how a change weakens its own
//! review.
//!
//! Takes the settings and policies of both sides, gives values that others judge by. Never refuses a change itself.

mod comparison;
mod gate;
mod hits;
mod object;
mod reviewers;
mod settings;
pub mod weakening;

pub use comparison::{Compared, Everybody, Sensitive};
pub use gate::{Judged, Proved, judge};
pub use hits::{Hit, Hitting};
pub use object::{Binding, Bound, Targets};
pub use reviewers::{Required, required};
pub use settings::settings_declared;
pub use weakening::{Weakened, Weakening, weakenings};

/// Which of the two sides of a change something stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Before the change.
    Base,
    /// After it.
    Head,
}

impl Side {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}
