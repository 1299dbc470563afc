//! Looks at content: all of what is stored whole, and of the rest what is new.

use std::sync::Arc;

use leaktight_core::{Chunk, Encoding, Finding, Origin, Scan, Scanner, Span, has_ascii_run};

use super::hits::{Hit, Secrets};
use super::names::{KindIdx, Known};
use super::passages::{Passages, Unknown};
use super::regions::{Marks, Regions};
use crate::store::{Fault, Lookup, Spans, Visit};

/// Bytes at the start that tell the encoding.
const HEAD: usize = 8 << 10;

/// What an object was scanned with, to be told to its deltas.
#[derive(Debug)]
pub(super) struct Seen {
    kind: KindIdx,
    encoding: Encoding,
    /// Something was found.
    is_hit: bool,
    /// Marks that were met in it, or in what it was made from.
    marks: Marks,
}

/// Scans content, on one thread.
pub(super) struct Screen<'a> {
    scanner: Scanner,
    growth: &'a Regions,
    passages: &'a Passages,
    unknown: Unknown,
    is_exhaustive: bool,
    max_size: Option<u64>,
    lookup: &'a Lookup<'a>,
    known: &'a Known,
    secrets: &'a Secrets,
    decoded: Vec<u8>,
    regions: Vec<Span>,
    tell: &'a (dyn Fn(u64) + Sync),
    pub(super) hits: Vec<Hit>,
    pub(super) faults: Vec<(u32, Fault)>,
    /// Contents of each pack, and their bytes.
    pub(super) counts: Vec<(u64, u64)>,
}

/// What all threads share.
pub(super) struct Shared<'a> {
    pub(super) scanner: &'a Scanner,
    pub(super) growth: &'a Regions,
    pub(super) passages: &'a Passages,
    pub(super) lookup: &'a Lookup<'a>,
    pub(super) known: &'a Known,
    pub(super) secrets: &'a Secrets,
    /// Every content is looked at whole.
    pub(super) is_exhaustive: bool,
    /// Contents of more bytes are left out.
    pub(super) max_size: Option<u64>,
    /// Hears the size of every object that was scanned.
    pub(super) tell: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Screen<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Self {
        // Buffers of its own: all threads would meet at those of a shared scanner.
        let scanner = Scanner::with_limits(Arc::clone(shared.scanner.rules()), shared.scanner.limits().clone())
            .watch(&shared.growth.reach);
        Self {
            scanner,
            growth: shared.growth,
            passages: shared.passages,
            unknown: Unknown::default(),
            is_exhaustive: shared.is_exhaustive,
            max_size: shared.max_size,
            lookup: shared.lookup,
            known: shared.known,
            secrets: shared.secrets,
            decoded: Vec::new(),
            regions: Vec::new(),
            tell: shared.tell,
            hits: Vec::new(),
            faults: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Tells the size of an object, once for all packs that hold it.
    fn count(&mut self, number: u32, bytes: &[u8]) {
        let is_left_out = Fault::beyond(self.max_size, bytes.len()).is_some();
        if self.lookup.first(number) == number && !is_left_out {
            (self.tell)(bytes.len() as u64);
            let pack_idx = self.lookup.pack_of(number);
            if self.counts.len() <= pack_idx {
                self.counts.resize(pack_idx + 1, (0, 0));
            }
            self.counts[pack_idx].0 += 1;
            self.counts[pack_idx].1 += bytes.len() as u64;
        }
    }

    /// Scans an object whole, as all kinds of file it is known as.
    fn whole(&mut self, number: u32, bytes: &[u8]) -> Seen {
        let kind = self.known.first(number);
        if let Some(fault) = Fault::beyond(self.max_size, bytes.len()) {
            self.faults.push((number, fault));
            // What is made from it was not looked at either.
            return Seen { kind, encoding: Encoding::Bytes, is_hit: true, marks: 0 };
        }
        let encoding = Encoding::detect(&bytes[..bytes.len().min(HEAD)]).0;
        let (mut is_hit, mut marks) = self.kind(number, bytes, kind);
        for kind in self.known.further(number) {
            let further = self.kind(number, bytes, *kind);
            (is_hit, marks) = (is_hit | further.0, marks | further.1);
        }
        Seen { kind, encoding, is_hit, marks }
    }

    /// Scans an object whole as one kind of file, and keeps what is found; returns
    /// whether anything was, and the marks that were met.
    fn kind(&mut self, number: u32, bytes: &[u8], kind: KindIdx) -> (bool, Marks) {
        let number = self.lookup.first(number);
        let look = look(&self.scanner, bytes, &self.known.origins[kind as usize], &mut self.decoded);
        for finding in &look.findings {
            let secret = self.secrets.in_content(finding, number);
            self.hits.push(Hit { number, secret, offset: finding.offset });
        }
        (look.is_hit, look.marks)
    }

    /// Scans what is new, and as far round it as that can matter where these marks stand.
    ///
    /// Returns the marks that stand in it now; none where anything may be found.
    fn look_round(&mut self, bytes: &[u8], (kind, spans, marks): (KindIdx, &[Span], Marks)) -> Option<Marks> {
        let near = self.growth.reach.near;
        self.passages.sift(bytes, (spans, near), kind, &mut self.unknown);
        self.growth.near(bytes, &self.unknown.spans, &mut self.regions);
        let new = self.regions(bytes, kind)?;
        let marks = marks | new | self.unknown.marks;
        self.passages.remember(&self.unknown, marks);
        if marks != 0 {
            self.growth.near(bytes, spans, &mut self.regions);
            self.growth.far(bytes, marks, &mut self.regions);
            self.regions(bytes, kind)?;
        }
        Some(marks)
    }

    /// Scans the regions; returns the marks that are met, or nothing where anything is found.
    fn regions(&self, bytes: &[u8], kind: KindIdx) -> Option<Marks> {
        self.regions.iter().try_fold(0, |marks, region| {
            let chunk = Chunk::new(&bytes[region.range()], Arc::clone(&self.known.origins[kind as usize]));
            let scan = self.scanner.scan(&chunk);
            (!is_hit(&scan)).then_some(marks | scan.marks)
        })
    }
}

impl Visit for Screen<'_> {
    type State = Seen;

    fn root(&mut self, number: u32, bytes: &[u8]) -> Seen {
        self.count(number, bytes);
        self.whole(number, bytes)
    }

    fn delta(&mut self, number: u32, bytes: &[u8], (_, base): (&[u8], &Seen), spans: &Spans) -> Seen {
        self.count(number, bytes);
        let kind = self.known.first(number);
        let encoding = Encoding::detect(&bytes[..bytes.len().min(HEAD)]).0;
        let is_alike = kind == base.kind && self.known.further(number).is_empty();
        let is_known = !self.is_exhaustive
            && Fault::beyond(self.max_size, bytes.len()).is_none()
            && !base.is_hit
            && is_alike
            && (encoding, base.encoding) == (Encoding::Bytes, Encoding::Bytes);
        let marks = if is_known { self.look_round(bytes, (kind, spans, base.marks)) } else { None };
        match marks {
            Some(marks) => Seen { kind, encoding, is_hit: false, marks },
            None => self.whole(number, bytes),
        }
    }

    fn fault(&mut self, number: u32, fault: Fault) {
        self.faults.push((number, fault));
    }
}

/// What a look at a content found.
#[derive(Debug, Default)]
struct Look {
    findings: Vec<Finding>,
    /// Something was found, if only what is not to be told.
    is_hit: bool,
    /// The marks that were met.
    marks: Marks,
}

/// Finds the secrets of a content in whatever encoding it is.
///
/// Offsets in text that is not UTF-8 are those of what it stands for.
pub(super) fn scan(scanner: &Scanner, bytes: &[u8], origin: &Arc<Origin>, decoded: &mut Vec<u8>) -> Vec<Finding> {
    look(scanner, bytes, origin, decoded).findings
}

fn look(scanner: &Scanner, bytes: &[u8], origin: &Arc<Origin>, decoded: &mut Vec<u8>) -> Look {
    let (encoding, mark) = Encoding::detect(&bytes[..bytes.len().min(HEAD)]);
    let mut look = Look::default();
    let mut take = |bytes: &[u8]| {
        let scan = scanner.scan(&Chunk::new(bytes, Arc::clone(origin)));
        look.is_hit |= is_hit(&scan);
        look.marks |= scan.marks;
        look.findings.extend(scan.findings);
    };
    if encoding != Encoding::Bytes {
        decoded.clear();
        encoding.decode(&bytes[mark..], decoded);
        take(decoded);
    }
    if encoding == Encoding::Bytes || has_ascii_run(bytes) {
        take(bytes);
    }
    look
}

fn is_hit(scan: &Scan) -> bool {
    !scan.findings.is_empty() || !scan.below.is_empty()
}
