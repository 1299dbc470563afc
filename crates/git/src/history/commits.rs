//! Reads all commits and tags once: what they say, and what they lead to.

use std::collections::HashMap;
use std::sync::Arc;

use leaktight_core::{Chunk, Origin, Scanner};

use super::hits::{Hit, Secrets};
use crate::id::ObjectId;
use crate::store::{Fault, Lookup, NONE, Spans, Visit, commit, tag};

/// A commit, by numbers.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) number: u32,
    /// The number of its tree; none where that is missing.
    pub(super) tree: u32,
    pub(super) parents: Vec<u32>,
    /// When it was committed.
    pub(super) time: i64,
}

/// Reads commits and tags, on one thread.
pub(super) struct Texts<'a> {
    scanner: Scanner,
    lookup: &'a Lookup<'a>,
    secrets: &'a Secrets,
    origin: Arc<Origin>,
    tell: &'a (dyn Fn(u64) + Sync),
    pub(super) nodes: Vec<Node>,
    /// What a tag leads to.
    pub(super) tags: HashMap<u32, u32>,
    pub(super) hits: Vec<Hit>,
    /// Objects that commits and tags name and that are not there.
    pub(super) missing: Vec<(u32, ObjectId)>,
    pub(super) faults: Vec<(u32, Fault)>,
    is_tags: bool,
}

impl<'a> Texts<'a> {
    pub(super) fn commits(
        scanner: &Scanner,
        (lookup, secrets): (&'a Lookup<'a>, &'a Secrets),
        tell: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        Self {
            scanner: Scanner::with_limits(Arc::clone(scanner.rules()), scanner.limits().clone()),
            lookup,
            secrets,
            origin: Arc::new(Origin::Memory),
            tell,
            nodes: Vec::new(),
            tags: HashMap::new(),
            hits: Vec::new(),
            missing: Vec::new(),
            faults: Vec::new(),
            is_tags: false,
        }
    }

    pub(super) fn tags(
        scanner: &Scanner,
        (lookup, secrets): (&'a Lookup<'a>, &'a Secrets),
        tell: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        Self { is_tags: true, ..Self::commits(scanner, (lookup, secrets), tell) }
    }

    fn say(&mut self, number: u32, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let scan = self.scanner.scan(&Chunk::new(text, Arc::clone(&self.origin)));
        let number = self.lookup.first(number);
        for finding in &scan.findings {
            self.hits.push(Hit { number, secret: self.secrets.of(finding), offset: finding.offset });
        }
    }

    fn find(&mut self, from: u32, id: ObjectId) -> u32 {
        let number = self.lookup.find(id.as_bytes());
        if number.is_none() {
            self.missing.push((from, id));
        }
        number.unwrap_or(NONE)
    }

    fn commit(&mut self, number: u32, bytes: &[u8]) {
        let Some(text) = commit(bytes) else {
            return self.faults.push((number, Fault::corrupt("not a commit")));
        };
        let tree = self.find(number, text.tree);
        let parents = text.parents.iter().map(|id| self.find(number, *id)).filter(|parent| *parent != NONE).collect();
        self.say(number, text.message);
        self.say(number, text.author.who);
        if text.committer.who != text.author.who {
            self.say(number, text.committer.who);
        }
        self.nodes.push(Node { number: self.lookup.first(number), tree, parents, time: text.committer.time });
    }

    fn tag(&mut self, number: u32, bytes: &[u8]) {
        let Some(text) = tag(bytes) else { return self.faults.push((number, Fault::corrupt("not a tag"))) };
        let target = self.find(number, text.target);
        self.say(number, text.message);
        self.say(number, text.tagger.who);
        self.tags.insert(self.lookup.first(number), target);
    }

    fn take(&mut self, number: u32, bytes: &[u8]) {
        if self.lookup.first(number) == number {
            (self.tell)(bytes.len() as u64);
        }
        if self.is_tags { self.tag(number, bytes) } else { self.commit(number, bytes) }
    }
}

impl Visit for Texts<'_> {
    type State = ();

    fn root(&mut self, number: u32, bytes: &[u8]) {
        self.take(number, bytes);
    }

    fn delta(&mut self, number: u32, bytes: &[u8], _: (&[u8], &()), _: &Spans) {
        self.take(number, bytes);
    }

    fn fault(&mut self, number: u32, fault: Fault) {
        self.faults.push((number, fault));
    }
}
