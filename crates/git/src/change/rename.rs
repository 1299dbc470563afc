//! Files that are new by name only.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::walk::{Changes, Gone, Read, Walk};
use crate::id::ObjectId;
use crate::store::Kind;

/// Bytes of content read to find out what was renamed, at most; beyond it a file
/// that was renamed and changed counts as new.
const BUDGET: usize = 64 << 20;
/// Pairs of files compared, at most.
const MOST_PAIRS: usize = 100_000;
/// Files that are gone, listed out of folders that are gone, at most.
const MOST_LISTED: usize = 4096;

/// Gives files that were renamed the content they had before.
///
/// A file that has the very content of one that is gone is no change at all. One
/// that shares at least half of its lines with one that is gone was renamed.
pub(super) fn detect(found: &mut Changes, reader: &mut dyn Read) {
    let new: HashSet<ObjectId> =
        found.changed.iter().filter(|change| change.old.is_empty()).map(|one| one.new).collect();
    if new.is_empty() || found.gone.is_empty() {
        return;
    }
    let gone = listed(std::mem::take(&mut found.gone), reader);
    let same: HashSet<ObjectId> = gone.iter().map(|(_, id)| *id).filter(|id| new.contains(id)).collect();
    found.changed.retain(|change| !change.old.is_empty() || !same.contains(&change.new));
    let gone: Vec<_> = gone.into_iter().filter(|(_, id)| !same.contains(id)).collect();
    let n_new = found.changed.iter().filter(|change| change.old.is_empty()).count();
    if gone.is_empty() || n_new == 0 || n_new.saturating_mul(gone.len()) > MOST_PAIRS {
        return;
    }
    let mut shapes = Shapes { reader, hasher: RandomState::new(), known: HashMap::new(), left: BUDGET };
    for change in found.changed.iter_mut().filter(|change| change.old.is_empty()) {
        change.old.extend(shapes.nearest(&change.path, &change.new, &gone));
    }
}

/// Returns the files that are gone, those of folders that are gone among them.
fn listed(gone: Vec<Gone>, reader: &mut dyn Read) -> Vec<(Vec<u8>, ObjectId)> {
    let mut files = Vec::new();
    for one in gone {
        if files.len() >= MOST_LISTED {
            break;
        }
        if !one.is_tree {
            files.push((one.path, one.id));
            continue;
        }
        // Beside nothing, everything differs.
        let mut walk = Walk::new(reader);
        walk.trees(&[&one.path[..], b"/"].concat(), (&[], one.id), 0);
        files.extend(walk.found.changed.into_iter().map(|change| (change.path, change.new)));
    }
    files
}

/// The lines of files, as their hashes with how many bytes they have.
struct Shapes<'a> {
    reader: &'a mut dyn Read,
    hasher: RandomState,
    known: HashMap<ObjectId, HashMap<u64, usize>>,
    left: usize,
}

impl Shapes<'_> {
    /// Returns the file most like this one, one of the same name before others.
    fn nearest(&mut self, path: &[u8], id: &ObjectId, gone: &[(Vec<u8>, ObjectId)]) -> Option<ObjectId> {
        let name = |path: &[u8]| path.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
        self.read(id)?;
        let mut best = None;
        for (other, old) in gone {
            if self.read(old).is_none() {
                continue;
            }
            let share = self.share(id, old);
            let rank = (share, name(path) == name(other));
            if share >= 50 && best.is_none_or(|(least, _)| rank > least) {
                best = Some((rank, *old));
            }
        }
        best.map(|(_, id)| id)
    }

    fn read(&mut self, id: &ObjectId) -> Option<()> {
        if self.known.contains_key(id) {
            return Some(());
        }
        if self.left == 0 {
            return None;
        }
        let (kind, bytes) = self.reader.read(id).ok()?;
        self.left = self.left.saturating_sub(bytes.len().max(1 << 10));
        let mut lines = HashMap::new();
        if kind == Kind::Blob {
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                *lines.entry(self.hasher.hash_one(line)).or_insert(0) += line.len();
            }
        }
        self.known.insert(*id, lines);
        Some(())
    }

    /// Returns how much of the larger file is in both, in percent.
    fn share(&self, one: &ObjectId, other: &ObjectId) -> usize {
        let (one, other) = (&self.known[one], &self.known[other]);
        let shared: usize = one.iter().map(|(line, len)| other.get(line).copied().unwrap_or(0).min(*len)).sum();
        let largest = one.values().sum::<usize>().max(other.values().sum());
        (shared * 100).checked_div(largest).unwrap_or(0)
    }
}
