//! Where parts of a text end and start, and what they stand for.

use leaktight_core::{Encoding, Position, has_ascii_run};

/// Where a part starts: in the raw bytes, and in the text they stand for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Place {
    /// Offset in the raw bytes.
    pub(crate) raw: u64,
    /// Offset in the text.
    pub(crate) offset: u64,
    /// Line and column in the text.
    pub(crate) position: Position,
}

/// How raw bytes are cut into parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) encoding: Encoding,
    /// Bytes of text that two parts share at least.
    pub(crate) overlap: usize,
}

/// Bounds within raw bytes: the part ends at `end`, the next one starts at `step`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) end: usize,
    pub(crate) step: usize,
}

impl Bounds {
    /// Returns the bounds of a part that nothing follows.
    pub(crate) fn last(raw: &[u8]) -> Self {
        Self { end: raw.len(), step: 0 }
    }
}

/// Bytes looked through for a good place to cut.
const REACH: usize = 4 << 10;

impl Cut {
    /// Returns the bounds of a part of which `raw` is known and more follows.
    ///
    /// Both lie at the end of a line or at least outside of a word where there
    /// is such a place near, so that no part starts or ends within a secret:
    /// half of one could look like another.
    pub(crate) fn bounds(self, raw: &[u8]) -> Bounds {
        let end = self.border(raw, raw.len());
        // A unit of several bytes may stand for a single byte of text.
        let shared = self.overlap.saturating_mul(self.encoding.width());
        let step = self.border(raw, end.saturating_sub(shared));
        let least = self.align(end / 4).max(self.encoding.width());
        Bounds { end, step: step.max(least).min(end) }
    }

    /// Returns the best place to cut at or shortly before `at`.
    fn border(self, raw: &[u8], at: usize) -> usize {
        let width = self.encoding.width();
        let at = self.align(at);
        let reach = REACH.min(at / 4);
        let mut gap = None;
        let mut place = at;
        while place > at - reach {
            match self.encoding.unit(raw, place - width) {
                0x0A => return place,
                0x0D if place < raw.len() && self.encoding.unit(raw, place) != 0x0A => return place,
                unit if gap.is_none() && is_gap(unit) => gap = Some(place),
                _ => {}
            }
            place -= width;
        }
        gap.unwrap_or_else(|| self.between_characters(raw, at))
    }

    fn align(self, at: usize) -> usize {
        at / self.encoding.width() * self.encoding.width()
    }

    /// Moves back from the middle of a surrogate pair.
    fn between_characters(self, raw: &[u8], at: usize) -> usize {
        let width = self.encoding.width();
        let is_within = width == 2 && at >= width && matches!(self.encoding.unit(raw, at - width), 0xD800..=0xDBFF);
        if is_within { at - width } else { at }
    }
}

fn is_gap(unit: u32) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/=.%~:@\\\r".contains(&byte);
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii() && !in_token(byte))
}

/// A part of a text as it is lent: its bytes, and raw ones if they differ and matter.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) raw: Option<&'a [u8]>,
}

impl Cut {
    /// Returns what `raw` stands for and moves `place` on by `step` of its bytes,
    /// which are none for the last part.
    pub(crate) fn text<'a>(
        self,
        raw: &'a [u8],
        (place, step): (&mut Place, usize),
        decoded: &'a mut Vec<u8>,
    ) -> Text<'a> {
        if self.encoding == Encoding::Bytes {
            place.advance(raw, step, step);
            return Text { bytes: raw, raw: None };
        }
        decoded.clear();
        self.encoding.decode(&raw[..step], decoded);
        let mark = decoded.len();
        self.encoding.decode(&raw[step..], decoded);
        place.advance(decoded, mark, step);
        Text { bytes: decoded, raw: has_ascii_run(raw).then_some(raw) }
    }
}

impl Place {
    /// Moves on by `len` bytes of text, which `raw` bytes stand for.
    fn advance(&mut self, text: &[u8], len: usize, raw: usize) {
        self.position = self.position.after(&text[..len]);
        // Whether a CR at the very end is a line end of its own only the next byte tells.
        let is_lone = text[..len].ends_with(b"\r") && text.get(len).is_some_and(|next| *next != b'\n');
        if is_lone {
            self.position = Position { line: self.position.line + 1, column: 1 };
        }
        self.offset += len as u64;
        self.raw += raw as u64;
    }

    /// Moves on over a hole, which reads as NULs.
    pub(crate) fn skip(&mut self, len: u64) {
        self.raw += len;
        self.offset += len;
        self.position.column += len;
    }

    /// Moves on by bytes that are followed by a hole or by nothing.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        self.position = self.position.after(bytes);
        self.raw += bytes.len() as u64;
        self.offset += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Cut = Cut { encoding: Encoding::Bytes, overlap: 8 };

    /// Cuts a text into parts of at most `len` bytes and returns them with their places.
    fn parts(cut: Cut, raw: &[u8], len: usize) -> Vec<(Place, Vec<u8>)> {
        let (mut place, mut found, mut decoded) = (Place::default(), Vec::new(), Vec::new());
        loop {
            let rest = &raw[usize::try_from(place.raw).expect("small")..];
            let known = &rest[..rest.len().min(len)];
            let last = known.len() == rest.len();
            let bounds = if last { Bounds::last(known) } else { cut.bounds(known) };
            let from = place;
            let text = cut.text(&known[..bounds.end], (&mut place, bounds.step), &mut decoded);
            found.push((from, text.bytes.to_vec()));
            if last {
                return found;
            }
        }
    }

    #[test]
    fn knows_line_and_column_of_every_part() {
        let text = "a line\r\nanother\rone, lone\r\r\n\nlong long long long long\nend".repeat(20);
        for len in 32..100 {
            for (place, bytes) in parts(PLAIN, text.as_bytes(), len) {
                let at = usize::try_from(place.offset).expect("small");
                assert!(text.as_bytes()[at..].starts_with(&bytes));
                let before = &text.as_bytes()[..at];
                // A CR just before the part is a line end, unless the part starts with its LF.
                let lone = before.ends_with(b"\r") && !bytes.starts_with(b"\n");
                let want = Position::default().after(before);
                let want = if lone { Position { line: want.line + 1, column: 1 } } else { want };
                assert_eq!(place.position, want, "at {at}");
            }
        }
    }

    #[test]
    fn shares_the_overlap_between_parts_at_every_length() {
        let text = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(30);
        for encoding in [Encoding::Bytes, Encoding::Utf16Le] {
            let cut = Cut { encoding, overlap: 8 };
            let raw: Vec<u8> = match encoding {
                Encoding::Bytes => text.bytes().collect(),
                _ => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            };
            for len in 64..140 {
                let parts = parts(cut, &raw, len);
                let mut covered = 0;
                for (place, bytes) in &parts {
                    let at = usize::try_from(place.offset).expect("small");
                    assert!(covered == 0 || at + 8 <= covered, "parts at {at} share too little");
                    covered = at + bytes.len();
                }
                assert_eq!(covered, text.len());
            }
        }
    }

    #[test]
    fn cuts_at_line_ends_or_gaps() {
        let cut = Cut { encoding: Encoding::Bytes, overlap: 10 };
        let raw = format!("{}\n{}", "x".repeat(100), "y".repeat(20));
        assert_eq!(cut.border(raw.as_bytes(), 110), 101);
        let raw = format!("{} {}", "x".repeat(100), "y".repeat(20));
        assert_eq!(cut.border(raw.as_bytes(), 110), 101);
        assert_eq!(cut.border("x".repeat(100).as_bytes(), 90), 90);
    }

    #[test]
    fn keeps_surrogate_pairs_together() {
        let text = "😀".repeat(100);
        let raw: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (_, bytes) in parts(Cut { encoding: Encoding::Utf16Be, overlap: 4 }, &raw, 66) {
            assert!(!String::from_utf8(bytes).expect("text").contains('\u{fffd}'));
        }
    }
}
