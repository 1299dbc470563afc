//! Names the places where a rule could match.
//!
//! Contract: may name places where nothing matches, but never misses one.

use super::classify::{BEYOND, BLOCK_LANES, LANE, Level, Masks};
use super::confirm::Confirm;
use super::runs::{Block, Kind, Run, RunFinder, naive_runs};
use super::sieve::{sieve, sieve_marked};
use crate::decode::Finder;
use crate::rule::{Driver, NAME_WORDS};
use crate::ruleset::RuleSet;
use crate::span::Span;
use crate::table::{LONGEST_MATCH, Margin, Tables, Use, tier};

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

/// Bytes round runs that are searched at a time.
const PIECE: usize = 16 << 10;

/// Buffers of a gate, kept from chunk to chunk.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    candidates: Vec<Candidate>,
    runs: Vec<Run>,
    /// Context words found: place and literal.
    hits: Vec<(usize, u32)>,
    stretches: Vec<(usize, usize)>,
    /// Parts of names that may lead to an assignment.
    names: Vec<Span>,
    /// Places that may hold a window of some literal.
    places: Vec<usize>,
    spots: Vec<u32>,
    /// The last block, with what its classification may look at beyond it.
    padded: Vec<u8>,
    masks: Box<Masks>,
    /// Runs that may stand for text.
    encoded: Vec<Span>,
    /// The marks that were met.
    pub(super) marks: u64,
    /// What stands for other bytes.
    pub(super) finder: Finder,
}

/// Gives `confirm` every place where a rule of the set could match.
pub(super) fn candidates(
    rules: &RuleSet,
    bytes: &[u8],
    (level, marks): (Level, &[u64]),
    scratch: &mut Scratch,
    confirm: &mut Confirm<'_, '_>,
) {
    let mut gate = Gate { rules, tables: rules.tables(), bytes, marks, scratch };
    gate.scratch.candidates.clear();
    // A name tells more than the run it leads to, so that it comes first.
    gate.corasick();
    gate.follow_names(confirm);
    gate.sweep(level, confirm);
    confirm.follow_owners(level);
    for rule_idx in gate.tables.whole.iter() {
        if confirm.is_wanted(*rule_idx) {
            let whole = Candidate { rule_idx: *rule_idx, from: 0, to: bytes.len(), end: bytes.len() };
            gate.scratch.candidates.push(whole);
        }
    }
    gate.flush(confirm);
}

/// Finds what stands for other bytes, and nothing else.
pub(super) fn encoded(rules: &RuleSet, bytes: &[u8], scratch: &mut Scratch) {
    let mut gate = Gate { rules, tables: rules.tables(), bytes, marks: &[], scratch };
    let mut finder = RunFinder::default();
    gate.blocks(|gate, base, count| gate.classify_block(&mut finder, Level::Portable, (base, count)));
}

/// Gives `confirm` the whole of the bytes for every rule: the slow twin.
pub(super) fn everywhere(rules: &RuleSet, bytes: &[u8], confirm: &mut Confirm<'_, '_>) {
    let has_pattern =
        |rule_idx: &u32| !matches!(rules.rule(*rule_idx as usize).gate.driver, Driver::Assigned | Driver::Parser);
    for rule_idx in (0..rules.len() as u32).filter(has_pattern) {
        confirm.try_candidate(Candidate { rule_idx, from: 0, to: bytes.len(), end: bytes.len() });
    }
    if !rules.tables().assigned.is_empty() {
        assignments_everywhere(bytes, confirm);
    }
}

/// Gives `confirm` every place where an assignment could be.
fn assignments_everywhere(bytes: &[u8], confirm: &mut Confirm<'_, '_>) {
    for at in 0..bytes.len() {
        for word in NAME_WORDS {
            let end = at + word.len();
            if bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes())) {
                confirm.try_name(Span::new(at, end));
            }
        }
    }
    for run in naive_runs(bytes).iter().filter(|run| run.kind != Kind::Cold) {
        confirm.try_run(Span::new(run.start, run.end));
    }
    confirm.follow_owners(Level::Portable);
}

struct Gate<'a> {
    rules: &'a RuleSet,
    tables: &'a Tables,
    bytes: &'a [u8],
    /// The marks of each literal, if any are watched for.
    marks: &'a [u64],
    scratch: &'a mut Scratch,
}

impl Gate<'_> {
    /// Classifies the bytes block by block and follows up what stands out.
    fn sweep(&mut self, level: Level, confirm: &mut Confirm<'_, '_>) {
        let mut finder = RunFinder::default();
        self.blocks(|gate, base, count| {
            if confirm.is_stopped(base) {
                return;
            }
            gate.classify_block(&mut finder, level, (base, count));
            gate.follow_words(level, (base, count));
            gate.follow_cold();
            gate.follow_assignments(level, confirm);
            gate.follow_runs(level, confirm);
            if gate.scratch.candidates.len() >= BATCH {
                gate.flush(confirm);
            }
        });
    }

    /// Calls `each` with the place of every block and the number of its lanes.
    fn blocks(&mut self, mut each: impl FnMut(&mut Self, usize, usize)) {
        let n_lanes = self.bytes.len().div_ceil(LANE);
        for first in (0..n_lanes).step_by(BLOCK_LANES) {
            each(self, first * LANE, BLOCK_LANES.min(n_lanes - first));
        }
    }

    /// Finds the runs of a block, and what in it stands for other bytes.
    fn classify_block(&mut self, finder: &mut RunFinder, level: Level, (base, count): (usize, usize)) {
        self.classify(base, count, level);
        let Scratch { masks, runs, encoded, finder: decoder, .. } = &mut *self.scratch;
        runs.clear();
        encoded.clear();
        let block = Block { bytes: self.bytes, base, n_lanes: count };
        finder.find(block, masks, level, (runs, encoded));
        for (lane, _) in masks.coded[..count].iter().enumerate().filter(|(_, coded)| **coded != 0) {
            decoder.look_at_lane(self.bytes, base + lane * LANE, masks.narrow[lane], masks.opener[lane]);
        }
        runs.iter().filter(|run| run.kind != Kind::Wide).for_each(|run| decoder.look_at_token(self.bytes, run.span()));
        encoded.iter().for_each(|run| decoder.look_at_run(self.bytes, *run));
    }

    /// Fills the masks of the block at `base`.
    fn classify(&mut self, base: usize, count: usize, level: Level) {
        let Scratch { masks, padded, .. } = &mut *self.scratch;
        let len = count * LANE + BEYOND;
        if self.bytes.len() < base + len {
            padded.clear();
            padded.extend_from_slice(&self.bytes[base..]);
            padded.resize(len, 0);
        }
        masks.fill(block(self.bytes, padded, (base, len)), &self.tables.teddy, level);
    }

    fn flush(&mut self, confirm: &mut Confirm<'_, '_>) {
        let candidates = &mut self.scratch.candidates;
        candidates.retain(|candidate| confirm.is_wanted(candidate.rule_idx));
        candidates.sort_unstable();
        candidates.dedup();
        for candidate in candidates.drain(..) {
            confirm.try_candidate(candidate);
        }
    }

    /// Looks up what the vector search found.
    fn follow_words(&mut self, level: Level, (base, count): (usize, usize)) {
        let table = &self.tables.text;
        let Scratch { masks, padded, spots, places, names, candidates, marks, .. } = &mut *self.scratch;
        places.clear();
        let block = block(self.bytes, padded, (base, count * LANE + BEYOND));
        sieve_marked(table, (block, base), (&masks.word[..count], level), spots, places);
        for at in places.iter() {
            table.find_at(self.bytes, *at, |literal, start| {
                if self.tables.literals[literal as usize].is_at(self.bytes, start) {
                    *marks |= marks_of(self.marks, literal);
                    anchored(self.rules, literal, start, self.bytes, candidates);
                    names.extend(name(self.tables, literal, start));
                }
            });
        }
    }

    /// Gives `confirm` the names found.
    fn follow_names(&mut self, confirm: &mut Confirm<'_, '_>) {
        for word in self.scratch.names.drain(..) {
            confirm.try_name(word);
        }
    }

    /// Gives `confirm` the names and the runs of the block, which may belong to assignments.
    fn follow_assignments(&mut self, level: Level, confirm: &mut Confirm<'_, '_>) {
        if self.tables.assigned.is_empty() {
            return;
        }
        self.follow_names(confirm);
        for run in &self.scratch.runs {
            confirm.try_run(Span::new(run.start, run.end));
        }
        confirm.follow_owners(level);
    }

    /// Searches for many literals at once, where there are too many for vectors.
    fn corasick(&mut self) {
        if self.tables.crowd.is_empty() {
            return;
        }
        for found in self.rules.crowd().find_overlapping_iter(self.bytes) {
            let literal = self.tables.crowd[found.pattern().as_usize()];
            if self.tables.literals[literal as usize].is_at(self.bytes, found.start()) {
                self.scratch.marks |= marks_of(self.marks, literal);
                anchored(self.rules, literal, found.start(), self.bytes, &mut self.scratch.candidates);
                let name = name(self.tables, literal, found.start());
                self.scratch.names.extend(name);
            }
        }
    }

    /// Looks for prefixes where a token may start in a run without a digit, and
    /// leaves the other runs.
    fn follow_cold(&mut self) {
        let (rules, tables, bytes, known) = (self.rules, self.tables, self.bytes, self.marks);
        let Scratch { runs, candidates, marks, .. } = &mut *self.scratch;
        let mut look = |at: usize| {
            if !bytes[at..].first_chunk().is_none_or(|window| tables.prefixes.may_start(*window)) {
                return;
            }
            tables.prefixes.find_at(bytes, at, |literal, start| {
                if tables.literals[literal as usize].is_at(bytes, start) {
                    *marks |= marks_of(known, literal);
                    anchored(rules, literal, start, bytes, candidates);
                }
            });
        };
        runs.retain(|run| {
            if run.kind == Kind::Cold {
                token_starts(bytes, *run, &mut look);
            }
            run.kind != Kind::Cold
        });
    }

    /// Searches the surroundings of the runs for literals and context words, piece by
    /// piece: a run may be as long as the text, and hold a literal at every byte.
    fn follow_runs(&mut self, level: Level, confirm: &mut Confirm<'_, '_>) {
        if self.scratch.runs.is_empty() {
            return;
        }
        self.lay_stretches();
        self.scratch.runs.sort_unstable_by_key(|run| run.end);
        self.scratch.hits.clear();
        for idx in 0..self.scratch.stretches.len() {
            let (from, to) = self.scratch.stretches[idx];
            for start in (from..to).step_by(PIECE) {
                // A window may lie across the end of a piece.
                self.search_near((start, to.min(start + PIECE + 3)), level);
                if self.scratch.candidates.len() >= BATCH {
                    self.flush(confirm);
                }
            }
        }
        if !self.scratch.hits.is_empty() {
            self.scratch.hits.sort_unstable();
            self.scratch.hits.dedup();
            self.join_context();
        }
    }

    /// Searches a piece of the surroundings of runs, which are in the order of their ends.
    fn search_near(&mut self, piece: (usize, usize), level: Level) {
        let (rules, tables, bytes, known) = (self.rules, self.tables, self.bytes, self.marks);
        let Scratch { runs, places, hits, candidates, marks, .. } = &mut *self.scratch;
        places.clear();
        sieve(&tables.near, bytes, piece, level, places);
        let (first_hit, first) = (hits.len(), candidates.len());
        for at in places.iter() {
            tables.near.find_at(bytes, *at, |literal, start| {
                if tables.literals[literal as usize].is_at(bytes, start) {
                    *marks |= marks_of(known, literal);
                    hits.push((start, literal));
                    anchored(rules, literal, start, bytes, candidates);
                }
            });
        }
        let mut idx = first;
        while idx < candidates.len() {
            if near_run(rules, candidates[idx], runs) {
                idx += 1;
            } else {
                candidates.swap_remove(idx);
            }
        }
        let is_context = |one: &Use| matches!(one, Use::Context { .. });
        let mut idx = first_hit;
        while idx < hits.len() {
            if tables.uses[hits[idx].1 as usize].iter().any(is_context) {
                idx += 1;
            } else {
                hits.swap_remove(idx);
            }
        }
    }

    /// The surroundings of all runs of the block, in order and disjoint.
    fn lay_stretches(&mut self) {
        let Scratch { runs, stretches, .. } = &mut *self.scratch;
        stretches.clear();
        for run in runs.iter() {
            let margin = margin(self.tables, *run);
            let from = run.start.saturating_sub(margin.before);
            let to = (run.end + margin.after).min(self.bytes.len());
            stretches.push((from, to));
        }
        stretches.sort_unstable();
        stretches.dedup_by(|next, last| {
            let joined = next.0 <= last.1;
            if joined {
                last.1 = last.1.max(next.1);
            }
            joined
        });
    }

    /// Brings the context words found to the runs near them.
    fn join_context(&mut self) {
        let Scratch { runs, hits, candidates, .. } = &mut *self.scratch;
        for run in runs.iter() {
            let margin = margin(self.tables, *run);
            let from = run.start.saturating_sub(margin.before);
            let to = run.end + margin.after;
            let first = hits.partition_point(|(at, _)| *at < from);
            for (_, literal) in hits[first..].iter().take_while(|(at, _)| *at < to) {
                for one in self.tables.uses[*literal as usize].iter() {
                    if let Use::Context { rule_idx } = one {
                        candidates.extend(at_run(self.rules, *rule_idx, *run, self.bytes.len()));
                    }
                }
            }
        }
    }
}

/// The bytes of a block, which are those of the text where that reaches far enough.
fn block<'a>(bytes: &'a [u8], padded: &'a [u8], (base, len): (usize, usize)) -> &'a [u8] {
    bytes.get(base..base + len).unwrap_or(padded)
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

/// How far to look round a run.
fn margin(tables: &Tables, run: Run) -> Margin {
    let margins = &tables.margins;
    match run.kind {
        Kind::Core => margins.core[tier(run.len())],
        Kind::Hot => margins.hot[tier(run.len())],
        Kind::Cold => Margin::default(),
        Kind::Wide => margins.wide,
    }
}

/// The part of a name that a literal is, if it is one.
fn name(tables: &Tables, literal: u32, start: usize) -> Option<Span> {
    let is_name = tables.uses[literal as usize].iter().any(|one| matches!(one, Use::Name));
    is_name.then(|| Span::new(start, start + tables.literals[literal as usize].text.len()))
}

/// The marks that stand in a literal.
fn marks_of(marks: &[u64], literal: u32) -> u64 {
    marks.get(literal as usize).copied().unwrap_or(0)
}

/// The candidates of a literal found at `start`.
fn anchored(rules: &RuleSet, literal: u32, start: usize, bytes: &[u8], candidates: &mut Vec<Candidate>) {
    let len = bytes.len();
    for one in rules.tables().uses[literal as usize].iter() {
        match *one {
            Use::Anchor { rule_idx, anchor_idx, min, max } => {
                let Some(to) = start.checked_sub(min as usize) else { continue };
                let behind = start + rules.tables().literals[literal as usize].text.len();
                let follow = &rules.rule(rule_idx as usize).gate.anchors[anchor_idx as usize].follow;
                if follow.is_some_and(|follow| !follow.allows(&bytes[behind..])) {
                    continue;
                }
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
            Use::Context { .. } | Use::Owner { .. } | Use::Name => {}
        }
    }
}

/// Whether a run of the block, in the order of their ends, lies where the rule
/// of a candidate needs one. A rule that is reached by text needs none.
fn near_run(rules: &RuleSet, candidate: Candidate, runs: &[Run]) -> bool {
    let gate = &rules.rule(candidate.rule_idx as usize).gate;
    let wide = gate.driver == Driver::Wide;
    let earliest = candidate.from.saturating_add(gate.reach as usize);
    let latest = candidate.to.saturating_add(gate.lead as usize);
    let first = runs.partition_point(|run| run.end < earliest);
    // Runs of one kind are disjoint, so those that end later start later, too.
    let of_kind = runs[first..].iter().filter(|run| (run.kind == Kind::Wide) == wide);
    let mut near = of_kind.take_while(|run| run.start <= latest);
    matches!(gate.driver, Driver::Text | Driver::Assigned | Driver::Whole)
        || near.any(|run| run.len() >= gate.run as usize)
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
