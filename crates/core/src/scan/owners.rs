//! Whose secret the value of an assignment could be: context words near it.

use super::classify::Level;
use super::sieve::sieve;
use crate::assign::Assignment;
use crate::span::Span;
use crate::table::{Tables, Use};

/// The context words near some assignments.
#[derive(Debug, Default)]
pub(super) struct Owners {
    places: Vec<usize>,
    /// Place and literal of each word, in order.
    hits: Vec<(usize, u32)>,
    rules: Vec<u32>,
}

impl Owners {
    /// Finds the context words round the assignments, and puts these in order.
    pub(super) fn find(&mut self, tables: &Tables, bytes: &[u8], level: Level, found: &mut [Assignment]) {
        found.sort_unstable_by_key(|one| one.whole);
        self.places.clear();
        self.hits.clear();
        let mut done = 0;
        for one in found.iter() {
            let (from, to) = reach(tables, one.whole);
            let (from, to) = (from.max(done), to.min(bytes.len()));
            // A word may lie across the end of what was searched last.
            if from < to {
                let from = from.saturating_sub(3).max(done.saturating_sub(3));
                sieve(&tables.assigned.words, bytes, (from, to), level, &mut self.places);
                done = to;
            }
        }
        for at in self.places.drain(..) {
            tables.assigned.words.find_at(bytes, at, |literal, start| {
                if tables.literals[literal as usize].is_at(bytes, start) {
                    self.hits.push((start, literal));
                }
            });
        }
        self.hits.sort_unstable();
        self.hits.dedup();
    }

    /// The rules of which a word starts near, in the order of their indices; some twice.
    pub(super) fn near(&mut self, tables: &Tables, whole: Span) -> impl Iterator<Item = u32> + '_ {
        let (from, to) = reach(tables, whole);
        let first = self.hits.partition_point(|(at, _)| *at < from);
        self.rules.clear();
        for (_, literal) in self.hits[first..].iter().take_while(|(at, _)| *at < to) {
            self.rules.extend(tables.uses[*literal as usize].iter().filter_map(|one| match one {
                Use::Owner { rule_idx } => Some(*rule_idx),
                _ => None,
            }));
        }
        self.rules.sort_unstable();
        self.rules.iter().copied()
    }
}

/// Where a context word may start that counts for an assignment, or for a rule of shorter reach does not.
fn reach(tables: &Tables, whole: Span) -> (usize, usize) {
    let reach = tables.assigned.reach;
    (whole.start.saturating_sub(reach), whole.end + reach / 2)
}
