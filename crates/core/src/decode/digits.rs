//! Digits of base64 and hex.

use super::joiner;
use crate::span::Span;

/// Returns the value of a digit of base64, in either alphabet.
#[inline]
pub(crate) const fn sextet(byte: u8) -> Option<u8> {
    known(SEXTETS[byte as usize])
}

/// Returns the value of a digit of hex.
#[inline]
pub(super) const fn nibble(byte: u8) -> Option<u8> {
    known(NIBBLES[byte as usize])
}

/// What tables say of bytes that are no digits.
const NONE: u8 = 0xff;

const fn known(value: u8) -> Option<u8> {
    if value == NONE { None } else { Some(value) }
}

const SEXTETS: &[u8; 256] = &values(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", b"-_");
const NIBBLES: &[u8; 256] = &values(b"0123456789abcdef", b"ABCDEF");

/// The values of digits, and of others that stand for the last of them.
const fn values(digits: &[u8], others: &[u8]) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < digits.len() {
        values[digits[value] as usize] = value as u8;
        value += 1;
    }
    let mut other = 0;
    while other < others.len() {
        values[others[other] as usize] = (digits.len() - others.len() + other) as u8;
        other += 1;
    }
    values
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

/// Appends what digits of so many bits stand for: the same as [`walk`] tells, faster.
pub(super) fn append(
    bytes: &[u8],
    span: Span,
    (value, base): (impl Fn(u8) -> Option<u8> + Copy, u32),
    out: &mut Vec<u8>,
) {
    let text = &bytes[..span.end];
    let (mut bits, mut held) = (0_u32, 0);
    let mut at = span.start;
    loop {
        // Four digits fill whole bytes.
        while held == 0
            && let Some(digits) = text[at..].first_chunk::<4>()
            && let [Some(a), Some(b), Some(c), Some(d)] = digits.map(value)
        {
            let all = [a, b, c, d].into_iter().fold(0, |all, digit| all << base | u32::from(digit));
            out.extend_from_slice(&all.to_be_bytes()[4 - base as usize / 2..]);
            at += 4;
        }
        let Some(byte) = text.get(at) else { return };
        let Some(digit) = value(*byte) else {
            let Some(next) = joiner::skip(text, at) else { return };
            at = next;
            continue;
        };
        bits = bits << base | u32::from(digit);
        held += base;
        at += 1;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn appending_is_walking(text in "([A-Za-z0-9+/=_-]{0,9}(\n|\\\\n|\" \\+ \"| |é)?){0,9}") {
            let bytes = text.as_bytes();
            let span = Span::new(0, bytes.len());
            for (value, base) in [(sextet as fn(u8) -> Option<u8>, 6), (nibble as fn(u8) -> Option<u8>, 4)] {
                let (mut walked, mut appended) = (Vec::new(), Vec::new());
                walk(bytes, span, value, base, &mut |piece, _| walked.extend_from_slice(piece));
                append(bytes, span, (value, base), &mut appended);
                prop_assert_eq!(walked, appended);
            }
        }
    }

    #[test]
    fn each_digit_has_its_value() {
        let values: Vec<_> = b"AZaz09+/-_=".iter().map(|byte| sextet(*byte)).collect();
        let some = [0, 25, 26, 51, 52, 61, 62, 63, 62, 63].map(Some);
        assert_eq!(values, [&some[..], &[None]].concat());
        assert_eq!([b'0', b'9', b'a', b'F', b'g'].map(nibble), [Some(0), Some(9), Some(10), Some(15), None]);
    }
}
