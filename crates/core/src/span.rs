//! Byte ranges, and the lines and columns of a few of them.

use std::ops::Range;

use serde::Serialize;

/// A range of bytes, from `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// Returns the span of these bounds; an end before the start counts as the start.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Returns whether the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns whether the two spans share a byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Returns the distance between the two spans, 0 when they touch or overlap.
    pub fn distance(self, other: Self) -> usize {
        self.start.saturating_sub(other.end).max(other.start.saturating_sub(self.end))
    }

    /// Returns the span as a range.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A line and a column, both from 1; the column counts bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column in bytes.
    pub column: u64,
}

impl Default for Position {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

impl Position {
    /// Returns the position behind `bytes`, when they start here.
    ///
    /// A line ends at LF, at CR LF, and at a CR alone.
    pub fn after(self, bytes: &[u8]) -> Self {
        self.advance(bytes, Span::new(0, bytes.len()))
    }

    /// Returns the position at the end of `span`, when this is the position of its start.
    ///
    /// # Panics
    ///
    /// Panics when the span reaches beyond the bytes.
    pub fn advance(self, bytes: &[u8], span: Span) -> Self {
        let part = &bytes[span.range()];
        let mut lines = memchr::memchr_iter(b'\n', part).count() as u64;
        let mut last = memchr::memrchr(b'\n', part);
        // A CR whose LF follows ends no line by itself; whether it follows the
        // last byte of all can't be known, and is assumed.
        for at in memchr::memchr_iter(b'\r', part) {
            if bytes.get(span.start + at + 1).is_some_and(|next| *next != b'\n') {
                lines += 1;
                last = last.max(Some(at));
            }
        }
        match last {
            Some(at) => Self { line: self.line + lines, column: (part.len() - at) as u64 },
            None => Self { line: self.line, column: self.column + part.len() as u64 },
        }
    }
}

/// Returns the bounds of the line that holds the byte at `at`, its end left out,
/// as far as it lies within `reach` bytes on either side: a line may be as long
/// as a file, and looking for its ends at every match would take that long.
pub fn line_around(bytes: &[u8], at: usize, reach: usize) -> Span {
    let at = at.min(bytes.len());
    let from = at.saturating_sub(reach);
    let to = at.saturating_add(reach).min(bytes.len());
    let start = memchr::memrchr2(b'\n', b'\r', &bytes[from..at]).map_or(from, |newline| from + newline + 1);
    let end = memchr::memchr2(b'\n', b'\r', &bytes[at..to]).map_or(to, |newline| at + newline);
    Span::new(start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_kind_of_line_end_once() {
        let at = |text: &str| Position::default().after(text.as_bytes());
        assert_eq!(at("ab"), Position { line: 1, column: 3 });
        assert_eq!(at("ab\ncd"), Position { line: 2, column: 3 });
        assert_eq!(at("ab\r\ncd"), Position { line: 2, column: 3 });
        assert_eq!(at("ab\rcd\r\n\n"), Position { line: 4, column: 1 });
    }

    #[test]
    fn finds_the_line_around_a_byte() {
        assert_eq!(line_around(b"a\nbcd\ne", 3, 9), Span::new(2, 5));
        assert_eq!(line_around(b"abc", 3, 9), Span::new(0, 3));
        assert_eq!(line_around(b"abcdefg", 3, 2), Span::new(1, 5));
    }
}
