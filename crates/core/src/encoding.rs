//! Encodings with units wider than a byte.

use std::borrow::Cow;

/// How bytes stand for text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// UTF-8, any superset of ASCII, or no text at all: taken as it is.
    Bytes,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// UTF-32, the low byte first.
    Utf32Le,
    /// UTF-32, the high byte first.
    Utf32Be,
}

use Encoding::{Bytes, Utf16Be, Utf16Le, Utf32Be, Utf32Le};

/// Byte order marks; the longer ones first, because they start like the shorter.
const MARKS: [(&[u8], Encoding); 4] =
    [(b"\xff\xfe\0\0", Utf32Le), (b"\0\0\xfe\xff", Utf32Be), (b"\xff\xfe", Utf16Le), (b"\xfe\xff", Utf16Be)];

/// Bytes looked at to tell the encoding of text without a byte order mark.
const SAMPLE: usize = 1 << 10;

impl Encoding {
    /// Returns the text of a whole file: UTF-16 and UTF-32 as UTF-8, without a
    /// byte order mark, and all else as it is.
    pub fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
        let (encoding, mark) = Self::detect(bytes);
        if encoding == Self::Bytes {
            return Cow::Borrowed(bytes);
        }
        let mut text = Vec::new();
        encoding.decode(&bytes[mark..], &mut text);
        Cow::Owned(text)
    }

    /// Returns the encoding of a file that starts so, and the length of its byte order mark.
    ///
    /// It looks at the first kilobyte.
    pub fn detect(head: &[u8]) -> (Self, usize) {
        if let Some((mark, encoding)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
            return (*encoding, mark.len());
        }
        let sample = &head[..head.len().min(SAMPLE)];
        if memchr::memchr(0, sample).is_none() {
            return (Bytes, 0);
        }
        let known = [Utf16Le, Utf16Be, Utf32Le, Utf32Be].into_iter().find(|encoding| encoding.is_mostly_ascii(sample));
        (known.unwrap_or(Bytes), 0)
    }

    /// Returns the number of bytes of a unit.
    pub fn width(self) -> usize {
        match self {
            Bytes => 1,
            Utf16Le | Utf16Be => 2,
            Utf32Le | Utf32Be => 4,
        }
    }

    /// Returns the unit at `at`; zero-extended where the bytes end early.
    pub fn unit(self, raw: &[u8], at: usize) -> u32 {
        let byte = |idx: usize| u32::from(raw.get(at + idx).copied().unwrap_or(0));
        match self {
            Bytes => byte(0),
            Utf16Le => byte(0) | byte(1) << 8,
            Utf16Be => byte(0) << 8 | byte(1),
            Utf32Le => byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24,
            Utf32Be => byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3),
        }
    }

    /// Appends what `raw` stands for as UTF-8; what is not valid becomes U+FFFD.
    pub fn decode(self, raw: &[u8], text: &mut Vec<u8>) {
        let whole = raw.len() / self.width() * self.width();
        match self {
            Bytes => text.extend_from_slice(raw),
            Utf16Le => utf16(raw.as_chunks().0, u16::from_le_bytes, text),
            Utf16Be => utf16(raw.as_chunks().0, u16::from_be_bytes, text),
            Utf32Le => utf32(raw.as_chunks().0, u32::from_le_bytes, text),
            Utf32Be => utf32(raw.as_chunks().0, u32::from_be_bytes, text),
        }
        if whole < raw.len() {
            push(char::REPLACEMENT_CHARACTER, text);
        }
    }

    fn is_mostly_ascii(self, sample: &[u8]) -> bool {
        let units = sample.len() / self.width();
        let is_text = |idx: &usize| matches!(self.unit(sample, idx * self.width()), 9 | 10 | 13 | 32..=126);
        units >= 4 && (0..units).filter(is_text).count() * 10 >= units * 7
    }
}

fn utf16(units: &[[u8; 2]], order: fn([u8; 2]) -> u16, text: &mut Vec<u8>) {
    text.reserve(units.len());
    for decoded in char::decode_utf16(units.iter().map(|unit| order(*unit))) {
        push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER), text);
    }
}

fn utf32(units: &[[u8; 4]], order: fn([u8; 4]) -> u32, text: &mut Vec<u8>) {
    text.reserve(units.len());
    for unit in units {
        push(char::from_u32(order(*unit)).unwrap_or(char::REPLACEMENT_CHARACTER), text);
    }
}

fn push(decoded: char, text: &mut Vec<u8>) {
    if decoded.is_ascii() {
        text.push(decoded as u8);
    } else {
        text.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Returns whether `raw` holds a run of ASCII long enough to be a secret.
pub fn has_ascii_run(raw: &[u8]) -> bool {
    const RUN: usize = 12;
    raw.split(|byte| !matches!(byte, b'!'..=b'~')).any(|run| run.len() >= RUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(encoding: Encoding, text: &str) -> Vec<u8> {
        match encoding {
            Bytes => text.as_bytes().to_vec(),
            Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Utf32Le => text.chars().flat_map(|one| (one as u32).to_le_bytes()).collect(),
            Utf32Be => text.chars().flat_map(|one| (one as u32).to_be_bytes()).collect(),
        }
    }

    #[test]
    fn detects_and_decodes_what_it_encodes() {
        let text = "password = \"Grüße, 世界 😀\"\r\nnext line of the file\n";
        for encoding in [Bytes, Utf16Le, Utf16Be, Utf32Le, Utf32Be] {
            let plain = encode(encoding, text);
            assert_eq!(Encoding::detect(&plain), (encoding, 0));
            let mut decoded = Vec::new();
            encoding.decode(&plain, &mut decoded);
            assert_eq!(decoded, text.as_bytes());
            if encoding != Bytes {
                let marked = encode(encoding, &format!("\u{feff}{text}"));
                assert_eq!(Encoding::detect(&marked), (encoding, encoding.width()));
            }
        }
    }

    #[test]
    fn leaves_binary_data_alone() {
        let data: Vec<u8> = (0..=255).cycle().take(4096).collect();
        assert_eq!(Encoding::detect(&data).0, Bytes);
        assert_eq!(Encoding::detect(b"\0\0\0\0token=abcdefgh").0, Bytes);
        assert_eq!(Encoding::detect(b"").0, Bytes);
    }

    #[test]
    fn replaces_what_is_not_valid() {
        let mut text = Vec::new();
        Utf16Le.decode(b"a\0\x00\xd8b\0c", &mut text);
        assert_eq!(text, "a\u{fffd}b\u{fffd}".as_bytes());
    }

    #[test]
    fn sees_ascii_among_wide_text() {
        assert!(has_ascii_run(b"a\0b\0ghp_0123456789abcdef\0"));
        assert!(!has_ascii_run(&encode(Utf16Le, "a long text of many letters")));
    }
}
