//! Section `sync`: from which branch the database is synchronised, and what becomes of drift.

use crate::say;
use crate::syntax::fields::{Reader, shorten};
use crate::syntax::yaml::Node;
use crate::text::Spanned;

/// From where it is synchronised.
#[derive(Debug, Clone, Default)]
pub struct Sync {
    /// The remote repository, by the name that git has for it.
    pub remote: Option<Spanned<Box<str>>>,
    /// The branch; without it the one that is checked out.
    pub branch: Option<Spanned<Box<str>>>,
    /// What becomes of drift.
    pub drift: OnDrift,
}

/// What becomes of what somebody changed in the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnDrift {
    /// It is taken back.
    #[default]
    Revert,
    /// It stays, and is proposed as a commit.
    Pull,
}

/// The fields of the section.
pub const SYNC_FIELDS: [&str; 3] = ["remote", "branch", "drift"];

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Sync {
    let fields = reader.record(node, say!("the field `{field}`", field = "sync"), &SYNC_FIELDS);
    let drifts = [("revert", OnDrift::Revert), ("pull", OnDrift::Pull)];
    Sync {
        remote: fields.get("remote").and_then(|node| git_name(reader, node)),
        branch: fields.get("branch").and_then(|node| git_name(reader, node)),
        drift: fields.get("drift").and_then(|node| reader.choice(node, &drifts)).unwrap_or_default(),
    }
}

/// A name that git has for something. It becomes an argument of git, so nothing else may be meant by it: no option, no
/// address, no pattern, no other revision.
fn git_name(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<Box<str>>> {
    let (text, _) = reader.scalar(node, say!("a name of git"))?;
    if !is_git_name(&text) {
        let message = say!("`{name}` is no name that git has for a remote or a branch", name = shorten(&text));
        reader.wrong_type(node, message, say!("write the name alone, such as `origin` or `main`"));
        return None;
    }
    Some(Spanned::new(text.as_ref().into(), node.span))
}

/// Letters, digits, `_`, `.`, `-` and `/`, as git allows them.
fn is_git_name(text: &str) -> bool {
    let part = |part: &str| {
        let shaped = part.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
        shaped && !part.is_empty() && !part.starts_with(['.', '-']) && !part.ends_with('.') && !part.ends_with(".lock")
    };
    text.len() <= 200 && !text.contains("..") && text.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::findings;

    #[test]
    fn a_remote_and_a_branch_are_names_and_nothing_else() {
        for name in ["origin", "main", "release/2026.1", "büro", "a-b_c"] {
            assert!(is_git_name(name), "{name}");
        }
        for name in [
            "",
            "-x",
            "--upload-pack=x",
            "a b",
            "https://x",
            "ext::sh",
            "a..b",
            "a/",
            "/a",
            "x.lock",
            "a/.b",
            "a*",
            "@{u}",
        ] {
            assert!(!is_git_name(name), "{name}");
        }
    }

    #[test]
    fn the_section_says_what_is_wrong_with_it() {
        let of = |sync: &str| {
            findings(&format!("//- rightful.yaml\nsync: {{ {sync} }}\n//- policies/a.yaml\nusers: {{ lars: }}\n"))
        };
        assert_eq!(of("remote: origin, branch: main, drift: pull"), "");
        assert_eq!(of("drift: revert"), "");
        assert!(of("drift: keep").contains("`keep` cannot stand here"));
        assert!(of("remote: 'https://git.example/x'").contains("is no name that git has"));
        assert!(of("branche: x").contains("did you mean `branch`?"));
    }
}
