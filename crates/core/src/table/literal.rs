//! Finds many literals in short stretches of text.
//!
//! Each literal is entered by one window of its bytes, the rarest: four bytes,
//! or three of a literal that has no more. A bit set of hashed windows turns
//! most places away; a table of windows leads to the literals of the rest,
//! which are then compared byte by byte.

use std::borrow::Cow;
use std::ops::Range;

use super::frequency;
use crate::rule::List;

/// A literal the table finds.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) text: List<u8>,
    pub(crate) nocase: bool,
    /// Where the window lies within the text.
    pub(crate) window: usize,
}

impl Literal {
    pub(crate) fn new(text: &[u8], nocase: bool) -> Self {
        let size = text.len().min(4);
        let chance = |at: &usize| frequency::chance(&text[*at..at + size]);
        let window = (0..=text.len() - size).min_by(|a, b| chance(a).total_cmp(&chance(b))).unwrap_or(0);
        Self { text: Cow::Owned(text.to_vec()), nocase, window }
    }

    /// Whether the literal stands at `at`.
    #[inline]
    pub(crate) fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let Some(found) = bytes.get(at..at + self.text.len()) else { return false };
        if self.nocase { found.eq_ignore_ascii_case(&self.text) } else { found == &*self.text }
    }
}

/// The bit that letters, and few others, have in each byte of a window; the one
/// below it tells their cases apart.
pub(crate) const LETTER: u32 = 0x4040_4040;

/// What spreads the bits of a window.
pub(crate) const FACTOR: u32 = 0x9e37_79b1;

/// Bits of a hash that choose a word of the set.
pub(crate) const WORD_BITS: u32 = 11;

/// Words of a set of windows: 8 KiB, which stay in the nearest cache.
pub(crate) const WORDS: usize = 1 << WORD_BITS;

/// Hashes of windows: each sets two bits of one word.
pub(crate) type Set = [u32; WORDS];

/// The word of a hash, and the bits in it.
#[inline(always)]
fn place_of(hash: u32) -> (usize, u32) {
    let bits = 1 << (hash >> (27 - WORD_BITS) & 31) | 1 << (hash >> (22 - WORD_BITS) & 31);
    ((hash >> (32 - WORD_BITS)) as usize, bits)
}

/// Windows of one size, and the literals they lead to.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    /// Hashes of the keys, a [`Set`].
    pub(crate) set: List<u32>,
    /// Key and the range of its entries, by hash with linear probing.
    pub(crate) slots: List<(u32, u32, u32)>,
    pub(crate) entries: List<Entry>,
}

/// A literal, as far as it is compared before it is looked at: literals that share a window
/// mostly differ at an end.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Entry {
    pub(crate) literal: u32,
    /// Where the window lies within it.
    pub(crate) offset: u8,
    /// Where its last byte lies, or as far as this can tell.
    pub(crate) probe: u8,
    /// The first byte, and that at the probe.
    pub(crate) first: u8,
    pub(crate) last: u8,
}

impl Entry {
    fn new(literal: u32, offset: usize, text: &[u8]) -> Self {
        let probe = (text.len() - 1).min(usize::from(u8::MAX));
        Self { literal, offset: offset as u8, probe: probe as u8, first: text[0], last: text[probe] }
    }

    /// Where the literal begins whose window may stand at `at`, if it may be that one in any case.
    #[inline]
    fn start(self, bytes: &[u8], at: usize) -> Option<usize> {
        let start = at.checked_sub(usize::from(self.offset))?;
        let alike = |at: usize, byte: u8| bytes.get(at).is_some_and(|found| (found ^ byte) & !0x20 == 0);
        (alike(start, self.first) && alike(start + usize::from(self.probe), self.last)).then_some(start)
    }
}

const VACANT: (u32, u32, u32) = (0, 0, 0);

#[inline(always)]
fn may_hold(set: &Set, key: u32) -> bool {
    let (word, bits) = place_of(key.wrapping_mul(FACTOR));
    set[word] & bits == bits
}

/// Where the search for a key in a table of slots begins.
fn slot_of(key: u32, mask: usize) -> usize {
    (key.wrapping_mul(FACTOR) >> 12) as usize & mask
}

/// Enters a key and its range where its hash leads.
fn enter(slots: &mut [(u32, u32, u32)], entry: (u32, u32, u32)) {
    let mask = slots.len() - 1;
    let mut slot = slot_of(entry.0, mask);
    while slots[slot] != VACANT {
        slot = (slot + 1) & mask;
    }
    slots[slot] = entry;
}

impl Default for Windows {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Windows {
    fn new(mut pairs: Vec<(u32, Entry)>) -> Self {
        pairs.sort_unstable();
        let size = (pairs.len() * 2).next_power_of_two().max(16);
        let (mut set, mut slots, mut entries) = (vec![0_u32; WORDS], vec![VACANT; size], Vec::new());
        for group in pairs.chunk_by(|left, right| left.0 == right.0) {
            let from = entries.len() as u32;
            entries.extend(group.iter().map(|(_, entry)| *entry));
            let (word, bits) = place_of(group[0].0.wrapping_mul(FACTOR));
            set[word] |= bits;
            enter(&mut slots, (group[0].0, from, entries.len() as u32));
        }
        Self { set: Cow::Owned(set), slots: Cow::Owned(slots), entries: Cow::Owned(entries) }
    }

    /// The bits of the set.
    #[inline]
    pub(crate) fn bits(&self) -> &Set {
        (&*self.set).try_into().expect("a set has its words from the start")
    }

    fn get(&self, key: u32) -> &[Entry] {
        let mask = self.slots.len() - 1;
        let mut slot = slot_of(key, mask);
        while self.slots[slot] != VACANT {
            let (found, from, to) = self.slots[slot];
            if found == key {
                return &self.entries[from as usize..to as usize];
            }
            slot = (slot + 1) & mask;
        }
        &[]
    }
}

/// Literals, found by their windows.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiteralTable {
    pub(crate) four: Windows,
    pub(crate) three: Windows,
}

impl LiteralTable {
    /// Builds a table of `literals`, as `(index, literal)`.
    pub(crate) fn new(literals: &[(u32, &Literal)]) -> Self {
        let of = |(idx, literal): &(u32, &'_ Literal)| (*idx, literal.window..literal.text.len());
        Self::of(literals.iter().map(|one| (of(one), &*one.1.text)))
    }

    /// Builds a table whose windows are the first bytes of the literals.
    pub(crate) fn of_prefixes(literals: &[(u32, &Literal)]) -> Self {
        Self::of(literals.iter().map(|(idx, literal)| ((*idx, 0..literal.text.len()), &*literal.text)))
    }

    /// Builds a table of literals with their windows, of which the first four bytes count, or three.
    pub(crate) fn of<'a>(literals: impl Iterator<Item = ((u32, Range<usize>), &'a [u8])>) -> Self {
        let (mut four, mut three) = (Vec::new(), Vec::new());
        for ((idx, window), text) in literals {
            let entry = Entry::new(idx, window.start, text);
            let window = &text[window];
            if window.len() >= 4 {
                four.push((key4(window), entry));
            } else {
                three.push((key3(window), entry));
            }
        }
        Self { four: Windows::new(four), three: Windows::new(three) }
    }

    /// Adds the places of `bytes[from..to]` where the window of a literal may stand.
    ///
    /// A loop of its own, without calls, because most of the gate's time goes here.
    #[inline(never)]
    pub(crate) fn sieve(&self, bytes: &[u8], from: usize, to: usize, places: &mut Vec<usize>) {
        let (four, three) = (self.four.bits(), self.three.bits());
        let stretch = &bytes[from..to];
        for (at, window) in stretch.windows(4).enumerate() {
            let key = key4(window);
            if may_hold(four, key) | may_hold(three, key & 0x00ff_ffff) {
                places.push(from + at);
            }
        }
        places.extend(to.checked_sub(3).filter(|last| *last >= from));
    }

    /// Returns whether these bytes may be the window of a literal, or start with it.
    #[inline]
    pub(crate) fn may_start(&self, window: [u8; 4]) -> bool {
        let key = key4(&window);
        may_hold(self.four.bits(), key) | may_hold(self.three.bits(), key & 0x00ff_ffff)
    }

    /// Calls `hit` with each literal that may stand where a window at `at` says, and its start.
    #[inline]
    pub(crate) fn find_at(&self, bytes: &[u8], at: usize, mut hit: impl FnMut(u32, usize)) {
        let mut emit = |entries: &[Entry]| {
            for entry in entries {
                if let Some(start) = entry.start(bytes, at) {
                    hit(entry.literal, start);
                }
            }
        };
        if let Some(window) = bytes.get(at..at + 4) {
            let key = key4(window);
            if may_hold(self.four.bits(), key) {
                emit(self.four.get(key));
            }
        }
        if let Some(window) = bytes.get(at..at + 3) {
            let key = key3(window);
            if may_hold(self.three.bits(), key) {
                emit(self.three.get(key));
            }
        }
    }
}

/// A window in which letters are in lower case.
#[inline(always)]
fn fold(window: u32) -> u32 {
    window | (window & LETTER) >> 1
}

fn key4(window: &[u8]) -> u32 {
    fold(u32::from_le_bytes([window[0], window[1], window[2], window[3]]))
}

fn key3(window: &[u8]) -> u32 {
    fold(u32::from_le_bytes([window[0], window[1], window[2], 0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str], haystack: &str) -> Vec<(usize, usize)> {
        let literals: Vec<Literal> = texts.iter().map(|text| Literal::new(text.as_bytes(), true)).collect();
        let table = LiteralTable::new(
            &literals.iter().enumerate().map(|(idx, literal)| (idx as u32, literal)).collect::<Vec<_>>(),
        );
        let mut found = Vec::new();
        let mut places = Vec::new();
        table.sieve(haystack.as_bytes(), 0, haystack.len(), &mut places);
        for place in places {
            table.find_at(haystack.as_bytes(), place, |idx, at| {
                if literals[idx as usize].is_at(haystack.as_bytes(), at) {
                    found.push((idx as usize, at));
                }
            });
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn finds_literals_at_the_edges_and_in_any_case() {
        assert_eq!(found(&["ghp_", "SG."], "ghp_SG."), [(0, 0), (1, 4)]);
        assert_eq!(found(&["algolia"], "xAlgOLIA"), [(0, 1)]);
        assert_eq!(found(&["abcdefgh"], "abcdefg"), []);
    }
}
