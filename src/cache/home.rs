//! The directory of a cache: whose it must be, how files get into it, and how old ones leave.
//!
//! A file gets its name when it is whole. Nothing is locked: whoever writes at the same time writes another file, and
//! whoever misses one that was taken away works it out again. Nothing is ever counted or taken away but files of such
//! names as are given here, in a folder that says of itself that it is a cache of ours.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use super::pack::{self, Pack};
use super::{BUILD, Body, Fingerprint, Key, Unused, seals};

/// The user whose files are believed, by the number that the operating system gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner(pub u32);

/// The most bytes that a cache keeps; the oldest files go first.
const MOST_BYTES: u64 = 1 << 30;

/// The most outcomes that it keeps.
const MOST_OUTCOMES: usize = 200;

/// So many packs are joined, whatever their sizes.
const MANY_PACKS: usize = 12;

/// What was not finished within an hour is never finished.
const FORSAKEN: Duration = Duration::from_secs(3600);

const MARK: &[u8; 16] = b"rightful done 1\n";
const PACK: &str = "pack";
const OUTCOME: &str = "done";
const NEW: &str = "new";

/// What marks a directory of which backups need no copy. How it begins is the same for all programs.
const TAG: &str = "CACHEDIR.TAG";
const TAGGED: &str = "Signature: 8a477f597d28d172789f06886806bc55
# What `rightful` read once is kept in this folder, so that it need not be read again. All of it may be deleted at any moment.
";

/// The directories, and whose they must be.
pub(super) struct Home {
    /// What somebody named.
    pub(super) named: PathBuf,
    /// Where the files are: the same, or a folder in it.
    pub(super) directory: PathBuf,
    pub(super) owner: Owner,
}

impl Home {
    /// Whether something is the owner's.
    #[cfg(unix)]
    fn is_owned(&self, found: &fs::Metadata) -> bool {
        std::os::unix::fs::MetadataExt::uid(found) == self.owner.0
    }

    /// Whether nobody but its owner can write to it.
    #[cfg(unix)]
    fn is_private(found: &fs::Metadata) -> bool {
        std::os::unix::fs::MetadataExt::mode(found) & 0o022 == 0
    }

    /// Where nobody can tell whose a file is, none is believed.
    #[cfg(not(unix))]
    fn is_owned(&self, _found: &fs::Metadata) -> bool {
        false
    }

    #[cfg(not(unix))]
    fn is_private(_found: &fs::Metadata) -> bool {
        false
    }

    /// Whether a file is the owner's and nobody else can write to it.
    fn is_ours(&self, found: &fs::Metadata) -> bool {
        self.is_owned(found) && Self::is_private(found)
    }

    /// Why what was found of a directory keeps it from being used.
    fn objection(&self, found: &fs::Metadata) -> Option<Unused> {
        match found {
            _ if !found.is_dir() => Some(Unused::NoDirectory),
            _ if !self.is_owned(found) => Some(Unused::Foreign),
            _ if !Self::is_private(found) => Some(Unused::Shared),
            _ => None,
        }
    }

    /// Why the directories cannot be used, as far as they are there. In the one that was named a link may lead elsewhere,
    /// which whoever named it knows.
    pub(super) fn unused(&self) -> Option<Unused> {
        let named = fs::metadata(&self.named).ok().filter(|_| self.named != self.directory);
        let inside = fs::symlink_metadata(&self.directory).ok();
        [named, inside].iter().flatten().find_map(|found| self.objection(found))
    }

    fn can_be_used(&self) -> bool {
        self.unused().is_none() && self.directory.exists()
    }

    /// Opens a file of ours.
    fn open(&self, path: &Path) -> Option<File> {
        // Asked before opening: opening a pipe would wait for somebody to write into it, for ever.
        if !fs::symlink_metadata(path).ok()?.is_file() {
            return None;
        }
        let file = File::open(path).ok()?;
        self.is_ours(&file.metadata().ok()?).then_some(file)
    }

    /// The packs that this build may have written.
    pub(super) fn packs(&self) -> Vec<PathBuf> {
        if !self.can_be_used() {
            return Vec::new();
        }
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let of_build =
            |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&BUILD[..16]));
        paths.filter(|path| kind(path) == Some(Kind::Pack) && of_build(path)).collect()
    }

    /// Opens a pack.
    pub(super) fn pack(&self, path: PathBuf) -> Option<Pack> {
        let file = self.open(&path)?;
        Pack::read(path, file)
    }

    /// Writes new bodies into a pack, together with packs that are not much larger: so there are always but a few, and
    /// each body is written again a few times only.
    pub(super) fn keep(&self, mut fresh: Vec<(Key, Vec<u8>)>) -> Result<(), Unused> {
        self.make()?;
        fresh.sort_by_key(|(key, _)| *key);
        fresh.dedup_by_key(|(key, _)| *key);
        let mut packs: Vec<Pack> = self.packs().into_iter().filter_map(|path| self.pack(path)).collect();
        packs.sort_by_key(Pack::size);
        let mut size: u64 = fresh.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let (mut joined, count) = (Vec::new(), packs.len());
        for (index, pack) in packs.into_iter().enumerate() {
            if pack.size() <= 2 * size || count - index >= MANY_PACKS {
                size += pack.size();
                joined.push(pack);
            }
        }
        let is_fresh = |key: &Key| fresh.binary_search_by(|(known, _)| known.cmp(key)).is_ok();
        let kept = |pack: &Pack| pack.bodies(&pack.keys().into_iter().filter(|key| !is_fresh(key)).collect::<Vec<_>>());
        let kept: Vec<Body> = joined.iter().flat_map(kept).collect();
        let seals = seals(&fresh);
        let new = fresh.iter().zip(seals).map(|((key, bytes), seal)| (*key, seal, &**bytes));
        let old = kept.iter().filter_map(|body| Some((body.key, body.seal, body.checked()?)));
        let mut bodies: Vec<_> = new.chain(old).collect();
        bodies.sort_by_key(|(key, ..)| *key);
        bodies.dedup_by_key(|(key, ..)| *key);
        let mut name = blake3::Hasher::new();
        for (key, seal, _) in &bodies {
            name.update(key).update(seal);
        }
        let path = self.path_of(&name.finalize().as_bytes()[..8], PACK);
        self.put(&path, |file| pack::write(file, &bodies))?;
        for pack in joined.iter().filter(|pack| pack.path != path) {
            let _ = fs::remove_file(&pack.path);
        }
        Ok(self.sweep(&path)?)
    }

    /// The outcome of a run.
    pub(super) fn outcome(&self, of: &Fingerprint) -> Option<Vec<u8>> {
        if !self.can_be_used() {
            return None;
        }
        let mut bytes = Vec::new();
        self.open(&self.path_of(&of[..16], OUTCOME))?.read_to_end(&mut bytes).ok()?;
        let sum = bytes.split_off(bytes.len().checked_sub(32)?);
        if blake3::hash(&bytes).as_bytes() != &*sum {
            return None;
        }
        let head = head_of_outcome(of);
        bytes.starts_with(&head).then(|| bytes.split_off(head.len()))
    }

    /// Keeps the outcome of a run.
    pub(super) fn keep_outcome(&self, of: &Fingerprint, outcome: &[u8]) -> Result<(), Unused> {
        self.make()?;
        let bytes = [&*head_of_outcome(of), outcome].concat();
        let path = self.path_of(&of[..16], OUTCOME);
        self.put(&path, |file| file.write_all(&bytes).and_then(|()| file.write_all(blake3::hash(&bytes).as_bytes())))?;
        Ok(self.sweep(&path)?)
    }

    fn path_of(&self, id: &[u8], ending: &str) -> PathBuf {
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(format!("{}-{id}.{ending}", &BUILD[..16]))
    }

    /// Makes the directories where there are none, and the folder ours.
    fn make(&self) -> Result<(), Unused> {
        self.unused().map_or(Ok(()), Err)?;
        if !self.directory.exists() {
            self.may_begin()?;
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&self.directory).map_err(|error| match error.kind() {
                io::ErrorKind::NotADirectory => Unused::NoDirectory,
                _ => Unused::Failed(error.to_string()),
            })?;
        }
        self.unused().map_or_else(|| self.claim(), Err)
    }

    /// Whether somebody whom the owner trusts has the folder in which the first directory is made: a program of root must
    /// not leave its directories in the home of a user.
    #[cfg(unix)]
    fn may_begin(&self) -> Result<(), Unused> {
        let there = self.directory.ancestors().find_map(|folder| fs::metadata(folder).ok());
        let trusted = |found: fs::Metadata| self.is_owned(&found) || std::os::unix::fs::MetadataExt::uid(&found) == 0;
        if there.is_some_and(trusted) { Ok(()) } else { Err(Unused::Foreign) }
    }

    #[cfg(not(unix))]
    fn may_begin(&self) -> Result<(), Unused> {
        Err(Unused::Foreign)
    }

    /// Takes a folder that nobody else uses, and leaves word of it.
    fn claim(&self) -> Result<(), Unused> {
        let tag = self.directory.join(TAG);
        let mut said = String::new();
        let tagged = self.open(&tag).is_some_and(|mut file| file.read_to_string(&mut said).is_ok());
        if tagged && said.starts_with(&TAGGED[..43]) && said.contains("`rightful`") {
            return Ok(());
        }
        if fs::read_dir(&self.directory)?.flatten().any(|entry| kind(&entry.path()).is_none()) {
            return Err(Unused::Taken);
        }
        Ok(self.put(&tag, |file| file.write_all(TAGGED.as_bytes()))?)
    }

    /// Writes a file beside, and gives it its name.
    fn put(&self, path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("{}-{count}.{NEW}", std::process::id()));
        // A process that had the same number may have left it.
        let _ = fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&beside).and_then(|file| {
            let mut file = BufWriter::with_capacity(1 << 16, file);
            write(&mut file)?;
            file.into_inner().map_err(io::IntoInnerError::into_error).map(drop)
        });
        let done = written.and_then(|()| fs::rename(&beside, path));
        if done.is_err() {
            let _ = fs::remove_file(&beside);
        }
        done
    }

    /// Takes away what is too much, the oldest first, and what nobody finished. What was just written stays, and says
    /// what time it is. Of what has no name of ours nothing is asked.
    fn sweep(&self, written: &Path) -> io::Result<()> {
        let now = fs::metadata(written)?.modified()?;
        let mut files: Vec<(SystemTime, Kind, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.directory)?.flatten() {
            let path = entry.path();
            let Some(kind) = kind(&path) else { continue };
            let Some(found) = entry.metadata().ok().filter(fs::Metadata::is_file) else { continue };
            let Ok(modified) = found.modified() else { continue };
            match kind {
                Kind::Unfinished if now.duration_since(modified).is_ok_and(|age| age > FORSAKEN) => {
                    let _ = fs::remove_file(&path);
                }
                Kind::Pack | Kind::Outcome if path != written => files.push((modified, kind, found.len(), path)),
                _ => {}
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, _, size, _)| size).sum::<u64>() + fs::metadata(written)?.len();
        let mut outcomes = files.iter().filter(|(_, kind, ..)| *kind == Kind::Outcome).count();
        for (_, kind, size, path) in files {
            let is_outcome = kind == Kind::Outcome;
            if bytes > MOST_BYTES || (is_outcome && outcomes > MOST_OUTCOMES) {
                let _ = fs::remove_file(&path);
                bytes -= size;
                outcomes -= usize::from(is_outcome);
            }
        }
        Ok(())
    }
}

/// What a file of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Pack,
    Outcome,
    /// Not yet whole, or never.
    Unfinished,
    Tag,
}

/// What the name of a file says: 16 digits of a build, `-`, an id of 16 or 32 digits, and the ending; before the last
/// ending of what is not whole, a process and a number. `None` if nobody names files so here.
fn kind(path: &Path) -> Option<Kind> {
    let is = |part: &str, lengths: &[usize]| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let counts = |part: &str| (1..=10).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let name = path.file_name()?.to_str()?;
    if name == TAG {
        return Some(Kind::Tag);
    }
    let (stem, ending) = name.split_once('.')?;
    let ids = stem.split_once('-').filter(|(build, _)| is(build, &[16])).map(|(_, id)| id);
    let beside = ending.strip_suffix(NEW).and_then(|rest| rest.strip_suffix('.')?.split_once('-'));
    match (ids, ending, beside) {
        (Some(id), PACK, _) if is(id, &[16]) => Some(Kind::Pack),
        (Some(id), OUTCOME, _) if is(id, &[32]) => Some(Kind::Outcome),
        (Some(id), _, Some((process, count))) if is(id, &[16, 32]) && counts(process) && counts(count) => {
            Some(Kind::Unfinished)
        }
        (None, _, Some((process, count))) if TAG == format!("{stem}.TAG") && counts(process) && counts(count) => {
            Some(Kind::Unfinished)
        }
        _ => None,
    }
}

fn head_of_outcome(of: &Fingerprint) -> Vec<u8> {
    [&MARK[..], BUILD.as_bytes(), of].concat()
}
