//! Large files, in parts that overlap.

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};

use leaktight_core::{Encoding, SkipReason};

use super::whole::fill;
use super::{Bounds, Cut, HEAD, Place, Reader, Text, Trouble};
use crate::options::Reading;
use crate::sys;

/// A large file and how far it was read.
///
/// Whoever holds it reads the next part, and may then pass it on before looking
/// at what was read: that is how threads share a file.
#[derive(Debug)]
pub(crate) struct Large {
    file: File,
    cut: Cut,
    next: Place,
    /// Size when the file was opened; 0 where the system does not say.
    size: u64,
    sparse: bool,
}

/// A part of a large file.
pub(crate) struct Part<'a> {
    pub(crate) text: Text<'a>,
    /// Where it starts.
    pub(crate) from: Place,
    /// What this part tells about the file as a whole; none while there is more to come.
    pub(crate) end: Option<End>,
}

/// How a file ended.
pub(crate) struct End {
    pub(crate) size: u64,
    pub(crate) trouble: Option<Trouble>,
}

/// Bytes a file may grow by while it is read.
const SLACK: u64 = 64 << 10;

/// Bytes read from a file that claims to be empty.
const ENDLESS: u64 = 1 << 30;

impl Large {
    /// Returns a file that starts with `head`, to be read from its start.
    pub(crate) fn new(file: File, meta: &Metadata, head: &[u8], reading: Reading) -> Self {
        let (encoding, mark) = Encoding::detect(&head[..head.len().min(HEAD)]);
        Self {
            file,
            cut: Cut { encoding, overlap: reading.overlap },
            next: Place { raw: mark as u64, ..Place::default() },
            size: meta.len(),
            // A hole in wide text is text of NULs; nobody has that.
            sparse: sys::is_sparse(meta) && encoding == Encoding::Bytes,
        }
    }

    /// Reads the next part.
    pub(crate) fn read<'a>(&mut self, reader: &'a mut Reader) -> io::Result<Part<'a>> {
        let (buffer, decoded) = reader.buffers()?;
        let Some(data) = self.data() else { return Ok(self.hole()) };
        let from = self.next;
        let limit = self.stop().min(data) - from.raw;
        let want = usize::try_from(limit).map_or(buffer.len(), |limit| limit.min(buffer.len()));
        self.file.seek(SeekFrom::Start(from.raw))?;
        let len = fill(&mut self.file, &mut buffer[..want])?;

        let end = self.end(len, want);
        let raw = &buffer[..len];
        let is_before_hole = from.raw + len as u64 == data;
        let text = if end.is_none() && is_before_hole {
            self.next.pass(raw);
            Text { bytes: raw, raw: None }
        } else {
            let bounds = if end.is_some() { Bounds::last(raw) } else { self.cut.bounds(raw) };
            self.cut.text(&raw[..bounds.end], (&mut self.next, bounds.step), decoded)
        };
        Ok(Part { text, from, end })
    }

    /// Moves on to the next data and returns where it ends, none when there is no more.
    fn data(&mut self) -> Option<u64> {
        if !self.sparse {
            return Some(u64::MAX);
        }
        let start = sys::next_data(&self.file, self.next.raw)?;
        self.next.skip(start.saturating_sub(self.next.raw));
        let end = sys::next_hole(&self.file, start).filter(|end| *end > start && *end < self.size);
        Some(end.unwrap_or(u64::MAX))
    }

    fn hole(&self) -> Part<'static> {
        let text = Text { bytes: &[], raw: None };
        Part { text, from: self.next, end: Some(End { size: self.size, trouble: None }) }
    }

    /// Returns where reading ends even if there is more.
    fn stop(&self) -> u64 {
        let stop = if self.size == 0 { ENDLESS } else { self.size.saturating_add(SLACK) };
        stop.max(self.next.raw)
    }

    /// Returns how the file ended, if `len` of `want` bytes mean that.
    fn end(&self, len: usize, want: usize) -> Option<End> {
        let size = self.next.raw + len as u64;
        let changed = |what: &str| Some((SkipReason::Changed, what.to_owned()));
        let trouble = if size >= self.stop() {
            changed("it grew while it was read")
        } else if len < want && size < self.size {
            changed("it shrank while it was read")
        } else {
            None
        };
        (len < want || trouble.is_some()).then_some(End { size, trouble })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::options::Reading;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("room for a file");
        file
    }

    fn open(file: &File) -> (Large, Reader) {
        let reading = Reading::new(256, 16);
        let meta = file.metadata().expect("a file");
        let large = Large::new(file.try_clone().expect("a file"), &meta, b"", reading);
        (large, Reader::new(reading))
    }

    #[test]
    fn reports_a_file_that_shrinks() {
        let file = file(&[b'a'; 1000]);
        let (mut large, mut reader) = open(&file);
        assert!(large.read(&mut reader).expect("readable").end.is_none());
        file.set_len(300).expect("shorter");
        let end = loop {
            if let Some(end) = large.read(&mut reader).expect("readable").end {
                break end;
            }
        };
        assert_eq!(end.trouble.expect("a reason").0, SkipReason::Changed);
    }

    #[test]
    fn stops_at_a_file_that_grows() {
        let mut file = file(&[b'a'; 1000]);
        let (mut large, mut reader) = open(&file);
        let end = loop {
            file.seek(SeekFrom::End(0)).expect("a file");
            file.write_all(&[b'b'; 1000]).expect("room");
            if let Some(end) = large.read(&mut reader).expect("readable").end {
                break end;
            }
        };
        assert_eq!(end.size, 1000 + SLACK);
        assert_eq!(end.trouble.expect("a reason").0, SkipReason::Changed);
    }

    #[test]
    fn jumps_over_holes() {
        let mut file = file(b"first line\n");
        file.seek(SeekFrom::Start(1 << 40)).expect("a file");
        file.write_all(b"\nlast line").expect("room");
        let (mut large, mut reader) = open(&file);
        let (mut n_parts, mut found) = (0, None);
        loop {
            let part = large.read(&mut reader).expect("readable");
            n_parts += 1;
            if let Some(at) = memchr::memmem::find(part.text.bytes, b"last line") {
                let position = part.from.position.after(&part.text.bytes[..at]);
                found = Some((part.from.offset + at as u64, position.line));
            }
            if part.end.is_some() {
                break;
            }
            assert!(n_parts < 1000, "a hole takes no reading");
        }
        assert_eq!(found, Some(((1 << 40) + 1, 3)));
    }
}
