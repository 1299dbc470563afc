//! Puts values back in text that arrives in pieces.

use super::book::{Book, Entry};
use super::placeholder::Placeholder;

/// Restores one text that arrives piece by piece, such as the deltas of a block
/// of an answer.
///
/// A placeholder may be cut anywhere. What arrives is passed on at once but for
/// an end that is the beginning of a placeholder the book knows, so that other
/// text is never late.
#[derive(Clone, Debug)]
pub struct Holdback<'b> {
    book: &'b Book,
    /// The placeholders of the book, in order.
    names: Vec<&'b str>,
    held: Vec<u8>,
    depth: u8,
}

impl<'b> Holdback<'b> {
    /// Returns a holdback for text in which values stand as they are.
    pub fn new(book: &'b Book) -> Self {
        Self::nested(book, 0)
    }

    /// Returns a holdback for text that is itself JSON, such as the arguments of
    /// a tool: values are escaped for so many strings, one in the other.
    pub fn nested(book: &'b Book, depth: u8) -> Self {
        let mut names: Vec<&str> = book.entries().iter().map(|entry| entry.placeholder.as_str()).collect();
        names.sort_unstable();
        Self { book, names, held: Vec::new(), depth }
    }

    /// Takes the next piece and returns what can be passed on.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let keep = self.held.len() - self.open_end();
        let rest = self.held.split_off(keep);
        let ready = std::mem::replace(&mut self.held, rest);
        self.restore(&ready)
    }

    /// Ends the text and returns what was held back, as it came: it is no placeholder.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Returns the length of the longest end that could become a placeholder.
    fn open_end(&self) -> usize {
        let longest = self.names.iter().map(|name| name.len() - 1).max().unwrap_or(0).min(self.held.len());
        (1..=longest).rev().find(|len| self.is_open(&self.held[self.held.len() - len..])).unwrap_or(0)
    }

    /// Whether a placeholder of the book starts with this and goes on.
    fn is_open(&self, end: &[u8]) -> bool {
        let next = self.names.partition_point(|name| name.as_bytes() < end);
        self.names.get(next).is_some_and(|name| name.as_bytes().starts_with(end) && name.len() > end.len())
    }

    fn restore(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for span in Placeholder::find(text) {
            let entry = Placeholder::parse(&text[span.range()]).and_then(|name| self.book.get(&name));
            if let Some(value) = entry.and_then(|entry| self.value(entry)) {
                out.extend_from_slice(&text[at..span.start]);
                out.extend_from_slice(&value);
                at = span.end;
            }
        }
        out.extend_from_slice(&text[at..]);
        out
    }

    /// The value as it stands in the text: that is where it goes.
    fn value(&self, entry: &Entry) -> Option<Vec<u8>> {
        super::restore::spelled(entry, self.depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Key;

    const KEY: &str = "a \"key\"\nof two lines";

    fn book() -> (Book, String) {
        let mut book = Book::new(&Key::new([4; 32]));
        book.placeholder("other", b"another value");
        let name = book.placeholder("some-key", KEY.as_bytes()).to_string();
        (book, name)
    }

    fn stream(holdback: &mut Holdback<'_>, pieces: &[&str]) -> String {
        let mut out: Vec<u8> = pieces.iter().flat_map(|piece| holdback.push(piece.as_bytes())).collect();
        out.extend(holdback.finish());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_placeholder_may_be_cut_anywhere() {
        let (book, name) = book();
        let text = format!("é LEAK{name}{name}_LEAKTIGHT_ and so on");
        let expected = format!("é LEAK{KEY}{KEY}_LEAKTIGHT_ and so on");
        let cuts: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for one in &cuts {
            for two in cuts.iter().filter(|two| *two >= one) {
                let pieces = [&text[..*one], &text[*one..*two], &text[*two..]];
                assert_eq!(stream(&mut Holdback::new(&book), &pieces), expected, "{one} {two}");
            }
        }
        let bytes: Vec<String> = text.chars().map(String::from).collect();
        let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(stream(&mut Holdback::new(&book), &bytes), expected);
    }

    #[test]
    fn other_text_is_never_late() {
        let (book, name) = book();
        let mut holdback = Holdback::new(&book);
        assert_eq!(holdback.push(b"words LEAKY L"), b"words LEAKY ");
        assert_eq!(holdback.push(b"x LEAKTIGHT_NO"), b"Lx LEAKTIGHT_NO", "no placeholder starts so");
        assert_eq!(holdback.push(&name.as_bytes()[..20]), b"");
        assert_eq!(holdback.push(b"!"), [&name.as_bytes()[..20], b"!"].concat());
    }

    #[test]
    fn a_stream_that_ends_early_gives_back_what_came() {
        let (book, name) = book();
        let mut holdback = Holdback::new(&book);
        assert_eq!(holdback.push(&name.as_bytes()[..name.len() - 1]), b"");
        assert_eq!(holdback.finish(), &name.as_bytes()[..name.len() - 1]);
    }

    #[test]
    fn values_are_escaped_where_the_text_is_json() {
        let (book, name) = book();
        let text = format!("{{\"content\": \"{name}\"}}");
        let out = stream(&mut Holdback::nested(&book, 1), &[&text[..17], &text[17..]]);
        let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(value["content"], KEY);
    }
}
