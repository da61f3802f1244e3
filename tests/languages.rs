//! The program speaks four languages, and each of them says everything.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rightful::diag::Code;
use rightful::language::Language;
use rightful::model::catalogue;

/// One call of the macro that says something.
struct Said {
    sentence: String,
    /// What stands behind the sentence.
    words: String,
    file: String,
}

/// The text of a string literal that begins at a quote, and where it ends.
fn literal(source: &str, quote: usize) -> (String, usize) {
    let mut text = String::new();
    let mut rest = source[quote + 1..].char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' => return (text, quote + 1 + at + 1),
            '\\' => match rest.next().unwrap().1 {
                'n' => text.push('\n'),
                '\n' => while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
    panic!("a literal without an end: {text}");
}

/// The text up to the bracket that closes a call.
fn arguments(source: &str, from: usize) -> &str {
    let mut depth = 1;
    let mut quoted = false;
    for (at, c) in source[from..].char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &source[from..from + at];
        }
    }
    panic!("a call without an end");
}

fn walk(folder: &Path, said: &mut Vec<Said>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, said);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let body = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (at, _) in body.match_indices("say!(") {
                let line = &body[body[..at].rfind('\n').map_or(0, |end| end + 1)..at];
                let inside = at + "say!(".len();
                let quote = inside + body[inside..].len() - body[inside..].trim_start().len();
                if line.trim_start().starts_with("//") || !body[quote..].starts_with('"') {
                    continue;
                }
                let (sentence, end) = literal(body, quote);
                let words = arguments(body, end).to_owned();
                said.push(Said { sentence, words, file: path.display().to_string() });
            }
        }
    }
}

fn said() -> Vec<Said> {
    let mut said = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut said);
    assert!(said.len() > 300, "{}", said.len());
    said
}

/// Everything that is translated: what is said, what the findings mean, with their pages, and what the rights mean.
fn sentences() -> BTreeSet<String> {
    let mut all: BTreeSet<String> = said().into_iter().map(|said| said.sentence).collect();
    all.extend(Code::ALL.iter().map(|code| code.meaning().to_owned()));
    all.extend(catalogue::built_in().values().filter_map(|right| right.meaning.as_deref().map(str::to_owned)));
    for page in Code::ALL.iter().map(|code| code.page()) {
        all.extend([page.means.to_string(), page.why.to_string()]);
    }
    all.remove("");
    all
}

/// The names of the places in a sentence.
fn places(sentence: &str) -> BTreeSet<&str> {
    let parts = sentence.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(place, _)| place)).collect()
}

#[test]
fn every_sentence_is_translated_and_nothing_else() {
    let sentences = sentences();
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        let known: BTreeSet<String> = language.sentences().into_iter().map(str::to_owned).collect();
        let missing: Vec<_> = sentences.difference(&known).collect();
        let stale: Vec<_> = known.difference(&sentences).collect();
        assert!(missing.is_empty(), "missing in {}: {missing:#?}", language.code());
        assert!(stale.is_empty(), "nobody says this any more, in {}: {stale:#?}", language.code());
    }
}

#[test]
fn translations_keep_places_and_code() {
    let mut wrong = Vec::new();
    for language in Language::ALL {
        for sentence in language.sentences() {
            let translated = language.translate(sentence).unwrap();
            let code = sentence.split('`').skip(1).step_by(2);
            let keeps_code = code.clone().all(|code| translated.contains(&format!("`{code}`")));
            if places(sentence) != places(translated) || !keeps_code || translated.trim().is_empty() {
                wrong.push(format!("{}: {sentence} -> {translated}", language.code()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_place_of_a_sentence_is_filled() {
    let filled = |said: &Said, place: &str| {
        let words = said.words.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.into_iter().any(|word| word == place)
    };
    let wrong: Vec<String> = said()
        .iter()
        .filter(|said| !places(&said.sentence).iter().all(|place| filled(said, place)))
        .map(|said| format!("{}: {}", said.file, said.sentence))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
