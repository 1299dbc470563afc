//! One pass over the bytes: which belong to a token, and where a searched-for
//! word could start.
//!
//! Every 64 bytes become one word of each mask, the byte at offset `i` bit `i`.
//! The portable code is the definition; the SIMD code is tested to agree.

use crate::table::{Teddy, WINDOW};

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
    /// `[0-9]`.
    pub(super) digit: Mask,
    /// Where four bytes look like the start of a searched-for window.
    pub(super) word: Mask,
    /// The first byte of escapes: `\\`, `%` and `&`.
    pub(super) opener: Mask,
}

impl Default for Masks {
    fn default() -> Self {
        let none = [0; BLOCK_LANES];
        Self { narrow: none, wide: none, digit: none, word: none, opener: none }
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

const NARROW: u8 = 1;
const WIDE: u8 = 2;
const OPENER: u8 = 4;

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
        } else if b == b'\\' || b == b'%' || b == b'&' {
            classes[byte] = OPENER;
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
        let (mut narrow, mut wide, mut digit, mut opener) = (0, 0, 0, 0);
        for (bit, byte) in bytes.iter().enumerate() {
            let class = CLASSES[usize::from(*byte)];
            digit |= u64::from(byte.is_ascii_digit()) << bit;
            narrow |= u64::from(class & NARROW) << bit;
            wide |= u64::from((class & WIDE) >> 1) << bit;
            opener |= u64::from((class & OPENER) >> 2) << bit;
        }
        (masks.narrow[lane], masks.wide[lane], masks.digit[lane]) = (narrow, wide, digit);
        masks.opener[lane] = opener;
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

    use super::{BEYOND, LANE, Masks};
    use crate::table::{Teddy, WINDOW};

    /// Bits of the class tables: a byte belongs to a class when the entries of
    /// its low and its high nibble share a bit; `EXTRA` is the bit of those that
    /// belong to the wide class only.
    const EXTRA: u8 = 32;
    /// The bits of bytes that open escapes: `%` and `&`, and the backslash.
    const SIGN: u8 = 64;
    const SLASH: u8 = 128;

    const HIGH: [u8; 16] = [0, 0, 2 | EXTRA | SIGN, 1, 4, 8 | SLASH, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0];
    const LOW: [u8; 16] = [
        1 | 8 | 16,     // 0: 0, P, p
        1 | 4 | 8 | 16, // 1
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16 | SIGN, // 5: and %
        1 | 4 | 8 | 16 | SIGN, // 6: and &
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16, // 9
        4 | 8 | 16,     // a: J, Z, j, z
        4 | EXTRA,      // b: K, k, +
        4 | SLASH,      // c: L, l, backslash
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

    // Helpers rather than closures: one that passes through a generic function
    // without the feature, such as `map`, is called for every vector.

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load32(bytes: &[u8]) -> __m256i {
        let bytes: &[u8; 32] = bytes[..32].try_into().expect("a slice of 32 is an array of 32");
        // SAFETY: the array is 32 bytes long, and the load needs no alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn load16(bytes: &[u8]) -> __m128i {
        let bytes: &[u8; 16] = bytes[..16].try_into().expect("a slice of 16 is an array of 16");
        // SAFETY: the array is 16 bytes long, and the load needs no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    /// A table of nibbles for vectors of 32 bytes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn table32(table: &[u8; 16]) -> __m256i {
        _mm256_broadcastsi128_si256(load16(table))
    }

    /// Which bits the entries of the low and the high nibble of each byte share.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn look32(bytes: __m256i, low: __m256i, high: __m256i) -> __m256i {
        let nibble = _mm256_set1_epi8(15);
        let low = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble));
        let high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
        _mm256_and_si256(low, high)
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn look16(bytes: __m128i, low: __m128i, high: __m128i) -> __m128i {
        let nibble = _mm_set1_epi8(15);
        let low = _mm_shuffle_epi8(low, _mm_and_si128(bytes, nibble));
        let high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble));
        _mm_and_si128(low, high)
    }

    /// The bytes that are not zero, as bits.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn set32(bytes: __m256i) -> u64 {
        u64::from(!_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())) as u32)
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn set16(bytes: __m128i) -> u64 {
        u64::from(!_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128())) as u16)
    }

    /// The digits, as bits.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn digits32(bytes: __m256i) -> u64 {
        let from_zero = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
        let digits = _mm256_cmpeq_epi8(_mm256_min_epu8(from_zero, _mm256_set1_epi8(9)), from_zero);
        u64::from(_mm256_movemask_epi8(digits) as u32)
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn digits16(bytes: __m128i) -> u64 {
        let from_zero = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
        let digits = _mm_cmpeq_epi8(_mm_min_epu8(from_zero, _mm_set1_epi8(9)), from_zero);
        u64::from(_mm_movemask_epi8(digits) as u16)
    }

    #[target_feature(enable = "avx2")]
    fn avx2_inner(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
        let (low, high) = (table32(&LOW), table32(&HIGH));
        let openers = _mm256_set1_epi8((SIGN | SLASH) as i8);
        let in_narrow = _mm256_set1_epi8(!(EXTRA | SIGN | SLASH) as i8);
        let in_wide = _mm256_set1_epi8(!(SIGN | SLASH) as i8);
        let zero = _mm256_setzero_si256();
        let mut tables = [[(zero, zero); WINDOW]; 2];
        for (table, (low, high)) in tables.as_flattened_mut().iter_mut().zip(teddy.nibbles.as_flattened()) {
            *table = (table32(low), table32(high));
        }
        for (lane, start) in (0..block.len() - BEYOND).step_by(LANE).enumerate() {
            let bytes = &block[start..start + LANE + BEYOND];
            let (mut narrow, mut wide, mut digit, mut word, mut opener) = (0, 0, 0, 0, 0);
            for at in [0, 32] {
                let ahead = [
                    load32(&bytes[at..]),
                    load32(&bytes[at + 1..]),
                    load32(&bytes[at + 2..]),
                    load32(&bytes[at + 3..]),
                ];
                let class = look32(ahead[0], low, high);
                narrow |= set32(_mm256_and_si256(class, in_narrow)) << at;
                wide |= set32(_mm256_and_si256(class, in_wide)) << at;
                opener |= set32(_mm256_and_si256(class, openers)) << at;
                digit |= digits32(ahead[0]) << at;
                let mut any = zero;
                for half in &tables {
                    let mut all = look32(ahead[0], half[0].0, half[0].1);
                    for next in 1..WINDOW {
                        all = _mm256_and_si256(all, look32(ahead[next], half[next].0, half[next].1));
                    }
                    any = _mm256_or_si256(any, all);
                }
                word |= set32(any) << at;
            }
            (masks.narrow[lane], masks.wide[lane], masks.opener[lane]) = (narrow, wide, opener);
            (masks.digit[lane], masks.word[lane]) = (digit, word);
        }
    }

    #[target_feature(enable = "ssse3")]
    fn ssse3_inner(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
        let (low, high) = (load16(&LOW), load16(&HIGH));
        let openers = _mm_set1_epi8((SIGN | SLASH) as i8);
        let in_narrow = _mm_set1_epi8(!(EXTRA | SIGN | SLASH) as i8);
        let in_wide = _mm_set1_epi8(!(SIGN | SLASH) as i8);
        let zero = _mm_setzero_si128();
        let mut tables = [[(zero, zero); WINDOW]; 2];
        for (table, (low, high)) in tables.as_flattened_mut().iter_mut().zip(teddy.nibbles.as_flattened()) {
            *table = (load16(low), load16(high));
        }
        for (lane, start) in (0..block.len() - BEYOND).step_by(LANE).enumerate() {
            let bytes = &block[start..start + LANE + BEYOND];
            let (mut narrow, mut wide, mut digit, mut word, mut opener) = (0, 0, 0, 0, 0);
            for at in [0, 16, 32, 48] {
                let ahead = [
                    load16(&bytes[at..]),
                    load16(&bytes[at + 1..]),
                    load16(&bytes[at + 2..]),
                    load16(&bytes[at + 3..]),
                ];
                let class = look16(ahead[0], low, high);
                narrow |= set16(_mm_and_si128(class, in_narrow)) << at;
                wide |= set16(_mm_and_si128(class, in_wide)) << at;
                opener |= set16(_mm_and_si128(class, openers)) << at;
                digit |= digits16(ahead[0]) << at;
                let mut any = zero;
                for half in &tables {
                    let mut all = look16(ahead[0], half[0].0, half[0].1);
                    for next in 1..WINDOW {
                        all = _mm_and_si128(all, look16(ahead[next], half[next].0, half[next].1));
                    }
                    any = _mm_or_si128(any, all);
                }
                word |= set16(any) << at;
            }
            (masks.narrow[lane], masks.wide[lane], masks.opener[lane]) = (narrow, wide, opener);
            (masks.digit[lane], masks.word[lane]) = (digit, word);
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
            assert_eq!(got.opener, expected.opener, "{level:?}");
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
