//! Where the cache of the user is: what the environment says, and whose files are believed.

use std::path::{Path, PathBuf};

use crate::cache::Cache;

/// Names the directory of the cache; empty, or `off`, there is none.
const DIRECTORY: &str = "RIGHTFUL_CACHE";

/// The cache for somebody who stands in a directory, unless there shall be none or none can be trusted.
pub fn find(here: &Path, directory: &Path) -> Option<Cache> {
    let path = here.join(place()?);
    (!is_in_checkout(&path, directory)).then_some(())?;
    Some(Cache::new(path, owner()?))
}

fn place() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(said) = std::env::var_os(DIRECTORY) {
        return (!said.is_empty() && said != "off").then(|| said.into());
    }
    let caches = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let caches = caches.or_else(|| Some(variable("HOME").filter(|path| path.is_absolute())?.join(".cache")));
    Some(caches?.join("rightful"))
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
