//! Under which names the content of files is known.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use leaktight_core::{Origin, RuleSet};
use sha2::{Digest as _, Sha256};

use super::inspect::{Inspect, Named};
use crate::open::path_of;

/// A kind of file, as far as rules tell files apart; [`NAMELESS`] for an object without a name.
pub(super) type KindIdx = u32;

/// The kind of an object that no tree names.
pub(super) const NAMELESS: KindIdx = 0;

/// The kinds of file that every object is known as.
pub(super) struct Names {
    /// The first kind of each object.
    first: Vec<AtomicU32>,
    kinds: Mutex<HashMap<String, KindIdx>>,
}

/// The same, when all trees were read.
pub(super) struct Known {
    first: Vec<KindIdx>,
    /// Further kinds of a few objects.
    further: HashMap<u32, Vec<KindIdx>>,
    /// The origin of each kind, which has a path that stands for all of them.
    pub(super) origins: Vec<Arc<Origin>>,
}

impl Names {
    pub(super) fn new(n_objects: u32) -> Self {
        Self { first: (0..n_objects).map(|_| AtomicU32::new(NAMELESS)).collect(), kinds: Mutex::default() }
    }

    /// Returns the kind of files of a name.
    fn kind(&self, rules: &RuleSet, name: &[u8]) -> KindIdx {
        let path = rules.stand_in(&String::from_utf8_lossy(name));
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let next = kinds.len() as KindIdx + 1;
        *kinds.entry(path).or_insert(next)
    }

    /// Returns what was noted, the further kinds as the namers have them.
    pub(super) fn settle(self, further: impl IntoIterator<Item = (u32, KindIdx)>) -> Known {
        let mut all: HashMap<u32, Vec<KindIdx>> = HashMap::new();
        for (number, kind) in further {
            let kinds = all.entry(number).or_default();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let kinds = self.kinds.into_inner().unwrap_or_else(PoisonError::into_inner);
        let nameless = Arc::new(Origin::Memory);
        let mut origins = vec![nameless; kinds.len() + 1];
        for (path, kind) in kinds {
            origins[kind as usize] = Arc::new(Origin::File(path.into()));
        }
        Known { first: self.first.into_iter().map(AtomicU32::into_inner).collect(), further: all, origins }
    }
}

impl Known {
    pub(super) fn first(&self, number: u32) -> KindIdx {
        self.first[number as usize]
    }

    /// Returns a digest of the kinds of all these objects, whatever their numbers are.
    pub(super) fn digest(&self, numbers: Range<u32>) -> [u8; 32] {
        let word = |origin: &Arc<Origin>| {
            let path = origin.path().map(|path| path.as_os_str().as_encoded_bytes()).unwrap_or_default();
            Sha256::digest(path).first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
        };
        let words: Vec<u64> = self.origins.iter().map(word).collect();
        let mut hash = Sha256::new();
        for number in numbers {
            let kinds = [self.first(number)];
            let all = kinds.iter().chain(self.further(number));
            // In whatever order they were noted.
            let sum = all.fold(0_u64, |sum, kind| sum.wrapping_add(words[*kind as usize]));
            hash.update(sum.to_le_bytes());
        }
        hash.finalize().into()
    }

    pub(super) fn further(&self, number: u32) -> &[KindIdx] {
        self.further.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// Notes names, on one thread.
pub(super) struct Namer<'a> {
    names: &'a Names,
    rules: &'a RuleSet,
    inspect: Option<&'a dyn Inspect>,
    /// The kind of files of a name, and whether it matters by itself.
    seen: HashMap<Vec<u8>, (KindIdx, bool)>,
    /// Whether folders of a name matter.
    folders: HashMap<Vec<u8>, bool>,
    pub(super) noted: Noted,
}

/// What is to be known of objects besides their first kinds.
#[derive(Default)]
pub(super) struct Noted {
    /// Further kinds of objects.
    pub(super) further: Vec<(u32, KindIdx)>,
    /// Files, and folders, of names that matter by themselves.
    pub(super) files: Named,
    pub(super) folders: Named,
}

impl Noted {
    /// Adds what another thread noted.
    pub(super) fn add(&mut self, mut other: Self) {
        self.further.append(&mut other.further);
        self.files.append(&mut other.files);
        self.folders.append(&mut other.folders);
    }
}

impl<'a> Namer<'a> {
    pub(super) fn new(names: &'a Names, rules: &'a RuleSet, inspect: Option<&'a dyn Inspect>) -> Self {
        let (seen, folders) = (HashMap::new(), HashMap::new());
        Self { names, rules, inspect, seen, folders, noted: Noted::default() }
    }

    /// Notes that an object is known under a name.
    pub(super) fn note(&mut self, number: u32, name: &[u8]) {
        let (kind, matters) = match self.seen.get(name) {
            Some(known) => *known,
            None => {
                let matters = self.inspect.is_some_and(|inspect| inspect.concerns(&path_of(name)));
                let known = (self.names.kind(self.rules, name), matters);
                self.seen.insert(name.to_vec(), known);
                known
            }
        };
        if matters {
            self.noted.files.insert((number, name.to_vec()));
        }
        let first = &self.names.first[number as usize];
        match first.compare_exchange(NAMELESS, kind, Ordering::Relaxed, Ordering::Relaxed) {
            Err(known) if known != kind => self.noted.further.push((number, kind)),
            _ => {}
        }
    }

    /// Notes that a tree is known under a name.
    pub(super) fn folder(&mut self, number: u32, name: &[u8]) {
        let Some(inspect) = self.inspect else { return };
        let matters = match self.folders.get(name) {
            Some(matters) => *matters,
            None => *self.folders.entry(name.to_vec()).or_insert(inspect.leads(&path_of(name))),
        };
        if matters {
            self.noted.folders.insert((number, name.to_vec()));
        }
    }
}
