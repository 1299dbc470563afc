//! Text of one origin, lent in parts that overlap.

use std::ops::ControlFlow;
use std::sync::Arc;

use leaktight_core::{Chunk, Event, Origin, Position, Span};

/// What a source tells all that happens.
pub(crate) type Visitor<'a> = &'a (dyn Fn(Event<'_>) -> ControlFlow<()> + Sync);

/// Bytes of a part, its overlap with the next one not counted.
pub(crate) const LEN: usize = 1 << 20;
/// Bytes looked through for a good place to cut.
const REACH: usize = 4 << 10;

/// Text that is put together piece by piece, and lent as soon as there is enough.
///
/// A part of which nothing is new is not lent at all.
pub(crate) struct Text<'a> {
    visitor: Visitor<'a>,
    overlap: usize,
    origin: Arc<Origin>,
    bytes: Vec<u8>,
    added: Vec<Span>,
    /// Offset of the first byte.
    offset: u64,
    position: Position,
}

impl<'a> Text<'a> {
    /// Returns an empty text whose parts share `overlap` bytes.
    pub(crate) fn new(visitor: Visitor<'a>, overlap: usize) -> Self {
        Self {
            visitor,
            overlap,
            origin: Arc::new(Origin::Memory),
            bytes: Vec::new(),
            added: Vec::new(),
            offset: 0,
            position: Position::default(),
        }
    }

    /// Starts anew at the first byte of a line of `origin`. Offsets go on: of a
    /// text with gaps they tell places apart and no more.
    pub(crate) fn start(&mut self, origin: Arc<Origin>, line: u64) {
        self.origin = origin;
        self.position = Position { line, column: 1 };
    }

    /// Returns whether nothing is left to be lent.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends bytes.
    pub(crate) fn push(&mut self, bytes: &[u8], is_added: bool) -> ControlFlow<()> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let end = self.bytes.len();
        match self.added.last_mut() {
            Some(last) if is_added && last.end == start => last.end = end,
            _ if is_added => self.added.push(Span::new(start, end)),
            _ => {}
        }
        if end < LEN + 2 * self.overlap {
            return ControlFlow::Continue(());
        }
        let cut = border(&self.bytes, end);
        self.lend(cut)?;
        self.drop_front(border(&self.bytes, cut - self.overlap));
        ControlFlow::Continue(())
    }

    /// Lends what is left.
    pub(crate) fn finish(&mut self) -> ControlFlow<()> {
        let len = self.bytes.len();
        self.lend(len)?;
        self.drop_front(len);
        ControlFlow::Continue(())
    }

    fn lend(&self, end: usize) -> ControlFlow<()> {
        let n_added = self.added.partition_point(|span| span.start < end);
        if n_added == 0 {
            return ControlFlow::Continue(());
        }
        (self.visitor)(Event::Chunk(Chunk {
            offset: self.offset,
            position: self.position,
            added: Some(&self.added[..n_added]),
            ..Chunk::new(&self.bytes[..end], Arc::clone(&self.origin))
        }))
    }

    fn drop_front(&mut self, len: usize) {
        self.position = self.position.advance(&self.bytes, Span::new(0, len));
        self.offset += len as u64;
        self.bytes.drain(..len);
        self.added.retain_mut(|span| {
            *span = Span::new(span.start.saturating_sub(len), span.end.saturating_sub(len));
            !span.is_empty()
        });
    }
}

/// Returns the best place to cut at or shortly before `at`: the end of a line, or
/// at least outside of a word, because half of one secret could look like another.
fn border(bytes: &[u8], at: usize) -> usize {
    let near = &bytes[at - at.min(REACH)..at];
    let in_token = |byte: u8| !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"_-+/=.%~:@\\\r".contains(&byte);
    let behind = memchr::memrchr(b'\n', near).or_else(|| near.iter().rposition(|byte| !in_token(*byte)));
    behind.map_or(at, |found| at - near.len() + found + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What was lent: offset, position, bytes, and what of them is new.
    type Lent = (u64, Position, Vec<u8>, Vec<Span>);

    fn lent(fill: impl FnOnce(&mut Text<'_>) -> ControlFlow<()>) -> Vec<Lent> {
        let all = Mutex::new(Vec::new());
        let visitor = |event: Event<'_>| {
            if let Event::Chunk(chunk) = event {
                let added = chunk.added.expect("always there").to_vec();
                all.lock().expect("no panic").push((chunk.offset, chunk.position, chunk.bytes.to_vec(), added));
            }
            ControlFlow::Continue(())
        };
        let mut text = Text::new(&visitor, 64);
        assert!(fill(&mut text).is_continue() && text.finish().is_continue());
        all.into_inner().expect("no panic")
    }

    #[test]
    fn lends_only_what_has_something_new() {
        let origin = Arc::new(Origin::Memory);
        let lent = lent(|text| {
            text.start(Arc::clone(&origin), 7);
            text.push(b"old\n", false)?;
            text.finish()?;
            text.start(origin, 9);
            text.push(b"old\n", false)?;
            text.push(b"new", true)?;
            text.push(b"er\n", true)
        });
        assert_eq!(lent, [(4, Position { line: 9, column: 1 }, b"old\nnewer\n".to_vec(), vec![Span::new(4, 10)])]);
    }

    #[test]
    fn parts_of_a_long_text_overlap_and_know_their_place() {
        let lines: Vec<String> = (0..200_000).map(|number| format!("line {number}\n")).collect();
        let whole = lines.concat();
        let lent = lent(|text| lines.iter().try_for_each(|line| text.push(line.as_bytes(), line.len() % 2 == 0)));
        assert!(lent.len() >= 2, "{} parts", lent.len());
        let mut end = 0;
        for (offset, position, bytes, added) in &lent {
            let start = usize::try_from(*offset).expect("small");
            assert_eq!(&whole.as_bytes()[start..start + bytes.len()], bytes);
            assert_eq!(*position, Position::default().after(&whole.as_bytes()[..start]));
            assert!(start == 0 || (start + 64..start + 128).contains(&end), "parts share 64 bytes");
            assert!(added.iter().all(|span| bytes[span.range()].ends_with(b"\n")));
            end = start + bytes.len();
        }
        assert_eq!(end, whole.len());
    }

    #[test]
    fn a_long_line_is_cut_outside_of_words() {
        assert_eq!(border(b"a\nbc def", 8), 2);
        assert_eq!(border(b"abc def", 7), 4);
        assert_eq!(border(b"abcdef", 6), 6);
    }
}
