//! Stretches of digits that stand for text.
//!
//! Where in a run of digits a group begins is not known, and what stands for
//! text may be part of a longer run: a path before it, data round it. So any
//! group may be the first, and text is looked for at each.

use super::digits::{Digits, nibble, sextet};
use super::{Step, is_text};
use crate::span::Span;

/// Groups that are no text, at most, between two that are.
const GAP: usize = 8;

/// How digits stand for bytes, group by group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Radix {
    pub(super) step: Step,
    /// Digits of a group.
    pub(super) group: usize,
    /// Groups of text in a row that show that there is text.
    seed: usize,
    /// Digits of the shortest text that counts: 16 bytes.
    pub(super) least: usize,
    value: fn(u8) -> Option<u8>,
    /// Whether a group, perhaps cut short, stands for text.
    exact: fn(&[u8]) -> bool,
}

pub(super) const BASE64: Radix =
    Radix { step: Step::Base64, group: 4, seed: 4, least: 22, value: sextet, exact: is_base64_text };
pub(super) const HEX: Radix =
    Radix { step: Step::Hex, group: 2, seed: 8, least: 32, value: nibble, exact: is_hex_text };

/// Digits between two groups that are looked at: a seed holds one of them.
pub(super) const STRIDE: usize = 16;

impl Radix {
    /// Returns the stretch of text that holds the group at `at`, within `run`
    /// or, behind it, the runs that belong to it.
    pub(super) fn stretch(&self, bytes: &[u8], at: usize, run: Span) -> Option<Span> {
        let is_group = |at: usize| (self.exact)(&bytes[at..at + self.group]);
        if !is_group(at) {
            return None;
        }
        let (mut first, mut last, mut n_groups) = (at, at + self.group, 1);
        while n_groups < self.seed && first >= run.start + self.group && is_group(first - self.group) {
            first -= self.group;
            n_groups += 1;
        }
        while n_groups < self.seed && last + self.group <= run.end && is_group(last) {
            last += self.group;
            n_groups += 1;
        }
        if n_groups < self.seed {
            return None;
        }
        let span = Span::new(self.start(bytes, first, run.start), self.end(bytes, last));
        (span.len() >= self.least).then_some(span)
    }

    /// The first group of a stretch that goes on before `first`.
    fn start(&self, bytes: &[u8], first: usize, from: usize) -> usize {
        let (mut edge, mut at) = (Edge::at(first), first);
        while edge.is_near() && at >= from + self.group {
            at -= self.group;
            edge.pass(at, (self.exact)(&bytes[at..at + self.group]));
        }
        edge.at
    }

    /// The end of a stretch that goes on behind `last`.
    fn end(&self, bytes: &[u8], last: usize) -> usize {
        let mut digits = Digits::new(bytes, Span::new(last, bytes.len()), self.value);
        let mut edge = Edge::at(last);
        let mut len = self.group;
        while edge.is_near() && len == self.group {
            let (mut group, mut behind) = ([0; 4], last);
            len = 0;
            for (at, _) in digits.by_ref().take(self.group) {
                group[len] = bytes[at];
                len += 1;
                behind = at + 1;
            }
            edge.pass(behind, (self.exact)(&group[..len]));
        }
        edge.at
    }
}

/// The edge of a stretch, as it moves from group to group.
struct Edge {
    at: usize,
    /// Groups since then, and how many of the last ones are text.
    passed: usize,
    n_text: usize,
}

impl Edge {
    fn at(at: usize) -> Self {
        Self { at, passed: 0, n_text: 0 }
    }

    fn is_near(&self) -> bool {
        self.passed <= GAP
    }

    /// Moves to `at` if that is behind text: behind a gap, one group is not
    /// enough, because other data have many.
    fn pass(&mut self, at: usize, is_text: bool) {
        self.n_text = if is_text { self.n_text + 1 } else { 0 };
        self.passed += 1;
        if self.n_text == self.passed || self.n_text > 1 {
            *self = Self::at(at);
        }
    }
}

/// Whether two digits of hex stand for text.
fn is_hex_text(group: &[u8]) -> bool {
    let [high, low] = group else { return false };
    matches!((nibble(*high), nibble(*low)), (Some(high), Some(low)) if is_text(high << 4 | low))
}

/// Whether digits of base64 stand for text, or for text in UTF-16: every other
/// byte is zero.
fn is_base64_text(group: &[u8]) -> bool {
    let mut bits = 0_u32;
    for byte in group {
        let Some(value) = sextet(*byte) else { return false };
        bits = bits << 6 | u32::from(value);
    }
    bits <<= 6 * (4 - group.len().min(4)) as u32;
    let [_, a, b, c] = bits.to_be_bytes();
    match group.len() {
        2 => is_text(a),
        3 => (is_text(a) || a == 0) && (is_text(b) || b == 0) && a | b != 0,
        4 if b == 0 => is_text(a) && is_text(c),
        4 if a == 0 => is_text(b) && c == 0,
        4 => is_text(a) && is_text(b) && is_text(c),
        _ => false,
    }
}

/// Four digits that may be three bytes of ASCII.
const ASCII: u32 = 1;
/// Four digits of UTF-16 that may have a zero in the middle.
const ODD: u32 = 2;
/// Four digits of UTF-16 that may have a zero at either end.
const EVEN: u32 = 4;
/// Four digits of hex that may be two bytes of ASCII.
const HEX_ASCII: u32 = 8;

/// What each digit may belong to by its place among four: a byte for each place.
static FOURS: [u32; 256] = {
    let mut fours = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut places = 0;
        if let Some(value) = sextet(byte as u8) {
            let (low, high) = (value & 15, value >> 4);
            // The first six bits of a printable byte, or of a tab or line end.
            let opens = (value >= 8 && value < 32) || value == 2 || value == 3;
            let middle = low == 0 || (low >= 2 && low < 8);
            places |= if opens { ASCII | ODD } else { 0 } | if value == 0 { EVEN } else { 0 };
            places |= (if middle { ASCII } else { 0 }
                | if low == 0 { ODD } else { 0 }
                | if middle && high == 0 { EVEN } else { 0 })
                << 8;
            places |= (if value & 3 < 2 { ASCII } else { 0 }
                | if value < 2 { ODD } else { 0 }
                | if value & 3 == 0 { EVEN } else { 0 })
                << 16;
            places |= (ASCII | ODD | if value == 0 { EVEN } else { 0 }) << 24;
        }
        if let Some(value) = nibble(byte as u8) {
            let high = value == 0 || (value >= 2 && value < 8);
            places |= if high { HEX_ASCII | HEX_ASCII << 16 } else { 0 } | HEX_ASCII << 8 | HEX_ASCII << 24;
        }
        fours[byte] = places;
        byte += 1;
    }
    fours
};

/// What four digits may be: each alone allows it.
#[inline(always)]
fn four(digits: [u8; 4]) -> u32 {
    let [a, b, c, d] = digits.map(|digit| FOURS[usize::from(digit)]);
    a & b >> 8 & c >> 16 & d >> 24
}

/// Whether sixteen digits in a row, those at `at` among them, may stand for
/// text: four groups, of which every seed holds one that is looked at.
fn may_seed(run: &[u8], at: usize) -> bool {
    let may = |at: usize| run[at..].first_chunk().is_some_and(|group| four(*group) != 0);
    let mut n_groups = 1;
    let (mut before, mut behind) = (at, at + 4);
    while before >= 4 && may(before - 4) {
        before -= 4;
        n_groups += 1;
    }
    while n_groups < 4 && behind < run.len() && may(behind) {
        behind += 4;
        n_groups += 1;
    }
    n_groups >= 4
}

/// Returns whether a run of digits may stand for text: quick, for there are
/// thousands of runs in a megabyte of code.
#[inline]
pub(super) fn may_hold_text(run: &[u8]) -> bool {
    let mut first = 0;
    while let Some(digits) = run[first..].first_chunk::<7>() {
        let [a, b, c, d, e, f, g] = *digits;
        let phases = [four([a, b, c, d]), four([b, c, d, e]), four([c, d, e, f]), four([d, e, f, g])];
        if phases[0] | phases[1] | phases[2] | phases[3] != 0 {
            let seeds = |phase: &usize| phases[*phase] != 0 && may_seed(run, first + phase);
            if (0..4).any(|phase| seeds(&phase)) {
                return true;
            }
        }
        first += STRIDE;
        if first >= run.len() {
            return false;
        }
    }
    (first..run.len()).any(|at| run[at..].first_chunk().is_some_and(|group| four(*group) != 0) && may_seed(run, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_look_misses_no_text() {
        let digits: Vec<u8> = (0..=255).filter(|byte| sextet(*byte).is_some()).collect();
        for a in &digits {
            for b in &digits {
                for c in &digits {
                    for d in &digits {
                        let group = [*a, *b, *c, *d];
                        let is_text = is_base64_text(&group) || is_hex_text(&group[..2]) && is_hex_text(&group[2..]);
                        assert!(four(group) != 0 || !is_text, "{}", group.escape_ascii());
                    }
                }
            }
        }
    }
}
