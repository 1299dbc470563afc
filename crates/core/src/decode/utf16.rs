//! UTF-16 inside other bytes, of either byte order, without a mark.
//!
//! Text of ASCII in UTF-16 is a character and a zero by turns. Which order it
//! has shows only in other characters, which are taken for little-endian.

use crate::span::Span;

/// Characters that show that there is text.
const SEED: usize = 8;
/// Characters of the shortest text that counts.
const LEAST: usize = 16;
/// Characters other than ASCII, at most, between two of ASCII.
const GAP: usize = 8;

/// Returns the text in UTF-16 that a character at `at` belongs to.
pub(super) fn stretch(bytes: &[u8], at: usize, from: usize) -> Option<Span> {
    let is_char = |at: usize| super::is_text(bytes[at]) && bytes.get(at + 1).is_none_or(|next| *next == 0);
    if !(0..SEED).all(|idx| at + 2 * idx < bytes.len() && is_char(at + 2 * idx)) {
        return None;
    }
    let (mut start, mut back, mut gap) = (at, at, 0);
    while gap <= GAP && back >= from + 2 {
        back -= 2;
        (start, gap) = if is_char(back) { (back, 0) } else { (start, gap + 1) };
    }
    let (mut end, mut next, mut gap) = (at, at, 0);
    while gap <= GAP && next < bytes.len() {
        let behind = (next + 2).min(bytes.len());
        (end, gap) = if is_char(next) { (behind, 0) } else { (end, gap + 1) };
        next = behind;
    }
    (end - start >= 2 * LEAST).then_some(Span::new(start, end))
}

/// Tells the characters of a span.
pub(super) fn walk(bytes: &[u8], span: Span, emit: &mut impl FnMut(&[u8], Span)) {
    let units =
        bytes[span.range()].chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit.get(1).copied().unwrap_or(0)]));
    let mut at = span.start;
    for decoded in char::decode_utf16(units) {
        let decoded = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
        let behind = (at + 2 * decoded.len_utf16()).min(span.end);
        emit(decoded.encode_utf8(&mut [0; 4]).as_bytes(), Span::new(at, behind));
        at = behind;
    }
}
