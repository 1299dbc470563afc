//! Which items of a new sequence stand in an old one, in the same order.
//!
//! The patience algorithm: what is in both just once is matched first, as far as
//! it is in order, then what lies between by the same means. That takes little
//! more than linear time whatever the sequences hold, and lines with secrets are
//! hardly ever there twice. The crates for this take quadratic time on some input.

use std::ops::Range;

/// Levels of regions within regions that are told apart by what is in both once.
const DEEPEST: usize = 24;
/// Steps an item may take where nothing is in both just once.
const STEPS: usize = 64;

/// Returns for each item of `new` whether it was matched with one of `old`.
///
/// Items are numbers below `n_items`; matches are in order in both.
pub(super) fn matched(old: &[u32], new: &[u32], n_items: usize) -> Vec<bool> {
    let mut matched = vec![false; new.len()];
    let mut places = Places { old: vec![(0, 0); n_items], new: vec![(0, 0); n_items] };
    let mut regions = vec![(0..old.len(), 0..new.len(), 0)];
    while let Some((a, b, depth)) = regions.pop() {
        let (a, b) = trim(old, new, (a, b), &mut matched);
        if a.is_empty() || b.is_empty() {
            continue;
        }
        let anchors = if depth < DEEPEST { places.anchors((old, &a), (new, &b)) } else { Vec::new() };
        if anchors.is_empty() {
            rest((old, a), (new, b), &mut matched);
            continue;
        }
        let mut from = (a.start, b.start);
        for (i, j) in anchors {
            matched[j] = true;
            regions.push((from.0..i, from.1..j, depth + 1));
            from = (i + 1, j + 1);
        }
        regions.push((from.0..a.end, from.1..b.end, depth + 1));
    }
    matched
}

type Region = (Range<usize>, Range<usize>);

/// Matches what both regions start and end with, and returns what is left.
fn trim(old: &[u32], new: &[u32], (mut a, mut b): Region, matched: &mut [bool]) -> Region {
    while !a.is_empty() && !b.is_empty() && old[a.start] == new[b.start] {
        matched[b.start] = true;
        (a.start, b.start) = (a.start + 1, b.start + 1);
    }
    while !a.is_empty() && !b.is_empty() && old[a.end - 1] == new[b.end - 1] {
        matched[b.end - 1] = true;
        (a.end, b.end) = (a.end - 1, b.end - 1);
    }
    (a, b)
}

/// How often each item stands in a region, and where at last.
struct Places {
    old: Vec<(u32, usize)>,
    new: Vec<(u32, usize)>,
}

impl Places {
    /// Returns the places of items that are in both regions just once, as many as
    /// are in order in both.
    fn anchors(&mut self, (old, a): (&[u32], &Range<usize>), (new, b): (&[u32], &Range<usize>)) -> Vec<(usize, usize)> {
        count(&mut self.old, old, a);
        count(&mut self.new, new, b);
        let once = b.clone().filter_map(|j| {
            let item = new[j] as usize;
            (self.old[item].0 == 1 && self.new[item].0 == 1).then_some((self.old[item].1, j))
        });
        let pairs = longest_rise(&once.collect::<Vec<_>>());
        old[a.clone()].iter().for_each(|item| self.old[*item as usize].0 = 0);
        new[b.clone()].iter().for_each(|item| self.new[*item as usize].0 = 0);
        pairs
    }
}

fn count(places: &mut [(u32, usize)], items: &[u32], region: &Range<usize>) {
    for at in region.clone() {
        let place = &mut places[items[at] as usize];
        *place = (place.0 + 1, at);
    }
}

/// Returns the most pairs whose first numbers rise, out of pairs whose second ones do.
fn longest_rise(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The pair each rise of one length ends with, the least there is, and for each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![usize::MAX; pairs.len()];
    for (idx, pair) in pairs.iter().enumerate() {
        let len = ends.partition_point(|end| pairs[*end].0 < pair.0);
        if len > 0 {
            before[idx] = ends[len - 1];
        }
        ends.truncate(ends.len().max(len + 1));
        match ends.get_mut(len) {
            Some(end) => *end = idx,
            None => ends.push(idx),
        }
    }
    let mut rise = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied().unwrap_or(usize::MAX);
    while let Some(pair) = pairs.get(at) {
        rise.push(*pair);
        at = before[at];
    }
    rise.reverse();
    rise
}

/// Matches regions in which nothing is in both just once: as much as can be
/// where they are small, and otherwise each item with the next one like it.
fn rest((old, a): (&[u32], Range<usize>), (new, b): (&[u32], Range<usize>), matched: &mut [bool]) {
    if a.len().saturating_mul(b.len()) <= STEPS * (a.len() + b.len()) {
        return exact(&old[a], &new[b.clone()], &mut matched[b]);
    }
    let mut at = a.start;
    for j in b {
        let near = &old[at..a.end.min(at + STEPS)];
        if let Some(found) = near.iter().position(|item| *item == new[j]) {
            matched[j] = true;
            at += found + 1;
        }
    }
}

/// Matches as much as can be, in as many steps as there are pairs.
fn exact(old: &[u32], new: &[u32], matched: &mut [bool]) {
    let width = new.len() + 1;
    // How much of the ends from here can be matched.
    let mut best = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            best[i * width + j] = if old[i] == new[j] {
                best[(i + 1) * width + j + 1] + 1
            } else {
                best[(i + 1) * width + j].max(best[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            matched[j] = true;
            (i, j) = (i + 1, j + 1);
        } else if best[(i + 1) * width + j] >= best[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items that were not matched.
    fn unmatched(old: &str, new: &str) -> String {
        let items = |text: &str| text.bytes().map(u32::from).collect::<Vec<_>>();
        let matched = matched(&items(old), &items(new), 256);
        new.chars().zip(matched).filter(|(_, matched)| !matched).map(|(item, _)| item).collect()
    }

    #[test]
    fn matches_in_order() {
        let cases = [
            ("", "ab", "ab"),
            ("ab", "", ""),
            ("abc", "abc", ""),
            ("abcd", "aXbYd", "XY"),
            ("abcde", "deabc", "de"),
            ("aabb", "aab", ""),
            ("a}b}c}", "a}X}b}c}", "X}"),
            ("}}}}", "}X}Y}", "XY"),
        ];
        for (old, new, expected) in cases {
            assert_eq!(unmatched(old, new), expected, "{old} to {new}");
        }
    }

    #[test]
    fn long_repetitions_take_little_time() {
        let old: Vec<u32> = (0..400_000).map(|at| at % 3).collect();
        let mut new = old.clone();
        new.insert(0, 9);
        new.insert(200_000, 9);
        new.push(9);
        let start = std::time::Instant::now();
        let n_unmatched = matched(&old, &new, 10).iter().filter(|matched| !**matched).count();
        assert!(start.elapsed().as_secs() < 20, "it is not quadratic");
        assert!((3..100).contains(&n_unmatched), "{n_unmatched}");
    }

    #[test]
    fn what_is_matched_is_there_in_order() {
        let mut state = 3_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..3000 {
            let below = 2 + random(20);
            let mut items = || (0..random(40)).map(|_| random(below) as u32).collect::<Vec<_>>();
            let (old, new) = (items(), items());
            let matched = matched(&old, &new, 32);
            let mut rest = old.iter();
            for (item, _) in new.iter().zip(&matched).filter(|(_, matched)| **matched) {
                assert!(rest.any(|known| known == item), "{old:?} {new:?} {matched:?}");
            }
        }
    }
}
