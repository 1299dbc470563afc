//! Runs a rule's expression at a candidate, and what it finds past the filter.

use std::collections::HashMap;
use std::sync::Arc;

use regex_automata::meta::{Cache, Regex};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};

use super::classify::Level;
use super::filter;
use super::gate::Candidate;
use super::owners::Owners;
use super::{Limits, Rejection};
use crate::assign::{self, Assignment, TextKind};
use crate::check::{self, Standing, Subject};
use crate::chunk::{Chunk, Origin};
use crate::finding::Reason;
use crate::rule::{Confidence, Driver};
use crate::ruleset::{END, RuleSet};
use crate::span::Span;
use crate::table::LONGEST_MATCH;

/// What a rule's expression matched and the filter let pass.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) rule_idx: usize,
    pub(super) whole: Span,
    pub(super) secret: Span,
    pub(super) confidence: Confidence,
    /// A check failed, so that nothing may raise the confidence.
    pub(super) doubtful: bool,
    pub(super) reasons: Vec<Reason>,
}

/// The working memory of patterns, kept from chunk to chunk by whoever scans:
/// to ask each pattern's own pool for it would cost as much as most searches.
#[derive(Debug, Default)]
pub(super) struct Caches(Vec<Option<Box<Cache>>>);

impl Caches {
    fn of(&mut self, rule_idx: usize, pattern: &Regex) -> &mut Cache {
        if self.0.len() <= rule_idx {
            self.0.resize_with(rule_idx + 1, || None);
        }
        self.0[rule_idx].get_or_insert_with(|| Box::new(pattern.create_cache()))
    }
}

/// What is kept from chunk to chunk by whoever scans.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) caches: Caches,
    /// Assignments whose owner has not been looked for.
    owned: Vec<Assignment>,
    owners: Owners,
    confined: Confined,
}

/// Whether rules that are confined to some files say anything about the one that is scanned.
#[derive(Debug, Default)]
struct Confined {
    /// The origin of the last chunk, which is held so that its address stands for it.
    origin: Option<Arc<Origin>>,
    /// The end of its path; none if there is no path, or one so short that any rule may be about it.
    end: Option<[u8; END]>,
    /// The number of origins so far.
    turn: u32,
    /// For each rule the turn of its answer, and the answer.
    answers: Vec<(u32, bool)>,
}

impl Confined {
    /// Forgets the answers, unless the chunk comes from where the last one came from.
    fn turn_to(&mut self, origin: &Arc<Origin>) {
        if !self.origin.as_ref().is_some_and(|last| Arc::ptr_eq(last, origin)) {
            self.origin = Some(Arc::clone(origin));
            self.end = origin.kind_path().and_then(|path| path.as_os_str().as_encoded_bytes().last_chunk().copied());
            self.turn = self.turn.checked_add(1).unwrap_or_else(|| {
                self.answers.clear();
                1
            });
        }
    }

    /// Returns the answer of a rule, which is asked for once.
    fn get_or_ask(&mut self, rule_idx: u32, ask: impl FnOnce() -> bool) -> bool {
        let at = rule_idx as usize;
        if self.answers.len() <= at {
            self.answers.resize(at + 1, (0, false));
        }
        if self.answers[at].0 != self.turn {
            self.answers[at] = (self.turn, ask());
        }
        self.answers[at].1
    }
}

/// Confirms the candidates of one chunk.
pub(super) struct Confirm<'a, 'b> {
    rules: &'a RuleSet,
    chunk: &'a Chunk<'a>,
    limits: &'a Limits,
    rejected: &'b mut Vec<Rejection>,
    matches: Vec<Match>,
    buffers: &'b mut Kept,
    /// Where the next match of a rule may start, after one that was accepted.
    resume: HashMap<u32, usize>,
    /// What kind of text the chunk is.
    text_kind: TextKind,
    /// The value of an assignment that was tried last.
    last: Option<Span>,
    /// The scan was ended early.
    is_cut: bool,
}

/// Places between the first and the last start of a match that are tried one by one.
const FEW_STARTS: usize = 8;

/// Bytes of a chunk that are looked at whatever happens: what arrived before a scan is to end is told.
const AT_LEAST: usize = 64 << 10;

impl<'a, 'b> Confirm<'a, 'b> {
    pub(super) fn new(
        rules: &'a RuleSet,
        chunk: &'a Chunk<'a>,
        limits: &'a Limits,
        (rejected, buffers): (&'b mut Vec<Rejection>, &'b mut Kept),
    ) -> Self {
        buffers.confined.turn_to(&chunk.origin);
        Self {
            rules,
            chunk,
            limits,
            rejected,
            buffers,
            matches: Vec::new(),
            resume: HashMap::new(),
            text_kind: TextKind::of(chunk.origin.name()),
            last: None,
            is_cut: false,
        }
    }

    /// Returns the matches, and whether the scan was ended early.
    pub(super) fn finish(self) -> (Vec<Match>, bool) {
        (self.matches, self.is_cut)
    }

    /// Whether the scan is to end before the bytes at `at`.
    pub(super) fn is_stopped(&mut self, at: usize) -> bool {
        self.is_cut |= at >= AT_LEAST && self.limits.is_stopped();
        self.is_cut
    }

    /// Whether the rule is on, and has anything to say about this chunk's file.
    pub(super) fn is_wanted(&mut self, rule_idx: u32) -> bool {
        let rule = self.rules.rule(rule_idx as usize);
        if self.rules.adjusted(rule_idx as usize).off {
            return false;
        }
        if rule.files.is_empty() || self.limits.explain {
            return true;
        }
        let path = || self.chunk.origin.kind_path();
        self.buffers.confined.end.is_none_or(|end| self.rules.may_end(rule_idx as usize, end))
            && self.buffers.confined.get_or_ask(rule_idx, || filter::in_file(rule, path()).is_ok())
    }

    /// Finds the matches of a rule that start where the candidate says.
    pub(super) fn try_candidate(&mut self, candidate: Candidate) {
        let rule_idx = candidate.rule_idx as usize;
        if !self.is_wanted(candidate.rule_idx) {
            return;
        }
        let resume = self.resume.get(&candidate.rule_idx).copied().unwrap_or(0);
        let mut at = candidate.from.max(resume);
        // From a few places a search that stays there is cheaper than one that goes on to the
        // end of the window; in a run a token can start at a few places only.
        let is_fixed = candidate.to.saturating_sub(at) <= FEW_STARTS || self.starts_in_run(rule_idx);
        while at <= candidate.to.min(candidate.end) {
            if is_fixed && !self.may_start(rule_idx, at) {
                at += 1;
                continue;
            }
            let fixed = is_fixed || at == candidate.to;
            let Some((whole, secret)) = self.search(rule_idx, Span::new(at, candidate.end), fixed) else {
                if !is_fixed {
                    return;
                }
                at += 1;
                continue;
            };
            if whole.start > candidate.to {
                return;
            }
            match self.judge(rule_idx, whole, secret) {
                Ok(found) => {
                    at = found.whole.end.max(whole.start + 1);
                    self.resume.insert(candidate.rule_idx, at);
                    self.matches.push(found);
                }
                Err(reason) => {
                    // A file of another name is one all along.
                    at = if reason == Reason::OtherFile { whole.end.max(whole.start + 1) } else { whole.start + 1 };
                    if self.limits.explain {
                        self.rejected.push(Rejection { rule_idx, span: secret, reason });
                    }
                }
            }
        }
    }

    /// Finds the secret of the assignment whose name holds the word at `word`.
    pub(super) fn try_name(&mut self, word: Span) {
        if let Some(found) = assign::forward(self.chunk.bytes, word, self.text_kind) {
            self.try_assignment(found);
        }
        let (bytes, kind) = (self.chunk.bytes, self.text_kind);
        assign::fields(bytes, word, kind, |found| self.try_assignment(found));
    }

    /// Finds the secret of the assignment whose value holds a run.
    pub(super) fn try_run(&mut self, run: Span) {
        let Some(found) = assign::backward(self.chunk.bytes, run) else { return };
        // Most runs have a name that says nothing, and a length that no rule is about.
        let name = &self.chunk.bytes[found.whole.start..found.value.start];
        let is_owned = self.rules.tables().assigned.has_owners(found.value.len());
        if is_owned || self.limits.explain || assign::may_tell(name) {
            self.try_assignment(found);
        }
    }

    /// Tries the rules for assignments: the generic ones, and those whose owner is named near by.
    fn try_assignment(&mut self, found: Assignment) {
        if self.last == Some(found.value) {
            return;
        }
        self.last = Some(found.value);
        let tables = self.rules.tables();
        // The name turns most down. With `explain` the checks say so.
        let path = self.chunk.origin.name();
        let subject = Subject { bytes: self.chunk.bytes, whole: found.whole, secret: found.value, path };
        let standing = check::standing(&subject);
        if standing == Standing::Harmless && !self.limits.explain {
            return;
        }
        if standing == Standing::Telling || self.limits.explain {
            for rule_idx in tables.assigned.generic.iter() {
                self.try_value(*rule_idx, found);
            }
        }
        let value = &self.chunk.bytes[found.value.range()];
        let may_be_owned = standing != Standing::Harmless && tables.assigned.has_owners(value.len());
        if may_be_owned && value.iter().any(u8::is_ascii_digit) {
            self.buffers.owned.push(found);
        }
    }

    /// Tries the rules whose context words stand near the assignments read since the last time.
    ///
    /// Assignments stand close together, so that their surroundings are searched as one.
    pub(super) fn follow_owners(&mut self, level: Level) {
        if self.buffers.owned.is_empty() {
            return;
        }
        let mut owned = std::mem::take(&mut self.buffers.owned);
        let mut owners = std::mem::take(&mut self.buffers.owners);
        owners.find(self.rules.tables(), self.chunk.bytes, level, &mut owned);
        for found in &owned {
            let mut tried = 0;
            for rule_idx in owners.near(self.rules.tables(), found.whole) {
                // In the order of their indices, each once.
                if tried <= rule_idx {
                    self.try_value(rule_idx, *found);
                    tried = rule_idx + 1;
                }
            }
        }
        owned.clear();
        (self.buffers.owned, self.buffers.owners) = (owned, owners);
    }

    /// Tries a rule on the value of an assignment.
    fn try_value(&mut self, rule_idx: u32, found: Assignment) {
        let gate = &self.rules.rule(rule_idx as usize).gate;
        let len = found.value.len();
        if len < gate.min_len as usize || len > gate.max_len as usize || !self.is_wanted(rule_idx) {
            return;
        }
        let Some(secret) = self.part(rule_idx as usize, found.value) else { return };
        match self.judge(rule_idx as usize, found.whole, secret) {
            Ok(found) => self.matches.push(found),
            Err(reason) if self.limits.explain => {
                self.rejected.push(Rejection { rule_idx: rule_idx as usize, span: secret, reason });
            }
            Err(_) => {}
        }
    }

    /// The secret in a value that a rule's pattern matches as a whole.
    fn part(&mut self, rule_idx: usize, value: Span) -> Option<Span> {
        let input = Input::new(&self.chunk.bytes[value.range()]).anchored(Anchored::Yes);
        let mut slots = [None; 4];
        let pattern = self.rules.pattern(rule_idx)?;
        pattern.search_slots_with(self.buffers.caches.of(rule_idx, pattern), &input, &mut slots)?;
        let at = |slot: usize| slots[slot].map(|at: NonMaxUsize| value.start + at.get());
        Some(Span::new(at(2).or(at(0))?, at(3).or(at(1))?))
    }

    /// Whether a match starts at or in a token run, and as freely as a token does.
    fn starts_in_run(&self, rule_idx: usize) -> bool {
        let rule = self.rules.rule(rule_idx);
        let is_run = matches!(rule.gate.driver, Driver::Core | Driver::Run) && rule.gate.anchors.is_empty();
        is_run && rule.boundary.at_start() && !self.limits.explain
    }

    /// Whether the bytes before and at the place allow a match to start; spares the expression
    /// where few starts are possible. With `explain` the filter says what is before.
    fn may_start(&self, rule_idx: usize, at: usize) -> bool {
        let rule = self.rules.rule(rule_idx);
        let begins =
            || self.chunk.bytes.get(at).is_some_and(|byte| rule.gate.starts.is_none_or(|set| set.contains(*byte)));
        begins() && (self.limits.explain || !rule.boundary.at_start() || filter::starts_freely(self.chunk.bytes, at))
    }

    /// The leftmost match within the window, and its secret.
    fn search(&mut self, rule_idx: usize, window: Span, fixed: bool) -> Option<(Span, Span)> {
        let longest = (self.rules.rule(rule_idx).gate.max_len as usize).min(LONGEST_MATCH);
        let mut from = window.start;
        loop {
            let found = self.search_within(rule_idx, Span::new(from, window.end), fixed)?;
            if found.0.len() <= longest {
                return Some(found);
            }
            // The pattern was compiled without the bounds of long repetitions, so
            // that what it finds may be too long; a shorter match may start there.
            let start = found.0.start;
            let shorter = self.search_within(rule_idx, Span::new(start, start + longest), true);
            if shorter.is_some() || fixed {
                return shorter;
            }
            from = start + 1;
        }
    }

    fn search_within(&mut self, rule_idx: usize, window: Span, fixed: bool) -> Option<(Span, Span)> {
        let anchored = if fixed { Anchored::Yes } else { Anchored::No };
        // A range rather than a slice: look-around must see the bytes round the
        // window, or a token that runs past its end would match in part.
        let input = Input::new(self.chunk.bytes).range(window.range()).anchored(anchored);
        let mut slots = [None; 4];
        let pattern = self.rules.pattern(rule_idx)?;
        pattern.search_slots_with(self.buffers.caches.of(rule_idx, pattern), &input, &mut slots)?;
        let span = |from: usize| Some(Span::new(slots[from]?.get(), slots[from + 1]?.get()));
        let whole = span(0)?;
        Some((whole, span(2).unwrap_or(whole)))
    }

    fn judge(&self, rule_idx: usize, whole: Span, secret: Span) -> Result<Match, Reason> {
        let found =
            Match { rule_idx, whole, secret, confidence: Confidence::Low, doubtful: false, reasons: Vec::new() };
        filter::judge(self.rules, self.chunk, found)
    }
}
