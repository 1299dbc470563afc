//! A part of a file in memory.

use std::fs::File;
use std::io;
use std::sync::Arc;

/// Bytes read at a time: most objects are smaller, and the next one of a family lies elsewhere.
const STEP: usize = 8 << 10;
/// Bytes a window keeps when it had to hold a larger object.
const KEEP: usize = 4 << 20;

/// A view of a file of which it holds the part that was asked for last.
///
/// It reads rather than maps, because a file that shrinks under a map ends the process.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<File>,
    len: u64,
    /// Bytes read at a time.
    step: usize,
    start: u64,
    bytes: Vec<u8>,
    filled: usize,
}

impl Window {
    pub(crate) fn new(file: Arc<File>, len: u64) -> Self {
        Self { file, len, step: STEP, start: 0, bytes: Vec::new(), filled: 0 }
    }

    /// Returns the window, now for places that lie far apart: it reads `step` bytes at a time.
    pub(crate) fn in_steps(self, step: usize) -> Self {
        Self { step, ..self }
    }

    /// Returns the bytes from `from` up to `to`.
    ///
    /// # Errors
    ///
    /// The file is shorter, or cannot be read.
    pub(crate) fn get(&mut self, from: u64, to: u64) -> io::Result<&[u8]> {
        if from > to || to > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = self.start + self.filled as u64;
        if from < self.start || to > end {
            self.load(from, to)?;
        }
        let at = usize::try_from(from - self.start).map_err(io::Error::other)?;
        let len = usize::try_from(to - from).map_err(io::Error::other)?;
        self.bytes[..self.filled].get(at..at + len).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Returns up to `len` bytes from `from`, fewer at the end of the file.
    pub(crate) fn up_to(&mut self, from: u64, len: u64) -> io::Result<&[u8]> {
        self.get(from, self.len.min(from.saturating_add(len)))
    }

    fn load(&mut self, from: u64, to: u64) -> io::Result<()> {
        let need = usize::try_from(to - from).map_err(io::Error::other)?;
        let rest = usize::try_from(self.len - from).unwrap_or(usize::MAX);
        let want = need.max(self.step).min(rest);
        if self.bytes.len() < want || self.bytes.len() > KEEP.max(want) {
            self.bytes = vec![0; want.max(self.step)];
        }
        self.start = from;
        self.filled = 0;
        while self.filled < want {
            match read_at(&self.file, &mut self.bytes[self.filled..want], from + self.filled as u64) {
                Ok(0) => break,
                Ok(len) => self.filled += len,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
