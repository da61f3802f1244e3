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
use crate::workers;

use super::SETTINGS;

/// From how many bytes on files are parsed by several threads. Beginning one costs as much as parsing a few kilobytes.
const WORTH_SHARING: usize = 64 << 10;

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

impl Kept {
    /// Whether these bytes are what was read. Of a file that is not UTF-8 only a part was kept.
    fn says(&self, bytes: &[u8]) -> bool {
        self.undecoded.is_empty() && self.file.text().as_bytes() == bytes
    }
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

    /// Reads a file, unless what it says is known. Of a tree that does not know what stands for its bytes, the bytes
    /// themselves are compared.
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
        if let Some(id) = known
            && self.kept[id.0 as usize].says(&bytes)
        {
            let kept = &mut self.kept[id.0 as usize];
            kept.content = content.or(kept.content);
            return Ok(id);
        }
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
        let mut unparsed = Vec::new();
        for path in paths {
            let id = self.read(tree, path)?;
            if self.kept[id.0 as usize].parsed.is_none() {
                unparsed.push(id);
            }
        }
        let parsed = |id: &FileId| {
            let kept = &self.kept[id.0 as usize];
            let undecoded = || (None, kept.undecoded.clone());
            let (document, found) = if kept.undecoded.is_empty() { parse(*id, &kept.file) } else { undecoded() };
            Parsed { document, found }
        };
        let bytes: usize = unparsed.iter().map(|id| self.kept[id.0 as usize].file.text().len()).sum();
        let all: Vec<Parsed> = if bytes < WORTH_SHARING {
            unparsed.iter().map(parsed).collect()
        } else {
            workers::each(&unparsed, parsed)
        };
        for (id, parsed) in unparsed.into_iter().zip(all) {
            self.kept[id.0 as usize].parsed = Some(parsed);
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

    /// Forgets everything, beside the thread that goes on if it is much.
    pub(super) fn let_go(self) {
        if self.kept.iter().map(|kept| kept.file.text().len()).sum::<usize>() >= WORTH_SHARING {
            workers::let_go(self);
        }
    }

    /// All files, for places.
    pub(super) fn sources(&self) -> Sources {
        Sources::new(self.kept.iter().map(|kept| kept.file.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::compile_with;
    use crate::tree::memory::Memory;

    fn tree(sales: &str) -> Memory {
        Memory::new([("policies/a.yaml", "users: { lars: }\n"), ("policies/sales.yaml", sales)])
    }

    #[test]
    fn what_says_the_same_is_parsed_once_though_the_tree_does_not_know() {
        let mut library = Library::default();
        compile_with(&mut library, &tree("groups: { sales: { members: [lars] } }\n")).unwrap();
        let before: Vec<_> = library.kept.iter().map(|kept| kept.file.clone()).collect();
        compile_with(&mut library, &tree("groups: { sales: { members: [everyone] } }\n")).unwrap();
        let same: Vec<_> = library.kept.iter().zip(&before).map(|(kept, file)| Arc::ptr_eq(&kept.file, file)).collect();
        assert_eq!(same, [true, false]);
    }

    #[test]
    fn the_places_of_one_tree_stay_true_after_another_was_read() {
        let mut library = Library::default();
        let base = compile_with(&mut library, &tree("groups: { sales: { members: [lars], allow: [data.export] } }\n"));
        let longer = "# a line more\n\ngroups:\n  sales:\n    members: [lars]\n    allow: [lists.print]\n";
        let head = compile_with(&mut library, &tree(longer)).unwrap();
        let gone = compile_with(&mut library, &Memory::new([("policies/a.yaml", "users: { lars: }\n")])).unwrap();
        let shown = |of: &crate::repository::Repository| {
            let place = of.companies[0].policy.rules[0].place.unwrap();
            let file = of.sources.file(place.file);
            format!("{}:{} {}", file.path(), file.position(place.span.start).line, file.slice(place.span))
        };
        assert_eq!(shown(&base.unwrap()), "policies/sales.yaml:1 data.export");
        assert_eq!(shown(&head), "policies/sales.yaml:6 lists.print");
        assert!(gone.companies[0].policy.rules.is_empty());
    }

    #[test]
    fn a_file_that_is_not_utf8_is_read_again() {
        let mut library = Library::default();
        let bad = |tail: &[u8]| Memory::new([("policies/a.yaml", [b"users: { lars: }\n", tail].concat())]);
        assert!(!compile_with(&mut library, &bad(b"\xff")).unwrap().companies[0].compiles());
        assert!(compile_with(&mut library, &bad(b"")).unwrap().companies[0].compiles());
    }
}
