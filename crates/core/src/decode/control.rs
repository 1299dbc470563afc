//! Control sequences of terminals, such as colours, between the characters of a text.

use crate::span::Span;

/// What every sequence starts with.
pub(super) const ESCAPE: u8 = 0x1b;
/// Bytes of a sequence, at most.
const LONGEST: usize = 32;
/// Bytes of a command to the terminal, at most: a longer one holds text, which is not to be overlooked.
const LONGEST_COMMAND: usize = 7;

/// Returns the length of the control sequence of a terminal that `text` starts with: of
/// one that shows nothing and holds no text, such as a colour or the end of a link.
pub fn control_len(text: &[u8]) -> Option<usize> {
    let (kind, rest) = text.strip_prefix(&[ESCAPE])?.split_first()?;
    let len = match kind {
        b'[' => {
            let parameters = rest.iter().take(LONGEST).take_while(|byte| matches!(byte, b' '..=b'?')).count();
            rest.get(parameters).filter(|last| matches!(last, b'@'..=b'~')).map(|_| parameters + 1)?
        }
        b']' => {
            let command = rest.iter().take(LONGEST_COMMAND).take_while(|byte| matches!(byte, b' '..=b'~')).count();
            match rest.get(command..)? {
                [7, ..] => command + 1,
                [ESCAPE, b'\\', ..] => command + 2,
                _ => return None,
            }
        }
        // The characters that a terminal has.
        b'(' | b')' => rest.first().filter(|set| set.is_ascii_alphanumeric()).map(|_| 1)?,
        _ => return None,
    };
    Some(2 + len)
}

/// Tells the text of a span piece by piece, without control sequences.
pub(super) fn walk(bytes: &[u8], span: Span, emit: &mut impl FnMut(&[u8], Span)) {
    let text = &bytes[..span.end];
    let (mut from, mut at) = (span.start, span.start);
    while let Some(found) = memchr::memchr(ESCAPE, &text[at..]) {
        at += found;
        match control_len(&text[at..]) {
            Some(len) => {
                emit(&text[from..at], Span::new(from, at));
                at += len;
                from = at;
            }
            None => at += 1,
        }
    }
    emit(&text[from..], Span::new(from, span.end));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_told_from_text() {
        for (text, len) in [
            ("\x1b[m", 3),
            ("\x1b[01;31mx", 8),
            ("\x1b[38:2::255:0:0m", 16),
            ("\x1b[K\x1b[m", 3),
            ("\x1b(B", 3),
            ("\x1b]8;;\x07x", 6),
            ("\x1b]8;;\x1b\\x", 7),
        ] {
            assert_eq!(control_len(text.as_bytes()), Some(len), "{text:?}");
        }
        for text in ["", "m", "\x1b", "\x1b[", "\x1b[1", "\x1b[\n", "\x1b]8;;file:///a\x07", "\x1b]8", "\x1b(", "\x1bx"]
        {
            assert_eq!(control_len(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_left_is_the_text() {
        let text = b"a\x1b[1mb\x1b[0mc\x1b\x1b[md";
        let mut out = Vec::new();
        walk(text, Span::new(0, text.len()), &mut |piece, _| out.extend_from_slice(piece));
        assert_eq!(out, b"abc\x1bd");
    }
}
