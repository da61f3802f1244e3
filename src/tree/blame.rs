//! Which commit brought a line: followed back through edits around it, renamed files, and moves to another place.
//!
//! Git's own blame, as the library has it, knows neither moves of lines nor files that are not committed yet. So a line
//! is followed here one commit at a time. Where its file does not have it in any parent, it may have stood elsewhere:
//! in the file that this one was renamed from, or as the same words under the same keys in a file that lost them in the
//! same commit. A line that merely looks the same, such as a member of another group, is another line.

use std::collections::HashMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use git2::{Commit as GitCommit, DiffFindOptions, DiffOptions, Oid, Patch};

use super::commit::Commit;
use super::git::{Checkout, Revision};
use super::{TreeError, is_policy_file};

/// Finds out which commits brought lines.
pub struct Blame {
    checkout: Rc<Checkout>,
    newest: Option<Oid>,
    from: From,
    /// From which commit on a file is what it is in a later one.
    unchanged: HashMap<(Oid, String), Oid>,
}

/// What the lines are of.
enum From {
    /// The files on the disk, below this root.
    Worktree(PathBuf),
    /// A commit.
    Revision(Revision),
}

/// A line of a file in some commit, from 0.
struct Line {
    path: String,
    number: usize,
}

impl Blame {
    /// Of the revision `at`, else of the working tree, of the git repository that holds `root`.
    ///
    /// # Errors
    /// If `root` is not in a git repository, or git has no such revision.
    pub fn open(root: &Path, at: Option<&str>) -> Result<Self, TreeError> {
        let checkout = Rc::new(Checkout::of(root)?);
        let newest = checkout.commit(at)?;
        let from = match (at, newest) {
            (Some(_), Some(newest)) => From::Revision(Revision::at(&checkout, newest)?),
            _ => From::Worktree(root.to_owned()),
        };
        Ok(Self { checkout, newest, from, unchanged: HashMap::new() })
    }

    /// The newest of the commits that brought some lines, counted from 1, of a file below the root; `None` if one of
    /// them is not committed yet.
    ///
    /// # Errors
    /// If the file or git cannot be read.
    pub fn newest(&mut self, path: &str, lines: RangeInclusive<usize>) -> Result<Option<Commit>, TreeError> {
        let mut newest: Option<Commit> = None;
        for line in lines {
            let Some(commit) = self.line(path, line.saturating_sub(1))? else { return Ok(None) };
            if newest.as_ref().is_none_or(|newest| newest.committed < commit.committed) {
                newest = Some(commit);
            }
        }
        Ok(newest)
    }

    fn line(&mut self, path: &str, number: usize) -> Result<Option<Commit>, TreeError> {
        let Some(newest) = self.newest else { return Ok(None) };
        let line = match &self.from {
            From::Revision(revision) => revision.real_path(path)?.map(|path| Line { path, number }),
            From::Worktree(root) => self.committed(root, path, number)?,
        };
        line.map(|line| self.follow(newest, line)).transpose()
    }

    /// The line of the working tree as the newest commit has it, if it does.
    fn committed(&self, root: &Path, path: &str, number: usize) -> Result<Option<Line>, TreeError> {
        let Some(newest) = self.newest else { return Ok(None) };
        let failed = |source| TreeError::Io { path: path.to_owned(), source };
        let top = self.checkout.top()?;
        let real = root.join(path).canonicalize().map_err(failed)?;
        let inside = real.strip_prefix(&top).map_err(|_| TreeError::Outside(path.to_owned()))?;
        let inside = inside.to_str().ok_or_else(|| TreeError::NotUtf8(path.to_owned()))?;
        let commit = self.checkout.repository.find_commit(newest)?;
        let now = fs::read(&real).map_err(failed)?;
        let line = Line { path: inside.to_owned(), number };
        if let Some(before) = self.text(&commit, inside)?
            && let Some(number) = line_before(&before, &now, number)?
        {
            return Ok(Some(Line { number, ..line }));
        }
        // It may have been moved here meanwhile: every file of the commit that is another on the disk may have lost it.
        let revision = Revision::at(&self.checkout, newest)?;
        let mut changed = Vec::new();
        for path in revision.files_of_git()? {
            let before = self.text(&commit, &path)?.unwrap_or_default();
            let now = fs::read(top.join(&path)).unwrap_or_default();
            if before != now {
                changed.push(Moved { path, before, now });
            }
        }
        Ok(moved_from(&line, &now, changed))
    }

    /// Goes back from a commit that has a line to the one that brought it.
    fn follow(&mut self, newest: Oid, line: Line) -> Result<Commit, TreeError> {
        let checkout = self.checkout.clone();
        let mut at = (newest, line);
        loop {
            let start = self.beginning(at.0, &at.1.path)?;
            let commit = checkout.repository.find_commit(start)?;
            match self.before(&commit, &at.1)? {
                Some(earlier) => at = earlier,
                None => return Ok(Commit::of(&commit)),
            }
        }
    }

    /// The oldest commit, by parents that have the same file, in which a file is what it is in a commit.
    fn beginning(&mut self, from: Oid, path: &str) -> Result<Oid, TreeError> {
        if let Some(known) = self.unchanged.get(&(from, path.to_owned())) {
            return Ok(*known);
        }
        let mut commit = self.checkout.repository.find_commit(from)?;
        let mut blob = blob(&commit, path)?;
        'back: loop {
            for parent in commit.parents() {
                let earlier = self::blob(&parent, path)?;
                if earlier == blob {
                    (commit, blob) = (parent, earlier);
                    continue 'back;
                }
            }
            break;
        }
        let start = commit.id();
        drop(commit);
        self.unchanged.insert((from, path.to_owned()), start);
        Ok(start)
    }

    /// Where a line of a commit stood in one of its parents.
    fn before(&self, commit: &GitCommit<'_>, line: &Line) -> Result<Option<(Oid, Line)>, TreeError> {
        let now = self.text(commit, &line.path)?.unwrap_or_default();
        let mut elsewhere = Vec::new();
        for parent in commit.parents() {
            let path = match blob(&parent, &line.path)? {
                Some(_) => Some(line.path.clone()),
                None => self.renamed_from(&parent, commit, &line.path)?,
            };
            if let Some(path) = path
                && let Some(before) = self.text(&parent, &path)?
                && let Some(number) = line_before(&before, &now, line.number)?
            {
                return Ok(Some((parent.id(), Line { path, number })));
            }
            elsewhere.push(parent);
        }
        for parent in elsewhere {
            let mut changed = Vec::new();
            for path in self.changed(&parent, commit)? {
                let before = self.text(&parent, &path)?.unwrap_or_default();
                let now = self.text(commit, &path)?.unwrap_or_default();
                changed.push(Moved { path, before, now });
            }
            if let Some(line) = moved_from(line, &now, changed) {
                return Ok(Some((parent.id(), line)));
            }
        }
        Ok(None)
    }

    fn text(&self, commit: &GitCommit<'_>, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        let Some(id) = blob(commit, path)? else { return Ok(None) };
        Ok(Some(self.checkout.repository.find_blob(id)?.content().to_vec()))
    }

    /// The name that a file had in a parent, by how much of it is the same.
    fn renamed_from(
        &self,
        parent: &GitCommit<'_>,
        commit: &GitCommit<'_>,
        path: &str,
    ) -> Result<Option<String>, TreeError> {
        let (before, now) = (parent.tree()?, commit.tree()?);
        let mut diff = self.checkout.repository.diff_tree_to_tree(Some(&before), Some(&now), None)?;
        diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
        let renamed = diff
            .deltas()
            .find(|delta| delta.status() == git2::Delta::Renamed && delta.new_file().path() == Some(Path::new(path)));
        Ok(renamed.and_then(|delta| delta.old_file().path()?.to_str().map(str::to_owned)))
    }

    /// The policy files of a parent that are others in a commit, or gone.
    fn changed(&self, parent: &GitCommit<'_>, commit: &GitCommit<'_>) -> Result<Vec<String>, TreeError> {
        let (before, now) = (parent.tree()?, commit.tree()?);
        let mut options = DiffOptions::new();
        let diff = self.checkout.repository.diff_tree_to_tree(Some(&before), Some(&now), Some(&mut options))?;
        let paths = diff.deltas().filter(|delta| !delta.old_file().id().is_zero());
        let paths = paths.filter_map(|delta| delta.old_file().path()?.to_str().map(str::to_owned));
        Ok(paths.filter(|path| is_policy_file(name_of(path))).collect())
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The id of the file at a path of a commit.
fn blob(commit: &GitCommit<'_>, path: &str) -> Result<Option<Oid>, TreeError> {
    let entry = commit.tree()?.get_path(Path::new(path));
    Ok(entry.ok().filter(|entry| entry.kind() == Some(git2::ObjectType::Blob)).map(|entry| entry.id()))
}

/// The number of a line in an older text, if the difference leaves it as it is.
fn line_before(before: &[u8], now: &[u8], line: usize) -> Result<Option<usize>, TreeError> {
    let mut options = DiffOptions::new();
    options.context_lines(0);
    let patch = Patch::from_buffers(before, None, now, None, Some(&mut options))?;
    let number = |lines: u32| lines as usize;
    let (mut gone, mut come) = (0, 0);
    for index in 0..patch.num_hunks() {
        let (hunk, _) = patch.hunk(index)?;
        // A hunk without new lines stands behind the line of its number, which counts from 1.
        let start = number(hunk.new_start()) - usize::from(hunk.new_lines() > 0);
        if start > line {
            break;
        }
        if line < start + number(hunk.new_lines()) {
            return Ok(None);
        }
        gone += number(hunk.old_lines());
        come += number(hunk.new_lines());
    }
    Ok(Some(line + gone - come))
}

/// A file before and after it lost or got lines.
struct Moved {
    path: String,
    before: Vec<u8>,
    now: Vec<u8>,
}

/// Where a line stood before that `now`, the text of its file, has and the file before did not: in the same file if it
/// is not there once more than before, or in another that has it less often than before.
fn moved_from(line: &Line, now: &[u8], mut changed: Vec<Moved>) -> Option<Line> {
    let now = String::from_utf8_lossy(now);
    let wanted = Row::all(&now).into_iter().nth(line.number)?;
    if wanted.words.is_empty() {
        return None;
    }
    // Its own file first.
    changed.sort_by_key(|file| (file.path != line.path, file.path.clone()));
    changed.into_iter().find_map(|file| {
        let (before, now) = (String::from_utf8_lossy(&file.before), String::from_utf8_lossy(&file.now));
        if !before.contains(wanted.words) {
            return None;
        }
        let before = Row::all(&before);
        let count = |rows: &[Row<'_>]| rows.iter().filter(|row| **row == wanted).count();
        let (had, has) = (count(&before), count(&Row::all(&now)));
        let lost = if file.path == line.path { has <= had } else { has < had };
        let number = before.iter().position(|row| *row == wanted).filter(|_| lost)?;
        Some(Line { path: file.path, number })
    })
}

/// A line as a reader of YAML sees it: its words, and the keys that it stands under.
#[derive(PartialEq, Eq)]
struct Row<'t> {
    words: &'t str,
    keys: Vec<&'t str>,
}

impl<'t> Row<'t> {
    /// The lines of a text.
    fn all(text: &'t str) -> Vec<Self> {
        let mut open: Vec<(usize, &str)> = Vec::new();
        let mut rows = Vec::new();
        for line in text.lines() {
            let line = line.trim_start_matches('\u{feff}');
            let words = line.trim();
            if words.is_empty() || words.starts_with('#') {
                rows.push(Self { words: "", keys: Vec::new() });
                continue;
            }
            // An item of a list may stand as far to the left as the key of the list.
            let depth = 2 * (line.len() - line.trim_start().len()) + usize::from(words.starts_with("- "));
            open.retain(|(other, _)| *other < depth);
            rows.push(Self { words, keys: open.iter().map(|(_, key)| *key).collect() });
            open.push((depth, words.split(':').next().unwrap_or_default()));
        }
        rows
    }
}
