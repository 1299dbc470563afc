//! Headers of objects in packs.

use super::Kind;
use crate::id::ObjectId;

/// Bytes of the longest header of an object: a length of 64 bits, and an offset or a name.
pub(super) const LONGEST_HEADER: u64 = 48;

/// The header of an object.
pub(super) struct Header {
    pub(super) stored: Stored,
    /// Bytes of the object, or of its delta.
    pub(super) size: u64,
    /// Where its compressed bytes start.
    pub(super) data: u64,
}

/// How an object is stored.
pub(super) enum Stored {
    Whole(Kind),
    /// As a delta of the object at that offset of the same pack.
    At(u64),
    /// As a delta of the object of that name.
    Named(ObjectId),
}

impl Header {
    /// Reads the header of the object that starts at an offset.
    pub(super) fn parse(bytes: &[u8], start: u64, id_len: usize) -> Option<Self> {
        let mut rest = bytes.iter().copied();
        let mut byte = rest.next()?;
        let kind = byte >> 4 & 7;
        let (mut size, mut shift) = (u64::from(byte & 15), 4);
        while byte & 0x80 != 0 {
            byte = rest.next()?;
            size |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if shift > 63 {
                return None;
            }
        }
        let stored = match kind {
            1 => Stored::Whole(Kind::Commit),
            2 => Stored::Whole(Kind::Tree),
            3 => Stored::Whole(Kind::Blob),
            4 => Stored::Whole(Kind::Tag),
            6 => {
                let mut byte = rest.next()?;
                let mut back = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = rest.next()?;
                    back = back.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
                }
                // A base lies before its deltas, so that no chain has an end.
                Stored::At(start.checked_sub(back).filter(|base| *base < start)?)
            }
            7 => {
                let at = bytes.len() - rest.len();
                let id = ObjectId::from_bytes(bytes.get(at..at + id_len)?)?;
                rest = bytes.get(at + id_len..)?.iter().copied();
                Stored::Named(id)
            }
            _ => return None,
        };
        Some(Self { stored, size, data: start + (bytes.len() - rest.len()) as u64 })
    }
}
