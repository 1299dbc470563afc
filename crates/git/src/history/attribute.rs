//! Where each secret came from, and where it went.

use std::collections::{HashMap, HashSet};

use super::graph::Graph;
use super::hits::Hit;
use super::numbers::ByNumber;
use super::sets::{SetIdx, Sets};

/// What came of a secret in the commits that were asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    /// The commit that introduced it into a file.
    pub(super) introduced: Option<u32>,
    /// The first commit or tag whose message holds it.
    pub(super) said: Option<u32>,
    /// It stands in a content that something leads to without any commit.
    pub(super) tagged: bool,
    pub(super) in_head: bool,
    /// The last commit of the branch that is checked out that took it away.
    pub(super) removed: Option<u32>,
    /// Places where it stood at the same time, at most.
    pub(super) places: u64,
    /// Messages that hold it.
    pub(super) messages: u64,
}

/// What is asked of a history.
pub(super) struct Asked<'a> {
    pub(super) graph: &'a Graph,
    pub(super) sets: &'a Sets,
    /// The sets of the trees of commits without what is left out; none when nothing is.
    pub(super) roots: Option<&'a ByNumber<SetIdx>>,
    /// Hits in commits and tags.
    pub(super) said: &'a [Hit],
    /// What the references of interest lead to.
    pub(super) tips: &'a [u32],
    pub(super) head: Option<u32>,
    pub(super) n_secrets: usize,
}

/// Returns the fate of each secret.
pub(super) fn fates(asked: &Asked<'_>) -> Vec<Fate> {
    let mut fates = vec![Fate::default(); asked.n_secrets];
    let mut tags = HashSet::new();
    let ends: Vec<u32> = asked.tips.iter().map(|tip| asked.graph.peel(*tip, &mut tags)).collect();
    for end in ends.iter().filter(|end| asked.graph.node(**end).is_none()) {
        for (secret, _) in asked.sets.get(asked.sets.of(*end)) {
            fates[*secret as usize].tagged = true;
        }
    }
    let commits = asked.graph.reachable(ends);
    let mut path = Path { asked, order: HashMap::new(), commits: &commits };
    path.follow(&mut fates);
    path.hear(&tags, &mut fates);
    path.look_at_head(&mut fates);
    fates
}

struct Path<'a> {
    asked: &'a Asked<'a>,
    commits: &'a HashSet<u32>,
    /// The place of each commit in the order of history.
    order: HashMap<u32, usize>,
}

impl Path<'_> {
    fn set(&self, commit: u32) -> SetIdx {
        let Some(node) = self.asked.graph.node(commit) else { return 0 };
        match self.asked.roots {
            Some(roots) => roots.get(&node.tree).copied().unwrap_or(0),
            None => self.asked.sets.of(node.tree),
        }
    }

    /// Walks the commits from the oldest on and notes what comes and goes.
    fn follow(&mut self, fates: &mut [Fate]) {
        let Asked { graph, sets, head, .. } = *self.asked;
        let of_head = graph.reachable(head.filter(|head| self.commits.contains(head)));
        for (at, commit) in graph.ordered(self.commits).into_iter().enumerate() {
            self.order.insert(commit, at);
            let set = self.set(commit);
            let parents: Vec<SetIdx> = graph.parents(commit).map(|parent| self.set(parent)).collect();
            if !parents.is_empty() && parents.iter().all(|parent| *parent == set) {
                continue;
            }
            for (secret, count) in sets.get(set) {
                let fate = &mut fates[*secret as usize];
                fate.places = fate.places.max(u64::from(*count));
                if parents.iter().all(|parent| !sets.holds(*parent, *secret)) {
                    fate.introduced.get_or_insert(commit);
                }
            }
            if !of_head.contains(&commit) {
                continue;
            }
            // What one side of a merge took away before was not taken away by the merge.
            let Some((first, others)) = parents.split_first() else { continue };
            for (secret, _) in sets.get(*first) {
                if !sets.holds(set, *secret) && others.iter().all(|other| sets.holds(*other, *secret)) {
                    fates[*secret as usize].removed = Some(commit);
                }
            }
        }
    }

    /// Notes what messages hold.
    fn hear(&self, tags: &HashSet<u32>, fates: &mut [Fate]) {
        let last = usize::MAX;
        let order = |number: u32| self.order.get(&number).copied().unwrap_or(last);
        for hit in self.asked.said {
            if !self.commits.contains(&hit.number) && !tags.contains(&hit.number) {
                continue;
            }
            let fate = &mut fates[hit.secret as usize];
            fate.messages += 1;
            let is_earlier = |said: u32| (order(hit.number), hit.number) < (order(said), said);
            if fate.said.is_none_or(is_earlier) {
                fate.said = Some(hit.number);
            }
        }
        for fate in fates {
            // The earlier of the two is the place to tell.
            if let (Some(said), Some(introduced)) = (fate.said, fate.introduced) {
                if order(said) < order(introduced) { fate.introduced = None } else { fate.said = None }
            }
        }
    }

    fn look_at_head(&self, fates: &mut [Fate]) {
        let head = self.asked.head.map_or(0, |head| self.set(head));
        for (secret, _) in self.asked.sets.get(head) {
            let fate = &mut fates[*secret as usize];
            fate.in_head = true;
            fate.removed = None;
        }
    }
}

impl Fate {
    /// Returns whether anything that was asked for leads to it.
    pub(super) fn is_reachable(&self) -> bool {
        self.introduced.is_some() || self.said.is_some() || self.tagged
    }

    /// Returns the number of places besides the one that is told.
    pub(super) fn others(&self) -> u64 {
        (self.places + self.messages).saturating_sub(1)
    }
}
