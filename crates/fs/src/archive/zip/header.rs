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
        let (entry, len) = Self::read(stream, LOCAL, 6)?;
        if entry.name.is_empty() || stream.peek(LOCAL)[4] > 99 {
            return None;
        }
        stream.consume(len);
        Some(entry)
    }

    /// Takes a record of the directory, likewise.
    pub(super) fn central(stream: &mut dyn Stream) -> Option<Self> {
        let (entry, len) = Self::read(stream, CENTRAL, 8)?;
        stream.consume(len);
        Some(entry)
    }

    /// Reads a header of either kind, and its length. What both have starts at `at`; what a
    /// record of the directory has besides lies beyond the end of the other.
    fn read(stream: &mut dyn Stream, fixed: usize, at: usize) -> Option<(Self, usize)> {
        let head = stream.peek(fixed);
        let [n_name, n_extra] = [20, 22].map(|offset| u16_at(head, at + offset).map(usize::from));
        let (n_name, n_extra) = (n_name?, n_extra?);
        let n_comment = head.get(..CENTRAL).and_then(|head| u16_at(head, 32)).unwrap_or(0);
        let len = fixed + n_name + n_extra + usize::from(n_comment);
        let header = stream.peek(len);
        if header.len() < len {
            return None;
        }
        let (fixed, rest) = header.split_at(fixed);
        let mut entry = Self {
            name: rest[..n_name].to_vec(),
            flags: u16_at(fixed, at)?,
            method: u16_at(fixed, at + 2)?,
            crc: u32_at(fixed, at + 8)?,
            packed: u32_at(fixed, at + 12)?.into(),
            size: u32_at(fixed, at + 16)?.into(),
            offset: u32_at(fixed, 42).unwrap_or(0).into(),
        };
        entry.widen(&rest[n_name..n_name + n_extra]);
        Some((entry, len))
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

    /// Returns whether it can hold nothing, or what some packers make of nothing.
    pub(super) fn is_empty_folder(&self) -> bool {
        self.is_folder() && self.size == 0 && self.packed <= 2
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

/// Returns whether a member that is packed, of `len` bytes, ends where these stand, likewise.
pub(super) fn ends_packed(bytes: &[u8], len: u64) -> bool {
    let is_len = u32_at(bytes, 8).map(u64::from) == Some(len & WIDE) || u64_at(bytes, 8) == Some(len);
    bytes.starts_with(b"PK\x07\x08") && is_len
}

/// Returns whether a header starts here, or the directory or its end.
pub(super) fn is_start(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'K', 3, 4, ..] | [b'P', b'K', 1, 2, ..] | [b'P', b'K', 5, 6, ..])
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
