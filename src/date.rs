//! Calendar days (UTC) and the periods in which rules and memberships are in force.
//!
//! Never asks the clock: today is handed in by the edge.

use std::fmt;

pub use jiff::civil::Date;

/// The first and the last day of a period, both included. An open side is [`Date::MIN`] or [`Date::MAX`]
/// within the years that the language can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Validity {
    /// First day in force.
    pub from: Date,
    /// Last day in force.
    pub until: Date,
}

/// The first day that a policy can write.
pub const FIRST_DAY: Date = Date::constant(0, 1, 1);
/// The last day that a policy can write.
pub const LAST_DAY: Date = Date::constant(9999, 12, 31);

impl Validity {
    /// In force on every day.
    pub const ALWAYS: Self = Self { from: FIRST_DAY, until: LAST_DAY };

    /// The period between two days, each open if left out; `None` if it would begin after its end.
    pub fn new(from: Option<Date>, until: Option<Date>) -> Option<Self> {
        let period = Self { from: from.unwrap_or(FIRST_DAY), until: until.unwrap_or(LAST_DAY) };
        (period.from <= period.until).then_some(period)
    }

    /// Whether the period holds a day.
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && day <= self.until
    }

    /// Whether two periods have a day in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    /// The days on which something changes: the first one, and the one after the last.
    pub fn turns(self) -> impl Iterator<Item = Date> {
        self.begins().into_iter().chain(self.ends().and_then(|last| last.tomorrow().ok()))
    }

    /// The first day, unless it is open.
    pub fn begins(self) -> Option<Date> {
        (self.from != FIRST_DAY).then_some(self.from)
    }

    /// The last day, unless it is open.
    pub fn ends(self) -> Option<Date> {
        (self.until != LAST_DAY).then_some(self.until)
    }
}

/// Without dates: always.
impl Default for Validity {
    fn default() -> Self {
        Self::ALWAYS
    }
}

/// As the rule grammar writes it, with a blank before each part: ` from 2026-01-01 until 2026-12-31`.
impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.begins() {
            write!(f, " from {day}")?;
        }
        if let Some(day) = self.ends() {
            write!(f, " until {day}")?;
        }
        Ok(())
    }
}

/// Reads `YYYY-MM-DD`, nothing shorter and nothing longer.
pub fn parse_date(text: &str) -> Option<Date> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (year, month, day) = (text.get(0..4)?, text.get(5..7)?, text.get(8..10)?);
    let shaped = text.len() == 10 && &text[4..5] == "-" && &text[7..8] == "-";
    if !(shaped && digits(year) && digits(month) && digits(day)) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        parse_date(text).unwrap()
    }

    #[test]
    fn both_days_are_included() {
        let period = Validity::new(Some(day("2026-12-01")), Some(day("2026-12-31"))).unwrap();
        assert!(period.holds(day("2026-12-01")) && period.holds(day("2026-12-31")));
        assert!(!period.holds(day("2026-11-30")) && !period.holds(day("2027-01-01")));
        assert_eq!(period.to_string(), " from 2026-12-01 until 2026-12-31");
    }

    #[test]
    fn only_full_dates_are_dates() {
        for bad in ["2026-1-01", "2026-02-30", "20260101", "2026-01-01 ", "+026-01-01", "2026/01/01"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        assert!(Validity::new(Some(day("2026-01-02")), Some(day("2026-01-01"))).is_none());
    }
}
