//! Which commits one set of references leads to and another doesn't.

use std::collections::{BinaryHeap, HashMap, HashSet};

use super::Objects;
use super::walk::Read as _;
use crate::id::ObjectId;
use crate::store::{Fault, Kind, commit, tag};

/// Seconds by which the clocks of two people may differ without harm.
const SLACK: i64 = 24 * 60 * 60;

/// A commit: what is needed to walk on from it.
#[derive(Clone, Debug)]
struct Node {
    parents: Vec<ObjectId>,
    is_old: bool,
    is_waiting: bool,
}

/// The commits to look at, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Commits, each behind its children.
    pub(super) commits: Vec<ObjectId>,
    /// Tags on the way to them.
    pub(super) tags: Vec<ObjectId>,
    pub(super) faults: Vec<(ObjectId, Fault)>,
}

/// Returns the commits that `new` lead to and `old` do not. Of `old` those that
/// are not there are left out: then more is looked at, never less.
///
/// Commits of `ends` have no parents: a shallow clone ends there.
pub(super) fn between(
    objects: &mut Objects,
    (new, old): (&[ObjectId], &[ObjectId]),
    ends: &HashSet<ObjectId>,
) -> Found {
    let mut walk = Walk {
        objects,
        ends,
        nodes: HashMap::new(),
        queue: BinaryHeap::new(),
        n_new: 0,
        oldest: i64::MAX,
        found: Found::default(),
    };
    for (tips, is_old) in [(old, true), (new, false)] {
        for tip in tips {
            walk.start(*tip, is_old);
        }
    }
    // Commits of the same second come in no order, and clocks may be wrong: what
    // is old may yet lead to what was taken for new.
    while let Some((time, id)) = walk.queue.pop() {
        if walk.n_new == 0 && time < walk.oldest.saturating_sub(SLACK) {
            break;
        }
        walk.step(time, id);
    }
    let Walk { nodes, mut found, .. } = walk;
    found.commits.retain(|id| nodes.get(id).is_some_and(|node| !node.is_old));
    found
}

struct Walk<'a> {
    objects: &'a mut Objects,
    ends: &'a HashSet<ObjectId>,
    nodes: HashMap<ObjectId, Node>,
    /// Commits to walk on from, the youngest first.
    queue: BinaryHeap<(i64, ObjectId)>,
    /// How many of them are not known to be old.
    n_new: usize,
    /// The time of the oldest commit that was taken for new.
    oldest: i64,
    found: Found,
}

impl Walk<'_> {
    /// Starts at a commit or a tag.
    fn start(&mut self, mut id: ObjectId, is_old: bool) {
        let mut seen = HashSet::new();
        while seen.insert(id) {
            match self.objects.read(&id) {
                Ok((Kind::Tag, bytes)) => match tag(&bytes) {
                    Some(text) => {
                        if !is_old {
                            self.found.tags.push(id);
                        }
                        id = text.target;
                    }
                    None => return self.found.faults.push((id, Fault::corrupt("not a tag"))),
                },
                Ok((Kind::Commit, _)) => return self.add(id, is_old),
                // A tag may lead to a tree or a content; there are no commits then.
                Ok(_) => return,
                Err(_) if is_old => return,
                Err(fault) => return self.found.faults.push((id, fault)),
            }
        }
    }

    /// Puts a commit in the queue, once.
    fn add(&mut self, id: ObjectId, is_old: bool) {
        if self.nodes.contains_key(&id) {
            if is_old {
                self.age(id);
            }
            return;
        }
        match self.objects.read(&id) {
            Ok((Kind::Commit, bytes)) => match commit(&bytes) {
                Some(text) => {
                    let parents = if self.ends.contains(&id) { Vec::new() } else { text.parents };
                    self.nodes.insert(id, Node { parents, is_old, is_waiting: true });
                    self.queue.push((text.committer.time, id));
                    self.n_new += usize::from(!is_old);
                }
                None => self.found.faults.push((id, Fault::corrupt("not a commit"))),
            },
            Ok(_) => self.found.faults.push((id, Fault::corrupt("not a commit"))),
            Err(_) if is_old => {}
            Err(fault) => self.found.faults.push((id, fault)),
        }
    }

    /// Goes on to the parents of a commit.
    fn step(&mut self, time: i64, id: ObjectId) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        node.is_waiting = false;
        let node = node.clone();
        if !node.is_old {
            self.n_new -= 1;
            self.oldest = self.oldest.min(time);
            self.found.commits.push(id);
        }
        for parent in node.parents {
            self.add(parent, node.is_old);
        }
    }

    /// Marks a commit that was taken for new, and all that it leads to, as old:
    /// clocks may be wrong, so that it was reached in the wrong order.
    fn age(&mut self, id: ObjectId) {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            if std::mem::replace(&mut node.is_old, true) {
                continue;
            }
            self.n_new -= usize::from(node.is_waiting);
            stack.extend(&node.parents);
        }
    }
}
