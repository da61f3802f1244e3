//! Files that were read and parsed, kept so that of the next tree only what differs is read.
//!
//! Takes trees and paths, gives documents. Of each path only the last content is kept, and only while a tree has it. With a
//! cache, what an earlier run parsed is not parsed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cache::{Body, Cache};
use crate::diag::Diagnostic;
use crate::model::Lowered;
use crate::name::Name;
use crate::syntax::settings::{self, Settings};
use crate::syntax::{Document, decode, kept, parse};
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
    settings: Option<Heading>,
    /// What became of each company the last time.
    pub(super) lowered: BTreeMap<Option<Name>, Lowered>,
    cache: Option<Cache>,
}

/// The settings that were read last.
#[derive(Debug)]
struct Heading {
    content: Option<ContentId>,
    file: SourceFile,
    settings: Settings,
    found: Vec<Diagnostic>,
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
    pub(super) document: Option<Arc<Document>>,
    pub(super) found: Vec<Diagnostic>,
}

impl Library {
    /// An empty library that takes from a cache what was parsed before, and leaves there what was not.
    pub fn with(cache: Option<Cache>) -> Self {
        Self { cache, ..Self::default() }
    }

    /// Reads the settings for their companies only; findings come when they have their place among the files.
    pub(super) fn settings(&mut self, tree: &dyn Tree) -> Result<Option<&Settings>, TreeError> {
        let content = tree.content(SETTINGS)?;
        let known = matches!(&self.settings, Some(known) if content.is_some() && known.content == content);
        if !known {
            let Some(bytes) = tree.read(SETTINGS)? else { return Ok(None) };
            let (file, undecoded) = decode(FileId(0), SETTINGS, bytes);
            let (settings, found) = read_settings(FileId(0), &file, &undecoded);
            self.settings = Some(Heading { content, file, settings, found });
        }
        Ok(self.settings.as_ref().map(|known| &known.settings))
    }

    /// Gives the settings that were read a place among the files, and says what is wrong with them.
    pub(super) fn settings_for_good(&mut self, tree: &dyn Tree) -> Result<(Settings, Vec<Diagnostic>), TreeError> {
        let id = self.read(tree, SETTINGS)?;
        let Kept { file, undecoded, .. } = &self.kept[id.0 as usize];
        let known = self.settings.as_ref().filter(|known| known.file.text() == file.text());
        // Somebody may have written to the file just now.
        let (mut settings, mut found) = match known {
            Some(known) => (known.settings.clone(), known.found.clone()),
            None => read_settings(id, file, undecoded),
        };
        settings.file = id;
        found.iter_mut().flat_map(|finding| &mut finding.labels).for_each(|label| label.place.file = id);
        Ok((settings, found))
    }

    /// Reads a file, unless what it says is known.
    pub(super) fn read(&mut self, tree: &dyn Tree, path: &str) -> Result<FileId, TreeError> {
        let content = tree.content(path)?;
        if let Some(id) = self.known(path, content) {
            return Ok(id);
        }
        let bytes = tree.read(path)?.unwrap_or_default();
        let content = content.or_else(|| self.content_of(&bytes));
        Ok(self.take(path, content, bytes))
    }

    /// What stands for bytes, if anybody asks: the cache knows files by it.
    fn content_of(&self, bytes: &[u8]) -> Option<ContentId> {
        self.cache.as_ref().and_then(|_| ContentId::of(bytes))
    }

    /// The file at a path, if it has this content.
    fn known(&self, path: &str, content: Option<ContentId>) -> Option<FileId> {
        let id = *self.by_path.get(path)?;
        (content.is_some() && self.kept[id.0 as usize].content == content).then_some(id)
    }

    /// Takes what was read at a path. Of a tree that does not know what stands for the bytes, they themselves are compared.
    fn take(&mut self, path: &str, content: Option<ContentId>, bytes: Vec<u8>) -> FileId {
        if let Some(id) = self.known(path, content) {
            return id;
        }
        if let Some(id) = self.by_path.get(path).copied()
            && self.kept[id.0 as usize].says(&bytes)
        {
            let kept = &mut self.kept[id.0 as usize];
            kept.content = content.or(kept.content);
            return id;
        }
        let id = self.id_of(path);
        let (file, undecoded) = decode(id, path, bytes);
        self.put(id, Kept { content, file: Arc::new(file), undecoded, parsed: None });
        id
    }

    /// The id of a path, which it keeps.
    fn id_of(&mut self, path: &str) -> FileId {
        let next = FileId(u32::try_from(self.kept.len()).unwrap_or(u32::MAX));
        *self.by_path.entry(path.to_owned()).or_insert(next)
    }

    fn put(&mut self, id: FileId, kept: Kept) {
        match self.kept.get_mut(id.0 as usize) {
            Some(place) => *place = kept,
            None => self.kept.push(kept),
        }
    }

    /// Reads policy files, in order of their paths. The text of one that the cache has is fetched when somebody wants to
    /// see it, where the tree can do that.
    pub(super) fn read_all(&mut self, tree: &dyn Tree, paths: &BTreeSet<String>) -> Result<(), TreeError> {
        let mut unread: Vec<(&str, Option<ContentId>)> = Vec::new();
        for path in paths {
            let content = tree.content(path)?;
            if self.known(path, content).is_some() {
                continue;
            }
            match content.and_then(|content| self.fetched_later(tree, path, content)) {
                Some(file) => {
                    let id = self.id_of(path);
                    self.put(id, Kept { content, file: Arc::new(file), undecoded: Vec::new(), parsed: None });
                }
                // What has no id yet gets one, so that ids count in the order of paths.
                None => {
                    if !self.by_path.contains_key(path) {
                        let id = self.id_of(path);
                        self.put(id, Kept::nothing(path));
                    }
                    unread.push((path, content));
                }
            }
        }
        let asked: Vec<&str> = unread.iter().map(|(path, _)| *path).collect();
        let read: Result<Vec<Option<Vec<u8>>>, TreeError> = tree.read_all(&asked).into_iter().collect();
        let read: Vec<Vec<u8>> = read?.into_iter().map(Option::unwrap_or_default).collect();
        let contents = shared(&read, read.iter().map(Vec::len).sum(), |bytes| self.content_of(bytes));
        for (((path, content), bytes), found) in unread.into_iter().zip(read).zip(contents) {
            self.take(path, content.or(found), bytes);
        }
        Ok(())
    }

    /// A file that the cache has, if the tree can give its text later.
    fn fetched_later(&self, tree: &dyn Tree, path: &str, content: ContentId) -> Option<SourceFile> {
        let cache = self.cache.as_ref().filter(|cache| content.key().is_some_and(|key| cache.has(&key)))?.clone();
        let later = tree.later(content)?;
        let text = move || {
            let bytes = later().unwrap_or_else(|error| {
                // Nobody shall see what stands here instead: whoever has the cache asks before anything is told.
                cache.miss(error.to_string());
                Vec::new()
            });
            String::from_utf8_lossy(&bytes).into()
        };
        Some(SourceFile::fetched_later(path, text))
    }

    /// Parses policy files that were read.
    pub(super) fn parse(&mut self, tree: &dyn Tree, paths: &BTreeSet<String>) -> Result<(), TreeError> {
        let ids = paths.iter().filter_map(|path| self.by_path.get(path).copied());
        let unparsed: Vec<FileId> = ids.filter(|id| self.kept[id.0 as usize].parsed.is_none()).collect();
        let unparsed = self.parsed_before(unparsed);
        for id in &unparsed {
            let Kept { content, file, .. } = &self.kept[id.0 as usize];
            if file.text_at_hand().is_none() {
                let (content, path) = (*content, file.path().to_owned());
                let (file, undecoded) = decode(*id, &path, tree.read(&path)?.unwrap_or_default());
                self.put(*id, Kept { content, file: Arc::new(file), undecoded, parsed: None });
            }
        }
        let keeps = self.cache.is_some();
        let parsed = |id: &FileId| {
            let kept = &self.kept[id.0 as usize];
            let undecoded = || (None, kept.undecoded.clone());
            let (document, found) = if kept.undecoded.is_empty() { parse(*id, &kept.file) } else { undecoded() };
            // What has findings is parsed again, so that they need not be kept.
            let whole = document.as_ref().filter(|_| keeps && found.is_empty());
            let bytes = whole.map(kept::to_bytes);
            (Parsed { document: document.map(Arc::new), found }, bytes)
        };
        let bytes = unparsed.iter().map(|id| self.kept[id.0 as usize].file.text().len()).sum();
        let all = shared(&unparsed, bytes, parsed);
        for (id, (parsed, bytes)) in unparsed.into_iter().zip(all) {
            let kept = &mut self.kept[id.0 as usize];
            kept.parsed = Some(parsed);
            let key = kept.content.and_then(ContentId::key);
            if let (Some(cache), Some(key), Some(bytes)) = (&self.cache, key, bytes) {
                cache.keep(key, bytes);
            }
        }
        if let Some(cache) = &self.cache {
            cache.write_aside();
        }
        Ok(())
    }

    /// Takes from the cache what was parsed before; what is left of the files.
    fn parsed_before(&mut self, files: Vec<FileId>) -> Vec<FileId> {
        let Some(cache) = &self.cache else { return files };
        let key = |id: &FileId| self.kept[id.0 as usize].content.and_then(ContentId::key).unwrap_or_default();
        let bodies = cache.bodies(&files.iter().map(key).collect::<Vec<_>>());
        let bodies: Vec<(FileId, Option<Body>)> = files.into_iter().zip(bodies).collect();
        let bytes = bodies.iter().filter_map(|(_, body)| body.as_ref()).map(Body::len).sum();
        let documents = shared(&bodies, bytes, |(id, body)| kept::from_bytes(*id, body.as_ref()?.checked()?));
        let mut rest = Vec::new();
        for ((id, _), document) in bodies.into_iter().zip(documents) {
            match document {
                None => rest.push(id),
                Some(document) => {
                    let document = Some(Arc::new(document));
                    self.kept[id.0 as usize].parsed = Some(Parsed { document, found: Vec::new() });
                }
            }
        }
        rest
    }

    /// What became of a policy file that was parsed.
    pub(super) fn parsed(&self, path: &str) -> Option<&Parsed> {
        self.kept[self.by_path.get(path)?.0 as usize].parsed.as_ref()
    }

    /// What stands for the bytes of a file that was read.
    pub(super) fn content(&self, path: &str) -> Option<ContentId> {
        self.kept[self.by_path.get(path)?.0 as usize].content
    }

    /// Forgets what stands in all other policy files.
    pub(super) fn keep(&mut self, paths: &BTreeSet<String>) {
        for (path, id) in &self.by_path {
            let kept = &mut self.kept[id.0 as usize];
            if kept.content.is_some() && path != SETTINGS && !paths.contains(path) {
                *kept = Kept::nothing(path);
            }
        }
    }

    /// Forgets everything, beside the thread that goes on if it is much.
    pub fn let_go(self) {
        let text = |kept: &Kept| kept.file.text_at_hand().map_or(0, str::len);
        if self.kept.len() >= MANY || self.kept.iter().map(text).sum::<usize>() >= WORTH_SHARING {
            workers::let_go(self);
        }
    }

    /// All files, for places.
    pub(super) fn sources(&self) -> Sources {
        Sources::new(self.kept.iter().map(|kept| kept.file.clone()))
    }
}

impl Kept {
    /// A file of which nothing is known.
    fn nothing(path: &str) -> Self {
        let file = Arc::new(SourceFile::new(path, ""));
        Self { content: None, file, undecoded: Vec::new(), parsed: None }
    }
}

fn read_settings(id: FileId, file: &SourceFile, undecoded: &[Diagnostic]) -> (Settings, Vec<Diagnostic>) {
    let (settings, found) = settings::read(id, file);
    (settings, if undecoded.is_empty() { found } else { undecoded.to_vec() })
}

/// So many files are much, however short they are.
const MANY: usize = 64;

/// Does the same to each item, with several threads where there are many bytes to it.
fn shared<T: Sync, R: Send>(items: &[T], bytes: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if bytes < WORTH_SHARING { items.iter().map(work).collect() } else { workers::each(items, work) }
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

    #[cfg(unix)]
    #[test]
    fn what_the_cache_has_is_not_parsed() {
        use crate::cache::Owner;
        use std::os::unix::fs::MetadataExt;

        let folder = tempfile::tempdir().unwrap();
        let owner = Owner(std::fs::metadata(folder.path()).unwrap().uid());
        let cache = || Cache::new(folder.path().join("cache"), owner);
        let compiled =
            |cache: Cache| compile_with(&mut Library::with(Some(cache)), &tree("groups: { sales: }\n")).unwrap();
        let first = cache();
        assert!(compiled(first.clone()).companies[0].compiles());
        first.finish();
        // Only here the bytes of a file get a document that they do not say.
        let text = b"groups: { sales: }\n";
        let said = SourceFile::new("policies/sales.yaml", "groups: { other: }\n");
        let other = kept::to_bytes(&parse(FileId(1), &said).0.unwrap());
        let key = ContentId::of(text).unwrap().key().unwrap();
        assert!(cache().has(&key));
        std::fs::remove_dir_all(folder.path().join("cache")).unwrap();
        let forged = cache();
        forged.keep(key, other);
        forged.finish();
        let groups = |repository: &crate::repository::Repository| {
            let keys = repository.companies[0].policy.groups.keys().iter();
            keys.map(|key| key.name.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(groups(&compiled(cache())), "other");
        assert_eq!(groups(&compile_with(&mut Library::default(), &tree("groups: { sales: }\n")).unwrap()), "sales");
    }
}
