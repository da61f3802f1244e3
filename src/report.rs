//! What people read. Views turn values into pages of blocks; a format prints blocks.
//!
//! Only here are there colours, columns and prose. Every text that comes from outside is made harmless on its way out.

pub mod block;
pub mod github;
pub mod junit;
pub mod markdown;
pub mod reference;
pub mod sarif;
pub mod snippet;
pub mod table;
pub mod text;
pub mod view;

use std::borrow::Cow;
use std::ops::Range;

use crate::language::{Author, Language, Word};
use crate::syntax::characters::is_forbidden;

/// Shows control characters, line ends among them, as `\u{..}`, so that no terminal obeys them.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() || is_forbidden(c);
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if harmful(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// What the manual writes for somebody's name in an address.
const PLACEHOLDER: &str = "USER@HOST";

/// Shows addresses without who logs in and with what: `postgres://***@h/db`. It is not known where an address ends that
/// somebody wrote without percent signs, so everything up to the last `@` goes, rather too much than a part of a
/// password too little. Only another address behind a blank or a quote counts as one of its own.
pub fn masked(text: &str) -> Cow<'_, str> {
    let shown = [secret, login, password].iter().fold(Cow::Borrowed(text), |text, find| {
        let shown = without(&text, find);
        shown.map_or(text, Cow::Owned)
    });
    if shown == text { Cow::Borrowed(text) } else { shown }
}

/// A text without what is found in it, one stretch after the other; `None` if nothing is.
fn without(text: &str, found: impl Fn(&str) -> Option<Range<usize>>) -> Option<String> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(secret) = found(rest) {
        shown.push_str(&rest[..secret.start]);
        shown.push_str("***");
        rest = &rest[secret.end..];
    }
    (!shown.is_empty()).then(|| shown + rest)
}

/// Where the first user and password of a text stand.
fn secret(text: &str) -> Option<Range<usize>> {
    let slashes = text.match_indices(":/").map(|(colon, _)| (scheme(&text[..colon]), colon + 1));
    // Whoever takes a text apart may have cut the scheme off.
    let cut = text.starts_with("//").then_some((Some(0), 0));
    cut.into_iter().chain(slashes).find_map(|(scheme, colon)| {
        let behind = &text[colon..];
        let start = text.len() - behind.trim_start_matches('/').len();
        let address = address(&text[start..]);
        if address.starts_with(PLACEHOLDER) {
            return None;
        }
        let Some(user) = address.rfind('@') else { return beginning(address).map(|length| start..start + length) };
        // A path that was tidied up has one of the two slashes only, as has that of a file.
        let is_address = behind.starts_with("//") && colon > 0 || scheme.is_some() && address[..user].contains(':');
        is_address.then_some(start..start + user)
    })
}

/// The words that stand before a colon and a name, which may have an `@` in it, in policies and on the command line.
const KINDS: [&str; 12] = [
    "user",
    "group",
    "role",
    "module",
    "module-set",
    "attachment",
    "employee",
    "right",
    "rule",
    "member",
    "access",
    "env",
];

/// Where a user and password stand that belong to no address: `u:s3cret@h`.
fn login(text: &str) -> Option<Range<usize>> {
    let is_border = |c: char| c.is_whitespace() || "/'\"`(<>,[{=".contains(c);
    text.match_indices('@').find_map(|(at, _)| {
        let mut start = text[..at]
            .rfind(is_border)
            .map_or(0, |border| border + text[border..].chars().next().map_or(1, char::len_utf8));
        while let Some((kind, _)) = text[start..at].split_once(':')
            && (KINDS.contains(&kind) || matches!(kind, "sqlite" | "creme+sqlite"))
        {
            start += kind.len() + 1;
        }
        let (user, secret) = text[start..at].split_once(':')?;
        let goes_on = text[at + 1..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '[');
        (!user.is_empty() && !secret.is_empty() && goes_on).then_some(start..at)
    })
}

/// Where the value of `password=` stands.
fn password(text: &str) -> Option<Range<usize>> {
    let small = text.to_ascii_lowercase();
    small.match_indices("password=").find_map(|(key, word)| {
        let start = key + word.len();
        let value = text[start..].split(|c: char| c.is_whitespace() || "&'\"`#".contains(c)).next()?;
        (!value.is_empty() && value != "***").then_some(start..start + value.len())
    })
}

/// How long the beginning of a user and password is, of which the rest was cut off: what is no host with its port.
fn beginning(address: &str) -> Option<usize> {
    let host = address.split(|c: char| c.is_whitespace() || "/?#'\"`".contains(c)).next()?;
    let (_, port) = host.split_once(':').filter(|_| !host.starts_with('['))?;
    (!port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host.len())
}

/// The scheme at the end of what stands before a colon, and where it begins; a single letter is a drive.
fn scheme(before: &str) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let name = before.len() - before.trim_end_matches(is_part).len();
    (name > 1).then(|| before.len() - name)
}

/// What may belong to an address: all up to the next one.
fn address(text: &str) -> &str {
    let next = text.match_indices("://").filter_map(|(colon, _)| scheme(&text[..colon]));
    let stands_alone = |start: &usize| text[..*start].ends_with(|c: char| c.is_whitespace() || "'\"`(<".contains(c));
    &text[..next.filter(stands_alone).min().unwrap_or(text.len())]
}

/// A word for a complaint, without the passwords of whoever is complained about.
pub fn discreet(word: &Word, language: Language) -> Word {
    let mut shown = String::new();
    word.spell(language, &mut |author, stretch| match author {
        Author::Outside => shown.push_str(&masked(stretch)),
        Author::Program => shown.push_str(stretch),
    });
    Word::Verbatim(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::IntoWord;
    use crate::say;
    use proptest::prelude::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(harmless("Jürgen \u{1f600}"), "Jürgen \u{1f600}");
        assert_eq!(harmless("a\u{1b}[31m\n\u{202e}\u{9b}"), "a\\u{1b}[31m\\u{a}\\u{202e}\\u{9b}");
    }

    #[test]
    fn nobody_reads_who_logs_in_where_and_with_what() {
        for (text, shown) in [
            ("postgres://u:s3cret@h/db", "postgres://***@h/db"),
            ("cannot read `postgres://u:s3cret@h/db`: gone", "cannot read `postgres://***@h/db`: gone"),
            ("postgres://u:p@ss@w@h/db", "postgres://***@h/db"),
            ("postgres://u:p%40s%2Fs@h/db?x=%40", "postgres://***@h/db?x=%40"),
            ("'postgres://u:s'3\"c`ret@h/db' for", "'postgres://***@h/db' for"),
            ("postgres://u:s3\r\ncr et@h/db", "postgres://***@h/db"),
            ("postgres://u:se/cr?e#t@h/db", "postgres://***@h/db"),
            ("postgres://u:a://b@h/db", "postgres://***@h/db"),
            ("sqlite:postgres://u:s3cret@h/db", "sqlite:postgres://***@h/db"),
            ("creme+sqlite:u:s3cret@h/db", "creme+sqlite:***@h/db"),
            ("creme+postgres://u:s3cret@h/db", "creme+postgres://***@h/db"),
            ("postgres:/u:s3cret@h/db", "postgres:/***@h/db"),
            ("/srv/firm/postgres://u:s3cret@h/db", "/srv/firm/postgres://***@h/db"),
            ("POSTGRES://u:s3cret@h, git+ssh://u:x@h", "POSTGRES://***@h, git+ssh://***@h"),
            ("ssh://git@host/firm.git", "ssh://***@host/firm.git"),
            ("ä://x@y postgres://ü:ß@h", "ä://***@y postgres://***@h"),
            ("postgres://@h", "postgres://***@h"),
            // What is left of an address that somebody took apart.
            ("`://u:s3cret@h/db` cannot stand here", "`://***@h/db` cannot stand here"),
            ("//u:s3cret@h/db", "//***@h/db"),
            ("`postgres://u:s3", "`postgres://***"),
            ("postgres://u@h/db?password=s3cret&sslmode=disable", "postgres://***@h/db?password=***&sslmode=disable"),
            ("host=h PASSWORD=s3cret user=u", "host=h PASSWORD=*** user=u"),
            ("u:s3cret@h/db", "***@h/db"),
            ("postgres//u:s3cret@h/db", "postgres//***@h/db"),
            ("no plan `sqlite:u:s3cret@h/db`", "no plan `sqlite:***@h/db`"),
        ] {
            assert_eq!(masked(text), shown);
            assert_eq!(masked(shown), shown, "twice is once");
        }
        for text in [
            "anna@example.org",
            "there is no group `group:team@oslo`, nor user:lars@firm",
            "git@host:firm.git",
            "//server/files",
            "// lars@example.org",
            "http://localhost:8080/a http://[::1]:80/",
            "sqlite:/home/a@b.db",
            "creme+sqlite:/home/a@b.db",
            "creme+sqlite:a@b.db",
            "https://example.org/a",
            "sqlite:PATH or postgres://USER@HOST/DATABASE; write @ as %40",
            "calendar.see of lars",
            "",
        ] {
            assert!(matches!(masked(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn our_own_words_are_no_part_of_an_address() {
        let text = say!("cannot read {path}: ask the admins @ home", path = "x://u:p@h");
        assert_eq!(
            discreet(&text.into_word(), Language::English).to(Language::English),
            "cannot read x://***@h: ask the admins @ home"
        );
    }

    proptest! {
        #[test]
        fn whatever_a_password_is_it_is_not_shown(user in "[a-z]{0,3}", secret in "\\PC{1,12}", around in "[ '\"`(a-z]{0,4}") {
            prop_assume!(!secret.contains("://"));
            let text = format!("{around}postgres://{user}:{secret}@h/db");
            prop_assert_eq!(masked(&text), format!("{around}postgres://***@h/db"));
        }
    }
}
