//! Digits of base64 and hex.

use super::joiner;
use crate::span::Span;

/// Returns the value of a digit of base64, in either alphabet.
pub(crate) const fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Returns the value of a digit of hex.
pub(super) const fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Decodes digits of base64 that nothing parts; bits that fill no byte are left out.
pub(crate) fn decode_base64(digits: &[u8]) -> Vec<u8> {
    bytes_of(digits.iter().filter_map(|byte| sextet(*byte)), 6)
}

/// The bytes that digits of `base` bits stand for; what fills no byte is left out.
pub(super) fn bytes_of(digits: impl Iterator<Item = u8>, base: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.size_hint().1.unwrap_or(0) * base as usize / 8 + 1);
    let (mut bits, mut held) = (0_u32, 0);
    for digit in digits {
        bits = bits << base | u32::from(digit);
        held += base;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
            bits &= (1 << held) - 1;
        }
    }
    bytes
}

/// The digits of a text from one place on, with their places, as far as
/// nothing but the end of a line or of a string literal parts them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits<'a> {
    bytes: &'a [u8],
    span: Span,
    value: fn(u8) -> Option<u8>,
}

impl<'a> Digits<'a> {
    pub(super) fn new(bytes: &'a [u8], span: Span, value: fn(u8) -> Option<u8>) -> Self {
        Self { bytes, span, value }
    }
}

impl Iterator for Digits<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<Self::Item> {
        let text = &self.bytes[..self.span.end];
        let mut at = self.span.start;
        let mut value = (self.value)(*text.get(at)?);
        if value.is_none() {
            at = joiner::skip(text, at)?;
            value = (self.value)(text[at]);
        }
        self.span.start = at + 1;
        Some((at, value?))
    }
}

/// Tells each byte that digits of `base` bits stand for, with the digits that hold its bits.
pub(super) fn walk(
    bytes: &[u8],
    span: Span,
    value: fn(u8) -> Option<u8>,
    base: u32,
    emit: &mut impl FnMut(&[u8], Span),
) {
    let (mut bits, mut held, mut first) = (0_u32, 0, span.start);
    for (at, digit) in Digits::new(bytes, span, value) {
        if held == 0 {
            first = at;
        }
        bits = bits << base | u32::from(digit);
        held += base;
        if held >= 8 {
            held -= 8;
            emit(&[(bits >> held) as u8], Span::new(first, at + 1));
            bits &= (1 << held) - 1;
            first = at;
        }
    }
}
