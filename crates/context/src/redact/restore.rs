//! Puts values back where their placeholders stand.

use std::io::{self, Read, Write};

use leaktight_core::Span;

use super::book::{Book, Entry};
use super::placeholder::Placeholder;
use super::{delta, escaped, wide};
use crate::splice::{Carried, Channel, Editor, Format, Window, carry};

/// A text with its values back.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Restored {
    /// The text; empty when it went into a stream.
    pub bytes: Vec<u8>,
    /// How many placeholders gave way to their values.
    pub n_restored: u64,
    /// How many were left because the book does not know them.
    pub n_unknown: u64,
    /// How many were left because the value can't stand in a string of JSON: it is not UTF-8.
    pub n_unfit: u64,
    /// What was read, and where it is not what its format promises.
    pub carried: Carried,
}

/// Returns the text with the values of the placeholders that the book knows,
/// escaped as their places demand.
pub fn restore(format: Format, bytes: &[u8], book: &Book) -> Restored {
    let mut out = Vec::with_capacity(bytes.len());
    let restored = restore_stream(format, (&mut &*bytes, &mut out), book);
    Restored { bytes: out, ..restored.expect("memory can be read and written") }
}

/// Copies input to output with the values of placeholders that the book knows.
///
/// # Errors
///
/// Returns what reading or writing returned; then the output ends early.
pub fn restore_stream(
    format: Format,
    (input, output): (&mut dyn Read, &mut dyn Write),
    book: &Book,
) -> io::Result<Restored> {
    let mut work = Work { book, format, restored: Restored::default() };
    let carried = carry((format, &[]), (input, output), &mut work)?;
    Ok(Restored { carried, ..work.restored })
}

/// Does as [`restore_stream`] does, also with UTF-16 and UTF-32.
///
/// # Errors
///
/// Returns what reading or writing returned, or that a value is not UTF-8 where
/// the text is wide; then the output ends early.
pub fn restore_file(format: Format, streams: (&mut dyn Read, &mut dyn Write), book: &Book) -> io::Result<Restored> {
    Ok(wide::pass(streams, |streams| restore_stream(format, streams, book))?.0)
}

struct Work<'a> {
    book: &'a Book,
    format: Format,
    restored: Restored,
}

impl Editor for Work<'_> {
    fn margin(&self) -> usize {
        (1 << 10) * delta::spread(self.format)
    }

    fn edit(&mut self, window: &Window<'_>) -> Vec<(Span, Vec<u8>)> {
        let is_stream = self.format == Format::Sse;
        let channels = if is_stream { Channel::all(window.raw) } else { Vec::new() };
        let cuts: Vec<Cut> = channels.iter().flat_map(cuts).collect();
        let turn = delta::turn(window, cuts.iter().map(|(parts, ..)| parts.as_slice()));
        let mut edits = Vec::new();
        for (parts, name, depth) in cuts.iter().filter(|(parts, ..)| delta::holds(window, turn, parts)) {
            let text = self.value(name, Some(*depth));
            text.into_iter().for_each(|text| edits.extend(delta::edits(parts, &text)));
        }
        let mut pieces: Vec<Span> = channels.iter().flat_map(Channel::pieces).collect();
        pieces.sort_unstable();
        edits.extend(self.whole(window, turn, &pieces));
        edits.sort_by_key(|(span, _)| span.start);
        edits
    }
}

/// A placeholder in several pieces, and how many strings it stands in.
type Cut = (Vec<Span>, Placeholder, u8);

/// Returns the placeholders of a text in pieces, each with its parts.
fn cuts(channel: &Channel) -> Vec<Cut> {
    let text = &channel.view.text;
    let named = Placeholder::find(text).filter_map(|span| Some((span, Placeholder::parse(&text[span.range()])?)));
    named.map(|(span, name)| (channel.raw(span), name, channel.depth)).collect()
}

impl Work<'_> {
    /// Restores the placeholders of a turn that stand in none of these pieces of others.
    fn whole(&mut self, window: &Window<'_>, turn: Span, pieces: &[Span]) -> Vec<(Span, Vec<u8>)> {
        let mut edits = Vec::new();
        for span in Placeholder::find(&window.view.text) {
            let raw = window.view.raw(span);
            let next = pieces.partition_point(|piece| piece.end <= raw.start);
            let is_piece = pieces.get(next).is_some_and(|piece| piece.start <= raw.start);
            if is_piece || !(turn.start..turn.end).contains(&span.start) {
                continue;
            }
            let Some(name) = Placeholder::parse(&window.view.text[span.range()]) else { continue };
            let leaf = window.view.leaf_at(span.start).map(|idx| window.view.leaves[idx]);
            let depth = leaf.filter(|leaf| leaf.span.end >= span.end).map(|leaf| leaf.depth);
            edits.extend(self.value(&name, depth).map(|text| (raw, text)));
        }
        edits
    }

    /// Returns what takes the place of a placeholder, if anything does.
    fn value(&mut self, name: &Placeholder, depth: Option<u8>) -> Option<Vec<u8>> {
        let Some(entry) = self.book.get(name) else {
            self.restored.n_unknown += 1;
            return None;
        };
        let text = depth.and_then(|depth| spelled(entry, depth));
        match text {
            Some(_) => self.restored.n_restored += 1,
            None => self.restored.n_unfit += 1,
        }
        text
    }
}

/// Returns the value as it stands within so many strings: the way it was spelled
/// there, or with the usual escapes.
pub(super) fn spelled(entry: &Entry, depth: u8) -> Option<Vec<u8>> {
    // The value goes into the text that is restored: that is what for.
    if let Some(spelling) = entry.spelling.as_ref().filter(|spelling| spelling.depth == depth) {
        return Some(spelling.raw.expose().to_vec());
    }
    let value = entry.value.expose();
    let text = escaped(value, depth);
    (depth == 0 || std::str::from_utf8(&text).is_ok()).then(|| text.to_vec())
}
