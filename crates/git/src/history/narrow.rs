//! The secrets of trees without the files that are left out, and what counts at its path only.

use std::collections::{BTreeMap, HashMap};

use super::hits::SecretIdx;
use super::inspect::Placed;
use super::numbers::ByNumber;
use super::options::HistoryOptions;
use super::sets::{Set, SetIdx, Sets};
use crate::open::path_of;
use crate::store::{Kind, Lookup, Mode, Objects, Reader, entries};

/// Trees within trees that are followed.
const DEEPEST: usize = 256;
/// Paths of trees that are kept apart, at most; beyond, nothing is left out.
const MOST_TREES: usize = 1 << 20;

/// A file that is left out, and why.
pub(super) type Refused = (Vec<u8>, String);

/// Goes through trees by their paths. Only those that hold a secret are read.
pub(super) struct Narrow<'a> {
    options: &'a HistoryOptions,
    placed: &'a Placed,
    lookup: &'a Lookup<'a>,
    reader: Reader<'a>,
    id_len: usize,
    /// What is known of a tree at a path.
    known: HashMap<(u32, Vec<u8>), SetIdx>,
    /// Where secrets stand that are left out.
    pub(super) refused: BTreeMap<SecretIdx, Refused>,
}

impl<'a> Narrow<'a> {
    pub(super) fn new(
        (options, placed): (&'a HistoryOptions, &'a Placed),
        (objects, lookup): (&'a Objects, &'a Lookup<'a>),
    ) -> Self {
        let (reader, id_len) = (Reader::new(objects), objects.format.len());
        Self { options, placed, lookup, reader, id_len, known: HashMap::new(), refused: BTreeMap::new() }
    }

    /// Returns the set of each tree that a commit leads to.
    pub(super) fn roots(&mut self, trees: impl Iterator<Item = u32>, sets: &mut Sets) -> ByNumber<SetIdx> {
        let mut roots = ByNumber::default();
        for tree in trees.filter(|tree| sets.of(*tree) != 0).collect::<Vec<_>>() {
            roots.entry(tree).or_insert_with(|| self.tree(tree, (Vec::new(), 0), sets));
        }
        roots
    }

    fn tree(&mut self, tree: u32, (path, depth): (Vec<u8>, usize), sets: &mut Sets) -> SetIdx {
        if !self.is_asked(sets.get(sets.of(tree))) {
            return sets.of(tree);
        }
        if let Some(known) = self.known.get(&(tree, path.clone())) {
            return *known;
        }
        let mut bytes = Vec::new();
        if depth > DEEPEST
            || self.known.len() >= MOST_TREES
            || !matches!(self.reader.read(tree, &mut bytes), Ok(Kind::Tree))
        {
            return sets.of(tree);
        }
        let mut all: BTreeMap<SecretIdx, u32> = BTreeMap::new();
        for entry in entries(&bytes, self.id_len).map_while(Result::ok) {
            let Some(number) = self.lookup.find(entry.id).filter(|number| sets.of(*number) != 0) else { continue };
            let path = if path.is_empty() { entry.name.to_vec() } else { [&path, &b"/"[..], entry.name].concat() };
            let set = match entry.mode {
                Mode::Tree => self.tree(number, (path, depth + 1), sets),
                Mode::Blob => self.file(number, path, sets),
                Mode::Submodule => 0,
            };
            for (secret, count) in sets.get(set) {
                let sum = all.entry(*secret).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        let set = sets.intern(all.into_iter().collect::<Set>());
        self.known.insert((tree, path), set);
        set
    }

    /// Returns whether something of a set depends on paths.
    fn is_asked(&self, set: &Set) -> bool {
        self.options.filter.is_some() || set.iter().any(|(secret, _)| self.placed.is_placed(*secret))
    }

    fn file(&mut self, number: u32, path: Vec<u8>, sets: &mut Sets) -> SetIdx {
        let place = path_of(&path);
        let here = sets.get(sets.of(number)).iter().filter(|one| self.placed.holds((number, one.0), &place));
        let here: Set = here.copied().collect();
        let Some(why) = self.options.why_not(&place) else { return sets.intern(here) };
        for (secret, _) in &here {
            self.refused.entry(*secret).or_insert_with(|| (path.clone(), why.clone()));
        }
        0
    }
}
