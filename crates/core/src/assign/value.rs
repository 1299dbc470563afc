//! Values: quoted, unquoted, or the text of an element.

use memchr::memmem;

use super::{TextKind, is_quote, skip};
use crate::check::is_jumble;
use crate::span::Span;

/// The shortest and the longest value, in bytes.
const SHORTEST: usize = 5;
pub(super) const LONGEST: usize = 1024;

/// Backslashes that may stand before a quote.
const MAX_ESCAPES: usize = 3;

/// Reads a value in quotes: the text between them.
pub(super) fn quoted(bytes: &[u8], at: usize) -> Option<Span> {
    string(bytes, at).filter(|(value, quote)| !is_torn(&bytes[value.range()], *quote)).map(|(value, _)| value)
}

/// Reads a string where nothing else can be, and returns it with its quote.
fn string(bytes: &[u8], at: usize) -> Option<(Span, u8)> {
    let at = skip(bytes, at, 2, |byte| b"@bBuUrRfF$".contains(&byte));
    let open = skip(bytes, at, MAX_ESCAPES, |byte| byte == b'\\');
    let quote = *bytes.get(open).filter(|byte| is_quote(**byte))?;
    let tripled = bytes.get(open + 1..open + 3).is_some_and(|two| two == [quote; 2]);
    let start = open + if tripled { 3 } else { 1 };
    let end = if open > at { escaped_end(bytes, start, quote) } else { end(bytes, start, quote) }?;
    let value = Span::new(start, end);
    (value.len() >= SHORTEST).then_some((value, quote))
}

/// Reads a value that is the rest of its line, up to the first space: a string in quotes, or
/// whatever signs it holds. In YAML two single quotes within two others stand for one.
pub(super) fn line(bytes: &[u8], at: usize, kind: TextKind) -> Option<Span> {
    let end = skip(bytes, at, LONGEST, |byte| !byte.is_ascii_whitespace());
    let text = &bytes[at.min(end)..end];
    if let [b'\'', inner @ .., b'\''] = text
        && kind == TextKind::Yaml
    {
        let is_one = memmem::find_iter(inner, b"''").count() * 2 == memchr::memchr_iter(b'\'', inner).count();
        return (is_one && inner.len() >= SHORTEST).then_some(Span::new(at + 1, end - 1));
    }
    match string(bytes, at) {
        Some((value, _)) => return (value.end + 1 == end).then_some(value),
        // What is so short that it was left out above.
        None if matches!(text, [open, .., close] if open == close && is_quote(*open)) => return None,
        None => {}
    }
    let cut = (0..text.len()).find(|at| matches!(text[*at], b';' | b'&') && joins(text, *at)).unwrap_or(text.len());
    (SHORTEST..LONGEST).contains(&cut).then_some(Span::new(at, at + cut))
}

/// The place of the quote that closes a string.
fn end(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start;
    while at < bytes.len().min(start + LONGEST) {
        match bytes[at] {
            b'\\' if !matches!(bytes.get(at + 1), Some(b'\r' | b'\n') | None) => at += 2,
            b'\r' | b'\n' | b'\\' => return None,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// The end of a string within a string: before an escaped quote of its kind.
fn escaped_end(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let text = &bytes[start..bytes.len().min(start + LONGEST)];
    let len = text.iter().position(|byte| is_quote(*byte) || matches!(byte, b'\r' | b'\n'))?;
    let escapes = text[..len].iter().rev().take(MAX_ESCAPES).take_while(|byte| **byte == b'\\').count();
    (text[len] == quote && escapes > 0).then_some(start + len - escapes)
}

/// Whether another kind of quote in a value shows that its own quote closed an
/// outer string: `'pass="' + x + '"'`.
fn is_torn(value: &[u8], quote: u8) -> bool {
    if is_jumble(value) {
        return false;
    }
    // Code between two strings.
    let is_code = matches!(value.first(), Some(b',' | b';' | b')')) && value.iter().any(|byte| b"(){}".contains(byte));
    let is_other = |byte: &u8| is_quote(*byte) && *byte != quote;
    let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| is_other(byte) || b"+,;)".contains(byte));
    is_code
        || value.iter().any(is_other)
            && (value.iter().any(u8::is_ascii_whitespace) || is_edge(value.first()) || is_edge(value.last()))
}

/// Reads a value without quotes: the longest text that ends before a space and,
/// in all but settings, before whatever may stand behind a value in code.
pub(super) fn unquoted(bytes: &[u8], at: usize, kind: TextKind) -> Option<Span> {
    let first = *bytes.get(at)?;
    if first.is_ascii_whitespace() || b"\"'`#;,<>{}()[]$&|\\=".contains(&first) {
        return None;
    }
    let is_whole = kind.is_settings() || is_crossed(bytes, at);
    let end = if is_whole { settings_end(bytes, at) } else { plain_end(bytes, at) };
    // What has no end is no value, and was all looked at for each name in it.
    (SHORTEST..LONGEST).contains(&(end - at)).then_some(Span::new(at, end))
}

/// Whether brackets cross each other before the next space, as in `m{h(o}p`: what no
/// language reads is no code, so that it is a value whatever the name of the file says.
pub(crate) fn is_crossed(bytes: &[u8], at: usize) -> bool {
    let mut open = Vec::new();
    for byte in bytes[at..].iter().take(256).take_while(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'(' => open.push(b')'),
            b'[' => open.push(b']'),
            b'{' => open.push(b'}'),
            b')' | b']' | b'}' if open.pop().is_some_and(|close| close != *byte) => return true,
            // A string may hold anything.
            b'"' | b'\'' | b'`' => return false,
            _ => {}
        }
    }
    false
}

fn plain_end(bytes: &[u8], at: usize) -> usize {
    skip(bytes, at, LONGEST, |byte| !byte.is_ascii_whitespace() && !b"\"'`,<>{}()[]\\;&".contains(&byte))
}

/// In settings a value may hold any sign; those that join it to what follows don't belong to it.
fn settings_end(bytes: &[u8], at: usize) -> usize {
    let end = skip(bytes, at, LONGEST, |byte| !byte.is_ascii_whitespace());
    let text = &bytes[at..end];
    let cut = (0..text.len()).find(|at| match text[*at] {
        b';' | b'&' => joins(text, *at) || *at + 1 == text.len(),
        b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' => true,
        _ => false,
    });
    let text = &text[..cut.unwrap_or(text.len())];
    let opened = |open: u8, close: u8| {
        let count = |one: u8| text.iter().filter(|byte| **byte == one).count();
        count(close) > count(open)
    };
    let is_tail = |byte: u8| match byte {
        b',' | b';' => true,
        b'}' => opened(b'{', b'}'),
        b']' => opened(b'[', b']'),
        b')' => opened(b'(', b')'),
        _ => false,
    };
    at + text.len() - text.iter().rev().take_while(|byte| is_tail(**byte)).count()
}

/// Whether a name and `=` follow.
fn joins(text: &[u8], at: usize) -> bool {
    let name = text[at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    name > 0 && text.get(at + 1 + name) == Some(&b'=')
}

/// Reads the text of an element, from behind its opening tag.
pub(super) fn element(bytes: &[u8], at: usize) -> Option<Span> {
    let space = |at: usize| skip(bytes, at, 40, |byte| byte.is_ascii_whitespace());
    let mut start = space(at);
    for open in [b"<value>".as_slice(), b"<![cdata["] {
        if bytes.get(start..start + open.len()).is_some_and(|found| found.eq_ignore_ascii_case(open)) {
            start = space(start + open.len());
        }
    }
    let end = skip(bytes, start, 512, |byte| !matches!(byte, b'<' | b'>' | b'\r' | b'\n'));
    let text = bytes[start.min(end)..end].trim_ascii_end();
    let text = text.strip_suffix(b"]]").unwrap_or(text);
    let value = Span::new(start, start + text.len());
    let close = space(if bytes.get(end) == Some(&b'>') { end + 1 } else { end });
    (value.len() >= SHORTEST && bytes.get(close..close + 2) == Some(b"</")).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_cross_are_no_code() {
        for text in ["m{h(o}p", "a[b)c]", "x{{y}}z(w]"] {
            assert!(is_crossed(text.as_bytes(), 0), "{text}");
        }
        for text in ["f(a[0], {b: 1})", "f(a, [b", "g)", "call(\"a]\")", "f( ]", "plain"] {
            assert!(!is_crossed(text.as_bytes(), 0), "{text}");
        }
    }
}
