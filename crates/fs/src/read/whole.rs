//! Small files, whole.

use std::fs::File;
use std::io;

use leaktight_core::{Encoding, SkipReason};
use memmap2::MmapMut;

use super::{Cut, HEAD, Large, Place, SMALL, Text, Trouble, format};
#[cfg(feature = "archives")]
use crate::archive::Kind;
use crate::error::reason;
use crate::options::Reading;

/// The buffers of a thread, reused from file to file.
pub(crate) struct Reader {
    reading: Reading,
    small: Vec<u8>,
    /// An anonymous map rather than a vector: only what is touched takes up
    /// memory, and all of it goes back to the system at the end.
    part: Option<MmapMut>,
    decoded: Vec<u8>,
}

/// What became of a file.
pub(crate) enum Read<'a> {
    /// Its text, where that starts, and the size of the file.
    Whole(Text<'a>, Place, u64),
    Large(Large),
    /// A file that is packed, and its size.
    #[cfg(feature = "archives")]
    Packed(File, Kind, u64),
    Not(Trouble),
}

/// Bytes a vector may keep between two files.
const KEEP: usize = 1 << 20;

impl Reader {
    pub(crate) fn new(reading: Reading) -> Self {
        Self { reading, small: vec![0; SMALL.min(reading.part)], part: None, decoded: Vec::new() }
    }

    /// Reads a small file whole, or prepares to read a large one in parts.
    pub(crate) fn read(&mut self, mut file: File) -> Read<'_> {
        let len = match fill(&mut file, &mut self.small) {
            Ok(len) => len,
            Err(err) => return Read::Not((reason(&err), err.to_string())),
        };
        // The one look at the file itself, and only where it is in doubt: a pipe
        // that took its place reads as empty, a device as endless.
        let is_full = len == self.small.len();
        if len == 0 || is_full {
            match file.metadata() {
                Ok(meta) if !meta.is_file() => return Read::Not(not_a_file()),
                Ok(meta) if is_full => return self.large(file, &meta),
                Ok(_) => {}
                Err(err) => return Read::Not((reason(&err), err.to_string())),
            }
        }
        self.decide(file, len, len as u64, |reader, _| reader.whole(len))
    }

    fn large(&mut self, file: File, meta: &std::fs::Metadata) -> Read<'_> {
        let len = self.small.len();
        self.decide(file, len, meta.len().max(len as u64), |reader, file| {
            Read::Large(Large::new(file, meta, &reader.small, reader.reading))
        })
    }

    /// Returns what is done with a file of this size of which `len` bytes are known.
    fn decide<'r>(
        &'r mut self,
        file: File,
        len: usize,
        size: u64,
        read: impl FnOnce(&'r mut Self, File) -> Read<'r>,
    ) -> Read<'r> {
        if let Some(limit) = self.reading.max_size.filter(|limit| size > *limit) {
            return Read::Not((SkipReason::Size, format!("more than {limit} bytes")));
        }
        #[cfg(feature = "archives")]
        if self.reading.depth > 0
            && let Some(kind) = Kind::within(&self.small[..len]).or_else(|| self.tail(&file, (len, size)))
        {
            return Read::Packed(file, kind, size);
        }
        match self.refuse(len) {
            Some(trouble) => Read::Not(trouble),
            None => read(self, file),
        }
    }

    /// Returns whether a file that starts as something else ends as a zip, as a program
    /// does that unpacks itself.
    #[cfg(feature = "archives")]
    fn tail(&mut self, mut file: &File, (len, size): (usize, u64)) -> Option<Kind> {
        use std::io::{Read as _, Seek as _, SeekFrom};
        let is_binary = memchr::memchr(0, &self.small[..len.min(HEAD)]).is_some();
        if len as u64 == size {
            return Kind::by_tail(&self.small[..len], is_binary);
        }
        // Where it can't be read whoever reads it will say so.
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(size.saturating_sub(Kind::TAIL))).ok()?;
        io::Read::take(file, Kind::TAIL).read_to_end(&mut tail).ok()?;
        Kind::by_tail(&tail, is_binary)
    }

    /// Returns why a file that starts so is left out.
    fn refuse(&self, len: usize) -> Option<Trouble> {
        if self.reading.binary {
            return None;
        }
        format(&self.small[..len]).map(|name| (SkipReason::Binary, name.to_owned()))
    }

    fn whole(&mut self, len: usize) -> Read<'_> {
        if self.decoded.capacity() > KEEP {
            self.decoded = Vec::new();
        }
        let raw = &self.small[..len];
        let (encoding, mark) = Encoding::detect(&raw[..len.min(HEAD)]);
        let cut = Cut { encoding, overlap: self.reading.overlap };
        let mut place = Place { raw: mark as u64, ..Place::default() };
        let text = cut.text(&raw[mark..], (&mut place, 0), &mut self.decoded);
        Read::Whole(text, place, len as u64)
    }

    #[cfg(feature = "archives")]
    pub(crate) fn reading(&self) -> Reading {
        self.reading
    }

    /// Returns the buffers for the parts of a large file: raw and decoded bytes.
    pub(crate) fn buffers(&mut self) -> io::Result<(&mut [u8], &mut Vec<u8>)> {
        let part = match self.part.take() {
            Some(part) => part,
            None => MmapMut::map_anon(self.reading.part)?,
        };
        Ok((self.part.insert(part), &mut self.decoded))
    }
}

fn not_a_file() -> Trouble {
    (SkipReason::Changed, "no longer a file when it was opened".to_owned())
}

/// Reads until the buffer is full or nothing is left, and returns how much there is.
pub(crate) fn fill(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match reader.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
    Ok(len)
}
