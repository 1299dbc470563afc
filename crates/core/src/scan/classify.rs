//! One pass over the bytes: which belong to a token, and where a searched-for
//! word could start.
//!
//! Every 64 bytes become one word of each mask, the byte at offset `i` bit `i`.
//! The portable code is the definition; the SIMD code is tested to agree.

use super::literals::byte_rarity;

/// Bytes described by one word of a mask.
pub(super) const LANE: usize = 64;

/// Bytes beyond a block that its classification may look at.
pub(super) const BEYOND: usize = 3;

/// Lanes classified at a time: their masks and bytes stay in the nearest cache.
pub(super) const BLOCK_LANES: usize = 128;

/// The mask of a block.
pub(super) type Mask = [u64; BLOCK_LANES];

/// The masks of a block.
#[derive(Debug)]
pub(super) struct Masks {
    /// `[A-Za-z0-9_-]`.
    pub(super) narrow: Mask,
    /// The same with `+` and `/`.
    pub(super) wide: Mask,
    /// Where four bytes look like the start of a searched-for window.
    pub(super) word: Mask,
}

impl Default for Masks {
    fn default() -> Self {
        let none = [0; BLOCK_LANES];
        Self { narrow: none, wide: none, word: none }
    }
}

impl Masks {
    /// Classifies the lanes of `block`, which is a whole number of lanes, at most
    /// [`BLOCK_LANES`], and [`BEYOND`] bytes long.
    pub(super) fn fill(&mut self, block: &[u8], teddy: &Teddy, level: Level) {
        match level {
            Level::Portable => portable(block, teddy, self),
            #[cfg(target_arch = "x86_64")]
            Level::Ssse3 => x86::ssse3(block, teddy, self),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::avx2(block, teddy, self),
        }
    }
}

/// Bytes of a window; the last of a window of three may be any.
const WINDOW: usize = 4;

/// What the machine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Ssse3,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Level {
    /// The best level of this machine.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("bmi1") && has!("bmi2") {
                return Self::Avx2;
            }
            if std::arch::is_x86_feature_detected!("ssse3") {
                return Self::Ssse3;
            }
        }
        Self::Portable
    }
}

/// Buckets of windows; those beyond eight are a second table.
const BUCKETS: usize = 16;

/// The buckets of one byte of a window: by low nibble and by high nibble.
type Nibbles = ([u8; 16], [u8; 16]);

/// The nibbles of the bytes of searched-for windows, in buckets: a window can
/// only start where one bucket holds all eight nibbles.
#[derive(Clone, Debug, Default)]
pub(super) struct Teddy {
    /// For either half of the buckets, for each byte of a window.
    nibbles: [[Nibbles; WINDOW]; 2],
    empty: bool,
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
    pub(super) fn new(windows: &[&[u8]]) -> Self {
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

    fn starts(&self, bytes: &[u8]) -> bool {
        self.nibbles.iter().any(|half| {
            let bucket =
                |(byte, (low, high)): (&u8, &Nibbles)| low[usize::from(byte & 15)] & high[usize::from(byte >> 4)];
            bytes.iter().zip(half).map(bucket).fold(u8::MAX, |all, one| all & one) != 0
        })
    }
}

const NARROW: u8 = 1;
const WIDE: u8 = 2;

/// The classes of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || b == b'_' || b == b'-' {
            classes[byte] = NARROW | WIDE;
        } else if b == b'+' || b == b'/' {
            classes[byte] = WIDE;
        }
        byte += 1;
    }
    classes
};

/// Whether a byte belongs to the core of a run.
pub(super) fn is_core(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// Whether a byte belongs to a narrow run.
pub(super) fn is_narrow(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & NARROW != 0
}

/// Whether a byte belongs to a wide run.
pub(super) fn is_wide(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & WIDE != 0
}

fn portable(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
    for (lane, bytes) in block[..block.len() - BEYOND].chunks_exact(LANE).enumerate() {
        let (mut narrow, mut wide) = (0, 0);
        for (bit, byte) in bytes.iter().enumerate() {
            let class = CLASSES[usize::from(*byte)];
            narrow |= u64::from(class & NARROW) << bit;
            wide |= u64::from((class & WIDE) >> 1) << bit;
        }
        (masks.narrow[lane], masks.wide[lane]) = (narrow, wide);
        if !teddy.empty {
            let windows = block[lane * LANE..(lane + 1) * LANE + BEYOND].windows(WINDOW);
            masks.word[lane] =
                windows.enumerate().fold(0, |mask, (bit, window)| mask | u64::from(teddy.starts(window)) << bit);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "vector loads and calls of functions for detected features; nothing else here is unsafe"
)]
mod x86 {
    use std::arch::x86_64::*;

    use super::{BEYOND, LANE, Masks, Teddy};

    /// Bits of the class tables: a byte belongs to a class when the entries of
    /// its low and its high nibble share a bit; `EXTRA` is the bit of those that
    /// belong to the wide class only.
    const EXTRA: u8 = 32;

    const HIGH: [u8; 16] = [0, 0, 2 | EXTRA, 1, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0];
    const LOW: [u8; 16] = [
        1 | 8 | 16,     // 0: 0, P, p
        1 | 4 | 8 | 16, // 1
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16, // 9
        4 | 8 | 16,     // a: J, Z, j, z
        4 | EXTRA,      // b: K, k, +
        4,              // c: L, l
        4 | 2,          // d: M, m, -
        4,              // e: N, n
        4 | 8 | EXTRA,  // f: O, o, _, /
    ];

    /// Classifies with vectors of 32 bytes.
    pub(super) fn avx2(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
        assert!(std::arch::is_x86_feature_detected!("avx2"), "the level was detected");
        // SAFETY: the feature was just detected; the bounds are checked inside.
        unsafe { avx2_inner(block, teddy, masks) }
    }

    /// Classifies with vectors of 16 bytes.
    pub(super) fn ssse3(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
        assert!(std::arch::is_x86_feature_detected!("ssse3"), "the level was detected");
        // SAFETY: the feature was just detected; the bounds are checked inside.
        unsafe { ssse3_inner(block, teddy, masks) }
    }

    #[target_feature(enable = "avx2")]
    fn load32(bytes: &[u8]) -> __m256i {
        let bytes: &[u8; 32] = bytes[..32].try_into().expect("a slice of 32 is an array of 32");
        // SAFETY: the array is 32 bytes long, and the load needs no alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "ssse3")]
    fn load16(bytes: &[u8]) -> __m128i {
        let bytes: &[u8; 16] = bytes[..16].try_into().expect("a slice of 16 is an array of 16");
        // SAFETY: the array is 16 bytes long, and the load needs no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    fn table32(table: &[u8; 16]) -> __m256i {
        _mm256_broadcastsi128_si256(load16(table))
    }

    #[target_feature(enable = "avx2")]
    fn avx2_inner(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
        let (low, high) = (table32(&LOW), table32(&HIGH));
        let nibble = _mm256_set1_epi8(15);
        let zero = _mm256_setzero_si256();
        let not_extra = _mm256_set1_epi8(!(EXTRA as i8));
        let tables = teddy.nibbles.map(|half| half.map(|(low, high)| (table32(&low), table32(&high))));
        let split =
            |bytes: __m256i| (_mm256_and_si256(bytes, nibble), _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
        let look = |(low_nibbles, high_nibbles): (__m256i, __m256i), low: __m256i, high: __m256i| {
            _mm256_and_si256(_mm256_shuffle_epi8(low, low_nibbles), _mm256_shuffle_epi8(high, high_nibbles))
        };
        let set = |classes: __m256i| u64::from(!_mm256_movemask_epi8(_mm256_cmpeq_epi8(classes, zero)) as u32);
        for (lane, start) in (0..block.len() - BEYOND).step_by(LANE).enumerate() {
            let bytes = &block[start..start + LANE + BEYOND];
            (masks.narrow[lane], masks.wide[lane], masks.word[lane]) = (0, 0, 0);
            for at in [0, 32] {
                let first = split(load32(&bytes[at..]));
                let class = look(first, low, high);
                masks.narrow[lane] |= set(_mm256_and_si256(class, not_extra)) << at;
                masks.wide[lane] |= set(class) << at;
                if !teddy.empty {
                    let rest = [1, 2, 3].map(|ahead| split(load32(&bytes[at + ahead..])));
                    let half = |tables: &[(__m256i, __m256i); 4]| {
                        let [one, two, three] = [0, 1, 2].map(|at| look(rest[at], tables[at + 1].0, tables[at + 1].1));
                        let start = _mm256_and_si256(look(first, tables[0].0, tables[0].1), one);
                        _mm256_and_si256(start, _mm256_and_si256(two, three))
                    };
                    masks.word[lane] |= set(_mm256_or_si256(half(&tables[0]), half(&tables[1]))) << at;
                }
            }
        }
    }

    #[target_feature(enable = "ssse3")]
    fn ssse3_inner(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
        let (low, high) = (load16(&LOW), load16(&HIGH));
        let nibble = _mm_set1_epi8(15);
        let zero = _mm_setzero_si128();
        let not_extra = _mm_set1_epi8(!(EXTRA as i8));
        let tables = teddy.nibbles.map(|half| half.map(|(low, high)| (load16(&low), load16(&high))));
        let split = |bytes: __m128i| (_mm_and_si128(bytes, nibble), _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble));
        let look = |(low_nibbles, high_nibbles): (__m128i, __m128i), low: __m128i, high: __m128i| {
            _mm_and_si128(_mm_shuffle_epi8(low, low_nibbles), _mm_shuffle_epi8(high, high_nibbles))
        };
        let set = |classes: __m128i| u64::from(!_mm_movemask_epi8(_mm_cmpeq_epi8(classes, zero)) as u16);
        for (lane, start) in (0..block.len() - BEYOND).step_by(LANE).enumerate() {
            let bytes = &block[start..start + LANE + BEYOND];
            (masks.narrow[lane], masks.wide[lane], masks.word[lane]) = (0, 0, 0);
            for at in (0..LANE).step_by(16) {
                let first = split(load16(&bytes[at..]));
                let class = look(first, low, high);
                masks.narrow[lane] |= set(_mm_and_si128(class, not_extra)) << at;
                masks.wide[lane] |= set(class) << at;
                if !teddy.empty {
                    let rest = [1, 2, 3].map(|ahead| split(load16(&bytes[at + ahead..])));
                    let half = |tables: &[(__m128i, __m128i); 4]| {
                        let start = look(first, tables[0].0, tables[0].1);
                        rest.iter()
                            .zip(&tables[1..])
                            .fold(start, |all, (nibbles, table)| _mm_and_si128(all, look(*nibbles, table.0, table.1)))
                    };
                    masks.word[lane] |= set(_mm_or_si128(half(&tables[0]), half(&tables[1]))) << at;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masks(block: &[u8], teddy: &Teddy, level: Level) -> Masks {
        let mut masks = Masks::default();
        masks.fill(block, teddy, level);
        masks
    }

    fn levels() -> Vec<Level> {
        #[cfg(target_arch = "x86_64")]
        {
            let mut levels = vec![];
            if std::arch::is_x86_feature_detected!("ssse3") {
                levels.push(Level::Ssse3);
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                levels.push(Level::Avx2);
            }
            levels
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![]
    }

    fn assert_agreement(block: &[u8], teddy: &Teddy) {
        let expected = masks(block, teddy, Level::Portable);
        for level in levels() {
            let got = masks(block, teddy, level);
            assert_eq!(got.narrow, expected.narrow, "{level:?}");
            assert_eq!(got.wide, expected.wide, "{level:?}");
            assert_eq!(got.word, expected.word, "{level:?}");
        }
    }

    #[test]
    fn every_byte_has_the_same_classes_at_every_level() {
        let mut block: Vec<u8> = (0..=255).collect();
        block.extend([0; BEYOND]);
        assert_agreement(&block, &Teddy::new(&[b"ssw", b"://", b"begi"]));
    }

    proptest! {
        #[test]
        fn vectors_agree_with_the_portable_code(
            mut block in proptest::collection::vec(any::<u8>(), 3 * LANE + BEYOND),
            windows in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 3..=4), 0..40),
            at in 0_usize..150,
        ) {
            if let Some(window) = windows.first() {
                block[at..at + window.len()].copy_from_slice(window);
            }
            let windows: Vec<&[u8]> = windows.iter().map(Vec::as_slice).collect();
            assert_agreement(&block, &Teddy::new(&windows));
        }
    }
}
