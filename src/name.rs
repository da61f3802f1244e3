//! The names that people give: users, groups, modules, rights.
//!
//! A [`Name`] and a [`RightName`] are checked once, when they are made. Only what a database holds is taken as it is.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::language::Text;
use crate::say;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The most bytes that a name may have.
pub const MAX_NAME_BYTES: usize = 128;

/// The words of the rule grammar, which are no names.
pub const GRAMMAR_WORDS: [&str; 18] = [
    "and",
    "at",
    "because",
    "can",
    "cannot",
    "everyone",
    "everything",
    "exactly",
    "except",
    "from",
    "least",
    "most",
    "nobody",
    "of",
    "on",
    "only",
    "until",
    "users",
];

/// The name of a user, an employee, a group, a module or the like, in normalisation form C.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameError {
    /// There is no character at all.
    Empty,
    /// More bytes than [`MAX_NAME_BYTES`].
    TooLong(usize),
    /// It does not begin with a letter or digit.
    BadStart(char),
    /// A character that no name may have.
    BadCharacter(char),
    /// A word of the rule grammar.
    GrammarWord,
}

impl NameError {
    /// The reason in words.
    pub fn text(&self) -> Text {
        match self {
            Self::Empty => say!("a name needs at least one character"),
            Self::TooLong(count) => {
                say!("the name is {count} bytes long, the most is {most}", count, most = MAX_NAME_BYTES)
            }
            Self::BadStart(c) => say!("a name begins with a letter or digit, not with `{c}`", c),
            Self::BadCharacter(c) => say!("`{c}` cannot be part of a name", c),
            Self::GrammarWord => say!("this word belongs to the rule grammar"),
        }
    }
}

/// Whether a name may begin with this character.
pub fn begins_name(c: char) -> bool {
    c.is_alphanumeric()
}

/// Whether a name may go on with this character.
pub fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) || matches!(c, '.' | '-' | '_' | '@')
}

impl Name {
    /// Checks and normalises a text.
    ///
    /// # Errors
    /// Says what keeps the text from being a name, see [`NameError`].
    pub fn new(text: &str) -> Result<Self, NameError> {
        let first = text.chars().next().ok_or(NameError::Empty)?;
        if text.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong(text.len()));
        }
        if !begins_name(first) {
            return Err(NameError::BadStart(first));
        }
        if let Some(bad) = text.chars().find(|c| !continues_name(*c)) {
            return Err(NameError::BadCharacter(bad));
        }
        if GRAMMAR_WORDS.contains(&text) {
            return Err(NameError::GrammarWord);
        }
        if is_nfc_quick(text.chars()) == IsNormalized::Yes {
            return Ok(Self(text.into()));
        }
        Ok(Self(text.nfc().collect::<String>().into()))
    }

    /// Takes a name as somebody else wrote it, into a database for example. It need not fit the grammar, so that
    /// what should not be there can be seen and removed.
    pub fn foreign(text: &str) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// So that tables find a name by its text; both are compared and hashed alike.
impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a right: `area.action`, each of `a-z`, `0-9` and `_`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RightName(Arc<str>);

impl RightName {
    /// Checks a text; `None` if it is no right's name.
    pub fn new(text: &str) -> Option<Self> {
        let (area, action) = text.split_once('.')?;
        let fits = text.len() <= MAX_NAME_BYTES && is_right_word(area) && is_right_word(action);
        fits.then(|| Self(text.into()))
    }

    /// Takes a name as somebody else wrote it; see [`Name::foreign`].
    pub fn foreign(text: &str) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the dot.
    pub fn area(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(area, _)| area)
    }

    /// The part after the dot.
    pub fn action(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, action)| action)
    }
}

/// As for [`Name`].
impl Borrow<str> for RightName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RightName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text can be the area or the action of a right.
pub fn is_right_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The candidate that a misspelt text was most likely meant to be, if any is near enough.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (folded, letters) = (wrong.to_lowercase(), Letters::of(wrong));
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.into_iter().filter(|candidate| candidate.len().abs_diff(wrong.len()) <= 8) {
        let near_enough = 1 + candidate.chars().count().min(9) / 4;
        let most = best.map_or(near_enough, |(distance, _)| distance.min(near_enough));
        // Of a hundred thousand names nearly all are told apart by their letters, at a tenth of the cost.
        if letters.differ_from(candidate) > most {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
        if distance <= most && best.is_none_or(|best| (distance, candidate) < best) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How often each letter is in a text; some letters are counted together.
struct Letters([i32; Self::KINDS]);

impl Letters {
    const KINDS: usize = 64;

    fn of(text: &str) -> Self {
        let mut counts = [0; Self::KINDS];
        Self::kinds(text).for_each(|kind| counts[kind] += 1);
        Self(counts)
    }

    /// So many letters have to be changed, put in or taken out at least to make one text of the other.
    fn differ_from(&self, other: &str) -> usize {
        let mut left = self.0;
        let mut put_in = 0;
        for kind in Self::kinds(other) {
            put_in += usize::from(left[kind] <= 0);
            left[kind] -= 1;
        }
        let taken_out: i32 = left.iter().map(|count| *count.max(&0)).sum();
        put_in.max(usize::try_from(taken_out).unwrap_or_default())
    }

    fn kinds(text: &str) -> impl Iterator<Item = usize> {
        // A sigma at the end of a word is folded to another letter than one inside.
        let kind = |letter: char| if letter == 'ς' { 'σ' } else { letter } as usize % Self::KINDS;
        text.chars().flat_map(char::to_lowercase).map(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_take_letters_of_any_script_and_a_few_signs() {
        for good in ["lars", "l.kaufmann", "007", "no", "jürgen", "o@x", "2026-01-01", "Ümit_2"] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a b", "a:b", "of", "everyone", "a/b", "a\u{200b}b"] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
        assert!(matches!(Name::new(&"x".repeat(129)), Err(NameError::TooLong(129))));
    }

    #[test]
    fn names_are_compared_in_normalisation_form_c() {
        assert_eq!(Name::new("ju\u{308}rgen"), Name::new("jürgen"));
    }

    #[test]
    fn rights_are_area_and_action() {
        assert!(RightName::new("data.export").is_some());
        for bad in ["data", "data.", ".x", "Data.x", "data.x.y", "1a.x", "a.*"] {
            assert!(RightName::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("data.exprot", ["data.import", "data.export"]), Some("data.export"));
        assert_eq!(nearest("lasr", ["karin", "lars"]), Some("lars"));
        assert_eq!(nearest("zzz", ["karin", "lars"]), None);
        assert_eq!(nearest("ΛΆΡΣ", ["karin", "λάρς"]), Some("λάρς"));
    }

    proptest! {
        #[test]
        fn letters_differ_at_most_as_often_as_texts(one in "[a-eΣςσéÉ]{0,9}", other in "[a-eΣςσéÉ]{0,9}") {
            let distance = strsim::damerau_levenshtein(&one.to_lowercase(), &other.to_lowercase());
            prop_assert!(Letters::of(&one).differ_from(&other) <= distance);
        }
    }
}
