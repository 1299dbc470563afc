//! Runs of token characters, from the masks of a block.

use super::classify::{LANE, Level, Masks, is_core};
use crate::rule::{COLD_RUN, HOT_RUN, WIDE_RUN};

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
}

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
}

impl RunFinder {
    /// Adds the runs that end in the block at `base`, of which `n_lanes` lanes
    /// count; the masks describe one lane more, to look ahead.
    pub(super) fn find(&mut self, block: Block<'_>, masks: &Masks, level: Level, runs: &mut Vec<Run>) {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::find(self, block, masks, runs),
            _ => self.find_inner(block, masks, runs),
        }
    }

    #[inline(always)]
    fn find_inner(&mut self, block: Block<'_>, masks: &Masks, runs: &mut Vec<Run>) {
        let Block { bytes, base, n_lanes } = block;
        for lane in 0..n_lanes {
            let at = base + lane * LANE;
            let narrow = (masks.narrow[lane], masks.narrow[lane + 1]);
            let wide = (masks.wide[lane], masks.wide[lane + 1]);
            let any = self.narrow.step(narrow, at, HOT_RUN, |start, end| push_narrow(bytes, start, end, runs));
            // Where no byte is `+` or `/`, a wide run is a narrow one, too.
            if any || narrow != wide || self.wide.open.is_some() {
                self.wide.step(wide, at, WIDE_RUN, |start, end| push_wide(bytes, start, end, runs));
            } else {
                self.wide.last = 0;
            }
        }
        if base + n_lanes * LANE >= bytes.len() {
            let end = bytes.len();
            self.narrow.open.take().into_iter().for_each(|start| push_narrow(bytes, start, end, runs));
            self.wide.open.take().into_iter().for_each(|start| push_wide(bytes, start, end, runs));
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

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a call of a function for detected features; nothing else here is unsafe")]
mod x86 {
    use super::{Block, Masks, Run, RunFinder};

    /// The same code, for machines with better instructions for bits.
    pub(super) fn find(finder: &mut RunFinder, block: Block<'_>, masks: &Masks, runs: &mut Vec<Run>) {
        // SAFETY: `Level::Avx2` is chosen only where these features are detected.
        unsafe { find_inner(finder, block, masks, runs) }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn find_inner(finder: &mut RunFinder, block: Block<'_>, masks: &Masks, runs: &mut Vec<Run>) {
        finder.find_inner(block, masks, runs);
    }
}

fn push_narrow(bytes: &[u8], start: usize, end: usize, runs: &mut Vec<Run>) {
    runs.extend(narrow_kind(&bytes[start..end]).map(|kind| Run { start, end, kind }));
}

fn push_wide(bytes: &[u8], start: usize, end: usize, runs: &mut Vec<Run>) {
    if holds_digit(&bytes[start..end]) {
        runs.push(Run { start, end, kind: Kind::Wide });
    }
}

/// Follows the runs of one class from lane to lane.
#[derive(Clone, Copy, Debug, Default)]
struct Tracker {
    /// Start of a run that is long enough and has not ended.
    open: Option<usize>,
    /// Whether the last byte looked at begins enough bytes of the class.
    last: u64,
}

impl Tracker {
    /// Follows the runs of the lane at `at`, the next lane in view; returns
    /// whether any byte of the lane begins enough bytes of the class.
    #[inline(always)]
    fn step(&mut self, (here, next): (u64, u64), at: usize, least: u32, mut found: impl FnMut(usize, usize)) -> bool {
        if let Some(start) = self.open
            && here != u64::MAX
        {
            found(start, at + here.trailing_ones() as usize);
            self.open = None;
        }
        if !may_start(here, next, least) {
            self.last = 0;
            return false;
        }
        let within = begins(here, next, least);
        let mut starts = within & !(within << 1 | self.last);
        self.last = within >> 63;
        while starts != 0 {
            let bit = starts.trailing_zeros();
            starts &= starts - 1;
            let len = (here >> bit).trailing_ones();
            if bit + len == 64 {
                self.open = Some(at + bit as usize);
            } else {
                found(at + bit as usize, at + (bit + len) as usize);
            }
        }
        within != 0
    }
}

/// The bytes of a lane that begin at least `least` bytes of the class.
#[inline(always)]
fn begins(here: u64, next: u64, least: u32) -> u64 {
    let mut all = u128::from(here) | u128::from(next) << 64;
    let mut len = 1;
    while len < least {
        all &= all >> len;
        len *= 2;
    }
    all as u64
}

/// Whether a run of `least` bytes may start in a lane: it then covers some
/// aligned part of the mask, half as long, here or at the start of the next lane.
#[inline(always)]
fn may_start(here: u64, next: u64, least: u32) -> bool {
    let part = least / 2;
    let first = u64::MAX >> (64 - part);
    let low = u64::MAX / first;
    let gaps = !here;
    let full = gaps.wrapping_sub(low) & here & (low << (part - 1));
    full != 0 || (here >> 63 != 0 && next & first == first)
}

/// Whether a digit is among the bytes.
fn holds_digit(bytes: &[u8]) -> bool {
    // Without an early end within a part, which lets the compiler use vectors.
    bytes.chunks(64).any(|part| part.iter().fold(false, |any, byte| any | byte.is_ascii_digit()))
}

/// The kind of a narrow run, if it counts.
fn narrow_kind(run: &[u8]) -> Option<Kind> {
    if !holds_digit(run) {
        return (run.len() >= COLD_RUN as usize).then_some(Kind::Cold);
    }
    let is_long = |part: &[u8]| part.len() >= HOT_RUN as usize && holds_digit(part);
    let core = run.split(|byte| !is_core(*byte)).any(is_long);
    Some(if core { Kind::Core } else { Kind::Hot })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::classify::{BEYOND, Teddy, is_narrow, is_wide};
    use super::*;

    /// The definition of runs, byte by byte.
    fn naive(bytes: &[u8]) -> Vec<Run> {
        let mut runs = Vec::new();
        for (wide, least) in [(false, HOT_RUN), (true, WIDE_RUN)] {
            let member: fn(u8) -> bool = if wide { is_wide } else { is_narrow };
            let mut at = 0;
            while at < bytes.len() {
                let end = at + bytes[at..].iter().take_while(|byte| member(**byte)).count();
                let run = &bytes[at..end];
                let wide_kind = run.iter().any(u8::is_ascii_digit).then_some(Kind::Wide);
                let kind = if wide { wide_kind } else { narrow_kind(run) };
                runs.extend(kind.filter(|_| run.len() >= least as usize).map(|kind| Run { start: at, end, kind }));
                at = end + 1;
            }
        }
        runs.sort_unstable_by_key(|run| (run.start, run.end));
        runs
    }

    fn found(bytes: &[u8], lanes: usize) -> Vec<Run> {
        let (mut finder, mut masks, mut runs) = (RunFinder::default(), Masks::default(), Vec::new());
        let n_lanes = bytes.len().div_ceil(LANE);
        for first in (0..n_lanes).step_by(lanes) {
            let count = lanes.min(n_lanes - first);
            let mut block = bytes[first * LANE..].to_vec();
            block.resize((count + 1) * LANE + BEYOND, 0);
            masks.fill(&block, &Teddy::default(), Level::Portable);
            let block = Block { bytes, base: first * LANE, n_lanes: count };
            finder.find(block, &masks, Level::Portable, &mut runs);
        }
        runs.sort_unstable_by_key(|run| (run.start, run.end));
        runs
    }

    proptest! {
        #[test]
        fn bit_operations_find_the_runs(text in "([a-zA-Z0-9_+/-]{1,90}[ .=]{0,2}){0,12}", lanes in 1_usize..4) {
            prop_assert_eq!(found(text.as_bytes(), lanes), naive(text.as_bytes()));
        }
    }
}
