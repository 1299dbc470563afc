//! Runs of token characters, from the masks of a block.

use super::classify::{LANE, Masks, is_core, is_narrow, is_wide};
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

/// Finds the runs that start in a block.
#[derive(Debug, Default)]
pub(super) struct RunFinder {
    narrow: Carry,
    wide: Carry,
}

/// Whether a run was under way at the end of the last block.
#[derive(Clone, Copy, Debug, Default)]
struct Carry {
    last: u64,
}

impl RunFinder {
    /// Adds the runs that start in the first `n_lanes` lanes of the block at
    /// `base`; the masks may describe one lane more, to look ahead.
    pub(super) fn find(&mut self, bytes: &[u8], base: usize, n_lanes: usize, masks: &Masks, runs: &mut Vec<Run>) {
        for lane in 0..n_lanes {
            let ahead = |mask: &[u64]| (u128::from(mask[lane]), u128::from(mask.get(lane + 1).copied().unwrap_or(0)));
            let at = base + lane * LANE;
            let starts = self.narrow.starts(ahead(&masks.narrow), HOT_RUN);
            each_bit(starts, |bit| {
                let (start, end) = (at + bit, end_of(bytes, at + bit + HOT_RUN as usize, is_narrow));
                if let Some(kind) = narrow_kind(&bytes[start..end]) {
                    runs.push(Run { start, end, kind });
                }
            });
            let starts = self.wide.starts(ahead(&masks.wide), WIDE_RUN);
            each_bit(starts, |bit| {
                let (start, end) = (at + bit, end_of(bytes, at + bit + WIDE_RUN as usize, is_wide));
                if bytes[start..end].iter().any(u8::is_ascii_digit) {
                    runs.push(Run { start, end, kind: Kind::Wide });
                }
            });
        }
    }
}

impl Carry {
    /// The first bytes of the runs of at least `least` bytes that start in a lane.
    #[inline]
    fn starts(&mut self, (here, next): (u128, u128), least: u32) -> u64 {
        let mut all = here | next << 64;
        let mut len = 1;
        while len < least {
            all &= all >> len;
            len *= 2;
        }
        let within = all as u64;
        let starts = within & !(within << 1 | self.last);
        self.last = within >> 63;
        starts
    }
}

#[inline]
fn each_bit(mut mask: u64, mut call: impl FnMut(usize)) {
    while mask != 0 {
        call(mask.trailing_zeros() as usize);
        mask &= mask - 1;
    }
}

/// The kind of a narrow run, if it counts.
fn narrow_kind(run: &[u8]) -> Option<Kind> {
    if !run.iter().any(u8::is_ascii_digit) {
        return (run.len() >= COLD_RUN as usize).then_some(Kind::Cold);
    }
    let is_long = |part: &[u8]| part.len() >= HOT_RUN as usize && part.iter().any(u8::is_ascii_digit);
    let core = run.split(|byte| !is_core(*byte)).any(is_long);
    Some(if core { Kind::Core } else { Kind::Hot })
}

fn end_of(bytes: &[u8], from: usize, member: fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|byte| !member(*byte)).map_or(bytes.len(), |at| from + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::classify::{BEYOND, Level, Teddy};
    use super::*;

    /// The definition of runs, byte by byte.
    fn naive(bytes: &[u8]) -> Vec<Run> {
        let mut runs = Vec::new();
        for (wide, least) in [(false, HOT_RUN), (true, WIDE_RUN)] {
            let member = if wide { is_wide } else { is_narrow };
            let mut at = 0;
            while at < bytes.len() {
                let end = end_of(bytes, at, member);
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
            finder.find(bytes, first * LANE, count, &masks, &mut runs);
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
