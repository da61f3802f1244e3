//! Files that were read and parsed, kept so that of the next tree only what differs is read.
//!
//! Takes trees and paths, gives documents. Of each path only the last content is kept, and only while a tree has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::syntax::settings::{self, Settings};
use crate::syntax::{Document, decode, parse};
use crate::text::{FileId, SourceFile, Sources};
use crate::tree::{ContentId, Tree, TreeError};

use super::SETTINGS;

/// What was read. A path keeps its id; ids count in the order in which paths were first read.
#[derive(Debug, Default)]
pub struct Library {
    kept: Vec<Kept>,
    by_path: BTreeMap<String, FileId>,
    settings: Option<(Option<ContentId>, Settings, Vec<Diagnostic>)>,
}

/// A file.
#[derive(Debug)]
struct Kept {
    content: Option<ContentId>,
    file: Arc<SourceFile>,
    undecoded: Vec<Diagnostic>,
    parsed: Option<Parsed>,
}

/// What became of a policy file.
#[derive(Debug)]
pub(super) struct Parsed {
    /// `None` if the file is not YAML or not UTF-8.
    pub(super) document: Option<Document>,
    pub(super) found: Vec<Diagnostic>,
}

impl Library {
    /// Reads the settings for their companies only; findings come when they are read for good.
    pub(super) fn settings(&mut self, tree: &dyn Tree) -> Result<Option<&Settings>, TreeError> {
        let content = tree.content(SETTINGS)?;
        let known = matches!(&self.settings, Some((known, ..)) if known.is_some() && *known == content);
        if !known {
            let Some(bytes) = tree.read(SETTINGS)? else { return Ok(None) };
            let (file, _) = decode(FileId(0), SETTINGS, bytes);
            let (settings, _) = settings::read(FileId(0), &file);
            self.settings = Some((None, settings, Vec::new()));
        }
        Ok(self.settings.as_ref().map(|(_, settings, _)| settings))
    }

    /// Reads the settings with a place among the files, and says what is wrong with them.
    pub(super) fn settings_for_good(&mut self, tree: &dyn Tree) -> Result<(Settings, Vec<Diagnostic>), TreeError> {
        let content = tree.content(SETTINGS)?;
        if let Some((known, settings, found)) = &self.settings
            && known.is_some()
            && *known == content
        {
            return Ok((settings.clone(), found.clone()));
        }
        let id = self.read(tree, SETTINGS)?;
        let kept = &self.kept[id.0 as usize];
        let (settings, found) = settings::read(id, &kept.file);
        let found = if kept.undecoded.is_empty() { found } else { kept.undecoded.clone() };
        self.settings = Some((content, settings.clone(), found.clone()));
        Ok((settings, found))
    }

    /// Reads a file, unless what it says is known.
    pub(super) fn read(&mut self, tree: &dyn Tree, path: &str) -> Result<FileId, TreeError> {
        let content = tree.content(path)?;
        let known = self.by_path.get(path).copied();
        if let Some(id) = known
            && content.is_some()
            && self.kept[id.0 as usize].content == content
        {
            return Ok(id);
        }
        let id = known.unwrap_or(FileId(u32::try_from(self.kept.len()).unwrap_or(u32::MAX)));
        let bytes = tree.read(path)?.unwrap_or_default();
        let (file, undecoded) = decode(id, path, bytes);
        let kept = Kept { content, file: Arc::new(file), undecoded, parsed: None };
        match known {
            Some(id) => self.kept[id.0 as usize] = kept,
            None => self.kept.push(kept),
        }
        self.by_path.insert(path.to_owned(), id);
        Ok(id)
    }

    /// Reads and parses policy files, in order of their paths.
    pub(super) fn parse(&mut self, tree: &dyn Tree, paths: &BTreeSet<String>) -> Result<(), TreeError> {
        for path in paths {
            let id = self.read(tree, path)?;
            let kept = &mut self.kept[id.0 as usize];
            if kept.parsed.is_none() {
                let undecoded = kept.undecoded.clone();
                let (document, found) = if undecoded.is_empty() { parse(id, &kept.file) } else { (None, undecoded) };
                kept.parsed = Some(Parsed { document, found });
            }
        }
        Ok(())
    }

    /// What became of a policy file that was parsed.
    pub(super) fn parsed(&self, path: &str) -> Option<&Parsed> {
        self.kept[self.by_path.get(path)?.0 as usize].parsed.as_ref()
    }

    /// Forgets what stands in all other policy files.
    pub(super) fn keep(&mut self, paths: &BTreeSet<String>) {
        for (path, id) in &self.by_path {
            let kept = &mut self.kept[id.0 as usize];
            if kept.content.is_some() && path != SETTINGS && !paths.contains(path) {
                let file = Arc::new(SourceFile::new(path.as_str(), ""));
                *kept = Kept { content: None, file, undecoded: Vec::new(), parsed: None };
            }
        }
    }

    /// All files, for places.
    pub(super) fn sources(&self) -> Sources {
        Sources::new(self.kept.iter().map(|kept| kept.file.clone()))
    }
}
