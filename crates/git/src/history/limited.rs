//! A scan of some commits: of what each of them brought in.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use leaktight_core::{Blob, Event, Finding, Origin, Part, Scanner, SkipReason};

use super::hits::{SecretIdx, Secrets};
use super::inspect::inspect;
use super::look::scan;
use super::options::HistoryOptions;
use super::report::{Describer, say};
use super::run::Teller;
use super::select::Chosen;
use crate::id::ObjectId;
use crate::open::path_of;
use crate::store::{Fault, Kind, Mode, Reader, entries};

/// Trees within trees that are followed.
const DEEPEST: usize = 256;
/// Files that a commit changes, at most: a few trees, each many times in the next, make
/// as many as anyone likes.
const MOST_CHANGES: usize = 1 << 20;

/// Scans commits, the earliest first.
pub(super) struct Limited<'a> {
    scanner: &'a Scanner,
    options: &'a HistoryOptions,
    teller: &'a Teller<'a>,
    reader: Reader<'a>,
    secrets: Secrets,
    /// What was found in each content, under the name of its kind of file.
    known: HashMap<(ObjectId, String), Vec<SecretIdx>>,
    counted: HashSet<ObjectId>,
    submodules: BTreeSet<PathBuf>,
    /// Files that are left out, and were told.
    refused: BTreeSet<PathBuf>,
    found: BTreeMap<SecretIdx, Found>,
    decoded: Vec<u8>,
}

/// A secret, where it came in, and what came of it.
struct Found {
    finding: Finding,
    part: Part,
    path: Option<PathBuf>,
    id: ObjectId,
    commit: ObjectId,
    removed: Option<ObjectId>,
    others: u64,
}

/// What a commit changed.
#[derive(Default)]
struct Changes {
    /// Files that no parent has just so.
    new: Vec<(Vec<u8>, ObjectId)>,
    /// What the parents had in their places.
    old: Vec<(Vec<u8>, ObjectId)>,
    /// There are more.
    is_cut: bool,
}

/// An entry of a tree, owned.
type Owned = (Mode, ObjectId);

impl<'a> Limited<'a> {
    pub(super) fn new(
        reader: Reader<'a>,
        (scanner, options): (&'a Scanner, &'a HistoryOptions),
        teller: &'a Teller<'a>,
    ) -> Self {
        Self {
            scanner,
            options,
            teller,
            reader,
            secrets: Secrets::default(),
            known: HashMap::new(),
            counted: HashSet::new(),
            submodules: BTreeSet::new(),
            refused: BTreeSet::new(),
            found: BTreeMap::new(),
            decoded: Vec::new(),
        }
    }

    /// Scans what the commits brought in, and tells what is found.
    pub(super) fn run(mut self, commits: &[Chosen], head: Option<ObjectId>) {
        for commit in commits {
            if self.teller.is_stopped() {
                return;
            }
            self.message(commit);
            self.files(commit);
        }
        for path in std::mem::take(&mut self.submodules) {
            self.teller.skip(path, SkipReason::Submodule, "a repository of its own");
        }
        let head = head.and_then(|head| self.tree_of(&head));
        for (secret, found) in std::mem::take(&mut self.found) {
            let in_head = head.is_some_and(|head| self.stands_in(&head, &found, secret));
            self.tell(found, in_head);
        }
    }

    fn message(&mut self, commit: &Chosen) {
        let mut bytes = Vec::new();
        if let Err(fault) = self.reader.read_id(&commit.id, &mut bytes) {
            return self.fault(&commit.id, &fault);
        }
        self.teller.tell(Event::Scanned(bytes.len() as u64));
        for finding in say(self.scanner, Kind::Commit, &bytes) {
            self.note(finding, (Part::Commit, None, commit.id), commit.id);
        }
    }

    fn files(&mut self, commit: &Chosen) {
        let parents: Vec<ObjectId> = commit.parents.iter().filter_map(|parent| self.tree_of(parent)).collect();
        let mut changes = Changes::default();
        self.differ((Some(commit.tree), &parents), (Vec::new(), 0), &mut changes);
        if changes.is_cut {
            let what = format!("it changes more than {MOST_CHANGES} files, or folders within {DEEPEST} others");
            self.teller.skip(format!("commit {}", commit.id), SkipReason::Size, what);
        }
        changes.new.retain(|(path, _)| self.is_wanted(path));
        changes.old.retain(|(path, _)| self.options.why_not(&path_of(path)).is_none());
        let mut fresh = Vec::new();
        for (path, id) in &changes.new {
            fresh.extend(self.content(path, *id).into_iter().map(|finding| (path.clone(), *id, finding)));
        }
        let before: HashSet<SecretIdx> = if fresh.is_empty() && self.found.is_empty() {
            HashSet::new()
        } else {
            let mut before = HashSet::new();
            for (path, id) in &changes.old {
                before.extend(self.content(path, *id).iter().map(|finding| self.secrets.of(finding)));
            }
            before
        };
        let now: HashSet<SecretIdx> = fresh.iter().map(|(_, _, finding)| self.secrets.of(finding)).collect();
        for gone in before.difference(&now) {
            if let Some(found) = self.found.get_mut(gone) {
                found.removed = Some(commit.id);
            }
        }
        for (path, id, finding) in fresh {
            if !before.contains(&self.secrets.of(&finding)) {
                self.note(finding, (Part::File, Some(path_of(&path)), id), commit.id);
            }
        }
    }

    /// Whether a file is not left out; tells one that is, once.
    fn is_wanted(&mut self, path: &[u8]) -> bool {
        let path = path_of(path);
        let Some(why) = self.options.why_not(&path) else { return true };
        if self.refused.insert(path.clone()) {
            self.teller.skip(path, SkipReason::Excluded, why);
        }
        false
    }

    /// Keeps a secret that came in, or counts a further place.
    fn note(&mut self, finding: Finding, (part, path, id): (Part, Option<PathBuf>, ObjectId), commit: ObjectId) {
        let secret = self.secrets.of(&finding);
        if let Some(found) = self.found.get_mut(&secret) {
            found.others += 1;
            found.removed = None;
            return;
        }
        self.found.insert(secret, Found { finding, part, path, id, commit, removed: None, others: 0 });
    }

    fn tell(&mut self, found: Found, in_head: bool) {
        let mut describer = Describer { scanner: self.scanner, reader: &mut self.reader };
        let blob = Blob {
            path: found.path,
            part: found.part,
            id: found.id.to_string(),
            commit: describer.commit(&found.commit),
            in_head,
            removed: found.removed.filter(|_| !in_head).and_then(|id| describer.commit(&id)),
            others: found.others,
        };
        self.teller.found(found.finding, blob);
    }

    /// Finds the secrets of a content under a name; one that was scanned under
    /// such a name before and holds none is not scanned again.
    fn content(&mut self, path: &[u8], id: ObjectId) -> Vec<Finding> {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        let mut kind = self.scanner.rules().stand_in(&String::from_utf8_lossy(name));
        let place = path_of(path);
        if self.options.inspect.as_ref().is_some_and(|inspector| inspector.concerns(&place)) {
            // What is found depends on all of the path.
            kind = format!("{kind}\0{}", place.display());
        }
        if self.known.get(&(id, kind.clone())).is_some_and(Vec::is_empty) {
            return Vec::new();
        }
        let mut bytes = Vec::new();
        if let Err(fault) = self.reader.read_id(&id, &mut bytes) {
            self.fault(&id, &fault);
            self.known.insert((id, kind), Vec::new());
            return Vec::new();
        }
        if let Some(fault) = Fault::beyond(self.options.max_size, bytes.len()) {
            self.fault(&id, &fault);
            self.known.insert((id, kind), Vec::new());
            return Vec::new();
        }
        if self.counted.insert(id) {
            self.teller.tell(Event::Scanned(bytes.len() as u64));
        }
        let origin = Arc::new(Origin::File(place.clone()));
        let mut found = scan(self.scanner, &bytes, &origin, &mut self.decoded);
        if let Some(inspector) = self.options.inspect.as_deref() {
            found.extend(inspect(inspector, &bytes, &place));
        }
        self.known.insert((id, kind), found.iter().map(|finding| self.secrets.of(finding)).collect());
        found
    }

    /// Collects the files of a tree that none of the parents' trees has, and what they have there.
    fn differ(
        &mut self,
        (tree, parents): (Option<ObjectId>, &[ObjectId]),
        (path, depth): (Vec<u8>, usize),
        changes: &mut Changes,
    ) {
        if tree.is_some_and(|tree| parents.contains(&tree)) {
            return;
        }
        if depth > DEEPEST || changes.new.len().max(changes.old.len()) >= MOST_CHANGES {
            changes.is_cut = true;
            return;
        }
        let new = tree.map_or_else(BTreeMap::new, |tree| self.tree(&tree));
        let old: Vec<BTreeMap<Vec<u8>, Owned>> = parents.iter().map(|parent| self.tree(parent)).collect();
        let mut names: BTreeSet<&Vec<u8>> = new.keys().collect();
        names.extend(old.iter().flat_map(BTreeMap::keys));
        for name in names {
            let (entry, before) = (new.get(name), old.iter().filter_map(|old| old.get(name)).collect::<Vec<_>>());
            if entry.is_some_and(|entry| before.contains(&entry)) {
                continue;
            }
            let path = if path.is_empty() { name.clone() } else { [&path, &b"/"[..], name].concat() };
            if let Some((Mode::Submodule, _)) = entry {
                self.submodules.insert(path_of(&path));
            }
            let of = |mode: Mode| before.iter().filter(move |entry| entry.0 == mode).map(|entry| entry.1);
            changes.old.extend(of(Mode::Blob).map(|id| (path.clone(), id)));
            if let Some((Mode::Blob, id)) = entry {
                changes.new.push((path.clone(), *id));
            }
            let tree = entry.filter(|entry| entry.0 == Mode::Tree).map(|entry| entry.1);
            let trees: Vec<ObjectId> = of(Mode::Tree).collect();
            if tree.is_some() || !trees.is_empty() {
                self.differ((tree, &trees), (path, depth + 1), changes);
            }
        }
    }

    fn tree(&mut self, id: &ObjectId) -> BTreeMap<Vec<u8>, Owned> {
        let mut bytes = Vec::new();
        match self.reader.read_id(id, &mut bytes) {
            Ok(Kind::Tree) => {}
            Ok(_) => self.fault(id, &Fault::corrupt("not a tree")),
            Err(fault) => self.fault(id, &fault),
        }
        let whole = entries(&bytes, id.as_bytes().len()).map_while(Result::ok);
        whole.filter_map(|entry| Some((entry.name.to_vec(), (entry.mode, ObjectId::from_bytes(entry.id)?)))).collect()
    }

    fn tree_of(&mut self, commit: &ObjectId) -> Option<ObjectId> {
        let mut bytes = Vec::new();
        self.reader.read_id(commit, &mut bytes).ok()?;
        crate::store::commit(&bytes).map(|text| text.tree)
    }

    /// Returns whether the file where a secret came in still holds it in a tree.
    fn stands_in(&mut self, tree: &ObjectId, found: &Found, secret: SecretIdx) -> bool {
        let Some(path) = &found.path else { return found.part == Part::Commit };
        let mut at = *tree;
        let bytes = path.as_os_str().as_encoded_bytes();
        for name in bytes.split(|byte| *byte == b'/') {
            let Some((_, id)) = self.tree(&at).remove(name) else { return false };
            at = id;
        }
        at == found.id || self.content(bytes, at).iter().any(|finding| self.secrets.of(finding) == secret)
    }

    /// Tells that an object cannot be read, once.
    fn fault(&mut self, id: &ObjectId, fault: &Fault) {
        if self.counted.insert(*id) {
            self.teller.skip(format!("object {id}"), fault.reason, &fault.what);
        }
    }
}
