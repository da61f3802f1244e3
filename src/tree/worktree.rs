//! The working tree: policy files on disk, below a root directory.
//!
//! Links are followed as long as they stay below the root; one that leaves it is refused, not skipped.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::workers;

use super::{MAX_FILE_BYTES, Tree, TreeError, is_policy_file};

/// The files below a directory.
#[derive(Debug, Clone)]
pub struct Worktree {
    root: PathBuf,
}

impl Worktree {
    /// The tree below a directory.
    ///
    /// # Errors
    /// If the directory does not exist.
    pub fn new(root: &Path) -> Result<Self, TreeError> {
        match root.canonicalize() {
            Ok(real) if real.is_dir() => Ok(Self { root: real }),
            _ => Err(TreeError::NoRoot(root.to_owned())),
        }
    }

    /// The root, after symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The real path of something below the root.
    fn inside(&self, path: &str) -> Result<PathBuf, TreeError> {
        match self.root.join(path).canonicalize() {
            Ok(real) if real.starts_with(&self.root) => Ok(real),
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                Err(TreeError::Io { path: path.to_owned(), source })
            }
            _ => Err(TreeError::Outside(path.to_owned())),
        }
    }

    fn walk(&self, folder: &str, entered: &mut BTreeSet<PathBuf>, found: &mut Vec<String>) -> Result<(), TreeError> {
        let real = self.inside(folder)?;
        if !entered.insert(real.clone()) {
            return Ok(());
        }
        let failed = |source| TreeError::Io { path: folder.to_owned(), source };
        for entry in fs::read_dir(&real).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let shown = format!("{folder}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else {
                if is_policy_file(&entry.file_name().to_string_lossy()) {
                    return Err(TreeError::NotUtf8(shown));
                }
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let is_folder = if kind.is_symlink() { self.inside(&shown)?.is_dir() } else { kind.is_dir() };
            if is_folder {
                // A commit does not hold what such a folder says, so nobody who compares commits would see it.
                if real.join(&name).join(".git").exists() {
                    return Err(TreeError::Submodule(shown));
                }
                self.walk(&shown, entered, found)?;
            } else if is_policy_file(&name) {
                found.push(shown);
            }
        }
        Ok(())
    }
}

/// A file that shall say something else.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The path below the root.
    pub path: &'a str,
    /// What was read; `None` for a file that is not there yet.
    pub before: Option<&'a [u8]>,
    /// What to write.
    pub after: &'a [u8],
}

impl Worktree {
    /// Writes all of some changes, or none: each new text is written beside its file first, and takes its place
    /// only when all of them are on the disk. Should that fail halfway, the old texts are put back.
    ///
    /// # Errors
    /// If a file is not what was read any more, or cannot be written.
    pub fn write(&self, changes: &[Change<'_>]) -> Result<(), TreeError> {
        let mut ready: Vec<(PathBuf, PathBuf, &Change<'_>)> = Vec::new();
        let prepared = changes.iter().try_for_each(|change| {
            if self.read(change.path)?.as_deref() != change.before {
                return Err(TreeError::Changed(change.path.to_owned()));
            }
            let real = match (change.before, change.path.rsplit_once('/')) {
                (None, Some((folder, name))) => self.inside(folder)?.join(name),
                _ => self.inside(change.path)?,
            };
            let failed = |source| TreeError::Io { path: change.path.to_owned(), source };
            let beside = beside(&real);
            ready.push((real.clone(), beside.clone(), change));
            put(&beside, change.after).map_err(failed)?;
            if change.before.is_none() {
                return Ok(());
            }
            let permissions = fs::metadata(&real).map_err(failed)?.permissions();
            fs::set_permissions(&beside, permissions).map_err(failed)
        });
        let mut moved = 0;
        let done = prepared.and_then(|()| {
            ready.iter().try_for_each(|(real, beside, change)| {
                fs::rename(beside, real).map_err(|source| TreeError::Io { path: change.path.to_owned(), source })?;
                moved += 1;
                Ok(())
            })
        });
        if done.is_err() {
            for (index, (real, beside, change)) in ready.iter().enumerate() {
                // The first failure is told; what is left behind can only be a file beside, which is removed.
                let _ = fs::remove_file(beside);
                if index < moved {
                    let _ = match change.before {
                        Some(before) => put(beside, before).and_then(|()| fs::rename(beside, real)),
                        None => fs::remove_file(real),
                    };
                }
            }
        }
        done
    }
}

impl Worktree {
    /// Adds a line to a file, which is made if it is not there.
    ///
    /// # Errors
    /// If the file leads out of the tree, is no regular file, or cannot be written.
    pub fn append(&self, path: &str, line: &str) -> Result<(), TreeError> {
        let failed = |source| TreeError::Io { path: path.to_owned(), source };
        let real = match fs::symlink_metadata(self.root.join(path)) {
            Ok(_) => self.inside(path)?,
            Err(_) => {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                self.inside(folder)?.join(name)
            }
        };
        // Asked before opening: opening a pipe would wait for somebody to read from it.
        if fs::metadata(&real).is_ok_and(|found| !found.is_file()) {
            return Err(failed(io::Error::other("it is not a regular file")));
        }
        let mut file = fs::OpenOptions::new().read(true).append(true).create(true).open(real).map_err(failed)?;
        // An editor, or a disk that was full, may have left the last line without its end.
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last).map_err(failed)?;
        }
        let before = if last == [b'\n'] { "" } else { "\n" };
        file.write_all(format!("{before}{line}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }
}

/// A path beside a file, in the same folder, so that it can take the file's place in one step.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// From how many files on they are read by several threads.
const WORTH_SHARING: usize = 64;

impl Tree for Worktree {
    fn read_all(&self, paths: &[&str]) -> Vec<Result<Option<Vec<u8>>, TreeError>> {
        if paths.len() < WORTH_SHARING {
            return paths.iter().map(|path| self.read(path)).collect();
        }
        workers::each(paths, |path| self.read(path))
    }

    fn files(&self, folder: &str) -> Result<Vec<String>, TreeError> {
        if fs::symlink_metadata(self.root.join(folder)).is_err() {
            return Err(TreeError::NoFolder(folder.to_owned()));
        }
        if !self.inside(folder)?.is_dir() {
            return Err(TreeError::NoFolder(folder.to_owned()));
        }
        let mut found = Vec::new();
        self.walk(folder, &mut BTreeSet::new(), &mut found)?;
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        if fs::symlink_metadata(self.root.join(path)).is_err() {
            return Ok(None);
        }
        let real = self.inside(path)?;
        let failed = |source| TreeError::Io { path: path.to_owned(), source };
        // Asked before opening: opening a pipe would wait for somebody to write into it.
        if !fs::metadata(&real).map_err(failed)?.is_file() {
            let source = io::Error::other("it is not a regular file");
            return Err(failed(source));
        }
        let file = fs::File::open(real).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(TreeError::TooLarge(path.to_owned()));
        }
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_inside_is_followed_and_one_outside_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        fs::create_dir_all(root.join("policies/sub")).unwrap();
        fs::create_dir_all(root.join("shared")).unwrap();
        fs::write(root.join("policies/sub/a.yaml"), "a").unwrap();
        fs::write(root.join("policies/.hidden.yaml"), "h").unwrap();
        fs::write(root.join("policies/notes.txt"), "t").unwrap();
        fs::write(root.join("shared/b.yml"), "b").unwrap();
        symlink("../shared", root.join("policies/shared")).unwrap();
        symlink("..", root.join("policies/sub/up")).unwrap();
        let tree = Worktree::new(&root).unwrap();
        assert_eq!(tree.files("policies").unwrap(), ["policies/shared/b.yml", "policies/sub/a.yaml"]);

        fs::write(dir.path().join("secret.yaml"), "s").unwrap();
        symlink("../../secret.yaml", root.join("policies/secret.yaml")).unwrap();
        assert!(tree.files("policies").is_err() || tree.read("policies/secret.yaml").is_err());
        assert!(matches!(tree.read("policies/secret.yaml"), Err(TreeError::Outside(_))));
    }

    #[test]
    fn files_are_written_all_or_none() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("policies")).unwrap();
        fs::write(dir.path().join("policies/a.yaml"), "a").unwrap();
        fs::write(dir.path().join("policies/b.yaml"), "b").unwrap();
        let tree = Worktree::new(dir.path()).unwrap();
        let change = |path, before: &'static str| Change { path, before: Some(before.as_bytes()), after: b"new" };
        let stale = [change("policies/a.yaml", "a"), change("policies/b.yaml", "old")];
        assert!(matches!(tree.write(&stale), Err(TreeError::Changed(_))));
        let names = || fs::read_dir(dir.path().join("policies")).unwrap().count();
        assert_eq!((tree.read("policies/a.yaml").unwrap().unwrap(), names()), (b"a".to_vec(), 2));
        tree.write(&[change("policies/a.yaml", "a"), change("policies/b.yaml", "b")]).unwrap();
        assert_eq!((tree.read("policies/b.yaml").unwrap().unwrap(), names()), (b"new".to_vec(), 2));
    }

    #[test]
    fn lines_are_added_inside_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let tree = Worktree::new(&root).unwrap();
        tree.append("heads", "1").unwrap();
        tree.append("heads", "2").unwrap();
        assert_eq!(tree.read("heads").unwrap().unwrap(), b"1\n2\n");
        symlink("../outside", root.join("link")).unwrap();
        assert!(matches!(tree.append("link", "1"), Err(TreeError::Outside(_))));
        symlink("..", root.join("up")).unwrap();
        assert!(matches!(tree.append("up/outside", "1"), Err(TreeError::Outside(_))));
        assert!(!folder.path().join("outside").exists());
    }

    #[test]
    fn a_missing_folder_is_said_to_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Worktree::new(dir.path()).unwrap();
        assert!(matches!(tree.files("policies"), Err(TreeError::NoFolder(_))));
        assert!(matches!(Worktree::new(&dir.path().join("none")), Err(TreeError::NoRoot(_))));
    }
}
