//! Finds values that are known already, as they are and encoded.

use std::collections::HashMap;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use leaktight_core::Span;
use zeroize::Zeroizing;

use crate::splice::escape;

/// A spelling of a value, overwritten when dropped.
type Text = Zeroizing<Vec<u8>>;

/// Bytes of a pattern that lead to it.
const BLOCK: usize = 4;
/// Bytes of the shortest pattern.
pub(super) const SHORTEST: usize = 8;
/// How far apart the text is looked at: every occurrence of eight bytes holds
/// four that start at such a place.
const STRIDE: usize = SHORTEST - BLOCK + 1;
/// Bytes of the longest value that is looked for.
pub(super) const LONGEST: usize = 64 << 10;

/// Looks for known values in text.
///
/// Every fifth place of the text is looked up in a bitmap; only where four
/// bytes of a pattern seem to stand is anything compared. The patterns are the
/// values themselves, escaped for JSON, percent-encoded, and the middle of
/// their base64 at each of three alignments.
#[derive(Default)]
pub(super) struct Known {
    bitmap: Vec<u64>,
    blocks: HashMap<[u8; BLOCK], Vec<(u32, u32)>>,
    patterns: Vec<Pattern>,
}

struct Pattern {
    bytes: Text,
    /// Index of the value.
    value: u32,
    /// Characters before and behind that belong to it in part: base64 only.
    around: (u8, u8),
}

/// Where a known value stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Hit {
    pub(super) span: Span,
    /// Index of the value.
    pub(super) value: u32,
}

impl Known {
    /// Adds a value, with a number to name it by; short and long ones are left out.
    pub(super) fn add(&mut self, value: &[u8], number: u32) {
        if !(SHORTEST..=LONGEST).contains(&value.len()) {
            return;
        }
        let mut spellings: Vec<Text> = vec![Zeroizing::new(value.to_vec())];
        for spelling in in_json(value).into_iter().chain(in_urls(value)) {
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
        for bytes in spellings {
            self.insert(Pattern { bytes, value: number, around: (0, 0) });
        }
        for (bytes, around) in in_base64(value) {
            self.insert(Pattern { bytes, value: number, around });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Returns the length of the longest pattern.
    pub(super) fn longest(&self) -> usize {
        self.patterns.iter().map(|pattern| pattern.bytes.len() + 2).max().unwrap_or(0)
    }

    fn insert(&mut self, pattern: Pattern) {
        if self.bitmap.is_empty() {
            self.bitmap = vec![0; 1 << 10];
        }
        let idx = u32::try_from(self.patterns.len()).expect("fewer than four billion patterns");
        // The middle of a token differs from that of others, its prefix does not.
        let middle = (pattern.bytes.len() - SHORTEST) / 2;
        for offset in middle..middle + STRIDE {
            let block = pattern.bytes[offset..offset + BLOCK].try_into().expect("as long as a block");
            let bit = hash(block);
            self.bitmap[bit / 64] |= 1 << (bit % 64);
            self.blocks.entry(block).or_default().push((idx, u32::try_from(offset).expect("a short pattern")));
        }
        self.patterns.push(pattern);
    }

    /// Returns where known values stand in `text`, in order and disjoint; of
    /// those that overlap the first and longest.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.is_empty() {
            return hits;
        }
        for at in (0..(text.len() + 1).saturating_sub(BLOCK)).step_by(STRIDE) {
            let block: [u8; BLOCK] = text[at..at + BLOCK].try_into().expect("as long as a block");
            let bit = hash(block);
            if self.bitmap[bit / 64] >> (bit % 64) & 1 == 1 {
                self.compare(text, at, block, &mut hits);
            }
        }
        hits.sort_by_key(|hit: &Hit| (hit.span.start, std::cmp::Reverse(hit.span.end)));
        let mut end = 0;
        hits.retain(|hit| {
            let is_free = hit.span.start >= end;
            end = if is_free { hit.span.end } else { end };
            is_free
        });
        hits
    }

    fn compare(&self, text: &[u8], at: usize, block: [u8; BLOCK], hits: &mut Vec<Hit>) {
        for (idx, offset) in self.blocks.get(&block).into_iter().flatten() {
            let pattern = &self.patterns[*idx as usize];
            let Some(start) = at.checked_sub(*offset as usize) else { continue };
            if text[start..].starts_with(&pattern.bytes) {
                let span = grow(text, Span::new(start, start + pattern.bytes.len()), pattern.around);
                hits.push(Hit { span, value: pattern.value });
            }
        }
    }
}

fn hash(block: [u8; BLOCK]) -> usize {
    (u32::from_le_bytes(block).wrapping_mul(0x9e37_79b1) >> 16) as usize
}

/// Grows a span over characters of base64 that hold a part of the value.
fn grow(text: &[u8], span: Span, (before, behind): (u8, u8)) -> Span {
    let is_base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let n_before = text[..span.start].iter().rev().take(before.into()).take_while(is_base64).count();
    let n_behind = text[span.end..].iter().take(behind.into()).take_while(is_base64).count();
    Span::new(span.start - n_before, span.end + n_behind)
}

/// Returns how JSON may spell a value, besides as it is.
fn in_json(value: &[u8]) -> Vec<Text> {
    let mut plain = Vec::with_capacity(value.len() * 2);
    escape(value, &mut plain);
    let slashes = replace(&plain, |byte| (byte == b'/').then(|| b"\\/".to_vec()));
    // For pages: what could end a script or start an entity.
    let pages = replace(&plain, |byte| b"<>&".contains(&byte).then(|| format!("\\u{byte:04x}").into_bytes()));
    [plain, slashes, pages].map(Zeroizing::new).into()
}

/// Returns how URLs may spell a value, besides as it is.
fn in_urls(value: &[u8]) -> Vec<Text> {
    let mut spellings = Vec::new();
    for free in [b"-_.~".as_slice(), b"-_.!~*'()", b"-_.~!$&'()*+,;=:@/"] {
        for upper in [true, false] {
            let encode = |byte: u8| {
                let is_free = byte.is_ascii_alphanumeric() || free.contains(&byte);
                let code = if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
                (!is_free).then(|| code.into_bytes())
            };
            spellings.push(Zeroizing::new(replace(value, encode)));
        }
    }
    spellings
}

fn replace(value: &[u8], with: impl Fn(u8) -> Option<Vec<u8>>) -> Vec<u8> {
    value.iter().flat_map(|byte| with(*byte).unwrap_or_else(|| vec![*byte])).collect()
}

/// Returns the characters of base64 that a value decides alone, at each alignment
/// and in both alphabets, and how many beside them it decides in part.
fn in_base64(value: &[u8]) -> Vec<(Text, (u8, u8))> {
    let mut spellings: Vec<(Text, (u8, u8))> = Vec::new();
    for shift in 0..3_usize {
        let mut padded = Zeroizing::new(vec![0; shift]);
        padded.extend_from_slice(value);
        let bits = (shift * 8, padded.len() * 8);
        let whole = (bits.0.div_ceil(6), bits.1 / 6);
        let around = (u8::from(bits.0 % 6 != 0), u8::from(bits.1 % 6 != 0));
        for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
            let text = Zeroizing::new(encoding.encode(&padded));
            let middle = Zeroizing::new(text.as_bytes()[whole.0..whole.1].to_vec());
            if spellings.iter().all(|(other, _)| *other != middle) {
                spellings.push((middle, around));
            }
        }
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(values: &[&str], text: &'a str) -> Vec<&'a str> {
        let mut known = Known::default();
        for (number, value) in values.iter().enumerate() {
            known.add(value.as_bytes(), u32::try_from(number).expect("few"));
        }
        known.find(text.as_bytes()).iter().map(|hit| &text[hit.span.range()]).collect()
    }

    #[test]
    fn finds_a_value_at_every_place() {
        for before in 0..12 {
            for behind in 0..3 {
                let text = format!("{}S3nt1nel-pa55{}", "x".repeat(before), "y".repeat(behind));
                assert_eq!(found(&["S3nt1nel-pa55"], &text), ["S3nt1nel-pa55"], "{text}");
            }
        }
    }

    #[test]
    fn finds_its_spellings() {
        let value = "pa\"ss/w0rd&\n1";
        for text in [
            r#"pa\"ss/w0rd&\n1"#,
            r#"pa\"ss\/w0rd&\n1"#,
            r#"pa\"ss/w0rd\u0026\n1"#,
            "pa%22ss%2Fw0rd%26%0A1",
            "pa%22ss%2fw0rd%26%0a1",
        ] {
            assert_eq!(found(&[value], text), [text]);
        }
    }

    #[test]
    fn finds_base64_wherever_it_is_aligned() {
        let value = "S3nt1nel-pa55?>";
        for before in ["", "a", "ab", "user:"] {
            let text = BASE64_NOPAD.encode(format!("{before}{value}!").as_bytes());
            let spans = found(&[value], &text);
            assert_eq!(spans.len(), 1, "{text}");
            let hidden = text.replace(spans[0], "");
            assert!(hidden.len() <= text.len() - value.len(), "{hidden}");
        }
    }

    #[test]
    fn the_longest_of_two_wins() {
        assert_eq!(found(&["abcdefgh", "abcdefgh-ijklm"], "xabcdefgh-ijklmabcdefgh"), ["abcdefgh-ijklm", "abcdefgh"]);
    }
}
