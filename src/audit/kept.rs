//! The heads that are kept outside of the database, one on a line: `RUN HASH TIME id=ID DATABASE`.
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
    /// What tells the database from every other one, 32 hexadecimal digits; `None` where that is not known.
    pub id: Option<String>,
    /// The database as people call it: one file may hold the heads of several.
    pub database: String,
}

impl Kept {
    /// The line that stands for it.
    pub fn line(&self) -> String {
        let Self { run, hash, applied_at, id, database } = self;
        let id = id.as_ref().map(|id| format!("id={id} ")).unwrap_or_default();
        format!("{run} {hash} {applied_at} {id}{database}")
    }

    /// What a line stands for; `None` if it is none of these.
    pub fn of_line(line: &str) -> Option<Self> {
        let mut words = line.trim_end_matches('\r').splitn(4, ' ');
        let (run, hash) = (words.next()?.parse().ok()?, hash_of(words.next()?)?);
        let (applied_at, rest) = (words.next()?.to_owned(), words.next()?);
        let named = rest.strip_prefix("id=").and_then(|rest| rest.split_once(' ')).filter(|(id, _)| is_id(id));
        let (id, database) = named.map_or((None, rest), |(id, database)| (Some(id.to_owned()), database));
        Some(Self { run, hash, applied_at, id, database: database.to_owned() })
    }
}

/// Whether a text tells a database from others: 32 hexadecimal digits.
pub fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
            id: Some("5e".repeat(16)),
            database: "our data/crm.db".to_owned(),
        };
        assert_eq!(Kept::of_line(&kept.line()), Some(kept.clone()));
        assert_eq!(Kept::of_line(&format!("{}\r", kept.line())), Some(kept.clone()));
        let nameless = Kept { id: None, ..kept.clone() };
        assert_eq!(Kept::of_line(&nameless.line()), Some(nameless));
        let odd = Kept { id: None, database: "id=5e crm.db".to_owned(), ..kept };
        assert_eq!(Kept::of_line(&odd.line()), Some(odd));
        for line in ["", "# heads", "7 0a0a 2026-11-22T08:00:00Z crm.db", "x", &format!("7 {}", "0a".repeat(32))] {
            assert_eq!(Kept::of_line(line), None, "{line}");
        }
    }
}
