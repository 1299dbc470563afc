//! One pass over the bytes: which belong to a token, and where a searched-for
//! word could start.
//!
//! Every 64 bytes become one word of each mask, the byte at offset `i` bit `i`.
//! The portable code is the definition; the SIMD code is tested to agree.

use crate::decode::may_be_coded;
use crate::rule::HOT_RUN;
use crate::table::{Teddy, WINDOW};

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "vector loads and calls of functions for detected features; nothing else here is unsafe"
)]
mod x86;

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
    /// Where as many wide bytes begin, within the lane, as make a run.
    pub(super) long: Mask,
    /// For each lane, bits that are not all zero where it may be escaped throughout or in UTF-16.
    pub(super) coded: Mask,
}

impl Default for Masks {
    fn default() -> Self {
        let none = [0; BLOCK_LANES];
        Self { narrow: none, wide: none, digit: none, word: none, opener: none, long: none, coded: none }
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
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => x86::avx512(block, teddy, self),
        }
    }

    /// Tells what follows from the other masks.
    #[inline(always)]
    fn derive(&mut self, n_lanes: usize) {
        for (long, wide) in self.long[..n_lanes].iter_mut().zip(&self.wide[..n_lanes]) {
            *long = longer_than(*wide, HOT_RUN);
        }
        let masks = self.narrow[..n_lanes].iter().zip(&self.opener[..n_lanes]);
        for (coded, (narrow, opener)) in self.coded[..n_lanes].iter_mut().zip(masks) {
            *coded = may_be_coded(*narrow, *opener);
        }
    }
}

/// Leaves the bits at which at least `least` bits of the mask begin.
#[inline(always)]
pub(super) fn longer_than(mut mask: u64, least: u32) -> u64 {
    let mut len = 1;
    while 2 * len <= least {
        mask &= mask >> len;
        len *= 2;
    }
    mask & mask >> (least - len)
}

/// What the machine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Ssse3,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// With permutations of bytes, of Intel from 2019 and AMD from 2022.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best level of this machine.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let has_bits = has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt");
            let has_avx2 = has!("avx2") && has_bits;
            if has_avx2 && has!("avx512f") && has!("avx512bw") && has!("avx512vbmi") {
                return Self::Avx512;
            }
            if has_avx2 {
                return Self::Avx2;
            }
            if has!("ssse3") {
                return Self::Ssse3;
            }
        }
        Self::Portable
    }
}

const NARROW: u8 = 1;
const WIDE: u8 = 2;
const OPENER: u8 = 4;
const DIGIT: u8 = 8;

/// The classes of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || b == b'_' || b == b'-' {
            classes[byte] = NARROW | WIDE | if b.is_ascii_digit() { DIGIT } else { 0 };
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
            digit |= u64::from((class & DIGIT) >> 3) << bit;
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
    masks.derive((block.len() - BEYOND) / LANE);
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
            if Level::detect() == Level::Avx512 {
                levels.push(Level::Avx512);
            }
            levels
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![]
    }

    fn assert_agreement(block: &[u8], windows: &[&[u8]]) {
        let teddy = &Teddy::new(windows);
        let expected = masks(block, teddy, Level::Portable);
        assert_finds(&expected, block, windows);
        for level in levels() {
            let got = masks(block, teddy, level);
            assert_eq!(got.narrow, expected.narrow, "{level:?}");
            assert_eq!(got.wide, expected.wide, "{level:?}");
            assert_eq!(got.digit, expected.digit, "{level:?}");
            assert_eq!(got.opener, expected.opener, "{level:?}");
            assert_eq!((got.long, got.coded), (expected.long, expected.coded), "{level:?}");
            assert_finds(&got, block, windows);
        }
    }

    /// Every place of a window is marked; what else is depends on the level.
    fn assert_finds(masks: &Masks, block: &[u8], windows: &[&[u8]]) {
        for at in 0..block.len() - BEYOND {
            let is_at = |window: &&[u8]| block[at..at + window.len()].eq_ignore_ascii_case(window);
            let marked = masks.word[at / LANE] >> (at % LANE) & 1 != 0;
            assert!(marked || !windows.iter().any(is_at), "at {at}");
        }
    }

    #[test]
    fn every_byte_has_the_same_classes_at_every_level() {
        let mut block: Vec<u8> = (0..=255).collect();
        block.extend([0; BEYOND]);
        assert_agreement(&block, &[b"ssw", b"://", b"begi"]);
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
            assert_agreement(&block, &windows);
        }
    }
}
