//! Runs of token characters, from the masks of a block.

use super::classify::{LANE, Level, Masks, is_core, is_narrow, is_wide, longer_than};
use crate::decode::{LEAST_RUN, may_stand_for_text};
use crate::rule::{COLD_RUN, HOT_RUN, WIDE_RUN};
use crate::span::Span;

/// A maximal run of characters of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

impl Run {
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }

    pub(super) fn span(self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// Where the runs found go: those of tokens, and those that may stand for text.
type Found<'a> = (&'a mut Vec<Run>, &'a mut Vec<Span>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Narrow, with a long enough part of letters and digits, a digit among them.
    Core,
    /// Narrow, with a digit.
    Hot,
    /// Narrow, without a digit.
    Cold,
    /// Wide, with a digit.
    Wide,
}

/// Finds the runs of a text, block by block.
///
/// A run is found in the block it ends in.
#[derive(Debug, Default)]
pub(super) struct RunFinder {
    narrow: Tracker,
    wide: Tracker,
    /// A digit is in the wide run that reaches the end of the lanes seen so far.
    has_digit: bool,
}

impl RunFinder {
    /// Adds the runs that end in a block.
    pub(super) fn find(&mut self, block: Block<'_>, masks: &Masks, level: Level, found: Found<'_>) {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 | Level::Avx512 => x86::find(self, block, masks, found),
            _ => self.find_inner(block, masks, found),
        }
    }

    /// Goes past a lane in which nothing ends that counts: what is short, or
    /// without a digit and not long. What is narrow is wide, so that the wide mask tells for both.
    #[inline(always)]
    fn passes(&mut self, masks: &Masks, lane: usize) -> bool {
        let (wide, long, digit) = (masks.wide[lane], masks.long[lane], masks.digit[lane]);
        let lead = wide.trailing_ones();
        let touching = self.wide.carry + lead as usize;
        if long != 0 || touching >= HOT_RUN as usize {
            let is_cold = touching >= COLD_RUN as usize || longer_than(long, COLD_RUN - HOT_RUN + 1) != 0;
            if is_cold || digit & spread(long, HOT_RUN) != 0 {
                return false;
            }
            if touching >= HOT_RUN as usize && (self.has_digit || digit & !(u64::MAX << lead) != 0) {
                return false;
            }
        }
        let tail = wide.leading_ones();
        self.narrow.carry = masks.narrow[lane].leading_ones() as usize;
        self.wide.carry = tail as usize;
        self.has_digit = digit & !(u64::MAX >> tail) != 0;
        true
    }

    #[inline(always)]
    fn find_inner(&mut self, block: Block<'_>, masks: &Masks, (runs, encoded): Found<'_>) {
        let Block { bytes, base, n_lanes } = block;
        for lane in 0..n_lanes {
            // Of most lanes it is clear at once that no run ends in them.
            if self.passes(masks, lane) {
                continue;
            }
            let (wide, digits) = (masks.wide[lane], masks.digit[lane]);
            let tail = if wide == u64::MAX { u64::MAX } else { !(u64::MAX >> wide.leading_ones()) };
            self.has_digit = digits & tail != 0 || wide == u64::MAX && self.has_digit;
            let at = base + lane * LANE;
            let digit = |start: usize, end: usize| block.holds_digit(masks, start, end);
            let narrow = |start: usize, end: usize, digit: bool| {
                narrow_kind(&bytes[start..end], digit).map(|kind| Run { start, end, kind })
            };
            // Mostly the two classes are the same.
            if masks.narrow[lane] == wide && self.narrow.carry == self.wide.carry {
                self.wide.step(wide, at, HOT_RUN, |start, end| {
                    let has_digit = digit(start, end);
                    runs.extend(narrow(start, end, has_digit));
                    if end - start >= LEAST_RUN as usize {
                        push_wide(bytes, Span::new(start, end), (runs, encoded), || has_digit);
                    }
                });
                self.narrow = self.wide;
                continue;
            }
            self.narrow.step(masks.narrow[lane], at, HOT_RUN, |start, end| {
                runs.extend(narrow(start, end, digit(start, end)));
            });
            self.wide.step(wide, at, LEAST_RUN, |start, end| {
                push_wide(bytes, Span::new(start, end), (runs, encoded), || digit(start, end));
            });
        }
        let end = base + n_lanes * LANE;
        if end >= bytes.len() {
            self.narrow.end(end, HOT_RUN, |start, end| {
                let kind = narrow_kind(&bytes[start..end], holds_digit(&bytes[start..end]));
                runs.extend(kind.map(|kind| Run { start, end, kind }));
            });
            self.wide.end(end, LEAST_RUN, |start, end| {
                push_wide(bytes, Span::new(start, end), (runs, encoded), || holds_digit(&bytes[start..end]));
            });
        }
    }
}

/// Where a block lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    /// The whole text.
    pub(super) bytes: &'a [u8],
    /// Offset of the block.
    pub(super) base: usize,
    pub(super) n_lanes: usize,
}

impl Block<'_> {
    /// Whether a digit is among the bytes from `start` to `end`, which lies in the block.
    #[inline(always)]
    fn holds_digit(self, masks: &Masks, start: usize, end: usize) -> bool {
        if start < self.base && holds_digit(&self.bytes[start..self.base]) {
            return true;
        }
        let (from, to) = (start.max(self.base) - self.base, end - self.base);
        (from / LANE..to.div_ceil(LANE)).any(|lane| {
            let low = u64::MAX << from.saturating_sub(lane * LANE);
            let beyond = ((lane + 1) * LANE).saturating_sub(to);
            masks.digit[lane] & low & (u64::MAX >> beyond) != 0
        })
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a call of a function for detected features; nothing else here is unsafe")]
mod x86 {
    use super::{Block, Found, Masks, RunFinder};

    /// The same code, for machines with better instructions for bits.
    pub(super) fn find(finder: &mut RunFinder, block: Block<'_>, masks: &Masks, found: Found<'_>) {
        // SAFETY: `Level::Avx2` is chosen only where these features are detected.
        unsafe { find_inner(finder, block, masks, found) }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn find_inner(finder: &mut RunFinder, block: Block<'_>, masks: &Masks, found: Found<'_>) {
        finder.find_inner(block, masks, found);
    }
}

/// Takes a wide run for what it counts for: the shorter ones only for text they may stand for.
#[inline(always)]
fn push_wide(bytes: &[u8], run: Span, (runs, encoded): Found<'_>, holds_digit: impl FnOnce() -> bool) {
    if run.len() >= WIDE_RUN as usize && holds_digit() {
        runs.push(Run { start: run.start, end: run.end, kind: Kind::Wide });
    }
    if may_stand_for_text(&bytes[run.range()]) {
        encoded.push(run);
    }
}

const _: () = assert!(LEAST_RUN <= WIDE_RUN, "the shortest wide run that counts for anything");
const _: () = assert!(HOT_RUN <= COLD_RUN && COLD_RUN <= LEAST_RUN, "a shorter run without a digit counts for nothing");

/// Follows the runs of one class from lane to lane.
#[derive(Clone, Copy, Debug, Default)]
struct Tracker {
    /// Length of the run that reaches the end of the lanes seen so far.
    carry: usize,
}

impl Tracker {
    /// Finds the runs that end in the lane at `at`.
    #[inline(always)]
    fn step(&mut self, mask: u64, at: usize, least: u32, mut found: impl FnMut(usize, usize)) {
        let lead = mask.trailing_ones();
        if lead == 64 {
            self.carry += LANE;
            return;
        }
        // The run that touches the start of the lane, with what came before.
        if self.carry + lead as usize >= least as usize {
            found(at - self.carry, at + lead as usize);
        }
        let top = mask.leading_ones();
        self.carry = top as usize;
        // Those that touch neither end.
        let mut inner = (mask >> lead << lead) & (u64::MAX >> top);
        inner = longer_than(inner, least);
        while inner != 0 {
            let start = inner.trailing_zeros();
            let end = start + (mask >> start).trailing_ones();
            found(at + start as usize, at + end as usize);
            inner = inner >> end << end;
        }
    }

    /// Finds the run that ends with the text, which is at `at`.
    fn end(&mut self, at: usize, least: u32, mut found: impl FnMut(usize, usize)) {
        if self.carry >= least as usize {
            found(at - self.carry, at);
        }
        self.carry = 0;
    }
}

/// Sets the `len` bits from each bit of the mask on.
#[inline(always)]
fn spread(mut mask: u64, len: u32) -> u64 {
    let mut done = 1;
    while 2 * done <= len {
        mask |= mask << done;
        done *= 2;
    }
    mask | mask << (len - done)
}

/// Whether a digit is among the bytes.
fn holds_digit(bytes: &[u8]) -> bool {
    // Without an early end within a part, which lets the compiler use vectors.
    bytes.chunks(64).any(|part| part.iter().fold(false, |any, byte| any | byte.is_ascii_digit()))
}

/// The kind of a narrow run, if it counts.
fn narrow_kind(run: &[u8], has_digit: bool) -> Option<Kind> {
    if !has_digit {
        return (run.len() >= COLD_RUN as usize).then_some(Kind::Cold);
    }
    let (mut len, mut digit) = (0, false);
    let core = run.iter().any(|byte| {
        (len, digit) = if is_core(*byte) { (len + 1, digit | byte.is_ascii_digit()) } else { (0, false) };
        len >= HOT_RUN && digit
    });
    Some(if core { Kind::Core } else { Kind::Hot })
}

/// The runs of a text by their definition, byte by byte: the slow twin.
pub(super) fn naive_runs(bytes: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    for (wide, least) in [(false, HOT_RUN), (true, WIDE_RUN)] {
        let member: fn(u8) -> bool = if wide { is_wide } else { is_narrow };
        let mut at = 0;
        while at < bytes.len() {
            let end = at + bytes[at..].iter().take_while(|byte| member(**byte)).count();
            let run = &bytes[at..end];
            let wide_kind = run.iter().any(u8::is_ascii_digit).then_some(Kind::Wide);
            let kind = if wide { wide_kind } else { narrow_kind(run, holds_digit(run)) };
            runs.extend(kind.filter(|_| run.len() >= least as usize).map(|kind| Run { start: at, end, kind }));
            at = end + 1;
        }
    }
    runs.sort_unstable_by_key(|run| (run.start, run.end));
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::classify::BEYOND;
    use super::*;
    use crate::table::Teddy;

    /// What is found by the definition of runs, byte by byte.
    fn naive(bytes: &[u8]) -> (Vec<Run>, Vec<Span>) {
        let mut encoded = Vec::new();
        let mut at = 0;
        for run in bytes.split(|byte| !is_wide(*byte)) {
            encoded.extend(may_stand_for_text(run).then_some(Span::new(at, at + run.len())));
            at += run.len() + 1;
        }
        (naive_runs(bytes), encoded)
    }

    fn found(bytes: &[u8], lanes: usize) -> (Vec<Run>, Vec<Span>) {
        let (mut finder, mut masks) = (RunFinder::default(), Masks::default());
        let (mut runs, mut encoded) = (Vec::new(), Vec::new());
        let n_lanes = bytes.len().div_ceil(LANE);
        for first in (0..n_lanes).step_by(lanes) {
            let count = lanes.min(n_lanes - first);
            let mut block = bytes[first * LANE..].to_vec();
            block.resize(count * LANE + BEYOND, 0);
            masks.fill(&block, &Teddy::default(), Level::Portable);
            let block = Block { bytes, base: first * LANE, n_lanes: count };
            finder.find(block, &masks, Level::Portable, (&mut runs, &mut encoded));
        }
        runs.sort_unstable_by_key(|run| (run.start, run.end));
        (runs, encoded)
    }

    proptest! {
        #[test]
        fn bit_operations_find_the_runs(text in "(([a-zA-Z0-9_+/-]{1,90}|(Zm9v){5,7})[ .=]{0,2}){0,12}", lanes in 1_usize..4) {
            prop_assert_eq!(found(text.as_bytes(), lanes), naive(text.as_bytes()));
        }
    }

    /// Whatever its length, wherever its digit and the ends of lanes and blocks.
    #[test]
    fn every_alignment_finds_the_run() {
        for len in HOT_RUN as usize - 1..=COLD_RUN as usize + 1 {
            for digit in 0..=len {
                for start in 3 * LANE / 2..5 * LANE / 2 {
                    let mut text = vec![b'.'; 4 * LANE];
                    text[start..start + len].fill(b'x');
                    // Beyond the run there is none in it.
                    text[start + digit] = if digit < len { b'7' } else { b'.' };
                    for lanes in [1, 2, 4] {
                        assert_eq!(found(&text, lanes), naive(&text), "{len} from {start}, a digit at {digit}");
                    }
                }
            }
        }
    }
}
