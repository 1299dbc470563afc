//! String literals that an operator joins: `"a" + "b"`.

use crate::span::Span;

/// White space on either side of an operator, at most.
const LONGEST_SPACE: usize = 80;

/// Returns the place behind the quote that opens the next literal, where an
/// operator joins it to the one that the quote at `at` closes.
pub(super) fn joined(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes.get(at).copied().filter(|byte| is_quote(*byte))?;
    bytes.get(at + 1).filter(|next| may_join(**next))?;
    let operator = skip_space(bytes, at + 1);
    let len = match bytes.get(operator..)? {
        [b'.', b'.', ..] | [b'<', b'>', ..] => 2,
        [b'+' | b'.' | b'&', ..] => 1,
        _ => return None,
    };
    let next = skip_space(bytes, operator + len);
    let is_text = |byte: &u8| byte.is_ascii_graphic() && *byte != quote;
    (bytes.get(next) == Some(&quote) && bytes.get(next + 1).is_some_and(is_text)).then_some(next + 1)
}

/// Returns the quote that closes the literal before the one that opens right before `start`.
pub(super) fn joined_before(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = start.checked_sub(1)?;
    bytes[..quote].last().filter(|last| may_join(**last))?;
    let back = |at: usize, skip: fn(u8) -> bool, most: usize| {
        at - bytes[..at].iter().rev().take(most).take_while(|byte| skip(**byte)).count()
    };
    let operator = back(quote, |byte| byte.is_ascii_whitespace(), LONGEST_SPACE);
    let space = back(operator, |byte| matches!(byte, b'+' | b'.' | b'&' | b'<' | b'>'), 2);
    let closing = back(space, |byte| byte.is_ascii_whitespace(), LONGEST_SPACE).checked_sub(1)?;
    (joined(bytes, closing) == Some(start)).then_some(closing)
}

/// Returns the end of the literals that are joined to the one that the quote at `at` closes.
pub(super) fn chain(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(open) = joined(bytes, end) {
        let Some(close) = memchr::memchr2(bytes[end], b'\n', &bytes[open..]) else { return open };
        end = open + close;
    }
    end
}

/// Tells the text of a span piece by piece, without what joins literals.
pub(super) fn walk(bytes: &[u8], span: Span, emit: &mut impl FnMut(&[u8], Span)) {
    let text = &bytes[..span.end];
    let (mut from, mut at) = (span.start, span.start);
    while let Some(found) = memchr::memchr3(b'"', b'\'', b'`', &text[at..]) {
        at += found;
        if let Some(open) = joined(text, at) {
            emit(&text[from..at], Span::new(from, at));
            from = open;
            at = open;
        } else {
            at += 1;
        }
    }
    emit(&text[from..], Span::new(from, span.end));
}

/// Whether a byte may stand between two literals that are joined.
fn may_join(byte: u8) -> bool {
    matches!(byte, b'+' | b'.' | b'&' | b'<' | b'>') || byte.is_ascii_whitespace()
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    let space = |byte: &&u8| byte.is_ascii_whitespace();
    at + bytes.get(at..).unwrap_or_default().iter().take(LONGEST_SPACE).take_while(space).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_joined_by_an_operator_only() {
        for text in [r#""ab"+"cd""#, "'ab' . 'cd'", "\"ab\" +\n    \"cd\"", "`ab` & `cd`", r#""ab" <> "cd""#] {
            let mut out = Vec::new();
            walk(text.as_bytes(), Span::new(0, text.len()), &mut |piece, _| out.extend_from_slice(piece));
            assert_eq!(&out[1..out.len() - 1], b"abcd", "{text}");
            let open = joined(text.as_bytes(), 3).expect("joined");
            assert_eq!(joined_before(text.as_bytes(), open), Some(3), "{text}");
            assert_eq!(chain(text.as_bytes(), 3), text.len() - 1);
        }
        for text in
            [r#""ab", "cd""#, r#""ab" "cd""#, r#""ab" + 'cd'"#, r#""ab" + x + "cd""#, r#""ab" + """#, r#""ab" +"#]
        {
            assert_eq!(joined(text.as_bytes(), 3), None, "{text}");
        }
    }
}
