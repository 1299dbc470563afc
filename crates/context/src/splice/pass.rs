//! Carries bytes of any length through windows and replaces parts of them.

use std::io::{self, Read, Write};

use leaktight_core::Span;

use super::lens::{Format, Lens};
use super::lexer::{Fault, Invalid};
use super::view::View;

/// Bytes that are looked at together, at least, while there are as many.
const WINDOW: usize = 2 << 20;
/// Faults that are told one by one; more are counted.
const TOLD: usize = 100;

/// Finds what to replace.
pub(crate) trait Editor {
    /// Returns how far apart bytes of a view may be that a single change depends on.
    fn margin(&self) -> usize;

    /// Returns what to replace of the window, as spans of its raw bytes, in order and disjoint.
    fn edit(&mut self, window: &Window<'_>) -> Vec<(Span, Vec<u8>)>;
}

/// A part of the input with its view.
pub(crate) struct Window<'a> {
    /// The bytes as they are.
    pub(crate) raw: &'a [u8],
    /// Their view.
    pub(crate) view: &'a View,
    /// Changes start in this span of the view; the rest is there as context.
    pub(crate) turn: Span,
    /// Offset of the window in the input.
    pub(crate) offset: u64,
    /// Lines that ended in front of the window.
    pub(crate) lines: u64,
    /// Lines of a leaf that goes on at the window's start, in front of the window.
    pub(crate) leaf_lines: u64,
}

/// What was carried through.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Carried {
    /// Bytes read.
    pub bytes: u64,
    /// Where the input is not what its format promises, the first hundred of
    /// them; it was treated as text from there to the end of the document or
    /// line, so that nothing passed unseen.
    pub faults: Vec<Invalid>,
    /// How many such places there are.
    pub n_faults: usize,
}

/// Copies `input` to `output` with what `editor` replaces.
///
/// # Errors
///
/// Returns what reading or writing returned; then the output ends early.
pub(crate) fn carry(
    (format, opaque): (Format, &'static [&'static str]),
    (input, output): (&mut dyn Read, &mut dyn Write),
    editor: &mut dyn Editor,
) -> io::Result<Carried> {
    let mut pass = Pass {
        lens: Lens::new(format, opaque),
        raw: Vec::new(),
        utf8: Utf8::default(),
        from: 0,
        offset: 0,
        lines: 0,
        leaf_lines: 0,
        carried: Carried::default(),
    };
    let mut wanted = WINDOW;
    loop {
        let last = pass.fill(input, wanted)?;
        if last {
            pass.finish(output, editor)?;
            return Ok(pass.carried(format));
        }
        wanted = if pass.step(output, editor)? { WINDOW } else { wanted * 2 };
    }
}

struct Pass {
    /// As it is at the start of the window.
    lens: Lens,
    raw: Vec<u8>,
    utf8: Utf8,
    /// Where in the window the output has come to.
    from: usize,
    offset: u64,
    lines: u64,
    leaf_lines: u64,
    carried: Carried,
}

impl Pass {
    /// Reads until the window holds `wanted` bytes; returns whether the input ended.
    fn fill(&mut self, input: &mut dyn Read, wanted: usize) -> io::Result<bool> {
        let held = self.raw.len();
        let missing = (wanted - held.min(wanted)) as u64;
        self.raw.reserve_exact(wanted - held.min(wanted));
        input.take(missing).read_to_end(&mut self.raw)?;
        self.utf8.check(&self.raw[held..]);
        self.carried.bytes += (self.raw.len() - held) as u64;
        Ok(self.raw.len() < wanted)
    }

    /// Puts out the window but for its end, which the next one needs; returns
    /// whether the view was long enough for that.
    fn step(&mut self, output: &mut dyn Write, editor: &mut dyn Editor) -> io::Result<bool> {
        let margin = editor.margin();
        let view = self.lens.clone().view(&self.raw, false);
        if view.text.len() < 4 * margin {
            return Ok(false);
        }
        let end = view.text.len() - margin;
        let turn = Span::new(0, view.whole(Span::new(end, end)).start);
        let cut = view.whole(Span::new(turn.end - margin, turn.end - margin)).start;
        let leaf_lines = self.lines_of_leaf(&view, cut);
        let cut = view.raw(Span::new(cut, cut)).start;
        let until = view.raw(turn).end;
        self.put(output, editor, (&view, turn, until))?;
        drop(view);
        let read = self.lens.view(&self.raw[..cut], false);
        self.note(read.faults);
        self.lens.rebase();
        self.leaf_lines = leaf_lines;
        self.lines += memchr::memchr_iter(b'\n', &self.raw[..cut]).count() as u64;
        self.raw.drain(..cut);
        self.from -= cut;
        self.offset += cut as u64;
        Ok(true)
    }

    /// The lines of the leaf round a place of the view that end in front of the place.
    fn lines_of_leaf(&self, view: &View, at: usize) -> u64 {
        let Some(leaf) = view.leaf_at(at).map(|idx| view.leaves[idx].span) else { return 0 };
        let before = if leaf.start == 0 { self.leaf_lines } else { 0 };
        before + memchr::memchr_iter(b'\n', &view.text[leaf.start..at]).count() as u64
    }

    fn finish(&mut self, output: &mut dyn Write, editor: &mut dyn Editor) -> io::Result<()> {
        let mut view = self.lens.view(&self.raw, true);
        let faults = std::mem::take(&mut view.faults);
        self.note(faults);
        let turn = Span::new(0, usize::MAX);
        self.put(output, editor, (&view, turn, self.raw.len()))
    }

    fn put(
        &mut self,
        output: &mut dyn Write,
        editor: &mut dyn Editor,
        (view, turn, until): (&View, Span, usize),
    ) -> io::Result<()> {
        let turn = Span::new(view.place(self.from), turn.end);
        let (offset, lines, leaf_lines) = (self.offset, self.lines, self.leaf_lines);
        let window = Window { raw: &self.raw, view, turn, offset, lines, leaf_lines };
        for (span, text) in editor.edit(&window) {
            output.write_all(&self.raw[self.from..span.start])?;
            output.write_all(&text)?;
            self.from = span.end;
        }
        let until = until.max(self.from);
        output.write_all(&self.raw[self.from..until])?;
        self.from = until;
        Ok(())
    }

    fn note(&mut self, faults: Vec<Invalid>) {
        let base = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let located = faults.into_iter().map(|fault| Invalid { offset: fault.offset.saturating_add(base), ..fault });
        for fault in located {
            self.carried.n_faults += 1;
            if self.carried.faults.len() < TOLD {
                self.carried.faults.push(fault);
            }
        }
    }

    fn carried(mut self, format: Format) -> Carried {
        let bad = self.utf8.end();
        if let (Some(offset), Format::Json | Format::Jsonl | Format::Sse) = (bad, format) {
            self.carried.n_faults += 1;
            self.carried.faults.push(Invalid { offset, fault: Fault::Utf8 });
        }
        self.carried
    }
}

/// Checks that bytes are UTF-8 as they come.
#[derive(Debug, Default)]
struct Utf8 {
    read: usize,
    /// A character whose end has not come.
    tail: Vec<u8>,
    bad: Option<usize>,
}

impl Utf8 {
    fn check(&mut self, bytes: &[u8]) {
        if self.bad.is_some() {
            return;
        }
        let mut start = 0;
        while !self.tail.is_empty() && start < bytes.len() {
            self.tail.push(bytes[start]);
            start += 1;
            match std::str::from_utf8(&self.tail) {
                Ok(_) => self.tail.clear(),
                Err(err) if err.error_len().is_none() => {}
                Err(_) => {
                    self.bad = Some(self.read.saturating_sub(self.tail.len() - start));
                    return;
                }
            }
        }
        if let Err(err) = std::str::from_utf8(&bytes[start..]) {
            let at = start + err.valid_up_to();
            match err.error_len() {
                None => self.tail.extend_from_slice(&bytes[at..]),
                Some(_) => self.bad = Some(self.read + at),
            }
        }
        self.read += bytes.len();
    }

    /// Returns the offset of the first byte that is not UTF-8.
    fn end(&self) -> Option<usize> {
        self.bad.or_else(|| (!self.tail.is_empty()).then(|| self.read - self.tail.len()))
    }
}
