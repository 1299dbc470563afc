//! Finds values that are known already, as they are and encoded.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
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
/// Every fifth place of the text is looked up in a table; only where four bytes of a
/// pattern seem to stand is anything compared. The patterns are the values
/// themselves, escaped for JSON, percent-encoded, in hex, and the middle of their base64
/// at each of three alignments.
#[derive(Default)]
pub(super) struct Known {
    /// The first of the blocks of each hash, from 1; 0 for none. A power of two of them.
    heads: Vec<u32>,
    blocks: Vec<Block>,
    patterns: Vec<Pattern>,
    longest: usize,
}

/// Four bytes of a pattern.
#[derive(Clone, Copy)]
struct Block {
    bytes: [u8; BLOCK],
    pattern: u32,
    /// Where in the pattern they stand.
    offset: u32,
    /// The next block of the same hash, as in [`Known::heads`].
    next: u32,
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
        for spelling in in_json(value).into_iter().chain(in_urls(value)).chain(in_hex(value)) {
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
        self.longest
    }

    fn insert(&mut self, pattern: Pattern) {
        if self.blocks.len() + STRIDE > self.heads.len() / 4 {
            self.grow();
        }
        let idx = u32::try_from(self.patterns.len()).expect("fewer than four billion patterns");
        // The middle of a token differs from that of others, its prefix does not.
        let middle = (pattern.bytes.len() - SHORTEST) / 2;
        for offset in middle..middle + STRIDE {
            let bytes = pattern.bytes[offset..offset + BLOCK].try_into().expect("as long as a block");
            let offset = u32::try_from(offset).expect("a short pattern");
            self.link(Block { bytes, pattern: idx, offset, next: 0 });
        }
        self.longest = self.longest.max(pattern.bytes.len() + 2);
        self.patterns.push(pattern);
    }

    fn link(&mut self, mut block: Block) {
        let slot = hash(block.bytes) as usize & (self.heads.len() - 1);
        let head = &mut self.heads[slot];
        block.next = *head;
        self.blocks.push(block);
        *head = u32::try_from(self.blocks.len()).expect("fewer than four billion blocks");
    }

    /// Makes room, so that few places of a text lead to a block by chance.
    fn grow(&mut self) {
        const LEAST: usize = 1 << 16;
        self.heads = vec![0; (self.heads.len() * 4).max(LEAST)];
        for block in std::mem::take(&mut self.blocks) {
            self.link(block);
        }
    }

    /// Returns where known values stand in `text`, in order and disjoint; of
    /// those that overlap the first and longest.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.is_empty() {
            return hits;
        }
        let mask = self.heads.len() - 1;
        for at in (0..(text.len() + 1).saturating_sub(BLOCK)).step_by(STRIDE) {
            let bytes: [u8; BLOCK] = text[at..at + BLOCK].try_into().expect("as long as a block");
            let head = self.heads[hash(bytes) as usize & mask];
            if head != 0 {
                self.compare(text, (at, bytes), head, &mut hits);
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

    /// Compares the patterns of the blocks from `next` on with the text around a block.
    fn compare(&self, text: &[u8], (at, bytes): (usize, [u8; BLOCK]), mut next: u32, hits: &mut Vec<Hit>) {
        while next != 0 {
            let block = self.blocks[next as usize - 1];
            next = block.next;
            let start = at.checked_sub(block.offset as usize).filter(|_| block.bytes == bytes);
            let pattern = &self.patterns[block.pattern as usize];
            if let Some(start) = start.filter(|start| text[*start..].starts_with(&pattern.bytes)) {
                let span = grow(text, Span::new(start, start + pattern.bytes.len()), pattern.around);
                hits.push(Hit { span, value: pattern.value });
            }
        }
    }
}

fn hash(block: [u8; BLOCK]) -> u32 {
    let mixed = u32::from_le_bytes(block).wrapping_mul(0x9e37_79b1);
    mixed ^ mixed >> 15
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
    if !value.iter().any(|byte| *byte < b' ' || *byte >= 0x7f || b"\"\\/<>&".contains(byte)) {
        return Vec::new();
    }
    let mut plain = Vec::with_capacity(value.len() * 2);
    escape(value, &mut plain);
    let slashes = replace(&plain, |byte, out| {
        if byte == b'/' {
            out.push(b'\\');
        }
        out.push(byte);
    });
    // For pages: what could end a script or start an entity.
    let pages = replace(&plain, |byte, out| match byte {
        b'<' | b'>' | b'&' => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    });
    vec![Zeroizing::new(plain), slashes, pages]
}

/// Returns how URLs may spell a value, besides as it is.
fn in_urls(value: &[u8]) -> Vec<Text> {
    let mut spellings = Vec::new();
    for free in [b"-_.~".as_slice(), b"-_.!~*'()", b"-_.~!$&'()*+,;=:@/"] {
        if value.iter().all(|byte| byte.is_ascii_alphanumeric() || free.contains(byte)) {
            continue;
        }
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            spellings.push(replace(value, |byte, out| {
                if byte.is_ascii_alphanumeric() || free.contains(&byte) {
                    out.push(byte);
                } else {
                    out.extend_from_slice(&[b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
                }
            }));
        }
    }
    spellings
}

/// Returns the digits of a value, and of each of its lines as `xxd -p` prints them.
fn in_hex(value: &[u8]) -> Vec<Text> {
    const LINE: usize = 30;
    let lines = value.chunks(LINE).filter(|line| line.len() >= SHORTEST && line.len() < value.len());
    let parts = lines.chain([value]);
    parts.flat_map(|part| [HEXLOWER, HEXUPPER].map(|digits| Zeroizing::new(digits.encode(part).into_bytes()))).collect()
}

/// Returns a value with each of its bytes spelled another way; six bytes at most for one.
fn replace(value: &[u8], spell: impl Fn(u8, &mut Vec<u8>)) -> Text {
    // All of it at once: growing would leave copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(value.len() * 6));
    value.iter().for_each(|byte| spell(*byte, &mut out));
    out
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
        let text = Zeroizing::new(BASE64_NOPAD.encode(&padded));
        let middle = &text.as_bytes()[whole.0..whole.1];
        let has_own = middle.iter().any(|byte| b"+/".contains(byte));
        spellings.push((Zeroizing::new(middle.to_vec()), around));
        if has_own {
            let text = Zeroizing::new(BASE64URL_NOPAD.encode(&padded));
            spellings.push((Zeroizing::new(text.as_bytes()[whole.0..whole.1].to_vec()), around));
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
    fn finds_hex_in_one_line_or_several() {
        let value = "S3nt1nel-pa55?>-Kx7pQ2vLmZ-Kx7pQ2vLmZ-Kw2";
        for text in [HEXLOWER.encode(value.as_bytes()), HEXUPPER.encode(value.as_bytes())] {
            assert_eq!(found(&[value], &format!("0x{text};")), [text.as_str()]);
            let lines = format!("{}\n{}\n", &text[..60], &text[60..]);
            assert_eq!(found(&[value], &lines), [&text[..60], &text[60..]]);
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
