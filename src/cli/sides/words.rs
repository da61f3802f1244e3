//! The words that name two sides, taken apart as git takes them apart. Looks at nothing but the words.

use crate::cli::session::Failure;
use crate::say;

/// What two sides somebody asks about. A word stands for a revision or a directory; those of a range for revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'w> {
    /// From this, or from what is checked out, to the working tree.
    ToWorktree(Option<&'w str>),
    /// From the first to the second.
    Both(&'w str, &'w str),
    /// `A..B`; an empty end is what is checked out.
    Range(Option<&'w str>, Option<&'w str>),
    /// `A...B`: from where the two went apart to the second; an empty end is what is checked out.
    Fork(Option<&'w str>, Option<&'w str>),
}

/// Understands the words.
pub fn understand(words: &[String]) -> Result<Asked<'_>, Failure> {
    if words.iter().any(|word| word.is_empty()) {
        return Err(Failure::world(say!("one of the two sides has no name"))
            .help(say!("a variable may be empty; name a revision or a directory")));
    }
    match words {
        [] => Ok(Asked::ToWorktree(None)),
        [word] => Ok(range(word).unwrap_or(Asked::ToWorktree(Some(word)))),
        [base, head] => match [base, head].into_iter().find(|word| range(word).is_some()) {
            None => Ok(Asked::Both(base, head)),
            Some(word) => Err(Failure::world(say!("`{word}` names two sides already", word))
                .help(say!("leave the other word out; a directory of that name is written `./{word}`", word))),
        },
        _ => Err(Failure::world(say!("there are two sides, not {number}", number = words.len()))
            .help(say!("name two revisions or directories, or one and compare it with the working tree"))),
    }
}

/// The range that a word is. Git splits at the first two dots, wherever they stand.
fn range(word: &str) -> Option<Asked<'_>> {
    if is_path(word) {
        return None;
    }
    let (base, head) = word.split_once("..")?;
    Some(match head.strip_prefix('.') {
        Some(head) => Asked::Fork(end(base), end(head)),
        None => Asked::Range(end(base), end(head)),
    })
}

fn end(word: &str) -> Option<&str> {
    (!word.is_empty()).then_some(word)
}

/// Whether a word is written as a directory, so that it is never a revision.
pub fn is_path(word: &str) -> bool {
    let begins = ["./", "../", "/"].iter().any(|start| word.starts_with(start));
    begins || word.ends_with('/') || [".", ".."].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_are_taken_apart_as_git_does() {
        let check = |text: &str, expected: Asked<'_>| assert_eq!(understand(&words(text)).unwrap(), expected, "{text}");
        check("", Asked::ToWorktree(None));
        check("main", Asked::ToWorktree(Some("main")));
        check("release/1.2 v2.0-rc.1", Asked::Both("release/1.2", "v2.0-rc.1"));
        check("release/1.2..feature/a.b", Asked::Range(Some("release/1.2"), Some("feature/a.b")));
        check("main..", Asked::Range(Some("main"), None));
        check("..main", Asked::Range(None, Some("main")));
        check("main...feature", Asked::Fork(Some("main"), Some("feature")));
        check("main...", Asked::Fork(Some("main"), None));
        check("...main", Asked::Fork(None, Some("main")));
        check("HEAD~2..HEAD^2", Asked::Range(Some("HEAD~2"), Some("HEAD^2")));
        // The dots that are too many belong to the second end, where git finds nothing of that name.
        check("a....b", Asked::Fork(Some("a"), Some(".b")));
        check("a..b..c", Asked::Range(Some("a"), Some("b..c")));
    }

    #[test]
    fn what_is_written_as_a_directory_is_no_range() {
        let check = |text: &str, expected: Asked<'_>| assert_eq!(understand(&words(text)).unwrap(), expected, "{text}");
        check("./a..b", Asked::ToWorktree(Some("./a..b")));
        check("..", Asked::ToWorktree(Some("..")));
        check("../x /tmp/../y", Asked::Both("../x", "/tmp/../y"));
        check("main old..copy/", Asked::Both("main", "old..copy/"));
    }

    #[test]
    fn two_sides_are_two() {
        let said = |text: &str| understand(&words(text)).unwrap_err();
        let english = |failure: &Failure| failure.message.to(crate::language::Language::English);
        assert_eq!(english(&said("main a..b")), "`a..b` names two sides already");
        assert_eq!(english(&said("a b c")), "there are two sides, not 3");
        assert_eq!(said("a b c").code, 2);
    }
}
