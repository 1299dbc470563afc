//! Reads all trees once: what they name, what they lead to, and what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use leaktight_core::RuleSet;

use super::inspect::Inspect;
use super::names::{Namer, Names, Noted};
use super::numbers::ByNumber;
use crate::id::ObjectId;
use crate::store::{Entry, Fault, Lookup, Mode, NONE, Spans, Visit, entries, split_entry};

/// What a thread noted of the trees it read.
///
/// Of each tree only the difference from its base is kept, so that a long
/// history takes little room, and can still be asked which trees hold an object.
#[derive(Default)]
pub(super) struct Log {
    records: Vec<Record>,
    /// Numbers of entries: of each tree those that came, then those that went.
    entries: Vec<u32>,
}

/// A tree, its base, and the bounds of its part of the entries.
struct Record {
    tree: u32,
    base: u32,
    /// No other pack holds the same tree under a lower number.
    is_first: bool,
    came: u32,
    went: u32,
    end: u32,
}

impl Log {
    /// Adds to `holders` every tree that holds one of the objects, with those it holds.
    pub(super) fn holders(&self, is_wanted: impl Fn(u32) -> bool, holders: &mut ByNumber<Vec<u32>>) {
        // Most trees hold those that their base holds.
        let mut held: ByNumber<Rc<Vec<u32>>> = ByNumber::default();
        for record in &self.records {
            let part = |from: u32, to: u32| {
                self.entries[from as usize..to as usize].iter().copied().filter(|number| is_wanted(*number))
            };
            let base = held.get(&record.base);
            let is_same = part(record.came, record.end).next().is_none();
            let all = match base {
                Some(base) if is_same => Rc::clone(base),
                _ => {
                    let mut all = base.map(|base| base.to_vec()).unwrap_or_default();
                    for gone in part(record.went, record.end) {
                        if let Some(at) = all.iter().position(|number| *number == gone) {
                            all.swap_remove(at);
                        }
                    }
                    all.extend(part(record.came, record.went));
                    Rc::new(all)
                }
            };
            if !all.is_empty() {
                if record.is_first {
                    holders.entry(record.tree).or_default().extend(all.iter());
                }
                held.insert(record.tree, all);
            }
        }
    }
}

/// What trees are read with: the rules, what goes by paths, and the bytes of an id.
pub(super) type Reading<'a> = (&'a RuleSet, Option<&'a dyn Inspect>, usize);

/// Reads trees, on one thread.
pub(super) struct Trees<'a> {
    lookup: &'a Lookup<'a>,
    namer: Namer<'a>,
    id_len: usize,
    pub(super) log: Log,
    /// Objects that are named and not there, each with a name.
    pub(super) missing: BTreeMap<ObjectId, Vec<u8>>,
    /// Names under which other repositories stand.
    pub(super) submodules: BTreeSet<Vec<u8>>,
    pub(super) faults: Vec<(u32, Fault)>,
}

impl<'a> Trees<'a> {
    pub(super) fn new(lookup: &'a Lookup<'a>, names: &'a Names, (rules, inspect, id_len): Reading<'a>) -> Self {
        Self {
            lookup,
            namer: Namer::new(names, rules, inspect),
            id_len,
            log: Log::default(),
            missing: BTreeMap::new(),
            submodules: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    pub(super) fn noted(&mut self) -> Noted {
        std::mem::take(&mut self.namer.noted)
    }

    /// Notes an entry that came, or went.
    fn entry(&mut self, entry: Entry<'_>, came: bool) {
        if entry.mode == Mode::Submodule {
            self.submodules.insert(entry.name.to_vec());
            return;
        }
        match self.lookup.find(entry.id) {
            Some(number) => {
                self.log.entries.push(number);
                match entry.mode {
                    Mode::Blob if came => self.namer.note(number, entry.name),
                    Mode::Tree if came => self.namer.folder(number, entry.name),
                    _ => {}
                }
            }
            None if came => {
                if let Some(id) = ObjectId::from_bytes(entry.id) {
                    self.missing.entry(id).or_insert_with(|| entry.name.to_vec());
                }
            }
            None => {}
        }
    }

    /// Notes what tells a tree from its base; one that is damaged as far as it can be read.
    fn differ(&mut self, number: u32, bytes: &[u8], base: Option<(u32, &[u8])>) {
        let (came, went, fault) = differences(base.map_or(&[], |(_, base)| base), bytes, self.id_len);
        let from = self.log.entries.len() as u32;
        came.into_iter().for_each(|entry| self.entry(entry, true));
        let middle = self.log.entries.len() as u32;
        went.into_iter().for_each(|entry| self.entry(entry, false));
        let end = self.log.entries.len() as u32;
        let base = base.map_or(NONE, |(number, _)| number);
        let is_first = self.lookup.first(number) == number;
        self.log.records.push(Record { tree: number, base, is_first, came: from, went: middle, end });
        self.faults.extend(fault.map(|fault| (number, fault)));
    }
}

/// What came, what went, and what is wrong with the new tree.
type Differences<'t> = (Vec<Entry<'t>>, Vec<Entry<'t>>, Option<Fault>);

/// Returns the entries that came and those that went, as sets in which an entry may stand twice.
///
/// Two trees mostly have the same entries: those are compared as bytes, and only one of them is read.
fn differences<'t>(mut old: &'t [u8], mut new: &'t [u8], id_len: usize) -> Differences<'t> {
    let (mut came, mut went, mut fault) = (Vec::new(), Vec::new(), None);
    loop {
        let (next, rest) = match split_entry(new, id_len) {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(err) => {
                fault = Some(err);
                break;
            }
        };
        let raw = &new[..new.len() - rest.len()];
        if let Some(behind) = old.strip_prefix(raw) {
            (old, new) = (behind, rest);
            continue;
        }
        // A base that is damaged was told of when it was read itself.
        let (last, behind) = match split_entry(old, id_len) {
            Ok(Some(last)) if last.0.name <= next.name => last,
            _ => {
                came.push(next);
                new = rest;
                continue;
            }
        };
        went.push(last);
        old = behind;
        if last.name == next.name {
            came.push(next);
            new = rest;
        }
    }
    went.extend(entries(old, id_len).map_while(Result::ok));
    (came, went, fault)
}

impl Visit for Trees<'_> {
    /// The number of the tree.
    type State = u32;

    fn root(&mut self, number: u32, bytes: &[u8]) -> u32 {
        self.differ(number, bytes, None);
        number
    }

    fn delta(&mut self, number: u32, bytes: &[u8], (base, state): (&[u8], &u32), _: &Spans) -> u32 {
        self.differ(number, bytes, Some((*state, base)));
        number
    }

    fn fault(&mut self, number: u32, fault: Fault) {
        self.faults.push((number, fault));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &'static str, id: &'static [u8]) -> Entry<'static> {
        Entry { mode: Mode::Blob, name: name.as_bytes(), id }
    }

    #[test]
    fn tells_what_came_and_what_went() {
        let (old, new) = (b"100644 a\x001100644 b\x002100644 d\x003", b"100644 a\x001100644 b\x004100644 c\x005");
        let (came, went, fault) = differences(old, new, 1);
        assert_eq!(came, [entry("b", b"4"), entry("c", b"5")]);
        assert_eq!(went, [entry("b", b"2"), entry("d", b"3")]);
        assert!(fault.is_none());
        let (came, went, fault) = differences(old, &new[..new.len() - 1], 1);
        assert_eq!((came.len(), went.len(), fault.is_some()), (1, 2, true));
    }
}
