//! Looks at content: all of what is stored whole, and of the rest what is new.

use std::sync::Arc;

use leaktight_core::{Chunk, Encoding, Finding, Scanner, Span};

use super::hits::{Hit, Secrets};
use super::look::{Found, Look, encoding_of, is_hit};
use super::names::{KindIdx, Known};
use super::passages::{Passages, Place, Unknown};
use super::regions::{Marks, Regions};
use crate::store::{Fault, Lookup, Spans, Visit};

/// What an object was scanned with, to be told to its deltas.
#[derive(Debug)]
pub(super) struct Seen {
    kind: KindIdx,
    encoding: Encoding,
    found: Found,
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
            return Seen { kind, encoding: Encoding::Bytes, found: Found::Deeply, marks: 0 };
        }
        let (mut look, places) = self.kind(number, bytes, kind);
        for kind in self.known.further(number) {
            let (further, _) = self.kind(number, bytes, *kind);
            look.found = look.found.max(further.found);
            look.marks |= further.marks;
        }
        let encoding = encoding_of(bytes);
        let is_plain = encoding == Encoding::Bytes && self.known.further(number).is_empty();
        if look.found == Found::Plainly && look.marks == 0 && is_plain && !self.is_exhaustive {
            // What is made from it holds most of its passages.
            self.passages.sift_all(bytes, self.growth.reach.near, kind, &mut self.unknown);
            self.passages.remember(&self.unknown, (&places, 0));
        }
        Seen { kind, encoding, found: look.found, marks: look.marks }
    }

    /// Scans an object whole as one kind of file, and keeps what is found; returns where that is, too.
    fn kind(&mut self, number: u32, bytes: &[u8], kind: KindIdx) -> (Look, Vec<Place>) {
        let look = Look::of(&self.scanner, bytes, &self.known.origins[kind as usize], &mut self.decoded);
        let places = self.keep(number, &look, Vec::new());
        (look, places)
    }

    /// Keeps what was found in an object, now and before; returns where that is, in order.
    fn keep(&mut self, number: u32, look: &Look, mut places: Vec<Place>) -> Vec<Place> {
        let number = self.lookup.first(number);
        let secret = |finding: &Finding| (finding.offset, Some(self.secrets.in_content(finding, number)));
        places.extend(look.findings.iter().map(secret));
        let hit = |(offset, secret): &Place| Some(Hit { number, secret: (*secret)?, offset: *offset });
        self.hits.extend(places.iter().filter_map(hit));
        places.extend(look.below.iter().map(|offset| (*offset, None)));
        places.sort_unstable();
        places
    }

    /// Scans those passages of an object that are not known, and keeps what is found; nothing where
    /// what is found may depend on more than what is near.
    fn passages(&mut self, number: u32, bytes: &[u8], kind: KindIdx) -> Option<Seen> {
        self.passages.sift_all(bytes, self.growth.reach.near, kind, &mut self.unknown);
        self.growth.near(bytes, &self.unknown.spans, &mut self.regions);
        let mut look = Look { marks: self.unknown.marks, ..Look::default() };
        let mut regions = self.regions.iter();
        while look.marks == 0 && look.found < Found::Deeply {
            let Some(region) = regions.next() else { break };
            let chunk = Chunk::new(&bytes[region.range()], Arc::clone(&self.known.origins[kind as usize]));
            look.take(self.scanner.scan(&chunk), region.start as u64);
        }
        if look.marks != 0 || look.found == Found::Deeply {
            return None;
        }
        // What is found beside them is known, or known not to be there.
        look.below.retain(|offset| self.unknown.holds(*offset));
        look.findings.retain(|finding| self.unknown.holds(finding.offset));
        let known = std::mem::take(&mut self.unknown.places);
        if known.len() + look.findings.len() > self.scanner.limits().findings {
            return None;
        }
        let places = self.keep(number, &look, known);
        self.passages.remember(&self.unknown, (&places, 0));
        let found = if places.is_empty() { Found::Nothing } else { Found::Plainly };
        Some(Seen { kind, encoding: Encoding::Bytes, found, marks: 0 })
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
        self.passages.remember(&self.unknown, (&[], marks));
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
            (!is_hit(&scan) && !scan.is_far).then_some(marks | scan.marks)
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
        let (kind, encoding) = (self.known.first(number), encoding_of(bytes));
        let is_alike = kind == base.kind && self.known.further(number).is_empty();
        let is_known = !self.is_exhaustive
            && Fault::beyond(self.max_size, bytes.len()).is_none()
            && is_alike
            && (encoding, base.encoding) == (Encoding::Bytes, Encoding::Bytes);
        if is_known
            && base.found == Found::Nothing
            && let Some(marks) = self.look_round(bytes, (kind, spans, base.marks))
        {
            return Seen { kind, encoding, found: Found::Nothing, marks };
        }
        // Where there are marks they nearly always matter.
        let is_near = is_known && base.found < Found::Deeply && base.marks == 0;
        let seen = if is_near { self.passages(number, bytes, kind) } else { None };
        seen.unwrap_or_else(|| self.whole(number, bytes))
    }

    fn fault(&mut self, number: u32, fault: Fault) {
        self.faults.push((number, fault));
    }
}
