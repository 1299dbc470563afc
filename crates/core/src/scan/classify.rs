//! One pass over the bytes: which belong to a token, which are digits, and
//! where a searched-for word could start.
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

/// The mask of a block, with one lane more to look ahead.
pub(super) type Mask = [u64; BLOCK_LANES + 1];

/// The masks of a block.
#[derive(Debug)]
pub(super) struct Masks {
    /// `[A-Za-z0-9_-]`.
    pub(super) narrow: Mask,
    /// The same with `+` and `/`.
    pub(super) wide: Mask,
    /// `[0-9]`.
    pub(super) digit: Mask,
    /// Where four bytes look like the start of a searched-for window.
    pub(super) word: Mask,
}

impl Default for Masks {
    fn default() -> Self {
        let none = [0; BLOCK_LANES + 1];
        Self { narrow: none, wide: none, digit: none, word: none }
    }
}

impl Masks {
    /// Classifies the lanes of `block`, which is a whole number of lanes, at most
    /// one more than [`BLOCK_LANES`], and [`BEYOND`] bytes long.
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
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
            if std::arch::is_x86_feature_detected!("ssse3") {
                return Self::Ssse3;
            }
        }
        Self::Portable
    }
}

/// The nibbles of the bytes of searched-for windows, in eight buckets: a window
/// can only start where one bucket holds all eight nibbles.
#[derive(Clone, Debug, Default)]
pub(super) struct Teddy {
    /// For each of the four bytes: buckets by low nibble and by high nibble.
    nibbles: [([u8; 16], [u8; 16]); WINDOW],
    empty: bool,
}

/// The nibbles of the windows in one bucket, as sets of bits.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    low: [u16; WINDOW],
    high: [u16; WINDOW],
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
        self
    }

    /// About how many places of source code pass.
    fn chance(&self) -> f32 {
        let one = |at: usize| {
            let passes = |byte: &u8| self.low[at] >> (byte & 15) & 1 != 0 && self.high[at] >> (byte >> 4) & 1 != 0;
            (b' '..=b'~').filter(passes).map(|byte| FREQUENCY[usize::from(byte)]).sum::<f32>()
        };
        (0..WINDOW).map(one).product()
    }
}

/// About how often each byte occurs in source code.
static FREQUENCY: [f32; 256] = {
    const SHARE: [f32; 8] = [0.0, 0.09, 0.05, 0.03, 0.015, 0.008, 0.004, 0.002];
    let mut all = [0.0; 256];
    let mut byte = 0;
    while byte < 256 {
        let share = SHARE[byte_rarity((byte as u8).to_ascii_lowercase()) as usize];
        all[byte] = if (byte as u8).is_ascii_uppercase() { share / 6.0 } else { share };
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
        let mut buckets = [(Bucket::default(), 0.0); 8];
        for window in &windows {
            // Where the window adds the fewest places that pass by chance.
            let grown = buckets.map(|(bucket, chance)| {
                let grown = bucket.with(window);
                let passes = grown.chance();
                (grown, passes, passes - chance)
            });
            let least = (0..8).min_by(|a, b| grown[*a].2.total_cmp(&grown[*b].2)).unwrap_or(0);
            buckets[least] = (grown[least].0, grown[least].1);
        }
        let mut teddy = Self { empty: windows.is_empty(), ..Self::default() };
        for (number, (bucket, _)) in buckets.iter().enumerate() {
            for (at, (low, high)) in teddy.nibbles.iter_mut().enumerate() {
                for nibble in 0..16 {
                    low[nibble] |= u8::from(bucket.low[at] >> nibble & 1 != 0) << number;
                    high[nibble] |= u8::from(bucket.high[at] >> nibble & 1 != 0) << number;
                }
            }
        }
        teddy
    }

    fn starts(&self, bytes: &[u8]) -> bool {
        let bucket = |at: usize| {
            let (low, high) = &self.nibbles[at];
            low[usize::from(bytes[at] & 15)] & high[usize::from(bytes[at] >> 4)]
        };
        bucket(0) & bucket(1) & bucket(2) & bucket(3) != 0
    }
}

const DIGIT: u8 = 1;
const NARROW: u8 = 2;
const WIDE: u8 = 4;

/// The classes of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_digit() {
            classes[byte] = DIGIT | NARROW | WIDE;
        } else if b.is_ascii_alphabetic() || b == b'_' || b == b'-' {
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
        let (mut narrow, mut wide, mut digit) = (0, 0, 0);
        for (bit, byte) in bytes.iter().enumerate() {
            let class = CLASSES[usize::from(*byte)];
            digit |= u64::from(class & DIGIT) << bit;
            narrow |= u64::from((class & NARROW) >> 1) << bit;
            wide |= u64::from((class & WIDE) >> 2) << bit;
        }
        (masks.narrow[lane], masks.wide[lane], masks.digit[lane]) = (narrow, wide, digit);
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
    /// its low and its high nibble share a bit. `DIGIT` is the bit of digits;
    /// those of `EXTRA` belong to the wide class only.
    const DIGIT: i32 = 1;
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
        let [t0, t1, t2, t3] = [0, 1, 2, 3].map(|at| (table32(&teddy.nibbles[at].0), table32(&teddy.nibbles[at].1)));
        let look = |bytes: __m256i, low: __m256i, high: __m256i| {
            let low = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble));
            let high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
            _mm256_and_si256(low, high)
        };
        let set = |classes: __m256i| !_mm256_movemask_epi8(_mm256_cmpeq_epi8(classes, zero)) as u32;
        for (lane, start) in (0..block.len() - BEYOND).step_by(LANE).enumerate() {
            let bytes = &block[start..start + LANE + BEYOND];
            let half = |at: usize| {
                let here = load32(&bytes[at..]);
                let class = look(here, low, high);
                let digit = _mm256_movemask_epi8(_mm256_slli_epi16::<{ 8 - DIGIT }>(class)) as u32;
                let word = if teddy.empty {
                    0
                } else {
                    let one = look(here, t0.0, t0.1);
                    let two = look(load32(&bytes[at + 1..]), t1.0, t1.1);
                    let three = look(load32(&bytes[at + 2..]), t2.0, t2.1);
                    let four = look(load32(&bytes[at + 3..]), t3.0, t3.1);
                    set(_mm256_and_si256(_mm256_and_si256(one, two), _mm256_and_si256(three, four)))
                };
                (set(_mm256_and_si256(class, not_extra)), set(class), digit, word)
            };
            let (first, second) = (half(0), half(32));
            let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
            masks.narrow[lane] = join(first.0, second.0);
            masks.wide[lane] = join(first.1, second.1);
            masks.digit[lane] = join(first.2, second.2);
            masks.word[lane] = join(first.3, second.3);
        }
    }

    #[target_feature(enable = "ssse3")]
    fn ssse3_inner(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
        let (low, high) = (load16(&LOW), load16(&HIGH));
        let nibble = _mm_set1_epi8(15);
        let zero = _mm_setzero_si128();
        let not_extra = _mm_set1_epi8(!(EXTRA as i8));
        let [t0, t1, t2, t3] = [0, 1, 2, 3].map(|at| (load16(&teddy.nibbles[at].0), load16(&teddy.nibbles[at].1)));
        let look = |bytes: __m128i, low: __m128i, high: __m128i| {
            let low = _mm_shuffle_epi8(low, _mm_and_si128(bytes, nibble));
            let high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble));
            _mm_and_si128(low, high)
        };
        let set = |classes: __m128i| u64::from(!_mm_movemask_epi8(_mm_cmpeq_epi8(classes, zero)) as u16);
        for (lane, start) in (0..block.len() - BEYOND).step_by(LANE).enumerate() {
            let bytes = &block[start..start + LANE + BEYOND];
            (masks.narrow[lane], masks.wide[lane], masks.digit[lane], masks.word[lane]) = (0, 0, 0, 0);
            for at in (0..LANE).step_by(16) {
                let here = load16(&bytes[at..]);
                let class = look(here, low, high);
                let digit = u64::from(_mm_movemask_epi8(_mm_slli_epi16::<{ 8 - DIGIT }>(class)) as u16);
                masks.narrow[lane] |= set(_mm_and_si128(class, not_extra)) << at;
                masks.wide[lane] |= set(class) << at;
                masks.digit[lane] |= digit << at;
                if !teddy.empty {
                    let one = look(here, t0.0, t0.1);
                    let two = look(load16(&bytes[at + 1..]), t1.0, t1.1);
                    let three = look(load16(&bytes[at + 2..]), t2.0, t2.1);
                    let four = look(load16(&bytes[at + 3..]), t3.0, t3.1);
                    masks.word[lane] |= set(_mm_and_si128(_mm_and_si128(one, two), _mm_and_si128(three, four))) << at;
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
            assert_eq!(got.digit, expected.digit, "{level:?}");
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
