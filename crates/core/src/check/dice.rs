//! Deterministic chance, for repaired tokens.

/// Lower-case letters, upper-case letters and digits.
pub(super) const ALNUM: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A generator of numbers that look random (SplitMix64); of no use for keys.
pub(super) struct Dice(u64);

impl Dice {
    /// Returns the generator of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns one byte of an alphabet, which must not be empty.
    pub(super) fn pick(&mut self, alphabet: &[u8]) -> u8 {
        let idx = self.next() % alphabet.len() as u64;
        alphabet[idx as usize]
    }

    /// Returns `len` letters and digits.
    pub(super) fn text(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.pick(ALNUM)).collect()
    }

    /// Returns `len` bytes.
    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}
