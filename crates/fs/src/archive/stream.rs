//! Bytes that come once and can be looked at before they are taken.

use std::io::{self, BufRead, ErrorKind, Read};

/// Such bytes.
pub(super) trait Stream: BufRead {
    /// Returns the next bytes without taking them: `len` of them, or all there are.
    fn peek(&mut self, len: usize) -> &[u8];

    /// Returns how many bytes were taken.
    fn at(&self) -> u64;
}

/// Takes `len` bytes, or as many as there are.
///
/// # Errors
///
/// They can't be read, or there are fewer.
pub(super) fn skip(stream: &mut dyn Stream, len: u64) -> io::Result<()> {
    let mut left = len;
    while left > 0 {
        let n_next = stream.fill_buf()?.len();
        if n_next == 0 {
            return Err(early());
        }
        let n_taken = usize::try_from(left).unwrap_or(n_next).min(n_next);
        stream.consume(n_taken);
        left -= n_taken as u64;
    }
    Ok(())
}

/// Takes all there is.
///
/// # Errors
///
/// It can't be read.
pub(super) fn drain(stream: &mut dyn Stream) -> io::Result<()> {
    loop {
        match stream.fill_buf()?.len() {
            0 => return Ok(()),
            len => stream.consume(len),
        }
    }
}

/// What reading returns that ends before it should.
pub(super) fn early() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "it ends too early")
}

/// A reader with a buffer. After an error it returns nothing but that error.
pub(super) struct Buffered<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at: u64,
    is_ended: bool,
    failure: Option<(ErrorKind, String)>,
}

/// Bytes of a buffer.
const BUFFER: usize = 32 << 10;

impl<R: Read> Buffered<R> {
    /// Returns a reader that uses `buffer`, whatever that holds.
    pub(super) fn new(source: R, mut buffer: Vec<u8>) -> Self {
        buffer.resize(BUFFER, 0);
        Self { source, buffer, start: 0, end: 0, at: 0, is_ended: false, failure: None }
    }

    /// Returns what it reads from, and the buffer.
    pub(super) fn into_parts(self) -> (R, Vec<u8>) {
        (self.source, self.buffer)
    }

    /// Reads once, behind what is there; returns whether anything came.
    fn more(&mut self) -> bool {
        while self.failure.is_none() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.is_ended = true;
                    return false;
                }
                Ok(read) => {
                    self.end += read;
                    return true;
                }
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) => self.failure = Some((err.kind(), err.to_string())),
            }
        }
        false
    }

    fn check(&self) -> io::Result<()> {
        match &self.failure {
            Some((kind, text)) => Err(io::Error::new(*kind, text.clone())),
            None => Ok(()),
        }
    }

    /// Makes room for `len` bytes from the start on.
    fn make_room(&mut self, len: usize) {
        if self.start + len > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if len > self.buffer.len() {
            self.buffer.resize(len, 0);
        }
    }
}

impl<R: Read> Stream for Buffered<R> {
    fn peek(&mut self, len: usize) -> &[u8] {
        // Not where nothing can come: whoever looks again and again must not move it each time.
        if self.end - self.start < len && !self.is_ended && self.failure.is_none() {
            self.make_room(len);
            while self.end - self.start < len && self.more() {}
        }
        &self.buffer[self.start..self.end.min(self.start + len)]
    }

    fn at(&self) -> u64 {
        self.at
    }
}

impl<R: Read> BufRead for Buffered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if !self.more() {
                self.check()?;
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.at += len as u64;
    }
}

impl<R: Read> Read for Buffered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && buffer.len() >= self.buffer.len() {
            self.check()?;
            let read = self.source.read(buffer);
            match &read {
                Ok(read) => self.at += *read as u64,
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) => self.failure = Some((err.kind(), err.to_string())),
            }
            return read;
        }
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

/// So many of the next bytes of a stream.
pub(super) struct Window<'a> {
    inner: &'a mut dyn Stream,
    left: u64,
    at: u64,
}

impl<'a> Window<'a> {
    pub(super) fn new(inner: &'a mut dyn Stream, len: u64) -> Self {
        Self { inner, left: len, at: 0 }
    }

    fn most(&self, len: usize) -> usize {
        usize::try_from(self.left).unwrap_or(len).min(len)
    }
}

impl Stream for Window<'_> {
    fn peek(&mut self, len: usize) -> &[u8] {
        let len = self.most(len);
        self.inner.peek(len)
    }

    fn at(&self) -> u64 {
        self.at
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let bytes = self.inner.fill_buf()?;
        if bytes.is_empty() { Err(early()) } else { Ok(&bytes[..bytes.len().min(most)]) }
    }

    fn consume(&mut self, len: usize) {
        let len = self.most(len);
        self.inner.consume(len);
        self.left -= len as u64;
        self.at += len as u64;
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.most(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(early());
        }
        self.left -= read as u64;
        self.at += read as u64;
        Ok(read)
    }
}

/// The next bytes of a stream, up to where something starts, with a `P`. What that is
/// `ends` tells by the bytes there and the number of those before.
pub(super) struct Until<'a> {
    pub(super) inner: &'a mut dyn Stream,
    pub(super) ends: fn(&[u8], u64) -> bool,
    pub(super) n_read: u64,
}

/// Bytes that tell where something starts.
const LOOK: usize = 24;

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.ends)(self.inner.peek(LOOK), self.n_read) {
            return Ok(0);
        }
        let bytes = self.inner.fill_buf()?;
        let behind = bytes.get(1..).unwrap_or_default();
        let len = memchr::memchr(b'P', behind).map_or(bytes.len(), |at| at + 1);
        let len = (&bytes[..len]).read(buffer)?;
        self.inner.consume(len);
        self.n_read += len as u64;
        Ok(len)
    }
}
