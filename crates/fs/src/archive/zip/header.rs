//! The headers of a zip.

use leaktight_core::SkipReason;

use super::super::stream::Stream;
use crate::read::Trouble;

/// A member as a header or the directory has it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Bytes of it as they stand there; 0 where a header can't know.
    pub(super) packed: u64,
    size: u64,
    /// Where its header is, which only the directory says.
    pub(super) offset: u64,
}

/// Bytes of a header without what is of any length.
const LOCAL: usize = 30;
const CENTRAL: usize = 46;
/// What stands for a number that does not fit.
const WIDE: u64 = u32::MAX as u64;

impl Entry {
    /// Takes the header of a member; none when it makes no sense or ends too early.
    pub(super) fn local(stream: &mut dyn Stream) -> Option<Self> {
        let head = stream.peek(LOCAL);
        let (n_name, n_extra) = (usize::from(u16_at(head, 26)?), usize::from(u16_at(head, 28)?));
        let len = LOCAL + n_name + n_extra;
        let header = stream.peek(len);
        let (fixed, name, extra) = split(header, LOCAL, n_name)?;
        let mut entry = Self {
            name: name.to_vec(),
            flags: u16_at(fixed, 6)?,
            method: u16_at(fixed, 8)?,
            crc: u32_at(fixed, 14)?,
            packed: u32_at(fixed, 18)?.into(),
            size: u32_at(fixed, 22)?.into(),
            offset: 0,
        };
        if header.len() < len || name.is_empty() || fixed[4] > 99 {
            return None;
        }
        entry.widen(extra);
        stream.consume(len);
        Some(entry)
    }

    /// Takes a record of the directory, likewise.
    pub(super) fn central(stream: &mut dyn Stream) -> Option<Self> {
        let head = stream.peek(CENTRAL);
        let [n_name, n_extra, n_comment] = [28, 30, 32].map(|at| u16_at(head, at).map(usize::from));
        let (n_name, n_extra) = (n_name?, n_extra?);
        let len = CENTRAL + n_name + n_extra + n_comment?;
        let record = stream.peek(len);
        let (fixed, name, rest) = split(record, CENTRAL, n_name)?;
        let mut entry = Self {
            name: name.to_vec(),
            flags: u16_at(fixed, 8)?,
            method: u16_at(fixed, 10)?,
            crc: u32_at(fixed, 16)?,
            packed: u32_at(fixed, 20)?.into(),
            size: u32_at(fixed, 24)?.into(),
            offset: u32_at(fixed, 42)?.into(),
        };
        entry.widen(rest.get(..n_extra)?);
        if record.len() < len {
            return None;
        }
        stream.consume(len);
        Some(entry)
    }

    /// Reads the numbers that did not fit.
    fn widen(&mut self, mut extra: &[u8]) {
        while let (Some(id), Some(len)) = (u16_at(extra, 0), u16_at(extra, 2)) {
            let Some(field) = extra.get(4..4 + usize::from(len)) else { return };
            extra = &extra[4 + field.len()..];
            if id == 1 {
                let numbers = [&mut self.size, &mut self.packed, &mut self.offset];
                let wide = numbers.into_iter().filter(|number| **number == WIDE);
                for (number, bytes) in wide.zip(field.chunks_exact(8)) {
                    *number = u64_at(bytes, 0).unwrap_or(WIDE);
                }
            }
        }
    }

    /// Returns how many bytes belong to it; none where its end must be looked for.
    pub(super) fn packed(&self) -> Option<u64> {
        (self.packed != 0 || !self.is_described()).then_some(self.packed)
    }

    /// Returns the size of its content where that tells the end: other content has a mark there.
    pub(super) fn end_size(&self) -> u64 {
        if self.flags & 2 == 0 { self.size } else { u64::MAX }
    }

    /// Returns whether sizes and checksum stand behind it.
    pub(super) fn is_described(&self) -> bool {
        self.flags & 8 != 0
    }

    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }

    /// Returns why it can't be read, if it can't.
    pub(super) fn refuse(&self) -> Option<Trouble> {
        // Of bit 13 the directory is encrypted, and headers hide what they say.
        let is_encrypted = self.flags & 0x2041 != 0 || self.method == 99;
        match self.method {
            _ if is_encrypted => Some((SkipReason::Encrypted, "it needs a password".to_owned())),
            0 | 8 | 12 | 14 | 93 | 95 => None,
            method => Some((SkipReason::Encoding, format!("compressed by method {method}, which is not read"))),
        }
    }
}

/// Takes the sizes and the checksum behind a member, and returns the latter.
pub(super) fn take_sum(stream: &mut dyn Stream, packed: u64, size: u64) -> Option<u32> {
    let bytes = stream.peek(24);
    // With or without a mark before it, in numbers of four or of eight bytes.
    let narrow = |at: usize| (u32_at(bytes, at).map(u64::from), u32_at(bytes, at + 4).map(u64::from));
    let wide = |at: usize| (u64_at(bytes, at), u64_at(bytes, at + 8));
    let want = (Some(packed), Some(size));
    let short = (Some(packed & WIDE), Some(size & WIDE));
    let is_marked = bytes.starts_with(b"PK\x07\x08");
    let (at, len) = match () {
        () if is_marked && wide(8) == want => (4, 24),
        () if is_marked && narrow(8) == short => (4, 16),
        () if wide(4) == want => (0, 20),
        () if narrow(4) == short => (0, 12),
        () => return None,
    };
    let crc = u32_at(bytes, at);
    stream.consume(len);
    crc
}

/// Returns whether a stored member of `len` bytes ends where these stand: with a mark and its sizes.
pub(super) fn ends_here(bytes: &[u8], len: u64) -> bool {
    let narrow = [8, 12].map(|at| u32_at(bytes, at).map(u64::from));
    let wide = [8, 16].map(|at| u64_at(bytes, at));
    bytes.starts_with(b"PK\x07\x08") && (narrow == [Some(len & WIDE); 2] || wide == [Some(len); 2])
}

/// Returns whether a header starts here, or the directory or its end.
pub(super) fn is_start(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'K', 3, 4, ..] | [b'P', b'K', 1, 2, ..] | [b'P', b'K', 5, 6, ..])
}

/// Returns the fixed part of a header, the name, and the rest.
fn split(header: &[u8], len: usize, n_name: usize) -> Option<(&[u8], &[u8], &[u8])> {
    let (fixed, rest) = header.split_at_checked(len)?;
    let (name, rest) = rest.split_at_checked(n_name)?;
    Some((fixed, name, rest))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
