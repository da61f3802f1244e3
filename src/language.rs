//! What the program says, in the languages that it speaks.
//!
//! A sentence is written in English where it is said, with [`say!`](crate::say), and keeps its words and names apart
//! until it is printed. The other languages are data, keyed by the English sentence: `language/*.yaml`. A test holds
//! them complete.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

/// A language of labels and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// English, in which everything is written first.
    #[default]
    English,
    /// German.
    German,
    /// Norwegian, bokmål.
    Norwegian,
    /// Dutch.
    Dutch,
}

type Sentences = HashMap<String, String>;

static GERMAN: LazyLock<Sentences> = LazyLock::new(|| read(include_str!("language/de.yaml")));
static NORWEGIAN: LazyLock<Sentences> = LazyLock::new(|| read(include_str!("language/nb.yaml")));
static DUTCH: LazyLock<Sentences> = LazyLock::new(|| read(include_str!("language/nl.yaml")));

fn read(text: &str) -> Sentences {
    serde_yaml::from_str(text).unwrap_or_default()
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::Norwegian, Self::Dutch];

    /// The codes of all languages, as files and options have them.
    pub const CODES: [&'static str; 4] = ["en", "de", "nb", "nl"];

    /// The code of ISO 639-1.
    pub fn code(self) -> &'static str {
        Self::CODES[self as usize]
    }

    /// The language of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The sentence that an English one is in this language, if it is known.
    pub fn translate(self, english: &str) -> Option<&'static str> {
        let sentences = match self {
            Self::English => return None,
            Self::German => &GERMAN,
            Self::Norwegian => &NORWEGIAN,
            Self::Dutch => &DUTCH,
        };
        sentences.get(english).map(String::as_str)
    }

    /// Every English sentence that is translated, to hold against those that are said.
    pub fn sentences(self) -> Vec<&'static str> {
        let sentences: &'static Sentences = match self {
            Self::English => return Vec::new(),
            Self::German => &GERMAN,
            Self::Norwegian => &NORWEGIAN,
            Self::Dutch => &DUTCH,
        };
        sentences.keys().map(String::as_str).collect()
    }
}

/// Something to say: an English sentence with the words that stand in its `{places}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text {
    sentence: &'static str,
    words: Vec<(&'static str, Word)>,
}

/// What stands in a place of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// A name, a number, a text of the user: the same in every language.
    Verbatim(String),
    /// Something that is said in the language too.
    Said(Text),
    /// Several of them, joined by commas and a last word.
    List(Vec<Word>, Joint),
    /// A number, with its thousands apart.
    Number(usize),
    /// A sentence of data that are written in every language; in English, where one is missing.
    Each(Vec<(Language, String)>),
    /// A name that people know by a label in their language; there the name follows in brackets.
    Labelled(String, Vec<(Language, String)>),
}

/// The word before the last of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Joint {
    /// All of them.
    And,
    /// Any of them.
    Or,
    /// A comma there as well.
    Comma,
    /// The same, for plain names that a format takes care of as one text.
    Names,
}

/// Who wrote a stretch of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The program, in the language.
    Program,
    /// Whoever wrote the policies, or named a file or a branch. A format may have to take care of it.
    Outside,
}

/// Makes a [`Text`]: `say!("there is no user `{name}`", name)`. Each place of the sentence is named, and given as
/// `name` or as `name = expression`.
#[macro_export]
macro_rules! say {
    ($sentence:literal $(, $place:ident $(= $value:expr)?)* $(,)?) => {
        $crate::language::Text::new($sentence, vec![$((stringify!($place), $crate::say!(@ $place $(= $value)?))),*])
    };
    (@ $place:ident) => { $crate::language::IntoWord::into_word(&$place) };
    (@ $place:ident = $value:expr) => { $crate::language::IntoWord::into_word(&$value) };
}

/// What can stand in a place of a sentence.
pub trait IntoWord {
    /// As a word.
    fn into_word(self) -> Word;
}

impl<T: Display + ?Sized> IntoWord for &T {
    fn into_word(self) -> Word {
        Word::Verbatim(self.to_string())
    }
}

impl IntoWord for &Text {
    fn into_word(self) -> Word {
        Word::Said(self.clone())
    }
}

impl IntoWord for String {
    fn into_word(self) -> Word {
        Word::Verbatim(self)
    }
}

impl IntoWord for Text {
    fn into_word(self) -> Word {
        Word::Said(self)
    }
}

impl IntoWord for Word {
    fn into_word(self) -> Word {
        self
    }
}

impl IntoWord for &Word {
    fn into_word(self) -> Word {
        self.clone()
    }
}

/// How many names stand in one list where the rest is left out.
pub const NAMED: usize = 12;

/// Joins words: `a, b and c`.
pub fn list<T>(items: impl IntoIterator<Item = T>, joint: Joint) -> Word
where
    for<'a> &'a T: IntoWord,
{
    Word::List(items.into_iter().map(|item| (&item).into_word()).collect(), joint)
}

/// Names in backticks, joined: `` `a`, `b` and `c` ``.
pub fn names<T: Display>(items: impl IntoIterator<Item = T>, joint: Joint) -> Word {
    list(items.into_iter().map(|item| format!("`{item}`")), joint)
}

/// Nothing.
impl Default for Word {
    fn default() -> Self {
        Self::Verbatim(String::new())
    }
}

impl Word {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Verbatim(text) => text.is_empty(),
            Self::Said(text) => text.is_empty(),
            Self::List(words, _) => words.is_empty(),
            Self::Each(texts) => texts.is_empty(),
            Self::Number(_) | Self::Labelled(..) => false,
        }
    }

    /// Leaves more than so many words of a list out, and says how many: `a, b and 156 more`. A choice stays whole, and one
    /// word alone is not worth it. Says whether anything was left out.
    pub fn fold(&mut self, most: usize) -> bool {
        match self {
            Self::Said(text) => text.fold(most),
            Self::List(words, joint) if *joint != Joint::Or && words.len() > most + 1 => {
                let more = Self::Number(words.len() - most);
                words.truncate(most);
                words.iter_mut().for_each(|word| {
                    word.fold(most);
                });
                let joint = if *joint == Joint::Names { Joint::Names } else { Joint::Comma };
                let list = Self::List(std::mem::take(words), joint);
                *self = Self::Said(say!("{list} and {more} more", list, more));
                true
            }
            Self::List(words, _) => words.iter_mut().fold(false, |folded, word| word.fold(most) | folded),
            Self::Verbatim(_) | Self::Number(_) | Self::Each(_) | Self::Labelled(..) => false,
        }
    }

    /// The word in a language.
    pub fn to(&self, language: Language) -> String {
        let mut text = String::new();
        self.spell(language, &mut |_, stretch| text.push_str(stretch));
        text
    }

    /// Gives the word stretch by stretch, each with who wrote it.
    pub fn spell(&self, language: Language, give: &mut dyn FnMut(Author, &str)) {
        match self {
            Self::Verbatim(text) => give(Author::Outside, text),
            Self::Said(text) => text.spell(language, give),
            Self::Number(number) => give(Author::Program, &thousands(*number, language)),
            Self::Each(texts) => {
                let of = |wanted| texts.iter().find(|(known, _)| *known == wanted).map(|(_, text)| text.as_str());
                give(Author::Outside, of(language).or_else(|| of(Language::English)).unwrap_or_default());
            }
            Self::Labelled(name, labels) => match labels.iter().find(|(known, _)| *known == language) {
                Some((_, label)) if language != Language::English => {
                    give(Author::Outside, label);
                    give(Author::Program, " (");
                    give(Author::Outside, name);
                    give(Author::Program, ")");
                }
                _ => give(Author::Outside, name),
            },
            Self::List(words, Joint::Names) => {
                let names: Vec<String> = words.iter().map(|word| word.to(language)).collect();
                give(Author::Outside, &names.join(", "));
            }
            Self::List(words, joint) => {
                let last = match joint {
                    Joint::And => format!(" {} ", say!("and").to(language)),
                    Joint::Or => format!(" {} ", say!("or").to(language)),
                    Joint::Comma | Joint::Names => ", ".to_owned(),
                };
                for (index, word) in words.iter().enumerate() {
                    match index {
                        0 => {}
                        _ if index + 1 == words.len() => give(Author::Program, &last),
                        _ => give(Author::Program, ", "),
                    }
                    word.spell(language, give);
                }
            }
        }
    }
}

/// `12,345` in English, `12.345` in German and Dutch, and with a blank that does not break in Norwegian.
fn thousands(number: usize, language: Language) -> String {
    let mark = match language {
        Language::English => ',',
        Language::German | Language::Dutch => '.',
        Language::Norwegian => '\u{a0}',
    };
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(mark);
        }
        shown.push(digit);
    }
    shown
}

impl Text {
    /// Joins a sentence and its words; use [`say!`](crate::say), which a test can find.
    pub fn new(sentence: &'static str, words: Vec<(&'static str, Word)>) -> Self {
        Self { sentence, words }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.sentence.is_empty()
    }

    /// Leaves more than so many words of each list out, as [`Word::fold`] does.
    pub fn fold(&mut self, most: usize) -> bool {
        self.words.iter_mut().fold(false, |folded, (_, word)| word.fold(most) | folded)
    }

    /// The text in English.
    pub fn english(&self) -> String {
        self.to(Language::English)
    }

    /// The text in a language, else in English.
    pub fn to(&self, language: Language) -> String {
        let mut text = String::with_capacity(self.sentence.len() + 32);
        self.spell(language, &mut |_, stretch| text.push_str(stretch));
        text
    }

    /// Gives the text stretch by stretch, each with who wrote it.
    pub fn spell(&self, language: Language, give: &mut dyn FnMut(Author, &str)) {
        let mut rest = language.translate(self.sentence).unwrap_or(self.sentence);
        while let Some((before, after)) = rest.split_once('{') {
            give(Author::Program, before);
            let Some((place, after)) = after.split_once('}') else { return };
            if let Some((_, word)) = self.words.iter().find(|(name, _)| *name == place) {
                word.spell(language, give);
            }
            rest = after;
        }
        give(Author::Program, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_their_places_and_lists_are_joined() {
        let name = "lars";
        assert_eq!(say!("there is no user `{name}`", name).english(), "there is no user `lars`");
        let all = names(["a", "b", "c"], Joint::And);
        assert_eq!(say!("{all}: {count}", all, count = 3).english(), "`a`, `b` and `c`: 3");
        assert_eq!(say!("{what}", what = say!("and")).to(Language::German), "und");
    }

    #[test]
    fn of_a_long_list_only_so_much_is_said() {
        let all = |joint| names(["a", "b", "c", "d"], joint);
        let folded = |joint, most| {
            let mut text = say!("there is no user `{name}`", name = say!("{user}", user = all(joint)));
            let left_out = text.fold(most);
            (text.english(), left_out)
        };
        assert_eq!(folded(Joint::And, 2), ("there is no user ``a`, `b` and 2 more`".to_owned(), true));
        assert_eq!(folded(Joint::Comma, 3), ("there is no user ``a`, `b`, `c`, `d``".to_owned(), false));
        assert!(!folded(Joint::Or, 1).1);
    }

    #[test]
    fn thousands_stand_apart_as_the_language_has_them() {
        let shown = Language::ALL.map(|language| Word::Number(1_234_567).to(language));
        assert_eq!(shown, ["1,234,567", "1.234.567", "1\u{a0}234\u{a0}567", "1.234.567"]);
        assert_eq!(Word::Number(999).to(Language::German), "999");
    }

    #[test]
    fn what_comes_from_outside_stays_apart() {
        let word = say!("{who} can {what}", who = list(["a", "b"], Joint::And), what = Word::Number(2)).into_word();
        let mut outside = Vec::new();
        word.spell(Language::German, &mut |author, stretch| {
            if author == Author::Outside {
                outside.push(stretch.to_owned());
            }
        });
        assert_eq!(outside, ["a", "b"]);
        assert_eq!(word.to(Language::English), "a and b can 2");
    }

    #[test]
    fn braces_of_the_user_are_not_places() {
        assert_eq!(say!("`{text}`", text = "{name}{").english(), "`{name}{`");
    }
}
