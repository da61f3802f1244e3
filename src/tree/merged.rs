//! The merge of two commits as a tree, made in memory.
//!
//! Nothing is checked out, no index and no object is written: merged files are kept by an object store of their own,
//! which reads from that of the repository. Nothing is executed either. libgit2 knows three ways to merge a file, all of
//! them its own, and runs no command that the settings name. Which of the three is taken is looked up in attributes,
//! and those of the repository are not found here: the store has no working tree, no index and no settings. So a
//! `.gitattributes` cannot change what is compared; what git would join only because of one is a conflict.

use std::collections::BTreeMap;
use std::rc::Rc;

use git2::{Index, IndexEntry, MergeOptions, ObjectType, Odb, Oid, Repository};

use super::git::{Checkout, LINK, Revision};
use super::{ContentId, Tree, TreeError, is_policy_file};

/// What two commits become when they are merged.
pub struct Merged {
    files: Revision,
    conflicts: Vec<String>,
    is_clean: bool,
}

impl Merged {
    /// Merges two revisions of a git repository, which went apart at a base.
    ///
    /// # Errors
    /// If git fails.
    pub fn of(checkout: &Checkout, base: &Revision, ours: &Revision, theirs: &Revision) -> Result<Self, TreeError> {
        let repository = beside(&checkout.repository)?;
        let [base, ours, theirs] = [base, ours, theirs].map(|side| repository.find_tree(side.tree()));
        let mut options = MergeOptions::new();
        options.find_renames(true).target_limit(MOST_RENAMES);
        let index = repository.merge_trees(&base?, &ours?, &theirs?, Some(&options))?;
        // A file may be in conflict under several names, and a name in several ways.
        let mut paths: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        for conflict in index.conflicts()? {
            let conflict = conflict?;
            for IndexEntry { path, mode, .. } in [conflict.ancestor, conflict.our, conflict.their].into_iter().flatten()
            {
                *paths.entry(path).or_default() |= mode.cast_signed() == LINK;
            }
        }
        let mut conflicts = Vec::new();
        for (path, is_link) in &paths {
            let path = String::from_utf8_lossy(path);
            let is_policy = is_policy_file(path.rsplit('/').next().unwrap_or_default());
            conflicts.extend(checkout.in_root(&path).filter(|_| is_policy || *is_link).map(str::to_owned));
        }
        let mut merged = Index::new()?;
        for entry in index.iter().filter(|entry| entry.flags & STAGES == 0 && !paths.contains_key(&entry.path)) {
            merged.add(&entry)?;
        }
        let tree = merged.write_tree_to(&repository)?;
        let files = Revision::of_tree(&Rc::new(checkout.with(repository)), tree);
        Ok(Self { files, conflicts, is_clean: paths.is_empty() })
    }

    /// Whether git could merge all files, those that are no policy included.
    pub fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// Writes the merged files to a repository after all, for a commit of them; the tree.
    pub(super) fn write_to(&self, repository: &Repository) -> Result<Oid, TreeError> {
        let tree = self.files.tree();
        copy(self.files.repository(), repository, tree)?;
        Ok(tree)
    }

    /// The policy files and links below the root that git could not merge; the tree has none of them.
    pub fn conflicts(&self) -> &[String] {
        &self.conflicts
    }
}

/// Where the flags of an entry say that it is one side of a conflict.
const STAGES: u16 = 0x3000;

/// So many files may be new on one side while others are gone, before git stops to look for renamed ones.
const MOST_RENAMES: u32 = 1000;

/// A repository in memory that has all objects of another. What is written to it is gone with it.
fn beside(repository: &Repository) -> Result<Repository, TreeError> {
    let objects = repository.commondir().join("objects");
    let objects = objects.to_str().ok_or_else(|| TreeError::NotUtf8(objects.display().to_string()))?;
    let store = Odb::new()?;
    store.add_disk_alternate(objects)?;
    store.add_new_mempack_backend(1)?;
    Ok(Repository::from_odb(store)?)
}

/// Copies a tree with everything below it that is not there yet.
fn copy(from: &Repository, to: &Repository, tree: Oid) -> Result<(), TreeError> {
    let (source, store) = (from.odb()?, to.odb()?);
    if store.exists(tree) {
        return Ok(());
    }
    for entry in &from.find_tree(tree)? {
        match entry.kind() {
            Some(ObjectType::Tree) => copy(from, to, entry.id())?,
            Some(ObjectType::Blob) if !store.exists(entry.id()) => {
                store.write(ObjectType::Blob, source.read(entry.id())?.data())?;
            }
            _ => {}
        }
    }
    store.write(ObjectType::Tree, source.read(tree)?.data())?;
    Ok(())
}

impl Tree for Merged {
    fn files(&self, folder: &str) -> Result<Vec<String>, TreeError> {
        self.files.files(folder)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        self.files.read(path)
    }

    fn content(&self, path: &str) -> Result<Option<ContentId>, TreeError> {
        self.files.content(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    /// A git repository with the branches `ours` and `theirs`, which went apart at `base`.
    struct Branches(tempfile::TempDir);

    impl Branches {
        fn git(&self, words: &str) -> String {
            let ran = Command::new("git")
                .current_dir(&self.0)
                .args(words.split(' '))
                .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
                .envs([("GIT_AUTHOR_NAME", "t"), ("GIT_AUTHOR_EMAIL", "t@t.example")])
                .envs([("GIT_COMMITTER_NAME", "t"), ("GIT_COMMITTER_EMAIL", "t@t.example")])
                .output()
                .unwrap();
            assert!(ran.status.success(), "{words} {ran:?}");
            String::from_utf8(ran.stdout).unwrap()
        }

        fn path(&self, path: &str) -> std::path::PathBuf {
            self.0.path().join(path)
        }

        fn write(&self, files: &[(&str, &str)]) {
            for (path, text) in files {
                let path = self.path(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }

        fn commit(&self) {
            self.git("add -A");
            self.git("commit -q --allow-empty -m x");
        }

        fn of(base: &[(&str, &str)], ours: impl Fn(&Self), theirs: impl Fn(&Self)) -> Self {
            let branches = Self(tempfile::tempdir().unwrap());
            branches.git("init -q -b base");
            branches.write(base);
            branches.commit();
            for (name, change) in [("ours", &ours as &dyn Fn(&Self)), ("theirs", &theirs)] {
                branches.git(&format!("switch -q -c {name} base"));
                change(&branches);
                branches.commit();
            }
            branches
        }

        fn merged(&self, below: &str) -> Result<Merged, TreeError> {
            let checkout = Rc::new(Checkout::of(&self.path(below)).unwrap());
            let [base, ours, theirs] = ["base", "ours", "theirs"].map(|name| checkout.revision(Some(name)).unwrap());
            Merged::of(&checkout, &base, &ours, &theirs)
        }

        /// Every file below `.git` with its bytes.
        fn inside(&self) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
            let (mut open, mut found) = (vec![self.path(".git")], BTreeMap::new());
            while let Some(folder) = open.pop() {
                for entry in fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        open.push(path)
                    } else {
                        drop(found.insert(path.clone(), fs::read(path).unwrap()))
                    }
                }
            }
            found
        }
    }

    const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

    fn text(merged: &Merged, path: &str) -> String {
        String::from_utf8(merged.read(path).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn both_sides_of_a_file_are_joined_and_nothing_is_written() {
        let branches = Branches::of(
            &[("policies/a.yaml", TEN), ("policies/b.yaml", "b\n")],
            |it| it.write(&[("policies/a.yaml", &TEN.replace("1\n2", "one\n2"))]),
            |it| it.write(&[("policies/a.yaml", &TEN.replace("9\n", "nine\n")), ("policies/c.yaml", "c\n")]),
        );
        let before = branches.inside();
        let merged = branches.merged("").unwrap();
        assert_eq!(merged.files("policies").unwrap(), ["policies/a.yaml", "policies/b.yaml", "policies/c.yaml"]);
        assert_eq!(text(&merged, "policies/a.yaml"), "one\n2\n3\n4\n5\n6\n7\n8\nnine\n10\n");
        assert!(merged.conflicts().is_empty() && merged.content("policies/a.yaml").unwrap().is_some());
        assert_eq!(before, branches.inside());
        assert_eq!(branches.git("status --porcelain"), "");
    }

    #[test]
    fn an_edit_follows_a_renamed_file() {
        let branches = Branches::of(
            &[("policies/a.yaml", TEN)],
            |it| {
                it.git("mv policies/a.yaml policies/new.yaml");
            },
            |it| it.write(&[("policies/a.yaml", &TEN.replace('5', "five"))]),
        );
        let merged = branches.merged("").unwrap();
        assert_eq!(merged.files("policies").unwrap(), ["policies/new.yaml"]);
        assert!(text(&merged, "policies/new.yaml").contains("five"));
    }

    #[test]
    fn conflicts_of_policies_are_named_from_the_root_and_others_are_not() {
        let branches = Branches::of(
            &[
                ("crm/policies/a.yaml", "a\n"),
                ("crm/policies/gone.yaml", "x\n"),
                ("README.md", "r\n"),
                ("b.yaml", "b\n"),
            ],
            |it| {
                it.write(&[("crm/policies/a.yaml", "ours\n"), ("README.md", "ours\n"), ("b.yaml", "ours\n")]);
                it.write(&[("crm/policies/gone.yaml", "edited\n")]);
            },
            |it| {
                it.write(&[("crm/policies/a.yaml", "theirs\n"), ("README.md", "theirs\n"), ("b.yaml", "theirs\n")]);
                fs::remove_file(it.path("crm/policies/gone.yaml")).unwrap();
                it.write(&[("crm/policies/keep.yaml", "k\n")]);
            },
        );
        let merged = branches.merged("crm").unwrap();
        assert_eq!(merged.conflicts(), ["policies/a.yaml", "policies/gone.yaml"]);
        assert_eq!(merged.files("policies").unwrap(), ["policies/keep.yaml"]);
    }

    #[test]
    fn attributes_run_nothing_and_change_nothing() {
        let attributes = "*.yaml merge=evil filter=evil\npolicies/u.yaml merge=union\npolicies/b.yaml -merge\n";
        let files = |a: &str| [("policies/a.yaml", a.to_owned()), ("policies/b.yaml", a.to_owned())];
        let write = |it: &Branches, text: &str, union: &str| {
            files(text).iter().for_each(|(path, text)| it.write(&[(path, text)]));
            it.write(&[("policies/u.yaml", union)]);
        };
        let branches = Branches::of(
            &[
                (".gitattributes", attributes),
                ("policies/a.yaml", TEN),
                ("policies/b.yaml", TEN),
                ("policies/u.yaml", "u\n"),
            ],
            |it| write(it, &TEN.replace("1\n2", "one\n2"), "ours\n"),
            |it| write(it, &TEN.replace("9\n", "nine\n"), "theirs\n"),
        );
        let trace = branches.path("trace");
        for key in ["merge.evil.driver", "filter.evil.smudge", "filter.evil.clean", "core.fsmonitor"] {
            let set = ["config", key, &format!("touch {}", trace.display())].map(str::to_owned);
            assert!(Command::new("git").current_dir(&branches.0).args(set).status().unwrap().success());
        }
        branches.write(&[(".git/info/attributes", "*.yaml merge=union\n")]);
        let merged = branches.merged("").unwrap();
        for path in ["policies/a.yaml", "policies/b.yaml"] {
            assert_eq!(text(&merged, path), "one\n2\n3\n4\n5\n6\n7\n8\nnine\n10\n");
        }
        assert_eq!(merged.conflicts(), ["policies/u.yaml"]);
        assert!(!trace.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_inside_and_refused_outside() {
        use std::os::unix::fs::symlink;
        let link = |it: &Branches, to: &str| {
            it.write(&[("policies/x.yaml", "x\n")]);
            symlink(to, it.path("policies/link.yaml")).unwrap();
        };
        let base = [("policies/a.yaml", "a\n"), ("shared/b.yaml", TEN)];
        let edit = |it: &Branches| it.write(&[("shared/b.yaml", &TEN.replace('5', "five"))]);
        let inside = Branches::of(&base, |it| link(it, "../shared/b.yaml"), edit);
        assert!(text(&inside.merged("").unwrap(), "policies/link.yaml").contains("five"));
        let outside = Branches::of(&base, |it| link(it, "../../../etc/passwd"), edit);
        assert!(matches!(outside.merged("").unwrap().files("policies"), Err(TreeError::Outside(_))));
    }

    #[test]
    fn objects_in_packs_and_of_a_clone_that_borrows_are_found() {
        let branches = Branches::of(
            &[("policies/a.yaml", TEN)],
            |it| it.write(&[("policies/a.yaml", &TEN.replace("1\n2", "one\n2"))]),
            |it| it.write(&[("policies/a.yaml", &TEN.replace("9\n", "nine\n"))]),
        );
        branches.git("gc -q");
        assert!(text(&branches.merged("").unwrap(), "policies/a.yaml").starts_with("one\n"));
        let clone = Branches(tempfile::tempdir().unwrap());
        clone.git(&format!("clone -q --shared {} .", branches.0.path().display()));
        ["base", "ours"].iter().for_each(|name| drop(clone.git(&format!("branch -q {name} origin/{name}"))));
        assert!(text(&clone.merged("").unwrap(), "policies/a.yaml").starts_with("one\n"));
        branches.git("worktree add -q linked ours --force");
        assert!(text(&branches.merged("linked").unwrap(), "policies/a.yaml").starts_with("one\n"));
    }
}
