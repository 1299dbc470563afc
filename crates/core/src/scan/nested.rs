//! Scans what parts of a chunk stand for, and brings the findings back to it.

use std::cmp::Reverse;

use super::confirm::Match;
use super::{Rejection, Scan, Scanner, overlap};
use crate::chunk::Chunk;
use crate::decode::{self, Decoded, Place, Step};
use crate::finding::{Finding, Reason};
use crate::pipeline::{Skip, SkipReason};
use crate::rule::{Check, Rule};
use crate::span::Span;

/// What is left of what a scan may decode.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    depth: usize,
    bytes: usize,
    cut: Option<Cut>,
}

/// What a scan was kept from.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Depth,
    Bytes,
}

/// Bytes a small chunk may decode to, however small it is, and a large one
/// beyond a few times its size. Only streams make more of their bytes.
const SMALL: usize = 1 << 20;
const LARGE: usize = 16 << 20;

impl Budget {
    pub(super) fn new(len: usize, depth: usize) -> Self {
        let bytes = (len.saturating_mul(64).saturating_add(SMALL)).min(len.saturating_mul(4).saturating_add(LARGE));
        Self { most: depth, depth, bytes, cut: None }
    }

    /// What was not scanned, if anything.
    pub(super) fn skip(&self, chunk: &Chunk<'_>) -> Option<Skip> {
        let detail = match self.cut? {
            Cut::Depth => format!("text encoded more than {} times", self.most),
            Cut::Bytes => "encoded text that decodes to far more than the file holds".to_owned(),
        };
        let path = chunk.origin.path().map_or_else(|| "-".into(), Into::into);
        Some(Skip { path, reason: SkipReason::DecodeLimit, detail })
    }

    /// Decodes a place, as far as the budget goes.
    fn decode(&mut self, bytes: &[u8], place: Place) -> Vec<u8> {
        let mut decoded = Vec::new();
        if decode::decode(bytes, place, self.bytes, &mut decoded) == Decoded::Cut {
            self.cut = Some(Cut::Bytes);
        }
        self.bytes -= decoded.len().min(self.bytes);
        decoded
    }
}

/// A finding in what a part of a chunk stands for.
#[derive(Debug)]
pub(super) struct Nested {
    /// The bytes of the chunk that stand for the secret.
    pub(super) span: Span,
    pub(super) finding: Finding,
    /// The number of the place it was found in.
    place: usize,
}

/// Scans what places of a chunk stand for.
pub(super) fn scan(
    scanner: &Scanner,
    chunk: &Chunk<'_>,
    places: &[Place],
    (budget, scan): (&mut Budget, &mut Scan),
) -> Vec<Nested> {
    let mut nested = Vec::new();
    if places.is_empty() || scanner.limits.depth == 0 {
        return nested;
    }
    if budget.depth == 0 {
        budget.cut = budget.cut.or(Some(Cut::Depth));
        return nested;
    }
    for (number, place) in places.iter().enumerate() {
        let decoded = budget.decode(chunk.bytes, *place);
        if decoded == chunk.bytes[place.span.range()] {
            continue;
        }
        scan.is_far |= place.step == Step::Gzip && !decoded.is_empty();
        budget.depth -= 1;
        let inner = scanner.scan_within(&Chunk::nested(&decoded, chunk, place.step), budget);
        budget.depth += 1;
        scan.capped += inner.capped;
        scan.is_far |= inner.is_far;
        let spans: Vec<Span> = inner.findings.iter().map(place_of).collect();
        let located = decode::locate(chunk.bytes, *place, &spans).into_iter().zip(inner.findings);
        let new = located.filter(|(span, _)| chunk.is_added(*span));
        nested.extend(new.map(|(span, finding)| Nested { span, finding, place: number }));
        scan.below.extend(below(chunk, *place, inner.below));
        bring_back(chunk.bytes, *place, inner.rejected, &mut scan.rejected);
    }
    nested.sort_by_key(|one| (one.span, one.finding.rule_idx));
    nested
}

/// Where the findings of a place that are too doubtful to be kept start.
fn below(chunk: &Chunk<'_>, place: Place, mut below: Vec<(u64, usize)>) -> Vec<(u64, usize)> {
    below.sort_unstable();
    let starts: Vec<Span> = below.iter().map(|(at, _)| Span::new(*at as usize, *at as usize + 1)).collect();
    let located = decode::locate(chunk.bytes, place, &starts);
    let new = located.into_iter().zip(below).filter(|(span, _)| chunk.is_added(*span));
    new.map(|(span, (_, rule_idx))| (chunk.offset + span.start as u64, rule_idx)).collect()
}

fn place_of(finding: &Finding) -> Span {
    // The offset is that within the decoded bytes, which are in memory.
    let start = finding.offset as usize;
    Span::new(start, start + finding.length)
}

/// Adds what was turned down in a place, where it was not turned down outside as well.
fn bring_back(bytes: &[u8], place: Place, mut rejected: Vec<Rejection>, all: &mut Vec<Rejection>) {
    rejected.sort_by_key(|rejection| rejection.span);
    let spans: Vec<Span> = rejected.iter().map(|rejection| rejection.span).collect();
    for (mut rejection, span) in rejected.into_iter().zip(decode::locate(bytes, place, &spans)) {
        rejection.span = span;
        all.push(rejection);
    }
}

/// Leaves one finding for each secret and place: drops those of decoded text
/// that say nothing new, and the matches that say less than they do.
pub(super) fn settle(matches: &mut Vec<Match>, nested: &mut Vec<Nested>, rejected: &mut Vec<Rejection>) {
    if nested.is_empty() {
        return;
    }
    leave_one(nested);
    let mut beaten = vec![false; matches.len()];
    nested.retain(|one| {
        let first = matches.partition_point(|found| found.secret.end <= one.span.start);
        let rivals = matches[first..].iter().take_while(|found| found.secret.start < one.span.end);
        let rules = &one.finding.rules;
        for (idx, rival) in rivals.enumerate() {
            let rule = rules.rule(rival.rule_idx);
            match outcome(one, (rival.secret, rival.rule_idx), rule) {
                Outcome::Both => {}
                Outcome::Nested => beaten[first + idx] = true,
                Outcome::Match => {
                    let reason = Reason::Overlap(rule.id.clone().into_owned());
                    rejected.push(Rejection { rule_idx: one.finding.rule_idx, span: one.span, reason });
                    return false;
                }
            }
        }
        true
    });
    let mut beaten = beaten.into_iter();
    matches.retain(|_| !beaten.next().unwrap_or(false));
}

/// Which of two findings stays.
enum Outcome {
    Nested,
    Match,
    Both,
}

/// What a match outside says of a finding inside the text it covers.
fn outcome(nested: &Nested, (secret, rule_idx): (Span, usize), rule: &Rule) -> Outcome {
    let inner = overlap::rank(nested.finding.rule()).0;
    let outer = overlap::rank(rule).0;
    let is_wider = nested.span.start <= secret.start && nested.span.end >= secret.end && nested.span != secret;
    if inner > outer || rule_idx == nested.finding.rule_idx && is_wider {
        return Outcome::Nested;
    }
    // The claims of a token may hold another.
    let holds_claims = rule.checks.contains(&Check::Jwt) && inner == 3;
    if holds_claims { Outcome::Both } else { Outcome::Match }
}

/// Drops findings of one place that stand in another as well: both decode the same bytes.
fn leave_one(nested: &mut Vec<Nested>) {
    let rank = |one: &Nested| {
        let n_steps = one.finding.origin.steps().len();
        (overlap::rank(one.finding.rule()), one.finding.confidence, Reverse(n_steps))
    };
    let mut kept: Vec<Nested> = Vec::with_capacity(nested.len());
    for one in nested.drain(..) {
        match kept.last_mut().filter(|last| last.place != one.place && last.span.overlaps(one.span)) {
            None => kept.push(one),
            Some(last) if rank(&one) > rank(last) => *last = one,
            Some(_) => {}
        }
    }
    *nested = kept;
}
