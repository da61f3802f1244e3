//! Where policy files come from: the working tree, a git revision, or memory.
//!
//! A [`Tree`] lists and reads files below its root and nothing outside of it, whatever links say. Reading never writes.

pub mod blame;
pub mod branch;
pub mod commit;
pub mod git;
pub mod history;
pub mod memory;
pub mod merged;
pub mod notes;
pub mod overlay;
pub mod worktree;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The most bytes that one policy file may have: 256 MiB.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// A readable tree of policy files. Paths are relative to its root, with `/` between their parts.
pub trait Tree {
    /// The policy files (`.yaml`, `.yml`) below a folder, sorted by path. Names that begin with a dot are passed over;
    /// the ending may be in capitals.
    ///
    /// # Errors
    /// If there is no such folder, if a link leads out of the tree, or if the tree cannot be read.
    fn files(&self, folder: &str) -> Result<Vec<String>, TreeError>;

    /// The bytes of a file, or `None` if there is no file of that path.
    ///
    /// # Errors
    /// If the file leads out of the tree, is too large, or cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError>;

    /// What stands for the bytes of a file, if the tree knows it without reading them: equal ones mean equal bytes.
    ///
    /// # Errors
    /// If the file leads out of the tree.
    fn content(&self, _path: &str) -> Result<Option<ContentId>, TreeError> {
        Ok(None)
    }

    /// The bytes of many files, in their order, each as [`Tree::read`] gives them.
    fn read_all(&self, paths: &[&str]) -> Vec<Result<Option<Vec<u8>>, TreeError>> {
        paths.iter().map(|path| self.read(path)).collect()
    }

    /// A way to the bytes of a content later, from any thread, if they are there and [`Tree::read`] would find them now.
    /// It fails if they are damaged, or went meanwhile.
    fn later(&self, _content: ContentId) -> Option<Later> {
        None
    }
}

/// Gives the bytes of a file when somebody wants to see them.
pub type Later = Box<dyn Fn() -> Result<Vec<u8>, TreeError> + Send + Sync>;

/// What stands for the bytes of a file: the id that git gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentId(git2::Oid);

impl ContentId {
    /// That of some bytes; `None` if git cannot tell.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        git2::Oid::hash_object(git2::ObjectType::Blob, bytes).ok().map(Self)
    }

    /// The id itself; `None` where it is not one of twenty bytes.
    pub fn key(self) -> Option<[u8; 20]> {
        self.0.as_bytes().try_into().ok()
    }
}

/// Why a tree could not be read: the world, not the policy.
#[derive(Debug, Error)]
pub enum TreeError {
    /// The directory that was named does not exist.
    #[error("there is no directory `{}`", .0.display())]
    NoRoot(PathBuf),
    /// The folder of policies is missing.
    #[error("there is no folder `{0}`")]
    NoFolder(String),
    /// A folder of policies is, or holds, another git repository.
    #[error("{0} is a git repository of its own, which a revision does not hold")]
    Submodule(String),
    /// A symbolic link leads out of the root.
    #[error("`{0}` is a symbolic link that leads out of the repository or nowhere")]
    Outside(String),
    /// A path whose name is not UTF-8.
    #[error("the name of `{0}` is not UTF-8")]
    NotUtf8(String),
    /// A file beyond [`MAX_FILE_BYTES`].
    #[error("`{0}` is larger than {limit} MiB, the most that a policy file may have", limit = MAX_FILE_BYTES >> 20)]
    TooLarge(String),
    /// The operating system refused.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// What was to be read.
        path: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file is not what was read before.
    #[error("`{0}` was changed meanwhile")]
    Changed(String),
    /// Git has no such revision.
    #[error("git knows no revision `{0}`")]
    NoRevision(String),
    /// Nothing was ever committed.
    #[error("git has no commit yet")]
    NoCommit,
    /// The root is not part of a git repository.
    #[error("`{}` is not in a git repository", .0.display())]
    NotGit(PathBuf),
    /// Git failed otherwise.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

impl TreeError {
    /// What somebody can do about it; may be empty.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoRoot(_) => "name a directory that exists with -C",
            Self::NoFolder(_) => {
                "a policy repository keeps its declarations in policies/; is this the right directory? -C DIR picks another"
            }
            Self::Submodule(_) => {
                "put the files themselves into the repository: what a submodule says is no part of a commit"
            }
            Self::Outside(_) => "put the file itself into the repository, or remove the link",
            Self::NotUtf8(_) => "rename the file",
            Self::TooLarge(_) => "split the file; every section may be spread over many files",
            Self::Io { .. } => "check that the file may be read",
            Self::Changed(_) => "nothing was written; try again",
            Self::NoRevision(_) => "name a branch, a tag or a commit; `git log --oneline` lists commits",
            Self::NoCommit => "commit the policy first; there is no history before",
            Self::NotGit(_) => "`log`, `--at` and `--blame` need a git checkout",
            Self::Git(_) => "",
        }
    }
}

/// Whether a file name is one of a policy file.
pub(crate) fn is_policy_file(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    !name.starts_with('.') && ["yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Resolves `link`, the target of a symbolic link standing in `folder`, inside the tree; `None` if it leads out.
pub(crate) fn resolve_inside(folder: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if link.starts_with('/') {
        return None;
    }
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
