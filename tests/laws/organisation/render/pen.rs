//! The choices that change the spelling and no meaning. Takes a seed, gives small numbers, always the same ones.

/// The choices of spelling, in sequence.
pub(super) struct Pen {
    state: u64,
}

impl Pen {
    /// Begins with a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A choice among so many; a seed of 0 always makes the first.
    pub(super) fn pick(&mut self, count: usize) -> usize {
        if self.state == 0 {
            return 0;
        }
        self.state = self.state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F).max(1);
        let mixed = (self.state ^ (self.state >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
        usize::try_from(mixed).unwrap_or_default() % count
    }

    /// Whether to do something that happens once in so many times.
    pub(super) fn once_in(&mut self, count: usize) -> bool {
        self.pick(count) == count - 1
    }

    /// At times a file has a comment on top, Windows line ends or a byte order mark.
    pub(super) fn finish(&mut self, text: &str) -> String {
        let text = if self.once_in(6) { format!("# who may do what: a test\n\n{text}") } else { text.to_owned() };
        let text = if self.once_in(12) { text.replace('\n', "\r\n") } else { text };
        if self.once_in(24) { format!("\u{feff}{text}") } else { text }
    }
}
