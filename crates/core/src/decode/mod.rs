//! Text that stands for other bytes: encodings and escapes.
//!
//! While the gate passes over the bytes, [`Finder`] looks for places that stand
//! for text. Each is decoded into a chunk of its own, which passes through the
//! same stages, and what is found there is brought back to the bytes that stand
//! for it with [`locate`].
//!
//! Of base64 and hex only what decodes to text is looked at: sixteen bytes or
//! more, nearly all of them printable. Hashes, images and other data decode to
//! such text about once in a million bytes, and then to gibberish.
//!
//! Every place is found by what stands in and near it, so that a part of a text
//! is decoded as the whole is.

mod concat;
mod control;
mod copies;
mod digits;
mod escape;
mod find;
mod inflate;
mod joiner;
mod stretch;
mod utf16;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::control::control_len;
pub use self::copies::encoded_copies;
pub(crate) use self::digits::{decode_base64, sextet};
pub(crate) use self::find::{Finder, LEAST_RUN, may_be_coded, may_stand_for_text};
use crate::rule::named;
use crate::span::Span;

named! {
    /// How bytes stand for others.
    Step {
        /// Base64 of either alphabet, padded or not, in one piece or many lines.
        Base64("base64"),
        /// Hexadecimal digits.
        Hex("hex"),
        /// Percent encoding, as in URLs.
        Percent("percent"),
        /// Backslash escapes, as in JSON, JavaScript, C and shells.
        Escape("escape"),
        /// Character references of HTML and XML.
        Entity("entity"),
        /// String literals that an operator joins.
        Concat("concatenation"),
        /// UTF-16 of either byte order.
        Utf16("utf-16"),
        /// Control sequences of terminals, such as colours, between characters.
        Control("control"),
        /// A stream of gzip or zlib.
        Gzip("gzip"),
    }
}

impl Step {
    /// Whether what is decoded may be of another kind than the text round it.
    pub(crate) fn is_data(self) -> bool {
        matches!(self, Self::Base64 | Self::Hex | Self::Gzip)
    }
}

/// A part of a text that stands for other bytes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    pub(crate) span: Span,
    pub(crate) step: Step,
}

/// Whether all of a place was decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decoded {
    /// It was.
    Whole,
    /// The rest would be more than the bytes allowed.
    Cut,
}

/// Appends what a place of `bytes` stands for to `out`, at most `most` bytes of it.
pub(crate) fn decode(bytes: &[u8], place: Place, most: usize, out: &mut Vec<u8>) -> Decoded {
    if place.step == Step::Gzip {
        return inflate::inflate(&bytes[place.span.range()], most, out);
    }
    // No other step makes more of anything.
    if place.span.len() > most {
        return Decoded::Cut;
    }
    match place.step {
        Step::Base64 => digits::append(bytes, place.span, (sextet, 6), out),
        Step::Hex => digits::append(bytes, place.span, (digits::nibble, 4), out),
        _ => walk(bytes, place, &mut |decoded, _| out.extend_from_slice(decoded)),
    }
    Decoded::Whole
}

/// Returns the spans of `bytes` that stand for spans of what a place decodes
/// to; the latter are in the order of their starts.
pub(crate) fn locate(bytes: &[u8], place: Place, decoded: &[Span]) -> Vec<Span> {
    let mut located = vec![place.span; decoded.len()];
    if place.step == Step::Gzip || decoded.is_empty() {
        return located;
    }
    let mut edges: Vec<(usize, bool, usize)> = Vec::with_capacity(2 * decoded.len());
    for (idx, span) in decoded.iter().enumerate() {
        edges.push((span.start, false, idx));
        edges.push((span.end.max(span.start + 1) - 1, true, idx));
    }
    edges.sort_unstable();
    let (mut at, mut next) = (0, 0);
    walk(bytes, place, &mut |text, source| {
        while let Some((edge, is_end, idx)) = edges.get(next).copied().filter(|(edge, ..)| *edge < at + text.len()) {
            // What is as long as its source is a copy of it.
            let copied = (text.len() == source.len()).then(|| source.start + edge - at);
            if is_end {
                located[idx].end = copied.map_or(source.end, |last| last + 1);
            } else {
                located[idx].start = copied.unwrap_or(source.start);
            }
            next += 1;
        }
        at += text.len();
    });
    located
}

/// Tells each piece of what a place stands for, with the bytes it stands for.
fn walk(bytes: &[u8], place: Place, emit: &mut impl FnMut(&[u8], Span)) {
    match place.step {
        Step::Base64 => digits::walk(bytes, place.span, sextet, 6, emit),
        Step::Hex => digits::walk(bytes, place.span, digits::nibble, 4, emit),
        Step::Percent => escape::walk(bytes, place.span, &escape::PERCENT, emit),
        Step::Escape => escape::walk(bytes, place.span, &escape::BACKSLASH, emit),
        Step::Entity => escape::walk(bytes, place.span, &escape::ENTITY, emit),
        Step::Concat => concat::walk(bytes, place.span, emit),
        Step::Control => control::walk(bytes, place.span, emit),
        Step::Utf16 => utf16::walk(bytes, place.span, emit),
        Step::Gzip => {}
    }
}

/// Whether a byte belongs to text: printable ASCII, a tab or the end of a line.
fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}
