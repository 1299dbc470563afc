//! Escapes: percent encoding, backslashes, character references.

use super::is_text;
use crate::span::Span;

/// An escape and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escape {
    /// Bytes of the escape.
    pub(super) len: usize,
    text: [u8; 4],
    text_len: usize,
    /// It names a character by number.
    numeric: bool,
    /// It keeps a token from being seen: it stands for no control character or quote.
    hides: bool,
}

impl Escape {
    fn new(len: usize, decoded: char, numeric: bool) -> Self {
        let mut text = [0; 4];
        let text_len = decoded.encode_utf8(&mut text).len();
        let hides = decoded.is_ascii_graphic() && (numeric || !matches!(decoded, '"' | '\'' | '`' | '\\'));
        Self { len, text, text_len, numeric, hides }
    }

    fn byte(len: usize, byte: u8) -> Self {
        Self { len, text: [byte, 0, 0, 0], text_len: 1, numeric: true, hides: byte.is_ascii_graphic() }
    }

    /// What it stands for.
    fn text(&self) -> &[u8] {
        &self.text[..self.text_len]
    }
}

/// A family of escapes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// The byte all of them start with.
    pub(super) opener: u8,
    /// Reads the escape at the start of a text.
    pub(super) read: fn(&[u8]) -> Option<Escape>,
}

pub(super) static PERCENT: Syntax = Syntax { opener: b'%', read: percent };
pub(super) static BACKSLASH: Syntax = Syntax { opener: b'\\', read: backslash };
pub(super) static ENTITY: Syntax = Syntax { opener: b'&', read: entity };

/// Escapes in a row that show that text is escaped throughout.
const SEED: usize = 4;

/// Bytes between two escapes of one place, at most.
const GAP: usize = 64;

impl Syntax {
    /// Returns whether the text starts with an escape that keeps a token from being seen.
    pub(super) fn hides(&self, text: &[u8]) -> bool {
        text.first() == Some(&self.opener) && (self.read)(text).is_some_and(|escape| escape.hides)
    }

    /// Returns whether text that is escaped throughout starts here.
    pub(super) fn is_dense(&self, text: &[u8]) -> bool {
        let mut rest = text;
        (0..SEED).all(|_| {
            let escape = (self.read)(rest).filter(|escape| escape.numeric && is_text(escape.text[0]));
            rest = escape.map_or(&[], |escape| &rest[escape.len..]);
            escape.is_some()
        })
    }

    /// Returns the end of the escapes that follow the one at `at`, near each other.
    pub(super) fn chain(&self, bytes: &[u8], at: usize) -> usize {
        let mut end = at;
        let mut from = at;
        while let Some(found) = memchr::memchr(self.opener, &bytes[from..bytes.len().min(end + GAP).max(from)]) {
            let at = from + found;
            match (self.read)(&bytes[at..]) {
                Some(escape) => {
                    end = at + escape.len;
                    from = end;
                }
                None => from = at + 1,
            }
        }
        end
    }
}

/// Tells the text of a span piece by piece, its escapes decoded.
pub(super) fn walk(bytes: &[u8], span: Span, syntax: &Syntax, emit: &mut impl FnMut(&[u8], Span)) {
    let text = &bytes[..span.end];
    let (mut from, mut at) = (span.start, span.start);
    while let Some(found) = memchr::memchr(syntax.opener, &text[at..]) {
        at += found;
        let Some(escape) = (syntax.read)(&text[at..]) else {
            at += 1;
            continue;
        };
        emit(&text[from..at], Span::new(from, at));
        emit(escape.text(), Span::new(at, at + escape.len));
        at += escape.len;
        from = at;
    }
    emit(&text[from..], Span::new(from, span.end));
}

/// The number that exactly `len` digits of hex stand for.
fn hex(text: &[u8], len: usize) -> Option<u32> {
    let digits = text.get(..len)?;
    digits.iter().try_fold(0_u32, |sum, byte| Some(sum << 4 | u32::from(super::digits::nibble(*byte)?)))
}

fn percent(text: &[u8]) -> Option<Escape> {
    let byte = hex(text.get(1..)?, 2)?;
    Some(Escape::byte(3, byte as u8))
}

fn backslash(text: &[u8]) -> Option<Escape> {
    // Escaped text that was escaped again has a backslash more each time.
    let n_slashes = text.iter().take(16).take_while(|byte| **byte == b'\\').count();
    let body = &text[n_slashes..];
    let number = match body.first()? {
        b'x' => hex(&body[1..], 2).map(|number| Escape::byte(n_slashes + 3, number as u8)),
        b'u' if body.get(1) == Some(&b'{') => {
            braced(&body[2..]).map(|(len, c)| Escape::new(n_slashes + 2 + len, c, true))
        }
        b'u' => unit(body).map(|(len, c)| Escape::new(n_slashes + len, c, true)),
        b'U' => hex(&body[1..], 8).and_then(char::from_u32).map(|c| Escape::new(n_slashes + 9, c, true)),
        b'0'..=b'3' => octal(body).map(|byte| Escape::byte(n_slashes + 3, byte)),
        b'/' => Some(Escape::new(n_slashes + 1, '/', false)),
        _ => None,
    };
    number.or_else(|| simple(text))
}

/// An escape of one backslash and one byte more.
fn simple(text: &[u8]) -> Option<Escape> {
    let decoded = match text.get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' | b'f' | b'v' | b'a' | b'e' => ' ',
        byte @ (b'"' | b'\'' | b'`' | b'\\' | b'$' | b'=' | b'&' | b':' | b'@' | b'+' | b'-' | b'.' | b'_') => {
            char::from(*byte)
        }
        _ => return None,
    };
    Some(Escape::new(2, decoded, false))
}

/// The character of `uXXXX`, or of two that are one, and the length.
fn unit(body: &[u8]) -> Option<(usize, char)> {
    let high = hex(&body[1..], 4)?;
    if let Some(c) = char::from_u32(high) {
        return Some((5, c));
    }
    let low = body.get(5..7).filter(|next| *next == b"\\u").and_then(|_| hex(&body[7..], 4));
    let pair = [high as u16, low.unwrap_or(0) as u16];
    match char::decode_utf16(pair).next() {
        Some(Ok(c)) => Some((11, c)),
        _ => Some((5, char::REPLACEMENT_CHARACTER)),
    }
}

/// The character of `XX}`, and the length.
fn braced(text: &[u8]) -> Option<(usize, char)> {
    let len = text.iter().take(7).position(|byte| *byte == b'}')?;
    Some((len + 1, hex(text, len).filter(|_| len > 0).and_then(char::from_u32)?))
}

/// The byte of three octal digits.
fn octal(text: &[u8]) -> Option<u8> {
    let digits = text.get(..3)?;
    let number = digits.iter().try_fold(0_u32, |sum, byte| Some(sum * 8 + char::from(*byte).to_digit(8)?))?;
    u8::try_from(number).ok()
}

/// Bytes of a character reference, at most.
const LONGEST_ENTITY: usize = 12;

/// References by name that matter inside tokens and round them.
const NAMED: [(&[u8], char); 16] = [
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"sol", '/'),
    (b"plus", '+'),
    (b"equals", '='),
    (b"colon", ':'),
    (b"commat", '@'),
    (b"lowbar", '_'),
    (b"period", '.'),
    (b"num", '#'),
    (b"percnt", '%'),
    (b"dollar", '$'),
    (b"nbsp", ' '),
];

fn entity(text: &[u8]) -> Option<Escape> {
    let end = text.iter().take(LONGEST_ENTITY).position(|byte| *byte == b';')?;
    let body = text.get(1..end)?;
    let number = match body {
        [b'#', b'x' | b'X', digits @ ..] if (1..=6).contains(&digits.len()) => hex(digits, digits.len()),
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()),
        _ => None,
    };
    if let Some(number) = number {
        return char::from_u32(number).map(|c| Escape::new(end + 1, c, true));
    }
    let (_, decoded) = NAMED.iter().find(|(name, _)| *name == body)?;
    Some(Escape::new(end + 1, *decoded, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(syntax: &Syntax, text: &str) -> String {
        let mut out = Vec::new();
        walk(text.as_bytes(), Span::new(0, text.len()), syntax, &mut |piece, _| out.extend_from_slice(piece));
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn every_escape_is_what_it_stands_for() {
        for (text, expected) in [
            (r"\x41\x62", "Ab"),
            (r"\u0041\u{62}\U00000063", "Abc"),
            (r"\\u0041 \\\\x42", "A B"),
            (r"\ud83d\ude00 \ud83d", "\u{1f600} \u{fffd}"),
            (r"https:\/\/a\/b", "https://a/b"),
            (r"\101\102", "AB"),
            (r#"{\"a\":\"b\"}"#, r#"{"a":"b"}"#),
            (r"a\nb\", "a\nb\\"),
            (r"\q \u00 \x4 \u{} \u{110000}", r"\q \u00 \x4 \u{} \u{110000}"),
        ] {
            assert_eq!(decoded(&BACKSLASH, text), expected, "{text}");
        }
        assert_eq!(decoded(&PERCENT, "%41%2b%2F%3d %4 %zz %"), "A+/= %4 %zz %");
        let entities = "&#65;&#x42;&amp;&lt;&equals; &unknown; &#; &#x110000; & &";
        assert_eq!(decoded(&ENTITY, entities), "AB&<= &unknown; &#; &#x110000; & &");
    }

    #[test]
    fn only_characters_by_number_make_text_dense() {
        assert!(PERCENT.is_dense(b"%41%42%43%44") && BACKSLASH.is_dense(br"\x41\u0042\103\\x44"));
        assert!(!PERCENT.is_dense(b"%41%42%43") && !PERCENT.is_dense(b"%d0%bf%d0%bf"));
        assert!(!BACKSLASH.is_dense(br"\n\n\n\n") && !ENTITY.is_dense(b"&lt;&gt;&lt;&gt;"));
    }
}
