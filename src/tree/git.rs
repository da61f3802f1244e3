//! A revision of a git repository as a tree, read from the object store without a checkout.
//!
//! Nothing of the repository is executed. Symbolic links are resolved inside the revision, or refused.

use std::collections::BTreeSet;
use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository};

use super::{MAX_FILE_BYTES, Tree, TreeError, is_policy_file, resolve_inside};

const LINK: i32 = 0o120_000;
const MAX_LINKS: usize = 16;

/// One commit, seen from the root of a policy repository.
pub struct Revision {
    repository: Repository,
    tree: Oid,
    commit: Oid,
    /// Where the policy root is inside the git repository; empty at its top.
    prefix: String,
}

impl Revision {
    /// Opens the revision `name` of the git repository that holds `root`.
    ///
    /// # Errors
    /// If `root` is not in a git repository, or git has no such revision.
    pub fn open(root: &Path, name: &str) -> Result<Self, TreeError> {
        let repository = Repository::discover(root).map_err(|error| match error.code() {
            ErrorCode::NotFound => TreeError::NotGit(root.to_owned()),
            _ => TreeError::Git(error),
        })?;
        let workdir = repository.workdir().ok_or_else(|| TreeError::NotGit(root.to_owned()))?;
        let real = |path: &Path| {
            path.canonicalize().map_err(|source| TreeError::Io { path: path.display().to_string(), source })
        };
        let (top, here) = (real(workdir)?, real(root)?);
        let inside = here.strip_prefix(&top).map_err(|_| TreeError::NotGit(root.to_owned()))?;
        let prefix = inside.to_str().ok_or_else(|| TreeError::NotUtf8(inside.display().to_string()))?;
        let missing = |_| TreeError::NoRevision(name.to_owned());
        let (tree, commit) = repository
            .revparse_single(name)
            .and_then(|object| object.peel_to_commit())
            .map(|commit| (commit.tree_id(), commit.id()))
            .map_err(missing)?;
        Ok(Self { tree, commit, prefix: prefix.to_owned(), repository })
    }

    /// The full id of the commit.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    fn in_git(&self, path: &str) -> String {
        if self.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.prefix) }
    }

    /// Kind, id and real path of the entry at a path of the policy root. Links are followed wherever they stand in it.
    fn entry(&self, path: &str) -> Result<Option<(ObjectType, Oid, String)>, TreeError> {
        let outside = || TreeError::Outside(path.to_owned());
        let parts = |path: &str| path.split('/').rev().map(str::to_owned).collect::<Vec<_>>();
        let tree = self.repository.find_tree(self.tree)?;
        let mut rest = parts(&resolve_inside("", path).ok_or_else(outside)?);
        let (mut real, mut found, mut links) = (String::new(), None, 0);
        while let Some(part) = rest.pop() {
            let here = if real.is_empty() { part } else { format!("{real}/{part}") };
            let Ok(entry) = tree.get_path(Path::new(&self.in_git(&here))) else { return Ok(None) };
            if entry.filemode() != LINK {
                found = entry.kind().map(|kind| (kind, entry.id()));
                real = here;
                continue;
            }
            links += 1;
            let blob = self.repository.find_blob(entry.id())?;
            let target = std::str::from_utf8(blob.content()).ok().filter(|_| links <= MAX_LINKS);
            let target = target.and_then(|link| resolve_inside(&real, link)).ok_or_else(outside)?;
            rest.extend(parts(&target).into_iter().filter(|part| !part.is_empty()));
            (real, found) = (String::new(), None);
        }
        Ok(found.map(|(kind, id)| (kind, id, real)))
    }

    fn walk(&self, folder: &str, entered: &mut BTreeSet<String>, found: &mut Vec<String>) -> Result<(), TreeError> {
        let Some((ObjectType::Tree, id, real)) = self.entry(folder)? else {
            return Err(TreeError::NoFolder(folder.to_owned()));
        };
        if !entered.insert(real) {
            return Ok(());
        }
        for entry in &self.repository.find_tree(id)? {
            let shown = format!("{folder}/{}", String::from_utf8_lossy(entry.name_bytes()));
            let Ok(name) = entry.name() else {
                if is_policy_file(&shown) {
                    return Err(TreeError::NotUtf8(shown));
                }
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            match self.entry(&shown)? {
                Some((ObjectType::Tree, ..)) => self.walk(&shown, entered, found)?,
                Some((ObjectType::Blob, ..)) if is_policy_file(name) => found.push(shown),
                None if entry.filemode() == LINK => return Err(TreeError::Outside(shown)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Tree for Revision {
    fn files(&self, folder: &str) -> Result<Vec<String>, TreeError> {
        let mut found = Vec::new();
        self.walk(folder, &mut BTreeSet::new(), &mut found)?;
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        let Some((ObjectType::Blob, id, _)) = self.entry(path)? else { return Ok(None) };
        let (size, _) = self.repository.odb()?.read_header(id)?;
        if size as u64 > MAX_FILE_BYTES {
            return Err(TreeError::TooLarge(path.to_owned()));
        }
        Ok(Some(self.repository.find_blob(id)?.content().to_vec()))
    }
}
