//! Scans what sources lend and gathers what comes of it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use leaktight_context::{Attack, Attacks};
use leaktight_core::{
    Chunk, Confidence, Event, Finding, Origin, Scan, Scanner, Severity, Sink, Skip, SkipReason, Source, deliver,
};
use leaktight_git::Inspect;

use crate::interrupt::Interrupt;
use crate::report::{Coverage, place};

/// Findings kept in all; beyond them findings are counted only.
const MOST_FINDINGS: usize = 100_000;

/// Gathers findings and the coverage ledger, from several threads.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    scanner: &'a Scanner,
    attacks: &'a Attacks,
    interrupt: &'a Interrupt,
    files: AtomicU64,
    bytes: AtomicU64,
    capped: AtomicU64,
    /// The scan was broken off because its time was over.
    is_late: AtomicBool,
    gathered: Mutex<Gathered>,
}

/// The least that is reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Least {
    pub(crate) confidence: Confidence,
    pub(crate) severity: Severity,
}

impl Least {
    /// Everything is reported.
    pub(crate) const ALL: Self = Self { confidence: Confidence::Low, severity: Severity::Info };

    fn admits(self, finding: &Finding) -> bool {
        finding.confidence >= self.confidence && finding.severity >= self.severity
    }
}

#[derive(Debug)]
struct Gathered {
    least: Least,
    findings: Vec<Finding>,
    /// Places of findings that are not reported, which keep nothing else.
    below: Vec<(Arc<Origin>, u64, usize)>,
    excluded: BTreeMap<SkipReason, u64>,
    unscanned: Vec<Skip>,
    capped: u64,
}

impl Sink for Gathered {
    fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        if !self.least.admits(&finding) {
            self.below.push((finding.origin, finding.offset, finding.rule_idx));
        } else if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.capped += 1;
        }
        ControlFlow::Continue(())
    }

    fn skipped(&mut self, skip: Skip) {
        if skip.reason.is_exclusion() {
            *self.excluded.entry(skip.reason).or_default() += 1;
        } else {
            self.unscanned.push(skip);
        }
    }
}

/// Whether two findings at one place are of two secrets: a compressed text is one place.
fn are_two(a: &Finding, b: &Finding) -> bool {
    !a.origin.steps().is_empty() && a.fingerprint != b.fingerprint
}

/// Returns what a file tells assistants to do. One in parts is larger than any
/// that is read; of a diff only a file that it adds is whole.
fn settings((scanner, attacks): (&Scanner, &Attacks), chunk: &Chunk<'_>) -> Vec<Finding> {
    let Some(path) = chunk.origin.name().filter(|_| chunk.offset == 0) else { return Vec::new() };
    let mut attacks = attacks.inspect(path, chunk.bytes);
    if chunk.added.is_some() {
        attacks.retain(|attack| !attack.span.is_empty() && chunk.is_added(attack.span));
    }
    if attacks.is_empty() {
        return Vec::new();
    }
    let place = |attack: &Attack| Some((scanner.rules().find(&attack.id)?.0, attack.span));
    scanner.report(chunk, &attacks.iter().filter_map(place).collect::<Vec<_>>())
}

/// Finds attacks on assistants in the files of a history.
pub(crate) struct Inspector {
    pub(crate) scanner: Scanner,
    pub(crate) attacks: Attacks,
}

impl Inspect for Inspector {
    fn concerns(&self, path: &Path) -> bool {
        self.attacks.concern(path)
    }

    fn leads(&self, folder: &Path) -> bool {
        self.attacks.lead(folder)
    }

    fn inspect(&self, chunk: &Chunk<'_>) -> Vec<Finding> {
        settings((&self.scanner, &self.attacks), chunk)
    }
}

impl<'a> Collector<'a> {
    /// Returns a collector for what a scanner and a parser of assistants' settings find.
    pub(crate) fn new((scanner, attacks): (&'a Scanner, &'a Attacks), interrupt: &'a Interrupt, least: Least) -> Self {
        let gathered = Gathered {
            least,
            findings: Vec::new(),
            below: Vec::new(),
            excluded: BTreeMap::new(),
            unscanned: Vec::new(),
            capped: 0,
        };
        Self {
            scanner,
            attacks,
            interrupt,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            capped: AtomicU64::new(0),
            is_late: AtomicBool::new(false),
            gathered: Mutex::new(gathered),
        }
    }

    /// Scans everything a source lends.
    pub(crate) fn drive(&self, source: &dyn Source) {
        source.drive(&|event| self.take(event));
    }

    /// Returns the number of files and bytes scanned so far.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    fn take(&self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Chunk(chunk) => {
                let mut scan = self.scanner.scan(&chunk);
                scan.findings.extend(settings((self.scanner, self.attacks), &chunk));
                if !scan.below.is_empty() {
                    let place = |(offset, rule_idx): &(u64, usize)| (Arc::clone(&chunk.origin), *offset, *rule_idx);
                    self.lock().below.extend(scan.below.iter().map(place));
                }
                self.keep(scan)?;
            }
            Event::Found(scan) => self.keep(*scan)?,
            Event::Scanned(bytes) => {
                self.files.fetch_add(1, Ordering::Relaxed);
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Event::Skipped(skip) => self.lock().skipped(skip),
        }
        if !self.interrupt.is_over() {
            return ControlFlow::Continue(());
        }
        self.is_late.fetch_or(self.interrupt.code().is_none(), Ordering::Relaxed);
        ControlFlow::Break(())
    }

    fn keep(&self, scan: Scan) -> ControlFlow<()> {
        if scan.capped > 0 {
            self.capped.fetch_add(scan.capped as u64, Ordering::Relaxed);
        }
        if scan.findings.is_empty() && scan.skipped.is_empty() {
            return ControlFlow::Continue(());
        }
        deliver(scan, &mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Gathered> {
        // A panic elsewhere leaves whole findings behind, so they still count.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the findings in a stable order, each once, the number of those
    /// that are not reported, and the ledger.
    pub(crate) fn finish(self) -> (Vec<Finding>, u64, Coverage) {
        let gathered = self.gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut findings = gathered.findings;
        let rule_id = |finding: &Finding| finding.rule().id.clone();
        findings.sort_by(|a, b| {
            let order = (place(&a.origin), a.offset).cmp(&(place(&b.origin), b.offset));
            order.then_with(|| rule_id(a).cmp(&rule_id(b))).then_with(|| b.secret.len().cmp(&a.secret.len()))
        });
        // The overlap of two parts of a large file is scanned twice, and a
        // match that the end of a part cuts short is whole in the next.
        findings
            .dedup_by(|a, b| (&a.origin, a.offset, a.rule_idx) == (&b.origin, b.offset, b.rule_idx) && !are_two(a, b));
        let mut below = gathered.below;
        below.sort_unstable();
        below.dedup();
        let mut unscanned = gathered.unscanned;
        if self.is_late.into_inner() {
            Coverage::blame_deadline(&mut unscanned);
        }
        unscanned.sort();
        // A file that was broken off is told by whoever scans it and by whoever walks on.
        let is_broken = |skip: &Skip| matches!(skip.reason, SkipReason::Interrupted | SkipReason::Deadline);
        unscanned.dedup_by(|next, last| is_broken(next) && (&next.path, next.reason) == (&last.path, last.reason));
        let coverage = Coverage {
            scanned: self.files.into_inner(),
            bytes: self.bytes.into_inner(),
            excluded: gathered.excluded,
            unscanned,
            capped: self.capped.into_inner() + gathered.capped,
            interrupted: self.interrupt.code().is_some(),
            allowed: Vec::new(),
        };
        (findings, below.len() as u64, coverage)
    }
}
