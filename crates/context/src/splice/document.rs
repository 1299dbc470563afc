//! A JSON document that stays in its bytes: where its values are, not what they are.

use std::borrow::Cow;

use leaktight_core::Span;

use super::lexer::{Container, Events, Fault, Invalid, Lexer, Role};
use super::text;

/// A JSON document, indexed by where its values stand in the bytes.
///
/// Reading it takes linear time, and memory for each value but not for each
/// byte; depth costs nothing. The bytes must be UTF-8, with or without a byte
/// order mark.
///
/// ```
/// use leaktight_context::splice::Document;
///
/// let document = Document::parse(br#"{"tool": "Read", "file": {"content": "A=\u0031\n"}}"#)?;
/// let content = document.root().at(&["file", "content"]).expect("there is one");
/// assert_eq!(content.text().as_deref(), Some(b"A=1\n".as_slice()));
/// assert_eq!(content.raw(), br#""A=\u0031\n""#);
/// # Ok::<(), leaktight_context::splice::Invalid>(())
/// ```
#[derive(Clone, Debug)]
pub struct Document<'a> {
    bytes: &'a [u8],
    slots: Vec<Slot>,
}

/// What kind of value stands somewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// An object.
    Object,
    /// An array.
    Array,
    /// A string.
    Text,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

#[derive(Clone, Debug)]
struct Slot {
    kind: Kind,
    /// With quotes and brackets.
    span: Span,
    /// The key of a member of an object, without quotes.
    key: Option<Span>,
    /// Index of the slot behind this one and all within it.
    next: usize,
}

impl<'a> Document<'a> {
    /// Indexes the document that `bytes` are.
    ///
    /// # Errors
    ///
    /// Returns the first byte that can't belong to a JSON document.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        if let Err(err) = std::str::from_utf8(bytes) {
            return Err(Invalid { offset: err.valid_up_to(), fault: Fault::Utf8 });
        }
        let mut index = Index::default();
        let mut lexer = Lexer::default();
        lexer.push(bytes, mark_len(bytes), &mut index)?;
        lexer.finish(bytes.len(), &mut index)?;
        Ok(Self { bytes, slots: index.slots })
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the outermost value.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, idx: 0 }
    }
}

/// Returns the length of the byte order mark `bytes` start with, if any.
pub(crate) fn mark_len(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    document: &'d Document<'d>,
    idx: usize,
}

impl<'d> Node<'d> {
    fn slot(self) -> &'d Slot {
        &self.document.slots[self.idx]
    }

    /// Returns what kind of value it is.
    pub fn kind(self) -> Kind {
        self.slot().kind
    }

    /// Returns where the value stands, with its quotes or brackets.
    pub fn span(self) -> Span {
        self.slot().span
    }

    /// Returns the value as it is spelled, with its quotes or brackets.
    pub fn raw(self) -> &'d [u8] {
        &self.document.bytes[self.span().range()]
    }

    /// Returns the unescaped bytes of a string, or none of another value.
    ///
    /// Half of a surrogate pair is three bytes that are not UTF-8.
    pub fn text(self) -> Option<Cow<'d, [u8]>> {
        let span = self.span();
        (self.kind() == Kind::Text).then(|| text::unescape(&self.document.bytes[span.start + 1..span.end - 1]))
    }

    /// Returns the unescaped string with U+FFFD for each half of a surrogate pair, or none of another value.
    pub fn string(self) -> Option<String> {
        self.text().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns the member of an object by its key, the last where there are several, as most parsers do.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entries().filter(|(name, _)| **name == *key.as_bytes()).last().map(|(_, node)| node)
    }

    /// Returns the value that keys lead to, one below the other.
    pub fn at(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the members of an object with their unescaped keys; of another value there are none.
    pub fn entries(self) -> impl Iterator<Item = (Cow<'d, [u8]>, Self)> {
        self.children().filter_map(move |node| {
            let key = node.slot().key?;
            Some((text::unescape(&self.document.bytes[key.range()]), node))
        })
    }

    /// Returns the elements of an array; of another value there are none.
    pub fn items(self) -> impl Iterator<Item = Self> {
        self.children().filter(|node| node.slot().key.is_none())
    }

    fn children(self) -> impl Iterator<Item = Self> {
        let end = self.slot().next;
        let mut idx = self.idx + 1;
        std::iter::from_fn(move || {
            let child = (idx < end).then_some(Self { document: self.document, idx })?;
            idx = child.slot().next;
            Some(child)
        })
    }
}

/// Writes down what the lexer comes upon.
#[derive(Debug, Default)]
struct Index {
    slots: Vec<Slot>,
    open: Vec<usize>,
    start: usize,
    key: Option<Span>,
}

impl Index {
    fn add(&mut self, kind: Kind, span: Span) {
        let next = self.slots.len() + 1;
        self.slots.push(Slot { kind, span, key: self.key.take(), next });
    }
}

impl Events for Index {
    fn open(&mut self, _role: Role, at: usize) {
        self.start = at;
    }

    fn close(&mut self, role: Role, at: usize) {
        match role {
            Role::Key => self.key = Some(Span::new(self.start, at)),
            Role::Value => self.add(Kind::Text, Span::new(self.start - 1, at + 1)),
        }
    }

    fn enter(&mut self, container: Container, at: usize) {
        self.open.push(self.slots.len());
        let kind = if container == Container::Object { Kind::Object } else { Kind::Array };
        self.add(kind, Span::new(at, at));
    }

    fn leave(&mut self, at: usize) {
        let idx = self.open.pop().expect("a container is open");
        self.slots[idx].span.end = at + 1;
        self.slots[idx].next = self.slots.len();
    }

    fn scalar(&mut self, at: usize) {
        self.start = at;
    }

    fn scalar_end(&mut self, at: usize) {
        self.add(Kind::Scalar, Span::new(self.start, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_values_by_their_keys() {
        let bytes = "\u{feff} {\"a\": [1.0e5, {\"b\\n\": \"x\\\"y\"}, null], \"a\": {\"c\": \"last\"}}".as_bytes();
        let document = Document::parse(bytes).expect("JSON");
        let root = document.root();
        assert_eq!(root.entries().count(), 2);
        assert_eq!(root.at(&["a", "c"]).and_then(Node::string).as_deref(), Some("last"));
        let first = root.entries().next().expect("a member").1;
        let raw: Vec<&[u8]> = first.items().map(Node::raw).collect();
        assert_eq!(raw, [b"1.0e5".as_slice(), br#"{"b\n": "x\"y"}"#, b"null"]);
        let inner = first.items().nth(1).and_then(|node| node.get("b\n")).and_then(Node::text);
        assert_eq!(inner.as_deref(), Some(b"x\"y".as_slice()));
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        let document = Document::parse(&deep).expect("JSON");
        assert_eq!(document.root().items().count(), 1);
    }

    #[test]
    fn what_is_not_utf8_is_not_json() {
        let error = Document::parse(b"\"a\xff\"").expect_err("a byte that is not UTF-8");
        assert_eq!(error, Invalid { offset: 2, fault: Fault::Utf8 });
    }
}
