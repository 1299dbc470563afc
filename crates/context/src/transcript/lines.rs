//! Lines of any length, read in batches.

use std::io::{self, Read};

/// Bytes of a batch, unless a line is longer.
const BATCH: usize = 1 << 20;
/// Bytes of a line that are held at once; a longer one comes in pieces.
pub(super) const LONGEST: usize = 16 << 20;
/// Bytes before the end of a piece in which it may be cut.
const REACH: usize = 4096;

/// Reads batches of whole lines, and pieces of lines that are too long.
#[derive(Debug)]
pub(super) struct Batches<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Bytes of the buffer that hold text.
    len: usize,
    /// Bytes of the buffer that the last batch had, and of which the next needs nothing.
    done: usize,
    line: u64,
    is_end: bool,
    /// Within a line that comes in pieces.
    is_cut: bool,
    /// Bytes that pieces share.
    overlap: usize,
    /// Batches of lines share as many, too: what is looked for may take several lines.
    shares: bool,
}

/// Some bytes of a file.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) bytes: &'a [u8],
    /// The number of the first line, from 1.
    pub(super) line: u64,
    /// The bytes are whole lines.
    pub(super) is_whole: bool,
}

impl<R: Read> Batches<R> {
    /// Returns the batches of a reader; the pieces of a long line share `overlap` bytes.
    pub(super) fn new(reader: R, overlap: usize) -> Self {
        let overlap = overlap.min(LONGEST / 4);
        Self {
            reader,
            buffer: vec![0; BATCH],
            len: 0,
            done: 0,
            line: 1,
            is_end: false,
            is_cut: false,
            overlap,
            shares: false,
        }
    }

    /// Returns the same for text, in which batches share `overlap` bytes and the rest of their first line.
    pub(super) fn of_text(reader: R, overlap: usize) -> Self {
        Self { shares: true, ..Self::new(reader, overlap) }
    }

    /// Returns the next batch, or none at the end.
    ///
    /// # Errors
    ///
    /// Returns what the reader returned; the batches before it are whole.
    pub(super) fn next(&mut self) -> io::Result<Option<Batch<'_>>> {
        let line = self.line;
        self.buffer.copy_within(self.done..self.len, 0);
        self.len -= self.done;
        self.done = 0;
        let mut seen = 0;
        loop {
            self.fill()?;
            let newline = memchr::memrchr(b'\n', &self.buffer[seen..self.len]).map(|at| seen + at + 1);
            seen = self.len;
            match newline {
                _ if self.len == 0 => return Ok(None),
                Some(end) if !self.is_cut => return Ok(Some(self.give(end, line, true))),
                Some(_) => {
                    // The rest of the long line ends at the first line end.
                    let end = memchr::memchr(b'\n', &self.buffer[..self.len]).map_or(self.len, |at| at + 1);
                    self.is_cut = false;
                    return Ok(Some(self.give(end, line, false)));
                }
                None if self.is_end => {
                    let is_whole = !self.is_cut;
                    return Ok(Some(self.give(self.len, line, is_whole)));
                }
                None if self.len < LONGEST => self.buffer.resize((self.len * 2).min(LONGEST), 0),
                None => return Ok(Some(self.piece(line))),
            }
        }
    }

    /// Reads until the buffer is full or nothing is left.
    fn fill(&mut self) -> io::Result<()> {
        while self.len < self.buffer.len() && !self.is_end {
            match self.reader.read(&mut self.buffer[self.len..]) {
                Ok(0) => self.is_end = true,
                Ok(read) => self.len += read,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    fn give(&mut self, end: usize, line: u64, is_whole: bool) -> Batch<'_> {
        let is_last = self.is_end && end == self.len;
        let shared = memchr::memrchr(b'\n', &self.buffer[..end.saturating_sub(self.overlap)]).map_or(end, |at| at + 1);
        self.done = if self.shares && is_whole && !is_last { shared } else { end };
        self.line += memchr::memchr_iter(b'\n', &self.buffer[..self.done]).count() as u64;
        Batch { bytes: &self.buffer[..end], line, is_whole }
    }

    /// Gives a piece of a long line and keeps what the next one shares.
    fn piece(&mut self, line: u64) -> Batch<'_> {
        self.is_cut = true;
        let end = border(&self.buffer[..self.len]);
        self.done = border(&self.buffer[..end - self.overlap]).max(1);
        Batch { bytes: &self.buffer[..end], line, is_whole: false }
    }
}

/// Returns the last place of bytes at which no escape and no word is cut, if there is one near the end.
fn border(bytes: &[u8]) -> usize {
    let least = bytes.len().saturating_sub(REACH);
    let is_gap = |at: &usize| {
        let escapes = &bytes[at.saturating_sub(6)..*at];
        matches!(bytes[at - 1], b' ' | b',' | b'"') && !escapes.contains(&b'\\')
    };
    (least + 1..=bytes.len()).rev().find(is_gap).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(text: &[u8]) -> Vec<(u64, bool, Vec<u8>)> {
        let mut batches = Batches::new(text, 64);
        let mut all = Vec::new();
        while let Some(batch) = batches.next().expect("memory can be read") {
            all.push((batch.line, batch.is_whole, batch.bytes.to_vec()));
        }
        all
    }

    #[test]
    fn batches_are_whole_lines_and_know_their_number() {
        let text: String = (1..=200_000).map(|n| format!("{{\"line\":{n}}}\n")).collect();
        let all = batches(text.as_bytes());
        assert!(all.len() > 2);
        let mut line = 1;
        for (first, is_whole, bytes) in &all {
            assert!(*first == line && *is_whole);
            assert!(bytes.starts_with(format!("{{\"line\":{line}}}").as_bytes()));
            line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        }
        assert_eq!(all.iter().map(|batch| batch.2.len()).sum::<usize>(), text.len());
    }

    #[test]
    fn batches_of_text_share_some_lines() {
        let text: String = (1..=200_000).map(|n| format!("line {n}\n")).collect();
        let mut batches = Batches::of_text(text.as_bytes(), 1000);
        let mut last = 0;
        while let Some(batch) = batches.next().expect("memory can be read") {
            assert!(batch.bytes.starts_with(format!("line {}\n", batch.line).as_bytes()));
            assert!(last == 0 || batch.line + 50 < last, "{} {last}", batch.line);
            last = batch.line + memchr::memchr_iter(b'\n', batch.bytes).count() as u64;
        }
        assert_eq!(last, 200_001);
    }

    #[test]
    fn the_last_line_needs_no_end() {
        assert_eq!(batches(b"a\nb"), [(1, true, b"a\n".to_vec()), (2, true, b"b".to_vec())]);
        assert!(batches(b"").is_empty());
    }

    #[test]
    fn a_long_line_comes_in_pieces_that_share_some_bytes() {
        let long = "word ".repeat((LONGEST * 2) / 5);
        let all = batches(format!("first\n{long}\nlast\n").as_bytes());
        assert!(all.iter().all(|(_, _, bytes)| bytes.len() <= LONGEST));
        let pieces: Vec<_> = all.iter().filter(|batch| !batch.1).collect();
        assert!(pieces.len() >= 2 && pieces.iter().all(|piece| piece.0 == 2));
        assert_eq!(all.last().expect("a batch").0, 3);
        assert!(all.last().expect("a batch").2.ends_with(b"last\n"));
        let shared: usize = pieces.iter().map(|piece| piece.2.len()).sum::<usize>() - long.len() - 1;
        assert!(shared >= (pieces.len() - 1) * 64);
    }
}
