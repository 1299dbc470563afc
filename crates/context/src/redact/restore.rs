//! Puts values back where their placeholders stand.

use std::io::{self, Read, Write};

use leaktight_core::Span;

use super::book::{Book, Entry};
use super::escaped;
use super::placeholder::Placeholder;
use crate::splice::{Carried, Editor, Format, Window, carry};

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
    let mut work = Work { book, restored: Restored::default() };
    let carried = carry((format, &[]), (input, output), &mut work)?;
    Ok(Restored { carried, ..work.restored })
}

struct Work<'a> {
    book: &'a Book,
    restored: Restored,
}

impl Editor for Work<'_> {
    fn margin(&self) -> usize {
        1 << 10
    }

    fn edit(&mut self, window: &Window<'_>) -> Vec<(Span, Vec<u8>)> {
        let mut edits = Vec::new();
        for span in Placeholder::find(&window.view.text) {
            if !(window.turn.start..window.turn.end).contains(&span.start) {
                continue;
            }
            if let Some(text) = self.value(window, span) {
                edits.push((window.view.raw(span), text));
            }
        }
        edits
    }
}

impl Work<'_> {
    /// Returns what takes the place of a placeholder, if anything does.
    fn value(&mut self, window: &Window<'_>, span: Span) -> Option<Vec<u8>> {
        let name = Placeholder::parse(&window.view.text[span.range()])?;
        let Some(entry) = self.book.get(&name) else {
            self.restored.n_unknown += 1;
            return None;
        };
        let leaf = window.view.leaf_at(span.start).map(|idx| window.view.leaves[idx]);
        let depth = leaf.filter(|leaf| leaf.span.end >= span.end).map(|leaf| leaf.depth);
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
