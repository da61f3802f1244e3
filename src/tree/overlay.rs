//! A tree in which some files say something else than in the tree below, as after an edit that is not saved yet.

use std::collections::BTreeMap;

use super::{ContentId, Tree, TreeError};

/// A tree, and the files that differ from it.
pub struct Overlay<'t> {
    below: &'t dyn Tree,
    changed: BTreeMap<String, Vec<u8>>,
}

impl<'t> Overlay<'t> {
    /// Lays texts over a tree, of files that it has or of new ones.
    pub fn new(below: &'t dyn Tree, changed: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { below, changed: changed.into_iter().collect() }
    }
}

impl Tree for Overlay<'_> {
    fn files(&self, folder: &str) -> Result<Vec<String>, TreeError> {
        let mut files = self.below.files(folder)?;
        let prefix = format!("{folder}/");
        files.extend(self.changed.keys().filter(|path| path.starts_with(&prefix)).cloned());
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        match self.changed.get(path) {
            Some(text) => Ok(Some(text.clone())),
            None => self.below.read(path),
        }
    }

    fn content(&self, path: &str) -> Result<Option<ContentId>, TreeError> {
        if self.changed.contains_key(path) { Ok(None) } else { self.below.content(path) }
    }
}
