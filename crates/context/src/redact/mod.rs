//! Takes secrets out of text and puts them back.
//!
//! ```
//! use std::sync::Arc;
//! use leaktight_context::redact::{Book, Key, Redactor, restore};
//! use leaktight_context::splice::Format;
//! use leaktight_core::RuleSet;
//!
//! let mut book = Book::new(&Key::random()?);
//! let mut redactor = Redactor::new(Arc::new(RuleSet::builtin()));
//! let line = [r#"{"url": "postgres:\/\/app:"#, "kX4vQ9mZ", r#"@db.internal\/app"}"#].concat();
//! let redacted = redactor.redact(Format::Json, line.as_bytes(), &mut book);
//! assert!(String::from_utf8_lossy(&redacted.bytes).contains("LEAKTIGHT_"));
//! assert_eq!(restore(Format::Json, &redacted.bytes, &book).bytes, line.as_bytes());
//! # Ok::<(), std::io::Error>(())
//! ```

mod book;
mod delta;
mod find;
mod holdback;
mod key;
mod known;
mod placeholder;
mod restore;
mod wide;

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use leaktight_core::{
    Chunk, Confidence, Finding, Limits, Origin, RuleSet, Scan, Scanner, Secret, Severity, Skip, SkipReason, Span,
};

pub use self::book::{Book, Entry, Spelling};
use self::delta::Cut;
use self::find::Piece;
pub use self::holdback::Holdback;
pub use self::key::Key;
pub use self::placeholder::Placeholder;
pub use self::restore::{Restored, restore, restore_file, restore_stream};
use crate::splice::{Carried, Editor, Format, View, Window, carry, escape};

/// How often a window is scanned, at most.
const ROUNDS: usize = 8;

/// Takes secrets out of text.
///
/// Values that the book knows are replaced wherever they stand, also escaped for
/// JSON, percent-encoded and in base64; then what the rules find. The same
/// redactor may be used for any number of texts.
#[derive(Debug)]
pub struct Redactor {
    scanner: Scanner,
    /// Replace findings of at least this confidence.
    pub confidence: Confidence,
    /// The name of the file the text is from: some rules look into certain files only.
    pub origin: Arc<Origin>,
    /// Other files the text may be from, in part: what is found as in any of them is replaced.
    pub others: Vec<Arc<Origin>>,
    /// Keys of JSON objects whose text must stay as it is, such as signatures.
    pub opaque: &'static [&'static str],
}

/// A text without its secrets.
#[derive(Debug)]
#[must_use]
pub struct Redacted {
    /// The text.
    pub bytes: Vec<u8>,
    /// What was replaced and what was not.
    pub report: Report,
}

/// What was replaced in a text and what was not.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What was replaced, in the order of its places; at most [`Report::TOLD`].
    pub hits: Vec<Hit>,
    /// How many were replaced.
    pub n_hits: u64,
    /// What was found and could not be replaced: it stands in no string, or where
    /// the text must stay as it is.
    pub left: Vec<Hit>,
    /// How many were left.
    pub n_left: u64,
    /// What was not scanned.
    pub skipped: Vec<Skip>,
    /// What was read, and where it is not what its format promises.
    pub carried: Carried,
}

impl Report {
    /// How many hits of each kind are told one by one.
    pub const TOLD: usize = 10_000;

    /// Returns whether everything was looked at and all that was found was
    /// replaced, and the text is what its format promises.
    pub fn is_complete(&self) -> bool {
        self.n_left == 0 && self.skipped.is_empty() && self.carried.n_faults == 0
    }
}

/// A secret that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hit {
    /// The rule that found it, or the class of a known value.
    pub class: String,
    /// What stands in its place; none when it was left.
    pub placeholder: Option<Placeholder>,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// It was known already.
    pub known: bool,
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes it took.
    pub len: usize,
    /// Its line, from 1.
    pub line: u64,
    /// Its line within its string, from 1: of a file in a string, the line of the file.
    pub leaf_line: u64,
}

impl Redactor {
    /// Returns a redactor that replaces findings of at least medium confidence.
    ///
    /// Marks `leaktight:allow` count for nothing: the text may come from anyone.
    pub fn new(rules: Arc<RuleSet>) -> Self {
        let mut limits = Limits::default();
        limits.inline_allow = false;
        limits.findings = usize::MAX;
        Self {
            scanner: Scanner::with_limits(rules, limits),
            confidence: Confidence::Medium,
            origin: Arc::new(Origin::Memory),
            others: Vec::new(),
            opaque: &[],
        }
    }

    /// Returns the text without its secrets, which go into the book.
    pub fn redact(&mut self, format: Format, bytes: &[u8], book: &mut Book) -> Redacted {
        let mut out = Vec::with_capacity(bytes.len());
        let report = self.redact_stream(format, (&mut &*bytes, &mut out), book);
        Redacted { report: report.expect("memory can be read and written"), bytes: out }
    }

    /// Copies input to output without its secrets, in memory that does not grow
    /// with the length of the input but only with the secrets.
    ///
    /// # Errors
    ///
    /// Returns what reading or writing returned; then the output ends early.
    pub fn redact_stream(
        &mut self,
        format: Format,
        (input, output): (&mut dyn Read, &mut dyn Write),
        book: &mut Book,
    ) -> io::Result<Report> {
        let margin = self.scanner.rules().overlap().max(book.known().longest()) * delta::spread(format);
        let mut work = Work { redactor: self, book, format, margin, report: Report::default() };
        let carried = carry((format, work.redactor.opaque), (input, output), &mut work)?;
        Ok(Report { carried, ..work.report })
    }

    /// Does as [`Redactor::redact_stream`] does, also with UTF-16 and UTF-32.
    ///
    /// Of those, offsets are those in the text as UTF-8, and what a rule finds in
    /// bytes among them that are no such text is left, which is told as a skip.
    ///
    /// # Errors
    ///
    /// Returns what reading or writing returned; then the output ends early.
    pub fn redact_file(
        &mut self,
        format: Format,
        streams: (&mut dyn Read, &mut dyn Write),
        book: &mut Book,
    ) -> io::Result<Report> {
        let (mut report, aside) = wide::pass(streams, |streams| self.redact_stream(format, streams, book))?;
        let scan = self.scanner.scan(&Chunk::new(&aside.text, Arc::clone(&self.origin)));
        let is_secret = |finding: &&Finding| finding.confidence >= self.confidence;
        let n_left = scan.findings.iter().filter(is_secret).count() as u64;
        report.n_left += n_left;
        if aside.is_cut || !scan.skipped.is_empty() || n_left > 0 {
            let path = self.origin.path().unwrap_or(Path::new("-"));
            let what = "bytes among UTF-16 or UTF-32 that are no such text hold what may be a secret";
            report.skipped.push(Skip::new(path, SkipReason::Encoding, what));
        }
        Ok(report)
    }
}

/// A redactor at work.
struct Work<'a> {
    redactor: &'a Redactor,
    book: &'a mut Book,
    format: Format,
    margin: usize,
    report: Report,
}

impl Editor for Work<'_> {
    fn margin(&self) -> usize {
        self.margin
    }

    fn edit(&mut self, window: &Window<'_>) -> Vec<(Span, Vec<u8>)> {
        let (cuts, turn) = self.cuts(window);
        let mut lines = Lines::new(window);
        let (mut edits, mut hits) = (Vec::new(), Vec::new());
        for piece in self.pieces(window, (&cuts, turn)) {
            let raw = window.view.raw(piece.span);
            let mut hit = lines.hit(&piece, raw);
            if !is_free(window.view, &piece) {
                self.report.n_left += 1;
                if self.report.left.len() < Report::TOLD {
                    self.report.left.push(hit);
                }
                continue;
            }
            let name = self.name(window, &piece, raw);
            edits.push((raw, name.as_str().as_bytes().to_vec()));
            hit.placeholder = Some(name);
            hits.push(hit);
        }
        for cut in cuts {
            hits.push(self.hit(window, &cut));
            edits.extend(
                cut.edits(hits.last().and_then(|hit| hit.placeholder.as_ref()).map_or("", Placeholder::as_str)),
            );
        }
        edits.sort_by_key(|(span, _): &(Span, Vec<u8>)| span.start);
        hits.sort_by_key(|hit| hit.offset);
        self.report.n_hits += hits.len() as u64;
        let room = Report::TOLD.saturating_sub(self.report.hits.len());
        self.report.hits.extend(hits.into_iter().take(room));
        edits
    }
}

impl Work<'_> {
    /// What is to be replaced or told in a turn, besides cuts.
    fn pieces(&mut self, window: &Window<'_>, (cuts, turn): (&[Cut], Span)) -> Vec<Piece> {
        let mut pieces = self.find(window.view);
        pieces.retain(|piece| {
            let is_cut = || cuts.iter().any(|cut| cut.overlaps(window.view.raw(piece.span)));
            (turn.start..turn.end).contains(&piece.span.start) && !is_cut()
        });
        pieces.sort_by_key(|piece| piece.span);
        pieces
    }

    /// What is to be replaced or told in a view.
    fn find(&mut self, view: &View) -> Vec<Piece> {
        let (mut pieces, mut left) = divide(view, find::known(view, self.book));
        // What rules find is looked for elsewhere as well, and its absence may
        // change what rules find: until nothing changes any more.
        for round in 0..ROUNDS {
            let changed = (!pieces.is_empty()).then(|| find::substitute(view, &pieces, self.book));
            let text = changed.as_ref().map_or(&view.text, |changed| &changed.text);
            let scan = self.scan(text);
            let mut detected = find::detected(text, changed.as_ref(), &scan);
            if round == 0 {
                detected.extend(find::in_fields(view, &pieces, |text| self.scan(text)));
            }
            let (fresh, rest) = divide(view, detected.iter().flat_map(|piece| find::clip(view, piece)).collect());
            if round == 0 {
                left.extend(rest);
                self.report.skipped.extend(scan.skipped);
            }
            if fresh.is_empty() {
                break;
            }
            for piece in &fresh {
                self.book.placeholder(&piece.kind.class, &view.text[piece.span.range()]);
            }
            pieces.extend(fresh);
            pieces.extend(divide(view, find::known(view, self.book)).0);
            pieces = find::join(pieces);
        }
        pieces.extend(find::join(left));
        pieces
    }

    /// Scans a text as each of the files it may be from.
    fn scan(&self, text: &[u8]) -> Scan {
        let Redactor { scanner, origin, others, confidence, .. } = self.redactor;
        let mut scan = scanner.scan(&Chunk::new(text, Arc::clone(origin)));
        for other in others {
            scan.findings.extend(scanner.scan(&Chunk::new(text, Arc::clone(other))).findings);
        }
        scan.findings.retain(|finding| finding.confidence >= *confidence);
        scan
    }

    fn name(&mut self, window: &Window<'_>, piece: &Piece, raw: Span) -> Placeholder {
        let depth = piece.leaf.map_or(0, |idx| window.view.leaves[idx].depth);
        let (value, raw) = (&window.view.text[piece.span.range()], &window.raw[raw.range()]);
        let is_usual = escaped(value, depth).as_slice() == raw;
        let spelling = (!is_usual).then(|| Spelling { depth, raw: Secret::new(raw) });
        self.book.name(&piece.kind.class, value, spelling).placeholder.clone()
    }
}

/// Whether a piece stands where text may change.
fn is_free(view: &View, piece: &Piece) -> bool {
    piece.leaf.is_some_and(|idx| !view.leaves[idx].opaque)
}

/// Returns the pieces that may be replaced, in order, and those that may not.
fn divide(view: &View, pieces: Vec<Piece>) -> (Vec<Piece>, Vec<Piece>) {
    let (free, rest) = pieces.into_iter().partition(|piece| is_free(view, piece));
    (find::join(free), rest)
}

/// Returns a value as it stands within so many strings, one in the other.
fn escaped(value: &[u8], depth: u8) -> zeroize::Zeroizing<Vec<u8>> {
    let mut text = zeroize::Zeroizing::new(value.to_vec());
    for _ in 0..depth {
        let mut next = zeroize::Zeroizing::new(Vec::with_capacity(text.len() * 2));
        escape(&text, &mut next);
        text = next;
    }
    text
}

/// Counts lines up to one hit after the other.
struct Lines<'a> {
    window: &'a Window<'a>,
    /// Up to where lines are counted, and how many ended there.
    seen: (usize, u64),
}

impl<'a> Lines<'a> {
    fn new(window: &'a Window<'a>) -> Self {
        Self { window, seen: (0, window.lines) }
    }

    fn hit(&mut self, piece: &Piece, raw: Span) -> Hit {
        let count = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        let (at, lines) = self.seen;
        self.seen = (raw.start, lines + count(&self.window.raw[at..raw.start]));
        let view = self.window.view;
        let leaf = piece.leaf.map_or(piece.span.start, |idx| view.leaves[idx].span.start);
        let before = if leaf == 0 { self.window.leaf_lines } else { 0 };
        Hit {
            class: piece.kind.class.clone(),
            placeholder: None,
            severity: piece.kind.severity,
            confidence: piece.kind.confidence,
            known: piece.kind.known,
            offset: self.window.offset + raw.start as u64,
            len: raw.len(),
            line: self.seen.1 + 1,
            leaf_line: before + count(&view.text[leaf..piece.span.start]) + 1,
        }
    }
}
