//! A stretch of bytes that is JSON as long as it can be, and text from there on.

use leaktight_core::Span;

use super::lexer::{Container, Events, Fault, Invalid, Lexer, Role};
use super::text;
use super::view::{Fold, Leaf};

/// What a level makes of its input.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) text: Vec<u8>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) folds: Vec<Fold>,
    pub(super) faults: Vec<Invalid>,
    /// Up to where the input was copied.
    copied: usize,
}

impl Output {
    pub(super) fn with_capacity(len: usize) -> Self {
        Self { text: Vec::with_capacity(len), ..Self::default() }
    }

    /// Where a place of the input that is not copied yet will be.
    pub(super) fn place(&self, at: usize) -> usize {
        self.text.len() + (at - self.copied)
    }

    /// Copies the input up to `at`.
    pub(super) fn copy(&mut self, input: &[u8], at: usize) {
        self.text.extend_from_slice(&input[self.copied..at]);
        self.copied = at;
    }

    /// Adds a leaf that ends at `at` in the input.
    pub(super) fn leaf(&mut self, start: usize, at: usize, (depth, opaque): (u8, bool)) {
        self.leaves.push(Leaf { span: Span::new(start, self.place(at)), depth, opaque });
    }

    /// Leaves out a part of the input.
    pub(super) fn skip(&mut self, input: &[u8], raw: Span) {
        self.copy(input, raw.start);
        self.copied = raw.end;
        let view = Span::new(self.text.len(), self.text.len());
        self.folds.push(Fold { raw, view });
    }

    /// Returns what the view will hold from `start` on, when the input is read up to `at`.
    fn tail(&self, input: &[u8], start: usize, at: usize) -> Vec<u8> {
        match start.checked_sub(self.text.len()) {
            Some(ahead) => input[self.copied + ahead..at].to_vec(),
            None => [&self.text[start..], &input[self.copied..at]].concat(),
        }
    }

    fn unescape(&mut self, input: &[u8], unit: u16, raw: Span) {
        let follows = self.folds.last().is_some_and(|fold| fold.raw.end == raw.start && self.copied == raw.start);
        self.copy(input, raw.start);
        let len = text::append(unit, follows, &mut self.text);
        self.copied = raw.end;
        let view = Span::new(self.text.len() - len, self.text.len());
        match self.folds.last_mut() {
            // The second half of a pair joined the first.
            Some(last) if last.view.start == view.start => (last.raw.end, last.view.end) = (raw.end, view.end),
            _ => self.folds.push(Fold { raw, view }),
        }
    }
}

/// A stretch of JSON, which may be cut anywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    lexer: Lexer,
    /// It turned out not to be JSON; what is left is text.
    broken: bool,
    key: Key,
}

/// What is known of the key that is read or was read last.
#[derive(Clone, Debug, Default)]
struct Key {
    /// It is being read.
    open: bool,
    /// Its first part, where it was cut.
    head: Vec<u8>,
    /// The value that follows is to be left as it is.
    opaque: bool,
}

/// How to read a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode<'a> {
    /// How many strings its own strings stand in, themselves included.
    pub(super) depth: u8,
    /// Keys whose values are to be left as they are.
    pub(super) opaque: &'a [&'static str],
}

impl Region {
    pub(super) fn is_fresh(&self) -> bool {
        self.lexer.is_fresh() && !self.broken
    }

    pub(super) fn is_done(&self) -> bool {
        self.lexer.is_done()
    }

    /// Returns whether a string is open.
    pub(super) fn in_string(&self) -> bool {
        self.lexer.in_string() && !self.broken
    }

    /// Counts positions of the input from 0 again.
    pub(super) fn rebase(&mut self) {
        self.lexer.rebase();
    }

    /// Reads `span` of the input.
    pub(super) fn push(&mut self, input: &[u8], span: Span, mode: Mode<'_>, out: &mut Output) {
        if self.broken {
            return out.leaf(out.place(span.start), span.end, (mode.depth - 1, false));
        }
        let start = self.lexer.in_string().then(|| out.place(span.start));
        let mut sink = Sink { input, mode, start, key: &mut self.key, out };
        let result = self.lexer.push(&input[..span.end], span.start, &mut sink);
        let start = sink.start;
        match result {
            Ok(()) => {
                if let Some(start) = start {
                    let opaque = !self.key.open && self.key.opaque;
                    out.leaf(start, span.end, (mode.depth, opaque));
                    self.key.cut(out, start, input, span.end);
                }
            }
            Err(invalid) => {
                self.broken = true;
                out.faults.push(invalid);
                let start = start.unwrap_or_else(|| out.place(invalid.offset.max(span.start)));
                out.leaf(start, span.end, (mode.depth - 1, false));
            }
        }
    }

    /// Ends the stretch at `at`, and makes room for the next.
    pub(super) fn finish(&mut self, at: usize, out: &mut Output) {
        let mut ended = std::mem::take(self);
        if !ended.broken {
            out.faults.extend(ended.lexer.finish(at, &mut Deaf).err());
        }
    }

    /// Ends the stretch at `at`; it may be empty.
    pub(super) fn finish_line(&mut self, at: usize, out: &mut Output) {
        if self.broken || self.is_fresh() {
            *self = Self::default();
        } else {
            self.finish(at, out);
        }
    }

    /// Breaks off at `at`, where the stretch can't go on.
    pub(super) fn break_off(&mut self, at: usize, out: &mut Output) {
        out.faults.push(Invalid { offset: at, fault: Fault::Truncated });
        *self = Self::default();
    }
}

impl Key {
    /// Keeps what the view holds of a key that goes on in the next window.
    fn cut(&mut self, out: &Output, start: usize, input: &[u8], at: usize) {
        const LONGEST: usize = 64;
        if self.open && self.head.len() < LONGEST {
            self.head.extend(out.tail(input, start, at));
        }
    }
}

struct Deaf;

impl Events for Deaf {}

/// Writes the view down while the lexer reads.
struct Sink<'a, 'o> {
    input: &'a [u8],
    mode: Mode<'a>,
    /// Where in the view the open string starts.
    start: Option<usize>,
    key: &'o mut Key,
    out: &'o mut Output,
}

impl Events for Sink<'_, '_> {
    fn open(&mut self, role: Role, at: usize) {
        self.start = Some(self.out.place(at));
        self.key.open = role == Role::Key;
    }

    fn escape(&mut self, unit: u16, start: usize, end: usize) {
        self.out.unescape(self.input, unit, Span::new(start, end));
    }

    fn close(&mut self, role: Role, at: usize) {
        let Some(start) = self.start.take() else { return };
        let opaque = role == Role::Value && self.key.opaque;
        self.out.leaf(start, at, (self.mode.depth, opaque));
        self.key.opaque = false;
        if role == Role::Key {
            self.key.open = false;
            self.key.opaque = self.is_opaque(start, at);
            self.key.head.clear();
        }
    }

    fn enter(&mut self, _container: Container, _at: usize) {
        self.key.opaque = false;
    }

    fn scalar(&mut self, _at: usize) {
        self.key.opaque = false;
    }
}

impl Sink<'_, '_> {
    /// Whether the key between `start` in the view and `at` in the input names an opaque value.
    fn is_opaque(&self, start: usize, at: usize) -> bool {
        if self.mode.opaque.is_empty() {
            return false;
        }
        let name = [self.key.head.as_slice(), &self.out.tail(self.input, start, at)].concat();
        self.mode.opaque.iter().any(|key| key.as_bytes() == name)
    }
}
