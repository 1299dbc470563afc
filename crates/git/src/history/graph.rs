//! Commits in the order in which things came about.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::commits::Node;
use crate::store::NONE;

/// Commits by number, and what leads to them.
pub(super) struct Graph {
    nodes: Vec<Node>,
    by_number: HashMap<u32, usize>,
    /// What each tag leads to.
    tags: HashMap<u32, u32>,
    /// Further parents and trees: those of what stands in for a commit, and grafts.
    further: HashMap<u32, Vec<u32>>,
}

impl Graph {
    pub(super) fn new(nodes: Vec<Node>, tags: HashMap<u32, u32>) -> Self {
        let by_number = nodes.iter().enumerate().map(|(at, node)| (node.number, at)).collect();
        Self { nodes, by_number, tags, further: HashMap::new() }
    }

    /// Makes a commit lead to more commits than it names.
    pub(super) fn lead(&mut self, from: u32, to: u32) {
        if from == to {
            return;
        }
        self.further.entry(from).or_default().push(to);
    }

    pub(super) fn node(&self, number: u32) -> Option<&Node> {
        self.by_number.get(&number).map(|at| &self.nodes[*at])
    }

    /// Returns the trees of all commits.
    pub(super) fn trees(&self) -> impl Iterator<Item = u32> {
        self.nodes.iter().map(|node| node.tree)
    }

    /// Returns all commits a commit leads to at once.
    pub(super) fn parents(&self, number: u32) -> impl Iterator<Item = u32> {
        let own = self.node(number).map_or(&[][..], |node| &node.parents);
        let further = self.further.get(&number).map_or(&[][..], Vec::as_slice);
        own.iter().chain(further).copied().filter(|parent| self.by_number.contains_key(parent))
    }

    /// Returns what tags lead to, with the tags on the way.
    pub(super) fn peel(&self, mut number: u32, passed: &mut HashSet<u32>) -> u32 {
        while let Some(target) = self.tags.get(&number) {
            // A forged tag could lead to itself.
            if !passed.insert(number) {
                return NONE;
            }
            number = *target;
        }
        number
    }

    /// Returns the commits that lead from these, themselves included.
    pub(super) fn reachable(&self, tips: impl IntoIterator<Item = u32>) -> HashSet<u32> {
        let mut stack: Vec<u32> = tips.into_iter().filter(|tip| self.by_number.contains_key(tip)).collect();
        let mut seen: HashSet<u32> = stack.iter().copied().collect();
        while let Some(number) = stack.pop() {
            stack.extend(self.parents(number).filter(|parent| seen.insert(*parent)));
        }
        seen
    }

    /// Returns commits so that each comes behind its parents, and otherwise by time.
    /// Commits that lead to each other, as forged ones may, come last.
    pub(super) fn ordered(&self, commits: &HashSet<u32>) -> Vec<u32> {
        let mut waiting: HashMap<u32, usize> = HashMap::with_capacity(commits.len());
        let mut children: HashMap<u32, Vec<u32>> = HashMap::with_capacity(commits.len());
        let time = |number: u32| self.node(number).map_or(0, |node| node.time);
        let mut ready = BinaryHeap::new();
        for number in commits {
            let parents: Vec<u32> = self.parents(*number).filter(|parent| commits.contains(parent)).collect();
            if parents.is_empty() {
                ready.push(Reverse((time(*number), *number)));
            }
            waiting.insert(*number, parents.len());
            parents.into_iter().for_each(|parent| children.entry(parent).or_default().push(*number));
        }
        let mut ordered = Vec::with_capacity(commits.len());
        while let Some(Reverse((_, number))) = ready.pop() {
            ordered.push(number);
            waiting.remove(&number);
            for child in children.get(&number).into_iter().flatten() {
                let Some(left) = waiting.get_mut(child) else { continue };
                *left -= 1;
                if *left == 0 {
                    ready.push(Reverse((time(*child), *child)));
                }
            }
        }
        let mut rest: Vec<u32> = waiting.into_keys().collect();
        rest.sort_unstable_by_key(|number| (time(*number), *number));
        ordered.extend(rest);
        ordered
    }
}
