//! The directory of a cache: whose it must be, how files get into it, and how old ones leave.
//!
//! A file gets its name when it is whole. Nothing is locked: whoever writes at the same time writes another file, and
//! whoever misses one that was taken away works it out again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::pack::{self, Pack};
use super::{BUILD, Body, Fingerprint, Key, seals};

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

/// The directory, and whose it must be.
pub(super) struct Home {
    pub(super) directory: PathBuf,
    pub(super) owner: Owner,
}

impl Home {
    /// Whether the directory, or a file in it, is the owner's and nobody else can write to it.
    #[cfg(unix)]
    fn is_ours(&self, found: &fs::Metadata) -> bool {
        use std::os::unix::fs::MetadataExt;
        found.uid() == self.owner.0 && found.mode() & 0o022 == 0
    }

    /// Where nobody can tell whose a file is, none is believed.
    #[cfg(not(unix))]
    fn is_ours(&self, _found: &fs::Metadata) -> bool {
        false
    }

    fn can_be_used(&self) -> bool {
        fs::metadata(&self.directory).is_ok_and(|found| found.is_dir() && self.is_ours(&found))
    }

    /// Opens a file of ours.
    fn open(&self, path: &Path) -> Option<File> {
        // Asked before opening: opening a pipe would wait for somebody to write into it.
        let is_file = fs::symlink_metadata(path).ok()?.is_file();
        let file = File::open(path).ok().filter(|_| is_file)?;
        self.is_ours(&file.metadata().ok()?).then_some(file)
    }

    /// The packs that this build may have written.
    pub(super) fn packs(&self) -> Vec<PathBuf> {
        if !self.can_be_used() {
            return Vec::new();
        }
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let is_pack = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with(&BUILD[..16]) && name.ends_with(PACK)
        };
        paths.filter(is_pack).collect()
    }

    /// Opens a pack.
    pub(super) fn pack(&self, path: PathBuf) -> Option<Pack> {
        let file = self.open(&path)?;
        Pack::read(path, file)
    }

    /// Writes new bodies into a pack, together with packs that are not much larger: so there are always but a few, and
    /// each body is written again a few times only.
    pub(super) fn keep(&self, mut fresh: Vec<(Key, Vec<u8>)>) -> io::Result<()> {
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
        let path = self.named(&name.finalize().as_bytes()[..8], PACK);
        self.put(&path, |file| pack::write(file, &bodies))?;
        for pack in joined.iter().filter(|pack| pack.path != path) {
            let _ = fs::remove_file(&pack.path);
        }
        self.sweep(&path)
    }

    /// The outcome of a run.
    pub(super) fn outcome(&self, of: &Fingerprint) -> Option<Vec<u8>> {
        let path = self.named(&of[..16], OUTCOME);
        let mut bytes = Vec::new();
        self.open(&path).filter(|_| self.can_be_used())?.read_to_end(&mut bytes).ok()?;
        let sum = bytes.split_off(bytes.len().checked_sub(32)?);
        if blake3::hash(&bytes).as_bytes() != &*sum {
            return None;
        }
        let head = head_of_outcome(of);
        bytes.starts_with(&head).then(|| bytes.split_off(head.len()))
    }

    /// Keeps the outcome of a run.
    pub(super) fn keep_outcome(&self, of: &Fingerprint, outcome: &[u8]) -> io::Result<()> {
        self.make()?;
        let bytes = [&*head_of_outcome(of), outcome].concat();
        let path = self.named(&of[..16], OUTCOME);
        self.put(&path, |file| file.write_all(&bytes).and_then(|()| file.write_all(blake3::hash(&bytes).as_bytes())))?;
        self.sweep(&path)
    }

    fn named(&self, id: &[u8], ending: &str) -> PathBuf {
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(format!("{}-{id}.{ending}", &BUILD[..16]))
    }

    /// Makes the directory where there is none.
    fn make(&self) -> io::Result<()> {
        if !self.directory.exists() {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&self.directory)?;
        }
        if self.can_be_used() { Ok(()) } else { Err(io::Error::other("it is not ours alone")) }
    }

    /// Writes a file beside, and gives it its name.
    fn put(&self, path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
        let beside = path.with_extension(format!("{}-{:?}.{NEW}", std::process::id(), std::thread::current().id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
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
    /// what time it is.
    fn sweep(&self, written: &Path) -> io::Result<()> {
        let now = fs::metadata(written)?.modified()?;
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.directory)?.flatten() {
            let path = entry.path();
            let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned());
            let Ok(found) = entry.metadata() else { continue };
            let Ok(modified) = found.modified() else { continue };
            match ending.as_deref() {
                Some(NEW) if now.duration_since(modified).is_ok_and(|age| age > FORSAKEN) => {
                    let _ = fs::remove_file(&path);
                }
                Some(PACK | OUTCOME) if path != written => files.push((modified, found.len(), path)),
                _ => {}
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum::<u64>() + fs::metadata(written)?.len();
        let is_outcome = |path: &Path| path.extension().is_some_and(|ending| ending == OUTCOME);
        let mut outcomes = files.iter().filter(|(.., path)| is_outcome(path)).count();
        for (_, size, path) in files {
            if bytes > MOST_BYTES || (is_outcome(&path) && outcomes > MOST_OUTCOMES) {
                let _ = fs::remove_file(&path);
                bytes -= size;
                outcomes -= usize::from(is_outcome(&path));
            }
        }
        Ok(())
    }
}

fn head_of_outcome(of: &Fingerprint) -> Vec<u8> {
    [&MARK[..], BUILD.as_bytes(), of].concat()
}
