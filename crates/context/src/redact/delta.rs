//! Secrets and placeholders whose text arrives in pieces, as the deltas of a stream do.

use leaktight_core::{Secret, Span};

use super::book::Spelling;
use super::find::Kind;
use super::{Hit, Work, escaped};
use crate::splice::{Channel, Format, Window, unescape};

/// A part of a text, in all the pieces it came in.
pub(super) struct Cut {
    /// Where the pieces stand in the window, in order.
    parts: Vec<Span>,
    /// How many strings the text stands in, one in the other.
    depth: u8,
    /// What it is.
    kind: Kind,
}

/// Returns how much further apart what belongs together is in a stream: each piece, of a
/// few letters, has an event round it.
pub(super) fn spread(format: Format) -> usize {
    if format == Format::Sse { 8 } else { 1 }
}

/// Returns the turn of a window, and up to where it goes on so that what starts in it is whole.
pub(super) fn turn<'a>(window: &Window<'_>, texts: impl Iterator<Item = &'a [Span]> + Clone) -> Span {
    let mut turn = window.turn;
    loop {
        let starts_in = |parts: &&[Span]| holds(window, turn, parts);
        let ends = texts.clone().filter(starts_in).filter_map(|parts| parts.last());
        let end = ends.map(|part| window.view.place(part.end)).fold(turn.end, usize::max);
        if end == turn.end {
            return turn;
        }
        turn.end = end;
    }
}

/// Returns whether a text starts in a turn.
pub(super) fn holds(window: &Window<'_>, turn: Span, parts: &[Span]) -> bool {
    let start = parts.first().map(|part| window.view.place(part.start));
    start.is_some_and(|start| (turn.start..turn.end).contains(&start))
}

/// Puts `text` in the place of the first part and nothing in that of the others.
pub(super) fn edits(parts: &[Span], text: &[u8]) -> impl Iterator<Item = (Span, Vec<u8>)> {
    parts.iter().enumerate().map(move |(idx, part)| (*part, if idx == 0 { text.to_vec() } else { Vec::new() }))
}

impl Cut {
    pub(super) fn overlaps(&self, raw: Span) -> bool {
        self.parts.iter().any(|part| part.overlaps(raw))
    }

    pub(super) fn edits(&self, name: &str) -> impl Iterator<Item = (Span, Vec<u8>)> {
        edits(&self.parts, name.as_bytes())
    }
}

impl Work<'_> {
    /// What is to be replaced of texts in several pieces, and the turn it takes.
    pub(super) fn cuts(&mut self, window: &Window<'_>) -> (Vec<Cut>, Span) {
        if self.format != Format::Sse {
            return (Vec::new(), window.turn);
        }
        let mut cuts = Vec::new();
        for channel in Channel::all(window.raw) {
            let found = self.find(&channel.view).into_iter().map(|piece| {
                let parts = channel.raw(piece.span);
                Cut { parts, depth: channel.depth, kind: piece.kind }
            });
            cuts.extend(found);
        }
        let turn = turn(window, cuts.iter().map(|cut| cut.parts.as_slice()));
        cuts.retain(|cut| holds(window, turn, &cut.parts));
        (cuts, turn)
    }

    /// Names what is cut, and tells of it.
    pub(super) fn hit(&mut self, window: &Window<'_>, cut: &Cut) -> Hit {
        let raw: Vec<u8> = cut.parts.iter().flat_map(|part| &window.raw[part.range()]).copied().collect();
        // Each piece is a string of its own.
        let text = cut.parts.iter().flat_map(|part| unescape(&window.raw[part.range()]).into_owned()).collect();
        let value = (1..cut.depth).fold(text, |text: Vec<u8>, _| unescape(&text).into_owned());
        let is_usual = *escaped(&value, cut.depth) == raw;
        let spelling = (!is_usual).then(|| Spelling { depth: cut.depth, raw: Secret::new(&raw) });
        let name = self.book.name(&cut.kind.class, &value, spelling).placeholder.clone();
        let start = cut.parts.first().map_or(0, |part| part.start);
        let lines = memchr::memchr_iter(b'\n', &window.raw[..start]).count() as u64;
        Hit {
            class: cut.kind.class.clone(),
            placeholder: Some(name),
            severity: cut.kind.severity,
            confidence: cut.kind.confidence,
            known: cut.kind.known,
            offset: window.offset + start as u64,
            len: raw.len(),
            line: window.lines + lines + 1,
            leaf_line: 1,
        }
    }
}
