//! The same with vectors.

use std::arch::x86_64::*;

use super::{BEYOND, CLASSES, DIGIT, LANE, Masks, NARROW, OPENER, WIDE};
use crate::table::{SHIFT, Teddy, WINDOW};

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

/// Classifies with vectors of 64 bytes.
pub(super) fn avx512(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
    use std::arch::is_x86_feature_detected as has;
    assert!(has!("avx512f") && has!("avx512bw") && has!("avx512vbmi"), "the level was detected");
    // SAFETY: the features were just detected; the bounds are checked inside.
    unsafe { avx512_inner(block, teddy, masks) }
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
#[target_feature(enable = "avx512f")]
fn load64(bytes: &[u8]) -> __m512i {
    let bytes: &[u8; 64] = bytes[..64].try_into().expect("a slice of 64 is an array of 64");
    // SAFETY: the array is 64 bytes long, and the load needs no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
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

/// Which bits the entries of the low nibble of each byte and of the four bits above share.
#[inline]
#[target_feature(enable = "avx2")]
fn look32<const UPPER: i32>(bytes: __m256i, low: __m256i, high: __m256i) -> __m256i {
    let nibble = _mm256_set1_epi8(15);
    let low = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble));
    let high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16::<UPPER>(bytes), nibble));
    _mm256_and_si256(low, high)
}

#[inline]
#[target_feature(enable = "ssse3")]
fn look16<const UPPER: i32>(bytes: __m128i, low: __m128i, high: __m128i) -> __m128i {
    let nibble = _mm_set1_epi8(15);
    let low = _mm_shuffle_epi8(low, _mm_and_si128(bytes, nibble));
    let high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16::<UPPER>(bytes), nibble));
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
            let ahead =
                [load32(&bytes[at..]), load32(&bytes[at + 1..]), load32(&bytes[at + 2..]), load32(&bytes[at + 3..])];
            let class = look32::<4>(ahead[0], low, high);
            narrow |= set32(_mm256_and_si256(class, in_narrow)) << at;
            wide |= set32(_mm256_and_si256(class, in_wide)) << at;
            opener |= set32(_mm256_and_si256(class, openers)) << at;
            digit |= digits32(ahead[0]) << at;
            let mut any = zero;
            for half in &tables {
                let mut all = look32::<SHIFT>(ahead[0], half[0].0, half[0].1);
                for next in 1..WINDOW {
                    all = _mm256_and_si256(all, look32::<SHIFT>(ahead[next], half[next].0, half[next].1));
                }
                any = _mm256_or_si256(any, all);
            }
            word |= set32(any) << at;
        }
        (masks.narrow[lane], masks.wide[lane], masks.opener[lane]) = (narrow, wide, opener);
        (masks.digit[lane], masks.word[lane]) = (digit, word);
    }
    masks.derive((block.len() - BEYOND) / LANE);
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
            let ahead =
                [load16(&bytes[at..]), load16(&bytes[at + 1..]), load16(&bytes[at + 2..]), load16(&bytes[at + 3..])];
            let class = look16::<4>(ahead[0], low, high);
            narrow |= set16(_mm_and_si128(class, in_narrow)) << at;
            wide |= set16(_mm_and_si128(class, in_wide)) << at;
            opener |= set16(_mm_and_si128(class, openers)) << at;
            digit |= digits16(ahead[0]) << at;
            let mut any = zero;
            for half in &tables {
                let mut all = look16::<SHIFT>(ahead[0], half[0].0, half[0].1);
                for next in 1..WINDOW {
                    all = _mm_and_si128(all, look16::<SHIFT>(ahead[next], half[next].0, half[next].1));
                }
                any = _mm_or_si128(any, all);
            }
            word |= set16(any) << at;
        }
        (masks.narrow[lane], masks.wide[lane], masks.opener[lane]) = (narrow, wide, opener);
        (masks.digit[lane], masks.word[lane]) = (digit, word);
    }
    masks.derive((block.len() - BEYOND) / LANE);
}

/// A table of ASCII: what its lower and its upper half say.
type Ascii = (__m512i, __m512i);

#[inline]
#[target_feature(enable = "avx512f")]
fn ascii(table: &[u8]) -> Ascii {
    (load64(table), load64(&table[64..]))
}

/// The entry of each byte, of which the highest bit does not count.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi")]
fn look64(bytes: __m512i, table: Ascii) -> __m512i {
    _mm512_permutex2var_epi8(table.0, bytes, table.1)
}

#[target_feature(enable = "avx2,bmi1,bmi2,avx512f,avx512bw,avx512vbmi")]
fn avx512_inner(block: &[u8], teddy: &Teddy, masks: &mut Masks) {
    let classes = ascii(&CLASSES);
    let class = |class: u8| _mm512_set1_epi8(class as i8);
    let (is_narrow, is_wide, is_opener, is_digit) = (class(NARROW), class(WIDE), class(OPENER), class(DIGIT));
    let zero = _mm512_setzero_si512();
    let mut tables = [[(zero, zero); WINDOW]; 2];
    for (table, bytes) in tables.as_flattened_mut().iter_mut().zip(teddy.bytes.as_flattened()) {
        *table = ascii(bytes);
    }
    for (lane, start) in (0..block.len() - BEYOND).step_by(LANE).enumerate() {
        let bytes = &block[start..start + LANE + BEYOND];
        let ahead = [load64(bytes), load64(&bytes[1..]), load64(&bytes[2..]), load64(&bytes[3..])];
        let class = look64(ahead[0], classes);
        let is_ascii = !_mm512_movepi8_mask(ahead[0]);
        masks.narrow[lane] = _mm512_test_epi8_mask(class, is_narrow) & is_ascii;
        masks.wide[lane] = _mm512_test_epi8_mask(class, is_wide) & is_ascii;
        masks.opener[lane] = _mm512_test_epi8_mask(class, is_opener) & is_ascii;
        masks.digit[lane] = _mm512_test_epi8_mask(class, is_digit) & is_ascii;
        let mut any = zero;
        for half in &tables {
            let mut all = look64(ahead[0], half[0]);
            for next in 1..WINDOW {
                all = _mm512_and_si512(all, look64(ahead[next], half[next]));
            }
            any = _mm512_or_si512(any, all);
        }
        masks.word[lane] = _mm512_test_epi8_mask(any, any);
    }
    masks.derive((block.len() - BEYOND) / LANE);
}
