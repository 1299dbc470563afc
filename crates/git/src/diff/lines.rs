//! The lines of a stream, in bounded memory.

use std::io::{self, Read};

/// Bytes of a line that are kept at once; a longer one comes in pieces.
const PIECE: usize = 64 << 10;

/// Reads lines.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_over: bool,
    /// The last piece did not end its line.
    is_within: bool,
}

/// A line with its end, or a piece of one that is too long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// The line starts here.
    pub(super) is_start: bool,
}

impl<'a> Line<'a> {
    /// Returns the bytes without LF or CR LF.
    pub(super) fn text(self) -> &'a [u8] {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        text.strip_suffix(b"\r").unwrap_or(text)
    }
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; 4 * PIECE], start: 0, end: 0, is_over: false, is_within: false }
    }

    /// Returns the next line or piece of one, none at the end.
    ///
    /// # Errors
    ///
    /// What the reader says, which may be that nothing is there yet: it can be
    /// asked again.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let len = loop {
            let known = &self.buffer[self.start..self.end];
            match memchr::memchr(b'\n', &known[..known.len().min(PIECE)]) {
                Some(at) => break at + 1,
                None if known.len() >= PIECE => break PIECE,
                None if self.is_over => break known.len(),
                None => self.fill()?,
            }
        };
        if len == 0 {
            return Ok(None);
        }
        let bytes = &self.buffer[self.start..self.start + len];
        self.start += len;
        let is_start = !std::mem::replace(&mut self.is_within, !bytes.ends_with(b"\n"));
        Ok(Some(Line { bytes, is_start }))
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.buffer.len() - self.end < PIECE {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        match self.reader.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.is_over = true,
            Ok(len) => self.end += len,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(buffer.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    fn read(bytes: &[u8], step: usize) -> Vec<(Vec<u8>, bool)> {
        let mut lines = Lines::new(Trickle(bytes, step));
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("readable") {
            all.push((line.bytes.to_vec(), line.is_start));
        }
        all
    }

    #[test]
    fn lines_do_not_depend_on_how_bytes_come() {
        let text = b"one\ntwo\r\n\nlast";
        let expected: Vec<_> = [&b"one\n"[..], b"two\r\n", b"\n", b"last"].map(|line| (line.to_vec(), true)).into();
        for step in [1, 2, 3, 100] {
            assert_eq!(read(text, step), expected);
        }
    }

    #[test]
    fn long_lines_come_in_pieces() {
        let text = [&[b'x'; 3 * PIECE + 5][..], b"\n+\n"].concat();
        let all = read(&text, 1000);
        assert_eq!(all.iter().map(|(bytes, _)| bytes.len()).collect::<Vec<_>>(), [PIECE, PIECE, PIECE, 6, 2]);
        assert_eq!(all.iter().map(|(_, start)| *start).collect::<Vec<_>>(), [true, false, false, false, true]);
        assert_eq!(all.iter().flat_map(|(bytes, _)| bytes.clone()).collect::<Vec<_>>(), text);
    }
}
