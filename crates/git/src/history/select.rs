//! Which commits are asked for.

use std::collections::{BinaryHeap, HashMap};

use super::options::HistoryOptions;
use crate::error::Error;
use crate::id::ObjectId;
use crate::refs::{Refs, peel, resolve};
use crate::store::{Fault, Kind, Reader, commit};

/// The ends of a history: commits that are asked for with all before them, and
/// those that are not wanted with all before them.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    pub(super) wanted: Vec<ObjectId>,
    pub(super) hidden: Vec<ObjectId>,
}

impl Ends {
    /// Returns the ends that branches and ranges name; none if they name none.
    ///
    /// # Errors
    ///
    /// A name stands for no commit.
    pub(super) fn new(options: &HistoryOptions, refs: &Refs, reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        let mut ends = Self::default();
        for name in &options.branches {
            ends.wanted.push(resolve(name, refs, reader)?);
        }
        for range in &options.ranges {
            let mut end = |name: &str| resolve(if name.is_empty() { "HEAD" } else { name }, refs, reader);
            match range.split_once("..") {
                // What either side has and the other has not; hiding what both
                // have is left out, so that more is looked at rather than less.
                Some((from, to)) if to.starts_with('.') => {
                    let to = end(&to[1..])?;
                    ends.hidden.push(end(from)?);
                    ends.wanted.push(to);
                }
                Some((from, to)) => {
                    ends.hidden.push(end(from)?);
                    ends.wanted.push(end(to)?);
                }
                None => ends.wanted.push(end(range)?),
            }
        }
        Ok((!ends.wanted.is_empty()).then_some(ends))
    }
}

/// A commit that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    time: i64,
}

/// Walks from the ends back, the latest commit first.
struct Walk<'a, 'b> {
    reader: &'a mut Reader<'b>,
    /// Commits that were met, and whether they are hidden.
    met: HashMap<ObjectId, (Chosen, bool)>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// Commits in the queue that are not hidden.
    open: usize,
    faults: Vec<(ObjectId, Fault)>,
}

/// Returns the commits between the ends, the earliest first, and those that could not be read.
pub(super) fn choose(
    ends: &Ends,
    options: &HistoryOptions,
    reader: &mut Reader<'_>,
) -> (Vec<Chosen>, Vec<(ObjectId, Fault)>) {
    let mut walk = Walk { reader, met: HashMap::new(), queue: BinaryHeap::new(), open: 0, faults: Vec::new() };
    ends.hidden.iter().for_each(|id| walk.meet(id, true));
    ends.wanted.iter().for_each(|id| walk.tip(*id));
    let mut order = Vec::new();
    let mut earliest = i64::MAX;
    while let Some((time, id)) = walk.queue.pop() {
        let Some((chosen, is_hidden)) = walk.met.get(&id).cloned() else { continue };
        if !is_hidden {
            walk.open -= 1;
            if options.since.is_some_and(|since| time < since) {
                continue;
            }
            earliest = earliest.min(time);
            order.push(id);
        } else if walk.open == 0 && time < earliest {
            // What is older than all that was chosen can't hide any of it,
            // unless a clock was wrong; then more is looked at.
            break;
        }
        chosen.parents.iter().for_each(|parent| walk.meet(parent, is_hidden));
    }
    let most = options.max_commits.unwrap_or(usize::MAX);
    let mut chosen: Vec<Chosen> = order
        .iter()
        .filter_map(|id| walk.met.get(id))
        .filter(|(_, is_hidden)| !is_hidden)
        .map(|(chosen, _)| chosen.clone())
        .take(most)
        .collect();
    chosen.reverse();
    (chosen, walk.faults)
}

impl Walk<'_, '_> {
    /// Meets the commit that a tip leads to. What a tag of a tree or a file leads to, no commit brought in.
    fn tip(&mut self, id: ObjectId) {
        match peel(id, self.reader) {
            Ok(Some(commit)) => self.meet(&commit, false),
            Ok(None) => {}
            Err((id, fault)) => self.faults.push((id, fault)),
        }
    }

    fn meet(&mut self, id: &ObjectId, is_hidden: bool) {
        if let Some((chosen, was_hidden)) = self.met.get_mut(id) {
            if is_hidden && !*was_hidden {
                *was_hidden = true;
                let entry = (chosen.time, *id);
                // Those before it are to be hidden, too, whether it waits or not.
                if self.queue.iter().any(|waiting| *waiting == entry) { self.open -= 1 } else { self.queue.push(entry) }
            }
            return;
        }
        let mut bytes = Vec::new();
        let read = self.reader.read_id(id, &mut bytes).and_then(|kind| match (kind, commit(&bytes)) {
            (Kind::Commit, Some(text)) => {
                Ok(Chosen { id: *id, tree: text.tree, parents: text.parents.clone(), time: text.committer.time })
            }
            _ => Err(Fault::corrupt("not a commit")),
        });
        match read {
            Ok(chosen) => {
                self.queue.push((chosen.time, *id));
                self.open += usize::from(!is_hidden);
                self.met.insert(*id, (chosen, is_hidden));
            }
            Err(fault) if !is_hidden => self.faults.push((*id, fault)),
            Err(_) => {}
        }
    }
}
