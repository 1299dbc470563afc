//! Which files differ: between the index and a tree, and between trees.

use std::collections::HashMap;
use std::ops::Range;

use leaktight_core::{Skip, SkipReason};

use crate::id::ObjectId;
use crate::index::{Entry, Index, Node, mode};
use crate::open::path_of;
use crate::store::{Fault, Kind, Mode, entries};

/// Folders within folders, at most; as in git.
const DEEPEST: usize = 2048;
/// Files that differ, at most: a few trees, each many times in the next, make as many as
/// anyone likes.
const MOST_CHANGES: usize = 1 << 20;
/// Files that are gone and could have been renamed, at most.
const MOST_GONE: usize = 4096;

/// A file whose content differs.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Change {
    pub(super) path: Vec<u8>,
    /// Its content before, in each parent that has a file of that name.
    pub(super) old: Vec<ObjectId>,
    pub(super) new: ObjectId,
}

/// A file that is gone, or a folder with all in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Gone {
    pub(super) path: Vec<u8>,
    pub(super) id: ObjectId,
    pub(super) is_tree: bool,
}

/// Reads objects.
pub(super) trait Read {
    fn read(&mut self, id: &ObjectId) -> Result<(Kind, Vec<u8>), Fault>;
}

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) changed: Vec<Change>,
    pub(super) gone: Vec<Gone>,
    /// What could not be compared.
    pub(super) skipped: Vec<Skip>,
}

/// The entries of a tree by their names.
type Old = HashMap<Vec<u8>, (Mode, ObjectId)>;

/// The entries of a tree in their order.
type List = Vec<(Vec<u8>, (Mode, ObjectId))>;

/// Compares.
pub(super) struct Walk<'a> {
    reader: &'a mut dyn Read,
    pub(super) found: Changes,
    /// There are more changes than are kept, and that was told.
    is_full: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(reader: &'a mut dyn Read) -> Self {
        Self { reader, found: Changes::default(), is_full: false }
    }

    /// Compares an index with a tree, which is empty if there is none.
    ///
    /// Only folders of which the cache of trees does not know that they are the
    /// same are looked at: their trees alone are read.
    pub(super) fn index(&mut self, index: &Index, tree: Option<ObjectId>) {
        let folder = Folder { entries: 0..index.entries().len(), prefix: 0, node: Some(&index.tree), tree };
        self.folder(index, &folder, 0);
    }

    fn folder(&mut self, index: &Index, folder: &Folder<'_>, depth: usize) {
        let known = folder.node.and_then(|node| node.known);
        if known.is_some() && known == folder.tree.map(|tree| (tree, folder.entries.len())) {
            return;
        }
        let path = index.entries().get(folder.entries.start).map_or(&[][..], |entry| index.path(entry));
        let path = path[..folder.prefix.min(path.len())].to_vec();
        let Some(mut old) = self.tree(&path, folder.tree, depth) else { return };
        let mut at = folder.entries.start;
        while at < folder.entries.end {
            let entry = &index.entries()[at];
            let rest = &index.path(entry)[folder.prefix..];
            at = match memchr::memchr(b'/', rest) {
                Some(slash) if slash + 1 < rest.len() => {
                    let tree = take(&mut old, &rest[..slash], Mode::Tree);
                    let inner = folder.inner(index, at, &rest[..slash], tree);
                    self.folder(index, &inner, depth + 1);
                    inner.entries.end
                }
                Some(slash) => {
                    let tree = take(&mut old, &rest[..slash], Mode::Tree);
                    self.trees(index.path(entry), (tree.as_slice(), entry.id), depth + 1);
                    at + 1
                }
                None => self.files(index, at..folder.entries.end, old.remove(rest)),
            };
        }
        self.leave(&path, old);
    }

    /// Compares the entries of one path, of which a conflict has several, and
    /// returns where the next path is.
    fn files(&mut self, index: &Index, entries: Range<usize>, old: Option<(Mode, ObjectId)>) -> usize {
        let path = index.path(&index.entries()[entries.start]);
        let same = index.entries()[entries.clone()].iter().take_while(|entry| index.path(entry) == path).count();
        for entry in &index.entries()[entries.start..entries.start + same] {
            if entry.is_intended || old.is_some_and(|(_, id)| id == entry.id) {
                continue;
            }
            let old = old.and_then(|(mode, id)| (mode == Mode::Blob).then_some(id));
            match entry.mode & mode::KIND {
                mode::COMMIT => self.submodule(path),
                _ => self.change(path, old.into_iter().collect(), entry.id),
            }
        }
        entries.start + same
    }

    /// Compares a tree with those of its parents: what is in any of them is not new.
    pub(super) fn trees(&mut self, path: &[u8], (old, new): (&[ObjectId], ObjectId), depth: usize) {
        if old.contains(&new) {
            return;
        }
        let mut parents = Vec::new();
        for tree in old {
            let Some(entries) = self.tree(path, Some(*tree), depth) else { return };
            parents.push(entries);
        }
        let Some(new) = self.tree_list(path, Some(new), depth) else { return };
        for (name, (mode, id)) in new {
            let before: Vec<(Mode, ObjectId)> = parents.iter_mut().filter_map(|old| old.remove(&name)).collect();
            if before.iter().any(|(_, before)| *before == id) {
                continue;
            }
            let before = before.into_iter().filter(|(kind, _)| *kind == mode).map(|(_, id)| id).collect::<Vec<_>>();
            let path = [path, &name].concat();
            match mode {
                Mode::Tree => self.trees(&[&path[..], b"/"].concat(), (&before, id), depth + 1),
                Mode::Submodule => self.submodule(&path),
                Mode::Blob => self.change(&path, before, id),
            }
        }
        if let Some(old) = parents.into_iter().next() {
            self.leave(path, old);
        }
    }

    fn change(&mut self, path: &[u8], old: Vec<ObjectId>, new: ObjectId) {
        self.found.changed.push(Change { path: path.to_vec(), old, new });
    }

    fn submodule(&mut self, path: &[u8]) {
        let skip = Skip::new(path_of(path), SkipReason::Submodule, "another repository; scan it there");
        self.found.skipped.push(skip);
    }

    /// Notes what of a folder is gone.
    fn leave(&mut self, folder: &[u8], old: Old) {
        let room = MOST_GONE.saturating_sub(self.found.gone.len());
        let gone = old.into_iter().filter(|(_, (mode, _))| *mode != Mode::Submodule).take(room);
        self.found.gone.extend(gone.map(|(name, (mode, id))| {
            let path = [folder, &name].concat();
            Gone { path, id, is_tree: mode == Mode::Tree }
        }));
    }

    fn tree(&mut self, path: &[u8], tree: Option<ObjectId>, depth: usize) -> Option<Old> {
        self.tree_list(path, tree, depth).map(|list| list.into_iter().collect())
    }

    /// Returns the entries of a tree in their order, none if they can't be read.
    fn tree_list(&mut self, path: &[u8], tree: Option<ObjectId>, depth: usize) -> Option<List> {
        let Some(tree) = tree else { return Some(Vec::new()) };
        let read = if self.found.changed.len() >= MOST_CHANGES {
            if std::mem::replace(&mut self.is_full, true) {
                return None;
            }
            let what = format!("more than {MOST_CHANGES} files differ");
            Err(Fault { reason: SkipReason::Size, what })
        } else if depth > DEEPEST {
            Err(Fault::corrupt(format!("more than {DEEPEST} folders within each other")))
        } else {
            read_tree(self.reader, &tree)
        };
        match read {
            Ok(list) => Some(list),
            Err(fault) => {
                let path = if path.is_empty() { b"." } else { path };
                self.found.skipped.push(Skip::new(path_of(path), fault.reason, format!("tree {tree}: {}", fault.what)));
                None
            }
        }
    }
}

/// Entries of an index that lie in one folder.
struct Folder<'a> {
    entries: Range<usize>,
    /// Bytes of the folder's path, with its last slash.
    prefix: usize,
    node: Option<&'a Node>,
    tree: Option<ObjectId>,
}

impl<'a> Folder<'a> {
    /// Returns the folder of that name in this one, whose first entry is at `start`.
    fn inner(&self, index: &Index, start: usize, name: &[u8], tree: Option<ObjectId>) -> Folder<'a> {
        let prefix = self.prefix + name.len() + 1;
        let path = &index.path(&index.entries()[start])[..prefix];
        let is_inside = |entry: &Entry| index.path(entry).starts_with(path);
        let node = self.node.and_then(|node| node.child(name));
        let all = &index.entries()[..self.entries.end];
        // The cache tells how many there are, if it can be believed.
        let told = node.and_then(|node| node.known).map(|(_, n_entries)| start.saturating_add(n_entries));
        let is_end = |end: &usize| {
            *end > start && all.get(end - 1).is_some_and(is_inside) && !all.get(*end).is_some_and(is_inside)
        };
        let end = told.filter(is_end).unwrap_or_else(|| start + all[start..].partition_point(is_inside));
        Folder { entries: start..end, prefix, node, tree }
    }
}

/// Takes the entry of that name and kind out of a tree.
fn take(old: &mut Old, name: &[u8], mode: Mode) -> Option<ObjectId> {
    let is_it = old.get(name).is_some_and(|(kind, _)| *kind == mode);
    if is_it { old.remove(name).map(|(_, id)| id) } else { None }
}

fn read_tree(reader: &mut dyn Read, tree: &ObjectId) -> Result<List, Fault> {
    let (kind, bytes) = reader.read(tree)?;
    if kind != Kind::Tree {
        return Err(Fault::corrupt("it is no tree"));
    }
    let own = |entry: crate::store::Entry<'_>| {
        let id = ObjectId::from_bytes(entry.id).ok_or_else(|| Fault::corrupt("it holds an entry that is none"))?;
        Ok((entry.name.to_vec(), (entry.mode, id)))
    };
    entries(&bytes, tree.as_bytes().len()).map(|entry| entry.and_then(own)).collect()
}
