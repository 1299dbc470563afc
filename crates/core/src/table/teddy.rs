//! The windows of searched-for literals, as the nibbles a vector search looks up.

use super::literal::byte_rarity;

/// Bytes of a window; the last of a window of three may be any.
pub(crate) const WINDOW: usize = 4;

/// Buckets of windows; those beyond eight are a second table.
const BUCKETS: usize = 16;

/// The buckets of one byte of a window: by low nibble and by high nibble.
pub(crate) type Nibbles = ([u8; 16], [u8; 16]);

/// The nibbles of the bytes of searched-for windows, in buckets: a window can
/// only start where one bucket holds all eight nibbles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Teddy {
    /// For either half of the buckets, for each byte of a window.
    pub(crate) nibbles: [[Nibbles; WINDOW]; 2],
    pub(crate) empty: bool,
}

/// The nibbles of the windows in one bucket, as sets of bits.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    low: [u16; WINDOW],
    high: [u16; WINDOW],
    /// About how many places of source code pass.
    chance: f32,
}

impl Bucket {
    fn with(mut self, window: &[u8]) -> Self {
        for (at, byte) in window.iter().enumerate() {
            for case in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                self.low[at] |= 1 << (case & 15);
                self.high[at] |= 1 << (case >> 4);
            }
        }
        for at in window.len()..WINDOW {
            (self.low[at], self.high[at]) = (u16::MAX, u16::MAX);
        }
        self.chance = (0..WINDOW).map(|at| share(self.low[at], self.high[at])).product();
        self
    }
}

/// The share of the bytes of source code whose nibbles belong to the sets.
fn share(low: u16, high: u16) -> f32 {
    if (low, high) == (u16::MAX, u16::MAX) {
        return 1.0;
    }
    let mut sum = 0.0;
    let mut highs = high & 0xff;
    while highs != 0 {
        let row = highs.trailing_zeros() as usize * 16;
        highs &= highs - 1;
        let mut lows = low;
        while lows != 0 {
            sum += FREQUENCY[row + lows.trailing_zeros() as usize];
            lows &= lows - 1;
        }
    }
    sum
}

/// About how often each byte occurs in source code.
static FREQUENCY: [f32; 128] = {
    const SHARE: [f32; 8] = [0.0, 0.09, 0.05, 0.03, 0.015, 0.008, 0.004, 0.002];
    let mut all = [0.0; 128];
    let mut byte = b' ';
    while byte < 127 {
        let share = SHARE[byte_rarity(byte.to_ascii_lowercase()) as usize];
        all[byte as usize] = if byte.is_ascii_uppercase() { share / 6.0 } else { share };
        byte += 1;
    }
    all
};

impl Teddy {
    /// Builds the buckets for windows of three or four bytes in which letters stand for both cases.
    pub(crate) fn new(windows: &[&[u8]]) -> Self {
        let mut windows = windows.to_vec();
        windows.sort_unstable();
        windows.dedup();
        let mut buckets = [Bucket::default(); BUCKETS];
        for window in &windows {
            // Where the window adds the fewest places that pass by chance.
            let grown = buckets.map(|bucket| bucket.with(window));
            let added = |number: &usize| grown[*number].chance - buckets[*number].chance;
            let least = (0..BUCKETS).min_by(|a, b| added(a).total_cmp(&added(b))).unwrap_or(0);
            buckets[least] = grown[least];
        }
        let mut teddy = Self { empty: windows.is_empty(), ..Self::default() };
        for (number, bucket) in buckets.iter().enumerate() {
            let (half, bit) = (number / 8, number % 8);
            for (at, (low, high)) in teddy.nibbles[half].iter_mut().enumerate() {
                for nibble in 0..16 {
                    low[nibble] |= u8::from(bucket.low[at] >> nibble & 1 != 0) << bit;
                    high[nibble] |= u8::from(bucket.high[at] >> nibble & 1 != 0) << bit;
                }
            }
        }
        teddy
    }

    pub(crate) fn starts(&self, bytes: &[u8]) -> bool {
        self.nibbles.iter().any(|half| {
            let bucket =
                |(byte, (low, high)): (&u8, &Nibbles)| low[usize::from(byte & 15)] & high[usize::from(byte >> 4)];
            bytes.iter().zip(half).map(bucket).fold(u8::MAX, |all, one| all & one) != 0
        })
    }
}
