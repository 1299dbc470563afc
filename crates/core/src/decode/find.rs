//! Finds the places that stand for text, from what the gate sees anyway.

use super::control::control_len;
use super::digits::{Digits, sextet};
use super::escape::{self, Syntax};
use super::stretch::{BASE64, HEX, STRIDE, may_hold_text};
use super::{Place, Step, concat, control, inflate, utf16};
use crate::chunk::{Chunk, Origin};
use crate::span::{Span, line_around};

/// Characters of a run that may be encoded, at least.
pub(crate) const LEAST_RUN: u32 = BASE64.least as u32;

/// Bytes before an escape and behind the last one that are decoded with them,
/// so that a token and its name are whole.
const BEFORE: usize = 128;
const BEHIND: usize = 1024;

/// Bytes of openers that make a lane of the gate worth a look.
const OPENERS: u32 = 4;

/// Returns whether a run of digits may stand for text, or for a stream.
#[inline]
pub(crate) fn may_stand_for_text(run: &[u8]) -> bool {
    run.len() >= LEAST_RUN as usize && (may_hold_text(run) || inflate::starts_in_base64(run).is_some())
}

/// Gathers the places of one chunk that stand for text.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    places: Vec<Place>,
    /// Where the digits that belong to no place yet begin.
    digits: usize,
    /// The same for streams in base64.
    streams: usize,
    /// The same for UTF-16.
    units: usize,
    windows: [Window; 5],
}

/// The last window of one family of escapes.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// The end of the last escape that belongs to it.
    chained: usize,
    /// Its index among the places, and its end.
    last: Option<(usize, usize)>,
}

impl Finder {
    /// Looks at what starts a chunk and says what all of it is.
    ///
    /// A compressed file is not decoded here: whoever reads files knows more of it.
    pub(crate) fn look_at_start(&mut self, chunk: &Chunk<'_>) {
        if inflate::is_stream(chunk.bytes) && matches!(*chunk.origin, Origin::Nested { .. }) {
            self.places.push(Place { span: Span::new(0, chunk.bytes.len()), step: Step::Gzip });
        }
        // They are so rare that looking for the first byte of one costs next to nothing.
        for at in memchr::memchr_iter(control::ESCAPE, chunk.bytes) {
            if control_len(&chunk.bytes[at..]).is_some() {
                self.open(chunk.bytes, at, CONTROL);
            }
        }
    }

    /// Returns the places found, in their order, and forgets them.
    pub(crate) fn take(&mut self) -> Vec<Place> {
        let mut places = std::mem::take(&mut self.places);
        *self = Self::default();
        places.sort_unstable();
        places
    }

    /// Looks at a run of digits that may stand for text.
    pub(crate) fn look_at_run(&mut self, bytes: &[u8], run: Span) {
        if let Some(at) = inflate::starts_in_base64(&bytes[run.range()]) {
            self.look_at_stream(bytes, run.start + at);
        }
        let mut first = run.start.max(self.digits);
        while first < run.end {
            let from = self.digits.max(run.start);
            match stretch_near(bytes, first, Span::new(from, run.end)) {
                Some(place) => {
                    self.places.push(place);
                    self.digits = place.span.end;
                    first = place.span.end;
                }
                None => first += STRIDE,
            }
        }
    }

    /// Takes all the digits of what starts like a stream.
    fn look_at_stream(&mut self, bytes: &[u8], start: usize) {
        if start >= self.streams {
            let digits = Digits::new(bytes, Span::new(start, bytes.len()), sextet);
            self.streams = digits.last().map_or(start, |(at, _)| at + 1);
            self.places.push(Place { span: Span::new(start, self.streams), step: Step::Base64 });
        }
    }

    /// Looks at a lane of the gate that [`may_be_coded`].
    pub(crate) fn look_at_lane(&mut self, bytes: &[u8], at: usize, narrow: u64, openers: u64) {
        if is_dense(openers) != 0 {
            self.look_at_openers(bytes, at, openers);
        }
        let alternating = every_other(narrow);
        if alternating != 0 {
            self.look_at_units(bytes, at + alternating.trailing_zeros() as usize);
        }
    }

    /// Looks for text that is escaped throughout.
    fn look_at_openers(&mut self, bytes: &[u8], base: usize, openers: u64) {
        let mut rest = close_together(openers);
        while rest != 0 {
            let at = base + rest.trailing_zeros() as usize;
            rest &= rest - 1;
            for (number, syntax) in SYNTAXES.iter().enumerate() {
                if bytes.get(at) == Some(&syntax.opener) && syntax.is_dense(&bytes[at..]) {
                    self.open(bytes, at, number);
                }
            }
        }
    }

    fn look_at_units(&mut self, bytes: &[u8], at: usize) {
        if at >= self.units
            && let Some(span) = utf16::stretch(bytes, at, self.units)
        {
            self.places.push(Place { span, step: Step::Utf16 });
            self.units = span.end;
        }
    }

    /// Looks at what touches a token: an escape in it, or a literal that is joined to it.
    pub(crate) fn look_at_token(&mut self, bytes: &[u8], token: Span) {
        if let Some(next @ (b'\\' | b'%' | b'&' | b'"' | b'\'' | b'`')) = bytes.get(token.end) {
            self.look_behind(bytes, token.end, *next);
        }
        let before = &bytes[..token.start];
        match before.last() {
            Some(b'\\' | b'%') => self.look_at_escape(bytes, token.start - 1),
            Some(b'/') => self.look_at_escape(bytes, token.start.saturating_sub(2)),
            Some(b';') => {
                let opener = before.iter().rev().take(12).position(|byte| *byte == b'&');
                opener.into_iter().for_each(|back| self.look_at_escape(bytes, token.start - 1 - back));
            }
            Some(b'"' | b'\'' | b'`') => {
                let closing = concat::joined_before(bytes, token.start);
                closing.into_iter().for_each(|at| self.open(bytes, at, CONCAT));
            }
            _ => {}
        }
    }

    fn look_behind(&mut self, bytes: &[u8], at: usize, next: u8) {
        if matches!(next, b'\\' | b'%' | b'&') {
            self.look_at_escape(bytes, at);
        } else if concat::joined(bytes, at).is_some() {
            self.open(bytes, at, CONCAT);
        }
    }

    fn look_at_escape(&mut self, bytes: &[u8], at: usize) {
        if let Some(number) = SYNTAXES.iter().position(|syntax| syntax.hides(&bytes[at..])) {
            self.open(bytes, at, number);
        }
    }

    /// Opens a window round an escape, or widens the last one.
    fn open(&mut self, bytes: &[u8], at: usize, number: usize) {
        let window = &mut self.windows[number];
        if at < window.chained {
            return;
        }
        window.chained = match SYNTAXES.get(number) {
            Some(syntax) => syntax.chain(bytes, at),
            None if number == CONTROL => at + control_len(&bytes[at..]).unwrap_or_default(),
            None => concat::chain(bytes, at),
        };
        let start = line_around(bytes, at, BEFORE).start;
        let mut end = line_around(bytes, window.chained, BEHIND).end;
        // Lines in colour belong together: a key has many.
        end += usize::from(number == CONTROL && bytes.get(end) == Some(&b'\n'));
        match window.last.filter(|(_, last)| start <= *last) {
            Some((idx, last)) => {
                let end = last.max(end);
                self.places[idx].span.end = end;
                window.last = Some((idx, end));
            }
            None => {
                window.last = Some((self.places.len(), end));
                let step = [Step::Percent, Step::Escape, Step::Entity, Step::Concat, Step::Control][number];
                self.places.push(Place { span: Span::new(start, end), step });
            }
        }
    }
}

static SYNTAXES: [&Syntax; 3] = [&escape::PERCENT, &escape::BACKSLASH, &escape::ENTITY];
/// The number of the window of joined literals, behind those of the syntaxes.
const CONCAT: usize = SYNTAXES.len();
/// The number of the window of control sequences.
const CONTROL: usize = CONCAT + 1;

/// The stretch of text whose group begins near `first`.
fn stretch_near(bytes: &[u8], first: usize, run: Span) -> Option<Place> {
    [&BASE64, &HEX].into_iter().find_map(|radix| {
        (first..first + radix.group).find_map(|at| {
            let fits = at + radix.group <= run.end;
            let span = if fits { radix.stretch(bytes, at, run) } else { None };
            span.map(|span| Place { span, step: radix.step })
        })
    })
}

/// Bits that are not all zero where 64 bytes may be escaped throughout or in
/// UTF-16, of which masks tell where a token may go on and where an escape may open.
#[inline(always)]
pub(crate) fn may_be_coded(narrow: u64, openers: u64) -> u64 {
    is_dense(openers) | every_other(narrow)
}

/// Bits that are not all zero where there are enough openers for a look.
#[inline(always)]
fn is_dense(openers: u64) -> u64 {
    (1..OPENERS).fold(openers, |rest, _| rest & rest.wrapping_sub(1))
}

/// The bits at which eight bits begin that are set by turns with others that are not.
#[inline(always)]
fn every_other(mask: u64) -> u64 {
    let one = mask & !(mask >> 1);
    let two = one & one >> 2;
    let four = two & two >> 4;
    four & four >> 8
}

/// The bits behind which three more follow, each three to nine bits behind the last.
fn close_together(mask: u64) -> u64 {
    let followed = |mask: u64| (3..=9).fold(0, |near, distance| near | mask >> distance);
    (1..OPENERS).fold(mask, |chain, _| mask & followed(chain))
}
