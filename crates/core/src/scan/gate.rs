//! Names the places where a rule could match.
//!
//! Contract: may name places where nothing matches, but never misses one.

use super::Limits;
use super::classify::{BEYOND, BLOCK_LANES, LANE, Level, Masks};
use super::confirm::Confirm;
use super::runs::{Kind, Run, RunFinder};
use super::tables::{Tables, TextSearch, Use};
use crate::rule::Driver;
use crate::ruleset::{LONGEST_MATCH, RuleSet};

/// A rule, and where its match could start and end.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Candidate {
    pub(super) rule_idx: u32,
    /// The first place the match could start at.
    pub(super) from: usize,
    /// The last place the match could start at.
    pub(super) to: usize,
    /// The end of the window.
    pub(super) end: usize,
}

/// Candidates confirmed at a time.
const BATCH: usize = 4096;

/// Gives `confirm` every place where a rule of the set could match.
pub(super) fn candidates(rules: &RuleSet, bytes: &[u8], limits: &Limits, confirm: &mut Confirm<'_, '_>) {
    let level = if limits.portable { Level::Portable } else { Level::detect() };
    let mut gate = Gate {
        rules,
        tables: rules.tables(),
        bytes,
        candidates: Vec::new(),
        runs: Vec::new(),
        hits: Vec::new(),
        stretches: Vec::new(),
        places: Vec::new(),
    };
    gate.sweep(level, confirm);
    gate.corasick();
    for rule_idx in &gate.tables.whole {
        if confirm.is_wanted(*rule_idx) {
            gate.candidates.push(Candidate { rule_idx: *rule_idx, from: 0, to: bytes.len(), end: bytes.len() });
        }
    }
    gate.flush(confirm);
}

/// Gives `confirm` the whole of the bytes for every rule: the slow twin.
pub(super) fn everywhere(rules: &RuleSet, bytes: &[u8], confirm: &mut Confirm<'_, '_>) {
    for rule_idx in 0..rules.len() as u32 {
        confirm.try_candidate(Candidate { rule_idx, from: 0, to: bytes.len(), end: bytes.len() });
    }
}

struct Gate<'a> {
    rules: &'a RuleSet,
    tables: &'a Tables,
    bytes: &'a [u8],
    candidates: Vec<Candidate>,
    runs: Vec<Run>,
    /// Context words found: place and literal.
    hits: Vec<(usize, u32)>,
    stretches: Vec<(usize, usize)>,
    /// Places that may hold a window of some literal.
    places: Vec<usize>,
}

impl Gate<'_> {
    /// Classifies the bytes block by block and follows up what stands out.
    fn sweep(&mut self, level: Level, confirm: &mut Confirm<'_, '_>) {
        let mut masks = Masks::default();
        let mut finder = RunFinder::default();
        let mut padded = Vec::new();
        let n_lanes = self.bytes.len().div_ceil(LANE);
        for first in (0..n_lanes).step_by(BLOCK_LANES) {
            let base = first * LANE;
            let count = BLOCK_LANES.min(n_lanes - first);
            // One lane more, so that a run can be seen to go on.
            let end = base + (count + 1) * LANE + BEYOND;
            let block = if let Some(block) = self.bytes.get(base..end) {
                block
            } else {
                padded.clear();
                padded.extend_from_slice(&self.bytes[base..]);
                padded.resize(end - base, 0);
                &padded
            };
            masks.fill(block, &self.tables.teddy, level);
            self.runs.clear();
            finder.find(self.bytes, base, count, &masks, &mut self.runs);
            self.follow_words(base, &masks.word[..count]);
            self.follow_runs();
            if self.candidates.len() >= BATCH {
                self.flush(confirm);
            }
        }
    }

    fn flush(&mut self, confirm: &mut Confirm<'_, '_>) {
        self.candidates.sort_unstable();
        self.candidates.dedup();
        for candidate in self.candidates.drain(..) {
            confirm.try_candidate(candidate);
        }
    }

    /// Looks up what the vector search found.
    fn follow_words(&mut self, base: usize, words: &[u64]) {
        let TextSearch::Teddy(table) = &self.tables.text else { return };
        self.places.clear();
        table.sieve_bits(self.bytes, base, words, &mut self.places);
        let (rules, bytes, candidates) = (self.rules, self.bytes, &mut self.candidates);
        for at in &self.places {
            table.find_at(bytes, *at, |literal, start| {
                if rules.tables().literals[literal as usize].is_at(bytes, start) {
                    anchored(rules, literal, start, bytes.len(), candidates);
                }
            });
        }
    }

    /// Searches for many literals at once, where there are too many for vectors.
    fn corasick(&mut self) {
        let TextSearch::Corasick(search, list) = &self.tables.text else { return };
        for found in search.find_overlapping_iter(self.bytes) {
            let literal = list[found.pattern().as_usize()];
            if self.tables.literals[literal as usize].is_at(self.bytes, found.start()) {
                anchored(self.rules, literal, found.start(), self.bytes.len(), &mut self.candidates);
            }
        }
    }

    /// Searches the surroundings of the runs for literals and context words.
    fn follow_runs(&mut self) {
        self.follow_cold();
        if self.runs.is_empty() {
            return;
        }
        self.lay_stretches();
        self.hits.clear();
        let (tables, bytes) = (self.tables, self.bytes);
        self.places.clear();
        for (from, to) in &self.stretches {
            tables.near.sieve(bytes, *from, *to, &mut self.places);
        }
        for at in &self.places {
            tables.near.find_at(bytes, *at, |literal, start| {
                if tables.literals[literal as usize].is_at(bytes, start) {
                    self.hits.push((start, literal));
                    anchored(self.rules, literal, start, bytes.len(), &mut self.candidates);
                }
            });
        }
        self.hits
            .retain(|(_, literal)| tables.uses[*literal as usize].iter().any(|one| matches!(one, Use::Context { .. })));
        if !self.hits.is_empty() {
            self.hits.sort_unstable();
            self.join_context();
        }
    }

    /// Looks for prefixes where a token may start in a run without a digit, and
    /// leaves the other runs.
    fn follow_cold(&mut self) {
        let (rules, tables, bytes, candidates) = (self.rules, self.tables, self.bytes, &mut self.candidates);
        let mut look = |at: usize| {
            tables.prefixes.find_at(bytes, at, |literal, start| {
                if tables.literals[literal as usize].is_at(bytes, start) {
                    anchored(rules, literal, start, bytes.len(), candidates);
                }
            });
        };
        self.runs.retain(|run| {
            if run.kind == Kind::Cold {
                token_starts(bytes, *run, &mut look);
            }
            run.kind != Kind::Cold
        });
    }

    /// The surroundings of all runs of the block, in order and disjoint.
    fn lay_stretches(&mut self) {
        self.stretches.clear();
        for run in &self.runs {
            let margin = self.tables.margins.of(*run);
            let from = run.start.saturating_sub(margin.before);
            let to = (run.end + margin.after).min(self.bytes.len());
            self.stretches.push((from, to));
        }
        self.stretches.sort_unstable();
        self.stretches.dedup_by(|next, last| {
            let joined = next.0 <= last.1;
            if joined {
                last.1 = last.1.max(next.1);
            }
            joined
        });
    }

    /// Brings the context words found to the runs near them.
    fn join_context(&mut self) {
        for run in &self.runs {
            let margin = self.tables.margins.of(*run);
            let from = run.start.saturating_sub(margin.before);
            let to = run.end + margin.after;
            let first = self.hits.partition_point(|(at, _)| *at < from);
            for (_, literal) in self.hits[first..].iter().take_while(|(at, _)| *at < to) {
                for one in &self.tables.uses[*literal as usize] {
                    if let Use::Context { rule_idx } = one {
                        self.candidates.extend(at_run(self.rules, *rule_idx, *run, self.bytes.len()));
                    }
                }
            }
        }
    }
}

/// Calls `look` with each place of a narrow run where a token may start: at its
/// start, behind an escape that runs into it, and behind each `-`.
fn token_starts(bytes: &[u8], run: Run, mut look: impl FnMut(usize)) {
    let text = &bytes[run.start..run.end];
    look(run.start);
    if matches!(bytes[..run.start].last(), Some(b'\\' | b'%' | b'[' | b';')) {
        (1..=LONGEST_ESCAPE.min(text.len())).for_each(|at| look(run.start + at));
    }
    for at in memchr::memchr_iter(b'-', text) {
        look(run.start + at + 1);
    }
}

/// Word characters of the longest escape: `u0022`, or a terminal colour's `97m`.
const LONGEST_ESCAPE: usize = 5;

/// The candidates of a literal found at `start`.
fn anchored(rules: &RuleSet, literal: u32, start: usize, len: usize, candidates: &mut Vec<Candidate>) {
    for one in &rules.tables().uses[literal as usize] {
        match *one {
            Use::Anchor { rule_idx, min, max } => {
                let Some(to) = start.checked_sub(min as usize) else { continue };
                let from = start.saturating_sub((max as usize).min(LONGEST_MATCH));
                let end = (to + longest(rules, rule_idx)).min(len);
                candidates.push(Candidate { rule_idx, from, to, end });
            }
            Use::Around { rule_idx } => {
                let rule = rules.rule(rule_idx as usize);
                let longest = longest(rules, rule_idx);
                let reach = rule.reach as usize;
                let to = (start + 32 + reach).min(len);
                let from = start.saturating_sub(longest + reach / 2);
                candidates.push(Candidate { rule_idx, from, to, end: (to + longest).min(len) });
            }
            Use::Context { .. } => {}
        }
    }
}

/// The candidate of a rule without a literal at a run.
fn at_run(rules: &RuleSet, rule_idx: u32, run: Run, len: usize) -> Option<Candidate> {
    let gate = &rules.rule(rule_idx as usize).gate;
    let fits = match gate.driver {
        Driver::Core => run.kind == Kind::Core,
        Driver::Run => matches!(run.kind, Kind::Core | Kind::Hot),
        Driver::Wide => run.kind == Kind::Wide,
        _ => false,
    };
    if !fits || run.len() < gate.run as usize {
        return None;
    }
    let from = run.start.saturating_sub((gate.lead as usize).min(LONGEST_MATCH));
    let end = (run.end + (gate.trail as usize).min(LONGEST_MATCH)).min(len);
    Some(Candidate { rule_idx, from, to: run.end, end })
}

fn longest(rules: &RuleSet, rule_idx: u32) -> usize {
    (rules.rule(rule_idx as usize).gate.max_len as usize).min(LONGEST_MATCH)
}
