//! The windows of searched-for literals, as the bytes and nibbles a vector search looks up.

use std::ops::Range;

use super::frequency::{self, SHARE};

/// Bytes of a window; the last of a window of three may be any.
pub(crate) const WINDOW: usize = 4;

/// By how many bits a byte is shifted for the second of the two sets of four by which it is looked
/// up. Most text is letters, which differ in the lowest five: three of those in both sets tell them
/// apart better than the upper four bits would, of which letters have few.
pub(crate) const SHIFT: i32 = 1;

/// Buckets of windows; those beyond eight are a second table.
const BUCKETS: usize = 16;

/// The buckets of one byte of a window: by its low nibble and by the four bits from [`SHIFT`] on.
pub(crate) type Nibbles = ([u8; 16], [u8; 16]);

/// The bytes of searched-for windows, in buckets: a window can only start where
/// one bucket holds all four bytes.
#[derive(Clone, Debug)]
pub(crate) struct Teddy {
    /// For either half of the buckets, for each byte of a window: the buckets of
    /// each byte of ASCII. The highest bit of other bytes does not count.
    pub(crate) bytes: [[[u8; 128]; WINDOW]; 2],
    /// The same by nibbles, which lets more places pass.
    pub(crate) nibbles: [[Nibbles; WINDOW]; 2],
    pub(crate) empty: bool,
}

impl Default for Teddy {
    fn default() -> Self {
        Self { bytes: [[[0; 128]; WINDOW]; 2], nibbles: Default::default(), empty: false }
    }
}

/// The nibbles of the windows in one bucket, as sets of bits.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// The bytes themselves, as bits; the highest bit of a byte does not count.
    bytes: [u128; WINDOW],
    low: [u16; WINDOW],
    high: [u16; WINDOW],
    /// About how many places of source code pass.
    chance: f32,
}

impl Bucket {
    fn with(mut self, window: &[u8]) -> Self {
        for (at, byte) in window.iter().enumerate() {
            for case in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                self.bytes[at] |= 1 << (case & 127);
                self.low[at] |= 1 << (case & 15);
                self.high[at] |= 1 << (case >> SHIFT & 15);
            }
        }
        for at in window.len()..WINDOW {
            (self.bytes[at], self.low[at], self.high[at]) = (u128::MAX, u16::MAX, u16::MAX);
        }
        self.chance = (0..WINDOW).map(|at| share(self.low[at], self.high[at])).product();
        self
    }
}

/// The share of the bytes of source code that belong to both sets.
fn share(low: u16, high: u16) -> f32 {
    if (low, high) == (u16::MAX, u16::MAX) {
        return 1.0;
    }
    let passes = |byte: usize| low >> (byte & 15) & 1 != 0 && high >> (byte >> SHIFT & 15) & 1 != 0;
    SHARE.iter().enumerate().filter(|(byte, _)| passes(*byte)).map(|(_, share)| share).sum()
}

impl Teddy {
    /// Builds the buckets for windows of three or four bytes in which letters stand for both cases.
    #[cfg(test)]
    pub(crate) fn new(windows: &[&[u8]]) -> Self {
        Plan::new(windows, 0).teddy()
    }

    fn of(buckets: &[Bucket; BUCKETS], empty: bool) -> Self {
        let mut teddy = Self { empty, ..Self::default() };
        for (number, bucket) in buckets.iter().enumerate() {
            let (half, bit) = (number / 8, number % 8);
            for (table, set) in teddy.bytes[half].iter_mut().zip(bucket.bytes) {
                for (byte, entry) in table.iter_mut().enumerate() {
                    *entry |= u8::from(set >> byte & 1 != 0) << bit;
                }
            }
            for (at, (low, high)) in teddy.nibbles[half].iter_mut().enumerate() {
                for nibble in 0..16 {
                    low[nibble] |= u8::from(bucket.low[at] >> nibble & 1 != 0) << bit;
                    high[nibble] |= u8::from(bucket.high[at] >> nibble & 1 != 0) << bit;
                }
            }
        }
        teddy
    }

    pub(crate) fn starts(&self, bytes: &[u8]) -> bool {
        self.bytes.iter().any(|half| {
            let buckets = bytes.iter().zip(half).map(|(byte, table)| table[usize::from(byte & 127)]);
            buckets.fold(u8::MAX, |all, one| all & one) != 0
        })
    }
}

/// What it costs to look up the literals of a window that stands somewhere, beside
/// what it costs to turn down a place that passed by chance.
const LOOK_UP: f32 = 100.0;

/// Windows of a literal that are tried, the rarest first.
const TRIED: usize = 4;

/// Which window of each literal the vector search looks for, and in which
/// bucket: where it adds the fewest places that pass by chance.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    literals: Vec<&'a [u8]>,
    /// Where the window of each literal lies in it, and the bucket it is in.
    chosen: Vec<(Range<usize>, usize)>,
    buckets: [Bucket; BUCKETS],
}

impl<'a> Plan<'a> {
    /// Places literal after literal, and then anew in so many rounds, which
    /// costs time and makes a better plan.
    pub(crate) fn new(literals: &[&'a [u8]], rounds: usize) -> Self {
        let mut plan = Self { literals: literals.to_vec(), chosen: Vec::new(), buckets: Default::default() };
        for idx in 0..literals.len() {
            let place = plan.place(idx);
            plan.chosen.push(place);
        }
        for idx in (0..rounds).flat_map(|_| 0..literals.len()) {
            plan.empty(idx);
            plan.chosen[idx] = plan.place(idx);
        }
        plan
    }

    /// Enters a literal by the window, and in the bucket, where it costs least.
    fn place(&mut self, idx: usize) -> (Range<usize>, usize) {
        let literal = self.literals[idx];
        let mut best = (0..literal.len().min(WINDOW), 0, f32::INFINITY);
        for window in windows(literal) {
            let hits = LOOK_UP * frequency::chance(&literal[window.clone()]);
            for (number, bucket) in self.buckets.iter().enumerate() {
                let cost = hits + bucket.with(&literal[window.clone()]).chance - bucket.chance;
                if cost < best.2 {
                    best = (window.clone(), number, cost);
                }
            }
        }
        let (window, number, _) = best;
        self.buckets[number] = self.buckets[number].with(&literal[window.clone()]);
        (window, number)
    }

    /// Takes a literal out of its bucket.
    fn empty(&mut self, idx: usize) {
        let number = self.chosen[idx].1;
        let others = self.chosen.iter().enumerate().filter(|(other, (_, of))| *other != idx && *of == number);
        self.buckets[number] = others
            .map(|(other, (window, _))| &self.literals[other][window.clone()])
            .fold(Bucket::default(), Bucket::with);
    }

    /// The window of each literal.
    pub(crate) fn windows(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.chosen.iter().map(|(window, _)| window.clone())
    }

    /// The tables of the plan.
    pub(crate) fn teddy(&self) -> Teddy {
        Teddy::of(&self.buckets, self.literals.is_empty())
    }
}

/// The rarest windows of a literal: of four bytes, or of three where it has no more.
fn windows(literal: &[u8]) -> Vec<Range<usize>> {
    let size = literal.len().min(WINDOW);
    let mut all: Vec<Range<usize>> = (0..=literal.len() - size).map(|at| at..at + size).collect();
    let chance = |window: &Range<usize>| frequency::chance(&literal[window.clone()]);
    all.sort_by(|a, b| chance(a).total_cmp(&chance(b)));
    all.truncate(TRIED);
    all
}
