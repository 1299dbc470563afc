//! Replacing parts of bytes and nothing else.

use leaktight_core::Span;

/// Parts of some bytes, each with what takes its place.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    list: Vec<(Span, Vec<u8>)>,
}

impl Edits {
    /// Puts `text` in the place of `span`.
    pub fn replace(&mut self, span: Span, text: Vec<u8>) {
        self.list.push((span, text));
    }

    /// Returns whether nothing is to be replaced.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the bytes with the edits applied.
    ///
    /// Of edits that share a byte the one that starts first stands for all they
    /// cover: no byte that was to be replaced is left.
    ///
    /// # Panics
    ///
    /// Panics when a span reaches beyond the bytes.
    pub fn apply(mut self, bytes: &[u8]) -> Vec<u8> {
        self.list.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut out = Vec::with_capacity(bytes.len());
        let mut done = 0;
        for (span, text) in &self.list {
            if span.start >= done {
                out.extend_from_slice(&bytes[done..span.start]);
                out.extend_from_slice(text);
            }
            done = done.max(span.end);
        }
        out.extend_from_slice(&bytes[done..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_else_changes() {
        let mut edits = Edits::default();
        edits.replace(Span::new(4, 5), b"five".to_vec());
        edits.replace(Span::new(1, 3), Vec::new());
        assert_eq!(edits.apply(b"012345"), b"03five5");
    }

    #[test]
    fn what_overlaps_is_replaced_as_one() {
        let mut edits = Edits::default();
        edits.replace(Span::new(2, 4), b"x".to_vec());
        edits.replace(Span::new(3, 6), b"y".to_vec());
        assert_eq!(edits.apply(b"01234567"), b"01x67");
    }
}
