//! The history of a revision: its first parents, back to the oldest.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use git2::Oid;

use super::TreeError;
use super::commit::Commit;
use super::git::{Checkout, Revision};

/// The commits that lead to a revision by first parents. Each thread looks into them through a [`Reader`] of its own.
pub struct History {
    root: PathBuf,
    /// The oldest first; never empty.
    commits: Vec<Oid>,
    cut: bool,
}

impl History {
    /// The history of the revision `at`, else of what is checked out, in the git repository that holds `root`.
    ///
    /// # Errors
    /// If `root` is not in a git repository, git has no such revision, or nothing was ever committed.
    pub fn open(root: &Path, at: Option<&str>) -> Result<Self, TreeError> {
        let checkout = Checkout::of(root)?;
        let mut next = Some(checkout.commit(at)?.ok_or(TreeError::NoCommit)?);
        let mut commits = Vec::new();
        let mut cut = false;
        while let Some(id) = next {
            let commit = checkout.repository.find_commit(id)?;
            commits.push(id);
            next = commit.parent_id(0).ok();
            // Git leaves the parents out where a shallow clone ends; the commit itself still names them.
            cut = next.is_none() && commit.raw_header_bytes().split(|b| *b == b'\n').any(|l| l.starts_with(b"parent "));
        }
        commits.reverse();
        Ok(Self { root: root.to_owned(), commits, cut })
    }

    /// How many commits there are.
    pub fn len(&self) -> usize {
        self.commits.len()
    }

    /// Whether there are none, which is never.
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// Whether there are older commits that a shallow clone left out.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Looks into the commits.
    ///
    /// # Errors
    /// If git fails.
    pub fn reader(&self) -> Result<Reader<'_>, TreeError> {
        Ok(Reader { history: self, checkout: Rc::new(Checkout::of(&self.root)?) })
    }
}

/// Looks into the commits of a history.
pub struct Reader<'h> {
    history: &'h History,
    checkout: Rc<Checkout>,
}

impl Reader<'_> {
    /// The files of a commit by its number, from 0, the oldest.
    ///
    /// # Errors
    /// If git fails.
    pub fn revision(&self, index: usize) -> Result<Revision, TreeError> {
        Revision::at(&self.checkout, self.history.commits[index])
    }

    /// What is known of a commit by its number.
    ///
    /// # Errors
    /// If git fails.
    pub fn commit(&self, index: usize) -> Result<Commit, TreeError> {
        Ok(Commit::of(&self.checkout.repository.find_commit(self.history.commits[index])?))
    }
}
