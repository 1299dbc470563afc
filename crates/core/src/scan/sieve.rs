//! Where in a stretch of text the windows of literals may stand.
//!
//! The portable code is [`LiteralTable::sieve`]; the vector code is tested to agree.

use super::classify::{LANE, Level};
use crate::table::LiteralTable;

/// Adds the places of `bytes[from..to]` where the window of a literal may stand.
pub(super) fn sieve(
    table: &LiteralTable,
    bytes: &[u8],
    (from, to): (usize, usize),
    level: Level,
    places: &mut Vec<usize>,
) {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::Avx512 => x86::sieve(table, bytes, (from, to), places),
        _ => table.sieve(bytes, from, to, places),
    }
}

/// Adds the places that bits mark in the lanes of a block, where the window of a
/// literal may stand. The block is as long as [`Masks::fill`] needs it; `spots` is
/// memory to work in.
///
/// [`Masks::fill`]: super::classify::Masks::fill
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables, reason = "only vectors need memory to work in"))]
pub(super) fn sieve_marked(
    table: &LiteralTable,
    (block, base): (&[u8], usize),
    (words, level): (&[u64], Level),
    spots: &mut Vec<u32>,
    places: &mut Vec<usize>,
) {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::Avx512 => x86::sieve_marked(table, (block, base), words, spots, places),
        _ => {
            for (lane, word) in words.iter().enumerate() {
                let mut rest = *word;
                while rest != 0 {
                    let at = lane * LANE + rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    if block[at..].first_chunk().is_some_and(|window| table.may_start(*window)) {
                        places.push(base + at);
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector loads, and look-ups in a set that every index lies in")]
mod x86 {
    use std::arch::x86_64::*;

    use super::super::classify::{BEYOND, LANE};
    use crate::table::{FACTOR, LETTER, LiteralTable, Set, WORD_BITS};

    /// Windows looked at together, and the bytes they are read from.
    const STEP: usize = 8;
    const READ: usize = 16;

    pub(super) fn sieve(table: &LiteralTable, bytes: &[u8], (from, to): (usize, usize), places: &mut Vec<usize>) {
        assert!(std::arch::is_x86_feature_detected!("avx2"), "the level was detected");
        // SAFETY: the feature was just detected; the bounds are checked inside.
        let rest = unsafe { steps(table, &bytes[from..to], from, places) };
        table.sieve(bytes, from + rest, to, places);
    }

    pub(super) fn sieve_marked(
        table: &LiteralTable,
        (block, base): (&[u8], usize),
        words: &[u64],
        spots: &mut Vec<u32>,
        places: &mut Vec<usize>,
    ) {
        use std::arch::is_x86_feature_detected as has;
        assert!(has!("avx2") && has!("bmi1") && has!("popcnt"), "the level was detected");
        assert!(block.len() >= words.len() * LANE + BEYOND, "each window lies in the block");
        // SAFETY: the features were just detected, and four bytes follow each bit.
        unsafe {
            let n_spots = list(words, spots);
            look_up(table, block, &spots[..n_spots.next_multiple_of(STEP)], |idx| {
                if idx < n_spots {
                    places.push(base + spots[idx] as usize);
                }
            });
        }
    }

    /// Lists the places of the bits, and returns their number. Some more zeros follow.
    #[target_feature(enable = "bmi1,popcnt")]
    fn list(words: &[u64], spots: &mut Vec<u32>) -> usize {
        /// Bits of a lane that are listed whether they are there or not: a guess less.
        const MOST: usize = 4;
        spots.resize(words.len() * LANE + STEP.max(MOST), 0);
        let mut n_spots = 0;
        for (lane, word) in words.iter().enumerate() {
            let (mut rest, at) = (*word, (lane * LANE) as u32);
            let next = n_spots + word.count_ones() as usize;
            for spot in &mut spots[n_spots..n_spots + MOST] {
                *spot = at + rest.trailing_zeros();
                rest &= rest.wrapping_sub(1);
            }
            for spot in &mut spots[(n_spots + MOST).min(next)..next] {
                *spot = at + rest.trailing_zeros();
                rest &= rest.wrapping_sub(1);
            }
            n_spots = next;
        }
        spots[n_spots..n_spots + STEP].fill(0);
        n_spots
    }

    /// Calls `hit` with the index of each spot where the window of a literal may stand.
    ///
    /// # Safety
    ///
    /// Four bytes of the block follow each spot; there is a whole number of steps.
    #[target_feature(enable = "avx2")]
    unsafe fn look_up(table: &LiteralTable, block: &[u8], spots: &[u32], mut hit: impl FnMut(usize)) {
        let (four, three) = (table.four.bits(), table.three.bits());
        let short = _mm256_set1_epi32(0x00ff_ffff);
        for (step, spots) in spots.as_chunks::<STEP>().0.iter().enumerate() {
            // SAFETY: the array is 32 bytes long, the load needs no alignment, and the
            // caller says that the bytes are there.
            let keys = unsafe {
                let spots = _mm256_loadu_si256(spots.as_ptr().cast());
                _mm256_i32gather_epi32::<1>(block.as_ptr().cast(), spots)
            };
            let keys = fold(keys);
            let held = _mm256_or_si256(may_hold(four, keys), may_hold(three, _mm256_and_si256(keys, short)));
            let mut rest = _mm256_movemask_ps(_mm256_castsi256_ps(held)) as u32;
            while rest != 0 {
                hit(step * STEP + rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        }
    }

    /// Looks at as many windows as whole vectors hold, and returns where the rest begins.
    #[target_feature(enable = "avx2")]
    fn steps(table: &LiteralTable, stretch: &[u8], from: usize, places: &mut Vec<usize>) -> usize {
        let (four, three) = (table.four.bits(), table.three.bits());
        let windows = _mm256_setr_epi8(
            0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10,
        );
        let short = _mm256_set1_epi32(0x00ff_ffff);
        let mut at = 0;
        while let Some(read) = stretch[at..].first_chunk::<READ>() {
            // SAFETY: the array is sixteen bytes long, and the load needs no alignment.
            let read = unsafe { _mm_loadu_si128(read.as_ptr().cast()) };
            let keys = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(read), windows);
            let keys = fold(keys);
            let held = _mm256_or_si256(may_hold(four, keys), may_hold(three, _mm256_and_si256(keys, short)));
            let mut rest = _mm256_movemask_ps(_mm256_castsi256_ps(held)) as u32;
            while rest != 0 {
                places.push(from + at + rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
            at += STEP;
        }
        at
    }

    /// Windows in which letters are in lower case.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn fold(windows: __m256i) -> __m256i {
        let letters = _mm256_and_si256(windows, _mm256_set1_epi32(LETTER as i32));
        _mm256_or_si256(windows, _mm256_srli_epi32::<1>(letters))
    }

    /// Whether a set may hold each of eight keys: all bits, or none.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn may_hold(set: &Set, keys: __m256i) -> __m256i {
        const { assert!(WORD_BITS == 11, "the shifts below are made for it") };
        let (one, low) = (_mm256_set1_epi32(1), _mm256_set1_epi32(31));
        let hash = _mm256_mullo_epi32(keys, _mm256_set1_epi32(FACTOR as i32));
        let first = _mm256_sllv_epi32(one, _mm256_and_si256(_mm256_srli_epi32::<16>(hash), low));
        let second = _mm256_sllv_epi32(one, _mm256_and_si256(_mm256_srli_epi32::<11>(hash), low));
        let bits = _mm256_or_si256(first, second);
        // SAFETY: an index of eleven bits lies within the set of 2048 words.
        let words = unsafe { _mm256_i32gather_epi32::<4>(set.as_ptr().cast(), _mm256_srli_epi32::<21>(hash)) };
        _mm256_cmpeq_epi32(_mm256_and_si256(words, bits), bits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::Literal;

    proptest! {
        #[test]
        fn vectors_find_what_the_portable_code_finds(
            words in proptest::collection::vec("[a-z_.]{3,6}", 0..40),
            text in "([a-z_.]{0,9}|[A-Za-z0-9 ]{0,3}){0,40}",
            from in 0_usize..20,
        ) {
            let literals: Vec<Literal> = words.iter().map(|word| Literal::new(word.as_bytes(), true)).collect();
            let all: Vec<(u32, &Literal)> = literals.iter().enumerate().map(|(idx, one)| (idx as u32, one)).collect();
            let table = LiteralTable::new(&all);
            let (from, to) = (from.min(text.len()), text.len());
            let (mut expected, mut got) = (Vec::new(), Vec::new());
            table.sieve(text.as_bytes(), from, to, &mut expected);
            sieve(&table, text.as_bytes(), (from, to), Level::detect(), &mut got);
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn vectors_sieve_the_marked_places_alike(
            words in proptest::collection::vec("[a-e_.]{3,6}", 0..40),
            text in "[a-e_.]{203}",
            marks in proptest::array::uniform3(any::<u64>()),
        ) {
            let literals: Vec<Literal> = words.iter().map(|word| Literal::new(word.as_bytes(), true)).collect();
            let all: Vec<(u32, &Literal)> = literals.iter().enumerate().map(|(idx, one)| (idx as u32, one)).collect();
            let table = LiteralTable::new(&all);
            let found = |level| {
                let (mut spots, mut places) = (vec![7; 3], Vec::new());
                sieve_marked(&table, (text.as_bytes(), 64), (&marks, level), &mut spots, &mut places);
                places
            };
            prop_assert_eq!(found(Level::detect()), found(Level::Portable));
        }
    }
}
