//! What leaked: one entry for each value, however often it was written down.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;
use leaktight_core::Finding;
use sha2::{Digest, Sha256};

/// Whether a value went to a provider, from least to most.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Sent {
    /// It was written down and stayed here: a blocked prompt, the output of a hook.
    No,
    /// Nothing tells.
    #[default]
    Unknown,
    /// It went to the provider, or came from it.
    Yes,
}

/// Names kept of each kind for one leak, at most; the rest is counted.
const MOST_NAMES: usize = 50;
/// Places kept for one leak, at most.
const MOST_PLACES: usize = 100;

/// A secret in transcripts, to be rotated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Leak {
    /// The gravest finding of the value.
    pub finding: Finding,
    /// Records that hold it.
    pub n: u64,
    /// Files that hold it.
    pub files: BTreeMap<PathBuf, u64>,
    /// Files beyond those named.
    pub n_more_files: u64,
    /// When it was first written down.
    pub first: Option<Timestamp>,
    /// When it was last written down.
    pub last: Option<Timestamp>,
    /// Whether a provider has it.
    pub sent: Sent,
    /// The assistants that wrote it down.
    pub assistants: BTreeSet<String>,
    /// The sessions.
    pub sessions: BTreeSet<String>,
    /// The folders the sessions ran in.
    pub projects: BTreeSet<String>,
    /// The tools whose input or output held it.
    pub tools: BTreeSet<String>,
    /// Where it stands, as far as that was kept.
    pub places: Vec<Place>,
}

/// Where a value stands.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Where in the file.
    pub at: At,
    /// Whether this record went to a provider.
    pub sent: Sent,
}

/// A record of a file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum At {
    /// A line, from 1.
    Line(u64),
    /// A row of a table of a database.
    Row(String, i64),
    /// No row: deleted from a database, and not yet overwritten.
    Free,
}

/// A record that holds a value, and what is known about it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) place: Place,
    pub(super) assistant: String,
    pub(super) session: Option<String>,
    pub(super) project: Option<String>,
    pub(super) time: Option<Timestamp>,
    pub(super) tool: Option<String>,
}

/// Identifies a value: its hash, so that it isn't held another time.
pub(super) type Key = [u8; 32];

/// Returns the key of a finding's value.
pub(super) fn key(finding: &Finding) -> Key {
    // Into a hash that is dropped with the leaks.
    Sha256::digest(finding.secret.expose()).into()
}

/// Leaks by value.
#[derive(Debug, Default)]
pub(super) struct Leaks {
    by_value: HashMap<Key, Leak>,
    /// Values beyond the bound, which are counted only.
    pub(super) n_dropped: u64,
}

/// Values kept, at most.
const MOST_LEAKS: usize = 100_000;

impl Leaks {
    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.by_value.is_empty() && self.n_dropped == 0
    }

    /// Enters a value that a record holds, and returns its key.
    pub(super) fn add(&mut self, finding: &Finding, seen: Seen) -> Key {
        let key = key(finding);
        let is_full = self.by_value.len() >= MOST_LEAKS;
        match self.by_value.get_mut(&key) {
            Some(leak) => leak.add(finding, seen),
            None if is_full => self.n_dropped += 1,
            None => {
                self.by_value.insert(key, Leak::new(finding, seen));
            }
        }
        key
    }

    /// Returns whether a value is known.
    pub(super) fn holds(&self, key: &Key) -> bool {
        self.by_value.contains_key(key)
    }

    /// Marks a place of a value as sent.
    pub(super) fn answer(&mut self, key: &Key, place: &Place) {
        let Some(leak) = self.by_value.get_mut(key) else { return };
        leak.sent = Sent::Yes;
        if let Some(known) =
            leak.places.iter_mut().rev().find(|known| (&known.path, &known.at) == (&place.path, &place.at))
        {
            known.sent = Sent::Yes;
        }
    }

    /// Adds the name of a tool to a value.
    pub(super) fn tool(&mut self, key: &Key, tool: &str) {
        if let Some(leak) = self.by_value.get_mut(key) {
            insert(&mut leak.tools, Some(tool.to_owned()));
        }
    }

    /// Takes in what another thread found.
    pub(super) fn merge(&mut self, other: Self) {
        self.n_dropped += other.n_dropped;
        for (key, leak) in other.by_value {
            let is_full = self.by_value.len() >= MOST_LEAKS;
            match self.by_value.get_mut(&key) {
                Some(known) => known.merge(leak),
                None if is_full => self.n_dropped += 1,
                None => {
                    self.by_value.insert(key, leak);
                }
            }
        }
    }

    /// Returns the leaks in the order to rotate them: the gravest first, of
    /// those the ones a provider has, of those the ones that lie open longest.
    pub(super) fn ranked(self) -> Vec<Leak> {
        let mut leaks: Vec<Leak> = self.by_value.into_values().collect();
        leaks.iter_mut().for_each(|leak| leak.places.sort());
        leaks.sort_by(|a, b| {
            let rank = |leak: &Leak| (leak.finding.severity, leak.sent);
            let age = |leak: &Leak| (leak.first.is_none(), leak.first);
            let name = |leak: &Leak| (leak.finding.rule().id.clone(), leak.finding.masked());
            rank(b).cmp(&rank(a)).then_with(|| age(a).cmp(&age(b))).then_with(|| name(a).cmp(&name(b)))
        });
        leaks
    }
}

impl Leak {
    fn new(finding: &Finding, seen: Seen) -> Self {
        let mut leak = Self {
            finding: finding.clone(),
            n: 0,
            files: BTreeMap::new(),
            n_more_files: 0,
            first: None,
            last: None,
            sent: Sent::No,
            assistants: BTreeSet::new(),
            sessions: BTreeSet::new(),
            projects: BTreeSet::new(),
            tools: BTreeSet::new(),
            places: Vec::new(),
        };
        leak.add(finding, seen);
        leak
    }

    fn add(&mut self, finding: &Finding, seen: Seen) {
        self.graver(finding);
        self.n += 1;
        self.file(&seen.place.path, 1);
        self.span(seen.time, seen.time);
        self.sent = self.sent.max(seen.place.sent);
        insert(&mut self.assistants, Some(seen.assistant));
        insert(&mut self.sessions, seen.session);
        insert(&mut self.projects, seen.project);
        insert(&mut self.tools, seen.tool);
        if self.places.len() < MOST_PLACES {
            self.places.push(seen.place);
        }
    }

    fn merge(&mut self, other: Self) {
        self.graver(&other.finding);
        self.n += other.n;
        self.n_more_files += other.n_more_files;
        other.files.iter().for_each(|(path, n)| self.file(path, *n));
        self.span(other.first, other.last);
        self.sent = self.sent.max(other.sent);
        other.assistants.into_iter().for_each(|name| insert(&mut self.assistants, Some(name)));
        other.sessions.into_iter().for_each(|name| insert(&mut self.sessions, Some(name)));
        other.projects.into_iter().for_each(|name| insert(&mut self.projects, Some(name)));
        other.tools.into_iter().for_each(|name| insert(&mut self.tools, Some(name)));
        self.places.extend(other.places);
        self.places.truncate(MOST_PLACES);
    }

    fn graver(&mut self, finding: &Finding) {
        let rank = |finding: &Finding| (finding.severity, finding.confidence, std::cmp::Reverse(finding.rule_idx));
        if rank(finding) > rank(&self.finding) {
            self.finding = finding.clone();
        }
    }

    fn file(&mut self, path: &PathBuf, n: u64) {
        if let Some(known) = self.files.get_mut(path) {
            *known += n;
        } else if self.files.len() < MOST_PLACES {
            self.files.insert(path.clone(), n);
        } else {
            self.n_more_files += 1;
        }
    }

    fn span(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first = [self.first, first].into_iter().flatten().min();
        self.last = self.last.max(last);
    }
}

fn insert(names: &mut BTreeSet<String>, name: Option<String>) {
    if names.len() < MOST_NAMES {
        names.extend(name);
    }
}
