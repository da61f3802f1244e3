//! Zip files by hand, since no honest program writes those that are needed here.

/// A file in an archive.
pub struct Entry {
    name: String,
    packed: Vec<u8>,
    method: u16,
    size: u32,
    checksum: u32,
}

impl Entry {
    /// A file as it is.
    pub fn of(name: &str, text: impl AsRef<[u8]>) -> Self {
        let bytes = text.as_ref();
        let size = u32::try_from(bytes.len()).unwrap();
        Self { name: name.to_owned(), packed: bytes.to_owned(), method: 0, size, checksum: checksum(bytes) }
    }

    /// A file of very many zeros, packed so that 13 bits unfold to 258 bytes; it says that it holds `says` bytes.
    pub fn bomb(name: &str, runs: usize, says: u32) -> Self {
        let mut bits = Bits::default();
        bits.push("110"); // the last block, with the fixed codes
        bits.push("00110000"); // a zero
        for _ in 0..runs {
            bits.push("1100010100000"); // 258 times what came one before
        }
        bits.push("0000000"); // the end
        Self { name: name.to_owned(), packed: bits.bytes, method: 8, size: says, checksum: 0 }
    }

    fn fields(&self) -> Vec<u8> {
        let packed = u32::try_from(self.packed.len()).unwrap();
        let mut fields = Vec::new();
        for half in [20, 0, self.method, 0, 33] {
            fields.extend(u16::to_le_bytes(half));
        }
        for whole in [self.checksum, packed, self.size] {
            fields.extend(u32::to_le_bytes(whole));
        }
        fields.extend(u16::to_le_bytes(u16::try_from(self.name.len()).unwrap()));
        fields.extend([0, 0]);
        fields
    }
}

/// An archive of these files.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = u32::try_from(archive.len()).unwrap();
        archive.extend(b"PK\x03\x04");
        archive.extend(entry.fields());
        archive.extend(entry.name.as_bytes());
        archive.extend(&entry.packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(entry.fields());
        directory.extend([0; 10]);
        directory.extend(u32::to_le_bytes(offset));
        directory.extend(entry.name.as_bytes());
    }
    let (begin, length) = (u32::try_from(archive.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend([length.to_le_bytes(), begin.to_le_bytes()].concat());
    archive.extend([0, 0]);
    archive
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn push(&mut self, bits: &str) {
        for bit in bits.bytes() {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let (b'1', Some(last)) = (bit, self.bytes.last_mut()) {
                *last |= 1 << (self.count % 8);
            }
            self.count += 1;
        }
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}
