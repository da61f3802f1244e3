//! Notes on commits: what is remembered of a commit without changing it. They lie in the object store, under a name of
//! their own, and go to other clones only when somebody pushes that name.

use std::fs::File;

use git2::{ErrorCode, Oid, Signature};

use super::TreeError;
use super::git::Checkout;

/// Where the notes are.
pub const NOTES: &str = "refs/notes/rightful";

/// The file in the folder of git that is locked while a note is written.
const LOCK: &str = "rightful-notes.lock";

impl Checkout {
    /// Adds a line to the note on a commit. Git locks the writing of a note, but not what was read before it: whoever
    /// adds a line waits until nobody else does.
    ///
    /// # Errors
    /// If git has no such commit, or cannot write.
    pub fn add_note(&self, commit: &str, line: &str) -> Result<(), TreeError> {
        let commit = self.repository.find_commit(Oid::from_str(commit)?)?.id();
        let lock = self.repository.commondir().join(LOCK);
        let failed = |source| TreeError::Io { path: LOCK.to_owned(), source };
        let lock = File::options().create(true).append(true).open(lock).map_err(failed)?;
        // It ends with the file, whatever becomes of the program.
        lock.lock().map_err(failed)?;
        let before = match self.repository.find_note(Some(NOTES), commit) {
            Ok(note) => String::from_utf8_lossy(note.message_bytes()).into_owned(),
            Err(error) if error.code() == ErrorCode::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        // Who has not told git a name can apply all the same.
        let who = self.repository.signature().or_else(|_| Signature::now("rightful", "rightful@localhost"))?;
        self.repository.note(&who, &who, Some(NOTES), commit, &format!("{before}{gap}{line}\n"), true)?;
        Ok(())
    }

    /// The texts of all notes.
    ///
    /// # Errors
    /// If git cannot read them.
    pub fn notes(&self) -> Result<Vec<String>, TreeError> {
        let notes = match self.repository.notes(Some(NOTES)) {
            Ok(notes) => notes,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut texts = Vec::new();
        for note in notes {
            let (text, _) = note?;
            texts.push(String::from_utf8_lossy(self.repository.find_blob(text)?.content()).into_owned());
        }
        texts.sort();
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use git2::Repository;

    use super::*;

    #[test]
    fn lines_are_added_to_the_note_on_a_commit() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let who = Signature::now("Anna Peters", "anna@nordwind.example").unwrap();
        let tree = repository.find_tree(repository.index().unwrap().write_tree().unwrap()).unwrap();
        let commit = repository.commit(Some("HEAD"), &who, &who, "first", &tree, &[]).unwrap().to_string();
        let checkout = Checkout::of(folder.path()).unwrap();
        assert!(checkout.notes().unwrap().is_empty());
        checkout.add_note(&commit, "1").unwrap();
        checkout.add_note(&commit, "2").unwrap();
        assert_eq!(checkout.notes().unwrap(), ["1\n2\n"]);
        assert!(checkout.add_note(&"0".repeat(40), "3").is_err());
    }

    #[test]
    fn no_line_is_lost_when_many_are_added_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let who = Signature::now("Anna Peters", "anna@nordwind.example").unwrap();
        let tree = repository.find_tree(repository.index().unwrap().write_tree().unwrap()).unwrap();
        let commit = repository.commit(Some("HEAD"), &who, &who, "first", &tree, &[]).unwrap().to_string();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let (path, commit) = (folder.path(), &commit);
                scope.spawn(move || {
                    let checkout = Checkout::of(path).unwrap();
                    for number in 0..10 {
                        checkout.add_note(commit, &format!("{writer}.{number}")).unwrap();
                    }
                });
            }
        });
        let notes = Checkout::of(folder.path()).unwrap().notes().unwrap().concat();
        assert_eq!(notes.lines().collect::<std::collections::BTreeSet<_>>().len(), 80, "{notes}");
    }
}
