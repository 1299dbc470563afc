//! The history of a repository as a source.
//!
//! Every content is looked at once. A pack stores most contents as the difference
//! from another; of those only what is new is looked at, and as far round it as a
//! rule can reach. Which commit a secret came with is asked only when one is found.

mod attribute;
mod cache;
mod commits;
mod graph;
mod hits;
mod inspect;
mod limit;
mod limited;
mod look;
mod names;
mod narrow;
mod numbers;
mod options;
mod passages;
mod regions;
mod replay;
mod report;
mod run;
mod screen;
mod select;
mod sets;
mod trees;

use std::ops::ControlFlow;
use std::path::PathBuf;

use leaktight_core::{Event, Scanner, Source};

use self::cache::{Cache, digest_of, file_of};
pub use self::inspect::Inspect;
pub use self::limit::make_contents;
pub use self::options::HistoryOptions;
use self::select::Ends;
use crate::error::Error;
use crate::id::ObjectId;
use crate::open::Repo;
use crate::refs::Refs;
use crate::store::{Objects, Reader};

/// The history of a repository.
///
/// It scans by itself, because most of what it reads was looked at before, and
/// tells what it found: a secret once, at the place where it came in.
pub struct History {
    repo: Repo,
    scanner: Scanner,
    options: HistoryOptions,
    refs: Refs,
    /// The ends of what is asked for; none for all references.
    ends: Option<Ends>,
    /// What an earlier scan left, empty if it left nothing; none when nothing is to be kept.
    cache: Option<Cache>,
    notice: Option<String>,
}

/// Returns the commits that ranges ask for and those that they leave out, both with all before them.
///
/// # Errors
///
/// The references cannot be read, or a name stands for no commit.
pub(crate) fn ends(repo: &Repo, ranges: &[String]) -> Result<(Vec<ObjectId>, Vec<ObjectId>), Error> {
    let options = HistoryOptions { ranges: ranges.to_vec(), ..HistoryOptions::default() };
    let objects = Objects::open(repo);
    let ends = Ends::new(&options, &Refs::read(repo)?, &mut Reader::new(&objects))?.unwrap_or_default();
    Ok((ends.wanted, ends.hidden))
}

impl History {
    /// Returns the history of a repository, to be scanned with the rules of a scanner.
    ///
    /// # Errors
    ///
    /// The references cannot be read, or a branch that is asked for is not there.
    pub fn new(repo: Repo, scanner: Scanner, options: HistoryOptions) -> Result<Self, Error> {
        let refs = Refs::read(&repo)?;
        let ends = if options.branches.is_empty() && options.ranges.is_empty() {
            None
        } else {
            let objects = Objects::open(&repo);
            Ends::new(&options, &refs, &mut Reader::new(&objects))?
        };
        let mut history = Self { repo, scanner, options, refs, ends, cache: None, notice: None };
        history.remember();
        Ok(history)
    }

    /// Reads what an earlier scan with the same rules left.
    fn remember(&mut self) {
        let Some(file) = self.cache_file() else { return };
        let rules = digest_of(&self.scanner);
        match Cache::read(&file) {
            Ok(cache) => {
                // One of other rules is written anew.
                let cache = cache.filter(|cache| cache.rules == rules);
                self.cache = Some(cache.unwrap_or(Cache { rules, ..Cache::default() }));
            }
            Err(why) => {
                self.notice = Some(format!("the cache `{}` is ignored: {why}", file.display()));
                self.cache = Some(Cache { rules, ..Cache::default() });
            }
        }
    }

    /// Returns the file of the cache, if one is wanted.
    fn cache_file(&self) -> Option<PathBuf> {
        // What was too large would count as looked at the next time.
        let is_whole = !self.options.is_limited() && self.options.max_size.is_none();
        let folder = self.options.cache.as_ref().filter(|_| is_whole)?;
        Some(file_of(folder, self.repo.common_dir()))
    }

    /// Returns what a user should know before the scan, such as that a cache is not trusted.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Returns the ends of what is to be looked at commit by commit; none when all is.
    fn ends(&self) -> Option<Ends> {
        if !self.options.is_limited() {
            return None;
        }
        Some(self.ends.clone().unwrap_or_else(|| Ends { wanted: self.refs.tips().collect(), ..Ends::default() }))
    }

    /// Returns the objects with which the history that was asked for ends.
    fn tips(&self) -> Vec<ObjectId> {
        self.ends.as_ref().map_or_else(|| self.refs.tips().collect(), |ends| ends.wanted.clone())
    }
}

impl Source for History {
    fn drive(&self, visitor: &(dyn Fn(Event<'_>) -> ControlFlow<()> + Sync)) {
        run::run(self, visitor);
    }
}
