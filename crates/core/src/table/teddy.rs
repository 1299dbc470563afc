//! The windows of searched-for literals, as the nibbles a vector search looks up.

use std::ops::Range;

use super::literal::byte_rarity;

/// Bytes of a window; the last of a window of three may be any.
pub(crate) const WINDOW: usize = 4;

/// Buckets of windows; those beyond eight are a second table.
const BUCKETS: usize = 16;

/// The buckets of one byte of a window: by low nibble and by high nibble.
pub(crate) type Nibbles = ([u8; 16], [u8; 16]);

/// The nibbles of the bytes of searched-for windows, in buckets: a window can
/// only start where one bucket holds all eight nibbles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Teddy {
    /// For either half of the buckets, for each byte of a window.
    pub(crate) nibbles: [[Nibbles; WINDOW]; 2],
    pub(crate) empty: bool,
}

/// The nibbles of the windows in one bucket, as sets of bits.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    low: [u16; WINDOW],
    high: [u16; WINDOW],
    /// About how many places of source code pass.
    chance: f32,
}

impl Bucket {
    fn with(mut self, window: &[u8]) -> Self {
        for (at, byte) in window.iter().enumerate() {
            for case in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                self.low[at] |= 1 << (case & 15);
                self.high[at] |= 1 << (case >> 4);
            }
        }
        for at in window.len()..WINDOW {
            (self.low[at], self.high[at]) = (u16::MAX, u16::MAX);
        }
        self.chance = (0..WINDOW).map(|at| share(self.low[at], self.high[at])).product();
        self
    }
}

/// The share of the bytes of source code whose nibbles belong to the sets.
fn share(low: u16, high: u16) -> f32 {
    if (low, high) == (u16::MAX, u16::MAX) {
        return 1.0;
    }
    let mut sum = 0.0;
    let mut highs = high & 0xff;
    while highs != 0 {
        let row = highs.trailing_zeros() as usize * 16;
        highs &= highs - 1;
        let mut lows = low;
        while lows != 0 {
            sum += FREQUENCY[row + lows.trailing_zeros() as usize];
            lows &= lows - 1;
        }
    }
    sum
}

/// About how often each byte occurs in source code.
static FREQUENCY: [f32; 128] = {
    const SHARE: [f32; 8] = [0.0, 0.09, 0.05, 0.03, 0.015, 0.008, 0.004, 0.002];
    let mut all = [0.0; 128];
    let mut byte = b' ';
    while byte < 127 {
        let share = SHARE[byte_rarity(byte.to_ascii_lowercase()) as usize];
        all[byte as usize] = if byte.is_ascii_uppercase() { share / 6.0 } else { share };
        byte += 1;
    }
    all
};

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
        self.nibbles.iter().any(|half| {
            let bucket =
                |(byte, (low, high)): (&u8, &Nibbles)| low[usize::from(byte & 15)] & high[usize::from(byte >> 4)];
            bytes.iter().zip(half).map(bucket).fold(u8::MAX, |all, one| all & one) != 0
        })
    }
}

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
        let mut best = (0..literal.len().min(WINDOW), 0, f32::INFINITY, f32::INFINITY);
        for window in windows(literal) {
            let alone = Bucket::default().with(&literal[window.clone()]).chance;
            for (number, bucket) in self.buckets.iter().enumerate() {
                let added = bucket.with(&literal[window.clone()]).chance - bucket.chance;
                if (added, alone) < (best.2, best.3) {
                    best = (window.clone(), number, added, alone);
                }
            }
        }
        let (window, number, ..) = best;
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
    let chance = |window: &Range<usize>| Bucket::default().with(&literal[window.clone()]).chance;
    all.sort_by(|a, b| chance(a).total_cmp(&chance(b)));
    all.truncate(TRIED);
    all
}
