//! A moment, as databases keep it: UTC, `YYYY-MM-DDTHH:MM:SS.sssZ`.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// A moment to the millisecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// Reads what a database keeps; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// The moment so many seconds later; the end of time if there is none.
    #[must_use]
    pub fn later(self, seconds: u32) -> Self {
        let later = self.0.checked_add(SignedDuration::from_secs(seconds.into()));
        Self(later.unwrap_or(Timestamp::MAX))
    }

    /// Its day.
    pub fn day(self) -> crate::date::Date {
        self.0.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// How many seconds have passed since another one; 0 if that is yet to come.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.duration_since(earlier.0).as_secs()).unwrap_or(0)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_databases_keep_it() {
        let text = "2026-11-22T08:00:00.250Z";
        let moment = Moment::parse(text).unwrap();
        assert_eq!(moment.to_string(), text);
        assert_eq!(moment.later(61).to_string(), "2026-11-22T08:01:01.250Z");
        assert_eq!(moment.later(61).seconds_since(moment), 61);
        assert_eq!(moment.seconds_since(moment.later(1)), 0);
        assert!(moment.later(u32::MAX) > moment);
        assert_eq!(Moment::parse("yesterday"), None);
    }
}
