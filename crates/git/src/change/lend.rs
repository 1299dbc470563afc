//! Lends what is new in a content.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use leaktight_core::{Chunk, Encoding, Event, Origin, Span, has_ascii_run};

use super::lines;
use crate::part::{self, Text, Visitor};

/// A content, and what was there before: one content for each parent that had any.
pub(super) struct Content<'a> {
    pub(super) origin: Arc<Origin>,
    pub(super) new: &'a [u8],
    pub(super) old: &'a [Vec<u8>],
}

/// Lends all of a content, and says what of it is new: what none of the old ones has.
///
/// Text of wide characters is lent decoded, as it is in a scan of files.
pub(super) fn lend(content: &Content<'_>, overlap: usize, visitor: Visitor<'_>) -> ControlFlow<()> {
    let text = Encoding::text(content.new);
    let is_wide = matches!(text, Cow::Owned(_));
    let old: Vec<Cow<'_, [u8]>> = content.old.iter().map(|old| Encoding::text(old)).collect();
    chunks(&content.origin, (&text, &added(&text, &old)), overlap, visitor)?;
    if is_wide && has_ascii_run(content.new) {
        let old: Vec<Cow<'_, [u8]>> = content.old.iter().map(|old| Cow::Borrowed(&old[..])).collect();
        chunks(&content.origin, (content.new, &added(content.new, &old)), overlap, visitor)?;
    }
    visitor(Event::Scanned(content.new.len() as u64))
}

/// Returns what of a text none of the others has.
fn added(text: &[u8], old: &[Cow<'_, [u8]>]) -> Vec<Span> {
    let whole = vec![Span::new(0, text.len())];
    old.iter().fold(whole, |added, old| lines::common(&added, &lines::added(old, text)))
}

fn chunks(
    origin: &Arc<Origin>,
    (bytes, added): (&[u8], &[Span]),
    overlap: usize,
    visitor: Visitor<'_>,
) -> ControlFlow<()> {
    if bytes.len() <= part::LEN {
        let is_new = added.iter().any(|span| !span.is_empty());
        let chunk = Chunk { added: Some(added), ..Chunk::new(bytes, Arc::clone(origin)) };
        return if is_new { visitor(Event::Chunk(chunk)) } else { ControlFlow::Continue(()) };
    }
    let mut text = Text::new(visitor, overlap);
    text.start(Arc::clone(origin), 1);
    let mut at = 0;
    for span in added {
        text.push(&bytes[at..span.start], false)?;
        text.push(&bytes[span.range()], true)?;
        at = span.end;
    }
    text.push(&bytes[at..], false)?;
    text.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// The new lines that are lent, with the numbers of their lines.
    fn lent(new: &[u8], old: &[&[u8]]) -> Vec<String> {
        let all = Mutex::new(Vec::new());
        let visitor = |event: Event<'_>| {
            if let Event::Chunk(chunk) = event {
                let spans = chunk.added.expect("always there").iter();
                let line = |span: &Span| chunk.position.after(&chunk.bytes[..span.start]).line;
                let text = |span: &Span| String::from_utf8_lossy(&chunk.bytes[span.range()]).into_owned();
                all.lock().expect("no panic").extend(spans.map(|span| format!("{}: {}", line(span), text(span))));
            }
            ControlFlow::Continue(())
        };
        let old: Vec<Vec<u8>> = old.iter().map(|old| old.to_vec()).collect();
        let content = Content { origin: Arc::new(Origin::Memory), new, old: &old };
        assert!(lend(&content, 64, &visitor).is_continue());
        all.into_inner().expect("no panic")
    }

    #[test]
    fn new_is_what_no_parent_has() {
        assert_eq!(lent(b"a\nb\nc\n", &[b"a\n", b"b\nc\n"]), [""; 0]);
        assert_eq!(lent(b"a\nb\nc\n", &[b"a\n", b"a\nb\n"]), ["3: c\n"]);
        assert_eq!(lent(b"a\n", &[]), ["1: a\n"]);
    }

    #[test]
    fn wide_text_is_compared_as_text() {
        let wide = |text: &str| {
            [&b"\xff\xfe"[..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat()
        };
        let (old, new) = (wide("first line\nsecond line\n"), wide("first line\nnew line\nsecond line\n"));
        assert_eq!(lent(&new, &[&old]), ["2: new line\n"]);
        assert_eq!(lent(&new, &[b"first line\nsecond line\n"]), ["2: new line\n"]);
    }

    #[test]
    fn a_long_content_is_lent_where_it_is_new() {
        let old = b"a line\n".repeat(1 << 20);
        let mut new = old.clone();
        new.splice(7 * 1000..7 * 1000, *b"new\n");
        new.extend_from_slice(b"last\n");
        assert_eq!(lent(&new, &[&old]), ["1001: new\n", "1048578: last\n"]);
    }
}
