//! What is found in files by their whole paths.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_core::{Chunk, Finding, Origin, SkipReason};

use super::hits::{Hit, SecretIdx, Secrets};
use super::options::HistoryOptions;
use super::run::Teller;
use crate::open::path_of;
use crate::store::{Fault, Kind, Lookup, Mode, Objects, Reader, entries};

/// Files that are looked at in a history, each content under each path once, at most.
const MOST: usize = 100_000;
/// Bytes that are looked at, at most.
const BYTES: u64 = 4 << 30;
/// Trees within trees that are followed.
const DEEPEST: usize = 16;

/// Finds what only the path of a file makes a finding, such as a setting that an assistant obeys.
///
/// Only the last components of a path may count.
pub trait Inspect: Send + Sync {
    /// Returns whether something may be found in a file of this path.
    fn concerns(&self, path: &Path) -> bool;

    /// Returns whether such files may stand in a folder of exactly these components.
    fn leads(&self, folder: &Path) -> bool;

    /// Returns what is found in a whole file, which has the path of the chunk's origin.
    fn inspect(&self, chunk: &Chunk<'_>) -> Vec<Finding>;
}

/// Objects by a name that matters.
pub(super) type Named = BTreeSet<(u32, Vec<u8>)>;

/// What was found by paths. Hits are in contents; whether one counts depends on the path.
#[derive(Debug, Default)]
pub(super) struct Placed {
    by_content: HashMap<u32, Vec<(PathBuf, Vec<SecretIdx>)>>,
    secrets: HashSet<SecretIdx>,
    pub(super) hits: Vec<Hit>,
}

impl Placed {
    /// Returns whether a finding counts at some paths only.
    pub(super) fn is_placed(&self, secret: SecretIdx) -> bool {
        self.secrets.contains(&secret)
    }

    /// Returns whether a content has a finding when it stands at a path.
    pub(super) fn holds(&self, (number, secret): (u32, SecretIdx), path: &Path) -> bool {
        let mut here = self.by_content.get(&number).into_iter().flatten().filter(|(tail, _)| path.ends_with(tail));
        !self.is_placed(secret) || here.any(|(_, secrets)| secrets.contains(&secret))
    }

    /// Returns whether nothing was found by paths.
    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Returns the ends of the paths at which something was found in a content.
    pub(super) fn tails(&self, number: u32) -> impl Iterator<Item = &PathBuf> {
        self.by_content.get(&number).into_iter().flatten().map(|(tail, _)| tail)
    }
}

/// Looks at contents by their paths.
pub(super) struct Inspector<'a> {
    inspect: &'a dyn Inspect,
    options: &'a HistoryOptions,
    lookup: &'a Lookup<'a>,
    reader: Reader<'a>,
    secrets: &'a Secrets,
    teller: &'a Teller<'a>,
    id_len: usize,
    seen: HashSet<(u32, Vec<u8>)>,
    /// Files and bytes that may still be looked at; none once that was told.
    left: Option<(usize, u64)>,
    placed: Placed,
}

impl<'a> Inspector<'a> {
    pub(super) fn new(
        (inspect, options): (&'a dyn Inspect, &'a HistoryOptions),
        (objects, lookup): (&'a Objects, &'a Lookup<'a>),
        (secrets, teller): (&'a Secrets, &'a Teller<'a>),
    ) -> Self {
        Self {
            inspect,
            options,
            lookup,
            reader: Reader::new(objects),
            secrets,
            teller,
            id_len: objects.format.len(),
            seen: HashSet::new(),
            left: Some((MOST, BYTES)),
            placed: Placed::default(),
        }
    }

    /// Looks at files of names that matter, and at those in folders of such names.
    pub(super) fn run(mut self, (files, folders): (&Named, &Named)) -> Placed {
        for (number, name) in files {
            self.file(*number, name);
        }
        for (number, name) in folders {
            self.folder(*number, name, 0);
        }
        self.placed
    }

    fn folder(&mut self, tree: u32, path: &[u8], depth: usize) {
        let mut bytes = Vec::new();
        if self.left.is_none()
            || self.teller.is_stopped()
            || depth > DEEPEST
            || !self.seen.insert((tree, path.to_vec()))
        {
            return;
        }
        // What cannot be read was told when all trees were.
        if !matches!(self.reader.read(tree, &mut bytes), Ok(Kind::Tree)) {
            return;
        }
        for entry in entries(&bytes, self.id_len).map_while(Result::ok) {
            let Some(number) = self.lookup.find(entry.id) else { continue };
            let path = [path, b"/", entry.name].concat();
            match entry.mode {
                Mode::Tree if self.inspect.leads(&path_of(&path)) => self.folder(number, &path, depth + 1),
                Mode::Blob if self.inspect.concerns(&path_of(&path)) => self.file(number, &path),
                _ => {}
            }
        }
    }

    fn file(&mut self, number: u32, path: &[u8]) {
        if self.teller.is_stopped() || !self.seen.insert((number, path.to_vec())) {
            return;
        }
        let Some((files, bytes)) = self.left else { return };
        let mut content = Vec::new();
        // What cannot be read, or is too large, is told by who looks at all contents.
        if self.reader.read(number, &mut content).is_err()
            || Fault::beyond(self.options.max_size, content.len()).is_some()
        {
            return;
        }
        let left = files.checked_sub(1).zip(bytes.checked_sub(content.len() as u64));
        self.left = left;
        if left.is_none() {
            let what = "there are more settings of assistants than are looked at";
            return self.teller.skip(path_of(path), SkipReason::Size, what);
        }
        let path = path_of(path);
        let mut secrets = Vec::new();
        for finding in inspect(self.inspect, &content, &path) {
            let secret = self.secrets.in_content(&finding, number);
            self.placed.hits.push(Hit { number, secret, offset: finding.offset });
            secrets.push(secret);
        }
        if !secrets.is_empty() {
            self.placed.secrets.extend(&secrets);
            self.placed.by_content.entry(number).or_default().push((path, secrets));
        }
    }
}

/// Returns what is found in a content that stands at a path.
pub(super) fn inspect(inspect: &dyn Inspect, bytes: &[u8], path: &Path) -> Vec<Finding> {
    if !inspect.concerns(path) {
        return Vec::new();
    }
    inspect.inspect(&Chunk::new(bytes, Arc::new(Origin::File(path.to_path_buf()))))
}
