//! The heads that are kept outside of the database, one on a line: `RUN HASH TIME DATABASE`.
//!
//! Who can write the database can write the whole chain anew, and it is whole again. What such a person cannot reach
//! tells it all the same.

/// A head that was kept outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The number of the run that ended with it.
    pub run: i64,
    /// The hash, 64 hexadecimal digits.
    pub hash: String,
    /// When the run was, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub applied_at: String,
    /// The database as people call it: one file may hold the heads of several.
    pub database: String,
}

impl Kept {
    /// The line that stands for it.
    pub fn line(&self) -> String {
        let Self { run, hash, applied_at, database } = self;
        format!("{run} {hash} {applied_at} {database}")
    }

    /// What a line stands for; `None` if it is none of these.
    pub fn of_line(line: &str) -> Option<Self> {
        let mut words = line.trim_end_matches('\r').splitn(4, ' ');
        let (run, hash) = (words.next()?.parse().ok()?, hash_of(words.next()?)?);
        let (applied_at, database) = (words.next()?.to_owned(), words.next()?.to_owned());
        Some(Self { run, hash, applied_at, database })
    }
}

/// A text as a hash: 64 hexadecimal digits, in small letters.
pub fn hash_of(text: &str) -> Option<String> {
    let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_everything_and_nothing_else_is_one() {
        let kept = Kept {
            run: 7,
            hash: "0a".repeat(32),
            applied_at: "2026-11-22T08:00:00Z".to_owned(),
            database: "our data/crm.db".to_owned(),
        };
        assert_eq!(Kept::of_line(&kept.line()), Some(kept.clone()));
        assert_eq!(Kept::of_line(&format!("{}\r", kept.line())), Some(kept));
        for line in ["", "# heads", "7 0a0a 2026-11-22T08:00:00Z crm.db", "x", &format!("7 {}", "0a".repeat(32))] {
            assert_eq!(Kept::of_line(line), None, "{line}");
        }
    }
}
