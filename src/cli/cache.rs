//! Where the cache of the user is: what the environment says, whose files are believed, and why nothing is kept.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::cache::{Cache, FOLDER, Unused};
use crate::language::Text;
use crate::say;

/// Names the directory in which the cache is; or says, by one of some words, that there is none.
const DIRECTORY: &str = "RIGHTFUL_CACHE";

/// What people write for no.
const OFF: [&str; 6] = ["", "off", "0", "no", "false", "none"];

/// The cache of a run, if there is one.
#[derive(Clone, Default)]
pub struct Caching {
    /// The cache itself.
    pub cache: Option<Cache>,
    /// What the variable names; of the usual place nothing needs to be said.
    named: Option<PathBuf>,
    /// Why that is not used, as far as it is known from the beginning.
    unused: Option<Text>,
    /// Whether anything was read that could be kept.
    asked: Rc<Cell<bool>>,
}

impl Caching {
    /// The cache for whoever reads something.
    pub fn ask(&self) -> Option<Cache> {
        self.asked.set(true);
        self.cache.clone()
    }

    /// Why a text could not be read that somebody wanted to see.
    pub fn missed(&self) -> Option<&str> {
        self.cache.as_ref()?.missed()
    }

    /// Writes what is new, and says why nothing is kept where somebody named a directory for it.
    pub fn finish(&self) -> Option<Text> {
        if let Some(cache) = &self.cache {
            cache.finish();
        }
        let named = self.named.as_ref().filter(|_| self.asked.get())?;
        let why = self.unused.clone().or_else(|| Some(why(self.cache.as_ref()?.unused()?)))?;
        let path = named.display().to_string();
        Some(say!("note: nothing is kept in `{path}`, which {variable} names: {why}", path, variable = DIRECTORY, why))
    }
}

fn why(unused: Unused) -> Text {
    match unused {
        Unused::NoDirectory => say!("it is no directory"),
        Unused::Foreign => say!("it belongs to somebody else"),
        Unused::Shared => say!("others may write to it"),
        Unused::Taken => say!("the folder {folder} in it holds other files", folder = FOLDER),
        Unused::Failed(error) => say!("{name}", name = error),
        Unused::Unwritten => Text::default(),
    }
}

/// The cache for a run in a directory, unless there shall be none or none can be trusted.
pub fn find(directory: &Path) -> Caching {
    let Some(said) = std::env::var_os(DIRECTORY) else {
        let place = usual().filter(|place| !is_in_checkout(place, directory));
        let cache = place.zip(owner()).map(|(place, owner)| Cache::new(place, owner));
        return Caching { cache, ..Caching::default() };
    };
    if said.to_str().is_some_and(|said| OFF.iter().any(|off| said.trim().eq_ignore_ascii_case(off))) {
        return Caching::default();
    }
    let named = PathBuf::from(said);
    let not = |why: Text| Caching { named: Some(named.clone()), unused: Some(why), ..Caching::default() };
    if !named.is_absolute() {
        return not(say!("it is no absolute path; without a cache is `off`"));
    }
    if is_in_checkout(&named, directory) {
        return not(say!("it is inside of the checkout, where a change of the policy could put files"));
    }
    let cache = owner().map(|owner| Cache::below(named.clone(), owner));
    Caching { cache, named: Some(named), ..Caching::default() }
}

/// Where caches are on this machine. A home, or what else is named, that is another user's is nobody's to write in.
fn usual() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = match variable("XDG_CACHE_HOME") {
        Some(caches) => caches,
        None => variable("HOME").filter(|home| is_own(home))?.join(".cache"),
    };
    is_own(&caches).then(|| caches.join(FOLDER))
}

/// Whether what is there of a path is this user's, or the system's.
#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let there = path.ancestors().find_map(|part| part.metadata().ok());
    there.is_some_and(|found| found.uid() == 0 || owner().is_some_and(|owner| found.uid() == owner.0))
}

#[cfg(not(unix))]
fn is_own(_path: &Path) -> bool {
    false
}

/// Whether a path lies in the checkout around a directory. Whoever proposes a change to the policy could put files there.
fn is_in_checkout(path: &Path, directory: &Path) -> bool {
    let directory = real(directory);
    let top = directory.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&directory);
    real(path).starts_with(top)
}

/// A path after symbolic links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    match there {
        Some((part, real)) => path.strip_prefix(part).map_or(real.clone(), |rest| real.join(rest)),
        None => path.to_owned(),
    }
}

#[cfg(unix)]
fn owner() -> Option<crate::cache::Owner> {
    Some(crate::cache::Owner(rustix::process::geteuid().as_raw()))
}

#[cfg(not(unix))]
fn owner() -> Option<crate::cache::Owner> {
    None
}
