//! Makes views of bytes that arrive piece by piece.

use leaktight_core::Span;

use super::document::mark_len;
use super::region::{Mode, Output, Region};
use super::strip::strip;
use super::view::{Leaf, View};

/// How bytes are to be read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// Plain text, or anything not named here.
    #[default]
    Text,
    /// A file of environment variables; read as text.
    Env,
    /// One JSON document.
    Json,
    /// A JSON document on each line (JSON Lines, NDJSON).
    Jsonl,
    /// Server-sent events whose data are JSON objects.
    Sse,
}

/// Levels of JSON in strings of JSON that are looked into.
const NESTED: u8 = 3;
/// What the line of an event with data starts with.
const DATA: &[u8] = b"data:";

/// Makes views, one window after the other; what it has read decides how it reads on.
#[derive(Clone, Debug)]
pub(crate) struct Lens {
    format: Format,
    opaque: &'static [&'static str],
    started: bool,
    line: Line,
    region: Region,
    nested: Vec<Level>,
}

/// Where in a line of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Line {
    /// So many bytes of it are those of `data:`.
    Start(usize),
    /// In data, in front of what is not white space.
    Data,
    /// In JSON.
    Json,
    /// In anything else.
    #[default]
    Other,
}

/// A level of JSON within strings.
#[derive(Clone, Debug, Default)]
struct Level {
    region: Region,
    /// How the leaf was read that the last window cut.
    cut: Cut,
}

/// How a leaf is read that goes on in the next window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Cut {
    /// There is none, or it was white space so far.
    #[default]
    None,
    Text,
    Json,
}

impl Lens {
    /// Returns a lens at the start of its input. Values of the keys `opaque` are left as they are.
    pub(crate) fn new(format: Format, opaque: &'static [&'static str]) -> Self {
        let nested = vec![Level::default(); usize::from(NESTED)];
        Self { format, opaque, started: false, line: Line::Start(0), region: Region::default(), nested }
    }

    /// Returns the view of the next bytes; `last` when none follow.
    pub(crate) fn view(&mut self, raw: &[u8], last: bool) -> View {
        let mut out = Output::with_capacity(raw.len());
        match self.format {
            Format::Text | Format::Env => out.leaf(0, raw.len(), (0, false)),
            Format::Json => self.document(raw, last, &mut out),
            Format::Jsonl | Format::Sse => self.lines(raw, last, &mut out),
        }
        self.started = true;
        out.copy(raw, raw.len());
        let mut open = self.region.in_string();
        let mut view = View::new(out.text, out.leaves, out.folds);
        view.faults = out.faults;
        for (idx, level) in self.nested.iter_mut().enumerate() {
            let depth = u8::try_from(idx + 1).expect("there are few levels");
            let mode = Mode { depth: depth + 1, opaque: &[] };
            open = level.deepen(&mut view, mode, open);
        }
        strip(&mut view);
        view
    }

    /// Counts positions from 0 again, before the next view.
    pub(crate) fn rebase(&mut self) {
        self.region.rebase();
        self.nested.iter_mut().for_each(|level| level.region.rebase());
    }

    fn mode(&self) -> Mode<'static> {
        Mode { depth: 1, opaque: self.opaque }
    }

    fn start(&self, raw: &[u8]) -> usize {
        if self.started { 0 } else { mark_len(raw) }
    }

    fn document(&mut self, raw: &[u8], last: bool, out: &mut Output) {
        let mode = self.mode();
        self.region.push(raw, Span::new(self.start(raw), raw.len()), mode, out);
        if last {
            self.region.finish(raw.len(), out);
        }
    }

    fn lines(&mut self, raw: &[u8], last: bool, out: &mut Output) {
        let mut at = self.start(raw);
        while at < raw.len() {
            let end = memchr::memchr(b'\n', &raw[at..]).map(|newline| at + newline);
            let span = Span::new(at, end.unwrap_or(raw.len()));
            match self.format {
                Format::Sse => self.event_line(raw, span, out),
                _ => self.region.push(raw, span, self.mode(), out),
            }
            if end.is_some() {
                self.end_line(raw, span, out);
            }
            at = span.end + 1;
        }
        if last {
            self.region.finish_line(raw.len(), out);
        }
    }

    fn end_line(&mut self, raw: &[u8], line: Span, out: &mut Output) {
        if self.format == Format::Jsonl {
            return self.region.finish_line(line.end, out);
        }
        let is_blank = matches!(self.line, Line::Start(0)) || raw[line.range()] == *b"\r";
        if is_blank || self.region.is_done() {
            self.region.finish_line(line.end, out);
        } else if self.region.in_string() {
            // A string can't go on in the next line.
            self.region.break_off(line.end, out);
        }
        self.line = Line::Start(0);
    }

    fn event_line(&mut self, raw: &[u8], span: Span, out: &mut Output) {
        let mut at = span.start;
        while at < span.end {
            let byte = raw[at];
            self.line = match self.line {
                Line::Start(n_read) if byte != DATA[n_read] => Line::Other,
                Line::Start(n_read) if n_read + 1 == DATA.len() => Line::Data,
                Line::Start(n_read) => Line::Start(n_read + 1),
                Line::Data if byte == b' ' => Line::Data,
                Line::Data if byte == b'{' || !self.region.is_fresh() => Line::Json,
                Line::Data => Line::Other,
                Line::Json => return self.region.push(raw, Span::new(at, span.end), self.mode(), out),
                Line::Other => return out.leaf(out.place(at), span.end, (0, false)),
            };
            let stays = matches!(self.line, Line::Json | Line::Other);
            at += usize::from(!stays);
        }
    }
}

impl Level {
    /// Looks into the leaves of the level above that hold JSON of their own;
    /// `open` says that the last one is not complete. Returns whether the last
    /// one of this level is open as well.
    fn deepen(&mut self, view: &mut View, mode: Mode<'_>, open: bool) -> bool {
        let (text, leaves) = (&view.text, &view.leaves);
        let cut = std::mem::take(&mut self.cut);
        let read_as = |idx: usize, leaf: &Leaf| match cut {
            Cut::Text | Cut::Json if idx == 0 => cut,
            _ if leaf.depth != mode.depth - 1 || leaf.opaque => Cut::Text,
            _ => guess(&text[leaf.span.range()]),
        };
        if let Some(last) = leaves.last().filter(|_| open) {
            self.cut = read_as(leaves.len() - 1, last);
        }
        if !leaves.iter().enumerate().any(|(idx, leaf)| read_as(idx, leaf) == Cut::Json) {
            return false;
        }
        let mut out = Output::with_capacity(text.len());
        for (idx, leaf) in leaves.iter().enumerate() {
            if read_as(idx, leaf) != Cut::Json {
                out.leaf(out.place(leaf.span.start), leaf.span.end, (leaf.depth, leaf.opaque));
                continue;
            }
            self.region.push(text, leaf.span, mode, &mut out);
            if !(open && idx + 1 == leaves.len()) {
                self.region = Region::default();
            }
        }
        out.copy(text, text.len());
        view.deepen(out.text, out.leaves, out.folds);
        self.cut == Cut::Json && self.region.in_string()
    }
}

/// Guesses how to read a leaf from what it starts with.
fn guess(text: &[u8]) -> Cut {
    match text.iter().find(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
        Some(b'{' | b'[') => Cut::Json,
        Some(_) => Cut::Text,
        None => Cut::None,
    }
}
