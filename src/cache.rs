//! What was worked out before, kept in a directory of the user: bodies of bytes under keys, and whole outcomes.
//!
//! Takes keys, gives the very bytes that this build kept under them, or nothing. Whatever does not fit is as if it were not
//! there: another build, a changed byte, a directory or file of somebody else. Nothing here ever fails a run, and all of it
//! may be deleted at any moment. What the bytes mean is said above.

mod home;
mod pack;

use std::collections::HashMap;
use std::fmt;
use std::io;
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

/// The folder of a cache in a directory that somebody names.
pub const FOLDER: &str = "rightful";

/// From how many bytes on new bodies are written while the run goes on.
const WORTH_A_THREAD: usize = 1 << 20;

/// Why nothing is kept in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unused {
    /// Something else stands there.
    NoDirectory,
    /// It is another user's, or would be made in a directory of one.
    Foreign,
    /// Others may write to it.
    Shared,
    /// The folder in it that would be ours holds other files.
    Taken,
    /// It cannot be made, in the words of the operating system.
    Failed(String),
    /// One file could not be written, which may be otherwise the next time: somebody may empty the cache meanwhile.
    Unwritten,
}

impl From<io::Error> for Unused {
    fn from(_: io::Error) -> Self {
        Self::Unwritten
    }
}

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
    /// Why something could not be written.
    failed: OnceLock<Unused>,
    /// Why what the cache stood for could not be read when somebody wanted to see it.
    missed: OnceLock<String>,
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
    /// The cache that a directory of an owner is. Nothing is looked at before it is asked for.
    pub fn new(directory: PathBuf, owner: Owner) -> Self {
        Self::at(Home { named: directory.clone(), directory, owner })
    }

    /// The cache in a folder of its own, in a directory of an owner that may hold whatever else.
    pub fn below(named: PathBuf, owner: Owner) -> Self {
        Self::at(Home { directory: named.join(FOLDER), named, owner })
    }

    fn at(home: Home) -> Self {
        let (packs, failed, missed) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self(Arc::new(Shared { home, packs, fresh: Mutex::default(), writers: Mutex::default(), failed, missed }))
    }

    /// Remembers why a text cannot be read that the cache stood for.
    pub fn miss(&self, why: String) {
        let _ = self.0.missed.set(why);
    }

    /// The first reason why such a text could not be read: then nothing that came of this run may be told.
    pub fn missed(&self) -> Option<&str> {
        self.0.missed.get().map(String::as_str)
    }

    /// Why nothing is kept, if it is so.
    pub fn unused(&self) -> Option<Unused> {
        self.0.failed.get().cloned().or_else(|| self.0.home.unused())
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
        self.0.note(self.0.home.keep_outcome(of, bytes));
    }
}

impl Shared {
    fn fresh(&self) -> std::sync::MutexGuard<'_, Vec<(Key, Vec<u8>)>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) {
        let fresh = std::mem::take(&mut *self.fresh());
        if !fresh.is_empty() {
            self.note(self.home.keep(fresh));
        }
    }

    /// Remembers why the directory is not used, for whoever asks.
    fn note(&self, done: Result<(), Unused>) {
        if let Err(unused) = done
            && unused != Unused::Unwritten
        {
            let _ = self.failed.set(unused);
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
    use std::time::{Duration, SystemTime};

    fn cache(folder: &Path) -> Cache {
        let owner = Owner(fs::metadata(folder).unwrap().uid());
        Cache::new(folder.join("cache"), owner)
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder.join("cache")).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_none_or(|ending| ending != "TAG")).collect()
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
    fn nothing_of_others_is_taken_away_or_counted() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("cache");
        cache(folder.path()).keep_outcome(&[3; 32], b"three");
        let [kept] = &files(folder.path())[..] else { panic!("one file") };
        let kept = kept.file_name().unwrap().to_str().unwrap().to_owned();
        let stem = kept.strip_suffix(".done").unwrap();
        let ours = [format!("{stem}.77-0.new"), format!("{}.77-12.new", &stem[..33]), "CACHEDIR.7-0.new".to_owned()];
        let mut others: Vec<String> =
            ["dpkg.new", "a.pack", "a.done", "pack", ".new", "notes.77-0.new", "CACHEDIR.new"]
                .map(str::to_owned)
                .into();
        let (build, id) = stem.split_once('-').unwrap();
        others.push(format!("pack-{id}{}.pack", "0".repeat(8)));
        others.push(format!("{build}-{id}.pack"));
        others.push(format!("{build}-{}.done", &id[..16]));
        others.push(format!("{build}-{}.done", id.replace('0', "A")));
        others.push(format!("{build}-backup.pack"));
        others.push(format!("{stem}.copy.done"));
        others.push(format!("{stem}.new"));
        others.push(format!("{stem}.77.new"));
        others.push(format!("{stem}.77-0x.new"));
        let old = SystemTime::now() - Duration::from_secs(1 << 24);
        for name in ours.iter().chain(&others) {
            let file = fs::File::create(own.join(name)).unwrap();
            // More than a cache may keep, of which nothing is on the disk.
            file.set_len(if others.contains(name) { 2 << 30 } else { 1 }).unwrap();
            file.set_modified(old).unwrap();
        }
        fs::create_dir(own.join(format!("{build}-{}.pack", "0".repeat(16)))).unwrap();
        let now = cache(folder.path());
        for key in 0..250_u8 {
            now.keep_outcome(&[key; 32], b"more");
        }
        now.keep([1; 20], b"one".to_vec());
        now.finish();
        assert_eq!(now.unused(), None);
        assert!(others.iter().all(|name| own.join(name).exists()), "{:?}", files(folder.path()));
        assert!(ours.iter().all(|name| !own.join(name).exists()));
        // What is ours is counted, beside the rest.
        assert_eq!(files(folder.path()).len(), others.len() + 200 + 1 + 1);
        assert_eq!(body(&cache(folder.path()), 1), Some(b"one".to_vec()));
    }

    #[test]
    fn a_folder_of_others_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner(fs::metadata(folder.path()).unwrap().uid());
        let below = |named: &str| {
            let named = folder.path().join(named);
            let cache = Cache::below(named.clone(), owner);
            cache.keep_outcome(&[3; 32], b"three");
            let names = fs::read_dir(named.join(FOLDER)).into_iter().flatten().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            (cache.unused(), names.join(" "))
        };
        let (unused, names) = below("new");
        assert_eq!((unused, names.contains("CACHEDIR.TAG"), names.contains(".done")), (None, true, true));
        // Somebody's own folder happens to have the name.
        fs::create_dir_all(folder.path().join("home/rightful")).unwrap();
        fs::write(folder.path().join("home/rightful/README"), "").unwrap();
        assert_eq!(below("home"), (Some(Unused::Taken), "README".to_owned()));
        fs::write(folder.path().join("home/rightful/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55")
            .unwrap();
        assert_eq!(below("home"), (Some(Unused::Taken), "CACHEDIR.TAG README".to_owned()));
        // A link in place of our folder leads to what somebody else chose.
        fs::create_dir_all(folder.path().join("linked")).unwrap();
        fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), folder.path().join("linked/rightful")).unwrap();
        assert_eq!(below("linked"), (Some(Unused::NoDirectory), String::new()));
        // The directory that is named may be a link.
        fs::create_dir_all(folder.path().join("far")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("far"), folder.path().join("near")).unwrap();
        assert_eq!(below("near").0, None);
        let other = Cache::below(folder.path().join("theirs/deep"), Owner(owner.0 ^ 1));
        other.keep_outcome(&[3; 32], b"three");
        let trusted = owner.0 == 0;
        assert_eq!(other.unused(), Some(Unused::Foreign));
        assert_eq!(folder.path().join("theirs").exists(), trusted);
    }

    #[test]
    fn a_pipe_is_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        let first = cache(folder.path());
        first.keep([1; 20], b"one".to_vec());
        first.finish();
        first.keep_outcome(&[3; 32], b"three");
        for path in files(folder.path()).into_iter().chain([folder.path().join("cache/CACHEDIR.TAG")]) {
            fs::remove_file(&path).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        }
        let again = cache(folder.path());
        assert_eq!((body(&again, 1), again.outcome(&[3; 32])), (None, None));
        again.keep_outcome(&[3; 32], b"three");
        assert_eq!(again.outcome(&[3; 32]), Some(b"three".to_vec()));
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
