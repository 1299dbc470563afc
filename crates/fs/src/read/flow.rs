//! Bytes that come once, one after the other, in parts that overlap.

use std::ops::Range;

use leaktight_core::Encoding;

use super::large::{End, Part};
use super::{Bounds, Cut, HEAD, Place, Trouble};

/// How far such bytes were read.
pub(crate) struct Flow {
    overlap: usize,
    cut: Option<Cut>,
    next: Place,
    /// Bytes of the buffer that belong to the next part.
    kept: Range<usize>,
}

impl Flow {
    pub(crate) fn new(overlap: usize) -> Self {
        Self::at(overlap, 0)
    }

    /// Returns a flow whose first byte has this offset within what is told.
    pub(crate) fn at(overlap: usize, offset: u64) -> Self {
        Self { overlap, cut: None, next: Place { offset, ..Place::default() }, kept: 0..0 }
    }

    /// Returns the next part. The buffers must be the same for each; `fill` writes to
    /// one as far as it can, and a buffer that is not full then is the last.
    pub(crate) fn part<'a>(
        &mut self,
        (buffer, decoded): (&'a mut [u8], &'a mut Vec<u8>),
        fill: impl FnOnce(&mut [u8]) -> (usize, Option<Trouble>),
    ) -> Part<'a> {
        buffer.copy_within(self.kept.clone(), 0);
        let kept = self.kept.len();
        let (read, trouble) = fill(&mut buffer[kept..]);
        let len = kept + read;
        let is_last = len < buffer.len();
        let buffer: &'a [u8] = &buffer[..len];
        let (cut, start) = self.begin(buffer);

        let raw = &buffer[start..];
        let from = self.next;
        let bounds = if is_last { Bounds::last(raw) } else { cut.bounds(raw) };
        let text = cut.text(&raw[..bounds.end], (&mut self.next, bounds.step), decoded);
        self.kept = start + bounds.step..len;
        let is_end = is_last || trouble.is_some();
        Part { text, from, end: is_end.then(|| End { size: from.raw + raw.len() as u64, trouble }) }
    }

    /// Returns how bytes are cut and how many to leave out, a mark that tells their encoding.
    fn begin(&mut self, buffer: &[u8]) -> (Cut, usize) {
        if let Some(cut) = self.cut {
            return (cut, 0);
        }
        let (encoding, mark) = Encoding::detect(&buffer[..buffer.len().min(HEAD)]);
        self.next.raw = mark as u64;
        (*self.cut.insert(Cut { encoding, overlap: self.overlap }), mark)
    }
}
