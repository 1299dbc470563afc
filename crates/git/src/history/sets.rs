//! Which secrets each tree holds.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use super::hits::{Hit, SecretIdx};
use super::numbers::{ByNumber, Seeded};
use super::trees::Log;

/// Secrets and how often each stands there, in the order of the secrets.
pub(super) type Set = Vec<(SecretIdx, u32)>;

/// A set, by its number; sets that are equal have one number, and 0 is empty.
pub(super) type SetIdx = u32;

/// The secrets in contents and trees. Most trees of a history hold what the
/// trees before them held, so that there are few different sets.
pub(super) struct Sets {
    list: Vec<Set>,
    by_content: HashMap<Set, SetIdx, Seeded>,
    /// The sums of sets, by those.
    by_parts: HashMap<Vec<SetIdx>, SetIdx, Seeded>,
    of: ByNumber<SetIdx>,
}

impl Sets {
    /// Returns the sets of all contents with hits and of all trees that lead to them.
    pub(super) fn new(hits: &[Hit], logs: &[Log]) -> Self {
        let mut sets = Self {
            list: Vec::new(),
            by_content: HashMap::default(),
            by_parts: HashMap::default(),
            of: ByNumber::default(),
        };
        sets.intern(Set::new());
        for same in hits.chunk_by(|a, b| a.number == b.number) {
            let mut set = Set::new();
            same.iter().for_each(|hit| add(&mut set, (hit.secret, 1)));
            let set = sets.intern(set);
            sets.of.insert(same[0].number, set);
        }
        let holders = closure(sets.of.keys().copied().collect(), logs);
        let trees: Vec<u32> = holders.keys().copied().collect();
        let mut sum = Sum::default();
        trees.into_iter().for_each(|tree| sets.settle(tree, &holders, &mut sum));
        sets
    }

    /// Returns the number of the set of an object.
    pub(super) fn of(&self, number: u32) -> SetIdx {
        self.of.get(&number).copied().unwrap_or(0)
    }

    pub(super) fn get(&self, set: SetIdx) -> &Set {
        &self.list[set as usize]
    }

    pub(super) fn holds(&self, set: SetIdx, secret: SecretIdx) -> bool {
        self.get(set).binary_search_by_key(&secret, |one| one.0).is_ok()
    }

    pub(super) fn intern(&mut self, set: Set) -> SetIdx {
        if let Some(known) = self.by_content.get(&set) {
            return *known;
        }
        let next = self.list.len() as SetIdx;
        self.list.push(set.clone());
        self.by_content.insert(set, next);
        next
    }

    /// Returns the sum of some sets, in order. A commit seldom changes any of them, so that
    /// most trees hold the same sets as another.
    fn sum(&mut self, mut parts: Vec<SetIdx>, sum: &mut Sum) -> SetIdx {
        parts.retain(|part| *part != 0);
        if let [] | [_] = *parts {
            return parts.first().copied().unwrap_or(0);
        }
        if let Some(known) = self.by_parts.get(&parts) {
            return *known;
        }
        parts.iter().for_each(|part| sum.add(self.get(*part)));
        let set = self.intern(sum.take());
        self.by_parts.insert(parts, set);
        set
    }

    /// Finds the set of a tree, those of its entries first. A tree that leads to
    /// itself, as only a forged one can, counts as empty there.
    fn settle(&mut self, tree: u32, holders: &ByNumber<Vec<u32>>, sum: &mut Sum) {
        let mut stack = vec![(tree, false)];
        while let Some((tree, is_ready)) = stack.pop() {
            let Some(entries) = holders.get(&tree) else { continue };
            if is_ready {
                let mut parts: Vec<SetIdx> = entries.iter().map(|entry| self.of(*entry)).collect();
                parts.sort_unstable();
                let set = self.sum(parts, sum);
                self.of.insert(tree, set);
            } else if let Slot::Vacant(slot) = self.of.entry(tree) {
                slot.insert(0);
                stack.push((tree, true));
                stack.extend(entries.iter().filter(|entry| !self.of.contains_key(entry)).map(|entry| (*entry, false)));
            }
        }
    }
}

/// The sum of sets, with a place for each secret: a tree may hold thousands, and nearly all trees do.
#[derive(Debug, Default)]
struct Sum {
    counts: Vec<u32>,
    /// The secrets that have a count, in no order.
    held: Vec<SecretIdx>,
}

impl Sum {
    fn add(&mut self, set: &Set) {
        for (secret, count) in set {
            let at = *secret as usize;
            if self.counts.len() <= at {
                self.counts.resize(at + 1, 0);
            }
            if self.counts[at] == 0 {
                self.held.push(*secret);
            }
            self.counts[at] = self.counts[at].saturating_add(*count);
        }
    }

    /// Returns the sum in the order of the secrets, and starts anew.
    fn take(&mut self) -> Set {
        // Many are in order when all places are gone through, few are sorted faster.
        if self.held.len() < self.counts.len() / 8 {
            self.held.sort_unstable();
        } else {
            self.held.clear();
            let held = (0..).zip(&self.counts).filter(|(_, count)| **count > 0);
            self.held.extend(held.map(|(secret, _)| secret));
        }
        let counts = &mut self.counts;
        self.held.drain(..).map(|secret| (secret, std::mem::take(&mut counts[secret as usize]))).collect()
    }
}

fn add(set: &mut Set, (secret, count): (SecretIdx, u32)) {
    match set.binary_search_by_key(&secret, |one| one.0) {
        Ok(at) => set[at].1 = set[at].1.saturating_add(count),
        Err(at) => set.insert(at, (secret, count)),
    }
}

/// Returns every tree that leads to one of the objects, with those of its entries that do.
fn closure(mut level: Vec<u32>, logs: &[Log]) -> ByNumber<Vec<u32>> {
    let mut holders: ByNumber<Vec<u32>> = ByNumber::default();
    let mut wanted: Vec<bool> = Vec::new();
    while !level.is_empty() {
        let largest = level.iter().copied().max().unwrap_or(0) as usize;
        wanted.clear();
        wanted.resize(largest + 1, false);
        level.iter().for_each(|number| wanted[*number as usize] = true);
        let mut found = ByNumber::default();
        logs.iter().for_each(|log| log.holders(|number| wanted.get(number as usize) == Some(&true), &mut found));
        level = found.keys().filter(|tree| !holders.contains_key(tree)).copied().collect();
        for (tree, entries) in found {
            holders.entry(tree).or_default().extend(entries);
        }
    }
    holders
}
