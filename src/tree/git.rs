//! A revision of a git repository as a tree, read from the object store without a checkout.
//!
//! Nothing of the repository is executed. Symbolic links are resolved inside the revision, or refused.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use git2::{ErrorCode, ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

use crate::workers;

use super::commit::Commit;
use super::{ContentId, Later, MAX_FILE_BYTES, Tree, TreeError, is_policy_file, resolve_inside};

/// The mode of a symbolic link.
pub(super) const LINK: i32 = 0o120_000;
const MAX_LINKS: usize = 16;

/// A git repository, and where the policy root is in it.
pub struct Checkout {
    pub(super) repository: Repository,
    /// Where the policy root is inside the git repository; empty at its top.
    prefix: String,
    /// Where the repository is, unless it is in memory.
    path: Option<PathBuf>,
    spare: OnceCell<Option<Arc<Mutex<Repository>>>>,
}

impl Checkout {
    /// The git repository that holds `root`.
    ///
    /// # Errors
    /// If `root` is not in a git repository.
    pub fn of(root: &Path) -> Result<Self, TreeError> {
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
        let prefix = inside.to_str().ok_or_else(|| TreeError::NotUtf8(inside.display().to_string()))?.to_owned();
        let path = Some(repository.path().to_owned());
        Ok(Self { repository, prefix, path, spare: OnceCell::new() })
    }

    /// The commit that a name means, else the one that is checked out; `None` if nothing was ever committed.
    ///
    /// # Errors
    /// If git has no such revision.
    pub(super) fn commit(&self, name: Option<&str>) -> Result<Option<Oid>, TreeError> {
        let Some(name) = name else {
            return match self.repository.head() {
                Ok(head) => Ok(Some(head.peel_to_commit()?.id())),
                Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
                Err(error) => Err(error.into()),
            };
        };
        let found = self.repository.revparse_single(name).and_then(|object| object.peel_to_commit());
        found.map(|commit| Some(commit.id())).map_err(|_| TreeError::NoRevision(name.to_owned()))
    }

    /// The revision of a name, else the one that is checked out.
    ///
    /// # Errors
    /// If git has no such revision, or nothing was ever committed.
    pub fn revision(self: &Rc<Self>, name: Option<&str>) -> Result<Revision, TreeError> {
        Revision::at(self, self.commit(name)?.ok_or(TreeError::NoCommit)?)
    }

    /// Whether git knows a revision of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.commit(Some(name)).is_ok()
    }

    /// Whether older commits were left out when this was cloned.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }

    /// The merge bases of two revisions, the best first, as git has them; none if they have no common history.
    ///
    /// # Errors
    /// If git fails.
    pub fn merge_bases(self: &Rc<Self>, ours: &Revision, theirs: &Revision) -> Result<Vec<Revision>, TreeError> {
        match self.repository.merge_bases(ours.commit, theirs.commit) {
            Ok(bases) => bases.iter().map(|base| Revision::at(self, *base)).collect(),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// The same repository once more, for other threads. One in memory has none.
    fn spare(&self) -> Option<Arc<Mutex<Repository>>> {
        let open = || Some(Arc::new(Mutex::new(Repository::open(self.path.as_ref()?).ok()?)));
        self.spare.get_or_init(open).clone()
    }

    /// The top of the working tree, after symbolic links.
    pub(super) fn top(&self) -> Result<PathBuf, TreeError> {
        let top = self.repository.workdir().unwrap_or_else(|| self.repository.path());
        top.canonicalize().map_err(|source| TreeError::Io { path: top.display().to_string(), source })
    }

    /// The same place in a repository that is in memory.
    pub(super) fn with(&self, repository: Repository) -> Self {
        Self { repository, prefix: self.prefix.clone(), path: None, spare: OnceCell::new() }
    }

    /// A path as git has it, seen from the policy root; `None` if it is not below.
    pub(super) fn in_root<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() { Some(path) } else { path.strip_prefix(&self.prefix)?.strip_prefix('/') }
    }

    /// A path of the policy root as git has it.
    pub(super) fn in_git(&self, path: &str) -> String {
        if self.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.prefix) }
    }
}

/// One commit, seen from the root of a policy repository.
pub struct Revision {
    checkout: Rc<Checkout>,
    tree: Oid,
    /// Zero for what was never committed.
    commit: Oid,
    /// The files that were listed.
    blobs: RefCell<HashMap<String, Oid>>,
    /// Whether a symbolic link was followed.
    linked: Cell<bool>,
}

impl Revision {
    /// Opens the revision `name` of the git repository that holds `root`.
    ///
    /// # Errors
    /// If `root` is not in a git repository, or git has no such revision.
    pub fn open(root: &Path, name: &str) -> Result<Self, TreeError> {
        let checkout = Checkout::of(root)?;
        let commit = checkout.commit(Some(name))?.ok_or(TreeError::NoCommit)?;
        Self::at(&Rc::new(checkout), commit)
    }

    pub(super) fn at(checkout: &Rc<Checkout>, commit: Oid) -> Result<Self, TreeError> {
        let tree = checkout.repository.find_commit(commit)?.tree_id();
        Ok(Self { commit, ..Self::of_tree(checkout, tree) })
    }

    /// The files of a tree that was never committed.
    pub(super) fn of_tree(checkout: &Rc<Checkout>, tree: Oid) -> Self {
        let (blobs, linked) = (RefCell::default(), Cell::new(false));
        Self { checkout: checkout.clone(), tree, commit: Oid::ZERO_SHA1, blobs, linked }
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.checkout.repository
    }

    pub(super) fn tree(&self) -> Oid {
        self.tree
    }

    /// Whether a symbolic link was followed while it was read.
    pub fn follows_links(&self) -> bool {
        self.linked.get()
    }

    /// The full id of the commit.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// The commit as people know it.
    ///
    /// # Errors
    /// If git cannot read it.
    pub fn described(&self) -> Result<Commit, TreeError> {
        Ok(Commit::of(&self.checkout.repository.find_commit(self.commit)?))
    }

    /// Whether all files are the same as in another revision.
    pub fn is_same(&self, other: &Self) -> bool {
        self.tree == other.tree
    }

    /// Whether everything at some paths is the same as in another revision that was read, without looking into it.
    /// Where a link was followed, only a revision with the very same files is.
    pub fn is_like(&self, read: &Self, paths: &[String]) -> bool {
        let same = |path: &String| {
            let path = self.checkout.in_git(path);
            self.stands_at(&path) == read.stands_at(&path)
        };
        self.is_same(read) || (!read.linked.get() && paths.iter().all(same))
    }

    /// Mode and id of what stands at a path of the git repository; a link is not followed.
    fn stands_at(&self, path: &str) -> Option<(i32, Oid)> {
        let tree = self.checkout.repository.find_tree(self.tree).ok()?;
        let entry = tree.get_path(Path::new(path)).ok()?;
        Some((entry.filemode(), entry.id()))
    }

    /// The path in the git repository of the file at a path of the policy root, after links.
    pub(super) fn real_path(&self, path: &str) -> Result<Option<String>, TreeError> {
        Ok(self.entry(path)?.map(|(_, _, real)| self.checkout.in_git(&real)))
    }

    /// The policy files of the whole git repository.
    pub(super) fn files_of_git(&self) -> Result<Vec<String>, TreeError> {
        let mut found = Vec::new();
        let tree = self.checkout.repository.find_tree(self.tree)?;
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            if let (Some(ObjectType::Blob), Ok(name)) = (entry.kind(), entry.name())
                && entry.filemode() != LINK
                && is_policy_file(name)
            {
                found.push(format!("{folder}{name}"));
            }
            TreeWalkResult::Ok
        })?;
        Ok(found)
    }

    /// The id of a file.
    fn blob(&self, path: &str) -> Result<Option<Oid>, TreeError> {
        if let Some(id) = self.blobs.borrow().get(path) {
            return Ok(Some(*id));
        }
        Ok(self.entry(path)?.filter(|(kind, ..)| *kind == ObjectType::Blob).map(|(_, id, _)| id))
    }

    /// Kind, id and real path of the entry at a path of the policy root. Links are followed wherever they stand in it.
    fn entry(&self, path: &str) -> Result<Option<(ObjectType, Oid, String)>, TreeError> {
        let outside = || TreeError::Outside(path.to_owned());
        let parts = |path: &str| path.split('/').rev().map(str::to_owned).collect::<Vec<_>>();
        let tree = self.checkout.repository.find_tree(self.tree)?;
        let mut rest = parts(&resolve_inside("", path).ok_or_else(outside)?);
        let (mut real, mut found, mut links) = (String::new(), None, 0);
        while let Some(part) = rest.pop() {
            let here = if real.is_empty() { part } else { format!("{real}/{part}") };
            let Ok(entry) = tree.get_path(Path::new(&self.checkout.in_git(&here))) else { return Ok(None) };
            if entry.filemode() != LINK {
                found = entry.kind().map(|kind| (kind, entry.id()));
                real = here;
                continue;
            }
            links += 1;
            self.linked.set(true);
            let blob = self.checkout.repository.find_blob(entry.id())?;
            let target = std::str::from_utf8(blob.content()).ok().filter(|_| links <= MAX_LINKS);
            let target = target.and_then(|link| resolve_inside(&real, link)).ok_or_else(outside)?;
            rest.extend(parts(&target).into_iter().filter(|part| !part.is_empty()));
            (real, found) = (String::new(), None);
        }
        Ok(found.map(|(kind, id)| (kind, id, real)))
    }

    fn walk(
        &self,
        folder: &Folder<'_>,
        entered: &mut BTreeSet<String>,
        found: &mut Vec<String>,
    ) -> Result<(), TreeError> {
        if !entered.insert(folder.real.to_owned()) {
            return Ok(());
        }
        for entry in &self.checkout.repository.find_tree(folder.id)? {
            let shown = format!("{}/{}", folder.shown, String::from_utf8_lossy(entry.name_bytes()));
            let Ok(name) = entry.name() else {
                if is_policy_file(&shown) {
                    return Err(TreeError::NotUtf8(shown));
                }
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            // Only a link needs to be looked up from the root again.
            let what = match entry.kind() {
                _ if entry.filemode() == LINK => self.entry(&shown)?,
                kind => kind.map(|kind| (kind, entry.id(), format!("{}/{name}", folder.real))),
            };
            match what {
                Some((ObjectType::Tree, id, real)) => {
                    self.walk(&Folder { shown: &shown, real: &real, id }, entered, found)?;
                }
                Some((ObjectType::Blob, id, _)) if is_policy_file(name) => {
                    self.blobs.borrow_mut().insert(shown.clone(), id);
                    found.push(shown);
                }
                None if entry.filemode() == LINK => return Err(TreeError::Outside(shown)),
                Some((ObjectType::Commit, ..)) => return Err(TreeError::Submodule(shown)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A folder on the way through a revision.
struct Folder<'a> {
    shown: &'a str,
    real: &'a str,
    id: Oid,
}

/// From how many files on they are read by several threads, so many at a time.
const WORTH_SHARING: usize = 128;

/// The bytes of a blob that is not too large.
fn bytes_of(repository: &Repository, id: Oid) -> Option<Vec<u8>> {
    let (size, _) = repository.odb().ok()?.read_header(id).ok()?;
    let blob = repository.find_blob(id).ok().filter(|_| size as u64 <= MAX_FILE_BYTES)?;
    Some(blob.content().to_vec())
}

impl Tree for Revision {
    fn files(&self, folder: &str) -> Result<Vec<String>, TreeError> {
        let Some((ObjectType::Tree, id, real)) = self.entry(folder)? else {
            return Err(TreeError::NoFolder(folder.to_owned()));
        };
        let mut found = Vec::new();
        self.walk(&Folder { shown: folder, real: &real, id }, &mut BTreeSet::new(), &mut found)?;
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        let Some(id) = self.blob(path)? else { return Ok(None) };
        let (size, _) = self.checkout.repository.odb()?.read_header(id)?;
        if size as u64 > MAX_FILE_BYTES {
            return Err(TreeError::TooLarge(path.to_owned()));
        }
        Ok(Some(self.checkout.repository.find_blob(id)?.content().to_vec()))
    }

    fn read_all(&self, paths: &[&str]) -> Vec<Result<Option<Vec<u8>>, TreeError>> {
        let Some(place) = self.checkout.path.as_ref().filter(|_| paths.len() >= WORTH_SHARING) else {
            return paths.iter().map(|path| self.read(path)).collect();
        };
        let blobs: Vec<Option<Oid>> = paths.iter().map(|path| self.blob(path).ok().flatten()).collect();
        let parts: Vec<&[Option<Oid>]> = blobs.chunks(WORTH_SHARING).collect();
        let read = |part: &&[Option<Oid>]| -> Vec<Option<Vec<u8>>> {
            let Ok(repository) = Repository::open(place) else { return vec![None; part.len()] };
            part.iter().map(|blob| bytes_of(&repository, (*blob)?)).collect()
        };
        let read = workers::each(&parts, read).into_iter().flatten();
        // What could not be read so is read again, and then says why.
        read.zip(paths).map(|(bytes, path)| bytes.map_or_else(|| self.read(path), |bytes| Ok(Some(bytes)))).collect()
    }

    fn content(&self, path: &str) -> Result<Option<ContentId>, TreeError> {
        Ok(self.blob(path)?.map(ContentId))
    }

    fn later(&self, content: ContentId) -> Option<Later> {
        let (size, kind) = self.checkout.repository.odb().ok()?.read_header(content.0).ok()?;
        if kind != ObjectType::Blob || size as u64 > MAX_FILE_BYTES {
            return None;
        }
        let spare = self.checkout.spare()?;
        Some(Box::new(move || {
            let repository = spare.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(repository.find_blob(content.0)?.content().to_vec())
        }))
    }
}
