//! Undoing zlib.

use libdeflater::{DecompressionError, Decompressor};

use super::{Fault, LARGEST};

/// Inflates objects one after the other.
///
/// Nothing is believed of a stream but its bytes: the length is given by whoever
/// asks, one that yields more or less is an error, and the checksum is verified.
pub(crate) struct Inflater(Decompressor);

impl Inflater {
    pub(crate) fn new() -> Self {
        Self(Decompressor::new())
    }

    /// Inflates a stream of exactly `len` bytes into `out`, whose content is lost.
    pub(crate) fn whole(&mut self, stream: &[u8], len: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        // A byte shrinks to no less than a thousandth: a length that can't be true takes no memory.
        if len / 1032 > stream.len() {
            return Err(Fault::corrupt("its length is a lie"));
        }
        out.resize(len, 0);
        match self.0.zlib_decompress(stream, out) {
            Ok(found) if found == len => Ok(()),
            Ok(found) => Err(Fault::corrupt(format!("{found} bytes where {len} are promised"))),
            Err(DecompressionError::InsufficientSpace) => {
                Err(Fault::corrupt(format!("more bytes than the {len} promised")))
            }
            Err(DecompressionError::BadData) => Err(damaged()),
        }
    }

    /// Inflates a stream of unknown length, up to the limit of an object.
    pub(crate) fn unknown(&mut self, stream: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let most = usize::try_from(LARGEST).unwrap_or(usize::MAX);
        let mut room = stream.len().saturating_mul(4).clamp(4096, most);
        loop {
            out.resize(room, 0);
            match self.0.zlib_decompress(stream, out) {
                Ok(len) => {
                    out.truncate(len);
                    return Ok(());
                }
                Err(DecompressionError::BadData) => return Err(damaged()),
                Err(DecompressionError::InsufficientSpace) if room == most => return Err(Fault::large(LARGEST)),
                Err(DecompressionError::InsufficientSpace) => room = room.saturating_mul(4).min(most),
            }
        }
    }
}

fn damaged() -> Fault {
    Fault::corrupt("its compressed data is damaged")
}
