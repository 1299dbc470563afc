//! Copies what a command prints without the values it was given.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use leaktight_context::redact::{Placeholder, Redactor};
use leaktight_context::splice::Format;
use leaktight_core::RuleSet;

use crate::vault::Shelf;

/// Bytes of a line that are held back, at most.
const MAX_LINE: usize = 1 << 20;
/// Characters from which on a value is taken out wherever it stands.
const SHORTEST: usize = 6;
/// Characters of a token from which on a piece of it is taken out, and those of the token.
const PIECE: usize = 8;
const TOKEN: usize = 16;
/// Bytes of a token of which pieces are known, at most.
const LONGEST_TOKEN: usize = 4096;

/// Copies lines as they come. Values are taken out of whole lines, and of several
/// at once while a private key or a value of several lines goes by.
///
/// # Errors
///
/// Returns that the output could not be written. What the command prints then is
/// still read, so that it can go on.
pub(super) fn copy(mut input: impl Read, mut output: impl Write, values: &[Vec<u8>]) -> io::Result<()> {
    let mut mask = Mask::new(values)?;
    let mut held = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let mut written = Ok(());
    loop {
        let n_bytes = match input.read(&mut buffer) {
            Ok(n_bytes) => n_bytes,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            Err(err) => return Err(err),
        };
        held.extend_from_slice(&buffer[..n_bytes]);
        let end = if n_bytes == 0 { held.len() } else { ready(&held) };
        if end > 0 && written.is_ok() {
            let text = mask.apply(&held[..end]);
            written = output.write_all(&text).and_then(|()| output.flush());
        }
        held.drain(..end);
        if n_bytes == 0 {
            return written;
        }
    }
}

/// Returns up to where the text can be printed: the end of its last line, unless
/// a private key has begun there and not ended.
fn ready(held: &[u8]) -> usize {
    if held.len() > MAX_LINE {
        return held.len();
    }
    let Some(end) = held.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1) else { return 0 };
    let text = String::from_utf8_lossy(&held[..end]);
    match (text.rfind("-----BEGIN "), text.rfind("-----END ")) {
        (Some(begin), None) if text.is_ascii() => begin,
        (Some(begin), Some(finish)) if begin > finish && text.is_ascii() => begin,
        _ => end,
    }
}

struct Mask {
    redactor: Redactor,
    shelf: Shelf,
    /// The values and their lines, the longest first, with what stands for each.
    values: Vec<(Vec<u8>, Placeholder)>,
    /// Pieces of those that are tokens, forwards and backwards, with the value they are of.
    pieces: HashMap<[u8; PIECE], usize>,
}

impl Mask {
    fn new(values: &[Vec<u8>]) -> io::Result<Self> {
        let mut shelf = Shelf::open()?;
        let lines = values.iter().flat_map(|value| value.split(|byte| *byte == b'\n')).map(<[u8]>::to_vec);
        let mut all: Vec<Vec<u8>> = values.iter().cloned().chain(lines).filter(|value| is_hidden(value)).collect();
        all.sort_by_key(|value| std::cmp::Reverse(value.len()));
        all.dedup();
        let values = all.into_iter().map(|value| {
            let name = shelf.book.placeholder("value", &value);
            (value, name)
        });
        let values: Vec<_> = values.collect();
        let pieces = pieces(&values);
        Ok(Self { redactor: Redactor::new(Arc::new(RuleSet::builtin())), shelf, values, pieces })
    }

    fn apply(&mut self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        for (value, name) in &self.values {
            text = replaced(&text, value, name.as_str().as_bytes());
        }
        let text = self.without_pieces(&text);
        self.redactor.redact(Format::Text, &text, &mut self.shelf.book).bytes
    }
}

impl Mask {
    /// Takes out what is left of a token where a command cut it, or turned it round.
    fn without_pieces(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let piece = |at: usize| self.pieces.get(text.get(at..at + PIECE)?);
            let Some(value) = piece(at) else {
                out.push(text[at]);
                at += 1;
                continue;
            };
            out.extend_from_slice(self.values[*value].1.as_str().as_bytes());
            while piece(at + 1) == Some(value) {
                at += 1;
            }
            at += PIECE;
        }
        out
    }
}

/// Returns the pieces of the values that are tokens: an address, a path or a sentence has
/// parts that may stand anywhere.
fn pieces(values: &[(Vec<u8>, Placeholder)]) -> HashMap<[u8; PIECE], usize> {
    let is_token = |value: &[u8]| {
        let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b":/.,".contains(byte);
        (TOKEN..=LONGEST_TOKEN).contains(&value.len())
            && value.iter().all(is_plain)
            && value.iter().any(u8::is_ascii_digit)
    };
    let mut pieces = HashMap::new();
    for (idx, (value, _)) in values.iter().enumerate().filter(|(_, (value, _))| is_token(value)) {
        let back: Vec<u8> = value.iter().rev().copied().collect();
        for piece in value.windows(PIECE).chain(back.windows(PIECE)).filter_map(|piece| piece.first_chunk()) {
            let has = |is_of: fn(&u8) -> bool| piece.iter().any(is_of);
            let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
            if is_mixed || has(u8::is_ascii_digit) {
                pieces.entry(*piece).or_insert(idx);
            }
        }
    }
    pieces
}

/// Whether a value is to be hidden: `1`, `true` and `development` are not.
fn is_hidden(value: &[u8]) -> bool {
    let plain = value.iter().all(u8::is_ascii_lowercase) && value.len() < 12;
    let number = value.iter().all(u8::is_ascii_digit) && value.len() < 8;
    value.len() >= SHORTEST && !plain && !number && !value.trim_ascii().is_empty()
}

fn replaced(text: &[u8], value: &[u8], name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(value) {
            out.extend_from_slice(name);
            at += value.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_held_back_until_they_end() {
        assert_eq!(ready(b"a\nb"), 2);
        assert_eq!(ready(b"a\n-----BEGIN X-----\nb\n"), 2);
        assert_eq!(ready(b"-----BEGIN X-----\nb\n-----END X-----\n"), 36);
    }

    #[test]
    fn everyday_values_are_not_hidden() {
        assert!(!is_hidden(b"true") && !is_hidden(b"production") && !is_hidden(b"5432"));
        assert!(is_hidden(b"hunter2!") && is_hidden(b"s3cret"));
    }
}
