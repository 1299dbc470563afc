//! The unescaped view of some bytes, and the way back.

use leaktight_core::Span;

use super::lexer::Invalid;

/// Bytes as the last of their readers sees them: strings unescaped, and so the
/// JSON that stands in strings, level by level; all else as it is.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// The text to scan.
    pub(crate) text: Vec<u8>,
    /// The parts that may be replaced, in order and disjoint.
    pub(crate) leaves: Vec<Leaf>,
    /// Where the bytes are not what their format promises.
    pub(crate) faults: Vec<Invalid>,
    /// What each level took away, the outermost first.
    levels: Vec<Vec<Fold>>,
}

/// A part of the view that may be replaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Leaf {
    /// Where it stands in the view.
    pub(crate) span: Span,
    /// How many strings it stands in, one in the other: how often to escape.
    pub(crate) depth: u8,
    /// It is to be left as it is.
    pub(crate) opaque: bool,
}

/// An escape, and what it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fold {
    /// Where it starts before it is unescaped.
    pub(super) raw: Span,
    /// Where it starts after.
    pub(super) view: Span,
}

impl View {
    /// Returns a view of `text` at the first level.
    pub(super) fn new(text: Vec<u8>, leaves: Vec<Leaf>, folds: Vec<Fold>) -> Self {
        Self { text, leaves, faults: Vec::new(), levels: vec![folds] }
    }

    /// Returns a view of nothing, to add to.
    pub(crate) fn empty() -> Self {
        Self { levels: vec![Vec::new()], ..Self::default() }
    }

    /// Adds the input from `at` up to `span`, and `text` for the span itself.
    pub(crate) fn replace(&mut self, input: &[u8], (at, span): (usize, Span), text: &[u8]) {
        self.text.extend_from_slice(&input[at..span.start]);
        let start = self.text.len();
        self.text.extend_from_slice(text);
        let fold = Fold { raw: span, view: Span::new(start, self.text.len()) };
        self.levels.first_mut().expect("a view has a level").push(fold);
    }

    /// Replaces text and leaves by those of the next level.
    pub(super) fn deepen(&mut self, text: Vec<u8>, leaves: Vec<Leaf>, folds: Vec<Fold>) {
        self.text = text;
        self.leaves = leaves;
        self.levels.push(folds);
    }

    /// Returns the span of the view grown to whole characters.
    pub(crate) fn whole(&self, span: Span) -> Span {
        let folds = self.levels.last().map_or(&[][..], Vec::as_slice);
        let fold = |at: usize| holding(folds, at).map(|fold| fold.view);
        Span::new(
            fold(span.start).map_or(span.start, |view| view.start),
            fold(span.end).map_or(span.end, |view| view.end),
        )
    }

    /// Returns the bytes that a span of whole characters of the view stands for.
    pub(crate) fn raw(&self, span: Span) -> Span {
        let back = |folds: &[Fold], at: usize, before: usize| match (before.checked_sub(1), folds.get(before)) {
            (_, Some(fold)) if fold.view.start <= at && !fold.view.is_empty() => fold.raw.start,
            (Some(last), _) => folds[last].raw.end + (at - folds[last].view.end),
            (None, _) => at,
        };
        self.levels.iter().rev().fold(span, |span, folds| {
            let start = back(folds, span.start, folds.partition_point(|fold| fold.view.end <= span.start));
            if span.is_empty() {
                return Span::new(start, start);
            }
            // What was left out at the end is no part of it.
            let is_before =
                |fold: &Fold| fold.view.end < span.end || fold.view.end == span.end && !fold.view.is_empty();
            Span::new(start, back(folds, span.end, folds.partition_point(is_before)))
        })
    }

    /// Returns where a byte of the input is in the view; of an escape that is its start.
    pub(crate) fn place(&self, raw: usize) -> usize {
        self.levels.iter().fold(raw, |at, folds| {
            let before = folds.partition_point(|fold| fold.raw.end <= at);
            match (before.checked_sub(1), folds.get(before)) {
                (_, Some(fold)) if fold.raw.start <= at => fold.view.start,
                (Some(last), _) => folds[last].view.end + (at - folds[last].raw.end),
                (None, _) => at,
            }
        })
    }

    /// Returns the index of the leaf that holds a place of the view or ends there.
    pub(crate) fn leaf_at(&self, at: usize) -> Option<usize> {
        let idx = self.leaves.partition_point(|leaf| leaf.span.end < at);
        self.leaves.get(idx).is_some_and(|leaf| leaf.span.start <= at).then_some(idx)
    }
}

/// The fold whose inside holds a place of the view.
fn holding(folds: &[Fold], at: usize) -> Option<&Fold> {
    let before = folds.partition_point(|fold| fold.view.start < at);
    before.checked_sub(1).map(|last| &folds[last]).filter(|fold| at < fold.view.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back_through_every_level() {
        // raw `a\\nb` -> `a\nb` (two characters) -> a, newline, b
        let mut view =
            View::new(b"a\\nb".to_vec(), Vec::new(), vec![Fold { raw: Span::new(1, 3), view: Span::new(1, 2) }]);
        view.deepen(b"a\nb".to_vec(), Vec::new(), vec![Fold { raw: Span::new(1, 3), view: Span::new(1, 2) }]);
        assert_eq!(view.raw(Span::new(0, 1)), Span::new(0, 1));
        assert_eq!(view.raw(Span::new(1, 2)), Span::new(1, 4));
        assert_eq!(view.raw(Span::new(2, 3)), Span::new(4, 5));
        assert_eq!([0, 1, 4, 5].map(|at| view.place(at)), [0, 1, 2, 3]);
    }

    #[test]
    fn half_a_character_counts_as_the_whole() {
        let view = View::new("aéb".into(), Vec::new(), vec![Fold { raw: Span::new(1, 7), view: Span::new(1, 3) }]);
        assert_eq!(view.whole(Span::new(0, 2)), Span::new(0, 3));
        assert_eq!(view.whole(Span::new(2, 4)), Span::new(1, 4));
        assert_eq!(view.raw(Span::new(1, 3)), Span::new(1, 7));
    }
}
