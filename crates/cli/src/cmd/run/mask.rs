//! Copies what a command prints without the values it was given.

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
        let values = values.collect();
        Ok(Self { redactor: Redactor::new(Arc::new(RuleSet::builtin())), shelf, values })
    }

    fn apply(&mut self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        for (value, name) in &self.values {
            text = replaced(&text, value, name.as_str().as_bytes());
        }
        self.redactor.redact(Format::Text, &text, &mut self.shelf.book).bytes
    }
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
