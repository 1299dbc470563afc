//! Compressed data, from one reader to the next.

use std::io::{self, BufRead, ErrorKind, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::{DeflateDecoder, GzDecoder};
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::kind::Kind;
use super::nest::{Claim, Nest};
use super::stream::{Stream, skip};

/// Returns what a compressed file holds: all its streams, one after the other.
pub(super) fn unpack<'r>(kind: Kind, input: &'r mut dyn Stream, nest: &'r Nest<'r>) -> Box<dyn Read + 'r> {
    match kind {
        Kind::Bzip2 => Box::new(Joined { decoder: Some(BzDecoder::new(input)), head: b"BZh", nest }),
        Kind::Gzip => Box::new(Joined { decoder: Some(GzDecoder::new(input)), head: b"\x1f\x8b", nest }),
        Kind::Xz => Box::new(Xz { input: Some(input), nest, reader: None, is_joined: true }),
        Kind::Zstd => Box::new(Frames::new(input, nest)),
        Kind::Ar | Kind::Tar | Kind::Zip => Box::new(input),
    }
}

/// Returns what a member of a zip holds that is compressed by this method, and is of this
/// size; none where the method is not known.
pub(super) fn method<'r>(
    (method, size): (u16, u64),
    input: &'r mut dyn Stream,
    nest: &'r Nest<'r>,
) -> Option<Box<dyn Read + 'r>> {
    Some(match method {
        0 => Box::new(input),
        8 => Box::new(DeflateDecoder::new(input)),
        12 => Box::new(BzDecoder::new(input)),
        14 => Box::new(Lzma { input: Some(input), nest, reader: None, size }),
        93 => Box::new(Frames { is_member: true, ..Frames::new(input, nest) }),
        95 => Box::new(Xz { input: Some(input), nest, reader: None, is_joined: false }),
        _ => return None,
    })
}

/// LZMA as zips have it: what it was made by, its properties, the data.
struct Lzma<'r> {
    /// The input, before its head was read.
    input: Option<&'r mut dyn Stream>,
    nest: &'r Nest<'r>,
    reader: Option<(LzmaReader<&'r mut dyn Stream>, Claim<'r>)>,
    /// Bytes that come out of it.
    size: u64,
}

impl Read for Lzma<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(input) = self.input.take() {
            let mut head = [0; 9];
            input.read_exact(&mut head)?;
            let [.., properties, a, b, c, d] = head;
            let window = u32::from_le_bytes([a, b, c, d]);
            let claim = self.nest.claim(window.into())?;
            self.reader = Some((LzmaReader::new_with_props(input, self.size, properties, window, None)?, claim));
        }
        self.reader.as_mut().map_or(Ok(0), |(reader, _)| reader.read(buffer))
    }
}

/// XZ data, of one stream or more.
struct Xz<'r> {
    /// The input, before its head was read.
    input: Option<&'r mut dyn Stream>,
    nest: &'r Nest<'r>,
    reader: Option<(XzReader<&'r mut dyn Stream>, Claim<'r>)>,
    is_joined: bool,
}

impl Read for Xz<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(input) = self.input.take() {
                let window = dictionary(input.peek(17)).unwrap_or(UNKNOWN);
                let claim = self.nest.claim(window)?;
                // What the first block does not need another may.
                let most = u32::try_from(window.max(UNKNOWN) >> 10).unwrap_or(u32::MAX).saturating_add(BESIDES);
                self.reader = Some((XzReader::new_mem_limit(input, false, most), claim));
            }
            let Some((reader, _)) = &mut self.reader else { return Ok(0) };
            let read = reader.read(buffer)?;
            if read > 0 || buffer.is_empty() || !self.is_joined {
                return Ok(read);
            }
            self.nest.begin()?;
            if let Some((ended, _)) = self.reader.take() {
                self.input = next(ended.into_inner(), b"\xfd7zXZ\0")?;
            }
        }
    }
}

/// What the window of a decoder may be that does not say so at its start.
const UNKNOWN: u64 = 64 << 20;
/// What a decoder needs besides its window, in KiB.
const BESIDES: u32 = 1 << 10;

/// Returns the size of the dictionary of the first block, if that is all its header says.
fn dictionary(head: &[u8]) -> Option<u64> {
    let [0, 0x21, 1, size] = head.get(13..17)? else { return None };
    // Two or three times a power of two.
    let size = u32::from(size & 0x3f);
    u64::from(2 | (size & 1)).checked_shl(size / 2 + 11)
}

/// A decoder of one stream.
trait Single<R>: Read {
    fn new(input: R) -> Self;
    fn into_input(self) -> R;
}

impl<R: BufRead> Single<R> for GzDecoder<R> {
    fn new(input: R) -> Self {
        Self::new(input)
    }

    fn into_input(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Single<R> for BzDecoder<R> {
    fn new(input: R) -> Self {
        Self::new(input)
    }

    fn into_input(self) -> R {
        self.into_inner()
    }
}

/// Streams one behind the other, with zeros between and behind them, as tapes have it.
struct Joined<'r, D> {
    decoder: Option<D>,
    /// What each stream starts with.
    head: &'static [u8],
    nest: &'r Nest<'r>,
}

impl<'r, D: Single<&'r mut dyn Stream>> Read for Joined<'r, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let read = decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.nest.begin()?;
            if let Some(ended) = self.decoder.take() {
                self.decoder = next(ended.into_input(), self.head)?.map(D::new);
            }
        }
        Ok(0)
    }
}

/// Returns the input at the start of its next stream; none where there is no other.
fn next<'r>(input: &'r mut dyn Stream, head: &[u8]) -> io::Result<Option<&'r mut dyn Stream>> {
    loop {
        let bytes = input.fill_buf()?;
        let len = bytes.len();
        match bytes.iter().position(|byte| *byte != 0).unwrap_or(len) {
            0 if len == 0 => return Ok(None),
            0 if input.peek(head.len()) == head => return Ok(Some(input)),
            0 => return Err(io::Error::new(ErrorKind::InvalidData, "other data stands behind its end")),
            n_zeros => input.consume(n_zeros),
        }
    }
}

/// The frames of Zstandard data, one after the other.
struct Frames<'r> {
    input: &'r mut dyn Stream,
    nest: &'r Nest<'r>,
    decoder: FrameDecoder,
    /// The window of the frame that is open.
    claim: Option<Claim<'r>>,
    /// Whether other data may stand behind its end, which only the decoder knows.
    is_member: bool,
}

impl<'r> Frames<'r> {
    fn new(input: &'r mut dyn Stream, nest: &'r Nest<'r>) -> Self {
        Self { input, nest, decoder: FrameDecoder::new(), claim: None, is_member: false }
    }

    /// Opens the next frame; returns whether there is one.
    fn open(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            if self.is_member && Kind::of(self.input.peek(HEADER)) != Some(Kind::Zstd) {
                return Ok(false);
            }
            let claim = self.nest.claim(window(self.input.peek(HEADER)).unwrap_or(0))?;
            self.nest.begin()?;
            match self.decoder.reset(&mut self.input) {
                Ok(()) => {
                    self.claim = Some(claim);
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    skip(self.input, length.into())?;
                }
                Err(err) => return Err(invalid(&err)),
            }
        }
        Ok(false)
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.claim.is_some() || self.open()? {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.decoder.is_finished() {
                self.claim = None;
                // All of the frame was taken out by now.
                let sums = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
                if sums.0.is_some() && sums.0 != sums.1 {
                    return Err(io::Error::new(ErrorKind::InvalidData, "the checksum of a frame is wrong"));
                }
            } else {
                let step = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.input, step).map_err(|err| invalid(&err))?;
            }
        }
        Ok(0)
    }
}

fn invalid(err: &FrameDecoderError) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("not Zstandard: {err}"))
}

/// Bytes of the longest header of a frame.
const HEADER: usize = 18;

/// Returns the size of the window that a frame asks for, if this is the header of one.
fn window(head: &[u8]) -> Option<u64> {
    let (magic, rest) = head.split_first_chunk::<4>()?;
    let (descriptor, rest) = rest.split_first()?;
    if *magic != [0x28, 0xb5, 0x2f, 0xfd] {
        return None;
    }
    if descriptor & 0x20 == 0 {
        let window = rest.first()?;
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    // A frame in one segment keeps all of its content.
    let n_dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let n_size = 1 << (descriptor >> 6);
    let size = rest.get(n_dictionary..n_dictionary + n_size)?;
    Some(size.iter().rev().fold(0, |size, byte| (size << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::super::nest::Bounds;
    use super::super::stream::Buffered;
    use super::*;
    use crate::tell::Teller;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(text, flate2::Compression::fast()).read_to_end(&mut packed).expect("in memory");
        packed
    }

    fn text(kind: Kind, packed: &[u8]) -> (Vec<u8>, bool) {
        let teller = Teller::new(&|_| ControlFlow::Continue(()));
        let nest = Nest::new(&teller, Bounds::new(1), None);
        let mut input = Buffered::new(packed, Vec::new());
        let mut text = Vec::new();
        let outcome = unpack(kind, &mut input, &nest).read_to_end(&mut text);
        (text, outcome.is_ok())
    }

    #[test]
    fn streams_are_joined_over_padding() {
        let packed = [gzip(b"one, "), vec![0; 600], gzip(b"two"), vec![0; 100]].concat();
        assert_eq!(text(Kind::Gzip, &packed), (b"one, two".to_vec(), true));
        let packed = [gzip(b"one"), b"garbage".to_vec()].concat();
        assert_eq!(text(Kind::Gzip, &packed), (b"one".to_vec(), false));
    }

    #[test]
    fn a_frame_that_asks_for_too_much_memory_is_refused() {
        // Magic, a descriptor without a size, and a window of 2^(10+20) bytes.
        assert_eq!(window(b"\x28\xb5\x2f\xfd\0\xa0"), Some(1 << 30));
        assert_eq!(text(Kind::Zstd, b"\x28\xb5\x2f\xfd\0\xa0\x01\0\0"), (vec![], false));
        assert_eq!(window(b"\x28\xb5\x2f\xfd\x20\x05"), Some(5));
        assert_eq!(window(b"\x50\x2a\x4d\x18\0\0\0\0"), None);
        let head = |size: u8| [b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\x02\0\x21\x01".as_slice(), &[size]].concat();
        assert_eq!(dictionary(&head(22)), Some(8 << 20));
        assert_eq!(dictionary(&head(28)), Some(64 << 20));
        assert_eq!(text(Kind::Xz, &head(40)), (vec![], false));
    }
}
