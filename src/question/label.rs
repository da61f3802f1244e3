//! Rights by their labels: `lars Daten exportieren` means `lars data.export`.

use crate::language::{Joint, Language, names};
use crate::model::Policy;
use crate::name::RightName;
use crate::say;
use crate::syntax::grammar::parse_right;

use super::Misunderstood;

/// The question with the name of the right where its label stood; `None` if no label stands there.
///
/// # Errors
/// If several rights bear the label.
pub fn replaced(text: &str, policy: &Policy, language: Language) -> Result<Option<String>, Misunderstood> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some((subject, rest)) = words.split_first() else { return Ok(None) };
    let rest = rest.strip_prefix(&["can"]).unwrap_or(rest);
    let Some((right, length)) = beginning(rest, policy, language)? else { return Ok(None) };
    let right = right.to_string();
    let words = [*subject, &right].into_iter().chain(rest[length..].iter().copied());
    Ok(Some(words.collect::<Vec<_>>().join(" ")))
}

/// The same for a question that may name several rights, each behind an `and`, and nobody before them.
///
/// # Errors
/// As [`replaced`].
pub fn all_replaced(text: &str, policy: &Policy, language: Language) -> Result<Option<String>, Misunderstood> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut rest = words.strip_prefix(&["can"]).unwrap_or(&words);
    let (mut parts, mut found, mut begins) = (Vec::new(), false, true);
    while let Some((word, behind)) = rest.split_first() {
        // What the grammar takes is never a label.
        let label = if begins && parse_right(word).is_err() { beginning(rest, policy, language)? } else { None };
        if let Some((right, length)) = label {
            (found, begins) = (true, false);
            parts.push(right.to_string());
            rest = &rest[length..];
            continue;
        }
        begins = *word == "and";
        parts.push((*word).to_owned());
        rest = behind;
    }
    Ok(found.then(|| parts.join(" ")))
}

/// The right with whose label some words begin, the longest one, and how many words that has.
fn beginning<'p>(
    words: &[&str],
    policy: &'p Policy,
    language: Language,
) -> Result<Option<(&'p RightName, usize)>, Misunderstood> {
    let others = Language::ALL.into_iter().filter(|other| *other != language);
    for language in std::iter::once(language).chain(others) {
        let bearing = bearing(words, policy, language);
        let longest = bearing.iter().map(|(_, length)| *length).max().unwrap_or(0);
        let rights: Vec<&RightName> =
            bearing.iter().filter(|(_, length)| *length == longest).map(|(right, _)| *right).collect();
        match rights.as_slice() {
            [] => {}
            [right] => return Ok(Some((*right, longest))),
            several => {
                let rights = names(several, Joint::And);
                let label = words[..longest].join(" ");
                return Err(Misunderstood {
                    message: say!("`{label}` means several rights: {rights}", label, rights),
                    help: say!("ask with the name of the right"),
                });
            }
        }
    }
    Ok(None)
}

/// The rights whose label in a language is how these words begin, and how many words it has.
fn bearing<'p>(words: &[&str], policy: &'p Policy, language: Language) -> Vec<(&'p RightName, usize)> {
    let rights = policy.rights.iter();
    rights
        .filter_map(|(_, name, right)| {
            let label: Vec<String> =
                right.labels.get(language.code())?.split_whitespace().map(str::to_lowercase).collect();
            let same = label.len() <= words.len()
                && label.iter().zip(words).all(|(label, word)| *label == word.to_lowercase());
            (same && !label.is_empty()).then_some((name, label.len()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::compiled;

    const FIRM: &str = "users: { lars: }\nrights: { a.one: { name: { de: Daten } }, a.two: { name: { de: Doppelt } }, b.two: { name: { de: doppelt } } }\n";

    fn asked(text: &str, language: Language) -> String {
        shown(replaced(text, &compiled(FIRM).policy, language))
    }

    fn shown(found: Result<Option<String>, Misunderstood>) -> String {
        match found {
            Ok(found) => found.unwrap_or_else(|| "-".to_owned()),
            Err(error) => error.message.english(),
        }
    }

    #[test]
    fn labels_of_any_language_are_found_the_longest_first() {
        assert_eq!(asked("lars Daten exportieren", Language::German), "lars data.export");
        assert_eq!(
            asked("lars can daten  EXPORTIEREN on 2027-01-01", Language::English),
            "lars data.export on 2027-01-01"
        );
        assert_eq!(asked("lars Daten", Language::German), "lars a.one");
        assert_eq!(asked("lars Termine anderer Benutzer sehen of anna", Language::German), "lars calendar.see of anna");
        assert_eq!(asked("lars Eksportere data", Language::Dutch), "lars data.export");
        assert_eq!(asked("lars data.export", Language::German), "-");
        assert_eq!(asked("lars doppelt", Language::German), "`doppelt` means several rights: `a.two` and `b.two`");
    }

    #[test]
    fn several_rights_may_each_stand_by_their_label() {
        let asked = |text: &str| shown(all_replaced(text, &compiled(FIRM).policy, Language::German));
        assert_eq!(asked("Daten exportieren and daten importieren"), "data.export and data.import");
        assert_eq!(asked("can Daten and data.export on 2027-01-01"), "a.one and data.export on 2027-01-01");
        assert_eq!(
            asked("data.export and Termine anderer Benutzer sehen of anna"),
            "data.export and calendar.see of anna"
        );
        assert_eq!(asked("data.export of Daten"), "-");
        assert_eq!(asked("data.export and doppelt"), "`doppelt` means several rights: `a.two` and `b.two`");
    }
}
