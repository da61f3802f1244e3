//! A tree in memory, for tests and for texts that never were files.

use std::collections::BTreeMap;

use super::{Tree, TreeError, is_policy_file};

/// Files by path.
#[derive(Debug, Clone, Default)]
pub struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    /// A tree of these files.
    pub fn new<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }
}

impl Tree for Memory {
    fn files(&self, folder: &str) -> Result<Vec<String>, TreeError> {
        let prefix = format!("{folder}/");
        let below: Vec<&String> = self.0.keys().filter(|path| path.starts_with(&prefix)).collect();
        if below.is_empty() {
            return Err(TreeError::NoFolder(folder.to_owned()));
        }
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(below.into_iter().filter(|path| is_policy_file(&name(path))).cloned().collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.0.get(path).cloned())
    }
}
