//! What was worked out before, kept in a directory of the user: bodies of bytes under keys, and whole outcomes.
//!
//! Takes keys, gives the very bytes that this build kept under them, or nothing. Whatever does not fit is as if it were not
//! there: another build, a changed byte, a directory or file of somebody else. Nothing here ever fails a run, and all of it
//! may be deleted at any moment. What the bytes mean is said above.

mod home;
mod pack;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use crate::workers;

use home::Home;
pub use home::Owner;
use pack::Pack;

/// What stands for a body: that of a file is the id that git gives its bytes.
pub type Key = [u8; 20];

/// What stands for everything that an outcome depends on.
pub type Fingerprint = [u8; 32];

/// The fingerprint of some parts, each as it is.
pub fn fingerprint(parts: &[&[u8]]) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    *hasher.finalize().as_bytes()
}

/// Changes with the sources of the program.
const BUILD: &str = env!("RIGHTFUL_BUILD");

/// From how many bytes on new bodies are written while the run goes on.
const WORTH_A_THREAD: usize = 1 << 20;

/// A cache. A copy is the same cache.
#[derive(Clone)]
pub struct Cache(Arc<Shared>);

struct Shared {
    home: Home,
    /// What was there when it was first asked for.
    packs: OnceLock<Vec<Pack>>,
    /// What is not written yet.
    fresh: Mutex<Vec<(Key, Vec<u8>)>>,
    writers: Mutex<Vec<JoinHandle<()>>>,
}

/// A body that was found, but not held to its checksum yet.
pub struct Body {
    key: Key,
    seal: pack::Seal,
    bytes: Arc<Vec<u8>>,
    range: std::ops::Range<usize>,
}

impl Body {
    /// The bytes, if they are what was kept.
    pub fn checked(&self) -> Option<&[u8]> {
        let bytes = self.bytes.get(self.range.clone())?;
        (pack::seal(&self.key, bytes) == self.seal).then_some(bytes)
    }
}

impl Body {
    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cache").field(&self.0.home.directory).finish()
    }
}

impl Cache {
    /// The cache in a directory of an owner. Nothing is looked at before it is asked for.
    pub fn new(directory: PathBuf, owner: Owner) -> Self {
        let home = Home { directory, owner };
        Self(Arc::new(Shared { home, packs: OnceLock::new(), fresh: Mutex::default(), writers: Mutex::default() }))
    }

    fn packs(&self) -> &[Pack] {
        self.0.packs.get_or_init(|| {
            // The largest first: most of what somebody asks for is there.
            let mut packs: Vec<Pack> =
                self.0.home.packs().into_iter().filter_map(|path| self.0.home.pack(path)).collect();
            packs.sort_by_key(|pack| std::cmp::Reverse(pack.size()));
            packs
        })
    }

    /// Whether there seems to be a body.
    pub fn has(&self, key: &Key) -> bool {
        self.packs().iter().any(|pack| pack.has(key))
    }

    /// The bodies of some keys, as far as there are any.
    pub fn bodies(&self, keys: &[Key]) -> Vec<Option<Body>> {
        let mut found: HashMap<Key, Body> = HashMap::with_capacity(keys.len());
        for pack in self.packs() {
            let wanted: Vec<Key> =
                keys.iter().filter(|key| pack.has(key) && !found.contains_key(*key)).copied().collect();
            found.extend(pack.bodies(&wanted).into_iter().map(|body| (body.key, body)));
        }
        let again = |body: &Body| Body { bytes: body.bytes.clone(), range: body.range.clone(), ..*body };
        keys.iter().map(|key| found.get(key).map(again)).collect()
    }

    /// Keeps a body, which is written later.
    pub fn keep(&self, key: Key, bytes: Vec<u8>) {
        self.0.fresh().push((key, bytes));
    }

    /// Begins to write what is new, if it is much.
    pub fn write_aside(&self) {
        if self.0.fresh().iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < WORTH_A_THREAD {
            return;
        }
        let shared = self.0.clone();
        let writer = std::thread::Builder::new().spawn(move || shared.write());
        // Without a thread it is written when the run ends.
        self.0.writers.lock().unwrap_or_else(PoisonError::into_inner).extend(writer);
    }

    /// Writes what is not written yet. Whatever goes wrong only means that it is not there the next time.
    pub fn finish(&self) {
        let writers = std::mem::take(&mut *self.0.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers {
            let _ = writer.join();
        }
        self.0.write();
    }

    /// The outcome of a run with exactly this fingerprint.
    pub fn outcome(&self, of: &Fingerprint) -> Option<Vec<u8>> {
        self.0.home.outcome(of)
    }

    /// Keeps the outcome of a run.
    pub fn keep_outcome(&self, of: &Fingerprint, bytes: &[u8]) {
        let _ = self.0.home.keep_outcome(of, bytes);
    }
}

impl Shared {
    fn fresh(&self) -> std::sync::MutexGuard<'_, Vec<(Key, Vec<u8>)>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) {
        let fresh = std::mem::take(&mut *self.fresh());
        if !fresh.is_empty() {
            let _ = self.home.keep(fresh);
        }
    }
}

/// The seals of many bodies, worked out by several threads.
fn seals(bodies: &[(Key, Vec<u8>)]) -> Vec<pack::Seal> {
    workers::each(bodies, |(key, bytes)| pack::seal(key, bytes))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    fn cache(folder: &Path) -> Cache {
        let owner = Owner(fs::metadata(folder).unwrap().uid());
        Cache::new(folder.join("cache"), owner)
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder.join("cache")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn body(cache: &Cache, key: u8) -> Option<Vec<u8>> {
        cache.bodies(&[[key; 20]]).remove(0)?.checked().map(<[u8]>::to_vec)
    }

    #[test]
    fn a_changed_byte_is_never_believed_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let first = cache(folder);
        first.keep([1; 20], b"one".to_vec());
        first.keep([2; 20], b"two, and more".to_vec());
        first.finish();
        first.keep_outcome(&[3; 32], b"three");
        let all = |cache: &Cache| (body(cache, 1), body(cache, 2), cache.outcome(&[3; 32]));
        let whole = (Some(b"one".to_vec()), Some(b"two, and more".to_vec()), Some(b"three".to_vec()));
        assert_eq!(all(&cache(folder)), whole);
        for path in files(folder) {
            let bytes = fs::read(&path).unwrap();
            for at in 0..bytes.len() {
                for bit in [1, 0x80] {
                    let mut changed = bytes.clone();
                    changed[at] ^= bit;
                    fs::write(&path, &changed).unwrap();
                    let (one, two, three) = all(&cache(folder));
                    assert_ne!((&one, &two, &three), (&whole.0, &whole.1, &whole.2), "{} at {at}", path.display());
                    assert!(one.is_none_or(|one| one == b"one") && two.is_none_or(|two| two == b"two, and more"));
                    assert!(three.is_none_or(|three| three == b"three"));
                }
                fs::write(&path, &bytes[..at]).unwrap();
                assert_ne!(all(&cache(folder)), whole);
            }
            fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(all(&cache(folder)), whole);
    }

    #[test]
    fn what_was_kept_under_another_key_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        cache.keep_outcome(&[3; 32], b"three");
        let [path] = &files(folder.path())[..] else { panic!("one file") };
        let other = path.to_string_lossy().replace(&"03".repeat(16), &"04".repeat(16));
        fs::copy(path, other).unwrap();
        assert_eq!(cache.outcome(&[4; 32]), None);
        assert_eq!(cache.outcome(&[3; 32]), Some(b"three".to_vec()));
    }

    #[test]
    fn many_runs_leave_few_files() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for key in 0..100 {
            let cache = cache(folder);
            cache.keep([key; 20], vec![key; 500 + usize::from(key)]);
            cache.finish();
            cache.keep_outcome(&[key; 32], &[key]);
            cache.keep_outcome(&[key + 100; 32], &[key]);
            cache.keep_outcome(&[key; 32].map(|byte| byte ^ 0xff), &[key]);
        }
        let now = cache(folder);
        assert!((0..100).all(|key| body(&now, key) == Some(vec![key; 500 + usize::from(key)])));
        let ending = |ending: &str| files(folder).iter().filter(|path| path.extension().unwrap() == ending).count();
        assert!((1..=12).contains(&ending("pack")), "{}", ending("pack"));
        assert!((100..=202).contains(&ending("done")), "{}", ending("done"));
        assert_eq!(ending("new"), 0);
    }
}
