//! Lengths of time: a number with `s`, `m`, `h` or `d`.

use std::fmt;

/// A length of time in seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u32);

/// The units and how many seconds each has, the longest first.
const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Duration {
    /// Reads `15m`; `None` for anything else, for nothing, and beyond 136 years.
    pub fn parse(text: &str) -> Option<Self> {
        let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
        let digits = text.strip_suffix(unit)?;
        let fits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let total = fits.then(|| digits.parse::<u32>().ok()?.checked_mul(seconds)).flatten()?;
        (total > 0).then_some(Self(total))
    }

    /// So many seconds, unless there are none.
    pub fn of_seconds(seconds: u32) -> Option<Self> {
        (seconds > 0).then_some(Self(seconds))
    }

    /// The length in seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// In the largest unit that leaves a whole number.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fitting = UNITS.into_iter().find(|(_, seconds)| self.0.is_multiple_of(*seconds));
        let (unit, seconds) = fitting.unwrap_or(('s', 1));
        write!(f, "{}{unit}", self.0 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, shown) in [("15m", "15m"), ("90s", "90s"), ("60s", "1m"), ("24h", "1d"), ("14d", "14d")] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), shown);
        }
        for bad in ["", "m", "15", "15 m", "-1m", "1.5h", "0s", "15min", "99999999d", "1w"] {
            assert_eq!(Duration::parse(bad), None, "{bad}");
        }
    }
}
