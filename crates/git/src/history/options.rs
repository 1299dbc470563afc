//! What of a history is scanned.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::inspect::Inspect;
use crate::change::Filter;

/// What of a history is scanned, and how.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct HistoryOptions {
    /// Branches, tags and commits from which to go back, rather than from all references.
    pub branches: Vec<String>,
    /// Ranges `A..B`: what leads to `B` and not to `A`.
    pub ranges: Vec<String>,
    /// Only commits of this time and later, in seconds since 1970.
    pub since: Option<i64>,
    /// Only the latest commits, at most as many.
    pub max_commits: Option<usize>,
    /// Report what no reference leads to as well, such as what a forced push left behind.
    pub unreachable: bool,
    /// A folder for what is to be known the next time; none to keep nothing. The
    /// file in it holds names of objects and places, and nothing of a secret.
    pub cache: Option<PathBuf>,
    /// Look at every content whole rather than at what is new in it. It finds the
    /// same, far more slowly: this is what the scan is tested against.
    pub exhaustive: bool,
    /// Says which files are left out. Their contents are looked at all the same, for they
    /// may stand elsewhere too; a secret that stands in no other file is not told.
    pub filter: Option<Arc<Filter>>,
    /// Finds what only the path of a file makes a finding.
    pub inspect: Option<Arc<dyn Inspect>>,
    /// Size in bytes above which a content is left out.
    pub max_size: Option<u64>,
    /// Number of threads; 0 stands for one per processor.
    pub threads: usize,
}

impl HistoryOptions {
    /// Returns whether only some commits are asked for, so that what came in
    /// with them is looked at rather than all there is.
    pub(super) fn is_limited(&self) -> bool {
        !self.ranges.is_empty() || self.since.is_some() || self.max_commits.is_some()
    }

    /// Returns why a file is left out, if it is.
    pub(super) fn why_not(&self, path: &Path) -> Option<String> {
        self.filter.as_ref()?(path)
    }

    pub(super) fn workers(&self) -> usize {
        match self.threads {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        }
    }
}
