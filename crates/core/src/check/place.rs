//! Where a match stands: in a string or not.

use crate::check::Subject;
use crate::span::line_around;

/// The longest line whose quotes are counted; in a minified file they say nothing.
const MAX_LINE: usize = 1000;

/// Whether the secret stands behind an odd number of quotes on its line; not on
/// one too long to tell.
pub(super) fn in_string(subject: &Subject<'_>) -> bool {
    let line = line_around(subject.bytes, subject.secret.start, MAX_LINE);
    let before = subject.bytes.get(line.start..subject.secret.start).unwrap_or_default();
    let is_odd = |quote: u8| memchr::memchr_iter(quote, before).count() % 2 == 1;
    before.len() < MAX_LINE && [b'"', b'\'', b'`'].into_iter().any(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    #[test]
    fn a_string_opens_with_an_odd_quote() {
        let inside = |text: &str| {
            let secret = Span::new(text.len(), text.len());
            in_string(&Subject { bytes: text.as_bytes(), whole: secret, secret, path: None })
        };
        assert!(inside("x = \"a=b; c=") && inside("f('it', 'x=") && inside("`a"));
        assert!(!inside("x = \"a\", b=") && !inside("\"\nb="));
    }
}
