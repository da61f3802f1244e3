//! A pack: many bodies in one file, found by a list of keys at its beginning. All numbers have their lowest byte first.
//!
//! Of a pack that is not whole, or is of another build, there is nothing. Each body has a checksum of its own, so that
//! only what is asked for needs to be read.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::{BUILD, Body, Key};

/// A checksum of a body and its key.
pub(super) type Seal = [u8; 16];

/// How a pack begins.
const MARK: &[u8; 16] = b"rightful pack 1\n";

/// The mark, the build, and the number of bodies.
const HEAD: usize = MARK.len() + BUILD.len() + 4;

/// A key, a checksum, and a length.
const ENTRY: usize = 20 + 16 + 4;

/// The checksum of head and entries.
const SUM: usize = 32;

/// The checksum of a body under a key: the bytes of another key are no body of this one.
pub(super) fn seal(key: &Key, bytes: &[u8]) -> Seal {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key).update(bytes);
    let mut seal = Seal::default();
    seal.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    seal
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at: u64,
    length: u32,
    seal: Seal,
}

/// A pack whose list of keys was read.
pub(super) struct Pack {
    pub(super) path: PathBuf,
    file: Mutex<File>,
    /// Where the bodies begin, and how long they are together.
    begin: u64,
    length: u64,
    entries: HashMap<Key, Entry>,
}

impl Pack {
    /// Reads the list of a pack that is whole and of this build.
    pub(super) fn read(path: PathBuf, mut file: File) -> Option<Self> {
        let size = file.metadata().ok()?.len();
        let mut head = vec![0; HEAD];
        file.read_exact(&mut head).ok()?;
        let (mark, rest) = head.split_at(MARK.len());
        let (build, count) = rest.split_at(BUILD.len());
        if mark != MARK || build != BUILD.as_bytes() {
            return None;
        }
        let count = u32::from_le_bytes(count.try_into().ok()?) as usize;
        let begin = HEAD + count.checked_mul(ENTRY)? + SUM;
        if begin as u64 > size {
            return None;
        }
        let mut list = vec![0; begin - HEAD];
        file.read_exact(&mut list).ok()?;
        let (list, sum) = list.split_at(count * ENTRY);
        if blake3::Hasher::new().update(&head).update(list).finalize().as_bytes() != sum {
            return None;
        }
        let mut entries = HashMap::with_capacity(count);
        let mut length: u64 = 0;
        for entry in list.chunks_exact(ENTRY) {
            let (key, rest) = entry.split_at(20);
            let (seal, bytes) = rest.split_at(16);
            let bytes = u32::from_le_bytes(bytes.try_into().ok()?);
            let entry = Entry { at: length, length: bytes, seal: seal.try_into().ok()? };
            entries.insert(key.try_into().ok()?, entry);
            length += u64::from(bytes);
        }
        let begin = begin as u64;
        (begin + length == size).then_some(Self { path, file: Mutex::new(file), begin, length, entries })
    }

    pub(super) fn size(&self) -> u64 {
        self.begin + self.length
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.entries.contains_key(key)
    }

    /// Every key of the pack.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.entries.keys().copied().collect()
    }

    /// The bodies of keys that it has; none if it cannot be read.
    pub(super) fn bodies(&self, keys: &[Key]) -> Vec<Body> {
        let wanted: Vec<(Key, Entry)> = keys.iter().filter_map(|key| Some((*key, *self.entries.get(key)?))).collect();
        let bytes: u64 = wanted.iter().map(|(_, entry)| u64::from(entry.length)).sum();
        // One long piece is read sooner than many short ones.
        if bytes > self.length / 4 {
            let Some(all) = self.piece(0, self.length).map(Arc::new) else { return Vec::new() };
            let body = |(key, entry): (Key, Entry)| {
                let start = usize::try_from(entry.at).unwrap_or(usize::MAX);
                let range = start..start.saturating_add(entry.length as usize);
                Body { key, seal: entry.seal, bytes: all.clone(), range }
            };
            return wanted.into_iter().map(body).collect();
        }
        let read = |(key, entry): (Key, Entry)| {
            let bytes = Arc::new(self.piece(entry.at, u64::from(entry.length))?);
            Some(Body { key, seal: entry.seal, range: 0..bytes.len(), bytes })
        };
        wanted.into_iter().filter_map(read).collect()
    }

    fn piece(&self, at: u64, length: u64) -> Option<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.begin + at)).ok()?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// Writes a pack of bodies with their checksums.
pub(super) fn write(into: &mut impl Write, bodies: &[(Key, Seal, &[u8])]) -> io::Result<()> {
    let too_many = |_| io::Error::other("more than a pack holds");
    let mut head = Vec::with_capacity(HEAD + bodies.len() * ENTRY + SUM);
    head.extend_from_slice(MARK);
    head.extend_from_slice(BUILD.as_bytes());
    head.extend_from_slice(&u32::try_from(bodies.len()).map_err(too_many)?.to_le_bytes());
    for (key, seal, bytes) in bodies {
        head.extend_from_slice(key);
        head.extend_from_slice(seal);
        head.extend_from_slice(&u32::try_from(bytes.len()).map_err(too_many)?.to_le_bytes());
    }
    let sum = blake3::hash(&head);
    head.extend_from_slice(sum.as_bytes());
    into.write_all(&head)?;
    bodies.iter().try_for_each(|(.., bytes)| into.write_all(bytes))
}
