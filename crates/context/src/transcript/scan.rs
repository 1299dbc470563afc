//! Reads transcripts and gathers what leaked.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, thread};

use jiff::Timestamp;
use leaktight_core::{Chunk, Confidence, Finding, Origin, Scanner, Severity, Skip, SkipReason};
use memchr::memmem;

use super::input::{self, Format};
use super::leak::{At, Key, Leak, Leaks, Place, Seen};
use super::lines::{Batch, Batches};
use super::record::{self, Facts};
use super::rows::Rows;
use super::{File, NESTED, Sent, Trouble, sqlite};
use crate::splice::{Document, unescape};

/// Calls whose tool is looked for in one file, at most.
const MOST_CALLS: usize = 10_000;
/// Bytes of a JSON document that is taken apart; of a larger one only the values are known.
const LARGEST_DOCUMENT: u64 = 64 << 20;

/// What counts as a leak, and who may stop the scan.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Report findings of at least this confidence.
    pub confidence: Confidence,
    /// Report findings of at least this severity.
    pub severity: Severity,
    /// Threads to use.
    pub threads: usize,
    /// Says that the scan is to end.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Counts files and bytes while the scan runs.
    pub progress: &'a Progress,
}

/// Files and bytes read so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files.
    pub files: AtomicU64,
    /// Bytes, as they are after unpacking.
    pub bytes: AtomicU64,
}

/// What a scan of transcripts found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// What leaked, in the order to rotate it.
    pub leaks: Vec<Leak>,
    /// The files that hold any of them.
    pub files: Vec<PathBuf>,
    /// Leaks beyond those that are kept.
    pub n_dropped: u64,
    /// What was not read, or not as a whole.
    pub skipped: Vec<Skip>,
}

/// Scans files for the secrets in them.
pub fn scan(scanner: &Scanner, files: &[File<'_>], options: Options<'_>) -> Outcome {
    let next = AtomicUsize::new(0);
    let total = Mutex::new((Leaks::default(), Vec::new(), Vec::new()));
    let work = || {
        let mut leaks = Leaks::default();
        let (mut leaky, mut skipped) = (Vec::new(), Vec::new());
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (found, skip) = one(scanner, file, options);
            if !found.is_empty() {
                leaky.push(file.path.clone());
            }
            leaks.merge(found);
            skipped.extend(skip);
        }
        let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
        total.0.merge(leaks);
        total.1.extend(leaky);
        total.2.extend(skipped);
    };
    thread::scope(|scope| {
        (1..options.threads.min(files.len())).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let (leaks, mut leaky, mut skipped) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    leaky.sort();
    skipped.sort();
    Outcome { files: leaky, n_dropped: leaks.n_dropped, leaks: leaks.ranked(), skipped }
}

/// Scans one file; also returns why it was not read as a whole, if it wasn't.
fn one(scanner: &Scanner, file: &File<'_>, options: Options<'_>) -> (Leaks, Option<Skip>) {
    let mut reading = Reading::new(scanner, file, options);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| reading.run()));
    let (reason, detail) = match outcome {
        Ok(Ok(())) => {
            options.progress.files.fetch_add(1, Ordering::Relaxed);
            return (reading.leaks, None);
        }
        Ok(Err(trouble)) => trouble,
        Err(_) => (SkipReason::Internal, "the scan of it panicked".to_owned()),
    };
    (reading.leaks, Some(Skip::new(&file.path, reason, detail)))
}

/// A file that is being read.
pub(super) struct Reading<'a> {
    pub(super) scanner: &'a Scanner,
    pub(super) file: &'a File<'a>,
    pub(super) options: Options<'a>,
    origin: Arc<Origin>,
    pub(super) leaks: Leaks,
    /// What holds for all records.
    pub(super) facts: Facts,
    /// Values that went to the provider if it answers.
    waiting: Vec<(Key, Place)>,
    /// Values of calls whose tool is not known yet, by the id of the call.
    calls: BTreeMap<String, Vec<Key>>,
    /// The last values found in pieces of a line, and the line.
    pieces: HashMap<u64, Vec<Key>>,
}

impl<'a> Reading<'a> {
    fn new(scanner: &'a Scanner, file: &'a File<'a>, options: Options<'a>) -> Self {
        let stem = file.path.file_name().unwrap_or_default().to_string_lossy();
        let session = stem.split('.').next().unwrap_or_default().to_owned();
        let written = fs::metadata(&file.path).and_then(|meta| meta.modified()).ok();
        let time = written.and_then(|time| Timestamp::try_from(time).ok());
        Self {
            scanner,
            file,
            options,
            origin: Arc::new(Origin::File(file.path.clone())),
            leaks: Leaks::default(),
            facts: Facts { session: Some(session), project: None, time },
            waiting: Vec::new(),
            calls: BTreeMap::new(),
            pieces: HashMap::new(),
        }
    }

    fn run(&mut self) -> Result<(), Trouble> {
        let (packing, format) = input::format(&self.file.path);
        match format {
            Format::Sqlite => {
                let outcome = sqlite::read(&self.file.path, &mut Rows { reading: self });
                outcome.and(self.free_space())
            }
            Format::Document if fs::metadata(&self.file.path).is_ok_and(|meta| meta.len() <= LARGEST_DOCUMENT) => {
                self.document(&mut *input::open(&self.file.path, packing)?)
            }
            _ => {
                self.lines(&mut *input::open(&self.file.path, packing)?, format)?;
                if self.calls.is_empty() {
                    return Ok(());
                }
                self.name_calls(&mut *input::open(&self.file.path, packing)?)
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), Trouble> {
        if (self.options.stop)() { Err((SkipReason::Interrupted, String::new())) } else { Ok(()) }
    }

    /// Reads a file line by line.
    fn lines(&mut self, reader: &mut dyn Read, format: Format) -> Result<(), Trouble> {
        let overlap = self.scanner.rules().overlap();
        let mut batches =
            if format == Format::Text { Batches::of_text(reader, overlap) } else { Batches::new(reader, overlap) };
        let mut is_first = true;
        loop {
            self.check()?;
            let batch = match batches.next() {
                Ok(Some(batch)) => batch,
                Ok(None) => return Ok(()),
                Err(err) => return Err(input::trouble(&err)),
            };
            self.options.progress.bytes.fetch_add(batch.bytes.len() as u64, Ordering::Relaxed);
            if std::mem::take(&mut is_first) && format == Format::Lines {
                self.head(batch.bytes);
            }
            match format {
                Format::Text => self.text(&batch),
                _ if !batch.is_whole => self.piece(&batch),
                _ if self.is_clean(batch.bytes) && self.waiting.is_empty() => {}
                _ => self.records(&batch),
            }
        }
    }

    /// Reads what the first record says about all of them.
    fn head(&mut self, bytes: &[u8]) {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if let Ok(document) = Document::parse(line) {
            let facts = Facts::of_head(self.file.store, document.root());
            self.facts = facts.or(&self.facts);
        }
    }

    /// Whether nothing is to be found in bytes, as they are read and as JSON within JSON.
    fn is_clean(&self, bytes: &[u8]) -> bool {
        self.findings(bytes).is_empty()
    }

    /// Returns what is found in the view of JSON, each value once.
    pub(super) fn findings(&self, bytes: &[u8]) -> Vec<Finding> {
        let mut findings = self.scan(&unescape(bytes));
        let mut text = Cow::Borrowed(bytes);
        for _ in 0..NESTED {
            // Only these lines are worth another look one level down.
            let nested: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| is_nested(line)).collect();
            if nested.is_empty() {
                break;
            }
            text = unescape(&nested.join(&b'\n')).into_owned().into();
            findings.extend(self.scan(&unescape(&text)));
        }
        distinct(findings)
    }

    pub(super) fn scan(&self, text: &[u8]) -> Vec<Finding> {
        let mut findings = self.scanner.scan(&Chunk::new(text, Arc::clone(&self.origin))).findings;
        findings.retain(|finding| {
            let is_enough = finding.confidence >= self.options.confidence && finding.severity >= self.options.severity;
            is_enough && finding.rule().is_secret()
        });
        findings
    }

    /// Takes the records of a batch one by one.
    fn records(&mut self, batch: &Batch<'_>) {
        for (idx, line) in batch.bytes.split(|byte| *byte == b'\n').enumerate() {
            let findings = self.findings(line);
            if findings.is_empty() && self.waiting.is_empty() {
                continue;
            }
            let document = Document::parse(line).ok();
            if let Some(document) = &document {
                self.answer(document);
            }
            if !findings.is_empty() {
                self.record(&findings, document.as_ref(), At::Line(batch.line + idx as u64));
            }
        }
    }

    /// What waited for an answer was sent if a record is one.
    fn answer(&mut self, document: &Document<'_>) {
        let is_reply = |conditions: &Vec<_>| record::all(conditions, document.root());
        if !self.waiting.is_empty() && self.file.store.reply.iter().any(is_reply) {
            for (key, place) in self.waiting.drain(..) {
                self.leaks.answer(&key, &place);
            }
        }
    }

    /// Enters what a record holds.
    fn record(&mut self, findings: &[Finding], document: Option<&Document<'_>>, at: At) {
        let store = self.file.store;
        let facts = document.map(|document| Facts::read(store, document.root())).unwrap_or_default().or(&self.facts);
        // Into a search of the record they are from.
        let values: Vec<&[u8]> = findings.iter().map(|finding| finding.secret.expose()).collect();
        let held = match document {
            Some(document) => record::held(store, document.root(), &values),
            None => vec![record::Held::default(); values.len()],
        };
        for (finding, held) in findings.iter().zip(held) {
            let place = Place { path: self.file.path.clone(), at: at.clone(), sent: held.sent };
            let key = self.enter(finding, (&facts, held.tool.clone()), place.clone());
            if held.may_be_answered && held.sent != Sent::Yes {
                self.waiting.push((key, place));
            }
            if let Some(call) = held.call.filter(|_| held.tool.is_none() && self.calls.len() < MOST_CALLS) {
                self.calls.entry(call).or_default().push(key);
            }
        }
    }

    pub(super) fn enter(&mut self, finding: &Finding, (facts, tool): (&Facts, Option<String>), place: Place) -> Key {
        let seen = Seen {
            place,
            assistant: self.file.assistant.name.clone(),
            session: facts.session.clone(),
            project: facts.project.clone(),
            time: facts.time,
            tool,
        };
        self.leaks.add(finding, seen)
    }

    /// Enters what a piece of a line too long to be taken apart holds.
    fn piece(&mut self, batch: &Batch<'_>) {
        let facts = self.facts.clone();
        for finding in self.findings(batch.bytes) {
            let place = Place { path: self.file.path.clone(), at: At::Line(batch.line), sent: Sent::Unknown };
            // Pieces share some bytes, and a record counts once.
            let key = super::leak::key(&finding);
            let known = self.pieces.entry(batch.line).or_default();
            if !known.contains(&key) {
                known.push(key);
                self.enter(&finding, (&facts, None), place);
            }
        }
    }

    /// Enters what text holds that is nothing but text.
    fn text(&mut self, batch: &Batch<'_>) {
        let facts = self.facts.clone();
        for finding in self.scan(batch.bytes) {
            let line = batch.line + finding.start.line - 1;
            let place = Place { path: self.file.path.clone(), at: At::Line(line), sent: Sent::Unknown };
            let known = self.pieces.entry(line).or_default();
            let key = super::leak::key(&finding);
            if !known.contains(&key) {
                known.push(key);
                self.enter(&finding, (&facts, None), place);
            }
        }
        // Later batches share the last lines of this one at most.
        let last = batch.line + memchr::memchr_iter(b'\n', batch.bytes).count() as u64;
        let overlap = self.scanner.rules().overlap() as u64;
        self.pieces.retain(|line, _| line + overlap >= last);
    }

    /// Reads a file that is one JSON document.
    fn document(&mut self, reader: &mut dyn Read) -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|err| input::trouble(&err))?;
        self.check()?;
        self.options.progress.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let findings = self.findings(&bytes);
        if !findings.is_empty() {
            let document = Document::parse(&bytes).ok();
            self.record(&findings, document.as_ref(), At::Line(1));
        }
        Ok(())
    }

    /// Looks for the records of calls, which name their tools.
    fn name_calls(&mut self, reader: &mut dyn Read) -> Result<(), Trouble> {
        let mut batches = Batches::new(reader, 0);
        while let Some(batch) = batches.next().map_err(|err: io::Error| input::trouble(&err))? {
            self.check()?;
            let mut found = Vec::new();
            for call in self.calls.keys().filter(|_| batch.is_whole) {
                for at in memmem::find_iter(batch.bytes, call.as_bytes()) {
                    let line = leaktight_core::line_around(batch.bytes, at, super::lines::LONGEST);
                    let Ok(document) = Document::parse(&batch.bytes[line.range()]) else { continue };
                    if let Some(tool) = record::tool_of(self.file.store, document.root(), call) {
                        found.push((call.clone(), tool));
                        break;
                    }
                }
            }
            for (call, tool) in found {
                for key in self.calls.remove(&call).unwrap_or_default() {
                    self.leaks.tool(&key, &tool);
                }
            }
            if self.calls.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// Whether a line holds a string with JSON in it: an escape of that is itself escaped.
fn is_nested(line: &[u8]) -> bool {
    memmem::find_iter(line, br"\\").any(|at| matches!(line[at + 2..], [b'\\', b'"', ..] | [b'u' | b'/', ..]))
}

/// Keeps one finding of each value, the gravest.
pub(super) fn distinct(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    let mut seen = std::collections::HashSet::new();
    findings.retain(|finding| seen.insert(super::leak::key(finding)));
    findings
}
