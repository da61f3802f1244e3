//! Files that a command is told to write.

use std::fs::{OpenOptions, remove_file, rename};
use std::io::{BufWriter, ErrorKind, Result, Write};
use std::path::Path;

/// Writes a file beside it first, so that nobody finds half of it. A link of that name is replaced, not followed.
pub fn put(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|file| {
        let mut file = BufWriter::with_capacity(1 << 16, file);
        write(&mut file)?;
        file.into_inner()?.sync_all()?;
        rename(&beside, path)
    });
    if written.is_err() {
        // Best effort: the first failure is the one that is told.
        let _ = remove_file(&beside);
    }
    written
}
