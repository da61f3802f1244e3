//! Branches: which commit is at the end of one, what descends from what, and commits that are made without a checkout.
//! Neither the working tree nor the index is looked at or touched.

use std::collections::BTreeMap;
use std::rc::Rc;

use git2::build::TreeUpdateBuilder;
use git2::{ErrorCode, FileMode, Oid, Signature};

use super::TreeError;
use super::git::Checkout;
use super::merged::Merged;

/// What the branches are called on which drift is proposed, before the day.
pub const DRIFT: &str = "rightful/drift-";

/// A branch and the commit at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name, without the remote.
    pub name: String,
    /// The full id of the commit.
    pub tip: String,
}

/// What a commit is made on top of.
#[derive(Clone, Copy)]
pub struct On<'a> {
    /// The commit that it belongs to.
    pub commit: &'a str,
    /// The end of the branch, which it follows.
    pub follows: Option<&'a str>,
    /// The files with which it begins, if not those of the commit.
    pub files: Option<&'a Merged>,
}

/// A file of a commit: its path from the policy root, and what it says.
pub type Written<'a> = (&'a str, &'a [u8]);

impl Checkout {
    /// The name of the branch that is checked out, if one is.
    pub fn current_branch(&self) -> Option<String> {
        let head = self.repository.find_reference("HEAD").ok()?;
        let target = head.symbolic_target().ok().flatten()?;
        target.strip_prefix("refs/heads/").map(str::to_owned)
    }

    /// The commit at the end of a branch: as the remote had it when it was fetched last, else the own one, else what is
    /// checked out.
    ///
    /// # Errors
    /// If there is no such branch, or nothing was ever committed.
    pub fn tip(&self, remote: Option<&str>, branch: Option<&str>) -> Result<String, TreeError> {
        let name = match (remote, branch) {
            (Some(remote), Some(branch)) => Some(format!("refs/remotes/{remote}/{branch}")),
            (None, Some(branch)) => Some(format!("refs/heads/{branch}")),
            (_, None) => None,
        };
        Ok(self.commit(name.as_deref())?.ok_or(TreeError::NoCommit)?.to_string())
    }

    /// Whether there is a commit of this id.
    pub fn has_commit(&self, id: &str) -> bool {
        Oid::from_str(id).is_ok_and(|id| self.repository.find_commit(id).is_ok())
    }

    /// Whether one commit is another one or descends from it. One that is not there has no descendants.
    ///
    /// # Errors
    /// If git fails.
    pub fn descends(&self, newer: &str, older: &str) -> Result<bool, TreeError> {
        if !self.has_commit(older) {
            return Ok(false);
        }
        let (newer, older) = (Oid::from_str(newer)?, Oid::from_str(older)?);
        Ok(newer == older || self.repository.graph_descendant_of(newer, older)?)
    }

    /// The branches on which drift is proposed and that are no part of a commit yet, the newest first. What the remote has
    /// counts, unless the own one goes beyond it.
    ///
    /// # Errors
    /// If git fails.
    pub fn proposed(&self, remote: Option<&str>, part_of: &str) -> Result<Vec<Branch>, TreeError> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for reference in self.repository.references()? {
            let reference = reference?;
            let Ok(name) = reference.name() else { continue };
            let own = name.strip_prefix("refs/heads/");
            let theirs = || name.strip_prefix("refs/remotes/")?.strip_prefix(remote?)?.strip_prefix('/');
            let Some(branch) = own.or_else(theirs).filter(|branch| branch.starts_with(DRIFT)) else { continue };
            let tip = reference.peel_to_commit()?.id().to_string();
            let is_better = match found.get(branch) {
                None => true,
                Some(known) if own.is_none() => !self.descends(known, &tip)?,
                Some(known) => self.descends(&tip, known)?,
            };
            if is_better && !self.descends(part_of, &tip)? {
                found.insert(branch.to_owned(), tip);
            }
        }
        // Names end in a day, so that the greatest is the newest.
        Ok(found.into_iter().rev().map(|(name, tip)| Branch { name, tip }).collect())
    }

    /// What two commits are together; `None` if git cannot merge them.
    ///
    /// # Errors
    /// If git fails.
    pub fn joined(self: &Rc<Self>, ours: &str, theirs: &str) -> Result<Option<Merged>, TreeError> {
        let [ours, theirs] = [self.revision(Some(ours))?, self.revision(Some(theirs))?];
        let Some(base) = self.merge_bases(&ours, &theirs)?.into_iter().next() else { return Ok(None) };
        Ok(Some(Merged::of(self, &base, &ours, &theirs)?).filter(Merged::is_clean))
    }

    /// Whether every commit on the way from one to another has these words in its message.
    ///
    /// # Errors
    /// If git fails.
    pub fn all_say(&self, words: &str, newer: &str, older: &str) -> Result<bool, TreeError> {
        let mut way = self.repository.revwalk()?;
        way.push(Oid::from_str(newer)?)?;
        way.hide(Oid::from_str(older)?)?;
        for id in way {
            let commit = self.repository.find_commit(id?)?;
            if !String::from_utf8_lossy(commit.message_bytes()).contains(words) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the remote had the end of an own branch when it was last heard of.
    pub fn is_pushed(&self, remote: &str, branch: &Branch) -> bool {
        let theirs = self.tip(Some(remote), Some(&branch.name));
        theirs.is_ok_and(|theirs| self.descends(&theirs, &branch.tip).unwrap_or(false))
    }

    /// Commits files on top of what is there, with the newest of some commits as parents, and makes that the end of a
    /// branch.
    ///
    /// # Errors
    /// If git cannot write, or somebody moved the branch at the same moment.
    pub fn commit_files(
        &self,
        on: On<'_>,
        branch: &str,
        message: &str,
        files: &[Written<'_>],
    ) -> Result<Branch, TreeError> {
        let before = match on.files {
            Some(merged) => self.repository.find_tree(merged.write_to(&self.repository)?)?,
            None => self.repository.find_commit(Oid::from_str(on.commit)?)?.tree()?,
        };
        let mut update = TreeUpdateBuilder::new();
        for (path, text) in files {
            let path = self.in_git(path);
            let mode = match before.get_path(std::path::Path::new(&path)) {
                Ok(entry) if entry.filemode() == i32::from(FileMode::BlobExecutable) => FileMode::BlobExecutable,
                _ => FileMode::Blob,
            };
            update.upsert(path, self.repository.blob(text)?, mode);
        }
        let tree = self.repository.find_tree(update.create_updated(&self.repository, &before)?)?;
        let mut parents = Vec::new();
        let others = [on.follows.filter(|end| *end != on.commit), Some(on.commit)];
        for (index, parent) in others.iter().enumerate() {
            let Some(parent) = parent else { continue };
            let other = others[1 - index].filter(|other| other != parent);
            if other.map(|other| self.descends(other, parent)).transpose()? != Some(true) {
                parents.push(self.repository.find_commit(Oid::from_str(parent)?)?);
            }
        }
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        // Who has not told git a name can propose all the same.
        let who = self.repository.signature().or_else(|_| Signature::now("rightful", "rightful@localhost"))?;
        let id = self.repository.commit(None, &who, &who, message, &tree, &parents)?;
        let name = format!("refs/heads/{branch}");
        match self.repository.find_reference(&name) {
            Ok(there) => {
                let there = there.peel_to_commit()?.id();
                self.repository.reference_matching(&name, id, true, there, "rightful sync: drift")?;
            }
            Err(error) if error.code() == ErrorCode::NotFound => {
                self.repository.reference(&name, id, false, "rightful sync: drift")?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Branch { name: branch.to_owned(), tip: id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use git2::Repository;

    use super::*;

    fn on(commit: &str) -> On<'_> {
        On { commit, follows: None, files: None }
    }

    #[test]
    fn files_are_committed_beside_the_working_tree_and_the_branch_grows() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let who = Signature::now("Anna Peters", "anna@nordwind.example").unwrap();
        let tree = repository.find_tree(repository.index().unwrap().write_tree().unwrap()).unwrap();
        let first = repository.commit(Some("HEAD"), &who, &who, "first", &tree, &[]).unwrap().to_string();
        let checkout = Rc::new(Checkout::of(folder.path()).unwrap());
        assert_eq!(checkout.tip(None, None).unwrap(), first);
        assert_eq!(checkout.tip(None, checkout.current_branch().as_deref()).unwrap(), first);
        assert!(checkout.tip(Some("origin"), Some("main")).is_err());
        assert_eq!(checkout.proposed(None, &first).unwrap(), []);
        let one = checkout
            .commit_files(on(&first), "rightful/drift-2026-11-22", "one", &[("policies/a.yaml", b"a")])
            .unwrap();
        assert_eq!(checkout.proposed(None, &first).unwrap(), std::slice::from_ref(&one));
        let two = checkout
            .commit_files(on(&one.tip), "rightful/drift-2026-11-22", "two", &[("policies/b.yaml", b"b")])
            .unwrap();
        assert_eq!(checkout.proposed(None, &first).unwrap(), std::slice::from_ref(&two));
        assert_eq!(checkout.proposed(None, &two.tip).unwrap(), [], "merged");
        assert!(checkout.descends(&two.tip, &first).unwrap() && !checkout.descends(&first, &two.tip).unwrap());
        assert!(!checkout.descends(&two.tip, &"0".repeat(40)).unwrap());
        assert_eq!(checkout.tip(None, None).unwrap(), first, "what is checked out stays");
        assert!(!folder.path().join("policies").exists());
        assert!(!checkout.is_pushed("origin", &two));
        repository
            .reference("refs/remotes/origin/rightful/drift-2026-11-22", Oid::from_str(&one.tip).unwrap(), true, "")
            .unwrap();
        assert!(!checkout.is_pushed("origin", &two));
        assert_eq!(checkout.proposed(Some("origin"), &first).unwrap(), std::slice::from_ref(&two));
        repository
            .reference("refs/remotes/origin/rightful/drift-2026-11-22", Oid::from_str(&two.tip).unwrap(), true, "")
            .unwrap();
        assert!(checkout.is_pushed("origin", &two));
        // The branch is brought to where another commit is, and is a part of neither before.
        let tree = repository.find_commit(Oid::from_str(&first).unwrap()).unwrap();
        let other = repository.commit(None, &who, &who, "other", &tree.tree().unwrap(), &[&tree]).unwrap().to_string();
        let joined = checkout.joined(&other, &two.tip).unwrap().unwrap();
        let three = On { commit: &other, follows: Some(&two.tip), files: Some(&joined) };
        let three = checkout.commit_files(three, "rightful/drift-2026-11-22", "three", &[]).unwrap();
        assert!(checkout.descends(&three.tip, &other).unwrap() && checkout.descends(&three.tip, &two.tip).unwrap());
        assert!(checkout.all_say("t", &three.tip, &one.tip).is_ok_and(|all| all));
        assert!(!checkout.all_say("three", &three.tip, &other).unwrap());
        let three = repository.find_commit(Oid::from_str(&three.tip).unwrap()).unwrap();
        assert!(three.parent_count() == 2 && three.tree().unwrap().get_path("policies/b.yaml".as_ref()).is_ok());
    }
}
