//! A commit as people know it: its id, who wrote it, when, and its first line.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// A commit. The texts come from outside and are as git has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The full id.
    pub id: String,
    /// The name of the author.
    pub author: String,
    /// When the author wrote it, in RFC 3339 with the offset of the author.
    pub date: String,
    /// The first paragraph of the message.
    pub summary: String,
    /// When it was committed, in seconds since 1970: to see which of two is newer.
    pub(super) committed: i64,
}

impl Commit {
    pub(super) fn of(commit: &git2::Commit<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let author = commit.author();
        Self {
            id: commit.id().to_string(),
            author: text(author.name_bytes()),
            date: date(author.when()),
            summary: commit.summary_bytes().map(text).unwrap_or_default(),
            committed: commit.time().seconds(),
        }
    }

    /// The beginning of the id, as git shows it.
    pub fn short_id(&self) -> &str {
        self.id.get(..7).unwrap_or(&self.id)
    }

    /// The day on which the author wrote it, where the author was.
    pub fn day(&self) -> &str {
        self.date.get(..10).unwrap_or(&self.date)
    }
}

/// What git takes for a time may be none: it is moved to the nearest that is.
fn date(time: git2::Time) -> String {
    let offset = Offset::from_seconds(time.offset_minutes().saturating_mul(60)).unwrap_or(Offset::UTC);
    let first = Timestamp::constant(-62_135_510_400, 0);
    let moment = Timestamp::from_second(time.seconds()).unwrap_or(Timestamp::MAX).max(first);
    Zoned::new(moment, TimeZone::fixed(offset)).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_the_offset_of_the_author_and_never_fail() {
        assert_eq!(date(git2::Time::new(1_772_355_600, 60)), "2026-03-01T10:00:00+01:00");
        assert_eq!(date(git2::Time::new(0, -90)), "1969-12-31T22:30:00-01:30");
        for (seconds, offset) in [(i64::MAX, 0), (i64::MIN, i32::MAX), (-62_135_596_800, -1439), (i64::MAX, 1439)] {
            let shown = date(git2::Time::new(seconds, offset));
            assert_eq!(shown.len(), 25, "{shown}");
        }
    }
}
