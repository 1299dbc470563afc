//! From bytes to findings: gate, confirm, filter, overlap.

mod classify;
mod confirm;
mod filter;
mod gate;
mod judge;
mod mark;
mod nested;
mod overlap;
mod owners;
mod runs;
mod sieve;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memmem;

use self::classify::Level;
use self::confirm::{Kept, Match};
pub(crate) use self::filter::wildcard;
use self::gate::Scratch;
use self::nested::Budget;
use crate::chunk::Chunk;
use crate::decode::Place;
use crate::finding::{Finding, Reason};
use crate::pipeline::{Skip, SkipReason};
use crate::reach::Reach;
use crate::rule::Confidence;
use crate::ruleset::RuleSet;
use crate::span::Span;

/// Finds secrets in chunks, with one rule set.
///
/// A scanner is cheap to clone and may be used from several threads.
#[derive(Clone)]
pub struct Scanner {
    rules: Arc<RuleSet>,
    limits: Limits,
    level: Level,
    /// The marks that stand in each literal of the gate, as bits; empty when none are watched for.
    marks: Arc<[u64]>,
    /// The rules that it watches for, by index.
    linked: Arc<[usize]>,
    /// Buffers that scans leave for the next ones, one for each thread or so.
    buffers: Arc<Mutex<Vec<Buffers>>>,
}

/// What a scan leaves for the next one.
#[derive(Debug, Default)]
struct Buffers {
    scratch: Scratch,
    kept: Kept,
}

/// What one pass over a chunk yields.
struct Matched {
    /// In the order of their places.
    matches: Vec<Match>,
    /// What stands for other bytes.
    places: Vec<Place>,
    /// The marks that were met.
    marks: u64,
    /// The pass was ended early.
    is_cut: bool,
}

/// What a scan may do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Findings of one chunk, at most; the rest is counted in [`Scan::capped`].
    pub findings: usize,
    /// The least confidence a finding is made for; places of others are in [`Scan::below`].
    pub confidence: Confidence,
    /// Keep the candidates that were turned down, and why, in [`Scan::rejected`].
    pub explain: bool,
    /// Honour marks `leaktight:allow` in the text, and `leaktight:allow-next-line` on the line before.
    pub inline_allow: bool,
    /// Other marks that count like the first, for every rule, such as `gitleaks:allow`.
    pub marks: Vec<String>,
    /// How often what was decoded is decoded again, at most; with 0 nothing is
    /// decoded. What lies deeper is a [`Skip`].
    pub depth: usize,
    /// Run every rule over every byte rather than ask the gate. It finds the
    /// same, far more slowly: this is what the gate is tested against.
    pub exhaustive: bool,
    /// Use the portable code even where the machine has better.
    pub portable: bool,
    /// Ends scans once it is set, also one that has begun: within some thousand bytes, but not before
    /// the first 64 KiB of a chunk. What they did not look at any more is a [`Skip`].
    pub stop: Option<Arc<AtomicBool>>,
}

impl Limits {
    /// Returns whether scans are to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            findings: 10_000,
            confidence: Confidence::Low,
            explain: false,
            inline_allow: true,
            marks: Vec::new(),
            depth: 4,
            exhaustive: false,
            portable: false,
            stop: None,
        }
    }
}

/// What a scan found, and what it did not look at.
#[derive(Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct Scan {
    /// The findings, in the order of their places; the suppressed among them.
    pub findings: Vec<Finding>,
    /// Offsets and rules of what was found with less than [`Limits::confidence`].
    pub below: Vec<(u64, usize)>,
    /// What was not scanned.
    pub skipped: Vec<Skip>,
    /// Findings beyond [`Limits::findings`].
    pub capped: usize,
    /// Candidates that were turned down, when asked for.
    pub rejected: Vec<Rejection>,
    /// Marks that were met, of those the scanner [watches](Scanner::watch) for, as bits by their order.
    pub marks: u64,
    /// What is found may depend on text however far away: something was inflated, or, where the
    /// scanner [watches](Scanner::watch), a rule matched whose companion may stand farther away than what is near.
    pub is_far: bool,
}

/// A place where a pattern matched and the finding was turned down.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    /// Index of the rule.
    pub rule_idx: usize,
    /// Where the pattern matched, within the chunk.
    pub span: Span,
    /// What spoke against it.
    pub reason: Reason,
}

impl Scanner {
    /// Returns a scanner with the usual limits.
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self::with_limits(rules, Limits::default())
    }

    /// Returns a scanner with limits of your own.
    pub fn with_limits(rules: Arc<RuleSet>, limits: Limits) -> Self {
        let level = if limits.portable { Level::Portable } else { Level::detect() };
        Self { rules, limits, level, marks: Arc::default(), linked: Arc::default(), buffers: Arc::default() }
    }

    /// Returns the scanner, which now tells in [`Scan::marks`] which marks it meets.
    ///
    /// A mark is met where a rule to which it leads could match by what stands next to it: alone,
    /// where the rule asks for nothing else, or beside a token. Marks beyond the 64th are not watched for,
    /// and a scan without the gate ([`Limits::exhaustive`]) meets none.
    #[must_use]
    pub fn watch(mut self, reach: &Reach) -> Self {
        let of = |text: &[u8]| {
            let marks = reach.marks.iter().take(u64::BITS as usize).enumerate();
            let held = marks.filter(|(_, mark)| memmem::find(text, &mark.text).is_some());
            held.fold(0, |all, (idx, _)| all | 1 << idx)
        };
        self.marks = self.rules.tables().literals.iter().map(|literal| of(&literal.text)).collect();
        self.linked = reach.linked().into();
        self
    }

    /// Returns the rules.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// Returns the limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Finds the secrets of a chunk.
    pub fn scan(&self, chunk: &Chunk<'_>) -> Scan {
        let mut budget = Budget::new(chunk.bytes.len(), self.limits.depth);
        let mut scan = self.scan_within(chunk, &mut budget);
        scan.skipped.extend(budget.skip(chunk));
        scan
    }

    /// Finds the secrets of a chunk and of what it decodes to.
    fn scan_within(&self, chunk: &Chunk<'_>, budget: &mut Budget) -> Scan {
        let mut scan = Scan::default();
        let Matched { mut matches, places, marks, is_cut } = self.matches(chunk, &mut scan.rejected);
        scan.marks = marks;
        if is_cut {
            let path = chunk.origin.path().map_or_else(|| "-".into(), Into::into);
            let detail = "its scan was not ended".to_owned();
            scan.skipped.push(Skip { path, reason: SkipReason::Interrupted, detail });
        }
        let mut nested = nested::scan(self, chunk, &places, (budget, &mut scan));
        if !matches.is_empty() {
            scan.is_far |= matches.iter().any(|found| self.linked.binary_search(&found.rule_idx).is_ok());
            filter::companions(&self.rules, &mut matches, &mut scan.rejected);
            overlap::resolve(&self.rules, chunk.bytes, &mut matches, &mut scan.rejected);
        }
        nested::settle(&mut matches, &mut nested, &mut scan.rejected);
        let (new, below): (Vec<&Match>, Vec<&Match>) = matches
            .iter()
            .filter(|found| chunk.is_added(found.secret))
            .partition(|found| found.confidence >= self.limits.confidence);
        let place = |found: &&Match| (chunk.offset + found.secret.start as u64, found.rule_idx);
        scan.below.extend(below.iter().map(place));
        scan.capped += (new.len() + nested.len()).saturating_sub(self.limits.findings);
        scan.findings = judge::findings(self, chunk, &matches, nested);
        if self.limits.explain {
            // What is decoded stands partly outside as well.
            scan.rejected.sort_by_key(|rejection| (rejection.span, rejection.rule_idx));
            scan.rejected.dedup();
        } else {
            scan.rejected = Vec::new();
        }
        scan
    }

    /// Turns settings that a parser found into findings: indices of rules that
    /// are [`Rule::parsed`](crate::Rule::parsed), and the spans of names that may be shown.
    ///
    /// Secrets that stand on the same lines are masked. Rules that are switched
    /// off are left out.
    ///
    /// # Panics
    ///
    /// Panics when a span reaches beyond the chunk or there is no such rule.
    pub fn report(&self, chunk: &Chunk<'_>, places: &[(usize, Span)]) -> Vec<Finding> {
        let on = |place: &&(usize, Span)| !self.rules.adjusted(place.0).off;
        let mut places: Vec<(usize, Span)> = places.iter().filter(on).copied().collect();
        if places.is_empty() {
            return Vec::new();
        }
        places.sort_unstable_by_key(|(rule_idx, span)| (*span, *rule_idx));
        let found = self.matches(chunk, &mut Vec::new());
        judge::settings(self, chunk, &places, &found.matches)
    }

    /// Every match that the filter lets pass, and what else is seen on the way.
    fn matches(&self, chunk: &Chunk<'_>, rejected: &mut Vec<Rejection>) -> Matched {
        let mut buffers = self.lock().pop().unwrap_or_default();
        buffers.scratch.finder.look_at_start(chunk);
        let kept = (rejected, &mut buffers.kept);
        let mut confirm = confirm::Confirm::new(&self.rules, chunk, &self.limits, kept);
        if self.limits.exhaustive {
            gate::everywhere(&self.rules, chunk.bytes, &mut confirm);
            gate::encoded(&self.rules, chunk.bytes, &mut buffers.scratch);
        } else {
            let how = (self.level, &*self.marks);
            gate::candidates(&self.rules, chunk.bytes, how, &mut buffers.scratch, &mut confirm);
        }
        let (mut matches, is_cut) = confirm.finish();
        let (places, marks) = (buffers.scratch.finder.take(), std::mem::take(&mut buffers.scratch.marks));
        self.lock().push(buffers);
        matches.sort_by_key(|found| (found.secret, found.rule_idx, found.whole));
        matches.dedup_by_key(|found| (found.secret, found.rule_idx));
        Matched { matches, places, marks, is_cut }
    }

    /// The buffers that lie ready. A panic in a scan loses its own buffers only.
    fn lock(&self) -> MutexGuard<'_, Vec<Buffers>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanner").field("rules", &self.rules).field("limits", &self.limits).finish_non_exhaustive()
    }
}
