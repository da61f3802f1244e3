//! From a word to a tree: a revision of the git repository around the root, the working tree, or another directory.

use std::path::PathBuf;
use std::rc::Rc;

use crate::cli::Context;
use crate::cli::session::Failure;
use crate::language::{Text, Word};
use crate::repository::{self, Library, POLICIES, Repository, RepositoryError, SETTINGS, compile_with};
use crate::say;
use crate::tree::git::{Checkout, Revision};
use crate::tree::worktree::Worktree;
use crate::tree::{Tree, TreeError};

use super::Side;
use super::words::is_path;

/// Where somebody stands who names sides.
pub struct Start {
    directory: PathBuf,
    worktree: Worktree,
    /// The git repository around, if there is one: two directories can be compared without.
    checkout: Result<Rc<Checkout>, TreeError>,
}

/// A revision, and what people call it.
pub struct Named {
    /// What people call it.
    pub name: Text,
    /// What it is.
    pub revision: Revision,
}

/// A tree that was found, but not yet read.
pub struct Found {
    name: Text,
    /// The full id of the commit, if it is one.
    pub commit: Option<String>,
    /// The root of the policy repository. That of a revision is where it would lie in the working tree.
    pub root: PathBuf,
    tree: Box<dyn Tree>,
}

impl Start {
    /// The directory of the context and the policy repository around it.
    pub fn of(context: &Context) -> Result<Self, Failure> {
        let directory = context.directory.canonicalize().unwrap_or_else(|_| context.directory.clone());
        let worktree = Worktree::new(&repository::find_root(&directory)).map_err(world)?;
        let checkout = Checkout::of(worktree.root()).map(Rc::new);
        Ok(Self { directory, worktree, checkout })
    }

    /// What lies in the files, committed or not.
    pub fn worktree(&self) -> Found {
        let root = self.worktree.root().to_owned();
        Found { name: say!("working tree"), commit: None, root, tree: Box::new(self.worktree.clone()) }
    }

    /// What a word stands for, else the commit that is checked out.
    pub fn of_word_or_head(&self, word: Option<&str>) -> Result<Found, Failure> {
        match word {
            Some(word) => self.of_word(word),
            None => Ok(self.found(self.revision(None)?)),
        }
    }

    /// What a word stands for: a directory if it is written as one, or if there is no git repository, else a revision.
    pub fn of_word(&self, word: &str) -> Result<Found, Failure> {
        if is_path(word) || (self.checkout.is_err() && self.is_directory(word)) {
            return self.directory(word);
        }
        let hint = if self.is_directory(word) {
            say!("the directory is written `./{word}`", word)
        } else {
            say!("name a branch, a tag, a commit, or a directory that exists")
        };
        Ok(self.found(self.find(Some(word), hint)?))
    }

    /// Whether a word can only mean a directory: there is one, and git knows no revision of that name.
    pub fn is_plain_directory(&self, word: &str) -> bool {
        self.is_directory(word) && self.find(Some(word), Text::default()).is_err()
    }

    /// Whether there is a directory of a name.
    fn is_directory(&self, word: &str) -> bool {
        self.directory.join(word).is_dir()
    }

    /// The policy repository in, or else around, a directory.
    pub fn directory(&self, word: &str) -> Result<Found, Failure> {
        let path = self.directory.join(word);
        let path = path.canonicalize().unwrap_or(path);
        // Somebody may compare with a copy inside of another policy repository, whose settings are not those of the copy.
        let is_root = [SETTINGS, POLICIES].iter().any(|part| path.join(part).exists());
        let root = if is_root { path } else { repository::find_root(&path) };
        let tree = Worktree::new(&root).map_err(|error| match error {
            TreeError::NoRoot(_) => Failure::world(say!("there is no directory `{word}`", word))
                .help(say!("a revision is written without a slash at its end, and without `./`")),
            error => world(error),
        })?;
        Ok(Found { name: say!("{name}", name = word), commit: None, root, tree: Box::new(tree) })
    }

    /// The revision of a name, else what is checked out.
    pub fn revision(&self, name: Option<&str>) -> Result<Named, Failure> {
        self.find(name, say!("name a branch, a tag or a commit"))
    }

    /// The same, with what to do if there is none and nothing better can be said.
    fn find(&self, name: Option<&str>, hint: Text) -> Result<Named, Failure> {
        let revision = self.checkout()?.revision(name).map_err(|error| match error {
            TreeError::NoRevision(name) => self.missing(&name, hint),
            error => world(error),
        })?;
        Ok(Named { name: say!("{name}", name = name.unwrap_or("HEAD")), revision })
    }

    /// Two revisions.
    pub fn revisions(&self, [base, head]: [Option<&str>; 2]) -> Result<[Named; 2], Failure> {
        Ok([self.revision(base)?, self.revision(head)?])
    }

    /// Where two revisions went apart.
    pub fn merge_base(&self, sides: &[Named; 2]) -> Result<Named, Failure> {
        self.merge_bases(sides)?.into_iter().next().ok_or_else(|| self.unrelated(sides))
    }

    /// Where two revisions went apart, the best first.
    pub fn merge_bases(&self, [ours, theirs]: &[Named; 2]) -> Result<Vec<Named>, Failure> {
        let bases = self.checkout()?.merge_bases(&ours.revision, &theirs.revision).map_err(world)?;
        let name = || say!("merge base of {ours} and {theirs}", ours = ours.name, theirs = theirs.name);
        Ok(bases.into_iter().map(|revision| Named { name: name(), revision }).collect())
    }

    /// Says that two revisions have no merge base.
    pub fn unrelated(&self, [ours, theirs]: &[Named; 2]) -> Failure {
        let message = say!("{ours} and {theirs} have no common history", ours = ours.name, theirs = theirs.name);
        Failure::world(message).help(self.unshallow().unwrap_or_else(|| say!("name two commits of one history")))
    }

    /// A revision, seen from the root.
    pub fn found(&self, Named { name, revision }: Named) -> Found {
        let root = self.worktree.root().to_owned();
        Found { name, commit: Some(revision.commit()), root, tree: Box::new(revision) }
    }

    /// The git repository.
    pub fn checkout(&self) -> Result<&Rc<Checkout>, Failure> {
        self.checkout.as_ref().map_err(|error| {
            let failure = Failure::world(error.to_string());
            match error {
                TreeError::NotGit(_) => {
                    failure.help(say!("revisions are read from a git checkout; -C DIR picks another directory"))
                }
                error => failure.help(error.help()),
            }
        })
    }

    /// Says that git knows no revision of a name, and what may have been meant.
    fn missing(&self, name: &str, hint: Text) -> Failure {
        let failure = Failure::world(say!("git knows no revision `{name}`", name));
        let Ok(checkout) = &self.checkout else { return failure };
        let remote = format!("origin/{name}");
        if ["HEAD", "@"].contains(&name) && matches!(checkout.revision(None), Err(TreeError::NoCommit)) {
            return world(TreeError::NoCommit);
        }
        if checkout.knows(&remote) {
            return failure.help(say!("did you mean `{near}`?", near = remote));
        }
        failure.help(self.unshallow().unwrap_or(hint))
    }

    /// What to do in a shallow clone.
    fn unshallow(&self) -> Option<Text> {
        let shallow = self.checkout.as_ref().is_ok_and(|checkout| checkout.is_shallow());
        shallow.then(|| {
            say!(
                "this is a shallow clone; fetch the whole history: `fetch-depth: 0` in a workflow, or `git fetch --unshallow`"
            )
        })
    }
}

impl Found {
    /// Whether this is a commit from before there was any policy.
    pub fn is_before_any(&self) -> Result<bool, Failure> {
        Ok(self.commit.is_some() && is_before_any(&self.name, &*self.tree)?)
    }

    /// Reads and compiles it.
    pub fn compile(&self, library: &mut Library) -> Result<Repository, Failure> {
        compile(library, &self.name, &*self.tree)
    }

    /// The side, with what was read of it.
    pub fn side(self, repository: Repository) -> Side {
        Side { name: self.name, commit: self.commit, repository }
    }
}

/// Whether a tree has neither settings nor a folder of policies.
pub fn is_before_any(name: &Text, tree: &dyn Tree) -> Result<bool, Failure> {
    let has_settings = || tree.read(SETTINGS).map_err(|error| failed(name, error.into())).map(|it| it.is_some());
    Ok(matches!(tree.files(POLICIES), Err(TreeError::NoFolder(_))) && !has_settings()?)
}

/// Reads and compiles what people know by a name.
pub fn compile(library: &mut Library, name: &Text, tree: &dyn Tree) -> Result<Repository, Failure> {
    compile_with(library, tree).map_err(|error| failed(name, error))
}

fn failed(name: &Text, error: RepositoryError) -> Failure {
    let message = say!("in {side}: {error}", side = *name, error = error.to_string());
    Failure::world(message).help(Word::Verbatim(error.help().to_owned()))
}

fn world(error: TreeError) -> Failure {
    RepositoryError::from(error).into()
}
